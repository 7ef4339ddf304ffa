// Call trees as typed arrays in preorder. What makes this order worth keeping: a subtree is a range, totals are one pass backwards,
// and whether a node lies below another is two comparisons. Loops only, no recursion: stacks can be deeper than JavaScript's.

/** @typedef {import('../types/model.js').Tree} Tree */
/** @typedef {import('../types/page.js').PageTree} PageTree */

/**
 * @param {Int32Array} parent
 * @returns {Int32Array} end of each node's subtree
 */
export function subtreeEnds(parent) {
  const end = new Int32Array(parent.length).fill(1);
  for (let n = parent.length - 1; n > 0; n--) {
    end[parent[n]] += end[n];
    end[n] += n;
  }
  return end;
}

/**
 * @param {Tree['fn']} fn
 * @param {number} count
 * @returns {Tree['fn']} of the same kind
 */
export function emptyLike(fn, count) {
  return fn instanceof Uint16Array ? new Uint16Array(count) : new Uint32Array(count);
}

/**
 * The page's tree as it is.
 * @param {PageTree} tree
 * @returns {Tree}
 */
export function wholeTree(tree) {
  return {
    count: tree.count,
    parent: tree.parent,
    fn: tree.fn,
    end: subtreeEnds(tree.parent),
    map: null,
    origin: null,
    derived: null,
  };
}

/**
 * The nodes of the page's tree that the first picture shows.
 * @param {import('../types/page.js').First} first
 * @returns {Tree}
 */
export function firstTree(first) {
  const { node, parent, fn } = first;
  const map = new Int32Array(first.nodes).fill(-1);
  for (let i = 0; i < node.length; i++) map[node[i]] = i;
  return { count: node.length, parent, fn, end: subtreeEnds(parent), map, origin: Int32Array.from(node), derived: null };
}

/**
 * Grows a tree node by node, in any order, siblings merged by function; then brings it into preorder.
 * A list of children serves for finding one while it is short, which nearly all are; of longer ones a table is kept.
 */
export class TreeBuilder {
  /**
   * @param {number} most nodes there can be, the root included
   * @param {Tree['fn']} fn of another tree, of the same functions
   */
  constructor(most, fn) {
    this.count = 1;
    this.parent = new Int32Array(most);
    this.fn = emptyLike(fn, most);
    this.first = new Int32Array(most);
    this.last = new Int32Array(most);
    this.next = new Int32Array(most);
    this.source = new Int32Array(most);
    /** @type {Map<number, Map<number, number>>} */
    this.wide = new Map();
    this.isWide = new Uint8Array(most);
    this.ordered = true;
  }

  /**
   * @param {number} parent
   * @param {number} fn
   * @param {number} source node it comes from
   * @returns {number} a new node, without looking for one that is there
   */
  append(parent, fn, source) {
    const node = this.count++;
    this.parent[node] = parent;
    this.fn[node] = fn;
    this.source[node] = source;
    if (this.first[parent] === 0) this.first[parent] = node;
    else this.next[this.last[parent]] = node;
    this.last[parent] = node;
    if (this.isWide[parent] === 1) this.wide.get(parent)?.set(fn, node);
    if (this.ordered) {
      // Still preorder if the parent lies on the way from the newest node to the root.
      let above = node - 1;
      while (above > parent) above = this.parent[above];
      this.ordered = above === parent;
    }
    return node;
  }

  /**
   * @param {number} parent
   * @param {number} fn
   * @returns {number} the child, 0 if there is none
   */
  find(parent, fn) {
    if (this.isWide[parent] === 1) return this.wide.get(parent)?.get(fn) ?? 0;
    let steps = 0;
    let child = this.first[parent];
    for (; child !== 0 && this.fn[child] !== fn; child = this.next[child]) steps++;
    if (steps > 24) this.widen(parent);
    return child;
  }

  /** @param {number} parent */
  widen(parent) {
    /** @type {Map<number, number>} */
    const table = new Map();
    for (let child = this.first[parent]; child !== 0; child = this.next[child])
      table.set(this.fn[child], child);
    this.wide.set(parent, table);
    this.isWide[parent] = 1;
  }

  /**
   * @param {Int32Array} map node of the source -> node here or -1; taken, and changed to the new order
   * @returns {Tree} origin is the source's
   */
  finish(map) {
    const { count } = this;
    if (this.ordered) {
      const parent = this.parent.slice(0, count);
      return {
        count,
        parent,
        fn: this.fn.slice(0, count),
        end: subtreeEnds(parent),
        map,
        origin: this.source.slice(0, count),
        derived: null,
      };
    }
    const parent = new Int32Array(count);
    const fn = emptyLike(this.fn, count);
    const origin = new Int32Array(count);
    const place = new Int32Array(count);
    let at = 0;
    for (let node = 0; at < count; at++) {
      place[node] = at;
      parent[at] = at === 0 ? 0 : place[this.parent[node]];
      fn[at] = this.fn[node];
      origin[at] = this.source[node];
      if (this.first[node] !== 0) node = this.first[node];
      else {
        while (node !== 0 && this.next[node] === 0) node = this.parent[node];
        node = this.next[node];
      }
    }
    for (let n = 0; n < map.length; n++) if (map[n] > 0) map[n] = place[map[n]];
    return { count, parent, fn, end: subtreeEnds(parent), map, origin, derived: null };
  }
}

/**
 * @param {Tree} tree
 * @param {number} node
 * @returns {number} a node of the page's tree that it shows
 */
export function pageNode(tree, node) {
  return tree.origin === null ? node : tree.origin[node];
}

/**
 * @param {Tree} tree
 * @param {number} node one that stands for itself
 * @returns {number} its parent, of what the tree shows
 */
export function parentHere({ parent, derived }, node) {
  const above = parent[node];
  if (derived === null) return above;
  const { to } = derived;
  return to[above] < 0 ? 0 : to[above];
}

/**
 * @param {Tree} tree
 * @param {number} node not the root
 * @returns {boolean} whether it is a node of what the tree shows
 */
export function standsHere({ derived }, node) {
  return derived === null || derived.to[node] === node;
}

// Children of nodes, of a tree as it is or of what transforms made of it. There the walk goes down through nodes that the one above
// stands for, and begins at each of its entrances, too. No DOM.

/** @typedef {import('../types/model.js').Tree} Tree */
/** @typedef {import('../types/model.js').Derived} Derived */

/** `to` of what is left out, and of such a node that has children of the root right below it. */
export const leftOut = -1;
export const openToRoot = -2;

let buffer = new Int32Array(1024);

/** What is in it stays. */
function grow() {
  const larger = new Int32Array(buffer.length * 2);
  larger.set(buffer);
  buffer = larger;
}

/**
 * @param {import('../types/model.js').Entrances} entrances
 * @param {number} node
 * @returns {number} one more than the place of its first one, 0 = none
 */
function firstOf({ first }, node) {
  if (first instanceof Map) return first.get(node) ?? 0;
  return first === null ? 0 : first[node];
}

/**
 * @param {Tree} tree
 * @param {Int32Array} nodes
 * @returns {Int32Array} their children, side by side; gone with the next call
 */
export function childrenOf(tree, nodes) {
  const { end, derived } = tree;
  let count = 0;
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i];
    if (derived !== null) count = addDerived(tree, derived, node, count);
    else
      for (let c = node + 1; c < end[node]; c = end[c]) {
        if (count === buffer.length) grow();
        buffer[count++] = c;
      }
  }
  return buffer.subarray(0, count);
}

/**
 * @param {Tree} tree
 * @param {Derived} derived
 * @param {number} node
 * @param {number} count of those that are there
 * @returns {number}
 */
function addDerived(tree, derived, node, count) {
  const { entrances } = derived;
  count = addBelow(tree, derived, node, node, count);
  if (entrances === null) return count;
  if (node === 0) for (const place of entrances.ofRoot) count = addBelow(tree, derived, 0, place, count);
  for (let i = firstOf(entrances, node); i !== 0; i = entrances.next[i - 1])
    count = addBelow(tree, derived, node, entrances.node[i - 1], count);
  return count;
}

/**
 * @param {Tree} tree
 * @param {Derived} derived
 * @param {number} node
 * @param {number} place where the walk begins
 * @param {number} count
 * @returns {number}
 */
function addBelow({ end }, { to }, node, place, count) {
  const until = end[place];
  for (let c = place + 1; c < until; ) {
    const here = to[c];
    if (here === node) {
      c++;
      continue;
    }
    if (here === c) {
      if (count === buffer.length) grow();
      buffer[count++] = c;
    }
    c = end[c];
  }
  return count;
}

/**
 * @param {Tree} tree
 * @param {Float64Array} self by node of the page's tree, without transforms
 * @param {Int32Array} nodes
 * @returns {number} what they have themselves, with all that they stand for
 */
export function selfOf(tree, self, nodes) {
  const { derived } = tree;
  let sum = 0;
  if (derived === null || !derived.hidden)
    for (let i = 0; i < nodes.length; i++) sum += derived?.to[nodes[i]] === openToRoot ? 0 : self[nodes[i]];
  else for (let i = 0; i < nodes.length; i++) sum += selfHere(tree, derived, self, nodes[i]);
  return sum;
}

/**
 * @param {Tree} tree
 * @param {Derived} derived
 * @param {Float64Array} self
 * @param {number} node
 * @returns {number}
 */
function selfHere({ end }, { to, entrances }, self, node) {
  const below = (/** @type {number} */ place) => {
    let sum = to[place] === node ? self[place] : 0;
    for (let c = place + 1; c < end[place]; )
      if (to[c] === node) sum += self[c++];
      else c = end[c];
    return sum;
  };
  let sum = below(node);
  if (entrances === null) return sum;
  if (node === 0) for (const place of entrances.ofRoot) sum += below(place);
  for (let i = firstOf(entrances, node); i !== 0; i = entrances.next[i - 1]) sum += below(entrances.node[i - 1]);
  return sum;
}

/**
 * @param {Tree} tree
 * @param {Int32Array} to of what is derived from it
 * @param {readonly number[]} passed nodes that are or once were entrances, none twice
 * @param {boolean} ordered
 * @returns {import('../types/model.js').Entrances | null}
 */
export function entrancesOf({ parent, count }, to, passed, ordered) {
  /** @type {number[]} */
  const ofRoot = [];
  /** @type {number[]} */
  const others = [];
  for (const node of passed) {
    const here = to[node];
    const above = to[parent[node]];
    if (here === openToRoot) ofRoot.push(node);
    // Others are reached by the walk itself.
    else if (here === 0 && above !== 0 && above !== openToRoot) ofRoot.push(node);
    else if (here > 0 && above !== here) others.push(node);
  }
  if (ofRoot.length + others.length === 0) return null;
  const node = Int32Array.from(others);
  const next = new Int32Array(node.length);
  if (ordered) return { ofRoot: Int32Array.from(ofRoot), first: null, next, node };
  // Of few a table: their places all over a large array would each bring a page of memory.
  const first = node.length < count / 16 ? new Map() : new Int32Array(count);
  for (let i = 0; i < node.length; i++) {
    const here = to[node[i]];
    if (first instanceof Map) {
      next[i] = first.get(here) ?? 0;
      first.set(here, i + 1);
    } else {
      next[i] = first[here];
      first[here] = i + 1;
    }
  }
  return { ofRoot: Int32Array.from(ofRoot), first, next, node };
}

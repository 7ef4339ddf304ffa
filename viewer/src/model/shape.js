// Trees as the flame graph reads them: a node's children, heaviest first, as far as they are wide enough to be seen. Three kinds:
// a whole tree, and two that are made level by level as they are looked at, because all of them would be too much:
// callers (inverted: from functions to who called them) and callees (all instances of a function, merged).
//
//   tree       main { parse { scan } load { scan } }      callers of scan   scan { parse { main } load { main } }
//   callees of load, parse merged: the children of all instances side by side, merged by function, level by level

import { rootAmounts } from './aggregate.js';
import { childrenOf, selfOf } from './children.js';
import { parentHere } from './tree.js';

/** @typedef {import('../types/model.js').Tree} Tree */
/** @typedef {import('../types/model.js').Amounts} Amounts */

/**
 * @typedef {object} Children
 * @property {readonly number[]} nodes heaviest first; a shape may keep them
 * @property {number} rest amount of those that are left out
 * @property {number} restCount
 */

/**
 * @typedef {object} Shape
 * @property {(node: number) => number} fn of node 0, the root, -1
 * @property {(node: number) => number} total
 * @property {(node: number) => number} self
 * @property {(node: number) => number} parent -1 of the root
 * @property {(node: number, least: number) => Children} children those of at least that amount
 */

/**
 * One whose nodes are those of a tree, or some of them together.
 * @typedef {Shape & {places: (node: number) => Int32Array, find: (place: number) => number}} UprightShape places: nodes of the tree;
 *   find: the node that has one among its places
 */

/**
 * @param {Tree} tree
 * @param {Amounts} amounts
 * @param {Uint32Array} [unseen] by node: children that have time and are not in the tree
 * @returns {UprightShape}
 */
export function wholeShape(tree, amounts, unseen) {
  const { parent, fn, end } = tree;
  const { self, total } = amounts;
  return {
    fn: (n) => (n === 0 ? -1 : fn[n]),
    total: (n) => total[n],
    self: (n) => self[n],
    parent: (n) => (n === 0 ? -1 : parent[n]),
    places: (n) => Int32Array.of(n),
    find: (place) => place,
    children(n, least) {
      const nodes = [];
      let rest = 0;
      let restCount = 0;
      for (let c = n + 1; c < end[n]; c = end[c])
        if (total[c] >= least && total[c] > 0) nodes.push(c);
        else if (total[c] > 0) {
          rest += total[c];
          restCount++;
        }
      if (unseen !== undefined && unseen[n] > 0) {
        restCount += unseen[n];
        rest += unseenAmount(tree, amounts, n);
      }
      nodes.sort((a, b) => total[b] - total[a] || fn[a] - fn[b]);
      return { nodes, rest, restCount };
    },
  };
}

/**
 * @param {Tree} tree
 * @param {Amounts} amounts
 * @param {number} n
 * @returns {number} what is below a node and in none of its children
 */
function unseenAmount({ end }, { self, total }, n) {
  let amount = total[n] - self[n];
  for (let c = n + 1; c < end[n]; c = end[c]) amount -= total[c];
  return amount;
}

/**
 * @param {Shape} shape
 * @param {number} node
 * @returns {number[]} from the outermost function's node to this one; the root is not among them
 */
export function pathTo(shape, node) {
  const path = [];
  for (let n = node; n > 0; n = shape.parent(n)) path.push(n);
  return path.reverse();
}

/** Places of a list by group, made in two passes so that no lists grow. */
class Grouping {
  /** @param {number} functionCount */
  constructor(functionCount) {
    this.group = new Int32Array(functionCount).fill(-1);
  }

  /**
   * @param {Int32Array} keys function of each place; -1: in no group
   * @returns {{fns: number[], starts: number[], places: Int32Array}} groups in the order in which they first appear
   */
  by(keys) {
    /** @type {number[]} */
    const fns = [];
    /** @type {number[]} */
    const counts = [];
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      if (key < 0) continue;
      let g = this.group[key];
      if (g < 0) {
        g = fns.length;
        this.group[key] = g;
        fns.push(key);
        counts.push(0);
      }
      counts[g]++;
    }
    const starts = [0];
    for (const count of counts) starts.push(starts[starts.length - 1] + count);
    const fill = starts.slice();
    const places = new Int32Array(starts[fns.length]);
    for (let i = 0; i < keys.length; i++) if (keys[i] >= 0) places[fill[this.group[keys[i]]]++] = i;
    for (const key of fns) this.group[key] = -1;
    return { fns, starts, places };
  }
}

const nothing = new Int32Array(0);
const noWeights = new Float64Array(0);

/** What the two lazy kinds share: nodes that hold a list of places in the tree, and are split by function when asked. */
class LazyShape {
  /**
   * @param {Tree} tree
   * @param {Amounts} amounts
   * @param {number} functionCount
   */
  constructor(tree, amounts, functionCount) {
    this.tree = tree;
    this.amounts = amounts;
    this.grouping = new Grouping(functionCount);
    /** @type {number[]} */
    this.fns = [];
    /** @type {number[]} */
    this.totals = [];
    /** @type {number[]} */
    this.selfs = [];
    /** @type {number[]} */
    this.parents = [];
    /** @type {Int32Array[]} */
    this.places = [];
    /** @type {Float64Array[]} */
    this.weights = [];
    /** @type {(number[] | undefined)[]} all children, heaviest first, once they were asked for */
    this.split = [];
  }

  /**
   * @param {number} parent
   * @param {number} fn
   * @param {Int32Array} places
   * @param {Float64Array} weights
   * @param {number} [sum] of the weights, where it is known
   */
  add(parent, fn, places, weights, sum) {
    const node = this.fns.length;
    let total = sum ?? 0;
    if (sum === undefined) for (let i = 0; i < weights.length; i++) total += weights[i];
    this.fns.push(fn);
    this.totals.push(total);
    this.selfs.push(-1);
    this.parents.push(parent);
    this.places.push(places);
    this.weights.push(weights);
    return node;
  }

  /** Makes places and weights of a node, where they are made when they are asked for. @param {number} _node */
  list(_node) {}

  /** @param {number} node */
  selfOf(node) {
    if (this.selfs[node] < 0) {
      this.list(node);
      this.selfs[node] = this.countSelf(this.places[node], this.weights[node]);
    }
    return this.selfs[node];
  }

  /** @param {Int32Array} _places @param {Float64Array} _weights @returns {number} */
  countSelf(_places, _weights) {
    return 0;
  }

  /** @param {number} _node @returns {number[]} */
  expand(_node) {
    return [];
  }

  /** @returns {Shape} */
  shape() {
    return {
      fn: (n) => this.fns[n],
      total: (n) => this.totals[n],
      self: (n) => this.selfOf(n),
      parent: (n) => this.parents[n],
      children: (n, least) => this.childrenOf(n, least),
    };
  }

  /**
   * @param {number} node
   * @param {number} least
   * @returns {Children}
   */
  childrenOf(node, least) {
    let all = this.split[node];
    if (all === undefined) {
      const { totals, fns } = this;
      all = this.expand(node).filter((n) => totals[n] > 0);
      all.sort((a, b) => totals[b] - totals[a] || fns[a] - fns[b]);
      this.split[node] = all;
      // Nobody asks for the list again once it is divided, and it can be as long as the tree.
      this.selfOf(node);
      this.places[node] = nothing;
      this.weights[node] = noWeights;
    }
    let seen = 0;
    while (seen < all.length && this.totals[all[seen]] >= least && this.totals[all[seen]] > 0) seen++;
    let rest = 0;
    for (let i = seen; i < all.length; i++) rest += this.totals[all[i]];
    return { nodes: all.slice(0, seen), rest, restCount: all.length - seen };
  }
}

/** Where a node stands in the list that is being made; what is left of other lists is told by looking there. */
let placeInList = new Int32Array(0);

class CallersShape extends LazyShape {
  /** @override @param {Int32Array} places @param {Float64Array} weights */
  countSelf(places, weights) {
    let self = 0;
    for (let i = 0; i < places.length; i++) if (parentHere(this.tree, places[i]) === 0) self += weights[i];
    return self;
  }

  /** @override @param {number} node */
  expand(node) {
    const { tree } = this;
    const { fn } = tree;
    this.list(node);
    const places = this.places[node];
    const weights = this.weights[node];
    const above = new Int32Array(places.length);
    const keys = new Int32Array(places.length);
    for (let i = 0; i < places.length; i++) {
      above[i] = parentHere(tree, places[i]);
      keys[i] = above[i] === 0 ? -1 : fn[above[i]];
    }
    const groups = this.grouping.by(keys);
    if (placeInList.length < tree.count) placeInList = new Int32Array(tree.count);
    const placeOf = placeInList;
    /** @type {number[]} */
    const children = [];
    for (let g = 0; g < groups.fns.length; g++) {
      const from = groups.starts[g];
      const to = groups.starts[g + 1];
      const list = new Int32Array(to - from);
      const sums = new Float64Array(to - from);
      let count = 0;
      for (let i = from; i < to; i++) {
        const place = groups.places[i];
        const n = above[place];
        let at = placeOf[n];
        if (at >= count || list[at] !== n) {
          at = count++;
          list[at] = n;
          placeOf[n] = at;
        }
        sums[at] += weights[place];
      }
      const whole = count === list.length;
      children.push(
        this.add(
          node,
          groups.fns[g],
          whole ? list : list.slice(0, count),
          whole ? sums : sums.slice(0, count),
        ),
      );
    }
    return children;
  }
}

/** The whole tree inverted: below its root the functions themselves, by self. */
class InvertedShape extends CallersShape {
  /**
   * @param {Tree} tree
   * @param {Amounts} amounts
   * @param {number} functionCount
   * @param {Int32Array} before zeros by node; takes the one before it in the list of its function, 0 = none
   */
  constructor(tree, amounts, functionCount, before) {
    super(tree, amounts, functionCount);
    this.before = before;
    /** By function: the last of its nodes. */
    this.last = new Int32Array(functionCount);
    /** By node of the shape: how long a list is that is still to be made of the chain. @type {number[]} */
    this.listed = [];
  }

  /** @override @param {number} node */
  list(node) {
    const count = this.listed[node] ?? 0;
    if (count === 0) return;
    this.listed[node] = 0;
    const to = this.tree.derived?.to ?? null;
    const { self } = this.amounts;
    const places = new Int32Array(count);
    const weights = new Float64Array(count);
    for (let i = count - 1, n = this.last[this.fns[node]]; i >= 0; i--, n = this.before[n]) {
      places[i] = to === null ? n : to[n];
      weights[i] = self[n];
    }
    this.places[node] = places;
    this.weights[node] = weights;
  }

  /** @override @param {number} node */
  expand(node) {
    if (node !== 0) return super.expand(node);
    const { fn, count, derived } = this.tree;
    const { self } = this.amounts;
    const to = derived?.to ?? null;
    const functions = this.grouping.group.length;
    const counts = new Int32Array(functions);
    const sums = new Float64Array(functions);
    const { last, before } = this;
    // One pass that writes in the order in which it reads: most lists are never divided. What a node stands for is in its list as the
    // node itself.
    for (let n = 1; n < count; n++) {
      const here = to === null ? n : to[n];
      if (here <= 0 || self[n] <= 0) continue;
      const f = fn[here];
      before[n] = last[f];
      last[f] = n;
      counts[f]++;
      sums[f] += self[n];
    }
    /** @type {number[]} */
    const children = [];
    for (let f = 0; f < functions; f++)
      if (counts[f] > 0) {
        this.listed[this.fns.length] = counts[f];
        children.push(this.add(0, f, nothing, noWeights, sums[f]));
      }
    return children;
  }

  /** @override @param {number} node */
  selfOf(node) {
    return node === 0 ? rootAmounts(this.amounts).self : super.selfOf(node);
  }
}

class CalleesShape extends LazyShape {
  /** @override @param {Int32Array} places */
  countSelf(places) {
    return selfOf(this.tree, this.amounts.self, places);
  }

  /** @override @param {number} node */
  expand(node) {
    const { tree, amounts } = this;
    const { total } = amounts;
    const below = childrenOf(tree, this.places[node]);
    const keys = new Int32Array(below.length);
    for (let i = 0; i < below.length; i++) keys[i] = total[below[i]] > 0 ? tree.fn[below[i]] : -1;
    const groups = this.grouping.by(keys);
    return groups.fns.map((f, g) => {
      const list = groups.places.subarray(groups.starts[g], groups.starts[g + 1]);
      const weights = new Float64Array(list.length);
      for (let i = 0; i < list.length; i++) {
        list[i] = below[list[i]];
        weights[i] = total[list[i]];
      }
      return this.add(node, f, list, weights);
    });
  }
}

/**
 * The whole tree inverted: its root's children are the functions, by self.
 * @param {Tree} tree
 * @param {Amounts} amounts
 * @param {number} functionCount
 * @param {Int32Array} [zeros] by node of the tree, which the shape keeps
 * @returns {Shape}
 */
export function invertedShape(tree, amounts, functionCount, zeros = new Int32Array(tree.count)) {
  const inverted = new InvertedShape(tree, amounts, functionCount, zeros);
  inverted.add(-1, -1, nothing, noWeights);
  inverted.totals[0] = rootAmounts(amounts).total;
  return inverted.shape();
}

/**
 * @param {Tree} tree
 * @param {Amounts} amounts
 * @param {number} functionCount
 * @param {number} fn
 * @param {Int32Array} nodes its outermost instances
 * @returns {{callers: Shape, callees: Shape}} node 0 of both is the function
 */
export function sandwichShapes(tree, amounts, functionCount, fn, nodes) {
  const weights = Float64Array.from(nodes, (n) => amounts.total[n]);
  const callers = new CallersShape(tree, amounts, functionCount);
  callers.add(-1, fn, nodes, weights);
  const callees = new CalleesShape(tree, amounts, functionCount);
  callees.add(-1, fn, nodes, weights);
  return { callers: callers.shape(), callees: callees.shape() };
}

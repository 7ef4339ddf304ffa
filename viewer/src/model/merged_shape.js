// A tree of which siblings of one function are one node, as the flame graph reads it: what transforms leave beside each other. No DOM.
//
//   tree   main { a load { x } b load { y } }, a and b hidden      main { load { x } load { y } }
//   shape  main { load { x y } }                                   node "load" has two places

import { rootAmounts } from './aggregate.js';
import { childrenOf, selfOf } from './children.js';
import { parentHere } from './tree.js';

/** @typedef {import('../types/model.js').Tree} Tree */
/** @typedef {import('../types/model.js').Amounts} Amounts */
/** @typedef {import('./shape.js').Children} Children */
/** @typedef {import('./shape.js').UprightShape} UprightShape */

/** Nodes are made when their parent's children are asked for, and only those that are wide enough get a list of their places. */
class MergedShape {
  /**
   * @param {Tree} tree
   * @param {Amounts} amounts
   * @param {number} functionCount
   */
  constructor(tree, amounts, functionCount) {
    this.tree = tree;
    this.amounts = amounts;
    /** Of the children that are being divided, by function. */
    this.sums = new Float64Array(functionCount);
    this.counts = new Int32Array(functionCount);
    this.nodeOf = new Int32Array(functionCount).fill(-1);
    /** @type {number[]} */
    this.fns = [-1];
    /** @type {number[]} */
    this.totals = [rootAmounts(amounts).total];
    /** @type {number[]} */
    this.parents = [-1];
    /** @type {Int32Array[]} */
    this.places = [Int32Array.of(0)];
    /** @type {({least: number, nodes: number[], rest: number, restCount: number} | undefined)[]} */
    this.split = [];
  }

  /** @returns {UprightShape} */
  shape() {
    return {
      fn: (n) => this.fns[n],
      total: (n) => this.totals[n],
      self: (n) => selfOf(this.tree, this.amounts.self, this.places[n]),
      parent: (n) => this.parents[n],
      places: (n) => this.places[n],
      find: (place) => this.find(place),
      children: (n, least) => this.childrenOf(n, least),
    };
  }

  /**
   * @param {number} node
   * @param {number} least
   * @returns {Children}
   */
  childrenOf(node, least) {
    let split = this.split[node];
    if (split === undefined || (least < split.least && split.restCount > 0)) split = this.divide(node, least);
    const { nodes, rest, restCount } = split;
    let seen = 0;
    while (seen < nodes.length && this.totals[nodes[seen]] >= least) seen++;
    if (seen === nodes.length) return { nodes, rest, restCount };
    const narrow = nodes.slice(seen);
    return {
      nodes: nodes.slice(0, seen),
      rest: narrow.reduce((sum, child) => sum + this.totals[child], rest),
      restCount: restCount + narrow.length,
    };
  }

  /**
   * @param {number} node
   * @param {number} least
   */
  divide(node, least) {
    const { tree, sums, counts, nodeOf, totals, fns } = this;
    const { fn } = tree;
    const { total } = this.amounts;
    const children = childrenOf(tree, this.places[node]);
    /** @type {number[]} */
    const seen = [];
    for (let i = 0; i < children.length; i++) {
      const amount = total[children[i]];
      if (!(amount > 0)) continue;
      const f = fn[children[i]];
      if (counts[f]++ === 0) seen.push(f);
      sums[f] += amount;
    }
    // A node that is there already stays what it is.
    for (const child of this.split[node]?.nodes ?? []) nodeOf[fns[child]] = child;
    const split = { least, nodes: /** @type {number[]} */ ([]), rest: 0, restCount: 0 };
    for (const f of seen)
      if (sums[f] < least) {
        split.rest += sums[f];
        split.restCount++;
      } else {
        if (nodeOf[f] < 0) nodeOf[f] = this.add(node, f, sums[f], counts[f]);
        split.nodes.push(nodeOf[f]);
      }
    for (const f of seen) counts[f] = 0;
    for (let i = 0; i < children.length; i++) {
      const c = children[i];
      const f = fn[c];
      if (total[c] > 0 && nodeOf[f] >= 0) this.places[nodeOf[f]][counts[f]++] = c;
    }
    for (const f of seen) {
      sums[f] = counts[f] = 0;
      nodeOf[f] = -1;
    }
    split.nodes.sort((a, b) => totals[b] - totals[a] || fns[a] - fns[b]);
    this.split[node] = split;
    return split;
  }

  /**
   * @param {number} parent
   * @param {number} fn
   * @param {number} total
   * @param {number} count places that it will have
   */
  add(parent, fn, total, count) {
    this.fns.push(fn);
    this.totals.push(total);
    this.parents.push(parent);
    this.places.push(new Int32Array(count));
    return this.fns.length - 1;
  }

  /**
   * @param {number} place node of the tree
   * @returns {number} the root if it has no time
   */
  find(place) {
    const path = [];
    for (let n = place; n > 0; n = parentHere(this.tree, n)) path.push(this.tree.fn[n]);
    let node = 0;
    for (const f of path.reverse()) {
      const isIt = (/** @type {number} */ child) => this.fns[child] === f;
      const there = this.split[node]?.nodes.find(isIt) ?? this.childrenOf(node, 0).nodes.find(isIt);
      if (there === undefined) return 0;
      node = there;
    }
    return node;
  }
}

/**
 * @param {Tree} tree
 * @param {Amounts} amounts
 * @param {number} functionCount
 * @returns {UprightShape} siblings of one function are one
 */
export function mergedShape(tree, amounts, functionCount) {
  return new MergedShape(tree, amounts, functionCount).shape();
}

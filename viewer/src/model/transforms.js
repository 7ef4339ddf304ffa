// What transforms make of a tree. No node is copied: each step says of every node whether it stands for itself, is shown as one above
// it, or is left out with all its time (`Derived` in types/model.js); children are found by walking down through what is hidden
// (children.js). Siblings of one function can come of it: all sums are right with them, and what draws the tree merges them where it
// is looked at (MergedShape); only where two trees are compared node by node it is done at once (mergeSiblings). No DOM.
//
//   step                what a node that stands for itself becomes; p = what its parent stands for
//   focus F             outermost F: child of the root; below it: stays; else left out
//   ignore F            F and all below: left out
//   merge F, own-code   F: p; else stays
//   merge-recursion     a function that is among p and its callers: that one; else stays
//   collapse-library    library below library: p; else stays

import { entrancesOf, leftOut, openToRoot } from './children.js';
import { parentHere, TreeBuilder } from './tree.js';

/** @typedef {import('../types/model.js').Tree} Tree */
/** @typedef {import('../types/model.js').Transform} Transform */
/** @typedef {import('../types/page.js').Functions} Functions */

/**
 * @param {Functions} functions
 * @returns {Uint8Array} 1 for those of packages and of the standard library
 */
export function librarySet(functions) {
  const set = new Uint8Array(functions.count);
  for (let f = 0; f < functions.count; f++)
    set[f] = functions.origin[f] === 1 || functions.origin[f] === 2 ? 1 : 0;
  return set;
}

/** One tree, and step by step what is derived from it. Nodes that something stands for follow it in each step. */
class Derivation {
  /**
   * @param {Tree} tree without transforms
   * @param {Int32Array} to zeros; takes what each node stands for
   */
  constructor(tree, to) {
    this.tree = tree;
    this.to = to;
    /** Nothing stands in it yet: the first step begins with each node as itself, in the same pass. */
    this.fresh = true;
    /** @type {number[]} */
    this.passed = [];
    this.ordered = true;
    this.holes = false;
    this.hidden = false;
    /** Nodes that recursion was merged of, while nothing else was done. @type {number[] | null} */
    this.merged = [];
  }

  /** Whether a step is the first one. */
  begins() {
    const { fresh } = this;
    this.fresh = false;
    return fresh;
  }

  /** @returns {Tree} */
  finish() {
    const { tree, to, passed, ordered, holes, hidden, merged } = this;
    if (this.begins()) for (let n = 0; n < tree.count; n++) to[n] = n;
    const entrances = entrancesOf(tree, to, passed, ordered);
    return { ...tree, map: to, derived: { to, entrances, ordered, holes, hidden, merged } };
  }

  /** @param {Uint8Array} set functions */
  focus(set) {
    const { to } = this;
    const fresh = this.begins();
    const { parent, fn, count } = this.tree;
    /** @type {number[]} */
    const tops = [];
    to[0] = openToRoot;
    for (let n = 1; n < count; n++) {
      const here = fresh ? (to[n] = n) : to[n];
      if (here < 0) continue;
      if (here !== n) {
        to[n] = Math.max(to[here], leftOut);
        continue;
      }
      // What stood right below the root is not inside of anything.
      if (to[parent[n]] > 0) continue;
      if (set[fn[n]] === 1) tops.push(n);
      else to[n] = leftOut;
    }
    this.passed = this.passed.filter((n) => to[n] !== leftOut);
    for (const top of tops) {
      const above = parent[top];
      if (to[above] === openToRoot) continue;
      to[above] = openToRoot;
      this.passed.push(above);
    }
  }

  /** @param {Uint8Array} set */
  ignore(set) {
    const { to } = this;
    const fresh = this.begins();
    const { parent, fn, count } = this.tree;
    this.holes = true;
    for (let n = 1; n < count; n++) {
      const here = fresh ? (to[n] = n) : to[n];
      if (here <= 0) continue;
      if (here !== n) to[n] = to[here];
      else if (to[parent[n]] === leftOut || set[fn[n]] === 1) to[n] = leftOut;
    }
  }

  /**
   * @param {Uint8Array} set
   * @param {boolean} whenBelow only where the caller is of the set, too
   */
  hide(set, whenBelow) {
    const { to } = this;
    const fresh = this.begins();
    const { parent, fn, count } = this.tree;
    const always = whenBelow ? 0 : 1;
    this.hidden = true;
    for (let n = 1; n < count; n++) {
      const here = fresh ? (to[n] = n) : to[n];
      if (here <= 0) continue;
      if (here !== n) {
        to[n] = to[here];
        continue;
      }
      // Of libraries below each other all are the uppermost one already.
      const above = Math.max(to[parent[n]], 0);
      // The root's function is none.
      const hidden = set[fn[n]] & (always | (above === 0 ? 0 : set[fn[above]]));
      // No branch: which are hidden no processor can foresee.
      to[n] = n + (above - n) * hidden;
    }
  }

  /** @param {number} functionCount */
  mergeRecursion(functionCount) {
    // What was merged once has no function twice on a stack.
    if (!this.ordered) return;
    this.ordered = false;
    this.hidden = true;
    const { to, passed } = this;
    const fresh = this.begins();
    const { parent, fn, end, count } = this.tree;
    // By function: where the subtree of its outermost open node ends. Only within it can it be on the stack already.
    const openUntil = new Int32Array(functionCount);
    for (let n = 1; n < count; n++) {
      const here = fresh ? (to[n] = n) : to[n];
      if (here <= 0) continue;
      if (here !== n) {
        to[n] = to[here];
        continue;
      }
      const f = fn[n];
      if (n >= openUntil[f]) {
        openUntil[f] = end[n];
        continue;
      }
      const above = to[parent[n]];
      let there = above;
      while (there > 0 && fn[there] !== f) there = to[parent[there]];
      if (there <= 0) continue;
      to[n] = there;
      this.merged?.push(n);
      if (there !== above) passed.push(n);
    }
  }

  /**
   * @param {Transform} transform
   * @param {Functions} functions
   * @param {(pattern: string) => Uint8Array | null} match functions of a pattern; null: it is none
   */
  step({ kind, fn, pattern }, functions, match) {
    if (kind === 'invert') return;
    if (kind !== 'merge-recursion') this.merged = null;
    if (kind === 'merge-recursion') this.mergeRecursion(functions.count);
    else if (kind === 'own-code' || kind === 'collapse-library') this.hide(librarySet(functions), kind === 'collapse-library');
    else {
      const set = pattern === undefined ? oneFunction(functions, fn) : match(pattern);
      if (set === null) return;
      if (kind === 'focus') this.focus(set);
      else if (kind === 'ignore') this.ignore(set);
      else this.hide(set, false);
    }
  }
}

/**
 * @param {Functions} functions
 * @param {number | undefined} fn
 * @returns {Uint8Array | null}
 */
function oneFunction({ count }, fn) {
  if (fn === undefined || fn >= count) return null;
  const set = new Uint8Array(count);
  set[fn] = 1;
  return set;
}

/**
 * @param {Tree} tree
 * @returns {Tree} siblings of one function are one node
 */
function mergeSiblings(tree) {
  const { fn, count, derived } = tree;
  if (derived === null) return tree;
  const { to } = derived;
  /** By node: that of the new tree. */
  const place = new Int32Array(count);
  if (to[0] < 0) place[0] = leftOut;
  const builder = new TreeBuilder(count, fn);
  for (let n = 1; n < count; n++) {
    const here = to[n];
    if (here === n) {
      const above = Math.max(place[parentHere(tree, n)], 0);
      place[n] = builder.find(above, fn[n]) || builder.append(above, fn[n], n);
    } else place[n] = here > 0 ? place[here] : Math.max(here, leftOut);
  }
  return builder.finish(place);
}

/**
 * @param {Tree} whole
 * @param {readonly Transform[]} transforms in order
 * @param {Functions} functions
 * @param {(pattern: string) => Uint8Array | null} match
 * @param {boolean} merged siblings of one function have to be one node
 * @param {Int32Array} [to] zeros by node, which the tree keeps
 * @returns {Tree} map and origin are in terms of `whole`
 */
export function derive(whole, transforms, functions, match, merged, to = new Int32Array(whole.count)) {
  const derivation = new Derivation(whole, to);
  for (const transform of transforms) derivation.step(transform, functions, match);
  const tree = derivation.finish();
  return merged ? mergeSiblings(tree) : tree;
}

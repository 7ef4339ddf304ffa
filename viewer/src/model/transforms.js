// Trees derived by transforms: each step reads a tree in preorder and says of every node whether it is kept, shown as
// another one, or left out with all its time. What is kept stays in order, so a step is two passes. Siblings of one function can come
// of it: all sums are right with them, and what draws the tree merges them where it is looked at (MergedShape); only where two trees
// are compared node by node it is done at once (mergeSiblings). No DOM.
//
//   step                to[n], p = to[parent]
//   focus F             outermost F: child of the root; below it: child of p; else left out
//   ignore F            F and all below: left out
//   merge F, own-code   F: p; else child of p
//   merge-recursion     a function that is among p and its callers: that one; else child of p
//   collapse-library    library below library: p; else child of p

import { emptyLike, subtreeEnds, TreeBuilder } from './tree.js';

/** @typedef {import('../types.js').Tree} Tree */
/** @typedef {import('../types.js').Transform} Transform */
/** @typedef {import('../types.js').Functions} Functions */

const leftOut = -1;

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

/**
 * @template {Int32Array | Tree['fn']} T
 * @param {T} array
 * @param {number} count
 * @returns {T} its beginning; of few of many a copy, so that the rest can go
 */
function beginning(array, count) {
  return /** @type {T} */ (count < array.length * 0.8 ? array.slice(0, count) : array.subarray(0, count));
}

/**
 * @param {Tree} tree
 * @param {Uint8Array} set functions
 * @returns {Tree}
 */
function focus(tree, set) {
  const { parent, fn, end, count } = tree;
  /** @type {number[]} */
  const outermost = [];
  let left = 1;
  for (let n = 1; n < count; )
    if (set[fn[n]] === 0) n++;
    else {
      outermost.push(n);
      left += end[n] - n;
      n = end[n];
    }
  const to = new Int32Array(count).fill(leftOut);
  const parents = new Int32Array(left);
  const ends = new Int32Array(left);
  const origin = new Int32Array(left);
  const fns = emptyLike(fn, left);
  let at = 1;
  ends[0] = left;
  // Subtrees move as they are.
  for (const top of outermost) {
    const by = top - at;
    fns.set(fn.subarray(top, end[top]), at);
    for (let n = top; n < end[top]; n++, at++) {
      to[n] = at;
      parents[at] = parent[n] - by;
      ends[at] = end[n] - by;
      origin[at] = n;
    }
    parents[top - by] = 0;
  }
  const merged = tree.merged && outermost.length <= 1;
  return { count: left, parent: parents, fn: fns, end: ends, map: to, origin, merged };
}

/**
 * @param {Tree} tree
 * @param {Uint8Array} set
 * @returns {Tree}
 */
function ignore(tree, set) {
  const { parent, fn, end, count } = tree;
  const to = new Int32Array(count);
  const parents = new Int32Array(count);
  const origin = new Int32Array(count);
  const fns = emptyLike(fn, count);
  let at = 1;
  for (let n = 1; n < count; ) {
    const f = fn[n];
    if (set[f] === 1) {
      to.fill(leftOut, n, end[n]);
      n = end[n];
      continue;
    }
    parents[at] = to[parent[n]];
    fns[at] = f;
    origin[at] = n;
    to[n++] = at++;
  }
  const left = beginning(parents, at);
  return {
    count: at, parent: left, fn: beginning(fns, at), end: subtreeEnds(left), map: to, origin: beginning(origin, at),
    merged: tree.merged,
  };
}

/**
 * @param {Tree} tree
 * @param {Uint8Array} set
 * @param {boolean} whenBelow only where the caller is of the set, too
 * @returns {Tree}
 */
function hide(tree, set, whenBelow) {
  const { parent, fn, count } = tree;
  const to = new Int32Array(count);
  const parents = new Int32Array(count);
  const origin = new Int32Array(count);
  const fns = emptyLike(fn, count);
  const always = whenBelow ? 0 : 1;
  let at = 1;
  // The root's function is none.
  const ofCaller = (/** @type {number} */ p) => always | (p === 0 ? 0 : set[fn[p]]);
  for (let n = 1; n < count; n++) {
    const f = fn[n];
    const p = parent[n];
    const above = to[p];
    const hidden = set[f] & ofCaller(p);
    // No branch: which are hidden no processor can foresee. What is, is written over by the next one.
    parents[at] = above;
    fns[at] = f;
    origin[at] = n;
    to[n] = at + (above - at) * hidden;
    at += 1 - hidden;
  }
  const left = beginning(parents, at);
  return {
    count: at, parent: left, fn: beginning(fns, at), end: subtreeEnds(left), map: to, origin: beginning(origin, at),
    merged: false,
  };
}

/**
 * @param {Tree} tree
 * @param {number} functionCount
 * @returns {Tree}
 */
function mergeRecursion(tree, functionCount) {
  const { parent, fn, end, count } = tree;
  const to = new Int32Array(count);
  const above = new Int32Array(count);
  const origin = new Int32Array(count);
  let left = 1;
  // By function: where the subtree of its outermost open node ends. Only within it can it be on the stack already.
  const openUntil = new Int32Array(functionCount);
  for (let n = 1; n < count; n++) {
    const f = fn[n];
    const p = to[parent[n]];
    let there = 0;
    if (n < openUntil[f]) {
      there = p;
      while (there !== 0 && fn[origin[there]] !== f) there = above[there];
    } else openUntil[f] = end[n];
    if (there === 0) {
      there = left++;
      above[there] = p;
      origin[there] = n;
    }
    to[n] = there;
  }
  return inPreorder(left, above, origin, to, fn);
}

/**
 * Nodes that were made in an order in which parents stand before their children.
 * @param {number} count
 * @param {Int32Array} above by node: its parent
 * @param {Int32Array} origin by node: one of the tree that it comes from
 * @param {Int32Array} to by node of that tree; changed
 * @param {Tree['fn']} fn by node of that tree
 * @returns {Tree}
 */
function inPreorder(count, above, origin, to, fn) {
  /** How many nodes are at and below a node that has no place yet, then its place. */
  const place = new Int32Array(count).fill(1);
  for (let n = count - 1; n > 0; n--) place[above[n]] += place[n];
  place[0] = 0;
  /** By node: where its next child goes. */
  const next = new Int32Array(count);
  next[0] = 1;
  const parents = new Int32Array(count);
  const fns = emptyLike(fn, count);
  const ends = new Int32Array(count);
  const origins = new Int32Array(count);
  ends[0] = count;
  for (let n = 1; n < count; n++) {
    const p = above[n];
    const at = next[p];
    const size = place[n];
    next[p] += size;
    next[n] = at + 1;
    place[n] = at;
    parents[at] = place[p];
    fns[at] = fn[origin[n]];
    ends[at] = at + size;
    origins[at] = origin[n];
  }
  for (let n = 0; n < to.length; n++) to[n] = place[to[n]];
  return { count, parent: parents, fn: fns, end: ends, map: to, origin: origins, merged: false };
}

/**
 * @param {Tree} tree
 * @returns {Tree} siblings of one function are one node
 */
function mergeSiblings(tree) {
  const { parent, fn, count } = tree;
  const to = new Int32Array(count);
  const builder = new TreeBuilder(count, fn);
  for (let n = 1; n < count; n++) {
    const p = to[parent[n]];
    to[n] = builder.find(p, fn[n]) || builder.append(p, fn[n], n);
  }
  return builder.finish(to);
}

/**
 * @param {Tree} tree
 * @param {Transform} transform
 * @param {Functions} functions
 * @param {(pattern: string) => Uint8Array | null} match functions of a pattern; null: it is none
 * @returns {Tree}
 */
function step(tree, transform, functions, match) {
  const { kind } = transform;
  if (kind === 'invert') return tree;
  if (kind === 'merge-recursion') return mergeRecursion(tree, functions.count);
  if (kind === 'own-code') return hide(tree, librarySet(functions), false);
  if (kind === 'collapse-library') return hide(tree, librarySet(functions), true);
  let set = new Uint8Array(functions.count);
  if (transform.pattern !== undefined) {
    const found = match(transform.pattern);
    if (found === null) return tree;
    set = new Uint8Array(found);
  } else if (transform.fn !== undefined && transform.fn < functions.count) set[transform.fn] = 1;
  else return tree;
  if (kind === 'focus') return focus(tree, set);
  if (kind === 'ignore') return ignore(tree, set);
  return hide(tree, set, false);
}

/**
 * @param {Tree} before
 * @param {Tree} next of which `before` is the whole; changed
 * @returns {Tree} the same in terms of what `before` is in terms of
 */
function after(before, next) {
  if (before.map === null || before.origin === null || next === before) return next;
  const map = /** @type {Int32Array} */ (next.map);
  const origin = /** @type {Int32Array} */ (next.origin);
  for (let n = 0; n < origin.length; n++) origin[n] = before.origin[origin[n]];
  return { ...next, map: before.map.map((n) => (n < 0 ? leftOut : map[n])) };
}

/**
 * @param {Tree} whole
 * @param {readonly Transform[]} transforms in order
 * @param {Functions} functions
 * @param {(pattern: string) => Uint8Array | null} match
 * @param {boolean} merged siblings of one function have to be one node
 * @returns {Tree} map and origin are in terms of `whole`
 */
export function derive(whole, transforms, functions, match, merged) {
  let tree = whole;
  for (const transform of transforms) tree = after(tree, step(tree, transform, functions, match));
  return merged && !tree.merged ? after(tree, mergeSiblings(tree)) : tree;
}

// Trees derived by transforms: each step reads a tree in preorder and says of every node whether it is kept, shown as
// another one, or left out with all its time; what then has the same callers is merged. No DOM.
//
//   step                to[n], p = to[parent]
//   focus F             outermost F: child of the root; below it: child of p; else left out
//   ignore F            F and all below: left out
//   merge F, own-code   F: p; else child of p
//   merge-recursion     a function that is among p and its callers: that one; else child of p
//   collapse-library    library below library: p; else child of p

import { subtreeEnds, TreeBuilder } from './tree.js';

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
 * Adds node n of `tree` below p, or finds the one that is there. A parent that has one source and took in nobody's children
 * cannot have a child of this function yet, because siblings of `tree` are merged: `pure` saves looking.
 * @param {TreeBuilder} builder
 * @param {Uint8Array} pure by node of the builder
 * @param {number} p
 * @param {number} fn
 * @param {number} n
 */
function keep(builder, pure, p, fn, n) {
  if (pure[p] === 0) {
    const there = builder.find(p, fn);
    if (there !== 0) {
      pure[there] = 0;
      return there;
    }
  }
  const node = builder.append(p, fn, n);
  pure[node] = 1;
  return node;
}

/**
 * @param {Tree} tree
 * @param {Uint8Array} set functions
 * @returns {Tree}
 */
function focus(tree, set) {
  const { parent, fn, end, count } = tree;
  const to = new Int32Array(count).fill(leftOut);
  let most = 1;
  for (let n = 1; n < count; )
    if (set[fn[n]] === 0) n++;
    else {
      most += end[n] - n;
      n = end[n];
    }
  const builder = new TreeBuilder(most);
  const pure = new Uint8Array(most);
  for (let n = 1; n < count; ) {
    if (set[fn[n]] === 0) {
      n++;
      continue;
    }
    to[n] = keep(builder, pure, 0, fn[n], n);
    for (const until = end[n++]; n < until; n++) to[n] = keep(builder, pure, to[parent[n]], fn[n], n);
  }
  return builder.finish(to);
}

/**
 * @param {Tree} tree
 * @param {Uint8Array} set
 * @returns {Tree}
 */
function ignore(tree, set) {
  const { parent, fn, end, count } = tree;
  const to = new Int32Array(count);
  // Nothing is merged, so what is left is in order: it only moves together.
  let left = 1;
  for (let n = 1; n < count; ) {
    if (set[fn[n]] === 0) to[n++] = left++;
    else {
      to.fill(leftOut, n, end[n]);
      n = end[n];
    }
  }
  const parents = new Int32Array(left);
  const origin = new Int32Array(left);
  const fns = new Uint32Array(left);
  for (let n = 1; n < count; n++) {
    const here = to[n];
    if (here === leftOut) continue;
    parents[here] = to[parent[n]];
    origin[here] = n;
    fns[here] = fn[n];
  }
  return {
    count: left,
    parent: parents,
    fn: fns,
    end: subtreeEnds(parents),
    map: to,
    origin,
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
  const builder = new TreeBuilder(count);
  const pure = new Uint8Array(count);
  pure[0] = 1;
  for (let n = 1; n < count; n++) {
    const p = to[parent[n]];
    const hidden =
      set[fn[n]] === 1 && (!whenBelow || (parent[n] !== 0 && set[fn[parent[n]]] === 1));
    if (hidden) pure[p] = 0;
    to[n] = hidden ? p : keep(builder, pure, p, fn[n], n);
  }
  return builder.finish(to);
}

/**
 * @param {Tree} tree
 * @param {number} functionCount
 * @returns {Tree}
 */
function mergeRecursion(tree, functionCount) {
  const { parent, fn, end, count } = tree;
  const to = new Int32Array(count);
  const builder = new TreeBuilder(count);
  const pure = new Uint8Array(count);
  pure[0] = 1;
  // By function: where the subtree of its outermost open node ends. Only within it can it be on the stack already.
  const openUntil = new Int32Array(functionCount);
  for (let n = 1; n < count; n++) {
    const f = fn[n];
    const p = to[parent[n]];
    let there = 0;
    if (n < openUntil[f]) {
      there = p;
      while (there !== 0 && builder.fn[there] !== f) there = builder.parent[there];
    } else openUntil[f] = end[n];
    if (there !== 0) pure[there] = 0;
    to[n] = there !== 0 ? there : keep(builder, pure, p, f, n);
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
 * @param {Tree} whole
 * @param {readonly Transform[]} transforms in order
 * @param {Functions} functions
 * @param {(pattern: string) => Uint8Array | null} match
 * @returns {Tree} map and origin are in terms of `whole`
 */
export function derive(whole, transforms, functions, match) {
  let tree = whole;
  for (const transform of transforms) {
    const next = step(tree, transform, functions, match);
    if (next === tree) continue;
    const map = /** @type {Int32Array} */ (next.map);
    const origin = /** @type {Int32Array} */ (next.origin);
    if (tree.map !== null && tree.origin !== null) {
      const before = tree.map;
      for (let n = 0; n < before.length; n++) before[n] = before[n] < 0 ? leftOut : map[before[n]];
      for (let n = 0; n < origin.length; n++) origin[n] = tree.origin[origin[n]];
      next.map = before;
    }
    tree = next;
  }
  return tree;
}

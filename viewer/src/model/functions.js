// Amounts by function, recursion counted once. No DOM.

import { eachAmount, stateRows } from './aggregate.js';

/** @typedef {import('../types.js').Metric} Metric */
/** @typedef {import('../types.js').Source} Source */
/** @typedef {import('../types.js').Tree} Tree */
/** @typedef {import('../types.js').Amounts} Amounts */

/**
 * One pass in preorder: a node is the outermost of its function on its stack unless it lies in the subtree of the one before
 * it that was.
 * @param {Tree} tree
 * @param {Amounts} amounts by node
 * @param {number} functionCount
 * @returns {Amounts} by function
 */
export function functionAmounts(tree, amounts, functionCount) {
  const self = new Float64Array(functionCount);
  const total = new Float64Array(functionCount);
  const openUntil = new Int32Array(functionCount);
  const { fn, end, count } = tree;
  for (let n = 1; n < count; n++) {
    const f = fn[n];
    self[f] += amounts.self[n];
    if (n >= openUntil[f]) {
      total[f] += amounts.total[n];
      openUntil[f] = end[n];
    }
  }
  return { self, total };
}

/**
 * Self amounts by function, straight from what counts.
 * @param {Source} source
 * @param {Metric} metric
 * @param {Uint8Array} threads
 * @param {Tree} tree
 * @param {number} functionCount
 * @param {number} [step] looks at each node of so many
 * @returns {Float64Array}
 */
export function selfByFunction(source, metric, threads, tree, functionCount, step = 1) {
  const by = new Float64Array(functionCount);
  const { map, fn } = tree;
  /** @param {number} node */
  const here = (node) => (map === null ? node : map[node]);
  eachAmount(
    source,
    metric,
    threads,
    (node, _, amount) => {
      by[fn[here(node)]] += amount;
    },
    (node) => node % step === 0 && here(node) > 0,
  );
  return by;
}

/**
 * Functions of a tree, as a tally of the page's entries asks for them.
 * @param {Tree} tree
 * @param {number} functionCount
 * @returns {Tree['fn']} by node of the page's tree; `functionCount` where it is of none, one more where it is left out
 */
export function functionsHere({ map, fn }, functionCount) {
  if (map === null) return fn;
  const nodes = map;
  const here = functionCount < 65535 ? new Uint16Array(nodes.length) : new Uint32Array(nodes.length);
  for (let n = 0; n < nodes.length; n++) here[n] = nodes[n] > 0 ? fn[nodes[n]] : functionCount + (nodes[n] < 0 ? 1 : 0);
  return here;
}

/**
 * Self amounts by state of some functions: less than all of them take.
 * @param {Source} source
 * @param {Metric} metric
 * @param {Uint8Array} threads
 * @param {Tree} tree
 * @param {readonly number[]} fns
 * @param {number} functionCount
 * @param {number} states
 * @returns {Float64Array} rows in the order of `fns`
 */
export function statesOfSome(source, metric, threads, { map, fn }, fns, functionCount, states) {
  const rowOf = new Int16Array(functionCount).fill(-1);
  fns.forEach((f, row) => (rowOf[f] = row));
  const row = new Int16Array(source.entries.start.length - 1).fill(-1);
  for (let n = 1; n < row.length; n++) {
    const here = map === null ? n : map[n];
    if (here > 0) row[n] = rowOf[fn[here]];
  }
  return stateRows(source, metric, threads, row, new Float64Array(fns.length * states), states);
}

/**
 * @param {Tree} tree
 * @param {number} fn
 * @returns {Int32Array} nodes of this function that have none of it above them, ascending
 */
export function outermostNodes(tree, fn) {
  /** @type {number[]} */
  const nodes = [];
  for (let n = 1; n < tree.count; )
    if (tree.fn[n] === fn) {
      nodes.push(n);
      n = tree.end[n];
    } else n++;
  return Int32Array.from(nodes);
}

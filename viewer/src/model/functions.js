// Amounts by function, recursion counted once. No DOM.

import { amountsOf } from './aggregate.js';

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
 * Self amounts by function, straight from the entries.
 * @param {import('../types.js').Entries} entries
 * @param {import('../types.js').Metric} metric
 * @param {Uint8Array} threads
 * @param {Tree} tree
 * @param {number} functionCount
 * @param {number} [step] looks at each entry of so many
 * @returns {Float64Array}
 */
export function selfByFunction(entries, metric, threads, tree, functionCount, step = 1) {
  const by = new Float64Array(functionCount);
  const amounts = amountsOf(entries, metric);
  const { count, node, thread, state } = entries;
  const { map, fn } = tree;
  for (let i = 0; i < count; i += step) {
    if (metric.states[state[i]] === 0 || threads[thread[i]] === 0) continue;
    const n = map === null ? node[i] : map[node[i]];
    if (n > 0) by[fn[n]] += amounts[i];
  }
  return by;
}

/**
 * Self amounts by function and state.
 * @param {import('../types.js').Entries} entries
 * @param {import('../types.js').Metric} metric
 * @param {Uint8Array} threads
 * @param {Tree} tree
 * @param {number} functionCount
 * @param {number} states
 * @returns {Float64Array} functionCount rows of `states`
 */
export function functionStates(entries, metric, threads, tree, functionCount, states) {
  const by = new Float64Array(functionCount * states);
  const amounts = amountsOf(entries, metric);
  const { count, node, thread, state } = entries;
  const { map, fn } = tree;
  for (let i = 0; i < count; i++) {
    const s = state[i];
    if (s >= states || metric.states[s] === 0 || threads[thread[i]] === 0) continue;
    const n = map === null ? node[i] : map[node[i]];
    if (n > 0) by[fn[n] * states + s] += amounts[i];
  }
  return by;
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

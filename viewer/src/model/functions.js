// Amounts by function, recursion counted once. No DOM.

import { eachAmount } from './aggregate.js';
import { stateRows, stateRowsOfFunctions } from './states.js';

/** @typedef {import('../types/model.js').Metric} Metric */
/** @typedef {import('../types/model.js').Source} Source */
/** @typedef {import('../types/model.js').Tree} Tree */
/** @typedef {import('../types/model.js').Amounts} Amounts */

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
  const { fn, end, count, derived } = tree;
  if (derived !== null) return functionsOfDerived(tree, derived, amounts, functionCount);
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
 * @param {Tree} tree
 * @param {import('../types/model.js').Derived} derived
 * @param {Amounts} amounts
 * @param {number} functionCount
 * @returns {Amounts} by function
 */
function functionsOfDerived({ fn, end, count }, { to, ordered }, amounts, functionCount) {
  const self = new Float64Array(functionCount);
  const total = new Float64Array(functionCount);
  const openUntil = new Int32Array(functionCount);
  for (let n = 1; n < count; n++) {
    const here = to[n];
    if (here <= 0) continue;
    const f = fn[here];
    self[f] += amounts.self[n];
    if (here !== n || n < openUntil[f]) continue;
    total[f] += amounts.total[n];
    // Where recursion is merged every node is the outermost one.
    if (ordered) openUntil[f] = end[n];
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
  const by = new Float64Array(fns.length * states);
  if (source.range === null) return stateRowsOfFunctions(source.entries, metric, threads, { map, fn }, rowOf, by, states);
  const row = new Int16Array(source.entries.start.length - 1).fill(-1);
  for (let n = 1; n < row.length; n++) {
    const here = map === null ? n : map[n];
    if (here > 0) row[n] = rowOf[fn[here]];
  }
  return stateRows(source, metric, threads, row, by, states);
}

/**
 * @param {Tree} tree
 * @param {number} fn
 * @returns {Int32Array} nodes of this function that have none of it above them, ascending
 */
export function outermostNodes({ fn: fns, end, count, derived }, fn) {
  /** @type {number[]} */
  const nodes = [];
  const to = derived?.to ?? null;
  const ordered = derived?.ordered ?? true;
  // The browser's own search: a loop over all nodes took a tenth of a click.
  for (let n = fns.indexOf(fn, 1); n > 0 && n < count; ) {
    const isHere = to === null || to[n] === n;
    if (isHere) nodes.push(n);
    n = fns.indexOf(fn, isHere && ordered ? end[n] : n + 1);
  }
  return Int32Array.from(nodes);
}

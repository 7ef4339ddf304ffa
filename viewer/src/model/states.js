// Sums by state: of functions, of rows of nodes, of threads. No DOM; loops over typed arrays.

import { amountsOf, countedTable, eachRun, ticksIn, tickWeights } from './aggregate.js';

/** @typedef {import('../types/page.js').Entries} Entries */
/** @typedef {import('../types/model.js').RunRange} RunRange */
/** @typedef {import('../types/model.js').Source} Source */
/** @typedef {import('../types/model.js').Metric} Metric */
/** @typedef {import('../types/model.js').Tree} Tree */

/** Nodes, runs, and entries, of which sums are made in one step. */
const stepSize = 1 << 17;

/**
 * Self amounts by function and state.
 * @typedef {object} StateTally
 * @property {Float64Array} byFunction rows of `states`
 * @property {Float64Array} ofRoot what is of no function, by state
 */

/**
 * By whose functions sums are made: those of the page's nodes, or others of the same nodes.
 * @typedef {object} Owners
 * @property {Tree['fn']} fn by node of the page's tree; `functions` = none, one more = left out
 * @property {number} root that of node 0
 * @property {number} functions
 * @property {number} states how many the page knows
 */

/**
 * @param {Float64Array} by rows by function, one of the root, one of what is left out
 * @param {Owners} owners
 * @returns {StateTally}
 */
function rowsOf(by, { functions, states }) {
  const end = functions * states;
  return { byFunction: by.subarray(0, end), ofRoot: by.subarray(end, end + states) };
}

/**
 * Self amounts by function and state alone, in steps of which a click may wait for one.
 * @param {Source} source of samples
 * @param {Metric} metric
 * @param {Uint8Array} threads
 * @param {Owners} owners
 * @returns {Generator<void, StateTally>}
 */
export function* stateSteps({ entries, range }, metric, threads, owners) {
  const { fn, root, functions, states } = owners;
  const by = new Float64Array((functions + 2) * states);
  const rowOf = (/** @type {number} */ node) => (node === 0 ? root : fn[node]) * states;
  if (range !== null) {
    const take = (/** @type {number} */ node, /** @type {number} */ s, /** @type {number} */ amount) => {
      if (s < states) by[rowOf(node) + s] += amount;
    };
    for (let at = 0; at < range.runs.count; at += stepSize) {
      eachRun(range, metric, threads, take, at, at + stepSize);
      yield;
    }
    return rowsOf(by, owners);
  }
  const nodes = entries.start.length - 1;
  for (let from = 0; from < nodes; from += stepSize) {
    addStates(by, entries, metric, threads, rowOf, from, Math.min(from + stepSize, nodes));
    yield;
  }
  return rowsOf(by, owners);
}

/**
 * @param {Float64Array} by takes amounts
 * @param {Entries} entries
 * @param {Metric} metric
 * @param {Uint8Array} threads
 * @param {(node: number) => number} rowOf where the sums of a node stand
 * @param {number} from node
 * @param {number} to
 */
function addStates(by, entries, metric, threads, rowOf, from, to) {
  const amounts = amountsOf(entries, metric);
  const { start, thread, state } = entries;
  const on = countedTable(metric, threads);
  for (let n = from; n < to; n++) {
    const row = rowOf(n);
    const end = start[n + 1];
    for (let i = start[n]; i < end; i++) {
      const s = state[i];
      by[row + s] += amounts[i] * on[(thread[i] << 8) | s];
    }
  }
}

/**
 * Everything of one column by thread and state: from it come the sums by state of any threads and metric. In steps.
 * @param {Entries} entries
 * @param {Metric['column']} column
 * @param {number} threads how many there are
 * @returns {Generator<void, Float64Array>} threads * 256: calls have no state, 255
 */
export function* threadStateSteps(entries, column, threads) {
  const by = new Float64Array(threads * 256);
  const amounts = entries[column];
  const { thread, state, count } = entries;
  if (!amounts) return by;
  for (let from = 0; from < count; from += stepSize) {
    const end = Math.min(from + stepSize, count);
    for (let i = from; i < end; i++) by[(thread[i] << 8) | state[i]] += amounts[i];
    yield;
  }
  return by;
}

/**
 * @param {Float64Array} by of threadStateSteps
 * @param {Uint8Array} counted 1 by state that counts
 * @param {Uint8Array} threads 1 by thread that counts
 * @param {number} states how many the page knows
 * @returns {{states: Float64Array, all: number}} by state, and of all, those without a state, too
 */
export function countedSums(by, counted, threads, states) {
  const sums = new Float64Array(256);
  for (let i = 0; i < by.length; i++) sums[i & 255] += by[i] * threads[i >> 8] * counted[i & 255];
  return { states: sums.slice(0, states), all: sums.reduce((sum, each) => sum + each, 0) };
}

/**
 * @template {Int8Array | Int16Array | Int32Array} T
 * @param {Source} source
 * @param {Metric} metric
 * @param {Uint8Array} threads
 * @param {T} row by node of the page's tree, -1 = none
 * @param {Float64Array} by takes amounts: rows by state
 * @param {number} states
 * @returns {Float64Array} `by`
 */
export function stateRows({ entries, range }, metric, threads, row, by, states) {
  if (range !== null) return stateRowsOfRuns(range, metric, threads, row, by, states);
  const amounts = amountsOf(entries, metric);
  const { start, thread, state } = entries;
  const on = countedTable(metric, threads);
  for (let n = 0; n < row.length; n++) {
    const at = row[n] * states;
    if (at < 0) continue;
    const end = start[n + 1];
    for (let i = start[n]; i < end; i++) {
      const s = state[i];
      if (s < states) by[at + s] += amounts[i] * on[(thread[i] << 8) | s];
    }
  }
  return by;
}

/**
 * The same by function, without a list of nodes.
 * @param {Entries} entries
 * @param {Metric} metric
 * @param {Uint8Array} threads
 * @param {Pick<Tree, 'map' | 'fn'>} tree
 * @param {Int16Array} rowOf by function, -1 = none
 * @param {Float64Array} by takes amounts: rows by state
 * @param {number} states
 * @returns {Float64Array} `by`
 */
export function stateRowsOfFunctions(entries, metric, threads, { map, fn }, rowOf, by, states) {
  const amounts = amountsOf(entries, metric);
  const { start, thread, state } = entries;
  const on = countedTable(metric, threads);
  const nodes = start.length - 1;
  for (let n = 1; n < nodes; n++) {
    const here = map === null ? n : map[n];
    const at = here > 0 ? rowOf[fn[here]] * states : -1;
    if (at < 0) continue;
    const end = start[n + 1];
    for (let i = start[n]; i < end; i++) {
      const s = state[i];
      if (s < states) by[at + s] += amounts[i] * on[(thread[i] << 8) | s];
    }
  }
  return by;
}

/**
 * @template {Int8Array | Int16Array | Int32Array} T
 * @param {RunRange} range
 * @param {Metric} metric
 * @param {Uint8Array} threads
 * @param {T} row
 * @param {Float64Array} by
 * @param {number} states
 * @returns {Float64Array} `by`
 */
function stateRowsOfRuns(range, metric, threads, row, by, states) {
  const { runs, spans } = range;
  const { node, state, share, time, waits } = runs;
  const { weight, unit } = tickWeights(metric, range.unitsPerTick);
  const counts = metric.states.slice().fill(0, states);
  for (let thread = 0; thread < spans.length; thread++) {
    if (threads[thread] === 0) continue;
    const [low, high] = spans[thread];
    for (let r = low; r < high; r++) {
      const n = node[r];
      const at = n === 0 ? -1 : row[n] * states;
      if (at < 0) continue;
      const s = state[r];
      const ticks = r === low || r === high - 1 ? ticksIn(range, r) : time[r];
      const amount = ticks * weight[share[r]] * unit;
      const ran = waits ? waits.running[r] / 255 : 1;
      if (counts[s] === 1) by[at + s] += amount * ran;
      if (waits && ran < 1 && counts[waits.state] === 1) by[at + waits.state] += amount * (1 - ran);
    }
  }
  return by;
}

// From entries to amounts by node. No DOM; loops over typed arrays.

import { childrenOf, selfOf } from './children.js';

/** @typedef {import('../types/model.js').Amounts} Amounts */
/** @typedef {import('../types/page.js').Entries} Entries */
/** @typedef {import('../types/page.js').Numbers} Numbers */
/** @typedef {import('../types/model.js').RunRange} RunRange */
/** @typedef {import('../types/model.js').Source} Source */
/** @typedef {import('../types/model.js').Metric} Metric */
/** @typedef {import('../types/model.js').Tree} Tree */
/** @typedef {import('../types/page.js').Head} Head */

/**
 * Which threads count: those chosen, of the side that is looked at.
 * @param {Head} head
 * @param {readonly number[] | null} chosen null = all
 * @param {number} side
 * @returns {Uint8Array} 1 by thread
 */
export function threadSet(head, chosen, side) {
  const set = new Uint8Array(Math.max(head.threads.length, 1));
  if (chosen === null) set.fill(1);
  else for (const thread of chosen) if (thread < set.length) set[thread] = 1;
  if (head.diff)
    head.threads.forEach((thread, index) => {
      if (thread.side !== side) set[index] = 0;
    });
  return set;
}

/**
 * @param {Entries} entries
 * @param {Metric} metric
 * @returns {Numbers} amounts by entry
 */
export function amountsOf(entries, metric) {
  return entries[metric.column] ?? new Uint8Array(entries.count);
}

/** Whole numbers below it are summed in four bytes: half as much to fetch, and no floating point. */
const twoTo32 = 4294967296;

/**
 * @param {number} count
 * @param {number} most sum of all that is added
 * @returns {Uint32Array | Float64Array}
 */
export function emptySums(count, most) {
  return most < twoTo32 ? new Uint32Array(count) : new Float64Array(count);
}

/** @param {number} count @returns {Float64Array} zeros */
export function newSums(count) {
  return new Float64Array(count);
}

/**
 * @param {Metric} metric
 * @param {Uint8Array} threads
 * @returns {Uint8Array} by thread * 256 + state: 1 = counts
 */
export function countedTable({ states }, threads) {
  const table = new Uint8Array(threads.length * 256);
  threads.forEach((on, thread) => on === 1 && table.set(states, thread * 256));
  return table;
}

/**
 * @param {Metric} metric
 * @param {number} unitsPerTick
 * @returns {{weight: Uint8Array, unit: number}} what a tick of a run counts by its share, and what one of these is, in units
 */
export function tickWeights({ column }, unitsPerTick) {
  if (column !== 'run') return { weight: new Uint8Array(256).fill(1), unit: unitsPerTick };
  return { weight: Uint8Array.from({ length: 256 }, (_, share) => share), unit: unitsPerTick / 255 };
}

/**
 * What lies in a range of the run that begins before it, of those in it, and of the one that ends behind it.
 * @param {Pick<RunRange, 'runs' | 'from' | 'to'>} range
 * @param {number} run
 * @returns {number} ticks
 */
export function ticksIn({ runs: { start, time }, from, to }, run) {
  return Math.max(Math.min(start[run] + time[run], to) - Math.max(start[run], from), 0);
}

/**
 * The parts of runs in a range of time that count.
 * @param {RunRange} range
 * @param {Metric} metric
 * @param {Uint8Array} threads
 * @param {(node: number, state: number, amount: number) => void} take
 * @param {number} [since] the first run that is looked at
 * @param {number} [until] one past the last one
 */
export function eachRun(range, metric, threads, take, since = 0, until = Infinity) {
  const { node, state, share, time, waits } = range.runs;
  const { states } = metric;
  const { weight, unit } = tickWeights(metric, range.unitsPerTick);
  range.spans.forEach(([low, high], thread) => {
    if (threads[thread] === 0) return;
    const end = Math.min(high, until);
    for (let r = Math.max(low, since); r < end; r++) {
      const s = state[r];
      const ran = waits ? waits.running[r] / 255 : 1;
      const waited = waits && ran < 1 && states[waits.state] === 1;
      if ((states[s] === 0 && !waited) || node[r] === 0) continue;
      // Only the first and the last can lie across an end of the range.
      const ticks = r === low || r === high - 1 ? ticksIn(range, r) : time[r];
      const amount = ticks * weight[share[r]] * unit;
      if (states[s] === 1) take(node[r], s, amount * ran);
      if (waited) take(node[r], waits.state, amount * (1 - ran));
    }
  });
}

/**
 * Calls back for everything that counts, of all time in order of nodes.
 * @param {Source} source
 * @param {Metric} metric
 * @param {Uint8Array} threads
 * @param {(node: number, state: number, amount: number) => void} take node of the page's tree
 * @param {(node: number) => boolean} [wanted] of which nodes
 */
export function eachAmount({ entries, range }, metric, threads, take, wanted = () => true) {
  if (range !== null) {
    eachRun(range, metric, threads, (node, state, amount) => wanted(node) && take(node, state, amount));
    return;
  }
  const amounts = amountsOf(entries, metric);
  const { start, thread, state } = entries;
  const { states } = metric;
  for (let n = 0; n + 1 < start.length; n++) {
    if (start[n] === start[n + 1] || !wanted(n)) continue;
    for (let i = start[n]; i < start[n + 1]; i++)
      if (states[state[i]] === 1 && threads[thread[i]] === 1) take(n, state[i], amounts[i]);
  }
}

/**
 * Self sums of all time.
 * @param {Entries} entries
 * @param {Metric} metric
 * @param {Uint8Array} threads
 * @param {(count: number) => Float64Array} [zeros]
 * @returns {Float64Array} by node of the page's tree
 */
export function selfSums(entries, metric, threads, zeros = newSums) {
  const amounts = amountsOf(entries, metric);
  const { start, thread, state } = entries;
  const nodes = start.length - 1;
  const on = countedTable(metric, threads);
  const self = zeros(nodes);
  for (let n = 0, i = 0; n < nodes; n++) {
    const end = start[n + 1];
    let sum = 0;
    // No branch: what counts comes in no order that a processor could foresee. No other sums: they take twice as long.
    for (; i < end; i++) sum += amounts[i] * on[(thread[i] << 8) | state[i]];
    self[n] = sum;
  }
  return self;
}

/**
 * The same of a derived tree, from what the nodes of the page's tree have: less than half as many as there are entries.
 * @param {Float64Array} whole by node of the page's tree
 * @param {Tree} tree
 * @returns {Float64Array} by node of the tree
 */
export function mappedAmounts(whole, tree) {
  const { map, count } = tree;
  if (map === null) return whole;
  const self = new Float64Array(count);
  for (let n = 0; n < map.length; n++) {
    const here = map[n];
    if (here >= 0) self[here] += whole[n];
  }
  return self;
}

/**
 * @param {Tree} tree
 * @param {Float64Array} self
 * @param {(count: number) => Float64Array} [zeros]
 * @returns {Float64Array} self of each node's subtree
 */
export function totals({ parent, count }, self, zeros = newSums) {
  const total = zeros(count);
  for (let n = count - 1; n > 0; n--) total[parent[n]] += total[n] += self[n];
  total[0] += self[0];
  return total;
}

/**
 * What the nodes of a tree have. What they have in the tree that it is derived from, too, is not summed again.
 * @param {Tree} tree
 * @param {Float64Array} whole self by node of the page's tree
 * @param {() => Float64Array} wholeTotals
 * @param {(count: number) => Float64Array} [zeros]
 * @returns {Amounts} by node of the tree
 */
export function amountsHere(tree, whole, wholeTotals, zeros = newSums) {
  const { map, derived } = tree;
  if (derived === null) {
    const self = mappedAmounts(whole, tree);
    return { self, total: map === null ? wholeTotals() : totals(tree, self) };
  }
  const { to, ordered, holes, merged } = derived;
  const total =
    ordered && !holes ? wholeTotals()
    : merged !== null && merged.length < tree.count / 64 ? totalsOfMerged(tree, to, merged, wholeTotals(), zeros(tree.count))
    : totalsHere(tree, to, whole, zeros(tree.count));
  const root = Int32Array.of(0);
  const self = selfOf(tree, whole, root);
  let all = self;
  for (const child of childrenOf(tree, root)) all += total[child];
  return { self: whole, total, root: { self, total: all } };
}

/**
 * @param {Tree} tree
 * @param {Int32Array} to
 * @param {Float64Array} whole self by node of the page's tree
 * @param {Float64Array} total zeros; takes the totals
 * @returns {Float64Array} by node, but for the root
 */
function totalsHere({ parent, count }, to, whole, total) {
  // What a node stands for comes behind it, and so does what is below it.
  for (let n = count - 1; n > 0; n--) {
    const here = to[n];
    if (here <= 0) continue;
    const sum = (total[here] += whole[n]);
    if (here !== n) continue;
    const above = to[parent[n]];
    if (above > 0) total[above] += sum;
  }
  return total;
}

/** Of a sum from which the same was taken away that was added, no more than this part is left by rounding. */
const rounding = 1e-12;

/**
 * The same where few nodes are merged: what is below them is taken from those that it no longer passes on its way up.
 * @param {Tree} tree
 * @param {Int32Array} to
 * @param {readonly number[]} merged ascending
 * @param {Float64Array} totals of the tree without transforms
 * @param {Float64Array} total takes the totals
 * @returns {Float64Array} by node, but for the root
 */
function totalsOfMerged({ parent }, to, merged, totals, total) {
  total.set(totals);
  for (let i = merged.length - 1; i >= 0; i--) {
    const node = merged[i];
    // Of those below it that are merged further up nothing is in it any more.
    const moved = total[node];
    for (let n = parent[node]; n !== to[node]; n = parent[n]) {
      const left = total[n] - moved;
      total[n] = left > totals[n] * rounding ? left : 0;
    }
  }
  return total;
}

/** @param {Amounts} amounts @returns {{self: number, total: number}} */
export function rootAmounts({ self, total, root }) {
  return root ?? { self: self[0], total: total[0] };
}

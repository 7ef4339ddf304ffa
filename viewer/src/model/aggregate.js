// From entries to amounts by node. No DOM; loops over typed arrays.

/** @typedef {import('../types.js').Entries} Entries */
/** @typedef {import('../types.js').Numbers} Numbers */
/** @typedef {import('../types.js').RunRange} RunRange */
/** @typedef {import('../types.js').Source} Source */
/** @typedef {import('../types.js').Metric} Metric */
/** @typedef {import('../types.js').Tree} Tree */
/** @typedef {import('../types.js').Head} Head */

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
function emptySums(count, most) {
  return most < twoTo32 ? new Uint32Array(count) : new Float64Array(count);
}

/**
 * @param {Metric} metric
 * @param {Uint8Array} threads
 * @returns {Uint8Array} by thread * 256 + state: 1 = counts
 */
function countedTable({ states }, threads) {
  const table = new Uint8Array(threads.length * 256);
  threads.forEach((on, thread) => on === 1 && table.set(states, thread * 256));
  return table;
}

/**
 * @param {Metric} metric
 * @param {number} unitsPerTick
 * @returns {{weight: Uint8Array, unit: number}} what a tick of a run counts by its share, and what one of these is, in units
 */
function tickWeights({ column }, unitsPerTick) {
  if (column !== 'run') return { weight: new Uint8Array(256).fill(1), unit: unitsPerTick };
  return { weight: Uint8Array.from({ length: 256 }, (_, share) => share), unit: unitsPerTick / 255 };
}

/**
 * What lies in a range of the run that begins before it, of those in it, and of the one that ends behind it.
 * @param {RunRange} range
 * @param {number} run
 * @returns {number} ticks
 */
function ticksIn({ runs: { start, time }, from, to }, run) {
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
  const { node, state, share, time } = range.runs;
  const { states } = metric;
  const { weight, unit } = tickWeights(metric, range.unitsPerTick);
  range.spans.forEach(([low, high], thread) => {
    if (threads[thread] === 0) return;
    const end = Math.min(high, until);
    for (let r = Math.max(low, since); r < end; r++) {
      if (states[state[r]] === 0 || node[r] === 0) continue;
      // Only the first and the last can lie across an end of the range.
      const ticks = r === low || r === high - 1 ? ticksIn(range, r) : time[r];
      take(node[r], state[r], ticks * weight[share[r]] * unit);
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
 * Self amounts by function and state.
 * @typedef {object} StateTally
 * @property {Float64Array} byFunction rows of `states`
 * @property {Float64Array} ofRoot what is of no function, by state
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
 * By whose functions sums are made: those of the page's nodes, or others of the same nodes.
 * @typedef {object} Owners
 * @property {Tree['fn']} fn by node of the page's tree; `functions` = none, one more = left out
 * @property {number} root that of node 0
 * @property {number} functions
 * @property {number} states how many the page knows
 */

/**
 * What nearly every click needs of what counts.
 * @typedef {object} Tally
 * @property {Float64Array} self by node of the page's tree
 * @property {Float64Array} byState of everything
 */

/**
 * @param {Source} source
 * @param {Metric} metric
 * @param {Uint8Array} threads
 * @param {number} states how many the page knows
 * @returns {Tally}
 */
export function tallyOf(source, metric, threads, states) {
  if (source.range !== null) return tallyRuns(source.range, metric, threads, source.entries.start.length - 1, states);
  return tallyEntries(source.entries, metric, threads, states);
}

/**
 * @param {Entries} entries
 * @param {Metric} metric
 * @param {Uint8Array} threads
 * @param {number} states
 * @returns {Tally}
 */
function tallyEntries(entries, metric, threads, states) {
  const amounts = amountsOf(entries, metric);
  const { start, thread, state } = entries;
  const nodes = start.length - 1;
  const on = countedTable(metric, threads);
  const self = new Float64Array(nodes);
  /** Calls have no state: 255. */
  const by = new Float64Array(256);
  for (let n = 0, i = 0; n < nodes; n++) {
    const end = start[n + 1];
    let sum = 0;
    for (; i < end; i++) {
      const s = state[i];
      // No branch: what counts comes in no order that a processor could foresee.
      const amount = amounts[i] * on[(thread[i] << 8) | s];
      sum += amount;
      by[s] += amount;
    }
    self[n] = sum;
  }
  return { self, byState: by.slice(0, states) };
}

/**
 * Runs stand in order of time, so that each goes to another place of the sums: what is as small as can be stays near the processor.
 * @param {RunRange} range
 * @param {Metric} metric
 * @param {Uint8Array} threads
 * @param {number} nodes of the page's tree
 * @param {number} states
 * @returns {Tally}
 */
function tallyRuns(range, metric, threads, nodes, states) {
  const { runs, spans } = range;
  const { node, state, share, time } = runs;
  const { weight, unit } = tickWeights(metric, range.unitsPerTick);
  const counts = metric.states;
  // A run counts its ticks, or so many parts of 255 of each.
  const self = emptySums(nodes, (range.to - range.from) * spans.length * 255);
  const by = new Float64Array(256);
  for (let thread = 0; thread < spans.length; thread++) {
    if (threads[thread] === 0) continue;
    const [low, high] = spans[thread];
    for (let r = low; r < high; r++) {
      const n = node[r];
      const s = state[r];
      // There nothing was seen.
      if (n === 0) continue;
      // Only the first and the last can lie across an end of the range.
      const ticks = r === low || r === high - 1 ? ticksIn(range, r) : time[r];
      const amount = ticks * weight[share[r]] * counts[s];
      self[n] += amount;
      by[s] += amount;
    }
  }
  return { self: scaled(self, unit), byState: scaled(by.subarray(0, states), unit) };
}

/** Nodes, and runs, of which sums are made in one step. */
const stepSize = 1 << 17;

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

/** @param {ArrayLike<number>} sums @param {number} unit */
function scaled(sums, unit) {
  const out = new Float64Array(sums.length);
  for (let i = 0; i < out.length; i++) out[i] = sums[i] * unit;
  return out;
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
 * @returns {Float64Array} self of each node's subtree
 */
export function totals(tree, self) {
  const total = self.slice();
  const { parent } = tree;
  for (let n = tree.count - 1; n > 0; n--) total[parent[n]] += total[n];
  return total;
}

/** Entries between two sums of StateSums. */
const blockSize = 2048;

/**
 * Amounts by state of what stands side by side in the entries, without going through all of it: the sums up to each block of them
 * are kept, so that only the ends are counted.
 */
export class StateSums {
  /**
   * @param {Entries} entries
   * @param {Metric} metric
   * @param {Uint8Array} threads
   * @param {number} states how many there are
   */
  constructor(entries, metric, threads, states) {
    this.entries = entries;
    this.amounts = amountsOf(entries, metric);
    this.counted = metric.states;
    this.threads = threads;
    this.states = states;
    const blocks = Math.floor(entries.count / blockSize);
    /** Rows of `states`: all before block b. */
    this.upTo = new Float64Array((blocks + 1) * states);
    for (let b = 0, row = 0; b < blocks; b++, row += states) {
      const sum = this.upTo.subarray(row + states, row + 2 * states);
      sum.set(this.upTo.subarray(row, row + states));
      this.count(sum, b * blockSize, (b + 1) * blockSize);
    }
  }

  /**
   * @param {Float64Array} by takes amounts by state
   * @param {number} from entry
   * @param {number} to
   */
  count(by, from, to) {
    const { amounts, counted, threads, states } = this;
    const { thread, state } = this.entries;
    for (let i = from; i < to; i++) {
      const s = state[i];
      if (s < states && counted[s] === 1 && threads[thread[i]] === 1) by[s] += amounts[i];
    }
  }

  /**
   * @param {Float64Array} by takes amounts by state
   * @param {number} from entry
   * @param {number} to
   */
  add(by, from, to) {
    const first = Math.ceil(from / blockSize);
    const last = Math.floor(to / blockSize);
    if (first >= last) {
      this.count(by, from, to);
      return;
    }
    this.count(by, from, first * blockSize);
    for (let s = 0; s < this.states; s++)
      by[s] += this.upTo[last * this.states + s] - this.upTo[first * this.states + s];
    this.count(by, last * blockSize, to);
  }
}

/**
 * Amounts by state below some nodes of a page's tree: its entries stand in the order of nodes, those of a subtree side by side.
 * @param {StateSums} sums
 * @param {readonly (readonly [number, number])[]} ranges of nodes: from, to; none twice
 * @returns {Float64Array} by state
 */
export function stateAmountsBelow(sums, ranges) {
  const by = new Float64Array(sums.states);
  const { start } = sums.entries;
  for (const [from, to] of ranges) sums.add(by, start[from], start[to]);
  return by;
}

/**
 * Which nodes of the page's tree are shown by some of a tree, and by what is below these.
 * @param {Tree} tree
 * @param {Int32Array} nodes of it, none below another
 * @param {number} pageNodes
 * @returns {Int8Array} by node of the page's tree: 0 = it is, -1 = not
 */
function placesBelow({ map, end, count }, nodes, pageNodes) {
  const inside = new Int8Array(count).fill(-1);
  for (const n of nodes) inside.fill(0, n, end[n]);
  if (map === null) return inside;
  const places = new Int8Array(pageNodes).fill(-1);
  for (let n = 0; n < pageNodes; n++) if (map[n] >= 0) places[n] = inside[map[n]];
  return places;
}

/**
 * The same of any tree: what moves in it moves together, so that the places of a node are a few long parts of the page's tree.
 * @param {StateSums} sums
 * @param {Tree} tree
 * @param {Int32Array} nodes none below another
 * @returns {Float64Array} by state
 */
export function stateAmountsIn(sums, tree, nodes) {
  const pageNodes = sums.entries.start.length - 1;
  const places = placesBelow(tree, nodes, pageNodes);
  /** @type {[number, number][]} */
  const ranges = [];
  for (let n = 0; n < pageNodes; ) {
    const from = n;
    const here = places[n];
    while (n < pageNodes && places[n] === here) n++;
    if (here === 0) ranges.push([from, n]);
  }
  return stateAmountsBelow(sums, ranges);
}

/**
 * The same of any source.
 * @param {Source} source
 * @param {Metric} metric
 * @param {Uint8Array} threads
 * @param {Tree} tree
 * @param {Int32Array} nodes none below another
 * @param {number} states how many states there are
 * @returns {Float64Array} by state
 */
export function stateAmounts(source, metric, threads, tree, nodes, states) {
  const places = placesBelow(tree, nodes, source.entries.start.length - 1);
  return stateRows(source, metric, threads, places, new Float64Array(states), states);
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
  const { node, state, share, time } = runs;
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
      if (counts[s] === 1) by[at + s] += ticks * weight[share[r]] * unit;
    }
  }
  return by;
}

/**
 * @param {Tree} tree
 * @param {Int32Array} nodes ascending
 * @returns {{holder: Int32Array, above: Int32Array}} by node of the tree: place in `nodes` of the innermost one that holds it;
 *   by place: that of the next one above. -1 = none
 */
function innermostHolders(tree, nodes) {
  const holder = new Int32Array(tree.count).fill(-1);
  const above = new Int32Array(nodes.length).fill(-1);
  let open = -1;
  let at = 0;
  /** @param {number} until */
  const closeBefore = (until) => {
    for (; open >= 0 && tree.end[nodes[open]] <= until; open = above[open]) {
      holder.fill(open, at, tree.end[nodes[open]]);
      at = tree.end[nodes[open]];
    }
  };
  for (let i = 0; i < nodes.length; i++) {
    closeBefore(nodes[i]);
    if (open >= 0) holder.fill(open, at, nodes[i]);
    at = nodes[i];
    above[i] = open;
    open = i;
  }
  closeBefore(tree.count);
  return { holder, above };
}

/**
 * Amounts by state of each of some nodes with all below them. Of two nodes one may lie below the other.
 * @param {Source} source
 * @param {Metric} metric
 * @param {Uint8Array} threads
 * @param {Tree} tree
 * @param {Int32Array} nodes ascending
 * @param {number} states
 * @returns {Float64Array} nodes.length rows of `states`
 */
export function stateAmountsOfNodes(source, metric, threads, tree, nodes, states) {
  const by = new Float64Array(nodes.length * states);
  const { holder, above } = innermostHolders(tree, nodes);
  const { map } = tree;
  const holderOf = (/** @type {number} */ node) => holder[map === null ? node : map[node]] ?? -1;
  eachAmount(
    source,
    metric,
    threads,
    (node, state, amount) => {
      if (state < states) by[holderOf(node) * states + state] += amount;
    },
    (node) => holderOf(node) >= 0,
  );
  for (let i = nodes.length - 1; i >= 0; i--)
    if (above[i] >= 0)
      for (let s = 0; s < states; s++) by[above[i] * states + s] += by[i * states + s];
  return by;
}

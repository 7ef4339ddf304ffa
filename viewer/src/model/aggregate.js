// From entries to amounts by node. No DOM; loops over typed arrays.

import { firstWhere } from '../base/search.js';

/** @typedef {import('../types.js').Entries} Entries */
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
 * @returns {Uint32Array | Float64Array} amounts by entry
 */
export function amountsOf(entries, metric) {
  const column = entries[metric.column];
  return column ?? new Float64Array(entries.count);
}

/**
 * @param {Entries} entries
 * @param {Metric} metric
 * @param {Uint8Array} threads
 * @param {Tree} tree
 * @returns {Float64Array} by node of the tree
 */
export function selfAmounts(entries, metric, threads, tree) {
  const self = new Float64Array(tree.count);
  const amounts = amountsOf(entries, metric);
  const { count, node, thread, state } = entries;
  const { states } = metric;
  const { map } = tree;
  for (let i = 0; i < count; i++) {
    if (states[state[i]] === 0 || threads[thread[i]] === 0) continue;
    const n = map === null ? node[i] : map[node[i]];
    if (n >= 0) self[n] += amounts[i];
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
  const { node, count } = sums.entries;
  for (const [from, to] of ranges)
    sums.add(by, firstWhere(0, count, (i) => node[i] >= from), firstWhere(0, count, (i) => node[i] >= to));
  return by;
}

/**
 * The same of any tree and any entries.
 * @param {Entries} entries
 * @param {Metric} metric
 * @param {Uint8Array} threads
 * @param {Tree} tree
 * @param {readonly (readonly [number, number])[]} ranges of nodes of the tree: from, to; none twice
 * @param {number} states how many states there are
 * @returns {Float64Array} by state
 */
export function stateAmounts(entries, metric, threads, tree, ranges, states) {
  const by = new Float64Array(states);
  const amounts = amountsOf(entries, metric);
  const { count, node, thread, state } = entries;
  const { map } = tree;
  const inside = new Uint8Array(tree.count);
  for (const [from, to] of ranges) inside.fill(1, from, to);
  for (let i = 0; i < count; i++) {
    const s = state[i];
    if (s >= states || metric.states[s] === 0 || threads[thread[i]] === 0) continue;
    const n = map === null ? node[i] : map[node[i]];
    if (n >= 0 && inside[n] === 1) by[s] += amounts[i];
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
 * @param {Entries} entries
 * @param {Metric} metric
 * @param {Uint8Array} threads
 * @param {Tree} tree
 * @param {Int32Array} nodes ascending
 * @param {number} states
 * @returns {Float64Array} nodes.length rows of `states`
 */
export function stateAmountsOfNodes(entries, metric, threads, tree, nodes, states) {
  const by = new Float64Array(nodes.length * states);
  const { holder, above } = innermostHolders(tree, nodes);
  const amounts = amountsOf(entries, metric);
  const { count, node, thread, state } = entries;
  const { map } = tree;
  for (let i = 0; i < count; i++) {
    const s = state[i];
    if (s >= states || metric.states[s] === 0 || threads[thread[i]] === 0) continue;
    const n = map === null ? node[i] : map[node[i]];
    if (n >= 0 && holder[n] >= 0) by[holder[n] * states + s] += amounts[i];
  }
  for (let i = nodes.length - 1; i >= 0; i--)
    if (above[i] >= 0)
      for (let s = 0; s < states; s++) by[above[i] * states + s] += by[i * states + s];
  return by;
}

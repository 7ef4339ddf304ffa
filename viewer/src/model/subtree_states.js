// Sums by state of nodes with all below them. No DOM; loops over typed arrays.

import { amountsOf, eachAmount } from './aggregate.js';
import { stateRows } from './states.js';

/** @typedef {import('../types/page.js').Entries} Entries */
/** @typedef {import('../types/model.js').Source} Source */
/** @typedef {import('../types/model.js').Metric} Metric */
/** @typedef {import('../types/model.js').Tree} Tree */

/** Entries between two sums of StateSums. */
const blockSize = 512;

/** Blocks that are counted in one step. */
const blocksAtOnce = 512;

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
    this.blocks = Math.floor(entries.count / blockSize);
    /** Rows of `states`: all before block b. */
    this.upTo = new Float64Array((this.blocks + 1) * states);
  }

  /**
   * Before anything is asked for.
   * @returns {Generator<void, StateSums>}
   */
  *fill() {
    const { blocks, states, upTo } = this;
    for (let b = 0, row = 0; b < blocks; b++, row += states) {
      upTo.copyWithin(row + states, row, row + states);
      this.count(upTo.subarray(row + states, row + 2 * states), b * blockSize, (b + 1) * blockSize);
      if (b % blocksAtOnce === blocksAtOnce - 1) yield;
    }
    return this;
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
function placesBelow({ parent, map, end, count, derived }, nodes, pageNodes) {
  const inside = new Int8Array(count).fill(-1);
  if (derived !== null) {
    const { to } = derived;
    let first = count;
    for (const n of nodes) {
      inside[n] = 0;
      first = Math.min(first, n);
    }
    for (let n = first + 1; n < count; n++) {
      const here = to[n];
      if (here < 0 || inside[n] === 0) continue;
      inside[n] = inside[here === n ? Math.max(to[parent[n]], 0) : here];
    }
    return inside;
  }
  for (const n of nodes) inside.fill(0, n, end[n]);
  if (map === null) return inside;
  const places = new Int8Array(pageNodes).fill(-1);
  for (let n = 0; n < pageNodes; n++) if (map[n] >= 0) places[n] = inside[map[n]];
  return places;
}

/**
 * Which parts of the page's tree are shown by some nodes, and by what is below these, where nothing but recursion was merged: whether
 * a node is changes only at these nodes and at those that others stand for.
 * @param {Tree} tree
 * @param {Int32Array} to
 * @param {readonly number[]} merged ascending
 * @param {Int32Array} nodes ascending, none below another
 * @returns {[number, number][]} from, to
 */
function rangesOfMerged({ end, count }, to, merged, nodes) {
  /** @type {[number, number][]} */
  const ranges = [];
  /** Subtrees that are gone through, each in the one before. */
  const open = [{ start: 0, end: count, inside: false }];
  let from = 0;
  /** @param {number} at @param {boolean} inside as it was until here */
  const until = (at, inside) => {
    if (inside && at > from) ranges.push([from, at]);
    from = at;
  };
  /** @param {number} at */
  const closeBefore = (at) => {
    for (let last = open[open.length - 1]; last.end <= at && open.length > 1; last = open[open.length - 1]) {
      until(last.end, last.inside);
      open.pop();
    }
  };
  for (let i = 0, m = 0; i < nodes.length || m < merged.length; ) {
    const isMerged = i === nodes.length || merged[m] < nodes[i];
    const node = isMerged ? merged[m++] : nodes[i++];
    closeBefore(node);
    until(node, open[open.length - 1].inside);
    let above = open.length - 1;
    if (isMerged) while (open[above].start > to[node]) above--;
    open.push({ start: node, end: end[node], inside: !isMerged || open[above].inside });
  }
  closeBefore(count);
  return ranges;
}

/**
 * The same of any tree: what moves in it moves together, so that the places of a node are a few long parts of the page's tree.
 * @param {StateSums} sums
 * @param {Tree} tree
 * @param {Int32Array} nodes none below another
 * @returns {Float64Array} by state
 */
export function stateAmountsIn(sums, tree, nodes) {
  const { map, end, derived } = tree;
  if (map === null || (derived?.ordered === true && !derived.holes && nodes[0] !== 0))
    return stateAmountsBelow(sums, Array.from(nodes, (n) => /** @type {const} */ ([n, end[n]])));
  if (derived !== null && derived.merged !== null && nodes[0] !== 0)
    return stateAmountsBelow(sums, rangesOfMerged(tree, derived.to, derived.merged, nodes.slice().sort()));
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
 * @param {Tree} tree
 * @param {import('../types/model.js').Derived} derived
 * @param {Int32Array} nodes ascending
 * @returns {{holder: Int32Array, above: Int32Array}} as of innermostHolders
 */
function holdersHere({ parent, count }, { to }, nodes) {
  const holder = new Int32Array(count).fill(-1);
  const above = new Int32Array(nodes.length).fill(-1);
  let next = 0;
  for (let n = 0; n < count; n++) {
    const here = n === 0 ? 0 : to[n];
    if (here < 0) continue;
    if (here !== n) holder[n] = holder[here];
    else if (n > 0) holder[n] = holder[Math.max(to[parent[n]], 0)];
    if (nodes[next] !== n) continue;
    above[next] = holder[n];
    holder[n] = next++;
  }
  return { holder, above };
}

/**
 * @param {Tree} tree
 * @param {Int32Array} nodes ascending
 * @returns {{holder: Int32Array, above: Int32Array}} by node of the tree: place in `nodes` of the innermost one that holds it;
 *   by place: that of the next one above. -1 = none
 */
function innermostHolders(tree, nodes) {
  if (tree.derived !== null) return holdersHere(tree, tree.derived, nodes);
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
  // Negative places have none.
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

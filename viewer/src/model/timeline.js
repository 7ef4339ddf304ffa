// What the timeline draws, from the runs of threads: shares of states by pixel column, and which call path holds most of each
// column. A run narrower than a pixel is added to its column, never left out. No DOM.
//
// All of a long recording is read at each frame of a zoom, so of threads with many runs sums over 4,096 equal bins are kept; a
// window of a quarter of the run and more is drawn from them, a narrower one from the runs in it.

import { firstWhere } from '../base/search.js';

/** @typedef {import('../types/page.js').Runs} Runs */
/** @typedef {import('../types/model.js').Tree} Tree */

/** A window of time: ticks [from, to). @typedef {{from: number, to: number}} Window */

const binCount = 4096;
const manyRuns = 20_000;

/**
 * @param {Runs} runs
 * @param {number} thread
 * @param {number} tick
 * @returns {number} the thread's first run that ends after the tick; one past its last if there is none
 */
export function firstRunAfter({ first, start, time }, thread, tick) {
  return firstWhere(first[thread], first[thread + 1], (run) => start[run] + time[run] > tick);
}

/**
 * @param {Runs} runs
 * @param {number} thread
 * @param {number} tick
 * @returns {number} the run that goes on at the tick, -1 = none
 */
export function runAt(runs, thread, tick) {
  const run = firstRunAfter(runs, thread, tick);
  return run < runs.first[thread + 1] && runs.start[run] <= tick ? run : -1;
}

/**
 * @param {Runs} runs
 * @returns {number} where the last run of all threads ends
 */
export function lastTick(runs) {
  let last = 0;
  for (let thread = 0; thread + 1 < runs.first.length; thread++) {
    const run = runs.first[thread + 1] - 1;
    if (run >= runs.first[thread]) last = Math.max(last, runs.start[run] + runs.time[run]);
  }
  return last;
}

/**
 * @param {Runs} runs
 * @param {number} thread
 * @param {Window} window
 * @param {number} columns
 * @param {number} states rows of the result; a state beyond them (calls) is the last row
 * @returns {Float32Array} `columns` rows of `states`: the share of each column's time
 */
function scanStates(runs, thread, window, columns, states) {
  const shares = new Float32Array(columns * states);
  const scale = columns / (window.to - window.from);
  const end = runs.first[thread + 1];
  const { start, time, state, node, waits } = runs;
  const waiting = waits?.state ?? 0;
  let s = 0;
  let ran = 1;
  /** @param {number} column @param {number} part */
  const add = (column, part) => {
    shares[column * states + s] += part * ran;
    if (ran < 1) shares[column * states + waiting] += part * (1 - ran);
  };
  for (let r = firstRunAfter(runs, thread, window.from); r < end && start[r] < window.to; r++) {
    if (state[r] >= states && node[r] === 0) continue;
    s = Math.min(state[r], states - 1);
    ran = waits ? waits.running[r] / 255 : 1;
    const left = Math.max((start[r] - window.from) * scale, 0);
    const right = Math.min((start[r] + time[r] - window.from) * scale, columns);
    const first = Math.floor(left);
    const last = Math.min(Math.floor(right), columns - 1);
    if (first === last) {
      add(first, right - left);
      continue;
    }
    add(first, first + 1 - left);
    for (let c = first + 1; c < last; c++) add(c, 1);
    add(last, right - last);
  }
  return shares;
}

/**
 * @param {Float32Array} bins shares over all of `all`
 * @param {Window} all
 * @param {Window} window
 * @param {number} columns
 * @param {number} states
 * @returns {Float32Array} as scanStates gives, to the precision of a bin
 */
function fromBins(bins, all, window, columns, states) {
  const shares = new Float32Array(columns * states);
  const scale = binCount / (all.to - all.from);
  const step = ((window.to - window.from) / columns) * scale;
  const offset = (window.from - all.from) * scale;
  for (let c = 0; c < columns; c++) {
    const left = Math.max(offset + c * step, 0);
    const right = Math.min(offset + (c + 1) * step, binCount);
    for (let b = Math.floor(left); b < right; b++) {
      const part = (Math.min(b + 1, right) - Math.max(b, left)) / step;
      for (let s = 0; s < states; s++) shares[c * states + s] += bins[b * states + s] * part;
    }
  }
  return shares;
}

/**
 * @param {Float32Array} sum
 * @param {Float32Array} more of the same length
 */
function addTo(sum, more) {
  for (let i = 0; i < sum.length; i++) sum[i] += more[i];
}

/**
 * Of a framework's log: its run, which has time before the first task and after the last.
 * @param {import('../types/page.js').Head} head
 * @returns {number} ticks; 0: what ran tells how long it is
 */
export function runTicks({ sides, tick_ns, dataflow, comparison }) {
  return dataflow || comparison ? Math.round(Math.max(...sides.map((side) => side.duration_ns ?? 0)) / tick_ns) : 0;
}

/** The lanes of one recording. */
export class Lanes {
  /**
   * @param {Runs} runs
   * @param {number} states how many the page knows
   * @param {number} [until] tick that there is time up to, whether or not anything ran then
   */
  constructor(runs, states, until = 0) {
    this.runs = runs;
    /** One more for calls, which have no state. */
    this.states = states + 1;
    this.all = { from: 0, to: Math.max(lastTick(runs), until, 1) };
    /** @type {(Float32Array | undefined)[]} */
    this.bins = [];
    /** Bins of several threads together, and which. */
    this.together = { threads: '', bins: new Float32Array(0) };
    /** @type {Uint8Array | null} */
    this.seen = null;
  }

  /** @returns {Uint8Array} 1 by state that occurs */
  seenStates() {
    if (this.seen) return this.seen;
    const seen = (this.seen = new Uint8Array(256));
    const { state, node, waits } = this.runs;
    const states = this.states - 1;
    for (let r = 0; r < state.length; r++) if (state[r] < states || node[r] > 0) seen[state[r]] = 1;
    if (waits?.running.some((part) => part < 255)) seen[waits.state] = 1;
    return seen;
  }

  /** @param {number} thread @returns {boolean} it has more runs than are read at each frame */
  hasMany(thread) {
    return this.runs.first[thread + 1] - this.runs.first[thread] >= manyRuns;
  }

  /** @param {number} thread one that has many */
  binsOf(thread) {
    return (this.bins[thread] ??= scanStates(this.runs, thread, this.all, binCount, this.states));
  }

  /**
   * @param {number} thread
   * @param {Window} window
   * @param {number} columns
   * @returns {Float32Array} shares: `columns` rows of `this.states`
   */
  shares(thread, window, columns) {
    const { runs, all, states } = this;
    if (!this.hasMany(thread) || (window.to - window.from) * 4 < all.to - all.from)
      return scanStates(runs, thread, window, columns, states);
    return fromBins(this.binsOf(thread), all, window, columns, states);
  }

  /**
   * @param {readonly number[]} threads that have many runs
   * @returns {Float32Array} how many of them were in each state in each bin
   */
  binsTogether(threads) {
    const key = String(threads);
    if (this.together.threads !== key) {
      const bins = new Float32Array(binCount * this.states);
      for (const thread of threads) addTo(bins, this.binsOf(thread));
      this.together = { threads: key, bins };
    }
    return this.together.bins;
  }

  /**
   * @param {readonly number[]} threads
   * @param {number} columns
   * @returns {Float32Array} how many threads were in each state, on average over each column of the whole run
   */
  sum(threads, columns) {
    const many = threads.filter((thread) => this.hasMany(thread));
    const sum =
      many.length > 0
        ? fromBins(this.binsTogether(many), this.all, this.all, columns, this.states)
        : new Float32Array(columns * this.states);
    for (const thread of threads) if (!this.hasMany(thread)) addTo(sum, this.shares(thread, this.all, columns));
    return sum;
  }

  /**
   * The node that most of each column was spent in.
   * @param {number} thread
   * @param {Window} window
   * @param {number} columns
   * @returns {Int32Array} -1 where nothing is known; between two runs of a node that touch, the node goes on
   */
  nodes(thread, window, columns) {
    const { runs } = this;
    const nodes = new Int32Array(columns).fill(-1);
    const most = new Float32Array(columns);
    const scale = columns / (window.to - window.from);
    const end = runs.first[thread + 1];
    const { start, time, node } = runs;
    for (let r = firstRunAfter(runs, thread, window.from); r < end && start[r] < window.to; r++) {
      if (node[r] === 0) continue;
      const left = Math.max((start[r] - window.from) * scale, 0);
      const right = Math.min((start[r] + time[r] - window.from) * scale, columns);
      const last = Math.min(Math.floor(right), columns - 1);
      for (let c = Math.floor(left); c <= last; c++) {
        const part = Math.min(c + 1, right) - Math.max(c, left);
        if (part > most[c]) {
          most[c] = part;
          nodes[c] = node[r];
        }
      }
    }
    return nodes;
  }
}

/**
 * @typedef {object} Chart boxes of call paths in order of time
 * @property {number} count
 * @property {Int32Array} from first column
 * @property {Int32Array} to one past the last
 * @property {Int32Array} row 0 = outermost function
 * @property {Int32Array} node
 * @property {number} rows
 */

/**
 * Neighbouring columns with the same callers make one box.
 * @param {Tree} tree
 * @param {Int32Array} nodes by column, -1 = none
 * @param {number} [deepest] rows at most
 * @param {number} [wide] columns: rows below the last box of that width are left out, for all that they would show is lines
 * @returns {Chart}
 */
export function flameChart(tree, nodes, deepest = 200, wide = 1) {
  /** @type {number[]} */
  const from = [];
  /** @type {number[]} */
  const to = [];
  /** @type {number[]} */
  const row = [];
  /** @type {number[]} */
  const box = [];
  /** @type {{node: number, from: number}[]} */
  const open = [];
  let rows = 0;
  /** @param {number} depth @param {number} column */
  const closeTo = (depth, column) => {
    while (open.length > depth) {
      const last = /** @type {{node: number, from: number}} */ (open.pop());
      if (column - last.from >= wide) rows = Math.max(rows, open.length + 1);
      from.push(last.from);
      to.push(column);
      row.push(open.length);
      box.push(last.node);
    }
  };
  /** @type {number[]} */
  let path = [];
  for (let c = 0; c <= nodes.length; c++) {
    if (c > 0 && c < nodes.length && nodes[c] === nodes[c - 1]) continue;
    const node = c < nodes.length ? nodes[c] : -1;
    path = node > 0 ? pathOf(tree, node, deepest) : [];
    let same = 0;
    while (same < open.length && same < path.length && open[same].node === path[same]) same++;
    closeTo(same, c);
    for (let depth = same; depth < path.length; depth++) open.push({ node: path[depth], from: c });
  }
  return {
    count: from.length,
    from: Int32Array.from(from),
    to: Int32Array.from(to),
    row: Int32Array.from(row),
    node: Int32Array.from(box),
    rows,
  };
}

/**
 * @param {Tree} tree
 * @param {number} node
 * @param {number} deepest
 * @returns {number[]} from the outermost, cut at `deepest`
 */
function pathOf(tree, node, deepest) {
  const path = [];
  for (let n = node; n > 0; n = tree.parent[n]) path.push(n);
  path.reverse();
  if (path.length > deepest) path.length = deepest;
  return path;
}

/** Seconds between marks where they are told in minutes and hours: tens of those are not round. */
const clockSteps = [30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

/**
 * @param {number} least ns
 * @returns {number} ns between marks, at least that
 */
function roundStep(least) {
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
  const clock = step > 20e9 ? clockSteps.find((seconds) => seconds * 1e9 >= least) : undefined;
  return clock === undefined ? (step > 86_400e9 ? Math.ceil(step / 86_400e9) * 86_400e9 : step) : clock * 1e9;
}

/**
 * Marks of an axis of time.
 * @param {Window} window
 * @param {number} tickNs
 * @param {number} most how many fit
 * @returns {{ticks: number[], stepNs: number}} at round times
 */
export function axisMarks(window, tickNs, most) {
  const spanNs = (window.to - window.from) * tickNs;
  const least = spanNs / Math.max(most, 1);
  const stepNs = roundStep(least);
  const ticks = [];
  const step = stepNs / tickNs;
  for (let n = Math.ceil(window.from / step); n * step <= window.to; n++) ticks.push(n * step);
  return { ticks, stepNs };
}

/**
 * @param {Window} window
 * @param {Window} all
 * @param {number} factor above 1: a wider window
 * @param {number} at tick that stays where it is
 * @param {number} least ticks of the narrowest window
 * @returns {Window} within `all`
 */
export function zoomed(window, all, factor, at, least) {
  const span = window.to - window.from;
  const wanted = Math.min(Math.max(span * factor, Math.min(least, all.to - all.from)), all.to - all.from);
  const from = at - ((at - window.from) / span) * wanted;
  return moved({ from, to: from + wanted }, all, 0);
}

/**
 * @param {Window} window
 * @param {Window} all
 * @param {number} ticks
 * @returns {Window} of the same length, within `all`
 */
export function moved(window, all, ticks) {
  const span = window.to - window.from;
  const from = Math.min(Math.max(window.from + ticks, all.from), Math.max(all.to - span, all.from));
  return { from, to: Math.min(from + span, all.to) };
}

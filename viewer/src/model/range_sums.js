// Self sums of a range of time, kept while its ends are moved: only what comes in or goes out is counted. They are whole numbers, so
// that what was added and taken away again leaves nothing. No DOM.

import { firstWhere } from '../base/search.js';
import { emptySums, newSums, ticksIn, tickWeights } from './aggregate.js';
import { firstRunAfter, lastTick } from './timeline.js';

/** @typedef {import('../types/model.js').Metric} Metric */
/** @typedef {import('../types/page.js').Runs} Runs */

/** Runs that are counted at once while the range is still being dragged: some ms. */
const mostRuns = 150_000;

export class RangeSums {
  /**
   * @param {Runs} runs
   * @param {Metric} metric
   * @param {Uint8Array} threads 1 by thread that counts
   * @param {number} nodes of the page's tree
   * @param {number} unitsPerTick head.tick_ns / head.unit_ns
   */
  constructor(runs, metric, threads, nodes, unitsPerTick) {
    this.runs = runs;
    this.threads = threads;
    this.counts = metric.states;
    const { weight, unit } = tickWeights(metric, unitsPerTick);
    const { waits } = runs;
    /** What waited for a CPU counts, or what ran, but not both: then parts of runs do. */
    this.waits = waits && metric.states[waits.of] !== metric.states[waits.state] ? waits : null;
    const parts = this.waits ? 255 : 1;
    this.weight = weight;
    this.unit = unit / parts;
    this.ticks = lastTick(runs);
    // Runs stand in order of time, so that each goes to another place: what is as small as can be stays near the processor.
    this.parts = emptySums(nodes, this.ticks * threads.length * Math.max(...weight) * parts);
    /** What is counted: [from, to) ticks. */
    this.from = 0;
    this.to = 0;
  }

  /**
   * @param {readonly [number, number]} range ticks
   * @param {number} [most] runs that are counted at most, about
   */
  move([from, to], most = Infinity) {
    const kept = Math.min(this.to, to) - Math.max(this.from, from);
    if (kept <= 0 || this.to - this.from > 2 * kept) {
      this.parts.fill(0);
      this.from = this.to = from;
    }
    let left = (most * this.ticks) / Math.max(this.runs.count, 1);
    const toward = (/** @type {number} */ at, /** @type {number} */ end) => {
      const next = end > at ? Math.min(end, Math.ceil(at + left)) : Math.max(end, Math.floor(at - left));
      left = Math.max(left - Math.abs(next - at), 0);
      return next;
    };
    const last = toward(this.to, Math.max(to, this.from));
    this.count(this.to, last, 1);
    this.to = last;
    const first = toward(this.from, Math.min(from, this.to));
    this.count(this.from, first, -1);
    this.from = first;
  }

  /** The same for a range that may change before it is asked for. @param {readonly [number, number]} range */
  approach(range) {
    this.move(range, mostRuns);
  }

  /**
   * @param {number} a
   * @param {number} b
   * @param {number} sign of what lies from a to b; from b to a it is the other
   */
  count(a, b, sign) {
    if (a === b) return;
    const part = { runs: this.runs, from: Math.min(a, b), to: Math.max(a, b) };
    const { parts, counts, threads } = this;
    const { first, start, time, node, state, share } = this.runs;
    const { waits } = this;
    const weight = Int16Array.from(this.weight, (each) => (a < b ? sign : -sign) * each);
    for (let thread = 0; thread + 1 < first.length; thread++) {
      if (threads[thread] === 0) continue;
      const low = firstRunAfter(this.runs, thread, part.from);
      const high = firstWhere(low, first[thread + 1], (run) => start[run] >= part.to);
      for (let r = low; r < high; r++) {
        const n = node[r];
        // There nothing was seen.
        if (n === 0) continue;
        // Only the first and the last can lie across an end.
        const ticks = r === low || r === high - 1 ? ticksIn(part, r) : time[r];
        const s = state[r];
        if (waits === null) parts[n] += ticks * weight[share[r]] * counts[s];
        else parts[n] += ticks * weight[share[r]] * (waits.running[r] * counts[s] + (255 - waits.running[r]) * counts[waits.state]);
      }
    }
  }

  /**
   * @param {(count: number) => Float64Array} [zeros]
   * @returns {Float64Array} by node of the page's tree, in units of the page
   */
  self(zeros = newSums) {
    const { parts, unit } = this;
    const self = zeros(parts.length);
    for (let n = 0; n < parts.length; n++) self[n] = parts[n] * unit;
    return self;
  }
}

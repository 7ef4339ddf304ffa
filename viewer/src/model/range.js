// The entries of a range of time, made from the runs of the timeline. No DOM.

import { firstWhere } from '../base/search.js';
import { firstRunAfter } from './timeline.js';

/** @typedef {import('../types.js').Runs} Runs */
/** @typedef {import('../types.js').Entries} Entries */

/**
 * @param {Runs} runs
 * @param {[number, number]} range ticks
 * @param {number} unitsPerTick head.tick_ns / head.unit_ns
 * @returns {Entries} not in order of nodes; no samples
 */
export function entriesInRange(runs, range, unitsPerTick) {
  const [from, to] = range;
  const threads = runs.first.length - 1;
  /** @type {[number, number][]} first and one past the last run of each thread */
  const spans = [];
  let count = 0;
  for (let t = 0; t < threads; t++) {
    const low = firstRunAfter(runs, t, from);
    const high = firstWhere(low, runs.first[t + 1], (run) => runs.start[run] >= to);
    spans.push([low, high]);
    count += high - low;
  }
  const node = new Uint32Array(count);
  const thread = new Uint32Array(count);
  const state = new Uint8Array(count);
  const time = new Float64Array(count);
  const run = new Float64Array(count);
  let at = 0;
  for (let t = 0; t < threads; t++)
    for (let r = spans[t][0]; r < spans[t][1]; r++) {
      const start = Math.max(runs.start[r], from);
      const end = Math.min(runs.start[r] + runs.time[r], to);
      if (runs.node[r] === 0 || end <= start) continue;
      node[at] = runs.node[r];
      thread[at] = t;
      state[at] = runs.state[r];
      time[at] = (end - start) * unitsPerTick;
      run[at] = (time[at] * runs.share[r]) / 255;
      at++;
    }
  return { count: at, node, thread, state, time, run, samples: null };
}

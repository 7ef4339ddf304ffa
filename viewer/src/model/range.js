// The parts of runs that lie in a range of time. They are not written out: a range can hold millions. No DOM.

import { firstWhere } from '../base/search.js';
import { firstRunAfter } from './timeline.js';

/**
 * @param {import('../types/page.js').Runs} runs
 * @param {[number, number]} range ticks
 * @param {number} unitsPerTick head.tick_ns / head.unit_ns
 * @returns {import('../types/model.js').RunRange}
 */
export function runsInRange(runs, [from, to], unitsPerTick) {
  /** @type {[number, number][]} */
  const spans = [];
  for (let t = 0; t + 1 < runs.first.length; t++) {
    const low = firstRunAfter(runs, t, from);
    spans.push([low, firstWhere(low, runs.first[t + 1], (run) => runs.start[run] >= to)]);
  }
  return { runs, from, to, unitsPerTick, spans };
}

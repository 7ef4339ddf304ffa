import assert from 'node:assert/strict';
import test from 'node:test';
import { counterColumns, peakOf, readProcesses } from '../../src/model/counters.js';

const counters = {
  count: 4,
  process: Uint32Array.of(0, 0, 1, 1),
  time: Float64Array.of(40, 80, 60, 100),
  cpuUs: Float64Array.of(20, 60, 40, 40),
  memory: Float64Array.of(1000, 3000, 0, 500),
};
const process = { pid: 1, parent: null, command: '', python: '', side: 0, start_tick: 0, end_tick: 80 };
const head = /** @type {import('../../src/types/page.js').Head} */ (/** @type {unknown} */ ({
  diff: false, tick_ns: 1000, processes: [process, { ...process, side: 1, start_tick: 20, end_tick: 100 }],
}));

test('CPU time between readings is spread evenly, of all processes or one', () => {
  const window = { from: 0, to: 100 };
  const all = counterColumns(counters, head, [0, 1], window, 10);
  // Half a CPU for 40 ticks, a whole one for 40; the other a whole one from 20 to 60.
  assert.deepEqual([...all.cpus], [0.5, 0.5, 1.5, 1.5, 2, 2, 1, 1, 0, 0]);
  assert.deepEqual([...counterColumns(counters, head, [1], window, 5).cpus], [0, 1, 1, 0, 0]);
  const used = all.cpus.reduce((sum, value) => sum + value * 10, 0);
  assert.equal(used, 100, 'what was used in all');
});

test('memory goes from reading to reading while the process lives', () => {
  const { memory } = counterColumns(counters, head, [0], { from: 0, to: 100 }, 5);
  assert.deepEqual([...(memory ?? [])], [1000, 1000, 1500, 2500, 0]);
  assert.equal(counterColumns({ ...counters, memory: new Float64Array(4) }, head, [0], { from: 0, to: 100 }, 5).memory, null);
  assert.deepEqual(peakOf(Float64Array.of(1, 4, 4, 3)), { most: 4, at: 1, mean: 3 });
});

test('of a comparison only the side that is looked at', () => {
  assert.deepEqual(readProcesses(counters, head, 0), [0, 1]);
  assert.deepEqual(readProcesses(counters, { ...head, diff: true }, 1), [1]);
});

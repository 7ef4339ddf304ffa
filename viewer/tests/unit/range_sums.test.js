// Sums of a range whose ends are moved about, against counting each range anew.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eachRun } from '../../src/model/aggregate.js';
import { runsInRange } from '../../src/model/range.js';
import { RangeSums } from '../../src/model/range_sums.js';
import { stateRows } from '../../src/model/states.js';
import { randomOf } from '../support/random.js';

/** @typedef {import('../../src/types/model.js').Metric} Metric */

const random = randomOf(5);

const threads = 3;
const nodes = 40;
const first = [0];
/** @type {{start: number, time: number, node: number, state: number, share: number, running: number, thread: number}[]} */
const all = [];
for (let thread = 0; thread < threads; thread++) {
  for (let i = 0, at = random(20); i < 200; i++) {
    all.push({ start: at, time: 1 + random(30), node: random(nodes), state: random(3), share: random(256), running: 255, thread });
    if (all[all.length - 1].state === 0) all[all.length - 1].running = random(256);
    at += all[all.length - 1].time + random(4);
  }
  first.push(all.length);
}
const column = (/** @type {"start" | "time" | "node" | "state" | "share" | "running"} */ key) => all.map((run) => run[key]);
const runs = /** @type {import('../../src/types/page.js').Runs} */ ({
  tree: 'samples', count: all.length, first: Uint32Array.from(first), start: Uint32Array.from(column('start')),
  time: Uint16Array.from(column('time')), node: Uint32Array.from(column('node')), state: Uint8Array.from(column('state')),
  share: Uint8Array.from(column('share')),
});
const states = new Uint8Array(256).fill(1);
states[2] = 0;

/** @param {"time" | "run"} key @param {Uint8Array} on @param {number} from @param {number} to @param {number} unit */
function counted(key, on, from, to, unit) {
  const self = new Float64Array(nodes);
  for (const run of all) {
    const ticks = Math.max(Math.min(run.start + run.time, to) - Math.max(run.start, from), 0);
    if (run.node > 0 && on[run.thread] === 1 && states[run.state] === 1)
      self[run.node] += key === 'run' ? (ticks * run.share) / 255 : ticks;
  }
  return self.map((sum) => sum * unit);
}

for (const key of /** @type {const} */ (['time', 'run']))
  test(`sums of ${key} are those of the range, however it came to be`, () => {
    const on = Uint8Array.of(1, 0, 1);
    const metric = /** @type {Metric} */ ({ key, words: '', kind: 'time', tree: 'samples', column: key, states });
    const sums = new RangeSums(runs, metric, on, nodes, 2);
    let moved = 0;
    for (let i = 0; i < 300; i++) {
      const from = random(3000);
      // Small steps, large ones, and such as leave nothing of the range before.
      const range = /** @type {[number, number]} */ (
        i % 3 === 0 ? [from, from + 1 + random(3000)] : [Math.max(sums.from + random(60) - 30, 0), sums.to + random(60) + 30]
      );
      if (i % 4 === 0) sums.move([range[0], range[1] + random(200)], 1 + random(40));
      if (sums.from > 0 && sums.to < range[1] && sums.from < range[1]) moved++;
      sums.move(range);
      assert.deepEqual([sums.from, sums.to], range);
      const self = sums.self();
      counted(key, on, range[0], range[1], 2).forEach((sum, n) => assert.ok(Math.abs(self[n] - sum) < 1e-6, `${range}: ${n}`));
    }
    assert.ok(moved > 50, `${moved}`);
  });

test('what waited for a CPU and what ran are told apart', () => {
  const waits = { of: 0, state: 4, running: Uint8Array.from(column('running')) };
  const on = Uint8Array.of(1, 1, 1);
  for (const [counts, part] of /** @type {[number[], (run: typeof all[number]) => number][]} */ ([
    [[4], (run) => (run.state === 0 ? 1 - run.running / 255 : 0)],
    [[0, 1], (run) => (run.state === 0 ? run.running / 255 : run.state === 1 ? 1 : 0)],
    [[0, 4], (run) => (run.state === 0 ? 1 : 0)],
  ]))
    for (const key of /** @type {const} */ (['time', 'run'])) {
      const metric = /** @type {Metric} */ ({ key, words: '', kind: 'time', tree: 'samples', column: key, states: new Uint8Array(256).map((_, s) => Number(counts.includes(s))) });
      const sums = new RangeSums({ ...runs, waits }, metric, on, nodes, 2);
      for (const range of /** @type {[number, number][]} */ ([[0, 4000], [500, 700], [600, 2000], [1, 2]])) {
        sums.move(range);
        const self = sums.self();
        const wanted = new Float64Array(nodes);
        for (const run of all) {
          const ticks = Math.max(Math.min(run.start + run.time, range[1]) - Math.max(run.start, range[0]), 0);
          if (run.node > 0) wanted[run.node] += 2 * ticks * part(run) * (key === 'run' ? run.share / 255 : 1);
        }
        wanted.forEach((sum, n) => assert.ok(Math.abs(self[n] - sum) < 1e-6, `${counts} ${range}: ${n}`));
        // The same run by run, by state.
        const by = new Float64Array(5);
        eachRun(runsInRange({ ...runs, waits }, range, 2), metric, on, (_, state, amount) => (by[state] += amount));
        assert.ok(Math.abs(by.reduce((a, b) => a + b) - wanted.reduce((a, b) => a + b)) < 1e-6);
        assert.ok(by.every((amount, state) => amount === 0 || counts.includes(state)));
        const rows = stateRows({ entries: /** @type {any} */ (null), range: runsInRange({ ...runs, waits }, range, 2) }, metric, on, new Int16Array(nodes).fill(0), new Float64Array(5), 5);
        rows.forEach((amount, state) => assert.ok(Math.abs(amount - by[state]) < 1e-6));
      }
    }
});

test('while it is dragged only so many runs are counted at once', () => {
  const metric = /** @type {Metric} */ ({ key: 'wall', words: '', kind: 'time', tree: 'samples', column: 'time', states });
  const sums = new RangeSums(runs, metric, Uint8Array.of(1, 1, 1), nodes, 1);
  const last = sums.ticks;
  sums.move([0, last], 60);
  assert.equal(sums.from, 0);
  assert.ok(sums.to > 0 && sums.to < last / 5, `${sums.to} of ${last}`);
  for (let i = 0; i < 20; i++) sums.move([0, last], 60);
  assert.equal(sums.to, last);
  assert.deepEqual(sums.self(), counted('time', Uint8Array.of(1, 1, 1), 0, last, 1));
});

// Sums of a part of the time against its runs one by one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Workshop } from '../../src/model/workshop.js';
import { initialState } from '../../src/state/state.js';
import { chains, transformPath } from '../support/plain_stacks.js';
import { randomOf } from '../support/random.js';
import { functionCount, randomPage, states, threadCount } from '../support/random_page.js';

/**
 * Everything that is summed of a part of the time, against its runs one by one.
 * @param {import('../../src/model/model.js').Model} model
 * @param {{first: number[], start: number[], time: number[], node: number[], state: number[], share: number[]}} runs
 */
function sumsInRange(model, runs) {
  const [from, to] = model.state.range ?? [0, 0];
  const { parent, fn } = model.pageTree;
  const self = new Float64Array(functionCount * states.length);
  const total = new Float64Array(functionCount * states.length);
  const all = new Float64Array(states.length);
  runs.start.forEach((start, i) => {
    const ticks = Math.min(start + runs.time[i], to) - Math.max(start, from);
    const state = runs.state[i];
    if (ticks <= 0 || runs.node[i] === 0 || state === 3) return;
    /** @type {number[] | null} */
    let path = [];
    for (let n = runs.node[i]; n > 0; n = parent[n]) path.unshift(fn[n]);
    for (const transform of model.structural) path = path && transformPath(path, transform);
    if (path === null) return;
    const amount = ticks * 2 * (model.metric.key === 'run' ? runs.share[i] / 255 : 1);
    all[state] += amount;
    if (path.length > 0) self[path[path.length - 1] * states.length + state] += amount;
    for (const f of new Set(path)) total[f * states.length + state] += amount;
  });
  const near = (/** @type {ArrayLike<number>} */ found, /** @type {ArrayLike<number>} */ wanted, /** @type {string} */ what) => {
    for (let i = 0; i < wanted.length; i++) assert.ok(Math.abs(found[i] - wanted[i]) < 1e-6, `${model.key}: ${what} ${i}`);
  };
  near(model.states.ofNode(0), all, 'all');
  for (let f = 0; f < functionCount; f++) {
    const row = (/** @type {Float64Array} */ of) => of.subarray(f * states.length, (f + 1) * states.length);
    if (f === 5) near(model.states.rows, self, 'states');
    model.states.prepare([f]);
    near(model.states.ofSelf(f), row(self), `states of ${f}`);
    near(model.states.ofTotal(f), row(total), `states below ${f}`);
    const sum = (/** @type {Float64Array} */ of) => row(of).reduce((s, amount) => s + amount, 0);
    near([model.functions.self[f], model.functions.total[f]], [sum(self), sum(total)], `sums of ${f}`);
  }
}

test('a range of time counts what lies in it, cut at its ends', () => {
  const page = randomPage(5);
  const workshop = new Workshop(page);
  const random = randomOf(77);
  const runs = { tree: 'samples', count: 0, first: [0], start: /** @type {number[]} */ ([]), time: /** @type {number[]} */ ([]), node: /** @type {number[]} */ ([]), state: /** @type {number[]} */ ([]), share: /** @type {number[]} */ ([]) };
  for (let t = 0; t < threadCount; t++) {
    for (let at = random(9), i = 0; i < 40; i++) {
      runs.start.push(at);
      runs.time.push(1 + random(12));
      runs.node.push(random(page.trees[0].count));
      runs.state.push(random(states.length));
      runs.share.push(random(256));
      at += runs.time[runs.time.length - 1] + random(3);
    }
    runs.first.push(runs.start.length);
  }
  workshop.late = /** @type {any} */ ({
    runs: { samples: { ...runs, count: runs.start.length, first: Uint32Array.from(runs.first) } },
  });
  for (const [from, to] of /** @type {[number, number][]} */ ([[0, 1000], [30, 90], [64, 65], [900, 950]])) {
    const wanted = { wall: 0, run: 0 };
    runs.start.forEach((start, i) => {
      const inside = Math.min(start + runs.time[i], to) - Math.max(start, from);
      if (inside <= 0 || runs.node[i] === 0 || runs.state[i] === 3) return;
      wanted.wall += inside * 2;
      wanted.run += (inside * 2 * runs.share[i]) / 255;
    });
    for (const metric of /** @type {const} */ (['wall', 'run'])) {
      const model = workshop.model({ ...initialState, metric, range: [from, to] });
      assert.ok(Math.abs(model.shown - wanted[metric]) < 1e-6, `${metric} from ${from} to ${to}`);
      for (const transforms of chains) sumsInRange(workshop.model({ ...initialState, metric, range: [from, to], transforms }), runs);
    }
  }
});

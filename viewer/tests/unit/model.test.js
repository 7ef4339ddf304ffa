// Sums by function, shares and their errors, metrics.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Workshop } from '../../src/model/workshop.js';
import { initialState } from '../../src/state/state.js';
import { forMany } from '../support/plain_stacks.js';
import { functionCount, randomPage } from '../support/random_page.js';

test('functions: recursion counts once', () => {
  forMany(({ workshop, state, left, name }) => {
    const { self, total } = workshop.model(state).functions;
    const wanted = { self: new Float64Array(functionCount), total: new Float64Array(functionCount) };
    for (const { path, amount } of left) {
      if (path.length > 0) wanted.self[path[path.length - 1]] += amount;
      for (const f of new Set(path)) wanted.total[f] += amount;
    }
    assert.deepEqual({ self, total }, wanted, name);
  });
});

test('shares are of the basis, which transforms do not change; errors are those of a proportion', () => {
  const workshop = new Workshop(randomPage(4));
  const all = workshop.model(initialState);
  const focused = workshop.model({ ...initialState, transforms: [{ kind: 'focus', fn: 2 }] });
  assert.equal(focused.basis, all.shown);
  assert.ok(focused.shown < all.shown);
  const half = all.basis / 2;
  assert.ok(Math.abs((all.error(half) ?? 0) - Math.sqrt(0.25 / 400)) < 1e-12);
});

test('what is shown of one thread or of a metric is a share of the whole run, not of itself', () => {
  const workshop = new Workshop(randomPage(4));
  for (const metric of ['run', 'wall', 'cpu']) {
    const whole = workshop.model({ ...initialState, metric });
    assert.equal(whole.all, whole.shown, metric);
    assert.equal(whole.isWholeRun, metric === 'run');
    const parts = [0, 1, 2].map((thread) => workshop.model({ ...initialState, metric, threads: [thread] }));
    for (const part of parts) assert.ok(!part.isWholeRun && Math.abs(part.all - whole.shown) < 1e-6, metric);
    assert.ok(Math.abs(parts.reduce((sum, part) => sum + part.shown, 0) - whole.shown) < 1e-6, metric);
  }
  const focused = workshop.model({ ...initialState, transforms: [{ kind: 'focus', fn: 2 }] });
  assert.ok(!focused.isWholeRun && focused.all === focused.basis);
  assert.ok(workshop.model({ ...initialState, transforms: [{ kind: 'invert' }] }).isWholeRun, 'nothing is left out');
});

test('a function whose samples stand for more than others has a larger error', () => {
  const page = randomPage(4);
  const even = new Float32Array(page.functions.count).fill(1);
  const uneven = even.slice();
  uneven[2] = 1.5;
  const of = (/** @type {Float32Array} */ self) => ({ self, total: even });
  const model = new Workshop({ ...page, spreads: [{ run: of(uneven), time: of(even) }] }).model(initialState);
  const tenth = model.basis / 10;
  const error = (/** @type {number} */ part) => Math.sqrt((part * 0.81 + (1 - part) * 0.01) / 400);
  assert.ok(Math.abs((model.error(tenth, 2, 'self') ?? 0) - error(0.15)) < 1e-9);
  for (const [fn, which] of /** @type {const} */ ([[2, 'total'], [3, 'self'], [-1, 'self']]))
    assert.ok(Math.abs((model.error(tenth, fn, which) ?? 0) - error(0.1)) < 1e-9);
});

test('metrics are those that have any amount, the run first', () => {
  const workshop = new Workshop(randomPage(1));
  assert.deepEqual(workshop.metrics.map((m) => m.key), ['run', 'wall', 'cpu', 'wait:unknown', 'wait:gil', 'wait:idle']);
  assert.equal(workshop.model({ ...initialState, metric: 'nonsense' }).metric.key, 'run');
});

test('a metric of another tree takes back what was zoomed and selected, unless that is said, too', () => {
  const page = randomPage(2);
  page.head.trees.push({ name: 'calls', nodes: 1, entries: 1, merged: null });
  const workshop = new Workshop(page);
  const before = { ...initialState, zoom: 5, selected: 6, metric: 'wall' };
  assert.deepEqual(workshop.adjust({ metric: 'run' }, before), { metric: 'run' });
  assert.deepEqual(workshop.adjust({ view: 'flame' }, before), { view: 'flame' });
  assert.deepEqual(workshop.adjust({ metric: 'calls', selected: 2 }, before), {
    metric: 'calls', zoom: 0, selected: 2, trail: [],
  });
});

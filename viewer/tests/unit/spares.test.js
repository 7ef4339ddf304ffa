// Arrays made ahead: each handed out once, as long as asked for, and all zeros.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Spares } from '../../src/model/spares.js';
import { forMany, sumsOfPaths, sumsOfShape } from '../support/plain_stacks.js';

test('an array that is ready is handed out once, zeros, as long as asked for', () => {
  const spares = new Spares();
  assert.equal(spares.sums(3).length, 3);
  assert.equal([...spares.prepare(4)].length, 3);
  const ready = [...spares.ofSums, ...spares.ofPlaces];
  assert.ok(ready.every((each) => each.length === 4 && each.every((value) => value === 0)));
  assert.ok(!ready.includes(spares.sums(5)), 'another length');
  const taken = [spares.sums(4), spares.sums(4), spares.places(4)];
  assert.deepEqual(new Set(taken), new Set(ready));
  assert.ok(!ready.includes(spares.sums(4)) && !ready.includes(spares.places(4)), 'never twice');
  assert.equal([...spares.prepare(4)].length, 3);
  assert.equal([...spares.prepare(4)].length, 0, 'all are there');
  assert.equal([...spares.prepare(6)].length, 3);
  assert.equal(spares.sums(4).length, 4);
  assert.equal([...spares.prepare(0)].length, 0);
  assert.deepEqual([spares.ofSums.length, spares.ofPlaces.length], [0, 0], 'none is kept');
});

test('sums are the same where arrays were made ahead, and others took them before', () => {
  let taken = 0;
  forMany(({ workshop, state, left, name }) => {
    workshop.large = true;
    const { spares } = workshop;
    for (const step of workshop.model({ ...state, transforms: [] }).preparation()) void step;
    const ready = spares.ofSums.length + spares.ofPlaces.length;
    assert.equal(ready, 3, name);
    assert.deepEqual(sumsOfShape(workshop.model(state).shape), sumsOfPaths(left), name);
    taken += ready - spares.ofSums.length - spares.ofPlaces.length;
    if (state.transforms.length === 0) return;
    for (const step of workshop.model(state).preparation()) void step;
    assert.equal(spares.ofSums.length + spares.ofPlaces.length, 0, name);
  });
  assert.ok(taken > 5000, `${taken}`);
});

// What a search finds.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { searchFault } from '../../src/model/search.js';
import { Workshop } from '../../src/model/workshop.js';
import { initialState } from '../../src/state/state.js';
import { forMany } from '../support/plain_stacks.js';
import { randomPage } from '../support/random_page.js';

test('a search finds time once, however many matches are on the stack', () => {
  forMany(({ workshop, state, left, name }) => {
    const found = workshop.model({ ...state, search: 'fn[135]' }).found;
    const hits = left.filter(({ path, amount }) => amount > 0 && path.some((f) => [1, 3, 5].includes(f)));
    assert.equal(found?.matched, hits.reduce((sum, { amount }) => sum + amount, 0), name);
    const functions = new Set(hits.flatMap(({ path }) => path.filter((f) => [1, 3, 5].includes(f))));
    assert.equal(found?.functions, functions.size, name);
  });
});

test('a search is a regular expression where it is one, and text where it is none', () => {
  const workshop = new Workshop(randomPage(1));
  const matches = (/** @type {string} */ search) => [...workshop.model({ ...initialState, search }).match(search)];
  assert.deepEqual(matches('^FN1$'), [0, 0, 0, 0, 0, 0, 0, 0, 0], 'capitals are meant');
  assert.deepEqual(matches('^fn1$'), [0, 1, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(matches('fn1('), [0, 0, 0, 0, 0, 0, 0, 0, 0], 'no regular expression: looked for as it stands');
  assert.deepEqual(matches('lib.a'), [0, 0, 0, 0, 1, 1, 1, 0, 0], 'modules');
  assert.deepEqual(matches('site-packages'), [0, 0, 0, 0, 0, 0, 0, 0, 0], 'not the folder everything lies in');
});

test('what is no regular expression says why, without what was typed', () => {
  assert.match(searchFault('(unclosed'), /^no valid expression: [a-z ]+$/i);
  assert.match(searchFault('a/(b'), /^no valid expression: [a-z ]+$/i);
  assert.equal(searchFault('a|b'), '');
});

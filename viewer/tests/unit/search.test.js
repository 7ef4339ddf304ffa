import assert from 'node:assert/strict';
import test from 'node:test';
import { firstWhere } from '../../src/base/search.js';

test('the first place where it holds is found, at both ends, in nothing, and where it never holds', () => {
  for (let count = 0; count < 9; count++)
    for (let from = 0; from <= count; from++) assert.equal(firstWhere(10, 10 + count, (place) => place >= 10 + from), 10 + from);
  assert.equal(firstWhere(3, 8, () => false), 8);
});

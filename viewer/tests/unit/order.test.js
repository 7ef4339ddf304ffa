import assert from 'node:assert/strict';
import { test } from 'node:test';
import { orderOf } from '../../src/model/order.js';

test('numbers are in order, and equal ones stay as they stand, both ways', () => {
  let seed = 7;
  const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 4294967296;
  const odd = [0, -0, NaN, Infinity, -Infinity, 1, -1, 1e-300, -1e-300, 2 ** 53, 4294967296, 0.1, 0.1, -0.1, NaN];
  for (const length of [0, 1, 2, 15, 3000])
    for (const spread of [3, 1000, 1e12]) {
      const values = Float64Array.from({ length }, (_, i) =>
        random() < 0.1 ? odd[i % odd.length] : random() < 0.5 ? Math.floor(random() * spread) : (random() - 0.5) * spread,
      );
      const key = (/** @type {number} */ i) => (Number.isNaN(values[i]) ? -Infinity : values[i]);
      for (const sign of [1, -1]) {
        const expected = Array.from(values.keys()).sort(
          (a, b) => (key(a) === key(b) ? a - b : key(a) < key(b) ? -sign : sign),
        );
        assert.deepEqual([...orderOf(values, sign < 0)], expected, `${length} of ${spread}`);
      }
    }
});

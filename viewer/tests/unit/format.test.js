import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatBytes, formatCount, formatDuration, formatError, formatPercent } from '../../src/base/format.js';

test('durations have three significant digits and a unit, and are those of `barograph report`', () => {
  /** @type {[number | null, string][]} */
  const cases = [
    [0, '0 s'], [1, '1 ns'], [0.2, '1 ns'], [999, '999 ns'], [999.6, '1.00 µs'], [12_345, '12.3 µs'],
    [999_499, '999 µs'], [999_500, '1.00 ms'], [775e6, '775 ms'], [999.5e6, '1.00 s'], [8.7e9, '8.70 s'],
    [25.736e9, '25.7 s'], [119.4e9, '119 s'], [119.5e9, '2 min 00 s'], [3599.6e9, '60 min 00 s'],
    [7199.5e9, '2 h 00 min'], [4e15, '1,111 h 07 min'], [-2e9, '−2.00 s'], [null, '–'], [NaN, '–'],
  ];
  for (const [ns, text] of cases) assert.equal(formatDuration(ns), text);
  // In the very middle to the even digit, as C's printf: 294.5 ms is 294 ms in both.
  for (const [ns, text] of /** @type {const} */ ([[294.5e6, '294 ms'], [295.5e6, '296 ms'], [286.5e6, '286 ms'], [1.125e9, '1.12 s'], [1.135e9, '1.14 s'], [12.25e6, '12.2 ms'], [2.675e9, '2.67 s']]))
    assert.equal(formatDuration(ns), text);
});

test('counts, shares, errors and bytes', () => {
  assert.equal(formatCount(1234567), '1,234,567');
  assert.equal(formatCount(-1000), '−1,000');
  assert.equal(formatCount(null), '–');
  assert.equal(formatPercent(0.3419), '34.2 %');
  assert.equal(formatPercent(0.0004), '<0.1 %');
  assert.equal(formatPercent(0), '0.0 %');
  assert.equal(formatPercent(0.0025), '0.2 %', 'in the very middle to the even digit');
  assert.equal(formatPercent(null), '–');
  assert.equal(formatError(0.004), '± 0.4 %');
  assert.equal(formatError(null), '', 'counted, not estimated');
  assert.equal(formatBytes(59_650_048), '59.7 MB');
  assert.equal(formatBytes(999), '999 B');
  assert.equal(formatBytes(999_600), '1.00 MB');
});

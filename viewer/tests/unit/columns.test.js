import assert from 'node:assert/strict';
import test from 'node:test';
import { PageError, readColumns } from '../../src/data/columns.js';
import { encodeSection } from '../support/encode.js';

/** @param {import('../support/encode.js').PlainColumn[]} columns */
function decode(columns) {
  const { info, bytes } = encodeSection(columns);
  return readColumns('x', info, bytes);
}

const edges = [0, 1, 127, 128, 129, 16383, 16384, 16385, 2 ** 28, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];

test('unsigned values of every length come back, as 32 bits where they fit', () => {
  const narrow = decode([{ name: 'a', encoding: 'u', values: edges }]).numbers('a');
  assert.ok(narrow instanceof Uint32Array);
  assert.deepEqual([...narrow], edges);
  const wide = [...edges, 2 ** 32, 5, 2 ** 53 - 1, 7];
  const doubles = decode([{ name: 'a', encoding: 'u', values: wide }]).numbers('a');
  assert.ok(doubles instanceof Float64Array);
  assert.deepEqual([...doubles], wide);
});

test('signed values and differences come back on both sides of 0', () => {
  const values = [0, -1, 1, -63, 63, -64, 64, -65, 2 ** 40, -(2 ** 40), 2 ** 51, -(2 ** 51)];
  const ascending = [5, 5, 4, 0, 2 ** 32 - 1, 0, 77];
  const columns = decode([
    { name: 'z', encoding: 'z', values },
    { name: 'd', encoding: 'd', values: ascending },
  ]);
  assert.deepEqual([...columns.signed('z')], values);
  const small = decode([{ name: 'z', encoding: 'z', values: [0, -1, 1, -64, 63] }]).signed('z');
  assert.ok(small instanceof Int32Array);
  assert.deepEqual([...small], [0, -1, 1, -64, 63]);
  const edge = [2 ** 31 - 1, -(2 ** 31), 5];
  assert.deepEqual([...decode([{ name: 'z', encoding: 'z', values: edge }]).signed('z')], edge);
  assert.ok(decode([{ name: 'z', encoding: 'z', values: [5, 2 ** 31, 6] }]).signed('z') instanceof Float64Array);
  assert.deepEqual([...columns.numbers('d')], ascending);
});

test('times of a run of more than 72 minutes in ticks of a microsecond come back', () => {
  const times = [0, 2 ** 32 - 1, 2 ** 32, 2 ** 40 + 1, 7, 2 ** 32 + 5];
  assert.deepEqual([...decode([{ name: 'd', encoding: 'd', values: times }]).numbers('d')], times);
});

test('texts of all kinds come back, and a byte 0 in one does not shift those after it', () => {
  const texts = ['', 'a', '</script><b>', 'ü😀\u202eabc', 'a\0b', '\ufeffmark', 'x'.repeat(10_000)];
  const columns = decode([{ name: 's', encoding: 's', values: texts }]);
  assert.deepEqual(columns.texts('s'), texts.map((text) => text.replace('\0', '\u2400')));
  assert.deepEqual(decode([{ name: 's', encoding: 's', values: [] }]).texts('s'), []);
});

test('invalid UTF-8 becomes a replacement character, not an error', () => {
  const info = { bytes: 3, columns: [{ name: 's', encoding: 's', count: 1, bytes: 3 }] };
  assert.deepEqual(readColumns('x', info, Uint8Array.of(65, 0xff, 0)).texts('s'), ['A\ufffd']);
});

/**
 * @param {string} encoding
 * @param {number} count
 * @param {number[]} bytes
 * @param {RegExp} message
 */
function refused(encoding, count, bytes, message) {
  const info = { bytes: bytes.length, columns: [{ name: 'c', encoding, count, bytes: bytes.length }] };
  assert.throws(
    () => readColumns('x', info, Uint8Array.from(bytes)),
    (error) => error instanceof PageError && message.test(error.message) && /"x".*"c"/.test(error.message),
    `${encoding} ${count} ${bytes}`,
  );
}

test('damaged columns are refused with section and column in one sentence', () => {
  for (const encoding of ['u', 'z', 'd']) {
    refused(encoding, 2, [128, 128], /ends within a value/);
    refused(encoding, 2, [128, 1, 128], /ends within a value/);
    refused(encoding, 1, [2, 2], /belong to no value/);
    refused(encoding, 1, [255, 255, 255, 255, 255, 255, 255, 255, 1], /more than 53 bits/);
    refused(encoding, 1, [...Array(20).fill(128), 0], /more than 53 bits/);
    refused(encoding, 2 ** 40, [1], /more values than it has bytes/);
    refused(encoding, -1, [1], /more values than it has bytes/);
    refused(encoding, 0.5, [1], /more values than it has bytes/);
  }
  refused('d', 1, [1], /goes below 0/);
  refused('s', 1, [65], /ends within a text/);
  refused('s', 2, [65, 0], /1 texts where 2/);
  refused('b', 1, [1, 2], /belong to no value/);
  refused('q', 1, [1], /unknown encoding/);
});

test('what a column is asked for must be what it is', () => {
  const columns = decode([
    { name: 'a', encoding: 'u', values: [1, 9] },
    { name: 'b', encoding: 'b', values: [1] },
  ]);
  assert.throws(() => columns.indices('a', 9), /points to entry 9 of 9/);
  assert.throws(() => columns.indices('b', 9), PageError);
  assert.throws(() => columns.texts('a'), PageError);
  assert.throws(() => columns.bytes('a'), PageError);
  assert.throws(() => columns.numbers('missing'), /is missing/);
  assert.throws(() => columns.count(['a', 'b']), /another length/);
});

test('a section whose columns do not fill it, or go beyond it, is refused', () => {
  const { info, bytes } = encodeSection([{ name: 'a', encoding: 'u', values: [1, 2, 3] }]);
  assert.throws(() => readColumns('x', info, bytes.subarray(0, 2)), /beyond its section/);
  assert.throws(() => readColumns('x', info, Buffer.concat([bytes, bytes])), /longer than its columns/);
  info.columns[0].bytes = -1;
  assert.throws(() => readColumns('x', info, bytes), /beyond its section/);
});

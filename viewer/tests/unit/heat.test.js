import assert from 'node:assert/strict';
import test from 'node:test';
import { bucketStart, durationBars } from '../../src/model/durations.js';
import { fileHeat } from '../../src/model/heat.js';
import { openPlain } from '../support/open.js';

test('files by their own time, lines in order, and recursion on a line counts once', async () => {
  const { page } = await openPlain({
    functions: { load: { file: '/p/io.py' } },
    threads: [{ runs: [
      { ticks: 100, stack: ['main:3', 'load:12'], share: 51 },
      { ticks: 10, stack: ['main:9', 'main:9'] },
    ] }],
  });
  const wall = fileHeat(page, false);
  assert.deepEqual(wall.map(({ file, self }) => [page.strings[file], self]), [['/p/io.py', 100], ['/home/user/shop/app.py', 10]]);
  assert.deepEqual(wall[1].lines.map(({ line, self, total }) => [line, self, total]), [[3, 0, 100], [9, 10, 10]]);
  assert.deepEqual(fileHeat(page, true).map(({ self }) => self), [20, 10]);
});

test('where no line is known each function has its row', async () => {
  const { page } = await openPlain({
    functions: { one: { file: '' }, two: { file: '' } },
    threads: [{ runs: [{ ticks: 3, stack: ['one', 'two'] }, { ticks: 9, stack: ['one'] }] }],
  });
  const [file] = fileHeat({ ...page, lines: page.lines && { ...page.lines, line: new Uint32Array(page.lines.count) } }, false);
  assert.equal(page.strings[file.file], '');
  assert.deepEqual(file.lines.map(({ line, fn, self }) => [line, page.strings[page.functions.name[fn]], self]), [[0, 'one', 9], [0, 'two', 3]]);
});

test('a distribution has no gaps, and a bucket is a quarter of an octave', () => {
  const buckets = { count: 3, fn: Uint32Array.of(7, 7, 8), bucket: Uint32Array.of(40, 42, 4), calls: Float64Array.of(5, 1, 9) };
  assert.deepEqual(durationBars(buckets, 7).map((bar) => [bar.fromNs, bar.calls]), [[1024, 5], [bucketStart(41), 0], [bucketStart(42), 1]]);
  assert.deepEqual(durationBars(buckets, 9), []);
});

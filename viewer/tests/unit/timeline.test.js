import assert from 'node:assert/strict';
import test from 'node:test';
import { Lanes, axisMarks, flameChart, moved, runAt, runTicks, zoomed } from '../../src/model/timeline.js';

/**
 * @param {[number, number, number, number][]} list start, time, node, state
 * @returns {import('../../src/types/page.js').Runs}
 */
function oneThread(list) {
  return {
    tree: 'samples',
    count: list.length,
    first: Uint32Array.of(0, list.length),
    start: Uint32Array.from(list, (run) => run[0]),
    time: Uint32Array.from(list, (run) => run[1]),
    node: Uint32Array.from(list, (run) => run[2]),
    state: Uint8Array.from(list, (run) => run[3]),
    share: new Uint8Array(list.length).fill(255),
  };
}

test('each run counts in the columns that it covers, to the part of a pixel', () => {
  const lanes = new Lanes(oneThread([[0, 15, 1, 0], [15, 5, 1, 1], [25, 15, 1, 0]]), 2);
  assert.deepEqual(lanes.all, { from: 0, to: 40 });
  const shares = lanes.shares(0, lanes.all, 4);
  assert.deepEqual([...shares], [1, 0, 0, 0.5, 0.5, 0, 0.5, 0, 0, 1, 0, 0]);
  const inside = lanes.shares(0, { from: 10, to: 20 }, 2);
  assert.deepEqual([...inside], [1, 0, 0, 0, 1, 0]);
});

test('of what is on the run queue columns tell running from waiting', () => {
  const runs = { ...oneThread([[0, 10, 1, 0], [10, 10, 1, 0], [20, 20, 1, 1]]), waits: { of: 0, state: 2, running: Uint8Array.of(255, 51, 255) } };
  const lanes = new Lanes(runs, 3);
  assert.deepEqual([...lanes.shares(0, lanes.all, 4)].map((share) => Math.round(share * 100) / 100), [1, 0, 0, 0, 0.2, 0, 0.8, 0, 0, 1, 0, 0, 0, 1, 0, 0]);
  assert.deepEqual([...lanes.seenStates().subarray(0, 3)], [1, 1, 1]);
});

test('a log of a framework has time before its first task and after its last', () => {
  const runs = oneThread([[10, 15, 1, 0]]);
  const sides = [{ duration_ns: 40_400 }, { duration_ns: 30_000 }];
  const head = /** @type {import('../../src/types/page.js').Head} */ (/** @type {unknown} */ ({ sides, tick_ns: 1000, dataflow: {}, comparison: null }));
  assert.deepEqual(new Lanes(runs, 2, runTicks(head)).all, { from: 0, to: 40 });
  assert.deepEqual(new Lanes(runs, 2, runTicks({ ...head, dataflow: null })).all, { from: 0, to: 25 });
});

test('calls have no state and nothing on the stack is nothing', () => {
  const lanes = new Lanes(oneThread([[0, 10, 0, 255], [10, 10, 3, 255]]), 2);
  assert.deepEqual([...lanes.shares(0, lanes.all, 2)], [0, 0, 0, 0, 0, 1]);
  assert.deepEqual([...lanes.nodes(0, lanes.all, 2)], [-1, 3]);
});

test('a thread of many runs is drawn from bins as from its runs', () => {
  /** @type {[number, number, number, number][]} */
  const list = [];
  for (let i = 0; i < 50_000; i++) list.push([i * 4, 3, 1 + (i % 7), i < 20_000 ? 0 : 1]);
  const many = new Lanes(oneThread(list), 2);
  const window = { from: 40_000, to: 160_000 };
  const quick = many.shares(0, window, 300);
  assert.ok(many.bins[0], 'bins were not used');
  const exact = new Lanes(oneThread(list.filter(([start]) => start >= 39_000 && start < 161_000)), 2);
  exact.all = many.all;
  const slow = exact.runs.count < 50_000 && scan(exact, window, 300);
  for (let i = 0; slow && i < slow.length; i++)
    assert.ok(Math.abs(quick[i] - slow[i]) < 0.13, `column ${i / 3}: ${quick[i]} and ${slow[i]}`);
  const sum = (/** @type {Float32Array} */ a) => a.reduce((x, y) => x + y, 0);
  assert.ok(slow && Math.abs(sum(quick) - sum(slow)) < 1);
});

/** The same from runs: ten windows that are too narrow for bins. @param {Lanes} lanes @param {{from: number, to: number}} window @param {number} columns */
function scan(lanes, window, columns) {
  const step = (window.to - window.from) / 10;
  const out = [];
  for (let i = 0; i < 10; i++)
    out.push(...lanes.shares(0, { from: window.from + i * step, to: window.from + (i + 1) * step }, columns / 10));
  return Float32Array.from(out);
}

test('threads together are the sum of each, of many runs and of few', () => {
  /** @type {[number, number, number, number][]} */
  const list = [];
  for (let i = 0; i < 25_000; i++) list.push([i * 4, 3, 1 + (i % 7), i % 3]);
  const many = oneThread(list);
  const few = oneThread([[0, 40_000, 1, 1], [70_000, 30_000, 2, 0]]);
  const plain = (/** @type {'start' | 'time' | 'node'} */ key) => Uint32Array.from([...many[key], ...few[key], ...many[key]]);
  const runs = {
    ...many,
    count: 50_002,
    first: Uint32Array.of(0, 25_000, 25_002, 50_002),
    start: plain('start'),
    time: plain('time'),
    node: plain('node'),
    state: Uint8Array.from([...many.state, ...few.state, ...many.state]),
    share: new Uint8Array(50_002).fill(255),
  };
  const lanes = new Lanes(runs, 3);
  const columns = 100;
  for (const threads of [[0, 1, 2], [1], [0], [2, 1]]) {
    const sum = lanes.sum(threads, columns);
    const each = threads.map((thread) => lanes.shares(thread, lanes.all, columns));
    assert.equal(sum.length, columns * lanes.states);
    sum.forEach((value, i) => assert.ok(Math.abs(value - each.reduce((all, shares) => all + shares[i], 0)) < 1e-4, `${threads} at ${i}`));
  }
});

test('states that occur are those of runs with something on the stack or with a name', () => {
  const lanes = new Lanes(oneThread([[0, 10, 0, 255], [10, 10, 3, 1], [20, 5, 0, 0]]), 2);
  assert.deepEqual([...lanes.seenStates().subarray(0, 3)], [1, 1, 0]);
  assert.equal(lanes.seenStates()[255], 0);
});

test('the node of a column is the one with most of its time', () => {
  const lanes = new Lanes(oneThread([[0, 6, 1, 0], [6, 9, 2, 0], [15, 5, 3, 0]]), 1);
  assert.deepEqual([...lanes.nodes(0, { from: 0, to: 20 }, 2)], [1, 2]);
  assert.deepEqual([...lanes.nodes(0, { from: 0, to: 30 }, 3)], [1, 2, -1]);
});

test('a path goes on where its callers stay, and ends where nothing is known', () => {
  //  0 root, 1 main, 2 main/load, 3 main/load/parse, 4 main/save
  const tree = { count: 5, parent: Int32Array.of(0, 0, 1, 2, 1), fn: new Uint32Array(5), end: new Int32Array(5), map: null, origin: null, derived: null };
  const chart = flameChart(tree, Int32Array.of(3, 3, 2, 4, -1, 4));
  const boxes = [];
  for (let i = 0; i < chart.count; i++)
    boxes.push([chart.node[i], chart.row[i], chart.from[i], chart.to[i]]);
  boxes.sort((a, b) => a[1] - b[1] || a[2] - b[2]);
  assert.deepEqual(boxes, [[1, 0, 0, 4], [1, 0, 5, 6], [2, 1, 0, 3], [4, 1, 3, 4], [4, 1, 5, 6], [3, 2, 0, 2]]);
  assert.equal(chart.rows, 3);
});

test('stacks deeper than the chart are cut, not followed without end', () => {
  const depth = 100_000;
  const tree = { count: depth, parent: Int32Array.from({ length: depth }, (_, i) => Math.max(i - 1, 0)), fn: new Uint32Array(depth), end: new Int32Array(depth), map: null, origin: null, derived: null };
  assert.equal(flameChart(tree, Int32Array.of(depth - 1, 5), 50).rows, 50);
});

test('what goes on at a tick', () => {
  const runs = oneThread([[5, 10, 1, 0], [20, 5, 2, 0]]);
  assert.deepEqual([4, 5, 14, 15, 20, 24, 25].map((tick) => runAt(runs, 0, tick)), [-1, 0, 0, -1, 1, 1, -1]);
});

test('windows stay within the recording, and the point under the pointer stays where it is', () => {
  const all = { from: 0, to: 1000 };
  assert.deepEqual(zoomed(all, all, 0.5, 500, 1), { from: 250, to: 750 });
  assert.deepEqual(zoomed({ from: 250, to: 750 }, all, 4, 500, 1), all);
  assert.deepEqual(zoomed({ from: 0, to: 100 }, all, 0.01, 0, 10), { from: 0, to: 10 });
  assert.deepEqual(moved({ from: 0, to: 100 }, all, -50), { from: 0, to: 100 });
  assert.deepEqual(moved({ from: 0, to: 100 }, all, 2000), { from: 900, to: 1000 });
});

test('marks stand at round times', () => {
  const { ticks, stepNs } = axisMarks({ from: 1200, to: 9800 }, 1000, 5);
  assert.equal(stepNs, 2_000_000);
  assert.deepEqual(ticks, [2000, 4000, 6000, 8000]);
});

test('marks of long runs stand at round minutes and hours, and are told so', async () => {
  const { axisText } = await import('../../src/parts/timeline_parts.js');
  /** @param {number} seconds @param {number} most */
  const told = (seconds, most) => {
    const { ticks, stepNs } = axisMarks({ from: 0, to: seconds }, 1e9, most);
    assert.ok(ticks.length <= most + 1, `${ticks.length} marks`);
    return ticks.slice(1, 4).map((tick) => axisText(tick * 1e9, stepNs));
  };
  assert.deepEqual(told(170, 9), ['20 s', '40 s', '60 s']);
  assert.deepEqual(told(200, 9), ['30 s', '1 min', '1 min 30 s']);
  assert.deepEqual(told(2400, 9), ['5 min', '10 min', '15 min']);
  assert.deepEqual(told(5 * 3600, 9), ['1 h', '2 h', '3 h']);
  assert.deepEqual(told(4 * 3600, 9), ['30 min', '1 h', '1 h 30 min']);
  assert.deepEqual(told(30 * 86_400, 9), ['144 h', '288 h', '432 h']);
});

test('marks are told in the largest unit that needs no more than two decimals', async () => {
  const { axisText } = await import('../../src/parts/timeline_parts.js');
  assert.deepEqual(
    [[2e9, 1e9], [1.5e9, 5e8], [1.23e9, 1e7], [1.234e9, 1e6], [5e3, 500], [7, 1]].map(([ns, step]) => axisText(ns, step)),
    ['2 s', '1.5 s', '1.23 s', '1234 ms', '5.0 µs', '7 ns'],
  );
});

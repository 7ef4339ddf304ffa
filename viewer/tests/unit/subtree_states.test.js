// Sums by state that are kept by blocks of entries, against counting each entry.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StateSums, stateAmounts, stateAmountsBelow, stateAmountsIn } from '../../src/model/subtree_states.js';
import { wholeTree } from '../../src/model/tree.js';
import { randomOf } from '../support/random.js';

const states = 5;
const nodes = 3000;
const count = 2300; // four blocks and a part of one

const random = randomOf(11);

const parent = Int32Array.from({ length: nodes }, (_, n) => (n === 0 ? 0 : n - 1 - random(Math.min(n, 6))));
// Preorder: what a node skips, its parent's other children have left.
for (let n = 1; n < nodes; n++) {
  let above = n - 1;
  while (above > parent[n]) above = parent[above];
  parent[n] = above;
}
const fn = new Uint32Array(nodes);
const time = Uint32Array.from({ length: count }, () => random(4294967295));
const entries = {
  count,
  start: Uint32Array.from({ length: nodes + 1 }, (_, n) => (n === 0 ? 0 : n === nodes ? count : random(count))).sort(),
  thread: Uint8Array.from({ length: count }, () => random(4)),
  // One state that no page knows, as entries of calls have.
  state: Uint8Array.from({ length: count }, () => (random(20) === 0 ? 255 : random(states))),
  time,
  run: null,
  samples: time,
};
const tree = wholeTree({ name: 'samples', count: nodes, parent, fn, entries });
const counted = new Uint8Array(256).fill(1);
counted[2] = 0;
const metric = /** @type {import('../../src/types/model.js').Metric} */ ({ key: 'wall', words: '', kind: 'time', tree: 'samples', column: 'time', states: counted });
const threads = Uint8Array.of(1, 0, 1, 1);
const sums = new StateSums(entries, metric, threads, states);
assert.equal([...sums.fill()].length, 0, 'one step is enough for few');

test('amounts of any part of the entries are those of its entries', () => {
  const ends = [0, 1, 511, 512, 513, 1024, 1500, 2048, 2299, count, ...Array.from({ length: 30 }, () => random(count + 1))];
  for (const from of ends)
    for (const to of ends.filter((end) => end >= from)) {
      const expected = new Float64Array(states);
      for (let i = from; i < to; i++) {
        const s = entries.state[i];
        if (s < states && counted[s] === 1 && threads[entries.thread[i]] === 1) expected[s] += time[i];
      }
      const by = new Float64Array(states);
      sums.add(by, from, to);
      assert.deepEqual(by, expected, `${from} to ${to}`);
    }
});

test('amounts below nodes are those that any tree gives', () => {
  const { end } = tree;
  for (let tries = 0; tries < 200; tries++) {
    const first = random(nodes);
    /** @type {[number, number][]} */
    const ranges = [[first, end[first]]];
    for (let n = end[first] + random(50); n < nodes && ranges.length < 9; n = end[n] + random(300)) ranges.push([n, end[n]]);
    const of = Int32Array.from(ranges, ([from]) => from);
    const expected = stateAmounts({ entries, range: null }, metric, threads, tree, of, states);
    assert.deepEqual(stateAmountsBelow(sums, ranges), expected, `${ranges}`);
    assert.deepEqual(stateAmountsIn(sums, tree, of), expected, `${ranges}`);
  }
  const all = stateAmountsBelow(sums, [[0, nodes]]);
  assert.ok(all[2] === 0 && all.every((amount, s) => s === 2 || amount > 0));
});

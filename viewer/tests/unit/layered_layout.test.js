import assert from 'node:assert/strict';
import test from 'node:test';
import { backwardEdges, connectedParts, crossings, layered, layersOf, layoutParts, packRows, spread } from '../../src/model/layered_layout.js';

const size = { width: 100, height: 40, gapX: 50, gapY: 10 };
const edgesOf = (/** @type {string} */ text) => text.split(' ').map((pair) => ({ from: Number(pair.split('>')[0]), to: Number(pair.split('>')[1]) }));

/** A graph that is the same in every run. @param {number} count @param {number} most edges of a node */
function grown(count, most) {
  let seed = 7;
  const random = (/** @type {number} */ below) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return seed % below;
  };
  const found = new Set();
  for (let to = 1; to < count; to++) for (let i = 0; i <= random(most); i++) found.add(`${Math.max(to - 1 - random(12), 0)}>${to}`);
  return edgesOf([...found].join(' '));
}

test('layers are the longest ways, and sources stand beside what they go to', () => {
  assert.deepEqual([...layersOf(6, edgesOf('0>1 1>2 2>3 0>3 4>3 5>1'))], [0, 1, 2, 3, 2, 0]);
});

test('a cycle loses one edge and no more', () => {
  assert.deepEqual(backwardEdges(4, edgesOf('0>1 1>2 2>0 2>3')), [false, false, true, false]);
  const { x } = layered(4, edgesOf('0>1 1>2 2>0 2>3'), size);
  assert.deepEqual([...x], [0, 150, 300, 450]);
});

test('crossings are counted, and sweeps take them out', () => {
  assert.equal(crossings([[0, 1], [2, 3]], [[3], [2], [], []]), 1);
  // Two chains that are named crosswise: there is an order without any crossing.
  const { y } = layered(6, edgesOf('0>3 1>2 2>5 3>4 0>5'), size);
  const above = (/** @type {number} */ a, /** @type {number} */ b) => y[a] < y[b];
  assert.equal(above(0, 1), above(3, 2));
});

test('what is too close becomes a block around its middle', () => {
  assert.deepEqual(spread([0, 0, 100], [0, 10, 20]), [-5, 5, 100]);
  assert.deepEqual(spread([30, 20, 10], [0, 10, 20]), [10, 20, 30]);
});

test('no two boxes overlap, edges go to the right, and long ones have a place in each layer between', () => {
  const edges = grown(500, 3);
  const { x, y, width, height, bends } = layoutParts(500, edges, size, 2);
  for (let a = 0; a < 500; a++) {
    assert.ok(x[a] >= 0 && y[a] >= -1e-6 && x[a] + size.width <= width + 1e-6 && y[a] + size.height <= height + 1e-6, `box ${a} is outside`);
    for (let b = a + 1; b < 500; b++)
      assert.ok(Math.abs(x[a] - x[b]) >= size.width || Math.abs(y[a] - y[b]) >= size.height - 1e-6, `boxes ${a} and ${b} overlap`);
  }
  edges.forEach(({ from, to }, e) => {
    assert.ok(x[from] < x[to], `edge ${e} goes back`);
    assert.equal(bends[e].length, (x[to] - x[from]) / (size.width + size.gapX) - 1);
    bends[e].reduce((last, [bx]) => {
      assert.ok(bx > last);
      return bx;
    }, x[from]);
  });
});

test('parts that do not hang together are packed beside each other', () => {
  const edges = edgesOf('0>2 1>3');
  assert.deepEqual(connectedParts(5, edges), [[0, 2], [1, 3], [4]]);
  assert.deepEqual(packRows([{ width: 10, height: 5 }, { width: 10, height: 8 }, { width: 10, height: 5 }], 2, 1), { x: [0, 0, 0], y: [0, 7, 17], width: 10, height: 22 });
  const { y, x } = layoutParts(5, edges, size, 2);
  assert.notDeepEqual([x[0], y[0]], [x[1], y[1]]);
  assert.deepEqual(layoutParts(0, [], size, 2).width, 0);
});

// Trees after transforms against stacks written out one by one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childrenOf } from '../../src/model/children.js';
import { pageNode, parentHere, standsHere } from '../../src/model/tree.js';
import { Workshop } from '../../src/model/workshop.js';
import { initialState } from '../../src/state/state.js';
import { forMany, stacksOf, sumsOfPaths, sumsOfShape, transformPath } from '../support/plain_stacks.js';
import { randomOf } from '../support/random.js';
import { randomPage } from '../support/random_page.js';

/** @typedef {import('../../src/types/page.js').Page} Page */

test('self and total of every node are those of the stacks written out', () => {
  forMany(({ workshop, state, left, name }) => {
    const model = workshop.model(state);
    assert.deepEqual(sumsOfShape(model.shape), sumsOfPaths(left), name);
  });
});

test('trees are in preorder, and maps lead there and back', () => {
  forMany(({ page, workshop, state, name }) => {
    const { tree, whole } = workshop.model(state);
    const derived = !page.head.diff && state.transforms.length > 0;
    assert.equal(tree.derived !== null, derived, name);
    const seen = new Set();
    for (let n = 1; n < tree.count; n++) {
      assert.ok(tree.parent[n] < n && n < tree.end[n] && tree.end[n] <= tree.end[tree.parent[n]], name);
      if (!standsHere(tree, n)) continue;
      const key = `${parentHere(tree, n)} ${tree.fn[n]}`;
      assert.ok(derived || !seen.has(key), `${name}: siblings of one function`);
      seen.add(key);
      const origin = pageNode(tree, n);
      assert.equal(tree.fn[n], whole.fn[origin], name);
      if (tree.map) assert.equal(tree.map[origin], n, name);
    }
    assert.equal(tree.end[0], tree.count);
  });
});

test('every node of a derived tree is a child of its parent, once', () => {
  let moved = 0;
  forMany(({ workshop, state, name }) => {
    const { tree } = workshop.model(state);
    /** @type {Map<number, number[]>} */
    const wanted = new Map();
    for (let n = 1; n < tree.count; n++) {
      if (!standsHere(tree, n)) continue;
      const above = parentHere(tree, n);
      wanted.set(above, [...(wanted.get(above) ?? []), n]);
    }
    for (let n = 0; n < tree.count; n++) {
      if (n > 0 && !standsHere(tree, n)) continue;
      const children = [...childrenOf(tree, Int32Array.of(n))].sort((a, b) => a - b);
      assert.deepEqual(children, wanted.get(n) ?? [], `${name}: children of ${n}`);
      // Some would be missed by a walk through the subtree alone.
      if (children.some((c) => tree.parent[c] !== n)) moved++;
    }
    assert.ok(![...wanted.keys()].some((n) => n > 0 && !standsHere(tree, n)), name);
  });
  assert.ok(moved > 100, `${moved}`);
});

test('few nodes that are merged in a large tree: what changes above them is counted anew', () => {
  const page = randomPage(1);
  const random = randomOf(99);
  const width = 300;
  const functions = 6 * width + 1;
  /** @type {number[]} */
  const parent = [0];
  const fn = [0];
  // Stacks of six functions each, of different ones but for some.
  for (let i = 0; i < width; i++) {
    const path = [0];
    for (let depth = 0; depth < 6; depth++) {
      const again = depth > 1 && random(70) === 0;
      parent.push(path[path.length - 1 - (depth > 2 && random(5) === 0 ? 1 : 0)]);
      fn.push(again ? fn[path[1]] : 1 + i * 6 + depth);
      path.push(parent.length - 1);
    }
  }
  // Preorder: a node hangs below the one before it, or one above that.
  for (let n = 1; n < parent.length; n++) {
    let above = n - 1;
    while (above > parent[n]) above = parent[above];
    parent[n] = above;
  }
  const nodes = parent.length;
  const names = { ...page.functions, count: functions, name: new Uint32Array(functions), bare: new Uint32Array(functions), file: new Uint32Array(functions).fill(10), module: new Uint32Array(functions), line: new Uint32Array(functions), origin: new Uint8Array(functions) };
  const entries = {
    count: nodes, start: Uint32Array.from({ length: nodes + 1 }, (_, n) => n), thread: new Uint8Array(nodes),
    state: new Uint8Array(nodes).fill(1), time: Uint32Array.from({ length: nodes }, () => random(9)), run: null, samples: new Uint8Array(nodes),
  };
  const tree = { name: 'samples', count: nodes, parent: Int32Array.from(parent), fn: Uint32Array.from(fn), entries };
  const large = /** @type {Page} */ ({ ...page, functions: names, trees: [tree] });
  const model = new Workshop(large).model({ ...initialState, metric: 'wall', transforms: [{ kind: 'merge-recursion' }] });
  const merged = model.tree.derived?.merged?.length ?? 0;
  assert.ok(merged > 5 && merged < nodes / 64, `${merged} of ${nodes}`);
  const left = stacksOf(large).map((stack) => ({ path: transformPath(stack.path, { kind: 'merge-recursion' }) ?? [], amount: stack.time }));
  assert.deepEqual(sumsOfShape(model.shape), sumsOfPaths(left));
});

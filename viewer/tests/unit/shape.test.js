// What is looked at of a tree, upright, inverted and from a function, against stacks written out one by one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathTo } from '../../src/model/shape.js';
import { parentHere, standsHere } from '../../src/model/tree.js';
import { forMany, sumsOfPaths, sumsOfShape } from '../support/plain_stacks.js';
import { functionCount } from '../support/random_page.js';

test('nodes of a shape lead to the page’s tree and back', () => {
  let compared = 0;
  forMany(({ workshop, state, name }) => {
    const model = workshop.model(state);
    const { tree, upright } = model;
    for (let place = 1; place < tree.count; place++) {
      if (!standsHere(tree, place) || model.amounts.total[place] === 0) continue;
      const node = upright.find(place);
      assert.ok(upright.places(node).includes(place), name);
      const path = pathTo(upright, node).map((n) => upright.fn(n));
      const wanted = [];
      for (let n = place; n > 0; n = parentHere(tree, n)) wanted.unshift(tree.fn[n]);
      assert.deepEqual(path, wanted, name);
      assert.equal(model.nodeHere(model.pageNode(node)), node, name);
      if (upright.places(node).length > 1) compared++;
    }
  });
  assert.ok(compared > 20, `nothing was merged: ${compared}`);
});

test('children that are too narrow are a rest, and stay what they are when they are asked for', () => {
  forMany(({ workshop, state, name }) => {
    const { upright } = workshop.model(state);
    for (const part of [3, 8, 50, Infinity]) {
      const { nodes, rest, restCount } = upright.children(0, upright.total(0) / part);
      const all = upright.children(0, 0).nodes;
      assert.deepEqual(nodes, all.slice(0, nodes.length), name);
      assert.equal(restCount, all.length - nodes.length, name);
      assert.equal(rest, all.slice(nodes.length).reduce((sum, node) => sum + upright.total(node), 0), name);
    }
    const again = workshop.model({ ...state, search: 'x' }).upright;
    assert.deepEqual(again.children(0, 0), upright.children(0, 0), `${name}: nodes are the same for as long as the sums are`);
  });
});

test('inverted: every function by its own time, then who called it', () => {
  forMany(({ workshop, state, left, name }) => {
    const model = workshop.model({ ...state, transforms: [...state.transforms, { kind: 'invert' }] });
    const inverted = left.map(({ path, amount }) => ({ path: [...path].reverse(), amount }));
    assert.deepEqual(sumsOfShape(model.shape).total, sumsOfPaths(inverted).total, name);
  });
});

test('sandwich: callers and callees of the outermost instances, both with the total of the function', () => {
  forMany(({ workshop, state, left, name }) => {
    const model = workshop.model(state);
    for (let f = 0; f < functionCount; f++) {
      const { callers, callees } = model.sandwich(f);
      const with_ = left.flatMap(({ path, amount }) => {
        const at = path.indexOf(f);
        return at < 0 ? [] : [{ up: path.slice(0, at).reverse(), down: path.slice(at + 1), amount }];
      });
      const up = with_.map(({ up: path, amount }) => ({ path, amount }));
      const down = with_.map(({ down: path, amount }) => ({ path, amount }));
      assert.deepEqual(sumsOfShape(callers), sumsOfPaths(up), `${name}: callers of ${f}`);
      assert.deepEqual(sumsOfShape(callees), sumsOfPaths(down), `${name}: callees of ${f}`);
      assert.equal(callers.total(0), model.functions.total[f], name);
    }
  });
});

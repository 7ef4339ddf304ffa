// Where boxes lie.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { boxAt, layOut } from '../../src/model/layout.js';
import { pathTo } from '../../src/model/shape.js';
import { Workshop } from '../../src/model/workshop.js';
import { initialState } from '../../src/state/state.js';
import { randomPage } from '../support/random_page.js';

test('boxes lie in their rows from left to right, within their parents, and are found again', () => {
  for (let seed = 1; seed <= 12; seed++) {
    const model = new Workshop(randomPage(seed)).model({ ...initialState, metric: 'wall' });
    const zoom = Math.floor(model.tree.count / 3);
    const layout = layOut(model.shape, zoom, 400, 3);
    assert.ok(layout.complete);
    const above = new Set(pathTo(model.shape, zoom));
    for (let row = 0; row < layout.rows; row++) {
      let edge = 0;
      for (let i = layout.rowStart[row]; i < layout.rowStart[row + 1]; i++) {
        assert.equal(layout.row[i], row);
        assert.ok(layout.x[i] >= edge - 0.01, 'no box over another');
        assert.ok(layout.width[i] >= 3 || model.amounts.total[zoom] === 0, 'wide enough to see');
        edge = layout.x[i] + layout.width[i];
        assert.ok(edge <= 400.01);
        assert.equal(boxAt(layout, row, layout.x[i] + layout.width[i] / 2), i);
        const node = layout.node[i];
        if (row <= layout.zoomRow) assert.ok(node === 0 || above.has(node));
      }
    }
    assert.equal(boxAt(layout, layout.rows, 5), -1);
  }
});

test('layout gives up in time and says so', () => {
  const model = new Workshop(randomPage(3)).model({ ...initialState, metric: 'wall' });
  const full = layOut(model.shape, 0, 4000, 0.1);
  let asked = 0;
  const part = layOut(model.shape, 0, 4000, 0.1, () => ++asked > 2);
  assert.equal(part.complete, false);
  assert.ok(part.count < full.count);
  assert.ok(part.count > 1, 'the nearest rows are there');
});

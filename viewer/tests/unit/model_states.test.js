// What time was spent on, of all time, against stacks written out one by one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forMany, metrics } from '../support/plain_stacks.js';
import { functionCount, states } from '../support/random_page.js';

test('states of a function, of a node, and of all its instances', () => {
  forMany(({ workshop, state, left, name }) => {
    const model = workshop.model(state);
    const counts = metrics.find((m) => m.metric === state.metric)?.counts ?? (() => 0);
    for (let f = 0; f < functionCount; f++) {
      const self = new Float64Array(states.length);
      const total = new Float64Array(states.length);
      for (const { path, stack } of left) {
        if (path[path.length - 1] === f) self[stack.state] += counts(stack);
        if (path.includes(f)) total[stack.state] += counts(stack);
      }
      assert.deepEqual(model.states.ofTotal(f), total, name);
      if (f < 4) {
        model.states.prepare([f, (f + 3) % functionCount]);
        assert.deepEqual(model.states.ofSelf(f), self, `${name}: some`);
        continue;
      }
      const rows = model.states.rows;
      assert.deepEqual(rows.slice(f * states.length, (f + 1) * states.length), self, name);
      assert.deepEqual(model.states.ofSelf(f), self, name);
    }
    for (const place of [0, Math.floor(model.whole.count / 3), Math.floor(model.whole.count / 2), model.whole.count - 1]) {
      const node = model.nodeHere(place);
      assert.equal(model.states.ofNode(node).reduce((sum, amount) => sum + amount), model.upright.total(node), `${name}: node ${place}`);
    }
  });
});

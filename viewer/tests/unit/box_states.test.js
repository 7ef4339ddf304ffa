// States of the boxes of inverted trees, of trees after transforms and of a sandwich's halves, against stacks written out one by one.

import assert from 'node:assert/strict';
import test from 'node:test';
import { boxStates } from '../../src/model/box_states.js';
import { layOut } from '../../src/model/layout.js';
import { Workshop } from '../../src/model/workshop.js';
import { initialState } from '../../src/state/state.js';
import { openPlain } from '../support/open.js';
import { randomOf } from '../support/random.js';

const names = ['a', 'b', 'c', 'd', 'e'];
const kinds = ['cpu', 'gil', 'disk'];

/** @param {number} seed */
function randomRuns(seed) {
  const random = randomOf(seed);
  return Array.from({ length: 60 }, () => ({
    ticks: 1 + random(40),
    stack: Array.from({ length: 1 + random(6) }, () => names[random(names.length)]),
    state: kinds[random(kinds.length)],
  }));
}

/**
 * Functions of a box from the inside of the picture: those of its parents and its own.
 * @param {import('../../src/model/shape.js').Shape} shape
 * @param {number} node
 */
function pathOf(shape, node) {
  const path = [];
  for (let n = node; shape.fn(n) >= 0; n = shape.parent(n)) {
    path.unshift(shape.fn(n));
    if (shape.parent(n) < 0) break;
  }
  return path;
}

/** Whether a list begins with another. @param {number[]} list @param {number[]} begin */
const begins = (list, begin) => begin.every((fn, i) => list[i] === fn);

test('boxes have the states of the stacks that lead to them', async () => {
  let compared = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const runs = randomRuns(seed);
    const { page } = await openPlain({ threads: [{ runs }] });
    const number = (/** @type {string} */ name) => page.strings.findIndex((text) => text === name);
    const fnOf = (/** @type {string} */ name) => page.functions.name.findIndex((s) => s === number(name));
    const stacks = runs.map((run) => ({ ...run, fns: run.stack.map(fnOf) }));
    const fn = seed % page.functions.count;
    const model = new Workshop(page).model({ ...initialState, metric: 'wall', transforms: [{ kind: 'invert' }] });
    const upright = new Workshop(page).model({ ...initialState, metric: 'wall' });
    const merged = new Workshop(page).model({ ...initialState, metric: 'wall', transforms: [{ kind: 'merge', fn }] });
    const cases = /** @type {const} */ ([
      ['inverted', model, model.shape, (/** @type {number[]} */ fns) => [...fns].reverse()],
      ['merged', merged, merged.shape, (/** @type {number[]} */ fns) => fns.filter((f) => f !== fn)],
      ['callers', upright, upright.sandwich(fn).callers, (/** @type {number[]} */ fns) => (fns.includes(fn) ? fns.slice(0, fns.indexOf(fn) + 1).reverse() : null)],
      ['callees', upright, upright.sandwich(fn).callees, (/** @type {number[]} */ fns) => (fns.includes(fn) ? fns.slice(fns.indexOf(fn)) : null)],
    ]);
    for (const [kind, of, shape, view] of cases)
      // Of a narrow picture many boxes are not drawn: what is in them is their parents' all the same.
      for (const width of [1000, 40]) {
        const layout = layOut(shape, 0, width, 0.75);
        const by = boxStates(of, layout, shape, kind, fn);
        const states = page.head.states.length;
        for (let box = 0; box < layout.count; box++) {
          if (layout.rest[box] > 0) continue;
          const path = pathOf(shape, layout.node[box]);
          for (const state of kinds) {
            const wanted = stacks.reduce((sum, run) => {
              const seen = view(run.fns);
              return sum + (run.state === state && seen !== null && begins(seen, path) ? run.ticks : 0);
            }, 0);
            const s = page.head.states.findIndex(({ key }) => key === state);
            assert.equal(by[box * states + s], wanted, `seed ${seed}, ${kind}, ${width} pixels, box ${path}, ${state}`);
            compared++;
          }
        }
      }
  }
  assert.ok(compared > 5000, `${compared}`);
});

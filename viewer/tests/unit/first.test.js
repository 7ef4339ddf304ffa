// The first picture of a large page against the one that the whole page gives: boxes must stand where they stay.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PageError } from '../../src/data/columns.js';
import { decodeFirst, decodeNames, decodePage, emptyPage } from '../../src/data/page.js';
import { layOut } from '../../src/model/layout.js';
import { pageNode } from '../../src/model/tree.js';
import { warmUp } from '../../src/model/warm_up.js';
import { Workshop } from '../../src/model/workshop.js';
import { initialState } from '../../src/state/state.js';
import { encodePage } from '../support/plain.js';
import { randomOf } from '../support/random.js';

/** @param {number} seed */
function recording(seed) {
  const random = randomOf(seed);
  const runs = Array.from({ length: 300 }, () => ({
    ticks: 1 + random(random(20) === 0 ? 500 : 20),
    stack: Array.from({ length: 1 + random(6) }, () => `f${random(5)}`),
    state: ['cpu', 'gil', 'idle', 'disk'][random(4)],
    share: random(256),
  }));
  return { threads: [{ runs: runs.slice(0, 200) }, { runs: runs.slice(200) }], first: 40 };
}

/** @param {import('../support/plain.js').PlainRecording} plain */
async function begin(plain) {
  const { head, sections } = encodePage(plain);
  const read = async (/** @type {string} */ name) => (Object.hasOwn(sections, name) ? sections[name] : null);
  const names = await decodeNames(head, read);
  const first = await decodeFirst(head, read, names.functions.count);
  return { head, read, names, first, sections };
}

/**
 * @param {import('../../src/model/model.js').Model} model
 * @param {number} zoom node of the page
 */
function boxes(model, zoom) {
  const state = { ...initialState, zoom };
  const shown = model.workshop.model(state);
  const layout = layOut(shown.shape, shown.zoom, 1000, (0.75 * 40 * 1000) / (0.75 * shown.shape.total(shown.zoom)));
  return Array.from({ length: layout.count }, (_, i) => [
    pageNode(shown.tree, layout.node[i]), layout.row[i], Math.round(layout.x[i] * 100), Math.round(layout.width[i] * 100), layout.rest[i],
    layout.rest[i] > 0 ? 0 : shown.shape.self(layout.node[i]),
  ]);
}

test('the first picture is the one that stays', async () => {
  for (let seed = 1; seed <= 6; seed++) {
    const { head, read, names, first } = await begin(recording(seed));
    assert.ok(first !== null && first.node.length < head.trees[0].nodes, 'nothing is left out');
    const page = emptyPage(head, names);
    const workshop = new Workshop(page, first);
    const model = workshop.model(initialState);
    const zooms = [0, ...[...first.node].slice(1, 9)];
    const early = zooms.map((zoom) => boxes(model, zoom));
    const sums = [model.shown, model.everything, model.error(model.shown / 3)];
    assert.ok(early[0].some((box) => box[4] > 1), 'no box stands for many');
    Object.assign(page, await decodePage(head, read, names));
    workshop.complete();
    const whole = workshop.model(initialState);
    assert.deepEqual(zooms.map((zoom) => boxes(whole, zoom)), early, `seed ${seed}`);
    assert.deepEqual([whole.shown, whole.everything, whole.error(whole.shown / 3)], sums);
    assert.ok(!whole.isFirst && whole.functions.total.length > 0);
  }
});

test('what needs more than the first picture has is not shown of it', async () => {
  const { head, names, first } = await begin(recording(3));
  assert.ok(first);
  const workshop = new Workshop(emptyPage(head, names), first);
  const seen = first.node[2];
  const unseen = Array.from({ length: head.trees[0].nodes }, (_, n) => n).find((n) => !first.node.includes(n)) ?? 0;
  /** @type {[Partial<import('../../src/types/model.js').State>, boolean][]} */
  const cases = [
    [{}, true],
    [{ view: 'flame', zoom: seen, selected: seen, fn: 1, metric: 'run' }, true],
    [{ zoom: unseen }, false],
    [{ view: 'functions' }, false],
    [{ metric: 'wall' }, false],
    [{ threads: [0] }, false],
    [{ range: [1, 2] }, false],
    [{ search: 'f' }, false],
    [{ colour: 'state' }, false],
    [{ transforms: [{ kind: 'invert' }] }, false],
  ];
  for (const [change, can] of cases)
    assert.equal(workshop.canShow({ ...initialState, ...change }), can, JSON.stringify(change));
});

test('a damaged first part is refused', async () => {
  const { head, read, names, first } = await begin(recording(5));
  assert.ok(first);
  const { columns } = head.sections['first:samples'];
  for (const { name } of columns) {
    const without = { ...head, sections: { ...head.sections, 'first:samples': { ...head.sections['first:samples'],
      columns: columns.map((column) => (column.name === name ? { ...column, name: 'else' } : column)) } } };
    await assert.rejects(decodeFirst(without, read, names.functions.count), PageError, name);
  }
  await assert.rejects(decodeFirst(head, read, 1), PageError, 'functions that there are not');
  const few = { ...head, trees: [{ ...head.trees[0], nodes: 2 }] };
  await assert.rejects(decodeFirst(few, read, names.functions.count), PageError, 'nodes that there are not');
});

test('of a large page sums are made once, and again for other transforms', async () => {
  const { head, read, names, first } = await begin(recording(2));
  const page = emptyPage({ ...head, trees: [{ ...head.trees[0], nodes: 200_000 }] }, names);
  const workshop = new Workshop(page, first);
  Object.assign(page, { trees: (await decodePage(head, read, names)).trees });
  workshop.complete();
  const model = workshop.model(initialState);
  const made = (/** @type {import('../../src/types/model.js').Model} */ { key }) => workshop.has(['functions'], key);
  assert.ok(!made(model));
  const functions = [...model.functions.total];
  assert.ok(model.shown > 0);
  assert.ok(made(workshop.model({ ...initialState, search: 'f1', zoom: 2, view: 'functions' })));
  const own = workshop.model({ ...initialState, transforms: [{ kind: 'own-code' }] });
  assert.ok(!made(own));
  for (const step of own.preparation()) void step;
  assert.ok(made(own) && own.states.hasRows);
  assert.deepEqual([...workshop.model(initialState).functions.total], functions);
  // What only makes loops fast leaves everything as it is.
  const kept = JSON.stringify([...workshop.kept.keys()]);
  assert.ok([...warmUp(workshop)].length > 10);
  assert.equal(JSON.stringify([...workshop.kept.keys()]), kept);
  assert.deepEqual([...workshop.model({ ...initialState, transforms: [{ kind: 'own-code' }] }).functions.total], [...own.functions.total]);
});

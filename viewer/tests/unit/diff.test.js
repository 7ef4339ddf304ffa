import assert from 'node:assert/strict';
import test from 'node:test';
import { changeWidths, eitherWidths, functionChanges, sidesOf, verdict } from '../../src/model/diff.js';
import { changeWords, sideWords } from '../../src/parts/diff_graph.js';
import { Workshop } from '../../src/model/workshop.js';
import { initialState } from '../../src/state/state.js';
import { functionOf, openPlain } from '../support/open.js';
import { encodePage } from '../support/plain.js';

/** Two sides of one tree. @param {number} effective */
async function twoSides(effective) {
  const recording = {
    threads: [
      { runs: [{ ticks: 100, stack: ['main', 'slow'] }, { ticks: 100, stack: ['main', 'same'] }] },
      { runs: [{ ticks: 20, stack: ['main', 'slow'] }, { ticks: 101, stack: ['main', 'same'] },
        { ticks: 30, stack: ['main', 'added'] }] },
    ],
  };
  const { head } = encodePage(recording);
  const side = { ...head.sides[0], effective_samples: effective };
  const { page } = await openPlain({
    ...recording,
    head: { diff: true, sides: [side, side], threads: head.threads.map((t, i) => ({ ...t, side: i })) },
  });
  return { page, model: new Workshop(page).model(initialState) };
}

test('changes of functions are those of their side’s threads, largest first', async () => {
  const { page, model } = await twoSides(1e9);
  const changes = functionChanges(sidesOf(model, initialState, false), 'self');
  const name = (/** @type {number} */ f) => page.strings[page.functions.name[f]];
  assert.deepEqual(
    changes.map((c) => [name(c.fn), c.before, c.after, c.change, c.verdict]),
    [['slow', 100, 20, -80, -1], ['added', 0, 30, 30, 1], ['same', 100, 101, 1, 0]],
  );
});

test('what chance explains is neutral', async () => {
  const { page, model } = await twoSides(100);
  const changes = functionChanges(sidesOf(model, initialState, false), 'self');
  const of = (/** @type {string} */ name) => changes.find((c) => c.fn === functionOf(page, name));
  assert.equal(of('same')?.verdict, 0);
  assert.equal(of('slow')?.verdict, -1);
  // 100 of 200 and 101 of 151 by 100 samples each.
  const expected = Math.hypot(Math.sqrt(0.25 / 100) * 200, Math.sqrt(((101 / 151) * (50 / 151)) / 100) * 151);
  assert.ok(Math.abs((of('same')?.error ?? 0) - expected) < 1e-9);
});

test('shares are compared where asked: the base is scaled to the other side', async () => {
  const { page, model } = await twoSides(1e9);
  const sides = sidesOf(model, initialState, true);
  assert.equal(sides.scale, 151 / 200);
  const same = functionChanges(sides, 'self').find((c) => c.fn === functionOf(page, 'same'));
  assert.equal(same?.before, 75.5);
  // 50 % of 200 to 66.9 % of 151: of neither run are 75.5 ticks.
  assert.deepEqual([same?.before ?? NaN, same?.after ?? NaN].map((value) => sideWords(sides, value)), ['50.0 %', '66.9 %']);
  assert.deepEqual([25.5, -25.5, 0].map((change) => changeWords(sides, change)), ['+16.9 points', '−16.9 points', '0.0 points']);
  const amounts = sidesOf(model, initialState, false);
  assert.deepEqual([sideWords(amounts, 100), changeWords(amounts, -80)], ['100 µs', '−80.0 µs']);
});

test('what is on one side only has a width', async () => {
  const { model } = await twoSides(100);
  const sides = sidesOf(model, initialState, false);
  assert.deepEqual([...changeWidths(model.tree, sides).total], [111, 111, 80, 1, 30]);
  assert.deepEqual([...eitherWidths(model.tree, sides).total], [231, 231, 100, 101, 30]);
});

test('a change counts beyond two standard errors', () => {
  assert.deepEqual([verdict(10, 5, 0), verdict(10.1, 5, 0), verdict(-10.1, 5, 0), verdict(0, null, 0), verdict(-1, null, 0)],
    [0, 1, -1, 0, -1]);
});

test('a change counts beyond 1 % of the longer run, as `barograph diff` has it', async () => {
  assert.deepEqual([verdict(10.1, 1, 10.2), verdict(-10.3, 1, 10.2), verdict(3, null, 4)], [0, -1, 0]);
  const { model } = await twoSides(1e9);
  const sides = sidesOf(model, initialState, false);
  assert.equal(sides.least, 2, '1 % of 200, which is more than 151');
  const verdicts = functionChanges(sides, 'self').map((c) => c.verdict);
  assert.deepEqual(verdicts, [-1, 1, 0], '1 of 200 is the same');
  // Of two runs of a framework 1 % is of the run, also where less is counted.
  const { head } = sides.next.page;
  head.comparison = /** @type {any} */ ({ run_ns: { before: 9_000_000, after: 8_000_000 } });
  assert.equal(sidesOf(model, initialState, false).least, 90);
});

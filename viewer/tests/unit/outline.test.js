import assert from 'node:assert/strict';
import test from 'node:test';
import { outline } from '../../src/model/outline.js';
import { librarySet } from '../../src/model/transforms.js';
import { Workshop } from '../../src/model/workshop.js';
import { initialState } from '../../src/state/state.js';
import { openPlain } from '../support/open.js';

const library = { origin: 2, file: '/usr/lib/python3.12/threading.py', module: 'threading' };

/**
 * @param {import('../support/plain_tree.js').PlainRun[]} runs
 * @param {number} [least]
 * @param {number} [most]
 */
async function rowsOf(runs, least = 1, most = 100) {
  const names = runs.flatMap((run) => run.stack).filter((name) => name.startsWith('lib'));
  const { page } = await openPlain({
    threads: [{ runs }],
    functions: Object.fromEntries(names.map((name) => [name, library])),
  });
  const model = new Workshop(page).model(initialState);
  const { rows, cut } = outline(model.upright, librarySet(page.functions), least, most);
  const name = (/** @type {number} */ f) => page.strings[page.functions.name[f]];
  return {
    cut,
    rows: rows.map(
      (row) =>
        `${'  '.repeat(row.depth)}${row.kind} ${name(model.upright.fn(row.node))} ${row.total} ${row.self}` +
        (row.hidden > 0 ? ` +${row.hidden}` : ''),
    ),
  };
}

test('libraries that own code calls are one row each, with what they call', async () => {
  const { rows } = await rowsOf([
    { ticks: 10, stack: ['main'] },
    { ticks: 20, stack: ['main', 'load', 'lib.loads', 'lib.scan'] },
    { ticks: 30, stack: ['main', 'load', 'lib.loads'] },
    { ticks: 5, stack: ['main', 'load'] },
  ]);
  assert.deepEqual(rows, ['own main 65 10', '  own load 55 5', '    library lib.loads 50 50 +1']);
});

test('libraries on the way to own code are one line, and own code stands below it', async () => {
  const { rows } = await rowsOf([
    { ticks: 40, stack: ['lib.bootstrap', 'lib.run', 'work', 'step'] },
    { ticks: 2, stack: ['lib.bootstrap', 'lib.run', 'work'] },
  ]);
  assert.deepEqual(rows, ['folded lib.bootstrap 42 0 +1', '  own work 42 2', '    own step 40 40']);
});

test('a library that calls own code and needs time itself is a row', async () => {
  const { rows } = await rowsOf([
    { ticks: 40, stack: ['main', 'lib.sort', 'key'] },
    { ticks: 60, stack: ['main', 'lib.sort'] },
  ]);
  assert.deepEqual(rows, ['own main 100 0', '  library lib.sort 100 60', '    own key 40 40']);
});

test('recursion is folded into its outermost call', async () => {
  const { rows } = await rowsOf([
    { ticks: 1, stack: ['fib'] },
    { ticks: 2, stack: ['fib', 'fib'] },
    { ticks: 4, stack: ['fib', 'fib', 'fib', 'add'] },
    { ticks: 8, stack: ['fib', 'lib.call', 'fib', 'add'] },
  ]);
  assert.deepEqual(rows, ['own fib 15 3 +2', '  folded lib.call 8 0 +1', '    own add 8 8', '  own add 4 4']);
});

test('light rows are left out, their time is the caller’s, and the list says when it is cut', async () => {
  const runs = [
    { ticks: 90, stack: ['main', 'a'] },
    { ticks: 9, stack: ['main', 'b'] },
    { ticks: 1, stack: ['main', 'c'] },
  ];
  assert.deepEqual((await rowsOf(runs, 5)).rows, ['own main 100 1', '  own a 90 90', '  own b 9 9']);
  assert.equal((await rowsOf(runs, 5)).cut, false);
  const short = await rowsOf(runs, 5, 2);
  assert.deepEqual(short.rows, ['own main 100 1', '  own a 90 90']);
  assert.equal(short.cut, true);
});

test('the graph is as it was, whoever walked the tree before', async () => {
  const { page } = await openPlain({
    threads: [{ runs: [{ ticks: 10, stack: ['small'] }, { ticks: 30, stack: ['large', 'again', 'again'] }, { ticks: 20, stack: ['middle'] }] }],
    functions: {},
  });
  const model = new Workshop(page).model({ ...initialState, transforms: [{ kind: 'merge-recursion' }] });
  const children = () => [...model.upright.children(0, 1).nodes];
  const before = children();
  outline(model.upright, librarySet(page.functions), 1, 10);
  assert.deepEqual(children(), before);
  assert.deepEqual(before.map((node) => model.upright.total(node)), [30, 20, 10]);
});

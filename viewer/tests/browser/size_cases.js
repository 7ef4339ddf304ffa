// Of many functions, processes and marks: only the rows in sight are made, and each process and mark is its own.

import assert from 'node:assert/strict';
import { pageHtml } from '../support/plain.js';
import { readPng } from './png.js';

/** @typedef {import('./session.js').Session} Session */

/** @param {Session} session */
async function manyRows(session) {
  const names = Array.from({ length: 3000 }, (_, i) => `f${i}`);
  session.write('many', pageHtml({ threads: [{ runs: names.map((name, i) => ({ ticks: i + 1, stack: ['main', name] })) }] }));
  const opened = await session.open('many', 'view=functions');
  const { page } = opened;
  const table = page.locator('.panel [aria-rowcount]').first();
  assert.equal(await table.getAttribute('aria-rowcount'), '3002');
  await table.focus();
  for (const [key, name] of [['Home', 'f2999'], ['End', 'main']]) {
    await page.keyboard.press(key);
    await opened.settled();
    assert.ok((await table.locator('[aria-selected=true]').innerText()).startsWith(name), `${key} is not at ${name}`);
    const rows = await page.locator('.panel [role=row]').count();
    assert.ok(rows > 20 && rows < 100, `${rows} rows are made`);
  }
  assert.deepEqual(await opened.close(), []);
}

/** @param {Session} session */
async function oneProcess(session) {
  const process = (/** @type {number} */ pid, /** @type {number | null} */ parent) =>
    ({ pid, parent, command: `python ${pid}.py`, python: '3', side: 0, start_tick: 0, end_tick: 900_000 });
  const runs = (/** @type {number} */ ticks, /** @type {string} */ name) => [{ ticks, stack: ['main', name] }];
  session.write('processes', pageHtml({
    threads: [
      { runs: runs(500_000, 'parent_only') },
      { process: 1, runs: runs(300_000, 'child') },
      { process: 1, runs: runs(100_000, 'child') },
    ],
    head: { processes: [process(10, null), process(11, 0)] },
  }));
  const opened = await session.open('processes', 'view=functions&metric=wall');
  const { page } = opened;
  const threads = page.locator('.tools .control select').nth(1);
  const said = async () => {
    await opened.settled();
    return [await page.locator('.chips-sum').innerText(), await page.locator('.panel').innerText()];
  };
  await threads.selectOption({ label: 'all of process 11' });
  const [sum, table] = await said();
  assert.match(opened.hash(), /threads=1,2/);
  assert.match(sum, /^400 ms/);
  // What is counted stands before it.
  assert.match((await page.locator('.chip').allInnerTexts()).join(), /^of threads’ time.*,process 11/s);
  assert.ok(table.includes('child') && !table.includes('parent_only'), table);
  await threads.selectOption('t:0');
  const [alone, its] = await said();
  assert.match(alone, /^500 ms/);
  assert.ok(its.includes('parent_only') && !its.includes('child'), its);
  await page.getByRole('button', { name: /Remove: thread/ }).click();
  await opened.settled();
  assert.equal(await page.locator('.chip').count(), 1);
  assert.ok((await page.locator('.panel').innerText()).includes('child'));
  assert.deepEqual(await opened.close(), []);
}

/** What is too short for its own colour has its mark below the lane. @param {Session} session */
async function marks(session) {
  /** @type {import('../support/plain_tree.js').PlainRun[]} */
  const runs = [
    { ticks: 200_000, stack: ['main'], state: 'cpu' }, { ticks: 200_000, stack: ['main'], state: 'gil' },
    { ticks: 200_000, stack: ['main'], state: 'disk' }, { ticks: 200_000, stack: ['main'], state: 'collector' },
  ];
  session.write('marks', pageHtml({ threads: [{ runs }] }));
  const opened = await session.open('marks', 'view=timeline');
  const { page } = opened;
  await page.locator('.track-thread').first().waitFor();
  await opened.settled();
  const [row, canvas] = [await page.locator('.track-thread').first().boundingBox(), await page.locator('.tracks-canvas').boundingBox()];
  assert.ok(row && canvas);
  const png = readPng(await page.screenshot());
  // In the middle of each quarter: how many rows of pixels between the lane and the chart have a colour.
  const found = runs.map((_, i) => {
    const x = Math.round(canvas.x + (canvas.width * (i + 0.5)) / runs.length);
    const column = Array.from({ length: 34 }, (_, y) => png.at(x, Math.round(row.y) + y));
    const vivid = column.map((rgb) => Math.max(...rgb) - Math.min(...rgb) > 12);
    const lane = vivid.indexOf(false, vivid.indexOf(true));
    return vivid.slice(lane, lane + 5).some(Boolean);
  });
  assert.deepEqual(found, [false, true, false, true], 'marks are of the GIL and of the collector');
  assert.deepEqual(await opened.close(), []);
}

/** @type {Record<string, (session: Session) => Promise<void>>} */
export const sizeCases = {
  'of 3,000 functions only the rows in sight are made': manyRows,
  'one process, one thread, all': oneProcess,
  'waits for the GIL and garbage collection are marked below their lane': marks,
};

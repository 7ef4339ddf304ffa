// Of two runs of a framework's job: one answer first, and the numbers of `barograph diff --json` in tables that can be sorted, copied and
// walked with the keyboard.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { formatBytes, formatCount, formatDuration } from '../../src/base/format.js';
import { barograph, repository } from './session.js';

/** @typedef {import('./session.js').Session} Session */
/** @typedef {import('./session.js').Opened} Opened */

const runs = ['s35-join_agg', 's35-join_agg-1slot'];

/** @param {Session} session */
const recordingsOf = (session) => runs.map((name) => join(session.folder, `${name}.baro`));

/** Page "runs". @param {Session} session */
export function writeRuns(session) {
  const recordings = recordingsOf(session);
  runs.forEach((name, i) => {
    const folder = join(repository, 'bench/data/spark', name);
    const log = readdirSync(folder).find((file) => file.endsWith('.gz')) ?? '';
    execFileSync(barograph(), ['import', '-q', '-f', '-o', recordings[i], join(folder, log)]);
  });
  const page = join(session.folder, 'runs.html');
  execFileSync(barograph(), ['view', '-f', '-o', page, ...recordings]);
  session.files.set('runs', page);
}

/** @param {Session} session @returns {any} */
function compared(session) {
  return JSON.parse(execFileSync(barograph(), ['diff', '--json', ...recordingsOf(session)], { encoding: 'utf8', maxBuffer: 1 << 28 }));
}

/** @param {{before: number | null, after: number | null}} pair */
const change = (pair) => (pair.after ?? 0) - (pair.before ?? 0);

/** @param {number} ns */
const signed = (ns) => (ns > 0 ? '+' : '') + formatDuration(ns);

/** @param {any} pair @param {(value: any) => string} format */
function both(pair, format) {
  if (!pair) return '–';
  const [before, after] = [pair.before, pair.after].map((value) => (value === null ? '–' : format(value)));
  return before === after ? after : `${before} → ${after}`;
}

/** @param {Opened} opened @param {string} box @returns {Promise<Record<string, string>[]>} rows of its table, as Markdown has them */
async function copied({ page }, box) {
  await page.locator(box).getByRole('button', { name: 'Copy as Markdown' }).click();
  const text = await page.evaluate(() => String(/** @type {any} */ (window).copied));
  const cells = (/** @type {string} */ line) => line.slice(1, -1).split('|').map((cell) => cell.trim());
  const [head, rule, ...lines] = text.trim().split('\n');
  assert.match(rule, /^\|( ?:?--+:? ?\|)+$/);
  return lines.map((line) => Object.fromEntries(cells(head).map((title, i) => [title, cells(line)[i]])));
}

/** @param {Session} session */
async function numbers(session) {
  const whole = compared(session);
  const opened = await session.open('runs', 'view=diff');
  const { page } = opened;
  const said = (await page.locator('.run-diff').innerText()).trim();
  assert.ok(said.startsWith(whole.answer), 'the first words are the answer');
  for (const sentence of whole.sentences) assert.ok(said.includes(sentence), sentence);
  assert.ok((await page.locator('.run-sentences .whole').count()) > 0, 'numbers and their units can be on two lines');
  assert.equal(said.match(/The run took/g)?.length, 1, 'there is one answer');

  const path = await copied(opened, '.run-path');
  assert.equal(path.length, whole.critical_path.length);
  path.forEach((row, i) => {
    const wanted = whole.critical_path[i];
    assert.equal(row.what, wanted.words);
    assert.equal(row.before, formatDuration(wanted.path_ns.before));
    assert.equal(row.after, formatDuration(wanted.path_ns.after));
    assert.equal(row.change, signed(change(wanted.path_ns)));
    assert.equal(row.evidence, wanted.evidence === 'unknown' ? 'no clock' : wanted.evidence);
  });

  const rows = await copied(opened, '.run-operators');
  assert.equal(rows.length, whole.operators.length);
  const longer = Math.max(whole.run_ns.before, whole.run_ns.after);
  rows.forEach((row, i) => {
    const wanted = whole.operators[i];
    const by = change(wanted.path_ns);
    assert.equal(row.operator, wanted.after.operator);
    assert.equal(row.place, wanted.after.place);
    assert.equal(row.before, formatDuration(wanted.path_ns.before));
    assert.equal(row.after, formatDuration(wanted.path_ns.after));
    assert.equal(row.change, signed(by));
    assert.equal(row.result, Math.abs(by) < 0.01 * longer ? 'same' : by > 0 ? 'slower' : 'faster');
    assert.equal(row.tasks, both(wanted.tasks, formatCount));
    assert.equal(row['all tasks'], both(wanted.tasks_ns, formatDuration));
    assert.equal(row.read, both(wanted.read_bytes, formatBytes));
    assert.equal(row.written, both(wanted.written_bytes, formatBytes));
    if (row.mostly) assert.ok(row.mostly.startsWith(wanted.by_resource[0].words), row.mostly);
  });
  await opened.view('summary');
  const first = await page.locator('.findings p').first().innerText();
  assert.equal(first, whole.answer);
  assert.deepEqual(await opened.close(), []);
}

/** @param {Session} session */
async function walked(session) {
  const whole = compared(session);
  const opened = await session.open('runs', 'view=diff');
  const { page } = opened;
  const operators = page.locator('.run-operators');
  const details = page.getByRole('complementary', { name: 'The selected operator' });
  assert.equal(await details.isVisible(), false);
  await operators.getByRole('button', { name: 'after', exact: true }).click();
  await opened.settled();
  assert.match(opened.hash(), /sort\.changed-operators=-after|changed-operators.*-after/);
  const order = whole.operators
    .map((/** @type {any} */ row, /** @type {number} */ i) => ({ i, ns: row.path_ns.after }))
    .sort((/** @type {any} */ a, /** @type {any} */ b) => b.ns - a.ns);
  const top = operators.locator('[role=row][aria-rowindex="2"]');
  assert.ok((await top.innerText()).includes(whole.operators[order[0].i].after.operator), 'the longest comes first');
  await operators.locator('[role=grid]').focus();
  await page.keyboard.press('ArrowDown');
  await opened.settled();
  assert.match(opened.hash(), new RegExp(`x.diff.operator=${order[0].i}\\b`));
  const text = await details.innerText();
  const chosen = whole.operators[order[0].i];
  for (const part of chosen.by_resource)
    for (const key of ['path_ns', 'tasks_ns'])
      if (part[key].before || part[key].after)
        assert.ok(text.includes(signed(change(part[key]))), `${part.words} changed by ${signed(change(part[key]))}`);
  assert.ok(text.includes(chosen.before.operator));
  // What an address says wrongly of it chooses none.
  await page.evaluate(() => { location.hash = 'view=diff&x.diff.operator=99999'; });
  await opened.settled();
  assert.equal(await details.isVisible(), false);
  // Rows and heads stand below each other, also where they do not fit.
  for (const box of ['.run-path', '.run-operators']) {
    const lefts = await page.locator(box).evaluate((element) =>
      ['.table-head', '.table-body .table-row'].map((row) => [...(element.querySelector(row)?.children ?? [])].map((cell) => Math.round(cell.getBoundingClientRect().left))),
    );
    assert.deepEqual(lefts[0], lefts[1], box);
  }
  assert.deepEqual(await opened.close(), []);
}

/** The flame graph of changes has a tab of its own there, and says by its name what it counts. @param {Session} session */
async function graph(session) {
  const whole = compared(session);
  const opened = await session.open('runs', 'view=diff-graph');
  const said = (await opened.page.locator('.diff').innerText()).trim();
  assert.ok(said.startsWith(whole.answer));
  assert.match(said, /Counted here, time with tasks: .* → .*\([+−][\d.]+ %\)/);
  // A log tells all tasks: there is no error that a change could be beyond.
  assert.match(said, /\d+ of \d+ operators changed$/m);
  assert.doesNotMatch(said, /twice the error/);
  // The same neutral zone as that of the operators: 1 % of the longer run.
  const longer = Math.max(whole.run_ns.before, whole.run_ns.after);
  await opened.page.getByRole('button', { name: 'Copy as Markdown' }).click();
  const lines = String(await opened.page.evaluate(() => /** @type {any} */ (window).copied)).trim().split('\n').slice(2);
  const verdicts = lines.map((line) => line.slice(1, -1).split('|').map((cell) => cell.trim()));
  const ns = (/** @type {string} */ text) => Number.parseFloat(text) * ({ s: 1e9, ms: 1e6, 'µs': 1e3, ns: 1 }[text.replace(/[\d.]+ /, '')] ?? NaN);
  const near = verdicts.filter(([result, , before, after]) => (result === 'same') !== Math.abs(ns(after) - ns(before)) < 0.01 * longer);
  assert.ok(verdicts.some(([result]) => result === 'same') && verdicts.some(([result]) => result === 'more'), 'nothing to tell apart');
  assert.deepEqual(near, [], 'what is called a change');
  // What stands at the end of a box hides nothing of its name: "job 7" is not "jot".
  await opened.page.evaluate(() => {
    const { fillText } = CanvasRenderingContext2D.prototype;
    const drawn = /** @type {any[]} */ (/** @type {any} */ (window).drawn = []);
    CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
      drawn.push({ text, x, y: Math.round(y), end: x + this.measureText(text).width });
      fillText.call(this, text, x, y);
    };
  });
  await opened.page.setViewportSize({ width: 1279, height: 800 });
  await opened.settled();
  /** @type {{text: string, x: number, y: number, end: number}[]} */
  const drawn = await opened.page.evaluate(() => /** @type {any} */ (window).drawn);
  const isSign = (/** @type {string} */ text) => /^(?:[+−]([\d.]+ %)?|new|gone)$/.test(text);
  const signs = drawn.filter(({ text }) => isSign(text));
  assert.ok(signs.length > 5, `${signs.length} signs`);
  for (const sign of signs) {
    const below = drawn.filter(({ text, x, y, end }) => !isSign(text) && y === sign.y && x < sign.x && end > sign.x - 3);
    assert.deepEqual(below, [], `${sign.text} hides a part of a name`);
  }
  assert.deepEqual(await opened.close(), []);
}

/** @type {Record<string, (session: Session) => Promise<void>>} */
export const comparisonCases = {
  'two runs of a framework have one answer and the numbers of diff': numbers,
  'their operators are sorted, walked and chosen': walked,
  'their flame graph says what it counts': graph,
};

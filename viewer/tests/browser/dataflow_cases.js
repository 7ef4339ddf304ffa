// Of a framework's log: the page's numbers are those of `barograph explain --json` and `report --json`, the graph and the tasks can
// be walked with the keyboard, and nothing about them is told by colour alone.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatDuration } from '../../src/base/format.js';
import { barograph, repository } from './session.js';

/** @typedef {import('./session.js').Session} Session */
/** @typedef {import('./session.js').Opened} Opened */

const logs = { spark: 'logs/spark35_skew.gz', flink: 'logs/flink120_join.json.gz', torch: 'traces/torch24_mlp.json.gz', tensorflow: 'traces/tf217_mlp.xplane.pb.gz' };

/** @param {Session} session @param {string} name @param {string} log */
function imported(session, name, log) {
  const recording = join(session.folder, `${name}.baro`);
  execFileSync(barograph(), ['import', '-q', '-f', '-o', recording, log]);
  session.writeReal(name, recording);
  return recording;
}

/** @param {Session} session */
export function writeLogs(session) {
  for (const [name, log] of Object.entries(logs)) imported(session, name, join(repository, 'tests', log));
}

/** @param {Session} session @param {string} command @param {string} name @returns {any} */
function answer(session, command, name) {
  return JSON.parse(execFileSync(barograph(), [command, '--json', join(session.folder, `${name}.baro`)], { encoding: 'utf8', maxBuffer: 1 << 28 }));
}

/** @param {Opened} opened @returns {Promise<Record<string, string>[]>} rows by the titles of columns */
async function copied({ page }) {
  await page.getByRole('button', { name: 'Copy as text' }).click();
  const text = await page.evaluate(() => String(/** @type {any} */ (window).copied));
  const [head, ...lines] = text.split('\n').map((line) => line.split('\t'));
  return lines.map((cells) => Object.fromEntries(head.map((title, i) => [title, cells[i]])));
}

/** @param {Session} session */
async function numbers(session) {
  for (const name of Object.keys(logs)) {
    const [explained, reported] = ['explain', 'report'].map((command) => answer(session, command, name));
    const opened = await session.open(name, 'view=operators');
    await opened.page.locator('.graph-node').first().waitFor();
    const rows = await copied(opened);
    assert.equal(rows.length, explained.operators.length, name);
    rows.forEach((row, i) => {
      const [wanted, report] = [explained.operators[i], reported.operators[i]];
      assert.equal(report.operator_id, wanted.operator_id);
      assert.equal(row.stage ?? row.operator, wanted.operator);
      assert.equal(row.path, formatDuration(wanted.path_ns));
      assert.equal(row['all tasks'], formatDuration(wanted.tasks_ns));
      assert.equal(Number(row.tasks.replaceAll(',', '')), wanted.tasks);
      for (const [title, key] of [['min', 'min'], ['25 %', 'p25'], ['median', 'median'], ['75 %', 'p75'], ['max', 'max']])
        assert.equal(row[title], formatDuration(report.quartiles.duration_ns[key]), `${name}: ${title} of ${wanted.operator}`);
    });
    await opened.view('summary');
    const words = await opened.page.locator('.panel').innerText();
    assert.ok(words.includes(explained.summary), name);
    assert.deepEqual(await opened.close(), [], name);
  }
}

/** A click shows what is known of an operator, as explain says it. @param {Session} session */
async function details(session) {
  const explained = answer(session, 'explain', 'spark');
  const [first] = explained.operators;
  const opened = await session.open('spark', 'view=operators');
  const { page } = opened;
  await page.locator('.graph-node', { hasText: first.operator }).click();
  await opened.settled();
  assert.match(opened.hash(), new RegExp(`x.operators.selected=${first.operator_id}\\b`));
  const text = await page.getByRole('complementary', { name: 'The selected operator' }).innerText();
  assert.ok(text.includes(first.operator) && text.includes(first.place), 'its name and its place');
  // What is guessed is a part of what no clock tells, and has rows of its own here.
  const guessed = Object.entries(first.prior_ns).map(([key, ns]) => [`prior_${key}`, Number(ns)]);
  const unknown = guessed.reduce((left, [, ns]) => left - Number(ns), Number(first.by_resource_ns.unknown ?? 0));
  const parts = { ...first.by_resource_ns, unknown, ...Object.fromEntries(guessed) };
  for (const [resource, ns] of Object.entries(parts)) {
    if (ns === 0) continue;
    const { evidence } = explained.resources.find((/** @type {any} */ row) => row.resource === resource);
    assert.ok(text.includes(formatDuration(Number(ns))), `${resource} takes ${formatDuration(Number(ns))}`);
    assert.ok(text.includes(evidence === 'unknown' ? 'no clock' : evidence), `${resource} is ${evidence}`);
  }
  for (const finding of explained.findings.filter((/** @type {any} */ one) => one.operator_id === first.operator_id)) {
    assert.ok(text.includes(finding.sentence), finding.kind);
    assert.ok(text.includes(finding.try), `what to try: ${finding.kind}`);
  }
  // What a screen reader is told of a box does not depend on its colours.
  const label = await page.locator('.graph-node[aria-pressed=true]').textContent();
  assert.ok(label?.includes(`${formatDuration(first.path_ns)} of the critical path`), label ?? '');
  assert.deepEqual(await opened.close(), []);
}

/** @param {Session} session */
async function keyboard(session) {
  const opened = await session.open('spark', 'view=operators');
  const { page } = opened;
  await page.locator('.graph-node[tabindex="0"]').focus();
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-key'));
  const before = await focused();
  await page.keyboard.press('ArrowRight');
  assert.notEqual(await focused(), before, 'an arrow goes to the next box');
  await page.keyboard.press('Enter');
  await opened.settled();
  assert.match(opened.hash(), /x\.operators\.selected=\d+/);
  await page.keyboard.press('+');
  await opened.settled();
  assert.match(opened.hash(), /x\.operators\.at=/);
  await opened.view('tasks');
  await page.locator('.task-canvas').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await opened.settled();
  assert.match(opened.hash(), /x\.tasks\.task=\d+/);
  assert.match(await page.locator('.timeline-status').innerText(), /stage \d+: .*from/);
  await page.keyboard.press('-');
  await page.keyboard.press('+');
  await opened.settled();
  assert.match(opened.hash(), /x\.tasks\.window=/);
  assert.deepEqual(await opened.close(), []);
}

/** A frame closes to one box with the sums of what is in it, and opens again. @param {Session} session */
async function fold(session) {
  const opened = await session.open('spark', 'view=operators');
  const { page } = opened;
  await page.locator('.graph-node').first().waitFor();
  const boxes = await page.locator('.graph-node').count();
  await page.locator('.graph-frame .graph-fold').last().click();
  await opened.settled();
  assert.ok((await page.locator('.graph-node').count()) < boxes, 'the frame is one box');
  await page.locator('.graph-open').first().click();
  await opened.settled();
  assert.equal(await page.locator('.graph-node').count(), boxes);
  const plan = await page.locator('.view-bar select option').nth(1).getAttribute('value');
  await page.locator('.view-bar select').selectOption(plan ?? '');
  await opened.settled();
  assert.ok((await page.locator('.graph-node').count()) > 0, 'the plan has boxes');
  assert.deepEqual(await opened.close(), []);
}

/** Each with its own time: nothing is left out. @param {Session} session */
async function manyTasks(session) {
  const [slots, count] = [16, 100_000];
  const lines = [
    { Event: 'SparkListenerLogStart', 'Spark Version': '3.5.6' },
    { Event: 'SparkListenerApplicationStart', 'App Name': 'large', 'App ID': 'app-1', Timestamp: 1e12, User: 'u' },
    ...Array.from({ length: count }, (_, i) => ({
      Event: 'SparkListenerTaskEnd', 'Stage ID': 0, 'Stage Attempt ID': 0, 'Task Type': 'ResultTask', 'Task End Reason': { Reason: 'Success' },
      'Task Info': { 'Task ID': i, Index: i, Attempt: 0, 'Launch Time': 1e12 + Math.floor(i / slots) * 10, 'Executor ID': 'driver', Host: 'h', Locality: 'PROCESS_LOCAL', 'Finish Time': 1e12 + Math.floor(i / slots) * 10 + 3 + (i % 7), Failed: false, Killed: false },
      'Task Metrics': { 'Executor Run Time': 3, 'Executor CPU Time': 2e6, 'JVM GC Time': 0 },
    })),
    { Event: 'SparkListenerApplicationEnd', Timestamp: 1e12 + (count / slots) * 10 + 100 },
  ];
  const log = join(session.folder, 'large');
  writeFileSync(log, lines.map((line) => JSON.stringify(line)).join('\n'));
  imported(session, 'large-log', log);
  const opened = await session.open('large-log', 'view=tasks');
  await opened.page.getByText('100,000 rows').waitFor();
  const drawn = () => opened.page.locator('.task-canvas').evaluate((canvas) => {
    const { width, height } = /** @type {HTMLCanvasElement} */ (canvas);
    const { data } = /** @type {CanvasRenderingContext2D} */ (/** @type {HTMLCanvasElement} */ (canvas).getContext('2d')).getImageData(0, 0, width, height);
    let sum = 0;
    for (let i = 3; i < data.length; i += 4) sum += data[i] > 0 ? 1 : 0;
    return sum / (width * height);
  });
  await opened.settled();
  assert.ok((await drawn()) > 0.5, 'the lanes are drawn');
  await opened.page.keyboard.press('+');
  await opened.view('operators');
  assert.ok((await opened.page.locator('.graph-node').count()) > 0);
  assert.deepEqual(await opened.close(), []);
}

/** @type {Record<string, (session: Session) => Promise<void>>} */
export const dataflowCases = {
  'operators have the numbers of explain and report': numbers,
  'a click on a box says what explain knows of it': details,
  'graph and tasks are walked with the keyboard': keyboard,
  'frames close to one box, and a plan has its own': fold,
  'a hundred thousand tasks are shown': manyTasks,
};

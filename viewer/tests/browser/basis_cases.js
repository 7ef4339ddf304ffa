// One number has one basis wherever it stands, or says its own; and what is not known is not said to be none.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { demoRecording } from '../support/demo.js';
import { encodePage, pageHtml } from '../support/plain.js';
import { barograph, repository } from './session.js';

/** @typedef {import('./session.js').Session} Session */
/** @typedef {import('./session.js').Opened} Opened */

/** @param {Opened} opened */
const head = ({ page }) => page.locator('.facts').first().innerText();

/** What "The recording" says, by its titles. @param {Opened} opened @returns {Promise<Record<string, string>>} */
async function facts({ page }) {
  const [names, values] = await Promise.all(['dt', 'dd'].map((tag) => page.locator(`.summary-facts ${tag}`).allInnerTexts()));
  return Object.fromEntries(names.map((name, i) => [name, values[i]]));
}

/** @param {string[]} words of a command @returns {string} */
function said(...words) {
  return execFileSync(barograph(), words, { encoding: 'utf8', env: { ...process.env, COLUMNS: '400' }, stdio: ['ignore', 'pipe', 'ignore'] });
}

/** @param {Session} session */
async function idle(session) {
  const runs = [{ ticks: 100, stack: ['main', 'work'] }, { ticks: 300, stack: ['main', 'select'], state: 'idle' }];
  session.writePlain('idle', { threads: [{ runs }] });
  const opened = await session.open('idle', 'view=timeline');
  const { page } = opened;
  const row = page.locator('.track-thread');
  assert.equal(await row.locator('.track-share').textContent(), 'running 25.0 %');
  assert.match((await row.getAttribute('title')) ?? '', /running 25\.0 %/, 'the tooltip has another basis');
  await opened.view('summary');
  assert.equal(await page.locator('.summary-foot .dim').innerText(), 'Rows of 1 % and more of 100 µs: idle is left out');
  assert.deepEqual(await opened.close(), []);
}

/** One unit has one sign in sentences and tables. @param {Session} session */
async function microseconds(session) {
  const runs = [{ ticks: 300, stack: ['main', 'work'] }];
  const recording = { threads: [{ runs }] };
  const summary = [{ parts: [{ t: '150 us a call of ' }, { t: 'us', link: { view: 'flame' } }, { t: ', 20 us of it waiting.' }] }];
  session.writePlain('micro', { ...recording, head: { ...encodePage(recording).head, summary } });
  const opened = await session.open('micro', 'view=summary');
  const said = await opened.page.locator('.findings').innerText();
  assert.ok(said.includes('150 µs a call of us, 20 µs of it waiting.'), said);
  assert.match(await opened.page.locator('.outline').innerText(), /300 µs/);
  assert.deepEqual(await opened.close(), []);
}

/** @param {Session} session */
async function losses(session) {
  const recording = demoRecording();
  const { head: plain } = encodePage(recording);
  const counts = { samples: 3006, missed_ticks: 873, ticks: 3863, rejected: 0, unreadable: 2, lost: 5 };
  const words = 'missed ticks 873 (22.6 %), unreadable 2, lost 5';
  session.writePlain('late', { ...recording, head: { ...recording.head, sides: [{ ...plain.sides[0], ...counts }] } });
  const opened = await session.open('late');
  assert.ok((await head(opened)).endsWith(`3,006 samples · ${words}`), await head(opened));
  assert.equal((await facts(opened)).Lost, words);
  assert.deepEqual(await opened.close(), []);
  // As the report has them; what was not counted is not said to be none.
  const path = join(repository, 'tests/recordings/everything.baro');
  const real = await session.open('everything');
  const [, rejected] = /(rejected [\d,]+)/.exec(said('report', path)) ?? [];
  assert.ok(rejected && (await head(real)).includes(rejected) && (await facts(real)).Lost.includes(rejected), 'the words of the report');
  assert.deepEqual(await real.close(), []);
  const untold = await session.open('threads');
  assert.match(said('report', join(repository, 'tests/recordings/threads.baro')), /rejected or missed is unknown/);
  assert.doesNotMatch(await head(untold), /none lost/);
  assert.equal((await facts(untold)).Lost, 'not told');
  assert.deepEqual(await untold.close(), []);
}

/** @param {Session} session */
async function calls(session) {
  const recording = demoRecording();
  const { head: plain } = encodePage(recording);
  const of = (/** @type {boolean} */ tasks) => ({
    ...recording,
    head: { ...recording.head, sides: [{ ...plain.sides[0], cpu_least_ns: 339e6 }], trees: plain.trees.map((tree) => ({ ...tree, tasks })) },
  });
  for (const tasks of [true, false]) {
    session.writePlain('tasks', of(tasks));
    const opened = await session.open('tasks', 'view=summary&metric=call-time');
    assert.ok((await head(opened)).includes('at least 339 ms CPU'));
    assert.match((await facts(opened))['CPU time'], /^at least 339 ms: what threads used between/);
    const note = await opened.page.locator('.summary-foot .dim').innerText();
    assert.equal(note.includes('with the tasks that each started'), tasks, note);
    for (const view of ['functions', 'sandwich']) {
      await opened.view(view);
      const help = (await opened.page.locator('[title*="recursion counted once"]').evaluateAll((all) => all.map((one) => one.getAttribute('title') ?? '')));
      assert.ok(help.length > 0, view);
      assert.ok(help.every((text) => /tasks that it started/.test(text) === tasks), help.join('; '));
    }
    await opened.view('calls');
    assert.match(await opened.page.locator('[title*="recursion counted once"]').first().getAttribute('title') ?? '', /tasks that it started are apart/);
    assert.deepEqual(await opened.close(), []);
  }
}

/** The kernel's peak can lie between two readings. @param {Session} session */
async function memory(session) {
  const recording = demoRecording();
  const { head: plain } = encodePage(recording);
  session.writePlain('peak', { ...recording, head: { ...recording.head, sides: [{ ...plain.sides[0], peak_memory_bytes: 99.9e6 }] } });
  const opened = await session.open('peak');
  assert.equal((await facts(opened))['Peak memory'], '99.9 MB as the kernel has it (sum over processes); the timeline shows readings');
  await opened.view('timeline');
  const most = opened.page.locator('.counter-band .overview-most');
  await most.first().waitFor();
  assert.match(await most.nth(1).innerText(), /^up to [\d.]+ MB when read$/);
  assert.deepEqual(await opened.close(), []);
}

/** @param {Session} session */
async function nothing(session) {
  const opened = await session.open('empty');
  assert.match(await head(opened), /nothing recorded/);
  assert.doesNotMatch(await head(opened), /–|none lost/);
  assert.doesNotMatch(await opened.page.locator('.panel').innerText(), /0 threads|–|What it did/);
  assert.deepEqual(await opened.close(), []);
}

/** Nothing of a log was sampled; what it lacks is said where it is seen. @param {Session} session */
async function logs(session) {
  const log = join(repository, 'tests/logs/spark35_skew.gz');
  const text = gunzipSync(readFileSync(log)).toString();
  const [cut, recording] = ['log', 'baro'].map((kind) => join(session.folder, `cut.${kind}`));
  writeFileSync(cut, text.slice(0, Math.floor(text.length * 0.7)));
  said('import', '-q', '-f', '-o', recording, cut);
  session.writeReal('cut-log', recording);
  for (const name of ['spark', 'cut-log']) {
    const opened = await session.open(name);
    const { tasks, notes } = await opened.page.evaluate(() => {
      const { dataflow, sides } = JSON.parse(document.getElementById('head')?.textContent ?? '');
      return { tasks: dataflow.tasks, notes: sides[0].notes };
    });
    assert.equal(notes.length > 0, name === 'cut-log');
    assert.ok((await head(opened)).includes(` · ${tasks} tasks`), await head(opened));
    assert.equal((await head(opened)).includes(`${notes.length} notes`), name === 'cut-log');
    // "What it did" is of the time with tasks: beside it this one names what it is of.
    assert.match(await head(opened), /\d % of tasks’ time unknown/);
    const sentences = await opened.page.locator('.findings').innerText();
    for (const note of notes.slice(0, 3)) assert.ok(sentences.toLowerCase().includes(note.toLowerCase()), `${note} is not said first`);
    assert.ok((await opened.page.locator('.stands-out .whole').count()) > 0, 'a number of a finding and its unit can be on two lines');
    assert.doesNotMatch((await head(opened)) + (await opened.page.locator('.panel').innerText()), /\d samples|none lost/);
    await opened.view('functions');
    assert.match(await opened.page.locator('.panel').innerText(), /\d operators?;/);
    // A short name leaves no gap behind it.
    const [command, side] = await Promise.all(['.command', '.facts'].map((css) => opened.page.locator(css).first().boundingBox()));
    const inner = await opened.page.locator('.command .name').boundingBox();
    assert.ok(command && side && inner && side.x - inner.x - inner.width < 20, 'a gap behind the name');
    assert.deepEqual(await opened.close(), []);
  }
}

/** @param {Session} session */
async function looks(session) {
  const runs = [{ ticks: 100, stack: ['main'] }, { ticks: 300, stack: ['main'], state: 'unknown' }];
  const summary = [{ parts: [{ t: 'It ran for 26 % of the time, 1.45 s.' }] }];
  session.write('looks', pageHtml({ threads: [{ runs }], summary }));
  const opened = await session.open('looks');
  const { page } = opened;
  for (const css of ['.summary-kinds .states-bar .state', '.states-legend .swatch', '.thread-bar .state'])
    assert.ok((await page.locator(`${css}.unmeasured`).count()) > 0, `${css}: what is not known can hardly be seen`);
  assert.deepEqual(await page.locator('.findings .whole').allTextContents(), ['26 %', '1.45 s'], 'a number and its unit are on two lines');
  assert.equal(await page.locator('.findings p').first().textContent(), 'It ran for 26 % of the time, 1.45 s.');
  assert.deepEqual(await opened.close(), []);
}

/** @type {Record<string, (session: Session) => Promise<void>>} */
export const basisCases = {
  'microseconds have one sign': microseconds,
  'shares of a thread are of one time, and idle that is left out is told': idle,
  'the head says what is missing in the words of the report': losses,
  'calls with tasks, and CPU time that is a least, say so': calls,
  'the peak of memory and its readings are told apart': memory,
  'of nothing recorded nothing is claimed': nothing,
  'of a log no samples are told, and what it lacks stands first': logs,
  'what is not known can be seen, and numbers stay with their units': looks,
};

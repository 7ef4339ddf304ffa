// The page's numbers are those of `barograph report --json`, and names do no harm.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatCount, formatDuration, formatPercent } from '../../src/base/format.js';
import { hostileNames } from './hostile.js';
import { barograph, repository } from './session.js';

/** @typedef {import('./session.js').Session} Session */
/** @typedef {import('./session.js').Opened} Opened */

/** @param {string} name @param {string[]} options @returns {any} */
function report(name, ...options) {
  const path = join(repository, 'tests/recordings', `${name}.baro`);
  return JSON.parse(execFileSync(barograph(), ['report', '--json', ...options, path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
}

/**
 * @param {Opened} opened
 * @param {number} table
 * @returns {Promise<Record<string, string>[]>} rows by the titles of columns
 */
async function copied({ page }, table = 0) {
  await page.getByRole('button', { name: 'Copy as text' }).nth(table).click();
  const text = await page.evaluate(() => String(/** @type {any} */ (window).copied));
  const [head, ...lines] = text.split('\n').map((line) => line.split('\t'));
  return lines.map((cells) => Object.fromEntries(head.map((title, i) => [`${title}${head.indexOf(title) === i ? '' : ' 2'}`, cells[i]])));
}

const mostUnits = 10;

/**
 * The page counts in units of a microsecond or less. What rounding takes from an entry its thread's next one gets, so the places of a
 * function in the tree are off by a unit each.
 * @param {string} text
 * @param {number} ns
 * @param {string} what
 */
function sameTime(text, ns, what) {
  const [, digits, unit] = /^([\d.]+) (ns|µs|ms|s)$/.exec(text) ?? ['', '', ''];
  const size = { ns: 1, µs: 1e3, ms: 1e6, s: 1e9 }[unit] ?? NaN;
  const lastDigit = size * 10 ** -(digits.split('.')[1]?.length ?? 0);
  const difference = Math.abs(Number(digits) * size - ns);
  assert.ok(difference <= lastDigit * 0.501 + mostUnits * 1000, `${what}: ${text}, not ${formatDuration(ns)}`);
}

/**
 * @param {string} text
 * @param {number} ratio
 * @param {string} what
 */
function sameShare(text, ratio, what) {
  const near = [-2e-5, 0, 2e-5].map((more) => formatPercent(Math.max(ratio + more, 0)));
  assert.ok(near.includes(text), `${what}: ${text}, not ${near[1]}`);
}

/** @param {Session} session */
async function samples(session) {
  let compared = 0;
  for (const [name, basis, metric] of [['threads', 'run', 'run'], ['threads', 'threads', 'wall'], ['killed', 'run', 'run']]) {
    const json = report(name, '--basis', basis);
    const opened = await session.open(name, `view=functions&metric=${metric}`);
    const rows = await copied(opened);
    const known = json.functions.filter((/** @type {any} */ f) => f.total_ns > 0);
    assert.equal(rows.length, known.length, `${name}: rows`);
    for (const fn of known) {
      const row = rows.find((one) => one.function.endsWith(fn.name) && (!fn.line || one.place.endsWith(`:${fn.line}`)));
      assert.ok(row, `${name}: ${fn.name} is not in the table`);
      sameShare(row['self %'], fn.self_ratio, `${name}: self of ${fn.name}`);
      sameShare(row['total %'], fn.total_ratio, `${name}: total of ${fn.name}`);
      sameShare(row['±'], fn.self_ratio_error, `${name}: error of self of ${fn.name}`);
      sameShare(row['± 2'], fn.total_ratio_error, `${name}: error of total of ${fn.name}`);
      sameTime(row.self, fn.self_ns, `${name}: self of ${fn.name}`);
      sameTime(row.total, fn.total_ns, `${name}: total of ${fn.name}`);
      compared++;
    }
    assert.deepEqual(await opened.close(), []);
  }
  assert.ok(compared > 10, `only ${compared} functions were compared`);
}

/** Imported amounts that are no time are told in their unit wherever they stand. @param {Session} session */
async function amounts(session) {
  const stacks = 'main;load;json.loads 2500000\nmain;load 700000\nmain;save;write 12345678\nmain 10\n';
  const shown = { bytes: ['2.50 MB', '700 kB', '12.3 MB', '10 B', '15.5 MB'], pages: ['2,500,000 pages', '700,000 pages', '12,345,678 pages', '10 pages', '15,545,688 pages'] };
  for (const [unit, [loads, load, write, main, all]] of Object.entries(shown)) {
    const [text, recording] = ['txt', 'baro'].map((kind) => join(session.folder, `${unit}.${kind}`));
    writeFileSync(text, stacks);
    execFileSync(barograph(), ['import', '-q', '--unit', unit, '-o', recording, text]);
    session.writeReal(unit, recording);
    const opened = await session.open(unit, 'view=functions');
    const rows = await copied(opened);
    const self = Object.fromEntries(rows.map((row) => [row.function, row.self]));
    assert.deepEqual(self, { main, load, 'json.loads': loads, save: unit === 'bytes' ? '0 B' : '0 pages', write });
    assert.ok(rows.every((row) => row['±'] === undefined && row.spent === undefined), 'nothing is known of errors and states');
    const views = await opened.views();
    assert.deepEqual(views, ['summary', 'flame', 'sandwich', 'functions', 'source'], 'there is no time to be on a timeline');
    for (const view of views) {
      await opened.view(view);
      // The recording's own note says that it is no time.
      const words = (await opened.page.locator('body').innerText()).replace(/imported amounts are .*/, '');
      assert.doesNotMatch(words, /\d (?:ns|µs|ms|s|min)\b|\btime\b|unknown/, `${unit}: ${view}`);
      assert.ok(words.includes(all), `${unit}: ${view} does not say how much it is in all`);
    }
    // Neither files nor lines are known: there are no empty names, and each function has its row.
    await opened.view('source');
    assert.match(await opened.page.getByRole('navigation', { name: 'Files' }).innerText(), /^\(no file\)\s+100\.0 %$/);
    assert.deepEqual((await copied(opened)).map((row) => row.function).sort(), ['json.loads', 'load', 'main', 'save', 'write']);
    session.files.delete(unit);
    assert.deepEqual(await opened.close(), []);
  }
}

/** @param {Session} session */
async function calls(session) {
  const json = report('calls');
  const opened = await session.open('calls', 'view=calls');
  await opened.page.locator('#calls-0').waitFor();
  const rows = await copied(opened);
  const known = json.functions.filter((/** @type {any} */ f) => f.calls > 0);
  assert.ok(known.length > 3);
  assert.equal(rows.length, known.length);
  for (const fn of known) {
    const row = rows.find((one) => one.function === fn.name && (!fn.line || one.place.endsWith(`:${fn.line}`)));
    assert.ok(row, `${fn.name} is not in the table`);
    const count = fn.primitive_calls > 0 && fn.primitive_calls !== fn.calls ? `${formatCount(fn.calls)}/${formatCount(fn.primitive_calls)}` : formatCount(fn.calls);
    assert.equal(row.calls, count, fn.name);
    for (const [title, key] of [['self', 'calls_self_ns'], ['total', 'calls_total_ns'], ['CPU', 'calls_cpu_ns'], ['per call', 'call_mean_ns'], ['p50', 'call_p50_ns'], ['p99', 'call_p99_ns'], ['longest', 'call_max_ns']])
      assert.equal(row[title], formatDuration(fn[key]), `${title} of ${fn.name}`);
    assert.equal(row.raised, formatCount(fn.raised_calls), fn.name);
  }
  assert.deepEqual(await opened.close(), []);
}

/** A page without source says how to have one. @param {Session} session */
async function sourceHint(session) {
  const without = await session.open('threads', 'view=source');
  const hint = without.page.locator('.source-note:visible');
  assert.match(await hint.innerText(), /No source text .* barograph view --source full .*threads\.baro$/);
  assert.deepEqual(await without.close(), []);
  const opened = await session.open('demo', 'view=source');
  await opened.page.getByRole('button', { name: /orders\.py/ }).click();
  await opened.settled();
  assert.equal(await opened.page.locator('.source-note:visible').count(), 0, 'a hint though the text is there');
  assert.match(await opened.page.locator('.code').first().innerText(), /\w/);
  assert.deepEqual(await opened.close(), []);
}

/** @param {Session} session */
async function head(session) {
  const json = report('killed');
  const opened = await session.open('killed');
  const text = await opened.page.locator('.panel').innerText();
  assert.ok(text.includes(formatCount(json.head.samples)), 'the number of samples');
  assert.ok(text.includes(json.head.damage), `the damage: ${json.head.damage}`);
  assert.deepEqual(await opened.close(), []);
}

/** @param {Session} session */
async function hostile(session) {
  const opened = await session.open('hostile');
  const { page } = opened;
  const plain = await session.open('demo');
  const kinds = (/** @type {Opened} */ of) =>
    of.page.evaluate(() => [...new Set([...document.querySelectorAll('*')].map((element) => element.localName))].sort());
  const harmless = new Set([...(await kinds(plain)), 'nav', 'aside', 'code', 'dt', 'dd', 'b', 'p', 'ul', 'li', 'table']);
  await plain.close();
  for (const view of await opened.views()) {
    await opened.view(view);
    for (const kind of await kinds(opened)) {
      assert.ok(!['img', 'svg', 'iframe', 'object', 'link', 'base'].includes(kind), `${view}: a name became <${kind}>`);
      if (['script', 'style'].includes(kind)) continue;
      assert.ok(harmless.has(kind) || /^(?:t(?:able|head|body|r|h|d)|h\d|a|dl|section|pre)$/.test(kind), `${view}: <${kind}>`);
    }
  }
  await opened.view('functions');
  const text = await page.locator('.panel').innerText();
  for (const name of hostileNames.slice(0, 3)) assert.ok(text.includes(name), `${name} is not shown as it is`);
  assert.ok(!text.includes('\u202e'), 'a name may turn the direction of what stands beside it');
  await opened.view('flame');
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 1280, 'a long name makes the page wider');
  assert.deepEqual(await opened.close(), []);
}

/** @param {Session} session */
async function damaged(session) {
  const { readFileSync } = await import('node:fs');
  const html = readFileSync(session.files.get('demo') ?? '', 'utf8');
  const changes = {
    cut: html.replace(/(data-section="strings" data-part="0">.{40})[^<]*/, '$1'),
    gone: html.replace('data-section="functions"', 'data-section="nothing"'),
    version: html.replace('"version":1', '"version":7'),
    none: html.replace(/<script type="application\/json" id="head">.*?<\/script>/s, ''),
  };
  for (const [name, text] of Object.entries(changes)) {
    assert.notEqual(text, html, name);
    session.write(`damaged-${name}`, text);
    const opened = await session.open(`damaged-${name}`);
    session.files.delete(`damaged-${name}`);
    const said = await opened.page.getByRole('alert').innerText();
    assert.match(said, /^The page is damaged|^This page has no recording/, name);
    assert.deepEqual(await opened.close(), [], name);
  }
  // What is late is told where it is missed; the rest of the page stands.
  session.write('late', html.replace(/(data-section="runs:samples" data-part="0">.{40})[^<]*/, '$1'));
  const opened = await session.open('late', 'view=timeline');
  session.files.delete('late');
  await opened.page.getByText(/"runs:samples"/).waitFor();
  await opened.view('functions');
  assert.deepEqual(await opened.close(), []);
}

/** @type {Record<string, (session: Session) => Promise<void>>} */
export const numberCases = {
  'functions have the numbers of the report': samples,
  'imported bytes and pages are no time in any view': amounts,
  'calls have the numbers of the report': calls,
  'a page without source says how to have it': sourceHint,
  'the summary says what the report’s head says': head,
  'names that want to harm are shown as text': hostile,
  'a damaged page says so in one sentence': damaged,
};

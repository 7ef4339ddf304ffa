// What if: the numbers of every slider position are those of `barograph predict --json`, to the last digit; by keyboard alone, in the
// address, and where the page has no number.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { barograph, repository } from './session.js';

/** @typedef {import('./session.js').Session} Session */
/** @typedef {import('./session.js').Opened} Opened */

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const stdio = /** @type {['ignore', 'pipe', 'pipe']} */ (['ignore', 'pipe', 'pipe']);
/** Logs that Spark wrote, and a sampled Python program. */
const logs = ['spark35_cluster.gz', 'spark35_flaky.gz', 'spark35_skew.gz', 'eventlog_v2_local-1795265714914'];

/** @type {Map<string, string>} */
const recordings = new Map();

/** @param {Session} session @param {string} name of a log, or of a recording @returns {string} name of its page */
function page(session, name) {
  const key = `what-if-${name}`;
  if (recordings.has(key)) return key;
  let recording = join(repository, 'tests/recordings', `${name}.baro`);
  if (/[.](?:gz|json)$|^eventlog/.test(name)) {
    recording = join(session.folder, `${key}.baro`);
    execFileSync(barograph(), ['import', '-q', '-o', recording, join(repository, name.startsWith('torch') ? 'tests/traces' : 'tests/logs', name)], { stdio });
  }
  recordings.set(key, recording);
  session.writeReal(key, recording);
  return key;
}

/** @param {string[]} words of a command line, behind the program's name @returns {any} */
function predict(...words) {
  return JSON.parse(execFileSync(barograph(), [...words, '--json'], { encoding: 'utf8', stdio }));
}

/** What a shell makes of the command that the page shows: words in single quotes, or without any. @param {string} command */
function shellWords(command) {
  return [...command.matchAll(/(?:'([^']*)'|\\'|[^\s'\\])+/g)].map(([word]) => word.replace(/'([^']*)'|\\(')/g, '$1$2'));
}

/** @param {Opened} opened */
async function shown({ page }) {
  return page.evaluate(() => ({
    title: document.querySelector('.whatif-title')?.textContent ?? '',
    command: document.querySelector('.whatif-command code')?.textContent ?? '',
    none: document.querySelector('.whatif-none')?.textContent ?? '',
    numbers: Object.fromEntries(
      [...document.querySelectorAll('.whatif-result data')].map((data) => [data.className.replace('whatif-', ''), Number(data.getAttribute('value'))]),
    ),
    terms: [...document.querySelectorAll('.whatif-why tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent ?? '')),
    assumptions: [...document.querySelectorAll('.whatif-assumptions li')].map((item) => item.textContent),
  }));
}

/** @param {Opened} opened @param {string} recording @param {string} what */
async function sameAsPredict(opened, recording, what) {
  const seen = await shown(opened);
  const [program, command, set, scenario, file] = shellWords(seen.command);
  assert.deepEqual([program, command, set, file], ['barograph', 'predict', '--set', recording], what);
  const answer = predict('predict', '--set', scenario, recording);
  assert.deepEqual(seen.numbers, { predicted: answer.predicted_s, low: answer.low_s, high: answer.high_s, base: answer.base_s }, `${what}: ${seen.command}`);
  assert.deepEqual(seen.assumptions, answer.assumptions, what);
  const names = answer.terms.map((/** @type {any} */ term) => term.term);
  assert.deepEqual(seen.terms.slice(0, names.length).map(([name]) => name), names, what);
}

/** @param {Session} session @param {string} name @param {string} [set] */
async function openAt(session, name, set = '') {
  const opened = await session.open(name, `view=what-if${set ? `&x.what-if.set=${encodeURIComponent(set)}` : ''}`);
  await opened.page.waitForSelector('.whatif-columns');
  return opened;
}

/** Each position, by the keys of a slider. @param {Session} session */
async function positions(session) {
  let compared = 0;
  for (const name of [...logs, 'torch24_mlp.json.gz', 'threads']) {
    const key = page(session, name);
    const recording = /** @type {string} */ (recordings.get(key));
    const opened = await openAt(session, key);
    await sameAsPredict(opened, recording, `${name}, as recorded`);
    const sliders = opened.page.locator('.whatif-slider input');
    for (let s = 0; s < (await sliders.count()); s++) {
      const slider = sliders.nth(s);
      const [last, base] = await slider.evaluate((input) => [Number(input.getAttribute('max')), Number(/** @type {HTMLInputElement} */ (input).value)]);
      await slider.focus();
      await slider.press('Home');
      for (let p = 0; p <= last; p++) {
        if (p > 0) await slider.press('ArrowRight');
        await opened.settled();
        await sameAsPredict(opened, recording, `${name}, slider ${s}, position ${p}`);
        compared++;
      }
      for (let p = last; p > base; p--) await slider.press('ArrowLeft');
    }
    // The names of positions stay within their panel.
    const outside = await opened.page.locator('.whatif-slider').evaluateAll((all) => all.flatMap((slider) => {
      const room = slider.getBoundingClientRect();
      return [...slider.querySelectorAll('.whatif-tick')].filter((tick) => tick.getBoundingClientRect().left < room.left - 0.5 || tick.getBoundingClientRect().right > room.right + 0.5).map((tick) => tick.textContent);
    }));
    assert.deepEqual(outside, [], name);
    assert.deepEqual(await opened.close(), [], name);
  }
  assert.ok(compared > 100, `only ${compared} positions were compared`);
}

/** Two at a time: one pair of positions of each two sliders. @param {Session} session */
async function pairs(session) {
  for (const [name, sets] of /** @type {[string, string[]][]} */ ([
    ['spark35_cluster.gz', ['cores=4,cpu_speed=2x', 'cores=2,disk=0.5x', 'nodes=4,network=0.5x', 'memory=2x,input=4x', 'cpu_speed=1.5x,partitions=2x']],
    ['threads', ['cpu_speed=2x,disk=4x', 'cpu_speed=0.5x,network=10x']],
  ])) {
    const key = page(session, name);
    for (const set of sets) {
      const opened = await openAt(session, key, set);
      assert.equal((await shown(opened)).title, set.replace(',', ', '));
      await sameAsPredict(opened, /** @type {string} */ (recordings.get(key)), `${name}, ${set}`);
      assert.deepEqual(await opened.close(), []);
    }
  }
}

/** The curve's table has what `--sweep` prints. @param {Session} session */
async function curve(session) {
  const key = page(session, 'spark35_cluster.gz');
  const opened = await openAt(session, key, 'cpu_speed=2x');
  await opened.page.getByRole('combobox', { name: 'Run time over' }).selectOption({ label: 'cores' });
  await opened.settled();
  const rows = await opened.page.evaluate(() => [...document.querySelectorAll('.whatif-chart tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent ?? '')));
  const recording = /** @type {string} */ (recordings.get(key));
  assert.ok(rows.length >= 4);
  for (const [point, predicted, low, high] of rows) {
    const text = execFileSync(barograph(), ['predict', '--set', `cpu_speed=2x,${point}`, recording], { encoding: 'utf8', stdio });
    assert.ok(text.split('\n')[0].includes(`: ${predicted} (${low} to ${high})`), `${point}: ${predicted} (${low} to ${high}) is not in ${text}`);
  }
  assert.equal(await opened.page.locator('.chart-point').count(), rows.length);
  // A click on a place of the curve is the slider's position.
  await opened.page.locator('.chart-hit').last().click();
  await opened.settled();
  assert.match(opened.hash(), /x[.]what-if[.]set=cores=\d+,cpu_speed=2x/);
  assert.deepEqual(await opened.close(), []);
}

/** What three sliders say stands in the address; the page has no number for it, says so, and gives a command that has one. @param {Session} session */
async function absent(session) {
  const key = page(session, 'spark35_cluster.gz');
  const opened = await openAt(session, key, 'cores=4,cpu_speed=2x,disk=2x');
  const seen = await shown(opened);
  assert.match(seen.none, /not on the page/);
  assert.deepEqual(seen.numbers, {});
  assert.ok(predict(...shellWords(seen.command).slice(1)).predicted_s > 0);
  const alone = await opened.page.locator('.whatif-alone li').allTextContents();
  assert.deepEqual(alone.map((text) => text.split(' alone')[0]), ['cores=4', 'cpu_speed=2x', 'disk=2x']);
  await opened.page.getByRole('button', { name: 'All as recorded' }).click();
  await opened.settled();
  assert.doesNotMatch(opened.hash(), /what-if[.]set/);
  await opened.page.goBack();
  await opened.settled();
  assert.match(opened.hash(), /what-if[.]set=cores=4,cpu_speed=2x,disk=2x/);
  assert.deepEqual(await opened.close(), []);
}

/** The address has the whole state, and a slider says where it stands. @param {Session} session */
async function reloaded(session) {
  const opened = await openAt(session, page(session, 'spark35_cluster.gz'));
  const cores = opened.page.getByRole('slider', { name: 'Cores' });
  await cores.focus();
  await cores.press('ArrowRight');
  await opened.settled();
  const before = await shown(opened);
  assert.match((await cores.getAttribute('aria-valuetext')) ?? '', /^\d+, 2 times what was recorded$/);
  const again = await session.open(page(session, 'spark35_cluster.gz'), new URL(opened.page.url()).hash.slice(1));
  await again.page.waitForSelector('.whatif-columns');
  assert.deepEqual(await shown(again), before);
  assert.deepEqual(await again.close(), []);
  await opened.page.locator('.whatif-command').getByRole('button', { name: 'Copy' }).click();
  assert.equal(await opened.page.evaluate(() => /** @type {any} */ (window).copied), before.command);
  assert.deepEqual(await opened.close(), []);
}

/** One way back is to where a slider was before it was moved. @param {Session} session */
async function wayBack(session) {
  const opened = await openAt(session, page(session, 'spark35_cluster.gz'));
  for (const [name, wanted] of [['CPU speed', /what-if[.]set=cpu_speed=[^,&]+(?:&|$)/], ['Disk', /what-if[.]set=cpu_speed=[^,&]+,disk=/]]) {
    const slider = opened.page.getByRole('slider', { name: String(name) });
    await slider.focus();
    for (let i = 0; i < 3; i++) await slider.press('ArrowRight');
    await opened.settled();
    assert.match(opened.hash(), /** @type {RegExp} */ (wanted));
  }
  await opened.page.goBack();
  await opened.settled();
  assert.match(opened.hash(), /what-if[.]set=cpu_speed=[^,&]+(?:&|$)/);
  await opened.page.goBack();
  await opened.settled();
  assert.doesNotMatch(opened.hash(), /what-if[.]set/);
  assert.deepEqual(await opened.close(), []);
}

/** The table of what it depends on is that of `--why`. @param {Session} session */
async function why(session) {
  for (const [name, set] of [['spark35_cluster.gz', 'cores=4,cpu_speed=2x'], ['spark35_skew.gz', ''], ['torch24_mlp.json.gz', 'cpu_speed=2x'], ['threads', 'cpu_speed=2x,disk=4x']]) {
    const key = page(session, name);
    const opened = await openAt(session, key, set);
    const { terms, command } = await shown(opened);
    const words = shellWords(command).slice(1);
    const text = execFileSync(barograph(), [...words, '--why', '--color', 'never'], { encoding: 'utf8', stdio, env: { ...process.env, COLUMNS: '300' } });
    const lines = text.split('\n').map((line) => line.trim().split(/ {2,}/));
    assert.ok(terms.length >= 1, name);
    for (const term of terms) {
      const cells = term.filter((cell) => cell !== '');
      assert.ok(lines.some((line) => cells.slice(0, -1).every((cell, i) => line[i] === cell)), `${name}: ${cells.join(' | ')} is not in\n${text}`);
    }
    assert.deepEqual(await opened.close(), []);
  }
}

/** What `predict` refuses stands on the page in its words. @param {Session} session */
async function refusals(session) {
  for (const [name, set] of [['threads', 'cores=2x'], ['spark35_skew.gz', 'function:f=2x'], ['flink120_join.json.gz', 'cores=2x']]) {
    const key = page(session, name);
    const recording = /** @type {string} */ (recordings.get(key));
    const opened = await session.open(key, 'view=what-if');
    await opened.page.waitForSelector('.whatif-columns, .whatif-none');
    let words = '';
    try {
      predict('predict', '--set', set, recording);
    } catch (error) {
      words = String(/** @type {any} */ (error).stderr).split(`${recording}: `)[1].trim();
    }
    assert.ok(words.length > 10, `${name}: predict refuses ${set}`);
    assert.ok(((await opened.page.locator('.whatif').textContent()) ?? '').includes(words), `${name}: ${words}`);
    assert.deepEqual(await opened.close(), []);
  }
}

/** @param {Session} session */
async function rules(session) {
  for (const colorScheme of /** @type {const} */ (['light', 'dark']))
    for (const name of ['spark35_cluster.gz', 'threads']) {
      const opened = await session.open(page(session, name), 'view=what-if&x.what-if.set=cpu_speed=2x', { colorScheme });
      await opened.page.waitForSelector('.whatif-columns');
      await opened.page.evaluate(axe);
      const found = await opened.page.evaluate(async () => {
        for (const details of document.querySelectorAll('details')) details.open = true;
        const { violations } = await /** @type {any} */ (window).axe.run(document, { resultTypes: ['violations'] });
        return violations.map((/** @type {any} */ v) => `${v.id}: ${v.nodes.slice(0, 3).map((/** @type {any} */ n) => `${n.target.join(' ')} ${n.any?.[0]?.message ?? ''}`).join(' | ')}`);
      });
      assert.deepEqual(found, [], `${name}, ${colorScheme}`);
      assert.deepEqual(await opened.close(), []);
    }
}

/** @type {Record<string, (session: Session) => Promise<void>>} */
export const whatIfCases = {
  'what if: each position of each slider, by its keys, is what predict says': positions,
  'what if: two changes at a time are what predict says of both': pairs,
  'what if: the curve has the numbers of predict': curve,
  'what if: three changes are not on the page, and a command tells': absent,
  'what if: the address has all of it, and the command can be copied': reloaded,
  'what if: one way back is to where a slider was': wayBack,
  'what if: what it depends on is what predict --why says': why,
  'what if: what predict refuses is said in its words': refusals,
  'what if: no rule of axe is broken, light and dark': rules,
};

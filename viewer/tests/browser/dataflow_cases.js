// Of a framework's log: the page's numbers are those of `barograph explain --json` and `report --json`, the graph and the tasks can
// be walked with the keyboard, and nothing about them is told by colour alone.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatDuration } from '../../src/base/format.js';
import { hostileNames } from './hostile.js';
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
    // With slots each operator that the path goes through has its mark, however short.
    const marked = await opened.page.locator('.graph-node.critical').count();
    const onPath = explained.operators.filter((/** @type {any} */ one) => one.path_ns > 0);
    if (name === 'spark') assert.equal(marked, onPath.length, 'boxes on the critical path');
    await opened.view('summary');
    const words = await opened.page.locator('.panel').innerText();
    assert.ok(words.includes(explained.summary), name);
    const findings = opened.page.locator('.stands-out li');
    assert.equal(await findings.count(), explained.findings.length, name);
    for (const [i, finding] of explained.findings.entries()) {
      const text = (await findings.nth(i).textContent()) ?? '';
      for (const part of [finding.title, formatDuration(finding.explains_ns), finding.sentence, finding.try])
        assert.ok(text.includes(part), `${name}: ${part}`);
    }
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
  await page.locator('.operator-details button.link').first().focus();
  await page.keyboard.press('Enter');
  await opened.settled();
  assert.doesNotMatch(opened.hash(), new RegExp(`x.operators.selected=${first.operator_id}\\b`));
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'The selected operator', 'the keyboard is lost');
  await page.goBack();
  await opened.settled();
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
  await page.getByRole('complementary', { name: 'The selected operator' }).focus();
  await page.keyboard.press('Escape');
  await opened.settled();
  assert.doesNotMatch(opened.hash(), /x\.operators\.selected=/);
  assert.notEqual(await focused(), null, 'the keyboard is at no box');
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
  await page.keyboard.press('Escape');
  await opened.settled();
  assert.doesNotMatch(opened.hash(), /x\.tasks\.task=/);
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
  // By the keyboard, which stays where it was.
  const focused = () => page.evaluate(() => [document.activeElement?.getAttribute('aria-label'), document.activeElement?.getAttribute('aria-expanded')]);
  await page.locator('.graph-frame .graph-fold').last().focus();
  const [name] = await focused();
  for (const [verb, expanded] of [['Open', 'false'], ['Close', 'true']]) {
    await page.keyboard.press('Enter');
    await opened.settled();
    assert.deepEqual(await focused(), [name?.replace('Close', verb), expanded]);
  }
  const plan = await page.locator('.view-bar select option').nth(1).getAttribute('value');
  await page.locator('.view-bar select').selectOption(plan ?? '');
  await opened.settled();
  assert.ok((await page.locator('.graph-node').count()) > 0, 'the plan has boxes');
  assert.deepEqual(await opened.close(), []);
}

/** The graph can be moved away from the box that is selected, and what is selected next is moved into sight. @param {Session} session */
async function moves(session) {
  const first = await session.open('spark', 'view=operators');
  const { page } = first;
  await page.locator('.graph-node').first().click();
  await first.settled();
  const chosen = (/** @type {Opened} */ of = first) => of.page.locator('.graph-node[aria-pressed=true]').boundingBox();
  const room = await page.locator('.graph').boundingBox();
  assert.ok(room);
  await page.mouse.move(room.x + room.width / 2, room.y + room.height / 2);
  for (let i = 0; i < 3; i++) {
    await page.mouse.wheel(0, -1000);
    await first.settled();
  }
  const away = await chosen();
  assert.ok(away && away.y > room.y + room.height, 'it comes back by itself');
  const opened = await session.open('spark', new URL(page.url()).hash.slice(1));
  await opened.page.locator('.graph-node[aria-pressed=true]').waitFor({ state: 'attached' });
  await opened.settled();
  assert.equal((await chosen(opened))?.y, away.y, 'the address does not show what it showed');
  assert.deepEqual(await first.close(), []);
  await opened.page.getByRole('grid', { name: 'Operators' }).focus();
  await opened.page.keyboard.press('ArrowDown');
  await opened.settled();
  const next = await chosen(opened);
  assert.ok(next && next.y >= room.y && next.y + next.height <= room.y + room.height, 'what is selected is out of sight');
  await opened.page.getByRole('button', { name: 'Fit' }).click();
  await opened.settled();
  assert.doesNotMatch(opened.hash(), /operators\.at/);
  assert.deepEqual(await opened.close(), []);
}

/** What an address says wrongly is as if it were not said. @param {Session} session */
async function wrongAddress(session) {
  const [stage] = answer(session, 'explain', 'spark').operators;
  for (const hash of [
    'view=tasks&x.tasks.task=-3', 'view=tasks&x.tasks.task=1.5', 'view=tasks&x.tasks.task=1e99', 'view=tasks&x.tasks.window=5,4', 'view=tasks&x.tasks.window=a',
    'view=operators&x.operators.selected=x&x.operators.at=0', 'view=operators&x.operators.at=1.2.3,0,0', `view=operators&x.operators.graph=${stage.operator_id}`, 'view=operators&x.operators.node=none',
  ]) {
    const opened = await session.open('spark', hash);
    if (hash.startsWith('view=tasks')) assert.match(await opened.page.locator('.timeline-status').innerText(), /^Shown: /, hash);
    else {
      await opened.page.locator('.graph-node').first().waitFor();
      assert.match(await opened.page.locator('.graph-inner').evaluate((inner) => inner.style.transform), /scale\([\d.]+\)/, hash);
      assert.equal(await opened.page.getByRole('combobox', { name: 'Graph of' }).inputValue(), '', hash);
      assert.equal(await opened.page.getByRole('complementary', { name: 'The selected operator' }).isVisible(), false, hash);
    }
    assert.deepEqual(await opened.close(), [], hash);
  }
}

/** Every button has a name, the keys are listed, and nothing that counts threads or functions stands above. @param {Session} session */
async function named(session) {
  const opened = await session.open('spark', 'view=operators');
  const { page } = opened;
  await page.locator('.graph-node').first().waitFor();
  for (const name of [/^Zoom in$/, /^Zoom out$/, /^Close sql \d/]) assert.ok((await page.getByRole('button', { name }).count()) > 0, `no button ${name}`);
  assert.equal(await page.getByRole('searchbox').isVisible(), false);
  await page.keyboard.press('?');
  const help = await page.locator('dialog[open]').innerText();
  for (const words of ['Operators', 'Tasks', 'an edge leads to']) assert.ok(help.includes(words), `${words} is not among the keys`);
  await page.keyboard.press('Escape');
  await opened.view('summary');
  assert.equal(await page.getByRole('searchbox').isVisible(), true);
  assert.deepEqual(await opened.close(), []);
}

/** A link of the summary leaves what other views keep. @param {Session} session */
async function summaryLinks(session) {
  const opened = await session.open('spark', 'view=summary&x.what-if.set=cpu_speed=2x');
  await opened.page.locator('.findings a[href*="operators.selected"]').first().click();
  await opened.settled();
  assert.match(opened.hash(), /operators\.selected=\d+/);
  assert.match(opened.hash(), /what-if\.set=cpu_speed=2x/);
  assert.deepEqual(await opened.close(), []);
}

/** The slot beside a task: what it ran then or next, not its first task. @param {Session} session */
async function slots(session) {
  const times = [[0, 10], [0, 5], [20, 30], [25, 30]]; // in seconds; the first and the third are in slot 1
  writeTasks(session, 'gap-log', times.map(([start, end]) => [start * 1000, end * 1000]));
  const opened = await session.open('gap-log', 'view=tasks&x.tasks.task=1');
  const { page } = opened;
  const said = () => page.locator('.timeline-status').innerText();
  assert.match(await said(), /partition 2.*from 20\.0 s/);
  await page.locator('.task-canvas').focus();
  await page.keyboard.press('ArrowDown');
  await opened.settled();
  assert.match(await said(), /partition 3.*from 25\.0 s/);
  await page.keyboard.press('ArrowUp');
  await opened.settled();
  assert.match(await said(), /partition 2.*from 20\.0 s/);
  assert.deepEqual(await opened.close(), []);
}

/** A log of Spark whose every name wants to harm the page. @param {string} path */
function writeHostileLog(path) {
  const time = (/** @type {number} */ second) => 1e12 + second * 1000;
  const lines = [
    { Event: 'SparkListenerLogStart', 'Spark Version': '3.5.6' },
    { Event: 'SparkListenerApplicationStart', 'App Name': hostileNames[0], 'App ID': hostileNames[4], Timestamp: time(0), User: 'u' },
    {
      Event: 'org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart', executionId: 0, description: hostileNames[4], details: hostileNames[1],
      physicalPlanDescription: '', time: time(0), modifiedConfigs: {},
      sparkPlanInfo: { nodeName: hostileNames[4], simpleString: hostileNames[2], children: [], metadata: { [hostileNames[1]]: hostileNames[2] }, metrics: [] },
    },
    ...hostileNames.flatMap((name, i) => {
      const info = { 'Stage ID': i, 'Stage Attempt ID': 0, 'Stage Name': name, Details: name, 'Number of Tasks': 1, 'RDD Info': [], 'Parent IDs': i > 0 ? [i - 1] : [], 'Submission Time': time(i) };
      return [
        { Event: 'SparkListenerJobStart', 'Job ID': i, 'Submission Time': time(i), 'Stage Infos': [info], 'Stage IDs': [i], Properties: { 'spark.sql.execution.id': '0', 'spark.job.description': name } },
        {
          Event: 'SparkListenerTaskEnd', 'Stage ID': i, 'Stage Attempt ID': 0, 'Task Type': 'ResultTask', 'Task End Reason': { Reason: 'Success' },
          'Task Info': { 'Task ID': i, Index: 0, Attempt: 0, 'Launch Time': time(i), 'Executor ID': name, Host: name, Locality: name, 'Finish Time': time(i + 1), Failed: false, Killed: false },
          'Task Metrics': { 'Executor Run Time': 900, 'Executor CPU Time': 5e8, 'JVM GC Time': 0 },
        },
        { Event: 'SparkListenerStageCompleted', 'Stage Info': { ...info, 'Completion Time': time(i + 1), 'Failure Reason': name } },
        { Event: 'SparkListenerJobEnd', 'Job ID': i, 'Completion Time': time(i + 1), 'Job Result': { Result: 'JobSucceeded' } },
      ];
    }),
    { Event: 'SparkListenerApplicationEnd', Timestamp: time(hostileNames.length) },
  ];
  writeFileSync(path, lines.map((line) => JSON.stringify(line)).join('\n'));
}

/** Names are text, and turn nothing around. @param {Session} session */
async function hostile(session) {
  const log = join(session.folder, 'hostile-log');
  writeHostileLog(log);
  imported(session, 'hostile-spark', log);
  for (const view of ['operators', 'tasks', 'what-if', 'summary']) {
    const opened = await session.open('hostile-spark', `view=${view}`);
    const { page } = opened;
    await page.waitForSelector({ operators: '.graph-node', tasks: '.task-canvas', 'what-if': '.whatif-columns, .whatif-none', summary: '.findings' }[view] ?? '');
    if (view === 'operators') {
      await page.locator('.graph-node').nth(4).click();
      await opened.settled();
    }
    if (view === 'tasks') {
      await page.locator('.task-canvas').focus();
      for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowDown');
      await opened.settled();
    }
    // What is said aloud comes a moment later.
    if (['operators', 'tasks'].includes(view)) await page.waitForFunction(() => /\w/.test(document.querySelector('[role=status]')?.textContent ?? ''));
    const found = await page.evaluate(() => {
      const app = /** @type {HTMLElement} */ (document.querySelector('.app'));
      const said = [app.textContent ?? ''];
      for (const one of app.querySelectorAll('*')) for (const { value } of one.attributes) said.push(value);
      return {
        turned: said.filter((text) => /[\u202a-\u202e\u2066-\u2069\u0000-\u0008]/.test(text)).map((text) => text.slice(0, 200)),
        foreign: app.querySelectorAll('script, img, svg[onload], iframe').length,
      };
    });
    assert.deepEqual(found, { turned: [], foreign: 0 }, view);
    assert.deepEqual(await opened.close(), [], view);
  }
}

/** The page of a log of Spark with tasks of one stage. @param {Session} session @param {string} name @param {number[][]} tasks start and end of each, ms */
function writeTasks(session, name, tasks) {
  const begin = 1e12;
  const lines = [
    { Event: 'SparkListenerLogStart', 'Spark Version': '3.5.6' },
    { Event: 'SparkListenerApplicationStart', 'App Name': name, 'App ID': 'app-1', Timestamp: begin, User: 'u' },
    ...tasks.map(([start, end], i) => ({
      Event: 'SparkListenerTaskEnd', 'Stage ID': 0, 'Stage Attempt ID': 0, 'Task Type': 'ResultTask', 'Task End Reason': { Reason: 'Success' },
      'Task Info': { 'Task ID': i, Index: i, Attempt: 0, 'Launch Time': begin + start, 'Executor ID': 'driver', Host: 'h', Locality: 'PROCESS_LOCAL', 'Finish Time': begin + end, Failed: false, Killed: false },
      'Task Metrics': { 'Executor Run Time': 3, 'Executor CPU Time': 2e6, 'JVM GC Time': 0 },
    })),
    { Event: 'SparkListenerApplicationEnd', Timestamp: begin + tasks[tasks.length - 1][1] + 100 },
  ];
  const log = join(session.folder, `${name}.log`);
  writeFileSync(log, lines.map((line) => JSON.stringify(line)).join('\n'));
  imported(session, name, log);
}

/** Each with its own time: nothing is left out. @param {Session} session */
async function manyTasks(session) {
  const slots = 16;
  writeTasks(session, 'large-log', Array.from({ length: 100_000 }, (_, i) => [Math.floor(i / slots) * 10, Math.floor(i / slots) * 10 + 3 + (i % 7)]));
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

/** The code of these views is run when it is asked for, with the program's own theme and its one tooltip. @param {Session} session */
async function secondScript(session) {
  const opened = await session.open('spark', '', { colorScheme: 'light' });
  const { page } = opened;
  const hasRun = () => page.evaluate(() => 'barographDataflow' in window);
  assert.equal(await hasRun(), false, 'the first picture does not wait for it');
  await opened.view('tasks');
  const canvas = page.locator('.task-canvas');
  await canvas.waitFor();
  assert.equal(await hasRun(), true);
  await opened.settled();
  const area = await canvas.boundingBox();
  assert.ok(area);
  const told = page.locator('.tooltip:visible');
  for (let i = 1; i < 40 && (await told.count()) === 0; i++) await page.mouse.move(area.x + (area.width * i) / 40, area.y + 34);
  assert.match(await told.innerText(), /stage \d+/);
  await opened.view('flame');
  assert.equal(await told.count(), 0, 'what is said of a task goes with the tasks');
  await page.locator('.flame canvas').first().hover({ position: { x: 200, y: 8 } });
  await told.waitFor();
  assert.equal(await page.locator('.tooltip').count(), 1);
  await opened.view('tasks');
  await opened.settled();
  const painted = () => canvas.evaluate((one) => /** @type {HTMLCanvasElement} */ (one).toDataURL());
  const light = await painted();
  await page.getByRole('button', { name: 'Dark colours' }).click();
  await opened.settled();
  assert.notEqual(await painted(), light, 'the lanes have the colours that were chosen');
  await page.getByRole('button', { name: 'Light colours' }).click();
  await opened.settled();
  assert.equal(await painted(), light);
  assert.deepEqual(await opened.close(), []);
}

/** @param {Session} session */
async function withoutCode(session) {
  const html = readFileSync(session.files.get('spark') ?? '', 'utf8');
  const cut = html.replace(/(data-section="dataflow_views" data-part="0">.{400})[^<]*/, '$1');
  assert.notEqual(cut, html);
  session.write('no-views', cut);
  const opened = await session.open('no-views', 'view=operators');
  session.files.delete('no-views');
  for (const view of ['operators', 'tasks']) {
    await opened.view(view);
    await opened.page.getByText(/damaged or incomplete: section "dataflow_views"/).waitFor();
  }
  await opened.view('summary');
  assert.ok((await opened.page.locator('.panel').innerText()).includes(answer(session, 'explain', 'spark').summary));
  assert.deepEqual(await opened.close(), []);
}

/** Two views said "Whole run", one of 9.09 s and one of 6.62 s; and "the run’s time" was a third length. @param {Session} session */
async function oneLength(session) {
  for (const name of ['spark', 'flink']) {
    const whole = formatDuration(answer(session, 'explain', name).run_ns);
    const opened = await session.open(name, 'view=tasks');
    const { page } = opened;
    assert.equal(await page.locator('.timeline-status').innerText(), `Shown: ${whole} from 0 s`);
    await opened.view('timeline');
    await page.getByText(`Shown: ${whole} from 0 s`).waitFor();
    assert.doesNotMatch(await page.locator('body').innerText(), /the run’s time/);
    assert.deepEqual(await opened.close(), []);
  }
}

/** @type {Record<string, (session: Session) => Promise<void>>} */
export const dataflowCases = {
  'operators have the numbers of explain and report': numbers,
  'a click on a box says what explain knows of it': details,
  'graph and tasks are walked with the keyboard': keyboard,
  'frames close to one box, and a plan has its own': fold,
  'the graph can be moved away from what is selected': moves,
  'what an address says wrongly of operators and tasks is not said': wrongAddress,
  'buttons of operators have names, and their keys are listed': named,
  'a link of the summary leaves what other views keep': summaryLinks,
  'names in a log are text': hostile,
  'a hundred thousand tasks are shown': manyTasks,
  'an arrow goes to what the next slot ran then': slots,
  'their code is run when it is asked for, and shares theme and tooltip': secondScript,
  'timeline and tasks show one run, and what is less than it has another name': oneLength,
  'where their code is damaged they say so, and the rest of the page stands': withoutCode,
};

// What a person chooses: transforms, threads, time, search. Each is a chip, each is in the address, and the numbers follow.

import assert from 'node:assert/strict';
import { demoRecording } from '../support/demo.js';

/** @typedef {import('./session.js').Session} Session */
/** @typedef {import('./session.js').Opened} Opened */
/** @typedef {import('../support/plain_tree.js').PlainRun} PlainRun */

const recording = demoRecording();
const runs = recording.threads.flatMap((thread, index) => thread.runs.map((run) => ({ ...run, thread: index })));

/** @param {PlainRun} run */
function own(run) {
  return run.state === 'idle' ? 0 : Math.floor((run.ticks * (run.share ?? 255)) / 255 + 0.5);
}

/** @param {PlainRun} run @param {string} name */
function holds(run, name) {
  return run.stack.some((frame) => frame.replace(/:\d+$/, '') === name);
}

/** @param {(run: PlainRun & {thread: number}) => boolean} counts */
function sum(counts) {
  return runs.filter(counts).reduce((all, run) => all + own(run), 0);
}

const all = sum(() => true);

/** @param {Opened} opened @param {string} name index of a function, by the text of the functions table */
export async function chooseFunction({ page }, name) {
  await page.locator('#tab-functions').click();
  await page.locator('.panel [role=row]', { has: page.getByText(name, { exact: true }) }).first().click();
}

/** What the chips say is shown: share of the metric. @param {Opened} opened */
async function shownShare(opened) {
  await opened.settled();
  const text = await opened.page.locator('.chips-sum').innerText();
  return Number(/([\d.]+) % of/.exec(text)?.[1]);
}

/**
 * @param {number} part ticks
 * @param {string} what
 * @param {number} shown
 */
function sameShare(part, what, shown) {
  assert.ok(Math.abs(shown - (part / all) * 100) <= 0.051, `${what}: ${shown} %, not ${((part / all) * 100).toFixed(2)} %`);
}

/** @param {Session} session */
async function transforms(session) {
  const opened = await session.open('demo');
  const { page } = opened;
  /** @type {[string, string, (run: PlainRun) => boolean][]} */
  const each = [
    ['f', 'focus', (run) => holds(run, 'parse_order')],
    ['d', 'ignore', (run) => !holds(run, 'parse_order')],
    ['m', 'merge', () => true],
    ['c', 'collapse-library', () => true],
    ['o', 'own-code', () => true],
    ['r', 'merge-recursion', () => true],
    ['i', 'invert', () => true],
  ];
  for (const [key, kind, counts] of each) {
    await chooseFunction(opened, 'parse_order');
    const before = opened.hash();
    await page.keyboard.press(key);
    await opened.settled();
    assert.ok(opened.hash().includes(`t=${kind}`), `${key} did not ${kind}: ${opened.hash()}`);
    sameShare(sum(counts), kind, await shownShare(opened));
    for (const view of ['flame', 'sandwich', 'summary']) await opened.view(view);
    assert.equal(await page.locator('.chip').count(), 1, kind);
    // Its cross takes it away; the way back brings it again, and further back undoes it.
    await page.locator('.chip button').click();
    await opened.settled();
    assert.ok(!opened.hash().includes('t='), kind);
    await page.goBack();
    await opened.settled();
    assert.ok(opened.hash().includes(`t=${kind}`), `back after removing ${kind}`);
    await page.locator('.chip button').click();
    await opened.settled();
    assert.ok(before.length > 0);
  }
  assert.deepEqual(await opened.close(), []);
}

/** @param {Session} session */
async function ownCodeHides(session) {
  const opened = await session.open('demo', 'view=functions&t=own-code');
  const rows = await opened.page.locator('.panel').innerText();
  assert.ok(rows.includes('parse_order'));
  assert.ok(!rows.includes('JSONDecoder'), 'a library is still there');
  assert.deepEqual(await opened.close(), []);
}

/** @param {Session} session */
async function searchShare(session) {
  const opened = await session.open('demo', 'view=flame');
  const { page } = opened;
  await page.keyboard.press('/');
  await page.keyboard.type('json|readinto');
  // The first letter is looked for at once: what is read is of all of them.
  await page.waitForFunction(() => location.hash.includes('readinto'));
  await page.waitForFunction(() => /%/.test(document.querySelector('.found')?.textContent ?? ''));
  await opened.settled();
  const said = await page.locator('.found').innerText();
  sameShare(sum((run) => holds(run, 'loads') || holds(run, 'SocketIO.readinto')), 'search', Number(/([\d.]+) %/.exec(said)?.[1]));
  assert.ok(opened.hash().includes('search=json'), 'the search is not in the address');
  await page.locator('[role=searchbox], input[type=search]').fill('(');
  await opened.settled();
  assert.deepEqual(await opened.close(), []);
}

/** @param {Session} session */
async function linkAndReload(session) {
  const hash = 'view=sandwich&metric=wait:disk&threads=1&t=collapse-library&fn=8&search=store';
  const opened = await session.open('demo', hash);
  const before = await opened.page.locator('.panel').innerText();
  await opened.page.reload();
  await opened.page.waitForSelector('body[data-ready]');
  await opened.settled();
  assert.equal(await opened.page.locator('.panel').innerText(), before);
  for (const part of hash.split('&')) assert.ok(opened.hash().includes(part), `${part} is lost: ${opened.hash()}`);
  // Nonsense in an address is the default, not an error.
  await opened.page.evaluate(() => {
    location.hash = '#view=nothing&metric=%E0%A4%A&threads=9999&fn=77777777&selected=99999999&zoom=99999&t=focus:99999999,what&range=9,1&sort.x=y&x.timeline.window=9,9&x.timeline.open=999';
  });
  for (const view of await opened.views()) await opened.view(view);
  const { errors } = opened;
  opened.requests.length = 1;
  await opened.page.close();
  assert.deepEqual(errors, []);
}

/**
 * Rows and details that stay from one state to the next are those that a page has which is opened at the address. In a large one they were
 * made before they were seen, or come some turns later.
 * @param {Session} session
 */
async function wayAndAddress(session) {
  const ways = [
    'sort.TABLE=total', 'sort.TABLE=-total&search=load', 'search=order', 'metric=wait:disk', 'metric=wait:disk&threads=1',
    'fn=8&x.functions.states=1', 'fn=8&sort.TABLE=-name', 'fn=3&t=focus:8', 'fn=3&t=focus:8,invert', '',
  ];
  const turns = (/** @type {Opened} */ { page }) =>
    page.evaluate(async () => {
      for (let turn = 0; turn < 6; turn++)
        await new Promise((done) => requestAnimationFrame(() => setTimeout(() => requestIdleCallback(done))));
    });
  for (const [name, view, table] of [
    ['demo', 'functions', 'functions'], ['large', 'functions', 'functions'], ['large', 'flame', 'flame-functions'], ['demo', 'sandwich', 'sandwich'],
  ]) {
    const opened = await session.open(name, 'view=summary');
    if (name === 'large') await turns(opened);
    const shown = (/** @type {Opened} */ { page }) =>
      page.locator('.panel').evaluate((panel) =>
        [...panel.querySelectorAll('.table-row, .inspector, canvas')].map((part) => part.outerHTML.replace(/flame\d+-/g, '')),
      );
    for (const way of ways) {
      const hash = `view=${view}&${way.replace('TABLE', table)}`;
      await opened.page.evaluate((text) => (location.hash = text), hash);
      await opened.settled();
      if (name === 'large') await turns(opened);
      const fresh = await session.open('demo', hash);
      await fresh.settled();
      assert.deepEqual(await shown(opened), await shown(fresh), hash);
      assert.deepEqual(await fresh.close(), []);
    }
    assert.deepEqual(await opened.close(), []);
  }
}

/** @param {Session} session */
async function timeRange(session) {
  const opened = await session.open('demo', 'view=timeline');
  const { page } = opened;
  await page.waitForSelector('.overview-canvas');
  await opened.settled();
  const area = await page.locator('.overview-area').boundingBox();
  assert.ok(area);
  const y = area.y + area.height / 2;
  await page.mouse.move(area.x + area.width * 0.25, y);
  await page.mouse.down();
  await page.mouse.move(area.x + area.width * 0.5, y, { steps: 4 });
  await page.mouse.up();
  await opened.settled();
  const [from, to] = (/range=(\d+),(\d+)/.exec(opened.hash()) ?? []).slice(1).map(Number);
  assert.ok(from > 0 && to > from, opened.hash());
  let part = 0;
  for (const { runs: list } of recording.threads) {
    let tick = 0;
    for (const run of list) {
      tick += run.gap ?? 0;
      const inside = Math.min(tick + run.ticks, to) - Math.max(tick, from);
      if (inside > 0) part += (inside * (run.share ?? 255)) / 255;
      tick += run.ticks;
    }
  }
  const text = await page.locator('.chips-sum').innerText();
  const seconds = Number(/^([\d.]+) (?:m?s)/.exec(text)?.[1]) * (/^[\d.]+ ms/.test(text) ? 1e3 : 1e6);
  assert.ok(Math.abs(seconds / part - 1) < 0.006, `${text} is not ${part / 1e6} s`);
  sameShare(part, 'the range', await shownShare(opened));
  // What is selected stays in other views; its end can be moved by keys; Escape takes it away.
  await opened.view('functions');
  assert.ok(opened.hash().includes('range='));
  await opened.view('timeline');
  const handle = page.locator('.overview-handle').nth(1);
  const before = Number(await handle.getAttribute('aria-valuenow'));
  await handle.press('ArrowRight');
  await opened.settled();
  assert.ok(Number(await handle.getAttribute('aria-valuenow')) > before, 'the key did not move the end');
  await handle.press('Escape');
  await opened.settled();
  assert.ok(!opened.hash().includes('range='), 'Escape did not clear the range');
  assert.deepEqual(await opened.close(), []);
}

/** CPU and memory of processes: what demo.js says, as pictures, scales and text. @param {Session} session */
async function counters(session) {
  const opened = await session.open('demo', 'view=timeline');
  const { page } = opened;
  const [cpu, memory] = [page.getByRole('img', { name: /CPU used/ }), page.getByRole('img', { name: /memory/ })];
  await cpu.waitFor();
  const painted = () =>
    cpu.evaluate((element) => {
      const canvas = /** @type {HTMLCanvasElement} */ (element);
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true });
      copy?.drawImage(canvas, 0, 0);
      const data = copy?.getImageData(0, 0, canvas.width, canvas.height).data ?? [];
      let painted = 0;
      for (let i = 3; i < data.length; i += 4) painted += Number(data[i] > 0);
      return painted / (canvas.width * canvas.height);
    });
  // 1.2 CPUs, of which the child has a half from second 1 to 2.5: 1.7 together, until 2 s.
  assert.match((await cpu.getAttribute('aria-label')) ?? '', /at most 1\.70 CPUs/);
  assert.match((await memory.getAttribute('aria-label')) ?? '', /24\.6 MB at first, at most 133 MB at 2\.\d+ s, 117 MB at the end/);
  assert.deepEqual(await page.locator('.counter-band .overview-most').allInnerTexts(), ['up to 1.70 CPUs', 'up to 133 MB when read']);
  const all = await painted();
  assert.ok(all > 0.3 && all < 0.9, `${all} of the strip is painted`);
  await page.getByLabel('Process of CPU and memory').selectOption({ label: '4313 python prices.py' });
  await opened.settled();
  assert.match(opened.hash(), /timeline\.process=1/);
  assert.match((await cpu.getAttribute('aria-label')) ?? '', /at most 0\.50 CPUs/);
  assert.ok((await painted()) < all, 'the picture is still that of all processes');
  assert.deepEqual(await opened.close(), []);
  const without = await session.open('threads', 'view=timeline');
  await without.page.waitForSelector('.track-thread');
  assert.equal(await without.page.locator('.counter-band:visible, .counter-title:visible').count(), 0, 'an empty strip');
  assert.deepEqual(await without.close(), []);
}

/** @param {Session} session */
async function timelineClick(session) {
  const opened = await session.open('demo', 'view=timeline');
  const { page } = opened;
  await page.waitForSelector('.track-thread');
  await opened.settled();
  const lane = await page.locator('.tracks-canvas').boundingBox();
  const row = await page.locator('.track-thread').first().boundingBox();
  assert.ok(lane && row);
  // The end of the main thread is render: nine tenths of its lane.
  await page.mouse.move(lane.x + lane.width * 0.95, row.y + 14);
  assert.match(await page.locator('.tooltip').innerText(), /MainThread \(main\) at 3\.8.*render/s);
  await page.mouse.click(lane.x + lane.width * 0.95, row.y + 14);
  await opened.settled();
  assert.match(await page.locator('.inspector').innerText(), /render/);
  const window = () => /timeline\.window=(\d+),(\d+)/.exec(opened.hash());
  await page.getByRole('button', { name: 'Zoom in' }).click();
  await opened.settled();
  assert.ok(window(), 'zoom is not in the address');
  await page.getByRole('button', { name: 'Whole run' }).click();
  await opened.settled();
  assert.equal(window(), null);
  assert.deepEqual(await opened.close(), []);
}

/** @param {Session} session */
async function threadsAndMetrics(session) {
  const opened = await session.open('demo', 'view=functions&threads=1');
  sameShare(sum((run) => run.thread === 1), 'one thread', await ofEverything(opened));
  sameShare(sum((run) => run.thread === 1), 'its share of the run', await shownShare(opened));
  // The sentences are of the whole run, and say so where that is not what is chosen.
  await opened.view('summary');
  const whole = opened.page.locator('.findings-whole');
  assert.ok(await whole.isVisible(), 'sentences of the whole run, of one thread');
  await whole.getByRole('button').click();
  await opened.settled();
  assert.ok(!(await whole.isVisible()) && !/threads|range|metric/.test(opened.hash()), opened.hash());
  await opened.view('functions');
  const metrics = await opened.page.locator('.tools .control select').first().locator('option').evaluateAll((options) =>
    options.map((option) => /** @type {HTMLOptionElement} */ (option).value),
  );
  for (const key of ['run', 'wall', 'cpu', 'wait:gil', 'wait:disk', 'wait:network'])
    assert.ok(metrics.includes(key), `${key} is not offered: ${metrics}`);
  for (const metric of metrics) {
    await opened.page.locator('.tools .control select').first().selectOption(metric);
    await opened.settled();
  }
  assert.deepEqual(await opened.close(), []);
}

/** Amount shown, as a share of all. @param {Opened} opened */
async function ofEverything(opened) {
  await opened.settled();
  const text = await opened.page.locator('.chips-sum').innerText();
  return (Number(/^([\d.]+) s/.exec(text)?.[1]) / (all / 1e6)) * 100;
}

/** @param {Session} session */
async function callInTimeline(session) {
  const opened = await session.open('calls', 'view=calls');
  const { page } = opened;
  const row = page.locator('#calls-0');
  await row.waitFor();
  await row.click();
  await page.getByRole('button', { name: 'Show in timeline' }).click();
  await opened.settled();
  assert.match(opened.hash(), /view=timeline/);
  assert.match(opened.hash(), /range=\d+,\d+/);
  assert.deepEqual(await opened.close(), []);
}

/** @param {Session} session */
async function diffChoices(session) {
  const opened = await session.open('diff', 'view=diff');
  const { page } = opened;
  const table = page.locator('.diff-table');
  assert.match(await table.innerText(), /− less\s+JSONDecoder\.decode/);
  assert.match(await table.innerText(), /\+ more\s+SocketIO\.readinto/);
  assert.match(await table.innerText(), /same\s+Condition\.wait/);
  const counted = (await page.locator('.diff-counted').innerText()).match(/[\d.]+ s\b/g) ?? [];
  for (const name of ['after', 'before', 'change', 'larger of both', 'shares', 'total', 'side by side', 'changes']) {
    await page.locator('.diff').getByRole('button', { name, exact: true }).click();
    await opened.settled();
    assert.equal(await page.locator('.diff').getByRole('button', { name, exact: true }).getAttribute('aria-pressed'), 'true', name);
    if (name !== 'side by side') continue;
    const [title, graph] = await Promise.all(['.diff-side-title', '.diff-side canvas'].map((part) => page.locator(part).first().boundingBox()));
    assert.ok(title && graph && title.height >= 20 && title.y + title.height <= graph.y, 'the graph covers what it is of');
    assert.equal(await page.locator('.diff-side-title').first().innerText(), `Before: 100.0 % of ${counted[0]}`);
  }
  // Shares are no times, and what boxes are as wide as, the larger of both, is nobody's amount.
  const cells = (await table.locator('[role=gridcell]').allInnerTexts()).filter((text) => /\d (?:s|ms|µs)$/.test(text));
  assert.deepEqual(cells, []);
  assert.match((await page.locator('.diff [role=treeitem]').first().textContent()) ?? '', /^everything: 100\.0 %, then 100\.0 %; no change/);
  await page.locator('.diff').getByRole('button', { name: 'amounts', exact: true }).click();
  await opened.settled();
  assert.match((await page.locator('.diff [role=treeitem]').first().textContent()) ?? '', new RegExp(`^everything: ${counted[0]}, then ${counted[1]}; −`));
  assert.deepEqual(await opened.close(), []);
}

/**
 * A link may have any number of them: their chips pushed what they leave out of the window.
 * @param {Session} session
 */
async function manyTransforms(session) {
  const many = Array.from({ length: 200 }, (_, i) => `ignore:/nothing${i}`).join(',');
  for (const view of ['timeline', 'flame']) {
    const opened = await session.open('demo', `view=${view}&t=${many}`);
    await opened.settled();
    assert.equal(await opened.page.locator('.chip').count(), 200);
    const box = await opened.page.locator('.panel:visible').first().boundingBox();
    assert.ok(box !== null && box.height > 300 && box.y < 500, `${view}: ${JSON.stringify(box)}`);
    assert.deepEqual(await opened.close(), []);
  }
}

/** @param {Session} session */
async function copying(session) {
  let tables = 0;
  for (const name of ['demo', 'calls', 'diff', 'runs', 'spark', 'hostile']) {
    const opened = await session.open(name);
    const { page } = opened;
    for (const view of await opened.views()) {
      // Of What if the terms can be copied, what its curve is drawn from cannot; a file's name of 10 kB leaves no room for its functions.
      if (view === 'what-if' || (name === 'hostile' && view === 'source')) continue;
      await opened.view(view);
      if (['operators', 'tasks'].includes(view)) await page.locator('.graph-node, .task-canvas').first().waitFor();
      const shown = await page.locator('.panel :is(table, [role=table], [role=grid], [role=treegrid]):visible').count();
      const [texts, markdowns] = ['Copy as text', 'Copy as Markdown'].map((words) => page.locator('.panel').getByRole('button', { name: words }));
      assert.deepEqual([await texts.count(), await markdowns.count()], [shown, shown], `${name}, ${view}: a table that cannot be copied`);
      for (let i = 0; i < shown; i++) {
        const what = `${name}, ${view}, table ${i}`;
        const copied = () => page.evaluate(() => String(/** @type {any} */ (window).copied));
        await texts.nth(i).click();
        const plain = (await copied()).split('\n').map((line) => line.split('\t'));
        await markdowns.nth(i).click();
        const [head, rule, ...lines] = (await copied()).split('\n');
        // What would be markup there stands behind a backslash, and spaces that are a tree's steps are kept ones.
        const cells = (/** @type {string} */ line) =>
          line.slice(2, -2).split(/ ?(?<!\\)\| ?/).map((cell) => cell.replaceAll(/(?<!\\)&nbsp;/g, ' ').replaceAll(/\\(.)/g, '$1'));
        assert.match(rule, /^\|(?: :?-+:? \|)+$/, what);
        assert.ok(lines.length > 0, `${what}: no row`);
        assert.deepEqual([head, ...lines].map(cells), plain, what);
        assert.equal(cells(rule).length, plain[0].length, what);
        tables++;
      }
    }
    assert.deepEqual(await opened.close(), []);
  }
  assert.ok(tables > 20, `only ${tables} tables`);
}

/** What is counted and what is searched for are chips, too: who comes by a link sees why numbers are small. @param {Session} session */
async function chosenChips(session) {
  const opened = await session.open('demo', 'view=flame&metric=wait:disk&search=load');
  const { page } = opened;
  const chips = async () => (await page.locator('.chip').allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' ').trim());
  assert.deepEqual(await chips(), ['of waiting for disk ×', 'search load ×']);
  await page.getByRole('button', { name: 'Remove: of waiting for disk' }).click();
  await opened.settled();
  assert.ok(!opened.hash().includes('metric='), opened.hash());
  assert.deepEqual(await chips(), ['search load ×']);
  assert.equal(await page.locator('.chips-sum').count(), 0, 'a search leaves nothing out');
  await page.goBack();
  await opened.settled();
  assert.equal((await chips()).length, 2, 'the way back');
  await page.getByRole('button', { name: 'Remove all' }).click();
  await opened.settled();
  assert.deepEqual(await chips(), []);
  assert.equal(await page.getByRole('searchbox').inputValue(), '');
  assert.deepEqual(await opened.close(), []);
}

/** @type {Record<string, (session: Session) => Promise<void>>} */
export const stateCases = {
  'each transform is a chip, is in the address, gives the right sum, and can be taken back': transforms,
  'my code only shows no libraries': ownCodeHides,
  'search says the share of time that has a match on its stack': searchShare,
  'a link shows the same again, and a broken one shows something': linkAndReload,
  'what is kept from state to state is what a page has that is opened there': wayAndAddress,
  'a range of time is chosen by dragging or by keys, and counts everywhere': timeRange,
  'CPU and memory over time are drawn, and told': counters,
  'a click on the timeline selects what ran there': timelineClick,
  'threads and metrics': threadsAndMetrics,
  'what is counted and the search are chips': chosenChips,
  'a slow call is found in the timeline': callInTimeline,
  'changes: what is beyond chance is marked with a sign, in every choice': diffChoices,
  'each table can be copied as text and as Markdown': copying,
  '200 transforms leave room for what they leave': manyTransforms,
};

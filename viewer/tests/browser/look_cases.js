// How the page looks to people who see it otherwise: with another colour vision, in the system's own colours, at 200 %, on paper.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mix, parseColour, stateColour } from '../../src/draw/palette.js';
import { colourDistance, readPng } from './png.js';

/** @typedef {import('./session.js').Session} Session */
/** @typedef {import('./session.js').Opened} Opened */

/** Side by side in the legend; a letter and hatching tell them apart besides. */
const leastDistance = 10;

/** @param {Session} session */
async function colourVision(session) {
  const opened = await session.open('demo', 'view=timeline');
  const { page } = opened;
  await page.locator('.timeline-legend .swatch').first().waitFor();
  const boxes = await page.locator('.timeline-legend .swatch').evaluateAll((all) => all.map((one) => ({ x: one.getBoundingClientRect().x, y: one.getBoundingClientRect().y, words: one.parentElement?.textContent ?? '' })));
  assert.ok(boxes.length >= 6);
  const devtools = await page.context().newCDPSession(page);
  for (const type of /** @type {const} */ (['none', 'protanopia', 'deuteranopia', 'tritanopia'])) {
    await devtools.send('Emulation.setEmulatedVisionDeficiency', { type });
    await opened.settled();
    const png = readPng(await page.screenshot());
    // Beside the letter; of hatched ones the lightest of a few pixels is the ground.
    const colours = boxes.map(({ x, y }) => [2, 3, 4].flatMap((dx) => [3, 4, 5].map((dy) => png.at(x + dx, y + dy))).sort((a, b) => b[0] + b[1] + b[2] - a[0] - a[1] - a[2])[0]);
    for (let i = 0; i < colours.length; i++)
      for (let j = 0; j < i; j++) {
        const distance = colourDistance(colours[i], colours[j]);
        assert.ok(distance >= leastDistance, `${type}: ${boxes[i].words} and ${boxes[j].words} look alike (${distance.toFixed(1)})`);
      }
  }
  assert.deepEqual(await opened.close(), []);
}

/** Of a picture: how many kinds of pixels, and how many that are neither of the system's two colours nor between them. @param {Element} canvas */
function foreignPixels(canvas) {
  const { width, height } = /** @type {HTMLCanvasElement} */ (canvas);
  const data = /** @type {HTMLCanvasElement} */ (canvas).getContext('2d')?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray();
  const { color, backgroundColor } = getComputedStyle(document.body);
  let foreign = 0;
  // The browser's forced colours are black and white here: between them is grey, which edges of letters are.
  for (let at = 0; at < data.length; at += 4)
    if (data[at + 3] > 0 && Math.max(data[at], data[at + 1], data[at + 2]) - Math.min(data[at], data[at + 1], data[at + 2]) > 8) foreign++;
  return { system: [color, backgroundColor].sort(), kinds: new Set(new Uint32Array(data.buffer)).size, foreign };
}

/** @param {Session} session */
async function forcedColours(session) {
  for (const name of ['demo', 'diff']) {
    const opened = await session.open(name, '', { forcedColors: 'active' });
    for (const view of await opened.views()) {
      await opened.view(view);
      const canvases = opened.page.locator('.panel canvas:visible');
      for (let i = 0; i < (await canvases.count()); i++) {
        const { system, kinds, foreign } = await canvases.nth(i).evaluate(foreignPixels);
        assert.deepEqual(system, ['rgb(0, 0, 0)', 'rgb(255, 255, 255)']);
        assert.ok(kinds >= 2, `${view}: canvas ${i} has ${kinds} colour`);
        assert.equal(foreign, 0, `${name}, ${view}: canvas ${i} has colours of its own`);
      }
    }
    assert.deepEqual(await opened.close(), []);
  }
}

/**
 * Blue is less, orange more, and what chance explains is grey: as the tooltip says it of the box under the pointer.
 * @param {Session} session
 */
async function changeColours(session) {
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    const opened = await session.open('diff', 'view=diff', { colorScheme });
    const { page } = opened;
    const graph = page.locator('.diff canvas').first();
    const box = await graph.boundingBox();
    assert.ok(box);
    /** @type {Record<string, number>} */
    const seen = { less: 0, more: 0, 'no change': 0 };
    const png = readPng(await graph.screenshot());
    const rows = Math.min(Math.floor(box.height / 20), 8);
    for (let row = 0; row < rows; row++)
      for (let x = 3; x < box.width; x += box.width / 16) {
        // Above the letters, below the edge.
        const at = { x: Math.round(x), y: row * 20 + 4 };
        await page.mouse.move(box.x + at.x, box.y + at.y);
        const tip = page.locator('.tooltip:visible');
        if ((await tip.count()) === 0) continue;
        const said = /: (less|more|no change) ?/.exec(await tip.innerText())?.[1];
        if (!said) continue;
        const [r, g, b] = png.at(at.x, at.y);
        const looks = b - r > 25 ? 'less' : r - b > 25 ? 'more' : 'no change';
        assert.equal(looks, said, `${colorScheme}: ${r} ${g} ${b} at ${at.x}, ${at.y}`);
        seen[said]++;
      }
    for (const [kind, count] of Object.entries(seen)) assert.ok(count > 0, `${colorScheme}: no box with ${kind}`);
    assert.deepEqual(await opened.close(), []);
  }
}

/** Graphs that are made as they are looked at have the states, too. @param {Session} session */
async function statesEverywhere(session) {
  const opened = await session.open('demo', 'view=sandwich&fn=1');
  const { page } = opened;
  const number = (/** @type {string} */ hex) => [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16)).join(' ');
  const known = new Map(['cpu', 'runnable', 'gil', 'lock', 'disk', 'network', 'collector'].map((key) => [number(stateColour(key)), key]));
  /** @param {string} name */
  const seen = async (name) => {
    const png = readPng(await page.getByRole('tree', { name }).screenshot());
    const states = new Set();
    for (let y = 0; y < png.height; y += 3) for (let x = 0; x < png.width; x += 2) states.add(known.get(png.at(x, y).join(' ')));
    states.delete(undefined);
    return [...states].sort();
  };
  assert.deepEqual(await seen('graph of callees'), []);
  await page.getByLabel('Colours', { exact: true }).selectOption('state');
  await opened.settled();
  for (const name of ['graph of callees', 'graph of callers']) {
    const states = await seen(name);
    assert.ok(states.length >= 2, `${name}: only ${states}`);
  }
  await opened.view('flame');
  // Waits are hatched here as in bars and the legend, and nothing else is.
  const whole = readPng(await page.getByRole('tree', { name: 'Flame graph of' }).screenshot());
  const pixels = new Set(Array.from({ length: whole.width * whole.height }, (_, i) => whole.at(i % whole.width, Math.floor(i / whole.width)).join(' ')));
  const striped = ['cpu', 'collector', 'gil', 'lock', 'disk', 'network'].filter((key) => pixels.has(mix(parseColour(stateColour(key)), [0, 0, 0], 0.2).join(' ')));
  assert.deepEqual(striped, ['gil', 'lock', 'disk', 'network'].filter((key) => pixels.has(number(stateColour(key)))));
  assert.ok(striped.length >= 2, 'hardly a wait to be seen');
  await page.keyboard.press('i');
  await opened.settled();
  assert.match(opened.hash(), /invert/);
  const states = await seen('Flame graph of');
  assert.ok(states.length >= 4, `inverted: only ${states}`);
  assert.deepEqual(await opened.close(), []);
}

/**
 * @param {import('playwright-core').Page} page
 * @returns {Promise<string[]>} columns of tables whose heads are as wide as something else
 */
function crooked(page) {
  return page.locator('.table').evaluateAll((tables) =>
    tables.flatMap((table) => {
      const [head, row] = ['.table-head', '.table-body .table-row'].map((rows) => table.querySelector(rows));
      const [above, below] = [head, row].map((one) => (one ? getComputedStyle(one).gridTemplateColumns : ''));
      return row && above !== below ? [`${above} / ${below}`] : [];
    }),
  );
}

/** All that can be seen of it where there is room for it. @param {Session} session */
async function places(session) {
  const opened = await session.open('demo', 'view=functions');
  const { page } = opened;
  assert.deepEqual(await crooked(page), []);
  const cut = await page.locator('.end-first').evaluateAll((all) => all.filter((one) => one.scrollWidth > one.clientWidth && (one.textContent ?? '').length <= 26).map((one) => one.textContent));
  assert.deepEqual(cut, [], 'short places are cut');
  assert.deepEqual(await opened.close(), []);
}

/** From tab to tab nothing moves, and nothing lies over something else. @param {Session} session */
async function steady(session) {
  for (const name of ['demo', 'diff', 'calls'])
    for (const viewport of [{ width: 1280, height: 800 }, { width: 1060, height: 800 }, { width: 900, height: 700 }]) {
      const opened = await session.open(name, '', { viewport });
      const { page } = opened;
      const what = `${name}, ${viewport.width} wide`;
      const tops = new Set();
      for (const view of await opened.views()) {
        await opened.view(view);
        tops.add((await page.locator('.panel').boundingBox())?.y);
      }
      if (name === 'calls') {
        await opened.view('calls');
        assert.equal(await page.locator('.tools :is(select, input):visible').count(), 0, 'calls are counted of all threads and kinds of time');
      }
      assert.equal(tops.size, 1, `${what}: views begin at ${[...tops].join(', ')}`);
      if (viewport.width === 1280) assert.ok(Math.max(...tops) < 100, `${what}: the bar has two lines`);
      const [facts, icon] = [await page.locator('.facts').first().boundingBox(), await page.locator('.icon').first().boundingBox()];
      assert.ok(facts && icon && facts.x + facts.width <= icon.x, `${what}: buttons lie over the facts`);
      if (name === 'diff') {
        await opened.view('diff');
        const [control, graph] = [await page.locator('.diff .view-bar .control').last().boundingBox(), await page.locator('.diff-graphs').boundingBox()];
        assert.ok(control && graph && control.y + control.height <= graph.y, `${what}: the graph lies over the choices`);
      }
      assert.deepEqual(await opened.close(), []);
    }
}

/** Each of its own width, also while it is sorted by. @param {Session} session */
async function heads(session) {
  session.writePlain('waits', { threads: [{ runs: ['cpu', 'runnable', 'gil', 'collector', 'network'].map((state) => ({ ticks: 100, stack: ['main'], state })) }] });
  const opened = await session.open('waits', 'view=functions&x.functions.states=1');
  const { page } = opened;
  const cells = page.locator('.panel [role=columnheader]');
  const titles = await cells.allTextContents();
  assert.ok(titles.includes('wait: CPU') && titles.includes('wait: GIL') && titles.includes('running'), `${titles}`);
  assert.ok(!titles.includes('CPU'), 'a wait is called CPU, as if it were time on it');
  for (const [i, title] of titles.entries()) {
    await cells.nth(i).evaluate((cell) => cell.querySelector('button')?.click());
    await opened.settled();
    const cut = await cells.nth(i).evaluate((cell) => (cell.querySelector('button')?.offsetWidth ?? cell.scrollWidth) - cell.clientWidth);
    assert.ok(cut <= 0, `${title} is cut by ${cut} pixels`);
  }
  assert.deepEqual(await opened.close(), []);
}

/** @param {Session} session */
async function zoomed(session) {
  // 1280 x 800 at 200 % has room for half of it.
  for (const name of ['demo', 'calls', 'diff']) {
    const opened = await session.open(name, '', { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 });
    const { page } = opened;
    for (const view of await opened.views()) {
      await opened.view(view);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= 640, `${name}, ${view}: ${width} pixels wide`);
      const tab = await page.locator(`#tab-${view}`).boundingBox();
      assert.ok(tab && tab.x >= 0 && tab.x + tab.width <= 640, `${view}: its tab is out of sight`);
      const panel = await page.locator('.panel > *').boundingBox();
      assert.deepEqual(await crooked(page), [], `${name}, ${view}: heads do not stand above their columns`);
      assert.ok(panel && panel.height >= 100, `${name}, ${view}: ${panel?.height} pixels are left for it`);
    }
    assert.deepEqual(await opened.close(), []);
  }
}

/**
 * As a person prints: the browser tells the page before it lays it out for paper.
 * @param {Session} session
 */
async function print(session) {
  for (const [name, view] of [['demo', 'timeline'], ['threads', 'functions'], ['calls', 'calls'], ['diff', 'diff'], ['spark', 'operators'], ['hostile', 'summary']]) {
    const opened = await session.open(name, `view=${view}`);
    const { page } = opened;
    await page.evaluate(() => {
      // Behind the page's own listener: what it has made.
      addEventListener('beforeprint', () => {
        const report = document.querySelector('.print-report');
        const picture = report?.querySelector('canvas');
        const pixels = picture?.getContext('2d')?.getImageData(0, 0, picture.width, picture.height).data ?? [];
        const rowsOf = (/** @type {string} */ table) => [...(report?.querySelectorAll(`${table} tbody tr`) ?? [])].map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent ?? ''));
        const [rows, changes] = [rowsOf('.functions'), rowsOf('.changes')];
        const facts = [...(report?.querySelectorAll('.facts') ?? [])].map((side) => side.textContent);
        const { summary, sides } = JSON.parse(document.getElementById('head')?.textContent ?? '');
        const sentences = summary.map((/** @type {any} */ { parts }) => parts.map((/** @type {any} */ part) => part.t).join(''));
        const seen = { text: report?.textContent ?? '', rows, changes, facts, colours: new Set(new Uint32Array(Uint8Array.from(pixels).buffer)).size, sentences, command: sides.at(-1).command };
        Object.assign(window, { printed: seen });
      });
    });
    const pdf = await page.pdf({ format: 'A4' });
    const pages = pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length;
    assert.equal(pages, 1, `${name}: a report of one page has ${pages}`);
    const { text, rows, changes, facts, colours, sentences, command } = await page.evaluate(() => /** @type {any} */ (window).printed);
    assert.ok(colours > 4, `${name}: the flame graph has ${colours} colours`);
    assert.ok(rows.length >= 5, `${name}: ${rows.length} functions`);
    for (const row of rows) assert.match(row.join(' '), /^<?[\d.]+ % \S+ (?:\S+ )*<?[\d.]+ % /, name);
    if (name !== 'hostile') for (const words of [command, ...sentences]) assert.ok(text.includes(words), `${name}: ${words} is not printed`);
    for (const row of rows) assert.ok(row.at(-1).length < 40 || row.at(-1).startsWith('…'), `${name}: ${row.at(-1)} is cut and does not say so`);
    const heads = await page.locator('.head .facts').allInnerTexts();
    for (const [i, side] of heads.entries()) assert.ok(facts[i].includes(side.split(' · ').find((words) => /lost|missed/.test(words)) ?? ''), `${name}: ${facts[i]} has not the losses of ${side}`);
    if (name === 'diff') {
      assert.deepEqual(facts.map((/** @type {string} */ side) => side.split(':')[0]), ['before', 'after']);
      assert.ok(changes.length >= 2, `${changes.length} changes`);
      for (const row of changes) assert.match(row.join(' '), /^[\d.]+ m?s [\d.]+ m?s ([+−])[\d.]+ m?s \1[\d.]+ % \w/);
    }
    assert.equal(await page.locator('.print-report').count(), 0, 'what was printed stays on the screen');
    assert.deepEqual(await opened.close(), []);
  }
}

/** @param {Session} session */
async function theme(session) {
  const opened = await session.open('demo', 'view=flame', { colorScheme: 'light' });
  const { page } = opened;
  const light = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.getByRole('button', { name: 'Dark colours' }).click();
  await opened.settled();
  const dark = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.notEqual(dark, light);
  for (const view of await opened.views()) await opened.view(view);
  await page.getByRole('button', { name: 'Light colours' }).click();
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), light);
  assert.deepEqual(await opened.close(), []);
}

/** Words of the summary and where they are. @param {Opened} opened */
function sentences({ page }) {
  return page.locator('.command .name, .findings p').evaluateAll((all) =>
    all.map((one) => ({ text: one.textContent?.slice(0, 1000), y: Math.round(one.getBoundingClientRect().y), x: Math.round(one.getBoundingClientRect().x) })),
  );
}

/**
 * What is seen while the program is unpacked and the data are read: nothing moves when they are there.
 * @param {Session} session
 */
async function greeting(session) {
  const program = /(<script type="text\/plain" id="program"[^>]*>)[^<]*(<\/script>)/;
  for (const [name, options] of /** @type {const} */ ([['threads', {}], ['diff', {}], ['hostile', {}], ['threads', { viewport: { width: 2560, height: 1440 } }]])) {
    const html = readFileSync(session.files.get(name) ?? '', 'utf8');
    const greeted = html.replace(program, '').replace(/<script>\n[^]*?\n<\/script>/, '');
    session.write('greeted', greeted.replace('<body>', '<body data-ready>'));
    const first = await session.open('greeted', '', options);
    await first.page.locator('#greeting').waitFor();
    const whole = await session.open(name, '', options);
    assert.equal(await whole.page.locator('#greeting').count(), 0);
    const [before, after] = [await sentences(first), await sentences(whole)];
    // What there is to choose in a comparison takes a second line at this width, and so do names of 10 kB.
    if (name !== 'threads') for (const one of [...before, ...after]) one.x = one.y = 0;
    assert.deepEqual(before, after, name);
    assert.deepEqual(await first.close(), [], name);
    const elsewhere = await session.open('greeted', 'view=functions', options);
    assert.equal(await elsewhere.page.locator('.findings').count(), 0);
    for (const opened of [whole, elsewhere]) await opened.close();
  }
  const html = readFileSync(session.files.get('threads') ?? '', 'utf8');
  session.write('cut', html.replace(program, '$1AAAA$2'));
  const cut = await session.open('cut');
  assert.match(await cut.page.locator('.failure').innerText(), /program cannot be unpacked/);
  await cut.close();
}

/** @type {Record<string, (session: Session) => Promise<void>>} */
export const lookCases = {
  'the summary is there before the program, in the same place': greeting,
  'states are told apart with every colour vision': colourVision,
  'inverted, callers and callees: boxes by state': statesEverywhere,
  'with the system’s colours every picture has something in it, and no colours but those': forcedColours,
  'changes: the colour of each box is what its tooltip says': changeColours,
  'at 200 % nothing is cut off': zoomed,
  'columns stand below their heads, and places are to be read': places,
  'tabs leave everything where it is, and nothing lies over something else': steady,
  'heads of columns are whole, and no wait is called CPU': heads,
  'printed from any view it is one page, with sentences, picture and functions': print,
  'dark and light': theme,
};

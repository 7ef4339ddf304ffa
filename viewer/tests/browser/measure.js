// How fast a page is, in Chromium: node measure.js KIND ADDRESS [FILE], prints JSON. Used by bench/view.py.
//
// The browser runs already and has shown a page; nothing but a watcher of some lines is put into the measured one before it is ready.
// first_ms: from navigation to the first picture. whole_ms: until all that the page reads by itself is read. tab_ms, functions_ms, sandwich_ms, timeline_ms: the first click on the tab of
// the flame graph and of these views; metric_ms: something else is counted, all sums are others. What the others are stands at `transforms` and `ranges`. All of them: from the input to the end of the last
// long task that it caused, or to the frame that shows its last change, or to the second frame after it if there was none. heap_mb: JavaScript's heap with its buffers, after a
// collection; most_heap_mb: the most of it after one of the clicks that make trees or sums of their own.

import { chromium } from 'playwright-core';
import { browsers, findBrowser } from './browsers.js';

/** @typedef {import('playwright-core').Page} BrowserPage */

const quietMs = 700;
const patienceMs = Number(process.env.MEASURE_PATIENCE_MS ?? 110_000);

/** Remembers long tasks, what the user did, and when the page said that it is ready. Runs in the page. */
function watch() {
  const seen = { lastTask: 0, input: 0, shown: 0, ready: 0, whole: 0, kinds: ['click', 'input'] };
  Object.assign(globalThis, { seen });
  for (const kind of ['click', 'input', 'keydown', 'pointerup'])
    addEventListener(kind, (event) => seen.kinds.includes(kind) && (seen.input ||= event.timeStamp), { capture: true });
  // The browser's own measure, which interaction to next paint is made of; in steps of 8 ms, and nothing below 16.
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      if (seen.kinds.includes(entry.name))
        seen.shown = Math.max(seen.shown, entry.startTime + entry.duration);
  }).observe(/** @type {PerformanceObserverInit} */ ({ type: 'event', durationThreshold: 16 }));
  // What is done later, by a timer, changes the page later; what is only said aloud may take its time.
  new MutationObserver((changes) => {
    const told = changes.every(({ target }) =>
      (target instanceof Element ? target : target.parentElement)?.closest('[aria-live]'),
    );
    if (!told) requestAnimationFrame(() => setTimeout(() => (seen.shown = Math.max(seen.shown, performance.now()))));
  }).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seen.lastTask = entry.startTime + entry.duration;
  }).observe({ type: 'longtask', buffered: true });
  new MutationObserver(() => {
    if (seen.ready === 0 && document.body?.hasAttribute('data-ready')) seen.ready = performance.now();
    if (seen.whole === 0 && document.body?.hasAttribute('data-complete')) seen.whole = performance.now();
  }).observe(document, { attributes: true, subtree: true, childList: true });
}

/** @typedef {{lastTask: number, input: number, shown: number, kinds: string[]}} Seen */

/** What the user does, as the page hears of it. */
const clicks = ['click', 'input'];

/**
 * From the browser's stamp of the click or of what was typed until the frame that came of it was shown, or the last long task
 * behind that ended: what it takes a test to find the place and to move the mouse there is its own time.
 * @param {BrowserPage} page
 * @param {() => Promise<unknown>} act
 * @param {string[]} [kinds] events of which the first is the beginning
 * @returns {Promise<number>} ms; 16: at most
 */
async function timed(page, act, kinds = clicks) {
  await page.evaluate((kinds) => {
    const { seen } = /** @type {{seen: Seen}} */ (/** @type {unknown} */ (globalThis));
    Object.assign(seen, { kinds, lastTask: 0, input: 0, shown: 0 });
  }, kinds);
  await act();
  return page.evaluate(
    (quiet) =>
      new Promise((resolve, reject) => {
        const { seen } = /** @type {{seen: Seen}} */ (/** @type {unknown} */ (globalThis));
        let painted = 0;
        requestAnimationFrame(() => requestAnimationFrame(() => (painted = performance.now())));
        const look = () => {
          if (painted === 0 || performance.now() - Math.max(seen.lastTask, seen.shown, painted) <= quiet) setTimeout(look, 50);
          else if (seen.input === 0) reject(new Error('the page heard of nothing'));
          else resolve(Math.round(Math.max(seen.shown, seen.lastTask, seen.input + 16) - seen.input));
        };
        look();
      }),
    quietMs,
  );
}

/** @param {BrowserPage} page @param {string} key @returns {Promise<number>} */
function pressed(page, key) {
  return timed(page, () => page.keyboard.press(key), ['keydown']);
}

/**
 * What comes by the address begins when it is asked for: a link, the back button.
 * @param {BrowserPage} page
 * @param {string | null} hash null: back
 * @returns {Promise<number>}
 */
function gone(page, hash) {
  const go = () =>
    page.evaluate((to) => {
      const { seen } = /** @type {{seen: Seen}} */ (/** @type {unknown} */ (globalThis));
      seen.input = performance.now();
      if (to === null) history.back();
      else location.hash = to;
    }, hash);
  return timed(page, go, []);
}

/**
 * Until the page says that it is complete. Waiting for a selector would put a script of 80 ms into the page while it starts.
 * @param {BrowserPage} page
 * @param {string} address
 */
async function openQuietly(page, address) {
  const session = await page.context().newCDPSession(page);
  await session.send('Page.navigate', { url: address });
  const end = Date.now() + patienceMs;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { result } = await session.send('Runtime.evaluate', { expression: 'globalThis.seen?.whole > 0' });
    if (result.value === true) return;
    if (Date.now() > end) throw new Error('the page did not become complete');
  }
}

/**
 * @param {BrowserPage} page
 * @param {import('playwright-core').Locator} box
 * @returns {Promise<number>} until a word that comes at once is found; the box is empty then
 */
async function searched(page, box) {
  await box.focus();
  const ms = await timed(page, () => page.keyboard.insertText('parse'));
  await timed(page, () => box.fill(''));
  return ms;
}

/** @param {BrowserPage} page */
async function heapMb(page) {
  const session = await page.context().newCDPSession(page);
  // What a collection frees is given back a moment later, by another thread.
  for (let i = 0; i < 2; i++) {
    await session.send('HeapProfiler.collectGarbage');
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const usage = /** @type {{usedSize: number, backingStorageSize?: number}} */ (
    await session.send('Runtime.getHeapUsage')
  );
  return Math.round((usage.usedSize + (usage.backingStorageSize ?? 0)) / 1e5) / 10;
}

/** What the keyboard does to the tree. */
const transformKeys = { focus: 'f', ignore: 'd', merge: 'm', recursion: 'r', collapse: 'c', own: 'o', invert: 'i' };

/**
 * The same of what changes trees and sums, on the flame graph's tab with its inspector and table, each from everything and taken
 * back behind.
 * @param {BrowserPage} page
 * @returns {Promise<Record<string, number>>}
 */
async function transforms(page) {
  const threads = page.locator('.tools .control select').nth(1);
  const thread_ms = await timed(page, () => threads.selectOption({ index: 1 }));
  await timed(page, () => threads.selectOption({ index: 0 }));
  const half = await page.evaluate(() => {
    const count = document.querySelectorAll('.tools .control select')[1].querySelectorAll('option[value^="t:"]').length;
    return Array.from({ length: Math.ceil(count / 2) }, (_, i) => i).join(',');
  });
  const threads_ms = await gone(page, `view=flame&threads=${half}`);
  await gone(page, 'view=flame');
  // The function with most time of its own.
  const select_ms = await timed(page, () => page.locator('.panel [role=row][id]').first().click());
  /** @type {Record<string, number>} */
  const found = { thread_ms, threads_ms, select_ms };
  for (const [name, key] of Object.entries(transformKeys)) {
    found[`${name}_ms`] = await pressed(page, key);
    found.back_ms = Math.max(found.back_ms ?? 0, await gone(page, null));
  }
  found.states_ms = await timed(page, () => page.getByLabel('Colours', { exact: true }).selectOption('state'));
  await gone(page, null);
  return found;
}

/**
 * After everything was measured, for a collection of garbage takes compiled code with it.
 * @param {BrowserPage} page
 * @returns {Promise<number>} the most of it with a transform and in a range of time
 */
async function mostHeapMb(page) {
  let most = 0;
  for (const key of Object.values(transformKeys)) {
    await pressed(page, key);
    most = Math.max(most, await heapMb(page));
    await gone(page, null);
  }
  return most;
}

/**
 * A half of the time, chosen on the timeline, then looked at as a flame graph, then taken away there.
 * @param {BrowserPage} page
 * @param {(name: RegExp) => Promise<number>} opened
 * @returns {Promise<[Record<string, number>, string]>} and the address of that flame graph
 */
async function ranges(page, opened) {
  await opened(/timeline/i);
  const area = await page.locator('.overview-area').boundingBox();
  if (!area) throw new Error('there is no timeline');
  const y = area.y + area.height / 2;
  await page.mouse.move(area.x + area.width / 4, y);
  await page.mouse.down();
  for (let i = 1; i <= 10; i++) await page.mouse.move(area.x + (area.width * (5 + i)) / 20, y);
  const range_ms = await timed(page, () => page.mouse.up(), ['pointerup']);
  const range_flame_ms = await opened(/flame/i);
  const hash = await page.evaluate(() => location.hash.slice(1));
  const unrange_ms = await timed(page, () => page.locator('.chip button').click());
  return [{ range_ms, range_flame_ms, unrange_ms }, hash];
}

/**
 * @param {BrowserPage} page
 * @returns {Promise<number>} until a word that was typed into the command box has its choices
 */
async function commanded(page) {
  await page.keyboard.press('Control+k');
  const ms = await timed(page, () => page.keyboard.insertText('render_page'));
  await page.keyboard.press('Escape');
  return ms;
}

/** @type {Record<string, (page: BrowserPage, file: string) => Promise<Record<string, number>>>} */
const kinds = {
  async barograph(page) {
    const { paint_ms, first_ms, whole_ms } = await page.evaluate(() => {
      const { seen } = /** @type {{seen: {ready: number, whole: number}}} */ (/** @type {unknown} */ (globalThis));
      const paint = performance.getEntriesByName('first-contentful-paint')[0];
      return {
        paint_ms: Math.round(paint.startTime),
        first_ms: Math.round(seen.ready),
        whole_ms: Math.round(seen.whole),
      };
    });
    const tab_ms = await timed(page, () => page.getByRole('tab', { name: /flame/i }).click());
    const canvas = page.locator('canvas[aria-label*="flame" i]:visible');
    const graph = await canvas.boundingBox();
    if (!graph) throw new Error('there is no flame graph');
    const zoom_ms = await timed(page, () => page.mouse.click(graph.x + graph.width / 3, graph.y + 10 * 18 + 9));
    const search_ms = await searched(page, page.getByRole('searchbox').first());
    const opened = (/** @type {RegExp} */ name) => timed(page, () => page.getByRole('tab', { name }).click());
    const functions_ms = await opened(/functions/i);
    const sort_ms = await timed(page, () => page.getByRole('columnheader').nth(1).click());
    const sandwich_ms = await opened(/sandwich/i);
    const timeline_ms = await opened(/timeline/i);
    await opened(/flame/i);
    const metric_ms = await timed(page, () => page.locator('.tools .control select').first().selectOption({ index: 1 }));
    await gone(page, 'view=flame');
    const transformed = await transforms(page);
    const [ranged, hash] = await ranges(page, opened);
    await opened(/sandwich/i);
    const other_ms = await timed(page, () => page.locator('.panel [role=row][id]').nth(3).click());
    const source_ms = await opened(/source/i);
    const palette_ms = await commanded(page);
    await gone(page, 'view=flame');
    const heap_mb = await heapMb(page);
    await page.locator('.panel [role=row][id]').first().click();
    const whole = await mostHeapMb(page);
    // The same in a part of the time.
    await gone(page, hash);
    const most_heap_mb = Math.max(heap_mb, whole, await mostHeapMb(page));
    const first = { paint_ms, first_ms, whole_ms, tab_ms, zoom_ms, search_ms, functions_ms, sort_ms, sandwich_ms, timeline_ms, metric_ms };
    return { ...first, ...transformed, ...ranged, other_ms, source_ms, palette_ms, heap_mb, most_heap_mb };
  },

  /** A picture that is finished when it is loaded. */
  async inferno(page) {
    const first_ms = await page.evaluate(() => Math.round(performance.now()));
    // Some box that is neither all nor next to nothing, where it is in sight.
    const place = await page.evaluate(() => {
      for (const box of document.querySelectorAll('rect')) {
        const { x, y, width, height } = box.getBoundingClientRect();
        if (width > 100 && width < innerWidth / 2 && y > 0 && y + height < innerHeight)
          return { x: x + width / 2, y: y + height / 2 };
      }
      return null;
    });
    /** @type {Record<string, number>} */
    const found = { first_ms };
    if (place) found.zoom_ms = await timed(page, () => page.mouse.click(place.x, place.y));
    return found;
  },

  async pprof(page) {
    await page.waitForSelector('.boxbg', { timeout: patienceMs });
    const first_ms = await page.evaluate(() => Math.round(performance.now()));
    const search_ms = await searched(page, page.locator('#search'));
    return { first_ms, search_ms };
  },

  async speedscope(page, file) {
    const input = page.locator('input[type=file]').first();
    await input.waitFor({ state: 'attached' });
    const start = await page.evaluate(() => performance.now());
    await input.setInputFiles(file);
    // The views of a profile have their names once it is read; the frame after that has the picture.
    await page.getByText(/left heavy/i).first().waitFor({ timeout: patienceMs });
    const end = await page.evaluate(
      () => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now())))),
    );
    return { first_ms: Math.round(Number(end) - start) };
  },
};

const [kind, address, file = ''] = process.argv.slice(2);
const executablePath = findBrowser(browsers.chromium) ?? '';
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
try {
  const warm = await browser.newPage();
  await warm.goto('data:text/html,<p>warm</p>');
  await warm.close();
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.addInitScript(watch);
  if (kind === 'barograph') await openQuietly(page, address);
  else await page.goto(address, { timeout: patienceMs });
  const found = await kinds[kind](page, file);
  console.log(JSON.stringify({ heap_mb: await heapMb(page), ...found }));
} finally {
  await browser.close();
}

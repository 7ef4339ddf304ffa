// How fast a page is, in Chromium: node measure.js KIND ADDRESS [FILE], prints JSON. Used by bench/view.py.
//
// The browser runs already and has shown a page; nothing but a watcher of some lines is put into the measured one before it is ready.
// first_ms: from navigation to the first picture. whole_ms: until all that the page reads by itself is read. tab_ms, functions_ms, sandwich_ms, timeline_ms: the first click on the tab of
// the flame graph and of these views; metric_ms: something else is counted, all sums are others. They, zoom_ms, search_ms and sort_ms: from the input to the end of the last long task
// that it caused, or to the second frame after it if there was none. heap_mb: JavaScript's heap with its buffers, after a
// collection.

import { chromium } from 'playwright-core';
import { browsers, findBrowser } from './browsers.js';

/** @typedef {import('playwright-core').Page} BrowserPage */

const quietMs = 700;
const patienceMs = Number(process.env.MEASURE_PATIENCE_MS ?? 110_000);

/** Remembers long tasks, what the user did, and when the page said that it is ready. Runs in the page. */
function watch() {
  const seen = { lastTask: 0, input: 0, shown: 0, ready: 0, whole: 0 };
  Object.assign(globalThis, { seen });
  for (const kind of ['click', 'input'])
    addEventListener(kind, (event) => (seen.input ||= event.timeStamp), { capture: true });
  // The browser's own measure, which interaction to next paint is made of; in steps of 8 ms, and nothing below 16.
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries())
      if (entry.name === 'click' || entry.name === 'input')
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

/**
 * From the browser's stamp of the click or of what was typed until the frame that came of it was shown, or the last long task
 * behind that ended: what it takes a test to find the place and to move the mouse there is its own time.
 * @param {BrowserPage} page
 * @param {() => Promise<unknown>} act
 * @returns {Promise<number>} ms; 16: at most
 */
async function timed(page, act) {
  await page.evaluate(() => {
    const { seen } = /** @type {{seen: {lastTask: number, input: number, shown: number}}} */ (/** @type {unknown} */ (globalThis));
    seen.lastTask = seen.input = seen.shown = 0;
  });
  await act();
  return page.evaluate(
    (quiet) =>
      new Promise((resolve, reject) => {
        const { seen } = /** @type {{seen: {lastTask: number, input: number, shown: number}}} */ (/** @type {unknown} */ (globalThis));
        let painted = 0;
        requestAnimationFrame(() => requestAnimationFrame(() => (painted = performance.now())));
        const look = () => {
          if (painted === 0 || performance.now() - Math.max(seen.lastTask, painted) <= quiet) setTimeout(look, 50);
          else if (seen.input === 0) reject(new Error('the page heard of nothing'));
          else resolve(Math.round(Math.max(seen.shown, seen.lastTask, seen.input + 16) - seen.input));
        };
        look();
      }),
    quietMs,
  );
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
  await session.send('HeapProfiler.collectGarbage');
  const usage = /** @type {{usedSize: number, backingStorageSize?: number}} */ (
    await session.send('Runtime.getHeapUsage')
  );
  return Math.round((usage.usedSize + (usage.backingStorageSize ?? 0)) / 1e5) / 10;
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
    const metric_ms = await timed(page, () => page.locator('.tools select').first().selectOption({ index: 1 }));
    return { paint_ms, first_ms, whole_ms, tab_ms, zoom_ms, search_ms, functions_ms, sort_ms, sandwich_ms, timeline_ms, metric_ms };
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
  console.log(JSON.stringify({ ...found, heap_mb: await heapMb(page) }));
} finally {
  await browser.close();
}

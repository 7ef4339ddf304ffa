// How fast a page is, in Chromium: node measure.js KIND ADDRESS [FILE], prints JSON. Used by bench/view.py.
//
// The browser runs already and has shown a page; nothing but a watcher of some lines is put into the measured one before it is ready.
// first_ms: from navigation to the first picture. whole_ms: until all that the page reads by itself is read. zoom_ms, search_ms, sort_ms: from the input to the end of the last long task
// that it caused, or to the second frame after it if there was none. heap_mb: JavaScript's heap with its buffers, after a
// collection.

import { chromium } from 'playwright-core';
import { browsers, findBrowser } from './browsers.js';

/** @typedef {import('playwright-core').Page} BrowserPage */

const quietMs = 700;
const patienceMs = Number(process.env.MEASURE_PATIENCE_MS ?? 110_000);

/** Remembers long tasks, and when the page said that it is ready. Runs in the page. */
function watch() {
  const seen = { lastTask: 0, ready: 0, whole: 0 };
  Object.assign(globalThis, { seen });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seen.lastTask = entry.startTime + entry.duration;
  }).observe({ type: 'longtask', buffered: true });
  new MutationObserver(() => {
    if (seen.ready === 0 && document.body?.hasAttribute('data-ready')) seen.ready = performance.now();
    if (seen.whole === 0 && document.body?.hasAttribute('data-complete')) seen.whole = performance.now();
  }).observe(document, { attributes: true, subtree: true, childList: true });
}

/**
 * @param {BrowserPage} page
 * @param {() => Promise<unknown>} act
 * @returns {Promise<number>}
 */
async function timed(page, act) {
  const start = await page.evaluate(() => {
    /** @type {{seen: {lastTask: number}, frames: number}} */ (/** @type {unknown} */ (globalThis)).seen.lastTask = 0;
    return performance.now();
  });
  await act();
  return page.evaluate(
    ({ start, quiet }) =>
      new Promise((resolve) => {
        const seen = /** @type {{seen: {lastTask: number}}} */ (/** @type {unknown} */ (globalThis)).seen;
        let painted = 0;
        requestAnimationFrame(() => requestAnimationFrame(() => (painted = performance.now())));
        const look = () => {
          const now = performance.now();
          if (painted > 0 && now - Math.max(seen.lastTask, painted) > quiet)
            resolve(Math.round((seen.lastTask > start ? seen.lastTask : painted) - start));
          else setTimeout(look, 50);
        };
        look();
      }),
    { start, quiet: quietMs },
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
    const { first_ms, whole_ms } = await page.evaluate(() => {
      const { seen } = /** @type {{seen: {ready: number, whole: number}}} */ (/** @type {unknown} */ (globalThis));
      return { first_ms: Math.round(seen.ready), whole_ms: Math.round(seen.whole) };
    });
    const graph = await page.getByLabel(/flame/i).first().boundingBox();
    if (!graph) throw new Error('there is no flame graph');
    const zoom_ms = await timed(page, () => page.mouse.click(graph.x + graph.width / 3, graph.y + 10 * 18 + 9));
    const search_ms = await timed(page, () => page.getByRole('searchbox').first().fill('parse'));
    await page.getByRole('searchbox').first().fill('');
    await page.getByRole('tab', { name: /functions/i }).click();
    const header = page.getByRole('columnheader').nth(1);
    await header.waitFor({ timeout: patienceMs });
    const sort_ms = await timed(page, () => header.click());
    const timeline_ms = await timed(page, () => page.getByRole('tab', { name: /timeline/i }).click());
    return { first_ms, whole_ms, zoom_ms, search_ms, sort_ms, timeline_ms };
  },

  /** A picture that is finished when it is loaded. */
  async inferno(page) {
    const first_ms = await page.evaluate(() => Math.round(performance.now()));
    const size = page.viewportSize() ?? { width: 1280, height: 800 };
    const zoom_ms = await timed(page, () => page.mouse.click(size.width / 3, size.height / 2));
    return { first_ms, zoom_ms };
  },

  async pprof(page) {
    await page.waitForSelector('.boxbg', { timeout: patienceMs });
    const first_ms = await page.evaluate(() => Math.round(performance.now()));
    const search_ms = await timed(page, () => page.locator('#search').fill('parse'));
    return { first_ms, search_ms };
  },

  async speedscope(page, file) {
    const input = page.locator('input[type=file]').first();
    await input.waitFor({ state: 'attached' });
    const first_ms = await timed(page, () => input.setInputFiles(file));
    return { first_ms };
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

// The same pages in Firefox: that each view is there and says what it says in Chromium is not for one engine to know.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { demoDiff, demoRecording } from '../support/demo.js';
import { pageHtml } from '../support/plain.js';
import { Bidi } from './bidi.js';
import { browsers, findBrowser, whySkipped } from './browsers.js';

const frames = 'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(""))))';
const ready = `new Promise((done) => { const look = () => document.body.dataset.ready ? done('ready') : setTimeout(look, 20); look(); })`;

test('every view in Firefox, without an error and without a request', { skip: whySkipped(browsers.firefox), timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'barograph-pages-'));
  const bidi = await Bidi.start(findBrowser(browsers.firefox) ?? '');
  try {
    for (const [name, recording] of /** @type {const} */ ([['demo', demoRecording()], ['diff', demoDiff()]])) {
      const file = join(folder, `${name}.html`);
      writeFileSync(file, pageHtml(recording));
      const url = pathToFileURL(file).href;
      await bidi.go(url);
      assert.equal(await bidi.evaluate(ready), 'ready');
      const views = (await bidi.evaluate(`[...document.querySelectorAll('[role=tab]')].map((tab) => tab.id.slice(4)).join()`)).split(',');
      assert.ok(views.length >= 6, `${name}: ${views}`);
      for (const view of views) {
        await bidi.evaluate(`document.getElementById('tab-${view}').click(); ${frames}`);
        const text = await bidi.evaluate(`document.querySelector('.panel').innerText`);
        assert.ok(text.length > 200, `${name}, ${view}: ${text}`);
        const drawn = await bidi.evaluate(`String([...document.querySelectorAll('.panel canvas')].every((canvas) => canvas.clientWidth === 0 || new Set(new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size > 1))`);
        assert.equal(drawn, 'true', `${name}, ${view}: a picture with nothing in it`);
      }
      assert.deepEqual(bidi.errors, [], name);
      assert.deepEqual(bidi.requests.filter((address) => /^https?:/.test(address)), [], name);
    }
    // What is measured in Chromium holds here: the search's union, by its own regular expressions.
    await bidi.evaluate(`location.hash = '#view=functions&search=json%7Creadinto'; ${frames}`);
    assert.match(await bidi.evaluate(`document.querySelector('.found').textContent`), /[\d.]+ %/);
  } finally {
    await bidi.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});

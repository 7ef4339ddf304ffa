// Pictures of every view for docs/, of the invented shop of tests/support/demo.js: `npm --prefix viewer run screenshots`, after
// `make viewer`, when the looks have changed. Browsers and fonts differ, so they are made by hand and not compared.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { browsers, findBrowser } from './tests/browser/browsers.js';
import { demoDiff, demoRecording } from './tests/support/demo.js';
import { pageHtml } from './tests/support/plain.js';

const target = fileURLToPath(new URL('../docs/images', import.meta.url));
/** @type {[string, 'demo' | 'diff', string, 'light' | 'dark'][]} name, page, hash, colours */
const pictures = [
  ['summary', 'demo', 'view=summary', 'light'],
  ['flame', 'demo', 'view=flame&selected=5&fn=4', 'light'],
  ['sandwich', 'demo', 'view=sandwich&fn=4', 'light'],
  ['functions', 'demo', 'view=functions', 'light'],
  ['timeline', 'demo', 'view=timeline&range=1000000,1800000', 'dark'],
  ['calls', 'demo', 'view=calls&fn=3', 'light'],
  ['source', 'demo', 'view=source&fn=3', 'dark'],
  ['changes', 'diff', 'view=diff', 'light'],
];

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'barograph-pictures-'));
  const pages = { demo: demoRecording(), diff: demoDiff() };
  for (const [name, recording] of Object.entries(pages)) writeFileSync(join(folder, `${name}.html`), pageHtml(recording));
  mkdirSync(target, { recursive: true });
  const executablePath = findBrowser(browsers.chromium);
  if (!executablePath) throw new Error(`${browsers.chromium.name} is not installed`);
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  for (const [name, page, hash, colorScheme] of pictures) {
    const context = await browser.newContext({ viewport: { width: 1120, height: 700 }, colorScheme });
    const tab = await context.newPage();
    await tab.goto(`${pathToFileURL(join(folder, `${page}.html`))}#${hash}`);
    await tab.waitForSelector('body[data-ready]');
    await tab.waitForTimeout(300);
    await tab.screenshot({ path: join(target, `view-${name}.png`) });
    await context.close();
  }
  await browser.close();
  rmSync(folder, { recursive: true });
}

await main();

// Pictures of every view for docs/, of the bookshop of examples/demo: `BAROGRAPH=... npm --prefix viewer run screenshots`, after
// `make viewer`, when the looks have changed. BEFORE and AFTER are the Pythons that the shop runs with; both are python3
// unless set. Browsers and fonts differ, so they are made by hand and not compared.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { browsers, findBrowser } from './tests/browser/browsers.js';

const target = fileURLToPath(new URL('../docs/images', import.meta.url));
const shop = fileURLToPath(new URL('../examples/demo', import.meta.url));
const barograph = process.env['BAROGRAPH'] ?? 'barograph';
/** @type {[string, 'demo' | 'diff', string, 'light' | 'dark'][]} name, page, hash, colours */
const pictures = [
  ['summary', 'demo', 'view=summary', 'light'],
  ['flame', 'demo', 'view=flame', 'light'],
  ['sandwich', 'demo', 'view=sandwich', 'light'],
  ['functions', 'demo', 'view=functions', 'light'],
  ['timeline', 'demo', 'view=timeline', 'dark'],
  ['calls', 'demo', 'view=calls', 'light'],
  ['source', 'demo', 'view=source', 'dark'],
  ['changes', 'diff', 'view=diff', 'light'],
];

/**
 * Two recordings of the shop, samples and calls, and their pages.
 * @param {string} folder
 */
function writePages(folder) {
  const cwd = join(folder, 'bookshop');
  cpSync(shop, cwd, { recursive: true });
  const recordings = ['BEFORE', 'AFTER'].map((name) => {
    const recording = join(folder, `${name}.baro`);
    const program = [process.env[name] ?? 'python3', 'bookshop.py', '--folder', `../${name}`];
    execFileSync(barograph, ['record', '-q', '--calls', '--rate', '1000', '-o', recording, '--', ...program], { cwd });
    return recording;
  });
  execFileSync(barograph, ['view', '--source', 'full', '-o', join(folder, 'demo.html'), recordings[1]]);
  execFileSync(barograph, ['view', '-o', join(folder, 'diff.html'), ...recordings]);
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'shop-'));
  writePages(folder);
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

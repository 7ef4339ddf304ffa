// Pictures of every view for docs/, of the bookshop of examples/demo and of a log of Spark: `BAROGRAPH=... npm --prefix viewer run
// screenshots [-- NAME ...]`, after `make viewer`, when the looks have changed; names are those below, all if none is given. BEFORE and AFTER are the Pythons that the shop runs with; both are python3
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
const log = fileURLToPath(new URL('../bench/data/spark/s35-join_agg/local-1795263159347.gz', import.meta.url));
/** The same job on one slot. */
const slowLog = fileURLToPath(new URL('../bench/data/spark/s35-join_agg-1slot/local-1795264374684.gz', import.meta.url));
const barograph = process.env['BAROGRAPH'] ?? 'barograph';
/** In a hash: the operator with most time on the critical path. */
const longest = '{longest}';
const small = { width: 1280, height: 800 };
const large = { width: 2560, height: 1440 };
/** @type {[string, 'demo' | 'diff' | 'spark' | 'runs', string][]} name, page, hash */
const views = [
  ['summary', 'demo', 'view=summary'],
  ['flame', 'demo', 'view=flame'],
  ['sandwich', 'demo', 'view=sandwich'],
  ['functions', 'demo', 'view=functions'],
  ['timeline', 'demo', 'view=timeline'],
  ['calls', 'demo', 'view=calls'],
  ['source', 'demo', 'view=source'],
  ['changes', 'diff', 'view=diff'],
  ['changes-operators', 'runs', 'view=diff&x.diff.operator=0'],
  ['changes-graph', 'runs', 'view=diff-graph'],
  ['operators', 'spark', `view=operators&x.operators.selected=${longest}`],
  ['tasks', 'spark', 'view=tasks'],
  ['what-if', 'spark', 'view=what-if&x.what-if.set=cpu_speed=2x'],
];
/** All in light colours; the same dark, and on a large screen, of those that differ most. */
const dark = ['summary', 'flame', 'timeline', 'source', 'changes', 'operators'];
const wide = /** @type {Readonly<Record<string, 'light' | 'dark'>>} */ ({ summary: 'dark', flame: 'light', timeline: 'dark', operators: 'light' });
const pictures = views.flatMap(([name, page, hash]) => [
  { view: name, name, page, hash, colorScheme: /** @type {'light' | 'dark'} */ ('light'), viewport: small },
  ...(dark.includes(name) ? [{ view: name, name: `${name}-dark`, page, hash, colorScheme: /** @type {'light' | 'dark'} */ ('dark'), viewport: small }] : []),
  ...(wide[name] ? [{ view: name, name: `${name}-wide`, page, hash, colorScheme: wide[name], viewport: large }] : []),
]);

/**
 * Two recordings of the shop, samples and calls, and their pages.
 * @param {string} folder
 */
function writeShop(folder) {
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

/**
 * The pages of the logs.
 * @param {string} folder
 * @returns {string} the id of `longest`
 */
function writeLog(folder) {
  // Where it is: the page has a command with the recording's path.
  const here = { cwd: folder };
  execFileSync(barograph, ['import', '-q', '-o', 'job.baro', log], here);
  execFileSync(barograph, ['view', '-o', 'spark.html', 'job.baro'], here);
  execFileSync(barograph, ['import', '-q', '-o', 'slow.baro', slowLog], here);
  execFileSync(barograph, ['view', '-o', 'runs.html', 'job.baro', 'slow.baro'], here);
  const { operators } = JSON.parse(execFileSync(barograph, ['explain', '--json', 'job.baro'], { ...here, encoding: 'utf8' }));
  return String(operators[0].operator_id);
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'shop-'));
  const names = process.argv.slice(2);
  const wanted = pictures.filter(({ view }) => names.length === 0 || names.includes(view));
  const isOfLog = (/** @type {string} */ page) => page === 'spark' || page === 'runs';
  if (wanted.some(({ page }) => !isOfLog(page))) writeShop(folder);
  const operator = wanted.some(({ page }) => isOfLog(page)) ? writeLog(folder) : '';
  mkdirSync(target, { recursive: true });
  const executablePath = findBrowser(browsers.chromium);
  if (!executablePath) throw new Error(`${browsers.chromium.name} is not installed`);
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  for (const { name, page, hash, colorScheme, viewport } of wanted) {
    const context = await browser.newContext({ viewport, colorScheme });
    const tab = await context.newPage();
    await tab.goto(`${pathToFileURL(join(folder, `${page}.html`))}#${hash.replace(longest, operator)}`);
    await tab.waitForSelector('body[data-ready]');
    await tab.waitForTimeout(300);
    await tab.screenshot({ path: join(target, `view-${name}.png`) });
    await context.close();
  }
  await browser.close();
  rmSync(folder, { recursive: true });
}

await main();

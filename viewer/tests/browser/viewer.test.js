// The page in a real browser. One browser for all; each test says what would be wrong for the one who looks at the page.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { demoDiff, demoRecording } from '../support/demo.js';
import { pageHtml } from '../support/plain.js';
import { accessCases } from './access_cases.js';
import { addressCases } from './address_cases.js';
import { basisCases } from './basis_cases.js';
import { browsers, whySkipped } from './browsers.js';
import { comparisonCases, writeRuns } from './comparison_cases.js';
import { dataflowCases, writeLogs } from './dataflow_cases.js';
import { hostileRecording } from './hostile.js';
import { keyCases } from './key_cases.js';
import { lookCases } from './look_cases.js';
import { numberCases } from './number_cases.js';
import { Session, repository } from './session.js';
import { sizeCases } from './size_cases.js';
import { stateCases } from './state_cases.js';
import { whatIfCases } from './what_if_cases.js';

const skip = whySkipped(browsers.chromium);
const session = new Session();
const recordings = ['calls', 'everything', 'threads', 'killed', 'empty'];

if (!skip) {
  before(async () => {
    await session.start();
    session.writePlain('demo', demoRecording());
    // As large pages are: what the first picture needs stands before the script, all else behind it.
    session.writePlain('first', { ...demoRecording(), first: 2000 });
    // It says that it is large: long work is done in turns then, and much of it before it is asked for.
    session.write('large', pageHtml(demoRecording()).replace(/"nodes":\d+/g, '"nodes":200000'));
    session.writePlain('diff', demoDiff());
    session.writePlain('hostile', hostileRecording());
    writeLogs(session);
    writeRuns(session);
    for (const name of recordings) session.writeReal(name, join(repository, 'tests/recordings', `${name}.baro`));
  });
  after(() => session.stop());
}

/** @type {Record<string, (session: Session) => Promise<void>>} */
const cases = {
  'every view of every page opens without an error and without a request': openEverything,
  'a name of 10 kB leaves room for what stands beside it': longNames,
  ...stateCases,
  ...addressCases,
  ...keyCases,
  ...numberCases,
  ...basisCases,
  ...dataflowCases,
  ...comparisonCases,
  ...accessCases,
  ...lookCases,
  ...sizeCases,
  ...whatIfCases,
};

for (const [name, run] of Object.entries(cases)) test(name, { skip }, () => run(session));

/** @param {Session} session */
async function openEverything(session) {
  // The others are opened by tests of their numbers.
  for (const name of ['demo', 'first', 'large', 'diff', 'hostile', 'calls', 'everything', 'empty', 'spark', 'torch', 'runs']) {
    const opened = await session.open(name);
    const views = await opened.views();
    assert.ok(views.length > 0, `${name} has no tabs`);
    for (const id of views) {
      await opened.view(id);
      const panel = opened.page.locator('[role=tabpanel]');
      assert.equal(await panel.getAttribute('data-view'), id);
      assert.ok((await panel.innerText()).trim().length > 0 || id === 'flame', `${name}: ${id} is empty`);
    }
    assert.deepEqual(await opened.close(), [], name);
  }
}

/** @param {Session} session @returns {Promise<number>} the function whose name has 10 kB */
async function longFunction(session) {
  const opened = await session.open('hostile', 'view=functions');
  for (let fn = 0; fn < 40; fn++) {
    await opened.page.evaluate((to) => (location.hash = `view=functions&fn=${to}`), fn);
    if (await opened.page.locator('.inspector h2').filter({ hasText: 'long_xxx' }).count()) {
      await opened.close();
      return fn;
    }
  }
  throw new Error('no function has the long name');
}

/** There is room for what stands below and beside it. @param {Session} session */
async function longNames(session) {
  const fn = await longFunction(session);
  /** A row of callers is 20 px high. @type {[string, string, number][]} */
  const parts = [
    ['source', '.source .table-box', 300], ['sandwich', '.sandwich-graphs canvas', 20], ['flame', '.flame-view canvas', 60],
    ['functions', '.inspector .amounts', 60], ['timeline', '.tracks-canvas', 300],
  ];
  for (const [view, part, least] of parts) {
    const opened = await session.open('hostile', `view=${view}&fn=${fn}`);
    await opened.page.locator(part).first().waitFor();
    const boxes = await opened.page.locator(part).evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON()));
    for (const { top, height } of boxes) assert.ok(height >= least && top < 700, `${view}: ${height} px high at ${top} of 800`);
    const [wide, seen] = await opened.page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= seen, `${view}: ${wide} px wide of ${seen}`);
    assert.deepEqual(await opened.close(), [], view);
  }
}

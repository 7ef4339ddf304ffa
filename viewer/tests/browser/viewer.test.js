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

// The rules of accessibility that a program can check, in every view, light and dark.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** @typedef {import('./session.js').Session} Session */

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** @param {Session} session @param {'light' | 'dark'} colorScheme */
async function rules(session, colorScheme) {
  /** @type {string[]} */
  const broken = [];
  for (const [name, views] of /** @type {[string, string[] | null][]} */ ([['demo', null], ['calls', ['calls', 'timeline']], ['diff', ['diff']], ['runs', ['diff']], ['spark', ['summary', 'operators', 'tasks']]])) {
    const opened = await session.open(name, '', { colorScheme });
    await opened.page.evaluate(axe);
    for (const view of views ?? (await opened.views())) {
      await opened.view(view);
      if (['operators', 'tasks'].includes(view)) await opened.page.locator('.graph-node, .task-canvas').first().waitFor();
      const found = await opened.page.evaluate(async (dark) => {
        // Dark is other colours and nothing else.
        const options = { resultTypes: ['violations'], ...(dark ? { runOnly: ['color-contrast'] } : {}) };
        const { violations } = await /** @type {any} */ (window).axe.run(document, options);
        return violations.map((/** @type {any} */ v) => `${v.id}: ${v.nodes.slice(0, 3).map((/** @type {any} */ n) => `${n.target.join(' ')} ${n.any?.[0]?.message ?? ''}`).join(' | ')}`);
      }, colorScheme === 'dark');
      broken.push(...found.map((/** @type {string} */ rule) => `${name}, ${view}: ${rule}`));
    }
    assert.deepEqual(await opened.close(), []);
  }
  assert.deepEqual(broken, [], colorScheme);
}

/** @param {Session} session */
async function helpBoxes(session) {
  const opened = await session.open('demo');
  await opened.page.evaluate(axe);
  for (const keys of ['?', 'Control+k']) {
    await opened.page.keyboard.press(keys);
    const found = await opened.page.evaluate(async () => (await /** @type {any} */ (window).axe.run('dialog[open]')).violations.map((/** @type {any} */ v) => v.id));
    assert.deepEqual(found, [], keys);
    await opened.page.keyboard.press('Escape');
  }
  assert.deepEqual(await opened.close(), []);
}

/** @type {Record<string, (session: Session) => Promise<void>>} */
export const accessCases = {
  'no rule of axe is broken in any view, light': (session) => rules(session, 'light'),
  'dark, every text has the contrast that axe asks for': (session) => rules(session, 'dark'),
  'nor in help and commands': helpBoxes,
};

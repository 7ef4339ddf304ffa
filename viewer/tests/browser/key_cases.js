// Everything without a mouse.

import assert from 'node:assert/strict';

/** @typedef {import('./session.js').Session} Session */
/** @typedef {import('./session.js').Opened} Opened */

/** What has the focus. @param {Opened} opened */
function focused({ page }) {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return null;
    const box = element.getBoundingClientRect();
    const labelled = (element.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '');
    const label = element.closest('label')?.textContent ?? '';
    const name = [element.getAttribute('aria-label'), ...labelled, label, element.textContent, element.getAttribute('title'), element.getAttribute('placeholder')].find((text) => text?.trim());
    return { tag: element.tagName, role: element.getAttribute('role'), name: name?.trim().slice(0, 60) ?? '', seen: box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight + 1, id: element.id };
  });
}

/** @param {Session} session */
async function walk(session) {
  for (const [name, views] of /** @type {[string, string[] | null][]} */ ([['demo', null], ['calls', ['calls']], ['diff', ['diff']]])) {
    const opened = await session.open(name);
    for (const view of views ?? (await opened.views())) {
      await opened.view(view);
      // From the first thing on the page once around.
      await opened.page.evaluate(() => /** @type {HTMLElement | null} */ (document.querySelector('.head button'))?.focus());
      const stops = [];
      for (let i = 0; i < 90; i++) {
        await opened.page.keyboard.press('Tab');
        const stop = await focused(opened);
        if (!stop) break;
        assert.ok(stop.name, `${name}, ${view}: a stop without a name: ${JSON.stringify(stop)}`);
        assert.ok(stop.seen, `${name}, ${view}: the focus is out of sight on ${stop.name}`);
        stops.push(stop);
      }
      assert.ok(stops.length >= 8, `${name}, ${view}: only ${stops.length} stops`);
      assert.ok(stops.some(({ role }) => role === 'tab'), `${view}: the tabs are not reached`);
    }
    assert.deepEqual(await opened.close(), []);
  }
}

/** @param {Session} session */
async function flame(session) {
  const opened = await session.open('demo', 'view=flame');
  const { page } = opened;
  const graph = page.getByRole('tree', { name: /flame/i });
  await graph.focus();
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight', 'ArrowLeft', 'End', 'Home', 'ArrowDown']) await page.keyboard.press(key);
  await opened.settled();
  assert.match(opened.hash(), /selected=\d/);
  await page.keyboard.press('Enter');
  await opened.settled();
  assert.match(opened.hash(), /zoom=\d/);
  await page.keyboard.press('Escape');
  await opened.settled();
  assert.doesNotMatch(opened.hash(), /zoom=/);
  assert.ok((await page.locator('[role=treeitem]').count()) > 1, 'screen readers get no tree');
  assert.deepEqual(await opened.close(), []);
}

/** @param {Session} session */
async function pointerFlame(session) {
  const opened = await session.open('demo', 'view=flame');
  const { page } = opened;
  await page.getByRole('tab', { name: 'Summary' }).click();
  await page.getByRole('tab', { name: 'Flame graph' }).click();
  const box = await page.getByRole('tree', { name: /flame/i }).boundingBox();
  assert.ok(box);
  await page.mouse.click(box.x + 40, box.y + 90);
  await opened.settled();
  assert.match(opened.hash(), /zoom=\d/);
  await page.getByRole('tree', { name: /flame/i }).press('Escape');
  await opened.settled();
  assert.doesNotMatch(opened.hash(), /zoom=/);
  assert.deepEqual(await opened.close(), []);
}

/** @param {Session} session */
async function everywhere(session) {
  const opened = await session.open('demo');
  const { page } = opened;
  await page.keyboard.press('?');
  const help = page.locator('dialog[open]');
  for (const words of ['search', 'focus', 'zoom', 'Timeline']) assert.match(await help.innerText(), new RegExp(words, 'i'));
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('dialog[open]').count(), 0, 'Escape does not close the help');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('timeline');
  await page.keyboard.press('Enter');
  await opened.settled();
  assert.match(opened.hash(), /view=timeline/);
  await page.keyboard.press('2');
  await opened.settled();
  assert.match(opened.hash(), /view=flame/);
  await page.keyboard.press('/');
  assert.equal((await focused(opened))?.tag, 'INPUT');
  await page.keyboard.type('2?f');
  assert.match(opened.hash(), /view=flame/, 'keys that are typed do something else, too');
  assert.deepEqual(await opened.close(), []);
}

/** @param {Session} session */
async function tables(session) {
  const opened = await session.open('demo', 'view=functions');
  const { page } = opened;
  const table = page.locator('.panel [aria-rowcount]').first();
  await table.focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await opened.settled();
  assert.match(opened.hash(), /fn=\d/);
  assert.equal(await table.locator('[aria-selected=true]').count(), 1);
  const header = page.locator('[role=columnheader]', { hasText: 'total %' }).getByRole('button');
  await header.focus();
  await page.keyboard.press('Enter');
  await opened.settled();
  assert.equal(await page.locator('[role=columnheader]', { hasText: 'total %' }).getAttribute('aria-sort'), 'descending');
  await page.keyboard.press('Enter');
  await opened.settled();
  assert.equal(await page.locator('[role=columnheader]', { hasText: 'total %' }).getAttribute('aria-sort'), 'ascending');
  assert.deepEqual(await opened.close(), []);
}

/** @param {Session} session */
async function timeline(session) {
  const opened = await session.open('demo', 'view=timeline');
  const { page } = opened;
  const rows = page.locator('[role=treeitem][aria-level="2"]');
  await rows.first().waitFor();
  assert.equal(await rows.count(), 4);
  assert.match((await rows.first().textContent()) ?? '', /MainThread.*, main thread: 4\.00 s, running [\d.]+ %, waiting for/);
  await page.locator('.tracks-rows [tabindex="0"]').focus();
  for (let i = 0; i < 2; i++) await page.keyboard.press('ArrowDown');
  assert.match((await page.evaluate(() => document.activeElement?.textContent)) ?? '', /prices-0/);
  const open = () => page.evaluate(() => document.activeElement?.getAttribute('aria-expanded'));
  // Of a few threads all are open at first.
  assert.equal(await open(), 'true');
  for (const [key, expected] of [['Enter', 'false'], ['ArrowRight', 'true'], ['ArrowLeft', 'false']]) {
    await page.keyboard.press(key);
    await opened.settled();
    assert.equal(await open(), expected, key);
  }
  await page.keyboard.press('+');
  await page.keyboard.press('Shift+ArrowRight');
  await opened.settled();
  assert.match(opened.hash(), /timeline\.window=/);
  await page.keyboard.press('0');
  await opened.settled();
  assert.doesNotMatch(opened.hash(), /timeline\.window=/);
  await page.keyboard.press('x');
  await opened.settled();
  assert.match(opened.hash(), /threads=2/);
  assert.deepEqual(await opened.close(), []);
}

/** What was looked for is one step of the way back, and the step before it is what was looked at. @param {Session} session */
async function searchBack(session) {
  const opened = await session.open('demo', 'view=flame');
  const { page } = opened;
  const words = async () => [opened.hash(), await page.locator('#search').inputValue()];
  await page.keyboard.press('/');
  await page.keyboard.type('parse', { delay: 80 });
  await page.keyboard.press('Enter');
  await opened.settled();
  assert.deepEqual(await words(), ['view=flame&search=parse', 'parse']);
  assert.equal((await focused(opened))?.tag, 'CANVAS');
  await page.keyboard.press('/');
  await page.keyboard.type('save');
  await page.keyboard.press('Enter');
  await opened.settled();
  assert.deepEqual(await words(), ['view=flame&search=save', 'save']);
  // The focus in the box does not keep what was typed there.
  await page.keyboard.press('/');
  for (const search of ['parse', '']) {
    await page.goBack();
    await opened.settled();
    assert.deepEqual(await words(), [`view=flame${search && `&search=${search}`}`, search]);
  }
  await page.keyboard.type('(unclosed');
  await opened.settled();
  await page.locator('.found', { hasText: /^no valid expression: \w/ }).waitFor();
  assert.deepEqual(await opened.close(), []);
}

/** A view that is chosen by its number takes the keys after it. @param {Session} session */
async function numbers(session) {
  const opened = await session.open('demo');
  const { page } = opened;
  const views = await opened.views();
  for (const [view, key, changed] of [['flame', 'ArrowDown', /selected=\d/], ['functions', 'ArrowDown', /fn=\d/], ['timeline', '+', /timeline\.window=/]]) {
    await page.keyboard.press(String(views.indexOf(String(view)) + 1));
    await opened.settled();
    if (view === 'timeline') await page.locator('[role=treeitem]:focus').waitFor();
    await page.keyboard.press(String(key));
    await opened.settled();
    assert.match(opened.hash(), /** @type {RegExp} */ (changed), `${view}: ${key} does nothing`);
  }
  assert.deepEqual(await opened.close(), []);
}

/** @type {Record<string, (session: Session) => Promise<void>>} */
export const keyCases = {
  'Tab reaches everything in every view, in sight and with a name': walk,
  'the flame graph by keys': flame,
  'the flame graph: a click zooms, Escape goes back': pointerFlame,
  'help, commands, search and views by keys': everywhere,
  'a search is one step of the way back, and says when it is no expression': searchBack,
  'the number of a view gives it the keys': numbers,
  'tables by keys': tables,
  'the timeline by keys': timeline,
};

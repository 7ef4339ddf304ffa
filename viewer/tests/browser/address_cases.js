// The browser's own ways: back, forward, and loading again.

import assert from 'node:assert/strict';
import { chooseFunction } from './state_cases.js';

/** @typedef {import('./session.js').Session} Session */
/** @typedef {import('./session.js').Opened} Opened */

/** One step back is as if the key had not been pressed, one forward as if it had. @param {Session} session */
async function undone(session) {
  const opened = await session.open('demo', 'view=functions');
  const { page } = opened;
  await chooseFunction(opened, 'parse_order');
  const seen = async () => {
    await opened.settled();
    return [opened.hash(), await page.locator('.panel').innerText()];
  };
  for (const key of 'fdmcori') {
    const before = await seen();
    await page.keyboard.press(key);
    const after = await seen();
    assert.notEqual(after[0], before[0], key);
    // The table is the same inverted, and nothing recurs here.
    if (!'ir'.includes(key)) assert.ok(after[1] !== before[1], `${key} changes nothing`);
    await page.goBack();
    assert.deepEqual(await seen(), before, `back after ${key}`);
    await page.goForward();
    assert.deepEqual(await seen(), after, `forward to ${key}`);
    await page.goBack();
    await opened.settled();
  }
  assert.deepEqual(await opened.close(), []);
}

/** All that is said and drawn. @param {Opened} opened */
async function everything(opened) {
  await opened.settled();
  return opened.page.evaluate(() => {
    const pictures = [...document.querySelectorAll('canvas')].filter((canvas) => canvas.clientWidth > 0);
    return [document.body.innerText, ...pictures.map((canvas) => canvas.toDataURL())];
  });
}

/** Each view with transforms, metrics, threads, times and searches. @param {Session} session */
async function reloaded(session) {
  const ways = [
    'metric=wall&threads=0,1&t=ignore:3,merge:8,merge-recursion&search=load&colour=state',
    'range=100000,3000000&t=focus:2,collapse-library&fn=3',
    't=own-code,invert&search=order',
  ];
  for (const name of ['demo', 'diff']) {
    const first = await session.open(name);
    const views = await first.views();
    await first.close();
    const states = new Set();
    for (const view of name === 'diff' ? ['diff'] : views)
      for (const way of ways) {
        const hash = `view=${view}&${way}`;
        // By a click, so that the page writes the address, all parts of it.
        // From the Summary, which walks the tree, too: nothing of it may be left otherwise.
        const opened = await session.open(name, `view=${view === 'summary' || name === 'diff' ? 'functions' : 'summary'}&${way}`);
        await opened.view(view);
        // What comes with the late part: twice the same is all of it.
        let before = await everything(opened);
        for (let again = await everything(opened); again.join() !== before.join(); again = await everything(opened)) before = again;
        states.add(before.join());
        await opened.page.reload();
        await opened.page.waitForSelector('body[data-ready]');
        let after = await everything(opened);
        for (let turn = 0; turn < 40 && after.join() !== before.join(); turn++) after = await everything(opened);
        assert.equal(after[0], before[0], hash);
        assert.ok(after.join() === before.join(), `${hash}: another picture`);
        assert.deepEqual(opened.hash().split('&').sort(), hash.split('&').sort(), 'the address');
        opened.requests.length = 1;
        assert.deepEqual(await opened.close(), [], hash);
      }
    assert.equal(states.size, ways.length * (name === 'diff' ? 1 : views.length), 'states that look alike prove nothing');
  }
}

/** @type {Record<string, (session: Session) => Promise<void>>} */
export const addressCases = {
  'the browser’s way back undoes each transform, and the way forward does it again': undone,
  'every view is the same when it is loaded again, whatever was chosen': reloaded,
};

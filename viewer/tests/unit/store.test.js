import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateHash } from '../../src/state/state.js';
import { createStore } from '../../src/state/store.js';

/** A window with a history and nothing else. */
function fakeWindow() {
  const history = { entries: [''], at: 0 };
  /** @type {Record<string, (() => void)[]>} */
  const listeners = {};
  /** @type {(() => void)[]} */
  const timers = [];
  const window = {
    location: { get hash() { return history.entries[history.at]; } },
    history: {
      pushState: (/** @type {unknown} */ _, /** @type {string} */ __, /** @type {string} */ hash) => {
        history.entries.splice(++history.at, Infinity, hash);
      },
      replaceState: (/** @type {unknown} */ _, /** @type {string} */ __, /** @type {string} */ hash) => {
        history.entries[history.at] = hash;
      },
    },
    addEventListener: (/** @type {string} */ name, /** @type {() => void} */ listener) => {
      (listeners[name] ??= []).push(listener);
    },
    setTimeout: (/** @type {() => void} */ callback) => timers.push(callback),
    clearTimeout: (/** @type {number} */ timer) => {
      if (timer > 0) timers[timer - 1] = () => {};
    },
  };
  return {
    window: /** @type {Window} */ (/** @type {unknown} */ (window)),
    history,
    back() {
      history.at--;
      for (const listener of listeners.popstate) listener();
    },
    later() {
      for (const timer of timers.splice(0)) timer();
    },
  };
}

test('what views keep is changed in one step, and only what is named', () => {
  const { window, history } = fakeWindow();
  const store = createStore(window);
  store.setExtras({ 'a.one': '1', 'b.two': '2' });
  store.setExtras({ 'a.one': null, 'a.three': '3' });
  assert.deepEqual(store.get().extra, { 'b.two': '2', 'a.three': '3' });
  store.setExtra('b.two', null, { replace: true });
  assert.deepEqual(history.entries, ['', '#x.a.one=1&x.b.two=2', '#x.a.three=3']);
});

test('a change is told, written, and undone by the way back', () => {
  const { window, history, back } = fakeWindow();
  const store = createStore(window);
  /** @type {string[]} */
  const told = [];
  const stop = store.subscribe((state, before) => told.push(`${before.view}>${state.view}`));
  store.set({ view: 'flame' });
  store.set({ view: 'functions', fn: 3 });
  store.set({ fn: 3 });
  assert.deepEqual(history.entries, ['', '#view=flame', '#view=functions&fn=3'], 'nothing changed: nothing written');
  back();
  assert.equal(store.get().view, 'flame');
  assert.equal(store.get().fn, -1);
  stop();
  store.set({ view: 'source' });
  assert.deepEqual(told, ['>flame', 'flame>functions', 'functions>flame']);
});

test('many small changes become one address, and never get lost before a larger one', () => {
  const { window, history, later } = fakeWindow();
  const store = createStore(window);
  for (let fn = 0; fn < 500; fn++) store.set({ fn }, { replace: true });
  assert.match(history.entries[0], /^#fn=\d\d$/, 'the first ones at once, and no more');
  later();
  assert.deepEqual(history.entries, ['#fn=499'], 'the last a moment later');
  for (let fn = 0; fn < 9; fn++) store.set({ fn }, { replace: true });
  store.set({ view: 'flame' });
  assert.equal(history.at, 1);
  assert.equal(history.entries[1], '#view=flame&fn=8');
  later();
  assert.equal(history.entries[1], `#${stateHash(store.get())}`);
});

test('what has to change along with a change does, in links, too', () => {
  const { window } = fakeWindow();
  const store = createStore(window, (values) => (values.metric ? { zoom: 0, ...values } : values));
  store.set({ zoom: 7 });
  assert.equal(store.link({ metric: 'cpu' }), '#metric=cpu');
  store.set({ metric: 'cpu' });
  assert.equal(store.get().zoom, 0);
  store.setExtra('timeline.rows', '3');
  store.setSort('functions', '-total');
  store.setExtra('timeline.rows', null);
  assert.deepEqual(store.get().extra, {});
  assert.deepEqual(store.get().sort, { functions: '-total' });
});

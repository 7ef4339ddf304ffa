// Holds the one state, tells whoever wants to know of changes, and keeps location.hash the same. A change becomes an entry of the
// browser's history, so that its back button undoes it; `replace` does not (typing in the search box, moving through rows).

import { readHash, stateHash } from './state.js';

/** @typedef {import('../types/model.js').State} State */

/**
 * @typedef {object} Store
 * @property {() => State} get
 * @property {(change: Partial<State>, how?: {replace?: boolean}) => void} set what is not in `change` stays
 * @property {(table: string, order: string) => void} setSort
 * @property {(name: string, value: string | null, how?: {replace?: boolean}) => void} setExtra null removes it
 * @property {(values: Record<string, string | null>, how?: {replace?: boolean}) => void} setExtras several in one change
 * @property {(change: Partial<State>) => string} link address that shows the state with this change
 * @property {(listener: (state: State, before: State) => void) => () => void} subscribe gives how to stop
 */

/** So many addresses may replace each other at once; then one each `leastMs`. Browsers allow some hundred in half a minute. */
const mostAtOnce = 40;
const leastMs = 200;

/**
 * @callback Adjust
 * @param {Partial<State>} values a change
 * @param {State} before
 * @returns {Partial<State>} with what has to change along with it
 */

/**
 * @param {Window} window
 * @param {Adjust} [adjust]
 * @returns {Store}
 */
export function createStore(window, adjust = (values) => values) {
  let state = readHash(window.location.hash);
  /** @type {Set<(state: State, before: State) => void>} */
  const listeners = new Set();

  /** @param {State} next */
  function change(next) {
    const before = state;
    state = next;
    for (const listener of [...listeners]) listener(state, before);
  }

  window.addEventListener('hashchange', () => {
    if (stateHash(state) !== stateHash(readHash(window.location.hash)))
      change(readHash(window.location.hash));
  });

  // Browsers refuse addresses that change too often, as they do while an arrow key is held: then the last one counts.
  let free = mostAtOnce;
  let counted = Date.now();
  let timer = 0;

  /** Whether an address may be written now. */
  function mayWrite() {
    const now = Date.now();
    free = Math.min(free + (now - counted) / leastMs, mostAtOnce);
    counted = now;
    if (free < 1) return false;
    free--;
    return true;
  }

  /** @param {string} hash @param {boolean} replace */
  function write(hash, replace) {
    try {
      if (replace) window.history.replaceState(null, '', `#${hash}`);
      else window.history.pushState(null, '', `#${hash}`);
    } catch {
      // Refused all the same: the page goes on, the address is behind until the next change.
    }
  }

  function writeLate() {
    if (timer === 0) return;
    window.clearTimeout(timer);
    timer = 0;
    write(stateHash(state), true);
  }

  /** @type {Store} */
  const store = {
    get: () => state,
    set(values, how) {
      const next = { ...state, ...adjust(values, state) };
      const hash = stateHash(next);
      if (hash === stateHash(state)) return;
      if (!how?.replace) {
        writeLate();
        write(hash, false);
      } else if (timer === 0) {
        if (mayWrite()) write(hash, true);
        else timer = window.setTimeout(writeLate, leastMs);
      }
      change(next);
    },
    setSort(table, order) {
      store.set({ sort: { ...state.sort, [table]: order } }, { replace: true });
    },
    setExtra: (name, value, how) => store.setExtras({ [name]: value }, how),
    setExtras(values, how) {
      const extra = { ...state.extra };
      for (const [name, value] of Object.entries(values)) {
        if (value === null) delete extra[name];
        else extra[name] = value;
      }
      store.set({ extra }, how);
    },
    link: (values) => `#${stateHash({ ...state, ...adjust(values, state) })}`,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  // pushState gives no hashchange, back and forward after it give popstate.
  window.addEventListener('popstate', () => {
    window.clearTimeout(timer);
    timer = 0;
    const next = readHash(window.location.hash);
    if (stateHash(next) !== stateHash(state)) change(next);
  });
  return store;
}

// Holds the one state, tells whoever wants to know of changes, and keeps location.hash the same. A change becomes an entry of the
// browser's history, so that its back button undoes it; `replace` does not (typing in the search box, moving through rows).

import { readHash, stateHash } from './state.js';

/** @typedef {import('../types.js').State} State */

/**
 * @typedef {object} Store
 * @property {() => State} get
 * @property {(change: Partial<State>, how?: {replace?: boolean}) => void} set what is not in `change` stays
 * @property {(table: string, order: string) => void} setSort
 * @property {(name: string, value: string | null, how?: {replace?: boolean}) => void} setExtra null removes it
 * @property {(change: Partial<State>) => string} link address that shows the state with this change
 * @property {(listener: (state: State, before: State) => void) => () => void} subscribe gives how to stop
 */

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

  /** @type {Store} */
  const store = {
    get: () => state,
    set(values, how) {
      const next = { ...state, ...adjust(values, state) };
      const hash = stateHash(next);
      if (hash === stateHash(state)) return;
      const replace = how?.replace ?? false;
      if (replace) window.history.replaceState(null, '', `#${hash}`);
      else window.history.pushState(null, '', `#${hash}`);
      change(next);
    },
    setSort(table, order) {
      store.set({ sort: { ...state.sort, [table]: order } }, { replace: true });
    },
    setExtra(name, value, how) {
      const extra = { ...state.extra };
      if (value === null) delete extra[name];
      else extra[name] = value;
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
    const next = readHash(window.location.hash);
    if (stateHash(next) !== stateHash(state)) change(next);
  });
  return store;
}

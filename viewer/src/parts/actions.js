// What a person can do, by name and key: one list for the keyboard, the command box and buttons.

import { toggleTransform } from './transform_words.js';

/** @typedef {import('../types/model.js').State} State */
/** @typedef {import('../types/model.js').Transform} Transform */
/** @typedef {import('../state/store.js').Store} Store */

/**
 * @typedef {object} Action
 * @property {string} key "" = none
 * @property {string} title
 * @property {(store: Store) => void} run
 * @property {(state: State) => boolean} [possible]
 */

/** @param {Store} store @param {Transform} transform */
export function toggle(store, transform) {
  const { transforms } = store.get();
  store.set({ transforms: toggleTransform(transforms, transform) });
}

/** @param {Transform['kind']} kind @returns {(store: Store) => void} */
function ofFunction(kind) {
  return (store) => {
    const { fn } = store.get();
    if (fn >= 0) toggle(store, { kind, fn });
  };
}

/** @param {State} state */
const hasFunction = (state) => state.fn >= 0;

/** @type {readonly Action[]} */
export const actions = [
  { key: 'f', title: 'Focus: only what is at or below the selected function', run: ofFunction('focus'), possible: hasFunction },
  { key: 'd', title: 'Ignore: without time that has the selected function on its stack', run: ofFunction('ignore'), possible: hasFunction },
  { key: 'm', title: 'Merge the selected function into its callers', run: ofFunction('merge'), possible: hasFunction },
  { key: 's', title: 'Sandwich: callers and callees of the selected function', run: (store) => store.set({ view: 'sandwich' }), possible: hasFunction },
  { key: 'c', title: 'Collapse libraries', run: (store) => toggle(store, { kind: 'collapse-library' }) },
  { key: 'o', title: 'My code only', run: (store) => toggle(store, { kind: 'own-code' }) },
  { key: 'r', title: 'Merge recursion', run: (store) => toggle(store, { kind: 'merge-recursion' }) },
  { key: 'i', title: 'Invert: functions first, callers below', run: (store) => toggle(store, { kind: 'invert' }) },
  {
    key: 't',
    title: 'Colours by module or by state',
    run: (store) => store.set({ colour: store.get().colour === 'module' ? 'state' : 'module' }),
  },
  {
    key: '',
    title: 'Focus on what the search matches',
    run: (store) => toggle(store, { kind: 'focus', pattern: store.get().search }),
    possible: (state) => state.search !== '',
  },
  {
    key: '',
    title: 'Ignore what the search matches',
    run: (store) => toggle(store, { kind: 'ignore', pattern: store.get().search }),
    possible: (state) => state.search !== '',
  },
  {
    key: '',
    title: 'Show everything: remove transforms, threads, range, search and zoom',
    run: (store) =>
      store.set({
        transforms: [],
        threads: null,
        range: null,
        search: '',
        zoom: 0,
        trail: [],
        selected: -1,
      }),
  },
  { key: '', title: 'Print', run: () => window.print() },
];

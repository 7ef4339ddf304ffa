// Keys that work wherever nothing is being typed.

import { actions } from './actions.js';
import { focusMain } from './focus.js';

/** @typedef {import('./shell.js').ShellParts} ShellParts */

/** @param {EventTarget | null} target */
function isTyping(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(?:INPUT|SELECT|TEXTAREA)$/.test(target.tagName))
  );
}

/**
 * @param {ShellParts & {openHelp: () => void, openCommands: () => void, focusSearch: () => void}} parts
 */
export function listenForKeys({ store, views, openHelp, openCommands, focusSearch }) {
  document.addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      openCommands();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isTyping(event.target) || document.querySelector('dialog[open]')) return;
    if (event.key === '?') openHelp();
    else if (event.key === '/') focusSearch();
    else if (/^[1-9]$/.test(event.key) && views[Number(event.key) - 1]) {
      store.set({ view: views[Number(event.key) - 1].id });
      focusMain();
    }
    else {
      const action = actions.find((a) => a.key !== '' && a.key === event.key);
      if (!action || (action.possible && !action.possible(store.get()))) return;
      action.run(store);
    }
    event.preventDefault();
  });
}

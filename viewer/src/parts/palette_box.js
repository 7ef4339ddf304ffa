// The command box: everything that can be done, found by typing a part of its name; functions, too.

import { el, fill, nameElement } from '../base/dom.js';
import { actions } from './actions.js';

/** @typedef {{title: string, key: string, run: () => void, name?: boolean}} Choice */

const most = 14;

/**
 * @param {import('./shell.js').ShellParts} parts
 * @returns {{element: HTMLElement, open: () => void}}
 */
export function createPalette({ page, store, views, workshop }) {
  const input = el('input', {
    type: 'text',
    class: 'command-input',
    role: 'combobox',
    'aria-expanded': 'true',
    'aria-controls': 'command-list',
    'aria-label': 'Command or function',
    placeholder: 'A command, a view, a metric or a function',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const list = el('div', { role: 'listbox', id: 'command-list', 'aria-label': 'Commands' });
  const element = el('dialog', { class: 'box commands', 'aria-label': 'Commands' }, input, list);
  /** @type {Choice[]} */
  let choices = [];
  let at = 0;

  /** @returns {Choice[]} */
  function everything() {
    const state = store.get();
    return [
      ...views.map((view, i) => ({
        title: `View: ${view.title}`,
        key: i < 9 ? String(i + 1) : '',
        run: () => store.set({ view: view.id }),
      })),
      ...actions
        .filter((action) => !action.possible || action.possible(state))
        .map(({ title, key, run }) => ({ title, key, run: () => run(store) })),
      ...workshop.metrics.map((metric) => ({
        title: `Count: ${metric.words}`,
        key: '',
        run: () => store.set({ metric: metric.key }),
      })),
    ];
  }

  /** @param {string} text */
  function find(text) {
    const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
    const fits = (/** @type {string} */ title) =>
      wanted.every((word) => title.toLowerCase().includes(word));
    const found = everything().filter((choice) => fits(choice.title));
    if (text.trim() === '') return found;
    const { functions, strings } = page;
    for (let f = 0; f < functions.count && found.length < 60; f++) {
      const name = strings[functions.name[f]];
      if (name.length < 1000 && fits(name))
        found.push({
          title: name,
          key: '',
          name: true,
          run: () => store.set({ view: 'sandwich', fn: f }),
        });
    }
    return found;
  }

  function show() {
    choices = find(input.value).slice(0, most);
    at = Math.min(at, Math.max(choices.length - 1, 0));
    fill(
      list,
      ...choices.map((choice, i) =>
        el(
          'div',
          {
            role: 'option',
            id: `command-${i}`,
            'aria-selected': i === at ? 'true' : 'false',
            onclick: () => run(i),
          },
          choice.name ? nameElement(choice.title) : choice.title,
          choice.key ? el('kbd', {}, choice.key) : null,
        ),
      ),
      choices.length === 0 ? el('div', { class: 'nothing' }, 'Nothing of that name') : null,
    );
    if (choices.length > 0) input.setAttribute('aria-activedescendant', `command-${at}`);
    else input.removeAttribute('aria-activedescendant');
  }

  /** @param {number} i */
  function run(i) {
    const choice = choices[i];
    element.close();
    choice?.run();
  }

  input.addEventListener('input', () => {
    at = 0;
    show();
  });
  input.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') at = Math.min(at + 1, choices.length - 1);
    else if (event.key === 'ArrowUp') at = Math.max(at - 1, 0);
    else if (event.key === 'Enter') {
      event.preventDefault();
      run(at);
      return;
    } else return;
    event.preventDefault();
    show();
  });
  element.addEventListener('click', (event) => {
    if (event.target === element) element.close();
  });
  return {
    element,
    open() {
      input.value = '';
      at = 0;
      show();
      if (!element.open) element.showModal();
      input.focus();
    },
  };
}

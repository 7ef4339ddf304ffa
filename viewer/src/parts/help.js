// The list of keys.

import { el } from '../base/dom.js';

const groups = [
  {
    title: 'Everywhere',
    keys: [
      ['/', 'search: a regular expression over all names, modules and files'],
      ['Ctrl K', 'commands: everything that can be done, by name'],
      ['1 2 3 …', 'the views'],
      ['?', 'this list'],
      ['Alt ←', 'undo: the browser’s way back'],
    ],
  },
  {
    title: 'Flame graph',
    keys: [
      ['click, Enter', 'zoom: the box fills the width'],
      ['Esc', 'back to everything, then to nothing selected'],
      ['↓ ↑', 'the heaviest callee, the caller'],
      ['← →', 'what stands beside it'],
      ['Home End', 'the heaviest and the lightest beside it'],
      ['n p', 'next and previous match of the search'],
    ],
  },
  {
    title: 'The selected function',
    keys: [
      ['f', 'focus: only what is at or below it'],
      ['d', 'ignore: without the time that has it on its stack'],
      ['m', 'merge: its own time counts for its callers'],
      ['s', 'sandwich: its callers and callees'],
    ],
  },
  {
    title: 'All of it',
    keys: [
      ['c', 'collapse libraries'],
      ['o', 'my code only'],
      ['r', 'merge recursion'],
      ['i', 'invert: callers below'],
      ['t', 'colours by module or by state'],
    ],
  },
  {
    title: 'Timeline',
    keys: [
      ['drag', 'select a time, which all views then count'],
      ['+ - 0', 'look closer, wider, at the whole run'],
      ['z', 'look at what is selected'],
      ['⇧← ⇧→', 'earlier, later'],
      ['Esc', 'clear the selection'],
      ['↓ ↑', 'threads; Enter opens the call paths of one'],
      ['x', 'count only this thread, or all again'],
    ],
  },
];

/** @returns {{element: HTMLElement, open: () => void}} */
export function createHelp() {
  const close = el('button', { type: 'button', class: 'icon', 'aria-label': 'Close' }, '×');
  const element = el(
    'dialog',
    { class: 'box help', 'aria-label': 'Keys' },
    el('div', { class: 'box-head' }, el('h2', {}, 'Keys'), close),
    el(
      'div',
      { class: 'help-groups' },
      ...groups.map(({ title, keys }) =>
        el(
          'section',
          {},
          el('h3', {}, title),
          el(
            'dl',
            {},
            ...keys.flatMap(([key, words]) => [
              el('dt', {}, ...key.split(/, | (?=[^ ])/).map((part) => el('kbd', {}, part))),
              el('dd', {}, words),
            ]),
          ),
        ),
      ),
    ),
  );
  close.addEventListener('click', () => element.close());
  element.addEventListener('click', (event) => {
    if (event.target === element) element.close();
  });
  return { element, open: () => element.showModal() };
}

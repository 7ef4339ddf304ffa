// The list of keys.

import { el } from '../base/dom.js';

/** Of a view: only where there is that view. @type {readonly {title: string, view?: string, keys: [string, string][]}[]} */
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
    title: 'Operators',
    view: 'operators',
    keys: [
      ['← → ↑ ↓', 'the box that an edge leads to, or the nearest one that way'],
      ['click, Enter', 'what is known of it'],
      ['Home End', 'the first and the last box'],
      ['+ - 0', 'look closer, from farther, at all of it'],
      ['drag', 'move the graph'],
      ['Esc', 'nothing selected'],
    ],
  },
  {
    title: 'Tasks',
    view: 'tasks',
    keys: [
      ['← →', 'the task before and after it on its slot'],
      ['↑ ↓', 'what the slot beside it ran then'],
      ['+ - 0', 'look closer, wider, at the whole run'],
      ['⇧← ⇧→', 'earlier, later'],
      ['Esc', 'nothing selected'],
    ],
  },
  {
    title: 'Timeline',
    view: 'timeline',
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

/**
 * @param {readonly import('../types/view.js').View[]} views that the page has
 * @returns {{element: HTMLElement, open: () => void}}
 */
export function createHelp(views) {
  const close = el('button', { type: 'button', class: 'icon', 'aria-label': 'Close' }, '×');
  const element = el(
    'dialog',
    { class: 'box help', 'aria-label': 'Keys' },
    el('div', { class: 'box-head' }, el('h2', {}, 'Keys'), close),
    el(
      'div',
      { class: 'help-groups' },
      ...groups.filter(({ view }) => view === undefined || views.some(({ id }) => id === view)).map(({ title, keys }) =>
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

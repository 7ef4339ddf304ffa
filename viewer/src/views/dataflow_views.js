// Operators and tasks: what a framework ran. Here are their tabs; their code comes with the pages that need it (src/dataflow.js).

import { el, fill } from '../base/dom.js';

/** @typedef {import('../types.js').DataflowPart} DataflowPart */

/**
 * @param {keyof import('../types.js').DataflowCode['views']} id
 * @param {string} title
 * @returns {import('../types.js').View}
 */
function dataflowView(id, title) {
  return {
    id,
    title,
    whole: true,
    available: (page) => Boolean(page.head.dataflow),
    create(context) {
      const message = el('p', { class: 'view-message' }, 'Reading what ran…');
      const element = el('div', { class: 'dataflow-view' }, message);
      /** @type {import('../types.js').DataflowView | null} */
      let view = null;
      /** @param {DataflowPart | null} part */
      const begin = (part) => {
        if (!part) {
          message.textContent = 'This page has no operators.';
          return;
        }
        view = part.code.views[id](context, part.dataflow);
        fill(element, view.element);
        view.update(context.store.get());
      };
      context.dataflow().then(begin, (error) => {
        message.textContent = error instanceof Error ? error.message : String(error);
      });
      return { element, update: (state) => view?.update(state), hide: () => view?.hide?.(), resize: () => view?.resize() };
    },
  };
}

export const operatorsView = dataflowView('operators', 'Operators');
export const tasksView = dataflowView('tasks', 'Tasks');

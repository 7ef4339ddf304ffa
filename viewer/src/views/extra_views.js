// Operators and tasks: what a framework ran, and what changed between two of its runs; what if: predictions. Here are their tabs; their
// code comes with the pages that need it (src/dataflow.js, src/comparison.js, src/what_if.js).

import { el, fill } from '../base/dom.js';

/** @typedef {import('../types/view.js').Context} Context */
/** @typedef {import('../types/view.js').ExtraView} ExtraView */
/** @typedef {import('../types/page.js').Page} Page */

/**
 * @param {string} id
 * @param {string} title
 * @param {(page: Page) => boolean} available
 * @param {(context: Context) => Promise<ExtraView | null>} load
 * @returns {import('../types/view.js').View}
 */
function extraView(id, title, available, load) {
  return {
    id,
    title,
    whole: true,
    available,
    create(context) {
      const message = el('p', { class: 'view-message' }, 'Reading…');
      const element = el('div', { class: 'extra-view' }, message);
      /** @type {ExtraView | null} */
      let view = null;
      load(context).then(
        (loaded) => {
          view = loaded;
          if (!view) message.textContent = 'This page has nothing to show here.';
          else {
            fill(element, view.element);
            view.update(context.store.get());
          }
        },
        (error) => {
          message.textContent = error instanceof Error ? error.message : String(error);
        },
      );
      return { element, update: (state) => view?.update(state), hide: () => view?.hide?.(), resize: () => view?.resize?.() };
    },
  };
}

/**
 * @param {'operators' | 'tasks'} id
 * @param {string} title
 */
function dataflowView(id, title) {
  return extraView(id, title, (page) => Boolean(page.head.dataflow), async (context) => {
    const part = await context.dataflow();
    return part && part.code.views[id](context, part.dataflow);
  });
}

export const operatorsView = dataflowView('operators', 'Operators');
export const tasksView = dataflowView('tasks', 'Tasks');
export const operatorChangesView = extraView('diff', 'Changes', (page) => Boolean(page.head.comparison), async (context) => {
  const code = await context.comparison();
  return code && code.createOperatorChanges(context);
});
export const whatIfView = extraView('what-if', 'What if', (page) => Object.hasOwn(page.head.sections, 'what_if'), async (context) => {
  const part = await context.whatIf();
  return part && part.code.createWhatIf(context, part.whatIf);
});

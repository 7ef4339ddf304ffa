// The sandwich: to the left all functions, to the right the chosen one with its callers above and its callees below. All of its
// instances are one here. A recursive function stands once: what is shown are its outermost instances, so that callers and callees
// both add up to its total.

import { el, fill, nameElement, visibleText } from '../base/dom.js';
import { formatAmount, formatCount, formatError, formatPercent } from '../base/format.js';
import { boxStates } from '../model/box_states.js';
import { FlameGraph } from '../parts/flame_graph.js';
import { statesBar, statesLegend } from '../parts/states_bar.js';
import { Table } from '../parts/table.js';
import { amountColumns, nameColumn, totalWords } from './function_columns.js';
import { functionRows } from './functions.js';

/** @typedef {import('../types/view.js').Context} Context */
/** @typedef {import('../types/model.js').State} State */
/** @typedef {import('../model/model.js').Model} Model */

/**
 * The function that is shown when none was chosen: the one with most time of its own.
 * @param {Model} model
 */
function heaviest(model) {
  const { self } = model.functions;
  let best = -1;
  for (let f = 0; f < self.length; f++)
    if (self[f] > 0 && (best < 0 || self[f] > self[best])) best = f;
  return best;
}

/**
 * @param {Model} model
 * @param {number} fn
 */
function headOf(model, fn) {
  const { functions, metric, page } = model;
  const names = model.names(fn);
  const say = (/** @type {'self' | 'total'} */ which) => {
    const amount = functions[which][fn];
    return `${formatAmount(amount, metric, page.head)} · ${formatPercent(model.share(amount))} ${formatError(model.error(amount, fn, which))}`;
  };
  const instances = model.instances(fn).length;
  return [
    el('h2', {}, nameElement(names.name.slice(0, 1000))),
    el('span', { class: 'place dim long-name' }, nameElement(names.place)),
    el('span', { class: 'sums', title: totalWords(model) }, el('b', {}, 'total '), say('total')),
    el('span', { class: 'sums', title: 'in the function itself' }, el('b', {}, 'self '), say('self')),
    el('span', { class: 'dim' }, `at ${formatCount(instances)} ${instances === 1 ? 'place' : 'places'} of the tree`),
    model.timed ? statesBar(page.head, model.states.ofTotal(fn)) : null,
    model.timed && model.state.colour === 'state' ? statesLegend(page.head, model.states.ofTotal(fn)) : null,
  ];
}

/**
 * One of the two flame graphs. A click on a function makes it the chosen one; the keyboard walks first.
 * @param {Context} context
 * @param {boolean} up
 */
function half(context, up) {
  let selected = -1;
  let key = '';
  /** @type {import('../parts/flame_graph.js').Flame | null} */
  let flame = null;
  const graph = new FlameGraph({
    label: up ? 'Flame graph of callers' : 'Flame graph of callees',
    up,
    onZoom: (node) => {
      const fn = flame?.shape.fn(node) ?? -1;
      if (fn >= 0) context.store.set({ fn, selected: -1 });
    },
    onSelect: (node) => {
      selected = node;
      if (flame) graph.update({ ...flame, selected });
      graph.reveal(node);
    },
  });
  return {
    graph,
    hide() {
      flame = null;
      graph.release();
    },
    /**
     * @param {Model} model
     * @param {number} fn
     */
    update(model, fn) {
      const kind = up ? 'callers' : 'callees';
      const shape = model.sandwich(fn)[kind];
      if (key !== `${model.key} ${fn}`) selected = -1;
      key = `${model.key} ${fn}`;
      const name = visibleText(model.names(fn).name.slice(0, 100));
      graph.setLabel(`Flame graph of ${kind} of ${name}`);
      const states = (/** @type {import('../model/layout.js').Layout} */ layout) => boxStates(model, layout, shape, kind, fn);
      flame = { model, shape, key, zoom: 0, selected, whole: false, states };
      graph.update(flame);
    },
  };
}

/**
 * @param {Context} context
 * @returns {import('../types/view.js').LiveView}
 */
function create(context) {
  const { store } = context;
  const table = new Table({
    id: 'sandwich',
    label: 'Functions',
    order: '-self',
    store,
    announce: context.announce,
    lasting: true,
    onSelect: (fn) => store.set({ fn, selected: -1 }, { replace: true }),
  });
  const callers = half(context, true);
  const callees = half(context, false);
  const head = el('div', { class: 'sandwich-head' });
  const element = el(
    'div',
    { class: 'sandwich' },
    table.element,
    el(
      'div',
      { class: 'sandwich-graphs' },
      head,
      el('h3', {}, 'Called by'),
      callers.graph.element,
      el('h3', {}, 'Calls'),
      callees.graph.element,
    ),
  );

  return {
    element,
    hide() {
      callers.hide();
      callees.hide();
    },
    update(state, model) {
      const known = state.fn >= 0 && state.fn < model.page.functions.count;
      const fn = known ? state.fn : heaviest(model);
      const rows = functionRows(model);
      table.update({
        columns: [
          nameColumn(model, 'minmax(140px, 1fr)'),
          ...amountColumns(model, 'self').filter((column) => column.key !== 'self_error'),
          ...amountColumns(model, 'total').filter((column) => column.key === 'total_share'),
        ],
        rows,
        key: `${model.key} ${state.search}`,
        selected: fn,
      });
      if (fn < 0) {
        fill(head, 'Nothing is left to show.');
        return;
      }
      fill(head, ...headOf(model, fn));
      callers.update(model, fn);
      callees.update(model, fn);
    },
  };
}

/** @type {import('../types/view.js').View} */
export const sandwich = {
  id: 'sandwich',
  title: 'Sandwich',
  available: (page) => page.trees.length > 0,
  create,
};

// All functions as a table, with the inspector beside it.

import { el } from '../base/dom.js';
import { formatCount } from '../base/format.js';
import { createInspector } from '../parts/inspector.js';
import { Table } from '../parts/table.js';
import {
  amountColumns,
  countColumn,
  nameColumn,
  placeColumn,
  spentColumn,
  stateColumns,
} from './function_columns.js';

/** @typedef {import('../types/view.js').Context} Context */
/** @typedef {import('../types/model.js').State} State */
/** @typedef {import('../model/model.js').Model} Model */

/**
 * Functions with any amount that the search, if there is one, matches.
 * @param {Model} model
 * @returns {Int32Array}
 */
export function functionRows(model) {
  const { total } = model.functions;
  const found = model.found;
  const rows = new Int32Array(total.length);
  let count = 0;
  for (let f = 0; f < total.length; f++)
    if (total[f] > 0 && (found === null || found.fns[f] === 1)) rows[count++] = f;
  return rows.subarray(0, count);
}

/**
 * Calls of each function, where calls were recorded and something else is counted.
 * @param {Context} context
 * @param {State} state
 * @param {Model} model
 * @returns {Float64Array | null}
 */
function callCounts({ workshop }, state, model) {
  if (model.metric.key === 'calls' || !workshop.metrics.some((m) => m.key === 'calls')) return null;
  return workshop.model({ ...state, metric: 'calls', range: null }).functions.self;
}

/**
 * @param {Context} context
 * @param {State} state
 * @param {Model} model
 */
function columnsOf(context, state, model) {
  // In numbers instead of a bar: many columns, which leave less to each.
  const byState = model.timed && state.extra['functions.states'] === '1';
  const columns = [
    nameColumn(model, byState ? 'minmax(150px, 1fr)' : 'minmax(180px, 1fr)'),
    ...amountColumns(model, 'self'),
    ...amountColumns(model, 'total'),
  ];
  if (byState) {
    columns.push(...stateColumns(model));
    const samples = model.functionSamples;
    if (samples) columns.push(countColumn('samples', 'samples', 'How often it was seen itself', samples));
  } else if (model.timed) columns.push(spentColumn(model));
  const calls = callCounts(context, state, model);
  if (calls) columns.push(countColumn('calls', 'calls', 'How often it was called', calls));
  columns.push(placeColumn(model, byState ? 'minmax(90px, 0.6fr)' : 'minmax(180px, 1fr)'));
  return columns;
}

/**
 * @param {Context} context
 * @param {string} id of the table
 */
export function createFunctionTable(context, id) {
  const { store } = context;
  const table = new Table({
    id,
    label: 'Functions',
    order: '-self',
    store,
    announce: context.announce,
    lasting: true,
    onSelect: (fn) => store.set({ fn, selected: -1 }, { replace: true }),
    onOpen: (fn) => store.set({ fn, selected: -1, view: 'sandwich' }),
  });
  const states = el(
    'button',
    {
      type: 'button',
      class: 'link',
      onclick: () => {
        const on = store.get().extra['functions.states'] === '1';
        store.setExtra('functions.states', on ? null : '1', { replace: true });
      },
    },
    'Columns for each state',
  );
  table.addToFoot(states);
  return {
    element: table.element,
    /**
     * @param {State} state
     * @param {Model} model
     */
    update(state, model) {
      const rows = functionRows(model);
      const { page } = model;
      const extra = state.extra['functions.states'] ?? '';
      states.setAttribute('aria-pressed', String(extra === '1'));
      states.hidden = !model.timed;
      table.update({
        columns: columnsOf(context, state, model),
        rows,
        key: `${model.key} ${state.search} ${extra}`,
        selected: state.fn,
        note: `${formatCount(rows.length)} ${page.head.dataflow || page.head.comparison ? 'operator' : 'function'}${rows.length === 1 ? '' : 's'}; Enter or a double click shows callers and callees`,
      });
    },
  };
}

/**
 * @param {Context} context
 * @returns {import('../types/view.js').LiveView}
 */
function create(context) {
  const inspector = createInspector(context);
  const table = createFunctionTable(context, 'functions');
  /** @param {State} state @param {Model} model */
  const update = (state, model) => {
    table.update(state, model);
    inspector.update({ ...state, selected: -1 }, model);
  };
  return { element: el('div', { class: 'flame-view' }, table.element, inspector.element), update, prepare: update };
}

/** @type {import('../types/view.js').View} */
export const functions = {
  id: 'functions',
  title: 'Functions',
  early: true,
  available: (page) => page.trees.length > 0,
  create,
};

// Changes between two recordings: how much less or more in all, a flame graph coloured by it or both side by side at one scale,
// and the functions by how much they changed. What is within twice the standard error, or 1 % of the run,
// is called no change.

import { el, fill, visibleText } from '../base/dom.js';
import { formatAmount, formatPercent } from '../base/format.js';
import { changeWidths, eitherWidths, functionChanges, sidesOf } from '../model/diff.js';
import { wholeShape } from '../model/shape.js';
import { DiffGraph, changePercent, changeWords, sideWords } from '../parts/diff_graph.js';
import { FlameGraph } from '../parts/flame_graph.js';
import { Table } from '../parts/table.js';
import { treeChoice } from '../parts/tree_choice.js';
import { nameColumn, placeColumn } from './function_columns.js';

/** @typedef {import('../types/model.js').State} State */
/** @typedef {import('../types/view.js').Context} Context */
/** @typedef {import('../model/model.js').Model} Model */
/** @typedef {import('../model/diff.js').Sides} Sides */
/** @typedef {import('../model/diff.js').Change} Change */
/** @typedef {import('../parts/table.js').Column} Column */

/** What can be chosen here: name in State.extra, its values with their words; the first is the default. */
const choices = /** @type {const} */ ([
  { key: 'diff.show', label: 'Show', values: [['graph', 'changes'], ['sides', 'side by side']] },
  { key: 'diff.width', label: 'Width', values: [['either', 'larger of both'], ['after', 'after'], ['before', 'before'], ['change', 'change']] },
  { key: 'diff.compare', label: 'Compare', values: [['time', 'amounts'], ['share', 'shares']] },
  { key: 'diff.column', label: 'Table', values: [['self', 'self'], ['total', 'total']] },
]);

/** @param {State} state @param {typeof choices[number]['key']} key */
function chosen(state, key) {
  const values = choices.find((choice) => choice.key === key)?.values ?? [];
  return values.find(([value]) => value === state.extra[key])?.[0] ?? values[0]?.[0];
}

class Diff {
  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    const { store, announce } = context;
    this.headline = el('p', { class: 'diff-headline' });
    this.sameWords = el('span', { class: 'diff-same' });
    /** @type {{key: typeof choices[number]['key'], buttons: HTMLButtonElement[]}[]} */
    this.groups = choices.map(({ key, values }) => ({
      key,
      buttons: values.map(([value, words], i) =>
        el('button', { type: 'button', 'data-value': value, onclick: () => store.setExtra(key, i === 0 ? null : value) }, words),
      ),
    }));
    const bar = el(
      'div',
      { class: 'view-bar' },
      ...this.groups.map(({ buttons }, i) =>
        el('div', { class: 'control' }, choices[i].label, el('div', { class: 'button-group', role: 'group', 'aria-label': choices[i].label }, ...buttons)),
      ),
      el(
        'div',
        { class: 'diff-legend' },
        el('span', { class: 'diff-less' }, '− less'),
        this.sameWords,
        el('span', { class: 'diff-more' }, '+ more'),
      ),
    );
    this.graph = new DiffGraph(this.graphOptions('Flame graph of changes'));
    this.both = ['Flame graph before', 'Flame graph after'].map((label) => new FlameGraph({ ...this.graphOptions(label), root: label.split(' ')[2] }));
    this.bothTitles = this.both.map(() => el('div', { class: 'diff-side-title' }));
    this.sideBoxes = this.both.map((graph, i) => el('div', { class: 'diff-side' }, this.bothTitles[i], graph.element));
    this.sidesElement = el('div', { class: 'diff-sides' }, ...this.sideBoxes);
    this.table = new Table({
      id: 'changes', label: 'Changes by function', order: '-change', store, announce,
      onSelect: (row) => store.set({ fn: this.changes[row].fn, selected: -1 }, { replace: true }),
      onOpen: () => store.set({ view: 'sandwich' }),
    });
    this.element = el(
      'section',
      { class: 'diff', 'aria-label': 'Changes' },
      this.headline,
      bar,
      el('div', { class: 'diff-graphs' }, this.graph.element, this.sidesElement),
      el('div', { class: 'diff-table' }, this.table.element),
    );
    /** @type {Change[]} */
    this.changes = [];
    /** @type {Model | null} */
    this.model = null;
  }

  /** @param {string} label @returns {import('../parts/flame_graph.js').FlameOptions} */
  graphOptions(label) {
    return {
      label,
      ...treeChoice(this.context.store, () => this.model),
    };
  }

  /**
   * @param {State} state
   * @param {Model} model
   */
  update(state, model) {
    this.model = model;
    for (const { key, buttons } of this.groups)
      for (const button of buttons)
        button.setAttribute('aria-pressed', String(button.dataset.value === chosen(state, key)));
    const sides = sidesOf(model, state, chosen(state, 'diff.compare') === 'share');
    this.sayAll(sides);
    const graph = chosen(state, 'diff.show') === 'graph';
    this.graph.element.hidden = !graph;
    this.sidesElement.hidden = graph;
    if (graph) this.showGraph(state, model, sides);
    else this.showSides(model, sides);
    this.showTable(state, model, sides);
  }

  /** @param {Sides} sides */
  sayAll(sides) {
    const { base, next } = sides;
    const { head } = next.page;
    const amount = (/** @type {Model} */ model) => formatAmount(model.shown, model.metric, head);
    // The summary's first sentence is the answer; what is counted here is a part of it, by its own name.
    const answer = head.amounts ? '' : head.summary[0]?.parts.map((part) => part.t).join('');
    fill(
      this.headline,
      answer ? el('b', {}, visibleText(answer)) : '',
      el('span', { class: 'diff-counted' }, `Counted here, ${next.metric.words}: ${amount(base)} → ${amount(next)} (${changePercent(next.shown - base.shown, base.shown)})`),
    );
  }

  /**
   * @param {State} state
   * @param {Model} model
   * @param {Sides} sides
   */
  showGraph(state, model, sides) {
    const width = chosen(state, 'diff.width');
    const { tree } = sides.next;
    const amounts =
      width === 'after' ? sides.next.amounts
      : width === 'before' ? sides.base.amounts
      : width === 'change' ? changeWidths(tree, sides)
      : eitherWidths(tree, sides);
    this.graph.updateSides(
      {
        model: sides.next,
        shape: wholeShape(tree, amounts),
        key: `${sides.next.key} ${width} ${sides.shares}`,
        zoom: model.zoom,
        selected: model.selected,
        whole: true,
      },
      sides,
    );
  }

  /**
   * One scale for both: the graph of the side that has less is narrower.
   * @param {Model} model
   * @param {Sides} sides
   */
  showSides(model, sides) {
    const both = [sides.base, sides.next];
    const amounts = both.map((side) => (sides.shares ? 1 : side.amounts.total[model.zoom]));
    const most = Math.max(...amounts);
    const order = eitherWidths(sides.next.tree, sides).total;
    both.forEach((side, i) => {
      this.sideBoxes[i].style.flex = `0 1 ${most > 0 ? Math.max((amounts[i] / (amounts[0] + amounts[1])) * 100, 8) : 50}%`;
      const amount = side.amounts.total[model.zoom];
      const say = (/** @type {number} */ value) => formatAmount(value, side.metric, side.page.head);
      this.bothTitles[i].textContent = `${i === 0 ? 'Before' : 'After'}: ${sides.shares ? `${formatPercent(amount / side.basis)} of ${say(side.basis)}` : say(amount)}`;
      this.both[i].update({
        model: side,
        shape: inOrder(wholeShape(side.tree, side.amounts), order),
        key: side.key,
        zoom: model.zoom,
        selected: model.selected,
        whole: true,
      });
    });
  }

  /**
   * @param {State} state
   * @param {Model} model
   * @param {Sides} sides
   */
  showTable(state, model, sides) {
    const column = chosen(state, 'diff.column') === 'total' ? 'total' : 'self';
    this.changes = functionChanges(sides, column);
    const { changes } = this;
    const rows = Uint32Array.from(changes, (_, i) => i);
    // Calls and tasks were all seen: no error is known of them, and none is claimed.
    const isSampled = changes.some((change) => change.error !== null);
    this.sameWords.textContent = isSampled ? 'within 2 errors or 1 %' : 'within 1 % of the run';
    this.table.update({
      columns: this.columns(model, column, sides),
      rows,
      key: `${sides.next.key} ${sides.shares} ${column}`,
      selected: state.fn < 0 ? -1 : changes.findIndex((change) => change.fn === state.fn),
      note: `${changes.filter((change) => change.verdict !== 0).length} of ${changes.length} ${model.page.head.comparison ? 'operators' : 'functions'} changed${isSampled ? ' beyond twice the error and 1 %' : ''}`,
    });
  }

  /**
   * @param {Model} model
   * @param {string} column
   * @param {Sides} sides
   * @returns {Column[]}
   */
  columns(model, column, sides) {
    const { changes } = this;
    const amount = (/** @type {number} */ value) => sideWords(sides, value);
    const signed = (/** @type {number} */ row) => changeWords(sides, changes[row].change);
    const error = (/** @type {number} */ row) => (changes[row].error === null ? '' : `± ${changeWords(sides, changes[row].error ?? 0).replace('+', '')}`);
    const percent = (/** @type {number} */ row) => changePercent(changes[row].change, changes[row].before);
    const words = (/** @type {number} */ row) => ['less', 'same', 'more'][changes[row].verdict + 1];
    const mark = (/** @type {number} */ row) =>
      el('span', { class: `diff-mark diff-${words(row)}` }, ['− less', 'same', '+ more'][changes[row].verdict + 1]);
    /** @param {Column} of @returns {Column} */
    const ofRow = (of) => ({
      ...of,
      cell: (row) => of.cell(changes[row].fn),
      text: (row) => of.text(changes[row].fn),
      value: of.value && ((row) => of.value?.(changes[row].fn) ?? ''),
    });
    const number = /** @type {const} */ ({ number: true, width: sides.shares ? '96px' : '84px' });
    return [
      { key: 'verdict', title: 'result', help: 'less or more, beyond twice the standard error and 1 % of the run', width: '64px', cell: mark, text: words, value: (row) => changes[row].verdict },
      ofRow(nameColumn(model, 'minmax(210px, 1.4fr)')),
      { ...number, key: 'before', title: `${column} before`, cell: (row) => amount(changes[row].before), text: (row) => amount(changes[row].before), value: (row) => changes[row].before },
      { ...number, key: 'after', title: `${column} after`, cell: (row) => amount(changes[row].after), text: (row) => amount(changes[row].after), value: (row) => changes[row].after },
      { ...number, key: 'change', title: 'change', help: 'sorted by its size, whichever way', cell: signed, text: signed, value: (row) => Math.abs(changes[row].change) },
      { ...number, key: 'error', title: 'error', help: 'standard error of the change', cell: error, text: error, value: (row) => changes[row].error ?? 0 },
      { ...number, key: 'percent', title: 'change %', help: 'of what it was before', cell: percent, text: percent, value: (row) => (changes[row].before > 0 ? changes[row].change / changes[row].before : Infinity) },
      ofRow(placeColumn(model, 'minmax(120px, 0.8fr)')),
    ];
  }
}

/**
 * Both sides list children in one order, so that the eye finds the same box at about the same place.
 * @param {import('../model/shape.js').Shape} shape
 * @param {Float64Array} order by node
 * @returns {import('../model/shape.js').Shape}
 */
function inOrder(shape, order) {
  return {
    ...shape,
    children(node, least) {
      const { nodes, ...rest } = shape.children(node, least);
      return { nodes: [...nodes].sort((a, b) => order[b] - order[a] || a - b), ...rest };
    },
  };
}

/**
 * @param {string} id
 * @param {string} title
 * @param {(page: import('../types/page.js').Page) => boolean} available
 * @returns {import('../types/view.js').View}
 */
function changesView(id, title, available) {
  return {
    id,
    title,
    available,
    create(context) {
      const diff = new Diff(context);
      return { element: diff.element, update: (state, model) => diff.update(state, model) };
    },
  };
}

export const diffView = changesView('diff', 'Changes', ({ head, trees }) => head.diff && !head.comparison && trees.length > 0);
/** Beside the operators of runs of frameworks (operator_changes.js), which say more. */
export const changeGraphView = changesView('diff-graph', 'Graph of changes', ({ head, trees }) => Boolean(head.comparison) && trees.length > 0);

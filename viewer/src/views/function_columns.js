// The columns of tables whose rows are functions.

import { el, nameElement, visibleText } from '../base/dom.js';
import { formatAmount, formatCount, formatPercent, formatShare } from '../base/format.js';
import { statesBar, statesText } from '../parts/states_bar.js';

/** @typedef {import('../parts/table.js').Column} Column */
/** @typedef {import('../model/model.js').Model} Model */

/**
 * @param {Model} model
 * @param {string} width
 * @returns {Column}
 */
export function nameColumn(model, width) {
  const text = (/** @type {number} */ fn) => {
    const { module, name } = model.names(fn);
    return module ? `${module}.${name}` : name;
  };
  return {
    key: 'name',
    title: 'function',
    width,
    text: (fn) => visibleText(text(fn)),
    value: (fn) => model.names(fn).name.toLowerCase(),
    cell: (fn) => {
      const { module, name, bare } = model.names(fn);
      const hit = model.found?.fns[fn] === 1;
      const cell = el('span', { class: hit ? 'fn hit' : 'fn', title: `${visibleText(text(fn)).slice(0, 600)}` });
      cell.append(nameElement(name.slice(0, 400) || bare));
      if (module) cell.append(' ', nameElement(module.slice(0, 200), 'dim'));
      return cell;
    },
  };
}

/** @param {Model} model @param {string} width @returns {Column} */
export function placeColumn(model, width) {
  const text = (/** @type {number} */ fn) => visibleText(model.names(fn).place);
  return {
    key: 'place',
    title: 'place',
    width,
    text,
    value: (fn) => model.names(fn).place,
    cell: (fn) => {
      const place = text(fn);
      return el('span', { class: 'end-first dim', title: place.slice(0, 600) }, nameElement(place.slice(-200)));
    },
  };
}

/** What a total holds. @param {Model} model */
export function totalWords({ metric, page }) {
  const calls = page.head.trees.find(({ name }) => name === 'calls');
  const tasks = metric.tree === 'calls' && calls?.tasks ? ' and the tasks that it started' : '';
  return `with what it calls${tasks}, recursion counted once`;
}

/**
 * Share, its error and amount of self or total.
 * @param {Model} model
 * @param {'self' | 'total'} which
 * @returns {Column[]}
 */
export function amountColumns(model, which) {
  const { head } = model.page;
  const values = model.functions[which];
  const words = which === 'self' ? 'in the function itself' : totalWords(model);
  const error = (/** @type {number} */ fn) => model.error(values[fn], fn, which);
  /** @type {Column[]} */
  const columns = [
    {
      key: `${which}_share`,
      title: `${which} %`,
      help: `Share of ${model.metric.words} ${words}`,
      number: true,
      width: '68px',
      value: (fn) => values[fn],
      text: (fn) => formatPercent(model.share(values[fn])),
      cell: (fn) => formatShare(model.share(values[fn])),
    },
  ];
  if (model.estimated)
    columns.push({
      key: `${which}_error`,
      title: '±',
      help: 'Standard error of the share to the left: the true one lies within two of them in 19 of 20 cases',
      number: true,
      width: '36px',
      text: (fn) => formatPercent(error(fn)),
      cell: (fn) => el('span', { class: 'dim' }, formatShare(error(fn) ?? 0)),
    });
  columns.push({
    key: which,
    title: which,
    help: `${model.metric.words} ${words}`,
    number: true,
    width: amountWidth(model, values),
    value: (fn) => values[fn],
    text: (fn) => formatAmount(values[fn], model.metric, head),
    cell: (fn) => formatAmount(values[fn], model.metric, head),
  });
  return columns;
}

/**
 * Times and bytes have three digits; what is counted has as many as there are, and its unit.
 * @param {Model} model
 * @param {Float64Array} values
 */
function amountWidth(model, values) {
  const most = values.reduce((largest, value) => Math.max(largest, value), 0);
  return `${Math.max(formatAmount(most, model.metric, model.page.head).length * 8 + 8, 72)}px`;
}

/**
 * What a function's own time was spent on, as a bar as long as its share.
 * @param {Model} model
 * @returns {Column}
 */
export function spentColumn(model) {
  const { head } = model.page;
  const values = model.functions.self;
  let most = 0;
  for (const value of values) if (value > most) most = value;
  return {
    key: 'spent',
    title: 'spent',
    help: 'What its own time was spent on; the bar is as long as its share',
    width: '76px',
    before: (fns) => model.states.prepare(fns),
    text: (fn) => statesText(head, model.states.ofSelf(fn)),
    cell: (fn) => statesBar(head, model.states.ofSelf(fn), most > 0 ? values[fn] / most : 0),
  };
}

/**
 * A column for each state that occurs.
 * @param {Model} model
 * @returns {Column[]}
 */
export function stateColumns(model) {
  const { head } = model.page;
  const states = head.states.length;
  const by = model.states.rows;
  const occurs = head.states.map((_, s) => {
    for (let i = s; i < by.length; i += states) if (by[i] > 0) return true;
    return false;
  });
  return head.states.flatMap((state, s) => {
    if (!occurs[s]) return [];
    const value = (/** @type {number} */ fn) => by[fn * states + s];
    const text = (/** @type {number} */ fn) =>
      value(fn) > 0 ? formatAmount(value(fn), model.metric, head) : '';
    // "CPU" alone would be read as the time on it.
    const title = state.words.replace(/^waiting for (?:an? |the )?/, 'wait: ').replace('collecting ', '');
    return [
      {
        key: `state_${state.key}`,
        title,
        help: `${state.words}, in the function itself`,
        number: true,
        width: `${Math.max(title.length * 8 + 12, 72)}px`,
        value,
        text,
        cell: text,
      },
    ];
  });
}

/**
 * @param {string} key
 * @param {string} title
 * @param {string} help
 * @param {Float64Array} values by function
 * @returns {Column}
 */
export function countColumn(key, title, help, values) {
  return {
    key,
    title,
    help,
    number: true,
    width: '66px',
    value: (fn) => values[fn],
    text: (fn) => formatCount(values[fn]),
    cell: (fn) => (values[fn] > 0 ? formatCount(values[fn]) : ''),
  };
}

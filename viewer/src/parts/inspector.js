// What is known of the selected function: where it is, this instance and all of them, what it spent its time on, who calls it and
// whom it calls, and what can be done with it.

import { el, fill, nameElement } from '../base/dom.js';
import { formatAmount, formatCount, formatError, formatPercent } from '../base/format.js';
import { currentTheme, functionColours } from '../draw/theme.js';
import { pathTo } from '../model/shape.js';
import { toggle } from './actions.js';
import { statesBar, statesLegend } from './states_bar.js';

/** @typedef {import('../types/model.js').State} State */
/** @typedef {import('../types/view.js').Context} Context */
/** @typedef {import('../model/model.js').Model} Model */

/**
 * @param {Model} model
 * @param {number} amount
 * @param {number} fn
 * @param {'self' | 'total'} which
 * @returns {HTMLElement}
 */
function amountCell(model, amount, fn, which) {
  return el(
    'td',
    {},
    el('b', {}, formatAmount(amount, model.metric, model.page.head)),
    el('span', { class: 'dim' }, formatPercent(model.share(amount))),
    el('span', { class: 'dim error' }, formatError(model.error(amount, fn, which))),
  );
}

/**
 * @param {Model} model
 * @param {number} fn
 * @param {number} node of model.upright, -1 = none
 */
function amountsTable(model, fn, node) {
  const { upright, functions } = model;
  const count = model.instances(fn).length;
  return el(
    'table',
    { class: 'amounts' },
    el(
      'thead',
      {},
      el('tr', {}, el('td', {}), el('th', { scope: 'col' }, 'total'), el('th', { scope: 'col' }, 'self')),
    ),
    el(
      'tbody',
      {},
      node > 0
        ? el(
            'tr',
            {},
            el('th', { scope: 'row' }, 'here'),
            amountCell(model, upright.total(node), fn, 'total'),
            amountCell(model, upright.self(node), fn, 'self'),
          )
        : null,
      el(
        'tr',
        {},
        el('th', { scope: 'row' }, `all ${formatCount(count)}`),
        amountCell(model, functions.total[fn], fn, 'total'),
        amountCell(model, functions.self[fn], fn, 'self'),
      ),
    ),
  );
}

const neighbours = 6;

/**
 * @param {Context} context
 * @param {Model} model
 * @param {string} title
 * @param {import('../model/shape.js').Shape} shape
 */
function neighbourList({ store }, model, title, shape) {
  const all = shape.total(0);
  const { nodes } = shape.children(0, 0);
  if (nodes.length === 0) return null;
  const more = nodes.length > neighbours ? `${formatCount(nodes.length - neighbours)} more` : '';
  return el(
    'section',
    {},
    el('h3', {}, title),
    el(
      'ul',
      { class: 'neighbours' },
      ...nodes.slice(0, neighbours).map((node) => {
        const fn = shape.fn(node);
        const share = all > 0 ? shape.total(node) / all : 0;
        return el(
          'li',
          {},
          el(
            'button',
            { type: 'button', class: 'link', onclick: () => store.set({ fn, selected: -1 }) },
            nameElement(model.names(fn).name.slice(0, 200)),
          ),
          el('span', { class: 'amount' }, formatPercent(share)),
        );
      }),
      more ? el('li', { class: 'dim' }, more) : null,
    ),
  );
}

/**
 * @param {Context} context
 * @param {Model} model
 * @param {number} fn
 * @param {number} node
 */
function buttons({ store, page }, model, fn, node) {
  const active = (/** @type {string} */ kind) =>
    model.state.transforms.some((t) => t.kind === kind && t.fn === fn);
  /** @param {'focus' | 'ignore' | 'merge'} kind @param {string} words @param {string} key */
  const transform = (kind, words, key) =>
    el(
      'button',
      {
        type: 'button',
        'aria-pressed': String(active(kind)),
        title: `${words} (${key})`,
        onclick: () => toggle(store, { kind, fn }),
      },
      words,
    );
  return el(
    'div',
    { class: 'buttons' },
    el(
      'button',
      { type: 'button', title: 'Callers and callees (s)', onclick: () => store.set({ view: 'sandwich', fn }) },
      'Sandwich',
    ),
    transform('focus', 'Focus', 'f'),
    transform('ignore', 'Ignore', 'd'),
    transform('merge', 'Merge', 'm'),
    page.head.source !== 'none'
      ? el('button', { type: 'button', onclick: () => store.set({ view: 'source', fn }) }, 'Source')
      : null,
    node > 0 && model.state.zoom > 0
      ? el('button', { type: 'button', onclick: () => store.set({ zoom: 0 }) }, 'Zoom out')
      : null,
  );
}

const stackEnds = 7;

/**
 * The stack of a node, outermost first; of a long one both ends.
 * @param {Context} context
 * @param {Model} model
 * @param {number} node
 */
function stackList({ store, workshop }, model, node) {
  const { upright } = model;
  const path = pathTo(upright, node);
  const colours = functionColours(workshop, currentTheme());
  const left = path.length - 2 * stackEnds;
  const shown = left > 1 ? [...path.slice(0, stackEnds), -1, ...path.slice(-stackEnds)] : path;
  return el(
    'section',
    {},
    el('h3', {}, `Stack, ${formatCount(path.length)} deep`),
    el(
      'ol',
      { class: 'stack' },
      ...shown.map((at) => {
        if (at < 0) return el('li', { class: 'dim' }, `${formatCount(left)} more`);
        const fn = upright.fn(at);
        const selected = model.pageNode(at);
        return el(
          'li',
          {},
          el('span', { class: 'stack-colour', 'aria-hidden': 'true', style: `background-color: ${colours.css(fn)}` }),
          el(
            'button',
            {
              type: 'button',
              class: 'link',
              'aria-current': at === node ? 'true' : null,
              onclick: () => store.set({ selected, fn }),
            },
            nameElement(model.names(fn).name.slice(0, 200)),
          ),
          el('span', { class: 'amount dim' }, formatPercent(model.share(upright.total(at)))),
        );
      }),
    ),
  );
}

/** @param {Context} context */
export function createInspector(context) {
  const { page } = context;
  const element = el('aside', { class: 'inspector', 'aria-label': 'Selected function' });

  /**
   * @param {Model} model
   * @param {number} fn
   * @param {number} node
   */
  function show(model, fn, node) {
    const names = model.names(fn);
    const { timed } = model;
    const states = !timed ? null : node > 0 ? model.states.ofNode(node) : model.states.ofTotal(fn);
    const { callers, callees } = model.sandwich(fn);
    fill(
      element,
      el('h2', {}, nameElement(names.name.slice(0, 1000))),
      names.module ? el('div', { class: 'dim long-name' }, nameElement(names.module)) : null,
      el('div', { class: 'place long-name' }, nameElement(names.place)),
      amountsTable(model, fn, node),
      states
        ? el(
            'section',
            {},
            el('h3', {}, node > 0 ? 'What it spent this on' : 'What it spent its time on'),
            statesBar(page.head, states),
            statesLegend(page.head, states),
          )
        : null,
      buttons(context, model, fn, node),
      neighbourList(context, model, 'Called by', callers),
      neighbourList(context, model, 'Calls', callees),
      node > 0 ? stackList(context, model, node) : null,
    );
  }

  /** @param {Model} model */
  function showAll(model) {
    const states = model.timed ? model.states.ofNode(0) : null;
    fill(
      element,
      el('h2', {}, 'Everything'),
      el('p', {}, el('b', {}, formatAmount(model.shown, model.metric, page.head)), page.head.amounts ? '' : ` ${model.metric.words}`),
      states ? statesBar(page.head, states) : null,
      states ? statesLegend(page.head, states) : null,
      el('p', { class: 'dim hint' }, 'Click a box to look closer. Press ? for keys.'),
    );
  }

  let shown = '';
  return {
    element,
    /**
     * @param {State} state
     * @param {Model} model
     */
    update(state, model) {
      const node = model.inverted ? -1 : model.selected;
      const fn = node > 0 ? model.upright.fn(node) : state.fn;
      // A stack has the colours of the theme.
      const key = `${model.key} ${fn} ${node} ${state.zoom > 0} ${node > 0 ? currentTheme().background : ''}`;
      if (key === shown) return;
      shown = key;
      if (fn >= 0 && fn < page.functions.count) show(model, fn, node);
      else showAll(model);
    },
  };
}

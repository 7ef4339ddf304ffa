// The flame graph, root on top, or inverted; below it the functions, so that no half of the screen is empty; beside it the inspector.

import { el, visibleText } from '../base/dom.js';
import { flameStates } from '../parts/flame_colours.js';
import { FlameGraph } from '../parts/flame_graph.js';
import { spokenNode } from '../parts/flame_mirror.js';
import { createInspector } from '../parts/inspector.js';
import { createFunctionTable } from './functions.js';

/** @typedef {import('../types/view.js').Context} Context */
/** @typedef {import('../types/model.js').State} State */
/** @typedef {import('../model/model.js').Model} Model */
/** @typedef {import('../model/shape.js').Shape} Shape */

/**
 * @param {Shape} shape
 * @param {readonly number[]} trail functions from the root
 * @returns {number} as far as it goes
 */
function followTrail(shape, trail) {
  let node = 0;
  for (const fn of trail) {
    const next = shape.children(node, 0).nodes.find((child) => shape.fn(child) === fn);
    if (next === undefined) return node;
    node = next;
  }
  return node;
}

/**
 * @param {Shape} shape
 * @param {number} node
 * @returns {number[]}
 */
function trailTo(shape, node) {
  const trail = [];
  for (let n = node; n > 0; n = shape.parent(n)) trail.push(shape.fn(n));
  return trail.reverse();
}

/**
 * The next of the functions that the search matches among the boxes, in the order in which they are drawn.
 * @param {FlameGraph} graph
 * @param {Model} model
 * @param {number} step 1 or -1
 * @returns {number} node, -1 = none
 */
function nextMatch(graph, model, step) {
  const { layout, flame } = graph;
  const found = model.found;
  if (!layout || !flame || !found) return -1;
  let at = -1;
  for (let i = 0; i < layout.count && at < 0; i++)
    if (layout.node[i] === flame.selected && layout.rest[i] === 0) at = i;
  for (let steps = 1; steps <= layout.count; steps++) {
    /** @type {number} */
    const i = (at + step * steps + 2 * layout.count) % layout.count;
    const fn = layout.rest[i] > 0 ? -1 : flame.shape.fn(layout.node[i]);
    if (fn >= 0 && found.fns[fn] === 1) return layout.node[i];
  }
  return -1;
}

/** @type {Shape} */
const nothing = {
  fn: () => -1,
  total: () => 0,
  self: () => 0,
  parent: () => -1,
  children: () => ({ nodes: [], rest: 0, restCount: 0 }),
};

/**
 * @param {Context} context
 * @returns {import('../types/view.js').LiveView}
 */
function create(context) {
  const { store, page } = context;
  const inspector = createInspector(context);
  /** @type {Model} */
  let model;
  let shape = nothing;

  /** @param {number} node @param {boolean} zoom @param {boolean} [byKey] */
  function go(node, zoom, byKey = false) {
    const fn = shape.fn(node);
    /** @type {Partial<State>} */
    const change = { fn: fn >= 0 ? fn : -1 };
    if (model.inverted) {
      if (zoom) change.trail = trailTo(shape, node);
    } else {
      const there = node === 0 ? -1 : model.pageNode(node);
      change.selected = there;
      if (zoom) change.zoom = Math.max(there, 0);
    }
    inverted = model.inverted ? node : -1;
    // By keys the tree itself says where one is.
    if (zoom && graph.flame)
      context.announce(`Zoomed: ${spokenNode(graph.flame, (f) => graph.nameOf(f), node)}`);
    store.set(change, { replace: byKey });
  }
  let inverted = -1;

  const graph = new FlameGraph({
    label: 'Flame graph',
    onZoom: (node) => go(node, true),
    onSelect: (node) => {
      go(node, false, true);
      graph.reveal(node);
    },
    onEscape: () => {
      const state = store.get();
      if (state.zoom > 0 || state.trail.length > 0) store.set({ zoom: 0, trail: [] });
      else if (state.selected >= 0 || state.fn >= 0) {
        inverted = -1;
        store.set({ selected: -1, fn: -1 });
      } else if (state.search) store.set({ search: '' });
    },
  });
  graph.canvas.addEventListener('keydown', (event) => {
    if (event.key !== 'n' && event.key !== 'p') return;
    const node = nextMatch(graph, model, event.key === 'n' ? 1 : -1);
    event.preventDefault();
    if (node < 0) return;
    go(node, false, true);
    graph.reveal(node);
  });
  const table = createFunctionTable(context, 'flame-functions');
  const element = el(
    'div',
    { class: 'flame-view' },
    el('div', { class: 'flame-column' }, graph.element, table.element),
    inspector.element,
  );
  /** @param {State} state @param {Model} shown */
  const beside = (state, shown) => {
    inspector.update(state, shown);
    table.update(state, shown);
  };

  return {
    element,
    prepare: beside,
    hide() {
      graph.release();
      shape = nothing;
    },
    update(state, next) {
      if (next.inverted !== model?.inverted) inverted = -1;
      model = next;
      shape = model.shape;
      const zoom = model.inverted ? followTrail(shape, state.trail) : model.zoom;
      const selected = model.inverted ? inverted : model.selected;
      const command = visibleText((page.head.sides[model.side]?.command ?? '').slice(0, 80));
      graph.setLabel(`Flame graph of ${command}: ${model.metric.words}${model.inverted ? ', inverted' : ''}`);
      graph.update({
        model,
        shape,
        key: `${model.key} ${model.inverted}`,
        zoom,
        selected,
        ...flameStates(model),
      });
      if (!model.isFirst) beside(state, model);
    },
  };
}

/** @type {import('../types/view.js').View} */
export const flame = {
  id: 'flame',
  title: 'Flame graph',
  early: true,
  available: (page) => page.trees.length > 0,
  create,
};

// What the boxes of a flame graph are filled with: colours of functions, or of the states that their time was spent in.

import { stateColours } from '../draw/theme.js';
import { boxStates } from '../model/box_states.js';
import { stateAmountsOfNodes } from '../model/subtree_states.js';

/** @typedef {import('../draw/theme.js').Theme} Theme */
/** @typedef {import('../model/layout.js').Layout} Layout */
/** @typedef {import('../model/model.js').Model} Model */
/** @typedef {import('./flame_graph.js').Flame} Flame */

/** @typedef {{fill: Uint32Array, edge: Uint32Array, hit: Uint8Array | null}} Boxes colours by box; hit: 1 found, 2 chosen */

/**
 * @param {Model} model
 * @returns {Pick<Flame, 'whole' | 'states'>} what a graph of model.shape needs beside it
 */
export function flameStates(model) {
  if (!model.inverted && model.tree.derived === null) return { whole: true };
  const kind = model.inverted ? 'inverted' : 'merged';
  return { whole: false, states: (layout) => boxStates(model, layout, model.shape, kind, -1) };
}

/**
 * @param {Flame} flame one whose nodes are those of the tree
 * @param {Layout} layout
 * @returns {Float64Array} by box: rows of amounts by state
 */
function wholeStates({ model }, layout) {
  const states = model.page.head.states.length;
  const order = Array.from({ length: layout.count }, (_, i) => i)
    .filter((i) => layout.rest[i] === 0)
    .sort((a, b) => layout.node[a] - layout.node[b]);
  const nodes = Int32Array.from(order, (i) => layout.node[i]);
  const rows = stateAmountsOfNodes(model.source, model.metric, model.threads, model.tree, nodes, states);
  const amounts = new Float64Array(layout.count * states);
  order.forEach((box, at) => amounts.set(rows.subarray(at * states, (at + 1) * states), box * states));
  return amounts;
}

/**
 * @param {Flame} flame
 * @param {Layout} layout
 * @returns {Float64Array} amounts by state of each box: rows as long as head.states
 */
export function boxAmounts(flame, layout) {
  return flame.states?.(layout) ?? wholeStates(flame, layout);
}

/**
 * @param {Flame} flame
 * @param {Layout} layout
 * @param {Theme} theme
 * @param {{fill: Uint32Array, edge: Uint32Array} | null} colours by function
 * @returns {Boxes}
 */
export function boxesByFunction({ shape, model }, layout, theme, colours) {
  const count = layout.count;
  const fill = new Uint32Array(count);
  const edge = new Uint32Array(count);
  const found = model.found;
  const chosen = model.state.fn;
  const hit = found || chosen >= 0 ? new Uint8Array(count) : null;
  const rootFill = theme.look.hatchGround;
  for (let i = 0; i < count; i++) {
    const fn = layout.rest[i] > 0 ? -1 : shape.fn(layout.node[i]);
    fill[i] = fn < 0 || !colours ? rootFill : colours.fill[fn];
    edge[i] = fn < 0 || !colours ? theme.look.hatch : colours.edge[fn];
    if (hit && fn >= 0) hit[i] = found && found.fns[fn] === 1 ? 1 : fn === chosen ? 2 : 0;
  }
  return { fill, edge, hit };
}

/**
 * Fills boxes with the colour of the state that most of their time was spent in.
 * @param {Boxes} boxes
 * @param {Flame} flame
 * @param {Layout} layout
 * @param {Theme} theme
 * @param {Float64Array} amounts of boxAmounts
 * @returns {import('../draw/raster.js').Strips}
 */
export function fillByState({ fill, edge }, flame, layout, theme, amounts) {
  const { head } = flame.model.page;
  const states = head.states.length;
  const colours = stateColours(head, theme);
  for (let box = 0; box < layout.count; box++) {
    if (layout.rest[box] > 0) continue;
    const row = amounts.subarray(box * states, (box + 1) * states);
    let most = 0;
    for (let s = 1; s < states; s++) if (row[s] > row[most]) most = s;
    fill[box] = colours.fill[most];
    edge[box] = colours.edge[most];
  }
  return { amounts, colours: [...colours.fill], stripes: [...colours.stripe] };
}

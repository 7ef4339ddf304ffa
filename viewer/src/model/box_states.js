// Amounts by state of the boxes of a flame graph whose nodes are made as they are looked at (shape.js): callers, and the callees of all
// instances of a function. Such a node knows no more than its amount. So each amount is brought to the deepest box that its stack
// leads to, and boxes add up what is below them. No DOM.

import { eachAmount } from './aggregate.js';
import { stateAmountsOfNodes } from './subtree_states.js';
import { parentHere, standsHere } from './tree.js';

/** @typedef {import('./layout.js').Layout} Layout */
/** @typedef {import('./shape.js').Shape} Shape */
/** @typedef {import('./model.js').Model} Model */

const multiplier = 0x9e3779b1;

/** Boxes by the node above them and their function: a table of open addresses, because it is asked for every place of a tree. */
class Boxes {
  /**
   * @param {Layout} layout
   * @param {Shape} shape
   */
  constructor(layout, shape) {
    this.node = layout.node;
    /** Of a node; -1: it is not drawn. @type {Map<number, number>} */
    this.ofNode = new Map();
    let size = 16;
    while (size < layout.count * 4) size *= 2;
    this.mask = size - 1;
    this.slots = new Int32Array(size).fill(-1);
    this.above = new Int32Array(layout.count);
    this.fn = new Int32Array(layout.count);
    for (let box = 0; box < layout.count; box++) {
      if (layout.rest[box] > 0) continue;
      const node = layout.node[box];
      this.ofNode.set(node, box);
      this.above[box] = shape.parent(node);
      this.fn[box] = shape.fn(node);
      let slot = this.slotOf(this.above[box], this.fn[box]);
      while (this.slots[slot] >= 0) slot = (slot + 1) & this.mask;
      this.slots[slot] = box;
    }
  }

  /** @param {number} above @param {number} fn */
  slotOf(above, fn) {
    const mixed = Math.imul(Math.imul(above + 1, multiplier) ^ (fn + 1), multiplier);
    return (mixed ^ (mixed >>> 15)) & this.mask;
  }

  /**
   * @param {number} box
   * @param {number} fn
   * @returns {number} the box of the function below the box, -1 = none is drawn
   */
  below(box, fn) {
    const above = this.node[box];
    for (let slot = this.slotOf(above, fn); ; slot = (slot + 1) & this.mask) {
      const found = this.slots[slot];
      if (found < 0 || (this.above[found] === above && this.fn[found] === fn)) return found;
    }
  }

  /**
   * @param {import('../types/model.js').Tree} tree
   * @param {number} box
   * @param {number} node
   * @returns {number} the deepest box that the callers of the node, itself included, lead to
   */
  up(tree, box, node) {
    for (let n = node; n > 0; n = parentHere(tree, n)) {
      const next = this.below(box, tree.fn[n]);
      if (next < 0) break;
      box = next;
    }
    return box;
  }
}

/**
 * Calls back for everything that counts: with its node in the tree, state and amount.
 * @param {Model} model
 * @param {(node: number, state: number, amount: number) => void} take
 */
function eachPlaced({ source, metric, threads, tree, page }, take) {
  const { map } = tree;
  const states = page.head.states.length;
  eachAmount(source, metric, threads, (node, state, amount) => {
    const n = map === null ? node : map[node];
    if (n >= 0 && state < states) take(n, state, amount);
  });
}

/**
 * @param {Model} model
 * @param {Layout} layout
 * @param {Shape} shape "inverted" or "merged" of model.shape, or a half of model.sandwich(fn)
 * @param {"inverted" | "merged" | "callers" | "callees"} kind
 * @param {number} fn of the sandwich
 * @returns {Float64Array} by box: rows of head.states.length; of boxes of many narrow ones 0
 */
export function boxStates(model, layout, shape, kind, fn) {
  const states = model.page.head.states.length;
  const by = new Float64Array(layout.count * states);
  const boxes = new Boxes(layout, shape);
  const root = boxes.ofNode.get(0) ?? 0;
  if (kind === 'inverted') addInverted(model, boxes, root, by, states);
  else if (kind === 'callers') addCallers(model, boxes, root, by, states, fn);
  else addCallees(model, boxes, root, by, states, kind === 'merged' ? Int32Array.of(0) : model.instances(fn));
  // Boxes stand by row, so those below come later.
  for (let box = layout.count - 1; box > 0; box--) {
    const above = layout.rest[box] > 0 ? undefined : boxes.ofNode.get(boxes.above[box]);
    if (above === undefined) continue;
    for (let s = 0; s < states; s++) by[above * states + s] += by[box * states + s];
  }
  return by;
}

/**
 * @param {Model} model
 * @param {Boxes} boxes
 * @param {number} root
 * @param {Float64Array} by
 * @param {number} states
 */
function addInverted(model, boxes, root, by, states) {
  let last = -1;
  let box = root;
  eachPlaced(model, (node, state, amount) => {
    // What is of a node stands together.
    if (node !== last) box = boxes.up(model.tree, root, node);
    last = node;
    by[box * states + state] += amount;
  });
}

/**
 * @param {Model} model
 * @param {Boxes} boxes
 * @param {number} root
 * @param {Float64Array} by
 * @param {number} states
 * @param {number} fn
 */
function addCallers(model, boxes, root, by, states, fn) {
  const { source, metric, threads, tree } = model;
  const instances = model.instances(fn);
  const rows = stateAmountsOfNodes(source, metric, threads, tree, instances, states);
  instances.forEach((instance, i) => {
    const box = boxes.up(tree, root, parentHere(tree, instance));
    for (let s = 0; s < states; s++) by[box * states + s] += rows[i * states + s];
  });
}

/**
 * @param {Model} model
 * @param {Boxes} boxes
 * @param {number} root
 * @param {Float64Array} by
 * @param {number} states
 * @param {Int32Array} instances nodes of the tree that the root is made of
 */
function addCallees(model, boxes, root, by, states, instances) {
  const { tree } = model;
  const outside = -0x80000000;
  // The node's own box; ~box: the deepest one above it, it has none itself.
  const at = new Int32Array(tree.count).fill(outside);
  for (const instance of instances) at[instance] = root;
  for (let n = (instances[0] ?? tree.count) + 1; n < tree.count; n++) {
    if (at[n] !== outside || !standsHere(tree, n)) continue;
    const above = at[parentHere(tree, n)];
    if (above === outside) continue;
    const box = above < 0 ? -1 : boxes.below(above, tree.fn[n]);
    at[n] = above < 0 ? above : box < 0 ? ~above : box;
  }
  eachPlaced(model, (node, state, amount) => {
    const box = at[node];
    if (box !== outside) by[(box < 0 ? ~box : box) * states + state] += amount;
  });
}

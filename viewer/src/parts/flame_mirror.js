// The flame graph as a tree for screen readers: what the keyboard is on, its callers, what stands beside it and below. It is the canvas's own
// content, which browsers show to assistive technology and not on the screen.

import { el, fill, visibleText } from '../base/dom.js';
import { formatAmount, formatPercent } from '../base/format.js';

/** @typedef {import('./flame_graph.js').Flame} Flame */

/** Siblings and children that are listed. */
const most = 25;
let canvases = 0;
/** @type {WeakMap<HTMLElement, string>} */
const prefixes = new WeakMap();

/**
 * @param {Flame} flame
 * @param {(fn: number) => string} nameOf
 * @param {number} node
 * @returns {string}
 */
export function spokenNode({ model, shape }, nameOf, node) {
  const { head } = model.page;
  const fn = shape.fn(node);
  const module = fn < 0 ? '' : model.names(fn).module;
  /** @param {number} amount */
  const say = (amount) =>
    `${formatAmount(amount, model.metric, head)}, ${formatPercent(model.share(amount))}`;
  const name = visibleText(nameOf(fn).slice(0, 200));
  return `${name}${module ? ` in ${visibleText(module.slice(0, 100))}` : ''}: total ${say(shape.total(node))}; self ${say(shape.self(node))}`;
}

/**
 * The least that the keyboard goes to: about what is drawn. Nodes with a hundred thousand children exist.
 * @param {Flame} flame
 */
export function leastStep({ shape, zoom }) {
  return shape.total(zoom) / 4000;
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Flame} flame
 * @param {(node: number) => string} spoken
 * @param {number} selected
 */
export function mirrorTree(canvas, flame, spoken, selected) {
  const { shape } = flame;
  let prefix = prefixes.get(canvas);
  if (!prefix) {
    prefix = `flame${canvases++}-`;
    prefixes.set(canvas, prefix);
  }
  const at = selected >= 0 ? selected : flame.zoom;
  /** @type {number[]} */
  const above = [];
  for (let n = shape.parent(at); n >= 0 && above.length < 200; n = shape.parent(n)) above.push(n);
  above.reverse();
  const least = leastStep(flame);
  /** @type {HTMLElement[]} */
  const items = [];
  /** @param {number} node @param {number} level @param {number} place @param {number} size */
  const add = (node, level, place, size) =>
    items.push(
      el(
        'div',
        {
          role: 'treeitem',
          id: prefix + node,
          'aria-level': level,
          'aria-posinset': place,
          'aria-setsize': size,
          'aria-selected': node === at ? 'true' : 'false',
        },
        spoken(node),
      ),
    );
  above.forEach((node, i) => add(node, i + 1, 1, 1));
  const parent = shape.parent(at);
  const siblings = parent < 0 ? [at] : shape.children(parent, least).nodes;
  const place = siblings.indexOf(at);
  const first = Math.max(place - 3, 0);
  siblings.slice(first, Math.max(place + 1, most)).forEach((node, i) => {
    add(node, above.length + 1, first + i + 1, siblings.length);
    if (node === at) {
      const children = shape.children(at, least).nodes;
      children.slice(0, most).forEach((c, j) => add(c, above.length + 2, j + 1, children.length));
    }
  });
  fill(canvas, ...items);
  canvas.setAttribute('aria-activedescendant', prefix + at);
}

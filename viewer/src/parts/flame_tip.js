// What the tooltip of a flame graph says of a box.

import { el, nameElement } from '../base/dom.js';
import { formatAmount, formatCount, formatError, formatPercent } from '../base/format.js';

/**
 * @param {import('./flame_graph.js').Flame} flame
 * @param {import('../model/layout.js').Layout} layout
 * @param {number} box
 * @param {string} root what the root is called
 * @returns {HTMLElement[]}
 */
export function flameTip({ model, shape }, layout, box, root) {
  const { head } = model.page;
  const node = layout.node[box];
  const say = (/** @type {number} */ amount) =>
    `${formatAmount(amount, model.metric, head)} · ${formatPercent(model.share(amount))}`;
  if (layout.rest[box] > 0)
    return [
      el('div', { class: 'tip-name' }, `${formatCount(layout.rest[box])} narrow boxes`),
      el('div', {}, `${say(layout.amount[box])} together; zoom in to see them`),
    ];
  const fn = shape.fn(node);
  const total = layout.amount[box];
  const lines = [el('div', { class: 'tip-amount' }, `${say(total)} ${formatError(model.error(total, fn))}`)];
  if (fn < 0) return [el('div', { class: 'tip-name' }, root), ...lines];
  const names = model.names(fn);
  return [
    el('div', { class: 'tip-name' }, nameElement(names.name.slice(0, 200))),
    ...lines,
    el('div', { class: 'tip-self' }, `itself ${say(shape.self(node))}`),
    el('div', { class: 'tip-place' }, nameElement(names.place.slice(-200))),
  ];
}

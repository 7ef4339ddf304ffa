// What is written into the boxes of a flame graph.

import { formatCount } from '../base/format.js';

/** @typedef {import('./flame_graph.js').Flame} Flame */
/** @typedef {import('../model/layout.js').Layout} Layout */

/** Of a row of boxes, CSS pixels. */
export const rowHeight = 20;
/** Narrower boxes have room for nothing that could be read. */
const leastWidth = 22;

/**
 * @typedef {object} Lettering
 * @property {CanvasRenderingContext2D} context
 * @property {import('../draw/labels.js').Labels} labels
 * @property {import('../draw/theme.js').Theme} theme
 * @property {Flame} flame
 * @property {Layout} layout
 * @property {number} ratio device pixels of a CSS pixel
 * @property {(row: number) => number} top of a row within the canvas
 * @property {number} height of the canvas, CSS pixels
 * @property {(amount: number) => string} root what the root's box says
 * @property {(box: number) => number} [taken] CSS pixels at the right end of a box that something else needs
 * @property {boolean} onStates boxes have the colours of states, which carry dark text in any theme
 */

/** @param {Lettering} lettering */
export function drawLabels(lettering) {
  const { context, labels, theme, flame, layout, ratio, top, height } = lettering;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.textBaseline = 'middle';
  context.direction = 'ltr';
  const dark = lettering.onStates && !theme.forced;
  const style = { text: dark ? '#111' : theme.text, dim: dark ? '#222' : theme.dim, bold: false };
  const found = flame.model.found;
  for (let row = 0; row < layout.rows; row++) {
    const y = top(row);
    if (y + rowHeight <= 0 || y >= height) continue;
    const middle = y + rowHeight / 2 + 0.5;
    for (let i = layout.rowStart[row]; i < layout.rowStart[row + 1]; i++) {
      if (layout.width[i] < leastWidth) continue;
      const fn = flame.shape.fn(layout.node[i]);
      if (layout.rest[i] > 0) drawRest(lettering, i, middle);
      else if (fn < 0) drawRoot(lettering, i, middle, style.text);
      else {
        const label = labels.fit(fn, layout.width[i] - (lettering.taken?.(i) ?? 0));
        style.bold = found !== null && found.fns[fn] === 1;
        if (label) labels.draw(label, layout.x[i], middle, style);
      }
    }
  }
}

/**
 * @param {Lettering} lettering
 * @param {number} i
 * @param {number} middle
 */
function drawRest({ context, labels, theme, layout }, i, middle) {
  const text = `${formatCount(layout.rest[i])} small`;
  context.font = labels.font(10.5, false);
  const { width } = context.measureText(text);
  if (width + 8 > layout.width[i]) return;
  context.fillStyle = `rgb(${theme.background.join(' ')} / 0.8)`;
  context.fillRect(layout.x[i] + 2, middle - 7, width + 4, 13);
  context.fillStyle = theme.text;
  context.fillText(text, layout.x[i] + 4, middle);
}

/**
 * @param {Lettering} lettering
 * @param {number} i
 * @param {number} middle
 * @param {string} colour
 */
function drawRoot({ context, labels, layout, root }, i, middle, colour) {
  context.font = labels.font(12, false);
  context.fillStyle = colour;
  context.fillText(root(layout.amount[i]), layout.x[i] + 4, middle);
}

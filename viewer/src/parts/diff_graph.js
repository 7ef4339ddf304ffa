// A flame graph of what changed: blue with a minus where less was used, orange with a plus where more, grey where chance explains the
// change, or it is below 1 % of the run. The sign and the percentage stand in the box, so that nothing depends on telling the colours apart.

import { el, nameElement, visibleText } from '../base/dom.js';
import { formatAmount, formatCount, formatPercent } from '../base/format.js';
import { mix, parseColour, pixel } from '../draw/palette.js';
import { edgeOf } from '../draw/theme.js';
import { changeError, verdict } from '../model/diff.js';
import { FlameGraph } from './flame_graph.js';
import { rowHeight } from './flame_labels.js';

/** @typedef {import('./flame_graph.js').Flame} Flame */
/** @typedef {import('../model/layout.js').Layout} Layout */
/** @typedef {import('../model/diff.js').Sides} Sides */
/** @typedef {import('../draw/palette.js').Rgb} Rgb */

/** Least and most: dark text stands on the light ones, light text on the dark ones. */
const lightColours = { less: '#69b0e0', more: '#f29a4a', same: '#e4e7eb' };
const darkColours = { less: '#0f5f96', more: '#a34a00', same: '#3a4048' };

/** @param {number} change of an amount @param {number} before */
export function changePercent(change, before) {
  if (before <= 0) return change > 0 ? 'new' : '';
  const ratio = change / before;
  const sign = ratio < 0 ? '−' : '+';
  return ratio <= -1 ? 'gone' : `${sign}${formatPercent(Math.abs(ratio))}`;
}

/**
 * Of a side: where shares are compared its share, since amounts of the base that are scaled were in no run.
 * @param {Sides} sides
 * @param {number} value
 */
export function sideWords({ shares, basis, next }, value) {
  return shares ? formatPercent(value / basis) : formatAmount(value, next.metric, next.page.head);
}

/**
 * @param {Sides} sides
 * @param {number} change
 * @returns {string} "+276 ms"; of shares "+16.5 points", of a hundred
 */
export function changeWords(sides, change) {
  const sign = change > 0 ? '+' : change < 0 ? '−' : '';
  const words = sideWords(sides, Math.abs(change));
  return sign + (sides.shares ? words.replace('%', 'points') : words);
}

export class DiffGraph extends FlameGraph {
  /** @type {Sides | null} */
  sides = null;

  /**
   * @param {Flame} flame
   * @param {Sides} sides
   */
  updateSides(flame, sides) {
    this.sides = sides;
    this.update(flame);
  }

  /**
   * @param {number} node
   * @returns {{before: number, after: number, change: number, error: number | null, verdict: -1 | 0 | 1}}
   */
  changeOf(node) {
    const { sides } = this;
    if (!sides) return { before: 0, after: 0, change: 0, error: null, verdict: 0 };
    const base = sides.base.amounts.total[node];
    const after = sides.next.amounts.total[node];
    const before = base * sides.scale;
    const error = changeError(sides, base, after, node > 0 ? sides.next.tree.fn[node] : -1, 'total');
    return { before, after, change: after - before, error, verdict: verdict(after - before, error, sides.least) };
  }

  /** @param {number} node @returns {Rgb} */
  colourOf(node) {
    const { theme } = this;
    if (theme.forced) return theme.background;
    const colours = theme.dark ? darkColours : lightColours;
    const { before, after, change, verdict: way } = this.changeOf(node);
    const same = parseColour(colours.same);
    if (way === 0) return same;
    const size = Math.min(Math.abs(change) / Math.max(before, after), 1);
    return mix(same, parseColour(way < 0 ? colours.less : colours.more), 0.35 + 0.65 * size);
  }

  /**
   * @override
   * @param {Flame} flame
   * @param {Layout} layout
   */
  boxColours(flame, layout) {
    const all = super.boxColours(flame, layout);
    for (let i = 0; i < layout.count; i++) {
      if (layout.rest[i] > 0) continue;
      const rgb = this.colourOf(layout.node[i]);
      all.fill[i] = pixel(rgb);
      all.edge[i] = this.theme.forced ? this.theme.look.line : edgeOf(rgb, this.theme.dark);
    }
    return { ...all, strips: null };
  }

  /** Both sides: boxes are as wide as the larger of them, whose sum no run had. @override */
  rootAmount() {
    const { sides } = this;
    if (!sides) return '';
    const [before, after] = [sides.base.amounts.total[0] * sides.scale, sides.next.amounts.total[0]].map((value) => sideWords(sides, value));
    return before === after ? after : `${before} → ${after}`;
  }

  /** @override @param {Flame} flame @param {number} node */
  spoken({ shape }, node) {
    const { sides } = this;
    if (!sides) return '';
    const { before, after, change, verdict: way } = this.changeOf(node);
    const words = way === 0 ? 'no change beyond chance and 1 %' : changePercent(change, before);
    return `${visibleText(this.nameOf(shape.fn(node)).slice(0, 200))}: ${sideWords(sides, before)}, then ${sideWords(sides, after)}; ${words}`;
  }

  /** @override */
  colourByState() {
    return false;
  }

  /**
   * @override
   * @param {Flame} flame
   * @param {Layout} layout
   * @param {number} ratio
   * @param {(row: number) => number} top
   * @param {number} height
   */
  drawLabels(flame, layout, ratio, top, height) {
    super.drawLabels(flame, layout, ratio, top, height);
    const { context, theme } = this;
    context.font = this.font();
    for (let row = 0; row < layout.rows; row++) {
      const y = top(row);
      if (y + rowHeight <= 0 || y >= height) continue;
      for (let i = layout.rowStart[row]; i < layout.rowStart[row + 1]; i++) {
        const text = this.signOf(layout, i);
        if (text === '') continue;
        const { width } = context.measureText(text);
        const x = layout.x[i] + layout.width[i] - width - 5;
        context.fillStyle = `rgb(${this.colourOf(layout.node[i]).join(' ')})`;
        context.fillRect(x - 3, y + 2, width + 6, rowHeight - 4);
        context.fillStyle = theme.text;
        context.fillText(text, x, y + rowHeight / 2 + 0.5);
      }
    }
  }

  font() {
    return this.labels?.font(11, true) ?? '';
  }

  /** What stands at the right end of a box: "" = nothing. @param {Layout} layout @param {number} box */
  signOf({ rest, width, node }, box) {
    if (rest[box] > 0 || width[box] < 16) return '';
    const { before, change, verdict: way } = this.changeOf(node[box]);
    return way === 0 ? '' : width[box] > 130 ? (this.sides?.shares ? changeWords(this.sides, change) : changePercent(change, before)) : way < 0 ? '−' : '+';
  }

  /**
   * @override
   * @param {Layout} layout
   * @param {number} box
   */
  taken(layout, box) {
    const text = this.signOf(layout, box);
    if (text === '') return 0;
    this.context.font = this.font();
    return this.context.measureText(text).width + 6;
  }

  /**
   * @override
   * @param {Flame} flame
   * @param {Layout} layout
   * @param {number} box
   */
  tip(flame, layout, box) {
    const { sides } = this;
    if (!sides) return [];
    // They are as wide as the larger of both: no amount of any run.
    if (layout.rest[box] > 0) return [el('div', { class: 'tip-name' }, `${formatCount(layout.rest[box])} narrow boxes`), el('div', {}, 'zoom in to see them')];
    const { model, shape } = flame;
    const fn = shape.fn(layout.node[box]);
    const { before, after, change, error, verdict: way } = this.changeOf(layout.node[box]);
    const words = way === 0 ? 'no change beyond chance and 1 % of the run' : way < 0 ? 'less' : 'more';
    const place = fn < 0 ? '' : model.names(fn).place.slice(-200);
    return [
      el('div', { class: 'tip-name' }, nameElement(this.nameOf(fn).slice(0, 200))),
      el('div', { class: 'tip-amount' }, `${sideWords(sides, before)} → ${sideWords(sides, after)}`),
      el('div', {}, `${changeWords(sides, change)}${error === null ? '' : ` ± ${changeWords(sides, error).replace('+', '')}`}, ${changePercent(change, before)}: ${words}`),
      el('div', { class: 'tip-place' }, nameElement(place)),
    ];
  }
}

// What the timeline says and paints beside its lanes: the axis, the tooltip, the boxes of call paths.

import { el, nameElement } from '../base/dom.js';
import { formatDuration, formatPercent } from '../base/format.js';
import { Labels } from '../draw/labels.js';
import { functionColours } from '../draw/theme.js';
import { axisMarks, runAt } from '../model/timeline.js';

/** @typedef {import('../model/model.js').Model} Model */
/** @typedef {import('../model/timeline.js').Lanes} Lanes */
/** @typedef {import('../model/timeline.js').Window} Window */
/** @typedef {import('../types/model.js').Tree} Tree */

/** Functions that the tooltip names, the innermost first. */
const tipStack = 6;
/** CSS pixels between marks of the axis. */
const markWidth = 110;

/**
 * Single samples cannot tell running from waiting for a CPU; sums can.
 * @param {import('../types/page.js').StateInfo} state
 * @param {Lanes | null} [sums] of what is drawn: where it tells them apart
 */
export function wordsOf(state, sums = null) {
  return state.key === 'cpu' && !sums?.runs.waits ? 'running or waiting for a CPU' : state.words;
}

/**
 * @param {number} ns
 * @param {number} stepNs
 * @returns {string} in the largest unit that needs at most two decimals for the steps
 */
export function axisText(ns, stepNs) {
  if (stepNs >= 30e9) return clockText(Math.round(ns / 1e9));
  const units = /** @type {const} */ ([['s', 1e9], ['ms', 1e6], ['µs', 1e3], ['ns', 1]]);
  const [unit, size] = units.find(([, one]) => stepNs >= one / 100) ?? units[3];
  const decimals = stepNs >= size ? 0 : stepNs >= size / 10 ? 1 : 2;
  return `${(ns / size).toFixed(decimals)} ${unit}`;
}

/** @param {number} seconds @returns {string} "1 h 30 min", "30 s", "0 s" */
function clockText(seconds) {
  const parts = [[Math.floor(seconds / 3600), 'h'], [Math.floor(seconds / 60) % 60, 'min'], [seconds % 60, 's']];
  return parts.filter(([count]) => count !== 0).map((part) => part.join(' ')).join(' ') || '0 s';
}

/**
 * What a wheel does over lanes of time: with Ctrl it zooms, sideways it moves; all else scrolls.
 * @param {WheelEvent} event
 * @param {number} width CSS pixels of the window
 * @param {{zoom: (factor: number) => void, pan: (part: number) => void}} acts part: of the window
 */
export function wheelOverTime(event, width, { zoom, pan }) {
  if (event.ctrlKey) zoom(Math.exp(Math.max(Math.min(event.deltaY, 100), -100) * 0.005));
  else if (event.shiftKey) pan((event.deltaY || event.deltaX) / Math.max(width, 1));
  else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) pan(event.deltaX / Math.max(width, 1));
  else return;
  event.preventDefault();
}

/**
 * @param {Window} window
 * @param {number} tickNs
 * @param {number} width CSS pixels
 * @returns {HTMLElement[]}
 */
export function axisElements(window, tickNs, width) {
  const { ticks, stepNs } = axisMarks(window, tickNs, Math.max(Math.floor(width / markWidth), 2));
  return ticks.map((tick) => {
    const part = (tick - window.from) / (window.to - window.from);
    const mark = el('span', { class: part > 0.96 ? 'axis-mark last' : 'axis-mark' }, axisText(tick * tickNs, stepNs));
    mark.style.left = `${part * 100}%`;
    return mark;
  });
}

/**
 * @typedef {object} TipPlace
 * @property {Model} model
 * @property {Lanes} lanes
 * @property {Tree} tree that the runs are of
 * @property {Window} window
 * @property {number} width CSS pixels of the window
 * @property {number} tick
 * @property {number} thread
 * @property {number} node whose call path is pointed at; 0 and below = none
 */

/**
 * @param {TipPlace} place
 * @returns {HTMLElement[]}
 */
export function timelineTip(place) {
  const { model, lanes, tree, tick, thread } = place;
  const { head } = model.page;
  const lines = [
    el('div', { class: 'tip-name' }, nameElement(head.threads[thread].name.slice(0, 100)), ` at ${formatDuration(tick * head.tick_ns)}`),
  ];
  const run = runAt(lanes.runs, thread, tick);
  if (run < 0) return [...lines, el('div', {}, 'nothing recorded')];
  const info = head.states[lanes.runs.state[run]];
  const long = formatDuration(lanes.runs.time[run] * head.tick_ns);
  lines.push(el('div', { class: 'tip-amount' }, `${info ? wordsOf(info) : 'in recorded calls'} for ${long}`));
  const more = columnStates(place);
  if (more) lines.push(el('div', { class: 'tip-self' }, more));
  let { node } = place;
  for (let n = 0; node > 0 && n < tipStack; n++, node = tree.parent[node]) {
    const name = nameElement(model.names(tree.fn[node]).name.slice(0, 120));
    lines.push(el('div', { class: n === 0 ? 'tip-stack first' : 'tip-stack' }, name));
  }
  if (node > 0) lines.push(el('div', { class: 'tip-stack' }, '…'));
  return lines;
}

/**
 * Where a pixel holds more than one state, what it holds.
 * @param {TipPlace} place
 * @returns {string}
 */
function columnStates({ model, lanes, window, width, tick, thread }) {
  const { head } = model.page;
  const wide = (window.to - window.from) / Math.max(width, 1);
  const shares = lanes.shares(thread, { from: tick - wide / 2, to: tick + wide / 2 }, 1);
  const parts = head.states
    .map((state, s) => ({ words: wordsOf(state, lanes), share: shares[s] }))
    .filter(({ share }) => share > 0.005)
    .sort((a, b) => b.share - a.share);
  if (parts.length < 2) return '';
  const said = parts.map(({ words, share }) => `${words} ${formatPercent(share)}`).join(', ');
  return `within ${formatDuration(wide * head.tick_ns)}: ${said}`;
}

/**
 * How boxes of call paths are painted: by module, as everywhere.
 * @param {Model} model
 * @param {Tree} tree
 * @param {import('../draw/theme.js').Theme} theme
 * @param {CanvasRenderingContext2D} context
 * @returns {Pick<import('./timeline_tracks.js').Scene, 'colour' | 'label'>}
 */
export function chartPaints(model, tree, theme, context) {
  const colours = functionColours(model.workshop, theme);
  const { fn } = tree;
  const texts = (/** @type {number} */ f) => {
    const { module, name, bare } = model.names(f);
    return { module: module ? `${module}.` : '', name, bare };
  };
  const labels = new Labels(context, texts, getComputedStyle(document.body).fontFamily);
  const style = { text: theme.text, dim: theme.dim, bold: false };
  return {
    colour: (node) => ({ fill: colours.fill[fn[node]], edge: colours.edge[fn[node]] }),
    label(_context, node, x, width, middle) {
      const label = labels.fit(fn[node], width);
      if (label) labels.draw(label, x, middle, style);
    },
  };
}

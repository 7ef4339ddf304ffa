// Lanes of the timeline as pixels: each column is stacked by state, running below, waits above it and hatched, in one fixed order. What
// is idle or not recorded stays empty. Under a lane a thin line marks where there was any waiting for the GIL or garbage collection,
// however short. Positions are in device pixels.

import { mix, parseColour, pixel, stateColour } from './palette.js';

/** @typedef {import('./palette.js').Rgb} Rgb */
/** @typedef {import('./theme.js').Theme} Theme */
/** @typedef {import('../types/page.js').Head} Head */

/**
 * @typedef {object} LaneLook
 * @property {number[]} order states from below; the last is "in a call", which has no state
 * @property {Uint32Array} ground pixel by state
 * @property {Uint32Array} stripe pixel by state; the same as ground where it is not hatched
 * @property {number} empty
 * @property {{state: number, pixel: number}[]} marks the first that there is counts
 */

/** What calls are drawn with: they have no state. */
const callColour = '#8fb3e6';

/**
 * @param {Head} head
 * @param {Theme} theme
 * @returns {LaneLook}
 */
export function laneLook(head, theme) {
  const count = head.states.length + 1;
  const ground = new Uint32Array(count);
  const stripe = new Uint32Array(count);
  const text = theme.look.line;
  head.states.forEach((state, s) => {
    const rgb = parseColour(stateColour(state.key));
    const hatched = state.kind !== 'run';
    ground[s] = pixel(rgb);
    stripe[s] = hatched ? pixel(mix(rgb, [20, 20, 24], 0.3)) : ground[s];
    if (theme.forced) {
      ground[s] = hatched ? theme.look.background : text;
      stripe[s] = text;
    }
  });
  ground[count - 1] = theme.forced ? text : pixel(parseColour(callColour));
  stripe[count - 1] = ground[count - 1];
  const rank = { run: 0, wait: 1, unknown: 2, idle: 3 };
  const order = head.states
    .map((state, s) => ({ s, rank: rank[state.kind] }))
    .filter(({ rank: r }) => r < 3)
    .sort((a, b) => a.rank - b.rank || a.s - b.s)
    .map(({ s }) => s);
  const mark = (/** @type {string} */ key) => {
    const state = head.states.findIndex((info) => info.key === key);
    return state < 0 ? [] : [{ state, pixel: theme.forced ? text : pixel(markColour(key, theme)) }];
  };
  return {
    order: [...order, count - 1],
    ground,
    stripe,
    empty: theme.forced
      ? theme.look.background
      : pixel(mix(theme.background, theme.dark ? [255, 255, 255] : [20, 30, 50], 0.045)),
    marks: [...mark('collector'), ...mark('gil')],
  };
}

/**
 * A thin line needs more contrast than an area.
 * @param {string} key
 * @param {Theme} theme
 * @returns {Rgb}
 */
function markColour(key, theme) {
  const rgb = parseColour(stateColour(key));
  return theme.dark ? mix(rgb, [255, 255, 255], 0.25) : mix(rgb, [0, 0, 0], 0.25);
}

/**
 * @typedef {object} LaneArea
 * @property {number} left
 * @property {number} top
 * @property {number} bottom one past the last row of pixels
 */

/**
 * @param {import('./raster.js').Raster} raster
 * @param {LaneArea} area
 * @param {Float32Array} shares by column and state
 * @param {LaneLook} look
 * @param {number} full what fills the whole height
 * @param {number} ratio device pixels of a CSS pixel
 */
export function paintShares(raster, area, shares, look, full, ratio) {
  const { pixels, width, height } = raster;
  const states = look.ground.length;
  const columns = shares.length / states;
  const tall = area.bottom - area.top;
  const period = Math.round(6 * ratio);
  const thick = Math.max(Math.round(1.5 * ratio), 1);
  const top = Math.max(area.top, 0);
  for (let c = 0; c < columns; c++) {
    const x = area.left + c;
    let sum = 0;
    let y = area.bottom;
    for (const s of look.order) {
      const share = shares[c * states + s];
      if (share <= 0) continue;
      sum += share;
      const upTo = Math.max(area.bottom - Math.round((Math.min(sum, full) / full) * tall), top);
      const ground = look.ground[s];
      const stripe = look.stripe[s];
      for (y--; y >= upTo; y--)
        if (y < height) pixels[y * width + x] = (x + y) % period < thick ? stripe : ground;
      y++;
    }
    for (y--; y >= top; y--) if (y < height) pixels[y * width + x] = look.empty;
  }
}

/**
 * @param {import('./raster.js').Raster} raster
 * @param {LaneArea} area
 * @param {Float32Array} shares
 * @param {LaneLook} look
 */
export function paintMarks(raster, area, shares, look) {
  const { pixels, width, height } = raster;
  const states = look.ground.length;
  const columns = shares.length / states;
  for (let c = 0; c < columns; c++) {
    const mark = look.marks.find(({ state }) => shares[c * states + state] > 0);
    if (!mark) continue;
    for (let y = Math.max(area.top, 0); y < Math.min(area.bottom, height); y++)
      pixels[y * width + area.left + c] = mark.pixel;
  }
}

/**
 * @param {import('./raster.js').Raster} raster
 * @param {{left: number, top: number, rowHeight: number, ratio: number}} place
 * @param {import('../model/timeline.js').Chart} chart columns are device pixels
 * @param {(node: number) => {fill: number, edge: number}} colour
 */
export function paintChart(raster, { left, top, rowHeight, ratio }, chart, colour) {
  const { pixels, width, height } = raster;
  const thick = Math.max(Math.round(ratio), 1);
  for (let i = 0; i < chart.count; i++) {
    if (chart.row[i] >= chart.rows) continue;
    const y0 = top + Math.round(chart.row[i] * rowHeight * ratio);
    const y1 = top + Math.round((chart.row[i] + 1) * rowHeight * ratio);
    if (y1 <= 0 || y0 >= height) continue;
    const x0 = left + chart.from[i];
    const wide = chart.to[i] - chart.from[i] >= 3 * ratio;
    const x1 = left + chart.to[i] - (wide ? thick : 0);
    const { fill, edge } = colour(chart.node[i]);
    for (let y = Math.max(y0, 0); y < Math.min(y1, height); y++)
      pixels.fill(wide && y < y0 + thick ? edge : fill, y * width + x0, y * width + x1);
  }
}


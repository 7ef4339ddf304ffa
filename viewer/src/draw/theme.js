// Dark, light or the system's forced colours, as the page has them now.

import { groupHues, mix, moduleColour, parseColour, pixel, stateColour } from './palette.js';

/** @typedef {import('./palette.js').Rgb} Rgb */

/**
 * @typedef {object} Theme
 * @property {boolean} dark
 * @property {boolean} forced
 * @property {string} text
 * @property {string} dim
 * @property {Rgb} background
 * @property {import('./raster.js').Look} look
 */

/**
 * @param {string} css "rgb(1, 2, 3)"
 * @returns {Rgb}
 */
function readRgb(css) {
  const [r = 0, g = 0, b = 0] = (css.match(/[\d.]+/g) ?? []).map(Number);
  return [r, g, b];
}

/**
 * @param {boolean} [paper] black on white, whatever the screen has
 * @returns {Theme}
 */
export function currentTheme(paper = false) {
  const style = getComputedStyle(document.body);
  const background = paper ? readRgb('255 255 255') : readRgb(style.backgroundColor);
  const text = paper ? readRgb('0 0 0') : readRgb(style.color);
  const forced = !paper && matchMedia('(forced-colors: active)').matches;
  const dark = background[0] + background[1] + background[2] < 384;
  return {
    dark,
    forced,
    text: forced ? style.color : dark ? '#f2f4f7' : '#15181d',
    dim: forced ? style.color : dark ? '#aeb6c2' : '#4c545f',
    background,
    look: {
      background: pixel(background),
      line: pixel(text),
      frame: forced ? pixel(text) : 0,
      hit: forced ? pixel(text) : dark ? pixel([255, 255, 255]) : pixel([0, 0, 0]),
      chosen: forced ? pixel(text) : dark ? pixel([125, 185, 255]) : pixel([11, 92, 173]),
      hatch: forced ? pixel(text) : dark ? pixel([66, 72, 81]) : pixel([208, 213, 219]),
      hatchGround: forced ? pixel(background) : dark ? pixel([38, 42, 48]) : pixel([240, 242, 245]),
    },
  };
}

/** Upper edges are the fill, darker: a line that parts rows without a grid of black. @param {Rgb} rgb @param {boolean} dark */
export function edgeOf([r, g, b], dark) {
  const part = dark ? 0.62 : 0.78;
  return pixel([Math.round(r * part), Math.round(g * part), Math.round(b * part)]);
}

/** @typedef {{fill: Uint32Array, edge: Uint32Array, css: (fn: number) => string}} FunctionColours */

/** @type {{workshop: object, key: string, colours: FunctionColours} | null} */
let kept = null;

/**
 * Colours of all functions, by module: the same for every metric and transform.
 * @param {import('../model/workshop.js').Workshop} workshop
 * @param {Theme} theme
 * @returns {FunctionColours}
 */
export function functionColours(workshop, theme) {
  const key = `${theme.dark} ${theme.forced} ${theme.background}`;
  if (kept?.workshop === workshop && kept.key === key) return kept.colours;
  const { functions } = workshop.page;
  const { files } = workshop.names;
  const hues = groupHues(workshop.groupsByWeight());
  const fill = new Uint32Array(functions.count);
  const edge = new Uint32Array(functions.count);
  /** @type {Map<string, Rgb>} */
  const known = new Map();
  /** @param {number} f @returns {Rgb} */
  const colour = (f) => {
    const group = files[functions.file[f]]?.group ?? '';
    const name = `${functions.origin[f]} ${group}`;
    let rgb = known.get(name);
    if (!rgb) {
      rgb = moduleColour(functions.origin[f], hues.get(group) ?? 0, theme.dark);
      known.set(name, rgb);
    }
    return rgb;
  };
  for (let f = 0; f < functions.count; f++) {
    const rgb = theme.forced ? theme.background : colour(f);
    fill[f] = pixel(rgb);
    edge[f] = theme.forced ? theme.look.frame : edgeOf(rgb, theme.dark);
  }
  const colours = { fill, edge, css: (/** @type {number} */ fn) => `rgb(${colour(fn).join(' ')})` };
  kept = { workshop, key, colours };
  return colours;
}

/**
 * @param {import('../types/page.js').Head} head
 * @param {Theme} theme
 * @returns {{fill: Uint32Array, edge: Uint32Array, stripe: Uint32Array}} by state; stripe: of the hatching of waits
 */
export function stateColours(head, theme) {
  const fill = new Uint32Array(head.states.length);
  const edge = new Uint32Array(head.states.length);
  const stripe = new Uint32Array(head.states.length);
  head.states.forEach((state, index) => {
    const rgb = theme.forced ? theme.background : parseColour(stateColour(state.key));
    fill[index] = pixel(rgb);
    edge[index] = theme.forced ? theme.look.frame : edgeOf(rgb, false);
    stripe[index] = state.kind !== 'wait' || theme.forced ? fill[index] : pixel(mix(rgb, [0, 0, 0], 0.2));
  });
  return { fill, edge, stripe };
}


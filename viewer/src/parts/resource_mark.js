// How a resource of a dataflow looks wherever it stands: colour, letter and pattern, so that no one of them has to be seen.

import { el } from '../base/dom.js';
import { resourceLook } from '../draw/palette.js';

/** What runs, the GPU too, as in bars of states; waits are hatched, and what is guessed is dotted. */
const solid = new Set(['cpu', 'collector', 'gpu', 'op', 'kernel', 'annotation', 'runtime', 'overhead', 'memset']);

/** @param {string} key */
export function resourceClass(key) {
  if (key.startsWith('prior_')) return ' guessed';
  return key === 'unknown' ? ' unmeasured' : solid.has(key) ? '' : ' hatched';
}

/** @param {string} key */
export function resourceSwatch(key) {
  const { colour, letter } = resourceLook(key);
  return el('span', { class: `swatch${resourceClass(key)}`, 'aria-hidden': 'true', style: `background-color: ${colour}` }, letter);
}

/**
 * @param {string} key
 * @param {number} part 0..1 of its bar
 */
export function resourcePiece(key, part) {
  return el('span', { class: `state${resourceClass(key)}`, style: `flex-grow: ${part.toFixed(4)}; background-color: ${resourceLook(key).colour}` });
}

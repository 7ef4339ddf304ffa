// A bar of amounts by state, and its legend: colour, hatching of waits, letter and words, so that no one of them has to be seen.

import { el } from '../base/dom.js';
import { formatPercent } from '../base/format.js';
import { stateColour, stateLetter } from '../draw/palette.js';

/** @typedef {import('../types/page.js').Head} Head */

/**
 * @param {Head} head
 * @param {ArrayLike<number>} amounts by state
 * @returns {{index: number, part: number}[]} those with an amount, in the fixed order
 */
export function stateParts(head, amounts) {
  let sum = 0;
  for (let s = 0; s < head.states.length; s++) sum += amounts[s];
  if (!(sum > 0)) return [];
  return head.states
    .map((_, index) => ({ index, part: amounts[index] / sum }))
    .filter(({ part }) => part > 0);
}

/**
 * @param {Head} head
 * @param {ArrayLike<number>} amounts
 * @returns {string} "running 62 %, waiting for a lock 38 %"
 */
export function statesText(head, amounts) {
  return stateParts(head, amounts)
    .sort((a, b) => b.part - a.part)
    .map(({ index, part }) => `${head.states[index].words} ${formatPercent(part)}`)
    .join(', ');
}

/**
 * @param {Head} head
 * @param {ArrayLike<number>} amounts
 * @param {number} [width] share of the room there is, 0..1
 * @returns {HTMLElement}
 */
export function statesBar(head, amounts, width = 1) {
  const parts = stateParts(head, amounts);
  return el(
    'span',
    {
      class: 'states-bar',
      role: 'img',
      'aria-label': statesText(head, amounts) || 'no time',
      title: statesText(head, amounts),
      style: `width: ${(width * 100).toFixed(2)}%`,
    },
    ...parts.map(({ index, part }) =>
      el('span', {
        class: `state${patternOf(head.states[index])}`,
        style: `flex-grow: ${part.toFixed(4)}; background-color: ${stateColour(head.states[index].key)}`,
      }),
    ),
  );
}

/**
 * @param {Head} head
 * @param {ArrayLike<number>} amounts
 * @returns {HTMLElement}
 */
export function statesLegend(head, amounts) {
  const parts = stateParts(head, amounts).sort((a, b) => b.part - a.part);
  return el(
    'ul',
    { class: 'states-legend' },
    ...parts.slice(0, 6).map(({ index, part }) => {
      const state = head.states[index];
      return el('li', {}, stateSwatch(state), el('span', {}, state.words), el('span', { class: 'amount' }, formatPercent(part)));
    }),
  );
}

/** Besides its colour; what is not known has hardly one. @param {import('../types/page.js').StateInfo} state */
function patternOf({ kind }) {
  return kind === 'wait' ? ' hatched' : kind === 'unknown' ? ' unmeasured' : '';
}

/** @param {import('../types/page.js').StateInfo} state */
export function stateSwatch(state) {
  return el(
    'span',
    {
      class: `swatch${patternOf(state)}`,
      'aria-hidden': 'true',
      style: `background-color: ${stateColour(state.key)}`,
    },
    stateLetter(state.key),
  );
}

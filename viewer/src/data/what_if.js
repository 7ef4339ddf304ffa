// Forecasts of the page (section "what_if", docs/view-page.md): read once, when first asked for. No DOM.
// Nothing is computed here: what `barograph predict` would say of a scenario is on the page, or it is not.

import { PageError } from './columns.js';

/** @typedef {import('../types/what_if.js').WhatIf} WhatIf */
/** @typedef {import('../types/what_if.js').WhatIfAxis} WhatIfAxis */
/** @typedef {import('../types/what_if.js').WhatIfPoint} WhatIfPoint */

/** @returns {PageError} */
function damaged() {
  return new PageError('The page is damaged: section "what_if" is not what it should be. Write it again with barograph view.');
}

/** @param {unknown} value @returns {any[]} */
function list(value) {
  if (!Array.isArray(value)) throw damaged();
  return value;
}

/** @param {unknown} value @returns {any} something that has members */
function object(value) {
  if (typeof value !== 'object' || value === null) throw damaged();
  return value;
}

/** @param {unknown} value @param {number} [below] a whole number, if given @returns {number} */
function number(value, below) {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw damaged();
  if (below !== undefined && !(Number.isInteger(value) && value >= 0 && value < below)) throw damaged();
  return value;
}

/** @param {unknown} value @returns {string} */
function text(value) {
  if (typeof value !== 'string') throw damaged();
  return value;
}

/** @param {unknown} value */
function known(value) {
  return value === null || value === undefined ? null : text(value);
}

/** @type {readonly WhatIf['reach'][]} */
const reaches = ['some', 'singles', 'first', 'pairs'];

/** @param {unknown} value @returns {WhatIf['reach']} */
function readReach(value) {
  const found = reaches.find((reach) => reach === value);
  if (!found) throw damaged();
  return found;
}

/** @param {unknown} value @returns {WhatIfAxis} */
function readAxis(value) {
  const axis = object(value);
  const positions = list(axis.positions).map(object).map((one) => ({ text: text(one.text), ratio: number(one.ratio) }));
  const fn = known(axis.function);
  return {
    key: text(axis.key),
    id: fn === null ? text(axis.key) : `function:${fn}`,
    words: text(axis.words),
    fn,
    runRatio: fn === null ? null : number(axis.run_ratio),
    refusal: known(axis.refusal),
    base: positions.length > 0 ? number(axis.base, positions.length) : 0,
    positions,
  };
}

/**
 * The key of a scenario: "axis:position" of all that is not as recorded, in the order of axes.
 * @param {readonly WhatIfAxis[]} axes
 * @param {readonly number[]} positions of each axis
 */
export function scenarioKey(axes, positions) {
  return axes.flatMap((axis, a) => (axis.positions.length > 0 && positions[a] !== axis.base ? [`${a}:${positions[a]}`] : [])).join(',');
}

/**
 * @param {readonly WhatIfAxis[]} axes
 * @param {unknown} places axis, position, ...
 */
function keyOf(axes, places) {
  const pairs = list(places);
  const positions = axes.map((axis) => axis.base);
  for (let i = 0; i < pairs.length; i += 2) {
    const axis = number(pairs[i], axes.length);
    positions[axis] = number(pairs[i + 1], axes[axis].positions.length);
  }
  return scenarioKey(axes, positions);
}

/**
 * @param {unknown} value
 * @param {readonly WhatIfAxis[]} axes
 * @param {readonly string[]} texts
 * @param {number} terms
 * @returns {[string, WhatIfPoint]}
 */
function readPoint(value, axes, texts, terms) {
  const row = list(value);
  const key = keyOf(axes, row[0]);
  if (row.length === 2) return [key, { refusal: texts[number(row[1], texts.length)] }];
  const ends = list(row[7]);
  /** @type {import('../types/what_if.js').WhatIfForecast['terms']} */
  const found = [];
  for (let i = 0; i < ends.length; i += 3)
    found.push({ term: number(ends[i], terms), fastest: number(ends[i + 1]), slowest: number(ends[i + 2]) });
  return [
    key,
    {
      refusal: null,
      predicted: number(row[1]),
      low: number(row[2]),
      high: number(row[3]),
      slots: number(row[4]),
      busy: number(row[5]),
      chance: number(row[6]),
      terms: found,
      assumptions: list(row[8]).map((place) => texts[number(place, texts.length)]),
    },
  ];
}

/**
 * @param {string} json
 * @returns {WhatIf}
 */
export function readWhatIf(json) {
  /** @type {any} */
  let all;
  try {
    all = JSON.parse(json);
  } catch {
    throw damaged();
  }
  object(all);
  const axes = list(all.axes).map(readAxis);
  const texts = list(all.texts).map(text);
  const rows = list(all.points);
  const empty = rows.length === 0;
  const terms = empty ? [] : list(all.terms);
  return {
    refusal: known(all.refusal),
    reach: empty ? 'singles' : readReach(all.reach),
    tasks: empty ? 0 : number(all.tasks),
    run: empty ? 0 : number(all.run_s),
    base: empty ? 0 : number(all.base_s),
    lead: empty ? 0 : number(all.lead_s),
    leadError: empty ? 0 : number(all.lead_error_s),
    baseSlots: empty ? 0 : number(all.base_slots),
    baseBusy: empty ? 0 : number(all.base_busy_ratio),
    noise: empty ? 0 : number(all.noise_ratio),
    terms: terms.map(object).map((term) => ({
      term: text(term.term),
      source: text(term.source),
      low: number(term.low),
      value: number(term.value),
      high: number(term.high),
      meaning: text(term.meaning),
    })),
    axes,
    points: new Map(rows.map((row) => readPoint(row, axes, texts, terms.length))),
  };
}

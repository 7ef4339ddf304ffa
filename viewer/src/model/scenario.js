// A scenario of the what-if view: which position each slider has, as text in the address and as a command line. No DOM.

import { formatPercent, hasIdle } from '../base/format.js';
import { scenarioKey } from '../data/what_if.js';

/** @typedef {import('../types/what_if.js').WhatIf} WhatIf */
/** @typedef {import('../types/what_if.js').WhatIfAxis} WhatIfAxis */
/** @typedef {import('../types/what_if.js').WhatIfPoint} WhatIfPoint */

/**
 * Positions of all axes by a text like "cores=4,function:parse=2x". What it says wrongly is as recorded.
 * @param {readonly WhatIfAxis[]} axes
 * @param {string} set
 * @returns {number[]}
 */
export function readScenario(axes, set) {
  /** @type {Map<string, string>} */
  const values = new Map();
  for (const part of set.split(',')) {
    const equals = part.lastIndexOf('=');
    if (equals > 0) values.set(part.slice(0, equals), part.slice(equals + 1));
  }
  return axes.map((axis) => {
    const value = values.get(axis.id);
    const at = value === undefined ? -1 : axis.positions.findIndex((one) => one.text === value);
    return at >= 0 ? at : axis.base;
  });
}

/**
 * What --set takes; "" where all is as recorded.
 * @param {readonly WhatIfAxis[]} axes
 * @param {readonly number[]} positions
 */
export function scenarioText(axes, positions) {
  return axes
    .flatMap((axis, a) =>
      axis.positions.length > 0 && positions[a] !== axis.base ? [`${axis.id}=${axis.positions[positions[a]].text}`] : [],
    )
    .join(',');
}

/**
 * For a shell of POSIX: quoted where anything in it could mean something else.
 * @param {string} word
 */
export function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) && !word.startsWith('-') ? word : `'${word.replace(/'/g, `'\\''`)}'`;
}

/** What stands for "as recorded" on a command line: the first axis where it was. @param {readonly WhatIfAxis[]} axes */
function unchanged(axes) {
  const axis = axes.find((one) => one.positions.length > 0);
  return axis ? `${axis.id}=${axis.positions[axis.base].text}` : '';
}

/**
 * The command that says the same.
 * @param {readonly WhatIfAxis[]} axes
 * @param {readonly number[]} positions
 * @param {string} file of the recording
 * @param {string} [options]
 */
export function predictCommand(axes, positions, file, options = '') {
  const set = scenarioText(axes, positions) || unchanged(axes);
  // A file that looks like an option is none in front of its folder.
  const path = quoted(file.startsWith('-') ? `./${file}` : file);
  return `barograph predict --set ${quoted(set)}${options} ${path}`;
}

/**
 * @param {WhatIf} whatIf
 * @param {readonly number[]} positions
 * @returns {WhatIfPoint | null} null: it is not on the page
 */
export function pointOf(whatIf, positions) {
  return whatIf.points.get(scenarioKey(whatIf.axes, positions)) ?? null;
}

/**
 * The points that one axis goes through while the others stay.
 * @param {WhatIf} whatIf
 * @param {readonly number[]} positions
 * @param {number} axis
 * @returns {(WhatIfPoint | null)[]} by position of the axis
 */
export function sweepOf(whatIf, positions, axis) {
  return whatIf.axes[axis].positions.map((_, p) => pointOf(whatIf, positions.map((at, a) => (a === axis ? p : at))));
}

/**
 * "2 times as recorded", "half of what was recorded"
 * @param {number} ratio
 */
export function ratioWords(ratio) {
  if (Math.abs(ratio - 1) < 1e-9) return 'as recorded';
  return `${Number(ratio.toPrecision(3))} times what was recorded`;
}

/**
 * As `barograph predict` says it: "32 % less than", "1.9 times", "as long as".
 * @param {number} predicted
 * @param {number} base
 */
export function comparedWords(predicted, base) {
  const ratio = predicted / base;
  if (Math.abs(ratio - 1) < 0.005) return 'as long as';
  if (ratio >= 2) return `${Number(ratio.toPrecision(3))} times`;
  return `${(100 * Math.abs(ratio - 1)).toFixed(0)} % ${ratio < 1 ? 'less' : 'more'} than`;
}

/**
 * How much of the run a function is on the stack for. Predictions are of the whole run; what the page counts leaves idle out.
 * @param {number} ratio
 * @param {import('../types/page.js').Head} head
 */
export function stackWords(ratio, head) {
  return `${formatPercent(ratio)} of the run${hasIdle(head) ? ', idle included,' : ''} has it on the stack`;
}

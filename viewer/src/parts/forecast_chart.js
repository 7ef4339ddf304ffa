// Pictures of forecasts: recorded beside predicted with its interval, and a curve over one axis. SVG, so that they stay sharp at any
// size and follow the colours of the page; what they say stands in words and in a table beside them.

import { visibleText } from '../base/dom.js';
import { formatDuration } from '../base/format.js';
import { svg } from '../base/svg.js';
import { ratioWords } from '../model/scenario.js';

/** @typedef {import('../types/what_if.js').WhatIfAxis} WhatIfAxis */
/** @typedef {import('../types/what_if.js').WhatIfPoint} WhatIfPoint */
/** @typedef {import('../types/what_if.js').WhatIfForecast} WhatIfForecast */

/** @param {number} seconds as `barograph predict` prints it: whole nanoseconds */
export function formatSeconds(seconds) {
  return formatDuration(Math.floor(seconds * 1e9));
}

/** @param {WhatIfPoint | null} point @returns {point is WhatIfForecast} */
export function isForecast(point) {
  return point !== null && point.refusal === null;
}

/** The unit that times up to `most` are told in on a scale. @type {readonly (readonly [number, string])[]} */
const units = [[7200, 'h'], [120, 'min'], [1, 's'], [1e-3, 'ms'], [1e-6, 'µs'], [0, 'ns']];
const inSeconds = /** @type {Readonly<Record<string, number>>} */ ({ h: 3600, min: 60, s: 1, ms: 1e-3, 'µs': 1e-6, ns: 1e-9 });

/**
 * A scale from 0 to at least `most` seconds, in round numbers of one unit.
 * @param {number} most
 * @param {number} count about how many
 * @returns {{seconds: number, text: string}[]}
 */
export function timeScale(most, count) {
  const unit = (units.find(([from]) => most >= from) ?? units[2])[1];
  const rough = Math.max(most / inSeconds[unit] / count, 1e-9);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const ticks = [];
  for (let i = 0; ; i++) {
    const value = i * step;
    ticks.push({ seconds: value * inSeconds[unit], text: `${Number(value.toPrecision(6))} ${unit}` });
    if (value * inSeconds[unit] >= most) return ticks;
  }
}

/**
 * Two bars on one scale: what was recorded, and what is predicted, with its interval.
 * @param {number} base
 * @param {WhatIfForecast | null} forecast
 * @param {number} most the end of the scale
 */
export function compareBars(base, forecast, most) {
  const left = 76;
  const right = 592;
  const x = (/** @type {number} */ seconds) => left + ((right - left) * seconds) / most;
  const bars = [
    svg('text', { x: left - 8, y: 20, 'text-anchor': 'end', class: 'chart-label' }, 'recorded'),
    svg('rect', { x: left, y: 8, width: x(base) - left, height: 16, rx: 2, class: 'bar-base' }),
  ];
  if (forecast) {
    const { predicted, low, high } = forecast;
    bars.push(
      svg('text', { x: left - 8, y: 50, 'text-anchor': 'end', class: 'chart-label' }, 'predicted'),
      svg('rect', { x: left, y: 38, width: Math.max(x(predicted) - left, 1), height: 16, rx: 2, class: 'bar-predicted' }),
      svg('rect', { x: x(low), y: 35, width: Math.max(x(high) - x(low), 1), height: 22, class: 'bar-interval' }),
      svg('path', { d: `M${x(low)} 34v24M${x(high)} 34v24M${x(low)} 46H${x(high)}`, class: 'bar-ends' }),
      svg('text', { x: x(low), y: 74, 'text-anchor': low / most < 0.1 ? 'start' : 'end', class: 'chart-tick' }, formatSeconds(low)),
      svg('text', { x: x(high), y: 74, 'text-anchor': high / most > 0.9 ? 'end' : 'start', class: 'chart-tick' }, formatSeconds(high)),
    );
  }
  const label = forecast
    ? `Recorded ${formatSeconds(base)}; predicted ${formatSeconds(forecast.predicted)}, from ${formatSeconds(forecast.low)} to ${formatSeconds(forecast.high)}`
    : `Recorded ${formatSeconds(base)}`;
  return svg('svg', { viewBox: `0 0 600 ${forecast ? 80 : 32}`, class: 'compare-bars', role: 'img', 'aria-label': label }, ...bars);
}

const size = { width: 640, height: 300, left: 66, right: 14, top: 12, bottom: 42 };

/**
 * Where positions stand: by the logarithm of their ratio, and never closer than their names are wide.
 * @param {WhatIfAxis} axis
 */
function places({ positions }) {
  const logs = positions.map(({ ratio }) => Math.log2(ratio));
  const span = Math.max(logs[logs.length - 1] - logs[0], 1e-9);
  const width = size.width - size.left - size.right - 36;
  const least = Math.min(44, width / Math.max(positions.length - 1, 1));
  const at = logs.map((log) => (width * (log - logs[0])) / span);
  for (let i = 1; i < at.length; i++) at[i] = Math.max(at[i], at[i - 1] + least);
  const scale = width / Math.max(at[at.length - 1], 1e-9);
  return at.map((x) => size.left + 18 + x * scale);
}

/**
 * Runs of neighbours that have forecasts: a curve does not cross what is not known.
 * @param {readonly (WhatIfPoint | null)[]} points
 * @returns {number[][]}
 */
function stretches(points) {
  /** @type {number[][]} */
  const found = [];
  let open = false;
  points.forEach((point, p) => {
    if (!isForecast(point)) {
      open = false;
      return;
    }
    if (open) found[found.length - 1].push(p);
    else found.push([p]);
    open = true;
  });
  return found;
}

/**
 * @param {WhatIfAxis} axis
 * @param {readonly (WhatIfPoint | null)[]} points by position
 * @param {number} chosen position
 * @param {number} base seconds, recorded
 * @param {(position: number) => void} choose
 */
export function sweepChart(axis, points, chosen, base, choose) {
  const most = Math.max(base, ...points.map((point) => (isForecast(point) ? point.high : 0)));
  const ticks = timeScale(most, 5);
  const top = ticks[ticks.length - 1].seconds;
  const x = places(axis);
  const y = (/** @type {number} */ seconds) => size.height - size.bottom - ((size.height - size.bottom - size.top) * seconds) / top;
  const of = (/** @type {number} */ p) => /** @type {WhatIfForecast} */ (points[p]);
  const right = size.width - size.right;
  const name = visibleText(axis.id);
  const parts = [
    ...ticks.flatMap(({ seconds, text }) => [
      svg('path', { d: `M${size.left} ${y(seconds)}H${right}`, class: 'chart-grid' }),
      svg('text', { x: size.left - 8, y: y(seconds) + 4, 'text-anchor': 'end', class: 'chart-tick' }, text),
    ]),
    svg('path', { d: `M${x[chosen]} ${size.top}V${size.height - size.bottom}`, class: 'chart-chosen' }),
    svg('path', { d: `M${size.left} ${y(base)}H${right}`, class: 'chart-base' }),
  ];
  for (const run of stretches(points)) {
    const upper = run.map((p) => `${x[p]} ${y(of(p).high)}`);
    const lower = run.map((p) => `${x[p]} ${y(of(p).low)}`).reverse();
    parts.push(svg('path', { d: `M${upper.join('L')}L${lower.join('L')}Z`, class: 'chart-band' }));
    parts.push(svg('path', { d: `M${upper.join('L')}M${lower.join('L')}`, class: 'chart-band-edge' }));
    parts.push(svg('path', { d: `M${run.map((p) => `${x[p]} ${y(of(p).predicted)}`).join('L')}`, class: 'chart-line' }));
  }
  points.forEach((point, p) => {
    const { text, ratio } = axis.positions[p];
    const label = svg(
      'text',
      { x: x[p], y: size.height - size.bottom + 18, 'text-anchor': 'middle', class: p === chosen ? 'chart-tick chart-here' : 'chart-tick' },
      text,
    );
    parts.push(label);
    if (!isForecast(point)) return;
    const words = `${name}=${text} (${ratioWords(ratio)}): ${formatSeconds(point.predicted)}, ${formatSeconds(point.low)} to ${formatSeconds(point.high)}`;
    parts.push(
      svg('circle', { cx: x[p], cy: y(point.predicted), r: p === chosen ? 6 : 4, class: p === chosen ? 'chart-point chart-point-here' : 'chart-point' }),
      // A place that can be hit: the sliders do the same for keys.
      svg(
        'rect',
        { x: x[p] - 18, y: size.top, width: 36, height: size.height - size.top - 18, class: 'chart-hit', onclick: () => choose(p) },
        svg('title', {}, words),
      ),
    );
  });
  const baseAbove = y(base) - size.top > 20;
  parts.push(
    svg('text', { x: right, y: y(base) + (baseAbove ? -5 : 14), 'text-anchor': 'end', class: 'chart-tick chart-base-name' }, `recorded ${formatSeconds(base)}`),
    svg('text', { x: (size.left + right) / 2, y: size.height - 6, 'text-anchor': 'middle', class: 'chart-label' }, name),
  );
  return svg(
    'svg',
    { viewBox: `0 0 ${size.width} ${size.height}`, class: 'sweep-chart', role: 'img', 'aria-label': `Predicted time over ${name}; the table below has its numbers` },
    ...parts,
  );
}

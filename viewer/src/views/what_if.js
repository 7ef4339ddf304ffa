// What if: sliders for what can be different, the time that `barograph predict` says of it, with its interval, over one of them as a
// curve, and what it rests on. Every number is looked up; where the page has none, it says so and gives the command that has.

import { el, fill, nameElement, visibleText } from '../base/dom.js';
import { formatCount, formatPercent } from '../base/format.js';
import { comparedWords, pointOf, predictCommand, ratioWords, readScenario, scenarioText, stackWords, sweepOf } from '../model/scenario.js';
import { copyButton, copyButtons } from '../parts/copy_buttons.js';
import { compareBars, formatSeconds, isForecast, sweepChart } from '../parts/forecast_chart.js';

/** @typedef {import('../types/model.js').State} State */
/** @typedef {import('../types/view.js').Context} Context */
/** @typedef {import('../types/what_if.js').WhatIf} WhatIf */
/** @typedef {import('../types/what_if.js').WhatIfAxis} WhatIfAxis */
/** @typedef {import('../types/what_if.js').WhatIfForecast} WhatIfForecast */

const titles = /** @type {Readonly<Record<string, string>>} */ ({ cpu_speed: 'CPU speed', gpu: 'GPU' });

/** @param {WhatIfAxis} axis */
function titleOf(axis) {
  return axis.fn ?? titles[axis.key] ?? axis.key.charAt(0).toUpperCase() + axis.key.slice(1);
}

/** @param {WhatIfAxis} axis @param {number} position */
function valueWords(axis, position) {
  const { text, ratio } = axis.positions[position];
  if (position === axis.base) return /x$/.test(text) ? 'as recorded' : `${text}, as recorded`;
  return /x$/.test(text) ? text : `${text} (${Number(ratio.toPrecision(3))}x)`;
}

/** Which combinations there are, so that nobody has to find out by trying. @param {WhatIf} whatIf */
function reachWords(whatIf) {
  const first = whatIf.axes.find((axis) => axis.positions.length > 0);
  const words = {
    some: 'On this page: one change at a time, at fewer values than usual',
    singles: 'On this page: one change at a time',
    first: `On this page: one change at a time, and ${visibleText(first?.id ?? '')} with any one other`,
    pairs: 'On this page: any two changes at a time',
  }[whatIf.reach];
  const why = whatIf.reach === 'pairs' ? '' : ` (the run has ${formatCount(whatIf.tasks)} tasks: more would make the page slow to write)`;
  return `${words}${why}. Whatever else is asked for, this command tells.`;
}

/** What of the run is predicted, where that is not all of it, as `predict` says it. @param {WhatIf} whatIf */
function extentWords({ run, base, lead }) {
  return Math.max(lead, run - base) > 0.02 * base
    ? `${formatSeconds(base)} of the run’s ${formatSeconds(run)}: from about when the session was ready, ${formatSeconds(lead)} before the first job, to the end of the last`
    : '';
}

/** A row of the table of terms, as `predict --why` has them. @typedef {[string, string, string, string, string, string]} TermRow */

/** @param {WhatIf} whatIf @param {WhatIfForecast} forecast @returns {TermRow[]} */
function termRows(whatIf, forecast) {
  const short = (/** @type {number} */ value) => String(Number(value.toPrecision(3)));
  const span = (/** @type {number} */ from, /** @type {number} */ to) => `${formatSeconds(Math.max(from, 0))} to ${formatSeconds(to)}`;
  const rows = forecast.terms.map(({ term, fastest, slowest }) => {
    const row = whatIf.terms[term];
    return /** @type {TermRow} */ ([row.term, short(row.value), `${short(row.low)} to ${short(row.high)}`, row.source, span(fastest, slowest), row.meaning]);
  });
  const { predicted } = forecast;
  const { lead, leadError } = whatIf;
  const least = Math.max(0, lead - leadError);
  if (leadError > 0)
    rows.push([
      'start', formatSeconds(lead), span(least, lead + leadError), 'prior',
      span(predicted - lead + least, predicted + leadError), 'before the first job: no event tells when the session was ready',
    ]);
  const wide = (/** @type {number} */ ratio) => span(predicted / Math.exp(1.645 * ratio), predicted * Math.exp(1.645 * ratio));
  const python = whatIf.baseSlots === 0;
  const runs = Math.SQRT2 * whatIf.noise;
  const chances = /** @type {const} */ ([
    [forecast.chance, python ? 'samples' : 'tasks', 'measured', python ? 'sampling error' : 'other tasks of the same stages, by chance'],
    [runs, 'runs', 'prior', 'from the recorded run to another one of the same job'],
  ]);
  // Of a trace nothing was drawn by chance.
  for (const [ratio, name, source, meaning] of chances)
    if (ratio > 0) rows.push([name, `${(100 * ratio).toFixed(1)} %`, '', source, wide(ratio), meaning]);
  return rows;
}

const termHead = ['term', 'value', 'range', 'source', 'prediction', 'meaning'];

class WhatIfPanel {
  /** @param {Context} context @param {WhatIf} whatIf */
  constructor(context, whatIf) {
    this.context = context;
    this.whatIf = whatIf;
    /** @type {number[]} */
    this.positions = [];
    this.curve = 0;
    /** The slider that is being moved, -1 = none, and what it made of the scenario. */
    this.moving = -1;
    this.said = '';
    this.sliders = whatIf.axes.map((axis, a) => (axis.positions.length > 0 ? this.slider(axis, a) : null));
    this.reset = el('button', { type: 'button', class: 'link', onclick: () => this.set(whatIf.axes.map((axis) => axis.base)) }, 'All as recorded');
    this.result = el('div', { class: 'whatif-result' });
    this.chart = el('div', { class: 'whatif-chart' });
    this.why = el('div', { class: 'whatif-why' });
    const choices = whatIf.axes.flatMap((axis, a) => (axis.positions.length > 0 ? [el('option', { value: String(a) }, visibleText(axis.id))] : []));
    this.over = el('select', { onchange: () => context.store.setExtra('what-if.over', whatIf.axes[Number(this.over.value)].id) }, ...choices);
    this.element = el(
      'div',
      { class: 'whatif-columns' },
      el(
        'section',
        { class: 'whatif-sliders', 'aria-labelledby': 'whatif-change' },
        el('div', { class: 'whatif-head' }, el('h2', { id: 'whatif-change' }, 'What would be different'), this.reset),
        ...this.sliders.flatMap((slider) => (slider ? [slider.element] : [])),
        this.refused(),
      ),
      el(
        'div',
        { class: 'whatif-main' },
        el('section', { 'aria-label': 'The prediction' }, this.result),
        el(
          'section',
          { 'aria-labelledby': 'whatif-curve' },
          el('div', { class: 'whatif-head' }, el('h2', { id: 'whatif-curve' }, 'Run time over '), el('label', {}, el('span', { class: 'off-screen' }, 'Run time over'), this.over)),
          this.chart,
        ),
        el('section', { 'aria-label': 'What the prediction rests on' }, this.why),
      ),
    );
  }

  /** @param {WhatIfAxis} axis @param {number} a */
  slider(axis, a) {
    const last = axis.positions.length - 1;
    const id = `whatif-${a}`;
    const input = el('input', {
      type: 'range', id, min: 0, max: last, step: 1, value: axis.base,
      'aria-describedby': axis.refusal ? `${id}-words ${id}-refusal` : `${id}-words`,
      oninput: () => this.move(a, Number(input.value)),
    });
    const value = el('output', { class: 'whatif-value', for: id });
    const ticks = axis.positions.map((one, p) =>
      el(
        'span',
        { style: `left: ${last > 0 ? (100 * p) / last : 50}%`, class: p === axis.base ? 'whatif-tick base' : 'whatif-tick', onclick: () => this.move(a, p) },
        one.text,
      ),
    );
    const share = axis.runRatio === null ? '' : stackWords(axis.runRatio, this.context.page.head);
    const element = el(
      'div',
      { class: 'whatif-slider' },
      el(
        'div',
        { class: 'whatif-what' },
        el('label', { for: id, class: axis.fn ? 'whatif-name code-name' : 'whatif-name' }, nameElement(titleOf(axis))),
        el('span', { class: 'whatif-words', id: `${id}-words` }, share || axis.words),
      ),
      value,
      input,
      el('div', { class: 'whatif-ticks', 'aria-hidden': 'true' }, el('div', {}, ...ticks)),
      axis.refusal ? el('p', { class: 'whatif-words whatif-refusal', id: `${id}-refusal` }, visibleText(axis.refusal)) : null,
    );
    return { element, input, value, ticks };
  }

  /** What `predict` refuses, in its words. */
  refused() {
    const rows = this.whatIf.axes.filter((axis) => axis.positions.length === 0 && axis.refusal !== null);
    if (rows.length === 0) return null;
    return el(
      'details',
      { class: 'whatif-refused' },
      el('summary', {}, `What this recording cannot tell: ${rows.map((axis) => axis.key).join(', ')}`),
      el('ul', {}, ...rows.map((axis) => el('li', {}, visibleText(axis.refusal ?? '')))),
    );
  }

  /** @param {number} axis @param {number} position */
  move(axis, position) {
    const { axes } = this.whatIf;
    const positions = this.positions.map((at, a) => (a === axis ? position : at));
    // A slider goes through many: the way back is to where it was before, not through all of them.
    const replace = this.moving === axis;
    this.moving = axis;
    this.said = scenarioText(axes, positions);
    this.context.store.setExtras({ 'what-if.set': this.said || null, 'what-if.over': axes[axis].id }, { replace });
  }

  /** @param {number[]} positions */
  set(positions) {
    this.context.store.setExtra('what-if.set', scenarioText(this.whatIf.axes, positions) || null);
  }

  /** @param {State} state */
  update(state) {
    const { whatIf } = this;
    const { axes } = whatIf;
    const set = state.extra['what-if.set'] ?? '';
    if (set !== this.said) this.moving = -1;
    this.positions = readScenario(axes, set);
    const asked = axes.findIndex((axis) => axis.positions.length > 0 && axis.id === state.extra['what-if.over']);
    const changed = axes.findIndex((axis, a) => axis.positions.length > 0 && this.positions[a] !== axis.base);
    this.curve = asked >= 0 ? asked : changed >= 0 ? changed : axes.findIndex((axis) => axis.positions.length > 0);
    this.over.value = String(this.curve);
    this.reset.disabled = scenarioText(axes, this.positions) === '';
    this.sliders.forEach((slider, a) => {
      if (!slider) return;
      const axis = axes[a];
      const at = this.positions[a];
      const words = valueWords(axis, at);
      slider.input.value = String(at);
      slider.input.setAttribute('aria-valuetext', at === axis.base ? words : `${axis.positions[at].text}, ${ratioWords(axis.positions[at].ratio)}`);
      slider.value.textContent = words;
      slider.element.classList.toggle('changed', at !== axis.base);
      sweepOf(whatIf, this.positions, a).forEach((point, p) => {
        slider.ticks[p].classList.toggle('here', p === at);
        slider.ticks[p].classList.toggle('absent', point === null);
      });
    });
    this.showResult();
    this.showCurve();
    this.showWhy();
  }

  /** @returns {number} the end of the scale of the bars: the same for all positions of the chosen axis, so that bars can be compared */
  scale() {
    const points = sweepOf(this.whatIf, this.positions, this.curve);
    const here = pointOf(this.whatIf, this.positions);
    return Math.max(this.whatIf.base, ...[here, ...points].map((point) => (isForecast(point) ? point.high : 0))) * 1.02;
  }

  showResult() {
    const { whatIf, positions } = this;
    const { axes, base } = whatIf;
    const set = scenarioText(axes, positions);
    const point = pointOf(whatIf, positions);
    const name = set === '' ? 'As it was' : set.replace(/,/g, ', ');
    if (!isForecast(point)) {
      const why = point === null ? 'This combination is not on the page.' : `It cannot be told: ${point.refusal}`;
      fill(
        this.result,
        el('p', { class: 'whatif-title' }, visibleText(name)),
        el('p', { class: 'whatif-none', role: 'status' }, visibleText(why)),
        point === null ? this.alone() : null,
        el('div', { class: 'whatif-bars' }, compareBars(base, null, this.scale())),
        this.command(point === null ? 'The command that tells:' : 'The command that says so:'),
      );
      return;
    }
    const exact = (/** @type {number} */ seconds, /** @type {string} */ which) => el('data', { value: String(seconds), class: `whatif-${which}` }, formatSeconds(seconds));
    const slots = point.slots > 0
      ? `${formatCount(point.slots)} slot${point.slots === 1 ? '' : 's'}, ${formatPercent(point.busy)} busy; recorded ${formatCount(whatIf.baseSlots)}, ${formatPercent(whatIf.baseBusy)} busy`
      : '';
    const extent = extentWords(whatIf);
    fill(
      this.result,
      el('p', { class: 'whatif-title' }, visibleText(name)),
      el(
        'p',
        { class: 'whatif-number', role: 'status' },
        exact(point.predicted, 'predicted'),
        el('span', { class: 'whatif-interval' }, exact(point.low, 'low'), ' to ', exact(point.high, 'high')),
        el('span', { class: 'whatif-compared' }, `${comparedWords(point.predicted, base)} the recorded `, exact(base, 'base')),
      ),
      slots ? el('p', { class: 'dim' }, slots) : null,
      extent ? el('p', { class: 'dim whatif-extent' }, extent) : null,
      el('div', { class: 'whatif-bars' }, compareBars(base, point, this.scale())),
      this.command(set === '' ? 'One more run of the same, as a command:' : 'The same from the command line:'),
    );
  }

  /** Where a combination is not there: what is known of its parts, and the way to each. */
  alone() {
    const { axes } = this.whatIf;
    const parts = axes.flatMap((axis, a) => {
      if (axis.positions.length === 0 || this.positions[a] === axis.base) return [];
      const positions = axes.map((one, b) => (a === b ? this.positions[a] : one.base));
      const point = pointOf(this.whatIf, positions);
      if (!isForecast(point)) return [];
      const words = `${visibleText(axis.id)}=${axis.positions[this.positions[a]].text} alone`;
      return [el('li', {}, el('button', { type: 'button', class: 'link', onclick: () => this.set(positions) }, words), `: ${formatSeconds(point.predicted)}`)];
    });
    return el('ul', { class: 'whatif-alone' }, ...parts);
  }

  /** @param {string} words */
  command(words) {
    const { page, announce } = this.context;
    const text = predictCommand(this.whatIf.axes, this.positions, page.head.sides[0].file || 'barograph.baro');
    const copy = copyButton('Copy', () => text, announce);
    return el('div', { class: 'whatif-command' }, el('span', { class: 'dim' }, words), el('code', {}, visibleText(text)), copy, el('p', { class: 'dim whatif-reach' }, reachWords(this.whatIf)));
  }

  showCurve() {
    const { whatIf, positions, curve } = this;
    const axis = whatIf.axes[curve];
    const points = sweepOf(whatIf, positions, curve);
    const rows = () => points.map((point, p) => {
      const times = isForecast(point) ? [point.predicted, point.low, point.high].map(formatSeconds) : [point === null ? 'not on the page' : point.refusal, '', ''];
      return [`${axis.id}=${axis.positions[p].text}`, ...times];
    });
    const head = ['', 'predicted', 'low', 'high'];
    const open = this.chart.querySelector('details')?.open ?? false;
    fill(
      this.chart,
      sweepChart(axis, points, positions[curve], whatIf.base, (p) => this.move(curve, p)),
      el(
        'details',
        { open },
        el('summary', {}, 'As a table'),
        table(head, rows(), 'Run time over the positions'),
        copyButtons(() => [head, ...rows()], this.context.announce),
      ),
    );
  }

  showWhy() {
    const point = pointOf(this.whatIf, this.positions);
    if (!isForecast(point)) {
      fill(this.why);
      return;
    }
    const rows = termRows(this.whatIf, point);
    fill(
      this.why,
      el('h2', {}, 'What it depends on', el('span', { class: 'dim more' }, 'each alone at the ends of its range')),
      table(termHead, rows, 'Terms'),
      copyButtons(() => [termHead, ...rows], this.context.announce),
      el('h2', {}, 'Assumptions'),
      el('ul', { class: 'whatif-assumptions' }, ...point.assumptions.map((text) => el('li', {}, visibleText(text)))),
    );
  }
}

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} rows @param {string} label */
function table(head, rows, label) {
  return el(
    'div',
    { class: 'whatif-scroll', tabindex: 0, role: 'region', 'aria-label': label },
    el(
      'table',
      { class: 'whatif-table' },
      el('thead', {}, el('tr', {}, ...head.map((title) => (title ? el('th', { scope: 'col' }, title) : el('td', {}))))),
      el('tbody', {}, ...rows.map((cells) => el('tr', {}, el('th', { scope: 'row' }, visibleText(cells[0])), ...cells.slice(1).map((cell) => el('td', {}, visibleText(cell)))))),
    ),
  );
}

/**
 * @param {Context} context
 * @param {WhatIf} whatIf
 * @returns {import('../types/view.js').ExtraView}
 */
export function createWhatIf(context, whatIf) {
  const element = el('section', { class: 'whatif', 'aria-label': 'What if', tabindex: -1 });
  if (whatIf.refusal !== null || whatIf.points.size === 0) {
    fill(element, el('p', { class: 'whatif-none' }, visibleText(`What if cannot be asked of this recording: ${whatIf.refusal ?? ''}`)));
    return { element, update() {} };
  }
  const panel = new WhatIfPanel(context, whatIf);
  fill(element, panel.element);
  return { element, update: (state) => panel.update(state) };
}

// What is printed: not the screen, but a page that can be read without the program. Made when the browser is about to print.

import { el, nameElement, visibleText } from '../base/dom.js';
import { cpuWords, formatAmount, formatCount, formatDuration, formatPercent, formatSide, lossWords } from '../base/format.js';
import { functionChanges, sidesOf } from '../model/diff.js';
import { changePercent, changeWords, sideWords } from './diff_graph.js';
import { flameStates } from './flame_colours.js';
import { FlameGraph, readableRows } from './flame_graph.js';
import { statesBar, statesText } from './states_bar.js';
import { transformWords } from './transform_words.js';

/** @typedef {import('../model/model.js').Model} Model */
/** @typedef {import('./shell.js').ShellParts} ShellParts */

const mostFunctions = 24;
const mostChanges = 8;
const mostRows = 14;
/** Letters of a place: of a longer one the end tells more. */
const mostPlace = 40;
/** CSS pixels of the lower of A4 and Letter, less the margins. */
const pageHeight = 930;

/** @param {import('../types/page.js').Head} head @param {import('../types/page.js').Side} side */
function facts(head, side) {
  const cpu = cpuWords(side);
  return [
    head.diff ? `${side === head.sides[0] ? 'before' : 'after'}: ${side.command.slice(0, 300)}` : '',
    side.python ? `Python ${side.python}` : '',
    formatSide(head, head.sides.indexOf(side)),
    cpu && `${cpu} CPU`,
    side.samples > 0 ? `${formatCount(side.samples)} samples` : '',
    lossWords(side) || (side.rejected === null ? '' : 'none lost'),
    `recorded ${side.start_utc}`,
    side.ended ?? '',
    ...side.unknown.map((part) => `${formatPercent(part.ratio)} unknown: ${part.reason}`),
    side.damage ?? '',
  ]
    .filter(Boolean)
    .join(' · ');
}

/** @param {Model} model */
function shownWords(model) {
  const { state, page } = model;
  const parts = state.transforms.map((transform) => {
    const { words, name } = transformWords(transform, (fn) => model.names(fn).name);
    return `${words} ${name}`.trim();
  });
  if (state.threads) parts.push(`${formatCount(state.threads.length)} of ${formatCount(page.head.threads.length)} threads`);
  if (state.range) {
    const [from, to] = state.range.map((tick) => formatDuration(tick * page.head.tick_ns));
    parts.push(`from ${from} to ${to}`);
  }
  const limits = parts.length > 0 ? `; ${parts.join('; ')}` : '';
  const words = page.head.amounts ? '' : `${model.metric.words}, `;
  return `${words}${formatAmount(model.shown, model.metric, page.head)}${limits}`;
}

/** @param {Model} model @param {number} fn */
function placeCell(model, fn) {
  const { place } = model.names(fn);
  return el('td', {}, nameElement(place.length > mostPlace ? `…${place.slice(1 - mostPlace)}` : place));
}

/** @param {Model} model @param {number} fn */
function nameCell(model, fn) {
  const { name } = model.names(fn);
  return el('td', {}, nameElement(name.length > 60 ? `${name.slice(0, 59)}…` : name));
}

/**
 * @param {readonly string[]} numbers
 * @param {readonly string[]} words
 */
function headRow(numbers, words) {
  return el('thead', {}, el('tr', {}, ...numbers.map((title) => el('th', { class: 'number' }, title)), ...words.map((title) => el('th', {}, title))));
}

/** Of two recordings, what changed beyond chance. @param {Model} model */
function changeTable(model) {
  const sides = sidesOf(model, model.state, false);
  const changes = functionChanges(sides, 'self').filter(({ verdict }) => verdict !== 0);
  return [
    el('h2', {}, `What changed: ${formatCount(changes.length)} ${changes.length === 1 ? 'function' : 'functions'} beyond chance and 1 % of the run, by their own time`),
    el(
      'table',
      { class: 'changes' },
      headRow(['before', 'after', 'change', 'change %'], ['function', 'place']),
      el(
        'tbody',
        {},
        ...changes.slice(0, mostChanges).map(({ fn, before, after, change }) =>
          el(
            'tr',
            {},
            ...[sideWords(sides, before), sideWords(sides, after), changeWords(sides, change), changePercent(change, before)].map((text) => el('td', { class: 'number' }, text)),
            nameCell(model, fn),
            placeCell(model, fn),
          ),
        ),
      ),
    ),
  ];
}

/** @param {Model} model */
function functionTable(model) {
  const { head } = model.page;
  const { self, total } = model.functions;
  const states = head.states.length;
  const rows = Array.from(self.keys())
    .filter((fn) => self[fn] > 0)
    .sort((a, b) => self[b] - self[a])
    .slice(0, mostFunctions);
  const { timed } = model;
  const cell = (/** @type {number} */ amount) => [
    el('td', { class: 'number' }, formatPercent(model.share(amount))),
    el('td', { class: 'number' }, formatAmount(amount, model.metric, head)),
  ];
  const spent = (/** @type {number} */ fn) => model.states.rows.subarray(fn * states, (fn + 1) * states);
  return el(
    'table',
    { class: 'functions' },
    headRow(['self %', 'self', 'total %', 'total'], timed ? ['function', 'spent', 'place'] : ['function', 'place']),
    el(
      'tbody',
      {},
      ...rows.map((fn) =>
        el(
          'tr',
          {},
          ...cell(self[fn]),
          ...cell(total[fn]),
          nameCell(model, fn),
          timed ? el('td', {}, statesText(head, spent(fn)).split(', ')[0]) : null,
          placeCell(model, fn),
        ),
      ),
    ),
  );
}

/** @param {Model} model */
function flamePicture(model) {
  const graph = new FlameGraph({ label: 'Flame graph', fit: true, paper: true, onZoom() {}, onSelect() {} });
  return {
    element: graph.element,
    draw() {
      const zoom = model.inverted ? 0 : model.zoom;
      const key = `${model.key} ${model.inverted}`;
      graph.update({ model, shape: model.shape, key, zoom, selected: -1, ...flameStates(model) });
      const rows = graph.layout ? Math.min(readableRows(graph.layout), mostRows) : 1;
      graph.element.replaceWith(graph.picture(rows));
    },
  };
}

/** @param {ShellParts} parts */
export function preparePrint({ page, workshop, store }) {
  const { head } = page;
  /** @type {HTMLElement | null} */
  let report = null;
  window.addEventListener('beforeprint', () => {
    report?.remove();
    report = null;
    // The first second of a large page: what is on the screen is printed.
    if (workshop.first) return;
    const model = workshop.model(store.get());
    const flame = flamePicture(model);
    const when = ['before', 'after'][model.side];
    report = el(
      'article',
      { class: 'print-report', 'aria-hidden': 'true' },
      el('h1', {}, nameElement((head.sides[model.side]?.command ?? '').slice(0, 300))),
      ...head.sides.map((side) => el('p', { class: 'facts' }, facts(head, side))),
      el('h2', {}, head.diff ? 'The answer' : 'What it did'),
      el('div', { class: 'findings' }, ...head.summary.map(({ parts }) => el('p', {}, visibleText(parts.map((part) => part.t).join(''))))),
      ...(head.diff && !head.comparison ? changeTable(model) : []),
      head.diff ? el('h2', {}, `What it did (${when})`) : null,
      model.timed ? statesBar(head, model.states.ofNode(0)) : null,
      model.timed ? el('p', {}, statesText(head, model.states.ofNode(0))) : null,
      el('h2', {}, `Where the ${head.amounts ? head.amounts : 'time'} ${head.amounts ? 'are from' : 'goes'}${head.diff ? ` (${when})` : ''}: ${shownWords(model)}`),
      flame.element,
      el('h2', {}, 'The first functions by their own time'),
      functionTable(model),
    );
    document.body.append(report);
    flame.draw();
    // Rows that would stand on a second page are left out; the page says that these are the first.
    const body = report.querySelector('.functions tbody');
    while (body instanceof HTMLTableSectionElement && body.rows.length > 1 && report.offsetHeight > pageHeight) body.deleteRow(-1);
  });
  window.addEventListener('afterprint', () => {
    report?.remove();
    report = null;
  });
}

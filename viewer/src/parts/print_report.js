// What is printed: not the screen, but a page that can be read without the program. Made when the browser is about to print.

import { el, nameElement, visibleText } from '../base/dom.js';
import { formatAmount, formatCount, formatDuration, formatPercent, formatSide } from '../base/format.js';
import { flameStates } from './flame_colours.js';
import { FlameGraph, readableRows } from './flame_graph.js';
import { statesBar, statesText } from './states_bar.js';
import { transformWords } from './transform_words.js';

/** @typedef {import('../model/model.js').Model} Model */
/** @typedef {import('./shell.js').ShellParts} ShellParts */

const mostFunctions = 24;
const mostRows = 14;
/** CSS pixels of the lower of A4 and Letter, less the margins. */
const pageHeight = 930;

/** @param {import('../types/page.js').Head} head @param {import('../types/page.js').Side} side */
function facts(head, side) {
  return [
    side.python ? `Python ${side.python}` : '',
    formatSide(head, head.sides.indexOf(side)),
    side.cpu_ns === null ? '' : `${formatDuration(side.cpu_ns)} CPU`,
    side.samples > 0 ? `${formatCount(side.samples)} samples` : '',
    `${formatCount(side.lost)} lost, ${formatCount(side.rejected)} rejected`,
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
  const words = page.head.amounts ? '' : ` ${model.metric.words}`;
  return `${formatAmount(model.shown, model.metric, page.head)}${words}${limits}`;
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
    {},
    el(
      'thead',
      {},
      el(
        'tr',
        {},
        ...['self %', 'self', 'total %', 'total'].map((title) => el('th', { class: 'number' }, title)),
        el('th', {}, 'function'),
        timed ? el('th', {}, 'spent') : null,
        el('th', {}, 'place'),
      ),
    ),
    el(
      'tbody',
      {},
      ...rows.map((fn) => {
        const names = model.names(fn);
        return el(
          'tr',
          {},
          ...cell(self[fn]),
          ...cell(total[fn]),
          el('td', {}, nameElement(names.name.slice(0, 60))),
          timed ? el('td', {}, statesText(head, spent(fn)).split(', ')[0]) : null,
          el('td', {}, nameElement(names.place.slice(-40))),
        );
      }),
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
    report = el(
      'article',
      { class: 'print-report', 'aria-hidden': 'true' },
      el('h1', {}, nameElement((head.sides[model.side]?.command ?? '').slice(0, 300))),
      ...head.sides.map((side) => el('p', { class: 'facts' }, facts(head, side))),
      el('h2', {}, 'What it did'),
      el('div', { class: 'findings' }, ...head.summary.map(({ parts }) => el('p', {}, visibleText(parts.map((part) => part.t).join(''))))),
      model.timed ? statesBar(head, model.states.ofNode(0)) : null,
      model.timed ? el('p', {}, statesText(head, model.states.ofNode(0))) : null,
      el('h2', {}, `Where the ${head.amounts ? head.amounts : 'time'} ${head.amounts ? 'are from' : 'goes'}: ${shownWords(model)}`),
      flame.element,
      el('h2', {}, 'The first functions by their own time'),
      functionTable(model),
    );
    document.body.append(report);
    flame.draw();
    // Rows that would stand on a second page are left out; the page says that these are the first.
    const body = report.querySelector('tbody');
    while (body && body.rows.length > 1 && report.offsetHeight > pageHeight) body.deleteRow(-1);
  });
  window.addEventListener('afterprint', () => {
    report?.remove();
    report = null;
  });
}

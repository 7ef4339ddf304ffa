// Changes between two runs of a framework's job: the answer, what of the critical path it is made of, which adds up to it, and the
// operators beside each other. Numbers and words are those of `barograph diff`.

import { el, fill, nameElement, sentenceParts, visibleText } from '../base/dom.js';
import { formatBytes, formatCount, formatDuration, formatPercent, unknown } from '../base/format.js';
import { resourcePiece, resourceSwatch } from '../parts/resource_mark.js';
import { Table } from '../parts/table.js';

/** @typedef {import('../types/dataflow.js').Comparison} Comparison */
/** @typedef {import('../types/dataflow.js').OperatorDiff} OperatorDiff */
/** @typedef {import('../types/dataflow.js').ResourceDiff} ResourceDiff */
/** @typedef {import('../types/dataflow.js').Pair} Pair */
/** @typedef {import('../parts/table.js').Column} Column */

/** Of the longer run: what changed less is not worth a word, as in `barograph diff`. */
const least = 0.01;

/** By what operators were taken for the same: keys of the C program. */
const matches = /** @type {Record<string, string>} */ ({
  name: 'name alone',
  parents: 'name and what it is a part of',
  place: 'name and place',
  scopes: 'name, place, scopes and what it is a part of',
  place_data: 'name, place and as much data',
  data: 'name, place, scopes, what it is a part of and as much data',
});

/** @param {Pair | null} pair */
const changeOf = (pair) => (pair?.after ?? 0) - (pair?.before ?? 0);

/** @param {number} ns */
const signed = (ns) => (ns > 0 ? '+' : '') + formatDuration(ns);

/** @param {number} value @param {(value: number) => string} format */
const some = (value, format) => (value === null ? unknown : format(value));

/**
 * "2 → 1", or one number where it is the same.
 * @param {Pair | null} pair
 * @param {(value: any) => string} format
 */
function both(pair, format) {
  if (!pair) return unknown;
  const [before, after] = [pair.before, pair.after].map((value) => some(/** @type {number} */ (value), format));
  return before === after ? after : `${before} → ${after}`;
}

/** @param {OperatorDiff} row */
const nameOf = (row) => /** @type {NonNullable<OperatorDiff['after']>} */ (row.after ?? row.before);

/**
 * What of it changed most: of the path where that changed, else of its tasks.
 * @param {OperatorDiff} row
 * @param {Map<string, string>} words of resources
 */
function mostly({ path_ns, tasks_ns, by_resource: [first] }, words) {
  const key = changeOf(path_ns) ? 'path_ns' : 'tasks_ns';
  const all = Math.abs(changeOf(key === 'path_ns' ? path_ns : tasks_ns));
  const change = first ? changeOf(first[key]) : 0;
  return change && all && Math.abs(change) >= all / 20 ? `${words.get(first.resource)} ${formatDuration(Math.abs(change))} ${change > 0 ? 'more' : 'less'}` : '';
}

/**
 * Two bars, before above after, at one scale.
 * @param {OperatorDiff} row
 * @param {number} most
 */
function bars(row, most) {
  const sum = (/** @type {Pair} */ pair, /** @type {'before' | 'after'} */ side) => pair[side] ?? 0;
  return el(
    'span',
    { class: 'run-bars', 'aria-hidden': 'true' },
    .../** @type {const} */ (['before', 'after']).map((side) =>
      el(
        'span',
        { class: 'states-bar', style: `width: ${((sum(row.tasks_ns, side) / most) * 100).toFixed(2)}%` },
        ...row.by_resource.map(({ resource, tasks_ns }) => resourcePiece(resource, sum(tasks_ns, side) / (sum(row.tasks_ns, side) || 1))),
      ),
    ),
  );
}

/**
 * To the left what became less, to the right what became more.
 * @param {number} change
 * @param {number} most
 */
function changeBar(change, most) {
  const part = (Math.abs(change) / (most || 1)) * 50;
  return el('span', { class: `change-bar diff-${change < 0 ? 'less' : 'more'}`, 'aria-hidden': 'true' }, el('i', { style: `width: ${part.toFixed(2)}%` }));
}

/**
 * Before, after and change of a time.
 * @param {(row: number) => Pair} pair
 * @returns {Column[]}
 */
function timeColumns(pair) {
  const number = /** @type {const} */ ({ number: true, width: '76px' });
  const one = (/** @type {'before' | 'after'} */ side) => (/** @type {number} */ row) => formatDuration(pair(row)[side]);
  const change = (/** @type {number} */ row) => signed(changeOf(pair(row)));
  const percent = (/** @type {number} */ row) => {
    const { before, after } = pair(row);
    const ratio = before ? changeOf(pair(row)) / before : 0;
    return before === null ? 'new' : after === null ? 'gone' : ratio ? `${ratio < 0 ? '−' : '+'}${formatPercent(Math.abs(ratio))}` : '';
  };
  return [
    { ...number, key: 'before', title: 'before', cell: one('before'), text: one('before'), value: (row) => pair(row).before ?? -1 },
    { ...number, key: 'after', title: 'after', cell: one('after'), text: one('after'), value: (row) => pair(row).after ?? -1 },
    { ...number, key: 'change', title: 'change', help: 'sorted by its size, whichever way', cell: (row) => el('b', {}, change(row)), text: change, value: (row) => Math.abs(changeOf(pair(row))) },
    { ...number, key: 'percent', title: 'change %', cell: percent, text: percent, value: (row) => changeOf(pair(row)) / (pair(row).before || 1e-9) },
  ];
}

class OperatorChanges {
  /** @param {import('../types/view.js').Context} context */
  constructor({ page, store, announce }) {
    this.store = store;
    this.limit = page.head.limits['comparison'] ?? '';
    this.of = /** @type {Comparison} */ (page.head.comparison);
    const { answer, sentences, critical_path: path, operators, run_ns: run } = this.of;
    this.words = new Map(path.map(({ resource, words }) => [resource, words ?? '']));
    this.longer = Math.max(run.before ?? 0, run.after ?? 0);
    this.path = new Table({ id: 'changed-path', label: 'Changes of the critical path', order: '-change', store, announce });
    this.table = new Table({
      id: 'changed-operators', label: 'Changes by operator', order: '-change', store, announce,
      onSelect: (row) => store.setExtra('diff.operator', String(row), { replace: true }),
    });
    this.details = el('aside', { class: 'run-details', 'aria-label': 'The selected operator' });
    this.pathColumns = this.columnsOfPath(path);
    this.columns = this.columnsOf(operators);
    // Rows are as wide as all columns want, or as the table, so that they stand below each other.
    const least = this.columns.reduce((sum, { width }) => sum + Number(/\d+/.exec(width)) + 10, 24);
    this.table.element.style.setProperty('--least', `${least}px`);
    this.element = el(
      'section',
      { class: 'diff run-diff', 'aria-label': 'Changes' },
      el('p', { class: 'diff-headline' }, el('b', {}, answer)),
      el('div', { class: 'run-sentences' }, ...sentences.map((text) => el('p', {}, ...sentenceParts(text)))),
      el('h2', {}, 'Critical path', el('span', { class: 'dim' }, ' what the run waited for: its changes add up to the run’s')),
      el('div', { class: 'run-path', style: `flex-basis: ${path.length * 24 + 66}px` }, this.path.element),
      el('h2', {}, 'Operators', el('span', { class: 'dim' }, ' their time on the critical path, and bars of all their tasks’ time, before above after')),
      el('div', { class: 'run-operators' }, this.table.element, this.details),
    );
  }

  /** @param {ResourceDiff[]} rows @returns {Column[]} */
  columnsOfPath(rows) {
    const most = Math.max(...rows.map((row) => Math.abs(changeOf(row.path_ns))));
    const words = (/** @type {number} */ row) => rows[row].words ?? '';
    const evidence = (/** @type {number} */ row) => rows[row].evidence.replace('unknown', 'no clock');
    const tasks = (/** @type {number} */ row) => both(rows[row].tasks_ns.before || rows[row].tasks_ns.after ? rows[row].tasks_ns : null, formatDuration);
    return [
      { key: 'what', title: 'what', width: 'minmax(200px, 1.2fr)', text: words, value: words, cell: (row) => el('span', { class: 'fn' }, resourceSwatch(rows[row].resource), ` ${words(row)}`) },
      ...timeColumns((row) => rows[row].path_ns),
      { key: 'bar', title: 'less · more', width: 'minmax(80px, 1fr)', cell: (row) => changeBar(changeOf(rows[row].path_ns), most), text: (row) => ['less', '', 'more'][Math.sign(changeOf(rows[row].path_ns)) + 1] },
      { key: 'tasks', title: 'all tasks', number: true, width: '150px', cell: tasks, text: tasks, value: (row) => Math.abs(changeOf(rows[row].tasks_ns)) },
      { key: 'evidence', title: 'evidence', width: '80px', cell: evidence, text: evidence, value: evidence },
    ];
  }

  /** -1 faster, 1 slower, 0 about the same; 2 only after, -2 only before. @param {number} row */
  verdict(row) {
    const { before, after, path_ns } = this.of.operators[row];
    const change = changeOf(path_ns);
    return !before ? 2 : !after ? -2 : Math.abs(change) < least * this.longer ? 0 : Math.sign(change);
  }

  /** @param {OperatorDiff[]} rows @returns {Column[]} */
  columnsOf(rows) {
    const most = Math.max(...rows.map(({ tasks_ns }) => Math.max(tasks_ns.before ?? 0, tasks_ns.after ?? 0)), 1);
    const words = (/** @type {number} */ row) => ['only before', 'faster', 'same', 'slower', 'only after'][this.verdict(row) + 2];
    const name = (/** @type {number} */ row) => visibleText(nameOf(rows[row]).operator);
    const place = (/** @type {number} */ row) => visibleText(nameOf(rows[row]).place ?? '');
    const most_ = (/** @type {number} */ row) => mostly(rows[row], this.words);
    /** @returns {Column} */
    const pair = (/** @type {'tasks' | 'tasks_ns' | 'read_bytes' | 'written_bytes' | 'spilled_bytes'} */ key, /** @type {string} */ title, /** @type {(value: any) => string} */ format, /** @type {string} */ width) => {
      const text = (/** @type {number} */ row) => both(rows[row][key], format);
      return { key, title, number: true, width, help: 'sorted by how much it changed', cell: text, text, value: (row) => Math.abs(changeOf(rows[row][key])) };
    };
    const told = (/** @type {'read_bytes' | 'written_bytes' | 'spilled_bytes'} */ key, /** @type {string} */ title) =>
      rows.some((row) => row[key]) ? [pair(key, title, formatBytes, '134px')] : [];
    return [
      { key: 'verdict', title: 'result', help: 'slower or faster by 1 % of the run and more', width: '84px', text: words, value: (row) => this.verdict(row), cell: (row) => el('span', { class: `diff-mark diff-${['less', 'less', 'same', 'more', 'more'][this.verdict(row) + 2]}` }, words(row)) },
      { key: 'name', title: 'operator', width: 'minmax(150px, 1.4fr)', text: name, value: name, cell: (row) => el('span', { class: 'fn', title: name(row).slice(0, 600) }, nameElement(name(row).slice(0, 400))) },
      ...timeColumns((row) => rows[row].path_ns),
      { key: 'bars', title: 'by resource', help: 'all tasks’ time, before above after', width: '90px', cell: (row) => bars(rows[row], most), text: (row) => rows[row].by_resource.map(({ resource, tasks_ns }) => `${this.words.get(resource)} ${both(tasks_ns, formatDuration)}`).join(', ') },
      { key: 'mostly', title: 'mostly', help: 'what of it changed most', width: 'minmax(150px, 1.2fr)', text: most_, value: most_, cell: (row) => el('span', { class: 'fn', title: most_(row) }, most_(row)) },
      pair('tasks', 'tasks', formatCount, '70px'),
      pair('tasks_ns', 'all tasks', formatDuration, '130px'),
      ...told('read_bytes', 'read'),
      ...told('written_bytes', 'written'),
      ...told('spilled_bytes', 'spilled'),
      { key: 'place', title: 'place', width: 'minmax(110px, 0.8fr)', text: place, value: place, cell: (row) => el('span', { class: 'end-first dim', title: place(row).slice(0, 600) }, nameElement(place(row).slice(-200))) },
    ];
  }

  /** @param {import('../types/model.js').State} state */
  update(state) {
    const { critical_path: path, operators } = this.of;
    this.path.update({ columns: this.pathColumns, rows: path.map((_, i) => i), key: 'path', note: `The run: ${both(this.of.run_ns, formatDuration)}, ${signed(changeOf(this.of.run_ns))}` });
    const alone = operators.filter(({ before, after }) => !before || !after).length;
    const chosen = Number(state.extra['diff.operator'] ?? -1);
    this.table.update({
      columns: this.columns,
      rows: operators.map((_, i) => i),
      key: 'operators',
      selected: chosen,
      note: [this.limit || `${formatCount(operators.length)} operators`, alone ? `${formatCount(alone)} in one of the runs only` : '', 'each run was seen once'].filter(Boolean).join(' · '),
    });
    this.showDetails(operators[chosen]);
  }

  /** @param {OperatorDiff | undefined} row */
  showDetails(row) {
    this.details.hidden = !row;
    if (!row) return;
    const names = [...new Set([row.before, row.after].map((one) => one && visibleText(one.operator)))];
    const times = (/** @type {Pair} */ pair) => [formatDuration(pair.before), formatDuration(pair.after), signed(changeOf(pair))].map((text) => el('td', {}, text));
    fill(
      this.details,
      el('h3', {}, names.map((name) => name ?? 'nothing').join(' → ')),
      el('p', { class: 'dim' }, row.before && row.after ? `the same by ${matches[row.matched_by]}` : 'in one of the runs only'),
      ...(/** @type {const} */ ([['on the critical path', 'path_ns'], ['all its tasks', 'tasks_ns']])).map(([title, key]) =>
        el(
          'table',
          {},
          el('thead', {}, el('tr', {}, ...[title, 'before', 'after', 'change'].map((text) => el('th', { scope: 'col' }, text)))),
          el(
            'tbody',
            {},
            ...row.by_resource.filter(({ [key]: pair }) => pair.before || pair.after).map((part) =>
              el('tr', {}, el('th', { scope: 'row' }, resourceSwatch(part.resource), ` ${this.words.get(part.resource)}`), ...times(part[key])),
            ),
            el('tr', {}, el('th', { scope: 'row' }, 'together'), ...times(row[key])),
          ),
        ),
      ),
    );
  }
}

/**
 * @param {import('../types/view.js').Context} context
 * @returns {import('../types/view.js').ExtraView}
 */
export function createOperatorChanges(context) {
  const view = new OperatorChanges(context);
  return { element: view.element, update: (state) => view.update(state) };
}

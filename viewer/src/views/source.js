// Source: files by their own time, and the lines of one with the time spent on each. Where the page has no source in it, the lines
// that have time stand there with their functions. Lines know no threads and no range of time; where the other views count less
// than everything, this one says so.

import { el, fill, nameElement, visibleText } from '../base/dom.js';
import { formatCount, formatPercent, formatShare, formatUnits } from '../base/format.js';
import { pythonTokens } from '../base/python_tokens.js';
import { fileHeat } from '../model/heat.js';
import { runWords } from '../model/metrics.js';
import { Table } from '../parts/table.js';

/** @typedef {import('../types/model.js').State} State */
/** @typedef {import('../types/view.js').Context} Context */
/** @typedef {import('../types/page.js').Late} Late */
/** @typedef {import('../model/model.js').Model} Model */
/** @typedef {import('../model/heat.js').FileHeat} FileHeat */
/** @typedef {import('../model/heat.js').LineHeat} LineHeat */
/** @typedef {import('../parts/table.js').Column} Column */

const mostFiles = 300;
/** Longer lines are cut: they are data, and nobody reads them here. */
const longestLine = 500;

/**
 * A row of the table.
 * @typedef {object} SourceRow
 * @property {number} line 0 = not known, or lines that are left out
 * @property {LineHeat | null} heat
 * @property {string | null} text null: no source
 * @property {string} open quotes that an earlier line opened
 */

/**
 * @param {FileHeat} file
 * @param {{firstLine: number, lines: string[]}[]} texts parts of the file in order, empty: none
 * @returns {SourceRow[]}
 */
function sourceRows(file, texts) {
  const heat = new Map(file.lines.filter(({ line }) => line > 0).map((line) => [line.line, line]));
  /** @type {SourceRow[]} */
  const rows = [];
  for (const { firstLine, lines } of [...texts].sort((a, b) => a.firstLine - b.firstLine)) {
    let open = '';
    lines.forEach((text, i) => {
      const line = firstLine + i;
      rows.push({ line, heat: heat.get(line) ?? null, text, open });
      open = pythonTokens(text, open).open;
      heat.delete(line);
    });
  }
  // Lines with time that no text has: all of them where there is none.
  const nowhere = file.lines.filter(({ line }) => line === 0);
  // What is less than a unit is nothing here.
  const left = [...heat.values(), ...nowhere].filter(({ self, total }) => self > 0 || total > 0);
  for (const one of left) rows.push({ line: one.line, heat: one, text: null, open: '' });
  return rows.sort((a, b) => a.line - b.line);
}

/** @param {SourceRow} row */
function codeElement(row) {
  const { tokens } = pythonTokens((row.text ?? '').slice(0, longestLine), row.open);
  return el(
    'code',
    { class: 'code' },
    ...tokens.map(({ kind, text }) =>
      kind ? el('span', { class: `code-${kind}` }, visibleCode(text)) : visibleCode(text),
    ),
  );
}

/** Tabs stay what they are in code. @param {string} text */
function visibleCode(text) {
  return text.split('\t').map(visibleText).join('\t');
}

class Source {
  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    const { store, announce } = context;
    this.files = el('nav', { class: 'source-files', 'aria-label': 'Files' });
    this.title = el('div', { class: 'source-title' });
    this.note = el('p', { class: 'source-note', hidden: true });
    this.hint = el('p', { class: 'source-note', hidden: true });
    this.table = new Table({
      id: 'lines', label: 'Lines', order: 'line', store, announce,
      onSelect: (row) => this.chooseLine(row),
      onOpen: () => store.set({ view: 'sandwich' }),
    });
    this.element = el(
      'section',
      { class: 'source', 'aria-label': 'Source' },
      this.files,
      el('div', { class: 'source-main' }, el('div', { class: 'view-bar' }, this.title), this.note, this.hint, this.table.element),
    );
    /** @type {FileHeat[]} */
    this.heats = [];
    this.heatKey = '';
    /** @type {SourceRow[]} */
    this.rows = [];
    this.rowsKey = '';
    this.line = -1;
    /** @type {Late | null} */
    this.late = null;
    this.latest = 0;
  }

  /**
   * @param {State} state
   * @param {Model} model
   */
  update(state, model) {
    const mine = ++this.latest;
    if (this.late || model.page.head.source === 'none') {
      this.show(state, model);
      return;
    }
    this.context.late().then(
      (late) => {
        this.late = late;
        if (mine === this.latest) this.show(state, model);
      },
      (error) => {
        this.note.hidden = false;
        this.note.textContent = error instanceof Error ? error.message : String(error);
      },
    );
  }

  /**
   * @param {State} state
   * @param {Model} model
   */
  show(state, model) {
    const run = model.metric.column === 'run';
    const key = `${run} ${model.side}`;
    if (key !== this.heatKey) {
      this.heats = fileHeat(model.page, run, model.side);
      this.heatKey = key;
    }
    const file = this.chosenFile(state, model);
    const all = this.heats.reduce((sum, heat) => sum + heat.self, 0);
    this.listFiles(model, file, all);
    this.say(state, model, run);
    if (!file) {
      fill(this.title, 'No line has any time.');
      return;
    }
    const { page } = model;
    const path = page.strings[file.file];
    const texts = (this.late?.source ?? []).filter((text) => text.file === path);
    const rowsKey = `${key} ${file.file}`;
    if (rowsKey !== this.rowsKey) {
      this.rows = sourceRows(file, texts);
      this.rowsKey = rowsKey;
      this.line = -1;
    }
    fill(
      this.title,
      el('b', { class: 'long-name' }, nameElement(placeOf(model, file.file))),
      el('span', { class: 'dim' }, ` ${formatPercent(all > 0 ? file.self / all : 0)} of ${model.page.head.amounts ? 'all' : 'the time'} on its own lines`),
    );
    this.hint.hidden = texts.length > 0;
    fill(this.hint, ...hintFor(page.head, path));
    this.table.update({
      columns: this.columns(model, all, texts.length > 0),
      rows: Uint32Array.from(this.rows, (_, i) => i),
      key: rowsKey,
      selected: this.selectedRow(state, model),
      note: texts.length > 0 ? `${formatCount(this.rows.length)} lines` : `${formatCount(this.rows.length)} ${this.rows.length === 1 ? 'line' : 'lines'} with ${model.page.head.amounts ? 'an amount' : 'time'}`,
    });
  }

  /**
   * @param {State} state
   * @param {Model} model
   * @returns {FileHeat | undefined}
   */
  chosenFile(state, model) {
    const of = state.fn >= 0 ? model.page.functions.file[state.fn] : -1;
    const said = state.extra['source.file'];
    return (
      this.heats.find((heat) => heat.file === of) ??
      this.heats.find((heat) => said !== undefined && heat.file === Number(said)) ??
      this.heats.find((heat) => heat.origin === 0 && heat.self > 0) ??
      this.heats[0]
    );
  }

  /**
   * @param {Model} model
   * @param {FileHeat | undefined} chosen
   * @param {number} all
   */
  listFiles(model, chosen, all) {
    const hadFocus = this.files.contains(document.activeElement);
    const most = this.heats.reduce((widest, heat) => Math.max(widest, heat.self), 0);
    const buttons = this.heats.slice(0, mostFiles).map((heat) => {
      const bar = el('span', { class: 'heat-bar', 'aria-hidden': 'true' });
      bar.style.width = `${most > 0 ? (heat.self / most) * 100 : 0}%`;
      return el(
        'button',
        {
          type: 'button',
          class: heat.origin === 0 ? 'source-file own' : 'source-file',
          'aria-current': heat === chosen ? 'true' : false,
          title: visibleText(model.page.strings[heat.file].slice(0, 400)) || noFile,
          onclick: () => this.chooseFile(heat.file),
        },
        bar,
        nameElement(shortPlace(placeOf(model, heat.file))),
        el('span', { class: 'amount' }, formatPercent(all > 0 ? heat.self / all : 0)),
      );
    });
    const left = this.heats.length - buttons.length;
    fill(this.files, ...buttons, left > 0 ? el('p', { class: 'dim' }, `${formatCount(left)} more with less`) : null);
    if (hadFocus) /** @type {HTMLElement | null} */ (this.files.querySelector('[aria-current]'))?.focus();
  }

  /**
   * @param {State} state
   * @param {Model} model
   * @param {boolean} run
   */
  say(state, model, run) {
    const narrowed = state.threads !== null || state.range !== null || state.transforms.length > 0;
    const other = !run && model.metric.key !== 'wall';
    this.note.hidden = !narrowed && !other;
    this.note.textContent = `Lines count ${run ? runWords(model.page.head) : 'the time of all threads'}: all of it, without threads, times${other ? ', states' : ''} or transforms that are chosen elsewhere.`;
  }

  /**
   * @param {Model} model
   * @param {number} all
   * @param {boolean} withText
   * @returns {Column[]}
   */
  columns(model, all, withText) {
    const { rows } = this;
    const { head } = model.page;
    const most = rows.reduce((widest, row) => Math.max(widest, row.heat?.self ?? 0), 0);
    const time = (/** @type {'self' | 'total'} */ key, /** @type {number} */ row) => {
      const heat = rows[row].heat;
      return heat && heat[key] > 0 ? formatUnits(heat[key], head) : '';
    };
    const share = (/** @type {number} */ row) => {
      const self = rows[row].heat?.self ?? 0;
      return self > 0 ? formatShare(all > 0 ? self / all : 0) : '';
    };
    const heated = (/** @type {number} */ row) => {
      const bar = el('span', { class: 'heat-bar', 'aria-hidden': 'true' });
      bar.style.width = `${most > 0 ? ((rows[row].heat?.self ?? 0) / most) * 100 : 0}%`;
      return el('span', { class: 'heat-cell' }, bar, share(row));
    };
    const value = (/** @type {'self' | 'total'} */ key) => (/** @type {number} */ row) => rows[row].heat?.[key] ?? 0;
    const line = (/** @type {number} */ row) => (rows[row].line > 0 ? String(rows[row].line) : '–');
    const fn = (/** @type {number} */ row) => rows[row].heat?.fn ?? -1;
    const name = (/** @type {number} */ row) => (fn(row) >= 0 ? model.names(fn(row)).name : '');
    return [
      { key: 'line', title: 'line', number: true, width: '52px', cell: line, text: line, value: (row) => rows[row].line },
      { key: 'share', title: 'self %', help: head.amounts ? 'of all' : 'of all time', number: true, width: '84px', cell: heated, text: share, value: value('self') },
      { key: 'self', title: 'self', help: 'on the line itself', number: true, width: '72px', cell: (row) => time('self', row), text: (row) => time('self', row), value: value('self') },
      { key: 'total', title: 'total', help: 'with what the line calls', number: true, width: '72px', cell: (row) => time('total', row), text: (row) => time('total', row), value: value('total') },
      withText
        ? { key: 'code', title: 'source', width: 'minmax(400px, 1fr)', cell: (row) => codeElement(rows[row]), text: (row) => rows[row].text ?? '' }
        : { key: 'function', title: 'function', width: 'minmax(200px, 1fr)', cell: (row) => nameElement(name(row).slice(0, 300)), text: (row) => visibleText(name(row)), value: name },
    ];
  }

  /**
   * @param {State} state
   * @param {Model} model
   */
  selectedRow(state, model) {
    const { rows } = this;
    if (this.line > 0) return rows.findIndex((row) => row.line === this.line);
    if (state.fn < 0) return -1;
    const first = model.page.functions.line[state.fn];
    const defined = rows.findIndex((row) => row.line === first && row.text !== null);
    return defined >= 0 ? defined : rows.findIndex((row) => row.heat?.fn === state.fn);
  }

  /** @param {number} file */
  chooseFile(file) {
    const { store } = this.context;
    this.line = -1;
    const extra = { ...store.get().extra, 'source.file': String(file) };
    store.set({ fn: -1, selected: -1, extra });
  }

  /** @param {number} row */
  chooseLine(row) {
    const { store } = this.context;
    const { heat, line } = this.rows[row];
    this.line = line;
    const before = store.get();
    if (heat && heat.fn !== before.fn) store.set({ fn: heat.fn, selected: -1 }, { replace: true });
    else this.table.update({ columns: this.table.columns, rows: this.table.rows, key: this.rowsKey, selected: row, note: this.table.note.textContent ?? '' });
  }
}

/** What was imported may not say where a function is; "(unreadable)" is nowhere. */
const noFile = '(no file)';

/** @param {Model} model @param {number} file */
function placeOf(model, file) {
  return (model.workshop.names.files[file]?.place ?? model.page.strings[file]) || noFile;
}

/**
 * Why there is no text, and how to have it.
 * @param {import('../types/page.js').Head} head
 * @param {string} path
 * @returns {(Node | string)[]}
 */
function hintFor(head, path) {
  if (path === '') return ['In which file these functions are is not known.'];
  if (head.source === 'none') {
    const file = visibleText(head.sides[head.sides.length - 1].file.slice(0, 200)) || 'FILE';
    return ['No source text is on this page. To read your own code here: ', el('code', {}, `barograph view --source full ${file}`)];
  }
  const limits = head.limits?.['source'];
  return [`The text of this file is not on this page: ${limits ?? 'only your own code is'}.`];
}

/** The end of a path says most. @param {string} place */
function shortPlace(place) {
  const parts = place.split('/');
  return parts.length > 3 ? `…/${parts.slice(-2).join('/')}` : place;
}

/** @type {import('../types/view.js').View} */
export const sourceView = {
  id: 'source',
  title: 'Source',
  available: ({ head }) => (head.sections.lines?.columns[0]?.count ?? 0) > 0,
  create(context) {
    const source = new Source(context);
    return { element: source.element, update: (state, model) => source.update(state, model) };
  },
};

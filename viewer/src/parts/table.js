// A table of any length: only the rows in sight are elements. Headers sort, the keyboard moves, and all of it can be copied as text
// or Markdown. Rows are numbers; what they mean is up to the columns.

import { el, fill, oncePerFrame } from '../base/dom.js';
import { formatCount } from '../base/format.js';
import { orderOf } from '../model/order.js';
import { copiedLines, copyButton } from './copy_buttons.js';

/**
 * @typedef {object} Column
 * @property {string} key
 * @property {string} title
 * @property {string} [help] what the column says, in a sentence
 * @property {boolean} [number] to the right, largest first
 * @property {string} width of a CSS grid
 * @property {(rows: readonly number[]) => void} [before] makes what the cells of these rows need
 * @property {(row: number) => Node | string} cell
 * @property {(row: number) => string} text for copying and for screen readers
 * @property {(row: number) => number | string} [value] what it is sorted by; without one it cannot be
 */

/**
 * @typedef {object} TableOptions
 * @property {string} id its place in State.sort
 * @property {string} label
 * @property {string} order column key, "-" before it for descending, when the state has none
 * @property {import('../state/store.js').Store} store
 * @property {(row: number) => void} [onSelect] by click or arrow keys
 * @property {(row: number) => void} [onOpen] by Enter or double click
 * @property {(text: string) => void} [announce]
 * @property {boolean} [lasting] the cells of a row are what they were for as long as the key of `update` is
 */

const rowHeight = 24;
const mostCopied = 20_000;

/**
 * What stays as it is costs the browser nothing.
 * @param {Element} element
 * @param {string} name
 * @param {string} value
 */
function setChanged(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * @param {Element} parent
 * @param {Set<Element>} children in their order; those that are there already are not laid out again
 */
function placeChildren(parent, children) {
  for (const child of [...parent.children]) if (!children.has(child)) child.remove();
  let at = parent.firstElementChild;
  for (const child of children)
    if (child === at) at = at.nextElementSibling;
    else parent.insertBefore(child, at);
}

/**
 * @param {ArrayLike<number>} rows
 * @param {(row: number) => number | string} value
 * @returns {Float64Array | null} null: one of them is a text
 */
function numbersOf(rows, value) {
  const numbers = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const one = value(rows[i]);
    if (typeof one !== 'number') return null;
    numbers[i] = one;
  }
  return numbers;
}

export class Table {
  /** @param {TableOptions} options */
  constructor(options) {
    this.options = options;
    /** @type {Column[]} */
    this.columns = [];
    /** @type {ArrayLike<number>} */
    this.rows = [];
    /** @type {Int32Array} */
    this.sorted = new Int32Array(0);
    this.order = options.order;
    this.selected = -1;
    this.revealed = -1;
    this.sortKey = '';
    this.columnKey = '';
    this.cellKey = '';
    /** Elements of the rows in sight. @type {Map<number, HTMLElement>} */
    this.drawn = new Map();
    this.headRow = el('div', { role: 'row', class: 'table-row table-head', 'aria-rowindex': 1 });
    this.body = el('div', { role: 'rowgroup', class: 'table-body' });
    this.grid = el(
      'div',
      { role: 'grid', class: 'table', 'aria-label': options.label, tabindex: 0 },
      el('div', { role: 'rowgroup', class: 'table-headgroup' }, this.headRow),
      this.body,
    );
    this.note = el('span', { class: 'table-note' });
    const copy = (/** @type {'text' | 'Markdown'} */ kind) => copyButton(`Copy as ${kind}`, () => this.copied(kind), options.announce);
    this.foot = el('div', { class: 'table-foot' }, this.note, copy('text'), copy('Markdown'));
    this.element = el('div', { class: 'table-box' }, this.grid, this.foot);
    this.render = oncePerFrame(() => this.renderRows());
    this.grid.addEventListener('scroll', () => this.render());
    this.grid.addEventListener('keydown', (event) => this.key(event));
    new ResizeObserver(() => this.render()).observe(this.grid);
  }

  /** @param {HTMLElement} control before the buttons that copy */
  addToFoot(control) {
    this.note.after(control);
  }

  /**
   * @param {'text' | 'Markdown'} kind
   * @returns {string}
   */
  copied(kind) {
    const { columns } = this;
    const lines = [columns.map((column) => column.title)];
    const count = Math.min(this.sorted.length, mostCopied);
    for (let i = 0; i < count; i++)
      lines.push(columns.map((column) => column.text(this.sorted[i])));
    return copiedLines(lines, kind, columns.map((column) => (column.number ? '--:' : ':--')));
  }

  /**
   * @param {object} what
   * @param {Column[]} what.columns
   * @param {ArrayLike<number>} what.rows in any order
   * @param {string} what.key another one when rows or their values changed
   * @param {number} [what.selected]
   * @param {string} [what.note]
   */
  update({ columns, rows, key, selected = -1, note = '' }) {
    const order = this.options.store.get().sort[this.options.id] ?? this.options.order;
    const known = columns.some((c) => c.key === order.replace(/^-/, '') && c.value);
    this.order = known ? order : this.options.order;
    this.columns = columns;
    this.rows = rows;
    const columnKey = columns.map((c) => c.key + c.title + c.help + c.width).join(' ');
    if (columnKey !== this.columnKey) this.makeHead(columnKey);
    const cellKey = `${key} ${columnKey}`;
    if (cellKey !== this.cellKey || !this.options.lasting) this.drawn = new Map();
    this.cellKey = cellKey;
    const sortKey = `${key} ${this.order}`;
    if (sortKey !== this.sortKey) {
      this.sortKey = sortKey;
      this.sort();
    }
    this.markHead();
    this.note.textContent = note || `${formatCount(rows.length)} rows`;
    this.grid.setAttribute('aria-rowcount', String(rows.length + 1));
    this.body.style.height = `${rows.length * rowHeight}px`;
    this.selected = selected;
    // Not before it has a size.
    if (selected !== this.revealed && this.grid.clientHeight > 0) {
      this.revealed = selected;
      this.reveal();
    }
    this.renderRows();
  }

  /** @param {string} columnKey */
  makeHead(columnKey) {
    this.columnKey = columnKey;
    this.grid.style.setProperty('--columns', this.columns.map((c) => c.width).join(' '));
    fill(
      this.headRow,
      ...this.columns.map((column) =>
        el(
          'div',
          {
            role: 'columnheader',
            class: column.number ? 'cell number' : 'cell',
            'data-key': column.key,
            title: column.help,
          },
          column.value
            ? el('button', { type: 'button', onclick: () => this.sortBy(column) }, column.title)
            : column.title,
        ),
      ),
    );
  }

  markHead() {
    const key = this.order.replace(/^-/, '');
    for (const cell of this.headRow.children) {
      const at = cell.getAttribute('data-key');
      const sortable = this.columns.some((column) => column.key === at && column.value);
      if (!sortable) continue;
      const way = at !== key ? 'none' : this.order.startsWith('-') ? 'descending' : 'ascending';
      cell.setAttribute('aria-sort', way);
    }
  }

  /** @param {Column} column */
  sortBy(column) {
    const first = column.number ? `-${column.key}` : column.key;
    const second = column.number ? column.key : `-${column.key}`;
    const order = this.order === first ? second : first;
    // Before there are other rows: to know where it is scrolled to, the browser must have placed those that there are.
    this.grid.scrollTop = 0;
    this.options.store.setSort(this.options.id, order);
    this.options.announce?.(`Sorted by ${column.title}`);
  }

  sort() {
    const { rows } = this;
    const key = this.order.replace(/^-/, '');
    const sign = this.order.startsWith('-') ? -1 : 1;
    const value = this.columns.find((column) => column.key === key)?.value;
    /** @type {Int32Array | null} */
    let places = null;
    if (value) {
      const numbers = numbersOf(rows, value);
      if (numbers) {
        places = orderOf(numbers, sign < 0);
      } else {
        const texts = Array.from(rows, (row) => String(value(row)));
        places = Int32Array.from(texts.keys()).sort((a, b) => sign * (texts[a] < texts[b] ? -1 : texts[a] > texts[b] ? 1 : 0) || a - b);
      }
    }
    this.sorted = places === null ? Int32Array.from(rows) : places.map((place) => rows[place]);
  }

  reveal() {
    const at = this.sorted.indexOf(this.selected);
    if (at < 0) return;
    const top = at * rowHeight;
    const room = this.grid.clientHeight - 2 * rowHeight;
    if (top < this.grid.scrollTop) this.grid.scrollTop = top;
    else if (top > this.grid.scrollTop + room) this.grid.scrollTop = top - room;
  }

  /** @param {number} row */
  rowElement(row) {
    return el(
      'div',
      {
        role: 'row',
        class: 'table-row',
        id: `${this.options.id}-${row}`,
        onclick: () => this.options.onSelect?.(row),
        ondblclick: () => this.options.onOpen?.(row),
      },
      ...this.columns.map((column) =>
        el('div', { role: 'gridcell', class: column.number ? 'cell number' : 'cell' }, column.cell(row)),
      ),
    );
  }

  renderRows() {
    const { grid, sorted, body } = this;
    const first = Math.max(Math.floor(grid.scrollTop / rowHeight) - 4, 0);
    const last = Math.min(first + Math.ceil(grid.clientHeight / rowHeight) + 8, sorted.length);
    /** @type {Map<number, HTMLElement>} */
    const drawn = new Map();
    const fresh = Array.from(sorted.subarray(first, last)).filter((row) => !this.drawn.has(row));
    for (const column of this.columns) column.before?.(fresh);
    for (let i = first; i < last; i++) {
      const row = sorted[i];
      const element = this.drawn.get(row) ?? this.rowElement(row);
      setChanged(element, 'aria-rowindex', String(i + 2));
      setChanged(element, 'aria-selected', String(row === this.selected));
      setChanged(element, 'style', `transform: translateY(${i * rowHeight}px)`);
      drawn.set(row, element);
    }
    this.drawn = drawn;
    placeChildren(body, new Set(drawn.values()));
    const seen = drawn.get(this.selected);
    if (seen) grid.setAttribute('aria-activedescendant', seen.id);
    else grid.removeAttribute('aria-activedescendant');
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.target !== this.grid || event.ctrlKey || event.altKey || event.metaKey) return;
    const { sorted } = this;
    const at = sorted.indexOf(this.selected);
    const page = Math.max(Math.floor(this.grid.clientHeight / rowHeight) - 2, 1);
    /** @type {Record<string, number>} */
    const moves = {
      ArrowDown: at + 1,
      ArrowUp: at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: sorted.length - 1,
    };
    const to = moves[event.key];
    if (event.key === 'Enter' && at >= 0) this.options.onOpen?.(sorted[at]);
    else if (to !== undefined && sorted.length > 0)
      this.options.onSelect?.(sorted[Math.min(Math.max(to, 0), sorted.length - 1)]);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

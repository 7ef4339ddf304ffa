// Tasks: what each slot of each executor ran when, coloured by what it went into, the critical path above it, and the same as a table:
// of the operator that is chosen in the other views, or of all.

import { button, el, fill, nameElement, oncePerFrame, visibleText } from '../base/dom.js';
import { formatCount, formatDuration } from '../base/format.js';
import { taskFlags } from '../data/dataflow.js';
import { currentTheme } from '../draw/theme.js';
import { moved, zoomed } from '../model/timeline.js';
import { resourceLegend } from '../parts/resource_bar.js';
import { Table } from '../parts/table.js';
import { drawLanes, firstAfter, laneHeight, pathHeight, taskAt } from '../parts/task_lanes.js';
import { axisElements, wheelOverTime } from '../parts/timeline_parts.js';
import { tooltip } from '../parts/tooltip.js';
import { zoomButtons } from '../parts/zoom_buttons.js';

/** @typedef {import('../types/view.js').Context} Context */
/** @typedef {import('../types/dataflow.js').Dataflow} Dataflow */
/** @typedef {import('../parts/table.js').Column} Column */

const gutter = 160;
const leastNs = 1000;

class TasksView {
  /**
   * @param {Context} context
   * @param {Dataflow} dataflow
   */
  constructor({ page, store, announce }, dataflow) {
    this.store = store;
    this.dataflow = dataflow;
    this.announce = announce;
    this.all = { from: 0, to: Math.max(dataflow.head.run_ns, 1) };
    const { threads, processes } = page.head;
    this.names = Array.from(dataflow.tasks.thread, (thread) => {
      const { name, process } = threads[thread];
      return processes.length > 1 ? `${processes[process].command} · ${name}` : name;
    });
    this.clear = button('All operators', 'Choose no operator', () => this.set({ 'operators.selected': null, 'operators.node': null }));
    this.status = el('span', { class: 'timeline-status' });
    this.canvas = el('canvas', { class: 'task-canvas', tabindex: 0, role: 'img', 'aria-label': 'Tasks by slot: arrow keys go from task to task, as the rows of the table below do' });
    this.labels = el('div', { class: 'task-names', 'aria-hidden': 'true' });
    const room = el('div', { style: `height: ${this.names.length * laneHeight}px` });
    this.box = el('div', { class: 'task-lanes', style: `max-height: ${pathHeight + this.names.length * laneHeight + 6}px` }, el('div', { class: 'task-stick' }, this.labels, this.canvas), room);
    this.axis = el('div', { class: 'timeline-axis', 'aria-hidden': 'true' });
    this.table = new Table({ id: 'tasks', label: 'Tasks', order: '-time', store, onSelect: (row) => this.select(row), announce });
    this.columns = this.makeColumns();
    /** Row of the chosen one, -1 = none. */
    this.operator = -1;
    /** @type {Int32Array | null} */
    this.rows = null;
    this.element = el(
      'section',
      { class: 'timeline-main tasks', 'aria-label': 'Tasks' },
      el(
        'div',
        { class: 'view-bar' },
        zoomButtons(() => this.zoom(2), () => this.zoom(0.5), 'Whole run', () => this.look(this.all)),
        this.clear,
        this.status,
        resourceLegend(dataflow.head, new Set(dataflow.tasks.resource)),
      ),
      this.axis,
      this.box,
      this.table.element,
    );
    this.redraw = oncePerFrame(() => this.draw());
    const { canvas } = this;
    new ResizeObserver(() => this.redraw()).observe(this.box);
    this.box.addEventListener('scroll', () => this.redraw());
    this.element.addEventListener('keydown', (event) => this.key(event));
    canvas.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    canvas.addEventListener('pointerdown', (event) => this.drag(event));
    canvas.addEventListener('pointermove', ({ clientX, clientY }) => {
      const { task } = this.at(clientX, clientY);
      if (task < 0) tooltip().hide();
      else tooltip().show(clientX, clientY, ...this.words(task).map((line, i) => el('div', { class: i === 0 ? 'tip-name' : '' }, nameElement(line))));
    });
    canvas.addEventListener('pointerleave', () => tooltip().hide());
    document.addEventListener('barograph-theme', () => this.redraw());
    for (const query of ['(forced-colors: active)', '(prefers-color-scheme: dark)']) matchMedia(query).addEventListener('change', () => this.redraw());
  }

  /** @returns {Column[]} */
  makeColumns() {
    const { head, tasks } = this.dataflow;
    /** @param {string} key @param {string} title @param {(task: number) => number} value @param {(value: number) => string} format @returns {Column} */
    const number = (key, title, value, format) => ({ key, title, width: '88px', number: true, value, cell: (task) => format(value(task)), text: (task) => format(value(task)) });
    /** @param {string} key @param {string} width @param {(task: number) => string} text @returns {Column} */
    const words = (key, width, text) => ({ key, title: key, width, value: text, text, cell: (task) => nameElement(text(task).slice(0, 160)) });
    return [
      words(head.has_stages ? 'stage' : 'operator', '240px', (task) => this.nameOf(task)),
      ...(head.has_stages ? [number('partition', 'partition', (task) => tasks.partition[task], (value) => (value === 0 ? '' : String(value - 1)))] : []),
      number('start', 'start', (task) => tasks.start[task], formatDuration),
      number('time', 'time', (task) => tasks.busy[task], formatDuration),
      ...(tasks.count < head.tasks ? [number('tasks', 'tasks', (task) => tasks.merged[task], formatCount)] : []),
      words('mostly', '190px', (task) => head.resources[tasks.resource[task]]?.words ?? ''),
      words('path', '60px', (task) => (tasks.flags[task] & taskFlags.onPath ? '◆' : '')),
      words('outcome', '90px', (task) => head.outcomes[tasks.flags[task] & taskFlags.outcome] ?? ''),
      words('slot', '200px', (task) => this.names[tasks.slot[task]]),
    ];
  }

  /** @param {number} task */
  nameOf(task) {
    return this.dataflow.operators[this.dataflow.tasks.operator[task]]?.name ?? 'several operators';
  }

  /** What is said of a task. @param {number} task */
  words(task) {
    const { head, tasks } = this.dataflow;
    const [count, flags, partition] = [tasks.merged[task], tasks.flags[task], tasks.partition[task]];
    const outcome = head.outcomes[flags & taskFlags.outcome] ?? '';
    return [
      this.nameOf(task) + (count > 1 ? `, ${formatCount(count)} tasks` : partition > 0 ? `, partition ${partition - 1}` : ''),
      `${formatDuration(tasks.busy[task])} from ${formatDuration(tasks.start[task])}`,
      head.resources[tasks.resource[task]] ? `mostly ${head.resources[tasks.resource[task]].words}` : '',
      flags & taskFlags.onPath ? 'on the critical path' : '',
      outcome === 'succeeded' ? '' : outcome,
    ].filter(Boolean);
  }

  /** @param {Record<string, string | null>} change */
  set(change) {
    this.store.setExtras(change, { replace: true });
  }

  selected() {
    const said = this.store.get().extra['tasks.task'] ?? '';
    return /^\d{1,10}$/.test(said) && Number(said) < this.dataflow.tasks.count ? Number(said) : -1;
  }

  window() {
    const [from, to] = (this.store.get().extra['tasks.window'] ?? '').split(',').map(Number);
    return to > from && from >= 0 && to <= this.all.to ? { from, to } : this.all;
  }

  update() {
    const { dataflow, columns } = this;
    const { tasks, rowOf } = dataflow;
    const shown = this.operator;
    this.operator = rowOf.get(Number(this.store.get().extra['operators.selected'] ?? -1)) ?? -1;
    if (shown !== this.operator || !this.rows) {
      const all = Int32Array.from({ length: tasks.count }, (_, i) => i);
      this.rows = this.operator < 0 ? all : all.filter((task) => tasks.operator[task] === this.operator);
    }
    this.clear.hidden = this.operator < 0;
    const selected = this.selected();
    this.table.update({ columns, rows: this.rows ?? [], key: `tasks ${this.operator}`, selected });
    const { from, to } = this.window();
    this.status.textContent = selected >= 0 ? visibleText(this.words(selected).join('; ')) : `Shown: ${formatDuration(to - from)} from ${formatDuration(from)}`;
    this.redraw();
  }

  draw() {
    const { dataflow, box, canvas, operator } = this;
    const [width, height, top] = [box.clientWidth - gutter, box.clientHeight, box.scrollTop];
    const context = canvas.getContext('2d');
    if (width <= 0 || height <= 0 || !context) return;
    const ratio = globalThis.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
    context.scale(ratio, ratio);
    const { text, forced } = currentTheme();
    const style = getComputedStyle(this.element);
    const [critical, line, back] = ['--critical', '--edge', '--back'].map((name) => style.getPropertyValue(name));
    drawLanes(context, dataflow, {
      window: this.window(),
      width,
      height,
      top,
      isChosen: (task) => operator < 0 || dataflow.tasks.operator[task] === operator,
      selected: this.selected(),
      look: { text, critical, line, back, forced },
    });
    const first = Math.floor(top / laneHeight);
    const label = (/** @type {string} */ name, /** @type {number} */ y, /** @type {string} */ kind) => el('div', { class: `task-name ${kind}`, style: `top: ${y}px` }, nameElement(name.slice(0, 80)));
    fill(
      this.labels,
      ...this.names.slice(first, first + Math.ceil(height / laneHeight) + 1).map((name, i) => label(name, pathHeight + (first + i) * laneHeight - top, '')),
      label('◆ critical path', 0, 'path'),
    );
    fill(this.axis, ...axisElements(this.window(), 1, width));
  }

  /** @param {{from: number, to: number}} window */
  look({ from, to }) {
    this.set({ 'tasks.window': to - from >= this.all.to ? null : `${Math.floor(from)},${Math.min(Math.ceil(to), this.all.to)}` });
  }

  /** @param {number} factor @param {number} [at] ns that stay */
  zoom(factor, at) {
    const window = this.window();
    this.look(zoomed(window, this.all, factor, at ?? (window.from + window.to) / 2, leastNs));
  }

  /** @param {number} part of the window @param {{from: number, to: number}} [window] */
  pan(part, window = this.window()) {
    this.look(moved(window, this.all, (window.to - window.from) * part));
  }

  /** @param {number} task */
  select(task) {
    const { tasks, operators } = this.dataflow;
    if (task < 0 || task >= tasks.count) return;
    const { from, to } = this.window();
    if (tasks.end[task] < from || tasks.start[task] > to) this.pan((tasks.start[task] - (from + to) / 2) / (to - from));
    const lane = tasks.slot[task] * laneHeight;
    const { scrollTop, clientHeight } = this.box;
    if (lane < scrollTop || lane + laneHeight + pathHeight > scrollTop + clientHeight) this.box.scrollTop = lane - clientHeight / 2;
    const operator = operators[tasks.operator[task]];
    // Rows stay as they are while one goes through the tasks of all.
    this.set({ 'tasks.task': String(task), ...(this.operator >= 0 && operator ? { 'operators.selected': String(operator.id), 'operators.node': null } : {}) });
    this.announce(visibleText(this.words(task).join('; ').slice(0, 400)));
  }

  /** What is pointed at. @param {number} clientX @param {number} clientY */
  at(clientX, clientY) {
    const area = this.canvas.getBoundingClientRect();
    const { from, to } = this.window();
    const ns = from + ((clientX - area.left) / area.width) * (to - from);
    const y = clientY - area.top - pathHeight;
    const slot = y < 0 ? -1 : Math.floor((y + this.box.scrollTop) / laneHeight);
    return { ns, task: slot < 0 || slot >= this.names.length ? -1 : taskAt(this.dataflow.tasks, slot, ns) };
  }

  /** @param {PointerEvent} event */
  drag({ button, clientX, clientY, pointerId }) {
    const { canvas } = this;
    const window = this.window();
    if (button !== 0) return;
    const ended = new AbortController();
    let moves = false;
    canvas.setPointerCapture(pointerId);
    canvas.addEventListener('pointermove', (to) => {
      moves ||= Math.abs(to.clientX - clientX) > 3;
      if (moves) this.pan((clientX - to.clientX) / canvas.clientWidth, window);
    }, ended);
    canvas.addEventListener('pointerup', () => {
      ended.abort();
      if (!moves) this.select(this.at(clientX, clientY).task);
    }, ended);
    canvas.addEventListener('pointercancel', () => ended.abort(), ended);
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    wheelOverTime(event, this.canvas.clientWidth, {
      zoom: (factor) => this.zoom(factor, this.at(event.clientX, event.clientY).ns),
      pan: (part) => this.pan(part),
    });
  }

  /** From task to task in a slot, or to the slot beside it: what ran there then, or what came next. @param {number} along @param {number} across */
  go(along, across) {
    const { tasks } = this.dataflow;
    const task = this.selected();
    const slot = tasks.slot[task] + across;
    if (task < 0) this.select(0);
    else if (across === 0) this.select(Math.min(Math.max(task + along, tasks.first[slot]), tasks.first[slot + 1] - 1));
    else if (slot >= 0 && slot < this.names.length) {
      const last = tasks.first[slot + 1] - 1;
      if (last >= tasks.first[slot]) this.select(Math.min(firstAfter(tasks, slot, tasks.start[task]), last));
    }
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] })[event.key];
    const factor = { '+': 0.5, '=': 0.5, '-': 2 }[event.key];
    if (factor) this.zoom(factor);
    else if (event.key === '0') this.look(this.all);
    else if (event.key === 'Escape' && this.selected() >= 0) this.set({ 'tasks.task': null });
    else if (event.target !== this.canvas || !moves) return;
    else if (event.shiftKey) this.pan(moves[0] * 0.2);
    else this.go(...moves);
    event.preventDefault();
    event.stopPropagation();
  }
}

/** @type {import('../types/view.js').CreateDataflowView} */
export function createTasks(context, dataflow) {
  const view = new TasksView(context, dataflow);
  const element = el('div', { class: 'timeline' }, view.element);
  return { element, update: () => view.update(), hide: () => tooltip().hide(), resize: () => view.redraw() };
}

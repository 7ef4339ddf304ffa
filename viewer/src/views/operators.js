// Operators: what a framework ran as a graph, with the critical path through it, and as a table; beside them what is selected.

import { el, fill, nameElement, oncePerFrame, visibleText } from '../base/dom.js';
import { formatBytes, formatCount, formatDuration } from '../base/format.js';
import { quartilesBy } from '../data/dataflow.js';
import { operatorGraph, plansOf } from '../model/operator_graph.js';
import { OperatorChart } from '../parts/operator_chart.js';
import { fillDetails, placeOf, skewOf } from '../parts/operator_details.js';
import { resourceBar, resourceLegend, resourceText } from '../parts/resource_bar.js';
import { Table } from '../parts/table.js';
import { zoomButtons } from '../parts/zoom_buttons.js';

/** @typedef {import('../types/model.js').State} State */
/** @typedef {import('../types/view.js').Context} Context */
/** @typedef {import('../types/dataflow.js').Dataflow} Dataflow */
/** @typedef {import('../types/dataflow.js').Operator} Operator */
/** @typedef {import('../parts/table.js').Column} Column */
/** @typedef {import('../model/operator_graph.js').GraphNode} GraphNode */

const mostPlans = 300;

/** @param {Operator} operator */
const partsOf = (operator) => operator.parts.map(({ resource, tasksNs }) => ({ resource, ns: tasksNs })).sort((a, b) => b.ns - a.ns);

/**
 * @param {Dataflow} dataflow
 * @returns {Column[]}
 */
function tableColumns({ head, operators }) {
  /** @param {string} key @param {string} title @param {string} help @param {(operator: Operator) => number | null | undefined} value @param {(value: number) => string} format @param {string} [width] @returns {Column} */
  const number = (key, title, help, value, format, width = '76px') => {
    const text = (/** @type {number} */ row) => {
      const amount = value(operators[row]);
      return amount === null || amount === undefined ? '' : format(amount);
    };
    return { key, title, help, number: true, width, cell: text, text, value: (row) => value(operators[row]) ?? -1 };
  };
  const sum = (/** @type {string} */ key) => {
    const of = quartilesBy(head, key);
    return (/** @type {Operator} */ operator) => of(operator)?.sum;
  };
  const durations = quartilesBy(head, 'duration_ns');
  const at = (/** @type {number} */ i) => (/** @type {Operator} */ operator) => durations(operator)?.at[i];
  const any = (/** @type {string} */ key) => operators.some((operator) => sum(key)(operator) !== undefined);
  /** @type {[string, string, string, (value: number) => string][]} */
  const amounts = [
    ['read_bytes', 'read', 'Bytes that its tasks read, of input and shuffle', formatBytes],
    ['read_rows', 'rows', 'Rows that its tasks read', formatCount],
    ['written_bytes', 'written', 'Bytes that its tasks wrote, of output and shuffle', formatBytes],
    ['spilled_bytes', 'spilled', 'Bytes spilled to disk', formatBytes],
    ['gc_ns', 'GC', 'Time of garbage collection in its tasks', formatDuration],
  ];
  const name = (/** @type {number} */ row) => operators[row].name;
  return [
    { key: 'name', title: head.has_stages ? 'stage' : 'operator', width: '210px', cell: (row) => nameElement(name(row).slice(0, 200)), text: name, value: name },
    number('path', 'path', 'Time of its tasks on the critical path', (operator) => operator.pathNs, formatDuration),
    number('tasks-time', 'all tasks', 'Time of all its tasks', (operator) => operator.tasksNs, formatDuration),
    { key: 'resources', title: 'by resource', width: '130px', cell: (row) => resourceBar(head, partsOf(operators[row])), text: (row) => resourceText(head, partsOf(operators[row])) },
    number('tasks', 'tasks', 'How many tasks it had', (operator) => operator.tasks, formatCount, '60px'),
    number('min', 'min', 'The shortest task', at(0), formatDuration),
    number('p25', '25 %', 'A quarter of the tasks is not longer', at(1), formatDuration),
    number('median', 'median', 'Half of the tasks is not longer', at(2), formatDuration),
    number('p75', '75 %', 'Three quarters of the tasks are not longer', at(3), formatDuration),
    number('max', 'max', 'The longest task', at(4), formatDuration),
    number('skew', 'skew', 'The longest task by the median one', (operator) => skewOf(head, operator), (value) => `${value.toFixed(1)} ×`, '60px'),
    ...amounts.filter(([key]) => any(key)).map(([key, title, help, format]) => number(key, title, help, sum(key), format)),
    { key: 'place', title: 'place', width: '240px', cell: (row) => el('span', { class: 'place end-first' }, nameElement(placeOf(operators[row].place).slice(-200))), text: (row) => placeOf(operators[row].place), value: (row) => placeOf(operators[row].place) },
  ];
}

class Operators {
  /** @param {Context} context @param {Dataflow} dataflow */
  constructor(context, dataflow) {
    this.context = context;
    this.dataflow = dataflow;
    const { store } = context;
    const { operators } = dataflow;
    this.scope = el('select', { 'aria-label': 'Graph of', onchange: () => this.set({ graph: this.scope.value || null, at: null, toggled: null }) });
    this.chart = new OperatorChart({
      onSelect: (node) => this.selectNode(node),
      onToggle: (group) => this.toggle(group),
      onLook: ({ scale, x, y }) => store.setExtra('operators.at', `${scale.toFixed(3)},${Math.round(x)},${Math.round(y)}`, { replace: true }),
    });
    this.table = new Table({ id: 'operators', label: 'Operators', order: '-path', store, onSelect: (row) => this.select(row), onOpen: (row) => this.select(row), announce: context.announce });
    this.details = el('aside', { class: 'inspector operator-details', 'aria-label': 'The selected operator', tabindex: 0 });
    this.note = el('span', { class: 'dim' });
    const bar = el(
      'div',
      { class: 'view-bar' },
      this.scope,
      zoomButtons(() => this.chart.zoom(0.8), () => this.chart.zoom(1.25), 'Fit', () => this.fit()),
      this.note,
      resourceLegend(dataflow.head, new Set(operators.flatMap(({ parts }) => parts.map(({ resource }) => resource)))),
    );
    const main = el('div', { class: 'operators-main' }, bar, this.chart.element, this.table.element);
    this.element = el('section', { class: 'operators', 'aria-label': 'Operators' }, main, this.details);
    this.details.hidden = true;
    this.element.addEventListener('keydown', (event) => this.key(event));
    this.columns = tableColumns(dataflow);
    this.rows = Int32Array.from(operators.flatMap(({ tasks }, row) => (tasks > 0 ? [row] : [])));
    /** @type {import('../model/operator_graph.js').Graph | null} */
    this.graph = null;
    this.graphKey = '';
    this.chosenKey = '';
    /** Rows of the queries whose plans can be shown. */
    this.plans = plansOf(dataflow).slice(0, mostPlans);
    this.fillScope();
    /** Whether this graph was looked at before, and the box that was moved into sight last. */
    this.placed = false;
    this.revealed = -1;
    this.settle = oncePerFrame(() => this.place());
    new ResizeObserver(() => this.settle()).observe(this.chart.element);
  }

  /** Changes what is kept of this view. @param {Record<string, string | null>} change */
  set(change) {
    this.context.store.setExtras(Object.fromEntries(Object.entries(change).map(([name, value]) => [`operators.${name}`, value])));
  }

  /** What the graph can be of. */
  fillScope() {
    const { head, operators } = this.dataflow;
    fill(
      this.scope,
      el('option', { value: '' }, head.has_stages ? 'What ran: stages' : 'What ran: operators'),
      ...this.plans.map((row) => el('option', { value: operators[row].id }, visibleText(`Plan of ${operators[row].name.replace(/\s+/g, ' ').slice(0, 60)}`))),
    );
    this.scope.hidden = this.plans.length === 0;
  }

  /** @param {State} state */
  update(state) {
    const { dataflow } = this;
    const { operators, rowOf } = dataflow;
    const asked = rowOf.get(Number(state.extra['operators.graph'] ?? -1)) ?? -1;
    const plan = this.plans.includes(asked) ? asked : -1;
    const toggled = state.extra['operators.toggled'] ?? '';
    const key = `${plan} ${toggled}`;
    if (key !== this.graphKey || !this.graph) {
      this.graphKey = key;
      this.graph = operatorGraph(dataflow, { plan, toggled: new Set(toggled.split('|').filter(Boolean)) });
      this.chart.selected = -1;
      this.chart.show(this.graph, dataflow);
      this.placed = false;
      this.revealed = -1;
    }
    this.scope.value = plan < 0 ? '' : String(operators[plan].id);
    this.note.textContent = this.graph.left > 0 ? `${formatCount(this.graph.left)} more in the table` : '';
    const selected = rowOf.get(Number(state.extra['operators.selected'] ?? -1)) ?? -1;
    const whole = state.extra['operators.node'];
    const node = this.graph.nodes.findIndex((one) => (whole ? one.key === whole : one.rows.includes(selected)));
    this.chart.select(node);
    const chosen = whole && node >= 0 ? this.graph.nodes[node] : selected >= 0 ? { label: operators[selected].name, rows: [selected] } : null;
    this.details.hidden = chosen === null;
    const chosenKey = chosen ? `${this.graphKey} ${node} ${chosen.rows[0]}` : '';
    if (chosen && chosenKey !== this.chosenKey) fillDetails(this.details, dataflow, chosen, { select: (row) => this.follow(row) });
    this.chosenKey = chosenKey;
    this.table.update({ columns: this.columns, rows: this.rows, key: 'operators', selected: whole ? -1 : selected });
    this.place();
  }

  /** Where the graph is looked at, once there is room for it. */
  place() {
    if (!this.graph || this.chart.element.clientWidth === 0) return;
    const said = /^(\d+(?:\.\d+)?),(-?\d+),(-?\d+)$/.exec(this.context.store.get().extra['operators.at'] ?? '');
    if (said) this.chart.setLook({ scale: Number(said[1]), x: Number(said[2]), y: Number(said[3]) });
    else if (!this.placed) this.chart.fit(true);
    // What is chosen is moved into sight once: it can be moved out of it again, and an address shows what it showed.
    const { selected } = this.chart;
    const isNew = selected !== this.revealed && !(said && !this.placed);
    this.placed = true;
    this.revealed = selected;
    if (isNew) this.chart.reveal(selected);
  }

  fit() {
    this.context.store.setExtra('operators.at', null, { replace: true });
    this.chart.fit();
  }

  /** @param {number} row */
  select(row) {
    const operator = this.dataflow.operators[row];
    this.set({ selected: String(operator.id), node: null });
    this.context.announce(`${visibleText(operator.name.slice(0, 200))}, ${formatDuration(operator.tasksNs)} in all tasks`);
  }

  /** By a link in the details, which is there no more then. @param {number} row */
  follow(row) {
    this.select(row);
    this.details.scrollTop = 0;
    this.details.focus();
  }

  /** @param {GraphNode} node */
  selectNode(node) {
    if (node.rows.length === 1) this.select(node.rows[0]);
    else this.set({ selected: null, node: node.key });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.key !== 'Escape' || this.details.hidden) return;
    if (this.details.contains(document.activeElement)) this.chart.focus(Math.max(this.chart.selected, 0));
    this.set({ selected: null, node: null });
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {string} group */
  toggle(group) {
    const toggled = new Set((this.context.store.get().extra['operators.toggled'] ?? '').split('|').filter(Boolean));
    if (!toggled.delete(group)) toggled.add(group);
    this.set({ toggled: toggled.size > 0 ? [...toggled].join('|') : null, at: null });
    this.chart.focusFold(group);
  }
}

/** @type {import('../types/view.js').CreateDataflowView} */
export function createOperators(context, dataflow) {
  const operators = new Operators(context, dataflow);
  return { element: operators.element, update: (state) => operators.update(state), resize: () => operators.settle() };
}

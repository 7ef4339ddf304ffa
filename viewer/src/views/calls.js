// Calls, where the recording has them: how often and how long by function, how the durations of the chosen function are spread,
// and the slowest calls one by one.

import { el, fill, nameElement, visibleText } from '../base/dom.js';
import { formatCount, formatDuration, formatPercent } from '../base/format.js';
import { durationBars } from '../model/durations.js';
import { pageNode } from '../model/tree.js';
import { Table } from '../parts/table.js';

/** @typedef {import('../types/model.js').State} State */
/** @typedef {import('../types/view.js').Context} Context */
/** @typedef {import('../types/page.js').CallParts} CallParts */
/** @typedef {import('../types/page.js').CallSums} CallSums */
/** @typedef {import('../types/page.js').CallRows} CallRows */
/** @typedef {import('../model/model.js').Model} Model */
/** @typedef {import('../parts/table.js').Column} Column */

const outcomes = ['returned', 'raised', 'closed', 'unfinished', 'lost'];

/**
 * @param {string} key
 * @param {string} title
 * @param {string} help
 * @param {Float64Array} values ns
 * @returns {Column}
 */
function durationColumn(key, title, help, values) {
  const text = (/** @type {number} */ row) => formatDuration(values[row]);
  return { key, title, help, number: true, width: '72px', cell: text, text, value: (row) => values[row] };
}

/**
 * @param {string} key
 * @param {string} title
 * @param {string} help
 * @param {Float64Array} values
 * @returns {Column}
 */
function countColumn(key, title, help, values) {
  const text = (/** @type {number} */ row) => formatCount(values[row]);
  return { key, title, help, number: true, width: '72px', cell: text, text, value: (row) => values[row] };
}

/**
 * @param {Model} model
 * @param {Uint32Array} fns by row
 * @returns {Column[]}
 */
function functionColumns(model, fns) {
  const name = (/** @type {number} */ row) => model.names(fns[row]).name;
  const place = (/** @type {number} */ row) => model.names(fns[row]).place;
  return [
    {
      key: 'function', title: 'function', width: 'minmax(160px, 1fr)',
      cell: (row) => nameElement(name(row).slice(0, 300)), text: (row) => visibleText(name(row)), value: name,
    },
    {
      key: 'place', title: 'place', width: 'minmax(90px, 0.5fr)',
      cell: (row) => nameElement(place(row).slice(-200), 'dim'), text: (row) => visibleText(place(row)), value: place,
    },
  ];
}

/** What durations of functions have in them, and the list of calls has not. */
const suspensions = ', from begin to end: generators and coroutines with the time they were suspended';

/**
 * @param {Model} model
 * @param {CallSums} sums
 * @returns {Column[]}
 */
function sumColumns(model, sums) {
  const [name, place] = functionColumns(model, sums.fn);
  const all = sums.selfNs.reduce((sum, value) => sum + value, 0);
  const share = (/** @type {number} */ row) => formatPercent(all > 0 ? sums.selfNs[row] / all : 0);
  return [
    name,
    { key: 'share', title: 'self %', help: 'of the self times of all calls', number: true, width: '68px', cell: share, text: share, value: (row) => sums.selfNs[row] },
    durationColumn('self', 'self', 'without recorded calls that it made', sums.selfNs),
    durationColumn('total', 'total', 'with what it called, recursion counted once; tasks that it started are apart', sums.totalNs),
    durationColumn('cpu', 'CPU', 'CPU time within the total', sums.cpuNs),
    {
      ...countColumn('calls', 'calls', 'how many; of a recursive function all / those not within another of it', sums.calls),
      width: '96px',
      cell: (row) => callsText(sums, row),
      text: (row) => callsText(sums, row),
    },
    countColumn('raised', 'raised', 'calls that an exception ended', sums.raised),
    durationColumn('mean', 'per call', `mean duration${suspensions}`, sums.meanNs),
    durationColumn('p50', 'p50', `half of the calls took no longer${suspensions}`, sums.p50Ns),
    durationColumn('p99', 'p99', `99 of 100 calls took no longer${suspensions}`, sums.p99Ns),
    durationColumn('max', 'longest', `the longest call${suspensions}`, sums.maxNs),
    place,
  ];
}

/**
 * @param {CallSums} sums
 * @param {number} row
 */
function callsText(sums, row) {
  const recursive = sums.primitive[row] > 0 && sums.primitive[row] !== sums.calls[row];
  return recursive
    ? `${formatCount(sums.calls[row])}/${formatCount(sums.primitive[row])}`
    : formatCount(sums.calls[row]);
}

/**
 * @param {Model} model
 * @param {CallRows} calls
 * @returns {Column[]}
 */
function callColumns(model, calls) {
  const { head, strings } = model.page;
  const [name, place] = functionColumns(model, calls.fn);
  const starts = calls.start.map((tick) => tick * head.tick_ns);
  const thread = (/** @type {number} */ row) => head.threads[calls.thread[row]]?.name ?? '';
  const outcome = (/** @type {number} */ row) => {
    const word = outcomes[calls.outcome[row]] ?? 'unknown';
    const exception = strings[calls.exception[row]];
    return calls.outcome[row] === 1 && exception ? `raised ${exception}` : word;
  };
  const ran = calls.durationNs.map((ns, row) => Math.max(ns - calls.suspendedNs[row], 0));
  const suspended = durationColumn('suspended', 'suspended', 'between its steps, while it did not run; from its begin to its end it is this and what it took', calls.suspendedNs);
  return [
    durationColumn('duration', 'took', 'with what it called, without the time it was suspended', ran),
    ...(calls.suspendedNs.some((ns) => ns > 0) ? [suspended] : []),
    durationColumn('self', 'self', 'without recorded calls that it made', calls.selfNs),
    durationColumn('start', 'began at', 'since the start of the recording', starts),
    { ...name, width: 'minmax(120px, 1fr)' },
    { key: 'outcome', title: 'outcome', width: 'minmax(72px, 0.4fr)', cell: (row) => nameElement(outcome(row).slice(0, 120)), text: (row) => visibleText(outcome(row)), value: outcome },
    { key: 'thread', title: 'thread', width: 'minmax(72px, 0.4fr)', cell: (row) => nameElement(thread(row).slice(0, 100)), text: (row) => visibleText(thread(row)), value: thread },
    place,
  ];
}

class Calls {
  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    const { store, announce } = context;
    /** @type {CallParts | null} */
    this.parts = null;
    /** @type {Model | null} */
    this.model = null;
    this.sums = new Table({
      id: 'call_sums', label: 'Calls by function', order: '-self', store, announce,
      onSelect: (row) => this.chooseFunction(row),
      onOpen: () => store.set({ view: 'sandwich' }),
    });
    this.slowest = new Table({
      id: 'calls', label: 'Slowest calls', order: '-duration', store, announce,
      onSelect: (row) => this.chooseCall(row),
      onOpen: (row) => this.showInTimeline(row),
    });
    this.chart = el('div', { class: 'durations' });
    this.onlyChosen = el('input', {
      type: 'checkbox',
      onchange: () => store.setExtra('calls.only', this.onlyChosen.checked ? 'chosen' : null, { replace: true }),
    });
    this.inTimeline = el('button', { type: 'button', onclick: () => this.showInTimeline(this.chosen) }, 'Show in timeline');
    this.chosen = -1;
    this.message = el('p', { class: 'view-message' }, 'Reading the calls…');
    this.body = el(
      'div',
      { class: 'calls-body', hidden: true },
      el('section', { class: 'calls-sums' }, this.sums.element),
      el(
        'section',
        { class: 'calls-lower' },
        el('div', { class: 'calls-chart' }, el('h2', {}, 'How long its calls took'), this.chart),
        el(
          'div',
          { class: 'calls-slowest' },
          el(
            'div',
            { class: 'view-bar' },
            el('h2', {}, 'Slowest calls'),
            el('label', { class: 'control' }, this.onlyChosen, 'of the chosen function only'),
            this.inTimeline,
          ),
          this.slowest.element,
        ),
      ),
    );
    this.element = el('section', { class: 'calls', 'aria-label': 'Calls' }, this.message, this.body);
  }

  /**
   * @param {State} state
   * @param {Model} model
   */
  update(state, model) {
    this.model = model;
    this.context.late().then(
      (late) => {
        this.parts = model.side === 0 && late.base ? late.base : late;
        this.message.hidden = true;
        this.body.hidden = false;
        this.show(state, model);
      },
      (error) => {
        this.message.textContent = error instanceof Error ? error.message : String(error);
      },
    );
  }

  /**
   * @param {State} state
   * @param {Model} model
   */
  show(state, model) {
    const { parts } = this;
    // The state may have gone on while the section was being read.
    if (!parts || this.model !== model) return;
    const { callSums, calls } = parts;
    const someSuspended = calls?.suspendedNs.some((ns) => ns > 0);
    if (callSums) {
      const chosen = callSums.fn.indexOf(state.fn);
      const key = `sums ${model.side}`;
      const threads = model.page.head.threads.filter((thread) => thread.side === model.side).length;
      const all = callSums.selfNs.reduce((sum, ns) => sum + ns, 0);
      const note = [
        `${formatCount(callSums.count)} functions`,
        threads > 1 ? `self times of all threads, side by side, add up to ${formatDuration(all)}` : '',
        someSuspended ? 'per call to longest have the time that generators and coroutines were suspended' : '',
      ].filter(Boolean).join('; ');
      this.sums.update({ columns: sumColumns(model, callSums), rows: rowsOf(callSums.count), key, selected: chosen, note });
      this.drawDurations(model, chosen >= 0 ? state.fn : this.busiest(callSums));
    }
    if (calls) this.showSlowest(state, model, calls);
  }

  /** @param {CallSums} sums */
  busiest(sums) {
    let most = 0;
    for (let row = 1; row < sums.count; row++) if (sums.selfNs[row] > sums.selfNs[most]) most = row;
    return sums.count > 0 ? sums.fn[most] : -1;
  }

  /**
   * @param {State} state
   * @param {Model} model
   * @param {CallRows} calls
   */
  showSlowest(state, model, calls) {
    const only = state.extra['calls.only'] === 'chosen' && state.fn >= 0;
    this.onlyChosen.checked = only;
    this.onlyChosen.disabled = state.fn < 0;
    const rows = Array.from(rowsOf(calls.count)).filter((row) => !only || calls.fn[row] === state.fn);
    const said = Number(state.extra['calls.chosen'] ?? -1);
    this.chosen = Number.isInteger(said) && said >= 0 && said < calls.count ? said : -1;
    this.inTimeline.disabled = this.chosen < 0;
    const { limits } = model.page.head;
    this.slowest.update({
      columns: callColumns(model, calls),
      rows,
      key: `${model.side} ${only} ${only ? state.fn : ''}`,
      selected: this.chosen,
      note: `${formatCount(rows.length)} calls${limits.calls ? `: ${limits.calls}` : ''}`,
    });
  }

  /** @param {number} row of the sums */
  chooseFunction(row) {
    const sums = this.parts?.callSums;
    if (sums) this.context.store.set({ fn: sums.fn[row], selected: -1 }, { replace: true });
  }

  /** @param {number} row */
  chooseCall(row) {
    const { model, context, parts } = this;
    const calls = parts?.calls;
    if (!calls || !model) return;
    const { extra } = context.store.get();
    const inTree = model.pageTree.name === 'calls';
    context.store.set(
      {
        fn: calls.fn[row],
        selected: inTree ? pageNode(model.whole, calls.node[row]) : -1,
        extra: { ...extra, 'calls.chosen': String(row) },
      },
      { replace: true },
    );
  }

  /** @param {number} row */
  showInTimeline(row) {
    const { context, model, parts } = this;
    const calls = parts?.calls;
    if (!calls || !model || row < 0) return;
    const { tick_ns } = model.page.head;
    const from = calls.start[row];
    const to = from + Math.max(Math.ceil(calls.durationNs[row] / tick_ns), 1);
    const margin = Math.ceil((to - from) / 2) + 5;
    const { extra } = context.store.get();
    context.store.set({
      view: 'timeline',
      range: [from, to],
      fn: calls.fn[row],
      extra: {
        ...extra,
        'timeline.window': `${Math.max(from - margin, 0)},${to + margin}`,
        'timeline.open': String(calls.thread[row]),
      },
    });
  }

  /**
   * Two bars for each bucket: how many calls, and how much of the function's time they took. A few slow calls can be most of it.
   * @param {Model} model
   * @param {number} fn
   */
  drawDurations(model, fn) {
    const buckets = this.parts?.callBuckets;
    const bars = buckets && fn >= 0 ? durationBars(buckets, fn) : [];
    if (bars.length === 0) {
      fill(this.chart, el('p', { class: 'dim' }, 'Choose a function above.'));
      return;
    }
    const calls = bars.reduce((sum, bar) => sum + bar.calls, 0);
    const times = bars.map((bar) => bar.calls * Math.sqrt(bar.fromNs * bar.toNs));
    const time = times.reduce((sum, value) => sum + value, 0);
    const most = Math.max(...bars.map((bar) => bar.calls / calls), ...times.map((value) => value / time));
    const names = model.names(fn);
    const said = bars.map((bar, i) => `${formatDuration(bar.fromNs)} to ${formatDuration(bar.toNs)}: ${formatCount(bar.calls)} calls, about ${formatPercent(times[i] / time)} of the time`);
    const column = (/** @type {string} */ name, /** @type {number} */ share) => {
      const bar = el('span', { class: name });
      bar.style.height = share > 0 ? `max(${(share / most) * 100}%, 1px)` : '0';
      return bar;
    };
    const plot = el(
      'div',
      { class: 'durations-plot', role: 'img', 'aria-label': `Durations of ${visibleText(names.name.slice(0, 100))}: ${said.filter((_, i) => bars[i].calls > 0).slice(0, 40).join('; ')}` },
      ...bars.map((bar, i) =>
        el('div', { class: 'durations-bar', title: said[i] }, column('bar-calls', bar.calls / calls), column('bar-time', times[i] / time)),
      ),
    );
    const every = Math.max(Math.ceil(bars.length / 7), 1);
    const axis = el(
      'div',
      { class: 'durations-axis', 'aria-hidden': 'true' },
      ...bars.map((bar, i) => el('span', {}, i % every === 0 ? formatDuration(bar.fromNs) : '')),
    );
    const key = el(
      'div',
      { class: 'durations-key' },
      el('span', { class: 'key-calls' }, `${formatCount(calls)} ${calls === 1 ? 'call' : 'calls'}`),
      el('span', { class: 'key-time' }, 'their time'),
    );
    fill(this.chart, el('div', { class: 'durations-name' }, nameElement(names.name.slice(0, 200)), key), plot, axis);
  }
}

/** @param {number} count */
function rowsOf(count) {
  return Uint32Array.from({ length: count }, (_, i) => i);
}

/** @type {import('../types/view.js').View} */
export const callsView = {
  id: 'calls',
  title: 'Calls',
  available: (page) => Object.hasOwn(page.head.sections, 'call_sums'),
  create(context) {
    const calls = new Calls(context);
    return { element: calls.element, update: (state, model) => calls.update(state, model) };
  },
};

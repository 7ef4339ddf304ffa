// Timeline: what every thread did at which time. The strip above shows the whole run; dragging on it or on the lanes chooses a range
// of time that all views then count. The window that is looked at is another thing: zooming and moving it changes no number.

import { button, el, fill, oncePerFrame } from '../base/dom.js';
import { formatDuration } from '../base/format.js';
import { laneLook } from '../draw/lanes.js';
import { currentTheme } from '../draw/theme.js';
import { Lanes, moved, runAt, runTicks, zoomed } from '../model/timeline.js';
import { CounterStrip } from '../parts/counter_strip.js';
import { createInspector } from '../parts/inspector.js';
import { stateSwatch } from '../parts/states_bar.js';
import { TimelineOverview } from '../parts/timeline_overview.js';
import { axisElements, chartPaints, timelineTip, wheelOverTime, wordsOf } from '../parts/timeline_parts.js';
import { TimelineTracks } from '../parts/timeline_tracks.js';
import { tooltip } from '../parts/tooltip.js';
import { zoomButtons } from '../parts/zoom_buttons.js';

/** @typedef {import('../types/model.js').State} State */
/** @typedef {import('../types/view.js').Context} Context */
/** @typedef {import('../model/model.js').Model} Model */
/** @typedef {import('../model/timeline.js').Window} Window */

/** Ticks of the narrowest window. */
const leastTicks = 20;
const fewThreads = 4;

class Timeline {
  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    const { head } = context.page;
    this.head = head;
    this.counters = new CounterStrip(head, (process) => context.store.setExtra('timeline.process', process, { replace: true }));
    this.overview = new TimelineOverview(
      { tickNs: head.tick_ns, onRange: (range, settled) => this.choose(range, settled) },
      this.counters,
    );
    /** @type {import('../types/page.js').Counters | null} */
    this.readings = null;
    this.tracks = new TimelineTracks(head, {
      onToggle: (thread) => this.toggle(thread),
      onThread: (thread) => this.onlyThread(thread),
    });
    this.axis = el('div', { class: 'timeline-axis', 'aria-hidden': 'true' });
    this.toRange = button('Zoom to selection', 'key z', () => this.zoomToRange());
    this.clear = button('Clear selection', 'key Escape', () => this.choose(null, true));
    this.status = el('div', { class: 'timeline-status' });
    this.legend = el('div', { class: 'timeline-legend' });
    this.message = el('p', { class: 'view-message' }, 'Reading the timeline…');
    const { overview, axis, tracks } = this;
    this.body = el('div', { class: 'timeline-body', hidden: true }, overview.element, axis, tracks.element);
    this.inspector = createInspector(context);
    const main = el('div', { class: 'timeline-main' }, this.toolbar(), this.message, this.body);
    this.element = el(
      'section',
      { class: 'timeline', 'aria-label': 'Timeline' },
      main,
      this.inspector.element,
    );
    /** @type {Lanes | null} */
    this.lanes = null;
    /** Before they are shown. @type {Lanes | null} */
    this.made = null;
    this.tree = '';
    /** @type {{state: State, model: Model} | null} */
    this.shown = null;
    this.drawnSize = '';
    /** Made anew when the colours change. @type {import('../draw/lanes.js').LaneLook | undefined} */
    this.laneLook = undefined;
    /** A range that is being dragged, before it is the state's. @type {[number, number] | null | undefined} */
    this.dragged = undefined;
    this.theme = currentTheme();
    this.redraw = oncePerFrame(() => this.draw());
    this.listen();
  }

  toolbar() {
    return el(
      'div',
      { class: 'view-bar timeline-bar' },
      zoomButtons(() => this.zoom(2), () => this.zoom(0.5), 'Whole run', () => this.look(null)),
      this.toRange,
      this.clear,
      this.status,
      this.legend,
    );
  }

  listen() {
    const { tracks } = this;
    this.element.addEventListener('keydown', (event) => this.key(event));
    tracks.element.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    tracks.lane.addEventListener('pointerdown', (event) => this.drag(event));
    tracks.lane.addEventListener('pointermove', (event) => this.hover(event));
    tracks.lane.addEventListener('pointerleave', () => this.leave());
    new ResizeObserver(() => this.size() !== this.drawnSize && this.redraw()).observe(tracks.element);
    for (const query of ['(forced-colors: active)', '(prefers-color-scheme: dark)'])
      matchMedia(query).addEventListener('change', () => this.themeChanged());
    document.addEventListener('barograph-theme', () => this.themeChanged());
  }

  themeChanged() {
    this.laneLook = undefined;
    this.redraw();
  }

  // --- What is shown ---

  /**
   * @param {State} state
   * @param {Model} model
   */
  update(state, model) {
    this.shown = { state, model };
    this.inspector.element.hidden = state.fn < 0;
    if (state.fn >= 0) this.inspector.update(state, model);
    const wanted = model.pageTree.name;
    if (this.lanes && this.tree === wanted) {
      this.draw();
      return;
    }
    this.context.late().then((late) => {
      this.readings = late.counters;
      const runs = late.runs[wanted] ?? Object.values(late.runs)[0];
      if (!runs) {
        this.message.textContent = 'This recording has no timeline.';
        return;
      }
      this.lanes = this.lanesOf(runs);
      this.tree = runs.tree;
      this.laneLook = undefined;
      this.message.hidden = true;
      this.body.hidden = false;
      this.draw();
    }, (error) => {
      this.message.textContent = error instanceof Error ? error.message : String(error);
    });
  }

  /** @param {import('../types/page.js').Runs} runs */
  lanesOf(runs) {
    if (this.made?.runs !== runs) this.made = new Lanes(runs, this.head.states.length, runTicks(this.head));
    return this.made;
  }

  /**
   * Reads the runs and adds them up, in steps.
   * @param {Model} model
   * @returns {AsyncGenerator<void>}
   */
  async *prepare(model) {
    // What is wrong with them is said when they are looked at.
    const late = await this.context.late(true).catch(() => null);
    const runs = late?.runs[model.pageTree.name];
    if (!runs) return;
    const lanes = this.lanesOf(runs);
    const threads = this.threadsOf(lanes, model.side);
    for (const thread of threads) if (lanes.hasMany(thread)) yield void lanes.binsOf(thread);
    yield void lanes.sum(threads, 1);
    yield void lanes.seenStates();
  }

  /** @returns {Window} */
  window() {
    const all = this.lanes?.all ?? { from: 0, to: 1 };
    const said = /^(\d+),(\d+)$/.exec(this.shown?.state.extra['timeline.window'] ?? '');
    if (!said) return all;
    const window = { from: Math.max(Number(said[1]), all.from), to: Math.min(Number(said[2]), all.to) };
    return window.to - window.from >= 1 ? window : all;
  }

  /**
   * @param {Lanes} lanes
   * @param {number} side
   * @returns {number[]} threads of this side, process by process, busiest process first as the page has them
   */
  threadsOf({ runs: { first } }, side) {
    return this.head.threads
      .map((thread, index) => ({ thread, index }))
      .filter(({ thread, index }) => first[index + 1] > first[index] && (!this.head.diff || thread.side === side))
      .sort((a, b) => a.thread.process - b.thread.process || Number(b.thread.main) - Number(a.thread.main) || a.thread.start_tick - b.thread.start_tick)
      .map(({ index }) => index);
  }

  /** @param {readonly number[]} threads that are shown */
  opened(threads) {
    const text = this.shown?.state.extra['timeline.open'];
    // At first the main thread is open: what it does in which order is what people look for. Of a few threads there is room for all.
    if (text === undefined) return new Set(threads.length <= fewThreads ? threads : threads.slice(0, 1));
    return new Set(text.split(',').filter((part) => part !== '').map(Number));
  }

  size() {
    const { clientWidth, clientHeight } = this.tracks.element;
    return `${clientWidth} ${clientHeight} ${devicePixelRatio}`;
  }

  draw() {
    const { lanes, shown } = this;
    if (!lanes || !shown || this.element.clientWidth === 0) return;
    const { state, model } = shown;
    if (!this.laneLook) {
      this.theme = currentTheme();
      this.laneLook = laneLook(this.head, this.theme);
      this.paints = chartPaints(model, this.workTree(model), this.theme, this.tracks.context);
      const seen = lanes.seenStates();
      fill(
        this.legend,
        ...this.head.states
          .filter(({ kind }, s) => seen[s] === 1 && kind !== 'idle')
          .map((state) => el('span', { class: 'state-key' }, stateSwatch(state), wordsOf(state, lanes))),
      );
    }
    this.body.style.setProperty('--gutter', `${this.tracks.gutter()}px`);
    const window = this.window();
    const range = this.dragged !== undefined ? this.dragged : state.range;
    const threads = this.threadsOf(lanes, model.side);
    this.say(window, range);
    const key = `${this.tree} ${model.side} ${this.theme.dark} ${this.theme.forced}`;
    this.overview.update(lanes, threads, window, range, this.laneLook, key);
    const process = state.extra['timeline.process'];
    this.counters.update(this.readings, model.side, process, lanes.all, this.theme, this.overview.area.clientWidth);
    fill(this.axis, ...axisElements(window, this.head.tick_ns, this.tracks.laneWidth()));
    // What stands above is as high now as it will be.
    this.drawnSize = this.size();
    this.tracks.update({
      lanes,
      window,
      range,
      tree: this.workTree(model),
      look: this.laneLook,
      colour: this.paints?.colour ?? (() => ({ fill: 0, edge: 0 })),
      label: this.paints?.label ?? (() => {}),
      background: this.theme.look.background,
      threads,
      opened: this.opened(threads),
      chosen: state.threads === null ? null : new Set(state.threads),
    });
  }

  /** The page's tree that the runs are of, whatever metric is looked at. @param {Model} model */
  workTree(model) {
    const index = this.head.trees.findIndex(({ name }) => name === this.tree);
    return index === model.treeIndex
      ? model.whole
      : model.workshop.model({ ...model.state, metric: this.tree === 'calls' ? 'call-time' : 'run' }).whole;
  }

  /**
   * @param {Window} window
   * @param {[number, number] | null} range
   */
  say(window, range) {
    const { tick_ns } = this.head;
    const span = (/** @type {number} */ from, /** @type {number} */ to) =>
      `${formatDuration((to - from) * tick_ns)} from ${formatDuration(from * tick_ns)}`;
    this.toRange.hidden = range === null;
    this.clear.hidden = range === null;
    this.status.textContent = range
      ? `Selected: ${span(range[0], range[1])}`
      : `Shown: ${span(window.from, window.to)} · drag to select a time`;
  }

  // --- What the user does ---

  /**
   * @param {[number, number] | null} range
   * @param {boolean} settled
   */
  choose(range, settled) {
    if (!settled) {
      this.dragged = range;
      this.redraw();
      // What is already dragged over need not be counted at the end.
      if (range && this.shown) this.shown.model.rangeSums?.approach(range);
      return;
    }
    this.dragged = undefined;
    const before = this.context.store.get().range;
    this.context.store.set({ range });
    if (String(before) === String(range)) this.redraw();
    const { tick_ns } = this.head;
    if (range)
      this.context.announce(
        `Selected ${formatDuration(range[0] * tick_ns)} to ${formatDuration(range[1] * tick_ns)}`,
      );
    else if (before) this.context.announce('Selection cleared');
  }

  /** @param {Window | null} window */
  look(window) {
    const all = this.lanes?.all;
    const whole = !window || !all || (window.from <= all.from && window.to >= all.to);
    const text = whole ? null : `${Math.floor(window.from)},${Math.ceil(window.to)}`;
    this.context.store.setExtra('timeline.window', text, { replace: true });
  }

  /**
   * @param {number} factor
   * @param {number} [at] tick that stays
   */
  zoom(factor, at) {
    if (!this.lanes) return;
    const window = this.window();
    this.look(zoomed(window, this.lanes.all, factor, at ?? (window.from + window.to) / 2, leastTicks));
  }

  zoomToRange() {
    const range = this.shown?.state.range ?? null;
    if (range) this.look({ from: range[0], to: range[1] });
  }

  /** @param {number} part of the window */
  pan(part) {
    if (!this.lanes) return;
    const window = this.window();
    this.look(moved(window, this.lanes.all, (window.to - window.from) * part));
  }

  /** @param {number} thread */
  toggle(thread) {
    const { lanes, shown } = this;
    if (!lanes || !shown) return;
    const opened = this.opened(this.threadsOf(lanes, shown.model.side));
    if (!opened.delete(thread)) opened.add(thread);
    this.context.store.setExtra('timeline.open', [...opened].join(','), { replace: true });
  }

  /** @param {number} thread */
  onlyThread(thread) {
    const chosen = this.context.store.get().threads;
    this.context.store.set({ threads: chosen?.length === 1 && chosen[0] === thread ? null : [thread] });
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const acts = /** @type {Record<string, () => void>} */ ({
      '+': () => this.zoom(0.5),
      '=': () => this.zoom(0.5),
      '-': () => this.zoom(2),
      '0': () => this.look(null),
      z: () => this.zoomToRange(),
    });
    if (event.shiftKey) {
      acts.ArrowLeft = () => this.pan(-0.2);
      acts.ArrowRight = () => this.pan(0.2);
    }
    const act =
      event.key === 'Escape' && this.shown?.state.range ? () => this.choose(null, true) : acts[event.key];
    if (!act) return;
    act();
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    wheelOverTime(event, this.tracks.laneWidth(), {
      zoom: (factor) => this.zoom(factor, this.tracks.at(event).tick),
      pan: (part) => this.pan(part),
    });
  }

  /** @param {PointerEvent} event */
  drag(event) {
    if (event.button !== 0) return;
    const { lane } = this.tracks;
    const from = this.tracks.at(event).tick;
    const startX = event.clientX;
    let moves = false;
    const range = (/** @type {PointerEvent} */ to) => {
      const tick = this.tracks.at(to).tick;
      return /** @type {[number, number]} */ ([Math.floor(Math.min(from, tick)), Math.ceil(Math.max(from, tick))]);
    };
    const move = (/** @type {PointerEvent} */ to) => {
      moves ||= Math.abs(to.clientX - startX) >= 3;
      if (moves) this.choose(range(to), false);
    };
    const stop = (/** @type {PointerEvent} */ to) => {
      lane.removeEventListener('pointermove', move);
      lane.removeEventListener('pointerup', stop);
      lane.removeEventListener('pointercancel', stop);
      if (moves) this.choose(range(to), true);
      else this.select(to);
    };
    lane.setPointerCapture(event.pointerId);
    lane.addEventListener('pointermove', move);
    lane.addEventListener('pointerup', stop);
    lane.addEventListener('pointercancel', stop);
  }

  /**
   * What was on the stack there becomes what is selected everywhere.
   * @param {PointerEvent} event
   */
  select(event) {
    const node = this.nodeAt(event);
    if (node <= 0 || !this.shown) return;
    const tree = this.workTree(this.shown.model);
    this.context.store.set({ selected: node, fn: tree.fn[node] });
  }

  /**
   * @param {MouseEvent} event
   * @returns {number} node of the page's tree, -1 = none
   */
  nodeAt(event) {
    const { tick, track, row } = this.tracks.at(event);
    const { lanes, shown } = this;
    if (!lanes || !shown || track?.kind !== 'thread') return -1;
    if (row >= 0 && track.chart) {
      const { chart } = track;
      const window = this.window();
      const columns = this.tracks.canvas.width;
      const column = ((tick - window.from) / (window.to - window.from)) * columns;
      for (let i = 0; i < chart.count; i++)
        if (chart.row[i] === row && chart.from[i] <= column && column < chart.to[i]) return chart.node[i];
      return -1;
    }
    const run = runAt(lanes.runs, track.index, tick);
    return run < 0 ? -1 : lanes.runs.node[run];
  }

  /** @param {PointerEvent} event */
  hover(event) {
    const { lanes, shown } = this;
    const { tick, track } = this.tracks.at(event);
    const area = this.tracks.lane.getBoundingClientRect();
    this.tracks.cursor.hidden = false;
    this.tracks.cursor.style.left = `${event.clientX - area.left}px`;
    if (!lanes || !shown || track?.kind !== 'thread') {
      tooltip().hide();
      return;
    }
    const width = this.tracks.laneWidth();
    tooltip().show(
      event.clientX,
      event.clientY,
      ...timelineTip({
        model: shown.model,
        lanes,
        tree: this.workTree(shown.model),
        window: this.window(),
        width,
        tick,
        thread: track.index,
        node: this.nodeAt(event),
      }),
    );
  }

  leave() {
    this.tracks.cursor.hidden = true;
    tooltip().hide();
  }
}

/** @type {import('../types/view.js').View} */
export const timelineView = {
  id: 'timeline',
  title: 'Timeline',
  early: true,
  // Amounts that are no time have none: what was imported says not when.
  available: (page) => !page.head.amounts && page.head.trees.some(({ name }) => Object.hasOwn(page.head.sections, `runs:${name}`)),
  create(context) {
    const timeline = new Timeline(context);
    return {
      element: timeline.element,
      update: (state, model) => timeline.update(state, model),
      prepare: (_, model) => timeline.prepare(model),
      resize: () => timeline.redraw(),
    };
  },
};

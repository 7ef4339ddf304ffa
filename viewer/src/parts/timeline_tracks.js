// The tracks of the timeline: a row for each process and thread, a lane beside it that shows what the thread did, and below an opened
// thread its call paths in order of time. One canvas for all rows in sight; it stays where it is while the rows scroll.
//
//   label | lane ................................   y, laneHeight
//         | marks: GIL, collector                   markHeight
//         | call paths, if opened                   chartRow each

import { el, nameElement, oncePerFrame, visibleText } from '../base/dom.js';
import { formatDuration, formatPercent, shortCommand } from '../base/format.js';
import { paintChart, paintMarks, paintShares } from '../draw/lanes.js';
import { Raster } from '../draw/raster.js';
import { flameChart } from '../model/timeline.js';

/** @typedef {import('../model/timeline.js').Lanes} Lanes */
/** @typedef {import('../model/timeline.js').Window} Window */
/** @typedef {import('../model/timeline.js').Chart} Chart */
/** @typedef {import('../types/page.js').Head} Head */

const processHeight = 26;
const laneTop = 4;
const laneHeight = 22;
const markHeight = 4;
const threadHeight = 34;
export const chartRow = 17;
const mostRows = 60;
const laneStep = 2;
/** Rows of call paths in which nothing is this wide, in CSS pixels, need a closer look at the time. */
const leastChart = 12;

/**
 * @typedef {object} Track
 * @property {"process" | "thread"} kind
 * @property {number} index into head.processes or head.threads
 * @property {number} y
 * @property {number} height
 * @property {Chart | null} chart
 * @property {HTMLElement} label
 */

/**
 * What is drawn.
 * @typedef {object} Scene
 * @property {Lanes} lanes
 * @property {Window} window
 * @property {[number, number] | null} range
 * @property {import('../types/model.js').Tree} tree the page's tree that the runs are of
 * @property {import('../draw/lanes.js').LaneLook} look
 * @property {(node: number) => {fill: number, edge: number}} colour of a node's function
 * @property {(context: CanvasRenderingContext2D, node: number, x: number, width: number, middle: number) => void} label
 * @property {number} background pixel
 * @property {readonly number[]} threads shown, grouped by process
 * @property {ReadonlySet<number>} opened
 * @property {ReadonlySet<number> | null} chosen threads that count elsewhere, null = all
 */

/**
 * @param {Float32Array} shares of columns that are `laneStep` pixels wide
 * @param {number} states
 * @param {number} columns
 * @returns {Float32Array} of each pixel
 */
function doubled(shares, states, columns) {
  const all = new Float32Array(columns * states);
  for (let c = 0; c < columns; c++) {
    const from = Math.floor(c / laneStep) * states;
    for (let s = 0; s < states; s++) all[c * states + s] = shares[from + s];
  }
  return all;
}

export class TimelineTracks {
  /**
   * @param {Head} head
   * @param {{onToggle: (thread: number) => void, onThread: (thread: number) => void}} options
   */
  constructor(head, options) {
    this.head = head;
    this.options = options;
    this.canvas = el('canvas', { class: 'tracks-canvas', 'aria-hidden': 'true' });
    this.before = el('div', { class: 'tracks-shade' });
    this.after = el('div', { class: 'tracks-shade after' });
    this.cursor = el('div', { class: 'tracks-cursor', hidden: true });
    this.lane = el('div', { class: 'tracks-lane' }, this.canvas, this.before, this.after, this.cursor);
    this.rows = el('div', { class: 'tracks-rows', role: 'tree', 'aria-label': 'Processes and threads' });
    this.element = el(
      'div',
      { class: 'tracks' },
      el('div', { class: 'tracks-stick' }, this.lane),
      this.rows,
    );
    this.raster = new Raster();
    this.context = /** @type {CanvasRenderingContext2D} */ (
      this.canvas.getContext('2d', { alpha: false })
    );
    /** @type {Scene | null} */
    this.scene = null;
    /** @type {Track[]} */
    this.tracks = [];
    this.focused = 0;
    this.redraw = oncePerFrame(() => this.draw());
    this.element.addEventListener('scroll', this.redraw);
    this.rows.addEventListener('keydown', (event) => this.key(event));
  }

  /** @param {Scene} scene */
  update(scene) {
    const before = this.scene;
    this.scene = scene;
    const sameRows =
      before !== null &&
      String(before.threads) === String(scene.threads) &&
      String([...before.opened]) === String([...scene.opened]) &&
      String(before.chosen && [...before.chosen]) === String(scene.chosen && [...scene.chosen]);
    if (!sameRows) this.makeRows(scene);
    this.draw();
  }

  // --- Rows ---

  /** @param {Scene} scene */
  makeRows(scene) {
    const hadFocus = this.rows.contains(document.activeElement);
    /** @type {Track[]} */
    const tracks = [];
    let process = -1;
    const inProcess = new Map();
    for (const thread of scene.threads) {
      const of = this.head.threads[thread].process;
      inProcess.set(of, (inProcess.get(of) ?? 0) + 1);
    }
    let place = 0;
    for (const thread of scene.threads) {
      const info = this.head.threads[thread];
      if (info.process !== process) {
        process = info.process;
        place = 0;
        const label = this.processLabel(process, inProcess.size, [...inProcess.keys()].indexOf(process));
        tracks.push({ kind: 'process', index: process, y: 0, height: processHeight, chart: null, label });
      }
      const label = this.threadLabel(scene, thread, ++place, inProcess.get(process));
      tracks.push({ kind: 'thread', index: thread, y: 0, height: threadHeight, chart: null, label });
    }
    this.tracks = tracks;
    this.focused = Math.min(this.focused, Math.max(tracks.length - 1, 0));
    this.rows.replaceChildren(...tracks.map((track) => track.label));
    tracks[this.focused]?.label.setAttribute('tabindex', '0');
    if (hadFocus) tracks[this.focused]?.label.focus({ preventScroll: true });
  }

  /**
   * @param {number} index
   * @param {number} size
   * @param {number} place
   */
  processLabel(index, size, place) {
    const process = this.head.processes[index];
    return el(
      'div',
      {
        class: 'track-process',
        role: 'treeitem',
        tabindex: -1,
        'aria-level': 1,
        'aria-expanded': 'true',
        'aria-setsize': size,
        'aria-posinset': place + 1,
        title: visibleText((process.command ?? '').slice(0, 400)),
      },
      el('span', { class: 'track-pid' }, `process ${process.pid}`),
      nameElement(shortCommand(process.command).slice(0, 200)),
    );
  }

  /**
   * @param {Scene} scene
   * @param {number} index
   * @param {number} place
   * @param {number} size
   */
  threadLabel(scene, index, place, size) {
    const thread = this.head.threads[index];
    const open = scene.opened.has(index);
    const left = scene.chosen !== null && !scene.chosen.has(index);
    const said = this.spokenStates(index);
    return el(
      'div',
      {
        class: `track-thread${left ? ' left-out' : ''}`,
        role: 'treeitem',
        tabindex: -1,
        'aria-level': 2,
        'aria-setsize': size,
        'aria-posinset': place,
        'aria-expanded': open ? 'true' : 'false',
        title: `${visibleText(thread.name.slice(0, 200))} · thread ${thread.tid}\n${said}`,
        onclick: () => this.options.onToggle(index),
      },
      el('span', { class: 'track-caret', 'aria-hidden': 'true' }, open ? '▾' : '▸'),
      nameElement(thread.name.slice(0, 100)),
      el('span', { class: 'track-share', 'aria-hidden': 'true' }, this.runningShare(index)),
      el('span', { class: 'off-screen' }, `${thread.main ? ', main thread' : ''}: ${said}${left ? '; left out' : ''}`),
    );
  }

  /** @param {number} index */
  runningShare(index) {
    const { states, wall } = this.head.threads[index];
    if (wall <= 0 || Object.keys(states).length === 0) return '';
    // Of the time that it was seen, as in its tooltip and in the report's table of threads.
    return `running ${formatPercent((states.cpu ?? 0) / wall)}`;
  }

  /** @param {number} index */
  spokenStates(index) {
    const { states, wall } = this.head.threads[index];
    const parts = this.head.states
      .map((state) => ({ words: state.words, part: wall > 0 ? (states[state.key] ?? 0) / wall : 0 }))
      .filter(({ part }) => part >= 0.005)
      .sort((a, b) => b.part - a.part)
      .map(({ words, part }) => `${words} ${formatPercent(part)}`);
    return [formatDuration(wall * this.head.unit_ns), ...parts].join(', ');
  }

  // --- Drawing ---

  /** @returns {number} CSS pixels of the scrollbar, which what stands above the lanes has to leave free */
  gutter() {
    return this.element.offsetWidth - this.element.clientWidth;
  }

  /** @returns {number} CSS pixels of a lane */
  laneWidth() {
    return this.lane.clientWidth;
  }

  draw() {
    const { scene, canvas, element } = this;
    const width = this.laneWidth();
    if (!scene || width === 0) return;
    const ratio = devicePixelRatio || 1;
    const columns = Math.round(width * ratio);
    this.placeRows(scene, columns, ratio);
    const height = element.clientHeight;
    if (height === 0) return; // a low window, full of what stands above: an image of no height cannot be made
    const tall = Math.round(height * ratio);
    if (canvas.width !== columns || canvas.height !== tall) {
      canvas.width = columns;
      canvas.height = tall;
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    this.raster.resize(columns, tall);
    this.raster.pixels.fill(scene.background);
    const scroll = element.scrollTop;
    const seen = this.tracks.filter(
      (track) => track.y + track.height > scroll && track.y < scroll + height,
    );
    for (const track of seen)
      if (track.kind === 'thread') this.paintThread(scene, track, scroll, columns, ratio);
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.raster.show(this.context);
    this.drawLabels(scene, seen, scroll, ratio);
    this.placeRange(scene, height);
  }

  /**
   * Where each row is: opened ones are as high as what they show in this window.
   * @param {Scene} scene
   * @param {number} columns
   * @param {number} ratio
   */
  placeRows(scene, columns, ratio) {
    let y = 0;
    for (const track of this.tracks) {
      track.chart = null;
      if (track.kind === 'thread') {
        track.height = threadHeight;
        if (scene.opened.has(track.index)) {
          const nodes = scene.lanes.nodes(track.index, scene.window, columns);
          track.chart = flameChart(scene.tree, nodes, mostRows, leastChart * ratio);
          track.height += track.chart.rows * chartRow + 6;
        }
      }
      track.y = y;
      track.label.style.top = `${y}px`;
      track.label.style.height = `${track.height}px`;
      y += track.height;
    }
    this.rows.style.height = `${y}px`;
    this.columns = columns;
    this.ratio = ratio;
  }

  /**
   * @param {Scene} scene
   * @param {Track} track
   * @param {number} scroll
   * @param {number} columns
   * @param {number} ratio
   */
  paintThread(scene, track, scroll, columns, ratio) {
    const { lanes, window, look } = scene;
    // Columns of two pixels: single ones would be noise where runs are shorter than a pixel.
    const shares = doubled(lanes.shares(track.index, window, Math.ceil(columns / laneStep)), lanes.states, columns);
    const at = (/** @type {number} */ y) => Math.round((track.y - scroll + y) * ratio);
    const lane = { left: 0, top: at(laneTop), bottom: at(laneTop + laneHeight) };
    paintShares(this.raster, lane, shares, look, 1, ratio);
    const marks = { left: 0, top: lane.bottom + Math.round(ratio), bottom: at(laneTop + laneHeight + markHeight) };
    paintMarks(this.raster, marks, shares, look);
    if (track.chart)
      paintChart(
        this.raster,
        { left: 0, top: at(threadHeight), rowHeight: chartRow, ratio },
        track.chart,
        scene.colour,
      );
  }

  /**
   * @param {Scene} scene
   * @param {Track[]} seen
   * @param {number} scroll
   * @param {number} ratio
   */
  drawLabels(scene, seen, scroll, ratio) {
    const { context } = this;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.textBaseline = 'middle';
    context.direction = 'ltr';
    for (const { chart, y } of seen) {
      if (!chart) continue;
      for (let i = 0; i < chart.count; i++) {
        const width = (chart.to[i] - chart.from[i]) / ratio;
        if (width < 22) continue;
        const middle = y - scroll + threadHeight + (chart.row[i] + 0.5) * chartRow + 0.5;
        scene.label(context, chart.node[i], chart.from[i] / ratio, width, middle);
      }
    }
  }

  /**
   * @param {Scene} scene
   * @param {number} height
   */
  placeRange({ range, window }, height) {
    const part = (/** @type {number} */ tick) =>
      Math.min(Math.max((tick - window.from) / (window.to - window.from), 0), 1) * 100;
    this.before.style.width = range ? `${part(range[0])}%` : '0';
    this.after.style.left = range ? `${part(range[1])}%` : '100%';
    for (const shade of [this.before, this.after, this.cursor]) shade.style.height = `${height}px`;
  }

  // --- Where things are ---

  /**
   * @param {MouseEvent} event
   * @returns {{tick: number, track: Track | null, row: number}} row of the call paths, -1 on the lane
   */
  at(event) {
    const area = this.lane.getBoundingClientRect();
    const window = this.scene?.window ?? { from: 0, to: 1 };
    const part = (event.clientX - area.left) / Math.max(area.width, 1);
    const y = event.clientY - this.element.getBoundingClientRect().top + this.element.scrollTop;
    const track = this.tracks.find((row) => y >= row.y && y < row.y + row.height) ?? null;
    const below = track ? y - track.y - threadHeight : -1;
    return {
      tick: window.from + Math.min(Math.max(part, 0), 1) * (window.to - window.from),
      track,
      row: below >= 0 ? Math.floor(below / chartRow) : -1,
    };
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const { tracks } = this;
    const track = tracks[this.focused];
    const last = tracks.length - 1;
    const to = { ArrowDown: this.focused + 1, ArrowUp: this.focused - 1, Home: 0, End: last }[event.key];
    if (to !== undefined) this.focus(Math.min(Math.max(to, 0), last));
    else if (track?.kind === 'thread' && (event.key === 'Enter' || event.key === ' '))
      this.options.onToggle(track.index);
    else if (track?.kind === 'thread' && event.key === 'ArrowRight' && !this.scene?.opened.has(track.index))
      this.options.onToggle(track.index);
    else if (track?.kind === 'thread' && event.key === 'ArrowLeft' && this.scene?.opened.has(track.index))
      this.options.onToggle(track.index);
    else if (track?.kind === 'thread' && event.key === 'x') this.options.onThread(track.index);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number} row */
  focus(row) {
    this.tracks[this.focused]?.label.setAttribute('tabindex', '-1');
    this.focused = row;
    const label = this.tracks[row]?.label;
    label?.setAttribute('tabindex', '0');
    label?.focus({ preventScroll: true });
    label?.scrollIntoView({ block: 'nearest' });
  }
}

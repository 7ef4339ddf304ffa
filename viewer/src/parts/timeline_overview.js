// The strip above the timeline: all threads of the whole run, stacked by what they did, and on it the range of time that is chosen
// and the window that is looked at. Dragging chooses a range; its two ends are sliders that the keyboard moves.

import { el } from '../base/dom.js';
import { formatDuration } from '../base/format.js';
import { paintShares } from '../draw/lanes.js';
import { Raster } from '../draw/raster.js';

/** @typedef {import('../model/timeline.js').Lanes} Lanes */
/** @typedef {import('../model/timeline.js').Window} Window */
/** @typedef {import('../draw/lanes.js').LaneLook} LaneLook */

const height = 46;
/** Parts of the whole run that a key moves an end by; a tenth of it with shift. */
const steps = /** @type {Readonly<Record<string, number>>} */ ({
  ArrowLeft: -0.01,
  ArrowDown: -0.01,
  ArrowRight: 0.01,
  ArrowUp: 0.01,
  PageDown: -0.1,
  PageUp: 0.1,
  Home: -1,
  End: 1,
});

/**
 * @typedef {object} OverviewOptions
 * @property {number} tickNs
 * @property {(range: [number, number] | null, settled: boolean) => void} onRange
 */

export class TimelineOverview {
  /**
   * @param {OverviewOptions} options
   * @param {import('./counter_strip.js').CounterStrip} counters drawn below, under the same range
   */
  constructor(options, counters) {
    this.options = options;
    this.canvas = el('canvas', { class: 'overview-canvas', 'aria-hidden': 'true' });
    this.most = el('span', { class: 'overview-most', 'aria-hidden': 'true' });
    this.before = el('div', { class: 'overview-shade' });
    this.after = el('div', { class: 'overview-shade after' });
    this.viewed = el('div', { class: 'overview-window' });
    this.handles = [this.handle(0, 'Start'), this.handle(1, 'End')];
    this.area = el(
      'div',
      { class: 'overview-area' },
      this.canvas,
      ...counters.boxes,
      this.before,
      this.after,
      this.viewed,
      this.most,
      ...this.handles,
    );
    const titles = el('div', { class: 'overview-titles' }, el('div', { class: 'overview-title' }, 'All threads'), ...counters.titles);
    this.element = el('div', { class: 'overview' }, titles, this.area);
    this.raster = new Raster();
    this.context = /** @type {CanvasRenderingContext2D} */ (
      this.canvas.getContext('2d', { alpha: false })
    );
    /** @type {Window} */
    this.all = { from: 0, to: 1 };
    /** @type {[number, number] | null} */
    this.range = null;
    this.key = '';
    this.area.addEventListener('pointerdown', (event) => this.drag(event));
  }

  /**
   * @param {0 | 1} end
   * @param {string} words
   */
  handle(end, words) {
    return el('div', {
      class: 'overview-handle',
      role: 'slider',
      tabindex: 0,
      'aria-label': `${words} of the chosen time`,
      'aria-valuemin': 0,
      onkeydown: (/** @type {KeyboardEvent} */ event) => this.moveHandle(event, end),
    });
  }

  /**
   * @param {Lanes} lanes
   * @param {readonly number[]} threads
   * @param {Window} window
   * @param {[number, number] | null} range
   * @param {LaneLook} look
   * @param {string} lookKey
   */
  update(lanes, threads, window, range, look, lookKey) {
    const { all } = lanes;
    this.all = all;
    this.range = range;
    this.paint(lanes, threads, look, lookKey);
    const part = (/** @type {number} */ tick) =>
      Math.min(Math.max((tick - all.from) / (all.to - all.from), 0), 1) * 100;
    const ends = range ?? [all.from, all.to];
    this.before.style.width = `${part(ends[0])}%`;
    this.after.style.left = `${part(ends[1])}%`;
    this.viewed.hidden = window.from <= all.from && window.to >= all.to;
    this.viewed.style.left = `${part(window.from)}%`;
    this.viewed.style.width = `${part(window.to) - part(window.from)}%`;
    ends.forEach((tick, end) => {
      const handle = this.handles[end];
      handle.style.left = `${part(tick)}%`;
      handle.classList.toggle('idle', range === null);
      handle.setAttribute('aria-valuemax', String(Math.round(all.to)));
      handle.setAttribute('aria-valuenow', String(Math.round(tick)));
      handle.setAttribute('aria-valuetext', formatDuration(tick * this.options.tickNs));
    });
  }

  /**
   * @param {Lanes} lanes
   * @param {readonly number[]} threads
   * @param {LaneLook} look
   * @param {string} lookKey
   */
  paint(lanes, threads, look, lookKey) {
    const ratio = devicePixelRatio || 1;
    const width = Math.round(this.area.clientWidth * ratio);
    const key = `${width} ${ratio} ${lookKey}`;
    if (width === 0 || key === this.key) return;
    this.key = key;
    const tall = Math.round(height * ratio);
    this.canvas.width = width;
    this.canvas.height = tall;
    this.raster.resize(width, tall);
    const sum = lanes.sum(threads, width);
    let most = 0.01;
    for (let c = 0; c < width; c++) {
      let busy = 0;
      for (const s of look.order) busy += sum[c * lanes.states + s];
      most = Math.max(most, busy);
    }
    paintShares(this.raster, { left: 0, top: 0, bottom: tall }, sum, look, most, ratio);
    this.raster.show(this.context);
    const count = Math.round(most * 10) / 10;
    this.most.textContent = `up to ${count} at once`;
  }

  /** @param {number} clientX */
  tickAt(clientX) {
    const area = this.area.getBoundingClientRect();
    const part = Math.min(Math.max((clientX - area.left) / area.width, 0), 1);
    return Math.round(this.all.from + part * (this.all.to - this.all.from));
  }

  /**
   * A handle moves its end; elsewhere a new range begins.
   * @param {PointerEvent} event
   */
  drag(event) {
    if (event.button !== 0) return;
    const { area, all, handles } = this;
    const end = handles.findIndex((handle) => handle === event.target);
    const ends = this.range ?? [all.from, all.to];
    const anchor = end >= 0 ? ends[1 - end] : this.tickAt(event.clientX);
    const startX = event.clientX;
    const move = (/** @type {PointerEvent} */ to) => this.tell(anchor, this.tickAt(to.clientX), false);
    const stop = (/** @type {PointerEvent} */ to) => {
      area.removeEventListener('pointermove', move);
      area.removeEventListener('pointerup', stop);
      area.removeEventListener('pointercancel', stop);
      if (Math.abs(to.clientX - startX) >= 3) this.tell(anchor, this.tickAt(to.clientX), true);
      else if (end < 0) this.options.onRange(null, true);
    };
    area.setPointerCapture(event.pointerId);
    area.addEventListener('pointermove', move);
    area.addEventListener('pointerup', stop);
    area.addEventListener('pointercancel', stop);
    event.preventDefault();
    if (end >= 0) handles[end].focus();
  }

  /**
   * @param {number} a
   * @param {number} b
   * @param {boolean} settled
   */
  tell(a, b, settled) {
    const from = Math.min(a, b);
    const to = Math.max(a, b);
    const whole = from <= this.all.from && to >= this.all.to;
    this.options.onRange(whole || to <= from ? null : [from, to], settled);
  }

  /**
   * @param {KeyboardEvent} event
   * @param {0 | 1} end
   */
  moveHandle(event, end) {
    const step = steps[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const { from, to } = this.all;
    const ends = this.range ?? [from, to];
    const other = ends[1 - end];
    const least = Math.max((to - from) * 0.0005, 1);
    const wanted = Math.round(ends[end] + step * (to - from) * (event.shiftKey ? 0.1 : 1));
    const tick =
      end === 0
        ? Math.max(Math.min(wanted, other - least), from)
        : Math.min(Math.max(wanted, other + least), to);
    this.tell(tick, other, true);
  }
}

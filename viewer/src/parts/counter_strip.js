// CPU and memory of the processes below the strip of all threads: an area each, at its own scale, which is told beside it. What the
// pictures show is also their text.

import { el, fill, visibleText } from '../base/dom.js';
import { formatBytes, formatDuration, shortCommand } from '../base/format.js';
import { parseColour, stateColour } from '../draw/palette.js';
import { counterColumns, peakOf, readProcesses } from '../model/counters.js';
import { tooltip } from './tooltip.js';

/** @typedef {import('../types/page.js').Counters} Counters */
/** @typedef {import('../types/page.js').Head} Head */
/** @typedef {import('../draw/theme.js').Theme} Theme */
/** @typedef {import('../model/timeline.js').Window} Window */

const height = 28;
/** As the other readers of profiles have it: no state's colour would do, memory is none. */
const memoryColour = '#718a78';

/** @param {number} cpus */
export function formatCpus(cpus) {
  const text = cpus > 0 && cpus < 0.005 ? '<0.01' : cpus < 9.995 ? cpus.toFixed(2) : cpus.toFixed(1);
  return `${text} ${text === '1.00' ? 'CPU' : 'CPUs'}`;
}

/**
 * @typedef {object} Band
 * @property {HTMLCanvasElement} canvas
 * @property {HTMLElement} most
 * @property {string} colour
 * @property {string} title
 * @property {(value: number) => string} words
 * @property {Float64Array | null} values by column
 */

export class CounterStrip {
  /**
   * @param {Head} head
   * @param {(process: string | null) => void} onProcess
   */
  constructor(head, onProcess) {
    this.head = head;
    /** @param {string} title @param {string} colour @param {(value: number) => string} words @returns {Band} */
    const band = (title, colour, words) => ({
      canvas: el('canvas', { class: 'counter-canvas', role: 'img' }),
      most: el('span', { class: 'overview-most', 'aria-hidden': 'true' }),
      colour, title, words, values: null,
    });
    this.bands = [band('CPU', stateColour('cpu'), formatCpus), band('Memory', memoryColour, formatBytes)];
    this.choice = el('select', { 'aria-label': 'Process of CPU and memory' });
    this.choice.addEventListener('change', () => onProcess(this.choice.value === '' ? null : this.choice.value));
    this.titles = this.bands.map(({ title }, i) => el('div', { class: 'counter-title' }, title, i === 0 ? this.choice : null));
    this.boxes = this.bands.map(({ canvas, most }) => el('div', { class: 'counter-band' }, canvas, most));
    for (const box of this.boxes) {
      box.addEventListener('pointermove', (event) => this.hover(event));
      box.addEventListener('pointerleave', () => tooltip().hide());
    }
    this.key = '';
    /** @type {Window} */
    this.window = { from: 0, to: 1 };
    for (const element of [...this.titles, ...this.boxes]) element.hidden = true;
  }

  /**
   * @param {Counters | null} counters
   * @param {number} side
   * @param {string | undefined} chosen process
   * @param {Window} window the whole run
   * @param {Theme} theme
   * @param {number} width CSS pixels
   */
  update(counters, side, chosen, window, theme, width) {
    const ratio = devicePixelRatio || 1;
    const key = `${side} ${chosen} ${window.from} ${window.to} ${width} ${ratio} ${theme.dark} ${theme.forced}`;
    if (counters === null || width === 0 || key === this.key) return;
    this.key = key;
    this.window = window;
    const processes = readProcesses(counters, this.head, side);
    const only = processes.find((process) => String(process) === chosen);
    this.offer(processes, only);
    const columns = Math.max(Math.round(width * ratio), 1);
    const { cpus, memory } = counterColumns(counters, this.head, only === undefined ? processes : [only], window, columns);
    this.bands[0].values = processes.length > 0 ? cpus : null;
    this.bands[1].values = memory;
    this.bands.forEach((band, i) => {
      this.titles[i].hidden = this.boxes[i].hidden = band.values === null;
      if (band.values) this.paint(band, band.values, theme, ratio);
    });
  }

  /**
   * @param {number[]} processes
   * @param {number | undefined} only
   */
  offer(processes, only) {
    this.choice.hidden = processes.length < 2;
    const option = (/** @type {string} */ value, /** @type {string} */ text) => el('option', { value }, text);
    const name = (/** @type {number} */ process) => {
      const { pid, command } = this.head.processes[process];
      return `${pid} ${visibleText(shortCommand(command).slice(0, 60))}`;
    };
    fill(
      this.choice,
      option('', `all ${processes.length} processes`),
      ...processes.map((process) => option(String(process), name(process))),
    );
    this.choice.value = only === undefined ? '' : String(only);
  }

  /**
   * @param {Band} band
   * @param {Float64Array} values
   * @param {Theme} theme
   * @param {number} ratio
   */
  paint(band, values, theme, ratio) {
    const { canvas } = band;
    const tall = Math.round(height * ratio);
    canvas.width = values.length;
    canvas.height = tall;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    const { most, at, mean } = peakOf(values);
    const scale = most > 0 ? (tall - 3 * ratio) / most : 0;
    const [r, g, b] = parseColour(band.colour);
    const line = Math.max(Math.round(ratio * 1.5), 1);
    const sizes = Array.from(values, (value) => (value > 0 ? Math.max(Math.round(value * scale), line) : 0));
    // One colour after the other: reading a colour takes longer than filling a column.
    context.fillStyle = `rgb(${r} ${g} ${b} / ${theme.dark ? 0.42 : 0.5})`;
    if (!theme.forced) sizes.forEach((size, c) => context.fillRect(c, tall - size, 1, size));
    context.fillStyle = theme.forced ? theme.text : `rgb(${r} ${g} ${b})`;
    sizes.forEach((size, c) => {
      // The upper edge, without gaps where it rises or falls.
      const before = sizes[c - 1] || size;
      const high = Math.max(size, before);
      if (size > 0) context.fillRect(c, tall - high, 1, Math.max(high - Math.min(size, before), line));
    });
    const isCpu = band === this.bands[0];
    // The kernel's peak can lie between two readings.
    band.most.textContent = `up to ${band.words(most)}${isCpu ? '' : ' when read'}`;
    const when = formatDuration(this.tickOf(at, values.length) * this.head.tick_ns);
    const last = values.findLast((value) => value > 0) ?? 0;
    canvas.setAttribute(
      'aria-label',
      isCpu
        ? `CPU used over time: ${band.words(mean)} on average, at most ${band.words(most)}, first at ${when}`
        : `Resident memory over time, as read: ${band.words(values.find((value) => value > 0) ?? 0)} at first, at most ${band.words(most)} at ${when}, ${band.words(last)} at the end`,
    );
  }

  /** @param {number} column @param {number} columns */
  tickOf(column, columns) {
    return this.window.from + ((column + 0.5) / columns) * (this.window.to - this.window.from);
  }

  /** @param {PointerEvent} event */
  hover(event) {
    const area = this.boxes[0].getBoundingClientRect();
    const part = (event.clientX - area.left) / area.width;
    const values = this.bands[0].values;
    if (!values || part < 0 || part >= 1) return;
    const column = Math.floor(part * values.length);
    tooltip().show(
      event.clientX,
      event.clientY,
      el('div', { class: 'tip-name' }, `at ${formatDuration(this.tickOf(column, values.length) * this.head.tick_ns)}`),
      ...this.bands.map((band) => (band.values ? el('div', {}, `${band.title}: ${band.words(band.values[column])}`) : null)),
    );
  }
}

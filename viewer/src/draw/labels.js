// Names in boxes. What makes a narrow box readable: the module goes first, then the class, then the letters shrink, and only then
// the end of the function's own name. Never "…" alone.

import { visibleText } from '../base/dom.js';

const largest = 12;
const smallest = 9.5;
const side = 4;

/**
 * @typedef {object} LabelTexts
 * @property {string} module with its dot, "" = none
 * @property {string} name with its class
 * @property {string} bare
 */

/**
 * @typedef {object} Label
 * @property {string} dim shown weaker, before the name
 * @property {string} text
 * @property {number} size
 * @property {number} dimWidth
 */

/** Longer names are not measured: no box shows that much. */
const longest = 300;

export class Labels {
  /**
   * @param {CanvasRenderingContext2D} context
   * @param {(fn: number) => LabelTexts} texts
   * @param {string} family
   */
  constructor(context, texts, family) {
    this.context = context;
    this.texts = texts;
    this.family = family;
    /** @type {Map<number, {module: string, name: string, bare: string, widths: [number, number, number]}>} */
    this.measured = new Map();
  }

  /**
   * @param {number} size
   * @param {boolean} bold
   */
  font(size, bold) {
    return `${bold ? '600 ' : ''}${size}px ${this.family}`;
  }

  /** @param {number} fn */
  measure(fn) {
    let known = this.measured.get(fn);
    if (!known) {
      const { module, name, bare } = this.texts(fn);
      const short = {
        module: visibleText(module.slice(0, longest)),
        name: visibleText(name.slice(0, longest)),
        bare: visibleText(bare.slice(0, longest)),
      };
      this.context.font = this.font(largest, false);
      const width = (/** @type {string} */ text) => this.context.measureText(text).width;
      known = { ...short, widths: [width(short.module), width(short.name), width(short.bare)] };
      this.measured.set(fn, known);
    }
    return known;
  }

  /**
   * @param {number} fn
   * @param {number} width of the box, CSS pixels
   * @returns {Label | null} null: there is no room for a name that could be read
   */
  fit(fn, width) {
    const room = width - 2 * side;
    if (room < 14) return null;
    const { module, name, bare, widths } = this.measure(fn);
    if (widths[0] + widths[1] <= room)
      return { dim: module, text: name, size: largest, dimWidth: widths[0] };
    if (widths[1] <= room) return { dim: '', text: name, size: largest, dimWidth: 0 };
    const size = Math.max(Math.min((largest * room) / widths[2], largest), smallest);
    const fits = (widths[2] * size) / largest <= room + 0.5;
    const text = fits ? bare : this.cut(bare, (room * largest) / size, widths[2]);
    return text === '' ? null : { dim: '', text, size: Math.floor(size * 2) / 2, dimWidth: 0 };
  }

  /**
   * @param {string} text
   * @param {number} room at the largest size
   * @param {number} width
   * @returns {string} as much as fits, with an ellipsis; "" when that is less than two letters
   */
  cut(text, room, width) {
    this.context.font = this.font(largest, false);
    const letters = Array.from(text);
    let count = Math.min(Math.floor((letters.length * room) / width), letters.length - 1);
    while (count > 1) {
      const short = `${letters.slice(0, count).join('')}…`;
      if (this.context.measureText(short).width <= room) return short;
      count--;
    }
    return '';
  }

  /**
   * @param {Label} label
   * @param {number} x left edge of the box
   * @param {number} middle of the row
   * @param {{text: string, dim: string, bold: boolean}} style
   */
  draw(label, x, middle, style) {
    const { context } = this;
    if (label.dim !== '') {
      context.font = this.font(label.size, false);
      context.fillStyle = style.dim;
      context.fillText(label.dim, x + side, middle);
    }
    context.font = this.font(label.size, style.bold);
    context.fillStyle = style.text;
    context.fillText(label.text, x + side + label.dimWidth, middle);
  }
}

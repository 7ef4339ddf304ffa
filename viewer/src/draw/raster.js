// Boxes as pixels: one scanline is written for each row of boxes and copied to the row's height, then all goes to the canvas in one call.
// Four to six ms for 28,000 boxes at any zoom, on any machine: no GPU to lose, and pixels that tests can compare.
// Positions are in device pixels.

/** @typedef {import('../model/layout.js').Layout} Layout */

/**
 * @typedef {object} Look
 * @property {number} background pixel
 * @property {number} line pixel of lines
 * @property {number} frame pixel of a line around each box, where boxes have no colours; 0 = none
 * @property {number} hit pixel of the outline of what was found
 * @property {number} chosen pixel of the outline of the chosen function's boxes
 * @property {number} hatch pixel of the stripes of boxes that stand for many
 * @property {number} hatchGround
 */

/**
 * @typedef {object} Picture
 * @property {Layout} layout in CSS pixels
 * @property {number} ratio device pixels of one CSS pixel
 * @property {number} rowHeight CSS pixels
 * @property {(row: number) => number} top upper edge of a row in CSS pixels, within the canvas
 * @property {Uint32Array} fill by box
 * @property {Uint32Array} edge by box: its upper line
 * @property {Uint8Array | null} hit by box: 1 found, 2 of the chosen function; both outlined
 * @property {Strips | null} strips
 */

/**
 * What boxes are divided into, below their upper edge: each is a stacked bar.
 * @typedef {object} Strips
 * @property {Float64Array} amounts boxes rows of colours.length
 * @property {number[]} colours pixels
 * @property {number[]} stripes pixels of the hatching; the same as the colour where there is none
 */

export class Raster {
  constructor() {
    this.width = 0;
    this.height = 0;
    this.pixels = new Uint32Array(0);
    /** @type {ImageData | null} */
    this.image = null;
  }

  /**
   * @param {number} width device pixels
   * @param {number} height
   */
  resize(width, height) {
    if (width === this.width && height === this.height) return;
    this.width = width;
    this.height = height;
    const bytes = new ArrayBuffer(width * height * 4);
    this.pixels = new Uint32Array(bytes);
    this.image = new ImageData(new Uint8ClampedArray(bytes), width, height);
  }

  /**
   * @param {Picture} picture
   * @param {Look} look
   */
  paint(picture, look) {
    const { layout, ratio, rowHeight, top } = picture;
    this.pixels.fill(look.background);
    for (let row = 0; row < layout.rows; row++) {
      const y0 = Math.round(top(row) * ratio);
      const y1 = Math.round((top(row) + rowHeight) * ratio);
      if (y1 <= 0 || y0 >= this.height) continue;
      this.paintRow(picture, row, y0, y1);
      this.paintDetails(picture, look, row, y0, y1);
    }
  }

  /**
   * @param {Picture} picture
   * @param {number} row
   * @param {number} y0
   * @param {number} y1
   */
  paintRow(picture, row, y0, y1) {
    const { layout, ratio, fill, edge } = picture;
    const { pixels, width, height } = this;
    const first = Math.max(y0, 0);
    const second = first + 1;
    const end = Math.min(y1, height);
    const thick = Math.max(Math.round(ratio), 1);
    for (let i = layout.rowStart[row]; i < layout.rowStart[row + 1]; i++) {
      const x0 = Math.round(layout.x[i] * ratio);
      const x1 = rightEdge(layout, i, ratio, width);
      if (y0 >= 0) pixels.fill(edge[i], first * width + x0, first * width + x1);
      else pixels.fill(fill[i], first * width + x0, first * width + x1);
      if (second < end) pixels.fill(fill[i], second * width + x0, second * width + x1);
    }
    // The edge is as thick as a CSS pixel; everything below it is the second line again.
    let y = second + 1;
    for (; y < first + thick && y < end && y0 >= 0; y++)
      pixels.copyWithin(y * width, first * width, second * width);
    const body = second;
    for (; y < end; y++) pixels.copyWithin(y * width, body * width, (body + 1) * width);
  }

  /**
   * @param {Picture} picture
   * @param {Look} look
   * @param {number} row
   * @param {number} y0
   * @param {number} y1
   */
  paintDetails(picture, look, row, y0, y1) {
    const { layout, ratio, hit, strips } = picture;
    for (let i = layout.rowStart[row]; i < layout.rowStart[row + 1]; i++) {
      const x0 = Math.round(layout.x[i] * ratio);
      const x1 = rightEdge(layout, i, ratio, this.width);
      if (layout.rest[i] > 0) this.hatch(x0, x1, y0, y1, ratio, look.hatchGround, look.hatch);
      else if (strips !== null && x1 - x0 >= 3) this.strip(strips, i, x0, x1, y0 + Math.max(Math.round(ratio), 1), y1, ratio);
      if (look.frame !== 0) this.outline(x0, x1, y0, y1, 1, look.frame);
      if (hit === null || hit[i] === 0) continue;
      const thick = x1 - x0 < 6 * ratio ? 1 : Math.round(2 * ratio);
      this.outline(x0, x1, y0, y1, thick, hit[i] === 1 ? look.hit : look.chosen);
    }
  }

  /**
   * @param {number} x0
   * @param {number} x1
   * @param {number} y0
   * @param {number} y1
   * @param {number} ratio
   * @param {number} ground
   * @param {number} stripe
   */
  hatch(x0, x1, y0, y1, ratio, ground, stripe) {
    const { pixels, width, height } = this;
    const period = Math.round(6 * ratio);
    const thick = Math.max(Math.round(1.5 * ratio), 1);
    for (let y = Math.max(y0, 0); y < Math.min(y1, height); y++)
      for (let x = x0; x < x1; x++)
        pixels[y * width + x] = (x + y) % period < thick ? stripe : ground;
  }

  /**
   * @param {Strips} strips
   * @param {number} box
   * @param {number} x0
   * @param {number} x1
   * @param {number} y0
   * @param {number} y1
   * @param {number} ratio
   */
  strip(strips, box, x0, x1, y0, y1, ratio) {
    const states = strips.colours.length;
    let sum = 0;
    for (let s = 0; s < states; s++) sum += strips.amounts[box * states + s];
    if (!(sum > 0)) return;
    let x = x0;
    let upTo = 0;
    for (let s = 0; s < states; s++) {
      upTo += strips.amounts[box * states + s];
      const end = Math.round(x0 + ((x1 - x0) * upTo) / sum);
      if (end > x) {
        for (let y = Math.max(y0, 0); y < Math.min(y1, this.height); y++)
          this.pixels.fill(strips.colours[s], y * this.width + x, y * this.width + end);
        if (strips.stripes[s] !== strips.colours[s]) this.stripe(x, end, y0, y1, ratio, strips.stripes[s]);
      }
      x = end;
    }
  }

  /**
   * Thin lines, so that what stands on them can be read.
   * @param {number} x0
   * @param {number} x1
   * @param {number} y0
   * @param {number} y1
   * @param {number} ratio
   * @param {number} colour
   */
  stripe(x0, x1, y0, y1, ratio, colour) {
    const { pixels, width, height } = this;
    const period = Math.round(6 * ratio);
    const thick = Math.max(Math.round(ratio), 1);
    for (let y = Math.max(y0, 0); y < Math.min(y1, height); y++)
      for (let x = x0 - ((x0 + y) % period); x < x1; x += period) {
        const from = Math.max(x, x0);
        for (let i = from; i < Math.min(x + thick, x1); i++) pixels[y * width + i] = colour;
      }
  }

  /**
   * @param {number} x0
   * @param {number} x1
   * @param {number} y0
   * @param {number} y1
   * @param {number} thick
   * @param {number} colour
   */
  outline(x0, x1, y0, y1, thick, colour) {
    const { pixels, width, height } = this;
    for (let y = Math.max(y0, 0); y < Math.min(y1, height); y++) {
      if (y < y0 + thick || y >= y1 - thick) {
        pixels.fill(colour, y * width + x0, y * width + x1);
        continue;
      }
      pixels.fill(colour, y * width + x0, y * width + Math.min(x0 + thick, x1));
      pixels.fill(colour, y * width + Math.max(x1 - thick, x0), y * width + x1);
    }
  }

  /** @param {CanvasRenderingContext2D} context */
  show(context) {
    if (this.image) context.putImageData(this.image, 0, 0);
  }
}

/**
 * A pixel of background parts boxes that are wide enough to lose one.
 * @param {Layout} layout
 * @param {number} i
 * @param {number} ratio
 * @param {number} width
 */
function rightEdge(layout, i, ratio, width) {
  const x0 = Math.round(layout.x[i] * ratio);
  const x1 = Math.round((layout.x[i] + layout.width[i]) * ratio);
  const gap = x1 - x0 >= 3 * ratio ? Math.max(Math.round(ratio), 1) : 0;
  return Math.min(Math.max(x1 - gap, x0 + 1), width);
}

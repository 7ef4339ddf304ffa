// Boxes of a flame graph: which nodes are seen, where, and what is too narrow to be drawn. No DOM; a loop, no recursion.
//
//   row 0  root                              all rows above the node that fills the width are its callers
//   ...    callers of the zoomed node        (as wide as the graph: less would say nothing)
//   row k  zoomed node
//   row k+1 its children, heaviest first, side by side; what is narrower than `least` becomes one box, `rest`

import { firstWhere } from '../base/search.js';

/** @typedef {import('./shape.js').Shape} Shape */

/**
 * @typedef {object} Layout
 * @property {number} count
 * @property {Int32Array} node of a rest: the node whose children they are
 * @property {Float32Array} x left edge, pixels
 * @property {Float32Array} width pixels
 * @property {Int32Array} row
 * @property {Int32Array} rest 0 = a node, else how many children are put together in this box
 * @property {Float64Array} amount
 * @property {number} rows
 * @property {Int32Array} rowStart rows + 1: boxes of row r are [rowStart[r], rowStart[r + 1]), from left to right
 * @property {number} zoomRow
 * @property {boolean} complete false: there are more rows than could be made in time
 */

/** Grows by doubling. */
class Boxes {
  constructor() {
    this.count = 0;
    this.node = new Int32Array(4096);
    this.rest = new Int32Array(4096);
    this.row = new Int32Array(4096);
    this.x = new Float32Array(4096);
    this.width = new Float32Array(4096);
    this.amount = new Float64Array(4096);
  }

  /**
   * @param {number} node
   * @param {number} row
   * @param {number} x
   * @param {number} width
   * @param {number} amount
   * @param {number} rest
   */
  add(node, row, x, width, amount, rest) {
    if (this.count === this.node.length) this.grow();
    const i = this.count++;
    this.node[i] = node;
    this.row[i] = row;
    this.x[i] = x;
    this.width[i] = width;
    this.amount[i] = amount;
    this.rest[i] = rest;
  }

  grow() {
    const size = this.node.length * 2;
    this.node = grown(this.node, new Int32Array(size));
    this.rest = grown(this.rest, new Int32Array(size));
    this.row = grown(this.row, new Int32Array(size));
    this.x = grown(this.x, new Float32Array(size));
    this.width = grown(this.width, new Float32Array(size));
    this.amount = grown(this.amount, new Float64Array(size));
  }
}

/**
 * @template {Int32Array | Float32Array | Float64Array} T
 * @param {T} from
 * @param {T} to
 * @returns {T}
 */
function grown(from, to) {
  to.set(from);
  return to;
}

/**
 * @param {Shape} shape
 * @param {number} zoom node that fills the width
 * @param {number} width pixels
 * @param {number} least pixels of the narrowest box
 * @param {() => boolean} [late] asked now and then: the rest can wait. Rows come from the root on, so that what is left are
 *   the farther ones
 * @returns {Layout}
 */
export function layOut(shape, zoom, width, least, late) {
  const boxes = new Boxes();
  const above = [];
  for (let n = shape.parent(zoom); n >= 0; n = shape.parent(n)) above.push(n);
  above.reverse().forEach((n, row) => boxes.add(n, row, 0, width, shape.total(n), 0));
  const zoomRow = above.length;
  const all = shape.total(zoom);
  const scale = all > 0 ? width / all : 0;
  boxes.add(zoom, zoomRow, 0, width, all, 0);
  // Level by level, so that boxes stand in order of rows.
  let complete = true;
  for (let i = boxes.count - 1; i < boxes.count; i++) {
    if (boxes.rest[i] > 0) continue;
    if (late !== undefined && i % 4 === 0 && i > zoomRow && late()) {
      complete = false;
      break;
    }
    const node = boxes.node[i];
    const row = boxes.row[i] + 1;
    const { nodes, rest, restCount } = shape.children(node, scale > 0 ? least / scale : Infinity);
    let x = boxes.x[i];
    for (const child of nodes) {
      const w = shape.total(child) * scale;
      boxes.add(child, row, x, w, shape.total(child), 0);
      x += w;
    }
    if (restCount > 0 && rest * scale >= least)
      boxes.add(node, row, x, rest * scale, rest, restCount);
  }
  const { count } = boxes;
  const rows = boxes.row[count - 1] + 1;
  const rowStart = new Int32Array(rows + 1);
  for (let i = 0; i < count; i++) rowStart[boxes.row[i] + 1] = i + 1;
  return {
    count,
    node: boxes.node,
    x: boxes.x,
    width: boxes.width,
    row: boxes.row,
    rest: boxes.rest,
    amount: boxes.amount,
    rows,
    rowStart,
    zoomRow,
    complete,
  };
}

/**
 * @param {Layout} layout
 * @param {number} row
 * @param {number} x
 * @returns {number} box there, -1 = none
 */
export function boxAt(layout, row, x) {
  if (row < 0 || row >= layout.rows) return -1;
  const { rowStart, x: left, width } = layout;
  const box = firstWhere(rowStart[row], rowStart[row + 1], (i) => left[i] + width[i] > x);
  return box < rowStart[row + 1] && left[box] <= x ? box : -1;
}

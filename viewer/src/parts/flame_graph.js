// A flame graph as a part that views put anywhere: a canvas that scrolls, its keyboard, its tooltip, and the tree that screen readers
// read in its place. It knows nothing of the page's state: what is zoomed or selected is told, and what the user does is called back.

import { el, oncePerFrame } from '../base/dom.js';
import { formatAmount } from '../base/format.js';
import { Labels } from '../draw/labels.js';
import { Raster } from '../draw/raster.js';
import { currentTheme, functionColours } from '../draw/theme.js';
import { boxAt, layOut } from '../model/layout.js';
import { boxAmounts, boxesByFunction, fillByState } from './flame_colours.js';
import { nodeBeside } from './flame_keys.js';
import { drawLabels, rowHeight } from './flame_labels.js';
import { mirrorTree, spokenNode } from './flame_mirror.js';
import { flameTip } from './flame_tip.js';
import { tooltip } from './tooltip.js';

/** @typedef {import('../model/model.js').Model} Model */
/** @typedef {import('../model/shape.js').Shape} Shape */
/** @typedef {import('../model/layout.js').Layout} Layout */

/** Narrower boxes are put together: they would be a line each, and nobody can point at one. */
const leastWidth = 0.75;
/** Of one that does not scroll, CSS pixels: canvases cannot be of any size. */
const highest = 6000;
/** How long a frame may take to find out what is below, ms. */
const patience = 50;

/**
 * What is drawn.
 * @typedef {object} Flame
 * @property {Model} model
 * @property {Shape} shape
 * @property {string} key another one when shape has other nodes
 * @property {number} zoom
 * @property {number} selected -1 = none
 * @property {boolean} whole nodes of the shape are nodes of the model's tree
 * @property {(layout: Layout) => Float64Array} [states] of other shapes: amounts of boxes by state, rows of head.states.length
 */

/**
 * @typedef {object} FlameOptions
 * @property {string} label accessible name, contains "flame"
 * @property {boolean} [up] the root at the bottom
 * @property {string} [root] what the root's box says
 * @property {boolean} [fit] as high as its rows, does not scroll
 * @property {boolean} [paper] for print
 * @property {(node: number) => void} onZoom
 * @property {(node: number) => void} onSelect by keyboard
 * @property {() => void} [onEscape]
 */

/**
 * @param {Layout} layout
 * @returns {number} rows before the first that has only narrow boxes
 */
export function readableRows(layout) {
  for (let row = 0; row < layout.rows; row++) {
    let widest = 0;
    for (let i = layout.rowStart[row]; i < layout.rowStart[row + 1]; i++)
      widest = Math.max(widest, layout.width[i]);
    if (widest < 12) return row + 1;
  }
  return layout.rows;
}

export class FlameGraph {
  /** @param {FlameOptions} options */
  constructor(options) {
    this.options = options;
    this.canvas = el('canvas', {
      class: 'flame-canvas',
      tabindex: 0,
      role: 'tree',
      'aria-label': options.label,
    });
    this.hoverBox = el('div', { class: 'flame-hover', hidden: true });
    this.selectedBox = el('div', { class: 'flame-selected', hidden: true });
    this.inner = el('div', { class: 'flame-inner' }, this.canvas, this.hoverBox, this.selectedBox);
    this.element = el('div', { class: options.fit ? 'flame fit' : 'flame' }, this.inner);
    this.raster = new Raster();
    this.context = /** @type {CanvasRenderingContext2D} */ (
      this.canvas.getContext('2d', { alpha: false })
    );
    /** @type {Flame | null} */
    this.flame = null;
    /** @type {Layout | null} */
    this.layout = null;
    this.layoutKey = '';
    /** Of the layout that was last coloured by state. @type {{layout: Layout, amounts: Float64Array} | null} */
    this.states = null;
    this.drawnSize = '';
    this.mirrored = '';
    this.heightKey = '';
    this.heightRows = 0;
    this.hovered = -1;
    /** Of a graph with its root at the bottom: that is in sight and stays there when the room changes. */
    this.atRoot = true;
    /** @type {ReturnType<typeof functionColours> | null} */
    this.colours = null;
    this.side = -1;
    this.theme = currentTheme();
    /** @type {Labels | null} */
    this.labels = null;
    this.redraw = oncePerFrame(() => this.draw());
    this.listen();
  }

  listen() {
    const { canvas, element } = this;
    canvas.addEventListener('mousemove', (event) => this.hover(event));
    canvas.addEventListener('mouseleave', () => this.leave());
    canvas.addEventListener('click', (event) => {
      const box = this.boxOf(event);
      if (box < 0 || !this.layout) return;
      this.leave();
      this.options.onZoom(this.layout.node[box]);
    });
    canvas.addEventListener('keydown', (event) => this.key(event));
    canvas.addEventListener('focus', () => this.placeSelected());
    canvas.addEventListener('blur', () => this.placeSelected());
    element.addEventListener('scroll', () => {
      this.leave();
      this.atRoot = element.scrollTop + element.clientHeight >= this.inner.clientHeight - 2;
      this.redraw();
    });
    // What it is told of was mostly drawn at that size already, with what made it so.
    new ResizeObserver(() => this.size() !== this.drawnSize && this.redraw()).observe(element);
    matchMedia('(forced-colors: active)').addEventListener('change', () => this.themeChanged());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.themeChanged());
    document.addEventListener('barograph-theme', () => this.themeChanged());
  }

  size() {
    return `${this.element.clientWidth} ${this.element.clientHeight}`;
  }

  themeChanged() {
    this.colours = null;
    this.redraw();
  }

  /** @param {Flame} flame */
  update(flame) {
    const zoomed = this.flame?.zoom !== flame.zoom || this.flame.key !== flame.key;
    this.flame = flame;
    if (zoomed) this.atRoot = true;
    this.draw();
    if (zoomed && !this.options.up) this.scrollToRow(this.layout?.zoomRow ?? 0);
    const mirrored = `${flame.key} ${flame.zoom} ${flame.selected} ${flame.model.isFirst}`;
    if (mirrored !== this.mirrored) mirrorTree(this.canvas, flame, (node) => this.spoken(flame, node), flame.selected);
    this.mirrored = mirrored;
  }

  /** Lets go of what was drawn: sums of a tree that nobody looks at any more. */
  release() {
    this.leave();
    this.flame = null;
    this.layout = null;
    this.layoutKey = '';
    this.states = null;
  }

  /** @param {number} fn -1 = the root */
  nameOf(fn) {
    if (fn < 0) return this.options.root ?? 'everything';
    return this.flame?.model.names(fn).name ?? '';
  }

  /** What the root's box says. @param {Flame} flame @param {number} amount */
  rootAmount({ model }, amount) {
    return formatAmount(amount, model.metric, model.page.head);
  }

  /** @param {Flame} flame @param {number} node */
  spoken(flame, node) {
    return spokenNode(flame, (fn) => this.nameOf(fn), node);
  }

  // --- Layout and drawing ---

  /** @returns {Layout | null} */
  layOut() {
    const { flame } = this;
    const width = this.element.clientWidth;
    if (!flame || width === 0) return null;
    const key = `${flame.key} ${flame.zoom} ${width} ${flame.model.isFirst}`;
    if (key !== this.layoutKey || !this.layout?.complete) {
      // Shapes that are made as they are looked at keep what they made: the next frame goes on from there.
      const end = performance.now() + patience;
      const late = flame.whole ? undefined : () => performance.now() > end;
      this.layout = layOut(flame.shape, flame.zoom, width, leastWidth, late);
      if (!this.layout.complete) this.redraw();
      this.layoutKey = key;
      this.inner.style.height = `${this.layout.rows * rowHeight}px`;
      if (!this.options.fit) this.chooseHeight(flame, this.layout);
    }
    return this.layout;
  }

  /**
   * As high as the rows that can be read; towers of thin boxes below them are there for who scrolls. A zoom does not make it lower:
   * what stands below would jump.
   * @param {Flame} flame
   * @param {Layout} layout
   */
  chooseHeight(flame, layout) {
    const rows = readableRows(layout);
    this.heightRows = flame.key === this.heightKey ? Math.max(rows, this.heightRows) : rows;
    this.heightKey = flame.key;
    this.element.style.flexBasis = `${this.heightRows * rowHeight + 2}px`;
  }

  /**
   * @param {number} row
   * @returns {number} its upper edge within all rows
   */
  rowTop(row) {
    const rows = this.layout?.rows ?? 0;
    return this.options.up ? (rows - 1 - row) * rowHeight : row * rowHeight;
  }

  draw() {
    const layout = this.layOut();
    const { flame, canvas, element } = this;
    if (!layout || !flame) return;
    const busy = String(!layout.complete);
    if (canvas.ariaBusy !== busy) canvas.ariaBusy = busy;
    const ratio = Math.max(window.devicePixelRatio || 1, this.options.paper ? 2 : 0);
    const width = element.clientWidth;
    const all = layout.rows * rowHeight;
    const height = Math.max(this.options.fit ? Math.min(all, highest) : Math.min(element.clientHeight, all), rowHeight);
    const pixelWidth = Math.round(width * ratio);
    const pixelHeight = Math.round(height * ratio);
    if (canvas.width !== pixelWidth || canvas.height !== pixelHeight) {
      canvas.width = pixelWidth;
      canvas.height = pixelHeight;
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
    }
    this.raster.resize(pixelWidth, pixelHeight);
    this.chooseColours(flame);
    const scroll = this.scrolled();
    const top = (/** @type {number} */ row) => this.rowTop(row) - scroll;
    this.raster.paint(
      { layout, ratio, rowHeight, top, ...this.boxColours(flame, layout) },
      this.theme.look,
    );
    this.context.setTransform(1, 0, 0, 1, 0, 0);
    this.raster.show(this.context);
    this.drawLabels(flame, layout, ratio, top, height);
    this.placeSelected();
    this.drawnSize = this.size();
  }

  /** How far the rows are scrolled; a canvas that is lower than its rows stays in sight. */
  scrolled() {
    const { element, inner } = this;
    if (this.options.fit) return 0;
    if (this.options.up && this.atRoot) element.scrollTop = inner.clientHeight;
    return Math.max(Math.min(element.scrollTop, inner.clientHeight - element.clientHeight), 0);
  }

  /** @param {Flame} flame */
  chooseColours(flame) {
    const { workshop, side } = flame.model;
    if (this.colours !== null && this.side === side) return;
    this.side = side;
    this.theme = currentTheme(this.options.paper);
    this.colours = functionColours(workshop, this.theme);
    const family = getComputedStyle(document.body).fontFamily;
    this.labels = new Labels(
      this.context,
      (fn) => {
        // Not by the flame: these texts outlive what is drawn, and would keep its tree.
        const { module, name, bare } = workshop.functionNames(fn, side);
        return { module: module ? `${module}.` : '', name, bare };
      },
      family,
    );
  }

  /**
   * @param {Flame} flame
   * @param {Layout} layout
   */
  boxColours(flame, layout) {
    const boxes = boxesByFunction(flame, layout, this.theme, this.colours);
    if (!this.colourByState(flame)) return { ...boxes, strips: null };
    // A picture is drawn more often than what is in it changes.
    if (this.states?.layout !== layout) this.states = { layout, amounts: boxAmounts(flame, layout) };
    return { ...boxes, strips: fillByState(boxes, flame, layout, this.theme, this.states.amounts) };
  }

  /** @param {Flame} flame */
  colourByState(flame) {
    return (flame.whole || flame.states !== undefined) && flame.model.state.colour === 'state' && flame.model.timed;
  }

  /**
   * @param {Flame} flame
   * @param {Layout} layout
   * @param {number} ratio
   * @param {(row: number) => number} top
   * @param {number} height
   */
  drawLabels(flame, layout, ratio, top, height) {
    const { context, labels, theme } = this;
    if (!labels) return;
    const root = (/** @type {number} */ amount) => `${this.nameOf(-1)} · ${this.rootAmount(flame, amount)}`;
    const onStates = this.colourByState(flame);
    drawLabels({ context, labels, theme, flame, layout, ratio, top, height, root, onStates, taken: (box) => this.taken(layout, box) });
  }

  /**
   * CSS pixels at the right end of a box that are not its name's.
   * @param {Layout} _layout
   * @param {number} _box
   */
  taken(_layout, _box) {
    return 0;
  }

  // --- Pointer ---

  /** @param {MouseEvent} event */
  boxOf(event) {
    const { layout } = this;
    if (!layout) return -1;
    const area = this.canvas.getBoundingClientRect();
    const y = event.clientY - area.top + this.scrolled();
    const line = Math.floor(y / rowHeight);
    return boxAt(layout, this.options.up ? layout.rows - 1 - line : line, event.clientX - area.left);
  }

  /** @param {MouseEvent} event */
  hover(event) {
    const box = this.boxOf(event);
    const { layout, flame } = this;
    if (box < 0 || !layout || !flame) {
      this.leave();
      return;
    }
    this.hovered = box;
    this.placeBox(this.hoverBox, box);
    tooltip().show(event.clientX, event.clientY, ...this.tip(flame, layout, box));
  }

  leave() {
    if (this.hovered < 0) return;
    this.hovered = -1;
    this.hoverBox.hidden = true;
    tooltip().hide();
  }

  /**
   * @param {Flame} flame
   * @param {Layout} layout
   * @param {number} box
   * @returns {HTMLElement[]}
   */
  tip(flame, layout, box) {
    return flameTip(flame, layout, box, this.nameOf(-1));
  }

  /**
   * @param {HTMLElement} element
   * @param {number} box
   */
  placeBox(element, box) {
    const { layout } = this;
    if (!layout) return;
    element.hidden = false;
    element.style.transform = `translate(${layout.x[box]}px, ${this.rowTop(layout.row[box])}px)`;
    element.style.width = `${Math.max(layout.width[box], 2)}px`;
    element.style.height = `${rowHeight}px`;
  }

  placeSelected() {
    const { flame, layout } = this;
    let box = -1;
    if (flame && layout && flame.selected >= 0)
      for (let i = 0; i < layout.count && box < 0; i++)
        if (layout.node[i] === flame.selected && layout.rest[i] === 0) box = i;
    if (box < 0) this.selectedBox.hidden = true;
    else this.placeBox(this.selectedBox, box);
  }

  /** @param {number} row */
  scrollToRow(row) {
    if (this.options.fit) return;
    const { element } = this;
    const top = this.rowTop(row);
    if (top < element.scrollTop || top + 3 * rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = Math.max(top - 4 * rowHeight, 0);
  }

  // --- Keyboard ---

  /** @param {KeyboardEvent} event */
  key(event) {
    const { flame, options } = this;
    if (!flame || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = flame.selected >= 0 ? flame.selected : flame.zoom;
    if (event.key === 'Enter') options.onZoom(at);
    else if (event.key === 'Escape' && options.onEscape) options.onEscape();
    else {
      const to = nodeBeside(flame, at, event.key, options.up ?? false);
      if (to === null) return;
      options.onSelect(to);
    }
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number} node row of it comes into sight */
  reveal(node) {
    const { layout } = this;
    if (!layout) return;
    for (let i = 0; i < layout.count; i++)
      if (layout.node[i] === node && layout.rest[i] === 0) {
        this.scrollToRow(layout.row[i]);
        return;
      }
  }

  /**
   * @param {number} rows from the first on
   * @returns {HTMLCanvasElement} a picture that stays as it is
   */
  picture(rows) {
    const { canvas } = this;
    const ratio = canvas.width / Math.max(this.element.clientWidth, 1);
    const height = Math.min(Math.round(rows * rowHeight * ratio), canvas.height);
    const part = el('canvas', { width: canvas.width, height, role: 'img', 'aria-label': this.options.label });
    part.getContext('2d')?.drawImage(canvas, 0, 0);
    return part;
  }

  /** @param {string} label */
  setLabel(label) {
    this.options.label = label;
    this.canvas.setAttribute('aria-label', label);
  }
}


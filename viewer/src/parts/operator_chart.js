// The graph of operators as boxes and lines. Boxes are buttons, so that their text is text, the keyboard reaches them and forced
// colours hold; lines are SVG below them, as wide as what goes along them. Moving and zooming change one transform and nothing else.

import { el, fill, nameElement, visibleText } from '../base/dom.js';
import { formatBytes, formatCount, formatDuration, formatShortCount } from '../base/format.js';
import { svg } from '../base/svg.js';
import { quartilesBy } from '../data/dataflow.js';
import { nodeSize } from '../model/operator_graph.js';
import { resourceBar, resourceParts, resourceText } from './resource_bar.js';

/** @typedef {import('../types/dataflow.js').Dataflow} Dataflow */
/** @typedef {import('../model/operator_graph.js').Graph} Graph */
/** @typedef {import('../model/operator_graph.js').GraphNode} GraphNode */
/** @typedef {import('../model/operator_graph.js').GraphEdge} GraphEdge */
/** @typedef {{scale: number, x: number, y: number}} Look */
/** @typedef {{onSelect: (node: GraphNode) => void, onToggle: (group: string) => void, onLook: (look: Look) => void}} Acts */

const [leastScale, mostScale] = [0.08, 2];
/** Text can be read from here on. */
const readable = 0.62;
const widest = 11;
/** Of the run: what is shown as being on the critical path where slots take no tasks; of a single thread all is. */
const leastPath = 0.01;

/** @param {GraphEdge} edge @param {readonly GraphNode[]} nodes */
function curve({ from, to, bends }, nodes) {
  const middle = nodeSize.height / 2;
  const [a, b] = [nodes[from], nodes[to]];
  const points = [[a.x + nodeSize.width, a.y + middle], ...bends, [b.x - 5, b.y + middle]];
  let path = `M${points[0].join(' ')}`;
  for (let i = 1; i < points.length; i++) {
    const [x, y] = points[i - 1];
    const [tx, ty] = points[i];
    const bend = Math.max(Math.abs(tx - x) / 2, tx < x ? 60 : 0);
    path += `C${x + bend} ${y} ${tx - bend} ${ty} ${tx} ${ty}`;
  }
  return path;
}

/** What goes along an edge, shortly. @param {GraphEdge} edge */
function edgeWords(edge) {
  if (edge.bytes !== null) return formatBytes(edge.bytes);
  return edge.rows !== null ? `${formatShortCount(edge.rows)} rows` : '';
}

export class OperatorChart {
  /** @param {Acts} acts */
  constructor(acts) {
    this.acts = acts;
    this.lines = svg('svg', { class: 'graph-lines', 'aria-hidden': 'true' });
    this.boxes = el('div', { class: 'graph-boxes' });
    this.inner = el('div', { class: 'graph-inner' }, this.boxes);
    this.inner.prepend(this.lines);
    this.element = el('div', { class: 'graph', role: 'group', 'aria-label': 'Graph of operators: arrow keys follow its edges' }, this.inner);
    /** @type {Look} */
    this.look = { scale: 1, x: 0, y: 0 };
    /** @type {Graph | null} */
    this.graph = null;
    /** @type {HTMLButtonElement[]} */
    this.buttons = [];
    this.selected = -1;
    this.element.addEventListener('pointerdown', (event) => this.drag(event));
    this.element.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    this.element.addEventListener('keydown', (event) => this.key(event));
  }

  /**
   * @param {Graph} graph
   * @param {Dataflow} dataflow
   */
  show(graph, dataflow) {
    this.graph = graph;
    const { nodes, edges, groups } = graph;
    this.lines.setAttribute('width', String(Math.ceil(graph.width) + 40));
    this.lines.setAttribute('height', String(Math.ceil(graph.height) + 40));
    const most = edges.reduce((all, edge) => Math.max(all, edge.bytes ?? 0), 0);
    const mostRows = edges.reduce((all, edge) => Math.max(all, edge.rows ?? 0), 0);
    const part = (/** @type {GraphEdge} */ edge) => (most > 0 ? (edge.bytes ?? 0) / most : mostRows > 0 ? (edge.rows ?? 0) / mostRows : 0);
    this.lines.replaceChildren(
      svg('defs', {}, ...['', ' critical'].map((kind) => svg('marker', { id: `arrow${kind.trim()}`, viewBox: '0 0 8 8', refX: 6, refY: 4, markerWidth: 8, markerHeight: 8, markerUnits: 'userSpaceOnUse', orient: 'auto' }, svg('path', { d: 'M0 0L8 4L0 8z', class: `graph-arrow${kind}` })))),
      ...edges.map((edge) =>
        svg('path', {
          d: curve(edge, nodes),
          class: `graph-edge ${edge.kind}${edge.critical ? ' critical' : ''}${edge.kind === 'data' && edge.bytes === null && edge.rows === null ? ' unknown' : ''}`,
          'stroke-width': (1.5 + (widest - 1.5) * Math.sqrt(part(edge))).toFixed(1),
          'marker-end': `url(#arrow${edge.critical ? 'critical' : ''})`,
        }),
      ),
      ...edges.flatMap((edge) => {
        const words = edgeWords(edge);
        if (!words) return [];
        const [a, b] = [nodes[edge.from], nodes[edge.to]];
        const [x, y] = edge.bends[edge.bends.length >> 1] ?? [(a.x + nodeSize.width + b.x) / 2, (a.y + b.y + nodeSize.height) / 2];
        return [svg('text', { x: Math.round(x), y: Math.round(y) - 6, class: 'graph-words' }, words)];
      }),
    );
    this.buttons = nodes.map((node, i) => this.box(node, i, dataflow));
    const frames = groups.map((group) => {
      const button = el('button', { type: 'button', class: 'graph-fold', 'data-group': group.id, title: 'Close: one box for all of it', 'aria-expanded': 'true', 'aria-label': `Close ${visibleText(group.label.slice(0, 160))}`, onclick: () => this.acts.onToggle(group.id) }, '−');
      const frame = el('div', { class: 'graph-frame' }, el('div', { class: 'graph-frame-head' }, button, nameElement(group.label.slice(0, 160))));
      Object.assign(frame.style, { left: `${group.x}px`, top: `${group.y}px`, width: `${group.width}px`, height: `${group.height}px` });
      return frame;
    });
    fill(this.boxes, ...frames, ...this.buttons.flatMap((button, i) => (nodes[i].closed ? [button, this.opener(nodes[i])] : [button])));
    this.select(this.selected);
  }

  /** What opens a group. @param {GraphNode} node */
  opener(node) {
    const button = el('button', { type: 'button', class: 'graph-fold graph-open', 'data-group': node.group, title: 'Open: what is in it', 'aria-expanded': 'false', 'aria-label': `Open ${visibleText(node.label.slice(0, 160))}`, onclick: () => node.group !== null && this.acts.onToggle(node.group) }, '+');
    Object.assign(button.style, { left: `${node.x + nodeSize.width - 26}px`, top: `${node.y + 5}px` });
    return button;
  }

  /** @param {GraphNode} node @param {number} index @param {Dataflow} dataflow */
  box(node, index, { head, operators }) {
    const parts = resourceParts(head, node.parts);
    const one = node.rows.length === 1 ? operators[node.rows[0]] : null;
    const sum = (/** @type {string} */ key) => {
      const of = quartilesBy(head, key);
      return node.rows.reduce((all, row) => all + (of(operators[row])?.sum ?? 0), 0);
    };
    const read = sum('read_bytes');
    const rows = sum('read_rows') || Number(one?.facts.find(([key]) => key === 'output_rows')?.[1] ?? 0);
    const facts = [
      node.tasks > 0 ? `${formatCount(node.tasks)} ${node.tasks === 1 ? 'task' : 'tasks'}` : '',
      node.closed ? `${formatCount(node.rows.length)} inside` : '',
      rows > 0 ? `${formatShortCount(rows)} rows` : '',
      read > 0 ? formatBytes(read) : '',
    ].filter(Boolean);
    const onPath = node.pathNs > (head.has_slots ? 0 : head.run_ns * leastPath);
    const words = [visibleText(node.label), node.tasks > 0 ? formatDuration(node.tasksNs) : '', onPath ? `${formatDuration(node.pathNs)} of the critical path` : '', facts.join(', '), resourceText(head, parts)];
    const button = el(
      'button',
      {
        type: 'button',
        class: `graph-node${onPath ? ' critical' : ''}${node.closed ? ' closed' : ''}`,
        tabindex: -1,
        'data-key': node.key,
        title: words.filter(Boolean).join('\n').slice(0, 1000),
        onclick: () => this.acts.onSelect(node),
        onfocus: () => this.reveal(index),
      },
      el('span', { class: 'graph-name' }, nameElement(node.label.slice(0, 120))),
      el(
        'span',
        { class: 'graph-times' },
        el('b', {}, node.tasks > 0 ? formatDuration(node.tasksNs) : ''),
        onPath ? el('span', { class: 'graph-critical' }, `◆ ${formatDuration(node.pathNs)}`, el('span', { class: 'off-screen' }, ' of the critical path, ')) : null,
      ),
      parts.length > 0 ? resourceBar(head, parts, true) : null,
      el('span', { class: 'off-screen' }, resourceText(head, parts)),
      el('span', { class: 'graph-facts' }, facts.join(' · ')),
    );
    Object.assign(button.style, { left: `${node.x}px`, top: `${node.y}px`, width: `${nodeSize.width}px`, height: `${nodeSize.height}px` });
    return button;
  }

  /** @param {number} index -1 = nothing */
  select(index) {
    this.selected = index;
    this.buttons.forEach((button, i) => {
      button.setAttribute('aria-pressed', String(i === index));
      button.tabIndex = i === Math.max(index, 0) ? 0 : -1;
    });
  }

  // --- Where it is looked at ---

  /** @param {Look} look */
  setLook(look) {
    this.look = { ...look, scale: Math.min(Math.max(look.scale, leastScale), mostScale) };
    const { scale, x, y } = this.look;
    this.inner.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    this.element.classList.toggle('far', scale < 0.45);
  }

  /**
   * All of it.
   * @param {boolean} [legible] as far as it can be read then
   */
  fit(legible = false) {
    const { clientWidth, clientHeight } = this.element;
    if (!this.graph || clientWidth === 0) return;
    const { width, height } = this.graph;
    const whole = Math.min((clientWidth - 32) / Math.max(width, 1), (clientHeight - 28) / Math.max(height, 1), 1);
    const scale = legible ? Math.max(whole, readable) : whole;
    const at = (/** @type {number} */ room, /** @type {number} */ size, /** @type {number} */ edge) => (size * scale < room - 2 * edge ? (room - size * scale) / 2 : edge);
    this.setLook({ scale, x: at(clientWidth, width, 16), y: at(clientHeight, height, 14) });
  }

  /** @param {number} factor @param {number} [x] of the element, which stays @param {number} [y] */
  zoom(factor, x = this.element.clientWidth / 2, y = this.element.clientHeight / 2) {
    const { look } = this;
    const scale = Math.min(Math.max(look.scale * factor, leastScale), mostScale);
    this.setLook({ scale, x: x - ((x - look.x) * scale) / look.scale, y: y - ((y - look.y) * scale) / look.scale });
    this.acts.onLook(this.look);
  }

  /** Moves a box into sight. @param {number} index */
  reveal(index) {
    const node = this.graph?.nodes[index];
    if (!node) return;
    const { scale, x, y } = this.look;
    const inside = (/** @type {number} */ at, /** @type {number} */ from, /** @type {number} */ size, /** @type {number} */ room) => {
      const [start, end] = [at + from * scale, at + (from + size) * scale];
      if (start < 12) return at + 12 - start;
      return end > room - 12 ? Math.max(at - (end - room + 12), at + 12 - start) : at;
    };
    const next = { scale, x: inside(x, node.x, nodeSize.width, this.element.clientWidth), y: inside(y, node.y, nodeSize.height, this.element.clientHeight) };
    this.element.scrollTo(0, 0);
    if (next.x === x && next.y === y) return;
    this.setLook(next);
    this.acts.onLook(this.look);
  }

  /** @param {PointerEvent} event */
  drag(event) {
    if (event.button !== 0 || (event.target instanceof Element && event.target.closest('button'))) return;
    const from = { x: event.clientX, y: event.clientY, look: this.look };
    const move = (/** @type {PointerEvent} */ to) => this.setLook({ ...from.look, x: from.look.x + to.clientX - from.x, y: from.look.y + to.clientY - from.y });
    const stop = () => {
      this.element.removeEventListener('pointermove', move);
      for (const end of ['pointerup', 'pointercancel']) this.element.removeEventListener(end, stop);
      this.acts.onLook(this.look);
    };
    this.element.setPointerCapture(event.pointerId);
    this.element.addEventListener('pointermove', move);
    for (const end of ['pointerup', 'pointercancel']) this.element.addEventListener(end, stop);
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    const area = this.element.getBoundingClientRect();
    if (event.ctrlKey) this.zoom(Math.exp(-Math.max(Math.min(event.deltaY, 100), -100) * 0.005), event.clientX - area.left, event.clientY - area.top);
    else {
      const [x, y] = event.shiftKey ? [event.deltaY || event.deltaX, 0] : [event.deltaX, event.deltaY];
      this.setLook({ ...this.look, x: this.look.x - x, y: this.look.y - y });
      this.acts.onLook(this.look);
    }
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.graph) return;
    const at = this.buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const acts = /** @type {Record<string, () => void>} */ ({
      '+': () => this.zoom(1.25),
      '=': () => this.zoom(1.25),
      '-': () => this.zoom(0.8),
      '0': () => {
        this.fit();
        this.acts.onLook(this.look);
      },
      ArrowRight: () => this.go(at, 1, 0),
      ArrowLeft: () => this.go(at, -1, 0),
      ArrowDown: () => this.go(at, 0, 1),
      ArrowUp: () => this.go(at, 0, -1),
      Home: () => this.focus(0),
      End: () => this.focus(this.buttons.length - 1),
    });
    const act = acts[event.key];
    if (!act) return;
    act();
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {number} index */
  focus(index) {
    this.buttons[index]?.focus({ preventScroll: true });
  }

  /** What closes or opens a group, which is another button each time. @param {string} group */
  focusFold(group) {
    for (const button of this.boxes.querySelectorAll('button.graph-fold'))
      if (button instanceof HTMLElement && button.dataset.group === group) button.focus({ preventScroll: true });
  }

  /**
   * To the nearest box that way; those that an edge leads to come first.
   * @param {number} at
   * @param {number} dx
   * @param {number} dy
   */
  go(at, dx, dy) {
    const { nodes, edges } = /** @type {Graph} */ (this.graph);
    if (at < 0) {
      this.focus(Math.max(this.selected, 0));
      return;
    }
    const linked = new Set(edges.flatMap(({ from, to }) => (dx > 0 && from === at ? [to] : dx < 0 && to === at ? [from] : [])));
    let best = -1;
    let least = Infinity;
    nodes.forEach((node, i) => {
      const [along, across] = dx !== 0 ? [(node.x - nodes[at].x) * dx, Math.abs(node.y - nodes[at].y)] : [(node.y - nodes[at].y) * dy, Math.abs(node.x - nodes[at].x)];
      if (i === at || (along <= 0 && !linked.has(i))) return;
      const far = Math.abs(along) + 2 * across + (linked.has(i) ? 0 : 1e6);
      if (far < least) {
        least = far;
        best = i;
      }
    });
    if (best >= 0) this.focus(best);
  }
}

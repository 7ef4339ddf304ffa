// What models of a page have in common. What they compute is kept between states by what of the state it depends on, so that a new
// search or selection costs nothing of the trees. No DOM.

import { selfByFunction } from './functions.js';
import { metricsOf } from './metrics.js';
import { Model } from './model.js';
import { functionNames, nameFiles } from './names.js';
import { Spares } from './spares.js';

/** @typedef {import('../types/page.js').Page} Page */
/** @typedef {import('../types/page.js').First} First */
/** @typedef {import('../types/page.js').Late} Late */
/** @typedef {import('../types/model.js').State} State */

/** What is as long as the tree or the timeline. */
const largeKinds = new Set(['tree', 'amounts', 'self', 'wholeTotals', 'merged', 'sandwich', 'functionStates']);

/** What does not change with the state, and what was computed last. */
export class Workshop {
  /**
   * @param {Page} page
   * @param {First | null} [first] what is known while the page's trees are still being read
   */
  constructor(page, first = null) {
    this.page = page;
    this.first = first;
    this.names = nameFiles(page);
    this.metrics = metricsOf(page.head);
    /** @type {Late | null} */
    this.late = null;
    /** @type {Map<string, {key: string, value: unknown}[]>} */
    this.kept = new Map();
    this.large = page.head.trees.some((tree) => tree.nodes > 100_000);
    this.spares = new Spares();
  }

  /** The page has its trees now. */
  complete() {
    const groups = this.groupsByWeight();
    this.first = null;
    this.kept.clear();
    this.keep('groups', 1, '', () => groups);
  }

  /**
   * Whether what is known so far is enough for a state: the first metric of all threads and all time, as a flame graph.
   * @param {State} state
   * @returns {boolean}
   */
  canShow(state) {
    if (this.first === null) return true;
    const { view, metric, threads, range, transforms, search, colour, zoom } = state;
    return (
      ['', 'summary', 'flame'].includes(view) &&
      ['', this.metrics[0].key].includes(metric) &&
      threads === null &&
      range === null &&
      transforms.length === 0 &&
      search === '' &&
      colour === 'module' &&
      (zoom === 0 || this.first.node.includes(zoom))
    );
  }

  /**
   * The value for a key, computed unless it is among the last few of its kind.
   * @template T
   * @param {string} kind
   * @param {number} most how many of the kind are kept
   * @param {string} key
   * @param {() => T} compute
   * @returns {T}
   */
  keep(kind, most, key, compute) {
    const list = this.kept.get(kind) ?? [];
    this.kept.set(kind, list);
    // Of large pages only the newest of what is large is kept: all of it together would be more than the page.
    if (this.large && largeKinds.has(kind)) most = 1;
    const at = list.findIndex((entry) => entry.key === key);
    const entry = at >= 0 ? list.splice(at, 1)[0] : null;
    if (entry === null && list.length >= most) list.length = most - 1;
    const value = entry === null ? compute() : /** @type {T} */ (entry.value);
    list.unshift({ key, value });
    return value;
  }

  /**
   * @param {string[]} kinds
   * @param {string} key
   * @returns {boolean} what `keep` would give is there
   */
  has(kinds, key) {
    return kinds.every((kind) => this.kept.get(kind)?.some((entry) => entry.key === key));
  }

  /**
   * @param {State} state
   * @returns {Model}
   */
  model(state) {
    if (this.large) {
      if (!state.transforms.some((t) => t.kind === 'invert')) this.kept.delete('inverted');
      if (state.range === null) this.kept.delete('rangeSums');
      if (state.transforms.length === 0) for (const kind of ['tree', 'merged']) this.kept.delete(kind);
    }
    return new Model(this, state);
  }

  /**
   * A metric of another tree makes what is zoomed and selected meaningless: they are nodes of the tree.
   * @param {Partial<State>} values a change
   * @param {State} before
   * @returns {Partial<State>}
   */
  adjust(values, before) {
    if (values.metric === undefined) return values;
    const treeOf = (/** @type {string} */ key) =>
      (this.metrics.find((metric) => metric.key === key) ?? this.metrics[0])?.tree;
    if (treeOf(values.metric) === treeOf(before.metric)) return values;
    return { zoom: 0, selected: -1, trail: [], ...values };
  }

  /**
   * What functions are coloured by, heaviest first. Only the order of the hues depends on it: a part of the entries will do.
   * @returns {string[]}
   */
  groupsByWeight() {
    return this.keep('groups', 1, '', () => {
      const { functions } = this.page;
      /** @type {Map<string, number>} */
      const groups = new Map();
      const self = this.first ? firstSelf(this.first, functions.count) : this.sampledSelf();
      for (let f = 0; f < functions.count; f++) {
        if (functions.origin[f] > 1) continue;
        const group = this.names.files[functions.file[f]]?.group ?? '';
        groups.set(group, (groups.get(group) ?? 0) + self[f]);
      }
      return [...groups]
        .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
        .map(([group]) => group);
    });
  }

  /** @returns {Float64Array} by function, of a part of the entries */
  sampledSelf() {
    const { functions, trees, head } = this.page;
    const metric = this.metrics[0];
    const tree = trees.find((t) => t.name === metric?.tree);
    if (!tree) return new Float64Array(functions.count);
    const step = Math.max(Math.floor(tree.entries.count / 50_000), 1);
    const source = { entries: tree.entries, range: null };
    const threads = new Uint8Array(Math.max(head.threads.length, 1)).fill(1);
    const upright = { ...tree, end: tree.parent, map: null, origin: null, derived: null };
    return selfByFunction(source, metric, threads, upright, functions.count, step);
  }

  /** @param {number} fn @param {number} [side] */
  functionNames(fn, side = 1) {
    return functionNames(this.page, this.names, fn, side);
  }
}

/**
 * @param {First} first
 * @param {number} functionCount
 * @returns {Float64Array} by function
 */
function firstSelf({ fn, self }, functionCount) {
  const by = new Float64Array(functionCount);
  for (let i = 1; i < fn.length; i++) by[fn[i]] += self[i];
  return by;
}

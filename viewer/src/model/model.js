// What is shown for a state: made from the page, each part when it is first asked for and kept by the workshop. No DOM.

import { amountsHere, rootAmounts, selfSums, threadSet, totals } from './aggregate.js';
import { functionAmounts, outermostNodes, selfByFunction } from './functions.js';
import { mergedShape } from './merged_shape.js';
import { ModelStates } from './model_states.js';
import { runsInRange } from './range.js';
import { RangeSums } from './range_sums.js';
import { matchedAmount, matchedFunctions, matchFunctions } from './search.js';
import { invertedShape, sandwichShapes, wholeShape } from './shape.js';
import { countedSums } from './states.js';
import { derive } from './transforms.js';
import { firstTree, pageNode, wholeTree } from './tree.js';

/** @typedef {import('../types/model.js').State} State */
/** @typedef {import('../types/model.js').Metric} Metric */
/** @typedef {import('../types/model.js').Tree} Tree */
/** @typedef {import('../types/page.js').PageTree} PageTree */
/** @typedef {import('../types/model.js').Amounts} Amounts */
/** @typedef {import('../types/model.js').Source} Source */
/** @typedef {import('../types/model.js').Found} Found */
/** @typedef {import('./shape.js').Shape} Shape */
/** @typedef {import('./shape.js').UprightShape} UprightShape */
/** @typedef {import('./workshop.js').Workshop} Workshop */

export class Model {
  /**
   * @param {Workshop} workshop
   * @param {State} state
   */
  constructor(workshop, state) {
    this.workshop = workshop;
    this.page = workshop.page;
    this.state = state;
    const { head } = this.page;
    /** @type {Metric} */
    this.metric = workshop.metrics.find((m) => m.key === state.metric) ?? workshop.metrics[0];
    this.side = head.diff ? Math.min(Math.max(state.side, 0), 1) : 0;
    this.treeIndex = Math.max(
      head.trees.findIndex((tree) => tree.name === this.metric?.tree),
      0,
    );
    this.inverted = state.transforms.some((t) => t.kind === 'invert');
    const structural = state.transforms.filter((t) => t.kind !== 'invert');
    this.structural = structural;
    this.treeKey = `${this.treeIndex} ${JSON.stringify(structural)}`;
    this.rangeKey = `${this.treeIndex} ${this.hasRange() ? state.range : ''}`;
    this.threadKey = `${this.side} ${state.threads ?? ''}`;
    /** What counts, of whatever tree. */
    this.sourceKey = `${this.rangeKey} ${this.metric?.key} ${this.threadKey}`;
    this.key = `${this.treeKey} ${this.sourceKey}`;
    this.states = new ModelStates(this);
    /** @param {number} count @returns {Float64Array} */
    this.zeros = (count) => workshop.spares.sums(count);
  }

  /** @param {number} fn */
  names(fn) {
    return this.workshop.functionNames(fn, this.side + Number(!this.page.head.diff));
  }

  /** Whether the range of the state counts: how often something was called is not known of a part of the time. */
  hasRange() {
    return this.metric?.column !== 'samples' && this.state.range !== null && this.workshop.late?.runs[this.pageTree.name] !== undefined;
  }

  /** @returns {PageTree} */
  get pageTree() {
    return this.page.trees[this.treeIndex];
  }

  /** The page's tree, before transforms. */
  get whole() {
    const { first } = this.workshop;
    return this.workshop.keep('whole', 2, `${this.treeIndex}`, () =>
      first ? firstTree(first) : wholeTree(this.pageTree),
    );
  }

  /** Whether the page's trees are still being read: there are tree, amounts and shape of what can be seen, and nothing else. */
  get isFirst() {
    return this.workshop.first !== null;
  }

  /** The tree that is shown. @returns {Tree} */
  get tree() {
    if (this.structural.length === 0) return this.whole;
    const { whole, page, workshop } = this;
    return workshop.keep('tree', 2, this.treeKey, () =>
      derive(whole, this.structural, page.functions, (pattern) => this.match(pattern), page.head.diff, workshop.spares.places(whole.count)),
    );
  }

  /** @param {string} pattern */
  match(pattern) {
    return this.workshop.keep('match', 8, pattern, () =>
      matchFunctions(this.page, this.workshop.names, pattern),
    );
  }

  /** @returns {Uint8Array} 1 by thread that counts */
  get threads() {
    return this.workshop.keep('threads', 2, this.threadKey, () =>
      threadSet(this.page.head, this.state.threads, this.side),
    );
  }

  /** All of the page, or of the range that is chosen. @returns {Source} */
  get source() {
    const { range } = this.state;
    const { entries } = this.pageTree;
    const runs = this.workshop.late?.runs[this.pageTree.name];
    if (range === null || !runs || !this.hasRange()) return { entries, range: null };
    const { tick_ns, unit_ns } = this.page.head;
    return { entries, range: this.workshop.keep('range', 1, this.rangeKey, () => runsInRange(runs, range, tick_ns / unit_ns)) };
  }

  /** By node of the tree that is shown. @returns {Amounts} */
  get amounts() {
    const { first } = this.workshop;
    if (first) return first;
    return this.workshop.keep('amounts', 2, this.key, () =>
      amountsHere(this.tree, this.self, () => this.wholeTotals, this.zeros),
    );
  }

  /** By node of the page's tree, before transforms. @returns {Float64Array} */
  get wholeTotals() {
    return this.workshop.keep('wholeTotals', 2, this.sourceKey, () => totals(this.whole, this.self, this.zeros));
  }

  /** By node of the page's tree: all that transforms have in common. @returns {Float64Array} */
  get self() {
    const { source, metric, threads, rangeSums } = this;
    return this.workshop.keep('self', 2, this.sourceKey, () => {
      const { range } = source;
      if (range === null || rangeSums === null) return selfSums(source.entries, metric, threads, this.zeros);
      rangeSums.move([range.from, range.to]);
      return rangeSums.self(this.zeros);
    });
  }

  /** What is kept of the last range, of whatever part of the time; null where there are no runs. */
  get rangeSums() {
    const runs = this.workshop.late?.runs[this.pageTree.name];
    if (!runs || this.metric.column === 'samples') return null;
    const { tick_ns, unit_ns } = this.page.head;
    return this.workshop.keep('rangeSums', 1, `${this.treeIndex} ${this.metric.key} ${this.threadKey}`, () =>
      new RangeSums(runs, this.metric, this.threads, this.pageTree.count, tick_ns / unit_ns),
    );
  }

  /** What is shown: everything that the transforms left. */
  get shown() {
    return rootAmounts(this.amounts).total;
  }

  /** What shares are shares of: everything of this metric, of these threads and range, before transforms. */
  get basis() {
    if (this.structural.length === 0) return this.shown;
    return this.workshop.keep('basis', 4, this.sourceKey, () => {
      const { self } = this;
      let sum = 0;
      for (let n = 0; n < self.length; n++) sum += self[n];
      return sum;
    });
  }

  /** Everything of this metric, of all threads and all time, before transforms: what the whole run has. */
  get all() {
    if (this.isFirst || this.isOfAll) return this.basis;
    const { workshop, treeIndex, metric, side, page } = this;
    return workshop.keep('all', 4, `${treeIndex} ${metric.key} ${side}`, () =>
      countedSums(this.states.byThread, metric.states, threadSet(page.head, null, side), page.head.states.length).all,
    );
  }

  /** Whether no thread and no time was chosen. */
  get isOfAll() {
    return this.state.threads === null && !this.hasRange();
  }

  /** Whether it is what the C program's sentences are of: the run's time, all of it. */
  get isWholeRun() {
    return this.isOfAll && this.structural.length === 0 && this.metric === this.workshop.metrics[0];
  }

  /** Everything, of all threads and all time: what the effective number of samples is of. */
  get everything() {
    if (this.isFirst) return this.shown;
    return this.workshop.keep('everything', 4, `${this.treeIndex} ${this.metric.column} ${this.side}`, () => {
      const { head } = this.page;
      return countedSums(this.states.byThread, this.workshop.metrics[0].states, threadSet(head, null, this.side), head.states.length).all;
    });
  }

  /**
   * @param {number} amount
   * @returns {number} share of the basis
   */
  share(amount) {
    return this.basis > 0 ? amount / this.basis : 0;
  }

  /**
   * As in reports: sqrt(sum w^2 (x - p)^2) / sum w over the samples, w what one stands for and x 1 if it is of the row. Of a part of
   * the time, of some threads or after transforms, as if the samples of each function were as uneven as all of them are.
   * @param {number} amount of a function, or of a part of what it has
   * @param {number} [fn] -1 = of none: as uneven as all samples
   * @param {'self' | 'total'} [which]
   * @returns {number | null} standard error of its share; null where it is counted and not estimated, or not known
   */
  error(amount, fn = -1, which = 'total') {
    // How uneven a function's samples are is read with the trees.
    if (this.isFirst && fn >= 0) return null;
    const side = this.page.head.sides[this.side];
    const { column } = this.metric;
    const effective = (column === 'time' ? side?.effective_samples_wall : null) ?? side?.effective_samples ?? null;
    if (effective === null || this.metric.tree !== 'samples' || !(this.basis > 0)) return null;
    const share = Math.min(Math.max(this.share(amount), 0), 1);
    const part = this.everything > 0 ? Math.min(this.basis / this.everything, 1) : 1;
    const spread = this.page.spreads?.[this.side]?.[column === 'time' ? 'time' : 'run'][which][fn] ?? 1;
    const own = Math.min(share * spread, 1);
    const square = own * (1 - share) ** 2 + (1 - own) * share ** 2;
    return Math.sqrt(square / Math.max(effective * part, 1));
  }

  /** Whether amounts are time, of which states tell what it was spent on. */
  get timed() {
    return this.metric.tree === 'samples' && !this.page.head.amounts;
  }

  /** Whether shares have errors at all. */
  get estimated() {
    return this.error(0) !== null;
  }

  /** By function, recursion counted once. @returns {Amounts} */
  get functions() {
    return this.workshop.keep('functions', 2, this.key, () =>
      functionAmounts(this.tree, this.amounts, this.page.functions.count),
    );
  }

  /** Samples, or calls that entered, by function itself; null in a range of time. @returns {Float64Array | null} */
  get functionSamples() {
    if (this.source.range !== null) return null;
    return this.workshop.keep('functionSamples', 1, this.key, () => {
      const metric = { ...this.metric, column: /** @type {const} */ ('samples') };
      return selfByFunction(
        this.source,
        metric,
        this.threads,
        this.tree,
        this.page.functions.count,
      );
    });
  }

  /**
   * @param {number} fn
   * @returns {Int32Array} its outermost nodes
   */
  instances(fn) {
    return this.workshop.keep('instances', 2, `${this.treeKey} ${fn}`, () =>
      outermostNodes(this.tree, fn),
    );
  }

  /** The tree that is shown, with its root on top. @returns {UprightShape} */
  get upright() {
    const { tree, workshop } = this;
    if (tree.derived === null) return wholeShape(tree, this.amounts, workshop.first?.rest);
    return workshop.keep('merged', 2, this.key, () => mergedShape(tree, this.amounts, this.page.functions.count));
  }

  /** What the flame graph draws. @returns {Shape} */
  get shape() {
    const { functions } = this.page;
    if (!this.inverted) return this.upright;
    return this.workshop.keep('inverted', 1, this.key, () =>
      invertedShape(this.tree, this.amounts, functions.count, this.workshop.spares.places(this.tree.count)),
    );
  }

  /**
   * Callers and callees of a function.
   * @param {number} fn
   */
  sandwich(fn) {
    return this.workshop.keep('sandwich', 2, `${this.key} ${fn}`, () =>
      sandwichShapes(this.tree, this.amounts, this.page.functions.count, fn, this.instances(fn)),
    );
  }

  /**
   * What the next click will probably ask for, in steps, each as long as a click may wait.
   * @returns {Generator<void, void>}
   */
  *preparation() {
    yield void this.functions;
    // Where transforms have trees of their own, there is no room for more.
    if (this.workshop.large) yield* this.workshop.spares.prepare(this.state.transforms.length > 0 ? 0 : this.whole.count);
    yield* this.states.preparation();
    // Nothing matches it; the loops are compiled then, which takes longer than they do.
    const none = this.match('(?!)');
    yield;
    yield void this.workshop.keep('loops', 1, '', () => matchedAmount(this.tree, this.amounts, none));
  }

  /** What the search of the state finds; null without one. @returns {Found | null} */
  get found() {
    const { search } = this.state;
    if (search === '') return null;
    return this.workshop.keep('found', 2, `${this.key} ${search}`, () => {
      const fns = this.match(search);
      return {
        error: null,
        fns,
        matched: matchedAmount(this.tree, this.amounts, fns),
        functions: matchedFunctions(this.functions, fns),
      };
    });
  }

  /**
   * @param {number} node of the page's tree
   * @returns {number} node of `upright` that shows it, the root if it is left out
   */
  nodeHere(node) {
    const { map, count } = this.tree;
    const place = map === null ? node : map[node] ?? 0;
    return place > 0 && place < count ? this.upright.find(place) : 0;
  }

  /**
   * @param {number} node of `upright`
   * @returns {number} a node of the page's tree that it shows
   */
  pageNode(node) {
    return pageNode(this.tree, this.upright.places(node)[0]);
  }

  /** Node of `upright` that fills the width. */
  get zoom() {
    return this.nodeHere(this.state.zoom);
  }

  /** Node of `upright` that is selected, -1 = none. */
  get selected() {
    if (this.state.selected < 0) return -1;
    const node = this.nodeHere(this.state.selected);
    return node === 0 && this.state.selected > 0 ? -1 : node;
  }
}

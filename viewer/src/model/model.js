// What is shown for a state: made from the page, each part when it is first asked for and kept by the workshop. No DOM.

import { amountsHere, eachRun, rootAmounts, selfSums, threadSet, totals } from './aggregate.js';
import { functionAmounts, functionsHere, outermostNodes, selfByFunction, statesOfSome } from './functions.js';
import { mergedShape } from './merged_shape.js';
import { runsInRange } from './range.js';
import { RangeSums } from './range_sums.js';
import { matchedAmount, matchedFunctions, matchFunctions } from './search.js';
import { invertedShape, sandwichShapes, wholeShape } from './shape.js';
import { countedSums, stateSteps, threadStateSteps } from './states.js';
import { stateAmounts, stateAmountsIn, StateSums } from './subtree_states.js';
import { derive } from './transforms.js';
import { firstTree, pageNode, wholeTree } from './tree.js';

/** @typedef {import('../types.js').State} State */
/** @typedef {import('../types.js').Metric} Metric */
/** @typedef {import('../types.js').Tree} Tree */
/** @typedef {import('../types.js').PageTree} PageTree */
/** @typedef {import('../types.js').Amounts} Amounts */
/** @typedef {import('../types.js').Source} Source */
/** @typedef {import('../types.js').Found} Found */
/** @typedef {import('./shape.js').Shape} Shape */
/** @typedef {import('./shape.js').UprightShape} UprightShape */
/** @typedef {import('./workshop.js').Workshop} Workshop */

/**
 * @template T
 * @param {Generator<void, T>} steps
 * @returns {T} what they give in the end
 */
function ended(steps) {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

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
  }

  /** @param {number} fn */
  names(fn) {
    return this.workshop.functionNames(fn);
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
    return this.workshop.keep('tree', 2, this.treeKey, () =>
      derive(this.whole, this.structural, this.page.functions, (pattern) => this.match(pattern), this.page.head.diff),
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
      amountsHere(this.tree, this.self, () => this.wholeTotals),
    );
  }

  /** By node of the page's tree, before transforms. @returns {Float64Array} */
  get wholeTotals() {
    return this.workshop.keep('wholeTotals', 2, this.sourceKey, () => totals(this.whole, this.self));
  }

  /** By node of the page's tree: all that transforms have in common. @returns {Float64Array} */
  get self() {
    const { source, metric, threads, rangeSums } = this;
    return this.workshop.keep('self', 2, this.sourceKey, () => {
      const { range } = source;
      if (range === null || rangeSums === null) return selfSums(source.entries, metric, threads);
      rangeSums.move([range.from, range.to]);
      return rangeSums.self();
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

  /** @returns {Float64Array} of everything of a column, by thread and state */
  get threadStates() {
    return this.workshop.keep('threadStates', 8, `${this.treeIndex} ${this.metric.column}`, () =>
      ended(this.threadStateSteps(this.metric.column)),
    );
  }

  /** @param {Metric['column']} column */
  threadStateSteps(column) {
    return threadStateSteps(this.pageTree.entries, column, Math.max(this.page.head.threads.length, 1));
  }

  /** @returns {import('./states.js').Owners} functions of the tree that is shown */
  owners() {
    const { tree } = this;
    const functions = this.page.functions.count;
    const fn = functionsHere(tree, functions);
    return { fn, root: tree.map === null ? functions : fn[0], functions, states: this.page.head.states.length };
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

  /** Everything, of all threads and all time: what the effective number of samples is of. */
  get everything() {
    if (this.isFirst) return this.shown;
    return this.workshop.keep('everything', 4, `${this.treeIndex} ${this.metric.column} ${this.side}`, () => {
      const { head } = this.page;
      return countedSums(this.threadStates, this.workshop.metrics[0].states, threadSet(head, null, this.side), head.states.length).all;
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

  /** Of the tree that is shown. @returns {import('./states.js').StateTally} */
  get stateTally() {
    return this.workshop.keep('functionStates', 1, this.key, () => ended(this.stateSteps()));
  }

  stateSteps() {
    return stateSteps(this.source, this.metric, this.threads, this.owners());
  }

  /** Self amounts by function and state: rows of head.states.length. @returns {Float64Array} */
  get functionStates() {
    return this.stateTally.byFunction;
  }

  /** Whether sums by state of all functions are there. */
  get hasFunctionStates() {
    return this.workshop.has(['functionStates'], this.key);
  }

  /** @returns {Map<number, Float64Array>} rows of functionStates, of those that were asked for */
  get someStates() {
    return this.workshop.keep('someStates', 1, this.key, () => new Map());
  }

  /**
   * Sums by state of a few functions, which are in sight, are there earlier than those of all.
   * @param {readonly number[]} fns
   */
  prepareStates(fns) {
    const { source, metric, threads, tree, page, someStates } = this;
    const missing = fns.filter((fn) => !someStates.has(fn));
    if (missing.length === 0 || this.hasFunctionStates) return;
    const states = page.head.states.length;
    const rows = statesOfSome(source, metric, threads, tree, missing, page.functions.count, states);
    missing.forEach((fn, row) => someStates.set(fn, rows.subarray(row * states, (row + 1) * states)));
  }

  /**
   * @param {number} fn
   * @returns {Float64Array} its own amounts by state
   */
  ownStates(fn) {
    const states = this.page.head.states.length;
    const known = this.hasFunctionStates ? undefined : this.someStates.get(fn);
    return known ?? this.functionStates.subarray(fn * states, (fn + 1) * states);
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
   * Amounts by state of a node and all below it.
   * @param {number} node of `upright`
   * @returns {Float64Array}
   */
  nodeStates(node) {
    const { head } = this.page;
    if (this.isFirst && node === 0)
      return Float64Array.from(head.states, ({ key }, s) =>
        this.metric.states[s] === 0 ? 0 : head.threads.reduce((sum, { run_states }) => sum + (run_states?.[key] ?? 0), 0),
      );
    return this.workshop.keep('nodeStates', 4, `${this.key} ${node}`, () =>
      node === 0 ? this.allStates() : this.statesBelow(this.upright.places(node)),
    );
  }

  /** Of everything, by state. */
  allStates() {
    // Only these two leave anything out.
    if (!this.structural.some(({ kind }) => kind === 'focus' || kind === 'ignore')) return this.wholeStates();
    const { byFunction, ofRoot } = this.stateTally;
    const by = ofRoot.slice();
    for (let at = 0; at < byFunction.length; at += by.length) for (let s = 0; s < by.length; s++) by[s] += byFunction[at + s];
    return by;
  }

  /** Of everything before transforms, by state. */
  wholeStates() {
    const { source, metric, threads, page } = this;
    const states = page.head.states.length;
    if (source.range === null) return countedSums(this.threadStates, metric.states, threads, states).states;
    const by = new Float64Array(256);
    eachRun(source.range, metric, threads, (_, state, amount) => void (by[state] += amount));
    return by.slice(0, states);
  }

  /**
   * Amounts by state of all instances of a function, with what they call.
   * @param {number} fn
   * @returns {Float64Array}
   */
  totalStates(fn) {
    return this.workshop.keep('totalStates', 4, `${this.key} ${fn}`, () => this.statesBelow(this.instances(fn)));
  }

  /** @param {Int32Array} nodes of the tree, none below another */
  statesBelow(nodes) {
    const { source, metric, threads, tree } = this;
    if (source.range !== null) return stateAmounts(source, metric, threads, tree, nodes, this.page.head.states.length);
    return stateAmountsIn(this.stateSums, tree, nodes);
  }

  /** Of all time. */
  get stateSums() {
    return this.workshop.keep('stateSums', 1, this.sourceKey, () => ended(this.stateSumsSteps()));
  }

  stateSumsSteps() {
    const { source, metric, threads, page } = this;
    return new StateSums(source.entries, metric, threads, page.head.states.length).fill();
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
      invertedShape(this.tree, this.amounts, functions.count),
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
    // Of other metrics, too: they need theirs at once.
    for (const { tree, column } of [this.metric, ...this.workshop.metrics]) {
      const key = `${this.treeIndex} ${column}`;
      if (tree !== this.metric.tree || this.workshop.has(['threadStates'], key)) continue;
      const sums = yield* this.threadStateSteps(column);
      this.workshop.keep('threadStates', 8, key, () => sums);
    }
    if (this.timed && this.source.range === null && !this.workshop.has(['stateSums'], this.sourceKey)) {
      const sums = yield* this.stateSumsSteps();
      this.workshop.keep('stateSums', 1, this.sourceKey, () => sums);
    }
    if (this.metric.tree === 'samples' && !this.hasFunctionStates) {
      const states = yield* this.stateSteps();
      this.workshop.keep('functionStates', 1, this.key, () => states);
    }
    if (this.metric.tree === 'samples') yield void this.nodeStates(0);
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

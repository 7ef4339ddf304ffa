// What the time of a model was spent on: amounts by state of everything, of functions, of nodes with all below them. What one click asks
// for is made for that alone; what serves all clicks (`byThread`, `below`, `tally`) is made once, ahead if there is time. No DOM.

import { eachRun } from './aggregate.js';
import { functionsHere, statesOfSome } from './functions.js';
import { countedSums, stateSteps, threadStateSteps } from './states.js';
import { stateAmounts, stateAmountsIn, StateSums } from './subtree_states.js';

/** @typedef {import('../types/model.js').Metric} Metric */
/** @typedef {import('./model.js').Model} Model */

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

export class ModelStates {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    this.count = model.page.head.states.length;
  }

  /** @returns {Float64Array} of everything of a column, by thread and state */
  get byThread() {
    const { workshop, treeIndex, metric } = this.model;
    return workshop.keep('threadStates', 8, `${treeIndex} ${metric.column}`, () => ended(this.byThreadSteps(metric.column)));
  }

  /** @param {Metric['column']} column */
  byThreadSteps(column) {
    const { pageTree, page } = this.model;
    return threadStateSteps(pageTree.entries, column, Math.max(page.head.threads.length, 1));
  }

  /** Of the tree that is shown. @returns {import('./states.js').StateTally} */
  get tally() {
    const { workshop, key } = this.model;
    return workshop.keep('functionStates', 1, key, () => ended(this.tallySteps()));
  }

  tallySteps() {
    const { source, metric, threads, tree, page } = this.model;
    const functions = page.functions.count;
    const fn = functionsHere(tree, functions);
    const root = tree.map === null ? functions : fn[0];
    return stateSteps(source, metric, threads, { fn, root, functions, states: this.count });
  }

  /** Self amounts of all functions by state: a row each, as long as head.states. @returns {Float64Array} */
  get rows() {
    return this.tally.byFunction;
  }

  /** Whether `rows` are there. */
  get hasRows() {
    const { workshop, key } = this.model;
    return workshop.has(['functionStates'], key);
  }

  /** @returns {Map<number, Float64Array>} those of `rows` that were asked for before all were there */
  get someRows() {
    const { workshop, key } = this.model;
    return workshop.keep('someStates', 1, key, () => new Map());
  }

  /**
   * Rows of a few functions, which are in sight, are there earlier than those of all.
   * @param {readonly number[]} fns
   */
  prepare(fns) {
    const { someRows, count } = this;
    const { source, metric, threads, tree, page } = this.model;
    const missing = fns.filter((fn) => !someRows.has(fn));
    if (missing.length === 0 || this.hasRows) return;
    const rows = statesOfSome(source, metric, threads, tree, missing, page.functions.count, count);
    missing.forEach((fn, row) => someRows.set(fn, rows.subarray(row * count, (row + 1) * count)));
  }

  /**
   * @param {number} fn
   * @returns {Float64Array} its self amounts by state
   */
  ofSelf(fn) {
    const { count } = this;
    const known = this.hasRows ? undefined : this.someRows.get(fn);
    return known ?? this.rows.subarray(fn * count, (fn + 1) * count);
  }

  /**
   * Amounts by state of all instances of a function, with what they call.
   * @param {number} fn
   * @returns {Float64Array}
   */
  ofTotal(fn) {
    const { model } = this;
    return model.workshop.keep('totalStates', 4, `${model.key} ${fn}`, () => this.ofNodes(model.instances(fn)));
  }

  /**
   * Amounts by state of a node and all below it.
   * @param {number} node of `upright`
   * @returns {Float64Array}
   */
  ofNode(node) {
    const { model } = this;
    const { workshop, page, metric, key } = model;
    if (model.isFirst && node === 0)
      return Float64Array.from(page.head.states, (state, s) =>
        metric.states[s] === 0 ? 0 : page.head.threads.reduce((sum, { run_states }) => sum + (run_states?.[state.key] ?? 0), 0),
      );
    return workshop.keep('nodeStates', 4, `${key} ${node}`, () =>
      node === 0 ? this.ofShown() : this.ofNodes(model.upright.places(node)),
    );
  }

  /** Of everything that the transforms left. */
  ofShown() {
    // Only these two leave anything out.
    if (!this.model.structural.some(({ kind }) => kind === 'focus' || kind === 'ignore')) return this.ofWhole();
    const { byFunction, ofRoot } = this.tally;
    const by = ofRoot.slice();
    for (let at = 0; at < byFunction.length; at += by.length) for (let s = 0; s < by.length; s++) by[s] += byFunction[at + s];
    return by;
  }

  /** Of everything before transforms. */
  ofWhole() {
    const { source, metric, threads } = this.model;
    if (source.range === null) return countedSums(this.byThread, metric.states, threads, this.count).states;
    const by = new Float64Array(256);
    eachRun(source.range, metric, threads, (_, state, amount) => void (by[state] += amount));
    return by.slice(0, this.count);
  }

  /** @param {Int32Array} nodes of the tree, none below another */
  ofNodes(nodes) {
    const { source, metric, threads, tree } = this.model;
    if (source.range !== null) return stateAmounts(source, metric, threads, tree, nodes, this.count);
    return stateAmountsIn(this.below, tree, nodes);
  }

  /** Of all time. @returns {StateSums} */
  get below() {
    const { workshop, sourceKey } = this.model;
    return workshop.keep('stateSums', 1, sourceKey, () => ended(this.belowSteps()));
  }

  belowSteps() {
    const { source, metric, threads } = this.model;
    return new StateSums(source.entries, metric, threads, this.count).fill();
  }

  /**
   * What the next click will probably ask for, in steps.
   * @returns {Generator<void, void>}
   */
  *preparation() {
    const { model } = this;
    const { workshop, treeIndex, metric, sourceKey, key } = model;
    // Of other metrics, too: they need theirs at once.
    for (const { tree, column } of [metric, ...workshop.metrics]) {
      const columnKey = `${treeIndex} ${column}`;
      if (tree !== metric.tree || workshop.has(['threadStates'], columnKey)) continue;
      const sums = yield* this.byThreadSteps(column);
      workshop.keep('threadStates', 8, columnKey, () => sums);
    }
    if (model.timed && model.source.range === null && !workshop.has(['stateSums'], sourceKey)) {
      const sums = yield* this.belowSteps();
      workshop.keep('stateSums', 1, sourceKey, () => sums);
    }
    if (metric.tree !== 'samples') return;
    if (!this.hasRows) {
      const tally = yield* this.tallySteps();
      workshop.keep('functionStates', 1, key, () => tally);
    }
    yield void this.ofNode(0);
  }
}

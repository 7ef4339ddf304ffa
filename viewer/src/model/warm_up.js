// The first click of a kind on a large page: loops that have never run are interpreted at first, which takes several times as long as they do
// when they were compiled. So they run over the beginning of the tree while nothing else is to be done. No DOM.

import { initialState } from '../state/state.js';
import { layOut } from './layout.js';
import { Workshop } from './workshop.js';

/** @typedef {import('../types/page.js').Page} Page */
/** @typedef {import('../types/page.js').PageTree} PageTree */
/** @typedef {import('../types/page.js').Runs} Runs */
/** @typedef {import('../types/model.js').State} State */

/** Nodes: a few ms a step. */
const most = 20_000;
const times = 3;

/** @param {PageTree} tree @returns {PageTree} its beginning, which is a tree, too */
function beginning(tree) {
  const count = Math.min(tree.count, most);
  const { start, thread, state, time, run, samples } = tree.entries;
  const entries = start[count];
  return {
    name: tree.name,
    count,
    parent: tree.parent.subarray(0, count),
    fn: tree.fn.subarray(0, count),
    entries: {
      count: entries,
      start: start.subarray(0, count + 1),
      thread: thread.subarray(0, entries),
      state: state.subarray(0, entries),
      time: time.subarray(0, entries),
      run: run && run.subarray(0, entries),
      samples: samples.subarray(0, entries),
    },
  };
}

/**
 * @param {Runs} runs
 * @param {number} nodes that there are
 * @returns {Runs} the same number of runs of one thread, in nodes that there are
 */
function someRuns(runs, nodes) {
  const count = Math.min(runs.first[1], most);
  const threads = runs.first.length - 1;
  return {
    tree: runs.tree,
    count,
    first: new Uint32Array(threads + 1).fill(count, 1),
    start: runs.start.subarray(0, count),
    time: runs.time.subarray(0, count),
    node: runs.node.slice(0, count).map((node) => node % nodes),
    state: runs.state.subarray(0, count),
    share: runs.share.subarray(0, count),
    waits: runs.waits && { ...runs.waits, running: runs.waits.running.subarray(0, count) },
  };
}

/**
 * @param {number} fn
 * @param {[number, number] | null} range
 * @returns {Partial<State>[]} what clicks lead to
 */
function likelyStates(fn, range) {
  /** @type {import('../types/model.js').Transform[]} */
  const transforms = [
    { kind: 'focus', fn },
    { kind: 'ignore', fn },
    { kind: 'merge', fn },
    { kind: 'merge-recursion' },
    { kind: 'collapse-library' },
    { kind: 'own-code' },
    { kind: 'invert' },
  ];
  const ranges = range ? [{ range }, { range, transforms: [transforms[5]] }] : [];
  return [{ metric: 'wall' }, { metric: 'run', threads: [0] }, ...transforms.map((one) => ({ transforms: [one] })), ...ranges];
}

/**
 * What views ask of a model.
 * @param {Workshop} workshop
 * @param {State} state
 */
function ask(workshop, state) {
  const model = workshop.model(state);
  const { fn } = state;
  layOut(model.shape, 0, 1000, 0.75);
  const { callers, callees } = model.sandwich(fn);
  layOut(callers, 0, 1000, 0.75);
  layOut(callees, 0, 1000, 0.75);
  void [model.functions, model.found, model.zoom, model.error(0)];
  if (model.timed) {
    model.states.prepare([fn]);
    void [model.states.ofNode(0), model.states.ofTotal(fn), model.states.rows];
  }
}

/**
 * @param {Workshop} workshop of a large page
 * @returns {Generator<void, void>}
 */
export function* warmUp({ page, late, metrics }) {
  const trees = page.trees.map(beginning);
  const [tree] = trees;
  const few = new Workshop({ ...page, trees });
  const runs = late?.runs[tree.name];
  if (runs) few.late = { ...late, runs: { [tree.name]: someRuns(runs, tree.count) } };
  const fn = tree.fn[tree.count >> 1];
  const last = runs && runs.first[1] > 0 ? runs.start[Math.min(runs.first[1], most) - 1] : 0;
  const states = likelyStates(fn, last > 4 ? [last >> 2, last >> 1] : null);
  for (let i = 0; i < times; i++)
    for (const state of states) {
      if (state.metric !== undefined && !metrics.some(({ key }) => key === state.metric)) continue;
      // Sums of the one before are not to be found.
      few.kept.clear();
      yield ask(few, { ...initialState, fn, search: 'a', zoom: tree.count >> 1, ...state });
    }
}

// The tree of what threads ran, in plain words, and its sections of the page: as the C program would write them.

import { encodeSection } from './encode.js';

/**
 * @typedef {object} PlainRun
 * @property {number} [gap] ticks since the run before
 * @property {number} ticks
 * @property {string[]} stack from the outside; "name" or "name:line"
 * @property {string} [state] "cpu" unless said
 * @property {number} [share] 0..255
 * @property {number} [samples]
 */

/** @typedef {{name?: string, main?: boolean, process?: number, runs: PlainRun[]}} PlainThread */

export const states = [
  { key: 'unknown', words: 'unknown', kind: 'unknown' },
  { key: 'cpu', words: 'running', kind: 'run' },
  { key: 'runnable', words: 'waiting for a CPU', kind: 'wait' },
  { key: 'gil', words: 'waiting for the GIL', kind: 'wait' },
  { key: 'lock', words: 'waiting for a lock', kind: 'wait' },
  { key: 'disk', words: 'waiting for disk', kind: 'wait' },
  { key: 'network', words: 'waiting for network', kind: 'wait' },
  { key: 'pipe', words: 'waiting for a pipe', kind: 'wait' },
  { key: 'child', words: 'waiting for a child', kind: 'wait' },
  { key: 'sleep', words: 'sleeping', kind: 'wait' },
  { key: 'idle', words: 'idle', kind: 'idle' },
  { key: 'collector', words: 'collecting garbage', kind: 'run' },
  { key: 'gpu', words: 'using a GPU', kind: 'run' },
  { key: 'copy', words: 'copying to or from a GPU', kind: 'wait' },
];

/** Gives each new text the next number. */
export class Numbering {
  constructor() {
    /** @type {Map<string, number>} */
    this.numbers = new Map();
  }
  /** @param {string} key */
  of(key) {
    let number = this.numbers.get(key);
    if (number === undefined) this.numbers.set(key, (number = this.numbers.size));
    return number;
  }
  /** @returns {string[]} */
  get keys() {
    return [...this.numbers.keys()];
  }
}

/** @param {string} frame */
export function splitFrame(frame) {
  const colon = frame.lastIndexOf(':');
  return colon > 0 && /^\d+$/.test(frame.slice(colon + 1))
    ? { name: frame.slice(0, colon), line: Number(frame.slice(colon + 1)) }
    : { name: frame, line: 0 };
}

/**
 * A tree of calls, numbered in preorder once it is complete.
 * @param {PlainThread[]} threads
 * @param {Numbering} functions
 */
export function growTree(threads, functions) {
  /** @typedef {{fn: number, parent: Node | null, children: Map<number, Node>, id: number}} Node */
  /** @type {Node} */
  const root = { fn: 0, parent: null, children: new Map(), id: 0 };
  /** @param {string[]} stack */
  function enter(stack) {
    let node = root;
    for (const frame of stack) {
      const fn = functions.of(splitFrame(frame).name);
      let child = node.children.get(fn);
      if (!child) node.children.set(fn, (child = { fn, parent: node, children: new Map(), id: 0 }));
      node = child;
    }
    return node;
  }
  const runs = threads.map((thread) => thread.runs.map((run) => ({ ...run, node: enter(run.stack) })));
  /** @type {Node[]} */
  const nodes = [];
  /** @param {Node} node */
  const number = (node) => {
    node.id = nodes.length;
    nodes.push(node);
    for (const child of node.children.values()) number(child);
  };
  number(root);
  return { nodes, runs, enter };
}

/** @typedef {ReturnType<typeof growTree>} Grown */

/**
 * @param {Grown} tree
 * @param {boolean} ofCalls
 */
function entriesOf({ runs }, ofCalls) {
  /** @type {Map<string, {node: number, thread: number, state: number, time: number, run: number, samples: number}>} */
  const sums = new Map();
  runs.forEach((list, thread) =>
    list.forEach((run) => {
      if (ofCalls && run.stack.length === 0) return;
      const state = ofCalls ? 255 : stateNumber(run.state);
      const key = `${run.node.id} ${thread} ${state}`;
      const sum = sums.get(key) ?? { node: run.node.id, thread, state, time: 0, run: 0, samples: 0 };
      sum.time += run.ticks;
      sum.run += Math.floor((run.ticks * (run.share ?? 255)) / 255 + 0.5);
      sum.samples += run.samples ?? 1;
      sums.set(key, sum);
    }),
  );
  return [...sums.values()].sort(
    (a, b) => a.node - b.node || a.thread - b.thread || a.state - b.state,
  );
}

/** @param {string | undefined} key */
function stateNumber(key) {
  const number = states.findIndex((state) => state.key === (key ?? 'cpu'));
  if (number < 0) throw new Error(`no state ${key}`);
  return number;
}

/**
 * Which one of those that its caller was seen to call a node is; of new ones 0, and the function.
 * @param {Grown} tree
 */
function calleesOf({ nodes }) {
  /** @type {Map<number, number[]>} */
  const called = new Map();
  /** @type {number[]} */
  const fresh = [];
  const places = nodes.slice(1).map(({ fn, parent }) => {
    const caller = parent && parent.parent ? parent.fn : -1;
    const list = called.get(caller) ?? [];
    called.set(caller, list);
    const place = list.indexOf(fn) + 1;
    if (place === 0) fresh.push(list[list.length] = fn);
    return place;
  });
  return { places, fresh };
}

/**
 * Numbers of the entries of runs, thread by thread, those of many samples first.
 * @param {ReturnType<typeof entriesOf>} entries
 * @param {Grown['runs']} threads
 * @param {boolean} ofCalls
 */
function entryNumbers(entries, threads, ofCalls) {
  return threads.flatMap((runs, thread) => {
    const size = (/** @type {number} */ samples) => Math.floor(Math.log2(samples));
    const own = entries
      .filter((entry) => entry.thread === thread && entry.state !== stateNumber('runnable'))
      .sort((a, b) => size(b.samples) - size(a.samples));
    return runs.map((run) => {
      const state = ofCalls ? 255 : stateNumber(run.state);
      return own.findIndex((entry) => entry.node === run.node.id && entry.state === state);
    });
  });
}

/**
 * Nothing on the stack is a gap.
 * @param {Grown['runs']} threads
 */
function withoutNothing(threads) {
  return threads.map((runs) => {
    let gap = 0;
    return runs.flatMap((run) => {
      gap += run.gap ?? 0;
      if (run.stack.length === 0) {
        gap += run.ticks;
        return [];
      }
      const kept = { ...run, gap };
      gap = 0;
      return [kept];
    });
  });
}

/**
 * What the first picture needs of the tree of samples.
 * @param {Grown} tree
 * @param {number} least units that a node must have to be seen
 */
export function firstSection(tree, least) {
  const self = tree.nodes.map(() => 0);
  for (const entry of entriesOf(tree, false))
    if (states[entry.state].kind !== 'idle') self[entry.node] += entry.run;
  const total = [...self];
  for (const { id, parent } of [...tree.nodes].reverse()) if (parent) total[parent.id] += total[id];
  const seen = tree.nodes.filter(({ id }) => id === 0 || total[id] >= least);
  const place = new Map(seen.map(({ id }, i) => [id, i]));
  return encodeSection([
    { name: 'node', encoding: 'd', values: seen.map(({ id }) => id) },
    { name: 'parent', encoding: 'u', values: seen.map(({ parent }, i) => (parent ? i - (place.get(parent.id) ?? 0) : 0)) },
    { name: 'function', encoding: 'u', values: seen.map(({ fn }) => fn) },
    { name: 'self', encoding: 'u', values: seen.map(({ id }) => self[id]) },
    { name: 'total', encoding: 'u', values: seen.map(({ id }) => total[id]) },
    { name: 'rest', encoding: 'u',
      values: seen.map(({ children }) => [...children.values()].filter(({ id }) => total[id] > 0 && !place.has(id)).length) },
  ]);
}

/**
 * @param {string} name
 * @param {Grown} tree
 * @param {number} threads
 */
export function treeSections(name, tree, threads) {
  const ofCalls = name === 'calls';
  const entries = entriesOf(tree, ofCalls);
  const runRatio = Array.from({ length: threads }, () => states.map(() => 0.5));
  const samplesRatio = Array.from({ length: threads }, () => (ofCalls ? 0 : 0.001));
  const residual = (/** @type {number} */ value, /** @type {number} */ time, /** @type {number} */ ratio) =>
    value - Math.floor(time * ratio + 0.5);
  const lanes = withoutNothing(tree.runs);
  const all = lanes.flat();
  const callees = calleesOf(tree);
  const section = {
    [`tree:${name}`]: encodeSection([
      { name: 'parent', encoding: 'u', values: tree.nodes.map((n) => (n.parent ? n.id - n.parent.id : 0)) },
      { name: 'callee', encoding: 'u', values: callees.places },
      { name: 'function', encoding: 'u', values: callees.fresh },
    ]),
    [`entries:${name}`]: encodeSection([
      { name: 'node', encoding: 'd', values: entries.map((e) => e.node) },
      { name: 'thread', encoding: 'u', values: entries.map((e) => e.thread) },
      { name: 'state', encoding: 'b', values: entries.map((e) => e.state) },
      { name: 'time', encoding: 'u', values: entries.map((e) => e.time) },
      ...(ofCalls
        ? []
        : [{ name: 'run', encoding: /** @type {const} */ ('z'),
            values: entries.map((e) => residual(e.run, e.time, runRatio[e.thread][e.state])) }]),
      { name: 'samples', encoding: 'z',
        values: entries.map((e) => residual(e.samples, e.time, samplesRatio[e.thread])) },
    ]),
    [`runs:${name}`]: encodeSection([
      { name: 'count', encoding: 'u', values: lanes.map((list) => list.length) },
      { name: 'gap', encoding: 'u', values: all.map((run) => run.gap ?? 0) },
      { name: 'time', encoding: 'u', values: all.map((run) => run.ticks) },
      { name: 'entry', encoding: 'u', values: entryNumbers(entries, lanes, ofCalls) },
      { name: 'share', encoding: 'b', values: all.map((run) => run.share ?? 255) },
    ]),
  };
  return {
    section,
    info: { name, nodes: tree.nodes.length, entries: entries.length, merged: null,
      ...(ofCalls ? {} : { run_ratio: runRatio }), samples_ratio: samplesRatio },
  };
}

// The part of the page that only some views need: timeline, calls, sources. Read once, when first asked for. No DOM.

import { betweenSteps } from '../base/turns.js';
import { narrowest } from './columns.js';
import { readSectionColumns } from './page.js';

/** @typedef {import('../types/page.js').Page} Page */
/** @typedef {import('../types/page.js').Late} Late */
/** @typedef {import('../types/page.js').Entries} Entries */
/** @typedef {import('../types/page.js').Runs} Runs */
/** @typedef {import('../types/page.js').CallRows} CallRows */
/** @typedef {import('../types/page.js').CallSums} CallSums */
/** @typedef {import('../types/page.js').CallBuckets} CallBuckets */
/** @typedef {import('../types/page.js').SourceText} SourceText */
/** @typedef {import('./columns.js').Columns} Columns */
/** @typedef {import('./sections.js').ReadSection} ReadSection */

/** Entries that are looked at in one step: a click is not to wait for all. */
const stepSize = 1 << 18;

/**
 * Starts of runs from the gaps between them; each thread begins at tick 0.
 * @param {Columns} columns
 * @param {Uint32Array} first
 * @param {import('../types/page.js').Numbers} time
 * @returns {Promise<Uint32Array | Float64Array>}
 */
async function readStarts(columns, first, time) {
  const gap = columns.numbers('gap');
  let out = /** @type {Uint32Array | Float64Array} */ (new Uint32Array(gap.length));
  for (let thread = 0; thread + 1 < first.length; thread++) {
    let tick = 0;
    for (let run = first[thread]; run < first[thread + 1]; run++) {
      tick += gap[run];
      if (tick > 4294967295 && out instanceof Uint32Array) out = Float64Array.from(out);
      out[run] = tick;
      tick += time[run];
    }
    await betweenSteps();
  }
  return out;
}

/** @param {Page} page @param {string} key */
function stateOf({ head }, key) {
  return head.states.findIndex((state) => state.key === key);
}

/**
 * The entries that runs tell by their number: of each thread, those of many samples first, by floor(log2(samples)), then as
 * they stand. Amounts of state runnable without samples are parts of others', and no run's.
 * @param {Entries} entries
 * @param {number} threads
 * @param {number} runnable its state
 * @returns {Promise<{first: Uint32Array, node: Uint32Array, state: Uint8Array}>} of thread t from first[t] on
 */
async function numberEntries(entries, threads, runnable) {
  const { count, start, thread, state, samples } = entries;
  const classes = 65;
  const classOf = (/** @type {number} */ i) => {
    const n = samples[i];
    return n > 4294967295 ? 64 - Math.clz32(n / 4294967296) : 32 - Math.clz32(n);
  };
  const next = new Uint32Array(threads * classes);
  for (let from = 0; from < count; from += stepSize) {
    const to = Math.min(from + stepSize, count);
    for (let i = from; i < to; i++) if (state[i] !== runnable || samples[i] > 0) next[thread[i] * classes + classOf(i)]++;
    await betweenSteps();
  }
  const first = new Uint32Array(threads + 1);
  let sum = 0;
  for (let t = 0; t < threads; t++) {
    for (let c = classes - 1; c >= 0; c--) {
      const at = t * classes + c;
      sum += next[at];
      next[at] = sum - next[at];
    }
    first[t + 1] = sum;
  }
  // Node and state themselves, not which entry: runs look them up at random, and each look-up is a cache miss.
  const nodes = new Uint32Array(sum);
  const states = new Uint8Array(sum);
  let node = 0;
  for (let from = 0; from < count; from += stepSize) {
    const to = Math.min(from + stepSize, count);
    for (let i = from; i < to; i++) {
      while (start[node + 1] <= i) node++;
      if (state[i] === runnable && samples[i] === 0) continue;
      const at = next[thread[i] * classes + classOf(i)]++;
      nodes[at] = node;
      states[at] = state[i];
    }
    await betweenSteps();
  }
  return { first, node: nodes, state: states };
}

/**
 * Node and state of each run.
 * @param {Columns} columns
 * @param {Uint32Array} first run of each thread
 * @param {Page} page
 * @param {number} tree index
 * @returns {Promise<{node: Uint32Array, state: Uint8Array}>}
 */
async function readPlaces(columns, first, page, tree) {
  const threads = first.length - 1;
  const { entries } = page.trees[tree];
  const runnable = stateOf(page, 'runnable');
  const numbers = await numberEntries(entries, threads, runnable);
  const node = columns.indices('entry', 4294967296).slice();
  const state = new Uint8Array(node.length);
  for (let thread = 0; thread < threads; thread++) {
    const from = numbers.first[thread];
    const count = numbers.first[thread + 1] - from;
    for (let run = first[thread]; run < first[thread + 1]; run++) {
      if (node[run] >= count) throw columns.error('entry', `points to entry ${node[run]} of ${count}`);
      const entry = from + node[run];
      node[run] = numbers.node[entry];
      state[run] = numbers.state[entry];
    }
    await betweenSteps();
  }
  return { node, state };
}

/**
 * @param {Columns} columns
 * @param {Page} page
 * @param {number} tree index
 * @returns {Promise<Runs>}
 */
async function readRuns(columns, page, tree) {
  const ofThread = columns.indices('count', 4294967296);
  const threads = page.head.threads.length;
  if (ofThread.length !== threads)
    throw columns.error('count', `has ${ofThread.length} threads of ${threads}`);
  const split = columns.has('running') ? ['running'] : [];
  const count = columns.count(['gap', 'time', 'entry', 'share', ...split]);
  const first = new Uint32Array(threads + 1);
  let sum = 0;
  for (let thread = 0; thread < threads; thread++) {
    sum += ofThread[thread];
    first[thread + 1] = sum;
  }
  if (sum !== count) throw columns.error('count', `announces ${sum} runs of ${count}`);
  const time = narrowest(columns.numbers('time'));
  await betweenSteps();
  return {
    tree: page.trees[tree].name,
    count,
    first,
    start: await readStarts(columns, first, time),
    time,
    ...(await readPlaces(columns, first, page, tree)),
    share: columns.bytes('share'),
    ...(split.length > 0 ? { waits: { of: stateOf(page, 'cpu'), state: stateOf(page, 'runnable'), running: columns.bytes('running') } } : {}),
  };
}

/**
 * @param {Columns} columns
 * @param {string} name
 * @returns {Float64Array}
 */
function doubles(columns, name) {
  return Float64Array.from(columns.numbers(name));
}

/**
 * @param {Columns} columns
 * @param {Page} page
 * @returns {CallRows}
 */
function readCalls(columns, page) {
  const count = columns.count([
    'function', 'node', 'thread', 'start', 'duration_ns', 'suspended_ns', 'self_ns', 'outcome', 'exception', 'weight',
  ]);
  const tree = page.trees.find(({ name }) => name === 'calls');
  return {
    count,
    fn: columns.indices('function', page.functions.count),
    node: columns.indices('node', tree ? tree.count : 1),
    thread: columns.indices('thread', page.head.threads.length),
    start: doubles(columns, 'start'),
    durationNs: doubles(columns, 'duration_ns'),
    suspendedNs: doubles(columns, 'suspended_ns'),
    selfNs: doubles(columns, 'self_ns'),
    outcome: columns.bytes('outcome'),
    exception: columns.indices('exception', page.strings.length),
    weight: doubles(columns, 'weight'),
  };
}

/**
 * @param {Columns} columns
 * @param {Page} page
 * @returns {CallSums}
 */
function readCallSums(columns, page) {
  const names = [
    'calls', 'primitive', 'raised', 'self_ns', 'total_ns', 'cpu_ns', 'mean_ns', 'p50_ns', 'p99_ns',
    'max_ns', 'skipped',
  ];
  return {
    count: columns.count(['function', ...names]),
    fn: columns.indices('function', page.functions.count),
    calls: doubles(columns, 'calls'),
    primitive: doubles(columns, 'primitive'),
    raised: doubles(columns, 'raised'),
    selfNs: doubles(columns, 'self_ns'),
    totalNs: doubles(columns, 'total_ns'),
    cpuNs: doubles(columns, 'cpu_ns').map((value) => (value === 0 ? NaN : value - 1)),
    meanNs: doubles(columns, 'mean_ns'),
    p50Ns: doubles(columns, 'p50_ns'),
    p99Ns: doubles(columns, 'p99_ns'),
    maxNs: doubles(columns, 'max_ns'),
    skipped: doubles(columns, 'skipped'),
  };
}

/**
 * @param {Columns} columns
 * @param {Page} page
 * @returns {CallBuckets}
 */
function readCallBuckets(columns, page) {
  return {
    count: columns.count(['function', 'bucket', 'count']),
    fn: columns.indices('function', page.functions.count),
    // 2^64 ns is bucket 256; nothing is longer.
    bucket: columns.indices('bucket', 257),
    calls: doubles(columns, 'count'),
  };
}

/**
 * @param {Columns} columns
 * @param {Page} page
 * @returns {SourceText[]}
 */
function readSource(columns, page) {
  const count = columns.count(['file', 'first_line', 'text']);
  const file = columns.indices('file', page.strings.length);
  const firstLine = columns.numbers('first_line');
  const text = columns.texts('text');
  return Array.from({ length: count }, (_, i) => ({
    file: page.strings[file[i]],
    firstLine: firstLine[i],
    lines: text[i].replace(/\r?\n$/, '').split(/\r?\n/),
  }));
}

/**
 * @param {Columns} columns
 * @param {Page} page
 * @returns {import('../types/page.js').Counters}
 */
function readCounters(columns, page) {
  return {
    count: columns.count(['process', 'time', 'cpu_us', 'memory_kib']),
    process: columns.indices('process', page.head.processes.length),
    time: doubles(columns, 'time'),
    cpuUs: doubles(columns, 'cpu_us'),
    memory: doubles(columns, 'memory_kib').map((kib) => kib * 1024),
  };
}

/**
 * @param {Page} page
 * @param {ReadSection} read
 * @returns {Promise<Late>}
 */
async function decodeLate(page, read) {
  const { head } = page;
  /** @type {Late['runs']} */
  const runs = {};
  for (const [tree, { name }] of page.trees.entries()) {
    const columns = await readSectionColumns(head, read, `runs:${name}`);
    if (columns) runs[name] = await readRuns(columns, page, tree);
  }
  const source = await readSectionColumns(head, read, 'source');
  const counters = await readSectionColumns(head, read, 'counters');
  return {
    runs,
    source: source && readSource(source, page),
    counters: counters && readCounters(counters, page),
    base: head.diff ? await readCallParts(page, read, ':base') : null,
    ...(await readCallParts(page, read, '')),
  };
}

/**
 * @param {Page} page
 * @param {ReadSection} read
 * @param {string} side ":base" or nothing
 * @returns {Promise<import('../types/page.js').CallParts>}
 */
async function readCallParts(page, read, side) {
  const of = (/** @type {string} */ name) => readSectionColumns(page.head, read, `${name}${side}`);
  const calls = await of('calls');
  const sums = await of('call_sums');
  const buckets = await of('call_buckets');
  return {
    calls: calls && readCalls(calls, page),
    callSums: sums && readCallSums(sums, page),
    callBuckets: buckets && readCallBuckets(buckets, page),
  };
}

/**
 * @param {Page} page
 * @param {ReadSection} read
 * @param {Promise<unknown>} parsed settled when the browser has read the whole page: late sections stand at its end
 * @returns {() => Promise<Late>}
 */
export function lateReader(page, read, parsed) {
  /** @type {Promise<Late> | null} */
  let late = null;
  return () => (late ??= parsed.then(() => decodeLate(page, read)));
}

// What is read of a page before anything is asked of it: strings, functions, trees, lines. No DOM.
// Of a large page what the first picture needs comes first (decodeFirst), and the rest is read beside it, in steps.

import { betweenSteps } from '../base/turns.js';
import { PageError, columnSteps, narrowest } from './columns.js';

/** @typedef {import('../types/page.js').Head} Head */
/** @typedef {import('../types/page.js').Page} Page */
/** @typedef {import('../types/page.js').PageTree} PageTree */
/** @typedef {import('../types/page.js').Entries} Entries */
/** @typedef {import('../types/page.js').First} First */
/** @typedef {import('../types/page.js').Functions} Functions */
/** @typedef {import('../types/page.js').Lines} Lines */
/** @typedef {import('../types/page.js').Spread} Spread */
/** @typedef {import('./columns.js').Columns} Columns */
/** @typedef {import('./sections.js').ReadSection} ReadSection */

/**
 * What the writer puts beside a tree so that entries need residuals only.
 * @typedef {object} Ratios
 * @property {number[][]} [run_ratio] by thread and state: run's own time of a unit of the thread's time
 * @property {number[]} [samples_ratio] by thread: samples of a unit
 */

/** State of the entries of calls, which have none. */
export const stateOfCalls = 255;

/**
 * @param {Head} head
 * @param {ReadSection} read
 * @param {string} name
 * @returns {Promise<Columns | null>}
 */
export async function readSectionColumns(head, read, name) {
  const bytes = await read(name);
  if (bytes === null) return null;
  const steps = columnSteps(name, head.sections[name], bytes);
  for (;;) {
    await betweenSteps();
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/**
 * @param {Head} head
 * @param {ReadSection} read
 * @param {string} name
 * @returns {Promise<Columns>}
 */
async function readNeeded(head, read, name) {
  const columns = await readSectionColumns(head, read, name);
  if (!columns) throw new PageError(`The page is damaged: section "${name}" is missing.`);
  return columns;
}

/**
 * @param {Columns} columns
 * @param {number} strings
 * @returns {Functions}
 */
function readFunctions(columns, strings) {
  const count = columns.count(['name', 'bare', 'file', 'module', 'line', 'origin']);
  const origin = columns.bytes('origin');
  for (let i = 0; i < count; i++)
    if (origin[i] > 3) throw columns.error('origin', `has the unknown value ${origin[i]}`);
  return {
    count,
    name: columns.indices('name', strings),
    bare: columns.indices('bare', strings),
    file: columns.indices('file', strings),
    module: columns.indices('module', strings),
    line: columns.indices('line', 4294967296),
    origin,
  };
}

/**
 * A function calls few others, so a node tells which one of those that its caller was seen to call; only the first time, 0,
 * is the function itself told.
 * @param {Columns} columns
 * @param {Int32Array} parent
 * @param {number} functions
 * @returns {Uint16Array | Uint32Array}
 */
function readCallees(columns, parent, functions) {
  const fresh = columns.indices('function', functions);
  const place = columns.indices('callee', functions + 1);
  if (place.length !== parent.length - 1) throw columns.error('callee', 'has another length than "parent"');
  const fn = functions <= 65536 ? new Uint16Array(parent.length) : new Uint32Array(parent.length);
  /** @type {(number[] | undefined)[]} */
  const called = new Array(functions + 1);
  let next = 0;
  for (let node = 1; node < parent.length; node++) {
    const caller = parent[node] === 0 ? functions : fn[parent[node]];
    const list = (called[caller] ??= []);
    const at = place[node - 1];
    if (at > list.length) throw columns.error('callee', `of node ${node} was not called before`);
    if (at === 0) {
      if (next === fresh.length) throw columns.error('function', 'ends too early');
      list.push(fresh[next]);
      fn[node] = fresh[next++];
    } else {
      fn[node] = list[at - 1];
    }
  }
  return fn;
}

/**
 * @param {Columns} columns
 * @param {number} functions
 * @returns {Promise<{count: number, parent: Int32Array, fn: Uint16Array | Uint32Array}>}
 */
async function readTree(columns, functions) {
  const count = columns.count(['parent']);
  if (count === 0) throw columns.error('parent', 'has no root');
  const offset = columns.indices('parent', count);
  const parent = new Int32Array(count);
  for (let node = 1; node < count; node++) {
    if (offset[node] === 0 || offset[node] > node)
      throw columns.error('parent', `of node ${node} points out of the tree`);
    parent[node] = node - offset[node];
  }
  await betweenSteps();
  return { count, parent, fn: readCallees(columns, parent, functions) };
}

/**
 * @param {Columns} columns
 * @param {number} nodes
 * @returns {Uint32Array} where the entries of each node begin, and after the last one their number
 */
function readPlaces(columns, nodes) {
  const node = columns.indices('node', nodes);
  const start = new Uint32Array(nodes + 1);
  for (let i = 0, before = 0; i < node.length; i++) {
    const n = node[i];
    if (n < before) throw columns.error('node', 'does not ascend');
    start[n + 1] = i + 1;
    before = n;
  }
  for (let n = 1; n <= nodes; n++) if (start[n] === 0) start[n] = start[n - 1];
  return start;
}

/**
 * Amounts that the writer left out because a rule gives them: round(time * ratio) + residual.
 * @param {Columns} columns
 * @param {string} name
 * @param {{time: ArrayLike<number>, thread: ArrayLike<number>, state: Uint8Array}} entries
 * @param {Float64Array} ratios by thread and state
 * @returns {Uint32Array | Float64Array}
 */
function readByRatio(columns, name, { time, thread, state }, ratios) {
  const residual = columns.signed(name);
  const count = residual.length;
  let out = /** @type {Uint32Array | Float64Array} */ (new Uint32Array(count));
  for (let i = 0; i < count; i++) {
    const value = Math.floor(time[i] * ratios[thread[i] * 256 + state[i]] + 0.5) + residual[i];
    if (!(value >= 0)) throw columns.error(name, 'goes below 0');
    if (value > 4294967295 && out instanceof Uint32Array) out = Float64Array.from(out);
    out[i] = value;
  }
  return out;
}

/**
 * @param {number} threads
 * @param {(thread: number, state: number) => number | undefined} ratio
 * @returns {Float64Array} by thread and state; 0 where the writer says none
 */
function ratioTable(threads, ratio) {
  const table = new Float64Array(threads * 256);
  for (let i = 0; i < table.length; i++) table[i] = Number(ratio(i >> 8, i & 255) ?? 0);
  return table;
}

/**
 * What is counted by turns is of one kind of array: loops over several kinds are slower.
 * @param {Uint32Array | Float64Array} time
 * @param {Uint32Array | Float64Array | null} run
 * @returns {{time: import('../types/page.js').Numbers, run: import('../types/page.js').Numbers | null}}
 */
function sameWidth(time, run) {
  if (run === null) return { time: narrowest(time), run };
  const widths = [time, run].map((column) => narrowest(column));
  const [first, second] = widths;
  if (first.constructor === second.constructor) return { time: first, run: second };
  const wide = first.BYTES_PER_ELEMENT > second.BYTES_PER_ELEMENT ? first : second;
  const like = (/** @type {import('../types/page.js').Numbers} */ column) => {
    const out = /** @type {import('../types/page.js').Numbers} */ (wide.slice());
    out.set(column);
    return out;
  };
  return { time: like(time), run: like(run) };
}

/**
 * @param {Columns} columns
 * @param {Head} head
 * @param {Ratios} ratios
 * @param {number} nodes
 * @returns {Promise<Entries>}
 */
async function readEntries(columns, head, ratios, nodes) {
  const count = columns.count(['node', 'thread', 'state', 'time', 'samples']);
  const start = readPlaces(columns, nodes);
  await betweenSteps();
  const thread = /** @type {Entries['thread']} */ (narrowest(columns.indices('thread', head.threads.length)));
  await betweenSteps();
  const state = columns.bytes('state');
  for (let i = 0; i < count; i++)
    if (state[i] >= head.states.length && state[i] !== stateOfCalls)
      throw columns.error('state', `has the unknown value ${state[i]}`);
  const time = columns.numbers('time');
  const { run_ratio: ofRun = [], samples_ratio: ofSamples = [] } = ratios;
  const threads = head.threads.length;
  const known = { time, thread, state };
  await betweenSteps();
  const run = columns.has('run')
    ? readByRatio(columns, 'run', known, ratioTable(threads, (t, s) => ofRun[t]?.[s]))
    : null;
  await betweenSteps();
  const samples = narrowest(readByRatio(columns, 'samples', known, ratioTable(threads, (t) => ofSamples[t])));
  if (run && run.length !== count) throw columns.error('run', 'has another length than "node"');
  await betweenSteps();
  return { count, start, thread, state, samples, ...sameWidth(time, run) };
}

/**
 * @param {Columns} columns
 * @param {number} functions
 * @returns {Lines}
 */
function readLines(columns, functions) {
  const names = ['function', 'line', 'self', 'total', 'self_run', 'total_run', 'self_samples'];
  const count = columns.count(names);
  return {
    count,
    fn: columns.indices('function', functions),
    line: columns.indices('line', 4294967296),
    self: columns.numbers('self'),
    total: columns.numbers('total'),
    selfRun: columns.numbers('self_run'),
    totalRun: columns.numbers('total_run'),
    selfSamples: columns.numbers('self_samples'),
  };
}

/**
 * @param {Columns} columns
 * @param {number} functions
 * @returns {Spread}
 */
function readSpread(columns, functions) {
  const count = columns.count(['function', 'self_run', 'total_run', 'self', 'total']);
  const fn = columns.indices('function', functions);
  const of = (/** @type {string} */ name) => columns.signed(name);
  const [selfRun, totalRun, self, total] = ['self_run', 'total_run', 'self', 'total'].map(of);
  const out = () => new Float32Array(functions).fill(1);
  const spread = { run: { self: out(), total: out() }, time: { self: out(), total: out() } };
  const steps = columns.numbers('steps')[0] ?? 0;
  if (!(steps > 0)) throw columns.error('steps', 'has no number of steps');
  const power = (/** @type {number} */ excess) => 2 ** (excess / steps);
  for (let i = 0; i < count; i++) {
    const f = fn[i];
    const own = selfRun[i];
    const all = own + totalRun[i];
    spread.run.self[f] = power(own);
    spread.run.total[f] = power(all);
    spread.time.self[f] = power(own + self[i]);
    spread.time.total[f] = power(all + total[i]);
  }
  return spread;
}

/** What a recording in which nothing was seen has: views need not ask. @type {PageTree} */
const emptyTree = {
  name: 'samples',
  count: 1,
  parent: new Int32Array(1),
  fn: new Uint32Array(1),
  entries: {
    count: 0,
    start: new Uint32Array(2),
    thread: new Uint8Array(0),
    state: new Uint8Array(0),
    time: new Uint8Array(0),
    run: new Uint8Array(0),
    samples: new Uint8Array(0),
  },
};

/** @typedef {{strings: string[], functions: Functions}} Names */

/**
 * @param {Head} head
 * @param {ReadSection} read
 * @returns {Promise<Names>}
 */
export async function decodeNames(head, read) {
  const [text, columns] = await Promise.all([
    readNeeded(head, read, 'strings'),
    readNeeded(head, read, 'functions'),
  ]);
  const strings = text.texts('text');
  return { strings, functions: readFunctions(columns, strings.length) };
}

/**
 * The nodes of the first metric's tree that are wide enough to be seen.
 * @param {Head} head
 * @param {ReadSection} read
 * @param {number} functions
 * @returns {Promise<First | null>} null: the page is small enough to be read at once
 */
export async function decodeFirst(head, read, functions) {
  const info = head.trees.find((tree) => tree.entries > 0);
  const columns = info ? await readSectionColumns(head, read, `first:${info.name}`) : null;
  if (!info || !columns) return null;
  const count = columns.count(['node', 'parent', 'function', 'self', 'total', 'rest']);
  const node = columns.indices('node', info.nodes);
  const offset = columns.indices('parent', count);
  const parent = new Int32Array(count);
  if (count === 0 || node[0] !== 0) throw columns.error('node', 'has no root');
  for (let i = 1; i < count; i++) {
    if (node[i] <= node[i - 1]) throw columns.error('node', 'does not ascend');
    if (offset[i] === 0 || offset[i] > i)
      throw columns.error('parent', `of place ${i} points out of the tree`);
    parent[i] = i - offset[i];
  }
  return {
    tree: info.name,
    nodes: info.nodes,
    node,
    parent,
    fn: columns.indices('function', functions),
    self: Float64Array.from(columns.numbers('self')),
    total: Float64Array.from(columns.numbers('total')),
    rest: columns.indices('rest', info.nodes),
  };
}

/**
 * A page of which nothing but names is known yet; what decodePage gives is put into it.
 * @param {Head} head
 * @param {Names} names
 * @returns {Page}
 */
export function emptyPage(head, names) {
  return { head, ...names, trees: head.trees.map(({ name }) => ({ ...emptyTree, name })), lines: null };
}

/**
 * @param {Head} head
 * @param {ReadSection} read
 * @param {Names} [known]
 * @returns {Promise<Page>}
 */
export async function decodePage(head, read, known) {
  // All at once: unpacking goes on beside the decoding of what came first.
  const [names, lineColumns, baseLines, spreads, treeColumns] = await Promise.all([
    known ?? decodeNames(head, read),
    readSectionColumns(head, read, 'lines'),
    readSectionColumns(head, read, 'lines:base'),
    Promise.all(
      head.sides.map((_, side) => readSectionColumns(head, read, head.diff && side === 0 ? 'errors:base' : 'errors')),
    ),
    Promise.all(
      head.trees.map(({ name }) =>
        Promise.all([
          readNeeded(head, read, `tree:${name}`),
          readNeeded(head, read, `entries:${name}`),
        ]),
      ),
    ),
  ]);
  const { functions } = names;
  const trees = [];
  for (const [i, info] of head.trees.entries()) {
    const [nodes, entries] = treeColumns[i];
    const tree = await readTree(nodes, functions.count);
    await betweenSteps();
    trees.push({
      name: info.name,
      ...tree,
      entries: await readEntries(entries, head, /** @type {Ratios} */ (info), tree.count),
    });
  }
  return {
    head,
    ...names,
    trees: trees.length > 0 ? trees : [emptyTree],
    lines: lineColumns && readLines(lineColumns, functions.count),
    spreads: spreads.map((of) => of && readSpread(of, functions.count)),
    linesBase: baseLines && readLines(baseLines, functions.count),
  };
}

// A recording in plain words, and the page that the C program would write of it. Functions are named in stacks; what is
// not said about them is made up from the name. One tick is one unit is 1 us unless said.

import { readFileSync } from 'node:fs';
import { encodeSection, headElement, sectionElements } from './encode.js';
import { firstSection, growTree, Numbering, splitFrame, states, treeSections } from './plain_tree.js';

/** @typedef {import('./plain_tree.js').PlainThread} PlainThread */
/** @typedef {import('./plain_tree.js').Grown} Grown */
/** @typedef {{file?: string, module?: string, line?: number, origin?: number, bare?: string}} PlainFunction */
/** @typedef {{stack: string[], thread: number, start: number, duration: number, suspended?: number, self: number, outcome?: number, exception?: string}} PlainCall */
/** @typedef {{name: string, calls: number, primitive: number, raised: number, self: number, total: number, cpu: number | null, mean: number, p50: number, p99: number, max: number, skipped: number, buckets: [number, number][]}} PlainCallSum */

/**
 * @typedef {object} PlainRecording
 * @property {PlainThread[]} threads
 * @property {Record<string, PlainFunction>} [functions]
 * @property {PlainThread[]} [callThreads] what was on top of each thread's stack, for the tree of calls
 * @property {PlainCall[]} [calls]
 * @property {PlainCallSum[]} [callSums]
 * @property {{file: string, firstLine: number, text: string}[]} [source]
 * @property {{parts: {t: string, link?: object}[]}[]} [summary]
 * @property {{process: number, tick: number, cpuUs: number, kib: number}[]} [counters] ascending by process, then tick
 * @property {number} [first] the page has a part for the first picture: nodes of at least so many units
 * @property {object} [head] overrides
 */

/**
 * @param {PlainRecording} recording
 * @param {Numbering} functions
 */
function linesSection(recording, functions) {
  /** @type {Map<string, {fn: number, line: number, self: number, total: number, selfRun: number, totalRun: number, samples: number}>} */
  const lines = new Map();
  for (const { runs } of recording.threads)
    for (const run of runs) {
      const seen = new Set();
      const own = Math.floor((run.ticks * (run.share ?? 255)) / 255 + 0.5);
      run.stack.forEach((frame, depth) => {
        const { name, line } = splitFrame(frame);
        const key = `${functions.of(name)} ${line}`;
        const row = lines.get(key) ??
          { fn: functions.of(name), line, self: 0, total: 0, selfRun: 0, totalRun: 0, samples: 0 };
        lines.set(key, row);
        if (depth === run.stack.length - 1) {
          row.self += run.ticks;
          row.selfRun += own;
          row.samples += run.samples ?? 1;
        }
        if (!seen.has(key)) {
          row.total += run.ticks;
          row.totalRun += own;
        }
        seen.add(key);
      });
    }
  const rows = [...lines.values()].sort((a, b) => a.fn - b.fn || a.line - b.line);
  return encodeSection([
    { name: 'function', encoding: 'u', values: rows.map((r) => r.fn) },
    { name: 'line', encoding: 'u', values: rows.map((r) => r.line) },
    { name: 'self', encoding: 'u', values: rows.map((r) => r.self) },
    { name: 'total', encoding: 'u', values: rows.map((r) => r.total) },
    { name: 'self_run', encoding: 'u', values: rows.map((r) => r.selfRun) },
    { name: 'total_run', encoding: 'u', values: rows.map((r) => r.totalRun) },
    { name: 'self_samples', encoding: 'u', values: rows.map((r) => r.samples) },
  ]);
}

/**
 * @param {PlainRecording} recording
 * @param {Numbering} functions
 * @param {Numbering} strings
 * @param {Grown} tree of calls
 */
function callSections(recording, functions, strings, tree) {
  const { calls = [], callSums = [] } = recording;
  const sums = /** @type {const} */ (['calls', 'primitive', 'raised']);
  /** @param {keyof PlainCallSum} key @param {string} name */
  const column = (key, name) => ({ name, encoding: /** @type {const} */ ('u'),
    values: callSums.map((sum) => Number(sum[key])) });
  return {
    calls: encodeSection([
      { name: 'function', encoding: 'u', values: calls.map((c) => functions.of(splitFrame(c.stack[c.stack.length - 1]).name)) },
      { name: 'node', encoding: 'u', values: calls.map((c) => tree.enter(c.stack).id) },
      { name: 'thread', encoding: 'u', values: calls.map((c) => c.thread) },
      { name: 'start', encoding: 'u', values: calls.map((c) => c.start) },
      { name: 'duration_ns', encoding: 'u', values: calls.map((c) => c.duration) },
      { name: 'suspended_ns', encoding: 'u', values: calls.map((c) => c.suspended ?? 0) },
      { name: 'self_ns', encoding: 'u', values: calls.map((c) => c.self) },
      { name: 'outcome', encoding: 'b', values: calls.map((c) => c.outcome ?? 0) },
      { name: 'exception', encoding: 'u', values: calls.map((c) => strings.of(c.exception ?? '')) },
      { name: 'weight', encoding: 'u', values: calls.map(() => 1) },
    ]),
    call_sums: encodeSection([
      { name: 'function', encoding: 'u', values: callSums.map((s) => functions.of(s.name)) },
      ...sums.map((key) => column(key, key)),
      column('self', 'self_ns'),
      column('total', 'total_ns'),
      { name: 'cpu_ns', encoding: 'u', values: callSums.map((s) => (s.cpu === null ? 0 : s.cpu + 1)) },
      column('mean', 'mean_ns'),
      column('p50', 'p50_ns'),
      column('p99', 'p99_ns'),
      column('max', 'max_ns'),
      column('skipped', 'skipped'),
    ]),
    call_buckets: encodeSection([
      { name: 'function', encoding: 'd', values: callSums.flatMap((s) => s.buckets.map(() => functions.of(s.name))) },
      { name: 'bucket', encoding: 'u', values: callSums.flatMap((s) => s.buckets.map(([bucket]) => bucket)) },
      { name: 'count', encoding: 'u', values: callSums.flatMap((s) => s.buckets.map(([, count]) => count)) },
    ]),
  };
}

/**
 * @param {PlainRecording} recording
 * @param {Numbering} functions
 * @param {Numbering} strings
 */
function tableSections(recording, functions, strings) {
  const rows = functions.keys.map((name) => {
    const said = recording.functions?.[name] ?? {};
    return {
      name: strings.of(name),
      bare: strings.of(said.bare ?? name.slice(name.lastIndexOf('.') + 1)),
      file: strings.of(said.file ?? '/home/user/shop/app.py'),
      module: strings.of(said.module ?? 'app'),
      line: said.line ?? 10,
      origin: said.origin ?? 0,
    };
  });
  return {
    functions: encodeSection([
      { name: 'name', encoding: 'u', values: rows.map((r) => r.name) },
      { name: 'bare', encoding: 'u', values: rows.map((r) => r.bare) },
      { name: 'file', encoding: 'u', values: rows.map((r) => r.file) },
      { name: 'module', encoding: 'u', values: rows.map((r) => r.module) },
      { name: 'line', encoding: 'u', values: rows.map((r) => r.line) },
      { name: 'origin', encoding: 'b', values: rows.map((r) => r.origin) },
    ]),
    strings: encodeSection([{ name: 'text', encoding: 's', values: strings.keys }]),
  };
}

/**
 * @param {PlainRecording} recording
 * @param {number} ticks
 */
function headOf(recording, ticks) {
  const runs = recording.threads.flatMap((thread) => thread.runs);
  return {
    version: 1,
    title: 'app.py',
    diff: false,
    sides: [{
      file: 'barograph.baro', command: 'python app.py', python: 'CPython 3.12.4',
      machine: '8 CPUs, x86_64', host: null, start_utc: '2026-11-22T08:00:00Z',
      duration_ns: ticks * 1000, samples: runs.reduce((sum, run) => sum + (run.samples ?? 1), 0),
      rate_hz: 1000, interval_ns: 1_000_000, cpu_ns: null, lost: 0, rejected: 0, ended: null,
      notes: [], unknown: [], damage: null, effective_samples: runs.length,
    }],
    summary: recording.summary ?? [{ parts: [{ t: 'The program ran.' }] }],
    states,
    unit_ns: 1000,
    tick_ns: 1000,
    origin_ns: 0,
    processes: [{ pid: 4312, parent: null, command: 'python app.py', python: 'CPython 3.12.4', side: 0,
      start_tick: 0, end_tick: ticks }],
    threads: recording.threads.map((thread, i) => threadInfo(thread, i)),
    limits: {},
    source: recording.source ? 'full' : 'none',
  };
}

/**
 * @param {PlainThread} thread
 * @param {number} i
 */
function threadInfo(thread, i) {
  /** @type {Record<string, number>} */
  const amounts = {};
  let wall = 0;
  let end = 0;
  for (const run of thread.runs) {
    const key = run.state ?? 'cpu';
    amounts[key] = (amounts[key] ?? 0) + run.ticks;
    wall += run.ticks;
    end += (run.gap ?? 0) + run.ticks;
  }
  return {
    process: thread.process ?? 0, tid: 4312 + i, name: thread.name ?? (i === 0 ? 'MainThread' : `worker-${i}`),
    main: thread.main ?? i === 0, side: 0, start_tick: thread.runs[0]?.gap ?? 0, end_tick: end, wall,
    cpu: amounts.cpu ?? 0, states: amounts,
  };
}

/**
 * @param {PlainRecording} recording
 * @returns {{head: import('../../src/types/page.js').Head, sections: Record<string, Buffer>}}
 */
export function encodePage(recording) {
  const functions = new Numbering();
  const strings = new Numbering();
  const threads = recording.threads.length;
  /** @type {Record<string, ReturnType<typeof encodeSection>>} */
  const sections = {};
  const trees = [];
  const grown = growTree(recording.threads, functions);
  const samples = treeSections('samples', grown, threads);
  Object.assign(sections, samples.section);
  if (recording.first !== undefined) sections['first:samples'] = firstSection(grown, recording.first);
  trees.push(samples.info);
  sections.lines = linesSection(recording, functions);
  if (recording.callThreads) {
    const tree = growTree(recording.callThreads, functions);
    const calls = treeSections('calls', tree, threads);
    Object.assign(sections, calls.section, callSections(recording, functions, strings, tree));
    trees.push(calls.info);
  }
  if (recording.source)
    sections.source = encodeSection([
      { name: 'file', encoding: 'u', values: recording.source.map((s) => strings.of(s.file)) },
      { name: 'first_line', encoding: 'u', values: recording.source.map((s) => s.firstLine) },
      { name: 'text', encoding: 's', values: recording.source.map((s) => s.text) },
    ]);
  if (recording.counters) {
    const { counters } = recording;
    const column = (/** @type {string} */ name, /** @type {number[]} */ values) => ({ name, encoding: /** @type {const} */ ('d'), values });
    sections.counters = encodeSection([
      column('process', counters.map((one) => one.process)),
      column('time', counters.map((one) => one.tick)),
      column('cpu_us', counters.map((one) => one.cpuUs)),
      column('memory_kib', counters.map((one) => one.kib)),
    ]);
  }
  Object.assign(sections, tableSections(recording, functions, strings));
  const ticks = Math.max(0, ...recording.threads.map(({ runs }) =>
    runs.reduce((sum, run) => sum + (run.gap ?? 0) + run.ticks, 0)));
  const head = {
    ...headOf(recording, ticks),
    trees,
    sections: Object.fromEntries(Object.entries(sections).map(([name, { info }]) => [name, info])),
    ...recording.head,
  };
  return {
    head: /** @type {import('../../src/types/page.js').Head} */ (/** @type {unknown} */ (head)),
    sections: Object.fromEntries(Object.entries(sections).map(([name, { bytes }]) => [name, bytes])),
  };
}

/** Sections that stand before the script, in this order; the others come after it, those of a viewer's start first. */
const core = /^(?:strings|functions|lines|tree:.*|entries:.*)$/;
const first = /^(?:strings|functions|first:.*)$/;

/**
 * The HTML as the C program writes it.
 * @param {PlainRecording} recording
 * @param {{characters?: number}} [options] base64 characters in a part at most
 */
export function pageHtml(recording, { characters } = {}) {
  const template = readFileSync(new URL('../../dist/viewer.html', import.meta.url), 'utf8');
  const { head, sections } = encodePage(recording);
  const elements = (/** @type {boolean} */ early) =>
    Object.keys(sections)
      .filter((name) => (recording.first === undefined ? core : first).test(name) === early)
      .sort((a, b) => Number(core.test(b)) - Number(core.test(a)))
      .map((name) => sectionElements(name, sections[name], characters))
      .join('\n');
  return template
    .replace('<!--baro:head-->', () => headElement(head))
    .replace('<!--baro:core-->', () => elements(true))
    .replace('<!--baro:late-->', () => elements(false));
}

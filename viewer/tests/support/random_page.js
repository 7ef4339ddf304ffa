// Pages of random trees, the same ones each time.

import { randomOf } from './random.js';

/** @typedef {import('../../src/types/page.js').Page} Page */

export const functionCount = 9;
export const threadCount = 3;
/** Own code, packages, the standard library. */
export const origins = [0, 0, 0, 0, 1, 1, 1, 2, 2];
export const states = [
  { key: 'unknown', words: 'unknown', kind: 'unknown' },
  { key: 'cpu', words: 'running', kind: 'run' },
  { key: 'gil', words: 'waiting for the GIL', kind: 'wait' },
  { key: 'idle', words: 'idle', kind: 'idle' },
];

/**
 * @param {number} seed
 * @returns {Page}
 */
export function randomPage(seed) {
  const random = randomOf(seed);
  const parent = [0];
  const fn = [0];
  /** @param {number} node @param {number} depth */
  const grow = (node, depth) => {
    const used = new Set();
    for (let i = random(depth === 0 ? 5 : 4); i > 0 && depth < 9; i--) {
      const f = random(functionCount);
      if (used.has(f)) continue;
      used.add(f);
      parent.push(node);
      fn.push(f);
      grow(parent.length - 1, depth + 1);
    }
  };
  grow(0, 0);
  /** @type {number[][]} */
  const entries = [];
  parent.forEach((_, node) => {
    for (let t = 0; t < threadCount; t++)
      for (let s = 0; s < states.length; s++)
        if (random(4) === 0) entries.push([node, t, s, 1 + random(50), random(20), random(5)]);
  });
  const column = (/** @type {number} */ i) => entries.map((entry) => entry[i]);
  const names = Array.from({ length: functionCount }, (_, f) => `fn${f}`);
  const files = ['/app/main.py', '/x/site-packages/lib/a.py', '/usr/lib/python3.12/json/b.py'];
  const threads = Array.from({ length: threadCount }, (_, t) => ({
    process: 0, tid: t, name: `t${t}`, main: t === 0, side: 0, start_tick: 0, end_tick: 100, wall: 1, cpu: 1,
    states: { cpu: 1, gil: 1, idle: 1, unknown: 1 },
  }));
  const page = {
    head: {
      version: 1, title: '', diff: false, sides: [{ effective_samples: 400 }], summary: [], states,
      unit_ns: 1000, tick_ns: 2000, processes: [], threads,
      trees: [{ name: 'samples', nodes: parent.length, entries: entries.length, merged: null }],
      limits: [], source: 'none', sections: {},
    },
    strings: ['', ...names, ...files],
    functions: {
      count: functionCount,
      name: Uint32Array.from(names, (_, f) => f + 1),
      bare: Uint32Array.from(names, (_, f) => f + 1),
      file: Uint32Array.from(origins, (origin) => names.length + 1 + origin),
      module: new Uint32Array(functionCount),
      line: new Uint32Array(functionCount).fill(1),
      origin: Uint8Array.from(origins),
    },
    trees: [
      {
        name: 'samples', count: parent.length,
        parent: Int32Array.from(parent), fn: Uint32Array.from(fn),
        entries: {
          count: entries.length, start: startsOf(column(0), parent.length), thread: Uint8Array.from(column(1)),
          state: Uint8Array.from(column(2)), time: Uint32Array.from(column(3)), run: Uint16Array.from(column(4)),
          samples: Uint8Array.from(column(5)),
        },
      },
    ],
    lines: null,
  };
  return /** @type {Page} */ (/** @type {unknown} */ (page));
}

/**
 * @param {number[]} node of each entry, ascending
 * @param {number} nodes
 */
function startsOf(node, nodes) {
  return Uint32Array.from({ length: nodes + 1 }, (_, n) => node.filter((other) => other < n).length);
}

// What a model has to give, made plainly: all stacks of a page written out, one by one, changed by transforms and summed in maps.

import assert from 'node:assert/strict';
import { Workshop } from '../../src/model/workshop.js';
import { initialState } from '../../src/state/state.js';
import { randomOf } from './random.js';
import { functionCount, origins, randomPage } from './random_page.js';

/** @typedef {import('../../src/types/model.js').State} State */
/** @typedef {import('../../src/types/model.js').Transform} Transform */
/** @typedef {import('../../src/types/page.js').Page} Page */
/** @typedef {import('../../src/model/shape.js').Shape} Shape */
/** @typedef {{path: number[], thread: number, state: number, time: number, run: number, samples: number}} Stack */

/**
 * @param {Page} page
 * @returns {Stack[]}
 */
export function stacksOf(page) {
  const [tree] = page.trees;
  const { entries } = tree;
  return Array.from({ length: entries.count }, (_, i) => {
    const path = [];
    for (let n = entries.start.findLastIndex((start) => start <= i); n > 0; n = tree.parent[n]) path.unshift(tree.fn[n]);
    const of = (/** @type {ArrayLike<number> | null} */ column) => column?.[i] ?? 0;
    return {
      path, thread: entries.thread[i], state: entries.state[i],
      time: of(entries.time), run: of(entries.run), samples: of(entries.samples),
    };
  });
}

/**
 * @param {number[]} path
 * @param {Transform} transform
 * @returns {number[] | null} null: left out
 */
export function transformPath(path, { kind, fn = -1, pattern }) {
  const set = (/** @type {number} */ f) => (pattern ? new RegExp(pattern).test(`fn${f}`) : f === fn);
  const library = (/** @type {number} */ f) => origins[f] === 1 || origins[f] === 2;
  if (kind === 'focus') {
    const at = path.findIndex(set);
    return at < 0 ? null : path.slice(at);
  }
  if (kind === 'ignore') return path.some(set) ? null : path;
  if (kind === 'merge') return path.filter((f) => !set(f));
  if (kind === 'own-code') return path.filter((f) => !library(f));
  if (kind === 'collapse-library')
    return path.filter((f, i) => !(library(f) && i > 0 && library(path[i - 1])));
  if (kind === 'merge-recursion') {
    /** @type {number[]} */
    const out = [];
    for (const f of path) {
      const at = out.indexOf(f);
      if (at < 0) out.push(f);
      else out.length = at + 1;
    }
    return out;
  }
  return path;
}

/** @param {Map<string, number>} sums @param {string} key @param {number} amount */
function add(sums, key, amount) {
  if (amount > 0) sums.set(key, (sums.get(key) ?? 0) + amount);
}

/**
 * Totals by path, as a shape gives them when all of it is asked for.
 * @param {Shape} shape
 */
export function sumsOfShape(shape) {
  /** @type {Map<string, number>} */
  const total = new Map();
  /** @type {Map<string, number>} */
  const self = new Map();
  const open = [{ node: 0, path: '' }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, path } = next;
    add(total, path, shape.total(node));
    add(self, path, shape.self(node));
    const { nodes, restCount } = shape.children(node, 0);
    assert.equal(restCount, 0);
    for (let i = 1; i < nodes.length; i++)
      assert.ok(shape.total(nodes[i]) <= shape.total(nodes[i - 1]), 'heaviest first');
    for (const child of nodes) {
      assert.equal(shape.parent(child), node);
      open.push({ node: child, path: `${path};${shape.fn(child)}` });
    }
  }
  return { total, self };
}

/**
 * @param {{path: number[], amount: number}[]} stacks
 */
export function sumsOfPaths(stacks) {
  /** @type {Map<string, number>} */
  const total = new Map();
  /** @type {Map<string, number>} */
  const self = new Map();
  for (const { path, amount } of stacks) {
    let key = '';
    add(total, key, amount);
    for (const f of path) {
      key += `;${f}`;
      add(total, key, amount);
    }
    add(self, key, amount);
  }
  return { total, self };
}

/**
 * @param {number} count
 * @returns {Transform[][]} of one to five steps
 */
function randomChains(count) {
  const random = randomOf(4242);
  const kinds = /** @type {const} */ (['focus', 'ignore', 'merge', 'merge-recursion', 'collapse-library', 'own-code']);
  const one = () => {
    const kind = kinds[random(kinds.length)];
    if (kinds.indexOf(kind) > 2) return { kind };
    return random(2) === 0 ? { kind, fn: random(functionCount) } : { kind, pattern: `fn[${random(functionCount)}${random(functionCount)}]` };
  };
  return Array.from({ length: count }, (_, i) => Array.from({ length: 1 + (i % 5) }, one));
}

/** @type {Transform[][]} */
export const chains = [
  [],
  [{ kind: 'focus', fn: 2 }],
  [{ kind: 'focus', pattern: 'fn[37]' }],
  [{ kind: 'ignore', fn: 3 }],
  [{ kind: 'merge', fn: 1 }],
  [{ kind: 'merge-recursion' }],
  [{ kind: 'collapse-library' }],
  [{ kind: 'own-code' }],
  [{ kind: 'collapse-library' }, { kind: 'merge-recursion' }],
  [{ kind: 'merge-recursion' }, { kind: 'ignore', fn: 5 }, { kind: 'own-code' }],
  [{ kind: 'ignore', fn: 0 }, { kind: 'merge', fn: 4 }, { kind: 'focus', fn: 6 }, { kind: 'merge-recursion' }],
  [{ kind: 'focus', fn: 6 }, { kind: 'merge', fn: 6 }, { kind: 'ignore', fn: 1 }],
  [{ kind: 'focus', pattern: 'fn[046]' }, { kind: 'collapse-library' }, { kind: 'focus', pattern: 'fn[15]' }, { kind: 'merge', fn: 1 }],
  [{ kind: 'merge-recursion' }, { kind: 'focus', pattern: 'fn[258]' }, { kind: 'merge', fn: 2 }, { kind: 'focus', fn: 3 }, { kind: 'own-code' }],
  [{ kind: 'merge-recursion' }, { kind: 'merge', pattern: 'fn[0246]' }, { kind: 'ignore', fn: 7 }, { kind: 'merge-recursion' }],
  [{ kind: 'merge', fn: 3 }, { kind: 'merge-recursion' }, { kind: 'focus', fn: 1 }, { kind: 'ignore', fn: 4 }],
  ...randomChains(200),
];

/** @type {{metric: string, counts: (s: Stack) => number}[]} */
export const metrics = [
  { metric: 'run', counts: (s) => (s.state === 3 ? 0 : s.run) },
  { metric: 'wall', counts: (s) => (s.state === 3 ? 0 : s.time) },
  { metric: 'wait:gil', counts: (s) => (s.state === 2 ? s.time : 0) },
];

/**
 * Runs a check for many pages, chains of transforms and metrics.
 * @param {(given: {page: Page, workshop: Workshop, state: State, left: {path: number[], amount: number, stack: Stack}[], name: string}) => void} check
 */
export function forMany(check) {
  for (let seed = 1; seed <= 24; seed++) {
    const page = randomPage(seed);
    // What compares two sides has all siblings merged.
    if (seed > 20) page.head.diff = true;
    const workshop = new Workshop(page);
    const all = stacksOf(page);
    chains.forEach((transforms, c) => {
      const { metric, counts } = metrics[(seed + c) % metrics.length];
      const threads = seed % 3 === 0 ? [0, 2] : null;
      const state = { ...initialState, metric, transforms, threads, side: 0 };
      const left = all.flatMap((stack) => {
        if (threads && !threads.includes(stack.thread)) return [];
        /** @type {number[] | null} */
        let path = stack.path;
        for (const transform of transforms) path = path && transformPath(path, transform);
        return path === null ? [] : [{ path, amount: counts(stack), stack }];
      });
      check({ page, workshop, state, left, name: `seed ${seed}, chain ${c}, ${metric}` });
    });
  }
}

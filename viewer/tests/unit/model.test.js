// The model against a plain one: all stacks written out, one by one, and summed in maps. Random trees, the same ones each time.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { childrenOf } from '../../src/model/children.js';
import { layOut, boxAt } from '../../src/model/layout.js';
import { pathTo } from '../../src/model/shape.js';
import { pageNode, parentHere, standsHere } from '../../src/model/tree.js';
import { Workshop } from '../../src/model/workshop.js';
import { initialState } from '../../src/state/state.js';

/** @typedef {import('../../src/types/page.js').Page} Page */
/** @typedef {import('../../src/types/model.js').State} State */
/** @typedef {import('../../src/types/model.js').Transform} Transform */
/** @typedef {import('../../src/model/shape.js').Shape} Shape */
/** @typedef {{path: number[], thread: number, state: number, time: number, run: number, samples: number}} Stack */

const functionCount = 9;
const threadCount = 3;
/** Own code, packages, the standard library. */
const origins = [0, 0, 0, 0, 1, 1, 1, 2, 2];
const states = [
  { key: 'unknown', words: 'unknown', kind: 'unknown' },
  { key: 'cpu', words: 'running', kind: 'run' },
  { key: 'gil', words: 'waiting for the GIL', kind: 'wait' },
  { key: 'idle', words: 'idle', kind: 'idle' },
];

/** @param {number} seed */
function randomOf(seed) {
  let value = seed;
  return (/** @type {number} */ below) => {
    value = (Math.imul(value, 1664525) + 1013904223) >>> 0;
    return Math.floor((value / 4294967296) * below);
  };
}

/**
 * @param {number} seed
 * @returns {Page}
 */
function randomPage(seed) {
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

/**
 * @param {Page} page
 * @returns {Stack[]}
 */
function stacksOf(page) {
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
function transformPath(path, { kind, fn = -1, pattern }) {
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
function sumsOfShape(shape) {
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
function sumsOfPaths(stacks) {
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
const chains = [
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
const metrics = [
  { metric: 'run', counts: (s) => (s.state === 3 ? 0 : s.run) },
  { metric: 'wall', counts: (s) => (s.state === 3 ? 0 : s.time) },
  { metric: 'wait:gil', counts: (s) => (s.state === 2 ? s.time : 0) },
];

/**
 * Runs a check for many pages, chains of transforms and metrics.
 * @param {(given: {page: Page, workshop: Workshop, state: State, left: {path: number[], amount: number, stack: Stack}[], name: string}) => void} check
 */
function forMany(check) {
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

test('self and total of every node are those of the stacks written out', () => {
  forMany(({ workshop, state, left, name }) => {
    const model = workshop.model(state);
    assert.deepEqual(sumsOfShape(model.shape), sumsOfPaths(left), name);
  });
});

test('trees are in preorder, and maps lead there and back', () => {
  forMany(({ page, workshop, state, name }) => {
    const { tree, whole } = workshop.model(state);
    const derived = !page.head.diff && state.transforms.length > 0;
    assert.equal(tree.derived !== null, derived, name);
    const seen = new Set();
    for (let n = 1; n < tree.count; n++) {
      assert.ok(tree.parent[n] < n && n < tree.end[n] && tree.end[n] <= tree.end[tree.parent[n]], name);
      if (!standsHere(tree, n)) continue;
      const key = `${parentHere(tree, n)} ${tree.fn[n]}`;
      assert.ok(derived || !seen.has(key), `${name}: siblings of one function`);
      seen.add(key);
      const origin = pageNode(tree, n);
      assert.equal(tree.fn[n], whole.fn[origin], name);
      if (tree.map) assert.equal(tree.map[origin], n, name);
    }
    assert.equal(tree.end[0], tree.count);
  });
});

test('every node of a derived tree is a child of its parent, once', () => {
  let moved = 0;
  forMany(({ workshop, state, name }) => {
    const { tree } = workshop.model(state);
    /** @type {Map<number, number[]>} */
    const wanted = new Map();
    for (let n = 1; n < tree.count; n++) {
      if (!standsHere(tree, n)) continue;
      const above = parentHere(tree, n);
      wanted.set(above, [...(wanted.get(above) ?? []), n]);
    }
    for (let n = 0; n < tree.count; n++) {
      if (n > 0 && !standsHere(tree, n)) continue;
      const children = [...childrenOf(tree, Int32Array.of(n))].sort((a, b) => a - b);
      assert.deepEqual(children, wanted.get(n) ?? [], `${name}: children of ${n}`);
      // Some would be missed by a walk through the subtree alone.
      if (children.some((c) => tree.parent[c] !== n)) moved++;
    }
    assert.ok(![...wanted.keys()].some((n) => n > 0 && !standsHere(tree, n)), name);
  });
  assert.ok(moved > 100, `${moved}`);
});

test('few nodes that are merged in a large tree: what changes above them is counted anew', () => {
  const page = randomPage(1);
  const random = randomOf(99);
  const width = 300;
  const functions = 6 * width + 1;
  /** @type {number[]} */
  const parent = [0];
  const fn = [0];
  // Stacks of six functions each, of different ones but for some.
  for (let i = 0; i < width; i++) {
    const path = [0];
    for (let depth = 0; depth < 6; depth++) {
      const again = depth > 1 && random(70) === 0;
      parent.push(path[path.length - 1 - (depth > 2 && random(5) === 0 ? 1 : 0)]);
      fn.push(again ? fn[path[1]] : 1 + i * 6 + depth);
      path.push(parent.length - 1);
    }
  }
  // Preorder: a node hangs below the one before it, or one above that.
  for (let n = 1; n < parent.length; n++) {
    let above = n - 1;
    while (above > parent[n]) above = parent[above];
    parent[n] = above;
  }
  const nodes = parent.length;
  const names = { ...page.functions, count: functions, name: new Uint32Array(functions), bare: new Uint32Array(functions), file: new Uint32Array(functions).fill(10), module: new Uint32Array(functions), line: new Uint32Array(functions), origin: new Uint8Array(functions) };
  const entries = {
    count: nodes, start: Uint32Array.from({ length: nodes + 1 }, (_, n) => n), thread: new Uint8Array(nodes),
    state: new Uint8Array(nodes).fill(1), time: Uint32Array.from({ length: nodes }, () => random(9)), run: null, samples: new Uint8Array(nodes),
  };
  const tree = { name: 'samples', count: nodes, parent: Int32Array.from(parent), fn: Uint32Array.from(fn), entries };
  const large = /** @type {Page} */ ({ ...page, functions: names, trees: [tree] });
  const model = new Workshop(large).model({ ...initialState, metric: 'wall', transforms: [{ kind: 'merge-recursion' }] });
  const merged = model.tree.derived?.merged?.length ?? 0;
  assert.ok(merged > 5 && merged < nodes / 64, `${merged} of ${nodes}`);
  const left = stacksOf(large).map((stack) => ({ path: transformPath(stack.path, { kind: 'merge-recursion' }) ?? [], amount: stack.time }));
  assert.deepEqual(sumsOfShape(model.shape), sumsOfPaths(left));
});

test('nodes of a shape lead to the page’s tree and back', () => {
  let compared = 0;
  forMany(({ workshop, state, name }) => {
    const model = workshop.model(state);
    const { tree, upright } = model;
    for (let place = 1; place < tree.count; place++) {
      if (!standsHere(tree, place) || model.amounts.total[place] === 0) continue;
      const node = upright.find(place);
      assert.ok(upright.places(node).includes(place), name);
      const path = pathTo(upright, node).map((n) => upright.fn(n));
      const wanted = [];
      for (let n = place; n > 0; n = parentHere(tree, n)) wanted.unshift(tree.fn[n]);
      assert.deepEqual(path, wanted, name);
      assert.equal(model.nodeHere(model.pageNode(node)), node, name);
      if (upright.places(node).length > 1) compared++;
    }
  });
  assert.ok(compared > 20, `nothing was merged: ${compared}`);
});

test('children that are too narrow are a rest, and stay what they are when they are asked for', () => {
  forMany(({ workshop, state, name }) => {
    const { upright } = workshop.model(state);
    for (const part of [3, 8, 50, Infinity]) {
      const { nodes, rest, restCount } = upright.children(0, upright.total(0) / part);
      const all = upright.children(0, 0).nodes;
      assert.deepEqual(nodes, all.slice(0, nodes.length), name);
      assert.equal(restCount, all.length - nodes.length, name);
      assert.equal(rest, all.slice(nodes.length).reduce((sum, node) => sum + upright.total(node), 0), name);
    }
    const again = workshop.model({ ...state, search: 'x' }).upright;
    assert.deepEqual(again.children(0, 0), upright.children(0, 0), `${name}: nodes are the same for as long as the sums are`);
  });
});

test('functions: recursion counts once', () => {
  forMany(({ workshop, state, left, name }) => {
    const { self, total } = workshop.model(state).functions;
    const wanted = { self: new Float64Array(functionCount), total: new Float64Array(functionCount) };
    for (const { path, amount } of left) {
      if (path.length > 0) wanted.self[path[path.length - 1]] += amount;
      for (const f of new Set(path)) wanted.total[f] += amount;
    }
    assert.deepEqual({ self, total }, wanted, name);
  });
});

test('inverted: every function by its own time, then who called it', () => {
  forMany(({ workshop, state, left, name }) => {
    const model = workshop.model({ ...state, transforms: [...state.transforms, { kind: 'invert' }] });
    const inverted = left.map(({ path, amount }) => ({ path: [...path].reverse(), amount }));
    assert.deepEqual(sumsOfShape(model.shape).total, sumsOfPaths(inverted).total, name);
  });
});

test('sandwich: callers and callees of the outermost instances, both with the total of the function', () => {
  forMany(({ workshop, state, left, name }) => {
    const model = workshop.model(state);
    for (let f = 0; f < functionCount; f++) {
      const { callers, callees } = model.sandwich(f);
      const with_ = left.flatMap(({ path, amount }) => {
        const at = path.indexOf(f);
        return at < 0 ? [] : [{ up: path.slice(0, at).reverse(), down: path.slice(at + 1), amount }];
      });
      const up = with_.map(({ up: path, amount }) => ({ path, amount }));
      const down = with_.map(({ down: path, amount }) => ({ path, amount }));
      assert.deepEqual(sumsOfShape(callers), sumsOfPaths(up), `${name}: callers of ${f}`);
      assert.deepEqual(sumsOfShape(callees), sumsOfPaths(down), `${name}: callees of ${f}`);
      assert.equal(callers.total(0), model.functions.total[f], name);
    }
  });
});

test('states of a function, of a node, and of all its instances', () => {
  forMany(({ workshop, state, left, name }) => {
    const model = workshop.model(state);
    const counts = metrics.find((m) => m.metric === state.metric)?.counts ?? (() => 0);
    for (let f = 0; f < functionCount; f++) {
      const self = new Float64Array(states.length);
      const total = new Float64Array(states.length);
      for (const { path, stack } of left) {
        if (path[path.length - 1] === f) self[stack.state] += counts(stack);
        if (path.includes(f)) total[stack.state] += counts(stack);
      }
      assert.deepEqual(model.states.ofTotal(f), total, name);
      if (f < 4) {
        model.states.prepare([f, (f + 3) % functionCount]);
        assert.deepEqual(model.states.ofSelf(f), self, `${name}: some`);
        continue;
      }
      const rows = model.states.rows;
      assert.deepEqual(rows.slice(f * states.length, (f + 1) * states.length), self, name);
      assert.deepEqual(model.states.ofSelf(f), self, name);
    }
    for (const place of [0, Math.floor(model.whole.count / 3), Math.floor(model.whole.count / 2), model.whole.count - 1]) {
      const node = model.nodeHere(place);
      assert.equal(model.states.ofNode(node).reduce((sum, amount) => sum + amount), model.upright.total(node), `${name}: node ${place}`);
    }
  });
});

test('a search finds time once, however many matches are on the stack', () => {
  forMany(({ workshop, state, left, name }) => {
    const found = workshop.model({ ...state, search: 'fn[135]' }).found;
    const hits = left.filter(({ path, amount }) => amount > 0 && path.some((f) => [1, 3, 5].includes(f)));
    assert.equal(found?.matched, hits.reduce((sum, { amount }) => sum + amount, 0), name);
    const functions = new Set(hits.flatMap(({ path }) => path.filter((f) => [1, 3, 5].includes(f))));
    assert.equal(found?.functions, functions.size, name);
  });
});

test('a search is a regular expression where it is one, and text where it is none', () => {
  const workshop = new Workshop(randomPage(1));
  const matches = (/** @type {string} */ search) => [...workshop.model({ ...initialState, search }).match(search)];
  assert.deepEqual(matches('^FN1$'), [0, 0, 0, 0, 0, 0, 0, 0, 0], 'capitals are meant');
  assert.deepEqual(matches('^fn1$'), [0, 1, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(matches('fn1('), [0, 0, 0, 0, 0, 0, 0, 0, 0], 'no regular expression: looked for as it stands');
  assert.deepEqual(matches('lib.a'), [0, 0, 0, 0, 1, 1, 1, 0, 0], 'modules');
  assert.deepEqual(matches('site-packages'), [0, 0, 0, 0, 0, 0, 0, 0, 0], 'not the folder everything lies in');
});

/**
 * Everything that is summed of a part of the time, against its runs one by one.
 * @param {import('../../src/model/model.js').Model} model
 * @param {{first: number[], start: number[], time: number[], node: number[], state: number[], share: number[]}} runs
 */
function sumsInRange(model, runs) {
  const [from, to] = model.state.range ?? [0, 0];
  const { parent, fn } = model.pageTree;
  const self = new Float64Array(functionCount * states.length);
  const total = new Float64Array(functionCount * states.length);
  const all = new Float64Array(states.length);
  runs.start.forEach((start, i) => {
    const ticks = Math.min(start + runs.time[i], to) - Math.max(start, from);
    const state = runs.state[i];
    if (ticks <= 0 || runs.node[i] === 0 || state === 3) return;
    /** @type {number[] | null} */
    let path = [];
    for (let n = runs.node[i]; n > 0; n = parent[n]) path.unshift(fn[n]);
    for (const transform of model.structural) path = path && transformPath(path, transform);
    if (path === null) return;
    const amount = ticks * 2 * (model.metric.key === 'run' ? runs.share[i] / 255 : 1);
    all[state] += amount;
    if (path.length > 0) self[path[path.length - 1] * states.length + state] += amount;
    for (const f of new Set(path)) total[f * states.length + state] += amount;
  });
  const near = (/** @type {ArrayLike<number>} */ found, /** @type {ArrayLike<number>} */ wanted, /** @type {string} */ what) => {
    for (let i = 0; i < wanted.length; i++) assert.ok(Math.abs(found[i] - wanted[i]) < 1e-6, `${model.key}: ${what} ${i}`);
  };
  near(model.states.ofNode(0), all, 'all');
  for (let f = 0; f < functionCount; f++) {
    const row = (/** @type {Float64Array} */ of) => of.subarray(f * states.length, (f + 1) * states.length);
    if (f === 5) near(model.states.rows, self, 'states');
    model.states.prepare([f]);
    near(model.states.ofSelf(f), row(self), `states of ${f}`);
    near(model.states.ofTotal(f), row(total), `states below ${f}`);
    const sum = (/** @type {Float64Array} */ of) => row(of).reduce((s, amount) => s + amount, 0);
    near([model.functions.self[f], model.functions.total[f]], [sum(self), sum(total)], `sums of ${f}`);
  }
}

test('a range of time counts what lies in it, cut at its ends', () => {
  const page = randomPage(5);
  const workshop = new Workshop(page);
  const random = randomOf(77);
  const runs = { tree: 'samples', count: 0, first: [0], start: /** @type {number[]} */ ([]), time: /** @type {number[]} */ ([]), node: /** @type {number[]} */ ([]), state: /** @type {number[]} */ ([]), share: /** @type {number[]} */ ([]) };
  for (let t = 0; t < threadCount; t++) {
    for (let at = random(9), i = 0; i < 40; i++) {
      runs.start.push(at);
      runs.time.push(1 + random(12));
      runs.node.push(random(page.trees[0].count));
      runs.state.push(random(states.length));
      runs.share.push(random(256));
      at += runs.time[runs.time.length - 1] + random(3);
    }
    runs.first.push(runs.start.length);
  }
  workshop.late = /** @type {any} */ ({
    runs: { samples: { ...runs, count: runs.start.length, first: Uint32Array.from(runs.first) } },
  });
  for (const [from, to] of /** @type {[number, number][]} */ ([[0, 1000], [30, 90], [64, 65], [900, 950]])) {
    const wanted = { wall: 0, run: 0 };
    runs.start.forEach((start, i) => {
      const inside = Math.min(start + runs.time[i], to) - Math.max(start, from);
      if (inside <= 0 || runs.node[i] === 0 || runs.state[i] === 3) return;
      wanted.wall += inside * 2;
      wanted.run += (inside * 2 * runs.share[i]) / 255;
    });
    for (const metric of /** @type {const} */ (['wall', 'run'])) {
      const model = workshop.model({ ...initialState, metric, range: [from, to] });
      assert.ok(Math.abs(model.shown - wanted[metric]) < 1e-6, `${metric} from ${from} to ${to}`);
      for (const transforms of chains) sumsInRange(workshop.model({ ...initialState, metric, range: [from, to], transforms }), runs);
    }
  }
});

test('shares are of the basis, which transforms do not change; errors are those of a proportion', () => {
  const workshop = new Workshop(randomPage(4));
  const all = workshop.model(initialState);
  const focused = workshop.model({ ...initialState, transforms: [{ kind: 'focus', fn: 2 }] });
  assert.equal(focused.basis, all.shown);
  assert.ok(focused.shown < all.shown);
  const half = all.basis / 2;
  assert.ok(Math.abs((all.error(half) ?? 0) - Math.sqrt(0.25 / 400)) < 1e-12);
});

test('a function whose samples stand for more than others has a larger error', () => {
  const page = randomPage(4);
  const even = new Float32Array(page.functions.count).fill(1);
  const uneven = even.slice();
  uneven[2] = 1.5;
  const of = (/** @type {Float32Array} */ self) => ({ self, total: even });
  const model = new Workshop({ ...page, spreads: [{ run: of(uneven), time: of(even) }] }).model(initialState);
  const tenth = model.basis / 10;
  const error = (/** @type {number} */ part) => Math.sqrt((part * 0.81 + (1 - part) * 0.01) / 400);
  assert.ok(Math.abs((model.error(tenth, 2, 'self') ?? 0) - error(0.15)) < 1e-9);
  for (const [fn, which] of /** @type {const} */ ([[2, 'total'], [3, 'self'], [-1, 'self']]))
    assert.ok(Math.abs((model.error(tenth, fn, which) ?? 0) - error(0.1)) < 1e-9);
});

test('boxes lie in their rows from left to right, within their parents, and are found again', () => {
  for (let seed = 1; seed <= 12; seed++) {
    const model = new Workshop(randomPage(seed)).model({ ...initialState, metric: 'wall' });
    const zoom = Math.floor(model.tree.count / 3);
    const layout = layOut(model.shape, zoom, 400, 3);
    assert.ok(layout.complete);
    const above = new Set(pathTo(model.shape, zoom));
    for (let row = 0; row < layout.rows; row++) {
      let edge = 0;
      for (let i = layout.rowStart[row]; i < layout.rowStart[row + 1]; i++) {
        assert.equal(layout.row[i], row);
        assert.ok(layout.x[i] >= edge - 0.01, 'no box over another');
        assert.ok(layout.width[i] >= 3 || model.amounts.total[zoom] === 0, 'wide enough to see');
        edge = layout.x[i] + layout.width[i];
        assert.ok(edge <= 400.01);
        assert.equal(boxAt(layout, row, layout.x[i] + layout.width[i] / 2), i);
        const node = layout.node[i];
        if (row <= layout.zoomRow) assert.ok(node === 0 || above.has(node));
      }
    }
    assert.equal(boxAt(layout, layout.rows, 5), -1);
  }
});

test('layout gives up in time and says so', () => {
  const model = new Workshop(randomPage(3)).model({ ...initialState, metric: 'wall' });
  const full = layOut(model.shape, 0, 4000, 0.1);
  let asked = 0;
  const part = layOut(model.shape, 0, 4000, 0.1, () => ++asked > 2);
  assert.equal(part.complete, false);
  assert.ok(part.count < full.count);
  assert.ok(part.count > 1, 'the nearest rows are there');
});

test('metrics are those that have any amount, the run first', () => {
  const workshop = new Workshop(randomPage(1));
  assert.deepEqual(workshop.metrics.map((m) => m.key), ['run', 'wall', 'cpu', 'wait:unknown', 'wait:gil', 'wait:idle']);
  assert.equal(workshop.model({ ...initialState, metric: 'nonsense' }).metric.key, 'run');
});

test('a metric of another tree takes back what was zoomed and selected, unless that is said, too', () => {
  const page = randomPage(2);
  page.head.trees.push({ name: 'calls', nodes: 1, entries: 1, merged: null });
  const workshop = new Workshop(page);
  const before = { ...initialState, zoom: 5, selected: 6, metric: 'wall' };
  assert.deepEqual(workshop.adjust({ metric: 'run' }, before), { metric: 'run' });
  assert.deepEqual(workshop.adjust({ view: 'flame' }, before), { view: 'flame' });
  assert.deepEqual(workshop.adjust({ metric: 'calls', selected: 2 }, before), {
    metric: 'calls', zoom: 0, selected: 2, trail: [],
  });
});

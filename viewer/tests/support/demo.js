// A recording as people have them: a shop that imports orders with three threads, waits for disk, network and the GIL, and collects
// garbage. The same every time. For tests and pictures of the views.

import { encodePage } from './plain.js';

/** @typedef {import('./plain_tree.js').PlainRun} PlainRun */

/** @param {number} seed */
export function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** @type {[number, string[], [string, number][]][]} weight, stack, states with their chances */
const loading = [
  [5, ['load_orders:39', 'parse_order:30', 'loads:339', 'JSONDecoder.decode:354'], [['cpu', 0.75], ['gil', 0.25]]],
  [3, ['load_orders:39', 'parse_order:32', 'Order.__init__:16'], [['cpu', 0.8], ['gil', 0.2]]],
  [2, ['load_orders:41', 'Order.total:24', 'Order.total.<genexpr>:25'], [['cpu', 0.85], ['collector', 0.08], ['gil', 0.07]]],
  [2, ['load_orders:38'], [['disk', 0.7], ['cpu', 0.3]]],
];
/** @type {typeof loading} */
const saving = [
  [4, ['Store.run:20', 'Store.save_orders:44'], [['disk', 0.65], ['cpu', 0.3], ['gil', 0.05]]],
  [2, ['Store.run:20', 'Store.save_orders:47', 'Cursor.execute:12'], [['disk', 0.5], ['cpu', 0.5]]],
  [2, ['Store.run:18', 'Queue.get:171', 'Condition.wait:320'], [['lock', 1]]],
];
/** @type {typeof loading} */
const fetching = [
  [4, ['fetch_prices:12', 'Session.get:600', 'HTTPConnection.getresponse:1348', 'SocketIO.readinto:717'], [['network', 0.95], ['cpu', 0.05]]],
  [1, ['fetch_prices:15', 'loads:339', 'JSONDecoder.decode:354'], [['cpu', 0.7], ['gil', 0.3]]],
  [1, ['fetch_prices:17', 'backoff:5'], [['sleep', 1]]],
];

/**
 * @param {() => number} random
 * @param {string[]} outside
 * @param {typeof loading} works
 * @param {number} ticks
 * @param {number} gap
 * @returns {PlainRun[]}
 */
function busy(random, outside, works, ticks, gap) {
  const all = works.reduce((sum, [weight]) => sum + weight, 0);
  /** @type {PlainRun[]} */
  const runs = [];
  let at = 0;
  for (let stay = 0; at < ticks; ) {
    let pick = random() * all;
    const work = works.find(([weight]) => (pick -= weight) < 0) ?? works[0];
    for (stay = 1 + Math.floor(random() * 12); stay > 0 && at < ticks; stay--) {
      let chance = random();
      const [state] = work[2].find(([, part]) => (chance -= part) < 0) ?? work[2][0];
      const length = Math.max(Math.round(1000 * (0.3 + 3 * random() ** 3)), 1);
      const share = state === 'cpu' || state === 'collector' ? 255 : state === 'gil' ? 0 : 90;
      runs.push({ gap: at === 0 ? gap : 0, ticks: length, stack: [...outside, ...work[1]], state, share });
      at += length;
    }
  }
  return runs;
}

const standard = (/** @type {string} */ file) => ({ origin: 2, file: `/usr/lib/python3.12/${file}`, module: file.replace(/\.py$/, '').replace('/__init__', '').replaceAll('/', '.') });
const requests = { origin: 1, file: '/venv/lib/python3.12/site-packages/requests/sessions.py', module: 'requests.sessions' };
const own = (/** @type {string} */ name, /** @type {number} */ line) => ({ file: `/home/user/shop/${name}.py`, module: `shop.${name}`, line });

/** What orders.py says. */
const orders = `"""Orders of the shop: read from files, checked, priced."""
from __future__ import annotations

import json
from pathlib import Path

VAT = 0.19


class Order:
    """One order with its items."""

    def __init__(self, row: dict) -> None:
        self.number = row["number"]
        # Prices come as texts, with a comma in them.
        self.items = [(name, float(price.replace(",", "."))) for name, price in row["items"]]
        self.paid = bool(row.get("paid"))

    def __repr__(self) -> str:
        return f"Order {self.number}: {len(self.items)} items"

    def total(self) -> float:
        """What the customer pays."""
        return (1 + VAT) * sum(
            price for _name, price in self.items
        )


def parse_order(line: str) -> Order:
    row = json.loads(line)
    row["items"] = row.pop("lines", [])
    return Order(row)


def load_orders(folder: Path) -> list[Order]:
    orders = []
    with (folder / "orders.jsonl").open() as lines:
        for line in lines:
            order = parse_order(line)
            if order.paid:
                order.total()
            orders.append(order)
    return orders
`;

/**
 * Calls of the shop, as if they had been recorded, too: names, how many, and how long in ms.
 * @type {[string, number, number, string][]}
 */
const called = [
  ['parse_order', 5000, 0.3, ''], ['Order.__init__', 5000, 0.13, ''], ['Order.total', 4100, 0.08, ''],
  ['Store.save_orders', 250, 4.6, 'OperationalError'], ['fetch_prices', 64, 48, 'ConnectionError'], ['backoff', 9, 21, ''],
  ['load_orders', 1, 2010, ''], ['render', 1, 500, ''], ['main', 1, 3990, ''],
];

/** @param {() => number} random */
function demoCalls(random) {
  /** @type {import('./plain.js').PlainCallSum[]} */
  const callSums = [];
  /** @type {import('./plain.js').PlainCall[]} */
  const calls = [];
  for (const [name, count, mean, exception] of called) {
    // Durations around the mean, a few much longer.
    const durations = Array.from({ length: count }, () => Math.round(mean * 1e6 * (count === 1 ? 1 : 0.55 * Math.exp(1.1 * (random() + random() + random() - 1.5)) + (random() < 0.02 ? 4 : 0))));
    durations.sort((a, b) => a - b);
    const sum = durations.reduce((all, ns) => all + ns, 0);
    /** @type {Map<number, number>} */
    const buckets = new Map();
    for (const ns of durations) {
      const bucket = Math.floor(4 * Math.log2(ns));
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
    }
    callSums.push({
      name, calls: count, primitive: count, raised: exception ? Math.ceil(count / 60) : 0, self: Math.round(sum * 0.6), total: sum,
      cpu: Math.round(sum * 0.4), mean: Math.round(sum / count), p50: durations[count >> 1], p99: durations[Math.floor(count * 0.99)],
      max: durations[count - 1], skipped: 0, buckets: [...buckets].sort((a, b) => a[0] - b[0]),
    });
    for (const [i, duration] of durations.slice(-4).entries())
      calls.push({
        stack: name === 'main' ? ['main'] : ['main', name], thread: 0, start: Math.floor(random() * 1_500_000), duration,
        self: Math.round(duration * 0.6), outcome: exception && i === 3 ? 1 : 0, exception,
      });
  }
  calls.sort((a, b) => b.duration - a.duration);
  const runs = called.map(([name, count, mean]) => ({ ticks: Math.round(count * mean * 300), stack: name === 'main' ? ['main'] : ['main', name], samples: count }));
  return { callSums, calls, callThreads: [{ runs }, { runs: [] }, { runs: [] }, { runs: [] }] };
}

/** @returns {import('./plain.js').PlainRecording} */
export function demoRecording() {
  const random = randomNumbers(7);
  const main = ['<module>:90', 'main:71'];
  const thread = ['Thread._bootstrap:1032', 'Thread._bootstrap_inner:1075', 'Thread.run:1012'];
  return {
    functions: {
      '<module>': own('bookshop', 1), main: own('bookshop', 60), load_orders: own('orders', 35),
      parse_order: own('orders', 29), 'Order.__init__': own('orders', 13), 'Order.total': own('orders', 22),
      'Order.total.<genexpr>': own('orders', 25), 'Store.run': own('store', 12), 'Store.save_orders': own('store', 40),
      fetch_prices: own('prices', 8), backoff: own('prices', 3), render: own('report', 5), 'Thread.run': standard('threading.py'),
      loads: standard('json/__init__.py'), 'JSONDecoder.decode': standard('json/decoder.py'),
      'Queue.get': standard('queue.py'), 'Condition.wait': standard('threading.py'), 'Cursor.execute': { ...standard('sqlite3.py'), origin: 1, file: '/venv/lib/python3.12/site-packages/apsw/ext.py', module: 'apsw.ext' },
      'Thread._bootstrap': standard('threading.py'), 'Thread._bootstrap_inner': standard('threading.py'),
      'Session.get': requests, 'HTTPConnection.getresponse': standard('http/client.py'), 'SocketIO.readinto': standard('socket.py'),
    },
    threads: [
      {
        name: 'MainThread',
        runs: [
          ...busy(random, main, loading, 2_600_000, 0),
          { ticks: 900_000, stack: [...main, 'Condition.wait:320'], state: 'lock', share: 20 },
          ...busy(random, [...main, 'render:9'], [[1, [], [['cpu', 0.9], ['collector', 0.1]]]], 500_000, 0),
        ],
      },
      { name: 'writer', runs: busy(random, thread, saving, 2_900_000, 350_000) },
      { name: 'prices-0', runs: busy(random, thread, fetching, 1_900_000, 200_000) },
      { name: 'prices-1', runs: busy(random, thread, fetching, 1_700_000, 240_000) },
    ],
    ...demoCalls(randomNumbers(5)),
    head: { processes: shopProcesses },
    counters: [
      ...[500, 1000, 1500, 2000, 2500, 3000, 3500].map((ms, i) => ({ process: 0, tick: ms * 1000, cpuUs: Math.round(ms * 1000 * (i < 4 ? 1.2 : 1.1)), kib: 24_000 + 30_000 * Math.min(i, 3) })),
      ...[1500, 2000, 2500].map((ms, i) => ({ process: 1, tick: ms * 1000, cpuUs: (i + 1) * 250_000, kib: 16_000 })),
    ],
    source: [{ file: '/home/user/shop/orders.py', firstLine: 1, text: orders }],
    summary: [
      { parts: [{ t: '31 % running in ' }, { t: 'parse_order', link: { view: 'functions', function: 3 } }, { t: ' (orders.py:61), 18 % waiting for disk in ' }, { t: 'Store.save_orders', link: { view: 'sandwich', function: 8 } }, { t: ' (store.py:44).' }] },
      { parts: [{ t: 'The thread ' }, { t: 'MainThread', link: { view: 'timeline', thread: 0 } }, { t: ' needs the CPU most; it waits 17 % of its time for the GIL.' }] },
    ],
  };
}

const shopProcesses = [
  { pid: 4312, parent: null, command: 'python bookshop.py', python: 'CPython 3.12.4', side: 0, start_tick: 0, end_tick: 4_000_000 },
  { pid: 4313, parent: 0, command: 'python prices.py', python: 'CPython 3.12.4', side: 0, start_tick: 1_000_000, end_tick: 2_600_000 },
];

/**
 * The same shop before and after a change: orders are parsed faster, prices take longer, everything else as chance has it.
 * @returns {import('./plain.js').PlainRecording}
 */
export function demoDiff() {
  const before = demoRecording();
  const random = randomNumbers(11);
  const threads = before.threads.map((thread) => ({
    ...thread,
    runs: thread.runs.map((run) => {
      const faster = run.stack.some((frame) => frame.startsWith('loads:')) ? 0.45 : 1;
      const slower = run.stack.some((frame) => frame.startsWith('Session.get')) ? 1.3 : 1;
      return { ...run, ticks: Math.max(Math.round(run.ticks * faster * slower * (0.95 + 0.1 * random())), 1) };
    }),
  }));
  const { head } = encodePage({ ...before, callThreads: undefined, threads: [...before.threads, ...threads] });
  const side = { ...head.sides[0], effective_samples: 3000 };
  return {
    ...before,
    callThreads: undefined,
    calls: undefined,
    callSums: undefined,
    counters: undefined,
    threads: [...before.threads, ...threads],
    head: {
      diff: true,
      sides: [side, { ...side, file: 'after.baro', duration_ns: (side.duration_ns ?? 0) * 0.78 }],
      threads: head.threads.map((thread, i) => ({ ...thread, side: i < threads.length ? 0 : 1 })),
    },
  };
}

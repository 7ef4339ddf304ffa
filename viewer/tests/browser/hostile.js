// A recording whose every name wants to harm the page.

const long = `long_${'x'.repeat(10_000)}`;

/** @type {readonly string[]} */
export const hostileNames = [
  '</script><script>alert(1)</script>',
  '<img src=x onerror=alert(2)>',
  '"><svg onload=alert(3)>',
  '--><!--',
  '\u202egnihton\u202c',
  'שלום_עולם',
  'größe_😀_👩‍👩‍👧',
  'a\0b\u0001\u001b[31m',
  '${alert(4)}{{alert(5)}}',
  'javascript:alert(6)',
  "'; alert(7); '",
  'a|b',
  '__proto__',
  'constructor',
  long,
];

/** @returns {import('../support/plain.js').PlainRecording} */
export function hostileRecording() {
  const stacks = hostileNames.map((name, i) => ['main', ...hostileNames.slice(0, i % 4), name]);
  const runs = stacks.map((stack, i) => ({ ticks: 1000 * (i + 1), stack, state: i % 2 ? 'gil' : 'cpu' }));
  return {
    functions: Object.fromEntries(
      hostileNames.map((name) => [name, { file: `/tmp/${name}.py`, module: name, bare: name }]),
    ),
    threads: [
      { name: hostileNames[0], runs },
      { name: long, runs },
    ],
    callThreads: [{ runs }, { runs: [] }],
    calls: hostileNames.map((name, i) => ({ stack: stacks[i], thread: 0, start: i * 1000, duration: 5e6, self: 1e6, outcome: 1, exception: name })),
    callSums: hostileNames.map((name) => ({ name, calls: 1, primitive: 1, raised: 1, self: 1e6, total: 5e6, cpu: null, mean: 5e6, p50: 5e6, p99: 5e6, max: 5e6, skipped: 0, buckets: [[89, 1]] })),
    source: [{ file: `/tmp/${hostileNames[0]}.py`, firstLine: 1, text: hostileNames.join('\n') }],
    summary: [{ parts: hostileNames.map((name) => ({ t: `${name} `, link: { view: 'functions', function: 1 } })) }],
    head: {
      title: hostileNames[0],
      limits: { runs: hostileNames[1] },
      sides: [{
        file: hostileNames[0], command: hostileNames.join(' '), python: hostileNames[1], machine: hostileNames[2],
        host: hostileNames[4], start_utc: hostileNames[1], duration_ns: 1e9, samples: 5, rate_hz: 1000, interval_ns: 1e6,
        cpu_ns: null, lost: 1, rejected: 2, ended: hostileNames[0], notes: [...hostileNames], unknown: [{ reason: hostileNames[0], ratio: 0.1 }],
        damage: hostileNames[1], effective_samples: 5,
      }],
      processes: [{ pid: 1, parent: null, command: hostileNames.join(' '), python: '3', side: 0, start_tick: 0, end_tick: 9 }],
    },
  };
}

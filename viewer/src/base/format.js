// Numbers as text: three significant digits, always with a unit, the same words as `barograph report`. No DOM.

/**
 * A command without the folders of its program and files: the whole of it is in a tooltip.
 * @param {string} command
 */
export function shortCommand(command) {
  return command.slice(0, 2000).replace(/(^|[\s=])\/(?:[^\s/]+\/)+(?=[^\s/])/g, '$1');
}

/** Not known, everywhere. */
export const unknown = '–';

/**
 * Three significant digits of a value below 1,000.
 * @param {number} value
 * @param {string} unit
 */
function three(value, unit) {
  const decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return `${fixed(value, decimals)} ${unit}`;
}

/**
 * What lies in the very middle goes to the even digit, as `printf` has it: the same number is the same text in the page and in a report.
 * @param {number} value
 * @param {number} decimals 2 at most
 */
function fixed(value, decimals) {
  const scale = 10 ** decimals;
  // Of all doubles only multiples of 1/8 can have a 5 behind two decimals and nothing after it.
  const isMiddle = Number.isInteger(value * 8) && Math.abs((value * scale) % 1) === 0.5;
  return (isMiddle ? (2 * Math.round((value * scale) / 2)) / scale : value).toFixed(decimals);
}

/**
 * @param {number | null} ns
 * @returns {string} "8.70 s", "775 ms", "2 min 05 s"
 */
export function formatDuration(ns) {
  if (ns === null || Number.isNaN(ns)) return unknown;
  if (ns < 0) return `−${formatDuration(-ns)}`;
  if (ns === 0) return '0 s';
  if (ns < 999.5) return `${Math.max(Math.round(ns), 1)} ns`;
  const seconds = ns / 1e9;
  if (seconds < 999.5e-6) return three(seconds * 1e6, 'µs');
  if (seconds < 0.9995) return three(seconds * 1e3, 'ms');
  if (seconds < 119.5) return three(seconds, 's');
  if (seconds < 7199.5) {
    const whole = Math.round(seconds);
    return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  }
  const minutes = Math.round(seconds / 60);
  return `${formatCount(Math.floor(minutes / 60))} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/**
 * @param {number | null} count
 * @returns {string} "30,855"
 */
export function formatCount(count) {
  if (count === null || Number.isNaN(count)) return unknown;
  const digits = String(Math.abs(Math.round(count)));
  return (count < 0 ? '−' : '') + digits.replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/**
 * Where there is little room: three digits of what is large.
 * @param {number} count
 * @returns {string} "999", "30.9 k", "2.00 M"
 */
export function formatShortCount(count) {
  if (count < 10_000) return formatCount(count);
  let value = count / 1000;
  let unit = 0;
  for (; value >= 999.5 && unit < 3; unit++) value /= 1000;
  return three(value, 'kMGT'[unit]);
}

/**
 * @param {number | null} ratio
 * @returns {string} "34.2 %", "<0.1 %"
 */
export function formatPercent(ratio) {
  if (ratio === null || Number.isNaN(ratio)) return unknown;
  if (ratio > 0 && ratio < 0.0005) return '<0.1 %';
  return `${fixed(ratio * 100, 1)} %`;
}

/**
 * The number of formatPercent without its sign, for columns that have it in their head.
 * @param {number} ratio
 */
export function formatShare(ratio) {
  return formatPercent(ratio).replace(' %', '');
}

/**
 * @param {number | null} error standard error of a share; null = exact
 * @returns {string} "± 0.4 %", "" where there is none
 */
export function formatError(error) {
  // Of nothing and of everything there is none to speak of.
  return error === null || error === 0 ? '' : `± ${formatPercent(error)}`;
}

/**
 * An amount of a metric.
 * @param {number} amount in the page's units
 * @param {import('../types/model.js').Metric} metric
 * @param {import('../types/page.js').Head} head
 */
export function formatAmount(amount, metric, head) {
  if (metric.kind === 'count') return formatCount(amount);
  return metric.tree === 'samples' ? formatUnits(amount, head) : formatDuration(amount * head.unit_ns);
}

/**
 * An amount of samples: time, unless what was imported counts something else.
 * @param {number} units
 * @param {import('../types/page.js').Head} head
 * @returns {string} "8.70 s", "59.7 MB", "30,855 samples"
 */
export function formatUnits(units, head) {
  const amount = units * head.unit_ns;
  if (!head.amounts) return formatDuration(amount);
  if (head.amounts === 'bytes') return amount < 0 ? `−${formatBytes(-amount)}` : formatBytes(amount);
  return `${formatCount(amount)} ${head.amounts}`;
}

/**
 * What the samples of a side amount to, as the heads of reports say it.
 * @param {import('../types/page.js').Head} head
 * @param {number} side
 */
export function formatSide(head, side) {
  if (!head.amounts) return formatDuration(head.sides[side].duration_ns);
  const threads = head.threads.filter((thread) => thread.side === side);
  return formatUnits(threads.reduce((sum, thread) => sum + thread.wall, 0), head);
}

/**
 * @param {number} bytes
 * @returns {string} "59.7 MB"
 */
export function formatBytes(bytes) {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes / 1000;
  let unit = 0;
  for (; value >= 999.5 && unit + 1 < units.length; unit++) value /= 1000;
  return three(value, units[unit]);
}

/**
 * What is missing of what was to be recorded, in the words of `barograph report`.
 * @param {import('../types/page.js').Side} side
 * @returns {string} "missed ticks 873 (22.6 %), rejected 2"; "": nothing
 */
export function lossWords({ missed_ticks: missed, ticks, rejected, unreadable, lost, lost_events: events }) {
  return /** @type {[string, number | null | undefined][]} */ ([
    ['missed ticks', missed],
    ['rejected', rejected],
    ['unreadable', unreadable],
    ['lost', lost],
    ['lost events', events],
  ])
    .flatMap(([words, count]) => (count ? [`${words} ${formatCount(count)}${words[0] === 'm' && ticks ? ` (${formatPercent(count / ticks)})` : ''}`] : []))
    .join(', ');
}

/**
 * @param {import('../types/page.js').Side} side
 * @returns {string} "1.68 s", "at least 339 ms", "": not known
 */
export function cpuWords({ cpu_ns: cpu, cpu_least_ns: least }) {
  return cpu !== null ? formatDuration(cpu) : least ? `at least ${formatDuration(least)}` : '';
}

/**
 * Whether idle time is left out of what is counted by default.
 * @param {import('../types/page.js').Head} head
 */
export function hasIdle({ threads }) {
  return threads.some(({ states }) => states.idle > 0);
}

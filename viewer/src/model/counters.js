// CPU time and memory of processes over time, as columns of a picture. No DOM.

/** @typedef {import('../types/page.js').Counters} Counters */
/** @typedef {import('../types/page.js').Head} Head */

/**
 * @param {Counters} counters
 * @param {Head} head
 * @param {number} side
 * @returns {number[]} processes of the side that have readings
 */
export function readProcesses(counters, head, side) {
  return [...new Set(counters.process)].filter((process) => !head.diff || head.processes[process].side === side);
}

/**
 * @typedef {object} CounterColumns
 * @property {Float64Array} cpus how many CPUs were used on average, by column
 * @property {Float64Array | null} memory bytes of resident memory; null = not known
 */

/**
 * CPU time between two readings is spread evenly; memory goes straight from one to the next, and stays before the first and
 * after the last while the process lives.
 * @param {Counters} counters
 * @param {Head} head
 * @param {readonly number[]} processes whose
 * @param {{from: number, to: number}} window ticks
 * @param {number} columns
 * @returns {CounterColumns}
 */
export function counterColumns(counters, head, processes, window, columns) {
  const cpus = new Float64Array(columns);
  const memory = new Float64Array(columns);
  const width = (window.to - window.from) / columns;
  let known = false;
  const whose = new Set(processes);
  for (let from = 0, to = 0; from < counters.count; from = to) {
    const process = counters.process[from];
    while (to < counters.count && counters.process[to] === process) to++;
    if (!whose.has(process)) continue;
    const { start_tick: start, end_tick: end } = head.processes[process];
    addCpu(cpus, counters, from, to, start, window.from, width, head.tick_ns / 1000);
    known = addMemory(memory, counters, from, to, { start, end }, window.from, width) || known;
  }
  return { cpus, memory: known ? memory : null };
}

/**
 * @param {Float64Array} cpus
 * @param {Counters} counters
 * @param {number} from the process's readings
 * @param {number} to
 * @param {number} start tick
 * @param {number} origin tick of the first column
 * @param {number} width ticks of a column
 * @param {number} tickUs
 */
function addCpu(cpus, counters, from, to, start, origin, width, tickUs) {
  let tick = start;
  let used = 0;
  for (let r = from; r < to; r++) {
    const until = counters.time[r];
    const rate = until > tick ? (counters.cpuUs[r] - used) / ((until - tick) * tickUs) : 0;
    const first = Math.max(Math.floor((tick - origin) / width), 0);
    for (let c = first; c < cpus.length && origin + c * width < until && rate > 0; c++) {
      const low = origin + c * width;
      cpus[c] += (rate * Math.max(Math.min(until, low + width) - Math.max(tick, low), 0)) / width;
    }
    tick = Math.max(until, tick);
    used = counters.cpuUs[r];
  }
}

/**
 * @param {Float64Array} memory
 * @param {Counters} counters
 * @param {number} from
 * @param {number} to
 * @param {{start: number, end: number}} life ticks
 * @param {number} origin
 * @param {number} width
 * @returns {boolean} whether any was read
 */
function addMemory(memory, counters, from, to, life, origin, width) {
  const rows = [];
  for (let r = from; r < to; r++) if (counters.memory[r] > 0) rows.push(r);
  if (rows.length === 0) return false;
  const end = Math.max(life.end, counters.time[rows[rows.length - 1]]);
  let next = 0;
  for (let c = 0; c < memory.length; c++) {
    const tick = origin + (c + 0.5) * width;
    if (tick < life.start || tick > end) continue;
    while (next < rows.length && counters.time[rows[next]] < tick) next++;
    const after = rows[Math.min(next, rows.length - 1)];
    const before = rows[Math.max(next - 1, 0)];
    const span = counters.time[after] - counters.time[before];
    const part = span > 0 ? (tick - counters.time[before]) / span : 0;
    memory[c] += counters.memory[before] + part * (counters.memory[after] - counters.memory[before]);
  }
  return true;
}

/**
 * @param {Float64Array} values
 * @returns {{most: number, at: number, mean: number}} at: the first column that has the most
 */
export function peakOf(values) {
  let at = 0;
  let sum = 0;
  for (let c = 0; c < values.length; c++) {
    if (values[c] > values[at]) at = c;
    sum += values[c];
  }
  return { most: values[at] ?? 0, at, mean: values.length > 0 ? sum / values.length : 0 };
}

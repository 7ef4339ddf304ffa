// What a framework ran, from the page's sections: operators with times by resource, quartiles and facts, edges, tasks, the critical
// path. Times of operators are ns; those of tasks and steps are ns too, since the begin of the run. No DOM.

import { PageError } from './columns.js';
import { readSectionColumns } from './page.js';

/** @typedef {import('../types/dataflow.js').Dataflow} Dataflow */
/** @typedef {import('../types/dataflow.js').DataflowHead} DataflowHead */
/** @typedef {import('../types/dataflow.js').Operator} Operator */
/** @typedef {import('../types/dataflow.js').Tasks} Tasks */
/** @typedef {import('./columns.js').Columns} Columns */

/** Flags of tasks: an outcome, and these. */
export const taskFlags = { outcome: 7, onPath: 8, block: 16 };
/** Resource of a task that has no time. */
export const noResource = 255;

/**
 * @param {Columns} columns
 * @param {readonly string[]} texts
 * @returns {Operator[]}
 */
function readOperators(columns, texts) {
  const count = columns.count([
    'id', 'parent', 'kind', 'name', 'place', 'tasks', 'bad_tasks', 'slots', 'start_ns', 'end_ns', 'tasks_ns', 'path_ns',
  ]);
  const id = columns.indices('id', 4294967296);
  const parent = columns.numbers('parent');
  const [kind, name, place] = ['kind', 'name', 'place'].map((key) => columns.indices(key, texts.length));
  const [tasks, badTasks, slots, startNs, endNs, tasksNs, pathNs] = [
    'tasks', 'bad_tasks', 'slots', 'start_ns', 'end_ns', 'tasks_ns', 'path_ns',
  ].map((key) => columns.numbers(key));
  /** @type {Map<number, number>} */
  const rowOf = new Map();
  return Array.from({ length: count }, (_, row) => {
    if (row > 0 && id[row] <= id[row - 1]) throw columns.error('id', 'does not ascend');
    rowOf.set(id[row], row);
    const above = parent[row] === 0 ? -1 : rowOf.get(id[row] - parent[row]);
    if (above === undefined) throw columns.error('parent', `of operator ${id[row]} is not there`);
    return {
      id: id[row],
      parent: above,
      kind: texts[kind[row]],
      name: texts[name[row]],
      place: texts[place[row]],
      tasks: tasks[row],
      badTasks: badTasks[row],
      slots: slots[row],
      startNs: startNs[row],
      endNs: endNs[row],
      tasksNs: tasksNs[row],
      pathNs: pathNs[row],
      parts: [],
      quartiles: [],
      facts: [],
    };
  });
}

/**
 * @param {Columns} columns
 * @param {Map<number, number>} rowOf
 * @returns {(row: number) => number} of a row of that section, that of its operator
 */
function operatorOf(columns, rowOf) {
  const id = columns.indices('operator', 4294967296);
  return (row) => {
    const at = rowOf.get(id[row]);
    if (at === undefined) throw columns.error('operator', `${id[row]} is not there`);
    return at;
  };
}

/**
 * @param {Columns} columns
 * @param {Operator[]} operators
 * @param {Map<number, number>} rowOf
 * @param {DataflowHead} head
 */
function addTimes(columns, operators, rowOf, head) {
  const count = columns.count(['operator', 'resource', 'evidence', 'tasks_ns', 'path_ns']);
  const of = operatorOf(columns, rowOf);
  const [resource, evidence] = ['resource', 'evidence'].map((key) => columns.bytes(key));
  const [tasksNs, pathNs] = ['tasks_ns', 'path_ns'].map((key) => columns.numbers(key));
  for (let i = 0; i < count; i++) {
    if (resource[i] >= head.resources.length) throw columns.error('resource', `${resource[i]} is not there`);
    if (evidence[i] >= head.evidence.length) throw columns.error('evidence', `${evidence[i]} is not there`);
    operators[of(i)].parts.push({ resource: resource[i], evidence: evidence[i], tasksNs: tasksNs[i], pathNs: pathNs[i] });
  }
}

/**
 * @param {DataflowHead} head
 * @param {string} key "duration_ns", "read_bytes" ...
 * @returns {(operator: Operator) => Operator['quartiles'][number]} undefined: its tasks do not tell
 */
export function quartilesBy({ quantities }, key) {
  const place = quantities.findIndex((quantity) => quantity.key === key);
  return (operator) => operator.quartiles[place];
}

/**
 * @param {Columns} columns
 * @param {Operator[]} operators
 * @param {Map<number, number>} rowOf
 * @param {DataflowHead} head
 */
function addQuartiles(columns, operators, rowOf, head) {
  const names = ['least', 'p25', 'p50', 'p75', 'most'];
  const count = columns.count(['operator', 'quantity', 'sum', ...names]);
  const of = operatorOf(columns, rowOf);
  const quantity = columns.bytes('quantity');
  const sum = columns.numbers('sum');
  const at = names.map((name) => columns.numbers(name));
  for (let i = 0; i < count; i++) {
    if (quantity[i] >= head.quantities.length) throw columns.error('quantity', `${quantity[i]} is not there`);
    operators[of(i)].quartiles[quantity[i]] = { sum: sum[i], at: at.map((column) => column[i]) };
  }
}

/**
 * @param {Columns} columns
 * @param {Operator[]} operators
 * @param {Map<number, number>} rowOf
 * @param {readonly string[]} texts
 */
function addFacts(columns, operators, rowOf, texts) {
  const count = columns.count(['operator', 'key', 'value']);
  const of = operatorOf(columns, rowOf);
  const [key, value] = ['key', 'value'].map((name) => columns.indices(name, texts.length));
  for (let i = 0; i < count; i++) operators[of(i)].facts.push([texts[key[i]], texts[value[i]]]);
}

/** An amount that may not be known: one more than it is, 0 = not known. @param {number} value */
const known = (value) => (value === 0 ? null : value - 1);

/**
 * @param {Columns} columns
 * @param {Map<number, number>} rowOf
 * @returns {import('../types/dataflow.js').OperatorEdge[]}
 */
function readEdges(columns, rowOf) {
  const count = columns.count(['from', 'to', 'kind', 'bytes', 'rows']);
  const [from, to] = ['from', 'to'].map((key) => columns.indices(key, 4294967296));
  const [bytes, rows] = ['bytes', 'rows'].map((key) => columns.numbers(key));
  const kind = columns.bytes('kind');
  return Array.from({ length: count }, (_, i) => {
    const ends = [rowOf.get(from[i]), rowOf.get(to[i])];
    if (ends[0] === undefined || ends[1] === undefined) throw columns.error('from', 'or "to" is not there');
    return { from: ends[0], to: ends[1], control: kind[i] === 1, bytes: known(bytes[i]), rows: known(rows[i]) };
  });
}

/**
 * @param {Columns} slots
 * @param {Columns} columns
 * @param {DataflowHead} head
 * @param {Map<number, number>} rowOf
 * @param {number} threads
 * @returns {Tasks}
 */
function readTasks(slots, columns, head, rowOf, threads) {
  const count = columns.count(['gap', 'length', 'slack', 'operator', 'resource', 'flags', 'partition', 'count']);
  const [gap, slack] = ['gap', 'slack'].map((key) => columns.signed(key));
  const length = columns.numbers('length');
  const unit = head.time_unit_ns;
  const thread = slots.indices('thread', threads);
  const ofSlot = slots.numbers('count');
  const first = new Uint32Array(thread.length + 1);
  const start = new Float64Array(count);
  const end = new Float64Array(count);
  const busy = new Float64Array(count);
  const slot = new Uint32Array(count);
  const operator = new Int32Array(count);
  const id = columns.numbers('operator');
  let at = 0;
  for (let s = 0; s < thread.length; s++) {
    let tick = 0;
    if (ofSlot[s] > count - at) throw slots.error('count', 'is more than there are tasks');
    for (const until = at + ofSlot[s]; at < until; at++) {
      tick += gap[at];
      start[at] = tick * unit;
      tick += length[at];
      end[at] = tick * unit;
      busy[at] = (length[at] - slack[at]) * unit;
      slot[at] = s;
      operator[at] = id[at] === 0 ? -1 : rowOf.get(id[at] - 1) ?? -1;
    }
    first[s + 1] = at;
  }
  if (at !== count) throw slots.error('count', `announces ${at} tasks of ${count}`);
  return {
    count,
    thread,
    first,
    slot,
    start,
    end,
    busy,
    operator,
    resource: columns.bytes('resource'),
    flags: columns.bytes('flags'),
    partition: columns.numbers('partition'),
    merged: columns.numbers('count'),
  };
}

/**
 * @param {Columns} columns
 * @param {DataflowHead} head
 * @param {Map<number, number>} rowOf
 * @returns {import('../types/dataflow.js').PathSteps}
 */
function readPath(columns, head, rowOf) {
  const count = columns.count(['kind', 'operator', 'length', 'tasks']);
  const kind = columns.bytes('kind');
  const id = columns.numbers('operator');
  const length = columns.numbers('length');
  const start = new Float64Array(count + 1);
  for (let i = 0; i < count; i++) {
    if (kind[i] >= head.steps.length) throw columns.error('kind', `${kind[i]} is not there`);
    start[i + 1] = start[i] + length[i] * head.time_unit_ns;
  }
  return {
    count,
    kind,
    start,
    operator: Int32Array.from(id, (one) => (one === 0 ? -1 : rowOf.get(one - 1) ?? -1)),
    tasks: columns.numbers('tasks'),
  };
}

/** @param {DataflowHead} about */
function checkHead(about) {
  for (const key of /** @type {const} */ (['evidence', 'quantities', 'steps', 'outcomes', 'resources', 'findings']))
    if (!Array.isArray(about[key])) throw new PageError(`The page is damaged: the dataflow in its head has no ${key}.`);
  for (const key of /** @type {const} */ (['run_ns', 'time_unit_ns']))
    if (!(about[key] >= 0)) throw new PageError(`The page is damaged: the dataflow in its head has no ${key}.`);
}

/**
 * @param {import('../types/page.js').Head} head
 * @param {import('./sections.js').ReadSection} read
 * @returns {Promise<Dataflow | null>} null: the recording is of no framework, or the page compares two
 */
export async function decodeDataflow(head, read) {
  const about = head.dataflow;
  if (!about) return null;
  checkHead(about);
  /** @type {Columns[]} */
  const columns = [];
  for (const name of ['operator_texts', 'operators', 'operator_times', 'operator_quartiles', 'operator_facts', 'operator_edges', 'task_slots', 'tasks', 'path']) {
    const section = await readSectionColumns(head, read, name);
    if (!section) return null;
    columns.push(section);
  }
  const [textColumns, list, times, quartiles, facts, edges, slots, tasks, path] = columns;
  const texts = textColumns.texts('text');
  const operators = readOperators(list, texts);
  const rowOf = new Map(operators.map(({ id }, row) => [id, row]));
  addTimes(times, operators, rowOf, about);
  addQuartiles(quartiles, operators, rowOf, about);
  addFacts(facts, operators, rowOf, texts);
  return {
    head: about,
    operators,
    rowOf,
    edges: readEdges(edges, rowOf),
    tasks: readTasks(slots, tasks, about, rowOf, head.threads.length),
    path: readPath(path, about, rowOf),
  };
}

import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeDataflow } from '../../src/data/dataflow.js';
import { operatorGraph, plansOf } from '../../src/model/operator_graph.js';
import { firstAfter, taskAt } from '../../src/parts/task_lanes.js';
import { encodeSection } from '../support/encode.js';

const resources = ['cpu', 'unknown', 'driver'].map((key) => ({ key, words: key, evidence: 'measured', path_ns: 0, tasks_ns: 0 }));
const about = {
  summary: '', run_ns: 60e6, time_unit_ns: 1e6, tasks: 4, operators: 2, executors: 1, slots: 2, has_slots: true, has_stages: true, busy_ns: 0, idle_slots_ns: 0,
  evidence: ['measured', 'derived', 'unknown'].map((key) => ({ key, words: key })),
  quantities: [{ key: 'duration_ns', words: 'duration' }],
  steps: ['task', 'startup'].map((key) => ({ key, words: key })),
  outcomes: ['unknown', 'succeeded'],
  resources,
  findings: [],
};
const texts = ['spark.application', 'app', '', 'spark.sql', 'sql 0', 'spark.stage', 'stage 0', 'stage 1', 'spark.node', 'Scan', 'Sort', 'WholeStageCodegen (1)', 'output_rows', '7'];
/** An application, a query with two stages, and its plan: Scan -> [Sort]. */
const sections = {
  operator_texts: [['text', 's', texts]],
  operators: [
    ['id', 'd', [0, 3, 5, 6, 8, 9, 10]], ['parent', 'u', [0, 3, 2, 3, 5, 6, 1]], ['kind', 'u', [0, 3, 5, 5, 8, 8, 8]], ['name', 'u', [1, 4, 6, 7, 9, 11, 10]], ['place', 'u', [2, 2, 2, 2, 2, 2, 2]],
    ['tasks', 'u', [0, 0, 3, 1, 0, 0, 0]], ['bad_tasks', 'u', [0, 0, 0, 0, 0, 0, 0]], ['slots', 'u', [0, 0, 2, 1, 0, 0, 0]],
    ['start_ns', 'u', [0, 0, 10e6, 40e6, 0, 0, 0]], ['end_ns', 'u', [0, 0, 40e6, 60e6, 0, 0, 0]], ['tasks_ns', 'u', [0, 0, 50e6, 20e6, 0, 0, 0]], ['path_ns', 'u', [0, 0, 30e6, 20e6, 0, 0, 0]],
  ],
  operator_times: [['operator', 'd', [5, 5, 6]], ['resource', 'b', [0, 1, 0]], ['evidence', 'b', [0, 2, 0]], ['tasks_ns', 'u', [30e6, 20e6, 20e6]], ['path_ns', 'u', [20e6, 10e6, 20e6]]],
  operator_quartiles: [['operator', 'd', [5]], ['quantity', 'b', [0]], ['sum', 'u', [50e6]], ['least', 'u', [10e6]], ['p25', 'u', [10e6]], ['p50', 'u', [10e6]], ['p75', 'u', [10e6]], ['most', 'u', [30e6]]],
  operator_facts: [['operator', 'd', [8]], ['key', 'u', [12]], ['value', 'u', [13]]],
  operator_edges: [['from', 'u', [5, 8]], ['to', 'd', [6, 10]], ['kind', 'b', [0, 0]], ['bytes', 'u', [1001, 0]], ['rows', 'u', [0, 8]]],
  task_slots: [['thread', 'd', [0, 2]], ['count', 'u', [3, 1]]],
  tasks: [
    ['gap', 'z', [10, 0, 10, 10]], ['length', 'u', [10, 10, 20, 30]], ['slack', 'z', [0, 0, 0, 0]], ['operator', 'd', [6, 6, 7, 6]], ['resource', 'b', [0, 1, 0, 255]],
    ['flags', 'b', [1, 1, 9, 9]], ['partition', 'd', [1, 2, 1, 3]], ['count', 'u', [1, 1, 1, 1]],
  ],
  path: [['kind', 'b', [1, 0, 0]], ['operator', 'u', [6, 6, 7]], ['length', 'u', [10, 30, 20]], ['tasks', 'u', [0, 1, 1]]],
};

/** @param {any} [changed] sections that are other ones @param {any} [said] of the head */
async function decoded(changed = {}, said = about) {
  /** @type {Record<string, any>} */
  const made = Object.fromEntries(Object.entries(/** @type {Record<string, any>} */ ({ ...sections, ...changed })).map(([name, columns]) => [name, encodeSection(columns.map((/** @type {any} */ [name, encoding, values]) => ({ name, encoding, values })))]));
  const head = /** @type {any} */ ({ dataflow: said, threads: [{}, {}, {}], sections: Object.fromEntries(Object.entries(made).map(([name, { info }]) => [name, info])) });
  const dataflow = await decodeDataflow(head, async (name) => made[name]?.bytes ?? null);
  assert.ok(dataflow);
  return dataflow;
}

test('operators, tasks and steps stand as they were written', async () => {
  const { operators, rowOf, edges, tasks, path } = await decoded();
  assert.deepEqual(operators.map(({ parent }) => parent), [-1, 0, 1, 1, 1, 1, 5]);
  assert.deepEqual(operators[2].parts.map(({ resource, evidence, tasksNs, pathNs }) => [resource, evidence, tasksNs, pathNs]), [[0, 0, 30e6, 20e6], [1, 2, 20e6, 10e6]]);
  assert.deepEqual(operators[2].quartiles[0], { sum: 50e6, at: [10e6, 10e6, 10e6, 10e6, 30e6] });
  assert.deepEqual(operators[4].facts, [['output_rows', '7']]);
  assert.deepEqual(edges.map(({ from, to, bytes, rows }) => [from, to, bytes, rows]), [[2, 3, 1000, null], [4, 6, null, 7]]);
  assert.deepEqual([...tasks.start], [10e6, 20e6, 40e6, 10e6]);
  assert.deepEqual([...tasks.end], [20e6, 30e6, 60e6, 40e6]);
  assert.deepEqual([...tasks.operator], [2, 2, 3, 2]);
  assert.deepEqual([...path.start], [0, 10e6, 40e6, 60e6]);
  assert.equal(rowOf.get(6), 3);
});

test('the task at a time is found, and gaps have none', async () => {
  const { tasks } = await decoded();
  assert.equal(taskAt(tasks, 0, 15e6), 0);
  assert.equal(taskAt(tasks, 0, 20e6), 1);
  assert.equal(taskAt(tasks, 0, 35e6), -1);
  assert.equal(firstAfter(tasks, 0, 35e6), 2);
  assert.equal(taskAt(tasks, 1, 39e6), 3);
  assert.equal(taskAt(tasks, 1, 40e6), -1);
});

test('what is wrong with a section is said with its name', async () => {
  const with_ = (/** @type {string} */ section, /** @type {string} */ column, /** @type {unknown[]} */ values) => ({
    [section]: /** @type {any} */ (sections)[section].map((/** @type {any} */ one) => (one[0] === column ? [one[0], one[1], values] : one)),
  });
  await assert.rejects(decoded(with_('operators', 'parent', [0, 3, 1, 3, 5, 6, 1])), /"operators".*"parent" of operator 5/);
  await assert.rejects(decoded(with_('operators', 'id', [0, 3, 3, 6, 8, 9, 10])), /"id" does not ascend/);
  await assert.rejects(decoded(with_('operator_times', 'resource', [0, 9, 0])), /"resource" 9/);
  await assert.rejects(decoded(with_('operator_times', 'operator', [5, 5, 7])), /"operator" 7/);
  await assert.rejects(decoded(with_('operator_quartiles', 'quantity', [1])), /"quantity" 1/);
  await assert.rejects(decoded(with_('task_slots', 'count', [3, 9])), /"count" is more than there are tasks/);
  await assert.rejects(decoded(with_('task_slots', 'count', [2, 1])), /announces 3 tasks of 4/);
  await assert.rejects(decoded(with_('path', 'kind', [1, 0, 7])), /"kind" 7/);
  for (const key of ['evidence', 'resources', 'findings', 'time_unit_ns']) await assert.rejects(decoded({}, { ...about, [key]: undefined }), new RegExp(`damaged.* no ${key}`));
});

test('stages stand in their query, which can be closed, with the sums of both', async () => {
  const dataflow = await decoded();
  const open = operatorGraph(dataflow, { plan: -1, toggled: new Set() });
  assert.deepEqual(open.nodes.map(({ label, tasksNs, pathNs }) => [label, tasksNs, pathNs]), [['stage 0', 50e6, 30e6], ['stage 1', 20e6, 20e6]]);
  assert.deepEqual(open.groups.map(({ label }) => label), ['sql 0']);
  assert.deepEqual(open.edges.map(({ from, to, bytes, critical }) => [from, to, bytes, critical]), [[0, 1, 1000, true]]);
  assert.ok(open.nodes[0].x < open.nodes[1].x);
  const closed = operatorGraph(dataflow, { plan: -1, toggled: new Set(['3']) });
  assert.deepEqual(closed.nodes.map(({ label, tasks, tasksNs, rows }) => [label, tasks, tasksNs, rows.length]), [['sql 0', 4, 70e6, 2]]);
  assert.deepEqual(closed.edges, []);
  assert.deepEqual([...closed.nodes[0].parts], [50e6, 20e6, 0]);
});

test('where data goes along an edge it is one of data, whatever else it says', async () => {
  for (const kind of [[1, 0], [0, 1]]) {
    const edges = [['from', 'u', [5, 5]], ['to', 'd', [6, 6]], ['kind', 'b', kind], ['bytes', 'u', [0, 0]], ['rows', 'u', [0, 0]]];
    const graph = operatorGraph(await decoded({ operator_edges: edges }), { plan: -1, toggled: new Set() });
    assert.deepEqual(graph.edges.map((edge) => edge.kind), ['data']);
  }
});

test('a plan has the nodes of its query; compiled code is one box until it is opened', async () => {
  const dataflow = await decoded();
  assert.deepEqual(plansOf(dataflow), [1]);
  const closed = operatorGraph(dataflow, { plan: 1, toggled: new Set() });
  assert.deepEqual(closed.nodes.map(({ label, closed: isClosed }) => [label, isClosed]), [['Scan', false], ['WholeStageCodegen (1)', true]]);
  const open = operatorGraph(dataflow, { plan: 1, toggled: new Set(['9']) });
  assert.deepEqual(open.nodes.map(({ label }) => label), ['Scan', 'Sort']);
  assert.deepEqual(open.edges.map(({ from, to, rows }) => [from, to, rows]), [[0, 1, 7]]);
});

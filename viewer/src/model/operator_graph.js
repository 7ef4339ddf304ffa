// Which boxes the graph of operators has: what ran, in the queries and jobs that it is of, or the plan of one query. Groups can be
// closed: then they are a box of their own, with the sums of what is in them. No DOM.

import { layoutParts, packRows } from './layered_layout.js';

/** @typedef {import('../types/dataflow.js').Dataflow} Dataflow */
/** @typedef {import('../types/dataflow.js').Operator} Operator */

/**
 * @typedef {object} GraphNode
 * @property {string} key of a node: what is selected by it
 * @property {number[]} rows of operators that it stands for
 * @property {string} label
 * @property {string | null} group
 * @property {boolean} closed it stands for its group
 * @property {number} tasks
 * @property {number} tasksNs
 * @property {number} pathNs
 * @property {Float64Array} parts time by resource
 * @property {number} x
 * @property {number} y
 */

/** @typedef {{from: number, to: number, bytes: number | null, rows: number | null, kind: 'data' | 'control' | 'part', critical: boolean, bends: [number, number][]}} GraphEdge */
/** @typedef {{id: string, label: string, closed: boolean, x: number, y: number, width: number, height: number}} GraphGroup */
/** @typedef {{nodes: GraphNode[], edges: GraphEdge[], groups: GraphGroup[], width: number, height: number, left: number}} Graph left: operators for which there is no room */

export const nodeSize = { width: 196, height: 76, gapX: 88, gapY: 14 };
const mostNodes = 500;
/** With more boxes than this, groups are closed at first. */
const manyNodes = 48;
const groupEdge = { side: 12, top: 30, bottom: 12 };

/** @param {{pathNs: number, tasksNs: number}} of @returns {number} what has most is shown first */
const importance = ({ pathNs, tasksNs }) => pathNs * 1e3 + tasksNs;

/**
 * Queries whose plans are there, by row.
 * @param {Dataflow} dataflow
 * @returns {number[]}
 */
export function plansOf({ operators }) {
  const found = new Set();
  operators.forEach((operator) => {
    if (operator.kind === 'spark.node') {
      let row = operator.parent;
      while (row >= 0 && operators[row].kind === 'spark.node') row = operators[row].parent;
      if (row >= 0) found.add(row);
    }
  });
  return [...found];
}

/**
 * What an operator is drawn in: the part below the root that it is of (a query, a job), or the scope in its name; null = nothing.
 * @param {Dataflow} dataflow
 * @returns {(string | null)[]}
 */
function groupsOfRan({ operators }) {
  /** @type {number[]} */
  const top = [];
  operators.forEach(({ parent }, row) => {
    top.push(parent < 0 ? -1 : operators[parent].parent < 0 ? row : top[parent]);
  });
  return operators.map((operator, row) => {
    if (top[row] >= 0 && top[row] !== row && operators[top[row]].tasks === 0) return String(operators[top[row]].id);
    const scope = operator.kind.startsWith('tf.') ? /^([^/:]+)\//.exec(operator.name) : null;
    return scope ? `scope ${scope[1]}` : null;
  });
}

/**
 * Nodes of a plan, and the compiled code that they are parts of.
 * @param {Dataflow} dataflow
 * @param {number} query row
 * @returns {{rows: number[], group: (row: number) => string | null}}
 */
function nodesOfPlan({ operators }, query) {
  const inside = new Set([query]);
  const around = new Set();
  const rows = [];
  for (let row = query + 1; row < operators.length; row++) {
    const { parent, kind } = operators[row];
    if (kind !== 'spark.node' || !inside.has(parent)) continue;
    inside.add(row);
    around.add(parent);
    rows.push(row);
  }
  return {
    rows: rows.filter((row) => !around.has(row)),
    group: (row) => (operators[row].parent === query ? null : String(operators[operators[row].parent].id)),
  };
}

/**
 * @param {Dataflow} dataflow
 * @param {string} id of a group
 */
function groupLabel({ operators, rowOf }, id) {
  return id.startsWith('scope ') ? id.slice(6) : operators[rowOf.get(Number(id)) ?? 0].name;
}

/**
 * Operators of one name are one box where a framework tells each call site, as PyTorch does.
 * @param {Dataflow} dataflow
 */
export function isByName({ head, operators }) {
  return !head.has_stages && operators.some(({ kind }) => kind.startsWith('torch.'));
}

/**
 * @param {Dataflow} dataflow
 * @param {{plan: number, toggled: ReadonlySet<string>}} options plan: row of a query, -1 = what ran; toggled: groups that are not as at first
 * @returns {Graph}
 */
export function operatorGraph(dataflow, { plan, toggled }) {
  const { operators } = dataflow;
  const isPlan = plan >= 0;
  const ofPlan = isPlan ? nodesOfPlan(dataflow, plan) : null;
  const groups = isPlan ? [] : groupsOfRan(dataflow);
  const groupOf = (/** @type {number} */ row) => (ofPlan ? ofPlan.group(row) : groups[row]);
  const all = ofPlan ? ofPlan.rows : operators.flatMap(({ tasks }, row) => (tasks > 0 ? [row] : []));
  const closedAtFirst = isPlan || all.length > manyNodes;
  const isClosed = (/** @type {string | null} */ group) => group !== null && closedAtFirst !== toggled.has(group);
  const byName = !isPlan && isByName(dataflow);
  /** @type {Map<string, GraphNode>} */
  const byKey = new Map();
  const keyOf = (/** @type {number} */ row) => {
    const group = groupOf(row);
    if (isClosed(group)) return `group ${group}`;
    return byName ? `${operators[row].kind} ${operators[row].name}` : String(operators[row].id);
  };
  for (const row of all) {
    const key = keyOf(row);
    const group = groupOf(row);
    const closed = isClosed(group);
    let node = byKey.get(key);
    if (!node) {
      node = {
        key, rows: [], group, closed, label: closed && group !== null ? groupLabel(dataflow, group) : operators[row].name,
        tasks: 0, tasksNs: 0, pathNs: 0, parts: new Float64Array(dataflow.head.resources.length), x: 0, y: 0,
      };
      byKey.set(key, node);
    }
    node.rows.push(row);
    node.tasks += operators[row].tasks;
    node.tasksNs += operators[row].tasksNs;
    node.pathNs += operators[row].pathNs;
    for (const part of operators[row].parts) node.parts[part.resource] += part.tasksNs;
  }
  const kept = [...byKey.values()];
  if (kept.length > mostNodes) kept.sort((a, b) => importance(b) - importance(a)).length = mostNodes;
  const place = new Map(kept.map((node, i) => [node.key, i]));
  const made = joinEdges(dataflow, all, isPlan, keyOf, place);
  markCritical(dataflow, made, (row) => place.get(keyOf(row)) ?? -1);
  const graph = { nodes: kept, edges: made, groups: [], left: byKey.size - kept.length, width: 0, height: 0 };
  return isPlan ? placeWhole(graph) : placeGroups(dataflow, graph);
}

/** What an edge of several kinds is shown as: the first one. @type {readonly GraphEdge['kind'][]} */
const edgeKinds = ['data', 'control', 'part'];

/**
 * Edges between boxes: those of operators, and, where operators call each other, from caller to callee.
 * @param {Dataflow} dataflow
 * @param {readonly number[]} rows
 * @param {boolean} isPlan
 * @param {(row: number) => string} keyOf
 * @param {Map<string, number>} place
 * @returns {GraphEdge[]}
 */
function joinEdges({ operators, edges }, rows, isPlan, keyOf, place) {
  const shown = new Set(rows);
  /** @type {Map<string, GraphEdge>} */
  const found = new Map();
  /** @param {number} fromRow @param {number} toRow @param {GraphEdge['kind']} kind @param {number | null} bytes @param {number | null} lines */
  const add = (fromRow, toRow, kind, bytes, lines) => {
    if (!shown.has(fromRow) || !shown.has(toRow)) return;
    const [from, to] = [place.get(keyOf(fromRow)), place.get(keyOf(toRow))];
    if (from === undefined || to === undefined || from === to) return;
    const key = `${from} ${to}`;
    const edge = found.get(key);
    if (!edge) found.set(key, { from, to, kind, bytes, rows: lines, critical: false, bends: [] });
    else {
      if (edgeKinds.indexOf(kind) < edgeKinds.indexOf(edge.kind)) edge.kind = kind;
      edge.bytes = bytes === null && edge.bytes === null ? null : (edge.bytes ?? 0) + (bytes ?? 0);
      edge.rows = lines === null && edge.rows === null ? null : (edge.rows ?? 0) + (lines ?? 0);
    }
  };
  for (const edge of edges) add(edge.from, edge.to, edge.control ? 'control' : 'data', edge.bytes, edge.rows);
  if (!isPlan) for (const row of rows) if (operators[row].parent >= 0) add(operators[row].parent, row, 'part', null, null);
  return [...found.values()];
}

/**
 * The edges that the critical path goes along: to the next box of its tasks.
 * @param {Dataflow} dataflow
 * @param {GraphEdge[]} edges
 * @param {(row: number) => number} placeOf
 */
function markCritical({ path }, edges, placeOf) {
  const along = new Set();
  let last = -1;
  for (let i = 0; i < path.count; i++) {
    if (path.tasks[i] === 0 || path.operator[i] < 0) continue;
    const place = placeOf(path.operator[i]);
    if (last >= 0 && place !== last) along.add(`${last} ${place}`);
    last = place;
  }
  for (const edge of edges) edge.critical = edge.kind !== 'part' && along.has(`${edge.from} ${edge.to}`);
}

/** @param {Graph} graph @returns {Graph} */
function placeWhole(graph) {
  const layout = layoutParts(graph.nodes.length, graph.edges, nodeSize, 2.2);
  graph.nodes.forEach((node, i) => {
    node.x = layout.x[i];
    node.y = layout.y[i];
  });
  graph.edges.forEach((edge, e) => {
    edge.bends = layout.bends[e];
  });
  return { ...graph, width: layout.width, height: layout.height };
}

/**
 * Each open group is laid out by itself, in a frame; frames and what is in none are packed in the order in which they began.
 * @param {Dataflow} dataflow
 * @param {Graph} graph
 * @returns {Graph}
 */
function placeGroups(dataflow, graph) {
  const { nodes, edges } = graph;
  /** @type {Map<string, number[]>} */
  const inside = new Map();
  nodes.forEach((node, i) => {
    // What hangs together without a frame is one block.
    const block = node.group !== null && !node.closed ? node.group : '';
    const list = inside.get(block);
    if (list) list.push(i);
    else inside.set(block, [i]);
  });
  const blocks = [...inside].map(([id, list]) => {
    const place = new Map(list.map((node, i) => [node, i]));
    const own = edges.flatMap((edge, e) => (place.has(edge.from) && place.has(edge.to) ? [e] : []));
    const layout = layoutParts(list.length, own.map((e) => ({ from: place.get(edges[e].from) ?? 0, to: place.get(edges[e].to) ?? 0 })), nodeSize, id === '' ? 2.6 : 2);
    const begin = list.reduce((least, node) => Math.min(least, ...nodes[node].rows.map((row) => dataflow.operators[row].startNs)), Infinity);
    const edge = id === '' ? { side: 0, top: 0, bottom: 0 } : groupEdge;
    return { id, list, own, layout, begin, edge, width: layout.width + 2 * edge.side, height: layout.height + edge.top + edge.bottom };
  });
  blocks.sort((a, b) => a.begin - b.begin);
  const packed = packRows(blocks, 24, 2.4);
  const groups = blocks.flatMap((block, b) => {
    const [x, y] = [packed.x[b], packed.y[b]];
    block.list.forEach((node, i) => {
      nodes[node].x = x + block.edge.side + block.layout.x[i];
      nodes[node].y = y + block.edge.top + block.layout.y[i];
    });
    block.own.forEach((e, i) => {
      edges[e].bends = block.layout.bends[i].map(([bx, by]) => [x + block.edge.side + bx, y + block.edge.top + by]);
    });
    return block.id === '' ? [] : [{ id: block.id, label: groupLabel(dataflow, block.id), closed: false, x, y, width: block.width, height: block.height }];
  });
  return { ...graph, groups, width: packed.width, height: packed.height };
}

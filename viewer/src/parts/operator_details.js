// What is known of the operators that are selected: where the user's code asks for them, times by resource and how each is known,
// quartiles of their tasks, what they take in and give out, findings, facts.

import { el, fill, nameElement, visibleText } from '../base/dom.js';
import { formatBytes, formatCount, formatDuration, formatShortCount } from '../base/format.js';
import { quartilesBy } from '../data/dataflow.js';
import { findingItem } from './finding.js';
import { resourceBar, resourceTable } from './resource_bar.js';

/** @typedef {import('../types/dataflow.js').Dataflow} Dataflow */
/** @typedef {import('../types/dataflow.js').DataflowHead} DataflowHead */
/** @typedef {import('../types/dataflow.js').Operator} Operator */
/** @typedef {{select: (row: number) => void}} Acts */

const mostMembers = 40;
const mostFacts = 60;

/** @param {string} key of a quantity or a fact, which ends in its unit @param {number} value @param {(count: number) => string} [ofCount] */
export function formatByKey(key, value, ofCount = formatCount) {
  if (key.endsWith('_ns')) return formatDuration(value);
  return key.endsWith('_bytes') ? formatBytes(value) : ofCount(value);
}

/** What Spark tells of calls that came out of Python is no place. @param {string} place */
export function placeOf(place) {
  return place.startsWith('NativeMethodAccessorImpl') ? '' : place;
}

/** @param {DataflowHead} head @param {Operator} operator @returns {number | null} the longest task by the median */
export function skewOf(head, operator) {
  const at = quartilesBy(head, 'duration_ns')(operator)?.at;
  return at && operator.tasks > 1 && at[2] > 0 ? at[4] / at[2] : null;
}

/**
 * A box from the first to the third quartile on a line from the least to the most.
 * @param {readonly number[]} at
 */
function boxPlot(at) {
  const part = (/** @type {number} */ value) => `${(at[4] > 0 ? value / at[4] : 0) * 100}%`;
  const line = el('span', { class: 'box-line' });
  line.style.left = part(at[0]);
  const box = el('span', { class: 'box-box' });
  box.style.left = part(at[1]);
  box.style.right = `calc(100% - ${part(at[3])})`;
  const middle = el('span', { class: 'box-middle' });
  middle.style.left = part(at[2]);
  return el('span', { class: 'box-plot', 'aria-hidden': 'true' }, line, box, middle);
}

/** @param {Dataflow} dataflow @param {Operator} operator */
function quartileTable({ head }, operator) {
  const rows = head.quantities.flatMap((quantity, q) => {
    const of = operator.quartiles[q];
    return of ? [{ quantity, of }] : [];
  });
  if (rows.length === 0 || operator.tasks < 2) return null;
  return el(
    'table',
    { class: 'quartiles' },
    el('thead', {}, el('tr', {}, ...['', 'min', '25 %', 'median', '75 %', 'max'].map((title) => el('th', { scope: 'col' }, title)))),
    el(
      'tbody',
      {},
      ...rows.flatMap(({ quantity, of }) => [
        el(
          'tr',
          {},
          el('th', { scope: 'row' }, quantity.words, boxPlot(of.at)),
          ...of.at.map((value) => el('td', {}, formatByKey(quantity.key, value, formatShortCount))),
        ),
      ]),
    ),
  );
}

/** @param {string} title @param {(Node | null)[]} content */
function section(title, ...content) {
  return content.every((node) => node === null) ? null : el('section', {}, el('h3', {}, title), ...content.filter((node) => node !== null));
}

/** @param {Dataflow} dataflow @param {number} row @param {Acts} acts */
function link({ operators }, row, acts) {
  return el('button', { type: 'button', class: 'link', onclick: () => acts.select(row) }, nameElement(operators[row].name.slice(0, 120)));
}

/**
 * The first of many, and how many more there are.
 * @template T
 * @param {readonly T[]} all
 * @param {(one: T) => HTMLElement} item
 */
function listOf(all, item) {
  const more = all.length - mostMembers;
  return el('ul', { class: 'neighbours' }, ...all.slice(0, mostMembers).map(item), more > 0 ? el('li', { class: 'dim' }, `and ${formatCount(more)} more`) : null);
}

/** @param {Dataflow} dataflow @param {readonly number[]} rows @param {Acts} acts */
function neighbours(dataflow, rows, acts) {
  const own = new Set(rows);
  return /** @type {const} */ ([['Takes from', 'to', 'from'], ['Gives to', 'from', 'to']]).map(([title, here, there]) => {
    const edges = dataflow.edges.filter((edge) => own.has(edge[here]) && !own.has(edge[there]));
    const item = (/** @type {import('../types/dataflow.js').OperatorEdge} */ edge) =>
      el(
        'li',
        {},
        link(dataflow, edge[there], acts),
        el('span', { class: 'amount dim' }, [edge.bytes === null ? '' : formatBytes(edge.bytes), edge.rows === null ? '' : `${formatCount(edge.rows)} rows`].filter(Boolean).join(', ') || (edge.control ? 'begins after it' : 'how much is not told')),
      );
    return section(title, edges.length > 0 ? listOf(edges, item) : null);
  });
}

/** @param {string} key @param {string} value */
function factText(key, value) {
  return /_(?:ns|bytes)$/.test(key) && /^\d{1,16}$/.test(value) ? formatByKey(key, Number(value)) : value;
}

/** Nodes of plans that ran in a stage, by what Spark says of their metrics. @param {Dataflow} dataflow @param {Operator} operator @param {Acts} acts */
function planNodes(dataflow, operator, acts) {
  const { operators } = dataflow;
  const fact = (/** @type {Operator} */ of, /** @type {string} */ key) => of.facts.find(([name]) => name === key)?.[1];
  const stage = operator.kind === 'spark.stage' ? fact(operator, 'stage_id') : undefined;
  if (stage === undefined) return null;
  const found = operators.flatMap((node, row) => (node.kind === 'spark.node' && (fact(node, 'stages') ?? '').split(',').includes(stage) ? [row] : []));
  if (found.length === 0) return null;
  return listOf(found, (row) => {
    const rows = fact(operators[row], 'output_rows');
    return el('li', {}, link(dataflow, row, acts), el('span', { class: 'amount dim' }, rows ? `${formatCount(Number(rows))} rows` : ''));
  });
}

/**
 * @param {HTMLElement} element
 * @param {Dataflow} dataflow
 * @param {{label: string, rows: readonly number[]}} chosen
 * @param {Acts} acts
 */
export function fillDetails(element, dataflow, chosen, acts) {
  const { head, operators } = dataflow;
  const members = chosen.rows.map((row) => operators[row]);
  const one = members.length === 1 ? members[0] : null;
  const sum = (/** @type {(operator: Operator) => number} */ of) => members.reduce((all, operator) => all + of(operator), 0);
  const tasks = sum((operator) => operator.tasks);
  const place = one ? placeOf(one.place) : '';
  /** @type {Map<number, {resource: number, ns: number, known: Set<string>}>} */
  const parts = new Map();
  for (const operator of members)
    for (const { resource, evidence, tasksNs } of operator.parts) {
      const part = parts.get(resource) ?? { resource, ns: 0, known: new Set() };
      part.ns += tasksNs;
      part.known.add(head.evidence[evidence].words);
      parts.set(resource, part);
    }
  const sorted = [...parts.values()].filter(({ ns }) => ns > 0).map(({ resource, ns, known }) => ({ resource, ns, evidence: [...known].join(', ') })).sort((a, b) => b.ns - a.ns);
  const skew = one && skewOf(head, one);
  const ids = new Set(members.map(({ id }) => id));
  const findings = head.findings.filter(({ operator }) => operator !== null && ids.has(operator));
  /** @type {[string, string][]} */
  const amounts = [
    ['all tasks', formatDuration(sum((operator) => operator.tasksNs))],
    ['critical path', formatDuration(sum((operator) => operator.pathNs))],
    ['tasks', formatCount(tasks)],
    ...(sum((operator) => operator.badTasks) > 0 ? [/** @type {[string, string]} */ (['failed', formatCount(sum((operator) => operator.badTasks))])] : []),
    ...(one && tasks > 0 ? [/** @type {[string, string]} */ ([head.has_slots ? 'slots' : 'threads', formatCount(one.slots)]), /** @type {[string, string]} */ (['ran', `${formatDuration(one.startNs)} to ${formatDuration(one.endNs)}`])] : []),
    ...(skew ? [/** @type {[string, string]} */ (['skew', `${skew.toFixed(skew < 10 ? 2 : 0)} × the median`])] : []),
  ];
  fill(
    element,
    el('h2', {}, nameElement(chosen.label.slice(0, 300))),
    place ? el('p', { class: 'place' }, nameElement(place)) : null,
    one ? el('p', { class: 'dim' }, visibleText(one.kind)) : el('p', { class: 'dim' }, `${formatCount(members.length)} operators`),
    tasks > 0 ? el('dl', { class: 'operator-amounts' }, ...amounts.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)])) : el('p', { class: 'dim' }, 'The log has no times of this by itself; its stages have.'),
    section('Time by resource', sorted.length > 0 ? resourceBar(head, sorted, true) : null, sorted.length > 0 ? resourceTable(head, sorted) : null),
    one ? section('Its tasks', quartileTable(dataflow, one)) : null,
    section('What stands out', findings.length > 0 ? el('ul', { class: 'detail-findings' }, ...findings.map(findingItem)) : null),
    ...neighbours(dataflow, chosen.rows, acts),
    one ? section('In its plan', planNodes(dataflow, one, acts)) : null,
    one ? null : section('Operators', listOf([...chosen.rows].sort((a, b) => operators[b].tasksNs - operators[a].tasksNs), (row) => el('li', {}, link(dataflow, row, acts), el('span', { class: 'amount dim' }, formatDuration(operators[row].tasksNs))))),
    one ? section(one.facts.length > mostFacts ? `Facts, ${mostFacts} of ${formatCount(one.facts.length)}` : 'Facts', one.facts.length > 0 ? el('dl', { class: 'operator-facts' }, ...one.facts.slice(0, mostFacts).flatMap(([key, value]) => [el('dt', {}, nameElement(key)), el('dd', {}, nameElement(factText(key, value)))])) : null) : null,
  );
}

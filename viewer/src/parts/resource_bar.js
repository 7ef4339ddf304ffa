// A bar of time by resource, and its legend: as states_bar.js, for the resources of a dataflow, each with its evidence.

import { el } from '../base/dom.js';
import { formatDuration, formatPercent } from '../base/format.js';
import { resourcePiece, resourceSwatch } from './resource_mark.js';

/** @typedef {import('../types/dataflow.js').DataflowHead} DataflowHead */
/** @typedef {{resource: number, ns: number, evidence?: string}} Part */

/**
 * @param {DataflowHead} head
 * @param {ArrayLike<number>} ns by resource
 * @returns {Part[]} the largest first
 */
export function resourceParts(head, ns) {
  return head.resources
    .map((_, resource) => ({ resource, ns: ns[resource] }))
    .filter((part) => part.ns > 0)
    .sort((a, b) => b.ns - a.ns);
}

/**
 * @param {DataflowHead} head
 * @param {readonly Part[]} parts
 */
export function resourceText(head, parts) {
  const sum = parts.reduce((all, { ns }) => all + ns, 0);
  return parts.map(({ resource, ns }) => `${head.resources[resource].words} ${formatPercent(ns / sum)}`).join(', ');
}

/**
 * @param {DataflowHead} head
 * @param {readonly Part[]} parts
 * @param {boolean} [hidden] its words stand elsewhere
 */
export function resourceBar(head, parts, hidden = false) {
  const sum = parts.reduce((all, { ns }) => all + ns, 0);
  const words = resourceText(head, parts) || 'no time';
  return el(
    'span',
    hidden ? { class: 'states-bar', 'aria-hidden': 'true' } : { class: 'states-bar', role: 'img', 'aria-label': words, title: words },
    ...[...parts]
      .sort((a, b) => a.resource - b.resource)
      .map(({ resource, ns }) => resourcePiece(head.resources[resource].key, ns / sum)),
  );
}

/**
 * @param {DataflowHead} head
 * @param {ReadonlySet<number>} used resources that are shown
 */
export function resourceLegend(head, used) {
  return el(
    'div',
    { class: 'timeline-legend' },
    ...head.resources.flatMap(({ key, words }, r) => (used.has(r) ? [el('span', { class: 'state-key' }, resourceSwatch(key), words)] : [])),
    el('span', { class: 'state-key graph-critical' }, '◆ critical path'),
  );
}

/**
 * @param {DataflowHead} head
 * @param {readonly Part[]} parts
 */
export function resourceTable(head, parts) {
  const sum = parts.reduce((all, { ns }) => all + ns, 0);
  return el(
    'table',
    { class: 'resource-table' },
    el('thead', {}, el('tr', {}, ...['resource', 'time', 'share', 'evidence'].map((title) => el('th', { scope: 'col' }, title)))),
    el(
      'tbody',
      {},
      ...parts.map(({ resource, ns, evidence }) => {
        const { key, words } = head.resources[resource];
        return el(
          'tr',
          {},
          el('th', { scope: 'row' }, resourceSwatch(key), words),
          el('td', {}, formatDuration(ns)),
          el('td', {}, formatPercent(ns / sum)),
          el('td', { class: 'dim' }, evidence ?? ''),
        );
      }),
    ),
  );
}

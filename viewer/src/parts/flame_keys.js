// Where the arrows, Home and End lead in a flame graph.

import { leastStep } from './flame_mirror.js';

/**
 * @param {import('./flame_graph.js').Flame} flame
 * @param {number} at
 * @param {string} key
 * @param {boolean} up the root is at the bottom
 * @returns {number | null} node to go to
 */
export function nodeBeside(flame, at, key, up) {
  const { shape } = flame;
  const least = leastStep(flame);
  const deeper = up ? 'ArrowUp' : 'ArrowDown';
  const back = up ? 'ArrowDown' : 'ArrowUp';
  const parent = shape.parent(at);
  if (key === back) return parent < 0 ? at : parent;
  if (key === deeper) return shape.children(at, least).nodes[0] ?? at;
  if (!['ArrowLeft', 'ArrowRight', 'Home', 'End'].includes(key)) return null;
  if (parent < 0) return at;
  const { nodes } = shape.children(parent, least);
  if (nodes.length === 0) return at;
  if (key === 'Home') return nodes[0];
  if (key === 'End') return nodes[nodes.length - 1];
  const place = nodes.indexOf(at) + (key === 'ArrowRight' ? 1 : -1);
  return nodes[Math.min(Math.max(place, 0), nodes.length - 1)];
}

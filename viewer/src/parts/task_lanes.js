// Tasks as boxes on the lanes of their slots, coloured by what most of their time went into, and above them the critical path. Only
// what is in sight is drawn, and of tasks narrower than a pixel one a pixel, those of the critical path first.

import { visibleText } from '../base/dom.js';
import { firstWhere } from '../base/search.js';
import { taskFlags } from '../data/dataflow.js';
import { resourceLook } from '../draw/palette.js';

/** @typedef {import('../types/dataflow.js').Dataflow} Dataflow */
/** @typedef {{from: number, to: number}} Window ns since the begin of the run */

export const laneHeight = 20;
export const pathHeight = 24;
const barHeight = 15;
/** No box shows more of a name. */
const longest = 300;

/**
 * As much of a text as there is room for, with an ellipsis where that is not all.
 * @param {string} text
 * @param {number} room
 * @param {(text: string) => number} widthOf
 */
export function cutText(text, room, widthOf) {
  const letters = Array.from(text);
  const short = (/** @type {number} */ count) => (count === letters.length ? text : `${letters.slice(0, count).join('')}…`);
  let [least, most] = [0, letters.length];
  while (least < most) {
    const count = Math.ceil((least + most) / 2);
    if (widthOf(short(count)) <= room) least = count;
    else most = count - 1;
  }
  return least > 0 ? short(least) : '';
}

/** The first task of a slot that ends behind a time; one past its last if there is none. @param {import('../types/dataflow.js').Tasks} tasks @param {number} slot @param {number} ns */
export function firstAfter({ first, end }, slot, ns) {
  return firstWhere(first[slot], first[slot + 1], (task) => end[task] > ns);
}

/** The task that a slot runs at a time. @param {import('../types/dataflow.js').Tasks} tasks @param {number} slot @param {number} ns @returns {number} -1 = none */
export function taskAt(tasks, slot, ns) {
  const found = firstAfter(tasks, slot, ns);
  return found < tasks.first[slot + 1] && tasks.start[found] <= ns ? found : -1;
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {Dataflow} dataflow
 * @param {object} scene
 * @param {Window} scene.window
 * @param {number} scene.width
 * @param {number} scene.height
 * @param {number} scene.top CSS pixels that are scrolled away
 * @param {(task: number) => boolean} scene.isChosen others are pale
 * @param {number} scene.selected task
 * @param {{text: string, critical: string, line: string, back: string, forced: boolean}} scene.look
 */
export function drawLanes(context, { head, tasks, path, operators }, { window, width, height, top, isChosen, selected, look }) {
  const scale = width / (window.to - window.from);
  const x = (/** @type {number} */ ns) => (ns - window.from) * scale;
  const fills = head.resources.map(({ key }) => (look.forced ? look.back : resourceLook(key).colour));
  context.clearRect(0, 0, width, height);
  context.font = '11px system-ui, sans-serif';
  context.textBaseline = 'middle';
  const label = (/** @type {string} */ text, /** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ y, /** @type {string} */ colour) => {
    const start = Math.max(from, 0) + 4;
    const room = Math.min(to, width) - start - 3;
    if (room < 31) return;
    context.fillStyle = colour;
    context.fillText(cutText(visibleText(text.slice(0, longest)), room, (short) => context.measureText(short).width), start, y);
  };
  for (let slot = Math.floor(top / laneHeight); slot < tasks.thread.length; slot++) {
    const y = pathHeight + slot * laneHeight - top;
    if (y > height) break;
    let drawn = -1;
    for (let t = firstAfter(tasks, slot, window.from); t < tasks.first[slot + 1] && tasks.start[t] < window.to; t++) {
      const [from, to] = [x(tasks.start[t]), x(tasks.end[t])];
      const onPath = (tasks.flags[t] & taskFlags.onPath) !== 0;
      if (to - from < 1 && Math.floor(to) === drawn && !onPath) continue;
      drawn = Math.floor(to);
      const wide = Math.max(to - from - (to - from > 4 ? 1 : 0), 1);
      context.globalAlpha = isChosen(t) ? 1 : 0.25;
      context.fillStyle = fills[tasks.resource[t]] ?? look.line;
      context.fillRect(from, y + 2, wide, barHeight);
      if (wide > 2) {
        context.strokeStyle = look.line;
        context.lineWidth = 1;
        context.strokeRect(from + 0.5, y + 2.5, wide - 1, barHeight - 1);
      }
      if (onPath) {
        context.fillStyle = look.critical;
        context.fillRect(from, y + barHeight, Math.max(wide, 1), 4);
      }
      const outcome = tasks.flags[t] & taskFlags.outcome;
      if (wide > 34) label(`${outcome === 2 || outcome === 3 ? '✕ ' : ''}${operators[tasks.operator[t]]?.name ?? `${tasks.merged[t]} tasks`}`, from, to, y + 9, look.forced ? look.text : '#111');
      context.globalAlpha = 1;
      if (t === selected) {
        context.strokeStyle = look.text;
        context.lineWidth = 2;
        context.strokeRect(from - 1, y + 1, Math.max(wide + 2, 4), barHeight + 3);
      }
    }
  }
  // The path stands still while lanes are scrolled.
  context.fillStyle = look.back;
  context.fillRect(0, 0, width, pathHeight);
  let drawn = -1;
  for (let i = 0; i < path.count; i++) {
    const [from, to] = [x(path.start[i]), x(path.start[i + 1])];
    if (to < 0 || from > width || (to - from < 1 && Math.floor(to) === drawn)) continue;
    drawn = Math.floor(to);
    const isTask = path.tasks[i] > 0;
    context.fillStyle = isTask ? look.critical : look.line;
    context.fillRect(from, isTask ? 4 : 10, Math.max(to - from - 0.5, 0.5), isTask ? 15 : 3);
    label(isTask ? operators[path.operator[i]]?.name ?? '' : head.steps[path.kind[i]].words, from, to, isTask ? 12 : 6, isTask ? look.back : look.text);
  }
}

// One small box beside the pointer. Only for eyes: what it says is also in the inspector and in the tree for screen readers.

import { el, fill } from '../base/dom.js';

/**
 * @typedef {object} Tooltip
 * @property {(x: number, y: number, ...content: (Node | string | null)[]) => void} show at a place of the window
 * @property {() => void} hide
 */

/** @type {Tooltip | null} */
let only = null;

/** @returns {Tooltip} */
export function tooltip() {
  only ??= createTooltip();
  return only;
}

/** @returns {Tooltip} */
function createTooltip() {
  const element = el('div', { class: 'tooltip', 'aria-hidden': 'true', hidden: true });
  document.body.append(element);
  return {
    show(x, y, ...content) {
      fill(element, ...content);
      element.hidden = false;
      const { width, height } = element.getBoundingClientRect();
      const left = Math.min(x + 14, window.innerWidth - width - 8);
      const below = y + 18 + height < window.innerHeight;
      element.style.left = `${Math.max(left, 8)}px`;
      element.style.top = `${below ? y + 18 : Math.max(y - height - 10, 8)}px`;
    },
    hide() {
      element.hidden = true;
    },
  };
}

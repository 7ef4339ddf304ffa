// The buttons that zoom, alike in every view that can.

import { button, el } from '../base/dom.js';

/**
 * @param {() => void} wider
 * @param {() => void} closer
 * @param {string} text of the button that shows all of it
 * @param {() => void} all
 */
export function zoomButtons(wider, closer, text, all) {
  return el(
    'div',
    { class: 'button-group', role: 'group', 'aria-label': 'Zoom' },
    button('−', 'zoom out: key −', wider, 'Zoom out'),
    button('+', 'zoom in: key +', closer, 'Zoom in'),
    button(text, 'all of it: key 0', all),
  );
}

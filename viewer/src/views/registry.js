// The views, in the order of their tabs. A new view is a file of its own and a row here.

import { flame } from './flame.js';

/** @type {readonly import('../types.js').View[]} */
export const views = [flame];

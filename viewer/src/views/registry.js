// The views, in the order of their tabs. A new view is a file of its own and a row here.

/** @type {readonly import('../types.js').View[]} */
export const views = [];

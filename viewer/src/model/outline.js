// The call tree for somebody who reads one for the first time: own code by its time, libraries folded to one row where own code
// calls them. Only what is heavy enough is looked at, so that a tree of a million nodes costs no more than a small one. No DOM.
//
//   main                          own: a row
//     load                        own
//       json.loads   + 3 folded   a library that own code calls: a row, what it calls is folded into it
//     12 folded (threading, ...)  libraries on the way to own code: a line, own code below it

/** @typedef {import('./shape.js').Shape} Shape */

/**
 * @typedef {object} OutlineRow
 * @property {"own" | "library" | "folded"} kind
 * @property {number} node of the shape; of folded frames the first
 * @property {number} depth
 * @property {number} total
 * @property {number} self time that no row below shows: of libraries with what they fold
 * @property {number} hidden frames folded
 * @property {number[]} hiddenFns functions folded, each once, heaviest first
 */

/**
 * What lies between a frame that is folded and the own code that it leads to.
 * @param {Shape} shape
 * @param {number} start
 * @param {number} least
 * @param {(node: number) => boolean} isShown
 * @returns {{exits: number[], hidden: number[], inside: number}} inside: time that leads to no exit
 */
function foldFrom(shape, start, least, isShown) {
  /** @type {number[]} */
  const exits = [];
  const hidden = [];
  const open = [start];
  let inside = shape.total(start);
  for (let n = open.pop(); n !== undefined; n = open.pop()) {
    hidden.push(n);
    for (const c of shape.children(n, least).nodes)
      if (isShown(c)) {
        exits.push(c);
        inside -= shape.total(c);
      } else open.push(c);
  }
  exits.sort((a, b) => shape.total(b) - shape.total(a));
  return { exits, hidden, inside };
}

/**
 * @param {Shape} shape of the tree with its root on top
 * @param {Uint8Array} isLibrary by function
 * @param {number} least of a row
 * @param {number} most rows
 * @returns {{rows: OutlineRow[], cut: boolean}} cut: there would have been more
 */
export function outline(shape, isLibrary, least, most) {
  const { fn, total } = shape;
  /** @type {OutlineRow[]} */
  const rows = [];
  /** @type {{node: number, depth: number, path: readonly number[]}[]} */
  const open = shape
    .children(0, least)
    .nodes.map((node) => ({ node, depth: 0, path: [] }));
  open.reverse();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (rows.length >= most) return { rows, cut: true };
    const { node, depth, path } = next;
    const own = isLibrary[fn(node)] === 0;
    // A function that is on the way here already is a recursion, and folded like a library.
    const inner = own ? [...path, fn(node)] : path;
    const isShown = (/** @type {number} */ n) => isLibrary[fn(n)] === 0 && !inner.includes(fn(n));
    const { exits, hidden, inside } = foldFrom(shape, node, least, own ? () => true : isShown);
    const folded = hidden.slice(1);
    /** @type {number[]} */
    let below = exits;
    if (own) {
      // Recursions among the children are passed through.
      below = exits.flatMap((child) =>
        inner.includes(fn(child))
          ? recursionExits(shape, child, least, inner, folded)
          : [child],
      );
      below.sort((a, b) => total(b) - total(a));
    }
    const self = own ? total(node) - below.reduce((sum, n) => sum + total(n), 0) : inside;
    const leadsOn = !own && below.length > 0 && inside < least;
    rows.push({
      kind: own ? 'own' : leadsOn ? 'folded' : 'library',
      node,
      depth,
      total: total(node),
      self,
      hidden: folded.length,
      hiddenFns: functionsOf(shape, leadsOn ? hidden : folded),
    });
    for (const child of below.reverse()) open.push({ node: child, depth: depth + 1, path: inner });
  }
  return { rows, cut: false };
}

/**
 * What a recursion calls that is no recursion itself.
 * @param {Shape} shape
 * @param {number} start
 * @param {number} least
 * @param {readonly number[]} path functions that are on the way already
 * @param {number[]} folded takes the nodes passed through
 * @returns {number[]}
 */
function recursionExits(shape, start, least, path, folded) {
  const { exits, hidden } = foldFrom(shape, start, least, (n) => !path.includes(shape.fn(n)));
  folded.push(...hidden);
  return exits;
}

/**
 * @param {Shape} shape
 * @param {readonly number[]} nodes
 * @returns {number[]} each function once
 */
function functionsOf({ fn, total }, nodes) {
  /** @type {Map<number, number>} */
  const most = new Map();
  for (const n of nodes) most.set(fn(n), Math.max(most.get(fn(n)) ?? 0, total(n)));
  return [...most].sort((a, b) => b[1] - a[1]).map(([f]) => f);
}

// The call tree for somebody who reads one for the first time: own code by its time, libraries folded to one row where own code
// calls them. Only what is heavy enough is looked at, so that a tree of a million nodes costs no more than a small one. No DOM.
//
//   main                          own: a row
//     load                        own
//       json.loads   + 3 folded   a library that own code calls: a row, what it calls is folded into it
//     12 folded (threading, ...)  libraries on the way to own code: a line, own code below it

/** @typedef {import('../types.js').Tree} Tree */
/** @typedef {import('../types.js').Amounts} Amounts */

/**
 * @typedef {object} OutlineRow
 * @property {"own" | "library" | "folded"} kind
 * @property {number} node of the tree; of folded frames the first
 * @property {number} depth
 * @property {number} total
 * @property {number} self time that no row below shows: of libraries with what they fold
 * @property {number} hidden frames folded
 * @property {number[]} hiddenFns functions folded, each once, heaviest first
 */

/**
 * @param {Tree} tree
 * @param {Float64Array} total
 * @param {number} node
 * @param {number} least
 * @returns {number[]} heaviest first
 */
function heavyChildren(tree, total, node, least) {
  const children = [];
  for (let c = node + 1; c < tree.end[node]; c = tree.end[c]) if (total[c] >= least) children.push(c);
  return children.sort((a, b) => total[b] - total[a]);
}

/**
 * What lies between a frame that is folded and the own code that it leads to.
 * @param {Tree} tree
 * @param {Float64Array} total
 * @param {number} start
 * @param {number} least
 * @param {(node: number) => boolean} isShown
 * @returns {{exits: number[], hidden: number[], inside: number}} inside: time that leads to no exit
 */
function foldFrom(tree, total, start, least, isShown) {
  /** @type {number[]} */
  const exits = [];
  const hidden = [];
  const open = [start];
  let inside = total[start];
  for (let n = open.pop(); n !== undefined; n = open.pop()) {
    hidden.push(n);
    for (let c = n + 1; c < tree.end[n]; c = tree.end[c]) {
      if (total[c] < least) continue;
      if (isShown(c)) {
        exits.push(c);
        inside -= total[c];
      } else open.push(c);
    }
  }
  exits.sort((a, b) => total[b] - total[a]);
  return { exits, hidden, inside };
}

/**
 * @param {Tree} tree
 * @param {Amounts} amounts
 * @param {Uint8Array} isLibrary by function
 * @param {number} least of a row
 * @param {number} most rows
 * @returns {{rows: OutlineRow[], cut: boolean}} cut: there would have been more
 */
export function outline(tree, amounts, isLibrary, least, most) {
  const { fn } = tree;
  const { total } = amounts;
  /** @type {OutlineRow[]} */
  const rows = [];
  /** @type {{node: number, depth: number, path: readonly number[]}[]} */
  const open = heavyChildren(tree, total, 0, least)
    .reverse()
    .map((node) => ({ node, depth: 0, path: [] }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (rows.length >= most) return { rows, cut: true };
    const { node, depth, path } = next;
    const own = isLibrary[fn[node]] === 0;
    // A function that is on the way here already is a recursion, and folded like a library.
    const inner = own ? [...path, fn[node]] : path;
    const isShown = (/** @type {number} */ n) => isLibrary[fn[n]] === 0 && !inner.includes(fn[n]);
    const { exits, hidden, inside } = foldFrom(tree, total, node, least, own ? () => true : isShown);
    const folded = hidden.slice(1);
    /** @type {number[]} */
    let below = exits;
    if (own) {
      // Recursions among the children are passed through.
      below = exits.flatMap((child) =>
        inner.includes(fn[child])
          ? recursionExits(tree, total, child, least, inner, folded)
          : [child],
      );
      below.sort((a, b) => total[b] - total[a]);
    }
    const self = own ? total[node] - below.reduce((sum, n) => sum + total[n], 0) : inside;
    const leadsOn = !own && below.length > 0 && inside < least;
    rows.push({
      kind: own ? 'own' : leadsOn ? 'folded' : 'library',
      node,
      depth,
      total: total[node],
      self,
      hidden: folded.length,
      hiddenFns: functionsOf(fn, total, leadsOn ? hidden : folded),
    });
    for (const child of below.reverse()) open.push({ node: child, depth: depth + 1, path: inner });
  }
  return { rows, cut: false };
}

/**
 * What a recursion calls that is no recursion itself.
 * @param {Tree} tree
 * @param {Float64Array} total
 * @param {number} start
 * @param {number} least
 * @param {readonly number[]} path functions that are on the way already
 * @param {number[]} folded takes the nodes passed through
 * @returns {number[]}
 */
function recursionExits(tree, total, start, least, path, folded) {
  const { exits, hidden } = foldFrom(tree, total, start, least, (n) => !path.includes(tree.fn[n]));
  folded.push(...hidden);
  return exits;
}

/**
 * @param {Uint32Array} fn
 * @param {Float64Array} total
 * @param {readonly number[]} nodes
 * @returns {number[]} each function once
 */
function functionsOf(fn, total, nodes) {
  /** @type {Map<number, number>} */
  const most = new Map();
  for (const n of nodes) most.set(fn[n], Math.max(most.get(fn[n]) ?? 0, total[n]));
  return [...most].sort((a, b) => b[1] - a[1]).map(([f]) => f);
}

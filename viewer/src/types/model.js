// What is looked at, and what follows from it: trees and sums of the page. Types only: nothing here runs.
//
// Amounts are in the page's units (head.unit_ns each); base/format.js turns them into text.

/** @typedef {import('./page.js').Entries} Entries */
/** @typedef {import('./page.js').Runs} Runs */

/**
 * One change of what is shown. `fn` is a function, `pattern` a regular expression over names, files and modules.
 * @typedef {object} Transform
 * @property {"focus" | "ignore" | "merge" | "merge-recursion" | "collapse-library" | "own-code" | "invert"} kind
 *   focus: only what is at or below it · ignore: leave out time with it on the stack · merge: its time goes to its
 *   caller · merge-recursion: repeated functions of a stack once · collapse-library: what a library calls is the
 *   library function's · own-code: frames of libraries go to their caller · invert: callers below
 * @property {number} [fn]
 * @property {string} [pattern]
 */

/**
 * What is being looked at. Immutable; all of it is in location.hash.
 * @typedef {object} State
 * @property {string} view
 * @property {string} metric "run" the run's own time · "wall" threads' time · "cpu" · "wait:KEY" · "calls" · "call-time"
 * @property {number[] | null} threads null = all
 * @property {[number, number] | null} range ticks
 * @property {readonly Transform[]} transforms
 * @property {string} search regular expression
 * @property {number} zoom node of the page's tree that fills the width; 0 = all
 * @property {readonly number[]} trail functions from the root, where the tree is inverted: what fills the width there
 * @property {number} selected node of the page's tree, -1 = none
 * @property {number} fn chosen function, -1 = none
 * @property {"module" | "state"} colour
 * @property {Readonly<Record<string, string>>} sort by table: column key, "-" before it for descending
 * @property {number} side of a diff: 0 base, 1 new
 * @property {Readonly<Record<string, string>>} extra what single views keep, by "VIEW.NAME"
 */

/**
 * What is counted.
 * @typedef {object} Metric
 * @property {string} key
 * @property {string} words "the run's time", "waiting for the GIL" ...
 * @property {"time" | "count"} kind
 * @property {string} tree name of the tree it is of
 * @property {"run" | "time" | "samples"} column of the entries
 * @property {Uint8Array} states 1 for each state that counts (256 long)
 */

/**
 * The parts of runs that lie in a range of time.
 * @typedef {object} RunRange
 * @property {Runs} runs
 * @property {number} from tick
 * @property {number} to
 * @property {number} unitsPerTick
 * @property {[number, number][]} spans by thread: its first run in the range, and one past its last
 */

/**
 * What amounts are made of: all entries of a tree, or parts of runs instead of them.
 * @typedef {object} Source
 * @property {Entries} entries
 * @property {RunRange | null} range null = all time
 */

/**
 * A call tree in preorder: the subtree of n is [n, end[n]), its first child n + 1, the next sibling of c end[c].
 * @typedef {object} Tree
 * @property {number} count
 * @property {Int32Array} parent
 * @property {Uint16Array | Uint32Array} fn
 * @property {Int32Array} end
 * @property {Int32Array | null} map node of the page's tree -> node here, negative = left out; null = the same
 * @property {Int32Array | null} origin node here -> a node of the page's tree; null = the same
 * @property {Derived | null} derived what transforms made of it; null = nothing
 */

/**
 * What transforms make of a tree, whose arrays stay as they are: each node stands for itself, or one above it does, or it is left
 * out. Those that stand for themselves are the nodes of the derived tree: n is a child of to[parent[n]], of the root where that is
 * left out. Siblings can be of one function.
 * @typedef {object} Derived
 * @property {Int32Array} to node -> the node that stands for it, itself or one above it; -1 = left out; -2 = left out, what is kept
 *   right below it are children of the root
 * @property {Entrances | null} entrances null: where the walk from a node to its children begins is the node itself
 * @property {boolean} ordered what lies below a node in the derived tree does so in the tree, too: a subtree is the range it was
 * @property {boolean} holes something below a node that is kept can be left out
 * @property {boolean} hidden nodes can stand for others
 * @property {readonly number[] | null} merged where nothing but recursion was merged: the nodes that others stand for, ascending
 */

/**
 * Other places at which children of a node are found: nodes that it stands for and that are not right below it or such a one.
 * @typedef {object} Entrances
 * @property {Int32Array} ofRoot
 * @property {Int32Array | Map<number, number> | null} first by node: one more than the place in `node` of its first one, 0 = none; null = of none but the root
 * @property {Int32Array} next by place in `node`: likewise
 * @property {Int32Array} node
 */

/**
 * What nodes, or functions, have themselves and with all below. Of a derived tree `self` is that of the tree it is derived from, and
 * so is `total` where that is the same: nodes that are not shown have numbers there, too, and a node has what it stands for beside its
 * own (`selfOf` in model/children.js).
 * @typedef {object} Amounts
 * @property {Float64Array} self
 * @property {Float64Array} total
 * @property {{self: number, total: number}} [root] of the root of a derived tree
 */

/**
 * What a search found.
 * @typedef {object} Found
 * @property {string | null} error why the pattern is none
 * @property {Uint8Array} fns 1 for each function that matches
 * @property {number} functions how many match and have time
 * @property {number} matched amount with a match on the stack: the union, each moment once
 */

/**
 * Everything that follows from page and state. Cheap to make; the parts are computed when asked for and kept.
 * See model/model.js.
 * @typedef {import('../model/model.js').Model} Model
 */

export {};

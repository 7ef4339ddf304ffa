// What changed between the two sides of a page of two recordings. Both share one tree; whose time an entry is, its thread
// says. A change below twice its standard error, or below 1 % of the longer
// run, is no change, as `barograph diff` has it: it is called neutral, and drawn so. No DOM.

/** @typedef {import('../types/model.js').Amounts} Amounts */
/** @typedef {import('../types/model.js').Model} Model */
/** @typedef {import('../types/model.js').State} State */

/**
 * @typedef {object} Sides
 * @property {Model} base
 * @property {Model} next
 * @property {boolean} shares compare shares of each side's time, not the times themselves
 * @property {number} scale of the base's amounts
 * @property {number} basis what amounts are shares of
 * @property {number} least what changed less is no change
 */

/** Of the longer run: BARO_DIFF_SHARE_MIN of the C program. */
const leastShare = 0.01;

/**
 * @param {Model} model
 * @param {State} state
 * @param {boolean} shares
 * @returns {Sides} amounts of the base are scaled to the other's basis where shares are compared
 */
export function sidesOf(model, state, shares) {
  const base = model.workshop.model({ ...state, side: 0 });
  const next = model.workshop.model({ ...state, side: 1 });
  const scale = shares && base.basis > 0 && next.basis > 0 ? next.basis / base.basis : 1;
  const { comparison, unit_ns: unit } = next.page.head;
  // Of a framework's runs what is counted is a part of them.
  const run = comparison && next.metric.kind === 'time' ? Math.max(comparison.run_ns.before ?? 0, comparison.run_ns.after ?? 0) / unit : 0;
  const basis = next.basis > 0 ? next.basis : base.basis;
  return { base, next, shares, scale, basis, least: leastShare * Math.max(base.basis * scale, next.basis, run) };
}

/**
 * @param {Sides} sides
 * @param {number} before amount of the base, not scaled
 * @param {number} after
 * @param {number} fn of whose time they are
 * @param {"self" | "total"} which
 * @returns {number | null} standard error of the change of an amount, null = exact
 */
export function changeError(sides, before, after, fn, which) {
  const a = sides.base.error(before, fn, which);
  const b = sides.next.error(after, fn, which);
  if (a === null && b === null) return null;
  return Math.hypot((a ?? 0) * sides.base.basis * sides.scale, (b ?? 0) * sides.next.basis);
}

/**
 * @param {number} change
 * @param {number | null} error
 * @param {number} least
 * @returns {-1 | 0 | 1} whether it is less, not told apart from chance, or more
 */
export function verdict(change, error, least) {
  if (Math.abs(change) <= Math.max(2 * (error ?? 0), least) || change === 0) return 0;
  return change < 0 ? -1 : 1;
}

/**
 * @typedef {object} Change
 * @property {number} fn
 * @property {number} before
 * @property {number} after
 * @property {number} change
 * @property {number | null} error
 * @property {-1 | 0 | 1} verdict
 */

/**
 * @param {Sides} sides
 * @param {"self" | "total"} column
 * @returns {Change[]} of all functions with any amount, largest change first
 */
export function functionChanges(sides, column) {
  const before = sides.base.functions[column];
  const after = sides.next.functions[column];
  /** @type {Change[]} */
  const changes = [];
  for (let fn = 0; fn < before.length; fn++) {
    if (before[fn] === 0 && after[fn] === 0) continue;
    const scaled = before[fn] * sides.scale;
    const change = after[fn] - scaled;
    const error = changeError(sides, before[fn], after[fn], fn, column);
    changes.push({ fn, before: scaled, after: after[fn], change, error, verdict: verdict(change, error, sides.least) });
  }
  return changes.sort((a, b) => Math.abs(b.change) - Math.abs(a.change));
}

/**
 * Widths of boxes that show how much changed below them, in either direction.
 * @param {import('../types/model.js').Tree} tree
 * @param {Sides} sides
 * @returns {Amounts}
 */
export function changeWidths(tree, sides) {
  const before = sides.base.amounts.self;
  const after = sides.next.amounts.self;
  const self = new Float64Array(tree.count);
  for (let n = 0; n < tree.count; n++) self[n] = Math.abs(after[n] - before[n] * sides.scale);
  const total = self.slice();
  for (let n = tree.count - 1; n > 0; n--) total[tree.parent[n]] += total[n];
  return { self, total };
}

/**
 * The larger of both sides, so that what went away has a width, too. A node is at least as wide as what it holds.
 * @param {import('../types/model.js').Tree} tree
 * @param {Sides} sides
 * @returns {Amounts}
 */
export function eitherWidths(tree, sides) {
  const before = sides.base.amounts.self;
  const after = sides.next.amounts.self;
  const self = new Float64Array(tree.count);
  for (let n = 0; n < tree.count; n++) self[n] = Math.max(after[n], before[n] * sides.scale);
  const total = self.slice();
  for (let n = tree.count - 1; n > 0; n--) total[tree.parent[n]] += total[n];
  return { self, total };
}

// Amounts by file and line, for the source view. They are of the whole recording: lines know no threads and no range. No DOM.

/** @typedef {import('../types/page.js').Page} Page */
/** @typedef {import('../types/page.js').Lines} Lines */

/**
 * @typedef {object} LineHeat
 * @property {number} line
 * @property {number} fn the function whose time it is; the one with most of it, where several share the line
 * @property {number} self
 * @property {number} total
 * @property {number} samples
 */

/**
 * @typedef {object} FileHeat
 * @property {number} file string
 * @property {number} self of all its lines
 * @property {number} origin of its functions
 * @property {LineHeat[]} lines ascending; line 0 where it is not known, one for each function then
 */

/**
 * @param {Page} page
 * @param {boolean} run the run's own time; otherwise threads' time
 * @param {number} [side] of a diff
 * @returns {FileHeat[]} those with most time of their own first
 */
export function fileHeat(page, run, side = 1) {
  const { functions } = page;
  const lines = page.head.diff && side === 0 ? (page.linesBase ?? null) : page.lines;
  if (lines === null) return [];
  const self = run ? lines.selfRun : lines.self;
  const total = run ? lines.totalRun : lines.total;
  /** @type {Map<number, {heat: FileHeat, byLine: Map<number, LineHeat>}>} */
  const files = new Map();
  for (let i = 0; i < lines.count; i++) {
    const fn = lines.fn[i];
    const file = functions.file[fn];
    let entry = files.get(file);
    if (!entry) {
      entry = { heat: { file, self: 0, origin: functions.origin[fn], lines: [] }, byLine: new Map() };
      files.set(file, entry);
    }
    entry.heat.self += self[i];
    addLine(entry.byLine, lines.line[i], fn, self[i], total[i], lines.selfSamples[i]);
  }
  return [...files.values()]
    .map(({ heat, byLine }) => ({
      ...heat,
      lines: [...byLine.values()].sort((a, b) => a.line - b.line || b.self - a.self),
    }))
    .sort((a, b) => b.self - a.self);
}

/**
 * @param {Map<number, LineHeat>} byLine
 * @param {number} line
 * @param {number} fn
 * @param {number} self
 * @param {number} total
 * @param {number} samples
 */
function addLine(byLine, line, fn, self, total, samples) {
  // What is known of no line is known of its function.
  const key = line > 0 ? line : -1 - fn;
  const there = byLine.get(key);
  if (!there) {
    byLine.set(key, { line, fn, self, total, samples });
    return;
  }
  // A comprehension on a function's line, or two lambdas: calls of each other would count twice in a sum.
  if (total > there.total) {
    there.total = total;
    there.fn = fn;
  }
  there.self += self;
  there.samples += samples;
}

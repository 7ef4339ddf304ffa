// Search by regular expression over all functions, drawn or not, and the time that has a match on its stack. No DOM.

/** @typedef {import('../types/page.js').Page} Page */
/** @typedef {import('../types/model.js').Tree} Tree */
/** @typedef {import('../types/model.js').Amounts} Amounts */
/** @typedef {import('../types/model.js').Found} Found */

/** What of a name is looked at: longer names exist only to harm, and some patterns take long on them. */
const longestName = 2000;

/**
 * Smart case: a pattern without capitals matches either case. What is no regular expression is looked for as it stands.
 * @param {string} pattern
 * @returns {RegExp}
 */
export function searchExpression(pattern) {
  const flags = pattern === pattern.toLowerCase() ? 'iu' : 'u';
  try {
    return new RegExp(pattern, flags);
  } catch {
    return new RegExp(pattern.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), flags);
  }
}

/**
 * @param {string} pattern
 * @returns {string} why it is no regular expression, as the browser says it; "": it is one
 */
export function searchFault(pattern) {
  try {
    return new RegExp(pattern, 'u') && '';
  } catch (error) {
    const words = error instanceof Error ? error.message : '';
    const why = words.replace(pattern, '').replace(/^invalid regular expression(?:: \/\/\w*)?:? ?/i, '');
    return `no valid expression${why && `: ${why}`}`;
  }
}

/**
 * @param {Page} page
 * @param {import('./names.js').Names} names
 * @param {string} pattern not empty
 * @returns {Uint8Array} 1 for each function whose name, module or place matches. The place is the path as it is shown: the
 *   folder that everything lies in would match everything
 */
export function matchFunctions(page, names, pattern) {
  const { strings, functions } = page;
  const expression = searchExpression(pattern);
  // By string: 0 not tried, 1 no, 2 yes. Functions share files and modules.
  const tried = new Uint8Array(strings.length);
  /** @param {number} index */
  const matches = (index) => {
    if (tried[index] === 0)
      tried[index] = expression.test(strings[index].slice(0, longestName)) ? 2 : 1;
    return tried[index] === 2;
  };
  const places = names.files.map((file) => file && expression.test(file.place.slice(0, longestName)));
  const modules = names.files.map((file) => file && expression.test(file.module.slice(0, longestName)));
  const set = new Uint8Array(functions.count);
  for (let f = 0; f < functions.count; f++) {
    const file = functions.file[f];
    const module = functions.module[f];
    const inModule = strings[module] === '' ? modules[file] : matches(module);
    if (inModule || places[file] || matches(functions.name[f])) set[f] = 1;
  }
  return set;
}

/**
 * The union: a subtree below a match counts once, with the outermost one, so that nothing in it has to be looked at.
 * @param {Tree} tree
 * @param {Amounts} amounts
 * @param {Uint8Array} set
 * @returns {number}
 */
export function matchedAmount(tree, amounts, set) {
  const { fn, end, count, derived } = tree;
  const { total } = amounts;
  const to = derived?.to ?? null;
  if (to !== null && derived?.ordered === false) return matchedAnywhere(tree, to, amounts, set);
  let matched = 0;
  for (let n = 1; n < count; ) {
    if (set[fn[n]] === 0 || (to !== null && to[n] !== n)) n++;
    else {
      matched += total[n];
      n = end[n];
    }
  }
  return matched;
}

/**
 * The same where what is below a node stands anywhere behind it.
 * @param {Tree} tree
 * @param {Int32Array} to
 * @param {Amounts} amounts
 * @param {Uint8Array} set
 * @returns {number}
 */
function matchedAnywhere({ parent, fn, count }, to, { total }, set) {
  const below = new Uint8Array(count);
  let matched = 0;
  for (let n = 1; n < count; n++) {
    if (to[n] !== n) continue;
    below[n] = below[Math.max(to[parent[n]], 0)];
    if (below[n] === 1 || set[fn[n]] === 0) continue;
    matched += total[n];
    below[n] = 1;
  }
  return matched;
}

/**
 * @param {Amounts} functions by function
 * @param {Uint8Array} set
 * @returns {number} how many match and have time
 */
export function matchedFunctions({ total }, set) {
  let count = 0;
  for (let f = 0; f < set.length; f++) if (set[f] === 1 && total[f] > 0) count++;
  return count;
}

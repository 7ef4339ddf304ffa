// Python source in words of a few kinds, for colours. Line by line, so that a table shows any part of a file; what a line leaves open (a
// string in three quotes) is the next one's beginning. Wrong source gives wrong colours and nothing else. No DOM.

/** @typedef {'' | 'keyword' | 'string' | 'comment' | 'number' | 'name'} TokenKind */
/** @typedef {{kind: TokenKind, text: string}} Token */

const keywords = new Set(
  ('False None True and as assert async await break class continue def del elif else except finally for from global if import in is ' +
    'lambda nonlocal not or pass raise return try while with yield match case').split(' '),
);
const pattern =
  /(#.*$)|([rbfuRBFU]{0,2}("""|'''))|([rbfuRBFU]{0,2}(?:"(?:\\.|[^"\\])*"?|'(?:\\.|[^'\\])*'?))|\b(\d[\w.]*)|([\p{L}_][\p{L}\p{N}_]*)/gu;

/**
 * @param {string} line
 * @param {string} open quotes that an earlier line opened, "" = none
 * @returns {{tokens: Token[], open: string}}
 */
export function pythonTokens(line, open) {
  /** @type {Token[]} */
  const tokens = [];
  let at = 0;
  /** @param {number} to @param {TokenKind} kind */
  const take = (to, kind) => {
    if (to > at) tokens.push({ kind, text: line.slice(at, to) });
    at = Math.max(at, to);
  };
  if (open) {
    const end = line.indexOf(open);
    if (end < 0) return { tokens: [{ kind: 'string', text: line }], open };
    take(end + 3, 'string');
  }
  let defines = false;
  pattern.lastIndex = at;
  for (let found = pattern.exec(line); found; found = pattern.exec(line)) {
    const [text, comment, triple, quotes, string, number] = found;
    take(found.index, '');
    if (triple !== undefined) {
      const end = line.indexOf(quotes, pattern.lastIndex);
      if (end < 0) {
        take(line.length, 'string');
        return { tokens, open: quotes };
      }
      take(end + 3, 'string');
      pattern.lastIndex = at;
    } else if (comment !== undefined) take(line.length, 'comment');
    else if (string !== undefined) take(pattern.lastIndex, 'string');
    else if (number !== undefined) take(pattern.lastIndex, 'number');
    else {
      const keyword = keywords.has(text);
      take(pattern.lastIndex, keyword ? 'keyword' : defines ? 'name' : '');
      defines = text === 'def' || text === 'class';
    }
  }
  take(line.length, '');
  return { tokens, open: '' };
}

import assert from 'node:assert/strict';
import test from 'node:test';
import { pythonTokens } from '../../src/base/python_tokens.js';

/** @param {string} line @param {string} [open] */
function kinds(line, open = '') {
  const result = pythonTokens(line, open);
  assert.equal(result.tokens.map(({ text }) => text).join(''), line, 'text is lost or added');
  return { words: result.tokens.filter(({ kind }) => kind).map(({ kind, text }) => `${kind} ${text}`), open: result.open };
}

test('words of each kind, and every letter is kept', () => {
  assert.deepEqual(kinds('def load(self, n=3):  # "no"').words, ['keyword def', 'name load', 'number 3', 'comment # "no"']);
  assert.deepEqual(kinds(`x = f'a#{b}' + r"\\\\" + 'c`).words, [`string f'a#{b}'`, 'string r"\\\\"', "string 'c"]);
  assert.deepEqual(kinds('größe = ifx').words, []);
});

test('a string of three quotes goes on until it ends', () => {
  assert.deepEqual(kinds('a = """one'), { words: ['string """one'], open: '"""' });
  assert.deepEqual(kinds("it's 'def'", '"""'), { words: ["string it's 'def'"], open: '"""' });
  assert.deepEqual(kinds('end""" if x', '"""'), { words: ['string end"""', 'keyword if'], open: '' });
  assert.deepEqual(kinds("'''a''' and '''b"), { words: ["string '''a'''", 'keyword and', "string '''b"], open: "'''" });
});

test('what is no Python is text all the same', () => {
  for (const line of ['', '"', "'''", '\\', '#', '\u202e"x', '"'.repeat(1000), 'a'.repeat(10_000)]) kinds(line);
});

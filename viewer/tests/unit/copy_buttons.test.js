import assert from 'node:assert/strict';
import test from 'node:test';
import { copiedLines } from '../../src/parts/copy_buttons.js';

test('nothing of a name is markup in what is copied as Markdown, and trees keep their steps', () => {
  const lines = [['function', 'where'], ['<module>', 'a|b_c.py:1'], ['  timed.<locals>.g', '`x` *y* __init__ [z](q) ~~s~~ &lt; \\']];
  assert.deepEqual(copiedLines(lines, 'Markdown').split('\n').slice(2), [
    '| \\<module\\> | a\\|b_c.py:1 |',
    '| &nbsp;&nbsp;timed.\\<locals\\>.g | \\`x\\` \\*y\\* \\_\\_init_\\_ \\[z\\](q) \\~\\~s\\~\\~ \\&lt; \\\\ |',
  ]);
  assert.equal(copiedLines(lines, 'text').split('\n')[2], '  timed.<locals>.g\t`x` *y* __init__ [z](q) ~~s~~ &lt; \\');
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visibleText } from '../../src/base/dom.js';
import { nameFiles } from '../../src/model/names.js';

/** @param {[string, number][]} files path and origin */
function namesOf(files) {
  const strings = ['', ...files.map(([path]) => path)];
  const page = { strings, functions: { count: files.length, file: files.map((_, i) => i + 1), origin: files.map(([, o]) => o) } };
  const names = nameFiles(/** @type {any} */ (page));
  return { folder: names.folder, files: files.map((_, i) => names.files[i + 1]) };
}

test('own code is relative to the folder it shares, packages and the library to theirs', () => {
  const { folder, files } = namesOf([
    ['/home/u/shop/app/main.py', 0],
    ['/home/u/shop/app/store/__init__.py', 0],
    ['/home/u/venv/lib/python3.12/site-packages/pandas/core/frame.py', 1],
    ['/usr/lib/python3.12/json/decoder.py', 2],
    ['<frozen importlib._bootstrap>', 2],
    ['<string>', 0],
    ['', 3],
  ]);
  assert.equal(folder, '/home/u/shop/app/');
  assert.deepEqual(files, [
    { place: 'main.py', module: 'main', group: 'main' },
    { place: 'store/__init__.py', module: 'store', group: 'store' },
    { place: 'pandas/core/frame.py', module: 'pandas.core.frame', group: 'pandas' },
    { place: '<stdlib>/json/decoder.py', module: 'json.decoder', group: 'json' },
    { place: '<stdlib>/importlib._bootstrap', module: 'importlib._bootstrap', group: 'importlib' },
    { place: '<string>', module: '<string>', group: '<string>' },
    { place: '', module: '', group: '' },
  ]);
});

test('files that share only the root keep their paths', () => {
  const { folder, files } = namesOf([['/a/x.py', 0], ['/b/y.py', 0]]);
  assert.equal(folder, '');
  assert.deepEqual(files.map((file) => file?.place), ['/a/x.py', '/b/y.py']);
});

test('hostile names lose what would turn or hide the text around them', () => {
  assert.equal(visibleText('a\u202eb\u2066c\u0000\n\u007f'), 'a\ufffdb\ufffdc␀␊\ufffd');
  assert.equal(visibleText('ünï 👍 עברית <script>'), 'ünï 👍 עברית <script>');
  assert.ok(visibleText('x'.repeat(100_000)).length < 5000);
});

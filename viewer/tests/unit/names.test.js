import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visibleText } from '../../src/base/dom.js';
import { functionNames, nameFiles } from '../../src/model/names.js';

/** @param {[string, number][]} files path and origin */
function namesOf(files) {
  const strings = ['', ...files.map(([path]) => path)];
  const page = { strings, head: { sides: [] }, functions: { count: files.length, file: files.map((_, i) => i + 1), origin: files.map(([, o]) => o) } };
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

test('the program’s file has the name of the side that is looked at', () => {
  const strings = ['', '/new/fast/app.py', 'main', '/new/fast/lib.py'];
  const functions = { count: 2, file: [1, 3], origin: [0, 0], name: [2, 2], bare: [2, 2], module: [0, 0], line: [7, 3] };
  for (const [before, place] of [['/new/fast/slow.py', 'slow.py'], ['/old/app_v1.py', 'app_v1.py']]) {
    const page = /** @type {any} */ ({ strings, functions, head: { sides: [{ program: before }, { program: '/new/fast/app.py' }] } });
    const names = nameFiles(page);
    const of = (/** @type {number} */ fn, /** @type {number} */ side) => functionNames(page, names, fn, side);
    assert.deepEqual([of(0, 0).module, of(0, 0).place], [place.replace('.py', ''), place], 'the line is of the newer one');
    assert.deepEqual([of(0, 1).module, of(0, 1).place], ['app', 'app.py:7']);
    assert.equal(of(1, 0).place, 'lib.py:3');
  }
});

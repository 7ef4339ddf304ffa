import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

const [page, dataflow, whatIf] = ['viewer.html', 'dataflow.js', 'what_if.js'].map((name) => readFileSync(new URL(`../../dist/${name}`, import.meta.url), 'utf8'));

test('the places that the C program fills stand alone on their lines, in the order of the contract', () => {
  const lines = page.split('\n');
  const at = ['<title>barograph</title>', '<!--baro:head-->', '<script id="greet">', '<!--baro:core-->', '<script>', '<!--baro:late-->'].map(
    (line) => lines.indexOf(line),
  );
  assert.ok(at.every((line) => line >= 0), `lines ${at}`);
  assert.deepEqual(at, at.toSorted((a, b) => a - b));
});

test('the page may load nothing and says so', () => {
  const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(page)?.[1] ?? '';
  assert.ok(policy.startsWith("default-src 'none'; "));
  assert.ok(!/https?:/.test(policy));
  assert.ok(!/<(link|img|iframe|object|base)\b/i.test(page));
});

test('what every page carries has at most 250 kB', () => {
  assert.ok(Buffer.byteLength(page) <= 250_000, `${Buffer.byteLength(page)} bytes`);
});

test('code and style of the dataflow views are in their script and not in every page', () => {
  for (const word of ['graph-node', 'graph-edge', 'operator-details', 'task-canvas', 'task-names', 'operator_quartiles']) {
    assert.ok(dataflow.includes(word), word);
    assert.ok(!page.includes(word), word);
  }
});

test('code and style of predictions are in their script and not in every page', () => {
  for (const word of ['whatif-slider', 'whatif-bars', 'lead_error_s', 'What would be different']) {
    assert.ok(whatIf.includes(word), word);
    assert.ok(!page.includes(word), word);
  }
});

test('what both scripts use is the program’s, and is there', () => {
  // Words of the table, of the tooltip and of what reads sections: the dataflow views use all three.
  for (const word of ['Copy as ', '"tooltip"', 'deflate-raw']) {
    assert.ok(page.includes(word), word);
    assert.ok(!dataflow.includes(word), word);
  }
});

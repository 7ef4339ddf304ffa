import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

const page = readFileSync(new URL('../../dist/viewer.html', import.meta.url), 'utf8');

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

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutText } from '../../src/parts/task_lanes.js';

test('a name that is cut says so, and fits', () => {
  const width = (/** @type {string} */ text) => Array.from(text).length * 6;
  assert.equal(cutText('stage 3: collect', 96, width), 'stage 3: collect');
  assert.equal(cutText('stage 3: collect', 95, width), 'stage 3: colle…');
  assert.equal(cutText('stage 3: collect', 12, width), 's…');
  assert.equal(cutText('stage 3: collect', 11, width), '', 'never an ellipsis alone');
  assert.equal(cutText('\u{1f600}\u{1f601}\u{1f602}', 12, width), '\u{1f600}…', 'no half of a letter');
});

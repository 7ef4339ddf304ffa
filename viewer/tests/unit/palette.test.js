import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupHues, moduleColour, parseColour, pixel, resourceLook, stateColour, stateLetter } from '../../src/draw/palette.js';
import { contrast, deltaE, leastDifference } from '../support/colour.js';
import { states } from '../support/plain_tree.js';

test('the measure of difference is the published one', () => {
  // Pairs 1, 9 and 17 of Sharma, Wu and Dalal (2005).
  assert.ok(Math.abs(deltaE([50, 2.6772, -79.7751], [50, 0, -82.7485]) - 2.0425) < 1e-3);
  assert.ok(Math.abs(deltaE([50, 2.49, -0.001], [50, -2.49, 0.0009]) - 7.1792) < 1e-3);
  assert.ok(Math.abs(deltaE([50, 2.5, 0], [73, 25, -18]) - 27.1492) < 1e-3);
});

test('states are told apart with any colour vision, and dark text stands on all of them', () => {
  const colours = states.map(({ key }) => ({ key, rgb: parseColour(stateColour(key)) }));
  for (const { key, rgb } of colours) assert.ok(contrast(rgb, [17, 17, 17]) >= 5, key);
  colours.forEach((a, i) => {
    for (const b of colours.slice(0, i))
      assert.ok(leastDifference(a.rgb, b.rgb) >= 9.5, `${a.key} and ${b.key}: ${leastDifference(a.rgb, b.rgb)}`);
  });
  assert.equal(new Set(states.map(({ key }) => stateLetter(key))).size, states.length, 'a letter each');
  assert.equal(stateColour('of a later version'), stateColour('unknown'));
});

test('resources of a trace are told apart with any colour vision, by a letter each', () => {
  const kinds = ['annotation', 'dataloader', 'runtime', 'overhead', 'kernel', 'memset', 'sync'];
  const keys = ['cpu', 'gpu', 'copy', 'network', 'child', 'idle', 'unknown', ...kinds];
  const looks = keys.map((key) => ({ key, letter: resourceLook(key).letter, rgb: parseColour(resourceLook(key).colour) }));
  looks.forEach((a, i) => {
    assert.ok(contrast(a.rgb, [17, 17, 17]) >= 5, a.key);
    for (const b of looks.slice(0, i))
      assert.ok(leastDifference(a.rgb, b.rgb) >= 9.5, `${a.key} and ${b.key}: ${leastDifference(a.rgb, b.rgb)}`);
  });
  const all = [...keys, 'op', 'collective'];
  assert.equal(new Set(all.map((key) => resourceLook(key).letter)).size, all.length);
  assert.deepEqual(resourceLook('prior_disk'), resourceLook('disk'));
});

test('text can be read on every module colour, dark and light', () => {
  for (let hue = 0; hue < 360; hue += 5)
    for (const origin of [0, 1, 2, 3]) {
      const light = moduleColour(origin, hue, false);
      const dark = moduleColour(origin, hue, true);
      assert.ok(contrast(light, parseColour('#15181d')) >= 7, `light ${origin} ${hue}`);
      assert.ok(contrast(light, parseColour('#4c545f')) >= 4.5, `light, module ${origin} ${hue}`);
      assert.ok(contrast(dark, parseColour('#f2f4f7')) >= 4.5, `dark ${origin} ${hue}`);
    }
});

test('the heaviest groups have different hues, and a group alone has the hue of its name', () => {
  const groups = Array.from({ length: 12 }, (_, i) => `package${i}`);
  const hues = groupHues(groups);
  assert.equal(new Set(hues.values()).size, 12);
  assert.equal(groupHues(['pandas']).get('pandas'), groupHues(['pandas', ...groups]).get('pandas'));
  assert.equal(groupHues([...groups, ...groups.map((g) => `${g}x`)]).size, 24);
});

test('pixels are as ImageData has them', () => {
  const bytes = new Uint8Array(Uint32Array.of(pixel([1, 2, 3])).buffer);
  assert.deepEqual([...bytes], [1, 2, 3, 255]);
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { constants, deflateRawSync } from 'node:zlib';
import { inflate } from '../../src/packed/inflate.js';

const page = readFileSync(new URL('../../dist/viewer.html', import.meta.url));

/** Bytes that nothing predicts, the same every time. */
function noise(length = 0) {
  let state = 1;
  return Uint8Array.from({ length }, () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 24);
}

test('what deflate made of bytes becomes them again, whatever kind of block it took', () => {
  const inputs = [new Uint8Array(0), noise(1), noise(100_000), new Uint8Array(100_000), page, page.subarray(0, 30)];
  const ways = [
    { level: 0 }, // stored
    { level: 9 },
    { level: 1 },
    { strategy: constants.Z_FIXED },
    { strategy: constants.Z_HUFFMAN_ONLY },
    { strategy: constants.Z_RLE },
  ];
  for (const input of inputs)
    for (const way of ways) {
      const found = inflate(deflateRawSync(input, way), input.length);
      assert.ok(Buffer.from(input).equals(found), `${input.length} bytes, ${JSON.stringify(way)}`);
    }
});

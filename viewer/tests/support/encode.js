// Writes sections as docs/view-page.md says, the slow and plain way: what the decoders are compared with.

import { deflateRawSync } from 'node:zlib';

/** @typedef {'u' | 'z' | 'd' | 'b' | 's'} Encoding */
/** @typedef {{name: string, encoding: Encoding, values: readonly number[] | readonly string[]}} PlainColumn */

/** @param {number} value */
function unsigned(value) {
  const bytes = [];
  let rest = BigInt(value);
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return bytes;
}

/** @param {number} value */
function zigzag(value) {
  return unsigned(value >= 0 ? value * 2 : -value * 2 - 1);
}

/**
 * @param {Encoding} encoding
 * @param {readonly number[] | readonly string[]} values
 * @returns {Buffer}
 */
export function encodeColumn(encoding, values) {
  if (encoding === 's')
    return Buffer.from(
      /** @type {string[]} */ (values).map((text) => `${text.replaceAll('\0', '\u2400')}\0`).join(''),
    );
  const numbers = /** @type {number[]} */ (values);
  if (encoding === 'b') return Buffer.from(numbers);
  if (encoding === 'u') return Buffer.from(numbers.flatMap(unsigned));
  if (encoding === 'z') return Buffer.from(numbers.flatMap(zigzag));
  return Buffer.from(numbers.flatMap((value, i) => zigzag(value - (i > 0 ? numbers[i - 1] : 0))));
}

/**
 * @param {readonly PlainColumn[]} columns
 * @returns {{info: import('../../src/data/columns.js').SectionInfo, bytes: Buffer}}
 */
export function encodeSection(columns) {
  const encoded = columns.map(({ encoding, values }) => encodeColumn(encoding, values));
  const bytes = Buffer.concat(encoded);
  return {
    info: {
      bytes: bytes.length,
      columns: columns.map(({ name, encoding, values }, i) => ({
        name,
        encoding,
        count: values.length,
        bytes: encoded[i].length,
      })),
    },
    bytes,
  };
}

const partCharacters = 4 << 20;

/**
 * The script elements of a section.
 * @param {string} name
 * @param {Buffer} bytes
 * @param {number} [characters] of base64 in a part at most, a multiple of 4
 * @returns {string}
 */
export function sectionElements(name, bytes, characters = partCharacters) {
  const packed = deflateRawSync(bytes);
  const size = (characters / 4) * 3;
  const elements = [];
  for (let at = 0; at === 0 || at < packed.length; at += size)
    elements.push(
      `<script type="application/octet-stream" data-section="${name}" data-part="${elements.length}">` +
        `${packed.subarray(at, at + size).toString('base64')}</script>`,
    );
  return elements.join('\n');
}

/** @param {object} head */
export function headElement(head) {
  return `<script type="application/json" id="head">${JSON.stringify(head).replaceAll('<', '\\u003c')}</script>`;
}

// Reads raw deflate (RFC 1951) without waiting. The browser's own way, DecompressionStream, answers only after other tasks, on a
// large page after its data were read; the program must be there before. Of its own input only: bytes that are no deflate
// give nonsense, not an error.

const lengthBase = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const lengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const orderOfLengths = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/**
 * For each value of the next `longest` bits, the symbol that they begin with and, in the low four bits, how many bits it has.
 * @typedef {{longest: number, table: Uint16Array}} Code
 */

/**
 * @param {Uint8Array} lengths of each symbol's code; 0: it has none
 * @returns {Code}
 */
function codeOf(lengths) {
  const longest = lengths.reduce((most, length) => Math.max(most, length), 1);
  const table = new Uint16Array(1 << longest);
  // Codes ascend by length, then symbol; their bits come highest first, so that the table has them turned round.
  for (let length = 1, code = 0; length <= longest; length++, code <<= 1)
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] !== length) continue;
      let turned = 0;
      for (let bit = 0; bit < length; bit++) turned |= ((code >> bit) & 1) << (length - 1 - bit);
      for (let at = turned; at < table.length; at += 1 << length) table[at] = (symbol << 4) | length;
      code++;
    }
  return { longest, table };
}

/** @returns {[Code, Code]} */
function fixedCodes() {
  const lengths = new Uint8Array(288).fill(8);
  lengths.fill(9, 144, 256);
  lengths.fill(7, 256, 280);
  return [codeOf(lengths), codeOf(new Uint8Array(30).fill(5))];
}

/**
 * @param {Uint8Array} source
 * @param {number} size how many bytes it becomes
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function inflate(source, size) {
  const target = new Uint8Array(size);
  let at = 0;
  let hold = 0;
  let held = 0;
  let end = 0;

  /** @param {number} count */
  const bits = (count) => {
    for (; held < count; held += 8) hold |= source[at++] << held;
    const value = hold & ((1 << count) - 1);
    hold >>>= count;
    held -= count;
    return value;
  };

  /** @param {Code} code */
  const next = ({ longest, table }) => {
    for (; held < longest; held += 8) hold |= source[at++] << held;
    const entry = table[hold & (table.length - 1)];
    const count = entry & 15;
    hold >>>= count;
    held -= count;
    return entry >> 4;
  };

  /** @returns {[Code, Code]} */
  const ownCodes = () => {
    const all = bits(5) + 257;
    const distances = bits(5) + 1;
    const ofLengths = new Uint8Array(19);
    for (let i = 0, count = bits(4) + 4; i < count; i++) ofLengths[orderOfLengths[i]] = bits(3);
    const code = codeOf(ofLengths);
    const lengths = new Uint8Array(all + distances);
    for (let i = 0; i < lengths.length; ) {
      const symbol = next(code);
      if (symbol < 16) lengths[i++] = symbol;
      else {
        const value = symbol === 16 ? lengths[i - 1] : 0;
        const times = symbol === 16 ? 3 + bits(2) : symbol === 17 ? 3 + bits(3) : 11 + bits(7);
        lengths.fill(value, i, i + times);
        i += times;
      }
    }
    return [codeOf(lengths.subarray(0, all)), codeOf(lengths.subarray(all))];
  };

  // Runs once, before any compiler looked at it: all that the loop uses is its own, and it calls nothing for most symbols.
  /** @param {[Code, Code]} codes */
  const block = ([literal, distance]) => {
    const { longest, table } = literal;
    const mask = table.length - 1;
    let [place, have, count, to] = [at, hold, held, end];
    for (;;) {
      for (; count < longest; count += 8) have |= source[place++] << count;
      const entry = table[have & mask];
      have >>>= entry & 15;
      count -= entry & 15;
      if (entry < 256 << 4) {
        target[to++] = entry >> 4;
        continue;
      }
      [at, hold, held] = [place, have, count];
      const symbol = (entry >> 4) - 257;
      if (symbol < 0) break;
      const length = lengthBase[symbol] + bits(lengthBits[symbol]);
      const code = next(distance);
      const half = code >> 1;
      const back = code < 2 ? code + 1 : ((2 + (code & 1)) << (half - 1)) + 1 + bits(half - 1);
      if (back >= length) target.copyWithin(to, to - back, to - back + length);
      else for (let i = to; i < to + length; i++) target[i] = target[i - back];
      to += length;
      [place, have, count] = [at, hold, held];
    }
    end = to;
  };

  for (let isLast = 0; isLast === 0; ) {
    isLast = bits(1);
    const kind = bits(2);
    if (kind === 0) {
      at -= held >> 3; // whole bytes that were taken before they were needed
      hold = held = 0;
      const length = source[at] | (source[at + 1] << 8);
      target.set(source.subarray(at + 4, at + 4 + length), end);
      at += 4 + length;
      end += length;
    } else block(kind === 1 ? fixedCodes() : ownCodes());
  }
  return target;
}

// From the bytes of a section to its columns. What the encodings are: docs/view-page.md. No DOM.
//
// The bytes may be damaged or hostile. Nothing is read behind a column's end, no array is larger than the bytes warrant (a value
// takes at least one), and what does not fit is a PageError that names section and column.

/** Says in one sentence why the page cannot be shown. */
export class PageError extends Error {
  /** @param {string} message */
  constructor(message) {
    super(message);
    this.name = 'PageError';
  }
}

/** @typedef {{name: string, encoding: string, count: number, bytes: number}} ColumnInfo */
/** @typedef {{bytes: number, columns: ColumnInfo[]}} SectionInfo */
/** @typedef {Uint32Array | Int32Array | Float64Array | Uint8Array | string[]} Column */

const twoTo32 = 4294967296;
const mostExact = Number.MAX_SAFE_INTEGER;

/** Walks through the bytes of one column. */
class Cursor {
  /**
   * @param {Uint8Array} bytes
   * @param {number} at
   * @param {number} end
   */
  constructor(bytes, at, end) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  /**
   * One LEB128 value of any length; the loops below take short ones themselves.
   * @returns {number}
   */
  unsigned() {
    let value = 0;
    let scale = 1;
    for (;;) {
      if (this.at >= this.end) throw new PageError('ends within a value');
      const byte = this.bytes[this.at++];
      value += (byte & 127) * scale;
      if (value > mostExact) throw new PageError('has a value of more than 53 bits');
      if (byte < 128) return value;
      scale *= 128;
      if (scale > mostExact) throw new PageError('has a value of more than 53 bits');
    }
  }

  /** @returns {number} */
  signed() {
    const value = this.unsigned();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

/**
 * Most columns of large pages have no value of more than seven bits: then a value is a byte, and there is nothing to ask.
 * @param {Cursor} cursor
 * @param {number} count
 * @returns {boolean} each of the column's values is one byte
 */
function isSingle({ bytes, at, end }, count) {
  if (end - at !== count) return false;
  let any = 0;
  for (let i = at; i < end; i++) any |= bytes[i];
  return any < 128;
}

/** Values of a column that are read in one step. */
const partSize = 1 << 18;

/**
 * @template {Column} T
 * @param {Cursor} cursor
 * @param {T} out as long as the column
 * @param {(cursor: Cursor, out: T, from: number, to: number) => T} read reads values [from, to) into `out`, or makes a wider one of it
 * @returns {Generator<void, T>}
 */
function* inParts(cursor, out, read) {
  for (let from = 0; from < out.length; from += partSize) {
    out = read(cursor, out, from, Math.min(from + partSize, out.length));
    yield;
  }
  return out;
}

/**
 * Numbers below 2^32 take four bytes each; the first that is not makes them doubles.
 * @param {Cursor} cursor
 * @param {Uint32Array | Float64Array} out
 * @param {number} from
 * @param {number} to
 * @returns {Uint32Array | Float64Array}
 */
function readUnsigned(cursor, out, from, to) {
  if (out instanceof Float64Array) return readWide(cursor, out, from, to, false);
  const { bytes, end } = cursor;
  let at = cursor.at;
  for (let i = from; i < to; i++) {
    if (at >= end) throw new PageError('ends too early');
    const first = bytes[at];
    if (first < 128) {
      out[i] = first;
      at++;
      continue;
    }
    // Two bytes are the next frequent case; beyond `end` only a damaged column goes.
    const second = at + 1 < end ? bytes[at + 1] : 128;
    if (second < 128) {
      out[i] = (first & 127) | (second << 7);
      at += 2;
      continue;
    }
    cursor.at = at;
    const value = cursor.unsigned();
    if (value >= twoTo32) {
      cursor.at = at;
      return readWide(cursor, Float64Array.from(out), i, to, false);
    }
    at = cursor.at;
    out[i] = value;
  }
  cursor.at = at;
  return out;
}

/**
 * @param {Cursor} cursor
 * @param {Float64Array} out
 * @param {number} from
 * @param {number} to
 * @param {boolean} signed
 */
function readWide(cursor, out, from, to, signed) {
  for (let i = from; i < to; i++) out[i] = signed ? cursor.signed() : cursor.unsigned();
  return out;
}

/**
 * Signed values: 32 bits each, or doubles from the first on that needs more.
 * @param {Cursor} cursor
 * @param {Int32Array | Float64Array} out
 * @param {number} from
 * @param {number} to
 * @returns {Int32Array | Float64Array}
 */
function readSigned(cursor, out, from, to) {
  if (out instanceof Float64Array) return readWide(cursor, out, from, to, true);
  const { bytes, end } = cursor;
  let at = cursor.at;
  for (let i = from; i < to; i++) {
    if (at >= end) throw new PageError('ends too early');
    const first = bytes[at];
    if (first < 128) {
      out[i] = (first >> 1) ^ -(first & 1);
      at++;
      continue;
    }
    cursor.at = at;
    const value = cursor.signed();
    if (value !== (value | 0)) {
      cursor.at = at;
      return readWide(cursor, Float64Array.from(out), i, to, true);
    }
    at = cursor.at;
    out[i] = value;
  }
  cursor.at = at;
  return out;
}

/**
 * Differences whose sums are never below 0: four bytes each, or doubles from the first on that is 2^32 or more. Ticks of a
 * microsecond are that many in 72 minutes.
 * @param {Cursor} cursor
 * @param {Uint32Array | Float64Array} out
 * @param {number} from
 * @param {number} to
 * @returns {Uint32Array | Float64Array}
 */
function readAscending(cursor, out, from, to) {
  const { bytes, end } = cursor;
  let value = from > 0 ? out[from - 1] : 0;
  for (let i = from; i < to; i++) {
    if (cursor.at >= end) throw new PageError('ends too early');
    const first = bytes[cursor.at];
    if (first < 128) {
      value += (first >> 1) ^ -(first & 1);
      cursor.at++;
    } else {
      value += cursor.signed();
    }
    if (value < 0) throw new PageError('goes below 0');
    if (value >= twoTo32 && out instanceof Uint32Array) out = Float64Array.from(out);
    out[i] = value;
  }
  return out;
}

/**
 * @param {Cursor} cursor
 * @param {number} count
 * @returns {string[]}
 */
function readStrings(cursor, count) {
  // One call for all, then cut: a call for each costs ten times as much.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(
    cursor.bytes.subarray(cursor.at, cursor.end),
  );
  cursor.at = cursor.end;
  const out = text.split('\0');
  if (out.pop() !== '' && count > 0) throw new PageError('ends within a text');
  if (out.length !== count)
    throw new PageError(`has ${out.length} texts where ${count} were announced`);
  return out;
}

/**
 * @param {Cursor} cursor
 * @param {ColumnInfo} column
 * @returns {Generator<void, Column>}
 */
function* readColumn(cursor, column) {
  const { encoding, count } = column;
  if (!Number.isSafeInteger(count) || count < 0 || count > column.bytes)
    throw new PageError('announces more values than it has bytes');
  switch (encoding) {
    case 'u':
      if (isSingle(cursor, count)) {
        const out = Uint32Array.from(cursor.bytes.subarray(cursor.at, cursor.end));
        cursor.at = cursor.end;
        return out;
      }
      return yield* inParts(cursor, new Uint32Array(count), readUnsigned);
    case 'z':
      return yield* inParts(cursor, new Int32Array(count), readSigned);
    case 'd':
      return yield* inParts(cursor, new Uint32Array(count), readAscending);
    case 'b': {
      // A copy, so that the section's other bytes can go.
      const out = cursor.bytes.slice(cursor.at, cursor.at + count);
      cursor.at += count;
      return out;
    }
    case 's':
      return readStrings(cursor, count);
    default:
      throw new PageError(`has the unknown encoding "${encoding}"`);
  }
}

/**
 * A copy of one or two bytes a value where that is enough.
 * @param {Uint32Array | Float64Array} values whole numbers, none below 0
 * @returns {import('../types/page.js').Numbers}
 */
export function narrowest(values) {
  let most = 0;
  for (let i = 0; i < values.length; i++) if (values[i] > most) most = values[i];
  return most < 256 ? Uint8Array.from(values) : most < 65536 ? Uint16Array.from(values) : values;
}

/**
 * Columns of a section by name, with what they must be.
 */
export class Columns {
  /**
   * @param {string} section
   * @param {Map<string, Column>} columns
   */
  constructor(section, columns) {
    this.section = section;
    this.columns = columns;
  }

  /** @param {string} name */
  has(name) {
    return this.columns.has(name);
  }

  /**
   * @param {string} name
   * @returns {Column}
   */
  #get(name) {
    const column = this.columns.get(name);
    if (!column) throw this.error(name, 'is missing');
    return column;
  }

  /**
   * @param {string} name
   * @param {string} what
   */
  error(name, what) {
    return new PageError(`The page is damaged: section "${this.section}", column "${name}" ${what}.`);
  }

  /**
   * @param {string} name
   * @returns {Uint32Array | Float64Array}
   */
  numbers(name) {
    const column = this.#get(name);
    if (column instanceof Uint32Array || column instanceof Float64Array) return column;
    throw this.error(name, 'does not hold numbers');
  }

  /**
   * Numbers that may be below 0.
   * @param {string} name
   * @returns {Int32Array | Float64Array}
   */
  signed(name) {
    const column = this.#get(name);
    if (column instanceof Int32Array || column instanceof Float64Array) return column;
    throw this.error(name, 'does not hold signed numbers');
  }

  /**
   * Numbers below `limit`, as indices are.
   * @param {string} name
   * @param {number} limit
   * @returns {Uint32Array}
   */
  indices(name, limit) {
    const column = this.#get(name);
    if (!(column instanceof Uint32Array)) throw this.error(name, 'does not hold indices');
    for (let i = 0; i < column.length; i++)
      if (column[i] >= limit)
        throw this.error(name, `points to entry ${column[i]} of ${limit}`);
    return column;
  }

  /**
   * @param {string} name
   * @returns {Uint8Array}
   */
  bytes(name) {
    const column = this.#get(name);
    if (!(column instanceof Uint8Array)) throw this.error(name, 'does not hold bytes');
    return column;
  }

  /**
   * @param {string} name
   * @returns {string[]}
   */
  texts(name) {
    const column = this.#get(name);
    if (!Array.isArray(column)) throw this.error(name, 'does not hold texts');
    return column;
  }

  /**
   * How long the columns are, which must all have one length.
   * @param {readonly string[]} names
   * @returns {number}
   */
  count(names) {
    const count = this.#get(names[0]).length;
    for (const name of names)
      if (this.#get(name).length !== count)
        throw this.error(name, `has another length than "${names[0]}"`);
    return count;
  }
}

/**
 * Reads column by column, of a long one a part in each step.
 * @param {string} section its name, for errors
 * @param {SectionInfo} info
 * @param {Uint8Array} bytes all of it
 * @returns {Generator<void, Columns>}
 */
export function* columnSteps(section, info, bytes) {
  /** @type {Map<string, Column>} */
  const columns = new Map();
  const result = new Columns(section, columns);
  let at = 0;
  for (const column of info.columns) {
    if (!Number.isSafeInteger(column.bytes) || column.bytes < 0 || column.bytes > bytes.length - at)
      throw result.error(column.name, 'goes beyond its section');
    const cursor = new Cursor(bytes, at, at + column.bytes);
    try {
      columns.set(column.name, yield* readColumn(cursor, column));
    } catch (error) {
      throw error instanceof PageError ? result.error(column.name, error.message) : error;
    }
    at += column.bytes;
    if (cursor.at !== at) throw result.error(column.name, 'has bytes that belong to no value');
    yield;
  }
  if (at !== bytes.length)
    throw new PageError(`The page is damaged: section "${section}" is longer than its columns.`);
  return result;
}

/**
 * All of them at once.
 * @param {string} section
 * @param {SectionInfo} info
 * @param {Uint8Array} bytes
 * @returns {Columns}
 */
export function readColumns(section, info, bytes) {
  const steps = columnSteps(section, info, bytes);
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

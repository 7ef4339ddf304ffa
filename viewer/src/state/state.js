// The view state and its text in location.hash. Every part has a default that is not written, so that short states have short
// hashes: #view=functions&metric=wait:gil&t=focus:12,merge-recursion. What the hash says wrongly is the default.
// No DOM. Numbers are indices of this page; a hash is a link into one page, not between pages.

/** @typedef {import('../types/model.js').State} State */
/** @typedef {import('../types/model.js').Transform} Transform */

/** @type {Readonly<State>} */
export const initialState = Object.freeze({
  view: '',
  metric: '',
  threads: null,
  range: null,
  transforms: Object.freeze([]),
  search: '',
  zoom: 0,
  trail: Object.freeze([]),
  selected: -1,
  fn: -1,
  colour: 'module',
  sort: Object.freeze({}),
  side: 1,
  extra: Object.freeze({}),
});

const kinds = /** @type {const} */ ([
  'focus',
  'ignore',
  'merge',
  'merge-recursion',
  'collapse-library',
  'own-code',
  'invert',
]);

/** Values keep their colons, slashes and commas, so that a person can read the address. */
const readable = /%(?:3A|2F|2C|20|3B|40|24)/gi;

/** @param {string} text */
function encode(text) {
  return encodeURIComponent(text).replace(readable, (code) =>
    code === '%20' ? '+' : decodeURIComponent(code),
  );
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text.replace(/\+/g, ' '));
  } catch {
    return '';
  }
}

/** @param {Transform} transform */
function transformText(transform) {
  if (transform.fn !== undefined) return `${transform.kind}:${transform.fn}`;
  // Encoded twice, so that a comma in it does not end it.
  if (transform.pattern !== undefined)
    return `${transform.kind}:/${encodeURIComponent(transform.pattern)}`;
  return transform.kind;
}

/**
 * @param {string} text
 * @returns {Transform | null}
 */
function readTransform(text) {
  const colon = text.indexOf(':');
  const kind = kinds.find((k) => k === (colon < 0 ? text : text.slice(0, colon)));
  if (!kind) return null;
  if (colon < 0) return kind === 'focus' || kind === 'ignore' || kind === 'merge' ? null : { kind };
  const value = text.slice(colon + 1);
  if (value.startsWith('/')) {
    const pattern = decode(value.slice(1));
    return pattern ? { kind, pattern } : null;
  }
  return /^\d{1,9}$/.test(value) ? { kind, fn: Number(value) } : null;
}

/**
 * @param {State} state
 * @returns {string} without "#"
 */
export function stateHash(state) {
  /** @type {string[]} */
  const parts = [];
  /** @param {string} key @param {string} value */
  const say = (key, value) => parts.push(`${key}=${encode(value)}`);
  if (state.view) say('view', state.view);
  if (state.metric) say('metric', state.metric);
  if (state.threads) say('threads', state.threads.join(','));
  if (state.range) say('range', state.range.join(','));
  if (state.transforms.length > 0) say('t', state.transforms.map(transformText).join(','));
  if (state.search) say('search', state.search);
  if (state.zoom > 0) say('zoom', String(state.zoom));
  if (state.trail.length > 0) say('trail', state.trail.join(','));
  if (state.selected >= 0) say('selected', String(state.selected));
  if (state.fn >= 0) say('fn', String(state.fn));
  if (state.colour !== initialState.colour) say('colour', state.colour);
  if (state.side !== initialState.side) say('side', String(state.side));
  for (const [table, order] of Object.entries(state.sort)) say(`sort.${table}`, order);
  for (const [name, value] of Object.entries(state.extra)) say(`x.${name}`, value);
  return parts.join('&');
}

/**
 * @param {string} text
 * @param {number} most how many there may be
 * @returns {number[] | null} null: it is no list of numbers
 */
function readNumbers(text, most) {
  if (!/^\d{1,15}(?:,\d{1,15})*$/.test(text)) return null;
  const numbers = text.split(',').map(Number);
  return numbers.length > most ? null : numbers;
}

/**
 * @param {string} text
 * @param {number} otherwise
 */
function readNumber(text, otherwise) {
  return /^\d{1,10}$/.test(text) ? Number(text) : otherwise;
}

/**
 * @param {string} hash with or without "#"
 * @returns {State}
 */
export function readHash(hash) {
  /** @type {{-readonly [K in keyof State]: State[K]}} */
  const state = { ...initialState };
  /** @type {Record<string, string>} */
  const sort = {};
  /** @type {Record<string, string>} */
  const extra = {};
  for (const part of hash.replace(/^#/, '').split('&')) {
    const equals = part.indexOf('=');
    if (equals < 0) continue;
    const key = decode(part.slice(0, equals));
    const value = decode(part.slice(equals + 1));
    if (key === 'view') state.view = value;
    else if (key === 'metric') state.metric = value;
    else if (key === 'threads') state.threads = readNumbers(value, 100_000);
    else if (key === 'range') {
      const ticks = readNumbers(value, 2);
      state.range = ticks?.length === 2 && ticks[0] < ticks[1] ? [ticks[0], ticks[1]] : null;
    } else if (key === 't')
      state.transforms = value.split(',').flatMap((text) => readTransform(text) ?? []);
    else if (key === 'search') state.search = value;
    else if (key === 'zoom') state.zoom = readNumber(value, 0);
    else if (key === 'trail') state.trail = readNumbers(value, 10_000) ?? [];
    else if (key === 'selected') state.selected = readNumber(value, -1);
    else if (key === 'fn') state.fn = readNumber(value, -1);
    else if (key === 'colour') state.colour = value === 'state' ? 'state' : 'module';
    else if (key === 'side') state.side = value === '0' ? 0 : 1;
    else if (key.startsWith('sort.')) sort[key.slice(5)] = value;
    else if (key.startsWith('x.')) extra[key.slice(2)] = value;
  }
  state.sort = sort;
  state.extra = extra;
  return state;
}

// Colours. States have colours of their own, told apart by people with any colour vision and carrying dark text; waits are
// hatched as well, and a letter stands beside every colour. Modules get a hue: own code strong, packages pale, the
// standard library grey.

/** @typedef {[number, number, number]} Rgb 0..255 */

/** @type {Readonly<Record<string, {colour: string, letter: string}>>} */
const states = {
  cpu: { colour: '#4c92ff', letter: 'r' },
  runnable: { colour: '#ffdaab', letter: 'w' },
  gil: { colour: '#e35637', letter: 'g' },
  lock: { colour: '#977ba2', letter: 'l' },
  disk: { colour: '#ffa500', letter: 'd' },
  network: { colour: '#31d8ff', letter: 'n' },
  pipe: { colour: '#00a05a', letter: 'p' },
  child: { colour: '#bbaa88', letter: 'c' },
  sleep: { colour: '#99aabb', letter: 's' },
  idle: { colour: '#cdcdcd', letter: 'i' },
  collector: { colour: '#718a78', letter: 'm' },
  gpu: { colour: '#f8f820', letter: 'u' },
  copy: { colour: '#a8a8a0', letter: 'y' },
  unknown: { colour: '#f8f8f8', letter: '?' },
};

/**
 * Kinds of spans, where a framework tells no states of them. Beside the states that traces have no two look alike to anyone, but for
 * those that are the same by another name: operators run on a CPU, collectives wait for the network.
 */
const spanKinds = /** @type {Readonly<Record<string, {colour: string, letter: string}>>} */ ({
  op: { colour: '#4c92ff', letter: 'o' },
  annotation: { colour: '#00a05a', letter: 'a' },
  dataloader: { colour: '#ffa500', letter: 'd' },
  runtime: { colour: '#977ba2', letter: 't' },
  overhead: { colour: '#99aabb', letter: 'v' },
  kernel: { colour: '#ffdaab', letter: 'k' },
  collective: { colour: '#31d8ff', letter: 'b' },
  memset: { colour: '#718a78', letter: 'm' },
  sync: { colour: '#e35637', letter: 's' },
});

/**
 * @param {string} key of a resource: a state, a kind of spans, or a gap of the critical path
 * @returns {{colour: string, letter: string}}
 */
export function resourceLook(key) {
  // What is guessed has the colour of what is measured, and another pattern.
  const own = key.startsWith('prior_') ? key.slice('prior_'.length) : key;
  return states[own] ?? spanKinds[own] ?? { colour: '#e9ecf0', letter: '-' };
}

/**
 * @param {string} key of a state
 * @returns {string} CSS colour, the same in dark and light; text on it is #111
 */
export function stateColour(key) {
  return (states[key] ?? states.unknown).colour;
}

/**
 * @param {string} key
 * @returns {string}
 */
export function stateLetter(key) {
  return (states[key] ?? states.unknown).letter;
}

/**
 * @param {string} hex "#rrggbb"
 * @returns {Rgb}
 */
export function parseColour(hex) {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}

/**
 * As ImageData has it in memory, on the little-endian machines that browsers run on.
 * @param {Rgb} rgb
 * @returns {number}
 */
export function pixel([r, g, b]) {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/**
 * @param {Rgb} a
 * @param {Rgb} b
 * @param {number} part of b
 * @returns {Rgb}
 */
export function mix(a, b, part) {
  /** @param {0 | 1 | 2} i */
  const at = (i) => Math.round(a[i] * (1 - part) + b[i] * part);
  return [at(0), at(1), at(2)];
}

/**
 * @param {number} x linear light 0..1
 */
function gamma(x) {
  const clipped = Math.min(Math.max(x, 0), 1);
  return Math.round(255 * (clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055));
}

/**
 * Equal lightness looks equal for every hue in OKLCH, which HSL cannot do.
 * @param {number} lightness 0..1
 * @param {number} chroma
 * @param {number} hue degrees
 * @returns {Rgb}
 */
export function oklch(lightness, chroma, hue) {
  const angle = (hue * Math.PI) / 180;
  const a = chroma * Math.cos(angle);
  const b = chroma * Math.sin(angle);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    gamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    gamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    gamma(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** @param {string} text */
function hash(text) {
  let value = 2166136261;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 16777619);
  return (value ^ (value >>> 15)) >>> 0;
}

/** Hues that are far enough from each other to be told apart; neighbours in the list are far apart. */
const hues = [255, 75, 150, 330, 200, 45, 290, 110, 20, 225, 175, 310];

/**
 * A hue for each group, heaviest first: the one its name gives, so that it is the same in the next recording, unless a
 * heavier group has that; then the next free one.
 * @param {readonly string[]} groups heaviest first
 * @returns {Map<string, number>} degrees
 */
export function groupHues(groups) {
  /** @type {Map<string, number>} */
  const chosen = new Map();
  /** @type {Set<number>} */
  let taken = new Set();
  for (const group of groups) {
    if (taken.size === hues.length) taken = new Set();
    let slot = hash(group) % hues.length;
    while (taken.has(slot)) slot = (slot + 1) % hues.length;
    taken.add(slot);
    chosen.set(group, hues[slot]);
  }
  return chosen;
}

/**
 * @param {number} origin of the function: 0 own, 1 package, 2 standard library, 3 none
 * @param {number} hue
 * @param {boolean} dark
 * @returns {Rgb}
 */
export function moduleColour(origin, hue, dark) {
  if (origin === 0) return dark ? oklch(0.5, 0.085, hue) : oklch(0.85, 0.078, hue);
  if (origin === 1) return dark ? oklch(0.42, 0.045, hue) : oklch(0.915, 0.035, hue);
  if (origin === 2) return dark ? oklch(0.36, 0.008, 255) : oklch(0.9, 0.006, 255);
  return dark ? oklch(0.29, 0, 0) : oklch(0.95, 0, 0);
}

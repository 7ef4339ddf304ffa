// How different two colours look, also to people who do not see red, green or blue as others do: CIEDE2000 after the matrices of
// Machado, Oliveira and Fernandes (2009, severity 1). And WCAG's contrast.

/** @typedef {[number, number, number]} Triple */

const visions = [
  [1, 0, 0, 0, 1, 0, 0, 0, 1],
  [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
];

/** @param {Triple} rgb 0..255 @returns {Triple} */
function linear(rgb) {
  const of = (/** @type {number} */ value) => {
    const x = value / 255;
    return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  };
  return [of(rgb[0]), of(rgb[1]), of(rgb[2])];
}

/** @param {Triple} rgb @returns {number} */
function luminance(rgb) {
  const [r, g, b] = linear(rgb);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** @param {Triple} a @param {Triple} b @returns {number} 1..21 */
export function contrast(a, b) {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

/** @param {Triple} rgb linear @returns {Triple} */
function lab(rgb) {
  const [r, g, b] = rgb.map((x) => Math.min(Math.max(x, 0), 1));
  const f = (/** @type {number} */ t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  const y = f(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
  const z = f((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const degrees = 180 / Math.PI;

/** @param {Triple} one @param {Triple} two CIELAB @returns {number} */
export function deltaE(one, two) {
  const mean = (Math.hypot(one[1], one[2]) + Math.hypot(two[1], two[2])) / 2;
  const g = 1.5 - 0.5 * Math.sqrt(mean ** 7 / (mean ** 7 + 25 ** 7));
  const polar = (/** @type {Triple} */ [l, a, b]) => {
    const hue = (Math.atan2(b, a * g) * degrees + 360) % 360;
    return { l, c: Math.hypot(a * g, b), h: hue };
  };
  const [p, q] = [polar(one), polar(two)];
  const grey = p.c * q.c === 0;
  let turn = q.h - p.h;
  if (turn > 180) turn -= 360;
  else if (turn < -180) turn += 360;
  if (grey) turn = 0;
  let hue = p.h + q.h;
  if (!grey) hue = Math.abs(p.h - q.h) <= 180 ? hue / 2 : hue < 360 ? (hue + 360) / 2 : (hue - 360) / 2;
  const cos = (/** @type {number} */ angle) => Math.cos(angle / degrees);
  const c = (p.c + q.c) / 2;
  const l50 = ((p.l + q.l) / 2 - 50) ** 2;
  const t = 1 - 0.17 * cos(hue - 30) + 0.24 * cos(2 * hue) + 0.32 * cos(3 * hue + 6) - 0.2 * cos(4 * hue - 63);
  const dl = (q.l - p.l) / (1 + (0.015 * l50) / Math.sqrt(20 + l50));
  const dc = (q.c - p.c) / (1 + 0.045 * c);
  const dh = (2 * Math.sqrt(p.c * q.c) * Math.sin(turn / 2 / degrees)) / (1 + 0.015 * c * t);
  const bend = Math.sin((60 / degrees) * Math.exp(-(((hue - 275) / 25) ** 2)));
  const rotation = -2 * Math.sqrt(c ** 7 / (c ** 7 + 25 ** 7)) * bend;
  return Math.sqrt(dl ** 2 + dc ** 2 + dh ** 2 + rotation * dc * dh);
}

/**
 * @param {Triple} a
 * @param {Triple} b
 * @returns {number} the least over all kinds of colour vision
 */
export function leastDifference(a, b) {
  const seen = (/** @type {Triple} */ rgb, /** @type {number[]} */ m) => {
    const [r, g, bl] = linear(rgb);
    return lab([m[0] * r + m[1] * g + m[2] * bl, m[3] * r + m[4] * g + m[5] * bl, m[6] * r + m[7] * g + m[8] * bl]);
  };
  return Math.min(...visions.map((vision) => deltaE(seen(a, vision), seen(b, vision))));
}

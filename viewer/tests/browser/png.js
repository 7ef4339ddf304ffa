// Pixels of a PNG as a browser's screenshot has it: 8 bits, RGB or RGBA, not interlaced.

import { inflateSync } from 'node:zlib';

/**
 * @param {Buffer} png
 * @returns {{width: number, height: number, at: (x: number, y: number) => [number, number, number]}}
 */
export function readPng(png) {
  const width = png.readUInt32BE(16);
  const height = png.readUInt32BE(20);
  const channels = png[25] === 6 ? 4 : 3;
  const parts = [];
  for (let at = 8; at < png.length; ) {
    const length = png.readUInt32BE(at);
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  const raw = inflateSync(Buffer.concat(parts));
  const line = width * channels;
  const out = Buffer.alloc(line * height);
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (line + 1)];
    for (let x = 0; x < line; x++) {
      const left = x >= channels ? out[y * line + x - channels] : 0;
      const up = y > 0 ? out[(y - 1) * line + x] : 0;
      const corner = x >= channels && y > 0 ? out[(y - 1) * line + x - channels] : 0;
      const paeth = () => {
        const p = left + up - corner;
        const [a, b, c] = [Math.abs(p - left), Math.abs(p - up), Math.abs(p - corner)];
        return a <= b && a <= c ? left : b <= c ? up : corner;
      };
      const add = [0, left, up, (left + up) >> 1, filter === 4 ? paeth() : 0][filter];
      out[y * line + x] = (raw[y * (line + 1) + 1 + x] + add) & 255;
    }
  }
  return {
    width,
    height,
    at: (x, y) => {
      const i = (Math.round(y) * width + Math.round(x)) * channels;
      return [out[i], out[i + 1], out[i + 2]];
    },
  };
}

/**
 * How different two colours look, by CIE76 in Lab. About 2 can just be told apart side by side.
 * @param {[number, number, number]} a
 * @param {[number, number, number]} b
 */
export function colourDistance(a, b) {
  const [p, q] = [lab(a), lab(b)];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

/** @param {[number, number, number]} rgb */
function lab(rgb) {
  const [r, g, b] = rgb.map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  const f = (/** @type {number} */ t) => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
  const y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

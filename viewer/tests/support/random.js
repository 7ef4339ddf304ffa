// Numbers that look random, the same ones each time.

/**
 * @param {number} seed
 * @returns {(below: number) => number} the next whole number of 0 .. below - 1
 */
export function randomOf(seed) {
  let value = seed;
  return (below) => {
    value = (Math.imul(value, 1664525) + 1013904223) >>> 0;
    return Math.floor((value / 4294967296) * below);
  };
}

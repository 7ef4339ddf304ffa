// How long calls took: the distribution of one function, from buckets of a quarter of an octave. No DOM.

/** @typedef {import('../types/page.js').CallBuckets} CallBuckets */

/** @typedef {{fromNs: number, toNs: number, calls: number}} DurationBar */

/**
 * @param {number} bucket
 * @returns {number} ns
 */
export function bucketStart(bucket) {
  return 2 ** (bucket / 4);
}

/**
 * @param {CallBuckets} buckets
 * @param {number} fn
 * @returns {DurationBar[]} without gaps, from the shortest to the longest that there was; empty without calls
 */
export function durationBars(buckets, fn) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (let i = 0; i < buckets.count; i++)
    if (buckets.fn[i] === fn)
      counts.set(buckets.bucket[i], (counts.get(buckets.bucket[i]) ?? 0) + buckets.calls[i]);
  if (counts.size === 0) return [];
  const least = Math.min(...counts.keys());
  const most = Math.max(...counts.keys());
  return Array.from({ length: most - least + 1 }, (_, i) => ({
    fromNs: bucketStart(least + i),
    toNs: bucketStart(least + i + 1),
    calls: counts.get(least + i) ?? 0,
  }));
}

// Arrays as long as a large tree, made before a click asks for them: half of the time that one takes to fill is the system's, which
// hands out its memory page by page, each zeroed when it is first written. An array is handed out once and never comes back. No DOM.

/** What one click takes at most: sums of nodes themselves and of all below them; what transforms make of each. */
const sumsReady = 2;
const placesReady = 1;

export class Spares {
  constructor() {
    /** @type {Float64Array[]} */
    this.ofSums = [];
    /** @type {Int32Array[]} */
    this.ofPlaces = [];
  }

  /** @param {number} count @returns {Float64Array} zeros */
  sums(count) {
    return taken(this.ofSums, count) ?? new Float64Array(count);
  }

  /** @param {number} count @returns {Int32Array} zeros */
  places(count) {
    return taken(this.ofPlaces, count) ?? new Int32Array(count);
  }

  /**
   * In steps, each as long as a click may wait.
   * @param {number} count nodes of the tree that is shown; 0 = nothing is kept ready
   * @returns {Generator<void, void>}
   */
  *prepare(count) {
    this.ofSums = this.ofSums.filter(({ length }) => length === count);
    this.ofPlaces = this.ofPlaces.filter(({ length }) => length === count);
    if (count === 0) return;
    // Writing zeros changes nothing but whose the memory is.
    while (this.ofSums.length < sumsReady) yield void this.ofSums.push(new Float64Array(count).fill(0));
    while (this.ofPlaces.length < placesReady) yield void this.ofPlaces.push(new Int32Array(count).fill(0));
  }
}

/**
 * @template {Float64Array | Int32Array} T
 * @param {T[]} spares
 * @param {number} count
 * @returns {T | undefined}
 */
function taken(spares, count) {
  return spares[0]?.length === count ? spares.pop() : undefined;
}

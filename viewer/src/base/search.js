// Where something begins in what is sorted. No DOM.

/**
 * @param {number} low
 * @param {number} high
 * @param {(place: number) => boolean} holds false up to some place, true from there on
 * @returns {number} the first place in [low, high) where it holds; `high` if there is none
 */
export function firstWhere(low, high, holds) {
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

// Long work in steps, so that a click, a key or a frame never waits for more than one of them. No DOM.

/** A frame may lose this much, ms. */
const longest = 10;
let began = 0;

/** @returns {Promise<void>} what waits for its turn has had it */
export function nextTurn() {
  const { scheduler } = /** @type {{scheduler?: {yield?: () => Promise<void>}}} */ (globalThis);
  if (scheduler?.yield) return scheduler.yield();
  return new Promise((resolve) => {
    setTimeout(resolve);
  });
}

/**
 * Between two steps of long work: lets others go first when they have waited for long enough.
 * @returns {Promise<void>}
 */
export async function betweenSteps() {
  if (performance.now() - began < longest) return;
  await nextTurn();
  began = performance.now();
}

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

/** @returns {Promise<void>} nothing else is to be done just now */
export function idle() {
  return new Promise((resolve) => {
    if (typeof requestIdleCallback === 'function') requestIdleCallback(() => resolve(), { timeout: 500 });
    else setTimeout(resolve, 100);
  });
}

let leisure = false;

/** @param {boolean} on nobody waits for the long work: it goes on when nothing else is to be done */
export function setLeisure(on) {
  leisure = on;
}

/**
 * Between two steps of long work: lets others go first when they have waited for long enough.
 * @returns {Promise<void>}
 */
export async function betweenSteps() {
  if (performance.now() - began < longest) return;
  await (leisure ? idle() : nextTurn());
  began = performance.now();
}

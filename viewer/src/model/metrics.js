// What can be counted in a page, and which entries count for it. The same amounts as `barograph report`: shares leave idle time out.

/** @typedef {import('../types/model.js').Metric} Metric */
/** @typedef {import('../types/page.js').Head} Head */

/**
 * @param {Head} head
 * @param {(state: import('../types/page.js').StateInfo) => boolean} counts
 */
function stateSet(head, counts) {
  const set = new Uint8Array(256);
  head.states.forEach((state, index) => {
    if (counts(state)) set[index] = 1;
  });
  return set;
}

/**
 * What is counted where each moment counts once. Of a framework's log that is less than its run, which is as long as its application.
 * @param {Head} head
 */
export function runWords(head) {
  return head.dataflow || head.comparison ? 'time with tasks' : 'the run’s time';
}

/**
 * @param {Head} head
 * @returns {Metric[]} those that have any amount; the first is the default
 */
export function metricsOf(head) {
  /** @type {Metric[]} */
  const metrics = [];
  if (head.trees.some((tree) => tree.name === 'samples' && tree.entries > 0)) {
    const of = /** @type {const} */ ({ kind: 'time', tree: 'samples' });
    const busy = stateSet(head, (state) => state.kind !== 'idle');
    // Imported amounts that are no time: there is one way to count them.
    if (head.amounts) return [{ ...of, key: 'run', words: head.amounts, column: 'run', states: busy }];
    metrics.push({ ...of, key: 'run', words: runWords(head), column: 'run', states: busy });
    metrics.push({ ...of, key: 'wall', words: 'threads’ time', column: 'time', states: busy });
    const running = stateSet(head, (state) => state.kind === 'run');
    metrics.push({ ...of, key: 'cpu', words: 'running', column: 'time', states: running });
    const any = head.states.filter(
      (state) => state.kind === 'wait' && head.threads.some((t) => (t.states[state.key] ?? 0) > 0),
    );
    if (any.length > 1) {
      const waits = stateSet(head, (state) => state.kind === 'wait');
      metrics.push({ ...of, key: 'wait', words: 'all waiting', column: 'time', states: waits });
    }
    for (const state of head.states)
      if (state.kind !== 'run' && head.threads.some((t) => (t.states[state.key] ?? 0) > 0))
        metrics.push({
          ...of,
          key: `wait:${state.key}`,
          words: state.words,
          column: 'time',
          states: stateSet(head, (other) => other === state),
        });
  }
  if (head.trees.some((tree) => tree.name === 'calls' && tree.entries > 0)) {
    const states = new Uint8Array(256).fill(1);
    metrics.push(
      { key: 'call-time', words: 'time in calls', kind: 'time', tree: 'calls', column: 'time', states },
      { key: 'calls', words: 'calls', kind: 'count', tree: 'calls', column: 'samples', states },
    );
  }
  // Nothing was seen: what is shown is nothing of this.
  if (metrics.length === 0) {
    const states = stateSet(head, (state) => state.kind !== 'idle');
    metrics.push({ key: 'run', words: runWords(head), kind: 'time', tree: 'samples', column: 'run', states });
  }
  return metrics;
}

// What a click or a key in a picture of the tree as it stands (not inverted) does to the state.

/** @typedef {import('../types/model.js').Model} Model */
/** @typedef {import('../types/model.js').State} State */
/** @typedef {import('../state/store.js').Store} Store */

/**
 * @param {Store} store
 * @param {() => Model | null} shown the model of the picture; null = there is none yet
 * @returns {{onZoom: (node: number) => void, onSelect: (node: number) => void, onEscape: () => void}} for a FlameGraph
 */
export function treeChoice(store, shown) {
  /** @param {number} node @param {boolean} zoom */
  const go = (node, zoom) => {
    const model = shown();
    if (!model) return;
    const there = node === 0 ? -1 : model.pageNode(node);
    /** @type {{-readonly [K in keyof State]?: State[K]}} */
    const change = { selected: there, fn: node === 0 ? -1 : model.upright.fn(node) };
    if (zoom) change.zoom = Math.max(there, 0);
    store.set(change, { replace: !zoom });
  };
  return {
    onZoom: (node) => go(node, true),
    onSelect: (node) => go(node, false),
    onEscape: () => store.set(store.get().zoom > 0 ? { zoom: 0 } : { selected: -1, fn: -1 }),
  };
}

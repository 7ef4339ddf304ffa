// Transforms as people read them. No DOM.

/** @typedef {import('../types/model.js').Transform} Transform */

const words = {
  focus: 'only below',
  ignore: 'without',
  merge: 'merged into callers:',
  'merge-recursion': 'recursion merged',
  'collapse-library': 'libraries collapsed',
  'own-code': 'my code only',
  invert: 'inverted',
};

/**
 * @param {Transform} transform
 * @param {(fn: number) => string} nameOf
 * @returns {{words: string, name: string}} name is "" for those without one
 */
export function transformWords(transform, nameOf) {
  const name =
    transform.fn !== undefined
      ? nameOf(transform.fn)
      : transform.pattern !== undefined
        ? `/${transform.pattern}/`
        : '';
  return { words: words[transform.kind], name };
}

/**
 * @param {readonly Transform[]} transforms
 * @param {Transform} added
 * @returns {Transform[]} with it; without it, if it was there
 */
export function toggleTransform(transforms, added) {
  const key = JSON.stringify(added);
  const left = transforms.filter((transform) => JSON.stringify(transform) !== key);
  return left.length < transforms.length ? left : [...transforms, added];
}

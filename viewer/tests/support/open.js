// A page made of plain words, decoded: what the tests of models and views begin with.

import { lateReader } from '../../src/data/late.js';
import { decodePage } from '../../src/data/page.js';
import { encodePage } from './plain.js';

/**
 * @param {import('./plain.js').PlainRecording} recording
 * @returns {Promise<{page: import('../../src/types/page.js').Page, late: () => Promise<import('../../src/types/page.js').Late>}>}
 */
export async function openPlain(recording) {
  const { head, sections } = encodePage(recording);
  const read = async (/** @type {string} */ name) =>
    Object.hasOwn(sections, name) ? sections[name] : null;
  const page = await decodePage(head, read);
  return { page, late: lateReader(page, read, Promise.resolve()) };
}

/**
 * @param {import('../../src/types/page.js').Page} page
 * @param {string} name
 * @returns {number} index of the function
 */
export function functionOf(page, name) {
  const index = Array.from(page.functions.name).findIndex((s) => page.strings[s] === name);
  if (index < 0) throw new Error(`no function ${name}`);
  return index;
}

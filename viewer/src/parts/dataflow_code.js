// The script of the dataflow views is run when one of them is first asked for: most pages do not have it, and the first picture of
// those that have it does not need it.

import { el } from '../base/dom.js';
import { PageError } from '../data/columns.js';
import { readSectionColumns } from '../data/page.js';
import * as shared from '../shared.js';

/** @typedef {import('../types.js').DataflowCode} DataflowCode */
/** @typedef {import('../types.js').DataflowPart} DataflowPart */

/** Where both scripts look: build.js names the second one's exports so. */
const globals = /** @type {{barographShared?: typeof shared, barographDataflow?: DataflowCode}} */ (globalThis);

/**
 * @param {string} text of dist/dataflow.js
 * @returns {DataflowCode}
 */
function run(text) {
  globals.barographShared = shared;
  const script = el('script', {}, text);
  document.head.append(script);
  script.remove();
  const code = globals.barographDataflow;
  if (!code) throw new PageError('The page is damaged: its views of operators and tasks cannot be run. Write it again with barograph view.');
  document.head.append(el('style', {}, code.style));
  return code;
}

/**
 * @param {import('../types.js').Head} head
 * @param {import('../data/sections.js').ReadSection} read
 * @param {Promise<unknown>} parsed settled when the browser has read the whole page: the sections stand at its end
 * @returns {() => Promise<DataflowPart | null>} null: the recording is of no framework, or the page compares two
 */
export function dataflowReader(head, read, parsed) {
  /** @type {Promise<DataflowPart | null> | null} */
  let found = null;
  return () =>
    (found ??= parsed.then(async () => {
      const columns = head.dataflow ? await readSectionColumns(head, read, 'dataflow_views') : null;
      if (!columns) return null;
      const code = run(columns.texts('script')[0] ?? '');
      const dataflow = await code.decodeDataflow(head, read);
      return dataflow && { code, dataflow };
    }));
}

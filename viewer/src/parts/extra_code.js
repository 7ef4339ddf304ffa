// Scripts of views that most pages do not have are sections of the pages that have them. Each is run when one of its views is first
// asked for: the first picture does not need it.

import { el } from '../base/dom.js';
import { PageError } from '../data/columns.js';
import { readSectionColumns } from '../data/page.js';
import * as shared from '../shared.js';

/** @typedef {import('../types/view.js').ExtraCode} ExtraCode */
/** @typedef {import('../types/view.js').DataflowPart} DataflowPart */
/** @typedef {import('../types/view.js').WhatIfPart} WhatIfPart */

/** Where all scripts look: build.js names their exports so. */
const globals = /** @type {{barographShared?: typeof shared} & {[name in keyof ExtraCode]?: ExtraCode[name]}} */ (globalThis);

/**
 * @template {keyof ExtraCode} T
 * @param {T} name
 * @param {string} text of dist/dataflow.js, dist/comparison.js or dist/what_if.js
 * @returns {ExtraCode[T]}
 */
function run(name, text) {
  globals.barographShared = shared;
  const script = el('script', {}, text);
  document.head.append(script);
  script.remove();
  const code = /** @type {ExtraCode[T] | undefined} */ (globals[name]);
  if (!code) throw new PageError('The page is damaged: some of its views cannot be run. Write it again with barograph view.');
  document.head.append(el('style', {}, code.style));
  return code;
}

/**
 * What is read when a view of such a script is first shown.
 * @param {import('../types/page.js').Head} head
 * @param {import('../data/sections.js').ReadSection} read
 * @param {Promise<unknown>} parsed settled when the browser has read the whole page: the sections stand at its end
 * @returns {Pick<import('../types/view.js').Context, 'dataflow' | 'comparison' | 'whatIf'>} null: the recording is of no framework; the page
 *   compares no two of them; it has no predictions
 */
export function extraReaders(head, read, parsed) {
  /** @type {Promise<DataflowPart | null> | null} */
  let dataflow = null;
  /** @type {Promise<ExtraCode['barographComparison'] | null> | null} */
  let comparison = null;
  /** @type {Promise<WhatIfPart | null> | null} */
  let whatIf = null;
  /** @template {keyof ExtraCode} T @param {T} name @param {string} section */
  const codeOf = async (name, section) => {
    await parsed;
    const columns = await readSectionColumns(head, read, section);
    return columns && run(name, columns.texts('script')[0] ?? '');
  };
  return {
    dataflow: () =>
      (dataflow ??= (async () => {
        const code = head.dataflow ? await codeOf('barographDataflow', 'dataflow_views') : null;
        const found = code && (await code.decodeDataflow(head, read));
        return code && found && { code, dataflow: found };
      })()),
    comparison: () => (comparison ??= codeOf('barographComparison', 'comparison_views')),
    whatIf: () =>
      (whatIf ??= (async () => {
        const code = await codeOf('barographWhatIf', 'what_if_views');
        const columns = code && (await readSectionColumns(head, read, 'what_if'));
        return code && columns && { code, whatIf: code.readWhatIf(columns.texts('json')[0] ?? '') };
      })()),
  };
}

// A finding of `barograph explain`, in its words: what, how much of the run it explains at most, and what to try.

import { el, nameElement, sentenceParts } from '../base/dom.js';
import { formatDuration } from '../base/format.js';

/** @param {import('../types/dataflow.js').Finding} finding @returns {HTMLLIElement} */
export function findingItem(finding) {
  return el(
    'li',
    {},
    el('b', {}, `${finding.title}, ${formatDuration(finding.explains_ns)}`),
    el('p', {}, el('bdi', { class: 'name' }, ...sentenceParts(finding.sentence))),
    el('p', { class: 'dim' }, 'try: ', nameElement(finding.try)),
  );
}

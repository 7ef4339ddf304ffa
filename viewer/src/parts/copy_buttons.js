// Buttons that copy: tables as text and Markdown, and any other text.

import { copyText, el } from '../base/dom.js';

/** @typedef {'text' | 'Markdown'} Kind */

/**
 * What would be markup there stands as it is, and the indentation of trees, which Markdown drops, is of spaces that it keeps.
 * @param {string} text
 */
function markdownCell(text) {
  return text
    .replace(/[\r\n]+/g, ' ')
    .replace(/[\\`*[\]<>|~&$]|\b_|_\b|(?<=_)_/g, '\\$&')
    .replace(/^ +/, (spaces) => '&nbsp;'.repeat(spaces.length));
}

/**
 * @param {readonly string[][]} lines the first is the head
 * @param {Kind} kind
 * @param {readonly string[]} [rule] of Markdown: what says where columns are aligned
 */
export function copiedLines(lines, kind, rule = lines[0].map(() => '---')) {
  if (kind === 'text') return lines.map((line) => line.join('\t')).join('\n');
  return [lines[0], rule, ...lines.slice(1)]
    .map((line) => `| ${line.map(markdownCell).join(' | ')} |`)
    .join('\n');
}

/**
 * @param {string} words that it shows
 * @param {() => string} text asked for when it is clicked
 * @param {(text: string) => void} [announce]
 */
export function copyButton(words, text, announce) {
  const button = el(
    'button',
    {
      type: 'button',
      class: 'link',
      onclick: async () => {
        const done = await copyText(text());
        button.textContent = done ? 'Copied' : 'The browser did not let us';
        announce?.(done ? 'Copied' : 'Not copied');
        setTimeout(() => {
          button.textContent = words;
        }, 1500);
      },
    },
    words,
  );
  return button;
}

/**
 * @param {() => string[][]} lines the first is the head
 * @param {(text: string) => void} announce
 * @returns {HTMLElement}
 */
export function copyButtons(lines, announce) {
  const one = (/** @type {Kind} */ kind) => copyButton(`Copy as ${kind}`, () => copiedLines(lines(), kind), announce);
  return el('div', { class: 'copy-buttons' }, one('text'), one('Markdown'));
}

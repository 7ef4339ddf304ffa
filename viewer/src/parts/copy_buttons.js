// "Copy as text" and "Copy as Markdown" for what is no Table.

import { copyText, el } from '../base/dom.js';

/** @param {string} text */
function markdownCell(text) {
  return text.replace(/[\r\n]+/g, ' ').replace(/\|/g, '\\|');
}

/**
 * @param {readonly string[][]} lines the first is the head
 * @param {'text' | 'Markdown'} kind
 */
export function copiedLines(lines, kind) {
  if (kind === 'text') return lines.map((line) => line.join('\t')).join('\n');
  const rule = lines[0].map(() => '---');
  return [lines[0], rule, ...lines.slice(1)]
    .map((line) => `| ${line.map(markdownCell).join(' | ')} |`)
    .join('\n');
}

/**
 * @param {() => string[][]} lines the first is the head
 * @param {(text: string) => void} announce
 * @returns {HTMLElement}
 */
export function copyButtons(lines, announce) {
  const one = (/** @type {'text' | 'Markdown'} */ kind) => {
    const button = el(
      'button',
      {
        type: 'button',
        class: 'link',
        onclick: async () => {
          const done = await copyText(copiedLines(lines(), kind));
          button.textContent = done ? 'Copied' : 'The browser did not let us';
          announce(done ? 'Copied' : 'Not copied');
          setTimeout(() => {
            button.textContent = `Copy as ${kind}`;
          }, 1500);
        },
      },
      `Copy as ${kind}`,
    );
    return button;
  };
  return el('div', { class: 'copy-buttons' }, one('text'), one('Markdown'));
}

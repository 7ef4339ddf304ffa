// What is seen first: whose page this is and the sentences of its summary, before the program is unpacked and the data are read.
// A script of its own, right behind the head of the page. It has the places that the program will give to the same words, so that
// nothing moves; main.js takes it away. What is wrong with the head, the program says.

import { el, nameElement, sentenceParts } from '../base/dom.js';
import { shortCommand } from '../base/format.js';

/** @typedef {Partial<import('../types/page.js').Head>} Head */

/** @returns {Head} */
function readHead() {
  try {
    return JSON.parse(document.getElementById('head')?.textContent ?? '') ?? {};
  } catch {
    return {};
  }
}

/** The colours that were chosen last time; a page from disk may not be allowed to remember. */
function useTheme() {
  try {
    const theme = localStorage.getItem('barograph-theme');
    if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;
  } catch {
    // Then the system's.
  }
}

/** @param {Head} head */
function findings(head) {
  const sentences = (head.summary ?? []).map((one) => one.parts.map((part) => part.t).join(''));
  return el('div', { class: 'summary' }, el('div', { class: 'findings' }, ...sentences.map((text) => el('p', {}, ...sentenceParts(text)))));
}

/** @param {Head} head */
function greet(head) {
  const words = head.diff ? ['before', 'after'] : [];
  const sides = (head.sides ?? []).map((side, i) =>
    el(
      'div',
      { class: 'side' },
      words[i] ? el('span', { class: 'side-word' }, words[i]) : null,
      el('span', { class: 'command' }, nameElement(shortCommand(side.command))),
    ),
  );
  document.body.append(
    el(
      'div',
      { class: 'app', id: 'greeting' },
      el(
        'header',
        { class: 'head' },
        el('h1', { class: 'brand' }, 'barograph'),
        el('div', { class: 'sides' }, ...sides),
      ),
      el('section', { class: 'bar' }),
      // Another view was asked for: its words are not these.
      el('main', {}, el('div', { class: 'panel' }, location.hash.length > 1 ? null : findings(head))),
    ),
  );
}

useTheme();
try {
  greet(readHead());
} catch {
  // The program checks what a head must have, and says what is missing.
}

// Elements without markup in strings: what a recording says enters the page as text only.

/**
 * @typedef {string | number | boolean | null | undefined | EventListener | ((event: any) => void)} Attribute
 */

/**
 * Attributes that begin with "on" are listeners, `class` and `aria-...` as in HTML, true is an empty attribute; false, null and
 * undefined are left out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, Attribute>} [attributes]
 * @param {...(Node | string | null | undefined)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, attributes, ...children) {
  const element = document.createElement(tag);
  if (attributes)
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === undefined || value === false) continue;
      if (typeof value === 'function')
        element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
      else element.setAttribute(name, value === true ? '' : String(value));
    }
  for (const child of children)
    if (child !== null && child !== undefined) element.append(child);
  return element;
}

/**
 * @param {string} text
 * @param {string} title
 * @param {() => void} act
 * @param {string} [name] where the text is a sign
 */
export function button(text, title, act, name) {
  return el('button', { type: 'button', title, 'aria-label': name, onclick: act }, text);
}

/**
 * @param {Element} element
 * @param {...(Node | string | null | undefined)} children
 */
export function fill(element, ...children) {
  element.replaceChildren(...children.filter((child) => child !== null && child !== undefined));
}

/** Longer names would only fill the screen; the whole name is in tooltips up to `longest`. */
const longest = 4000;

/**
 * A name from the recording: its own direction does not turn what stands beside it.
 * @param {string} text
 * @param {string} [className]
 * @returns {HTMLElement}
 */
export function nameElement(text, className) {
  return el('bdi', { class: className ? `name ${className}` : 'name' }, visibleText(text));
}

/**
 * Control characters shown as pictures, and characters that turn the direction of text taken out of effect.
 * @param {string} text
 * @returns {string}
 */
export function visibleText(text) {
  const short = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return short
    .replace(/[\u0000-\u001f]/g, (c) => String.fromCharCode(0x2400 + c.charCodeAt(0)))
    .replace(/[\u007f\u0080-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

/**
 * A sentence in which numbers and their units stay on one line: what is copied of it has plain spaces. Microseconds have the sign of
 * the page's tables: the C program, whose sentences they are, also writes to terminals without it.
 * @param {string} text
 * @returns {(string | HTMLElement)[]}
 */
export function sentenceParts(text) {
  return visibleText(text)
    .split(/([\d.,]+ (?:%|[kMGT]?B\b|[mnuµ]?s\b|min\b))/)
    .map((part, i) => (i % 2 > 0 ? el('span', { class: 'whole' }, part.replace(/ us$/, ' µs')) : part));
}

/**
 * Calls `callback` at most once a frame.
 * @param {() => void} callback
 * @returns {() => void}
 */
export function oncePerFrame(callback) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      callback();
    });
  };
}

/**
 * Also where the clipboard may not be used without it, as in pages from disk.
 * @param {string} text
 * @returns {Promise<boolean>}
 */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = el('textarea', { class: 'off-screen', 'aria-hidden': 'true', tabindex: -1 });
    area.value = text;
    const focused = document.activeElement;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    if (focused instanceof HTMLElement) focused.focus();
    return done;
  }
}

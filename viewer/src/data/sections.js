// From the script elements of the page to the bytes of its sections: base64 in parts, one raw deflate stream a section.
// The elements stay as they are, so that a page that is saved from the browser is a page again.

import { betweenSteps } from '../base/turns.js';
import { PageError } from './columns.js';

/** @typedef {import('../types/page.js').Head} Head */

/** Larger than any page a browser opens; a damaged head does not make us ask for more. */
const mostBytes = 1 << 30;
/** Packed bytes: what they give is unpacked in about a millisecond. */
const unpackedAtOnce = 1 << 16;

/**
 * @param {Document} document
 * @returns {Head}
 */
export function readHead(document) {
  const element = document.getElementById('head');
  if (!element) throw new PageError('This page has no recording in it.');
  /** @type {unknown} */
  let head;
  try {
    head = JSON.parse(element.textContent ?? '');
  } catch {
    throw new PageError('The page is damaged: its head cannot be read.');
  }
  return checkedHead(head);
}

/**
 * @param {unknown} value
 * @returns {Head}
 */
function checkedHead(value) {
  const head = /** @type {Partial<Head> | null} */ (typeof value === 'object' ? value : null);
  if (head?.version !== 1)
    throw new PageError('The page is damaged: it does not say that it is of version 1.');
  for (const key of /** @type {const} */ (['sides', 'processes', 'threads', 'trees', 'states', 'summary']))
    if (!Array.isArray(head[key])) throw new PageError(`The page is damaged: its head has no ${key}.`);
  if (typeof head.sections !== 'object' || head.sections === null)
    throw new PageError('The page is damaged: its head lists no sections.');
  const known = /** @type {Head} */ (head);
  return {
    ...known,
    title: text(known.title),
    // A word or two stand behind each number.
    amounts: text(known.amounts).replace(/[^\p{L}\p{N} /_-]/gu, '').slice(0, 24) || null,
    sides: known.sides.map((side) => ({
      ...side,
      file: text(side.file),
      command: text(side.command),
      program: text(side.program),
      python: text(side.python),
      machine: text(side.machine),
      start_utc: text(side.start_utc),
    })),
    processes: known.processes.map((process) => ({
      ...process,
      command: text(process.command),
      python: text(process.python),
    })),
    threads: namedThreads(known),
    limits: known.limits ?? {},
  };
}

/**
 * Threads with the names of reports, the main one marked, and each with its number where others of its side are called the same. Slots of
 * frameworks have names by their process.
 * @param {Head} head
 */
function namedThreads({ threads, dataflow, comparison }) {
  const named = threads.map((thread) => ({
    ...thread,
    name: (text(thread.name) || `thread ${thread.tid}`) + (thread.main && !dataflow && !comparison ? ' (main)' : ''),
  }));
  if (dataflow || comparison) return named;
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { name, side } of named) counts.set(`${side} ${name}`, (counts.get(`${side} ${name}`) ?? 0) + 1);
  return named.map((thread) => ((counts.get(`${thread.side} ${thread.name}`) ?? 0) > 1 ? { ...thread, name: `${thread.name} ${thread.tid}` } : thread));
}

/**
 * What is not known is null on the page, and no text to look at.
 * @param {unknown} value
 */
function text(value) {
  return typeof value === 'string' ? value : '';
}

/**
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
function fromBase64(text) {
  const native = /** @type {{fromBase64?: (text: string) => Uint8Array<ArrayBuffer>}} */ (
    /** @type {unknown} */ (Uint8Array)
  );
  if (native.fromBase64) return native.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/**
 * @param {Uint8Array<ArrayBuffer>[]} parts one raw deflate stream
 * @param {number} bytes how long it is unpacked
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
export async function inflate(parts, bytes) {
  const stream = new ReadableStream({
    start(controller) {
      for (const part of parts)
        for (let at = 0; at < part.length; at += unpackedAtOnce) controller.enqueue(part.subarray(at, at + unpackedAtOnce));
      controller.close();
    },
  }).pipeThrough(/** @type {ReadableWritablePair<Uint8Array, BufferSource>} */ (new DecompressionStream('deflate-raw')));
  const out = new Uint8Array(bytes);
  const reader = stream.getReader();
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (value.length > bytes - at) {
      await reader.cancel();
      throw new PageError('is longer than the head says');
    }
    out.set(value, at);
    at += value.length;
    // The browser unpacks what is asked for, and no more.
    await betweenSteps();
  }
  if (at !== bytes) throw new PageError('is shorter than the head says');
  return out;
}

/**
 * @param {Document} document
 * @param {string} name
 * @returns {Promise<Uint8Array<ArrayBuffer>[]>}
 */
async function readParts(document, name) {
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const parts = [];
  for (const element of document.querySelectorAll('script[data-section]')) {
    if (element.getAttribute('data-section') !== name) continue;
    if (element.getAttribute('data-part') !== String(parts.length))
      throw new PageError('has a part in the wrong place');
    parts.push(fromBase64((element.textContent ?? '').trim()));
    await betweenSteps();
  }
  if (parts.length === 0) throw new PageError('is missing');
  return parts;
}

/**
 * Whether a section is there as a whole, while the browser still reads the page: something stands behind its last part.
 * @param {Document} document
 * @param {string} name
 */
function isWhole(document, name) {
  const elements = document.querySelectorAll('script[data-section]');
  let seen = false;
  for (const element of elements) {
    const own = element.getAttribute('data-section') === name;
    if (seen && !own) return true;
    seen = own;
  }
  return false;
}

/**
 * @param {Document} document
 * @returns {(name: string) => Promise<void>} settled when the browser has read that section, or the whole page without it
 */
function sectionWaiter(document) {
  if (document.readyState !== 'loading') return () => Promise.resolve();
  // What stands before the viewer's script is whole, whatever stands behind it.
  const before = new Set(
    [...document.querySelectorAll('script[data-section]')].map((element) => element.getAttribute('data-section')),
  );
  return (name) =>
    new Promise((resolve) => {
      const look = () => {
        if (document.readyState === 'loading' && !before.has(name) && !isWhole(document, name)) return;
        watch.disconnect();
        document.removeEventListener('DOMContentLoaded', look);
        resolve();
      };
      const watch = new MutationObserver(look);
      watch.observe(document.body, { childList: true });
      document.addEventListener('DOMContentLoaded', look);
      look();
    });
}

/**
 * @callback ReadSection
 * @param {string} name
 * @returns {Promise<Uint8Array | null>} null: the page has no such section
 */

/**
 * @param {Document} document
 * @param {Head} head
 * @returns {ReadSection}
 */
export function sectionReader(document, head) {
  const waitFor = sectionWaiter(document);
  return async (name) => {
    const info = Object.hasOwn(head.sections, name) ? head.sections[name] : undefined;
    if (!info) return null;
    try {
      if (!Number.isSafeInteger(info.bytes) || info.bytes < 0 || info.bytes > mostBytes)
        throw new PageError('has an impossible length');
      await waitFor(name);
      return await inflate(await readParts(document, name), info.bytes);
    } catch (error) {
      const why = error instanceof PageError ? error.message : 'cannot be unpacked';
      throw new PageError(
        `The page is damaged or incomplete: section "${name}" ${why}. Write it again with barograph view.`,
      );
    }
  };
}

// What narrows the view, one chip each, and a click removes it: what is counted, transforms, threads, the range of time, the search.

import { el, fill, nameElement } from '../base/dom.js';
import { formatAmount, formatCount, formatDuration, formatError, formatPercent } from '../base/format.js';
import { transformWords } from './transform_words.js';

/** @typedef {import('../types/model.js').State} State */
/** @typedef {import('../model/model.js').Model} Model */

/**
 * @param {string} words
 * @param {string} name
 * @param {string} what the button says to screen readers
 * @param {() => void} remove
 */
function chip(words, name, what, remove) {
  return el(
    'span',
    { class: 'chip' },
    el('span', { class: 'chip-words' }, words),
    name ? nameElement(name.length > 60 ? `${name.slice(0, 58)}…` : name) : null,
    el('button', { type: 'button', 'aria-label': `Remove: ${what}`, title: 'Remove', onclick: remove }, '×'),
  );
}

/**
 * @param {Model} model
 * @returns {string}
 */
function threadWords(model) {
  const { threads, processes } = model.page.head;
  const chosen = model.state.threads ?? [];
  if (chosen.length === 0) return 'no thread';
  const first = threads[chosen[0]];
  if (!first) return `${formatCount(chosen.length)} threads`;
  if (chosen.length === 1) return `thread ${first.name}`;
  const whole = threads.every((t, i) => chosen.includes(i) === (t.process === first.process));
  if (whole) return `process ${processes[first.process]?.pid ?? '?'}`;
  return `${formatCount(chosen.length)} threads`;
}

/** @param {Model} model */
function sumWords(model) {
  const { shown, all, metric, page: { head } } = model;
  const amount = formatAmount(shown, metric, head);
  const whole = `${amount} shown, ${formatPercent(all > 0 ? shown / all : 0)} of ${head.amounts ? 'all' : metric.words}`;
  // Of threads or a range, which are chosen and not drawn by chance, there is no error.
  return model.isOfAll ? `${whole} ${formatError(model.error(shown))}` : `${whole}, ${formatAmount(all, metric, head)} in all`;
}

/**
 * @param {import('./shell.js').ShellParts} parts
 * @param {(text: string) => void} announce
 */
export function createChips({ page, store, workshop }, announce) {
  /** @type {string | null} */
  let said = null;
  const { head } = page;
  const element = el('section', { class: 'chips', 'aria-label': 'What was chosen' });

  /**
   * @param {State} state
   * @param {Model} model
   */
  function list(state, model) {
    /** @type {HTMLElement[]} */
    const chips = [];
    if (model.metric !== workshop.metrics[0]) {
      const words = `of ${model.metric.words}`;
      chips.push(chip(words, '', words, () => store.set({ metric: '' })));
    }
    state.transforms.forEach((transform, i) => {
      const { words, name } = transformWords(transform, (fn) => workshop.functionNames(fn).name);
      const transforms = state.transforms.filter((_, j) => j !== i);
      chips.push(chip(words, name, `${words} ${name}`, () => store.set({ transforms })));
    });
    if (state.threads) {
      const words = threadWords(model);
      chips.push(chip(words, '', words, () => store.set({ threads: null })));
    }
    if (state.range) {
      const [from, to] = state.range.map((tick) => formatDuration(tick * head.tick_ns));
      const whole = model.metric?.column === 'samples' ? ' (not for counts: they are of all the time)' : '';
      const words = `from ${from} to ${to}${whole}`;
      chips.push(chip(words, '', words, () => store.set({ range: null })));
    }
    return chips;
  }

  return {
    element,
    /**
     * @param {State} state
     * @param {Model} model
     */
    update(state, model) {
      const chips = model.metric ? list(state, model) : [];
      const narrowed = chips.length > 0;
      const sum = model.metric ? sumWords(model) : '';
      // A search leaves nothing out.
      if (state.search) chips.push(chip('search', state.search, `search ${state.search}`, () => store.set({ search: '' })));
      const count = chips.length;
      if (narrowed) chips.push(el('span', { class: 'chips-sum' }, sum));
      if (said !== null && sum !== said) announce(sum);
      said = sum;
      if (count > 1)
        chips.push(
          el(
            'button',
            {
              type: 'button',
              class: 'link',
              onclick: () => store.set({ metric: '', transforms: [], threads: null, range: null, search: '' }),
            },
            'Remove all',
          ),
        );
      fill(element, ...chips);
      element.hidden = count === 0;
    },
  };
}

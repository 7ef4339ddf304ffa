// What is counted, of which threads, and the search with what it found.

import { el, fill, visibleText } from '../base/dom.js';
import { formatAmount, formatCount, formatPercent } from '../base/format.js';
import { searchFault } from '../model/search.js';
import { focusMain } from './focus.js';

/** @typedef {import('../types/model.js').State} State */
/** @typedef {import('../model/model.js').Model} Model */

/**
 * @param {string} label
 * @param {HTMLElement} control
 */
function labelled(label, control) {
  return el('label', { class: 'control' }, el('span', {}, label), control);
}

/** @param {import('./shell.js').ShellParts} parts */
function metricSelect({ workshop, store }) {
  const select = el(
    'select',
    { onchange: () => store.set({ metric: select.value }) },
    ...workshop.metrics.map((metric) => el('option', { value: metric.key }, metric.words)),
  );
  return select;
}

/** Threads by process; beyond some hundred a list helps nobody, and the timeline chooses. */
const mostThreads = 300;

/** @param {import('./shell.js').ShellParts} parts */
function threadSelect({ page, store }) {
  const { threads, processes } = page.head;
  const select = el('select', {
    onchange: () => {
      const [kind, index] = select.value.split(':');
      if (kind === 't') store.set({ threads: [Number(index)] });
      else if (kind === 'p')
        store.set({
          threads: threads.flatMap((t, i) => (t.process === Number(index) ? [i] : [])),
        });
      else if (kind === 'all') store.set({ threads: null });
    },
  });
  select.append(el('option', { value: 'all' }, 'all threads'));
  processes.forEach((process, p) => {
    const own = threads.flatMap((t, i) => (t.process === p ? [i] : []));
    if (own.length === 0) return;
    const group = el('optgroup', { label: visibleText(`process ${process.pid} ${process.command}`.slice(0, 60)) });
    if (processes.length > 1 && own.length > 1)
      group.append(el('option', { value: `p:${p}` }, `all of process ${process.pid}`));
    for (const i of own.slice(0, mostThreads)) {
      group.append(el('option', { value: `t:${i}` }, visibleText(threads[i].name.slice(0, 60))));
    }
    select.append(group);
  });
  const other = el('option', { value: 'other', hidden: true }, 'some threads');
  select.append(other);
  return {
    select,
    /** @param {State} state */
    update(state) {
      const chosen = state.threads;
      if (chosen === null) select.value = 'all';
      else if (chosen.length === 1) select.value = `t:${chosen[0]}`;
      else {
        const process = threads[chosen[0]]?.process ?? -1;
        const whole = threads.every((t, i) => chosen.includes(i) === (t.process === process));
        select.value = whole && processes.length > 1 ? `p:${process}` : 'other';
      }
    },
  };
}

/** @param {import('./shell.js').ShellParts} parts */
export function createToolbar(parts) {
  const { page, store, workshop } = parts;
  const metric = metricSelect(parts);
  const threads = threadSelect(parts);
  const side = page.head.diff
    ? el(
        'select',
        { onchange: () => store.set({ side: Number(side?.value ?? 1) }) },
        el('option', { value: '0' }, 'before'),
        el('option', { value: '1' }, 'after'),
      )
    : null;
  const colour = el(
    'select',
    {
      'aria-label': 'Colours',
      onchange: () => store.set({ colour: colour.value === 'state' ? 'state' : 'module' }),
    },
    el('option', { value: 'module' }, 'by module'),
    el('option', { value: 'state' }, 'by state'),
  );
  const found = el('output', { class: 'found', for: 'search' });
  let timer = 0;
  let typed = -Infinity;
  /** What was last asked for by typing. */
  let sent = '';
  /** Whether what is being typed has its entry in the history: one for each search, not for each letter. */
  let isEntered = false;
  const ask = () => {
    clearTimeout(timer);
    if (search.value === store.get().search) return;
    sent = search.value;
    store.set({ search: sent }, { replace: isEntered });
    isEntered = true;
  };
  const search = el('input', {
    type: 'search',
    id: 'search',
    placeholder: 'Search',
    'aria-label': 'Search functions, modules and files by regular expression',
    autocomplete: 'off',
    spellcheck: 'false',
    oninput: () => {
      clearTimeout(timer);
      // The first letter is looked for at once, those typed quickly after it together.
      const soon = performance.now() - typed < 250;
      typed = performance.now();
      timer = window.setTimeout(ask, soon ? 60 : 0);
    },
    onblur: () => {
      ask();
      isEntered = false;
    },
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== 'Escape' && event.key !== 'Enter') return;
      ask();
      isEntered = false;
      if (event.key === 'Escape' && search.value !== '') {
        search.value = '';
        ask();
        isEntered = false;
        event.preventDefault();
      } else focusMain();
      event.stopPropagation();
    },
  });

  /** What all calls, or the whole run, know nothing of. */
  const narrowing = [
    workshop.metrics.length > 1 ? labelled('of', metric) : null,
    page.head.threads.length > 1 ? labelled('in', threads.select) : null,
  ];
  const searchBox = el('span', { class: side ? 'search short' : 'search' }, search, found);
  // Its room is kept where it has nothing to say, so that no tab has a line more than another.
  const element = el('div', { class: 'tools' }, colour, side ? labelled('side', side) : null, ...narrowing, searchBox);

  return {
    element,
    focusSearch() {
      search.focus();
      search.select();
    },
    /**
     * @param {State} state
     * @param {Model} model
     * @param {import('../types/view.js').View} view
     */
    update(state, model, view) {
      const isCalls = view.id === 'calls';
      element.classList.toggle('kept', view.whole === true);
      for (const control of [...narrowing, searchBox]) control?.classList.toggle('kept', isCalls);
      if (model.metric) metric.value = model.metric.key;
      threads.update(state);
      colour.value = state.colour;
      colour.classList.toggle('kept', !['flame', 'summary', 'sandwich'].includes(view.id) || !model.timed);
      if (side) side.value = String(model.side);
      // While letters are typed the state is behind them; the way back is not.
      if (document.activeElement !== search || state.search !== sent) search.value = sent = state.search;
      const hits = model.found;
      const fault = hits ? searchFault(state.search) : '';
      fill(found, hits ? (hits.functions === 0 && fault) || foundWords(model, hits, side !== null) : '');
      found.classList.toggle('fault', hits?.functions === 0 && fault !== '');
      found.title = hits ? `${formatCount(hits.functions)} functions match${fault && ' it as it stands: '}${fault}` : '';
    },
  };
}

/**
 * @param {Model} model
 * @param {import('../types/model.js').Found} hits
 * @param {boolean} short the share only: with two sides to choose from there is less room
 */
function foundWords(model, hits, short) {
  if (hits.functions === 0) return 'no match';
  const share = formatPercent(model.share(hits.matched));
  return short ? share : `${formatAmount(hits.matched, model.metric, model.page.head)} · ${share}`;
}

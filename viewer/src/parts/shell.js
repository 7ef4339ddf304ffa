// What stands around every view: the head of the recording, tabs, what is counted and searched, chips, and the live region.

import { el, fill, nameElement } from '../base/dom.js';
import { cpuWords, formatCount, formatPercent, formatSide, lossWords, shortCommand } from '../base/format.js';
import { createChips } from './chips.js';
import { createHelp } from './help.js';
import { listenForKeys } from './keys.js';
import { createPalette } from './palette_box.js';
import { preparePrint } from './print_report.js';
import { createToolbar } from './toolbar.js';

/** @typedef {import('../types/page.js').Page} Page */
/** @typedef {import('../types/page.js').Side} Side */
/** @typedef {import('../types/model.js').State} State */
/** @typedef {import('../types/view.js').View} View */
/** @typedef {import('../state/store.js').Store} Store */
/** @typedef {import('../model/model.js').Model} Model */
/** @typedef {import('../model/workshop.js').Workshop} Workshop */

/** @typedef {{page: Page, workshop: Workshop, store: Store, views: View[]}} ShellParts */

/** @param {number} count */
const tasksWords = (count) => `${formatCount(count)} ${count === 1 ? 'task' : 'tasks'}`;

/** @param {import('../types/page.js').Head} head @param {number} index @param {string} word */
function sideFacts(head, index, word) {
  const side = head.sides[index];
  const unknown = side.unknown.reduce((sum, part) => sum + part.ratio, 0);
  const cpu = cpuWords(side);
  const { dataflow } = head;
  // Of a framework's log nothing was sampled: what its samples are made of are tasks.
  const isLog = dataflow || head.comparison;
  const isEmpty = side.duration_ns === null;
  const facts = [
    side.python && `Python ${side.python}`,
    isEmpty ? 'nothing recorded' : formatSide(head, index),
    cpu && `${cpu} CPU`,
    dataflow ? tasksWords(dataflow.tasks) : side.samples > 0 && !isLog ? `${formatCount(side.samples)} samples` : '',
    lossWords(side) || (side.rejected === null || isEmpty ? '' : 'none lost'),
    unknown > 0.0005 ? `${formatPercent(unknown)} ${isLog ? 'of tasks’ time ' : ''}unknown` : '',
    side.damage ? 'damaged' : '',
    isLog && side.notes.length > 0 ? `${formatCount(side.notes.length)} note${side.notes.length === 1 ? '' : 's'}` : '',
  ].filter((fact) => fact !== '');
  return el(
    'div',
    { class: 'side' },
    word ? el('span', { class: 'side-word' }, word) : null,
    el('span', { class: 'command', title: side.command.slice(0, 2000) }, nameElement(shortCommand(side.command))),
    el(
      'span',
      { class: side.damage ? 'facts damaged' : 'facts', title: sideDetails(side) },
      facts.join(' · '),
    ),
  );
}

/** @param {Side} side */
function sideDetails(side) {
  return [
    `${side.file}, recorded ${side.start_utc}${side.host ? ` on ${side.host}` : ''}`,
    side.machine,
    side.ended ? `ended: ${side.ended}` : '',
    side.rate_hz ? `${side.rate_hz} samples a second asked for` : '',
    lossWords(side),
    ...side.unknown.map((part) => `${formatPercent(part.ratio)} unknown: ${part.reason}`),
    side.damage ?? '',
    ...side.notes,
  ]
    .filter((line) => line)
    .join('\n')
    .slice(0, 4000);
}

/** @returns {{element: HTMLElement, announce: (text: string) => void}} */
function liveRegion() {
  const element = el('div', { class: 'off-screen', role: 'status', 'aria-live': 'polite' });
  let timer = 0;
  return {
    element,
    announce(text) {
      clearTimeout(timer);
      // Keys that repeat would queue up sentences: the last one is said.
      timer = window.setTimeout(() => {
        element.textContent = text;
      }, 150);
    },
  };
}

/** @returns {HTMLButtonElement} */
function themeButton() {
  const root = document.documentElement;
  /** @returns {string | null} */
  const remembered = () => {
    try {
      return localStorage.getItem('barograph-theme');
    } catch {
      return null;
    }
  };
  const dark = () =>
    (root.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) ===
    'dark';
  const kept = remembered();
  if (kept === 'dark' || kept === 'light') root.dataset.theme = kept;
  const button = el('button', { class: 'icon', type: 'button', title: 'Dark or light' }, '◐');
  const label = () => button.setAttribute('aria-label', dark() ? 'Light colours' : 'Dark colours');
  button.addEventListener('click', () => {
    root.dataset.theme = dark() ? 'light' : 'dark';
    try {
      localStorage.setItem('barograph-theme', root.dataset.theme);
    } catch {
      // A page from disk may not keep anything; the choice holds until it is closed.
    }
    label();
    document.dispatchEvent(new Event('barograph-theme'));
  });
  label();
  return button;
}

/** @param {ShellParts} parts */
export function createShell(parts) {
  const { page, store, views } = parts;
  const { head } = page;
  const live = liveRegion();
  const help = createHelp(views);
  const commands = createPalette(parts);
  const toolbar = createToolbar(parts);
  const chips = createChips(parts, live.announce);
  const panel = el('div', { class: 'panel', role: 'tabpanel', tabindex: -1, id: 'panel' });

  const tabs = views.map((view) =>
    el(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: `tab-${view.id}`,
        'aria-controls': 'panel',
        onclick: () => store.set({ view: view.id }),
      },
      view.title,
    ),
  );
  const tabList = el(
    'div',
    { class: 'tabs', role: 'tablist', 'aria-label': 'Views', onkeydown: moveTab },
    ...tabs,
  );

  /** @param {KeyboardEvent} event */
  function moveTab(event) {
    const at = tabs.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (at < 0 || !step) return;
    const next = (at + step + tabs.length) % tabs.length;
    store.set({ view: views[next].id });
    tabs[next].focus();
    event.preventDefault();
  }

  const words = head.diff ? ['before', 'after'] : [''];
  const element = el(
    'div',
    { class: 'app' },
    el(
      'header',
      { class: 'head' },
      el('h1', { class: 'brand' }, 'barograph'),
      el('div', { class: 'sides' }, ...head.sides.map((_, i) => sideFacts(head, i, words[i] ?? ''))),
      el(
        'button',
        { class: 'icon', type: 'button', title: 'Commands (Ctrl K)', 'aria-label': 'Commands', onclick: () => commands.open() },
        '⌘',
      ),
      el(
        'button',
        { class: 'icon', type: 'button', title: 'Keys (?)', 'aria-label': 'Keyboard help', onclick: () => help.open() },
        '?',
      ),
      themeButton(),
    ),
    el('section', { class: 'bar', 'aria-label': 'Views and what they show' }, tabList, toolbar.element),
    chips.element,
    el('main', {}, panel),
    live.element,
    help.element,
    commands.element,
  );
  preparePrint(parts);
  listenForKeys({ ...parts, openHelp: help.open, openCommands: commands.open, focusSearch: toolbar.focusSearch });

  /** @param {View} view */
  function markTab(view) {
    tabs.forEach((tab, i) => {
      const chosen = views[i] === view;
      tab.setAttribute('aria-selected', String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
    });
  }

  /** @type {HTMLElement | null} */
  let current = null;
  return {
    element,
    announce: live.announce,
    /**
     * What is asked for is not there yet: it comes by itself.
     * @param {boolean} waiting
     * @param {View} view that is asked for
     */
    waits(waiting, view) {
      markTab(view);
      if (waiting === (panel.getAttribute('aria-busy') === 'true')) return;
      panel.setAttribute('aria-busy', String(waiting));
      if (waiting) live.announce('One moment');
    },
    /**
     * @param {View} view
     * @param {HTMLElement} content
     * @param {State} state
     * @param {Model} model
     */
    show(view, content, state, model) {
      markTab(view);
      panel.setAttribute('aria-labelledby', `tab-${view.id}`);
      panel.dataset.view = view.id;
      if (current !== content) {
        fill(panel, content);
        current = content;
      }
      toolbar.update(state, model, view);
      chips.update(state, model);
    },
  };
}

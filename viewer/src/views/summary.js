// Summary, what a person sees first: what the program did in three to five sentences that lead on, where its time went as a short list
// of its own code, what it waited for, its threads, and the flame graph; then the facts of the recording and what is not known.

import { el, fill, nameElement, sentenceParts, visibleText } from '../base/dom.js';
import { cpuWords, formatAmount, formatBytes, formatCount, formatPercent, formatSide, formatUnits, hasIdle, lossWords } from '../base/format.js';
import { outline } from '../model/outline.js';
import { librarySet } from '../model/transforms.js';
import { copyButtons } from '../parts/copy_buttons.js';
import { findingItem } from '../parts/finding.js';
import { flameStates } from '../parts/flame_colours.js';
import { FlameGraph } from '../parts/flame_graph.js';
import { statesBar, statesLegend } from '../parts/states_bar.js';
import { treeChoice } from '../parts/tree_choice.js';

/** @typedef {import('../types/model.js').State} State */
/** @typedef {import('../types/view.js').Context} Context */
/** @typedef {import('../types/page.js').Head} Head */
/** @typedef {import('../types/page.js').Side} Side */
/** @typedef {import('../types/page.js').SummaryLink} SummaryLink */
/** @typedef {import('../model/model.js').Model} Model */
/** @typedef {import('../model/outline.js').OutlineRow} OutlineRow */

/** What the limits of a page are of, by the first word of the section's name. @type {Readonly<Record<string, string>>} */
const limitTitles = { calls: 'Calls on this page', source: 'Source', runs: 'Timeline', tree: 'Call tree', tasks: 'Tasks', operators: 'Operators', path: 'Critical path' };

/** Share of all that a row of the list needs, and how many there are. */
const leastShare = 0.01;
const mostRows = 40;
const mostThreads = 8;
/** Findings that stand open. */
const firstFindings = 5;

/** @param {SummaryLink} link @param {State['extra']} extra what views keep @returns {Partial<State>} */
function linkChange(link, extra) {
  /** @type {{-readonly [K in keyof State]?: State[K]}} */
  const change = { view: link.view };
  if (link.function !== undefined) change.fn = link.function;
  if (link.thread !== undefined) change.threads = [link.thread];
  if (link.metric !== undefined) change.metric = link.metric;
  if (link.operator !== undefined) {
    const { 'operators.node': _several, ...others } = extra;
    change.extra = { ...others, 'operators.selected': String(link.operator) };
  }
  return change;
}

/** @param {Head} head @param {Side} side @returns {[string, string][]} */
function sideFacts(head, side) {
  const rate = side.achieved_rate_hz ?? side.rate_hz;
  const unknown = side.unknown.map((part) => `${formatPercent(part.ratio)}: ${part.reason}`);
  /** @type {[string, string | null | undefined][]} */
  const facts = [
    ['Command', side.command],
    ['Recording', side.file],
    ['Python', side.python],
    ['Machine', [side.machine, side.host].filter(Boolean).join(', ')],
    ['Started', side.start_utc.replace('T', ' ').replace(/(?:\.\d+)?Z$/, ' UTC')],
    [head.amounts ? 'Amount' : 'Took', side.duration_ns === null ? null : formatSide(head, head.sides.indexOf(side))],
    ['Ended', side.ended],
    ['CPU time', head.amounts ? null : `${cpuWords(side) || 'not known'}${side.cpu_least_ns ? ': what threads used between their first and last recorded call' : ''}`],
    ['Peak memory', side.peak_memory_bytes ? `${formatBytes(side.peak_memory_bytes)} as the kernel has it${head.processes.length > 1 ? ' (sum over processes)' : ''}; the timeline shows readings` : null],
    ['Tasks', head.dataflow ? formatCount(head.dataflow.tasks) : null],
    ['Samples', side.samples > 0 && !head.dataflow && !head.comparison ? `${formatCount(side.samples)}${rate ? `, ${formatCount(rate)} a second` : ''}` : null],
    ['Calls', side.calls ? formatCount(side.calls) : null],
    ['Lost', lossWords(side) || (side.duration_ns === null ? null : side.rejected === null ? 'not told' : 'nothing')],
    ['Unknown', unknown.length > 0 ? unknown.join('; ') : side.duration_ns === null ? null : 'nothing'],
    ['Damage', side.damage],
    ...side.notes.map((note) => /** @type {[string, string]} */ (['Note', note])),
  ];
  return facts.flatMap(([name, value]) => (value ? [/** @type {[string, string]} */ ([name, value])] : []));
}

class Summary {
  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    const { page, store } = context;
    const { head } = page;
    this.ofWhole = el(
      'p',
      { class: 'findings-whole', hidden: true },
      'The sentences below are of the whole run, not of what is chosen. ',
      el('button', { type: 'button', class: 'link', onclick: () => store.set({ metric: '', threads: null, range: null, transforms: [] }) }, 'Show the whole run'),
    );
    this.sentences = el('div', { class: 'findings' }, ...head.summary.map((one) => this.sentence(one.parts)));
    this.list = el('div', { class: 'outline', role: 'treegrid', 'aria-label': this.listTitle() });
    this.listNote = el('span', { class: 'dim' });
    this.fold = el('input', {
      type: 'checkbox',
      onchange: () => store.setExtra('summary.libraries', this.fold.checked ? 'shown' : null, { replace: true }),
    });
    this.kinds = el('div', { class: 'summary-kinds' });
    this.threads = el('div', { class: 'summary-threads' });
    this.flame = this.makeFlame();
    /** @type {Model | null} */
    this.model = null;
    /** @type {OutlineRow[]} */
    this.rows = [];
    this.libraries = librarySet(page.functions);
    this.element = el(
      'div',
      { class: 'summary', tabindex: -1 },
      el('div', { class: 'summary-top' }, this.ofWhole, this.sentences, this.standsOut()),
      el(
        'div',
        { class: 'summary-columns' },
        el('section', { class: 'summary-main' }, ...this.listHead(), this.list, this.listFoot()),
        el('aside', { class: 'summary-side' }, this.kinds, this.threads),
      ),
      el(
        'section',
        { class: 'summary-flame' },
        el('h2', {}, 'Flame graph ', el('a', { href: store.link({ view: 'flame' }), class: 'more' }, 'larger')),
        this.flame.element,
      ),
      el('section', { class: 'summary-facts' }, el('h2', {}, 'The recording'), ...this.facts()),
    );
  }

  /** @param {import('../types/page.js').SummaryPart[]} parts */
  sentence(parts) {
    const { store } = this.context;
    return el(
      'p',
      {},
      ...parts.map(({ t, link }) =>
        link
          ? el(
              'a',
              {
                href: store.link(linkChange(link, store.get().extra)),
                onclick: (/** @type {MouseEvent} */ event) => {
                  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
                  event.preventDefault();
                  store.set(linkChange(link, store.get().extra));
                },
              },
              ...sentenceParts(t),
            )
          : el('span', {}, ...sentenceParts(t)),
      ),
    );
  }

  /** Of a framework's run, what `barograph explain` finds; of operators it stands beside them, too. */
  standsOut() {
    const { dataflow } = this.context.page.head;
    if (!dataflow || dataflow.findings.length === 0) return null;
    const items = dataflow.findings.map(findingItem);
    const rest = items.slice(firstFindings);
    return el(
      'section',
      { class: 'stands-out' },
      el('h2', {}, 'What stands out ', el('span', { class: 'dim' }, 'run time that each explains at most; they overlap')),
      el('ol', {}, ...items.slice(0, firstFindings)),
      rest.length > 0
        ? el('details', {}, el('summary', {}, `${formatCount(rest.length)} more`), el('ol', { start: firstFindings + 1 }, ...rest))
        : null,
    );
  }

  listTitle() {
    const { amounts } = this.context.page.head;
    return amounts ? `Where the ${amounts} are from` : 'Where the time goes';
  }

  listHead() {
    return [
      el('h2', {}, this.listTitle()),
      el('label', { class: 'control' }, this.fold, 'show library frames'),
    ];
  }

  listFoot() {
    const copy = copyButtons(() => this.copied(), this.context.announce);
    return el('div', { class: 'summary-foot' }, this.listNote, copy);
  }

  makeFlame() {
    return new FlameGraph({
      label: 'Flame graph',
      ...treeChoice(this.context.store, () => this.model),
    });
  }

  facts() {
    const { head } = this.context.page;
    const words = head.diff ? ['Before', 'After'] : [''];
    const lists = head.sides.map((side, i) =>
      el(
        'div',
        {},
        words[i] ? el('h3', {}, words[i]) : null,
        el('dl', {}, ...sideFacts(head, side).flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, nameElement(value))])),
      ),
    );
    const limits = Object.entries(head.limits ?? {}).map(([section, words]) => `${limitTitles[section.split(':')[0]] ?? section}: ${words}`);
    return [
      el('div', { class: 'facts-sides' }, ...lists),
      limits.length > 0 ? el('ul', { class: 'limits' }, ...limits.map((words) => el('li', {}, words))) : null,
    ];
  }

  /**
   * @param {State} state
   * @param {Model} model
   */
  update(state, model) {
    this.model = model;
    this.ofWhole.hidden = model.isWholeRun;
    const shown = state.extra['summary.libraries'] === 'shown';
    this.fold.checked = shown;
    const library = shown ? new Uint8Array(this.libraries.length) : this.libraries;
    const { rows, cut } = outline(
      model.upright,
      library,
      Math.max(model.basis * leastShare, Number.MIN_VALUE),
      mostRows,
    );
    this.rows = rows;
    const most = rows.reduce((widest, row) => Math.max(widest, row.total), 0);
    fill(this.list, this.headRow(), ...rows.map((row, i) => this.row(row, i, most)));
    this.listNote.textContent = cut
      ? `The first ${mostRows} rows; more in the flame graph`
      : rows.length === 0 ? 'Nothing to show here' : `Rows of 1 % and more${basisWords(model)}`;
    const key = `${model.key}`;
    this.flame.update({ model, shape: model.shape, key: `${key} ${model.inverted}`, zoom: model.inverted ? 0 : model.zoom, selected: model.inverted ? -1 : model.selected, ...flameStates(model) });
    // Of a large page the first picture does not wait for the sums by state.
    if (!model.workshop.large || model.isFirst) this.updateSide(model);
    else
      requestAnimationFrame(() => setTimeout(() => {
        if (this.model === model) this.updateSide(model);
      }));
  }

  headRow() {
    const { model } = this;
    const cell = (/** @type {string} */ text, /** @type {string} */ name) =>
      el('div', { role: 'columnheader', class: name }, text);
    return el(
      'div',
      { role: 'row', class: 'outline-row outline-head' },
      cell(model?.metric.kind === 'count' ? 'Calls' : model?.page.head.amounts ? 'Amount' : 'Time', 'outline-time'),
      cell('Share', 'outline-share'),
      cell('Function', 'outline-name'),
      cell('Where', 'outline-place'),
    );
  }

  /**
   * @param {OutlineRow} row
   * @param {number} index
   * @param {number} most
   */
  row(row, index, most) {
    const { model, context } = this;
    if (!model) throw new Error('no model yet');
    const fn = model.upright.fn(row.node);
    const names = model.names(fn);
    const folded = row.kind === 'folded';
    const share = model.share(row.total);
    const text = folded ? this.foldedWords(row) : null;
    const button = el(
      'button',
      {
        type: 'button',
        class: `outline-link ${row.kind}`,
        title: folded ? this.foldedTitle(row) : 'Show in the flame graph',
        onclick: () =>
          context.store.set({ view: 'flame', selected: model.pageNode(row.node), fn, zoom: model.pageNode(row.node) }),
      },
      text ?? nameElement(names.name.slice(0, 300)),
    );
    const bar = el('span', { class: 'heat-bar', 'aria-hidden': 'true' });
    bar.style.width = `${most > 0 ? (row.total / most) * 100 : 0}%`;
    const extra = row.kind !== 'folded' && row.hidden > 0 ? el('span', { class: 'outline-hidden', title: this.foldedTitle(row) }, `+ ${formatCount(row.hidden)} folded`) : null;
    const depth = Math.min(row.depth, 24);
    return el(
      'div',
      { role: 'row', class: `outline-row ${row.kind}`, 'aria-level': row.depth + 1, 'data-row': index, style: `--depth: ${depth}` },
      el('div', { role: 'gridcell', class: `outline-time ${heat(share)}` }, formatAmount(row.total, model.metric, model.page.head)),
      el('div', { role: 'gridcell', class: 'outline-share' }, bar, el('span', {}, formatPercent(share))),
      el('div', { role: 'gridcell', class: 'outline-name' }, button, extra),
      el('div', { role: 'gridcell', class: 'outline-place' }, folded ? '' : nameElement(names.place.slice(-200))),
    );
  }

  /** @param {OutlineRow} row */
  foldedWords(row) {
    const { model } = this;
    const modules = new Set(row.hiddenFns.map((fn) => model?.names(fn).group || 'unknown'));
    const shown = [...modules].slice(0, 3).map((name) => visibleText(name.slice(0, 40)));
    const frames = row.hidden + 1;
    return `${formatCount(frames)} ${frames === 1 ? 'frame' : 'frames'} folded (${shown.join(', ')}${modules.size > 3 ? ', …' : ''})`;
  }

  /** @param {OutlineRow} row */
  foldedTitle(row) {
    const names = row.hiddenFns.slice(0, 12).map((fn) => visibleText(this.model?.names(fn).name.slice(0, 100) ?? ''));
    return `folded: ${names.join(', ')}${row.hiddenFns.length > 12 ? ', …' : ''}`;
  }

  copied() {
    const { model } = this;
    if (!model) return [[]];
    const { head } = model.page;
    return [
      [head.amounts ? 'amount' : 'time', 'share', 'function', 'where'],
      ...this.rows.map((row) => {
        const names = model.names(model.upright.fn(row.node));
        const folded = row.kind !== 'folded' && row.hidden > 0 ? ` + ${formatCount(row.hidden)} folded` : '';
        const name = row.kind === 'folded' ? this.foldedWords(row) : visibleText(names.name) + folded;
        return [
          formatAmount(row.total, model.metric, head),
          formatPercent(model.share(row.total)),
          '  '.repeat(row.depth) + name,
          row.kind === 'folded' ? '' : visibleText(names.place),
        ];
      }),
    ];
  }

  /** @param {Model} model */
  updateSide(model) {
    const { head } = model.page;
    const states = model.timed && head.threads.length > 0 ? model.states.ofNode(0) : null;
    if (states) fill(this.kinds, el('h2', {}, 'What it did'), statesBar(head, states), statesLegend(head, states));
    else fill(this.kinds);
    const threads = head.threads
      .map((thread, index) => ({ thread, index }))
      .filter(({ thread }) => !head.diff || thread.side === model.side)
      .sort((a, b) => busyTime(b.thread) - busyTime(a.thread));
    const most = threads.length > 0 ? threads[0].thread.wall : 0;
    const longest = threads.reduce((widest, { thread }) => Math.max(widest, thread.wall), most);
    fill(
      this.threads,
      threads.length > 0 ? el('h2', {}, threads.length === 1 ? 'Its thread' : `Its ${formatCount(threads.length)} threads`) : null,
      ...threads.slice(0, mostThreads).map(({ thread, index }) => this.thread(model, thread, index, longest)),
      threads.length > mostThreads
        ? el('a', { href: this.context.store.link({ view: 'timeline' }), class: 'more' }, `${formatCount(threads.length - mostThreads)} more`)
        : null,
    );
  }

  /**
   * @param {Model} model
   * @param {import('../types/page.js').ThreadInfo} thread
   * @param {number} index
   * @param {number} longest
   */
  thread(model, thread, index, longest) {
    const { head } = model.page;
    const { store } = this.context;
    const amounts = head.states.map((state) => thread.states[state.key] ?? 0);
    const change = { threads: [index] };
    return el(
      'div',
      { class: 'summary-thread' },
      el(
        'a',
        {
          href: store.link(change),
          title: 'Count only this thread',
          onclick: (/** @type {MouseEvent} */ event) => {
            if (event.ctrlKey || event.metaKey || event.shiftKey) return;
            event.preventDefault();
            store.set(change);
          },
        },
        nameElement(thread.name.slice(0, 80)),
      ),
      el('span', { class: 'amount dim' }, formatUnits(thread.wall, head)),
      head.amounts ? null : el('div', { class: 'thread-bar' }, statesBar(head, amounts, longest > 0 ? thread.wall / longest : 0)),
    );
  }
}

/** What shares are of, where something else on the page has another basis. @param {Model} model */
function basisWords({ metric, basis, page }) {
  const { head } = page;
  if (/^(?:run|wall)$/.test(metric.key) && hasIdle(head)) return ` of ${formatAmount(basis, metric, head)}: idle is left out`;
  const calls = head.trees.find(({ name }) => name === 'calls');
  return metric.tree === 'calls' && calls?.tasks ? '; with the tasks that each started, which Calls does not add to it' : '';
}

/** @param {import('../types/page.js').ThreadInfo} thread */
function busyTime(thread) {
  return thread.wall - (thread.states.idle ?? 0);
}

/** @param {number} share */
function heat(share) {
  return share >= 0.5 ? 'heat-4' : share >= 0.2 ? 'heat-3' : share >= 0.05 ? 'heat-2' : 'heat-1';
}

/** @type {import('../types/view.js').View} */
export const summaryView = {
  id: 'summary',
  title: 'Summary',
  available: () => true,
  create(context) {
    const summary = new Summary(context);
    return {
      element: summary.element,
      update: (state, model) => summary.update(state, model),
      hide: () => summary.flame.release(),
    };
  },
};

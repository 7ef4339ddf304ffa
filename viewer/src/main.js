// The page's start. Runs as soon as the browser has read what stands before the script, while the rest is still being read.
//
//   sections -> decodePage -> Workshop -> Model of the state -> the view that is shown
//   a change of the state (click, key, back button) -> a new Model -> update of that view
//   of a large page: decodeFirst -> the first picture, then decodePage in steps beside it; what needs more than the picture waits

import { el, fill } from './base/dom.js';
import { idle, setLeisure } from './base/turns.js';
import { PageError } from './data/columns.js';
import { lateReader } from './data/late.js';
import { decodeFirst, decodeNames, decodePage, emptyPage } from './data/page.js';
import { readHead, sectionReader } from './data/sections.js';
import { warmUp } from './model/warm_up.js';
import { Workshop } from './model/workshop.js';
import { extraReaders } from './parts/extra_code.js';
import { createShell } from './parts/shell.js';
import { createStore } from './state/store.js';
import { views } from './views/registry.js';

/** @typedef {import('./types/view.js').LiveView} LiveView */
/** @typedef {import('./types/model.js').State} State */

/** @returns {Promise<void>} the whole page is parsed */
function documentParsed() {
  return new Promise((resolve) => {
    if (document.readyState !== 'loading') resolve();
    else document.addEventListener('DOMContentLoaded', () => resolve(), { once: true });
  });
}

/** @returns {Promise<void>} the browser has shown what was drawn, or shows nothing, as in a tab that is hidden */
function framePainted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, 250);
  });
}

/**
 * @param {import('./types/page.js').Page} page
 * @param {Pick<import('./types/view.js').Context, 'late' | 'whatIf' | 'dataflow' | 'comparison'>} readers of what is read when it is first asked for
 * @param {import('./types/page.js').First | null} [first]
 * @returns {{complete: () => void}} to be called once the page has its trees
 */
function start(page, readers, first = null) {
  const workshop = new Workshop(page, first);
  const store = createStore(window, (values, before) => workshop.adjust(values, before));
  const shown = views.filter((view) => view.available(page));
  const shell = createShell({ page, workshop, store, views: shown });
  /** @type {Map<string, LiveView>} */
  const live = new Map();
  /** @type {string | null} */
  let seen = null;
  let hurried = false;
  const late = async (leisurely = false) => {
    hurried ||= !leisurely;
    setLeisure(!hurried);
    return (workshop.late = await readers.late());
  };
  const context = { page, store, ...readers, late, announce: shell.announce, workshop };
  document.getElementById('greeting')?.remove();
  document.body.append(shell.element);

  /** @param {import('./types/view.js').View} view */
  function liveOf(view) {
    const made = live.get(view.id) ?? view.create(context);
    live.set(view.id, made);
    return made;
  }

  /** @param {State} state */
  function show(state) {
    const view = shown.find((v) => v.id === state.view) ?? shown[0];
    if (!view) return;
    const missing = !workshop.canShow(state);
    const model = workshop.model(state);
    shell.waits(missing, view);
    if (missing) return;
    if (seen !== null && seen !== view.id) live.get(seen)?.hide?.();
    seen = view.id;
    const current = liveOf(view);
    shell.show(view, current.element, state, model);
    current.update(state, model);
    if (state.range !== null && workshop.late === null)
      late().then(() => show(store.get()), fail);
    if (ready) return;
    ready = true;
    requestAnimationFrame(() => {
      document.body.dataset.ready = 'true';
    });
  }
  let ready = false;

  /**
   * What the next click will probably ask for, in steps.
   * @param {State} state
   */
  async function* preparation(state) {
    const model = workshop.model(state);
    yield* model.preparation();
    for (const view of shown)
      if (view.early && view.id !== seen) {
        const steps = liveOf(view).prepare?.(state, model);
        yield;
        if (steps) yield* steps;
      }
    // Where it was interrupted it goes on.
    warming ??= warmUp(workshop);
    while (!warming.next().done) yield;
  }

  /** @type {Generator<void, void> | undefined} */
  let warming;
  let preparing = true;
  /** Of a large page, beside what is looked at. */
  async function prepare() {
    if (preparing) return;
    preparing = true;
    /** @type {State | null} */
    let done = null;
    while (done !== store.get()) {
      const state = (done = store.get());
      await framePainted();
      await idle();
      for await (const step of preparation(state)) {
        void step;
        await idle();
        if (store.get() !== state) break;
      }
    }
    preparing = false;
  }

  store.subscribe((state) => {
    show(state);
    prepare().catch(fail);
  });
  show(store.get());
  return {
    complete() {
      if (workshop.first !== null) {
        workshop.complete();
        show(store.get());
      }
      document.body.dataset.complete = 'true';
      preparing = !workshop.large;
      prepare().catch(fail);
    },
  };
}

/** @param {unknown} error */
function fail(error) {
  const words =
    error instanceof PageError
      ? error.message
      : `The page cannot be shown: ${error instanceof Error ? error.message : error}`;
  fill(document.body, el('p', { class: 'failure', role: 'alert' }, words));
}

async function main() {
  const head = readHead(document);
  document.title = head.title;
  const read = sectionReader(document, head);
  const names = await decodeNames(head, read);
  const first = await decodeFirst(head, read, names.functions.count);
  const page = emptyPage(head, names);
  const parsed = documentParsed();
  const others = extraReaders(head, read, parsed);
  const decode = async () => {
    Object.assign(page, await decodePage(head, read, names));
  };
  if (first === null) {
    await decode();
    start(page, { late: lateReader(page, read, parsed), ...others }).complete();
    return;
  }
  /** @type {() => void} */
  let decoded = () => {};
  const whole = new Promise((resolve) => {
    decoded = () => resolve(undefined);
  });
  const app = start(page, { late: lateReader(page, read, Promise.all([parsed, whole])), ...others }, first);
  await framePainted();
  await decode();
  app.complete();
  decoded();
}

main().catch(fail);

// What views are given and give. Types only: nothing here runs.
//
//   HTML sections --data/--> Page, Late --model/--> Model of a State --views/--> DOM and pixels
//                                                        ^ state/store.js <--> location.hash

/** @typedef {import('./dataflow.js').Dataflow} Dataflow */
/** @typedef {import('./model.js').Model} Model */
/** @typedef {import('./model.js').State} State */
/** @typedef {import('./page.js').Late} Late */
/** @typedef {import('./page.js').Page} Page */
/** @typedef {import('./what_if.js').WhatIf} WhatIf */

/**
 * What a view is given.
 * @typedef {object} Context
 * @property {Page} page
 * @property {import('../state/store.js').Store} store
 * @property {(leisurely?: boolean) => Promise<Late>} late leisurely: nobody waits for it yet
 * @property {() => Promise<DataflowPart | null>} dataflow with the code that shows it
 * @property {() => Promise<WhatIfPart | null>} whatIf with the code that shows it
 * @property {() => Promise<ExtraCode['barographComparison'] | null>} comparison the code that shows it
 * @property {(text: string) => void} announce says it to screen readers
 * @property {import('../model/workshop.js').Workshop} workshop names, metrics, and models of other states
 */

/**
 * @typedef {object} LiveView
 * @property {HTMLElement} element
 * @property {(state: State, model: Model) => void} update called when the view is shown, and at each change while it is
 * @property {(state: State, model: Model) => AsyncGenerator<void> | void} [prepare] makes what takes long of it before it is seen, in steps; nothing of
 *   it has a size then
 * @property {() => void} [hide] another view is shown now: what is large is let go, update comes before it is seen again
 * @property {() => void} [destroy]
 * @property {() => void} [resize] the element has another size
 */

/**
 * A row of views/registry.js.
 * @typedef {object} View
 * @property {string} id
 * @property {string} title of its tab
 * @property {boolean} [whole] is of the whole recording: what is counted, of which threads, and the search are nothing to it
 * @property {boolean} [early] of a large page it is made while nothing else is to do, because it is what people go on to
 * @property {(page: Page) => boolean} available
 * @property {(context: Context) => LiveView} create called once, when it is first shown
 */

/**
 * A view whose code comes with the pages that need it (src/dataflow.js, src/comparison.js, src/what_if.js).
 * @typedef {object} ExtraView
 * @property {HTMLElement} element
 * @property {(state: State) => void} update
 * @property {() => void} [hide]
 * @property {() => void} [resize]
 */

/** @typedef {(context: Context, dataflow: Dataflow) => ExtraView} CreateDataflowView */

/** @typedef {typeof import('../dataflow.js') & {style: string}} DataflowCode style: of its views, which build.js adds */

/** @typedef {{code: DataflowCode, dataflow: Dataflow}} DataflowPart */

/** @typedef {typeof import('../what_if.js') & {style: string}} WhatIfCode style: of its view, which build.js adds */

/** @typedef {{code: WhatIfCode, whatIf: WhatIf}} WhatIfPart */

/**
 * By the name of its exports, the code that comes with the pages that need it; style: of its views, which build.js adds.
 * @typedef {object} ExtraCode
 * @property {DataflowCode} barographDataflow
 * @property {typeof import('../comparison.js') & {style: string}} barographComparison
 * @property {WhatIfCode} barographWhatIf
 */

export {};

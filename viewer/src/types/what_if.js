// Forecasts that a page has. Types only: nothing here runs.

/**
 * What can be set of a run, and where: a slider.
 * @typedef {object} WhatIfAxis
 * @property {string} key "cores", "disk", ..., "function"
 * @property {string} id what --set calls it: the key, or "function:NAME"
 * @property {string} words what it is
 * @property {string | null} fn name of the function
 * @property {number | null} runRatio of a function: the share of the run's time that has it on the stack
 * @property {string | null} refusal why nothing can be set, or not everything
 * @property {number} base the position as recorded
 * @property {{text: string, ratio: number}[]} positions ascending; text as --set takes it; none: refused
 */

/**
 * What `barograph predict --json` says of a scenario; times in seconds.
 * @typedef {object} WhatIfForecast
 * @property {null} refusal
 * @property {number} predicted
 * @property {number} low
 * @property {number} high
 * @property {number} slots 0: of a Python program
 * @property {number} busy share of the slots' time
 * @property {number} chance standard deviation of the logarithm, of tasks or samples by chance
 * @property {{term: number, fastest: number, slowest: number}[]} terms the widest first
 * @property {string[]} assumptions
 */

/** @typedef {WhatIfForecast | {refusal: string}} WhatIfPoint */

/**
 * The forecasts of a page, by scenario (data/what_if.js has the keys).
 * @typedef {object} WhatIf
 * @property {string | null} refusal why there are none
 * @property {"some" | "singles" | "first" | "pairs"} reach which combinations there are: one change at a time and not all positions ·
 *   one change at a time · the first axis with one other · any two
 * @property {number} tasks 0: a Python program
 * @property {number} run seconds, as all other views have it; 0: a Python program
 * @property {number} base seconds of it, recorded, that are predicted
 * @property {number} lead of these, before the first job
 * @property {number} leadError give or take that
 * @property {number} baseSlots
 * @property {number} baseBusy
 * @property {number} noise standard deviation of the logarithm, from run to run
 * @property {{term: string, source: string, low: number, value: number, high: number, meaning: string}[]} terms
 * @property {WhatIfAxis[]} axes
 * @property {Map<string, WhatIfPoint>} points
 */

export {};

// What a framework ran, from its log, and two runs compared: what `barograph explain` and `diff` find. Types only: nothing here runs.
//
// Times in ns since the begin of the run; null = not known.

/** @typedef {{key: string, words: string}} Word */

/**
 * What src/explain found of a framework's log; numbers of the sections are places in these lists.
 * @typedef {object} DataflowHead
 * @property {string} summary
 * @property {number} run_ns
 * @property {number} time_unit_ns of tasks and steps in the sections
 * @property {number} tasks
 * @property {number} operators that have tasks
 * @property {number} executors
 * @property {number} slots
 * @property {boolean} has_slots a slot runs one task at a time and takes any
 * @property {boolean} has_stages tasks are each a part of one input
 * @property {number} busy_ns
 * @property {number} idle_slots_ns
 * @property {Word[]} evidence
 * @property {Word[]} quantities keys end in their unit
 * @property {Word[]} steps
 * @property {string[]} outcomes
 * @property {{key: string, words: string, evidence: string, path_ns: number, tasks_ns: number}[]} resources
 * @property {Finding[]} findings the most seconds first
 */

/**
 * @typedef {object} Finding
 * @property {string} kind
 * @property {string} title
 * @property {number} explains_ns
 * @property {string} evidence
 * @property {number | null} operator id
 * @property {string} sentence
 * @property {string} try
 */

/**
 * @typedef {object} Operator
 * @property {number} id as `explain --json` has it
 * @property {number} parent row, -1 = none
 * @property {string} kind "spark.stage"
 * @property {string} name
 * @property {string} place
 * @property {number} tasks
 * @property {number} badTasks
 * @property {number} slots
 * @property {number} startNs since the begin of the run
 * @property {number} endNs
 * @property {number} tasksNs
 * @property {number} pathNs of its tasks on the critical path
 * @property {{resource: number, evidence: number, tasksNs: number, pathNs: number}[]} parts
 * @property {({sum: number, at: number[]} | undefined)[]} quartiles by quantity: least, 25 %, median, 75 %, most
 * @property {[string, string][]} facts
 */

/** @typedef {{from: number, to: number, control: boolean, bytes: number | null, rows: number | null}} OperatorEdge rows of operators */

/**
 * Tasks, or blocks of them, slot by slot: those of slot s are [first[s], first[s + 1]). Times in ns since the begin of the run.
 * @typedef {object} Tasks
 * @property {number} count
 * @property {Uint32Array} thread of each slot
 * @property {Uint32Array} first
 * @property {Uint32Array} slot
 * @property {Float64Array} start
 * @property {Float64Array} end
 * @property {Float64Array} busy sum of the tasks' lengths
 * @property {Int32Array} operator row, -1 = of several
 * @property {Uint8Array} resource most of its time, 255 = none
 * @property {Uint8Array} flags see data/dataflow.js
 * @property {Uint32Array | Float64Array} partition one more than it is, 0 = not known
 * @property {Uint32Array | Float64Array} merged how many tasks it is
 */

/** @typedef {{count: number, kind: Uint8Array, start: Float64Array, operator: Int32Array, tasks: Uint32Array | Float64Array}} PathSteps start has one more */

/** @typedef {{head: DataflowHead, operators: Operator[], rowOf: Map<number, number>, edges: OperatorEdge[], tasks: Tasks, path: PathSteps}} Dataflow */

/** @typedef {{before: number | null, after: number | null}} Pair a number of both runs; null: not in this one */

/** @typedef {{resource: string, words?: string, evidence: string, path_ns: Pair, tasks_ns: Pair}} ResourceDiff */

/** @typedef {{operator_id: number, operator: string, place: string | null, kind: string} | null} DiffName null: not in this run */

/**
 * @typedef {object} OperatorDiff
 * @property {DiffName} before
 * @property {DiffName} after
 * @property {string} matched_by
 * @property {Pair} path_ns
 * @property {Pair} tasks_ns
 * @property {Pair} tasks
 * @property {Pair | null} read_bytes null: no task tells it
 * @property {Pair | null} written_bytes
 * @property {Pair | null} spilled_bytes
 * @property {ResourceDiff[]} by_resource the largest change first
 */

/**
 * Two runs of a framework's job.
 * @typedef {object} Comparison
 * @property {string} answer
 * @property {string[]} sentences
 * @property {Pair} run_ns
 * @property {ResourceDiff[]} critical_path
 * @property {OperatorDiff[]} operators
 */

export {};

// The shapes that the parts of the page hand each other. Types only: nothing here runs.
//
//   HTML sections --data/--> Page, Late --model/--> Model of a State --views/--> DOM and pixels
//                                                        ^ state/store.js <--> location.hash
//
// Amounts of the model are in the page's units (head.unit_ns each), ticks of the timeline in head.tick_ns; base/format.js
// turns them into text. Indices are into the page's tables unless a name says otherwise. null = not known.

/**
 * One side of the page: the recording, or before and after of a diff.
 * @typedef {object} Side
 * @property {string} file
 * @property {string} command
 * @property {string} python
 * @property {string} machine
 * @property {string | null} [host]
 * @property {string} start_utc
 * @property {number} duration_ns
 * @property {number} samples
 * @property {number | null} rate_hz
 * @property {number | null} interval_ns
 * @property {number | null} cpu_ns
 * @property {number} lost
 * @property {number} rejected
 * @property {string | null} ended
 * @property {string[]} notes
 * @property {{reason: string, ratio: number}[]} unknown
 * @property {string | null} damage
 * @property {number | null} effective_samples (sum w)^2 / sum w^2 of the samples that are not idle, in the run's own time
 * @property {number | null} [effective_samples_wall] in threads' time
 * @property {string} [tool_version]
 * @property {number | null} [achieved_rate_hz]
 * @property {number | null} [peak_memory_bytes]
 * @property {number} [unreadable]
 * @property {number} [missed_ticks]
 * @property {number} [ticks]
 * @property {number | null} [calls] also those that were only counted
 * @property {number | null} [calls_recorded] with a row
 * @property {number | null} [lost_events]
 */

/**
 * @typedef {object} SummaryLink
 * @property {string} view
 * @property {number} [function]
 * @property {number} [thread]
 * @property {string} [metric]
 * @property {number} [operator] id of an operator of the dataflow
 */

/** @typedef {{t: string, link?: SummaryLink}} SummaryPart */

/**
 * @typedef {object} StateInfo
 * @property {string} key "cpu", "gil", "lock", ...
 * @property {string} words "running", "waiting for the GIL", ...
 * @property {"run" | "wait" | "idle" | "unknown"} kind
 */

/**
 * @typedef {object} ProcessInfo
 * @property {number} pid
 * @property {number | null} parent index into head.processes
 * @property {string} command
 * @property {string} python
 * @property {number} side
 * @property {number} start_tick
 * @property {number} end_tick
 */

/**
 * @typedef {object} ThreadInfo
 * @property {number} process index into head.processes
 * @property {number} tid
 * @property {string} name
 * @property {boolean} main
 * @property {number} side
 * @property {number} start_tick
 * @property {number} end_tick
 * @property {number} wall units
 * @property {number | null} cpu units
 * @property {Record<string, number>} states units by state key
 * @property {Record<string, number>} [run_states] the same in the run's own time
 */

/**
 * @typedef {object} TreeInfo
 * @property {string} name "samples" or "calls"
 * @property {number} nodes
 * @property {number} entries
 * @property {{nodes: number, ratio: number} | null} merged small leaves that were put together to keep to the size
 */

/**
 * @typedef {object} Head
 * @property {1} version
 * @property {string} title
 * @property {boolean} diff
 * @property {Side[]} sides one, or base and new
 * @property {{parts: SummaryPart[]}[]} summary sentences
 * @property {StateInfo[]} states in the fixed order of states
 * @property {number} unit_ns
 * @property {string | null} [amounts] what amounts of samples are where they are no time: "bytes", "samples"; null = time
 * @property {number} tick_ns
 * @property {ProcessInfo[]} processes
 * @property {ThreadInfo[]} threads
 * @property {TreeInfo[]} trees
 * @property {DataflowHead | null} [dataflow] of a framework's log
 * @property {Comparison | null} [comparison] of two of them: members of `barograph diff --json`
 * @property {Record<string, string>} limits what was left out and why, in words, by section
 * @property {"none" | "snippets" | "full"} source
 * @property {Record<string, {bytes: number, columns: {name: string, encoding: string, count: number, bytes: number}[]}>} sections
 */

/**
 * Functions as columns.
 * @typedef {object} Functions
 * @property {number} count
 * @property {Uint32Array} name string: qualified name
 * @property {Uint32Array} bare string
 * @property {Uint32Array} file string
 * @property {Uint32Array} module string
 * @property {Uint32Array} line first line; 0 = not known
 * @property {Uint8Array} origin 0 own, 1 package, 2 standard library, 3 stands for something that is no function
 */

/**
 * Whole numbers, as narrow as the largest of them allows: a page has millions.
 * @typedef {Uint8Array | Uint16Array | Uint32Array | Float64Array} Numbers
 */

/**
 * Self time by (node, thread, state), in order of nodes.
 * @typedef {object} Entries
 * @property {number} count
 * @property {Uint32Array} start by node, and one more: entries of node n are [start[n], start[n + 1])
 * @property {Uint8Array | Uint16Array | Uint32Array} thread
 * @property {Uint8Array} state 255: calls
 * @property {Numbers} time units of threads' time
 * @property {Numbers | null} run units of the run's own time; null: calls, which have none
 * @property {Numbers} samples samples, or calls that entered
 */

/**
 * The parts of runs that lie in a range of time.
 * @typedef {object} RunRange
 * @property {Runs} runs
 * @property {number} from tick
 * @property {number} to
 * @property {number} unitsPerTick
 * @property {[number, number][]} spans by thread: its first run in the range, and one past its last
 */

/**
 * What amounts are made of: all entries of a tree, or parts of runs instead of them.
 * @typedef {object} Source
 * @property {Entries} entries
 * @property {RunRange | null} range null = all time
 */

/**
 * A call tree of the page: preorder, node 0 the root. parent[n] < n; parent[0] is 0.
 * @typedef {object} PageTree
 * @property {string} name
 * @property {number} count
 * @property {Int32Array} parent
 * @property {Uint16Array | Uint32Array} fn function; of the root meaningless
 * @property {Entries} entries
 */

/**
 * How much more uneven the samples of each function are than all are: its part of the squares of what samples stand for, by its part
 * of the time. 1 = not at all.
 * @typedef {Record<'run' | 'time', {self: Float32Array, total: Float32Array}>} Spread
 */

/**
 * Amounts by (function, line).
 * @typedef {object} Lines
 * @property {number} count
 * @property {Uint32Array} fn
 * @property {Uint32Array} line
 * @property {Uint32Array | Float64Array} self units of threads' time
 * @property {Uint32Array | Float64Array} total
 * @property {Uint32Array | Float64Array} selfRun
 * @property {Uint32Array | Float64Array} totalRun
 * @property {Uint32Array | Float64Array} selfSamples
 */

/**
 * What is decoded before a view asks for it; of a large page beside the first picture, and then put into it as it stands.
 * @typedef {object} Page
 * @property {Head} head
 * @property {string[]} strings
 * @property {Functions} functions
 * @property {PageTree[]} trees in the order of head.trees
 * @property {Lines | null} lines
 * @property {Lines | null} [linesBase] of a diff: those of the base
 * @property {(Spread | null)[]} [spreads] by side
 */

/**
 * What the first picture of a large page needs: the nodes of the first metric's tree that can be seen, in preorder, with the sums
 * that the whole tree gives.
 * @typedef {object} First
 * @property {string} tree its name
 * @property {number} nodes of the whole tree
 * @property {Uint32Array} node of the page's tree
 * @property {Int32Array} parent place here
 * @property {Uint32Array} fn
 * @property {Float64Array} self
 * @property {Float64Array} total
 * @property {Uint32Array} rest how many of its children have time and are not here
 */

/**
 * The timeline of one tree: runs of thread t are [first[t], first[t + 1]), in order of time.
 * @typedef {object} Runs
 * @property {string} tree
 * @property {number} count
 * @property {Uint32Array} first threads + 1 long
 * @property {Uint32Array | Float64Array} start ticks
 * @property {Numbers} time ticks
 * @property {Uint32Array} node of the page's tree
 * @property {Uint8Array} state
 * @property {Uint8Array} share 0..255: the part that counts in the run's own time
 */

/**
 * @typedef {object} CallRows the slowest calls
 * @property {number} count
 * @property {Uint32Array} fn
 * @property {Uint32Array} node
 * @property {Uint32Array} thread
 * @property {Float64Array} start tick
 * @property {Float64Array} durationNs
 * @property {Float64Array} selfNs
 * @property {Uint8Array} outcome
 * @property {Uint32Array} exception string
 * @property {Float64Array} weight
 */

/**
 * @typedef {object} CallSums by function
 * @property {number} count
 * @property {Uint32Array} fn
 * @property {Float64Array} calls
 * @property {Float64Array} primitive
 * @property {Float64Array} raised
 * @property {Float64Array} selfNs
 * @property {Float64Array} totalNs
 * @property {Float64Array} cpuNs NaN = not known
 * @property {Float64Array} meanNs
 * @property {Float64Array} p50Ns
 * @property {Float64Array} p99Ns
 * @property {Float64Array} maxNs
 * @property {Float64Array} skipped
 */

/**
 * @typedef {object} CallBuckets durations by function; bucket b holds [2^(b/4), 2^((b+1)/4)) ns
 * @property {number} count
 * @property {Uint32Array} fn
 * @property {Uint32Array} bucket
 * @property {Float64Array} calls
 */

/** @typedef {{file: string, firstLine: number, lines: string[]}} SourceText */

/**
 * What processes had used at times, ascending by process, then time.
 * @typedef {object} Counters
 * @property {number} count
 * @property {Uint32Array} process
 * @property {Float64Array} time ticks
 * @property {Float64Array} cpuUs CPU time used up to then
 * @property {Float64Array} memory bytes of resident memory, 0 = not known
 */

/**
 * @typedef {object} CallParts
 * @property {CallRows | null} calls
 * @property {CallSums | null} callSums
 * @property {CallBuckets | null} callBuckets
 */

/** @typedef {{key: string, words: string}} Word */

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

/**
 * What is decoded when a view asks for it. Absent sections give null.
 * @typedef {CallParts & {runs: Record<string, Runs>, source: SourceText[] | null, counters: Counters | null, base: CallParts | null}} Late
 *   runs by tree name; base: calls of the base of a diff
 */

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
 * @property {number} base seconds, recorded
 * @property {number} lead of them, before the first job
 * @property {number} leadError give or take that
 * @property {number} baseSlots
 * @property {number} baseBusy
 * @property {number} noise standard deviation of the logarithm, from run to run
 * @property {{term: string, source: string, low: number, value: number, high: number, meaning: string}[]} terms
 * @property {WhatIfAxis[]} axes
 * @property {Map<string, WhatIfPoint>} points
 */

/**
 * One change of what is shown. `fn` is a function, `pattern` a regular expression over names, files and modules.
 * @typedef {object} Transform
 * @property {"focus" | "ignore" | "merge" | "merge-recursion" | "collapse-library" | "own-code" | "invert"} kind
 *   focus: only what is at or below it · ignore: leave out time with it on the stack · merge: its time goes to its
 *   caller · merge-recursion: repeated functions of a stack once · collapse-library: what a library calls is the
 *   library function's · own-code: frames of libraries go to their caller · invert: callers below
 * @property {number} [fn]
 * @property {string} [pattern]
 */

/**
 * What is being looked at. Immutable; all of it is in location.hash.
 * @typedef {object} State
 * @property {string} view
 * @property {string} metric "run" the run's own time · "wall" threads' time · "cpu" · "wait:KEY" · "calls" · "call-time"
 * @property {number[] | null} threads null = all
 * @property {[number, number] | null} range ticks
 * @property {readonly Transform[]} transforms
 * @property {string} search regular expression
 * @property {number} zoom node of the page's tree that fills the width; 0 = all
 * @property {readonly number[]} trail functions from the root, where the tree is inverted: what fills the width there
 * @property {number} selected node of the page's tree, -1 = none
 * @property {number} fn chosen function, -1 = none
 * @property {"module" | "state"} colour
 * @property {Readonly<Record<string, string>>} sort by table: column key, "-" before it for descending
 * @property {number} side of a diff: 0 base, 1 new
 * @property {Readonly<Record<string, string>>} extra what single views keep, by "VIEW.NAME"
 */

/**
 * What is counted.
 * @typedef {object} Metric
 * @property {string} key
 * @property {string} words "the run's time", "waiting for the GIL" ...
 * @property {"time" | "count"} kind
 * @property {string} tree name of the tree it is of
 * @property {"run" | "time" | "samples"} column of the entries
 * @property {Uint8Array} states 1 for each state that counts (256 long)
 */

/**
 * A call tree in preorder: the subtree of n is [n, end[n]), its first child n + 1, the next sibling of c end[c].
 * @typedef {object} Tree
 * @property {number} count
 * @property {Int32Array} parent
 * @property {Uint16Array | Uint32Array} fn
 * @property {Int32Array} end
 * @property {Int32Array | null} map node of the page's tree -> node here, negative = left out; null = the same
 * @property {Int32Array | null} origin node here -> a node of the page's tree; null = the same
 * @property {Derived | null} derived what transforms made of it; null = nothing
 */

/**
 * What transforms make of a tree, whose arrays stay as they are: each node stands for itself, or one above it does, or it is left
 * out. Those that stand for themselves are the nodes of the derived tree: n is a child of to[parent[n]], of the root where that is
 * left out. Siblings can be of one function.
 * @typedef {object} Derived
 * @property {Int32Array} to node -> the node that stands for it, itself or one above it; -1 = left out; -2 = left out, what is kept
 *   right below it are children of the root
 * @property {Entrances | null} entrances null: where the walk from a node to its children begins is the node itself
 * @property {boolean} ordered what lies below a node in the derived tree does so in the tree, too: a subtree is the range it was
 * @property {boolean} holes something below a node that is kept can be left out
 * @property {boolean} hidden nodes can stand for others
 * @property {readonly number[] | null} merged where nothing but recursion was merged: the nodes that others stand for, ascending
 */

/**
 * Other places at which children of a node are found: nodes that it stands for and that are not right below it or such a one.
 * @typedef {object} Entrances
 * @property {Int32Array} ofRoot
 * @property {Int32Array | Map<number, number> | null} first by node: one more than the place in `node` of its first one, 0 = none; null = of none but the root
 * @property {Int32Array} next by place in `node`: likewise
 * @property {Int32Array} node
 */

/**
 * What nodes, or functions, have themselves and with all below. Of a derived tree `self` is that of the tree it is derived from, and
 * so is `total` where that is the same: nodes that are not shown have numbers there, too, and a node has what it stands for beside its
 * own (`selfOf` in model/children.js).
 * @typedef {object} Amounts
 * @property {Float64Array} self
 * @property {Float64Array} total
 * @property {{self: number, total: number}} [root] of the root of a derived tree
 */

/**
 * What a search found.
 * @typedef {object} Found
 * @property {string | null} error why the pattern is none
 * @property {Uint8Array} fns 1 for each function that matches
 * @property {number} functions how many match and have time
 * @property {number} matched amount with a match on the stack: the union, each moment once
 */

/**
 * Everything that follows from page and state. Cheap to make; the parts are computed when asked for and kept.
 * See model/model.js.
 * @typedef {import('./model/model.js').Model} Model
 */

/**
 * What a view is given.
 * @typedef {object} Context
 * @property {Page} page
 * @property {import('./state/store.js').Store} store
 * @property {(leisurely?: boolean) => Promise<Late>} late leisurely: nobody waits for it yet
 * @property {() => Promise<WhatIf | null>} whatIf
 * @property {() => Promise<DataflowPart | null>} dataflow with the code that shows it
 * @property {() => Promise<ExtraCode['barographComparison'] | null>} comparison the code that shows it
 * @property {(text: string) => void} announce says it to screen readers
 * @property {import('./model/workshop.js').Workshop} workshop names, metrics, and models of other states
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
 * A view whose code comes with the pages that need it (src/dataflow.js, src/comparison.js).
 * @typedef {object} ExtraView
 * @property {HTMLElement} element
 * @property {(state: State) => void} update
 * @property {() => void} [hide]
 * @property {() => void} [resize]
 */

/** @typedef {(context: Context, dataflow: Dataflow) => ExtraView} CreateDataflowView */

/** @typedef {typeof import('./dataflow.js') & {style: string}} DataflowCode style: of its views, which build.js adds */

/** @typedef {{code: DataflowCode, dataflow: Dataflow}} DataflowPart */

/**
 * By the name of its exports, the code that comes with the pages that need it; style: of its views, which build.js adds.
 * @typedef {object} ExtraCode
 * @property {DataflowCode} barographDataflow
 * @property {typeof import('./comparison.js') & {style: string}} barographComparison
 */

export {};

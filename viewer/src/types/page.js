// What a page has: read from its sections by src/data/. Types only: nothing here runs.
//
// Indices are into the page's tables unless a name says otherwise. Amounts are in head.unit_ns each, ticks of the timeline in
// head.tick_ns. null = not known.

/** @typedef {import('./dataflow.js').Comparison} Comparison */
/** @typedef {import('./dataflow.js').DataflowHead} DataflowHead */

/**
 * One side of the page: the recording, or before and after of a diff.
 * @typedef {object} Side
 * @property {string} file
 * @property {string} command
 * @property {string | null} [program] path of its own file where that has another name on the other side
 * @property {string} python
 * @property {string} machine
 * @property {string | null} [host]
 * @property {string} start_utc
 * @property {number | null} duration_ns null: nothing was recorded
 * @property {number} samples
 * @property {number | null} rate_hz
 * @property {number | null} interval_ns
 * @property {number | null} cpu_ns
 * @property {number | null} [cpu_least_ns] what threads used between their first and last recorded call, where nothing tells all of it
 * @property {number} lost
 * @property {number | null} rejected null, as the other counts of the recorder: not told
 * @property {string | null} ended
 * @property {string[]} notes
 * @property {{reason: string, ratio: number}[]} unknown
 * @property {string | null} damage
 * @property {number | null} effective_samples (sum w)^2 / sum w^2 of the samples that are not idle, in the run's own time
 * @property {number | null} [effective_samples_wall] in threads' time
 * @property {string} [tool_version]
 * @property {number | null} [achieved_rate_hz]
 * @property {number | null} [peak_memory_bytes]
 * @property {number | null} [unreadable]
 * @property {number | null} [missed_ticks]
 * @property {number | null} [ticks]
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
 * @property {boolean} [tasks] of calls: some were made a task of, and stand below the call that did
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
 * @property {CpuWaits} [waits] where anything waited for a CPU
 */

/**
 * What runs on the run queue are made of.
 * @typedef {object} CpuWaits
 * @property {number} of the state of being on the run queue, "cpu"
 * @property {number} state that of waiting for a CPU
 * @property {Uint8Array} running by run, 0..255: the part that ran, the rest waited; 255 of other states
 */

/**
 * @typedef {object} CallRows the slowest calls
 * @property {number} count
 * @property {Uint32Array} fn
 * @property {Uint32Array} node
 * @property {Uint32Array} thread
 * @property {Float64Array} start tick
 * @property {Float64Array} durationNs from begin to end
 * @property {Float64Array} suspendedNs of it: between two steps of a generator or coroutine
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

/**
 * @typedef {object} CallParts
 * @property {CallRows | null} calls
 * @property {CallSums | null} callSums
 * @property {CallBuckets | null} callBuckets
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
 * What is decoded when a view asks for it. Absent sections give null.
 * @typedef {CallParts & {runs: Record<string, Runs>, source: SourceText[] | null, counters: Counters | null, base: CallParts | null}} Late
 *   runs by tree name; base: calls of the base of a diff
 */

export {};

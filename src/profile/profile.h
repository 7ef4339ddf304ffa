/* The profile: everything a report, export or prediction reads, built once from a recording.
 * Flow: recording -> builder.h -> here -> explain, predict, show. Immutable after it is built; columnar and
 * index-based: big tables are columns (one array a field), small ones arrays of rows; no pointers between
 * rows. All memory is the profile's own. Reading it is thread-safe; nothing here prints or resolves names.
 *
 *   strings <--- functions <--- frames (function, line) <--- nodes (the call tree) <--- samples
 *                                                                                         |
 *   processes <------------------------------- threads (a run of samples each) <----------+
 *
 * Call tree: depth-first preorder, merged over all threads; node 0 is the root and has no frame. A node is
 * one (function, line) below its parent; its subtree is the index range [node, subtree_end), so that
 * descendants are a loop and not a recursion:
 *
 *   node            0 root | 1 main:9 | 2 parse:4 | 3 scan:7 | 4 load:3 | 5 worker:12
 *   parent_node     none   | 0        | 1         | 2        | 1        | 0
 *   subtree_end     6      | 5        | 4         | 4        | 5        | 6
 *
 *   Invariants: parent_node[n] < n < subtree_end[n] <= subtree_end[parent_node[n]]; every node has a sample
 *   in its subtree; siblings stand in the order in which the recording first names them.
 *   Frames of the interpreter's own code (BARO_FUNCTION_SHIM) are left out.
 *
 * Samples are grouped by thread and stand in order of time within it: thread t owns
 * [first_sample, first_sample + sample_count). The interval of sample s is (time_ns - weight_ns, time_ns].
 *
 * Two measures of time, both by state:
 *   BARO_MEASURE_THREAD  wall time of threads. Ten threads that wait for one second are ten seconds. It
 *     answers "what did this thread do" and "who waits how long".
 *   BARO_MEASURE_RUN     the run's own time, the default of reports: each moment of the run is given to the
 *     threads that were furthest from waiting, in equal parts, over all processes. It answers "what did the
 *     program mostly do": eight pool workers that wait for work do not hide the thread that runs, while
 *     a wait that nothing overlaps counts in full. Ranks, first the one that wins a moment (a thread that
 *     waits for another one comes after whatever it may wait for):
 *       0 cpu, runnable, collector   1 gil   2 disk, network   3 sleep   4 pipe, child   5 lock   6 unknown   7 idle
 *     (of one process alone, pipe and child are waits for somebody outside: 3)
 *     A single-threaded program has the same amounts in both measures.
 * Shares are over the basis: the amount of all states without idle (baro_profile_basis_ns).
 *
 * Estimates. A sample of state cpu or collector was on the run queue, so it stands for running and for waiting for a CPU:
 * `running_ratio` is the part that ran, from the thread's scheduler statistics over a window of neighbours (single
 * movements are lumpy: the kernel accounts a running thread at its ticks, up to 10 ms). The total time of a
 * thread on the run queue is known exactly from the same statistics; where at least BARO_CALIBRATE_SAMPLES looks
 * lie on and off the queue, and the correction stays within BARO_CALIBRATE_LIMIT, all its on-queue samples
 * are scaled to that total and its others to the remaining wall time (post-stratification: the shares within either
 * group stay as sampled; intervals seen as unmoved are exact and not scaled). The factors stand in the thread;
 * weight_ns is as recorded, all amounts are scaled.
 * Standard errors: baro_profile_ratio_error. */
#ifndef BARO_PROFILE_PROFILE_H
#define BARO_PROFILE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/status.h"
#include "profile/dataflow.h"
#include "recording/reader.h"
#include "recording/records.h"

/* Bounds that keep a hostile recording from taking all memory; beyond them building ends with BARO_LIMIT. */
#define BARO_PROFILE_SAMPLES_MAX (1u << 28)
#define BARO_PROFILE_CALLS_MAX (1u << 28)
#define BARO_PROFILE_STACKS_MAX (1u << 23)
#define BARO_PROFILE_FRAMES_MAX (1u << 22)
#define BARO_PROFILE_PROCESS_FACTS_MAX 256u /* further keys are left out */
#define BARO_PROFILE_STRING_BYTES_MAX ((size_t)1 << 30)

#define BARO_UNKNOWN_AMOUNT UINT64_MAX

#define BARO_CALIBRATE_SAMPLES 20
#define BARO_CALIBRATE_LIMIT 2.0

typedef enum baro_measure {
  BARO_MEASURE_RUN,
  BARO_MEASURE_THREAD,
  BARO_MEASURE_COUNT
} baro_measure;

/* Whose code a function is, judged by its file. */
typedef enum baro_origin {
  BARO_ORIGIN_USER,     /* neither of the below; without a file, what a person typed (python -c) */
  BARO_ORIGIN_PACKAGE,  /* site-packages, dist-packages; code that was generated: "<template>" */
  BARO_ORIGIN_STANDARD, /* the standard library, frozen modules */
  BARO_ORIGIN_NONE,     /* stands for something that is not a Python function: "(unreadable)" ... */
} baro_origin;

/* Amounts of time by state: a column for each state that occurs in the profile, else NULL.
 * Read through baro_amount. */
typedef struct baro_amounts {
  uint64_t *by_state_ns[BARO_STATE_COUNT];
  uint64_t *all_ns; /* sum over the states */
} baro_amounts;

/* ns of row `index` in `state`. */
static inline uint64_t baro_amount(const baro_amounts *amounts, baro_state state, uint32_t index) {
  return amounts->by_state_ns[state] == NULL ? 0 : amounts->by_state_ns[state][index];
}

/* One function: equal qualified name, file and first line. */
typedef struct baro_profile_function {
  uint32_t name_string; /* bare name, index into strings */
  uint32_t
      qualified_string; /* what to show; "(unreadable)", "(no Python frame)", "(deeper frames cut)" */
  uint32_t file_string;   /* "" when unknown */
  uint32_t module_string; /* __name__ of its module; "" unknown: nobody but the agent can tell */
  uint32_t first_line;    /* 0 = unknown */
  uint32_t flags;         /* BARO_FUNCTION_*, of all its records */
  baro_origin origin;
} baro_profile_function;

typedef struct baro_profile_functions {
  uint32_t count;
  baro_profile_function *rows;
  baro_amounts self[BARO_MEASURE_COUNT];
  baro_amounts total[BARO_MEASURE_COUNT]; /* with callees; recursion counted once */
  uint64_t *self_samples;                 /* samples whose innermost frame it is */
  uint64_t *self_ticks;                   /* scheduler ticks of these */
  uint64_t *total_samples;
  double *self_square[BARO_MEASURE_COUNT]; /* for baro_profile_ratio_error */
  double *total_square[BARO_MEASURE_COUNT];
} baro_profile_functions;

/* How a call ended. Values appear in tables: append only. */
#define BARO_OUTCOME_LIST(X)                                                                       \
  X(RETURNED, "returned")                                                                          \
  X(RAISED, "raised")         /* by an exception */                                                \
  X(CLOSED, "closed")         /* a generator or coroutine that was closed: GeneratorExit */        \
  X(UNFINISHED, "unfinished") /* still open when the recording ended; its time is until then */    \
  X(LOST, "lost")             /* events are missing: its time is until the last one before */

typedef enum baro_outcome {
#define X(name, word) BARO_OUTCOME_##name,
  BARO_OUTCOME_LIST(X)
#undef X
      BARO_OUTCOME_COUNT
} baro_outcome;

/* Of those calls of which it was recorded, ascending by call. */
typedef struct baro_profile_call_values {
  uint32_t count;
  uint32_t *call;
  uint32_t *text; /* index into value_texts */
} baro_profile_call_values;

enum { BARO_PROFILE_CALL_VALUES = 3 }; /* baro_call_value - 1 */

/* Calls that were recorded one by one: grouped by thread (that of their entry), in order of entry within it. A call stands
 * behind its parent, unless that is of another thread (what made a task; a generator that goes on elsewhere): then the
 * parent may have any index. No rows where calls were not recorded. */
typedef struct baro_profile_calls {
  uint32_t count;
  uint32_t *function; /* index into functions */
  /* The call that was on top when it was entered; of a task's first coroutine the one on top when the task was made,
   * perhaps on another thread. BARO_NONE_ID: none. */
  uint32_t *parent_call;
  uint64_t *start_ns;    /* monotonic */
  uint64_t *duration_ns; /* wall time from entry to end, suspensions included; without own_ns */
  uint64_t *self_ns;     /* active, and no other recorded call above it on its thread's stack */
  uint8_t *outcome;      /* baro_outcome */
  /* The first coroutine of the task that it belongs to (itself, if it is that), or BARO_NONE_ID; NULL: there are no tasks. */
  uint32_t *task_call;
  uint32_t *own_ns; /* what recording took of it: read through baro_call_own_ns */
  /* The few that raised, ascending by call. */
  uint32_t raised_count;
  uint32_t *raised_call;
  uint32_t *raised_exception; /* string, or BARO_NONE_ID */
  /* Those that can be suspended, ascending by call. */
  uint32_t suspendable_count;
  uint32_t *suspendable_call;
  uint64_t *suspendable_active_ns; /* callees included */
  uint32_t *suspendable_resumes;   /* beyond the entry */
  /* Those of functions that were thinned to keep within a budget, ascending by call; no others stand for more than
   * themselves. */
  uint32_t weighted_count;
  uint32_t *weighted_call;
  uint64_t *weighted_weight; /* how many calls it stands for, on average */
  /* Those of which more is known about what they used, ascending by call. */
  uint32_t usage_count;
  uint32_t *usage_call;
  uint64_t *usage_cpu_ns; /* callees included; BARO_UNKNOWN_AMOUNT: not known to 5 % */
  uint64_t *
      usage_memory_bytes; /* by how much the peak of the process' resident memory rose meanwhile, whoever raised
                                   it; BARO_UNKNOWN_AMOUNT: no reading bounds it */
  /* What they were given and returned (docs/values.md), and the texts of that, each once; any bytes. */
  baro_profile_call_values values[BARO_PROFILE_CALL_VALUES];
  baro_intern value_texts;
  uint64_t lost_events; /* that the recorder says are missing */
  /* What recording itself took of the threads' time, in all: taken off durations, self, total and active time.
   * 0 where the recording does not say what an event costs. */
  uint64_t own_cost_ns;
  /* CPU time of the threads between the first reading and the last one of each, in all: at least so much was used, recording
   * itself included. 0: no thread was read twice. */
  uint64_t threads_cpu_ns;
} baro_profile_calls;

/* What recording took of a call, as far as it was taken off its duration. Whole ns up to 2 s, above in steps of 1,024. */
static inline uint64_t baro_call_own_ns(const baro_profile_calls *calls, uint32_t call) {
  uint32_t own = calls->own_ns[call];
  return own >> 31 == 0 ? own : (uint64_t)(own & 0x7fffffff) << 10;
}

/* From its first event to its last, as the clock had it: start_ns and this nest. */
static inline uint64_t baro_call_clocked_ns(const baro_profile_calls *calls, uint32_t call) {
  return calls->duration_ns[call] + baro_call_own_ns(calls, call);
}

/* What calls of one function add up to; all 0 where none was recorded. Index as functions. Of a function that was thinned the
 * number of calls is exact, and all else an estimate without bias from those that have a row, but for max_ns, which is theirs. */
typedef struct baro_profile_call_sums {
  uint64_t *calls;      /* rows, and skipped */
  uint64_t *skipped;    /* were only counted: the function was thinned */
  uint64_t *thinned_ns; /* since when, monotonic; 0: it was not */
  uint64_t *
      primitive_calls; /* of these: not made while another call of the function was active on the thread */
  uint64_t *raised;
  uint64_t *self_ns;
  uint64_t *total_ns;    /* active time with callees; recursion counted once */
  uint64_t *cpu_ns;      /* CPU time of that; BARO_UNKNOWN_AMOUNT: see call_usage.c */
  uint64_t *duration_ns; /* sum of the durations */
  uint64_t *p50_ns;      /* of durations: the smallest that half of the calls do not exceed */
  uint64_t *p99_ns;
  uint64_t *max_ns; /* longest duration */
} baro_profile_call_sums;

/* Caller and callee, ascending by caller, then callee. Root calls have the caller BARO_NONE_ID, last. All that a
 * generator or coroutine does is of the caller of its first step, whoever resumed it later; what a task does is of the call
 * that made the task. */
typedef struct baro_profile_call_edges {
  uint32_t count;
  uint32_t *caller; /* function */
  uint32_t *callee;
  uint64_t *calls;
  uint64_t *primitive_calls; /* not made while another call of the edge was active on the thread */
  uint64_t *self_ns;
  uint64_t *total_ns; /* of these calls, recursion counted once */
} baro_profile_call_edges;

/* Lines: the frames. */
typedef struct baro_profile_frames {
  uint32_t count;
  uint32_t *function; /* index into functions */
  uint32_t *line;     /* 0 = unknown */
  baro_amounts self[BARO_MEASURE_COUNT];
  baro_amounts total[BARO_MEASURE_COUNT]; /* recursion counted once */
  uint64_t *self_samples;
  double *self_square[BARO_MEASURE_COUNT];
  double *total_square[BARO_MEASURE_COUNT];
} baro_profile_frames;

typedef struct baro_profile_nodes {
  uint32_t count;        /* >= 1 */
  uint32_t *parent_node; /* BARO_NONE_ID at the root */
  uint32_t *frame;       /* index into frames; BARO_NONE_ID at the root */
  uint32_t *subtree_end;
  uint32_t *depth; /* root 0 */
  /* Self time. Most nodes have one or two states: a node has a row for each state that it has, one behind the
   * other in the order of states. Read through baro_node_ns and those behind it. */
  uint16_t *states;    /* bit s: it has a row of state s */
  uint32_t *first_row; /* of the node's rows */
  uint64_t *row_ns[BARO_MEASURE_COUNT];
  uint32_t row_count;
  uint16_t states_present; /* of any node */
  uint64_t *total_ns;      /* BARO_MEASURE_THREAD, all states; of the root: of everything */
  uint64_t *self_samples;
} baro_profile_nodes;

_Static_assert(BARO_STATE_COUNT <= 16, "a bit a state");

/* Row of a state that the node has. */
static inline uint32_t baro_node_row(const baro_profile_nodes *nodes, baro_state state,
                                     uint32_t node) {
  unsigned before = nodes->states[node] & ((1u << state) - 1);
  return nodes->first_row[node] + (uint32_t)__builtin_popcount(before);
}

/* Self time of a node in a state. */
static inline uint64_t baro_node_ns(const baro_profile_nodes *nodes, baro_measure measure,
                                    baro_state state, uint32_t node) {
  return (nodes->states[node] >> state & 1) == 0
             ? 0
             : nodes->row_ns[measure][baro_node_row(nodes, state, node)];
}

/* Self time in all states, and in all but idle. */
uint64_t baro_node_all_ns(const baro_profile_nodes *nodes, baro_measure measure, uint32_t node);
uint64_t baro_node_busy_ns(const baro_profile_nodes *nodes, baro_measure measure, uint32_t node);

typedef struct baro_profile_samples {
  uint64_t count;
  uint64_t *time_ns;   /* end of the interval, monotonic */
  uint64_t *weight_ns; /* wall time of the thread, as recorded */
  float *run_ns;       /* part of the run's own time (BARO_MEASURE_RUN), scaled */
  float *
      running_ratio; /* on the run queue: part that ran, the rest was runnable; 1 for other states */
  uint32_t *ticks;
  uint32_t *node; /* index into nodes; never the root */
  uint8_t *state; /* baro_state as recorded: cpu stands for cpu and runnable */
} baro_profile_samples;

typedef struct baro_profile_process {
  uint32_t os_pid;
  uint32_t parent_process; /* or BARO_NONE_ID */
  uint64_t start_ns;
  uint64_t seen_ns;
  uint64_t end_ns;     /* 0 = no end recorded */
  int32_t wait_status; /* as waitpid gives it; -1 unknown */
  uint32_t command_string;
  uint32_t python_string;
  bool has_counters;
  uint64_t counters[BARO_COUNTER_COUNT]; /* last values; meaningful if has_counters */
  uint32_t first_thread;                 /* threads of a process stand together */
  uint32_t thread_count;
  uint64_t cpu_ns; /* while it was recorded; see baro_profile.cpu_ns */
  bool has_cpu;    /* it is known, be it 0 */
  struct baro_profile_fact
      *facts; /* last value of each key, at most BARO_PROFILE_PROCESS_FACTS_MAX */
  uint32_t fact_count;
} baro_profile_process;

typedef struct baro_profile_thread {
  uint32_t process;
  uint32_t os_tid;
  uint32_t name_string;
  /* Where it enters the user's code: the outermost function of its stacks that is the user's own (of a
   * package where there is none), that of the most time; index into functions or BARO_NONE_ID. */
  uint32_t entry_function;
  bool is_main;
  uint64_t seen_ns;
  uint64_t end_ns; /* 0 = no end recorded */
  uint64_t first_sample;
  uint64_t sample_count;
  uint32_t first_call;
  uint32_t call_count;
  uint64_t calls_start_ns; /* of its first event; 0 where it has none */
  uint64_t calls_end_ns;   /* of its last one, or of the end of its active calls */
  uint64_t calls_self_ns;  /* while any recorded call was active */
  uint64_t ticks;
  uint64_t
      wall_ns; /* sum of its samples' weights; without samples, from its first event to calls_end_ns */
  uint64_t cpu_ns; /* from its scheduler statistics; exact */
  uint64_t runnable_ns;
  bool has_cpu; /* the two above are known: the statistics of some thread of the recording moved */
  double on_factor;  /* by which its samples on the run queue (cpu, collector) are scaled */
  double off_factor; /* and its other samples of one tick */
  uint64_t state_ns[BARO_STATE_COUNT]; /* BARO_MEASURE_THREAD; of samples, they add up to wall_ns */
  uint64_t run_state_ns[BARO_STATE_COUNT]; /* BARO_MEASURE_RUN */
} baro_profile_thread;

typedef struct baro_profile_fact {
  baro_view key;
  baro_view value;
} baro_profile_fact;

/* What a process had used by a time: about one a second while it was recorded, ascending by process, then time. */
typedef struct baro_profile_reading {
  uint32_t process;
  uint64_t time_ns;
  uint64_t cpu_ns;    /* since it was attached; never falls */
  uint64_t rss_bytes; /* resident memory; 0: not read */
} baro_profile_reading;

typedef struct baro_profile_note {
  uint64_t time_ns;
  uint32_t process; /* or BARO_NONE_ID */
  baro_view text;
} baro_profile_note;

typedef struct baro_profile {
  baro_view *strings; /* each followed by a NUL byte that is not part of it; may hold any bytes */
  uint32_t string_count;
  baro_profile_functions functions;
  baro_profile_frames frames;
  baro_profile_nodes nodes;
  baro_profile_samples samples;
  baro_profile_calls calls;
  baro_profile_call_sums call_sums;
  baro_profile_call_edges call_edges;
  baro_dataflow dataflow;
  baro_profile_process *processes;
  uint32_t process_count;
  baro_profile_thread *threads;
  uint32_t thread_count;
  baro_profile_reading *readings;
  uint32_t reading_count;

  /* The head. */
  baro_damage damage;
  baro_profile_fact *facts; /* info records, last value of each key */
  uint32_t fact_count;
  baro_profile_note *notes; /* at most 1,000, further ones are counted in the last */
  uint32_t note_count;
  baro_clock_anchor *anchors; /* in order of monotonic_ns */
  uint32_t anchor_count;
  uint64_t
      start_ns; /* of the first moment that any sample stands for, or of the first call; 0 without */
  uint64_t end_ns;
  uint64_t wall_ns; /* sum over threads */
  /* CPU time of the processes while they were recorded: by their own clocks where the recorder read them, which know
   * also what threads used that ended before anybody looked; at least the sum of their threads. */
  uint64_t cpu_ns;
  uint64_t
      unseen_cpu_ns; /* of it: not of sampled threads; 0 where their statistics are not known */
  bool has_cpu;      /* the two above are known, be they 0 */
  uint64_t counters[BARO_COUNTER_COUNT]; /* summed; ticks and sampler CPU: the recorder's own */
  bool has_counters;
  uint64_t state_ns[BARO_MEASURE_COUNT][BARO_STATE_COUNT];
  uint64_t all_ns[BARO_MEASURE_COUNT];
  double square[BARO_MEASURE_COUNT]; /* for baro_profile_ratio_error */

  baro_arena arena; /* owns the small tables and the strings */
} baro_profile;

/* Reads a recording and builds its profile. The damage of the file, if any, is in the profile; fails as
 * baro_recording_read does, with BARO_LIMIT, or BARO_NO_MEMORY. */
baro_status baro_profile_load(const char *path, baro_profile **ret_profile,
                              baro_error *err) BARO_MUST_USE;
void baro_profile_destroy(baro_profile *profile);

/* Whose code a file is. */
baro_origin baro_origin_of(baro_view file);

/* "" for BARO_NONE_ID. */
baro_view baro_profile_string(const baro_profile *profile, uint32_t string);
/* Value of an info key; false when the recording does not have it. */
bool baro_profile_info(const baro_profile *profile, const char *key, baro_view *ret_value);
/* As a non-negative number; false when absent or not one. */
bool baro_profile_info_number(const baro_profile *profile, const char *key, double *ret_value);
/* The same of a fact about a process (baro_process_fact_record says which there are). */
bool baro_profile_process_fact(const baro_profile *profile, uint32_t process, const char *key,
                               baro_view *ret_value);
bool baro_profile_process_fact_number(const baro_profile *profile, uint32_t process,
                                      const char *key, double *ret_value);
/* What amounts of samples are where they are no time, as some imported ones: "samples", "bytes"; then one of them stands where a
 * ns would. "" for time. */
baro_view baro_profile_weight_unit(const baro_profile *profile);
/* UTC of a monotonic time, by the nearest anchor; false without anchors. */
bool baro_profile_utc_ns(const baro_profile *profile, uint64_t monotonic_ns, uint64_t *ret_utc_ns);
/* Function of a node; BARO_NONE_ID at the root. */
uint32_t baro_profile_node_function(const baro_profile *profile, uint32_t node);

/* What shares are shares of: all states but idle. 0 when there is nothing. */
uint64_t baro_profile_basis_ns(const baro_profile *profile, baro_measure measure);
/* Share of the time in which it is not known what threads did, 0 to 1: of the basis; where a framework told of tasks, of all their time,
 * whatever the measure. 0 when there is nothing. */
double baro_profile_unknown_ratio(const baro_profile *profile, baro_measure measure);
/* Amount without idle, of one row. */
uint64_t baro_amount_busy(const baro_amounts *amounts, uint32_t index);
/* Amount in states that wait (all but cpu, collector and idle). */
uint64_t baro_amount_waiting(const baro_amounts *amounts, uint32_t index);

/* Standard error of a share `ratio` of the basis, of which `square` is the row's self_square or total_square:
 * sqrt(sum w^2 (x - p)^2) / sum w over the samples that are not idle (w the time a sample stands for, x 1 if it
 * belongs to the row). A sample of n ticks counts as n looks of w/n each. For equal weights this is
 * sqrt(p (1 - p) / n). Negative (unknown) without samples, and where it is not known how many looks imported ones were. */
double baro_profile_ratio_error(const baro_profile *profile, baro_measure measure, double ratio,
                                double square);

/* Splits a sample's weight in BARO_MEASURE_THREAD into its state and runnable: the scaled weight, to whole ns each, as all sums have
 * them. */
typedef struct baro_sample_split {
  baro_state state;
  double state_ns;
  double runnable_ns; /* not 0 only for state cpu */
} baro_sample_split;
baro_sample_split baro_profile_sample_split(const baro_profile *profile,
                                            const baro_profile_thread *thread, uint64_t sample);

#endif

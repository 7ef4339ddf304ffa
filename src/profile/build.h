/* What the steps of building a profile share; private to src/profile.
 * Flow, in the order of a build: builder.c collects records; samples.c groups samples by thread and order of
 * time; call_tree.c makes the preorder tree; generated.c tells whose code
 * without a file is; entry.c finds the threads' entries; idle_places.c
 * knows waits for work; run_queue.c splits running from runnable and calibrates;
 * run_time.c gives each moment of the run to threads; totals.c sums up; calls.c brings the calls, which
 * call_events.c made as they came, into columns; dataflow_build.c and dataflow_order.c put operators and tasks into order. Each step reads what the earlier ones left in `profile` and below. */
#ifndef BARO_PROFILE_BUILD_H
#define BARO_PROFILE_BUILD_H

#include "base/grow.h"
#include "base/map.h"
#include "profile/builder.h"
#include "profile/raw_samples.h"

/* The tree as a trie in order of definition: a parent precedes its children; 0 is the root. */
typedef struct baro_raw_tree {
  uint32_t count;
  uint32_t capacity;
  uint32_t *parent;
  uint32_t *frame;
  baro_map by_key; /* parent << 32 | frame -> node */
} baro_raw_tree;

/* Names of our own precede those of the recording: a recording's string id s is ours s + BARO_OWN_STRINGS. */
enum {
  BARO_OWN_EMPTY,
  BARO_OWN_UNREADABLE,
  BARO_OWN_NO_PYTHON,
  BARO_OWN_DEPTH_CUT,
  BARO_OWN_STRINGS
};

/* Growable array of 32-bit values. */
typedef struct baro_u32s {
  uint32_t *items;
  uint32_t count;
  uint32_t capacity;
} baro_u32s;

struct baro_profile_builder {
  baro_visitor visitor;
  baro_profile *profile; /* owned */

  baro_view *strings;
  uint32_t string_capacity;
  size_t string_bytes;

  baro_intern function_keys;        /* bytes of a function_key -> merged function */
  baro_profile_function *functions; /* merged */
  uint32_t function_capacity;
  baro_u32s function_of_raw;

  baro_map frame_by_key; /* function << 32 | line -> merged frame */
  baro_u32s frame_function;
  baro_u32s frame_line;
  baro_u32s frame_of_raw;

  baro_raw_tree tree;
  baro_u32s node_of_stack;
  uint32_t unreadable_node; /* for samples without a stack */
  uint32_t no_python_node;  /* for stacks of shims only */

  baro_profile_process *processes;
  uint32_t process_capacity;
  baro_profile_thread *threads;
  uint32_t thread_capacity;
  uint64_t recorder_counters[BARO_COUNTER_COUNT];
  bool has_recorder_counters;
  uint64_t recorder_ns; /* the last sign of it */

  baro_intern fact_keys;
  baro_profile_fact *facts; /* by id of fact_keys */
  uint32_t fact_capacity;
  baro_profile_note *notes;
  uint32_t note_capacity;
  uint64_t notes_left_out;
  baro_profile_reading *readings;
  uint32_t reading_capacity;
  baro_clock_anchor *anchors;
  uint32_t anchor_capacity;

  baro_raw_samples *samples; /* owned, by raw thread; until baro_build_samples */
  uint32_t samples_count;    /* of threads */
  float *cpu_ns; /* by sample of the profile, from baro_build_samples to baro_build_run_queue */
  float *runnable_ns;

  struct baro_call_build *calls;        /* owned; NULL while there are none */
  struct baro_dataflow_build *dataflow; /* likewise */
  uint32_t *thread_position; /* owned; raw thread -> thread, from baro_build_samples on */
  uint32_t *function_number; /* owned; merged function -> function, from baro_build_tree on */
};

/* --- small helpers --- */

static inline uint64_t baro_sum_ns(uint64_t a, uint64_t b) {
  uint64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static inline uint64_t baro_round_ns(double ns) {
  /* 2^64 itself is the first value that does not fit; NaN compares false. */
  if (!(ns > 0)) {
    return 0;
  }
  return ns < 18446744073709549568.0 ? (uint64_t)(ns + 0.5) : UINT64_MAX;
}

static inline uint64_t baro_start_ns(uint64_t time_ns, uint64_t weight_ns) {
  return weight_ns < time_ns ? time_ns - weight_ns : 0;
}

/* By what the amounts of sample s are scaled. */
static inline double baro_sample_factor(const baro_profile_samples *samples,
                                        const baro_profile_thread *thread, uint64_t s) {
  baro_state state = (baro_state)samples->state[s];
  if (state == BARO_STATE_CPU || state == BARO_STATE_COLLECTOR) {
    return thread->on_factor;
  }
  return state == BARO_STATE_UNKNOWN || samples->ticks[s] > 1 ? 1 : thread->off_factor;
}

static inline bool baro_state_on_queue(baro_state state) {
  return state == BARO_STATE_CPU || state == BARO_STATE_COLLECTOR;
}

baro_status baro_u32s_push(baro_u32s *array, uint32_t value) BARO_MUST_USE;

/* Room for one more row of a table that must not exceed limit. */
baro_status baro_table_grow(void **items, uint32_t *capacity, uint32_t count, size_t size,
                            uint32_t limit, const char *what, baro_error *err) BARO_MUST_USE;
/* Copy of text with a NUL behind it, in the profile's arena. */
baro_status baro_build_copy(baro_profile_builder *builder, baro_view text, baro_view *ret_copy,
                            baro_error *err) BARO_MUST_USE;

/* Sets the visitor's functions for definitions, and defines our own names and nodes. */
baro_status baro_build_definitions(baro_profile_builder *builder, baro_error *err) BARO_MUST_USE;
/* Sets the visitor's functions for processes, threads and the head. */
void baro_build_tables(baro_profile_builder *builder);
void baro_build_definitions_release(baro_profile_builder *builder);
void baro_build_tables_release(baro_profile_builder *builder);
/* Moves the head, processes and threads into the profile. */
baro_status baro_build_head(baro_profile_builder *builder) BARO_MUST_USE;

/* Keeps what counters of a process say. BARO_LIMIT or BARO_NO_MEMORY. */
baro_status baro_build_reading(baro_profile_builder *builder, const baro_counters_record *record,
                               baro_error *err) BARO_MUST_USE;
/* Moves the readings into the profile, in order. */
baro_status baro_build_readings(baro_profile_builder *builder) BARO_MUST_USE;

/* --- the steps --- */

/* Child of raw node `parent` with `frame`, new or old. */
baro_status baro_raw_tree_child(baro_raw_tree *tree, uint32_t parent, uint32_t frame,
                                uint32_t *ret_node, baro_error *err) BARO_MUST_USE;
baro_status baro_raw_tree_init(baro_raw_tree *tree) BARO_MUST_USE;
void baro_raw_tree_release(baro_raw_tree *tree);

/* Orders threads by process; fills threads' sample ranges; raw samples stand by thread and time after it. */
baro_status baro_build_samples(baro_profile_builder *builder) BARO_MUST_USE;
/* Makes nodes, frames and functions that have samples; renumbers the samples' nodes. */
baro_status baro_build_tree(baro_profile_builder *builder) BARO_MUST_USE;
/* Fills running_ratio, threads' totals and factors. Needs baro_build_samples. */
baro_status baro_build_run_queue(baro_profile_builder *builder) BARO_MUST_USE;
/* Fills run_ns. */
baro_status baro_build_run_time(baro_profile_builder *builder) BARO_MUST_USE;
/* Fills all amounts. */
baro_status baro_build_totals(baro_profile_builder *builder) BARO_MUST_USE;
/* Makes waits for work of the library's pools and queues idle. Needs baro_build_samples, baro_build_tree. */
baro_status baro_build_idle(baro_profile_builder *builder) BARO_MUST_USE;
/* Sets the visitor's function for events of calls. */
void baro_build_calls_visit(baro_profile_builder *builder);
/* Sets ret_used of the merged functions that have calls. */
void baro_build_calls_mark(const baro_profile_builder *builder, uint8_t *ret_used);
/* Fills calls, their sums and edges, and what threads say of them; extends the bounds of the run. Needs
 * baro_build_run_time. */
baro_status baro_build_calls(baro_profile_builder *builder) BARO_MUST_USE;
void baro_build_calls_release(baro_profile_builder *builder);
/* Sets the visitor's functions for operators and tasks. */
void baro_build_dataflow_visit(baro_profile_builder *builder);
/* Fills dataflow. Needs baro_build_run_queue. */
baro_status baro_build_dataflow(baro_profile_builder *builder) BARO_MUST_USE;
void baro_build_dataflow_release(baro_profile_builder *builder);
/* Puts edges into order, each once, and drops of those in a cycle what leads back (cyclic_edges counts them); fills order
 * and the operators' incoming edges. O(edges log edges). BARO_NO_MEMORY without a message. */
baro_status baro_order_operators(baro_dataflow *dataflow) BARO_MUST_USE;
/* Fills state_ns, of which dataflow has none yet. O(tasks log tasks + samples of their slots). */
baro_status baro_build_task_states(const baro_profile *profile,
                                   baro_dataflow *dataflow) BARO_MUST_USE;
void baro_dataflow_release(baro_dataflow *dataflow);
/* Whether a file's name in angle brackets is of what a person typed: "<stdin>". */
bool baro_is_typed(baro_view file);
/* Makes "<string>" a package's unless it is the program: python -c. Needs baro_build_tree, baro_build_calls. */
baro_status baro_build_origins(baro_profile_builder *builder) BARO_MUST_USE;

/* Fills the threads' entry_function. Needs baro_build_samples, baro_build_tree, baro_build_calls. */
baro_status baro_build_entries(baro_profile_builder *builder) BARO_MUST_USE;
/* Marks nodes that no ancestor precedes with the same group[] value (group of the root is ignored). */
baro_status baro_tree_outermost(const baro_profile_nodes *nodes, const uint32_t *group,
                                uint32_t group_count, uint8_t *ret_outermost) BARO_MUST_USE;

#endif

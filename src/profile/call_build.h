/* Calls while a profile is built; private to src/profile.
 * Flow: events as they come -> call_events.c (rows, and sums by thread) -> calls.c (the profile's columns) ->
 * call_quantiles.c. Rows stand in the order in which their calls were entered, all threads mixed; `segments` say
 * whose they are, so that the columns need no thread and move as whole runs at the end.
 *
 * A thread has a stack of active calls, and adds up while events come: only then is it known which calls were
 * active together. A link is a pair of caller and callee within one thread, an actor a function within one thread.
 * Their depth says how often they are on the stack now: time is added when the outermost one leaves it, so that
 * recursion counts once. Link 0 stands for no caller.
 * Memory: 37 bytes a call, 64 more for one that can be suspended, and what differs by thread, caller and callee. */
#ifndef BARO_PROFILE_CALL_BUILD_H
#define BARO_PROFILE_CALL_BUILD_H

#include "profile/build.h"

enum { BARO_CALL_LINK_CACHE = 4 };

typedef struct baro_call_link {
  uint32_t caller; /* merged functions; BARO_NONE_ID: none */
  uint32_t callee;
  uint32_t actor; /* the callee's */
  uint32_t depth;
  uint64_t since_ns; /* when depth became 1, as are all times here: baro_call_clock */
  uint64_t calls;
  uint64_t primitive_calls; /* made while depth was 0 */
  uint64_t self_ns;
  uint64_t total_ns;
  /* What weights add to these two, which may be less than nothing; of the call that set since_ns: its weight - 1. */
  double self_extra_ns;
  double total_extra_ns;
  double total_factor;
  /* Links whose caller is this one's callee, by the last bits of theirs: a function calls few others, and a lookup in
   * the map for each call would be a third of the whole time. 0: none. */
  uint32_t next[BARO_CALL_LINK_CACHE];
} baro_call_link;

typedef struct baro_call_actor {
  uint32_t function; /* merged */
  uint32_t depth;
  uint64_t since_ns;
  uint64_t since_wait_ns; /* the thread's wait_ns then */
  uint64_t primitive_calls;
  uint64_t total_ns;
  uint64_t wait_ns;     /* of it, not on a CPU */
  double self_extra_ns; /* as a link has them */
  double total_extra_ns;
  double total_factor;
  double cpu_extra_ns;
  double duration_extra_ns; /* of the sum over all its calls: less than nothing */
  uint64_t weights;         /* of its rows, each less 1 */
  uint64_t skipped;         /* calls without a row */
  uint64_t thinned_ns;      /* when that began; 0: never */
} baro_call_actor;

/* A call on a thread's stack. */
typedef struct baro_open_call {
  uint32_t call; /* row */
  uint32_t link;
  uint64_t self_ns;
  uint64_t since_ns;    /* entered or resumed */
  uint64_t number;      /* of the event; 0: cannot be suspended */
  uint32_t suspendable; /* row; meaningful if number is not 0 */
  uint32_t window;      /* of the thread at since_ns, as the five below: call_usage.c */
  uint64_t own_ns;
  uint64_t wait_ns;
  uint32_t raised_kib;
  uint32_t blind_windows;
  uint64_t unsure_kib; /* by how much the peak may have risen outside of it */
  uint64_t unsure_ns;  /* by how much its CPU time may be too large */
} baro_open_call;

/* Beside it, where weights are. */
typedef struct baro_weighed_call {
  double weight;
  double time_weight; /* that its own time counts with */
  double
      correction_ns; /* of its own time: what callees without a row took of it, less than nothing */
  double counting_ns; /* what counting these cost, in it and in what it called */
} baro_weighed_call;

/* Of calls that are recorded while their function rests, and of no others: 1 << BARO_BUDGET_REST_SHIFT of the agent. */
enum { BARO_CALL_RESTING_WEIGHT = 2048 };

/* What recording itself costs, in ns: of the work for an event, the part in front of its clock and that behind it.
 * By the kind of the event, and by whether the call can be suspended. */
typedef struct baro_call_costs {
  uint32_t before_ns[BARO_CALL_EVENT_KIND_COUNT][2];
  uint32_t after_ns[BARO_CALL_EVENT_KIND_COUNT][2];
  uint32_t counted_ns; /* of a call that is only counted, all of it in the caller */
  uint32_t resting_ns; /* ... while its function rests */
  uint32_t woken_ns;   /* inner, of a call that is recorded while it rests, beyond that of others */
  uint32_t usage_ns;   /* of a reading */
  uint32_t
      usage_interval_ns; /* from one to the first event that the next is taken at; 0: unknown */
  uint32_t fresh_ns;     /* of a slot, as long as the ring is filled for the first time */
} baro_call_costs;

/* CPU time of a call that ended behind the last reading: the next one tells how much of it was waiting. */
typedef struct baro_call_pending {
  uint32_t call;        /* row */
  uint32_t suspendable; /* row, or BARO_NONE_ID */
  uint64_t active_ns;
  uint64_t cpu_ns;
  uint64_t unsure_ns;
  uint64_t behind_ns; /* the end lies so long behind the reading before it */
  uint64_t raised_kib;
  uint64_t unsure_kib;
  bool has_reading; /* between its first event and its last */
} baro_call_pending;

/* Sums over the steps of a call that can be suspended. */
typedef struct baro_suspendable_usage {
  uint64_t own_ns;
  uint64_t cpu_ns;
  uint64_t unsure_ns;
  uint64_t raised_kib;
  uint64_t unsure_kib;
  bool has_reading; /* between its first event and its last */
} baro_suspendable_usage;

/* A thread's own clock is that of its events without what recording took: time_ns - own_ns. */
typedef struct baro_call_thread {
  uint64_t first_ns; /* as clocked */
  uint64_t last_ns;
  baro_call_costs costs;
  uint64_t own_ns;      /* taken off so far */
  uint32_t fresh_slots; /* left of the first round through the ring */
  uint64_t pending_ns;  /* cost behind the last event, not yet taken off */
  uint64_t own_wait_ns; /* of what was taken off since the last reading: not on a CPU */
  /* Windows lie between two readings of usage. */
  uint32_t window; /* how many readings there were */
  uint64_t read_ns;
  uint64_t read_cpu_ns;
  uint64_t first_cpu_ns; /* at the first one */
  uint32_t read_peak_kib;
  uint32_t raised_kib;    /* since the first reading */
  uint32_t blind_windows; /* that began or ended with no peak known */
  uint64_t wait_ns;       /* not on a CPU, since the first reading */
  uint64_t unsure_ns;     /* of it, what may have happened at other events than it is counted at */
  baro_call_pending *pending; /* owned, as all arrays here */
  uint32_t pending_count;
  uint32_t pending_capacity;
  baro_open_call *stack;
  uint32_t depth;
  uint32_t stack_capacity;
  baro_weighed_call *weighed; /* by depth; NULL: no weights so far */
  uint32_t weighed_capacity;
  double counting_ns; /* what counting calls without a row cost */
  bool next_is_inner;
  uint64_t next_weight; /* of the next call; 0: none came */
  baro_call_link *links;
  uint32_t link_count;
  uint32_t link_capacity;
  baro_call_actor *actors;
  uint32_t actor_count;
  uint32_t actor_capacity;
  baro_map by_key; /* caller << 32 | callee -> link; ACTOR_KEY << 32 | function -> actor */
} baro_call_thread;

/* Rows [first_call, that of the next segment) are of this thread. */
typedef struct baro_call_segment {
  uint32_t thread; /* raw */
  uint32_t first_call;
  uint32_t place; /* where the first one goes: calls.c */
} baro_call_segment;

typedef struct baro_call_build {
  baro_profile_calls rows; /* owned; raised calls stand as they ended */
  uint32_t capacity;
  uint32_t suspendable_capacity;
  baro_map suspendable_of_number; /* of those that have not ended */
  baro_map spawner_of_number;     /* of tasks that have not begun: row, or BARO_NONE_ID */
  uint32_t *tasks;                /* owned; rows that tasks begin with, as they came */
  uint32_t task_count;
  uint32_t task_capacity;
  baro_suspendable_usage *suspendable_usage; /* owned; as suspendables */
  uint32_t usage_capacity;
  bool no_memory; /* for what readings of usage say */
  uint32_t raised_capacity;
  uint32_t value_capacity[BARO_PROFILE_CALL_VALUES];
  uint32_t weighted_capacity;
  uint8_t *weighted_inner;     /* owned; beside rows.weighted_call */
  baro_call_segment *segments; /* owned */
  uint32_t segment_count;
  uint32_t segment_capacity;
  baro_call_thread **threads; /* owned; by raw thread, NULL where it has none */
  uint32_t thread_capacity;
} baro_call_build;

/* --- call_columns.c: memory --- */

/* Makes room for one more of an array whose items are of any type. */
#define BARO_CALL_GROW(array, capacity, count)                                                     \
  baro_grow(&(array), &(capacity), (count), sizeof(*(array)))

/* Room for `capacity` items; false: out of memory, and the column is as it was. */
bool baro_call_grow_column(void *column_address, uint32_t capacity, size_t size) BARO_MUST_USE;
baro_status baro_call_grow_rows(baro_call_build *build, baro_error *err) BARO_MUST_USE;
/* A row for a call that can be suspended, found again by its number. */
baro_status baro_call_add_suspendable(baro_call_build *build, uint32_t call, uint64_t number,
                                      uint32_t *ret_row) BARO_MUST_USE;
baro_status baro_call_thread_make(baro_call_build *build, uint32_t raw,
                                  uint64_t first_ns) BARO_MUST_USE;
/* The actor of a merged function. */
baro_status baro_call_find_actor(baro_call_thread *thread, uint32_t function,
                                 uint32_t *ret_actor) BARO_MUST_USE;
/* The link of a pair of merged functions; BARO_NONE_ID: no caller. */
baro_status baro_call_find_link(baro_call_thread *thread, uint32_t caller, uint32_t callee,
                                uint32_t *ret_link) BARO_MUST_USE;

/* --- call_own_cost.c, call_usage.c --- */

/* What the facts of the thread's process say of costs. */
void baro_call_costs_of(const baro_profile_builder *builder, uint32_t raw_thread,
                        baro_call_thread *thread);

/* What recording took behind the last event, by its own clocks (BARO_CALL_OWN). */
void baro_call_own_comes(baro_call_thread *thread, const baro_call_event *event);
/* Slots of the ring that what they cost is not added for: it was clocked, or is unknown. */
void baro_call_fill_slots(baro_call_thread *thread, uint32_t slots);

/* A call on the stack from now on. */
static inline void baro_call_usage_begin(const baro_call_thread *thread, baro_open_call *open) {
  open->window = thread->window;
  open->own_ns = thread->own_ns;
  open->wait_ns = thread->wait_ns;
  open->raised_kib = thread->raised_kib;
  open->blind_windows = thread->blind_windows;
}

/* A reading. gap_ns: when the last thing happened in front of it, or of the event that it stands right behind. */
void baro_call_usage_read(baro_call_build *build, baro_call_thread *thread,
                          const baro_call_event *reading, uint64_t gap_ns);
/* A call was taken off the stack at time_ns, as clocked; usage of it is known, or it can be suspended. */
void baro_call_usage_end(baro_call_build *build, baro_call_thread *thread,
                         const baro_open_call *open, uint64_t time_ns);
/* No readings any more. */
void baro_call_usage_finish(baro_call_build *build);
/* Rows of usage, sorted by where calls go. Needs the segments' places. */
baro_status baro_call_usage_order(baro_call_build *build) BARO_MUST_USE;
/* What the thread says of the CPU time of its functions is not good enough. */
bool baro_call_usage_is_unsure(const baro_call_thread *thread);

/* Sets what the clock had of a call, and what of it recording took. */
static inline void baro_call_set_duration(baro_profile_calls *rows, uint32_t call,
                                          uint64_t clocked_ns, uint64_t own_ns) {
  uint64_t own = own_ns < clocked_ns ? own_ns : clocked_ns;
  uint64_t steps = own >> 10 < 0x7fffffff ? own >> 10 : 0x7fffffff;
  rows->own_ns[call] = own >> 31 == 0 ? (uint32_t)own : (uint32_t)steps | UINT32_C(1) << 31;
  rows->duration_ns[call] = clocked_ns - baro_call_own_ns(rows, call);
}

/* --- call_sparse.c: columns that few calls have, as they came -> by call --- */

/* How many rows end before the next segment. */
static inline uint32_t baro_call_segment_end(const baro_call_build *build, uint32_t segment) {
  return segment + 1 < build->segment_count ? build->segments[segment + 1].first_call
                                            : build->rows.count;
}

/* Where row `call` goes; `near` is the segment it is looked for first. Needs the segments' places. */
uint32_t baro_call_placed(const baro_call_build *build, uint32_t near, uint32_t call);
/* calls: of each sparse row its call, as they came, each once; then where these go, ascending. *ret_order[i], to be freed: which of
 * the rows is the i-th now, for baro_call_permute. */
baro_status baro_call_sort_sparse(const baro_call_build *build, uint32_t *calls, uint32_t count,
                                  uint32_t **ret_order) BARO_MUST_USE;
/* Brings another column of these rows, on the heap, into their order. */
baro_status baro_call_permute(void *column_address, size_t size, const uint32_t *order,
                              uint32_t count) BARO_MUST_USE;

/* --- call_tasks.c: calls that were announced by SPAWN --- */

/* The thread's top made a task of the call that will have this number. */
baro_status baro_call_spawn(baro_call_build *build, const baro_call_thread *thread,
                            uint64_t number) BARO_MUST_USE;
/* The row `call` begins. *ret_is_task: it was announced, and *ret_parent, written only then, is the row that did. */
baro_status baro_call_begin_task(baro_call_build *build, uint32_t call, uint64_t number,
                                 uint32_t *ret_parent, bool *ret_is_task) BARO_MUST_USE;
/* Gives every row its task. Needs rows and parents in their order, and the segments' places. */
baro_status baro_call_order_tasks(baro_call_build *build) BARO_MUST_USE;

/* --- call_values.c: arguments and results --- */

/* VALUE, of the thread's top. */
baro_status baro_call_add_value(baro_call_build *build, const baro_call_thread *thread,
                                const baro_call_event *event) BARO_MUST_USE;
/* Needs the segments' places. */
baro_status baro_call_order_values(baro_call_build *build) BARO_MUST_USE;
void baro_call_values_release(baro_profile_calls *calls);

/* --- call_events.c --- */

/* Ends the active and the suspended calls of all threads: UNFINISHED at the end of their thread. */
void baro_call_events_end(baro_profile_builder *builder, uint64_t end_ns);
/* The segment of a row. */
const baro_call_segment *baro_call_segment_of(const baro_call_build *build, uint32_t call);

/* Fills p50_ns and p99_ns of the sums, which have the number of calls of each function already. */
baro_status baro_build_call_quantiles(baro_profile *profile) BARO_MUST_USE;

void baro_call_columns_release(baro_profile_calls *calls);

#endif

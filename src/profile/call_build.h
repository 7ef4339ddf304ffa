/* Calls while a profile is built; private to src/profile.
 * Flow: events as they come -> call_events.c (rows, and sums by thread) -> calls.c (the profile's columns) ->
 * call_quantiles.c. Rows stand in the order in which their calls were entered, all threads mixed; `segments` say
 * whose they are, so that the columns need no thread and move as whole runs at the end.
 *
 * A thread has a stack of active calls, and adds up while events come: only then is it known which calls were
 * active together. A link is a pair of caller and callee within one thread, an actor a function within one thread.
 * Their depth says how often they are on the stack now: time is added when the outermost one leaves it, so that
 * recursion counts once. Link 0 stands for no caller.
 * Memory: 33 bytes a call, 16 more for one that can be suspended, and what differs by thread, caller and callee. */
#ifndef BARO_PROFILE_CALL_BUILD_H
#define BARO_PROFILE_CALL_BUILD_H

#include "profile/build.h"

enum { BARO_CALL_LINK_CACHE = 4 };

typedef struct baro_call_link {
  uint32_t caller; /* merged functions; BARO_NONE_ID: none */
  uint32_t callee;
  uint32_t actor; /* the callee's */
  uint32_t depth;
  uint64_t since_ns; /* when depth became 1 */
  uint64_t calls;
  uint64_t primitive_calls; /* made while depth was 0 */
  uint64_t self_ns;
  uint64_t total_ns;
  /* Links whose caller is this one's callee, by the last bits of theirs: a function calls few others, and a lookup in
   * the map for each call would be a third of the whole time. 0: none. */
  uint32_t next[BARO_CALL_LINK_CACHE];
} baro_call_link;

typedef struct baro_call_actor {
  uint32_t function; /* merged */
  uint32_t depth;
  uint64_t since_ns;
  uint64_t primitive_calls;
  uint64_t total_ns;
} baro_call_actor;

/* A call on a thread's stack. */
typedef struct baro_open_call {
  uint32_t call; /* row */
  uint32_t link;
  uint64_t self_ns;
  uint64_t since_ns;    /* entered or resumed */
  uint64_t number;      /* of the event; 0: cannot be suspended */
  uint32_t suspendable; /* row; meaningful if number is not 0 */
} baro_open_call;

typedef struct baro_call_thread {
  uint64_t first_ns;
  uint64_t last_ns;
  baro_open_call *stack; /* owned, as all arrays here */
  uint32_t depth;
  uint32_t stack_capacity;
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
  uint32_t raised_capacity;
  baro_call_segment *segments; /* owned */
  uint32_t segment_count;
  uint32_t segment_capacity;
  baro_call_thread **threads; /* owned; by raw thread, NULL where it has none */
  uint32_t thread_capacity;
} baro_call_build;

/* --- call_columns.c: memory --- */

/* Makes room for one more of an array whose items are of any type. From 4 items on: there may be a million threads
 * with one call each. */
#define BARO_CALL_GROW(array, capacity, count)                                                     \
  baro_call_grow_array(&(array), sizeof(*(array)), &(capacity), (count))

baro_status baro_call_grow_array(void *array_address, size_t size, uint32_t *capacity,
                                 uint32_t count) BARO_MUST_USE;
/* Room for `capacity` items; false: out of memory, and the column is as it was. */
bool baro_call_grow_column(void *column_address, uint32_t capacity, size_t size) BARO_MUST_USE;
baro_status baro_call_grow_rows(baro_call_build *build, baro_error *err) BARO_MUST_USE;
/* A row for a call that can be suspended, found again by its number. */
baro_status baro_call_add_suspendable(baro_call_build *build, uint32_t call, uint64_t number,
                                      uint32_t *ret_row) BARO_MUST_USE;
baro_status baro_call_thread_make(baro_call_build *build, uint32_t raw,
                                  uint64_t first_ns) BARO_MUST_USE;
/* The link of a pair of merged functions; BARO_NONE_ID: no caller. */
baro_status baro_call_find_link(baro_call_thread *thread, uint32_t caller, uint32_t callee,
                                uint32_t *ret_link) BARO_MUST_USE;

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

/* --- call_events.c --- */

/* Ends the active and the suspended calls of all threads: UNFINISHED at the end of their thread. */
void baro_call_events_end(baro_profile_builder *builder, uint64_t end_ns);
/* The segment of a row. */
const baro_call_segment *baro_call_segment_of(const baro_call_build *build, uint32_t call);

/* Fills p50_ns and p99_ns of the sums, which have the number of calls of each function already. */
baro_status baro_build_call_quantiles(baro_profile *profile) BARO_MUST_USE;

void baro_call_columns_release(baro_profile_calls *calls);

#endif

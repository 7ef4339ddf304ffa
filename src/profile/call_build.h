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

typedef struct baro_raised_call {
  uint32_t call;
  uint32_t exception; /* our string, or BARO_NONE_ID */
} baro_raised_call;

typedef struct baro_call_build {
  baro_profile_calls rows; /* owned; the columns of raised calls stay empty */
  uint32_t capacity;
  uint32_t suspendable_capacity;
  baro_map suspendable_of_number; /* of those that have not ended */
  baro_raised_call *raised;       /* owned; as they ended */
  uint32_t raised_count;
  uint32_t raised_capacity;
  baro_call_segment *segments; /* owned */
  uint32_t segment_count;
  uint32_t segment_capacity;
  baro_call_thread **threads; /* owned; by raw thread, NULL where it has none */
  uint32_t thread_capacity;
} baro_call_build;

/* Ends the active and the suspended calls of all threads: UNFINISHED at the end of their thread. */
void baro_call_events_end(baro_profile_builder *builder, uint64_t end_ns);
/* The segment of a row. */
const baro_call_segment *baro_call_segment_of(const baro_call_build *build, uint32_t call);

/* Fills p50_ns and p99_ns of the sums, which have the number of calls of each function already. */
baro_status baro_build_call_quantiles(baro_profile *profile) BARO_MUST_USE;

void baro_call_columns_release(baro_profile_calls *calls);

#endif

/* Which calls are active on a thread, and which are suspended: the rules of baro_call_event, one
 * implementation for those who write events and those who read them.
 * Flow: call_encoder (writer) and call_decoder (reader) tell each event here first; what is refused
 * breaks a rule.
 * Invariants: a thread's stack holds calls by their number only where they can be suspended; of all
 * others only how many there are. So memory is bounded by the calls that can be suspended and have not
 * ended, at most BARO_OPEN_CALL_LIMIT, whatever a hostile file says.
 * Internal to src/recording; not thread-safe per object. */
#ifndef BARO_RECORDING_CALL_STACKS_H
#define BARO_RECORDING_CALL_STACKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/status.h"
#include "recording/records.h"

/* An active call that can be suspended. */
typedef struct baro_call_place {
  uint64_t call;
  uint32_t depth; /* its place on the stack, from 1 at the bottom */
} baro_call_place;

/* Zero-initialised = nothing is active. */
typedef struct baro_call_stack {
  uint32_t depth;     /* how many calls are active */
  uint32_t top_depth; /* of the last place; 0: there is none */
  uint32_t place_count;
  uint32_t place_capacity;
  baro_call_place *places; /* owned; oldest first */
} baro_call_stack;

/* What the map of open calls (those that can be suspended and have not ended) says of one: packed into
 * the 64 bits of its value. */
typedef struct baro_open_call {
  uint32_t function;
  uint32_t thread; /* where it was suspended, or is hidden; below BARO_THREAD_LIMIT */
  bool is_suspended;
  bool is_hidden; /* writer: the file does not have it as open */
} baro_open_call;

uint64_t baro_open_call_pack(baro_open_call call);
baro_open_call baro_open_call_of(uint64_t value);

/* Each is false, or BARO_CORRUPT, when the event breaks a rule; nothing is changed then, as with
 * BARO_NO_MEMORY. open: of all threads of the file. */

static inline bool baro_call_stack_enter(baro_call_stack *stack) {
  if (stack->depth == BARO_CALL_DEPTH_LIMIT) {
    return false;
  }
  stack->depth++;
  return true;
}

baro_status baro_call_stack_enter_suspendable(baro_call_stack *stack, baro_map *open, uint64_t call,
                                              uint32_t function) BARO_MUST_USE;
/* RESUME and THROW. */
baro_status baro_call_stack_resume(baro_call_stack *stack, baro_map *open,
                                   uint64_t call) BARO_MUST_USE;
bool baro_call_stack_suspend(baro_call_stack *stack, baro_map *open, uint32_t thread);
/* The top, which has a place, ends. */
void baro_call_stack_end_place(baro_call_stack *stack, baro_map *open);

/* RETURN and RAISE. */
static inline bool baro_call_stack_leave(baro_call_stack *stack, baro_map *open) {
  if (stack->depth == 0) {
    return false;
  }
  if (stack->depth == stack->top_depth) {
    baro_call_stack_end_place(stack, open);
  }
  stack->depth--;
  return true;
}

/* LOST: nothing is active any more; what was suspended stays so. */
void baro_call_stack_forget(baro_call_stack *stack, baro_map *open);
void baro_call_stack_release(baro_call_stack *stack);

#endif

#include "recording/call_stacks.h"

#include <assert.h>
#include <stdlib.h>

#include "recording/format.h"

enum { FIRST_PLACES = 8 };

#define THREAD_SHIFT 32
#define SUSPENDED_BIT (UINT64_C(1) << 62)
#define HIDDEN_BIT (UINT64_C(1) << 63)

uint64_t baro_open_call_pack(baro_open_call call) {
  assert(call.thread < BARO_THREAD_LIMIT);
  return (uint64_t)call.function | (uint64_t)call.thread << THREAD_SHIFT |
         (call.is_suspended ? SUSPENDED_BIT : 0) | (call.is_hidden ? HIDDEN_BIT : 0);
}

baro_open_call baro_open_call_of(uint64_t value) {
  return (baro_open_call){.function = (uint32_t)value,
                          .thread = (uint32_t)(value >> THREAD_SHIFT) & (BARO_THREAD_LIMIT - 1),
                          .is_suspended = (value & SUSPENDED_BIT) != 0,
                          .is_hidden = (value & HIDDEN_BIT) != 0};
}

static bool reserve_place(baro_call_stack *stack) {
  if (stack->place_count < stack->place_capacity) {
    return true;
  }
  /* As many as calls can be open at most: this does not overflow. */
  uint32_t capacity = stack->place_capacity == 0 ? FIRST_PLACES : stack->place_capacity * 2;
  baro_call_place *places = realloc(stack->places, capacity * sizeof(*places));
  if (places == NULL) {
    return false;
  }
  stack->places = places;
  stack->place_capacity = capacity;
  return true;
}

/* Room was reserved. */
static void push_place(baro_call_stack *stack, uint64_t call) {
  stack->depth++;
  stack->places[stack->place_count++] = (baro_call_place){.call = call, .depth = stack->depth};
  stack->top_depth = stack->depth;
}

/* The stack stays as deep as it is. */
static uint64_t pop_place(baro_call_stack *stack) {
  assert(stack->place_count != 0 && stack->top_depth == stack->depth);
  uint64_t call = stack->places[--stack->place_count].call;
  stack->top_depth = stack->place_count == 0 ? 0 : stack->places[stack->place_count - 1].depth;
  return call;
}

baro_status baro_call_stack_enter_suspendable(baro_call_stack *stack, baro_map *open, uint64_t call,
                                              uint32_t function) {
  if (call == 0 || stack->depth == BARO_CALL_DEPTH_LIMIT || open->count >= BARO_OPEN_CALL_LIMIT ||
      baro_map_find(open, call) != NULL) {
    return BARO_CORRUPT;
  }
  if (!reserve_place(stack)) {
    return BARO_NO_MEMORY;
  }
  uint64_t value = baro_open_call_pack((baro_open_call){.function = function});
  baro_status status = baro_map_set(open, call, value);
  if (status == BARO_OK) {
    push_place(stack, call);
  }
  return status;
}

baro_status baro_call_stack_resume(baro_call_stack *stack, baro_map *open, uint64_t call) {
  uint64_t *value = baro_map_find(open, call);
  if (value == NULL || (*value & SUSPENDED_BIT) == 0 || stack->depth == BARO_CALL_DEPTH_LIMIT) {
    return BARO_CORRUPT;
  }
  if (!reserve_place(stack)) {
    return BARO_NO_MEMORY;
  }
  *value &= ~SUSPENDED_BIT;
  push_place(stack, call);
  return BARO_OK;
}

bool baro_call_stack_suspend(baro_call_stack *stack, baro_map *open, uint32_t thread) {
  if (stack->depth == 0 || stack->top_depth != stack->depth) {
    return false;
  }
  uint64_t *value = baro_map_find(open, pop_place(stack));
  assert(value != NULL);
  baro_open_call call = baro_open_call_of(*value);
  call.thread = thread;
  call.is_suspended = true;
  *value = baro_open_call_pack(call);
  stack->depth--;
  return true;
}

void baro_call_stack_end_place(baro_call_stack *stack, baro_map *open) {
  bool was_open = baro_map_remove(open, pop_place(stack));
  assert(was_open);
  (void)was_open;
}

void baro_call_stack_forget(baro_call_stack *stack, baro_map *open) {
  for (uint32_t i = 0; i < stack->place_count; i++) {
    baro_map_remove(open, stack->places[i].call);
  }
  stack->place_count = 0;
  stack->top_depth = 0;
  stack->depth = 0;
}

void baro_call_stack_release(baro_call_stack *stack) {
  free(stack->places);
  *stack = (baro_call_stack){0};
}

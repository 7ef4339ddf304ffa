/* Tasks: a coroutine whose task was made by a call is called by it, not by what runs the event loop. */
#include <stdlib.h>

#include "profile/call_build.h"

/* Rows whose task is not known yet; no task has this number: BARO_PROFILE_CALLS_MAX. */
#define UNRESOLVED (BARO_NONE_ID - 1)

baro_status baro_call_spawn(baro_call_build *build, const baro_call_thread *thread,
                            uint64_t number) {
  /* One that has begun stays with its caller. Those that never begin are few, but for hostile files. */
  if (build->spawner_of_number.count >= BARO_OPEN_CALL_LIMIT ||
      baro_map_find(&build->suspendable_of_number, number) != NULL) {
    return BARO_OK;
  }
  uint32_t spawner = thread->depth == 0 ? BARO_NONE_ID : thread->stack[thread->depth - 1].call;
  return baro_map_set(&build->spawner_of_number, number, spawner);
}

baro_status baro_call_begin_task(baro_call_build *build, uint32_t call, uint64_t number,
                                 uint32_t *ret_parent, bool *ret_is_task) {
  const uint64_t *spawner = baro_map_find(&build->spawner_of_number, number);
  *ret_is_task = spawner != NULL;
  if (spawner == NULL) {
    return BARO_OK;
  }
  if (BARO_CALL_GROW(build->tasks, build->task_capacity, build->task_count) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  build->tasks[build->task_count++] = call;
  *ret_parent = (uint32_t)*spawner;
  (void)baro_map_remove(&build->spawner_of_number, number);
  return BARO_OK;
}

/* The task of a call, by the nearest ancestor that has one. Parents never form a circle: when a call is entered, its parent
 * has been. */
static void resolve(baro_profile_calls *calls, uint32_t call) {
  uint32_t at = call;
  while (at != BARO_NONE_ID && calls->task_call[at] == UNRESOLVED) {
    at = calls->parent_call[at];
  }
  uint32_t task = at == BARO_NONE_ID ? BARO_NONE_ID : calls->task_call[at];
  for (at = call; at != BARO_NONE_ID && calls->task_call[at] == UNRESOLVED;
       at = calls->parent_call[at]) {
    calls->task_call[at] = task;
  }
}

baro_status baro_call_order_tasks(baro_call_build *build) {
  baro_profile_calls *rows = &build->rows;
  if (build->task_count == 0) {
    return BARO_OK;
  }
  rows->task_call = malloc((size_t)rows->count * sizeof(*rows->task_call));
  if (rows->task_call == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t c = 0; c < rows->count; c++) {
    rows->task_call[c] = UNRESOLVED;
  }
  for (uint32_t i = 0; i < build->task_count; i++) {
    uint32_t task = baro_call_placed(build, 0, build->tasks[i]);
    rows->task_call[task] = task;
  }
  for (uint32_t c = 0; c < rows->count; c++) {
    resolve(rows, c);
  }
  return BARO_OK;
}

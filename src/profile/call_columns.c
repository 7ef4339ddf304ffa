/* Memory of the calls while they come: rows, the few rows beside them, what a thread has. */
#include <stdlib.h>
#include <string.h>

#include "profile/call_build.h"

#define ACTOR_KEY UINT64_C(0xfffffffe) /* no function has this number: BARO_PROFILE_FRAMES_MAX */

bool baro_call_grow_column(void *column_address, uint32_t capacity, size_t size) {
  void *column;
  memcpy(&column, column_address, sizeof(column));
  void *grown = realloc(column, (size_t)capacity * size);
  if (grown == NULL) {
    return false;
  }
  memcpy(column_address, &grown, sizeof(grown));
  return true;
}

/* --- rows --- */

/* Large columns are moved by the kernel and not copied, and what is not yet used of them takes no memory. */
baro_status baro_call_grow_rows(baro_call_build *build, baro_error *err) {
  baro_profile_calls *rows = &build->rows;
  if (rows->count >= BARO_PROFILE_CALLS_MAX) {
    return baro_error_set(err, BARO_LIMIT, "the recording has more than %u calls",
                          BARO_PROFILE_CALLS_MAX);
  }
  uint32_t capacity = build->capacity == 0 ? 1024 : build->capacity * 2;
  bool all = baro_call_grow_column(&rows->function, capacity, sizeof(*rows->function)) &&
             baro_call_grow_column(&rows->parent_call, capacity, sizeof(*rows->parent_call)) &&
             baro_call_grow_column(&rows->start_ns, capacity, sizeof(*rows->start_ns)) &&
             baro_call_grow_column(&rows->duration_ns, capacity, sizeof(*rows->duration_ns)) &&
             baro_call_grow_column(&rows->self_ns, capacity, sizeof(*rows->self_ns)) &&
             baro_call_grow_column(&rows->own_ns, capacity, sizeof(*rows->own_ns)) &&
             baro_call_grow_column(&rows->outcome, capacity, sizeof(*rows->outcome));
  if (!all) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  build->capacity = capacity;
  return BARO_OK;
}

static baro_status grow_suspendables(baro_call_build *build) {
  baro_profile_calls *rows = &build->rows;
  if (rows->suspendable_count < build->suspendable_capacity) {
    return BARO_OK;
  }
  uint32_t capacity = build->suspendable_capacity == 0 ? 256 : build->suspendable_capacity * 2;
  bool all =
      baro_call_grow_column(&rows->suspendable_call, capacity, sizeof(*rows->suspendable_call)) &&
      baro_call_grow_column(&rows->suspendable_active_ns, capacity,
                            sizeof(*rows->suspendable_active_ns)) &&
      baro_call_grow_column(&rows->suspendable_resumes, capacity,
                            sizeof(*rows->suspendable_resumes)) &&
      baro_call_grow_column(&build->suspendable_usage, capacity, sizeof(*build->suspendable_usage));
  if (!all) {
    return BARO_NO_MEMORY;
  }
  build->suspendable_capacity = capacity;
  return BARO_OK;
}

baro_status baro_call_add_suspendable(baro_call_build *build, uint32_t call, uint64_t number,
                                      uint32_t *ret_row) {
  baro_profile_calls *rows = &build->rows;
  uint32_t row = rows->suspendable_count;
  if (grow_suspendables(build) != BARO_OK ||
      baro_map_set(&build->suspendable_of_number, number, row) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  rows->suspendable_call[row] = call;
  rows->suspendable_active_ns[row] = 0;
  rows->suspendable_resumes[row] = 0;
  build->suspendable_usage[row] = (baro_suspendable_usage){0};
  rows->suspendable_count++;
  *ret_row = row;
  return BARO_OK;
}

/* --- threads, links, actors --- */

static void thread_destroy(baro_call_thread *thread) {
  if (thread != NULL) {
    free(thread->stack);
    free(thread->pending);
    free(thread->weighed);
    free(thread->links);
    free(thread->actors);
    baro_map_release(&thread->by_key);
    free(thread);
  }
}

baro_status baro_call_thread_make(baro_call_build *build, uint32_t raw, uint64_t first_ns) {
  while (raw >= build->thread_capacity) {
    uint32_t before = build->thread_capacity;
    if (BARO_CALL_GROW(build->threads, build->thread_capacity, before) != BARO_OK) {
      return BARO_NO_MEMORY;
    }
    memset(build->threads + before, 0, (build->thread_capacity - before) * sizeof(void *));
  }
  baro_call_thread *thread = calloc(1, sizeof(*thread));
  if (thread == NULL || BARO_CALL_GROW(thread->links, thread->link_capacity, 0) != BARO_OK) {
    thread_destroy(thread);
    return BARO_NO_MEMORY;
  }
  thread->links[thread->link_count++] =
      (baro_call_link){.caller = BARO_NONE_ID, .callee = BARO_NONE_ID, .actor = BARO_NONE_ID};
  thread->first_ns = first_ns;
  thread->last_ns = first_ns;
  build->threads[raw] = thread;
  return BARO_OK;
}

baro_status baro_call_find_actor(baro_call_thread *thread, uint32_t function, uint32_t *ret_actor) {
  uint64_t key = ACTOR_KEY << 32 | function;
  const uint64_t *found = baro_map_find(&thread->by_key, key);
  if (found != NULL) {
    *ret_actor = (uint32_t)*found;
    return BARO_OK;
  }
  uint32_t actor = thread->actor_count;
  if (BARO_CALL_GROW(thread->actors, thread->actor_capacity, actor) != BARO_OK ||
      baro_map_set(&thread->by_key, key, actor) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  thread->actors[actor] = (baro_call_actor){.function = function};
  thread->actor_count++;
  *ret_actor = actor;
  return BARO_OK;
}

baro_status baro_call_find_link(baro_call_thread *thread, uint32_t caller, uint32_t callee,
                                uint32_t *ret_link) {
  uint64_t key = (uint64_t)caller << 32 | callee;
  const uint64_t *found = baro_map_find(&thread->by_key, key);
  if (found != NULL) {
    *ret_link = (uint32_t)*found;
    return BARO_OK;
  }
  uint32_t link = thread->link_count;
  uint32_t actor;
  if (baro_call_find_actor(thread, callee, &actor) != BARO_OK ||
      BARO_CALL_GROW(thread->links, thread->link_capacity, link) != BARO_OK ||
      baro_map_set(&thread->by_key, key, link) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  thread->links[link] = (baro_call_link){.caller = caller, .callee = callee, .actor = actor};
  thread->link_count++;
  *ret_link = link;
  return BARO_OK;
}

void baro_call_columns_release(baro_profile_calls *calls) {
  free(calls->function);
  free(calls->parent_call);
  free(calls->start_ns);
  free(calls->duration_ns);
  free(calls->self_ns);
  free(calls->outcome);
  free(calls->task_call);
  free(calls->own_ns);
  free(calls->usage_call);
  free(calls->usage_cpu_ns);
  free(calls->usage_memory_bytes);
  free(calls->weighted_call);
  free(calls->weighted_weight);
  free(calls->raised_call);
  free(calls->raised_exception);
  free(calls->suspendable_call);
  free(calls->suspendable_active_ns);
  free(calls->suspendable_resumes);
  baro_call_values_release(calls);
  *calls = (baro_profile_calls){0};
}

void baro_build_calls_release(baro_profile_builder *builder) {
  baro_call_build *build = builder->calls;
  if (build == NULL) {
    return;
  }
  baro_call_columns_release(&build->rows);
  for (uint32_t t = 0; t < build->thread_capacity; t++) {
    thread_destroy(build->threads[t]);
  }
  free(build->threads);
  baro_map_release(&build->suspendable_of_number);
  baro_map_release(&build->spawner_of_number);
  free(build->tasks);
  free(build->segments);
  free(build->suspendable_usage);
  free(build->weighted_inner);
  free(build);
  builder->calls = NULL;
}

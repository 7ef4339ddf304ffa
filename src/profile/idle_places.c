/* Threads of the standard library that wait for work are idle, as an event loop with nothing ready is: a lock or a
 * pipe they wait on delays nobody. The kernel cannot tell that; the stack can: it ends in the function that
 * takes the work, and between it and the wait there is nothing but the library's own queues. */
#include <stdlib.h>

#include "profile/build.h"

typedef struct place {
  const char *file; /* below the library's folder */
  const char *function;
} place;

/* One row for each function that takes work from others, and runs it or hands it on. */
static const place workers[] = {
    {"/concurrent/futures/thread.py", "_worker"},
    {"/concurrent/futures/process.py", "_process_worker"},
    {"/concurrent/futures/process.py", "wait_result_broken_or_wakeup"},
    {"/logging/handlers.py", "_monitor"},
    {"/multiprocessing/forkserver.py", "main"},
    {"/multiprocessing/managers.py", "serve_client"},
    {"/multiprocessing/pool.py", "_handle_results"},
    {"/multiprocessing/pool.py", "_handle_tasks"},
    {"/multiprocessing/pool.py", "_wait_for_updates"},
    {"/multiprocessing/pool.py", "worker"},
    {"/multiprocessing/queues.py", "_feed"},
    {"/multiprocessing/resource_tracker.py", "main"},
};

/* What may lie between a worker and its wait. */
static const char *const queues[] = {
    "/multiprocessing/connection.py",
    "/multiprocessing/queues.py",
    "/multiprocessing/synchronize.py",
    "/queue.py",
    "/selectors.py",
    "/threading.py",
};

typedef enum part { PART_OTHER, PART_QUEUE, PART_WORKER } part;

static part part_of(const baro_profile *profile, const baro_profile_function *function) {
  if (function->origin != BARO_ORIGIN_STANDARD)
    return PART_OTHER;
  baro_view file = baro_profile_string(profile, function->file_string);
  baro_view name = baro_profile_string(profile, function->name_string);
  for (size_t i = 0; i < sizeof workers / sizeof workers[0]; i++)
    if (baro_view_ends_with(file, workers[i].file) &&
        baro_view_equal(name, baro_view_of(workers[i].function)))
      return PART_WORKER;
  for (size_t i = 0; i < sizeof queues / sizeof queues[0]; i++)
    if (baro_view_ends_with(file, queues[i]))
      return PART_QUEUE;
  return PART_OTHER;
}

/* For each node: does a wait there wait for work? Parents come before their children. */
static void find_places(const baro_profile *profile, const uint8_t *part_of_function,
                        bool *ret_for_work) {
  ret_for_work[0] = false;
  for (uint32_t n = 1; n < profile->nodes.count; n++) {
    uint32_t function = baro_profile_node_function(profile, n);
    uint8_t own = function == BARO_NONE_ID ? PART_OTHER : part_of_function[function];
    ret_for_work[n] =
        own == PART_WORKER || (own == PART_QUEUE && ret_for_work[profile->nodes.parent_node[n]]);
  }
}

baro_status baro_build_idle(baro_profile_builder *builder) {
  baro_profile *profile = builder->profile;
  baro_profile_samples *samples = &profile->samples;
  uint8_t *parts = malloc(profile->functions.count + (size_t)1);
  bool *for_work = malloc(profile->nodes.count + (size_t)1);
  if (parts == NULL || for_work == NULL) {
    free(parts);
    free(for_work);
    return BARO_NO_MEMORY;
  }
  for (uint32_t f = 0; f < profile->functions.count; f++)
    parts[f] = (uint8_t)part_of(profile, &profile->functions.rows[f]);
  find_places(profile, parts, for_work);
  for (uint64_t s = 0; s < samples->count; s++)
    if (for_work[samples->node[s]] &&
        (samples->state[s] == BARO_STATE_LOCK || samples->state[s] == BARO_STATE_PIPE))
      samples->state[s] = BARO_STATE_IDLE;
  free(parts);
  free(for_work);
  return BARO_OK;
}

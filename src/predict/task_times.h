/* What a recorded run is under a change: a graph with other tasks, other times and other slots, to be replayed.
 * Flow: job_graph.h + change.h + a value for each term + waves.h -> here -> replay.h. One model a resource, one function each.
 * With no change it gives the recorded run, to the ns that a float of a task's time has. */
#ifndef BARO_PREDICT_TASK_TIMES_H
#define BARO_PREDICT_TASK_TIMES_H

#include "predict/change.h"
#include "predict/terms.h"
#include "predict/waves.h"

/* So many tasks are replayed at most. */
enum { BARO_TASK_TIMES_MAX = 1 << 23 };

typedef struct baro_task_times_input {
  const baro_job_graph *graph;
  const baro_change *change;
  const double *terms; /* by term */
  const baro_waves *waves;
  uint64_t
      seed; /* not 0: each task is replaced by one of its stage by chance, the same one for the same seed */
} baro_task_times_input;

/* The replay's arrays are in the arena. BARO_NO_MEMORY; BARO_LIMIT: too many tasks. */
baro_status baro_task_times_build(const baro_task_times_input *input, baro_arena *keep,
                                  baro_replay *ret_replay, baro_error *err) BARO_MUST_USE;

#endif

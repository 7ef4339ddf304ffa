/* By how much the first task of a stage on a slot is slower than the later ones, measured in the recording itself.
 * Flow: job_graph.h -> here -> task_times.c (wave_ratio of nodes). */
#ifndef BARO_PREDICT_WAVES_H
#define BARO_PREDICT_WAVES_H

#include "predict/job_graph.h"

typedef struct baro_waves {
  double *ratios;      /* by node, >= 1; in the arena */
  double pooled_ratio; /* of stages that are too small for one of their own */
  uint32_t
      measured_stages; /* that have first and later tasks; 0: nothing is known, all ratios are 1 */
} baro_waves;

/* BARO_NO_MEMORY. */
baro_status baro_waves_measure(const baro_job_graph *graph, baro_arena *keep,
                               baro_waves *ret_waves) BARO_MUST_USE;

#endif

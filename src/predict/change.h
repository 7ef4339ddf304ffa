/* A scenario, compared with what was recorded: ratios and numbers that the models take.
 * Flow: scenario.h + job_graph.h -> here -> task_times.c. What the recording cannot tell is refused here, with the reason. */
#ifndef BARO_PREDICT_CHANGE_H
#define BARO_PREDICT_CHANGE_H

#include "predict/job_graph.h"
#include "predict/scenario.h"

typedef struct baro_change {
  double cores_ratio;      /* of slots of each executor; 0: cores_count counts */
  uint32_t cores_count;    /* slots of each executor */
  uint32_t executor_count; /* how many there are */
  double cpu_ratio;        /* 2: twice as fast, as of the next two */
  double disk_ratio;
  double network_ratio;
  double memory_ratio;
  double execution_ratio; /* of what tasks have of it: Spark takes 300 MB for itself */
  double input_ratio;
  double partitions_ratio; /* 0: partitions_count counts */
  uint32_t partitions_count;
  bool changes_cores; /* of some executor */
  bool changes_partitions;
} baro_change;

/* Whether a ratio is a change. */
static inline bool baro_change_differs(double ratio) {
  return ratio < 1 || ratio > 1;
}

/* Slots that an executor has then. */
uint32_t baro_change_slots(const baro_change *change, const baro_graph_executor *executor);
/* No change. */
baro_change baro_change_none(const baro_job_graph *graph);
/* BARO_UNSUPPORTED with the reason. */
baro_status baro_change_resolve(const baro_scenario *scenario, const baro_job_graph *graph,
                                baro_change *ret_change, baro_error *err) BARO_MUST_USE;
/* The same change, but with 2^doublings times the recorded executors and slots of each, where that is fewer. false: it is not, or
 * the change has fewer of either than were recorded. */
bool baro_change_fewer_slots(const baro_change *change, const baro_job_graph *graph,
                             uint32_t doublings, baro_change *ret_change);
/* The greatest factor of all, or of its inverse: how far from what was recorded it is. >= 1. */
double baro_change_distance(const baro_change *change, const baro_job_graph *graph);

#endif

/* What the two halves of building a job graph share; private to job_graph.c and graph_tasks.c. */
#ifndef BARO_PREDICT_GRAPH_BUILD_H
#define BARO_PREDICT_GRAPH_BUILD_H

#include "predict/job_graph.h"

/* A stage or a job while the graph is made. Times are monotonic. */
typedef struct baro_graph_span {
  uint32_t operator_id;
  uint32_t job; /* of a stage: index into jobs; BARO_NONE_ID: none */
  uint64_t id;  /* the framework's */
  uint64_t submitted_ns;
  uint64_t completed_ns;
  uint64_t first_ns; /* of its tasks */
  uint64_t last_ns;
  uint32_t node; /* a stage's, or the begin of a job */
  uint32_t end_node;
} baro_graph_span;

typedef struct baro_graph_build {
  baro_job_graph *graph;
  const baro_profile *profile;
  baro_graph_span *jobs; /* in the order in which they were submitted */
  uint32_t job_count;
  baro_graph_span *stages; /* by job, then id: the order in which they get slots */
  uint32_t stage_count;
  uint64_t start_ns; /* monotonic, of the run */
  bool *is_slot;     /* by thread: a task ran on it */
  baro_arena scratch;
} baro_graph_build;

/* Slots, executors and tasks of the stages, whose nodes are there; sets what their nodes read and write. BARO_NO_MEMORY. */
baro_status baro_graph_build_slots(baro_graph_build *build) BARO_MUST_USE;
baro_status baro_graph_build_tasks(baro_graph_build *build) BARO_MUST_USE;

#endif

/* What the parts of building a job graph share; private to job_graph.c, graph_jobs.c, graph_slots.c, graph_tasks.c and graph_places.c. */
#ifndef BARO_PREDICT_GRAPH_BUILD_H
#define BARO_PREDICT_GRAPH_BUILD_H

#include "base/map.h"
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

/* --- graph_jobs.c --- */

/* Jobs, stages and the start of the run; without a stage that ran nothing but the former. BARO_NO_MEMORY. */
baro_status baro_graph_find_jobs(baro_graph_build *build) BARO_MUST_USE;
/* The operator of the application; BARO_NONE_ID: the log tells nothing of it. */
uint32_t baro_graph_application(const baro_graph_build *build);

/* --- graph_slots.c --- */

/* Executors and their slots, of the stages' tasks. BARO_NO_MEMORY. */
baro_status baro_graph_build_slots(baro_graph_build *build) BARO_MUST_USE;
/* Of each thread that had a task its slot, and of that slot since when it is there, in ns. Slots stand by executor, in the order of
 * threads; those that had no task come behind these. */
void baro_graph_slots_of_threads(const baro_graph_build *build, uint32_t *ret_slot,
                                 double *ret_from);

/* --- graph_tasks.c --- */

/* Tasks of the stages, whose nodes and slots are there; sets what their nodes read and write. BARO_NO_MEMORY. */
baro_status baro_graph_build_tasks(baro_graph_build *build) BARO_MUST_USE;

/* --- graph_places.c --- */

typedef struct baro_graph_places {
  const baro_graph_build *build;
  uint32_t locality_key;
  uint32_t partition_key;
  baro_map executor_of_block; /* RDD << 32 | partition -> index of the executor that has it */
} baro_graph_places;

/* Settings of the scheduler, of the operator of the application. */
void baro_graph_read_locality(baro_graph_build *build, uint32_t application);
/* Hosts of the executors, which are there. BARO_NO_MEMORY. */
baro_status baro_graph_build_hosts(baro_graph_build *build) BARO_MUST_USE;
void baro_graph_places_begin(baro_graph_places *places, const baro_graph_build *build);
/* Of each task in the order of their start: task of the dataflow, its stage's operator, the executor that it ran on. BARO_NO_MEMORY. */
baro_status baro_graph_find_home(baro_graph_places *places, uint32_t task, uint32_t operator_id,
                                 uint32_t executor, baro_graph_home *ret_home) BARO_MUST_USE;
void baro_graph_places_release(baro_graph_places *places);

#endif

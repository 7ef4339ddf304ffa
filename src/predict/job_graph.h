/* A recorded run as a graph that can be replayed: jobs, stages, their tasks with what each needed, slots with when they came.
 * Flow: profile (dataflow.h) -> here -> task_times.c, waves.c, contention.c, forecast.c. Built once, then read only.
 *
 * Reads Spark's jobs and stages. Two things are not in its log and are taken from times:
 *   - What the driver waited for before it submitted a job: all jobs that had ended by then. Threads of a driver that have nothing
 *     to do with each other are so held together a little, and a sequential driver is exactly right.
 *   - What a task waited for on a slot that was free (dispatch_ns): it stays with the task.
 * Where tasks prefer to run is in it only as far as they ran there (graph_places.c).
 *
 *     begin of job -> stages, by their edges -> end of job -> barrier of all jobs that ended so far -> begin of a later job
 *
 * Times are ns from the start of the run. When the program began is in no log: some time after the driver registered (job_graph.c). */
#ifndef BARO_PREDICT_JOB_GRAPH_H
#define BARO_PREDICT_JOB_GRAPH_H

#include "predict/replay.h"
#include "profile/profile.h"

/* What a task's time was spent on. */
#define BARO_NEED_LIST(X)                                                                          \
  X(CPU, "cpu")             /* running */                                                          \
  X(COLLECTOR, "collector") /* collecting garbage */                                               \
  X(DISK, "disk")           /* waiting for disk, as far as it is measured */                       \
  X(NETWORK, "network")     /* waiting for the network */                                          \
  X(OTHER, "unknown")       /* no clock of the framework says */                                   \
  X(FIXED, "scheduler")     /* on its way to the executor and back: no resource changes it */

typedef enum baro_need {
#define X(id, key) BARO_NEED_##id,
  BARO_NEED_LIST(X)
#undef X
      BARO_NEED_COUNT
} baro_need;

const char *baro_need_key(baro_need need);

/* A JVM compiles what it runs for the first half minute (Lion et al., OSDI 2016: 21 s of a query on average). */
#define BARO_GRAPH_EARLY_NS UINT64_C(30000000000)

/* Where a task's data is, as far as its log tells: it ran there. */
typedef enum baro_graph_home {
  BARO_GRAPH_HOME_NOWHERE, /* it prefers nothing, or what it prefers is not known */
  BARO_GRAPH_HOME_EXECUTOR,
  BARO_GRAPH_HOME_HOST,
} baro_graph_home;

typedef struct baro_graph_task {
  float need_ns[BARO_NEED_COUNT]; /* add up to its time on the slot */
  float dispatch_ns;
  float remote_bytes;  /* shuffled data from other executors */
  float local_bytes;   /* and from its own one */
  float input_bytes;   /* read of files */
  float spilled_bytes; /* as they were in memory */
  float spilled_disk_bytes;
  float peak_bytes; /* of execution memory */
  uint32_t slot;
  uint8_t home;   /* baro_graph_home */
  bool was_first; /* of its node on its slot */
  bool is_early;  /* its executor was younger than BARO_GRAPH_EARLY_NS */
} baro_graph_task;

typedef struct baro_graph_node {
  baro_replay_node plan; /* as it was recorded; wave_ratio 1 */
  uint32_t operator_id;  /* of dataflow; BARO_NONE_ID: a barrier */
  bool reads_input;      /* any of its tasks */
  bool reads_shuffle;
  bool writes_output;
  bool runs_python; /* time of Python workers is in its tasks' OTHER */
  /* Spark makes as many tasks as there are cores when it plans the scan of files and when it coalesces shuffled data, if there
   * is enough of it: such a stage had as many tasks as there were slots, and has as many pieces at most. 0: it is none. */
  uint32_t pieces_max;
  double read_bytes; /* input and shuffled data of all tasks */
} baro_graph_node;

typedef struct baro_graph_executor {
  uint32_t process;
  uint32_t slot_count;
  uint32_t host;
  double from_ns;
  double until_ns; /* of one that had no task, when it went; 0: it stays */
  bool had_tasks;
} baro_graph_executor;

/* All arrays are owned by the arena. */
typedef struct baro_job_graph {
  const baro_profile *profile; /* borrowed */
  baro_graph_node *nodes;
  uint32_t node_count;
  uint32_t stage_count; /* nodes with tasks */
  uint32_t job_count;
  uint32_t *after;
  uint32_t after_count;
  baro_graph_task *tasks; /* by node, in the order of their launch */
  uint32_t task_count;
  baro_graph_executor
      *executors; /* in the order of their arrival; those that had no task come last */
  uint32_t executor_count;
  uint32_t host_count;
  uint32_t slot_count;
  uint32_t *executor_of_slot;
  uint32_t home_count; /* tasks that are at home somewhere */
  double
      locality_wait_ns; /* that a slot stands idle before it gets a task that is at home elsewhere */
  bool waits_from_refusal; /* replay.h */
  double lead_ns;          /* from the start to the first job */
  double lead_error_ns;    /* it may be so much more or less */
  double base_ns;          /* from the start to the end of the last job */
  /* What tasks waited for a core while they were deserialized, in seconds a second of CPU time: it needs nothing else, and Spark has
   * both clocks of it (since 2.1). 0: not known. */
  double core_wait_ratio;
  double write_bytes_per_ns;       /* of shuffled data, as measured; 0: none was written */
  double need_ns[BARO_NEED_COUNT]; /* of all tasks */
  double driver_ns;                /* while no task ran */
  bool is_local;                   /* the driver and its only executor are one process */
  double memory_bytes;             /* of an executor's heap, by its settings; 0: unknown */
  double
      execution_bytes; /* of it, what its tasks share to sort, join and aggregate in; 0: unknown */
  uint32_t unfinished_tasks; /* the log ended first */
  uint32_t failed_tasks;     /* replayed as they were, with their repetitions */
  baro_arena arena;
} baro_job_graph;

/* BARO_UNSUPPORTED with the reason: no dataflow, not Spark's, or no stage that ran; BARO_NO_MEMORY. */
baro_status baro_job_graph_create(const baro_profile *profile, baro_job_graph **ret_graph,
                                  baro_error *err) BARO_MUST_USE;
void baro_job_graph_destroy(baro_job_graph *graph);

#endif

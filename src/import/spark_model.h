/* What a Spark event log says of one application: its executors, jobs, stages with their attempts, and tasks.
 * Flow: lines of the log -> spark_events.c -> here -> spark_output.c -> recording.
 * Events come in the order in which the driver heard of them, may be missing, twice, or contradict each other: nothing here
 * is sure but what is checked. What is left out is counted (baro_spark_oddities), and nothing is ever less than nothing.
 * Times are the log's: milliseconds since 1970, BARO_SPARK_UNKNOWN where it does not say.
 * Memory: 48 bytes a task and 12 a metric that is not 0, some 300 together; texts once. */
#ifndef BARO_IMPORT_SPARK_MODEL_H
#define BARO_IMPORT_SPARK_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/status.h"
#include "import/json_walk.h"
#include "import/spark_plan.h"
#include "recording/records.h"

#define BARO_SPARK_UNKNOWN INT64_MIN

/* What a task's metrics say. key in the recording (its unit behind the last _), the log's unit in ns where it is a time */
#define BARO_SPARK_METRIC_LIST(X)                                                                  \
  X(RUN, "run_ns")                                                                                 \
  X(CPU, "cpu_ns")                                                                                 \
  X(DESERIALIZE, "deserialize_ns")                                                                 \
  X(DESERIALIZE_CPU, "deserialize_cpu_ns")                                                         \
  X(RESULT_SERIALIZE, "result_serialize_ns")                                                       \
  X(GETTING_RESULT, "getting_result_ns")                                                           \
  X(GC, "gc_ns")                                                                                   \
  X(FETCH_WAIT, "fetch_wait_ns")                                                                   \
  X(REMOTE_REQUESTS, "remote_requests_ns")                                                         \
  X(SHUFFLE_WRITE, "shuffle_write_ns")                                                             \
  X(RESULT_BYTES, "result_bytes")                                                                  \
  X(PEAK_MEMORY, "peak_execution_memory_bytes")                                                    \
  X(PEAK_OFF_HEAP, "peak_off_heap_execution_memory_bytes")                                         \
  X(MEMORY_SPILLED, "memory_spilled_bytes")                                                        \
  X(DISK_SPILLED, "disk_spilled_bytes")                                                            \
  X(REMOTE_READ, "shuffle_remote_read_bytes")                                                      \
  X(REMOTE_READ_TO_DISK, "shuffle_remote_read_to_disk_bytes")                                      \
  X(LOCAL_READ, "shuffle_local_read_bytes")                                                        \
  X(READ_ROWS, "shuffle_read_rows")                                                                \
  X(REMOTE_BLOCKS, "shuffle_remote_blocks")                                                        \
  X(LOCAL_BLOCKS, "shuffle_local_blocks")                                                          \
  X(SHUFFLE_WRITTEN, "shuffle_written_bytes")                                                      \
  X(WRITTEN_ROWS, "shuffle_written_rows")                                                          \
  X(INPUT, "input_bytes")                                                                          \
  X(INPUT_ROWS, "input_rows")                                                                      \
  X(OUTPUT, "output_bytes")                                                                        \
  X(OUTPUT_ROWS, "output_rows")                                                                    \
  X(PYTHON_SENT, "python_sent_bytes")                                                              \
  X(PYTHON_RETURNED, "python_returned_bytes")                                                      \
  X(PYTHON_START, "python_start_ns")                                                               \
  X(PYTHON_INIT, "python_init_ns")                                                                 \
  X(PYTHON_RUN, "python_run_ns")                                                                   \
  X(PYTHON_RESIDENT, "python_resident_peak_bytes")                                                 \
  X(JVM_RESIDENT, "jvm_resident_peak_bytes")                                                       \
  X(JVM_HEAP, "jvm_heap_peak_bytes")                                                               \
  X(PARTITION, "partition")                                                                        \
  X(ATTEMPT, "attempt")                                                                            \
  X(SPECULATIVE, "speculative")                                                                    \
  X(LOCALITY, "locality")

typedef enum baro_spark_metric {
#define X(name, key) BARO_SPARK_##name,
  BARO_SPARK_METRIC_LIST(X)
#undef X
      BARO_SPARK_METRIC_COUNT
} baro_spark_metric;

const char *baro_spark_metric_key(baro_spark_metric metric);

typedef struct baro_spark_executor {
  uint32_t name; /* text: "driver", "1" */
  uint32_t host; /* text; BARO_NONE_ID: unknown */
  int64_t cores; /* 0 unknown */
  int64_t added_ms;
  int64_t removed_ms;
  int64_t profile; /* id of its resource profile; BARO_SPARK_UNKNOWN */
  uint32_t reason; /* text: why it was removed; BARO_NONE_ID: the log does not say */
  /* How often it got no more tasks, of any stage or of one, since some had failed on it: told once or, of Spark 3, twice. */
  uint32_t excluded[2];
  uint32_t excluded_for_stage[2];
} baro_spark_executor;

/* Peaks of all processes that worked on a stage, where executors were polled. */
#define BARO_SPARK_PEAK_LIST(X)                                                                    \
  X(JVM_HEAP, "JVMHeapMemory", "peak_jvm_heap_bytes")                                              \
  X(JVM_OFF_HEAP, "JVMOffHeapMemory", "peak_jvm_off_heap_bytes")                                   \
  X(EXECUTION, "OnHeapExecutionMemory", "peak_on_heap_execution_bytes")                            \
  X(STORAGE, "OnHeapStorageMemory", "peak_on_heap_storage_bytes")                                  \
  X(JVM_RESIDENT, "ProcessTreeJVMRSSMemory", "peak_jvm_resident_bytes")                            \
  X(PYTHON_RESIDENT, "ProcessTreePythonRSSMemory", "peak_python_resident_bytes")

typedef enum baro_spark_peak {
#define X(name, member, key) BARO_SPARK_PEAK_##name,
  BARO_SPARK_PEAK_LIST(X)
#undef X
      BARO_SPARK_PEAK_COUNT
} baro_spark_peak;

/* What an executor is asked for, and a task of it. Amounts that were not asked for are 0. */
typedef struct baro_spark_profile {
  int64_t id;
  int64_t cores;
  int64_t memory_bytes;
  int64_t overhead_bytes;
  int64_t off_heap_bytes;
  int64_t python_bytes;
  int64_t gpus;
  double task_cpus;
  double task_gpus;
} baro_spark_profile;

/* A setting of the application that resources, partitions or retries follow from: no others are kept. */
typedef struct baro_spark_setting {
  const char *name; /* static */
  uint32_t value;   /* text */
} baro_spark_setting;

enum { BARO_SPARK_SETTINGS_MAX = 64, BARO_SPARK_PROFILES_MAX = 1000 };

typedef struct baro_spark_job {
  int64_t id;
  int64_t submitted_ms;
  int64_t completed_ms;
  uint32_t execution;   /* index; BARO_NONE_ID: none, or not known */
  uint32_t description; /* text; BARO_NONE_ID: none */
  uint32_t group;       /* text: the user's name for jobs that belong together; BARO_NONE_ID */
  bool failed;
} baro_spark_job;

typedef struct baro_spark_stage {
  int64_t id;
  int64_t attempt;
  int64_t tasks;       /* as many as it should have */
  uint64_t seen_tasks; /* ends that the log tells */
  int64_t submitted_ms;
  int64_t completed_ms;
  uint32_t job;   /* index; BARO_NONE_ID: the log does not say */
  uint32_t name;  /* text */
  uint32_t scope; /* text: the operators of its RDDs, "a, b"; BARO_NONE_ID: none */
  uint32_t
      persisted; /* text: ids of those of its RDDs that stay in memory or on disk, "3,7"; BARO_NONE_ID: none */
  uint32_t parent; /* first of `parents`; ids of stages */
  uint32_t parent_count;
  uint32_t failure;   /* text: why it failed; BARO_NONE_ID: it did not */
  uint32_t place;     /* text: the user's line, where its name has none; BARO_NONE_ID */
  uint32_t execution; /* index of the query that it is a part of; BARO_NONE_ID */
  int64_t profile;    /* BARO_SPARK_UNKNOWN */
  uint64_t speculative;
  uint64_t peaks[BARO_SPARK_PEAK_COUNT]; /* 0: not told */
} baro_spark_stage;

typedef struct baro_spark_task {
  int64_t id;
  int64_t launched_ms;
  int64_t finished_ms; /* BARO_SPARK_UNKNOWN: no end was told */
  uint32_t stage;      /* index */
  uint32_t executor;   /* index */
  uint32_t first_value;
  uint8_t value_count;
  uint8_t outcome; /* baro_task_outcome */
} baro_spark_task;

typedef struct baro_spark_value {
  uint32_t metric;
  uint64_t value;
} baro_spark_value;

/* Counted, and said in the head of the recording. */
typedef struct baro_spark_oddities {
  uint64_t unknown_events;
  uint64_t twice;          /* events of the same task, stage attempt, job or executor once more */
  uint64_t homeless_tasks; /* of stages that were never submitted: these are made up */
  uint64_t backward_tasks; /* that end before they begin: 0 ms long */
  uint64_t untimed_tasks;  /* without a time: left out */
} baro_spark_oddities;

/* What a task added to an accumulator of its query. */
typedef struct baro_spark_update {
  uint32_t measure; /* index into those of the query */
  uint64_t value;
} baro_spark_update;

/* Which measure an accumulator was that stood in a place of a list of them. */
typedef struct baro_spark_told {
  int64_t accumulator;
  size_t named; /* accumulators of the query then: with more of them it may be one */
  uint32_t execution;
  uint32_t measure; /* index; BARO_NONE_ID: none */
} baro_spark_told;

enum { BARO_SPARK_UPDATES_MAX = 4096, BARO_SPARK_TOLD = 128 };

typedef struct baro_spark_names baro_spark_names; /* of members, to be found fast: spark_events.c */

typedef struct baro_spark_model {
  baro_spark_names *names; /* owned */
  baro_intern texts;       /* owned, as all here */
  uint32_t app_name;       /* texts; BARO_NONE_ID: unknown */
  uint32_t app_id;
  uint32_t spark_version;
  int64_t started_ms;
  int64_t registered_ms; /* the driver as an owner of blocks: its session is half made */
  int64_t ended_ms;
  int64_t newest_ms; /* of all events */
  baro_spark_executor *executors;
  uint32_t executor_count, executor_capacity;
  baro_spark_job *jobs;
  uint32_t job_count, job_capacity;
  baro_spark_stage *stages; /* attempts: one each */
  uint32_t stage_count, stage_capacity;
  baro_spark_task *tasks; /* in the order of their first event */
  uint32_t task_count, task_capacity;
  baro_spark_value *values;
  uint32_t value_count, value_capacity;
  int64_t *parents;
  uint32_t parent_count, parent_capacity;
  baro_spark_executions executions;
  baro_spark_profile *profiles;
  uint32_t profile_count, profile_capacity;
  baro_spark_setting settings[BARO_SPARK_SETTINGS_MAX];
  uint32_t setting_count;
  baro_spark_update *updates; /* of the line that is read */
  uint32_t update_count, update_capacity;
  baro_spark_told told[BARO_SPARK_TOLD];
  baro_map executor_by_name; /* text -> index */
  baro_map job_by_id;
  baro_map stage_by_id;  /* id << 20 ^ attempt -> index */
  baro_map job_of_stage; /* stage id -> job index */
  baro_map rdd_of_stage; /* stage id -> the RDD that it makes, also of stages that never ran */
  baro_map stage_of_rdd; /* RDD -> index of the newest stage that made it */
  baro_map task_by_id;
  baro_spark_oddities odd;
} baro_spark_model;

baro_status baro_spark_model_init(baro_spark_model *model) BARO_MUST_USE;
void baro_spark_model_release(baro_spark_model *model);

/* A line of the log. BARO_INVALID: it is no event (the caller counts it); BARO_NO_MEMORY. An event of an unknown kind is
 * counted, and well. */
baro_status baro_spark_model_line(baro_spark_model *model, baro_view line,
                                  baro_json_walk *ret_walk) BARO_MUST_USE;
/* All lines were given: queries that have not ended are closed. */
baro_status baro_spark_model_finish(baro_spark_model *model) BARO_MUST_USE;

/* --- between spark_model.c and spark_events.c --- */

baro_spark_names *baro_spark_names_create(void); /* NULL: no memory; freed as memory is */

/* Found, or made. */
baro_status baro_spark_executor_named(baro_spark_model *model, baro_view name,
                                      uint32_t *ret_executor) BARO_MUST_USE;
baro_status baro_spark_job_of(baro_spark_model *model, int64_t id, uint32_t *ret_job,
                              bool *ret_is_new) BARO_MUST_USE;
baro_status baro_spark_stage_of(baro_spark_model *model, int64_t id, int64_t attempt,
                                uint32_t *ret_stage, bool *ret_is_new) BARO_MUST_USE;
/* NULL: there is none. */
const baro_spark_stage *baro_spark_stage_find(const baro_spark_model *model, int64_t id,
                                              int64_t attempt);
baro_status baro_spark_task_of(baro_spark_model *model, int64_t id, uint32_t *ret_task,
                               bool *ret_is_new) BARO_MUST_USE;
/* An escaped text of the log. */
baro_status baro_spark_text(baro_spark_model *model, baro_view raw,
                            uint32_t *ret_text) BARO_MUST_USE;
baro_status baro_spark_parent_add(baro_spark_model *model, int64_t stage_id) BARO_MUST_USE;
/* NULL: there is none. */
const baro_spark_profile *baro_spark_profile_find(const baro_spark_model *model, int64_t id);
baro_status baro_spark_value_add(baro_spark_model *model, baro_spark_metric metric,
                                 uint64_t value) BARO_MUST_USE;

#endif

/* What Flink says of its jobs: their vertices, the plan, and attempts of subtasks.
 * Flow: json_items -> flink_answers.c -> here -> flink_output.c -> recording.
 * The history server's archive and the REST API have the same answers, by path ("/jobs/ID/vertices/ID"), the archive as texts of JSON.
 * They come in any order, may be missing, and say the same several times (an attempt stands with its vertex and by itself): what
 * was told last counts.
 * Times are the file's: milliseconds since 1970, BARO_FLINK_UNKNOWN where it does not say, or says -1 or "NaN". */
#ifndef BARO_IMPORT_FLINK_MODEL_H
#define BARO_IMPORT_FLINK_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/map.h"
#include "base/status.h"
#include "import/json_walk.h"
#include "recording/records.h"

#define BARO_FLINK_UNKNOWN INT64_MIN

/* Of an attempt. Where it stands there, its key in the recording, and what its unit is in ns (1: no time) */
#define BARO_FLINK_METRIC_LIST(X)                                                                  \
  X(BUSY, "accumulated-busy-time", "busy_ns", 1000000)                                             \
  X(IDLE, "accumulated-idle-time", "idle_ns", 1000000)                                             \
  X(BACKPRESSURED, "accumulated-backpressured-time", "backpressured_ns", 1000000)                  \
  X(READ_BYTES, "read-bytes", "read_bytes", 1)                                                     \
  X(WRITE_BYTES, "write-bytes", "written_bytes", 1)                                                \
  X(READ_RECORDS, "read-records", "read_rows", 1)                                                  \
  X(WRITE_RECORDS, "write-records", "written_rows", 1)                                             \
  X(CREATED, "CREATED", "created_ns", 1000000)                                                     \
  X(SCHEDULED, "SCHEDULED", "scheduled_ns", 1000000)                                               \
  X(DEPLOYING, "DEPLOYING", "deploying_ns", 1000000)                                               \
  X(INITIALIZING, "INITIALIZING", "initializing_ns", 1000000)                                      \
  X(RUNNING, "RUNNING", "running_ns", 1000000)

typedef enum baro_flink_metric {
#define X(name, member, key, unit) BARO_FLINK_##name,
  BARO_FLINK_METRIC_LIST(X)
#undef X
      BARO_FLINK_METRIC_COUNT
} baro_flink_metric;

typedef struct baro_flink_job {
  uint32_t id; /* text, as all below; BARO_NONE_ID: unknown */
  uint32_t name;
  uint32_t state;
  uint32_t type;
  uint32_t failure;
  int64_t started_ms;
  int64_t ended_ms;
} baro_flink_job;

typedef struct baro_flink_vertex {
  uint32_t job; /* index */
  uint32_t id;
  uint32_t name;
  uint32_t status;
  uint32_t description; /* of the plan */
  int64_t parallelism;
  int64_t max_parallelism;
  int64_t subtasks; /* that the file tells of */
} baro_flink_vertex;

/* Of a plan: the second takes in what the first puts out. */
typedef struct baro_flink_input {
  uint32_t from; /* index of vertex */
  uint32_t to;
  uint32_t ship_strategy;
  uint32_t exchange;
} baro_flink_input;

typedef struct baro_flink_attempt {
  uint32_t vertex; /* index */
  int64_t subtask;
  int64_t attempt;
  uint32_t status;
  uint32_t manager; /* text: taskmanager-id */
  uint32_t host;
  int64_t started_ms;
  int64_t ended_ms;
  int64_t now_ms; /* when it was asked for */
  int64_t metrics[BARO_FLINK_METRIC_COUNT];
  bool is_incomplete; /* Flink says that not all of them were told */
} baro_flink_attempt;

typedef struct baro_flink_model {
  baro_intern texts; /* owned, as all here */
  uint32_t version;  /* text */
  baro_flink_job *jobs;
  uint32_t job_count, job_capacity;
  baro_flink_vertex *vertexs;
  uint32_t vertex_count, vertex_capacity;
  baro_flink_input *inputs;
  uint32_t input_count, input_capacity;
  baro_flink_attempt *attempts;
  uint32_t attempt_count, attempt_capacity;
  baro_intern keys; /* of jobs, vertices, inputs and attempts */
  baro_map by_key;  /* -> index */
} baro_flink_model;

void baro_flink_model_release(baro_flink_model *model);
/* The answer of a path; those that are not asked for are skipped. value: with the padding that walks want. BARO_INVALID: none (the walk
 * says why); BARO_NO_MEMORY. */
baro_status baro_flink_answer(baro_flink_model *model, baro_view path, baro_view value,
                              baro_json_walk *ret_walk) BARO_MUST_USE;

/* --- between flink_model.c and flink_answers.c --- */

baro_status baro_flink_text(baro_flink_model *model, baro_view raw,
                            uint32_t *ret_text) BARO_MUST_USE;
/* Found or made, by their names as they stand. */
baro_status baro_flink_job_of(baro_flink_model *model, baro_view id,
                              uint32_t *ret_job) BARO_MUST_USE;
baro_status baro_flink_vertex_of(baro_flink_model *model, uint32_t job, baro_view id,
                                 uint32_t *ret_vertex) BARO_MUST_USE;
baro_status baro_flink_attempt_of(baro_flink_model *model, uint32_t vertex, int64_t subtask,
                                  int64_t attempt, uint32_t *ret_attempt) BARO_MUST_USE;
baro_status baro_flink_input_of(baro_flink_model *model, uint32_t from, uint32_t to,
                                uint32_t *ret_input) BARO_MUST_USE;

#endif

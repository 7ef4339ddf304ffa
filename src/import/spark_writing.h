/* What the parts of writing a Spark application share; private to spark_output.c, spark_slots.c, spark_at_once.c and
 * spark_sql_output.c. */
#ifndef BARO_IMPORT_SPARK_WRITING_H
#define BARO_IMPORT_SPARK_WRITING_H

#include "import/spark_output.h"

typedef struct baro_spark_slot {
  int64_t free_ms;
  uint32_t thread;
} baro_spark_slot;

typedef struct baro_spark_slots {
  baro_spark_slot *slots; /* owned */
  uint32_t count;
  uint32_t capacity;
  uint32_t process; /* BARO_NONE_ID: not written yet */
  uint32_t at_once; /* tasks, where the log does not tell its cores; 0: not counted */
  uint32_t most;    /* slots that it may have */
} baro_spark_slots;

typedef struct baro_spark_writing {
  const baro_spark_model *model;
  baro_writer *writer;
  baro_spark_slots *executors;  /* owned; by executor, and one for tasks of none */
  uint32_t *execution_operator; /* owned, as all here */
  uint32_t *execution_stack;
  uint32_t *job_operator;
  uint32_t *job_stack;
  uint32_t *stage_operator;
  uint32_t *stage_stack;
  uint32_t key_strings[BARO_SPARK_METRIC_COUNT];
  uint32_t application;
  uint32_t application_stack;
  int64_t base_ms; /* is BARO_SPARK_START_NS of the recording */
  baro_import_log_result written;
} baro_spark_writing;

/* Samples of the recording begin here: a time of 0 would be none. */
#define BARO_SPARK_START_NS UINT64_C(1000000000)

uint64_t baro_spark_time_of(const baro_spark_writing *all, int64_t ms);
/* "" where there is none. */
baro_view baro_spark_text_at(const baro_spark_model *model, uint32_t text);
baro_status baro_spark_string_of(baro_spark_writing *all, baro_view text,
                                 uint32_t *ret_string) BARO_MUST_USE;
/* At most 511 bytes of it. */
__attribute__((format(printf, 3, 4))) baro_status baro_spark_string_made(baro_spark_writing *all,
                                                                         uint32_t *ret_string,
                                                                         const char *format,
                                                                         ...) BARO_MUST_USE;

/* Executors are processes of the recording; those that were added first, also such that never had a task. */
baro_status baro_spark_write_executors(baro_spark_writing *all) BARO_MUST_USE;
/* Of executors whose cores no event tells, the most tasks that ran at once; executors: by executor. BARO_NO_MEMORY. */
baro_status baro_spark_count_at_once(const baro_spark_model *model,
                                     baro_spark_slots *executors) BARO_MUST_USE;
void baro_spark_end_executors(baro_spark_writing *all);
/* Where a task ran: the lowest slot that is free then. */
baro_status baro_spark_slot_for(baro_spark_writing *all, const baro_spark_task *task,
                                int64_t finished_ms, uint32_t *ret_thread,
                                int64_t *ret_free_ms) BARO_MUST_USE;

/* An operator, and the stack that its tasks' time stands under. */
typedef struct baro_spark_operator {
  const char *kind;
  uint32_t shown_string;
  baro_view place;
  uint32_t parent;
  uint32_t parent_stack;
} baro_spark_operator;

baro_status baro_spark_make_operator(baro_spark_writing *all, const baro_spark_operator *operator_,
                                     uint32_t *ret_operator, uint32_t *ret_stack) BARO_MUST_USE;
/* Nothing for times that are not known. */
baro_status baro_spark_fact_time(baro_spark_writing *all, uint32_t of, const char *key,
                                 int64_t ms) BARO_MUST_USE;

/* Queries, before the jobs that are parts of them; nodes of plans, behind the stages that they name. */
baro_status baro_spark_write_executions(baro_spark_writing *all) BARO_MUST_USE;
baro_status baro_spark_write_plans(baro_spark_writing *all) BARO_MUST_USE;

#endif

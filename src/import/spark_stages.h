/* A "Stage Info" of a Spark log, for the events that have one; private to spark_events.c and spark_stages.c. */
#ifndef BARO_IMPORT_SPARK_STAGES_H
#define BARO_IMPORT_SPARK_STAGES_H

#include "import/spark_names.h"

typedef struct baro_spark_stage_info {
  int64_t id;
  int64_t attempt;
  int64_t tasks;
  int64_t submitted_ms;
  int64_t completed_ms;
  uint32_t name;
  uint32_t scope;
  uint32_t persisted;
  uint32_t failure;
  uint32_t first_parent;
  uint32_t parent_count;
  int64_t
      rdd; /* the last of its RDDs, which tells it from others that run the same; below 0: not known */
  uint32_t place; /* the line of Python that an RDD was asked for at */
  int64_t profile;
  baro_view accumulables; /* as they stand in the line */
  /* Of the event around it. */
  int64_t execution;  /* id; BARO_SPARK_UNKNOWN */
  uint32_t call_site; /* text; BARO_NONE_ID */
} baro_spark_stage_info;

baro_status baro_spark_read_stage(baro_spark_model *model, baro_json_walk *walk,
                                  baro_spark_stage_info *info) BARO_MUST_USE;
baro_status baro_spark_take_stage(baro_spark_model *model, const baro_spark_stage_info *info,
                                  bool is_end) BARO_MUST_USE;
/* The query that a stage or job says it is a part of; left as it is where it says none. */
baro_status baro_spark_find_execution(baro_spark_model *model, int64_t id,
                                      uint32_t *ret_execution) BARO_MUST_USE;

#endif

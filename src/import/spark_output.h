/* A Spark application as a recording: executors are processes, their slots threads, jobs and stages operators.
 * Flow: spark_model.h -> here -> recording's writer.
 * A slot is what ran one task at a time: the log does not number them, so tasks are put into the lowest one that is free.
 * A task's time is split by what Spark measured of it, as samples of its slot, in an order that is ours: nobody knows when
 * within a task it waited. What was not measured is unknown, and stays so. */
#ifndef BARO_IMPORT_SPARK_OUTPUT_H
#define BARO_IMPORT_SPARK_OUTPUT_H

#include "import/importer.h"
#include "import/spark_model.h"
#include "recording/writer.h"

/* BARO_INVALID where there is no task with a time; BARO_NO_MEMORY. */
baro_status baro_spark_write(const baro_spark_model *model, baro_writer *writer,
                             baro_import_log_result *ret_result, baro_error *err) BARO_MUST_USE;

/* --- how a task's time is split; here for its test --- */

typedef struct baro_spark_part {
  baro_state state;
  uint64_t ns; /* > 0 */
} baro_spark_part;

enum { BARO_SPARK_PARTS_MAX = 12 };

/* values: by metric, BARO_SPARK_METRIC_COUNT of them. The parts add up to lasted_ns; the number of them. */
uint32_t baro_spark_split(uint64_t lasted_ns, const uint64_t *values,
                          baro_spark_part ret_parts[BARO_SPARK_PARTS_MAX]);

#endif

/* Slots of executors whose beginning is not in the log: no event tells their cores. */
#include "import/spark_writing.h"

#include <stdlib.h>

static const int64_t MS_NS = 1000000;

/* A task begins on an executor, or is done there. */
typedef struct edge {
  int64_t at_ms;
  uint32_t executor;
  int32_t step; /* 1 or -1 */
} edge;

/* What is done makes room for what begins in the same ms. */
static int compare_edges(const void *left, const void *right) {
  const edge *a = left;
  const edge *b = right;
  if (a->executor != b->executor) {
    return a->executor < b->executor ? -1 : 1;
  }
  if (a->at_ms != b->at_ms) {
    return a->at_ms < b->at_ms ? -1 : 1;
  }
  return a->step < b->step ? -1 : a->step > b->step;
}

/* From its launch to its finish a task seems to need its slot, but the driver takes a result after it gave the slot to the next
 * task. What the executor itself measured is never longer than the slot was taken. */
static int64_t done_ms(const baro_spark_model *model, const baro_spark_task *task) {
  uint64_t own_ns = 0;
  for (uint32_t i = 0; i < task->value_count; i++) {
    const baro_spark_value *value = &model->values[task->first_value + i];
    bool is_own = value->metric == BARO_SPARK_RUN || value->metric == BARO_SPARK_DESERIALIZE ||
                  value->metric == BARO_SPARK_RESULT_SERIALIZE;
    own_ns += is_own && value->value < INT64_MAX / 4 ? value->value : 0;
  }
  int64_t most_ms = task->finished_ms - task->launched_ms;
  int64_t own_ms = (int64_t)(own_ns / (uint64_t)MS_NS);
  return task->launched_ms + (own_ms < most_ms ? own_ms : most_ms > 0 ? most_ms : 0);
}

static uint32_t read_edges(const baro_spark_model *model, edge *edges) {
  uint32_t count = 0;
  for (uint32_t t = 0; t < model->task_count; t++) {
    const baro_spark_task *task = &model->tasks[t];
    if (task->executor == BARO_NONE_ID || model->executors[task->executor].cores > 0 ||
        task->finished_ms == BARO_SPARK_UNKNOWN) {
      continue;
    }
    int64_t until_ms = done_ms(model, task);
    if (until_ms > task->launched_ms) {
      edges[count++] = (edge){task->launched_ms, task->executor, 1};
      edges[count++] = (edge){until_ms, task->executor, -1};
    }
  }
  return count;
}

baro_status baro_spark_count_at_once(const baro_spark_model *model, baro_spark_slots *executors) {
  bool any = false;
  for (uint32_t e = 0; e < model->executor_count; e++) {
    any = any || model->executors[e].cores <= 0;
  }
  if (!any) {
    return BARO_OK;
  }
  edge *edges = malloc((2 * (size_t)model->task_count + 1) * sizeof(*edges));
  if (edges == NULL) {
    return BARO_NO_MEMORY;
  }
  uint32_t count = read_edges(model, edges);
  qsort(edges, count, sizeof(*edges), compare_edges);
  int32_t running = 0;
  for (uint32_t i = 0; i < count; i++) {
    running = i > 0 && edges[i].executor != edges[i - 1].executor ? 0 : running;
    running += edges[i].step;
    baro_spark_slots *executor = &executors[edges[i].executor];
    if (running > 0 && (uint32_t)running > executor->at_once) {
      executor->at_once = (uint32_t)running;
    }
  }
  free(edges);
  return BARO_OK;
}

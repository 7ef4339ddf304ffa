#include "import/spark_plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "import/spark_model.h"

/* Each is the head of a line at least, so this is a log of a GB of nothing else. */
enum { EXECUTIONS_MAX = 1 << 22 };

void baro_spark_plan_release(baro_spark_plan *plan) {
  free(plan->nodes);
  free(plan->metrics);
  free(plan->details);
  baro_buffer_release(&plan->text);
  *plan = (baro_spark_plan){0};
}

baro_view baro_spark_plan_text(const baro_spark_plan *plan, baro_spark_words words) {
  return words.length == 0
             ? (baro_view){0}
             : (baro_view){.data = plan->text.data + words.at, .length = words.length};
}

void baro_spark_executions_release(baro_spark_executions *all) {
  for (uint32_t e = 0; e < all->count; e++) {
    baro_spark_plan_release(&all->items[e].plan);
    baro_map_release(&all->items[e].measure_of);
    free(all->items[e].measures);
  }
  free(all->items);
  baro_map_release(&all->by_id);
  *all = (baro_spark_executions){0};
}

baro_status baro_spark_execution_of(baro_spark_executions *all, int64_t id,
                                    uint32_t *ret_execution) {
  const uint64_t *known = baro_map_find(&all->by_id, (uint64_t)id);
  if (known != NULL) {
    *ret_execution = (uint32_t)*known;
    return BARO_OK;
  }
  if (all->count == EXECUTIONS_MAX) {
    all->left_out++;
    *ret_execution = BARO_NONE_ID;
    return BARO_OK;
  }
  if (baro_grow(&all->items, &all->capacity, all->count, sizeof(*all->items)) != BARO_OK ||
      baro_map_set(&all->by_id, (uint64_t)id, all->count) != BARO_OK) {
    return BARO_NO_MEMORY;
  }
  all->items[all->count] = (baro_spark_execution){.id = id,
                                                  .root = BARO_SPARK_UNKNOWN,
                                                  .started_ms = BARO_SPARK_UNKNOWN,
                                                  .ended_ms = BARO_SPARK_UNKNOWN,
                                                  .description = BARO_NONE_ID,
                                                  .place = BARO_NONE_ID,
                                                  .failure = BARO_NONE_ID};
  *ret_execution = all->count++;
  return BARO_OK;
}

baro_status baro_spark_execution_name(baro_spark_executions *all, uint32_t execution,
                                      int64_t accumulator, uint8_t task_metric) {
  baro_spark_execution *one = &all->items[execution];
  if (baro_map_find(&one->measure_of, (uint64_t)accumulator) != NULL) {
    return BARO_OK;
  }
  if (all->named >= BARO_SPARK_MEASURES) {
    all->left_out++;
    return BARO_OK;
  }
  baro_status status = baro_map_set(&one->measure_of, (uint64_t)accumulator, 0);
  all->named += status == BARO_OK;
  if (status == BARO_OK && task_metric != BARO_SPARK_METRIC_COUNT) {
    baro_spark_measure *measure = baro_spark_measure_of(one, accumulator);
    if (measure == NULL) {
      return BARO_NO_MEMORY;
    }
    measure->task_metric = task_metric;
  }
  return status;
}

bool baro_spark_execution_knows(const baro_spark_execution *execution, int64_t accumulator) {
  return baro_map_find(&execution->measure_of, (uint64_t)accumulator) != NULL;
}

baro_spark_measure *baro_spark_measure_of(baro_spark_execution *execution, int64_t accumulator) {
  uint64_t *index = baro_map_find(&execution->measure_of, (uint64_t)accumulator);
  if (index == NULL) {
    return NULL;
  }
  if (*index == 0) {
    if (baro_grow(&execution->measures, &execution->measure_capacity, execution->measure_count,
                  sizeof(*execution->measures)) != BARO_OK) {
      return NULL;
    }
    baro_spark_measure *made = &execution->measures[execution->measure_count];
    *made = (baro_spark_measure){.task_metric = BARO_SPARK_METRIC_COUNT};
    for (int s = 0; s < BARO_SPARK_MEASURE_STAGES; s++) {
      made->stages[s] = BARO_NONE_ID;
    }
    *index = ++execution->measure_count;
  }
  return &execution->measures[*index - 1];
}

void baro_spark_measure_stage(baro_spark_measure *measure, uint32_t stage) {
  for (int s = 0; s < BARO_SPARK_MEASURE_STAGES; s++) {
    if (measure->stages[s] == stage) {
      return;
    }
    if (measure->stages[s] == BARO_NONE_ID) {
      measure->stages[s] = stage;
      return;
    }
  }
}

static uint64_t sum_of(uint64_t a, uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

void baro_spark_measure_add(baro_spark_measure *measure, uint64_t value) {
  measure->sum = sum_of(measure->sum, value);
  measure->most = value > measure->most ? value : measure->most;
  measure->tasks++;
}

baro_status baro_spark_execution_plan(baro_spark_executions *all, uint32_t execution,
                                      baro_spark_plan *take_plan) {
  baro_spark_execution *one = &all->items[execution];
  uint64_t others = all->kept_nodes - one->plan.node_count;
  if (one->is_closed || others + take_plan->node_count > BARO_SPARK_PLANS_NODES) {
    all->left_out++;
    baro_spark_plan_release(take_plan);
    return BARO_OK;
  }
  baro_spark_plan_release(&one->plan);
  all->kept_nodes = others + take_plan->node_count;
  all->left_out += take_plan->left_out;
  one->plan = *take_plan;
  one->has_plan = true;
  *take_plan = (baro_spark_plan){0};
  return BARO_OK;
}

/* The arrays of a plan that is kept need no room to grow. */
static void shrink(void *items, uint32_t *capacity, uint32_t count, size_t item_bytes) {
  void *old;
  memcpy(&old, items, sizeof(old));
  void *less = count == 0 ? NULL : realloc(old, count * item_bytes);
  if (less != NULL) {
    memcpy(items, &less, sizeof(less));
    *capacity = count;
  }
}

static void shrink_plan(baro_spark_plan *plan) {
  shrink(&plan->nodes, &plan->node_capacity, plan->node_count, sizeof(*plan->nodes));
  shrink(&plan->metrics, &plan->metric_capacity, plan->metric_count, sizeof(*plan->metrics));
  shrink(&plan->details, &plan->detail_capacity, plan->detail_count, sizeof(*plan->details));
}

baro_status baro_spark_execution_close(baro_spark_executions *all, uint32_t execution) {
  baro_spark_execution *one = &all->items[execution];
  if (one->is_closed) {
    return BARO_OK;
  }
  baro_spark_measure *kept = NULL;
  uint32_t count = 0;
  uint32_t capacity = 0;
  uint32_t *moved = malloc(((size_t)one->measure_count + 1) * sizeof(*moved)); /* old -> kept */
  if (moved == NULL) {
    return BARO_NO_MEMORY;
  }
  memset(moved, 0xff, ((size_t)one->measure_count + 1) * sizeof(*moved));
  for (uint32_t m = 0; m < one->plan.metric_count; m++) {
    baro_spark_plan_metric *metric = &one->plan.metrics[m];
    const uint64_t *index = baro_map_find(&one->measure_of, (uint64_t)metric->accumulator);
    metric->measure = BARO_NONE_ID;
    if (index == NULL || *index == 0) {
      continue;
    }
    if (moved[*index] == BARO_NONE_ID) {
      if (baro_grow(&kept, &capacity, count, sizeof(*kept)) != BARO_OK) {
        free(kept);
        free(moved);
        return BARO_NO_MEMORY;
      }
      kept[count] = one->measures[*index - 1];
      moved[*index] = count++;
    }
    metric->measure = moved[*index];
  }
  free(moved);
  free(one->measures);
  shrink(&kept, &capacity, count, sizeof(*kept));
  all->named -= one->measure_of.count;
  baro_map_release(&one->measure_of);
  one->measures = kept;
  one->measure_count = count;
  one->measure_capacity = capacity;
  one->is_closed = true;
  shrink_plan(&one->plan);
  return BARO_OK;
}

#include "predict/waves.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A stage has a ratio of its own from so many tasks of either kind on. */
enum { FIRST_MIN = 2, LATER_MIN = 8 };
/* Beyond this it is no warming up, but one task that is different. */
static const double RATIO_MAX = 5;

static int compare_doubles(const void *left, const void *right) {
  double a = *(const double *)left;
  double b = *(const double *)right;
  return a < b ? -1 : a > b;
}

static double median(double *values, uint32_t count) {
  qsort(values, count, sizeof(*values), compare_doubles);
  return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

static double clamped(double ratio) {
  return ratio < 1 ? 1 : ratio > RATIO_MAX ? RATIO_MAX : ratio;
}

typedef struct split_stage {
  uint32_t first_count;
  uint32_t later_count;
  double ratio; /* of the medians, a byte where all tasks read some; 0: there is none */
} split_stage;

static double bytes_of(const baro_graph_task *task) {
  return (double)task->input_bytes + (double)task->remote_bytes + (double)task->local_bytes;
}

/* Tasks of different sizes are compared by what they take a byte: a scan's last task is often a small rest. */
static bool all_read(const baro_job_graph *graph, const baro_replay_node *plan) {
  for (uint32_t t = plan->first_task; t < plan->first_task + plan->task_count; t++) {
    if (!(bytes_of(&graph->tasks[t]) > 0)) {
      return false;
    }
  }
  return true;
}

static split_stage split(const baro_job_graph *graph, uint32_t node, double *scratch) {
  const baro_replay_node *plan = &graph->nodes[node].plan;
  split_stage stage = {0};
  bool by_bytes = all_read(graph, plan);
  for (uint32_t t = plan->first_task; t < plan->first_task + plan->task_count; t++) {
    double work_ns = 0;
    for (int n = 0; n < BARO_NEED_COUNT; n++) {
      work_ns += (double)graph->tasks[t].need_ns[n];
    }
    work_ns /= by_bytes ? bytes_of(&graph->tasks[t]) : 1;
    if (graph->tasks[t].was_first) {
      scratch[stage.first_count++] = work_ns;
    } else {
      scratch[plan->task_count - ++stage.later_count] = work_ns;
    }
  }
  if (stage.first_count > 0 && stage.later_count > 0) {
    double first = median(scratch, stage.first_count);
    double later = median(scratch + plan->task_count - stage.later_count, stage.later_count);
    stage.ratio = later > 0 ? first / later : 0;
  }
  return stage;
}

baro_status baro_waves_measure(const baro_job_graph *graph, baro_arena *keep,
                               baro_waves *ret_waves) {
  baro_waves waves = {.pooled_ratio = 1};
  baro_arena scratch = {0};
  double *values = baro_arena_array(&scratch, graph->task_count, sizeof(*values));
  waves.ratios = baro_arena_array(keep, graph->node_count, sizeof(*waves.ratios));
  if (values == NULL || waves.ratios == NULL) {
    baro_arena_release(&scratch);
    return BARO_NO_MEMORY;
  }
  double weights = 0;
  double logs = 0;
  for (uint32_t n = 0; n < graph->node_count; n++) {
    split_stage stage = split(graph, n, values);
    if (stage.ratio > 0) {
      double weight =
          (double)(stage.first_count < stage.later_count ? stage.first_count : stage.later_count);
      logs += weight * log(stage.ratio);
      weights += weight;
      waves.measured_stages++;
    }
    if (stage.ratio > 0 && stage.first_count >= FIRST_MIN && stage.later_count >= LATER_MIN) {
      waves.ratios[n] = clamped(stage.ratio);
    }
  }
  waves.pooled_ratio = weights > 0 ? clamped(exp(logs / weights)) : 1;
  for (uint32_t n = 0; n < graph->node_count; n++) {
    waves.ratios[n] = waves.ratios[n] > 0 ? waves.ratios[n] : waves.pooled_ratio;
  }
  baro_arena_release(&scratch);
  *ret_waves = waves;
  return BARO_OK;
}

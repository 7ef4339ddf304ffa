#include "predict/contention.h"

#include <math.h>

/* Time of a stage's tasks but for what is fixed. */
static double stage_work(const baro_job_graph *graph, const baro_graph_node *node) {
  double work_ns = 0;
  for (uint32_t t = 0; t < node->plan.task_count; t++) {
    for (int n = 0; n < BARO_NEED_COUNT; n++) {
      work_ns +=
          n == BARO_NEED_FIXED ? 0 : (double)graph->tasks[node->plan.first_task + t].need_ns[n];
    }
  }
  return work_ns;
}

/* Stages stand by job and id in both, and are the same where name, place and number of tasks are. NULL: no such one is left. */
static const baro_graph_node *partner_of(const baro_job_graph *graph, const baro_graph_node *node,
                                         const baro_job_graph *other, uint32_t *from) {
  const baro_dataflow_operator *one = &graph->profile->dataflow.operators[node->operator_id];
  for (uint32_t n = *from; n < other->node_count; n++) {
    const baro_graph_node *candidate = &other->nodes[n];
    if (candidate->plan.task_count != node->plan.task_count) {
      continue;
    }
    const baro_dataflow_operator *two = &other->profile->dataflow.operators[candidate->operator_id];
    if (baro_view_equal(baro_profile_string(graph->profile, one->name_string),
                        baro_profile_string(other->profile, two->name_string)) &&
        baro_view_equal(baro_profile_string(graph->profile, one->place_string),
                        baro_profile_string(other->profile, two->place_string))) {
      *from = n + 1;
      return candidate;
    }
  }
  return NULL;
}

typedef struct sums {
  double before_ns;
  double after_ns;
  double weights;
  double squares; /* weighted, of the stages' own powers around zero */
  double firsts;
  uint32_t count;
} sums;

/* How many of a stage's tasks ran at once. */
static double at_once(const baro_job_graph *graph, uint32_t tasks) {
  return (double)(tasks < graph->slot_count ? tasks : graph->slot_count);
}

static sums compare_stages(const baro_job_graph *graph, const baro_job_graph *other) {
  sums all = {0};
  uint32_t from = 0;
  for (uint32_t n = 0; n < graph->node_count; n++) {
    const baro_graph_node *node = &graph->nodes[n];
    if (node->plan.task_count == 0) {
      continue;
    }
    const baro_graph_node *partner = partner_of(graph, node, other, &from);
    double ratio = at_once(other, node->plan.task_count) / at_once(graph, node->plan.task_count);
    if (partner == NULL || !(fabs(log(ratio)) > 1e-9)) {
      continue;
    }
    double before_ns = stage_work(graph, node);
    double after_ns = stage_work(other, partner);
    if (before_ns > 0 && after_ns > 0) {
      double power = log(after_ns / before_ns) / log(ratio);
      all.weights += before_ns;
      all.firsts += before_ns * power;
      all.squares += before_ns * power * power;
      all.before_ns += before_ns;
      all.after_ns += after_ns;
      all.count++;
    }
  }
  return all;
}

baro_status baro_contention_from(const baro_job_graph *graph, const baro_job_graph *other,
                                 baro_contention_fit *ret_fit, baro_error *err) {
  bool same_executors = graph->executor_count == other->executor_count;
  double slots = (double)graph->slot_count / (double)graph->executor_count;
  double other_slots = (double)other->slot_count / (double)other->executor_count;
  bool same_slots = fabs(slots - other_slots) < 1e-9;
  if (same_executors && same_slots) {
    *ret_fit = (baro_contention_fit){.term = BARO_TERM_COUNT};
    return BARO_OK;
  }
  if (!same_executors && !same_slots) {
    return baro_error_set(
        err, BARO_UNSUPPORTED,
        "it ran on other executors and on other slots of each (%u of %.3g, not %u "
        "of %.3g): which of both slowed its tasks cannot be told",
        other->executor_count, other_slots, graph->executor_count, slots);
  }
  sums all = compare_stages(graph, other);
  if (all.count == 0) {
    return baro_error_set(
        err, BARO_UNSUPPORTED,
        "no stage with the same name and number of tasks, and more of them at once "
        "or fewer, is in both");
  }
  double mean = all.firsts / all.weights;
  double spread = all.squares / all.weights - mean * mean;
  double error = all.count > 1 && spread > 0 ? sqrt(spread / (double)(all.count - 1)) : 0;
  /* One stage says nothing of how stages differ: then as much as the prior's range has. */
  const baro_term_row *row =
      &baro_terms[same_executors ? BARO_TERM_CORES_CONTENTION : BARO_TERM_NODES_CONTENTION];
  *ret_fit = (baro_contention_fit){
      .term = same_executors ? BARO_TERM_CORES_CONTENTION : BARO_TERM_NODES_CONTENTION,
      .power = mean,
      .error_power = error > 0 ? error : (row->high - row->low) / 3.3,
      .stage_count = all.count,
  };
  return BARO_OK;
}

#include "predict/change.h"

#include <math.h>

/* Of a run's memory, less than this is refused: what a task cannot do without is in no log. */
static const double MEMORY_RATIO_MIN = 0.5;
/* Spark's UnifiedMemoryManager: reserved, and 1.5 times that is the least it starts with. */
static const double RESERVED_BYTES = 300.0 * 1024 * 1024;
static const double HEAP_BYTES_MIN = 450.0 * 1024 * 1024;
enum { SLOTS_MAX = 1 << 20 };

baro_change baro_change_none(const baro_job_graph *graph) {
  return (baro_change){.cores_ratio = 1,
                       .executor_count = graph->executor_count,
                       .cpu_ratio = 1,
                       .disk_ratio = 1,
                       .network_ratio = 1,
                       .memory_ratio = 1,
                       .execution_ratio = 1,
                       .input_ratio = 1,
                       .partitions_ratio = 1};
}

uint32_t baro_change_slots(const baro_change *change, const baro_graph_executor *executor) {
  return change->cores_ratio > 0
             ? (uint32_t)lround((double)executor->slot_count * change->cores_ratio)
             : change->cores_count;
}

static baro_status resolve_cores(const baro_scenario_value *value, const baro_job_graph *graph,
                                 baro_change *change, baro_error *err) {
  change->cores_ratio = value->is_factor ? value->value : 0;
  change->cores_count = value->is_factor ? 0 : (uint32_t)value->value;
  for (uint32_t e = 0; e < graph->executor_count; e++) {
    double slots = (double)graph->executors[e].slot_count;
    double wanted = value->is_factor ? slots * value->value : value->value;
    if (fabs(wanted - round(wanted)) > 1e-6 || wanted < 0.5 || wanted > SLOTS_MAX) {
      return baro_error_set(err, BARO_UNSUPPORTED,
                            "cores=%.4gx: of the %.0f slot%s that an executor had, that is no "
                            "whole number of slots; give a number, as cores=4",
                            value->value, slots, slots > 1 ? "s" : "");
    }
    change->changes_cores = change->changes_cores || fabs(wanted - slots) > 0.5;
  }
  return BARO_OK;
}

static baro_status resolve_nodes(const baro_scenario_value *value, const baro_job_graph *graph,
                                 baro_change *change, baro_error *err) {
  double wanted = value->is_factor ? (double)graph->executor_count * value->value : value->value;
  if (fabs(wanted - round(wanted)) > 1e-6 || wanted < 0.5 || wanted > SLOTS_MAX) {
    return baro_error_set(
        err, BARO_UNSUPPORTED,
        "nodes=%.4gx: of the %u executors that were recorded, that is no whole number; "
        "give a number, as nodes=4",
        value->value, graph->executor_count);
  }
  change->executor_count = (uint32_t)lround(wanted);
  return BARO_OK;
}

static baro_status resolve_memory(const baro_scenario_value *value, const baro_job_graph *graph,
                                  baro_change *change, baro_error *err) {
  double had = graph->memory_bytes;
  if (!value->is_factor && !(had > 0)) {
    return baro_error_set(
        err, BARO_UNSUPPORTED,
        "memory: how much executors had is not in the recording; give a factor, as "
        "memory=2x");
  }
  double ratio = value->is_factor ? value->value : value->value / had;
  if (ratio < MEMORY_RATIO_MIN || (had > 0 && ratio * had < HEAP_BYTES_MIN)) {
    return baro_error_set(
        err, BARO_UNSUPPORTED,
        "memory: with less than half of what executors had, or than the 450 MB that "
        "Spark asks for, tasks may end \"out of memory\"; what they cannot do without "
        "is not in the recording");
  }
  change->memory_ratio = ratio;
  change->execution_ratio =
      had > HEAP_BYTES_MIN ? (ratio * had - RESERVED_BYTES) / (had - RESERVED_BYTES) : ratio;
  return BARO_OK;
}

static bool any_reads_input(const baro_job_graph *graph) {
  for (uint32_t n = 0; n < graph->node_count; n++) {
    if (graph->nodes[n].reads_input) {
      return true;
    }
  }
  return false;
}

static baro_status resolve_data(const baro_scenario *scenario, const baro_job_graph *graph,
                                baro_change *change, baro_error *err) {
  const baro_scenario_value *input = &scenario->values[BARO_SCENARIO_INPUT];
  const baro_scenario_value *partitions = &scenario->values[BARO_SCENARIO_PARTITIONS];
  if (input->is_set && !any_reads_input(graph)) {
    return baro_error_set(err, BARO_UNSUPPORTED,
                          "input: no task read any that the log knows of, so what grows with it is "
                          "unknown");
  }
  change->input_ratio = input->is_set ? input->value : 1;
  if (!partitions->is_set) {
    return BARO_OK;
  }
  bool any = false;
  for (uint32_t n = 0; n < graph->node_count; n++) {
    any = any || (graph->nodes[n].reads_shuffle && graph->nodes[n].plan.task_count > 1);
  }
  if (!any) {
    return baro_error_set(err, BARO_UNSUPPORTED,
                          "partitions: no stage of more than one task reads shuffled data");
  }
  change->partitions_ratio = partitions->is_factor ? partitions->value : 0;
  change->partitions_count = partitions->is_factor ? 0 : (uint32_t)partitions->value;
  change->changes_partitions = true;
  return BARO_OK;
}

baro_status baro_change_resolve(const baro_scenario *scenario, const baro_job_graph *graph,
                                baro_change *ret_change, baro_error *err) {
  baro_change change = baro_change_none(graph);
  const baro_scenario_value *values = scenario->values;
  baro_status status = BARO_OK;
  if (values[BARO_SCENARIO_GPU].is_set) {
    return baro_error_set(
        err, BARO_UNSUPPORTED,
        "gpu: Spark's log does not say what ran on one; what can be set is cores, "
        "nodes, cpu_speed, disk, network, memory, input, partitions");
  }
  if (scenario->function_count > 0) {
    return baro_error_set(err, BARO_UNSUPPORTED,
                          "function: tasks of Spark are not known by function; what can be set is "
                          "cores, nodes, cpu_speed, disk, network, memory, input, partitions");
  }
  if (values[BARO_SCENARIO_CORES].is_set) {
    status = resolve_cores(&values[BARO_SCENARIO_CORES], graph, &change, err);
  }
  if (status == BARO_OK && values[BARO_SCENARIO_NODES].is_set) {
    status = resolve_nodes(&values[BARO_SCENARIO_NODES], graph, &change, err);
  }
  if (status == BARO_OK && values[BARO_SCENARIO_MEMORY].is_set) {
    status = resolve_memory(&values[BARO_SCENARIO_MEMORY], graph, &change, err);
  }
  if (status == BARO_OK) {
    status = resolve_data(scenario, graph, &change, err);
  }
  if (status != BARO_OK) {
    return status;
  }
  const struct {
    baro_scenario_key key;
    double *ratio;
  } speeds[] = {{BARO_SCENARIO_CPU_SPEED, &change.cpu_ratio},
                {BARO_SCENARIO_DISK, &change.disk_ratio},
                {BARO_SCENARIO_NETWORK, &change.network_ratio}};
  for (size_t s = 0; s < sizeof(speeds) / sizeof(speeds[0]); s++) {
    if (values[speeds[s].key].is_set) {
      *speeds[s].ratio = values[speeds[s].key].value;
    }
  }
  *ret_change = change;
  return BARO_OK;
}

bool baro_change_fewer_slots(const baro_change *change, const baro_job_graph *graph,
                             uint32_t doublings, baro_change *ret_change) {
  baro_change fewer = *change;
  double ratio = doublings < 32 ? ldexp(1, (int)doublings) : SLOTS_MAX;
  bool has_fewer_slots = change->changes_cores;
  for (uint32_t e = 0; e < graph->executor_count; e++) {
    double had = (double)graph->executors[e].slot_count;
    double has = (double)baro_change_slots(change, &graph->executors[e]);
    if (has < had) {
      return false;
    }
    has_fewer_slots = has_fewer_slots && had * ratio < has;
  }
  double executors = (double)graph->executor_count * ratio;
  bool has_fewer_executors = executors < (double)change->executor_count;
  if (change->executor_count < graph->executor_count) {
    return false;
  }
  if (has_fewer_slots) {
    fewer.cores_ratio = ratio;
    fewer.changes_cores = doublings > 0;
  }
  if (has_fewer_executors) {
    fewer.executor_count = (uint32_t)executors;
  }
  *ret_change = fewer;
  return has_fewer_slots || has_fewer_executors;
}

double baro_change_distance(const baro_change *change, const baro_job_graph *graph) {
  double slots = 0;
  for (uint32_t e = 0; e < graph->executor_count; e++) {
    slots += (double)baro_change_slots(change, &graph->executors[e]);
  }
  slots *= (double)change->executor_count / (double)graph->executor_count;
  const double ratios[] = {slots / (double)graph->slot_count,
                           change->cpu_ratio,
                           change->disk_ratio,
                           change->network_ratio,
                           change->memory_ratio,
                           change->input_ratio};
  double distance = 1;
  for (size_t r = 0; r < sizeof(ratios) / sizeof(ratios[0]); r++) {
    double away = ratios[r] < 1 ? 1 / ratios[r] : ratios[r];
    distance = away > distance ? away : distance;
  }
  return distance;
}

/* Executors of a job graph, and their slots. */
#include <stdlib.h>

#include "predict/graph_build.h"

/* Of those that had tasks, in the order of arrival, then the others: these take what is more than before. */
static int compare_executors(const void *left, const void *right) {
  const baro_graph_executor *a = left;
  const baro_graph_executor *b = right;
  if (a->had_tasks != b->had_tasks) {
    return a->had_tasks ? -1 : 1;
  }
  if (a->from_ns < b->from_ns || a->from_ns > b->from_ns) {
    return a->from_ns < b->from_ns ? -1 : 1;
  }
  return a->process < b->process ? -1 : a->process > b->process;
}

/* More than any cluster has: what a file tells above it is not believed, for each slot takes memory. */
static const double SLOTS_TOLD_MAX = 1 << 16;

/* Slots of an executor: those that had a task, or as many as it told, for more tasks than there were would go on those too. */
static uint32_t slots_with_idle(const baro_graph_build *build, uint32_t process, uint32_t used) {
  double told;
  return baro_profile_process_fact_number(build->profile, process, "task_slots", &told) &&
                 told > used && told + build->graph->slot_count <= SLOTS_TOLD_MAX
             ? (uint32_t)told
             : used;
}

static void mark_slots(baro_graph_build *build) {
  const baro_dataflow *dataflow = &build->profile->dataflow;
  for (uint32_t s = 0; s < build->stage_count; s++) {
    const baro_dataflow_operator *one = &dataflow->operators[build->stages[s].operator_id];
    for (uint32_t t = one->first_task; t < one->first_task + one->task_count; t++) {
      build->is_slot[dataflow->tasks[t].thread] = true;
    }
  }
}

static double from_start(const baro_graph_build *build, uint64_t at_ns) {
  return at_ns <= build->start_ns ? 0 : (double)(at_ns - build->start_ns);
}

/* An executor that had no task was there for more than there were, unless it was excluded, or went before the run. */
static bool could_have_run(const baro_graph_build *build, const baro_graph_executor *executor) {
  const baro_profile_process *process = &build->profile->processes[executor->process];
  double excluded;
  bool is_excluded =
      baro_profile_process_fact_number(build->profile, executor->process, "excluded", &excluded) &&
      excluded > 0;
  return !is_excluded && (process->end_ns == 0 || process->end_ns > build->start_ns);
}

static baro_graph_executor executor_of(const baro_graph_build *build, uint32_t index) {
  const baro_profile_process *process = &build->profile->processes[index];
  baro_graph_executor executor = {.process = index,
                                  .from_ns = from_start(build, process->start_ns)};
  for (uint32_t t = process->first_thread; t < process->first_thread + process->thread_count; t++) {
    executor.slot_count += build->is_slot[t];
  }
  executor.had_tasks = executor.slot_count > 0;
  executor.slot_count = slots_with_idle(build, index, executor.slot_count);
  if (!executor.had_tasks) {
    executor.until_ns = from_start(build, process->end_ns);
    executor.slot_count = could_have_run(build, &executor) ? executor.slot_count : 0;
  }
  return executor;
}

static baro_status fill_slots(baro_graph_build *build) {
  baro_job_graph *graph = build->graph;
  uint32_t slot = 0;
  graph->executor_of_slot =
      baro_arena_array(&graph->arena, graph->slot_count, sizeof(*graph->executor_of_slot));
  for (uint32_t e = 0; e < graph->executor_count && graph->executor_of_slot != NULL; e++) {
    for (uint32_t s = 0; s < graph->executors[e].slot_count; s++) {
      graph->executor_of_slot[slot++] = e;
    }
  }
  return graph->executor_of_slot == NULL ? BARO_NO_MEMORY : baro_graph_build_hosts(build);
}

baro_status baro_graph_build_slots(baro_graph_build *build) {
  const baro_profile *profile = build->profile;
  baro_job_graph *graph = build->graph;
  build->is_slot =
      baro_arena_array(&build->scratch, profile->thread_count, sizeof(*build->is_slot));
  graph->executors =
      baro_arena_array(&graph->arena, profile->process_count, sizeof(*graph->executors));
  if (build->is_slot == NULL || graph->executors == NULL) {
    return BARO_NO_MEMORY;
  }
  mark_slots(build);
  for (uint32_t p = 0; p < profile->process_count; p++) {
    baro_graph_executor executor = executor_of(build, p);
    if (executor.slot_count > 0) {
      graph->executors[graph->executor_count++] = executor;
      graph->slot_count += executor.slot_count;
    }
  }
  qsort(graph->executors, graph->executor_count, sizeof(*graph->executors), compare_executors);
  return fill_slots(build);
}

void baro_graph_slots_of_threads(const baro_graph_build *build, uint32_t *ret_slot,
                                 double *ret_from) {
  const baro_profile *profile = build->profile;
  uint32_t first = 0;
  for (uint32_t e = 0; e < build->graph->executor_count; e++) {
    const baro_graph_executor *executor = &build->graph->executors[e];
    const baro_profile_process *process = &profile->processes[executor->process];
    uint32_t slot = first;
    for (uint32_t t = process->first_thread; t < process->first_thread + process->thread_count;
         t++) {
      if (build->is_slot[t]) {
        ret_from[slot] = executor->from_ns;
        ret_slot[t] = slot++;
      }
    }
    first += executor->slot_count;
  }
}

#include <stdlib.h>

#include "base/map.h"
#include "predict/graph_build.h"

static const char *const amount_keys[] = {
    "shuffle_remote_read_bytes",
    "shuffle_local_read_bytes",
    "memory_spilled_bytes",
    "disk_spilled_bytes",
    "peak_execution_memory_bytes",
    "input_bytes",
    "output_bytes",
    "shuffle_written_bytes",
    "shuffle_write_ns",
    "deserialize_ns",
    "deserialize_cpu_ns",
};
enum {
  REMOTE,
  LOCAL,
  SPILLED,
  SPILLED_DISK,
  PEAK,
  INPUT,
  OUTPUT,
  WRITTEN,
  WRITE_NS,
  DESERIALIZE_NS,
  DESERIALIZE_CPU_NS,
  AMOUNT_KEYS
};

/* Spark tells deserializing in whole milliseconds: of less CPU time than this it tells nothing. */
static const double DESERIALIZE_CPU_NS_MIN = 20e6;

typedef struct placed_task {
  uint64_t start_ns;
  uint32_t task;  /* of the dataflow */
  uint32_t stage; /* of the build */
} placed_task;

static int compare_placed(const void *left, const void *right) {
  const placed_task *a = left;
  const placed_task *b = right;
  if (a->start_ns != b->start_ns) {
    return a->start_ns < b->start_ns ? -1 : 1;
  }
  return a->task < b->task ? -1 : a->task > b->task;
}

typedef struct task_walk {
  baro_graph_build *build;
  uint32_t keys[AMOUNT_KEYS];
  uint32_t *slot_of_thread;
  baro_graph_places places;
  double *free_ns; /* by slot */
  baro_map seen;   /* slot << 32 | node */
  double written_bytes;
  double write_ns;
  double deserialize_ns;
  double deserialize_cpu_ns;
} task_walk;

static baro_need need_of(baro_state state) {
  switch (state) {
  case BARO_STATE_CPU:
  case BARO_STATE_RUNNABLE:
  case BARO_STATE_GIL: return BARO_NEED_CPU;
  case BARO_STATE_COLLECTOR: return BARO_NEED_COLLECTOR;
  case BARO_STATE_DISK: return BARO_NEED_DISK;
  case BARO_STATE_NETWORK: return BARO_NEED_NETWORK;
  case BARO_STATE_IDLE: return BARO_NEED_FIXED;
  case BARO_STATE_UNKNOWN:
  case BARO_STATE_LOCK:
  case BARO_STATE_PIPE:
  case BARO_STATE_CHILD:
  case BARO_STATE_SLEEP:
  case BARO_STATE_GPU:
  case BARO_STATE_COPY:
  case BARO_STATE_COUNT: break;
  }
  return BARO_NEED_OTHER;
}

/* The needs add up to work_ns: what no sample stands for is unknown. */
static void read_needs(const baro_dataflow *dataflow, uint32_t task, double work_ns,
                       baro_graph_task *to) {
  double needs[BARO_NEED_COUNT] = {0};
  double sum_ns = 0;
  for (int s = 0; s < BARO_STATE_COUNT; s++) {
    double ns = (double)baro_dataflow_state_ns(dataflow, task, (baro_state)s);
    needs[need_of((baro_state)s)] += ns;
    sum_ns += ns;
  }
  double scale = sum_ns > work_ns && sum_ns > 0 ? work_ns / sum_ns : 1;
  if (sum_ns < work_ns) {
    needs[BARO_NEED_OTHER] += work_ns - sum_ns;
  }
  for (int n = 0; n < BARO_NEED_COUNT; n++) {
    to->need_ns[n] = (float)(needs[n] * scale);
  }
}

static void read_amounts(task_walk *walk, uint32_t task, baro_graph_node *node,
                         baro_graph_task *to) {
  double amounts[AMOUNT_KEYS] = {0};
  for (int k = 0; k < AMOUNT_KEYS; k++) {
    uint64_t value;
    if (walk->keys[k] != BARO_NONE_ID &&
        baro_dataflow_amount(&walk->build->profile->dataflow, task, walk->keys[k], &value)) {
      amounts[k] = (double)value;
    }
  }
  to->remote_bytes = (float)amounts[REMOTE];
  to->local_bytes = (float)amounts[LOCAL];
  to->input_bytes = (float)amounts[INPUT];
  to->spilled_bytes = (float)amounts[SPILLED];
  to->spilled_disk_bytes = (float)amounts[SPILLED_DISK];
  to->peak_bytes = (float)amounts[PEAK];
  node->reads_input = node->reads_input || amounts[INPUT] > 0;
  node->reads_shuffle = node->reads_shuffle || amounts[REMOTE] + amounts[LOCAL] > 0;
  node->writes_output = node->writes_output || amounts[OUTPUT] > 0;
  node->read_bytes += amounts[INPUT] + amounts[REMOTE] + amounts[LOCAL];
  walk->written_bytes += amounts[WRITTEN];
  walk->write_ns += amounts[WRITE_NS];
  walk->deserialize_ns += amounts[DESERIALIZE_NS];
  walk->deserialize_cpu_ns += amounts[DESERIALIZE_CPU_NS];
}

/* Tasks come in the order of their start over all stages: so it is known since when their slot was free. */
static baro_status place_task(task_walk *walk, const placed_task *placed) {
  baro_graph_build *build = walk->build;
  baro_job_graph *graph = build->graph;
  const baro_dataflow_task *from = &build->profile->dataflow.tasks[placed->task];
  const baro_graph_span *stage = &build->stages[placed->stage];
  baro_graph_node *node = &graph->nodes[stage->node];
  baro_graph_task *to = &graph->tasks[node->plan.first_task + node->plan.task_count++];
  uint32_t slot = walk->slot_of_thread[from->thread];
  /* Copies of a task that went on when their stage was done held nothing up. */
  uint64_t until_ns = from->end_ns > stage->completed_ns && stage->completed_ns > from->start_ns
                          ? stage->completed_ns
                          : from->end_ns;
  double start_ns = (double)(from->start_ns - build->start_ns);
  double end_ns = (double)(until_ns - build->start_ns);
  double ready_ns = (double)(stage->first_ns - build->start_ns);
  double free_ns = walk->free_ns[slot] > ready_ns ? walk->free_ns[slot] : ready_ns;
  double begin_ns = start_ns > free_ns ? start_ns : free_ns;
  end_ns = end_ns > begin_ns ? end_ns : begin_ns;
  walk->free_ns[slot] = end_ns;
  to->slot = slot;
  to->dispatch_ns = (float)(begin_ns - free_ns);
  read_needs(&build->profile->dataflow, placed->task, end_ns - begin_ns, to);
  read_amounts(walk, placed->task, node, to);
  for (int n = 0; n < BARO_NEED_COUNT; n++) {
    graph->need_ns[n] += (double)to->need_ns[n];
  }
  graph->unfinished_tasks += from->outcome == BARO_TASK_UNFINISHED;
  graph->failed_tasks += from->outcome == BARO_TASK_FAILED;
  uint32_t process = build->profile->threads[from->thread].process;
  uint64_t born_ns = build->profile->processes[process].start_ns;
  to->is_early = from->start_ns < born_ns || from->start_ns - born_ns < BARO_GRAPH_EARLY_NS;
  baro_graph_home home;
  baro_status status = baro_graph_find_home(&walk->places, placed->task, stage->operator_id,
                                            graph->executor_of_slot[slot], &home);
  if (status != BARO_OK) {
    return status;
  }
  to->home = (uint8_t)home;
  graph->home_count += home != BARO_GRAPH_HOME_NOWHERE;
  uint64_t key = (uint64_t)slot << 32 | stage->node;
  to->was_first = baro_map_find(&walk->seen, key) == NULL;
  return to->was_first ? baro_map_set(&walk->seen, key, 1) : BARO_OK;
}

/* Whether Python workers run in a stage: operators of plans say so by name; RDDs of a Python program are all theirs. */
static bool runs_python(const baro_graph_build *build, uint32_t operator_id) {
  baro_view scope = {0};
  const baro_dataflow *dataflow = &build->profile->dataflow;
  (void)baro_dataflow_fact_text(dataflow, operator_id, "scope", &scope);
  if (baro_view_contains(scope, "Python") || baro_view_contains(scope, "InPandas") ||
      baro_view_contains(scope, "InArrow")) {
    return true;
  }
  baro_view place =
      baro_profile_string(build->profile, dataflow->operators[operator_id].place_string);
  return baro_view_contains(place, ".py:") && !baro_view_contains(scope, "WholeStageCodegen") &&
         !baro_view_contains(scope, "Exchange") && !baro_view_contains(scope, "Scan");
}

/* spark.sql.files.openCostInBytes and spark.sql.adaptive.coalescePartitions.minPartitionSize, by their defaults: smaller pieces
 * are not made (docs/sql-performance-tuning of Spark 3.2 and later; FilePartition.maxSplitBytes). */
static const double SCAN_BYTES_MIN = 4 * 1024 * 1024;
static const double SHUFFLE_BYTES_MIN = 1024 * 1024;

static void find_pieces(baro_graph_build *build) {
  const baro_job_graph *graph = build->graph;
  for (uint32_t s = 0; s < build->stage_count; s++) {
    baro_graph_node *node = &graph->nodes[build->stages[s].node];
    baro_view scope = {0};
    (void)baro_dataflow_fact_text(&build->profile->dataflow, node->operator_id, "scope", &scope);
    bool is_scan = node->reads_input && baro_view_contains(scope, "Scan");
    bool is_coalesced = node->reads_shuffle && baro_view_contains(scope, "AQEShuffleRead");
    uint32_t more = node->plan.task_count - graph->slot_count; /* of a file a rest may be left */
    if ((is_scan && more <= 1) || (is_coalesced && more == 0)) {
      double pieces = node->read_bytes / (is_coalesced ? SHUFFLE_BYTES_MIN : SCAN_BYTES_MIN);
      node->pieces_max = pieces < 1e6 ? (uint32_t)pieces : 1000000;
      node->pieces_max =
          node->pieces_max > node->plan.task_count ? node->pieces_max : node->plan.task_count;
    }
  }
}

static placed_task *sort_tasks(baro_graph_build *build) {
  baro_job_graph *graph = build->graph;
  for (uint32_t s = 0; s < build->stage_count; s++) {
    const baro_graph_span *stage = &build->stages[s];
    graph->nodes[stage->node].plan.first_task = graph->task_count;
    graph->nodes[stage->node].runs_python = runs_python(build, stage->operator_id);
    graph->task_count += build->profile->dataflow.operators[stage->operator_id].task_count;
  }
  placed_task *placed = baro_arena_array(&build->scratch, graph->task_count, sizeof(*placed));
  uint32_t count = 0;
  for (uint32_t s = 0; s < build->stage_count && placed != NULL; s++) {
    const baro_dataflow_operator *one =
        &build->profile->dataflow.operators[build->stages[s].operator_id];
    for (uint32_t t = one->first_task; t < one->first_task + one->task_count; t++) {
      placed[count++] = (placed_task){
          .start_ns = build->profile->dataflow.tasks[t].start_ns, .task = t, .stage = s};
    }
  }
  if (placed != NULL) {
    qsort(placed, count, sizeof(*placed), compare_placed);
  }
  return placed;
}

/* While no task ran. */
static void sum_driver(baro_graph_build *build, const placed_task *placed) {
  const baro_dataflow_task *tasks = build->profile->dataflow.tasks;
  uint64_t until_ns = build->start_ns;
  for (uint32_t t = 0; t < build->graph->task_count; t++) {
    const baro_dataflow_task *task = &tasks[placed[t].task];
    if (task->start_ns > until_ns) {
      build->graph->driver_ns += (double)(task->start_ns - until_ns);
    }
    until_ns = task->end_ns > until_ns ? task->end_ns : until_ns;
  }
}

baro_status baro_graph_build_tasks(baro_graph_build *build) {
  baro_job_graph *graph = build->graph;
  task_walk walk = {.build = build};
  const placed_task *placed = sort_tasks(build);
  graph->tasks = baro_arena_array(&graph->arena, graph->task_count, sizeof(*graph->tasks));
  walk.slot_of_thread =
      baro_arena_array(&build->scratch, build->profile->thread_count, sizeof(uint32_t));
  walk.free_ns = baro_arena_array(&build->scratch, graph->slot_count, sizeof(double));
  if (placed == NULL || graph->tasks == NULL || walk.slot_of_thread == NULL ||
      walk.free_ns == NULL) {
    return BARO_NO_MEMORY;
  }
  for (int k = 0; k < AMOUNT_KEYS; k++) {
    walk.keys[k] = baro_dataflow_key(build->profile, amount_keys[k]);
  }
  baro_graph_slots_of_threads(build, walk.slot_of_thread, walk.free_ns);
  baro_status status = BARO_OK;
  baro_graph_places_begin(&walk.places, build);
  for (uint32_t t = 0; t < graph->task_count && status == BARO_OK; t++) {
    status = place_task(&walk, &placed[t]);
  }
  baro_map_release(&walk.seen);
  baro_graph_places_release(&walk.places);
  graph->write_bytes_per_ns = walk.write_ns > 0 ? walk.written_bytes / walk.write_ns : 0;
  if (walk.deserialize_cpu_ns >= DESERIALIZE_CPU_NS_MIN) {
    double waited_ns = walk.deserialize_ns - walk.deserialize_cpu_ns;
    graph->core_wait_ratio = waited_ns > 0 ? waited_ns / walk.deserialize_cpu_ns : 0;
  }
  find_pieces(build);
  sum_driver(build, placed);
  return status;
}

#include "predict/job_graph.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "explain/explain.h"
#include "predict/graph_build.h"
#include "predict/scenario.h"

/* The log's clock has milliseconds: what ended within one of a beginning was before it. */
static const uint64_t TICK_NS = 1000000;

const char *baro_need_key(baro_need need) {
  static const char *const keys[] = {
#define X(id, key) key,
      BARO_NEED_LIST(X)
#undef X
  };
  return keys[need];
}

/* --- nodes --- */

static double from_start(const baro_graph_build *build, uint64_t at_ns) {
  return at_ns <= build->start_ns ? 0 : (double)(at_ns - build->start_ns);
}

static void add_after(baro_graph_build *build, baro_graph_node *node, uint32_t other) {
  baro_job_graph *graph = build->graph;
  if (node->plan.after_count == 0) {
    node->plan.first_after = graph->after_count;
  }
  graph->after[graph->after_count++] = other;
  node->plan.after_count++;
}

static baro_graph_node *add_node(baro_graph_build *build, uint32_t operator_id,
                                 uint32_t *ret_index) {
  baro_job_graph *graph = build->graph;
  *ret_index = graph->node_count;
  graph->nodes[graph->node_count] =
      (baro_graph_node){.operator_id = operator_id, .plan = {.wave_ratio = 1}};
  return &graph->nodes[graph->node_count++];
}

typedef struct ended_job {
  uint64_t completed_ns;
  uint64_t submitted_ns;
  uint32_t job;
} ended_job;

/* Those of one moment that began in it come last. */
static int compare_ended(const void *left, const void *right) {
  const ended_job *a = left;
  const ended_job *b = right;
  if (a->completed_ns != b->completed_ns) {
    return a->completed_ns < b->completed_ns ? -1 : 1;
  }
  if (a->submitted_ns != b->submitted_ns) {
    return a->submitted_ns < b->submitted_ns ? -1 : 1;
  }
  return a->job < b->job ? -1 : a->job > b->job;
}

/* How many had ended when a job was submitted. All of them were submitted before it, so that no two jobs wait for each other,
 * whatever the log says. */
static uint32_t ended_before(const ended_job *ended, uint32_t count, uint64_t submitted_ns) {
  uint32_t from = 0;
  while (from < count) {
    uint32_t middle = from + (count - from) / 2;
    const ended_job *one = &ended[middle];
    if (one->completed_ns < submitted_ns ||
        (one->completed_ns == submitted_ns && one->submitted_ns < submitted_ns)) {
      from = middle + 1;
    } else {
      count = middle;
    }
  }
  return from;
}

/* Begins and ends of jobs, and a barrier behind each end: all that had ended by then. */
static baro_status add_jobs(baro_graph_build *build) {
  ended_job *ended = baro_arena_array(&build->scratch, build->job_count, sizeof(*ended));
  uint32_t *barriers = baro_arena_array(&build->scratch, build->job_count, sizeof(*barriers));
  if (ended == NULL || barriers == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t j = 0; j < build->job_count; j++) {
    baro_graph_span *job = &build->jobs[j];
    ended[j] =
        (ended_job){.completed_ns = job->completed_ns, .submitted_ns = job->submitted_ns, .job = j};
    (void)add_node(build, job->operator_id, &job->node);
    (void)add_node(build, job->operator_id, &job->end_node);
  }
  qsort(ended, build->job_count, sizeof(*ended), compare_ended);
  for (uint32_t e = 0; e < build->job_count; e++) {
    baro_graph_node *barrier = add_node(build, BARO_NONE_ID, &barriers[e]);
    add_after(build, barrier, build->jobs[ended[e].job].end_node);
    if (e > 0) {
      add_after(build, barrier, barriers[e - 1]);
    }
  }
  for (uint32_t j = 0; j < build->job_count; j++) {
    const baro_graph_span *job = &build->jobs[j];
    uint32_t before = ended_before(ended, build->job_count, job->submitted_ns);
    baro_graph_node *begin = &build->graph->nodes[job->node];
    begin->plan.delay_ns = from_start(build, job->submitted_ns);
    if (before > 0) {
      add_after(build, begin, barriers[before - 1]);
      begin->plan.delay_ns -= from_start(build, ended[before - 1].completed_ns);
    }
  }
  return BARO_OK;
}

/* What a stage waited for: its job, and those of its parents that were done by then. */
static void link_stage(baro_graph_build *build, const baro_graph_span *stage,
                       const uint32_t *stage_of_operator) {
  const baro_dataflow *dataflow = &build->profile->dataflow;
  baro_graph_node *node = &build->graph->nodes[stage->node];
  uint64_t waited_ns = build->start_ns;
  if (stage->job != BARO_NONE_ID && build->jobs[stage->job].submitted_ns <= stage->submitted_ns) {
    add_after(build, node, build->jobs[stage->job].node);
    waited_ns = build->jobs[stage->job].submitted_ns;
  }
  const baro_dataflow_operator *one = &dataflow->operators[stage->operator_id];
  for (uint32_t e = one->first_incoming; e < one->first_incoming + one->incoming_count; e++) {
    uint32_t parent = stage_of_operator[dataflow->edges[e].from];
    if (parent == BARO_NONE_ID) {
      continue;
    }
    const baro_graph_span *from = &build->stages[parent];
    if (from->completed_ns <= stage->submitted_ns + TICK_NS &&
        from->submitted_ns < stage->submitted_ns) {
      add_after(build, node, from->node);
      waited_ns = from->completed_ns > waited_ns ? from->completed_ns : waited_ns;
    }
  }
  node->plan.delay_ns =
      stage->submitted_ns > waited_ns ? (double)(stage->submitted_ns - waited_ns) : 0;
  node->plan.launch_ns = (double)(stage->first_ns - stage->submitted_ns);
  node->plan.finish_ns =
      stage->completed_ns > stage->last_ns ? (double)(stage->completed_ns - stage->last_ns) : 0;
}

static baro_status add_stages(baro_graph_build *build) {
  const baro_dataflow *dataflow = &build->profile->dataflow;
  uint32_t *stage_of_operator =
      baro_arena_array(&build->scratch, dataflow->operator_count, sizeof(uint32_t));
  if (stage_of_operator == NULL) {
    return BARO_NO_MEMORY;
  }
  memset(stage_of_operator, 0xff, dataflow->operator_count * sizeof(uint32_t));
  _Static_assert(BARO_NONE_ID == UINT32_MAX, "filled by bytes");
  for (uint32_t s = 0; s < build->stage_count; s++) {
    baro_graph_span *stage = &build->stages[s];
    stage_of_operator[stage->operator_id] = s;
    baro_graph_node *node = add_node(build, stage->operator_id, &stage->node);
    node->plan.priority = s;
  }
  for (uint32_t s = 0; s < build->stage_count; s++) {
    link_stage(build, &build->stages[s], stage_of_operator);
  }
  return BARO_OK;
}

/* A job ends when its stages did; of a job that was given up, those that had. */
static void end_jobs(baro_graph_build *build) {
  uint32_t s = 0; /* stages stand by job */
  for (uint32_t j = 0; j < build->job_count; j++) {
    const baro_graph_span *job = &build->jobs[j];
    baro_graph_node *end = &build->graph->nodes[job->end_node];
    uint64_t waited_ns = job->submitted_ns;
    add_after(build, end, job->node);
    for (; s < build->stage_count && build->stages[s].job == j; s++) {
      const baro_graph_span *stage = &build->stages[s];
      if (stage->completed_ns <= job->completed_ns) {
        add_after(build, end, stage->node);
        waited_ns = stage->completed_ns > waited_ns ? stage->completed_ns : waited_ns;
      }
    }
    end->plan.finish_ns =
        job->completed_ns > waited_ns ? (double)(job->completed_ns - waited_ns) : 0;
  }
}

static baro_status build_nodes(baro_graph_build *build) {
  baro_job_graph *graph = build->graph;
  size_t node_count = 3 * (size_t)build->job_count + build->stage_count;
  size_t after_count = 4 * (size_t)build->job_count + 2 * (size_t)build->stage_count +
                       build->profile->dataflow.edge_count;
  graph->nodes = baro_arena_array(&graph->arena, node_count, sizeof(*graph->nodes));
  graph->after = baro_arena_array(&graph->arena, after_count, sizeof(*graph->after));
  if (graph->nodes == NULL || graph->after == NULL) {
    return BARO_NO_MEMORY;
  }
  baro_status status = add_jobs(build);
  if (status == BARO_OK) {
    status = add_stages(build);
  }
  if (status == BARO_OK) {
    end_jobs(build);
  }
  assert(graph->node_count <= node_count && graph->after_count <= after_count);
  graph->job_count = build->job_count;
  graph->stage_count = build->stage_count;
  return status;
}

/* Spark's UnifiedMemoryManager takes this for itself, and gives that share of the rest to tasks and cached data. */
static const double RESERVED_BYTES = 300.0 * 1024 * 1024;
static const double EXECUTION_SHARE = 0.6;

static double execution_bytes(const baro_dataflow *dataflow, uint32_t application, double heap) {
  baro_view text;
  double share = EXECUTION_SHARE;
  if (baro_dataflow_fact_text(dataflow, application, "spark.memory.fraction", &text)) {
    double told = strtod((const char *)text.data, NULL);
    share = told > 0 && told < 1 ? told : share;
  }
  return heap > RESERVED_BYTES ? (heap - RESERVED_BYTES) * share : 0;
}

/* Of the heap that tasks share: of one machine the driver's. What is not set is 1 GB. */
static void find_settings(baro_graph_build *build) {
  const baro_dataflow *dataflow = &build->profile->dataflow;
  uint32_t application = baro_graph_application(build);
  baro_view master;
  baro_view memory;
  if (application == BARO_NONE_ID) {
    return;
  }
  baro_graph_read_locality(build, application);
  if (!baro_dataflow_fact_text(dataflow, application, "spark.master", &master)) {
    return; /* its settings are not in the log */
  }
  build->graph->is_local = baro_is_local_master(master);
  const char *key = build->graph->is_local ? "spark.driver.memory" : "spark.executor.memory";
  build->graph->memory_bytes = baro_dataflow_fact_text(dataflow, application, key, &memory)
                                   ? baro_scenario_bytes((const char *)memory.data)
                                   : 0x1p30;
  build->graph->execution_bytes =
      execution_bytes(dataflow, application, build->graph->memory_bytes);
}

/* --- the whole --- */

static void find_base(baro_graph_build *build) {
  double end_ns = 0;
  for (uint32_t j = 0; j < build->job_count; j++) {
    double at_ns = from_start(build, build->jobs[j].completed_ns);
    end_ns = at_ns > end_ns ? at_ns : end_ns;
  }
  for (uint32_t s = 0; s < build->stage_count; s++) {
    double at_ns = from_start(build, build->stages[s].completed_ns);
    end_ns = at_ns > end_ns ? at_ns : end_ns;
  }
  build->graph->base_ns = end_ns;
}

static baro_status refuse(const baro_graph_build *build, baro_error *err) {
  const baro_dataflow *dataflow = &build->profile->dataflow;
  for (uint32_t o = 0; o < dataflow->operator_count; o++) {
    baro_view kind = baro_profile_string(build->profile, dataflow->operators[o].kind_string);
    if (!baro_view_starts_with(kind, "spark.")) {
      return baro_error_set(
          err, BARO_UNSUPPORTED,
          "it has operators of kind %.*s, and only stages of Spark can be replayed",
          (int)(kind.length < 60 ? kind.length : 60), (const char *)kind.data);
    }
  }
  return baro_error_set(err, BARO_UNSUPPORTED, "it has no stage that ran");
}

static baro_status build_all(baro_graph_build *build, baro_error *err) {
  baro_status status = baro_graph_find_jobs(build);
  if (status == BARO_OK && build->stage_count == 0) {
    return refuse(build, err);
  }
  if (status == BARO_OK) {
    status = build_nodes(build);
  }
  if (status == BARO_OK) {
    status = baro_graph_build_slots(build);
  }
  if (status == BARO_OK) {
    status = baro_graph_build_tasks(build);
  }
  if (status == BARO_OK) {
    find_base(build);
    find_settings(build);
    return BARO_OK;
  }
  return baro_error_set(err, status, "%s", baro_status_text(status));
}

baro_status baro_job_graph_create(const baro_profile *profile, baro_job_graph **ret_graph,
                                  baro_error *err) {
  if (profile->dataflow.task_count == 0) {
    return baro_error_set(err, BARO_UNSUPPORTED, "it has no tasks of a dataflow framework");
  }
  baro_job_graph *graph = calloc(1, sizeof(*graph));
  if (graph == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "%s", baro_status_text(BARO_NO_MEMORY));
  }
  graph->profile = profile;
  baro_graph_build build = {.graph = graph, .profile = profile};
  baro_status status = build_all(&build, err);
  baro_arena_release(&build.scratch);
  if (status != BARO_OK) {
    baro_job_graph_destroy(graph);
    return status;
  }
  *ret_graph = graph;
  return BARO_OK;
}

void baro_job_graph_destroy(baro_job_graph *graph) {
  if (graph != NULL) {
    baro_arena_release(&graph->arena);
    free(graph);
  }
}

/* Where tasks are at home: on the executor or the host that has their data. A log does not tell the places that a task preferred,
 * only how near to one of them it ran. Hence:
 *   - NODE_LOCAL: its host was one of them (files there, or most of its shuffled data). Others may have copies; the term `locality`
 *     is for that.
 *   - PROCESS_LOCAL is said both of tasks whose cached block is on the executor and of those that prefer nothing (Spark's
 *     TaskSetManager, noPrefs). It is the former if the stage has a persisted RDD, of which an earlier task of the same partition
 *     ran on that executor.
 *   - RACK_LOCAL, ANY: it was launched away from its places, which are not known. It is so again. */
#include <stdlib.h>

#include "predict/graph_build.h"

/* Spark's default. */
static const double WAIT_NS = 3e9;
/* Of one stage: more would only cost time. */
enum { PERSISTED_MAX = 8 };
/* As the importer counts them. */
enum { PROCESS_LOCAL = 1, NODE_LOCAL = 2 };

/* "3s", "500ms", "1m", "24h"; a number alone is of milliseconds, as Spark reads it. What is none is the default. */
static double wait_of(baro_view text) {
  static const struct {
    const char *unit;
    double ns;
  } units[] = {{"ms", 1e6},   {"", 1e6},     {"s", 1e9},     {"m", 60e9},
               {"min", 60e9}, {"h", 3600e9}, {"d", 86400e9}, {"us", 1e3}};
  uint64_t value = 0;
  size_t at = 0;
  while (at < text.length && at < 15 && text.data[at] >= '0' && text.data[at] <= '9') {
    value = value * 10 + (uint64_t)(text.data[at++] - '0');
  }
  baro_view unit = {.data = text.data + at, .length = text.length - at};
  for (size_t u = 0; u < sizeof(units) / sizeof(units[0]) && at > 0; u++) {
    if (baro_view_equal(unit, baro_view_of(units[u].unit))) {
      return (double)value * units[u].ns;
    }
  }
  return WAIT_NS;
}

/* Since Spark 3.1 the wait counts from the first refusal (SPARK-18886). */
static bool is_before_31(baro_view version) {
  return baro_view_starts_with(version, "1.") || baro_view_starts_with(version, "2.") ||
         baro_view_starts_with(version, "3.0");
}

void baro_graph_read_locality(baro_graph_build *build, uint32_t application) {
  const baro_dataflow *dataflow = &build->profile->dataflow;
  baro_view text = {0};
  if (baro_dataflow_fact_text(dataflow, application, "spark.locality.wait", &text)) {
    build->graph->locality_wait_ns = wait_of(text);
  }
  if (baro_dataflow_fact_text(dataflow, application, "spark_version", &text)) {
    build->graph->waits_from_refusal = !is_before_31(text);
  }
}

/* --- hosts --- */

baro_status baro_graph_build_hosts(baro_graph_build *build) {
  baro_job_graph *graph = build->graph;
  baro_intern hosts = {0};
  baro_status status = BARO_OK;
  graph->locality_wait_ns = WAIT_NS;
  graph->waits_from_refusal = true;
  for (uint32_t e = 0; e < graph->executor_count && status == BARO_OK; e++) {
    baro_view host;
    if (baro_profile_process_fact(build->profile, graph->executors[e].process, "host", &host)) {
      status = baro_intern_put(&hosts, host, &graph->executors[e].host, NULL);
    } else {
      graph->executors[e].host = BARO_NONE_ID;
    }
  }
  graph->host_count = hosts.count;
  for (uint32_t e = 0; e < graph->executor_count; e++) {
    /* One that is not told is a host of its own. */
    graph->executors[e].host =
        graph->executors[e].host == BARO_NONE_ID ? graph->host_count++ : graph->executors[e].host;
  }
  baro_intern_release(&hosts);
  return status;
}

/* --- cached blocks --- */

typedef struct persisted {
  uint32_t rdds[PERSISTED_MAX];
  uint32_t count;
} persisted;

/* "3,7" */
static persisted read_persisted(const baro_graph_build *build, uint32_t operator_id) {
  persisted to = {0};
  baro_view text = {0};
  (void)baro_dataflow_fact_text(&build->profile->dataflow, operator_id, "persisted_rdds", &text);
  for (size_t at = 0; at < text.length && to.count < PERSISTED_MAX; at++) {
    uint64_t id = 0;
    size_t first = at;
    while (at < text.length && text.data[at] >= '0' && text.data[at] <= '9' && at < first + 9) {
      id = id * 10 + (uint64_t)(text.data[at++] - '0');
    }
    if (at > first) {
      to.rdds[to.count++] = (uint32_t)id;
    }
  }
  return to;
}

void baro_graph_places_begin(baro_graph_places *places, const baro_graph_build *build) {
  *places = (baro_graph_places){.build = build,
                                .locality_key = baro_dataflow_key(build->profile, "locality"),
                                .partition_key = baro_dataflow_key(build->profile, "partition")};
}

void baro_graph_places_release(baro_graph_places *places) {
  baro_map_release(&places->executor_of_block);
}

/* Tasks come in the order of their start, so that those which made a block are before those that read it. */
static baro_status find_block(baro_graph_places *places, const persisted *of, uint64_t partition,
                              uint32_t executor, bool is_here, bool *ret_cached) {
  baro_status status = BARO_OK;
  for (uint32_t r = 0; r < of->count && status == BARO_OK; r++) {
    uint64_t key = (uint64_t)of->rdds[r] << 32 | (partition & UINT32_MAX);
    const uint64_t *on = baro_map_find(&places->executor_of_block, key);
    *ret_cached = *ret_cached || (is_here && on != NULL && *on == executor);
    if (on == NULL || (is_here && *on != executor)) {
      status = baro_map_set(&places->executor_of_block, key, executor);
    }
  }
  return status;
}

baro_status baro_graph_find_home(baro_graph_places *places, uint32_t task, uint32_t operator_id,
                                 uint32_t executor, baro_graph_home *ret_home) {
  const baro_graph_build *build = places->build;
  const baro_dataflow *dataflow = &build->profile->dataflow;
  uint64_t locality = 0;
  uint64_t partition;
  *ret_home = BARO_GRAPH_HOME_NOWHERE;
  if (build->graph->executor_count < 2 || places->locality_key == BARO_NONE_ID ||
      !baro_dataflow_amount(dataflow, task, places->locality_key, &locality)) {
    return BARO_OK;
  }
  if (locality == NODE_LOCAL && build->graph->host_count > 1) {
    *ret_home = BARO_GRAPH_HOME_HOST;
  }
  if (places->partition_key == BARO_NONE_ID ||
      !baro_dataflow_amount(dataflow, task, places->partition_key, &partition)) {
    return BARO_OK;
  }
  const persisted of = read_persisted(build, operator_id);
  bool is_cached = false;
  baro_status status =
      find_block(places, &of, partition, executor, locality == PROCESS_LOCAL, &is_cached);
  *ret_home = is_cached ? BARO_GRAPH_HOME_EXECUTOR : *ret_home;
  return status;
}

/* Queries and the nodes of their plans as operators, with what was measured of each. */
#include "import/spark_writing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/spark_places.h"

static const uint64_t MS = 1000000;

/* --- queries --- */

/* Whether an adaptive query got as far as its last plan; BARO_SPARK_UNKNOWN: it is not adaptive. */
static int64_t is_final(const baro_spark_execution *query) {
  static const char adaptive[] = "AdaptiveSparkPlan";
  for (uint32_t n = 0; n < query->plan.node_count; n++) {
    baro_view text = baro_spark_plan_text(&query->plan, query->plan.nodes[n].description);
    if (baro_view_starts_with(text, adaptive)) {
      return baro_view_contains(text, "isFinalPlan=true");
    }
  }
  return BARO_SPARK_UNKNOWN;
}

static baro_status put_query_facts(baro_spark_writing *all, const baro_spark_execution *query,
                                   uint32_t of) {
  baro_status status = baro_writer_fact_number(all->writer, of, "sql_execution", query->id);
  if (status == BARO_OK) {
    status = baro_spark_fact_time(all, of, "submitted_ns", query->started_ms);
  }
  if (status == BARO_OK) {
    status = baro_spark_fact_time(all, of, "completed_ns", query->ended_ms);
  }
  if (status == BARO_OK && query->replanned != 0) {
    status = baro_writer_fact_number(all->writer, of, "replanned", query->replanned);
  }
  if (status == BARO_OK) {
    status = baro_writer_fact_number(all->writer, of, "final_plan", is_final(query));
  }
  if (status == BARO_OK && query->plan.left_out != 0) {
    status = baro_writer_fact_number(all->writer, of, "plan_parts_left_out",
                                     (int64_t)query->plan.left_out);
  }
  return status == BARO_OK ? baro_writer_fact_text(all->writer, of, "failure",
                                                   baro_spark_text_at(all->model, query->failure))
                           : status;
}

static baro_status make_query(baro_spark_writing *all, uint32_t index, uint32_t root) {
  const baro_spark_execution *query = &all->model->executions.items[index];
  bool is_part = root != BARO_NONE_ID;
  baro_spark_operator made = {.kind = "spark.sql",
                              .parent = is_part ? all->execution_operator[root] : all->application,
                              .parent_stack =
                                  is_part ? all->execution_stack[root] : all->application_stack};
  baro_view name;
  baro_spark_split_name(baro_spark_text_at(all->model, query->description), &name, &made.place);
  if (baro_spark_is_no_place(made.place) && query->place != BARO_NONE_ID) {
    made.place = baro_spark_text_at(all->model, query->place);
  }
  size_t shown = name.length < 200 ? name.length : 200;
  baro_status status =
      baro_spark_string_made(all, &made.shown_string, "sql %" PRId64 "%s%.*s", query->id,
                             shown == 0 ? "" : ": ", (int)shown, (const char *)name.data);
  if (status == BARO_OK) {
    status = baro_spark_make_operator(all, &made, &all->execution_operator[index],
                                      &all->execution_stack[index]);
  }
  return status == BARO_OK ? put_query_facts(all, query, all->execution_operator[index]) : status;
}

/* The query that one is a part of. Queries that claim to be parts of parts are none. */
static uint32_t root_of(const baro_spark_executions *queries, uint32_t index) {
  const baro_spark_execution *query = &queries->items[index];
  if (query->root < 0 || query->root == query->id) {
    return BARO_NONE_ID;
  }
  const uint64_t *found = baro_map_find(&queries->by_id, (uint64_t)query->root);
  if (found == NULL) {
    return BARO_NONE_ID;
  }
  const baro_spark_execution *root = &queries->items[*found];
  return root->root < 0 || root->root == root->id ? (uint32_t)*found : BARO_NONE_ID;
}

baro_status baro_spark_write_executions(baro_spark_writing *all) {
  const baro_spark_executions *queries = &all->model->executions;
  baro_status status = BARO_OK;
  for (int parts = 0; parts < 2; parts++) { /* what others are parts of comes first */
    for (uint32_t e = 0; e < queries->count && status == BARO_OK; e++) {
      uint32_t root = root_of(queries, e);
      if ((root != BARO_NONE_ID) == (parts != 0)) {
        status = make_query(all, e, root);
      }
    }
  }
  return status;
}

/* --- measures --- */

/* Tasks tell more than stages: a stage's value counts what failed, too. But where events of tasks were dropped, it is all
 * there is. */
static uint64_t total_of(const baro_spark_model *model, const baro_spark_measure *measure) {
  uint64_t total = measure->sum;
  for (int s = 0; s < BARO_SPARK_MEASURE_STAGES && measure->stages[s] != BARO_NONE_ID; s++) {
    const baro_spark_stage *stage = &model->stages[measure->stages[s]];
    bool lacks_tasks = stage->tasks > 0 && stage->seen_tasks < (uint64_t)stage->tasks;
    if (lacks_tasks && measure->stage_value > total) {
      total = measure->stage_value;
    }
  }
  return total > UINT64_MAX - measure->driver ? UINT64_MAX : total + measure->driver;
}

/* "number of output rows" -> output_rows; "spill size total (min, med, max)", as Spark 2 has it -> spill_size. */
static void put_key(baro_buffer *key, baro_view name) {
  static const char number_of[] = "number of ";
  static const char total[] = " total";
  const uint8_t *bracket = name.length == 0 ? NULL : memchr(name.data, '(', name.length);
  size_t from = 0;
  size_t to = bracket == NULL ? name.length : (size_t)(bracket - name.data);
  while (to > 0 && name.data[to - 1] == ' ') {
    to--;
  }
  if (bracket != NULL && to > strlen(total) &&
      memcmp(name.data + to - strlen(total), total, strlen(total)) == 0) {
    to -= strlen(total);
  }
  if (to > strlen(number_of) && memcmp(name.data, number_of, strlen(number_of)) == 0) {
    from = strlen(number_of);
  }
  for (bool was_word = false; from < to; from++) {
    uint8_t byte = name.data[from];
    uint8_t lower = byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + 32) : byte;
    bool is_word =
        (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9') || lower >= 0x80;
    if (is_word || (was_word && from + 1 < to)) {
      baro_write_u8(key, is_word ? lower : '_');
    }
    was_word = is_word;
  }
}

static baro_status put_fact(baro_spark_writing *all, uint32_t of, const baro_buffer *key,
                            const char *value) {
  if (key->failed) {
    return BARO_NO_MEMORY;
  }
  return baro_writer_operator_fact(
      all->writer, &(baro_operator_fact_record){.operator_id = of,
                                                .key = {.data = key->data, .length = key->length},
                                                .value = baro_view_of(value)});
}

/* KEY[_UNIT], and KEY_max[_UNIT] of one task where there were more. */
static baro_status put_amount(baro_spark_writing *all, uint32_t of, baro_buffer *key,
                              const baro_spark_plan_metric *metric,
                              const baro_spark_measure *measure) {
  uint64_t unit = metric->type == BARO_SPARK_TIMING ? MS : 1;
  const char *suffix = metric->type == BARO_SPARK_SIZE  ? "_bytes"
                       : metric->type == BARO_SPARK_SUM ? ""
                                                        : "_ns";
  uint64_t values[2] = {total_of(all->model, measure), measure->most};
  size_t length = key->length;
  baro_status status = BARO_OK;
  for (int v = 0; v < (measure->tasks > 1 ? 2 : 1) && status == BARO_OK; v++) {
    char text[32];
    if (values[v] > INT64_MAX / unit) {
      continue; /* of a log that is wrong */
    }
    key->length = length;
    baro_write_text(key, v == 0 ? "" : "_max");
    baro_write_text(key, suffix);
    (void)snprintf(text, sizeof(text), "%" PRIu64, values[v] * unit);
    status = put_fact(all, of, key, text);
  }
  return status;
}

/* Spark keeps tenths. Of tasks: the mean of their averages, as it shows it. */
static baro_status put_average(baro_spark_writing *all, uint32_t of, baro_buffer *key,
                               const baro_spark_measure *measure) {
  char text[40];
  if (measure->tasks == 0) {
    return BARO_OK;
  }
  size_t length = key->length;
  baro_write_text(key, "_mean");
  (void)snprintf(text, sizeof(text), "%.6g",
                 ((double)measure->sum + (double)measure->driver) / measure->tasks / 10);
  baro_status status = put_fact(all, of, key, text);
  key->length = length;
  baro_write_text(key, "_max");
  (void)snprintf(text, sizeof(text), "%.6g", (double)measure->most / 10);
  return status == BARO_OK ? put_fact(all, of, key, text) : status;
}

/* --- nodes --- */

typedef struct plan_writing {
  baro_spark_writing *all;
  const baro_spark_execution *query;
  uint32_t query_operator;
  uint32_t kind_string;
  uint32_t none_string;
  uint32_t *
      operators; /* owned; by node: its operator, or that of the node that it is once more; BARO_NONE_ID: none */
  uint32_t *groups; /* owned; by node: what the operators within it are parts of */
  bool *is_known;   /* owned; by node: it, or one around it, stands elsewhere in the plan already */
  baro_map node_by_accumulator; /* least one of a node -> node */
  baro_buffer key;
} plan_writing;

static baro_view name_of(const plan_writing *at, uint32_t node) {
  return baro_spark_plan_text(&at->query->plan, at->query->plan.nodes[node].name);
}

/* Code that was made of the nodes within it, which share its time. */
static bool is_group(baro_view name) {
  return baro_view_starts_with(name, "WholeStageCodegen");
}

/* Stands between two nodes and does nothing itself. */
static bool is_seam(baro_view name) {
  static const char *const seams[] = {"InputAdapter",      "AdaptiveSparkPlan",
                                      "ShuffleQueryStage", "BroadcastQueryStage",
                                      "ResultQueryStage",  "TableCacheQueryStage"};
  for (size_t i = 0; i < sizeof(seams) / sizeof(seams[0]); i++) {
    if (baro_view_starts_with(name, seams[i])) {
      return true;
    }
  }
  return false;
}

/* Accumulators are of one node: a subtree that is used again stands in the plan again, with those that it has. */
static baro_status find_known(plan_writing *at, uint32_t node, uint32_t *ret_known) {
  const baro_spark_plan *plan = &at->query->plan;
  const baro_spark_plan_node *one = &plan->nodes[node];
  *ret_known = BARO_NONE_ID;
  if (one->metric_count == 0) {
    return BARO_OK;
  }
  int64_t least = INT64_MAX;
  for (uint32_t m = 0; m < one->metric_count; m++) {
    int64_t id = plan->metrics[one->first_metric + m].accumulator;
    least = id < least ? id : least;
  }
  const uint64_t *known = baro_map_find(&at->node_by_accumulator, (uint64_t)least);
  if (known != NULL) {
    *ret_known = (uint32_t)*known;
    return BARO_OK;
  }
  return baro_map_set(&at->node_by_accumulator, (uint64_t)least, node);
}

/* Ids of the stages that its accumulators were seen in: "2,5". */
static baro_status put_stages(const plan_writing *at, const baro_spark_plan_node *node,
                              uint32_t of) {
  enum { STAGES_MAX = 16 };
  const baro_spark_execution *query = at->query;
  int64_t ids[STAGES_MAX];
  int count = 0;
  for (uint32_t m = 0; m < node->metric_count; m++) {
    uint32_t index = query->plan.metrics[node->first_metric + m].measure;
    for (int s = 0; index != BARO_NONE_ID && s < BARO_SPARK_MEASURE_STAGES; s++) {
      uint32_t stage = query->measures[index].stages[s];
      int64_t id = stage == BARO_NONE_ID ? -1 : at->all->model->stages[stage].id;
      int place = 0;
      while (place < count && ids[place] < id) {
        place++;
      }
      if (id >= 0 && count < STAGES_MAX && (place == count || ids[place] != id)) {
        memmove(ids + place + 1, ids + place, (size_t)(count - place) * sizeof(*ids));
        ids[place] = id;
        count++;
      }
    }
  }
  char text[STAGES_MAX * 21] = "";
  size_t length = 0;
  for (int i = 0; i < count; i++) {
    length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%" PRId64,
                               i == 0 ? "" : ",", ids[i]);
  }
  return baro_writer_fact_text(at->all->writer, of, "stages", baro_view_of(text));
}

static baro_status put_metrics(plan_writing *at, const baro_spark_plan_node *node, uint32_t of) {
  baro_status status = BARO_OK;
  for (uint32_t m = 0; m < node->metric_count && status == BARO_OK; m++) {
    const baro_spark_plan_metric *metric = &at->query->plan.metrics[node->first_metric + m];
    if (metric->measure == BARO_NONE_ID) {
      continue;
    }
    const baro_spark_measure *measure = &at->query->measures[metric->measure];
    if (measure->tasks == 0 && measure->stage_value == 0) {
      continue;
    }
    baro_buffer_clear(&at->key);
    put_key(&at->key, baro_spark_text_at(at->all->model, metric->name));
    status = metric->type == BARO_SPARK_AVERAGE
                 ? put_average(at->all, of, &at->key, measure)
                 : put_amount(at->all, of, &at->key, metric, measure);
  }
  return status;
}

static baro_status put_details(plan_writing *at, const baro_spark_plan_node *node, uint32_t of) {
  const baro_spark_plan *plan = &at->query->plan;
  baro_status status = baro_writer_fact_text(at->all->writer, of, "description",
                                             baro_spark_plan_text(plan, node->description));
  for (uint32_t d = 0; d + 1 < node->detail_count && status == BARO_OK; d += 2) {
    baro_buffer_clear(&at->key);
    baro_write_text(&at->key, "metadata.");
    baro_view name = baro_spark_plan_text(plan, plan->details[node->first_detail + d]);
    baro_view value = baro_spark_plan_text(plan, plan->details[node->first_detail + d + 1]);
    baro_write_bytes(&at->key, name.data, name.length);
    if (at->key.failed) {
      return BARO_NO_MEMORY;
    }
    baro_operator_fact_record fact = {
        .operator_id = of, .key = {.data = at->key.data, .length = at->key.length}, .value = value};
    status = baro_writer_operator_fact(at->all->writer, &fact);
  }
  return status;
}

static baro_status make_node(plan_writing *at, uint32_t node, uint32_t parent) {
  const baro_spark_plan_node *one = &at->query->plan.nodes[node];
  baro_operator_record record = {
      .kind_string = at->kind_string, .place_string = at->none_string, .parent_operator = parent};
  baro_status status = baro_spark_string_of(at->all, name_of(at, node), &record.name_string);
  if (status == BARO_OK) {
    status = baro_writer_operator(at->all->writer, &record, &at->operators[node]);
  }
  uint32_t of = at->operators[node];
  if (status == BARO_OK) {
    status = put_details(at, one, of);
  }
  if (status == BARO_OK) {
    status = put_stages(at, one, of);
  }
  return status == BARO_OK ? put_metrics(at, one, of) : status;
}

/* What a node puts out goes to the next one around it that is neither a seam nor a group. */
static baro_status make_edge(const plan_writing *at, uint32_t node) {
  const baro_spark_plan_node *nodes = at->query->plan.nodes;
  uint32_t to = nodes[node].parent;
  while (to != BARO_NONE_ID && (is_seam(name_of(at, to)) || is_group(name_of(at, to)))) {
    to = nodes[to].parent;
  }
  if (to == BARO_NONE_ID || at->operators[to] == at->operators[node]) {
    return BARO_OK;
  }
  return baro_writer_operator_edge(
      at->all->writer, &(baro_operator_edge_record){.from_operator = at->operators[node],
                                                    .to_operator = at->operators[to],
                                                    .kind = BARO_OPERATOR_EDGE_DATA});
}

static baro_status write_node(plan_writing *at, uint32_t node) {
  uint32_t around = at->query->plan.nodes[node].parent;
  baro_view name = name_of(at, node);
  uint32_t group = around == BARO_NONE_ID ? at->query_operator : at->groups[around];
  uint32_t known;
  at->operators[node] = BARO_NONE_ID;
  at->groups[node] = is_seam(name) ? at->query_operator : group;
  at->is_known[node] = around != BARO_NONE_ID && at->is_known[around];
  if (at->is_known[node] || is_seam(name)) {
    return BARO_OK;
  }
  baro_status status = find_known(at, node, &known);
  if (status == BARO_OK && known != BARO_NONE_ID) {
    at->is_known[node] = true;
    at->operators[node] = at->operators[known];
  } else if (status == BARO_OK) {
    status = make_node(at, node, is_group(name) ? at->query_operator : group);
  }
  if (is_group(name)) {
    at->groups[node] = at->operators[node];
    return status;
  }
  return status == BARO_OK ? make_edge(at, node) : status;
}

static baro_status write_plan(plan_writing *at) {
  uint32_t count = at->query->plan.node_count;
  at->operators = malloc(((size_t)count + 1) * sizeof(*at->operators));
  at->groups = malloc(((size_t)count + 1) * sizeof(*at->groups));
  at->is_known = malloc((size_t)count + 1);
  baro_status status = at->operators == NULL || at->groups == NULL || at->is_known == NULL
                           ? BARO_NO_MEMORY
                           : BARO_OK;
  for (uint32_t n = 0; n < count && status == BARO_OK; n++) {
    status = write_node(at, n);
  }
  free(at->operators);
  free(at->groups);
  free(at->is_known);
  baro_map_release(&at->node_by_accumulator);
  return status;
}

baro_status baro_spark_write_plans(baro_spark_writing *all) {
  const baro_spark_executions *queries = &all->model->executions;
  plan_writing at = {.all = all};
  baro_status status = baro_spark_string_of(all, baro_view_of("spark.node"), &at.kind_string);
  if (status == BARO_OK) {
    status = baro_spark_string_of(all, (baro_view){0}, &at.none_string);
  }
  for (uint32_t e = 0; e < queries->count && status == BARO_OK; e++) {
    at.query = &queries->items[e];
    at.query_operator = all->execution_operator[e];
    status = write_plan(&at);
    if (status == BARO_OK && e % 64 == 63) {
      status = baro_writer_flush(all->writer, NULL);
    }
  }
  baro_buffer_release(&at.key);
  return status;
}

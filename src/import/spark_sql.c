/* Events of SQL queries: their beginning with the plan, new plans of adaptive ones, what the driver measured, their end. */
#include <string.h>

#include "base/grow.h"
#include "import/spark_names.h"
#include "import/spark_places.h"

/* A description of a node holds every column that it has; what tells it from others comes first. */
enum { NAME_BYTES_MAX = 200, DESCRIPTION_BYTES_MAX = 400, DETAILS_MAX = 16 };

typedef struct sql_event {
  int64_t id;
  int64_t root;
  int64_t time_ms;
  uint32_t description;
  uint32_t place;
  uint32_t failure;
  bool has_plan;
  baro_spark_plan plan;
  baro_view driver_values; /* as they stand in the line */
  baro_view more_metrics;
} sql_event;

/* --- plans --- */

/* Whole characters of at most so many bytes, without spaces at the end: "Scan parquet ". */
static size_t shorten(baro_view text, size_t most) {
  size_t length = text.length;
  if (length > most) {
    length = most;
    while (length > 0 && (text.data[length] & 0xc0) == 0x80) {
      length--;
    }
  }
  while (length > 0 && text.data[length - 1] == ' ') {
    length--;
  }
  return length;
}

static bool keep_words(baro_spark_plan *plan, baro_buffer *scratch, baro_view raw, size_t most,
                       baro_spark_words *ret_words) {
  baro_view text = raw;
  if (raw.length != 0 && memchr(raw.data, '\\', raw.length) != NULL) {
    baro_buffer_clear(scratch);
    if (baro_json_text_unescape(raw, scratch)) { /* else as it stands */
      text = (baro_view){.data = scratch->data, .length = scratch->length};
    }
  }
  size_t length = shorten(text, most);
  *ret_words = (baro_spark_words){.at = (uint32_t)plan->text.length, .length = (uint32_t)length};
  baro_write_bytes(&plan->text, text.data, length);
  return !scratch->failed && !plan->text.failed;
}

static baro_spark_metric_type type_of(baro_view raw) {
  static const struct {
    const char *text;
    baro_spark_metric_type type;
  } types[] = {{"sum", BARO_SPARK_SUM},
               {"size", BARO_SPARK_SIZE},
               {"timing", BARO_SPARK_TIMING},
               {"nsTiming", BARO_SPARK_NS_TIMING},
               {"average", BARO_SPARK_AVERAGE}};
  for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
    if (baro_spark_is_text(raw, types[i].text)) {
      return types[i].type;
    }
  }
  return BARO_SPARK_SUM;
}

static baro_status read_metric(baro_spark_model *model, baro_json_walk *walk,
                               baro_spark_plan_metric *ret_metric) {
  baro_view name;
  baro_view raw;
  baro_view type = {0};
  baro_status status = BARO_OK;
  *ret_metric =
      (baro_spark_plan_metric){.accumulator = -1, .name = BARO_NONE_ID, .measure = BARO_NONE_ID};
  if (!baro_json_walk_enter(walk, '{')) {
    return BARO_OK;
  }
  while (status == BARO_OK && baro_json_walk_member(walk, &name)) {
    if (baro_spark_is_text(name, "name")) {
      if (baro_json_walk_text(walk, &raw) && raw.length <= NAME_BYTES_MAX) {
        status = baro_spark_text(model, raw, &ret_metric->name);
      }
    } else if (baro_spark_is_text(name, "accumulatorId")) {
      ret_metric->accumulator = baro_spark_count(walk);
    } else if (baro_spark_is_text(name, "metricType")) {
      (void)baro_json_walk_text(walk, &type);
    } else {
      baro_json_walk_skip(walk);
    }
  }
  ret_metric->type = type_of(type);
  return status;
}

static baro_status read_metrics(baro_spark_model *model, baro_json_walk *walk,
                                baro_spark_plan *plan, baro_spark_plan_node *node) {
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '[')) {
    return BARO_OK;
  }
  node->first_metric = plan->metric_count;
  while (status == BARO_OK && baro_json_walk_element(walk)) {
    baro_spark_plan_metric metric;
    status = read_metric(model, walk, &metric);
    bool is_one = metric.accumulator >= 0 && metric.name != BARO_NONE_ID &&
                  plan->metric_count - node->first_metric < BARO_SPARK_NODE_METRICS;
    if (status != BARO_OK || !is_one) {
      continue;
    }
    if (baro_grow(&plan->metrics, &plan->metric_capacity, plan->metric_count,
                  sizeof(*plan->metrics)) != BARO_OK) {
      return BARO_NO_MEMORY;
    }
    plan->metrics[plan->metric_count++] = metric;
  }
  node->metric_count = plan->metric_count - node->first_metric;
  return status;
}

static bool keep_detail(baro_spark_plan *plan, baro_spark_words words) {
  if (baro_grow(&plan->details, &plan->detail_capacity, plan->detail_count,
                sizeof(*plan->details)) != BARO_OK) {
    return false;
  }
  plan->details[plan->detail_count++] = words;
  return true;
}

static baro_status read_details(baro_json_walk *walk, baro_spark_plan *plan, baro_buffer *scratch,
                                baro_spark_plan_node *node) {
  baro_view key;
  baro_view value;
  if (!baro_json_walk_enter(walk, '{')) {
    return BARO_OK;
  }
  node->first_detail = plan->detail_count;
  while (baro_json_walk_member(walk, &key)) {
    baro_spark_words words[2];
    if (!baro_json_walk_text(walk, &value) ||
        plan->detail_count - node->first_detail >= 2 * DETAILS_MAX) {
      continue;
    }
    if (!keep_words(plan, scratch, key, NAME_BYTES_MAX, &words[0]) ||
        !keep_words(plan, scratch, value, DESCRIPTION_BYTES_MAX, &words[1]) ||
        !keep_detail(plan, words[0]) || !keep_detail(plan, words[1])) {
      return BARO_NO_MEMORY;
    }
  }
  node->detail_count = plan->detail_count - node->first_detail;
  return BARO_OK;
}

/* Where in a plan the walk is: children are within each other as deep as a program made them, so there is no recursion. */
typedef struct plan_walk {
  baro_spark_model *model;
  baro_json_walk *walk;
  baro_spark_plan *plan;
  baro_buffer scratch;
  uint32_t open[BARO_SPARK_PLAN_DEPTH]; /* nodes whose end was not seen */
  uint32_t depth;
} plan_walk;

/* The object of a node, which is entered. */
static baro_status open_node(plan_walk *at) {
  baro_spark_plan *plan = at->plan;
  if (baro_grow(&plan->nodes, &plan->node_capacity, plan->node_count, sizeof(*plan->nodes)) !=
      BARO_OK) {
    return BARO_NO_MEMORY;
  }
  plan->nodes[plan->node_count] =
      (baro_spark_plan_node){.parent = at->depth == 0 ? BARO_NONE_ID : at->open[at->depth - 1]};
  at->open[at->depth++] = plan->node_count++;
  return BARO_OK;
}

/* The next child of the innermost node, if it has one more; its object is entered then. */
static bool next_child(plan_walk *at) {
  while (baro_json_walk_element(at->walk)) {
    if (at->depth == BARO_SPARK_PLAN_DEPTH || at->plan->node_count == BARO_SPARK_PLAN_NODES) {
      at->plan->left_out++;
      baro_json_walk_skip(at->walk);
    } else if (baro_json_walk_enter(at->walk, '{')) {
      return true;
    }
  }
  return false;
}

static baro_status read_node_member(plan_walk *at, baro_view name) {
  baro_view raw;
  baro_spark_plan_node *node = &at->plan->nodes[at->open[at->depth - 1]];
  if (baro_spark_is_text(name, "nodeName")) {
    bool kept = !baro_json_walk_text(at->walk, &raw) ||
                keep_words(at->plan, &at->scratch, raw, NAME_BYTES_MAX, &node->name);
    return kept ? BARO_OK : BARO_NO_MEMORY;
  }
  if (baro_spark_is_text(name, "simpleString")) {
    bool kept = !baro_json_walk_text(at->walk, &raw) ||
                keep_words(at->plan, &at->scratch, raw, DESCRIPTION_BYTES_MAX, &node->description);
    return kept ? BARO_OK : BARO_NO_MEMORY;
  }
  if (baro_spark_is_text(name, "metadata")) {
    return read_details(at->walk, at->plan, &at->scratch, node);
  }
  if (baro_spark_is_text(name, "metrics")) {
    return read_metrics(at->model, at->walk, at->plan, node);
  }
  baro_json_walk_skip(at->walk);
  return BARO_OK;
}

/* The rest of the plan, whose root is entered. */
static baro_status walk_plan(plan_walk *at) {
  baro_view name;
  baro_status status = open_node(at);
  while (status == BARO_OK && at->depth > 0) {
    if (baro_json_walk_member(at->walk, &name)) {
      if (!baro_spark_is_text(name, "children")) {
        status = read_node_member(at, name);
        continue;
      }
      if (!baro_json_walk_enter(at->walk, '[')) {
        continue;
      }
    } else {
      at->depth--; /* back in the children of the node around it */
      if (at->depth == 0) {
        break;
      }
    }
    if (next_child(at)) {
      status = open_node(at);
    }
  }
  return status;
}

static baro_status read_plan(baro_spark_model *model, baro_json_walk *walk,
                             baro_spark_plan *ret_plan) {
  plan_walk at = {.model = model, .walk = walk, .plan = ret_plan};
  baro_spark_plan_release(ret_plan); /* of a forged line that has two */
  if (!baro_json_walk_enter(walk, '{')) {
    return BARO_OK;
  }
  baro_status status = walk_plan(&at);
  baro_buffer_release(&at.scratch);
  return status;
}

/* Metrics of Python workers are kept of each task, too: they say what it waited for. */
static uint8_t task_metric_of(const baro_spark_model *model, uint32_t name) {
  static const struct {
    const char *name;
    baro_spark_metric metric;
  } known[] = {{"data sent to Python workers", BARO_SPARK_PYTHON_SENT},
               {"data returned from Python workers", BARO_SPARK_PYTHON_RETURNED},
               {"time to start Python workers", BARO_SPARK_PYTHON_START},
               {"time to initialize Python workers", BARO_SPARK_PYTHON_INIT},
               {"time to run Python workers", BARO_SPARK_PYTHON_RUN}};
  for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
    if (baro_spark_is_text(model->texts.views[name], known[i].name)) {
      return (uint8_t)known[i].metric;
    }
  }
  return BARO_SPARK_METRIC_COUNT;
}

static baro_status name_metrics(baro_spark_model *model, uint32_t execution,
                                const baro_spark_plan *plan) {
  baro_status status = BARO_OK;
  for (uint32_t m = 0; m < plan->metric_count && status == BARO_OK; m++) {
    status = baro_spark_execution_name(&model->executions, execution, plan->metrics[m].accumulator,
                                       task_metric_of(model, plan->metrics[m].name));
  }
  return status;
}

/* --- what the driver says --- */

/* [[accumulator, value], ...] */
static baro_status read_driver_values(baro_json_walk *walk, baro_spark_execution *execution) {
  if (!baro_json_walk_enter(walk, '[')) {
    return BARO_OK;
  }
  while (baro_json_walk_element(walk)) {
    int64_t pair[2] = {-1, -1};
    int count = 0;
    if (!baro_json_walk_enter(walk, '[')) {
      continue;
    }
    while (baro_json_walk_element(walk)) {
      int64_t number = baro_spark_count(walk);
      if (count < 2) {
        pair[count++] = number;
      }
    }
    if (pair[0] < 0 || pair[1] < 0 || !baro_spark_execution_knows(execution, pair[0])) {
      continue;
    }
    baro_spark_measure *measure = baro_spark_measure_of(execution, pair[0]);
    if (measure == NULL) {
      return BARO_NO_MEMORY;
    }
    uint64_t value = (uint64_t)pair[1];
    measure->driver = value > UINT64_MAX - measure->driver ? UINT64_MAX : measure->driver + value;
    measure->most = value > measure->most ? value : measure->most;
    measure->tasks++;
  }
  return BARO_OK;
}

/* Accumulators of parts that no node shows, for which a later plan may have one. */
static baro_status read_more_metrics(baro_spark_model *model, baro_json_walk *walk,
                                     uint32_t execution) {
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '[')) {
    return BARO_OK;
  }
  while (status == BARO_OK && baro_json_walk_element(walk)) {
    baro_spark_plan_metric metric;
    status = read_metric(model, walk, &metric);
    if (status == BARO_OK && metric.accumulator >= 0 && metric.name != BARO_NONE_ID) {
      status = baro_spark_execution_name(&model->executions, execution, metric.accumulator,
                                         task_metric_of(model, metric.name));
    }
  }
  return status;
}

/* --- events --- */

static baro_status text_of(baro_spark_model *model, baro_json_walk *walk, uint32_t *text) {
  baro_view raw;
  if (!baro_json_walk_text(walk, &raw) || raw.length == 0) {
    return BARO_OK;
  }
  return baro_spark_text(model, raw, text);
}

/* Values count once the whole line was read. */
static baro_status take_values(baro_spark_model *model, const sql_event *event,
                               uint32_t execution) {
  bool are_driver_s = event->driver_values.data != NULL;
  baro_view values = are_driver_s ? event->driver_values : event->more_metrics;
  if (values.data == NULL) {
    return BARO_OK;
  }
  baro_json_walk walk = baro_json_walk_of(values);
  if (model->executions.items[execution].is_closed) {
    model->executions.late_measures++;
    return BARO_OK;
  }
  return are_driver_s ? read_driver_values(&walk, &model->executions.items[execution])
                      : read_more_metrics(model, &walk, execution);
}

/* The first line of the driver's stack that is the user's. */
static baro_status place_of(baro_spark_model *model, baro_json_walk *walk, uint32_t *ret_place) {
  baro_buffer scratch = {0};
  baro_view raw;
  baro_status status = BARO_OK;
  if (baro_json_walk_text(walk, &raw) && baro_json_text_unescape(raw, &scratch)) {
    baro_view place =
        baro_spark_stack_place((baro_view){.data = scratch.data, .length = scratch.length});
    if (place.length != 0) {
      status = baro_intern_put(&model->texts, place, ret_place, NULL);
    }
  }
  status = scratch.failed ? BARO_NO_MEMORY : status;
  baro_buffer_release(&scratch);
  return status;
}

static baro_status read_sql(baro_spark_model *model, baro_json_walk *walk, sql_event *event) {
  baro_view name;
  baro_status status = BARO_OK;
  while (status == BARO_OK && baro_json_walk_member(walk, &name)) {
    if (baro_spark_is_text(name, "executionId")) {
      event->id = baro_spark_count(walk);
    } else if (baro_spark_is_text(name, "rootExecutionId")) {
      event->root = baro_spark_count(walk);
    } else if (baro_spark_is_text(name, "time")) {
      event->time_ms = baro_spark_time(model, walk);
    } else if (baro_spark_is_text(name, "description")) {
      status = text_of(model, walk, &event->description);
    } else if (baro_spark_is_text(name, "details")) {
      status = place_of(model, walk, &event->place);
    } else if (baro_spark_is_text(name, "errorMessage")) {
      status = text_of(model, walk, &event->failure);
    } else if (baro_spark_is_text(name, "sparkPlanInfo")) {
      event->has_plan = true;
      status = read_plan(model, walk, &event->plan);
    } else if (baro_spark_is_text(name, "accumUpdates")) {
      (void)baro_json_walk_value(walk, &event->driver_values);
    } else if (baro_spark_is_text(name, "sqlPlanMetrics")) {
      (void)baro_json_walk_value(walk, &event->more_metrics);
    } else {
      baro_json_walk_skip(walk);
    }
  }
  return status;
}

static baro_status take_plan(baro_spark_model *model, uint32_t execution, sql_event *event,
                             bool is_new) {
  baro_spark_execution *one = &model->executions.items[execution];
  if (!event->has_plan) {
    return BARO_OK;
  }
  if (one->is_closed) {
    model->odd.twice++;
    return BARO_OK;
  }
  one->replanned += !is_new;
  baro_status status = name_metrics(model, execution, &event->plan);
  return status == BARO_OK ? baro_spark_execution_plan(&model->executions, execution, &event->plan)
                           : status;
}

static baro_status take_sql(baro_spark_model *model, uint32_t kind, sql_event *event) {
  uint32_t execution;
  if (event->id < 0) {
    return BARO_OK;
  }
  baro_status status = baro_spark_execution_of(&model->executions, event->id, &execution);
  if (status != BARO_OK || execution == BARO_NONE_ID) {
    return status;
  }
  baro_spark_execution *one = &model->executions.items[execution];
  if (kind == SQL_UPDATE) {
    return take_plan(model, execution, event, false);
  }
  if (kind == SQL_END) {
    if (one->is_closed) {
      model->odd.twice++;
      return BARO_OK;
    }
    one->ended_ms = event->time_ms;
    one->failure = event->failure;
    return baro_spark_execution_close(&model->executions, execution);
  }
  if (kind != SQL_START) {
    return take_values(model, event, execution);
  }
  if (one->started_ms != BARO_SPARK_UNKNOWN || one->is_closed) {
    model->odd.twice++;
    return BARO_OK;
  }
  one->started_ms = event->time_ms;
  one->root = event->root;
  one->description = event->description;
  one->place = event->place;
  return take_plan(model, execution, event, true);
}

baro_status baro_spark_on_sql(baro_spark_model *model, baro_json_walk *walk, uint32_t kind) {
  sql_event event = {.id = BARO_SPARK_UNKNOWN,
                     .root = BARO_SPARK_UNKNOWN,
                     .time_ms = BARO_SPARK_UNKNOWN,
                     .description = BARO_NONE_ID,
                     .place = BARO_NONE_ID,
                     .failure = BARO_NONE_ID};
  baro_status status = read_sql(model, walk, &event);
  if (status == BARO_OK && !baro_json_walk_finish(walk)) {
    status = BARO_INVALID;
  }
  if (status == BARO_OK) {
    status = take_sql(model, kind, &event);
  }
  baro_spark_plan_release(&event.plan);
  return status;
}

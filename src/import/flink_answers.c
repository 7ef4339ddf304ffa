/* Answers of Flink's REST API, into the model. Members: the OpenAPI description of Flink 1.20; older ones (1.5 on) lack some. */
#include <string.h>

#include "import/flink_model.h"

/* A number that is one: "NaN", -1 and others stand for unknown. Also 4281.0. */
static void take_number(baro_json_walk *walk, int64_t *value) {
  double number;
  if (baro_json_walk_number(walk, &number) && number >= 0 && number < 9e15) {
    *value = (int64_t)number;
  }
}

static baro_status take_text(baro_flink_model *model, baro_json_walk *walk, uint32_t *text) {
  baro_view raw;
  return baro_json_walk_text(walk, &raw) ? baro_flink_text(model, raw, text) : BARO_OK;
}

static bool is(baro_view name, const char *expected) {
  return baro_view_equal(name, baro_view_of(expected));
}

/* --- attempts --- */

static int metric_of(baro_view name) {
  static const char *const members[] = {
#define X(name, member, key, unit) member,
      BARO_FLINK_METRIC_LIST(X)
#undef X
  };
  for (int m = 0; m < BARO_FLINK_METRIC_COUNT; m++) {
    if (is(name, members[m])) {
      return m;
    }
  }
  return -1;
}

/* "metrics" and "status-duration". */
static void read_metrics(baro_json_walk *walk, baro_flink_attempt *attempt) {
  baro_view name;
  if (!baro_json_walk_enter(walk, '{')) {
    return;
  }
  while (baro_json_walk_member(walk, &name)) {
    bool is_complete = true;
    int metric = metric_of(name);
    if (metric >= 0) {
      take_number(walk, &attempt->metrics[metric]);
    } else if (baro_json_walk_boolean(walk, &is_complete)) {
      attempt->is_incomplete |= !is_complete;
    }
  }
}

static baro_status attempt_member(baro_flink_model *model, baro_json_walk *walk, baro_view name,
                                  baro_flink_attempt *attempt) {
  if (is(name, "start-time")) {
    take_number(walk, &attempt->started_ms);
  } else if (is(name, "end-time")) {
    take_number(walk, &attempt->ended_ms);
  } else if (is(name, "metrics") || is(name, "status-duration")) {
    read_metrics(walk, attempt);
  } else if (is(name, "status")) {
    return take_text(model, walk, &attempt->status);
  } else if (is(name, "host") || is(name, "endpoint")) {
    return take_text(model, walk, &attempt->host);
  } else if (is(name, "taskmanager-id")) {
    return take_text(model, walk, &attempt->manager);
  } else {
    baro_json_walk_skip(walk);
  }
  return BARO_OK;
}

/* Its subtask and number stand among its other members: first these. */
static baro_status read_attempt(baro_flink_model *model, baro_json_walk *walk, uint32_t vertex,
                                int64_t now_ms) {
  baro_view value;
  baro_view name;
  int64_t subtask = 0;
  int64_t number = 0;
  uint32_t index;
  if (!baro_json_walk_value(walk, &value) || value.data[0] != '{') {
    return BARO_OK;
  }
  baro_json_walk first = baro_json_walk_of(value);
  (void)baro_json_walk_enter(&first, '{');
  while (baro_json_walk_member(&first, &name)) {
    int64_t *wanted = is(name, "subtask") ? &subtask : is(name, "attempt") ? &number : NULL;
    if (wanted != NULL) {
      take_number(&first, wanted);
    } else {
      baro_json_walk_skip(&first);
    }
  }
  baro_status status = baro_flink_attempt_of(model, vertex, subtask, number, &index);
  if (status != BARO_OK) {
    return status;
  }
  baro_flink_attempt *attempt = &model->attempts[index];
  attempt->now_ms = now_ms != BARO_FLINK_UNKNOWN ? now_ms : attempt->now_ms;
  baro_json_walk second = baro_json_walk_of(value);
  (void)baro_json_walk_enter(&second, '{');
  while (status == BARO_OK && baro_json_walk_member(&second, &name)) {
    status = attempt_member(model, &second, name, attempt);
  }
  return status;
}

static baro_status read_attempts(baro_flink_model *model, baro_json_walk *walk, uint32_t vertex,
                                 int64_t now_ms) {
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '[')) {
    return BARO_OK;
  }
  while (status == BARO_OK && baro_json_walk_element(walk)) {
    status = read_attempt(model, walk, vertex, now_ms);
  }
  return status;
}

/* --- vertices and the plan --- */

/* One of the job's answer, or the answer of its own path: members are the same. */
static baro_status read_vertex(baro_flink_model *model, baro_json_walk *walk, uint32_t vertex) {
  baro_view name;
  int64_t now_ms = BARO_FLINK_UNKNOWN;
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '{')) {
    return BARO_OK;
  }
  while (status == BARO_OK && baro_json_walk_member(walk, &name)) {
    baro_flink_vertex *of = &model->vertexs[vertex];
    if (is(name, "name")) {
      status = take_text(model, walk, &of->name);
    } else if (is(name, "status")) {
      status = take_text(model, walk, &of->status);
    } else if (is(name, "parallelism")) {
      take_number(walk, &of->parallelism);
    } else if (is(name, "maxParallelism")) {
      take_number(walk, &of->max_parallelism);
    } else if (is(name, "now")) {
      take_number(walk, &now_ms);
    } else if (is(name, "subtasks")) {
      status = read_attempts(model, walk, vertex, now_ms);
    } else {
      baro_json_walk_skip(walk);
    }
  }
  return status;
}

/* The id of an object, which may stand behind what is asked for. */
static baro_view id_of(baro_view value) {
  baro_view name;
  baro_view id = {0};
  baro_json_walk walk = baro_json_walk_of(value);
  if (value.data[0] != '{' || !baro_json_walk_enter(&walk, '{')) {
    return id;
  }
  while (baro_json_walk_member(&walk, &name)) {
    if (!is(name, "id") || !baro_json_walk_text(&walk, &id)) {
      if (!is(name, "id")) {
        baro_json_walk_skip(&walk);
      }
    }
  }
  return id;
}

static baro_status read_input(baro_flink_model *model, baro_view value, uint32_t job, uint32_t to) {
  baro_view name;
  uint32_t from;
  uint32_t index;
  baro_view id = id_of(value);
  if (id.length == 0) {
    return BARO_OK;
  }
  baro_status status = baro_flink_vertex_of(model, job, id, &from);
  if (status == BARO_OK) {
    status = baro_flink_input_of(model, from, to, &index);
  }
  baro_json_walk walk = baro_json_walk_of(value);
  (void)baro_json_walk_enter(&walk, '{');
  while (status == BARO_OK && baro_json_walk_member(&walk, &name)) {
    if (is(name, "ship_strategy")) {
      status = take_text(model, &walk, &model->inputs[index].ship_strategy);
    } else if (is(name, "exchange")) {
      status = take_text(model, &walk, &model->inputs[index].exchange);
    } else {
      baro_json_walk_skip(&walk);
    }
  }
  return status;
}

static baro_status read_node(baro_flink_model *model, baro_view value, uint32_t job) {
  baro_view name;
  uint32_t vertex;
  baro_view id = id_of(value);
  if (id.length == 0) {
    return BARO_OK;
  }
  baro_status status = baro_flink_vertex_of(model, job, id, &vertex);
  baro_json_walk walk = baro_json_walk_of(value);
  (void)baro_json_walk_enter(&walk, '{');
  while (status == BARO_OK && baro_json_walk_member(&walk, &name)) {
    baro_view input;
    if (is(name, "description")) {
      status = take_text(model, &walk, &model->vertexs[vertex].description);
    } else if (is(name, "inputs") && baro_json_walk_peek(&walk) == '[') {
      (void)baro_json_walk_enter(&walk, '[');
      while (status == BARO_OK && baro_json_walk_element(&walk) &&
             baro_json_walk_value(&walk, &input)) {
        status = read_input(model, input, job, vertex);
      }
    } else {
      baro_json_walk_skip(&walk);
    }
  }
  return status;
}

static baro_status read_plan(baro_flink_model *model, baro_json_walk *walk, uint32_t job) {
  baro_view name;
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '{')) {
    return BARO_OK;
  }
  while (status == BARO_OK && baro_json_walk_member(walk, &name)) {
    baro_view node;
    if (!is(name, "nodes") || baro_json_walk_peek(walk) != '[') {
      baro_json_walk_skip(walk);
      continue;
    }
    (void)baro_json_walk_enter(walk, '[');
    while (status == BARO_OK && baro_json_walk_element(walk) && baro_json_walk_value(walk, &node)) {
      status = read_node(model, node, job);
    }
  }
  return status;
}

/* --- jobs --- */

static baro_status read_vertices(baro_flink_model *model, baro_json_walk *walk, uint32_t job) {
  baro_view value;
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '[')) {
    return BARO_OK;
  }
  while (status == BARO_OK && baro_json_walk_element(walk) && baro_json_walk_value(walk, &value)) {
    uint32_t vertex;
    baro_view id = id_of(value);
    baro_json_walk inner = baro_json_walk_of(value);
    if (id.length != 0) {
      status = baro_flink_vertex_of(model, job, id, &vertex);
      status = status == BARO_OK ? read_vertex(model, &inner, vertex) : status;
    }
  }
  return status;
}

static baro_status read_job(baro_flink_model *model, baro_json_walk *walk, uint32_t job) {
  baro_view name;
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '{')) {
    return BARO_OK;
  }
  while (status == BARO_OK && baro_json_walk_member(walk, &name)) {
    baro_flink_job *of = &model->jobs[job];
    if (is(name, "name")) {
      status = take_text(model, walk, &of->name);
    } else if (is(name, "state")) {
      status = take_text(model, walk, &of->state);
    } else if (is(name, "job-type")) {
      status = take_text(model, walk, &of->type);
    } else if (is(name, "root-exception")) {
      status = take_text(model, walk, &of->failure);
    } else if (is(name, "start-time")) {
      take_number(walk, &of->started_ms);
    } else if (is(name, "end-time")) {
      take_number(walk, &of->ended_ms);
    } else if (is(name, "vertices")) {
      status = read_vertices(model, walk, job);
    } else if (is(name, "plan")) {
      status = read_plan(model, walk, job);
    } else {
      baro_json_walk_skip(walk);
    }
  }
  return status;
}

static baro_status read_overview(baro_flink_model *model, baro_json_walk *walk) {
  baro_view name;
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '{')) {
    return BARO_OK;
  }
  while (status == BARO_OK && baro_json_walk_member(walk, &name)) {
    if (is(name, "flink-version")) {
      status = take_text(model, walk, &model->version);
    } else {
      baro_json_walk_skip(walk);
    }
  }
  return status;
}

/* --- paths --- */

enum { PARTS_MAX = 10 };

static int split_path(baro_view path, baro_view parts[PARTS_MAX]) {
  int count = 0;
  size_t from = 0;
  for (size_t at = 0; at <= path.length; at++) {
    if (at < path.length && path.data[at] != '/') {
      continue;
    }
    if (at > from) {
      if (count == PARTS_MAX) {
        return 0;
      }
      parts[count++] = (baro_view){.data = path.data + from, .length = at - from};
    }
    from = at + 1;
  }
  return count;
}

static baro_status read_path(baro_flink_model *model, const baro_view *parts, int count,
                             baro_json_walk *walk) {
  uint32_t job;
  uint32_t vertex;
  if (count == 1 && is(parts[0], "overview")) {
    return read_overview(model, walk);
  }
  bool is_of_vertex = count >= 4 && is(parts[2], "vertices");
  bool is_wanted =
      count == 2 || (count == 3 && (is(parts[2], "plan") || is(parts[2], "exceptions"))) ||
      (is_of_vertex &&
       (count == 4 || (count == 8 && is(parts[4], "subtasks") && is(parts[6], "attempts"))));
  if (count < 2 || !is(parts[0], "jobs") || is(parts[1], "overview") || !is_wanted) {
    baro_json_walk_skip(walk);
    return BARO_OK;
  }
  baro_status status = baro_flink_job_of(model, parts[1], &job);
  if (status == BARO_OK && is_of_vertex) {
    status = baro_flink_vertex_of(model, job, parts[3], &vertex);
  }
  if (status != BARO_OK) {
    return status;
  }
  if (is_of_vertex) {
    return count == 4 ? read_vertex(model, walk, vertex)
                      : read_attempt(model, walk, vertex, BARO_FLINK_UNKNOWN);
  }
  return read_job(model, walk, job);
}

baro_status baro_flink_answer(baro_flink_model *model, baro_view path, baro_view value,
                              baro_json_walk *ret_walk) {
  baro_view parts[PARTS_MAX];
  int count = split_path(path, parts);
  *ret_walk = baro_json_walk_of(value);
  baro_status status = BARO_OK;
  if (baro_json_walk_peek(ret_walk) == '{') {
    status = read_path(model, parts, count, ret_walk);
  } else {
    baro_json_walk_skip(ret_walk);
  }
  if (status != BARO_OK) {
    return status;
  }
  return baro_json_walk_finish(ret_walk) ? BARO_OK : BARO_INVALID;
}

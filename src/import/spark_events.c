/* Events of a Spark log, one JSON object a line, into the model: stages, jobs, executors, the application. What is not asked for
 * is skipped, so that versions may add what they like. */
#include "import/spark_names.h"

#include <string.h>

static baro_status text_of(baro_spark_model *model, baro_json_walk *walk, uint32_t *text) {
  baro_view raw;
  return baro_json_walk_text(walk, &raw) ? baro_spark_text(model, raw, text) : BARO_OK;
}

/* --- stages --- */

typedef struct stage_info {
  int64_t id;
  int64_t attempt;
  int64_t tasks;
  int64_t submitted_ms;
  int64_t completed_ms;
  uint32_t name;
  uint32_t scope;
  uint32_t failure;
  uint32_t first_parent;
  uint32_t parent_count;
} stage_info;

/* Of an RDD's scope, which is JSON within a text, the name: what the user called, "map", "Exchange". */
static void put_scope(baro_view raw, baro_buffer *names, baro_buffer *scratch) {
  baro_view text;
  baro_buffer_clear(scratch);
  if (!baro_json_text_unescape(raw, scratch)) {
    return;
  }
  size_t length = scratch->length;
  for (int i = 0; i < BARO_JSON_LINE_PADDING; i++) { /* as lines have it */
    baro_write_u8(scratch, '\n');
  }
  if (scratch->failed) {
    return;
  }
  baro_json_walk walk = baro_json_walk_of((baro_view){.data = scratch->data, .length = length});
  if (!baro_spark_text_member(&walk, "name", &text) || text.length == 0) {
    return;
  }
  size_t before = names->length - text.length; /* of the last one, if it is the same */
  bool is_there = names->length >= text.length && (before == 0 || names->data[before - 1] == ' ') &&
                  memcmp(names->data + before, text.data, text.length) == 0;
  if (!is_there) { /* neighbours of one scope are RDDs of one call */
    baro_write_text(names, names->length == 0 ? "" : ", ");
    baro_write_bytes(names, text.data, text.length);
  }
}

static baro_status read_rdds(baro_spark_model *model, baro_json_walk *walk, uint32_t *ret_scope) {
  baro_buffer names = {0};
  baro_buffer scratch = {0};
  baro_view name;
  baro_view raw;
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '[')) {
    return BARO_OK;
  }
  while (baro_json_walk_element(walk)) {
    if (!baro_json_walk_enter(walk, '{')) {
      continue;
    }
    while (baro_json_walk_member(walk, &name)) {
      if (baro_spark_is_text(name, "Scope") && baro_json_walk_peek(walk) == '"') {
        if (baro_json_walk_text(walk, &raw)) {
          put_scope(raw, &names, &scratch);
        }
      } else {
        baro_json_walk_skip(walk);
      }
    }
  }
  if (names.failed || scratch.failed) {
    status = BARO_NO_MEMORY;
  } else if (names.length != 0) {
    status = baro_intern_put(&model->texts, (baro_view){.data = names.data, .length = names.length},
                             ret_scope, NULL);
  }
  baro_buffer_release(&names);
  baro_buffer_release(&scratch);
  return status;
}

static baro_status read_parents(baro_spark_model *model, baro_json_walk *walk, stage_info *info) {
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '[')) {
    return BARO_OK;
  }
  info->first_parent = model->parent_count;
  while (status == BARO_OK && baro_json_walk_element(walk)) {
    int64_t id = baro_spark_count(walk);
    if (id >= 0) {
      status = baro_spark_parent_add(model, id);
    }
  }
  info->parent_count = model->parent_count - info->first_parent;
  return status;
}

static baro_status read_stage_info(baro_spark_model *model, baro_json_walk *walk,
                                   stage_info *info) {
  *info = (stage_info){.id = BARO_SPARK_UNKNOWN,
                       .attempt = BARO_SPARK_UNKNOWN,
                       .tasks = BARO_SPARK_UNKNOWN,
                       .submitted_ms = BARO_SPARK_UNKNOWN,
                       .completed_ms = BARO_SPARK_UNKNOWN,
                       .name = BARO_NONE_ID,
                       .scope = BARO_NONE_ID,
                       .failure = BARO_NONE_ID};
  baro_view name;
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '{')) {
    return BARO_OK;
  }
  while (status == BARO_OK && baro_json_walk_member(walk, &name)) {
    switch (baro_json_names_find(&model->names->stage, name)) {
    case STAGE_ID: info->id = baro_spark_count(walk); break;
    case STAGE_ATTEMPT: info->attempt = baro_spark_count(walk); break;
    case STAGE_NAME: status = text_of(model, walk, &info->name); break;
    case STAGE_TASKS: info->tasks = baro_spark_count(walk); break;
    case STAGE_RDDS: status = read_rdds(model, walk, &info->scope); break;
    case STAGE_PARENTS: status = read_parents(model, walk, info); break;
    case STAGE_SUBMIT_TIME: info->submitted_ms = baro_spark_time(model, walk); break;
    case STAGE_COMPLETE_TIME: info->completed_ms = baro_spark_time(model, walk); break;
    case STAGE_FAILURE: status = text_of(model, walk, &info->failure); break;
    default: baro_json_walk_skip(walk); break;
    }
  }
  return status;
}

static baro_status take_stage(baro_spark_model *model, const stage_info *info, bool is_end) {
  uint32_t index;
  bool is_new;
  if (info->id < 0) {
    return BARO_OK;
  }
  baro_status status =
      baro_spark_stage_of(model, info->id, info->attempt < 0 ? 0 : info->attempt, &index, &is_new);
  if (status != BARO_OK) {
    return status;
  }
  baro_spark_stage *stage = &model->stages[index];
  bool had_it = is_end ? stage->completed_ms != BARO_SPARK_UNKNOWN : stage->name != BARO_NONE_ID;
  if (had_it) {
    model->odd.twice++;
    return BARO_OK;
  }
  if (stage->name == BARO_NONE_ID) {
    stage->name = info->name;
    stage->scope = info->scope;
    stage->tasks = info->tasks;
    stage->parent = info->first_parent;
    stage->parent_count = info->parent_count;
    const uint64_t *job = baro_map_find(&model->job_of_stage, (uint64_t)info->id);
    stage->job = job == NULL ? BARO_NONE_ID : (uint32_t)*job;
  }
  if (info->submitted_ms != BARO_SPARK_UNKNOWN) {
    stage->submitted_ms = info->submitted_ms;
  }
  if (is_end) {
    stage->completed_ms = info->completed_ms;
    stage->failure = info->failure;
  }
  return BARO_OK;
}

/* --- jobs, executors, the application --- */

/* What the other events have, all together; each takes its own. */
typedef struct other_event {
  int64_t job;
  int64_t execution;
  int64_t submitted_ms;
  int64_t completed_ms;
  int64_t timestamp_ms;
  int64_t cores;
  uint32_t description;
  uint32_t executor;
  uint32_t host;
  uint32_t app_name;
  uint32_t app_id;
  uint32_t version;
  bool failed;
  stage_info stage;
} other_event;

static baro_status read_stages_of_job(baro_spark_model *model, baro_json_walk *walk,
                                      const other_event *event) {
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '[')) {
    return BARO_OK;
  }
  uint32_t job = BARO_NONE_ID;
  bool is_new;
  if (event->job >= 0) {
    status = baro_spark_job_of(model, event->job, &job, &is_new);
  }
  while (status == BARO_OK && baro_json_walk_element(walk)) {
    stage_info info;
    uint32_t parents = model->parent_count;
    status = read_stage_info(model, walk, &info);
    model->parent_count = parents; /* they come again when it is submitted */
    /* A later job lists stages that it need not run again, because an earlier one did. */
    if (status == BARO_OK && job != BARO_NONE_ID && info.id >= 0 &&
        baro_map_find(&model->job_of_stage, (uint64_t)info.id) == NULL) {
      status = baro_map_set(&model->job_of_stage, (uint64_t)info.id, job);
    }
  }
  return status;
}

static baro_status read_properties(baro_spark_model *model, baro_json_walk *walk,
                                   other_event *event) {
  baro_view name;
  baro_view raw;
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '{')) {
    return BARO_OK;
  }
  while (status == BARO_OK && baro_json_walk_member(walk, &name)) {
    if (baro_spark_is_text(name, "spark.job.description")) {
      status = text_of(model, walk, &event->description);
    } else if (baro_spark_is_text(name, "spark.sql.execution.id")) {
      int64_t id;
      if (baro_json_walk_text(walk, &raw) && baro_json_text_integer(raw, &id) && id >= 0) {
        event->execution = id;
      }
    } else {
      baro_json_walk_skip(walk);
    }
  }
  return status;
}

static void read_job_result(baro_json_walk *walk, other_event *event) {
  baro_view raw;
  if (baro_spark_text_member(walk, "Result", &raw)) {
    event->failed = !baro_spark_is_text(raw, "JobSucceeded");
  }
}

static baro_status read_executor_info(baro_spark_model *model, baro_json_walk *walk,
                                      other_event *event) {
  baro_view name;
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '{')) {
    return BARO_OK;
  }
  while (status == BARO_OK && baro_json_walk_member(walk, &name)) {
    if (baro_spark_is_text(name, "Host")) {
      status = text_of(model, walk, &event->host);
    } else if (baro_spark_is_text(name, "Total Cores")) {
      event->cores = baro_spark_count(walk);
    } else {
      baro_json_walk_skip(walk);
    }
  }
  return status;
}

static baro_status read_other(baro_spark_model *model, baro_json_walk *walk, other_event *event) {
  baro_view name;
  baro_view raw;
  baro_status status = BARO_OK;
  while (status == BARO_OK && baro_json_walk_member(walk, &name)) {
    switch (baro_json_names_find(&model->names->other, name)) {
    case OTHER_JOB: event->job = baro_spark_count(walk); break;
    case OTHER_SUBMITTED: event->submitted_ms = baro_spark_time(model, walk); break;
    case OTHER_STAGES: status = read_stages_of_job(model, walk, event); break;
    case OTHER_PROPERTIES: status = read_properties(model, walk, event); break;
    case OTHER_COMPLETED: event->completed_ms = baro_spark_time(model, walk); break;
    case OTHER_RESULT: read_job_result(walk, event); break;
    case OTHER_STAGE: status = read_stage_info(model, walk, &event->stage); break;
    case OTHER_TIMESTAMP: event->timestamp_ms = baro_spark_time(model, walk); break;
    case OTHER_EXECUTOR:
      if (baro_json_walk_text(walk, &raw)) {
        status = baro_spark_executor_named(model, raw, &event->executor);
      }
      break;
    case OTHER_EXECUTOR_INFO: status = read_executor_info(model, walk, event); break;
    case OTHER_APP_NAME: status = text_of(model, walk, &event->app_name); break;
    case OTHER_APP_ID: status = text_of(model, walk, &event->app_id); break;
    case OTHER_VERSION: status = text_of(model, walk, &event->version); break;
    default: baro_json_walk_skip(walk); break;
    }
  }
  return status;
}

static baro_status take_job(baro_spark_model *model, const other_event *event, bool is_end) {
  uint32_t index;
  bool is_new;
  if (event->job < 0) {
    return BARO_OK;
  }
  baro_status status = baro_spark_job_of(model, event->job, &index, &is_new);
  if (status != BARO_OK) {
    return status;
  }
  baro_spark_job *job = &model->jobs[index];
  if ((is_end ? job->completed_ms : job->submitted_ms) != BARO_SPARK_UNKNOWN) {
    model->odd.twice++;
  } else if (is_end) {
    job->completed_ms = event->completed_ms;
    job->failed = event->failed;
  } else {
    job->submitted_ms = event->submitted_ms;
    job->execution = event->execution;
    job->description = event->description;
  }
  return BARO_OK;
}

static void take_executor(baro_spark_model *model, const other_event *event, bool is_end) {
  if (event->executor == BARO_NONE_ID) {
    return;
  }
  baro_spark_executor *executor = &model->executors[event->executor];
  if (is_end) {
    executor->removed_ms = event->timestamp_ms;
    return;
  }
  executor->added_ms = event->timestamp_ms;
  executor->cores = event->cores > 0 ? event->cores : 0;
  executor->host = event->host;
}

static baro_status take_other(baro_spark_model *model, uint32_t kind, const other_event *event) {
  switch (kind) {
  case STAGE_SUBMITTED: return take_stage(model, &event->stage, false);
  case STAGE_COMPLETED: return take_stage(model, &event->stage, true);
  case JOB_START: return take_job(model, event, false);
  case JOB_END: return take_job(model, event, true);
  case EXECUTOR_ADDED: take_executor(model, event, false); break;
  case EXECUTOR_REMOVED: take_executor(model, event, true); break;
  case APPLICATION_START:
    model->app_name = event->app_name;
    model->app_id = event->app_id;
    model->started_ms = event->timestamp_ms;
    break;
  case APPLICATION_END: model->ended_ms = event->timestamp_ms; break;
  case LOG_START: model->spark_version = event->version; break;
  default: break;
  }
  return BARO_OK;
}

static baro_status on_other(baro_spark_model *model, baro_json_walk *walk, uint32_t kind) {
  other_event event = {.job = BARO_SPARK_UNKNOWN,
                       .execution = BARO_SPARK_UNKNOWN,
                       .submitted_ms = BARO_SPARK_UNKNOWN,
                       .completed_ms = BARO_SPARK_UNKNOWN,
                       .timestamp_ms = BARO_SPARK_UNKNOWN,
                       .cores = BARO_SPARK_UNKNOWN,
                       .description = BARO_NONE_ID,
                       .executor = BARO_NONE_ID,
                       .host = BARO_NONE_ID,
                       .app_name = BARO_NONE_ID,
                       .app_id = BARO_NONE_ID,
                       .version = BARO_NONE_ID,
                       .stage = {.id = BARO_SPARK_UNKNOWN}};
  baro_status status = read_other(model, walk, &event);
  if (status == BARO_OK && !baro_json_walk_finish(walk)) {
    return BARO_INVALID;
  }
  return status == BARO_OK ? take_other(model, kind, &event) : status;
}

/* --- lines --- */

baro_status baro_spark_model_line(baro_spark_model *model, baro_view line,
                                  baro_json_walk *ret_walk) {
  baro_view name;
  baro_view raw;
  *ret_walk = baro_json_walk_of(line);
  if (!baro_json_walk_enter(ret_walk, '{') || !baro_json_walk_member(ret_walk, &name) ||
      !baro_spark_is_text(name, "Event") || !baro_json_walk_text(ret_walk, &raw)) {
    baro_json_walk_fail(ret_walk, "an event of Spark: {\"Event\":\"...\", ...}");
    return BARO_INVALID;
  }
  uint32_t kind = baro_json_names_find(&model->names->events, raw);
  if (kind >= FIRST_IGNORED) {
    model->odd.unknown_events += kind == baro_spark_event_kinds;
    return BARO_OK;
  }
  if (kind == TASK_END || kind == TASK_START) {
    return baro_spark_on_task(model, ret_walk, kind == TASK_END);
  }
  return on_other(model, ret_walk, kind);
}

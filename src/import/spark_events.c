/* Events of a Spark log, one JSON object a line, into the model: stages, jobs, executors, the application. What is not asked for
 * is skipped, so that versions may add what they like. */
#include "import/spark_stages.h"

static baro_status text_of(baro_spark_model *model, baro_json_walk *walk, uint32_t *text) {
  baro_view raw;
  return baro_json_walk_text(walk, &raw) ? baro_spark_text(model, raw, text) : BARO_OK;
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
  uint32_t call_site;
  uint32_t group;
  uint32_t reason;
  int64_t profile;
  bool failed;
  bool is_driver;
  baro_spark_stage_info stage;
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
    baro_spark_stage_info info;
    uint32_t parents = model->parent_count;
    status = baro_spark_read_stage(model, walk, &info);
    model->parent_count = parents; /* they come again when it is submitted */
    /* A later job lists stages that it need not run again, because an earlier one did. */
    if (status == BARO_OK && job != BARO_NONE_ID && info.id >= 0 &&
        baro_map_find(&model->job_of_stage, (uint64_t)info.id) == NULL) {
      status = baro_map_set(&model->job_of_stage, (uint64_t)info.id, job);
    }
    if (status == BARO_OK && info.id >= 0 && info.rdd >= 0) {
      status = baro_map_set(&model->rdd_of_stage, (uint64_t)info.id, (uint64_t)info.rdd);
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
    } else if (baro_spark_is_text(name, "spark.jobGroup.id")) {
      status = text_of(model, walk, &event->group);
    } else if (baro_spark_is_text(name, "callSite.short")) {
      status = text_of(model, walk, &event->call_site);
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
    } else if (baro_spark_is_text(name, "Resource Profile Id")) {
      event->profile = baro_spark_count(walk);
    } else {
      baro_json_walk_skip(walk);
    }
  }
  return status;
}

/* Versions before 2 call the driver <driver>. */
static void read_block_manager(baro_json_walk *walk, other_event *event) {
  baro_view raw;
  if (baro_spark_text_member(walk, "Executor ID", &raw)) {
    event->is_driver = baro_spark_is_text(raw, "driver") || baro_spark_is_text(raw, "<driver>");
  }
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
    case OTHER_STAGE: status = baro_spark_read_stage(model, walk, &event->stage); break;
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
    case OTHER_REASON: status = text_of(model, walk, &event->reason); break;
    case OTHER_BLOCK_MANAGER: read_block_manager(walk, event); break;
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
    job->description = event->description;
    job->group = event->group;
    status = baro_spark_find_execution(model, event->execution, &job->execution);
  }
  return status;
}

static void take_executor(baro_spark_model *model, const other_event *event, bool is_end) {
  if (event->executor == BARO_NONE_ID) {
    return;
  }
  baro_spark_executor *executor = &model->executors[event->executor];
  if (is_end) {
    executor->removed_ms = event->timestamp_ms;
    executor->reason = event->reason;
    return;
  }
  executor->added_ms = event->timestamp_ms;
  executor->cores = event->cores > 0 ? event->cores : 0;
  executor->host = event->host;
  executor->profile = event->profile;
}

static baro_status take_other(baro_spark_model *model, uint32_t kind, other_event *event) {
  event->stage.execution = event->execution;
  event->stage.call_site = event->call_site;
  switch (kind) {
  case STAGE_SUBMITTED: return baro_spark_take_stage(model, &event->stage, false);
  case STAGE_COMPLETED: return baro_spark_take_stage(model, &event->stage, true);
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
  case BLOCK_MANAGER_ADDED:
    if (event->is_driver && model->registered_ms == BARO_SPARK_UNKNOWN) {
      model->registered_ms = event->timestamp_ms;
    }
    break;
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
                       .call_site = BARO_NONE_ID,
                       .group = BARO_NONE_ID,
                       .reason = BARO_NONE_ID,
                       .profile = BARO_SPARK_UNKNOWN,
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
  if (kind >= SQL_START && kind <= DRIVER_VALUES) {
    return baro_spark_on_sql(model, ret_walk, kind);
  }
  if (kind >= ENVIRONMENT) {
    return baro_spark_on_resources(model, ret_walk, kind);
  }
  return on_other(model, ret_walk, kind);
}

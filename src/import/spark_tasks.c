/* Events of tasks, most lines of a log: fields of a task, and its metrics. */
#include "import/spark_names.h"

#include <string.h>

static const uint64_t MS = 1000000;

static const char *const localities[] = {"PROCESS_LOCAL", "NODE_LOCAL", "NO_PREF", "RACK_LOCAL",
                                         "ANY"};

static baro_status add_metric(baro_spark_model *model, baro_spark_metric metric, uint64_t value) {
  return value == 0 ? BARO_OK : baro_spark_value_add(model, metric, value);
}

static baro_status read_metrics(baro_spark_model *model, baro_json_walk *walk, int object) {
  baro_view name;
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '{')) {
    return BARO_OK;
  }
  while (status == BARO_OK && baro_json_walk_member(walk, &name)) {
    uint32_t found = baro_json_names_find(&model->names->metrics[object], name);
    if (found == model->names->metrics[object].count) {
      baro_json_walk_skip(walk);
      continue;
    }
    const baro_spark_metric_member *member = &baro_spark_metric_members[object][found];
    int64_t value;
    if (member->metric == BARO_SPARK_METRIC_COUNT) {
      status = read_metrics(model, walk, (int)member->unit); /* once: these have no objects */
    } else if (baro_json_walk_integer(walk, &value) && value > 0 &&
               (uint64_t)value <= INT64_MAX / member->unit) {
      status = add_metric(model, member->metric, (uint64_t)value * member->unit);
    }
  }
  return status;
}

/* Executors that are not polled have zeros for all of it, and the first is the JVM's heap. */
static baro_status read_executor(baro_spark_model *model, baro_json_walk *walk) {
  static const char none[] = "{\"JVMHeapMemory\":0,";
  size_t length = sizeof(none) - 1;
  if (baro_json_walk_peek(walk) == '{' && (size_t)(walk->end - walk->at) > length &&
      memcmp(walk->at, none, length) == 0) {
    baro_json_walk_skip(walk);
    return BARO_OK;
  }
  return read_metrics(model, walk, EXECUTOR_METRICS);
}

typedef struct task_event {
  int64_t stage;
  int64_t attempt;
  int64_t id;
  int64_t launched_ms;
  int64_t finished_ms;
  int64_t getting_result_ms;
  int64_t index;
  int64_t number; /* which attempt */
  uint32_t executor;
  uint32_t locality; /* 1 + index; 0 unknown */
  bool speculative;
  bool failed;
  bool killed;
  bool has_reason;
  bool succeeded;
} task_event;

static uint32_t locality_of(baro_view raw) {
  for (uint32_t i = 0; i < sizeof(localities) / sizeof(localities[0]); i++) {
    if (baro_spark_is_text(raw, localities[i])) {
      return i + 1;
    }
  }
  return 0;
}

/* The query of the stage that the line has told by now, as Spark's lines do. */
static uint32_t execution_of(const baro_spark_model *model, const task_event *event) {
  if (event->stage < 0 || model->executions.count == 0) {
    return BARO_NONE_ID;
  }
  const baro_spark_stage *stage =
      baro_spark_stage_find(model, event->stage, event->attempt < 0 ? 0 : event->attempt);
  return stage == NULL ? BARO_NONE_ID : stage->execution;
}

static baro_status read_task_info(baro_spark_model *model, baro_json_walk *walk,
                                  task_event *event) {
  baro_view name;
  baro_view raw;
  baro_status status = BARO_OK;
  if (!baro_json_walk_enter(walk, '{')) {
    return BARO_OK;
  }
  while (status == BARO_OK && baro_json_walk_member(walk, &name)) {
    switch (baro_json_names_find(&model->names->info, name)) {
    case INFO_ID: event->id = baro_spark_count(walk); break;
    case INFO_INDEX: event->index = baro_spark_count(walk); break;
    case INFO_ATTEMPT: event->number = baro_spark_count(walk); break;
    case INFO_LAUNCH: event->launched_ms = baro_spark_time(model, walk); break;
    case INFO_EXECUTOR:
      if (baro_json_walk_text(walk, &raw)) {
        status = baro_spark_executor_named(model, raw, &event->executor);
      }
      break;
    case INFO_HOST:
      if (baro_json_walk_text(walk, &raw) && event->executor != BARO_NONE_ID &&
          model->executors[event->executor].host == BARO_NONE_ID) {
        status = baro_spark_text(model, raw, &model->executors[event->executor].host);
      }
      break;
    case INFO_LOCALITY:
      event->locality = baro_json_walk_text(walk, &raw) ? locality_of(raw) : 0;
      break;
    case INFO_SPECULATIVE: (void)baro_json_walk_boolean(walk, &event->speculative); break;
    case INFO_GETTING_RESULT: event->getting_result_ms = baro_spark_time(model, walk); break;
    case INFO_FINISH: event->finished_ms = baro_spark_time(model, walk); break;
    case INFO_FAILED: (void)baro_json_walk_boolean(walk, &event->failed); break;
    case INFO_KILLED: (void)baro_json_walk_boolean(walk, &event->killed); break;
    case INFO_ACCUMULABLES:
      status = baro_spark_read_accumulables(model, walk, execution_of(model, event), true);
      break;
    default: baro_json_walk_skip(walk); break;
    }
  }
  return status;
}

static void read_reason(baro_json_walk *walk, task_event *event) {
  baro_view raw;
  if (baro_spark_text_member(walk, "Reason", &raw)) {
    event->has_reason = true;
    event->succeeded = baro_spark_is_text(raw, "Success");
    event->killed = event->killed || baro_spark_is_text(raw, "TaskKilled");
  }
}

static uint8_t outcome_of(const task_event *event) {
  if (event->killed) {
    return BARO_TASK_KILLED;
  }
  if (event->failed || (event->has_reason && !event->succeeded)) {
    return BARO_TASK_FAILED;
  }
  return event->has_reason ? BARO_TASK_SUCCEEDED : BARO_TASK_UNKNOWN;
}

static baro_status find_stage_of_task(baro_spark_model *model, const task_event *event,
                                      uint32_t *ret_stage) {
  bool is_new;
  baro_status status = baro_spark_stage_of(
      model, event->stage, event->attempt < 0 ? 0 : event->attempt, ret_stage, &is_new);
  model->odd.homeless_tasks += status == BARO_OK && is_new;
  return status;
}

/* Values that are no metrics stand behind them. */
static baro_status add_facts(baro_spark_model *model, const task_event *event) {
  baro_status status = BARO_OK;
  if (event->index >= 0) { /* 0 is a partition, too */
    status = baro_spark_value_add(model, BARO_SPARK_PARTITION, (uint64_t)event->index);
  }
  if (status == BARO_OK && event->number > 0) {
    status = baro_spark_value_add(model, BARO_SPARK_ATTEMPT, (uint64_t)event->number);
  }
  if (status == BARO_OK) {
    status = add_metric(model, BARO_SPARK_SPECULATIVE, event->speculative);
  }
  if (status == BARO_OK) {
    status = add_metric(model, BARO_SPARK_LOCALITY, event->locality);
  }
  bool fetched = event->getting_result_ms != BARO_SPARK_UNKNOWN &&
                 event->finished_ms > event->getting_result_ms;
  if (status == BARO_OK && fetched) {
    status = add_metric(model, BARO_SPARK_GETTING_RESULT,
                        (uint64_t)(event->finished_ms - event->getting_result_ms) * MS);
  }
  return status;
}

static baro_status take_task(baro_spark_model *model, const task_event *event, bool is_end,
                             uint32_t first_value) {
  uint32_t index;
  uint32_t stage;
  bool is_new;
  if (event->id < 0 || event->stage < 0 || event->launched_ms == BARO_SPARK_UNKNOWN) {
    model->odd.untimed_tasks += is_end;
    model->value_count = first_value;
    return BARO_OK;
  }
  baro_status status = baro_spark_task_of(model, event->id, &index, &is_new);
  if (status == BARO_OK) {
    status = find_stage_of_task(model, event, &stage);
  }
  if (status != BARO_OK) {
    return status;
  }
  baro_spark_task *task = &model->tasks[index];
  if (task->finished_ms != BARO_SPARK_UNKNOWN || (!is_new && !is_end)) {
    model->odd.twice++;
    model->value_count = first_value;
    return BARO_OK;
  }
  task->launched_ms = event->launched_ms;
  task->stage = stage;
  task->executor = event->executor;
  if (!is_end) {
    return BARO_OK;
  }
  model->stages[stage].seen_tasks++;
  status = add_facts(model, event);
  if (status == BARO_OK && outcome_of(event) == BARO_TASK_SUCCEEDED) {
    status = baro_spark_take_task_updates(model, stage);
  }
  task->finished_ms = event->finished_ms;
  if (event->finished_ms < event->launched_ms) {
    model->odd.backward_tasks += event->finished_ms != BARO_SPARK_UNKNOWN;
    task->finished_ms = event->launched_ms;
  }
  task->outcome = outcome_of(event);
  task->first_value = first_value;
  uint32_t values = model->value_count - first_value; /* of a forged line there may be any number */
  task->value_count = values < UINT8_MAX ? (uint8_t)values : UINT8_MAX;
  return status;
}

baro_status baro_spark_on_task(baro_spark_model *model, baro_json_walk *walk, bool is_end) {
  task_event event = {.stage = BARO_SPARK_UNKNOWN,
                      .attempt = BARO_SPARK_UNKNOWN,
                      .id = BARO_SPARK_UNKNOWN,
                      .launched_ms = BARO_SPARK_UNKNOWN,
                      .finished_ms = BARO_SPARK_UNKNOWN,
                      .getting_result_ms = BARO_SPARK_UNKNOWN,
                      .index = BARO_SPARK_UNKNOWN,
                      .number = BARO_SPARK_UNKNOWN,
                      .executor = BARO_NONE_ID};
  baro_view name;
  uint32_t first_value = model->value_count;
  baro_status status = BARO_OK;
  model->update_count = 0;
  while (status == BARO_OK && baro_json_walk_member(walk, &name)) {
    switch (baro_json_names_find(&model->names->task, name)) {
    case END_STAGE: event.stage = baro_spark_count(walk); break;
    case END_ATTEMPT: event.attempt = baro_spark_count(walk); break;
    case END_REASON: read_reason(walk, &event); break;
    case END_INFO: status = read_task_info(model, walk, &event); break;
    case END_EXECUTOR: status = read_executor(model, walk); break;
    case END_METRICS: status = read_metrics(model, walk, METRICS); break;
    default: baro_json_walk_skip(walk); break;
    }
  }
  if (status == BARO_OK && !baro_json_walk_finish(walk)) {
    model->value_count = first_value; /* half a line says nothing */
    return BARO_INVALID;
  }
  return status == BARO_OK ? take_task(model, &event, is_end, first_value) : status;
}

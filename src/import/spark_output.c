#include "import/spark_writing.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "import/spark_places.h"

static const uint64_t MS = 1000000;

static uint64_t lesser(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

uint64_t baro_spark_time_of(const baro_spark_writing *all, int64_t ms) {
  return ms <= all->base_ms ? BARO_SPARK_START_NS
                            : BARO_SPARK_START_NS + (uint64_t)(ms - all->base_ms) * MS;
}

baro_view baro_spark_text_at(const baro_spark_model *model, uint32_t text) {
  return text == BARO_NONE_ID ? (baro_view){0} : model->texts.views[text];
}

baro_status baro_spark_string_of(baro_spark_writing *all, baro_view text, uint32_t *ret_string) {
  return baro_writer_string(all->writer, text, ret_string);
}

baro_status baro_spark_string_made(baro_spark_writing *all, uint32_t *ret_string,
                                   const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  size_t used = length < 0 ? 0 : (size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1;
  return baro_spark_string_of(all, (baro_view){.data = (const uint8_t *)text, .length = used},
                              ret_string);
}

/* --- operators --- */

baro_status baro_spark_make_operator(baro_spark_writing *all, const baro_spark_operator *operator_,
                                     uint32_t *ret_operator, uint32_t *ret_stack) {
  uint32_t shown_string = operator_->shown_string;
  baro_view place = operator_->place;
  baro_operator_record record = {.name_string = shown_string, .parent_operator = operator_->parent};
  baro_view file;
  uint32_t line = baro_spark_split_place(place, &file);
  baro_function_record function = {.name_string = shown_string,
                                   .qualified_string = shown_string,
                                   .first_line = line,
                                   .module_string = BARO_NONE_ID};
  baro_frame_record frame = {.line = line};
  baro_stack_record stack = {.parent = operator_->parent_stack};
  baro_status status =
      baro_spark_string_of(all, baro_view_of(operator_->kind), &record.kind_string);
  if (status == BARO_OK) {
    status = baro_spark_string_of(all, place, &record.place_string);
  }
  if (status == BARO_OK) {
    status = baro_writer_operator(all->writer, &record, ret_operator);
  }
  if (status == BARO_OK) {
    status = baro_spark_string_of(all, file, &function.file_string);
  }
  if (status == BARO_OK) {
    status = baro_writer_function(all->writer, &function, &frame.function);
  }
  if (status == BARO_OK) {
    status = baro_writer_frame(all->writer, &frame, &stack.frame);
  }
  return status == BARO_OK ? baro_writer_stack(all->writer, &stack, ret_stack) : status;
}

baro_status baro_spark_fact_time(baro_spark_writing *all, uint32_t of, const char *key,
                                 int64_t ms) {
  return ms == BARO_SPARK_UNKNOWN
             ? BARO_OK
             : baro_writer_fact_number(all->writer, of, key, (int64_t)baro_spark_time_of(all, ms));
}

/* What resources were asked for: "resource_profile.0.task_cpus". */
static baro_status put_profile(baro_spark_writing *all, const baro_spark_profile *profile) {
  const struct {
    const char *name;
    double value;
  } facts[] = {{"cores", (double)profile->cores},
               {"memory_bytes", (double)profile->memory_bytes},
               {"overhead_bytes", (double)profile->overhead_bytes},
               {"off_heap_bytes", (double)profile->off_heap_bytes},
               {"python_bytes", (double)profile->python_bytes},
               {"gpus", (double)profile->gpus},
               {"task_cpus", profile->task_cpus},
               {"task_gpus", profile->task_gpus}};
  baro_status status = BARO_OK;
  for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]) && status == BARO_OK; i++) {
    char key[80];
    char value[40];
    (void)snprintf(key, sizeof(key), "resource_profile.%" PRId64 ".%s", profile->id, facts[i].name);
    (void)snprintf(value, sizeof(value), "%.15g", facts[i].value);
    status = facts[i].value > 0
                 ? baro_writer_fact_text(all->writer, all->application, key, baro_view_of(value))
                 : BARO_OK;
  }
  return status;
}

static baro_status make_application(baro_spark_writing *all) {
  const baro_spark_model *model = all->model;
  baro_spark_operator made = {
      .kind = "spark.application", .parent = BARO_NONE_ID, .parent_stack = BARO_NONE_ID};
  baro_view name = baro_spark_text_at(model, model->app_name);
  baro_status status = baro_spark_string_of(
      all, name.length == 0 ? baro_view_of("Spark application") : name, &made.shown_string);
  if (status == BARO_OK) {
    status = baro_spark_make_operator(all, &made, &all->application, &all->application_stack);
  }
  const struct {
    const char *key;
    uint32_t text;
  } texts[] = {{"application_id", model->app_id}, {"spark_version", model->spark_version}};
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && status == BARO_OK; i++) {
    status = baro_writer_fact_text(all->writer, all->application, texts[i].key,
                                   baro_spark_text_at(model, texts[i].text));
  }
  for (uint32_t i = 0; i < model->setting_count && status == BARO_OK; i++) {
    status = baro_writer_fact_text(all->writer, all->application, model->settings[i].name,
                                   baro_spark_text_at(model, model->settings[i].value));
  }
  for (uint32_t i = 0; i < model->profile_count && status == BARO_OK; i++) {
    status = put_profile(all, &model->profiles[i]);
  }
  if (status == BARO_OK) {
    status = baro_spark_fact_time(all, all->application, "submitted_ns", model->started_ms);
  }
  if (status == BARO_OK) {
    status =
        baro_spark_fact_time(all, all->application, "driver_registered_ns", model->registered_ms);
  }
  return status == BARO_OK
             ? baro_spark_fact_time(all, all->application, "completed_ns", model->ended_ms)
             : status;
}

static baro_status make_job(baro_spark_writing *all, uint32_t index) {
  const baro_spark_job *job = &all->model->jobs[index];
  bool has_query = job->execution != BARO_NONE_ID;
  baro_spark_operator made = {
      .kind = "spark.job",
      .parent = has_query ? all->execution_operator[job->execution] : all->application,
      .parent_stack = has_query ? all->execution_stack[job->execution] : all->application_stack};
  baro_view name;
  baro_spark_split_name(baro_spark_text_at(all->model, job->description), &name, &made.place);
  baro_status status = baro_spark_string_made(
      all, &made.shown_string, "job %" PRId64 "%s%.*s", job->id, name.length == 0 ? "" : ": ",
      (int)lesser(name.length, 200), (const char *)name.data);
  if (status == BARO_OK) {
    status =
        baro_spark_make_operator(all, &made, &all->job_operator[index], &all->job_stack[index]);
  }
  uint32_t of = all->job_operator[index];
  if (status == BARO_OK) {
    status = baro_writer_fact_number(all->writer, of, "job_id", job->id);
  }
  if (status == BARO_OK) {
    status = baro_spark_fact_time(all, of, "submitted_ns", job->submitted_ms);
  }
  if (status == BARO_OK) {
    status = baro_spark_fact_time(all, of, "completed_ns", job->completed_ms);
  }
  if (status == BARO_OK && has_query) {
    status = baro_writer_fact_number(all->writer, of, "sql_execution",
                                     all->model->executions.items[job->execution].id);
  }
  if (status == BARO_OK) {
    status =
        baro_writer_fact_text(all->writer, of, "group", baro_spark_text_at(all->model, job->group));
  }
  return status == BARO_OK && job->failed
             ? baro_writer_fact_text(all->writer, of, "failed", baro_view_of("1"))
             : status;
}

/* The user's line; where Spark has the line of its own gateway only, that of the query says more. */
static baro_view place_of_stage(const baro_spark_writing *all, const baro_spark_stage *stage,
                                baro_view of_name) {
  if (stage->place != BARO_NONE_ID) {
    return baro_spark_text_at(all->model, stage->place);
  }
  if (!baro_spark_is_no_place(of_name) || stage->execution == BARO_NONE_ID) {
    return of_name;
  }
  const baro_spark_execution *query = &all->model->executions.items[stage->execution];
  baro_view name;
  baro_view place;
  baro_spark_split_name(baro_spark_text_at(all->model, query->description), &name, &place);
  place = baro_spark_is_no_place(place) ? baro_spark_text_at(all->model, query->place) : place;
  return baro_spark_is_no_place(place) ? of_name : place;
}

static baro_status put_stage_numbers(baro_spark_writing *all, const baro_spark_stage *stage,
                                     uint32_t of) {
  static const char *const peaks[] = {
#define X(name, member, key) key,
      BARO_SPARK_PEAK_LIST(X)
#undef X
  };
  bool has_query = stage->execution != BARO_NONE_ID;
  const struct {
    const char *key;
    int64_t value;
  } numbers[] = {
      {"stage_id", stage->id},
      {"attempt", stage->attempt},
      {"tasks", stage->tasks},
      {"resource_profile", stage->profile},
      {"sql_execution", has_query ? all->model->executions.items[stage->execution].id : -1},
      {"speculative_tasks", stage->speculative == 0 ? -1 : (int64_t)stage->speculative}};
  baro_status status = BARO_OK;
  for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && status == BARO_OK; i++) {
    status = baro_writer_fact_number(all->writer, of, numbers[i].key, numbers[i].value);
  }
  for (int p = 0; p < BARO_SPARK_PEAK_COUNT && status == BARO_OK; p++) {
    status = stage->peaks[p] == 0
                 ? BARO_OK
                 : baro_writer_fact_number(all->writer, of, peaks[p], (int64_t)stage->peaks[p]);
  }
  return status;
}

static baro_status make_stage(baro_spark_writing *all, uint32_t index) {
  const baro_spark_stage *stage = &all->model->stages[index];
  bool has_job = stage->job != BARO_NONE_ID;
  baro_spark_operator made = {.kind = "spark.stage",
                              .parent = has_job ? all->job_operator[stage->job] : all->application,
                              .parent_stack =
                                  has_job ? all->job_stack[stage->job] : all->application_stack};
  baro_view name;
  baro_view place;
  char attempt[32] = "";
  if (stage->attempt > 0) {
    (void)snprintf(attempt, sizeof(attempt), ", attempt %" PRId64, stage->attempt + 1);
  }
  baro_spark_split_name(baro_spark_text_at(all->model, stage->name), &name, &place);
  made.place = place_of_stage(all, stage, place);
  baro_status status = baro_spark_string_made(
      all, &made.shown_string, "stage %" PRId64 "%s%s%.*s", stage->id, attempt,
      name.length == 0 ? "" : ": ", (int)lesser(name.length, 200), (const char *)name.data);
  if (status == BARO_OK) {
    status =
        baro_spark_make_operator(all, &made, &all->stage_operator[index], &all->stage_stack[index]);
  }
  uint32_t of = all->stage_operator[index];
  if (status == BARO_OK) {
    status = put_stage_numbers(all, stage, of);
  }
  if (status == BARO_OK) {
    status = baro_spark_fact_time(all, of, "submitted_ns", stage->submitted_ms);
  }
  if (status == BARO_OK) {
    status = baro_spark_fact_time(all, of, "completed_ns", stage->completed_ms);
  }
  if (status == BARO_OK) {
    status = baro_writer_fact_text(all->writer, of, "scope",
                                   baro_spark_text_at(all->model, stage->scope));
  }
  if (status == BARO_OK) {
    status = baro_writer_fact_text(all->writer, of, "persisted_rdds",
                                   baro_spark_text_at(all->model, stage->persisted));
  }
  return status == BARO_OK ? baro_writer_fact_text(all->writer, of, "failure",
                                                   baro_spark_text_at(all->model, stage->failure))
                           : status;
}

/* Every attempt of a parent hands its data to every attempt of the stage: which did, the log does not say. */
static baro_status make_edges(baro_spark_writing *all) {
  const baro_spark_model *model = all->model;
  baro_status status = BARO_OK;
  for (uint32_t s = 0; s < model->stage_count; s++) {
    const baro_spark_stage *stage = &model->stages[s];
    for (uint32_t p = 0; p < stage->parent_count; p++) {
      int64_t id = model->parents[stage->parent + p];
      for (int64_t attempt = 0; status == BARO_OK; attempt++) {
        const baro_spark_stage *from = baro_spark_stage_find(model, id, attempt);
        if (from == NULL) {
          break;
        }
        baro_operator_edge_record edge = {.from_operator =
                                              all->stage_operator[from - model->stages],
                                          .to_operator = all->stage_operator[s],
                                          .kind = BARO_OPERATOR_EDGE_DATA};
        status = baro_writer_operator_edge(all->writer, &edge);
      }
    }
  }
  return status;
}

/* --- tasks --- */

static baro_status write_task(baro_spark_writing *all, const baro_spark_task *task) {
  const baro_spark_model *model = all->model;
  uint64_t values[BARO_SPARK_METRIC_COUNT] = {0};
  baro_task_amount amounts[BARO_SPARK_METRIC_COUNT];
  bool is_unfinished = task->finished_ms == BARO_SPARK_UNKNOWN;
  int64_t finished_ms = is_unfinished ? model->newest_ms : task->finished_ms;
  if (finished_ms < task->launched_ms) {
    finished_ms = task->launched_ms;
  }
  uint32_t thread;
  int64_t free_ms;
  baro_status status = baro_spark_slot_for(all, task, finished_ms, &thread, &free_ms);
  if (status != BARO_OK) {
    return status;
  }
  baro_task_record record = {.operator_id = all->stage_operator[task->stage],
                             .thread = thread,
                             .start_ns = baro_spark_time_of(all, task->launched_ms),
                             .end_ns = baro_spark_time_of(all, finished_ms),
                             .outcome = (baro_task_outcome)task->outcome,
                             .amounts = amounts};
  for (uint32_t i = 0; i < task->value_count; i++) {
    const baro_spark_value *value = &model->values[task->first_value + i];
    bool is_first = values[value->metric] == 0; /* a forged line may have it twice */
    values[value->metric] = value->value;
    if (is_first && record.amount_count < BARO_SPARK_METRIC_COUNT) {
      amounts[record.amount_count++] =
          (baro_task_amount){.key_string = all->key_strings[value->metric], .value = value->value};
    }
  }
  status = baro_writer_task(all->writer, &record);
  baro_spark_part parts[BARO_SPARK_PARTS_MAX];
  uint64_t at_ns = record.start_ns;
  if (free_ms > task->launched_ms) { /* its slot's time is told once */
    at_ns = lesser(baro_spark_time_of(all, free_ms), record.end_ns);
  }
  uint32_t count = baro_spark_split(record.end_ns - at_ns, values, parts);
  for (uint32_t i = 0; i < count && status == BARO_OK; i++) {
    at_ns += parts[i].ns;
    baro_sample_record sample = {.time_ns = at_ns,
                                 .weight_ns = parts[i].ns,
                                 .ticks = 1,
                                 .thread = thread,
                                 .stack = all->stage_stack[task->stage],
                                 .state = is_unfinished ? BARO_STATE_UNKNOWN : parts[i].state,
                                 .cpu_ns = parts[i].state == BARO_STATE_CPU ? parts[i].ns : 0};
    baro_writer_sample(all->writer, &sample);
    all->written.samples++;
  }
  all->written.tasks++;
  return status;
}

typedef struct task_place {
  int64_t launched_ms;
  uint32_t task;
} task_place;

static int compare_places(const void *left, const void *right) {
  const task_place *a = left;
  const task_place *b = right;
  if (a->launched_ms != b->launched_ms) {
    return a->launched_ms < b->launched_ms ? -1 : 1;
  }
  return a->task < b->task ? -1 : a->task > b->task;
}

static baro_status write_tasks(baro_spark_writing *all) {
  const baro_spark_model *model = all->model;
  task_place *order = malloc(((size_t)model->task_count + 1) * sizeof(*order));
  if (order == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t t = 0; t < model->task_count; t++) {
    order[t] = (task_place){.launched_ms = model->tasks[t].launched_ms, .task = t};
  }
  qsort(order, model->task_count, sizeof(*order), compare_places);
  baro_status status = BARO_OK;
  for (uint32_t t = 0; t < model->task_count && status == BARO_OK; t++) {
    status = write_task(all, &model->tasks[order[t].task]);
    if (status == BARO_OK && t % 4096 == 4095) {
      status = baro_writer_flush(all->writer, NULL);
    }
  }
  free(order);
  return status;
}

/* --- the whole --- */

static int64_t earliest_ms(const baro_spark_model *model) {
  int64_t first_ms = model->started_ms != BARO_SPARK_UNKNOWN ? model->started_ms : INT64_MAX;
  for (uint32_t t = 0; t < model->task_count; t++) {
    if (model->tasks[t].launched_ms < first_ms) {
      first_ms = model->tasks[t].launched_ms;
    }
  }
  return first_ms;
}

static baro_status begin(baro_spark_writing *all) {
  const baro_spark_model *model = all->model;
  all->executors = calloc((size_t)model->executor_count + 1, sizeof(*all->executors));
  size_t queries = (size_t)model->executions.count + 1;
  all->execution_operator = malloc(queries * sizeof(uint32_t));
  all->execution_stack = malloc(queries * sizeof(uint32_t));
  all->job_operator = malloc(((size_t)model->job_count + 1) * sizeof(uint32_t));
  all->job_stack = malloc(((size_t)model->job_count + 1) * sizeof(uint32_t));
  all->stage_operator = malloc(((size_t)model->stage_count + 1) * sizeof(uint32_t));
  all->stage_stack = malloc(((size_t)model->stage_count + 1) * sizeof(uint32_t));
  if (all->execution_operator == NULL || all->execution_stack == NULL) {
    return BARO_NO_MEMORY;
  }
  if (all->executors == NULL || all->job_operator == NULL || all->job_stack == NULL ||
      all->stage_operator == NULL || all->stage_stack == NULL) {
    return BARO_NO_MEMORY;
  }
  baro_status status = BARO_OK;
  for (int m = 0; m < BARO_SPARK_METRIC_COUNT && status == BARO_OK; m++) {
    baro_view key = baro_view_of(baro_spark_metric_key((baro_spark_metric)m));
    status = baro_spark_string_of(all, key, &all->key_strings[m]);
  }
  baro_writer_anchor(all->writer, &(baro_clock_anchor){.monotonic_ns = BARO_SPARK_START_NS,
                                                       .utc_ns = (uint64_t)all->base_ms * MS});
  return status;
}

static void end(baro_spark_writing *all) {
  for (uint32_t e = 0; all->executors != NULL && e <= all->model->executor_count; e++) {
    free(all->executors[e].slots);
  }
  free(all->executors);
  free(all->execution_operator);
  free(all->execution_stack);
  free(all->job_operator);
  free(all->job_stack);
  free(all->stage_operator);
  free(all->stage_stack);
}

baro_status baro_spark_write(const baro_spark_model *model, baro_writer *writer,
                             baro_import_log_result *ret_result, baro_error *err) {
  baro_spark_writing all = {.model = model, .writer = writer, .base_ms = earliest_ms(model)};
  if (model->task_count == 0) {
    return baro_error_set(err, BARO_INVALID, "no task with a time in it");
  }
  baro_status status = begin(&all);
  if (status == BARO_OK) {
    status = make_application(&all);
  }
  if (status == BARO_OK) {
    status = baro_spark_write_executors(&all);
  }
  if (status == BARO_OK) {
    status = baro_spark_write_executions(&all);
  }
  for (uint32_t j = 0; j < model->job_count && status == BARO_OK; j++) {
    status = make_job(&all, j);
  }
  for (uint32_t s = 0; s < model->stage_count && status == BARO_OK; s++) {
    status = make_stage(&all, s);
  }
  if (status == BARO_OK) {
    status = make_edges(&all);
  }
  if (status == BARO_OK) {
    status = baro_spark_write_plans(&all);
  }
  if (status == BARO_OK) {
    status = write_tasks(&all);
  }
  if (status == BARO_OK) {
    baro_spark_end_executors(&all);
  }
  end(&all);
  *ret_result = all.written;
  return status == BARO_OK ? BARO_OK : baro_error_set(err, status, "%s", baro_status_text(status));
}

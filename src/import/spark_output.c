#include "import/spark_output.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t MS = 1000000;
/* Samples of the recording begin here: a time of 0 would be none. */
static const uint64_t START_NS = UINT64_C(1000000000);

/* --- a task's time --- */

static uint64_t lesser(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

typedef struct split {
  baro_spark_part *parts;
  uint32_t count;
  uint64_t left_ns; /* of the task */
} split;

static void put_part(split *all, baro_state state, uint64_t ns) {
  ns = lesser(ns, all->left_ns);
  if (ns != 0 && all->count < BARO_SPARK_PARTS_MAX) {
    all->parts[all->count++] = (baro_spark_part){.state = state, .ns = ns};
    all->left_ns -= ns;
  }
}

/* Of the time that the task's code ran: what is measured, and what is left. Spark's clocks overlap a little (compression is
 * CPU time, and within writing): CPU time is a kernel's clock and stands, the others share what it leaves. */
static void put_run(split *all, uint64_t run_ns, const uint64_t *values) {
  uint64_t cpu_ns = lesser(values[BARO_SPARK_CPU], run_ns);
  uint64_t rest_ns = run_ns - cpu_ns;
  double wanted = (double)values[BARO_SPARK_FETCH_WAIT] + (double)values[BARO_SPARK_GC] +
                  (double)values[BARO_SPARK_SHUFFLE_WRITE];
  double scale = wanted > (double)rest_ns ? (double)rest_ns / wanted : 1;
  uint64_t before = all->left_ns;
  put_part(all, BARO_STATE_NETWORK, (uint64_t)((double)values[BARO_SPARK_FETCH_WAIT] * scale));
  put_part(all, BARO_STATE_CPU, cpu_ns);
  put_part(all, BARO_STATE_COLLECTOR, (uint64_t)((double)values[BARO_SPARK_GC] * scale));
  put_part(all, BARO_STATE_DISK, (uint64_t)((double)values[BARO_SPARK_SHUFFLE_WRITE] * scale));
  uint64_t used = before - all->left_ns;
  put_part(all, BARO_STATE_UNKNOWN, run_ns > used ? run_ns - used : 0);
}

uint32_t baro_spark_split(uint64_t lasted_ns, const uint64_t *values,
                          baro_spark_part ret_parts[BARO_SPARK_PARTS_MAX]) {
  split all = {.parts = ret_parts, .left_ns = lasted_ns};
  uint64_t deserialize_ns = values[BARO_SPARK_DESERIALIZE];
  uint64_t deserialize_cpu_ns = lesser(values[BARO_SPARK_DESERIALIZE_CPU], deserialize_ns);
  uint64_t known_ns = lesser(values[BARO_SPARK_RUN], lasted_ns);
  known_ns += lesser(deserialize_ns, lasted_ns - known_ns);
  known_ns += lesser(values[BARO_SPARK_RESULT_SERIALIZE], lasted_ns - known_ns);
  known_ns += lesser(values[BARO_SPARK_GETTING_RESULT], lasted_ns - known_ns);
  /* On its way to the executor, and its end on the way back: Spark's "scheduler delay". */
  put_part(&all, BARO_STATE_IDLE, lasted_ns - known_ns);
  put_part(&all, BARO_STATE_CPU, deserialize_cpu_ns);
  put_part(&all, BARO_STATE_UNKNOWN, deserialize_ns - deserialize_cpu_ns);
  put_run(&all, lesser(values[BARO_SPARK_RUN], all.left_ns), values);
  put_part(&all, BARO_STATE_CPU, values[BARO_SPARK_RESULT_SERIALIZE]);
  put_part(&all, BARO_STATE_NETWORK, values[BARO_SPARK_GETTING_RESULT]);
  put_part(&all, BARO_STATE_UNKNOWN, all.left_ns);
  return all.count;
}

/* --- slots --- */

typedef struct slot {
  int64_t free_ms;
  uint32_t thread;
} slot;

typedef struct executor_slots {
  slot *slots; /* owned */
  uint32_t count;
  uint32_t capacity;
  uint32_t process;
} executor_slots;

typedef struct output {
  const baro_spark_model *model;
  baro_writer *writer;
  executor_slots *executors; /* owned; by executor, and one for tasks of none */
  uint32_t *job_operator;    /* owned */
  uint32_t *stage_operator;  /* owned */
  uint32_t *job_stack;       /* owned */
  uint32_t *stage_stack;     /* owned */
  uint32_t key_strings[BARO_SPARK_METRIC_COUNT];
  uint32_t application;
  uint32_t application_stack;
  int64_t base_ms; /* START_NS of the recording */
  baro_import_log_result written;
} output;

/* More tasks at once on one executor than any has cores: of a log that is wrong. They share the last one. */
enum { SLOTS_MAX = 4096 };

static uint64_t time_of(const output *all, int64_t ms) {
  return ms <= all->base_ms ? START_NS : START_NS + (uint64_t)(ms - all->base_ms) * MS;
}

static baro_view text_at(const baro_spark_model *model, uint32_t text) {
  return text == BARO_NONE_ID ? (baro_view){0} : model->texts.views[text];
}

static baro_status string_of(output *all, baro_view text, uint32_t *ret_string) {
  return baro_writer_string(all->writer, text, ret_string);
}

__attribute__((format(printf, 3, 4))) static baro_status string_made(output *all,
                                                                     uint32_t *ret_string,
                                                                     const char *format, ...) {
  char text[512];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  size_t used = length < 0 ? 0 : (size_t)length < sizeof(text) ? (size_t)length : sizeof(text) - 1;
  return string_of(all, (baro_view){.data = (const uint8_t *)text, .length = used}, ret_string);
}

static baro_status make_process(output *all, uint32_t executor, uint32_t *ret_process) {
  const baro_spark_model *model = all->model;
  baro_process_record record = {.os_pid = executor,
                                .parent_process = BARO_NONE_ID,
                                .start_ns = START_NS,
                                .seen_ns = START_NS};
  baro_status status;
  if (executor == model->executor_count) {
    status = string_made(all, &record.command_string, "executor unknown");
  } else {
    const baro_spark_executor *one = &model->executors[executor];
    baro_view name = text_at(model, one->name);
    baro_view host = text_at(model, one->host);
    record.start_ns = time_of(all, one->added_ms);
    record.seen_ns = record.start_ns;
    status = string_made(all, &record.command_string, "executor %.*s%s%.*s", (int)name.length,
                         (const char *)name.data, host.length == 0 ? "" : " on ", (int)host.length,
                         (const char *)host.data);
  }
  if (status == BARO_OK) {
    status = string_of(all, baro_view_of(""), &record.python_string);
  }
  return status == BARO_OK ? baro_writer_process(all->writer, &record, ret_process) : status;
}

static baro_status add_slot(output *all, executor_slots *executor, uint32_t index) {
  if (executor->count == executor->capacity) {
    uint32_t capacity = executor->capacity == 0 ? 8 : executor->capacity * 2;
    slot *grown = realloc(executor->slots, capacity * sizeof(*grown));
    if (grown == NULL) {
      return BARO_NO_MEMORY;
    }
    executor->slots = grown;
    executor->capacity = capacity;
  }
  baro_status status = BARO_OK;
  if (executor->count == 0) {
    status = make_process(all, index, &executor->process);
  }
  baro_thread_record record = {
      .process = executor->process, .os_tid = executor->count + 1, .seen_ns = START_NS};
  if (status == BARO_OK) {
    status = string_made(all, &record.name_string, "slot %u", executor->count + 1);
  }
  if (status == BARO_OK) {
    status = baro_writer_thread(all->writer, &record, &executor->slots[executor->count].thread);
  }
  if (status == BARO_OK) {
    executor->slots[executor->count++].free_ms = INT64_MIN;
    all->written.slots++;
  }
  return status;
}

/* The lowest one that is free. The driver takes a result a little after it has given the slot to the next task: where an
 * executor's cores are all in use, the one that is free first has its next task already. */
static baro_status slot_for(output *all, const baro_spark_task *task, int64_t finished_ms,
                            uint32_t *ret_thread, int64_t *ret_free_ms) {
  const baro_spark_model *model = all->model;
  uint32_t index = task->executor == BARO_NONE_ID ? model->executor_count : task->executor;
  executor_slots *executor = &all->executors[index];
  uint32_t most = SLOTS_MAX;
  if (index < model->executor_count && model->executors[index].cores > 0 &&
      model->executors[index].cores < SLOTS_MAX) {
    most = (uint32_t)model->executors[index].cores;
  }
  uint32_t found = 0;
  uint32_t first = 0;
  while (found < executor->count && executor->slots[found].free_ms > task->launched_ms) {
    first = executor->slots[found].free_ms < executor->slots[first].free_ms ? found : first;
    found++;
  }
  if (found == executor->count && found < most) {
    baro_status status = add_slot(all, executor, index);
    if (status != BARO_OK) {
      return status;
    }
  }
  slot *on = &executor->slots[found < most ? found : first];
  *ret_thread = on->thread;
  *ret_free_ms = on->free_ms;
  if (on->free_ms < finished_ms) {
    on->free_ms = finished_ms;
  }
  return BARO_OK;
}

/* --- operators --- */

/* "collect at app.py:25" is a name and a place. */
static void split_name(baro_view text, baro_view *ret_name, baro_view *ret_place) {
  *ret_name = text;
  *ret_place = (baro_view){0};
  for (size_t at = text.length; at-- > 1;) {
    if (at + 4 <= text.length && memcmp(text.data + at, " at ", 4) == 0) {
      *ret_name = (baro_view){.data = text.data, .length = at};
      *ret_place = (baro_view){.data = text.data + at + 4, .length = text.length - at - 4};
      return;
    }
  }
}

/* The line behind the last colon; *ret_file the text before it. */
static uint32_t split_place(baro_view place, baro_view *ret_file) {
  *ret_file = place;
  size_t at = place.length;
  uint32_t line = 0;
  uint32_t unit = 1;
  while (at > 0 && place.length - at < 8 && place.data[at - 1] >= '0' &&
         place.data[at - 1] <= '9') {
    line += unit * (uint32_t)(place.data[--at] - '0');
    unit *= 10;
  }
  if (at == 0 || place.data[at - 1] != ':' || at == place.length) {
    return 0;
  }
  ret_file->length = at - 1;
  return line;
}

/* An operator, and the stack that its tasks' time stands under. */
static baro_status make_operator(output *all, const char *kind, uint32_t shown_string,
                                 baro_view place, uint32_t parent, uint32_t parent_stack,
                                 uint32_t *ret_operator, uint32_t *ret_stack) {
  baro_operator_record record = {.name_string = shown_string, .parent_operator = parent};
  baro_view file;
  uint32_t line = split_place(place, &file);
  baro_function_record function = {.name_string = shown_string,
                                   .qualified_string = shown_string,
                                   .first_line = line,
                                   .module_string = BARO_NONE_ID};
  baro_frame_record frame = {.line = line};
  baro_stack_record stack = {.parent = parent_stack};
  baro_status status = string_of(all, baro_view_of(kind), &record.kind_string);
  if (status == BARO_OK) {
    status = string_of(all, place, &record.place_string);
  }
  if (status == BARO_OK) {
    status = baro_writer_operator(all->writer, &record, ret_operator);
  }
  if (status == BARO_OK) {
    status = string_of(all, file, &function.file_string);
  }
  if (status == BARO_OK) {
    status = baro_writer_function(all->writer, &function, &frame.function);
  }
  if (status == BARO_OK) {
    status = baro_writer_frame(all->writer, &frame, &stack.frame);
  }
  return status == BARO_OK ? baro_writer_stack(all->writer, &stack, ret_stack) : status;
}

static baro_status fact_text(output *all, uint32_t of, const char *key, baro_view value) {
  if (value.length == 0) {
    return BARO_OK;
  }
  return baro_writer_operator_fact(
      all->writer,
      &(baro_operator_fact_record){.operator_id = of, .key = baro_view_of(key), .value = value});
}

static baro_status fact_number(output *all, uint32_t of, const char *key, int64_t value) {
  char text[32];
  int length = snprintf(text, sizeof(text), "%" PRId64, value);
  return value < 0
             ? BARO_OK
             : fact_text(all, of, key,
                         (baro_view){.data = (const uint8_t *)text, .length = (size_t)length});
}

static baro_status fact_time(output *all, uint32_t of, const char *key, int64_t ms) {
  return ms == BARO_SPARK_UNKNOWN ? BARO_OK : fact_number(all, of, key, (int64_t)time_of(all, ms));
}

static baro_status make_application(output *all) {
  const baro_spark_model *model = all->model;
  uint32_t shown;
  baro_view name = text_at(model, model->app_name);
  baro_status status =
      string_of(all, name.length == 0 ? baro_view_of("Spark application") : name, &shown);
  if (status == BARO_OK) {
    status = make_operator(all, "spark.application", shown, (baro_view){0}, BARO_NONE_ID,
                           BARO_NONE_ID, &all->application, &all->application_stack);
  }
  if (status == BARO_OK) {
    status = fact_text(all, all->application, "application_id", text_at(model, model->app_id));
  }
  if (status == BARO_OK) {
    status =
        fact_text(all, all->application, "spark_version", text_at(model, model->spark_version));
  }
  return status;
}

static baro_status make_job(output *all, uint32_t index) {
  const baro_spark_job *job = &all->model->jobs[index];
  baro_view name;
  baro_view place;
  uint32_t shown;
  split_name(text_at(all->model, job->description), &name, &place);
  baro_status status =
      string_made(all, &shown, "job %" PRId64 "%s%.*s", job->id, name.length == 0 ? "" : ": ",
                  (int)lesser(name.length, 200), (const char *)name.data);
  if (status == BARO_OK) {
    status = make_operator(all, "spark.job", shown, place, all->application, all->application_stack,
                           &all->job_operator[index], &all->job_stack[index]);
  }
  uint32_t of = all->job_operator[index];
  if (status == BARO_OK) {
    status = fact_number(all, of, "job_id", job->id);
  }
  if (status == BARO_OK) {
    status = fact_time(all, of, "submitted_ns", job->submitted_ms);
  }
  if (status == BARO_OK) {
    status = fact_time(all, of, "completed_ns", job->completed_ms);
  }
  if (status == BARO_OK && job->execution != BARO_SPARK_UNKNOWN) {
    status = fact_number(all, of, "sql_execution", job->execution);
  }
  return status == BARO_OK && job->failed ? fact_text(all, of, "failed", baro_view_of("1"))
                                          : status;
}

static baro_status make_stage(output *all, uint32_t index) {
  const baro_spark_stage *stage = &all->model->stages[index];
  bool has_job = stage->job != BARO_NONE_ID;
  baro_view name;
  baro_view place;
  uint32_t shown;
  char attempt[32] = "";
  if (stage->attempt > 0) {
    (void)snprintf(attempt, sizeof(attempt), ", attempt %" PRId64, stage->attempt + 1);
  }
  split_name(text_at(all->model, stage->name), &name, &place);
  baro_status status = string_made(all, &shown, "stage %" PRId64 "%s%s%.*s", stage->id, attempt,
                                   name.length == 0 ? "" : ": ", (int)lesser(name.length, 200),
                                   (const char *)name.data);
  if (status == BARO_OK) {
    status = make_operator(all, "spark.stage", shown, place,
                           has_job ? all->job_operator[stage->job] : all->application,
                           has_job ? all->job_stack[stage->job] : all->application_stack,
                           &all->stage_operator[index], &all->stage_stack[index]);
  }
  uint32_t of = all->stage_operator[index];
  const struct {
    const char *key;
    int64_t value;
  } numbers[] = {{"stage_id", stage->id}, {"attempt", stage->attempt}, {"tasks", stage->tasks}};
  for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && status == BARO_OK; i++) {
    status = fact_number(all, of, numbers[i].key, numbers[i].value);
  }
  if (status == BARO_OK) {
    status = fact_time(all, of, "submitted_ns", stage->submitted_ms);
  }
  if (status == BARO_OK) {
    status = fact_time(all, of, "completed_ns", stage->completed_ms);
  }
  if (status == BARO_OK) {
    status = fact_text(all, of, "scope", text_at(all->model, stage->scope));
  }
  return status == BARO_OK ? fact_text(all, of, "failure", text_at(all->model, stage->failure))
                           : status;
}

/* Every attempt of a parent hands its data to every attempt of the stage: which did, the log does not say. */
static baro_status make_edges(output *all) {
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

static baro_status write_task(output *all, const baro_spark_task *task) {
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
  baro_status status = slot_for(all, task, finished_ms, &thread, &free_ms);
  if (status != BARO_OK) {
    return status;
  }
  baro_task_record record = {.operator_id = all->stage_operator[task->stage],
                             .thread = thread,
                             .start_ns = time_of(all, task->launched_ms),
                             .end_ns = time_of(all, finished_ms),
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
    at_ns = lesser(time_of(all, free_ms), record.end_ns);
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

static baro_status write_tasks(output *all) {
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

static baro_status begin(output *all) {
  const baro_spark_model *model = all->model;
  all->executors = calloc((size_t)model->executor_count + 1, sizeof(*all->executors));
  all->job_operator = malloc(((size_t)model->job_count + 1) * sizeof(uint32_t));
  all->job_stack = malloc(((size_t)model->job_count + 1) * sizeof(uint32_t));
  all->stage_operator = malloc(((size_t)model->stage_count + 1) * sizeof(uint32_t));
  all->stage_stack = malloc(((size_t)model->stage_count + 1) * sizeof(uint32_t));
  if (all->executors == NULL || all->job_operator == NULL || all->job_stack == NULL ||
      all->stage_operator == NULL || all->stage_stack == NULL) {
    return BARO_NO_MEMORY;
  }
  baro_status status = BARO_OK;
  for (int m = 0; m < BARO_SPARK_METRIC_COUNT && status == BARO_OK; m++) {
    baro_view key = baro_view_of(baro_spark_metric_key((baro_spark_metric)m));
    status = string_of(all, key, &all->key_strings[m]);
  }
  baro_writer_anchor(all->writer, &(baro_clock_anchor){.monotonic_ns = START_NS,
                                                       .utc_ns = (uint64_t)all->base_ms * MS});
  return status;
}

static void end(output *all) {
  for (uint32_t e = 0; all->executors != NULL && e <= all->model->executor_count; e++) {
    free(all->executors[e].slots);
  }
  free(all->executors);
  free(all->job_operator);
  free(all->job_stack);
  free(all->stage_operator);
  free(all->stage_stack);
}

baro_status baro_spark_write(const baro_spark_model *model, baro_writer *writer,
                             baro_import_log_result *ret_result, baro_error *err) {
  output all = {.model = model, .writer = writer, .base_ms = earliest_ms(model)};
  if (model->task_count == 0) {
    return baro_error_set(err, BARO_INVALID, "no task with a time in it");
  }
  baro_status status = begin(&all);
  if (status == BARO_OK) {
    status = make_application(&all);
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
    status = write_tasks(&all);
  }
  end(&all);
  *ret_result = all.written;
  return status == BARO_OK ? BARO_OK : baro_error_set(err, status, "%s", baro_status_text(status));
}

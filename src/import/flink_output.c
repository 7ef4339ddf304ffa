#include "import/flink_output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/grow.h"
#include "base/plural.h"
#include "import/import_output.h"
#include "import/log_reading.h"

static const uint64_t MS = 1000000;
/* The year 2112: beyond it a time is a mistake. */
static const int64_t LATEST_MS = INT64_C(4500000000000);

enum { PARTITION = BARO_FLINK_METRIC_COUNT, ATTEMPT, KEY_COUNT, THREADS_MAX = 4096 };

typedef struct slot {
  int64_t free_ms;
  uint32_t thread;
} slot;

typedef struct manager {
  slot *slots; /* owned */
  uint32_t count, capacity;
  uint32_t process;
} manager;

typedef struct span {
  int64_t start_ms;
  int64_t end_ms;
  uint32_t attempt;
} span;

typedef struct output {
  const baro_flink_model *model;
  baro_writer *writer;
  uint32_t *job_operator;    /* owned */
  uint32_t *job_stack;       /* owned */
  uint32_t *vertex_operator; /* owned */
  uint32_t *vertex_stack;    /* owned */
  manager *managers;         /* owned; by index of names */
  baro_intern names;         /* of managers */
  span *spans;               /* owned */
  uint32_t span_count;
  uint32_t key_strings[KEY_COUNT];
  int64_t base_ms;
  uint64_t backward, untimed;
  baro_import_log_result written;
} output;

static uint64_t time_of(const output *all, int64_t ms) {
  return ms <= all->base_ms ? BARO_IMPORT_START_NS
                            : BARO_IMPORT_START_NS + (uint64_t)(ms - all->base_ms) * MS;
}

static baro_view text_at(const output *all, uint32_t text) {
  return text == BARO_NONE_ID ? (baro_view){0} : all->model->texts.views[text];
}

/* --- operators --- */

static baro_status fact_time(output *all, uint32_t of, const char *key, int64_t ms) {
  return ms == BARO_FLINK_UNKNOWN
             ? BARO_OK
             : baro_writer_fact_number(all->writer, of, key, (int64_t)time_of(all, ms));
}

/* An operator, and the stack that its tasks' time stands under. */
static baro_status make_operator(output *all, const char *kind, baro_view name, uint32_t parent,
                                 uint32_t parent_stack, uint32_t *ret_operator,
                                 uint32_t *ret_stack) {
  baro_operator_record record = {.parent_operator = parent};
  baro_function_record function = {.module_string = BARO_NONE_ID};
  baro_frame_record frame = {0};
  baro_stack_record stack = {.parent = parent_stack};
  baro_status status = baro_writer_string(all->writer, baro_view_of(kind), &record.kind_string);
  if (status == BARO_OK) {
    status = baro_writer_string(all->writer, name.length == 0 ? baro_view_of("(no name)") : name,
                                &record.name_string);
  }
  if (status == BARO_OK) {
    status = baro_writer_string(all->writer, (baro_view){0}, &record.place_string);
  }
  if (status == BARO_OK) {
    status = baro_writer_operator(all->writer, &record, ret_operator);
  }
  function.name_string = function.qualified_string = record.name_string;
  function.file_string = record.place_string;
  if (status == BARO_OK) {
    status = baro_writer_function(all->writer, &function, &frame.function);
  }
  if (status == BARO_OK) {
    status = baro_writer_frame(all->writer, &frame, &stack.frame);
  }
  return status == BARO_OK ? baro_writer_stack(all->writer, &stack, ret_stack) : status;
}

static baro_status make_job(output *all, uint32_t index) {
  const baro_flink_job *job = &all->model->jobs[index];
  const struct {
    const char *key;
    uint32_t text;
  } facts[] = {{"job_id", job->id},
               {"state", job->state},
               {"type", job->type},
               {"failure", job->failure},
               {"flink_version", all->model->version}};
  uint32_t *of = &all->job_operator[index];
  baro_status status = make_operator(all, "flink.job", text_at(all, job->name), BARO_NONE_ID,
                                     BARO_NONE_ID, of, &all->job_stack[index]);
  for (size_t f = 0; f < sizeof(facts) / sizeof(facts[0]) && status == BARO_OK; f++) {
    baro_view value = text_at(all, facts[f].text);
    value.length = value.length < 4096 ? value.length : 4096; /* a stack trace of Java */
    status = baro_writer_fact_text(all->writer, *of, facts[f].key, value);
  }
  if (status == BARO_OK) {
    status = fact_time(all, *of, "submitted_ns", job->started_ms);
  }
  return status == BARO_OK ? fact_time(all, *of, "completed_ns", job->ended_ms) : status;
}

static baro_status make_vertex(output *all, uint32_t index) {
  const baro_flink_vertex *vertex = &all->model->vertexs[index];
  uint32_t *of = &all->vertex_operator[index];
  baro_status status =
      make_operator(all, "flink.vertex", text_at(all, vertex->name), all->job_operator[vertex->job],
                    all->job_stack[vertex->job], of, &all->vertex_stack[index]);
  if (status == BARO_OK) {
    status = baro_writer_fact_text(all->writer, *of, "vertex_id", text_at(all, vertex->id));
  }
  if (status == BARO_OK) {
    status = baro_writer_fact_text(all->writer, *of, "status", text_at(all, vertex->status));
  }
  if (status == BARO_OK) {
    status = baro_writer_fact_text(all->writer, *of, "plan", text_at(all, vertex->description));
  }
  if (status == BARO_OK) {
    status = baro_writer_fact_number(all->writer, *of, "parallelism", vertex->parallelism);
  }
  return status == BARO_OK
             ? baro_writer_fact_number(all->writer, *of, "max_parallelism", vertex->max_parallelism)
             : status;
}

static baro_status make_input(output *all, const baro_flink_input *input) {
  char key[64];
  uint32_t to = all->vertex_operator[input->to];
  uint32_t from = all->vertex_operator[input->from];
  baro_status status = baro_writer_operator_edge(
      all->writer, &(baro_operator_edge_record){
                       .from_operator = from, .to_operator = to, .kind = BARO_OPERATOR_EDGE_DATA});
  (void)snprintf(key, sizeof(key), "ship_strategy_from_%u", from);
  if (status == BARO_OK) {
    status = baro_writer_fact_text(all->writer, to, key, text_at(all, input->ship_strategy));
  }
  (void)snprintf(key, sizeof(key), "exchange_from_%u", from);
  return status == BARO_OK
             ? baro_writer_fact_text(all->writer, to, key, text_at(all, input->exchange))
             : status;
}

static baro_status make_operators(output *all) {
  baro_status status = BARO_OK;
  for (uint32_t j = 0; j < all->model->job_count && status == BARO_OK; j++) {
    status = make_job(all, j);
  }
  for (uint32_t v = 0; v < all->model->vertex_count && status == BARO_OK; v++) {
    status = make_vertex(all, v);
  }
  for (uint32_t i = 0; i < all->model->input_count && status == BARO_OK; i++) {
    status = make_input(all, &all->model->inputs[i]);
  }
  return status;
}

/* --- threads --- */

static baro_status find_manager(output *all, const baro_flink_attempt *attempt,
                                manager **ret_manager) {
  baro_view name = text_at(all, attempt->manager);
  name = name.length == 0 ? text_at(all, attempt->host) : name;
  uint32_t index;
  bool is_new;
  baro_status status = baro_intern_put(&all->names, name, &index, &is_new);
  if (status != BARO_OK) {
    return status;
  }
  *ret_manager = &all->managers[index]; /* at most one an attempt */
  if (!is_new) {
    return BARO_OK;
  }
  char text[512];
  (void)snprintf(text, sizeof(text), "task manager %.*s",
                 name.length == 0 ? 7 : (int)(name.length < 400 ? name.length : 400),
                 name.length == 0 ? "unknown" : (const char *)name.data);
  baro_process_record record = {.os_pid = index + 1,
                                .parent_process = BARO_NONE_ID,
                                .start_ns = BARO_IMPORT_START_NS,
                                .seen_ns = BARO_IMPORT_START_NS};
  status = baro_writer_string(all->writer, baro_view_of(text), &record.command_string);
  if (status == BARO_OK) {
    status = baro_writer_string(all->writer, (baro_view){0}, &record.python_string);
  }
  return status == BARO_OK ? baro_writer_process(all->writer, &record, &(*ret_manager)->process)
                           : status;
}

static baro_status add_slot(output *all, manager *on) {
  char name[32];
  baro_thread_record record = {
      .process = on->process, .os_tid = on->count + 1, .seen_ns = BARO_IMPORT_START_NS};
  (void)snprintf(name, sizeof(name), "subtasks %u", on->count + 1);
  baro_status status = baro_grow(&on->slots, &on->capacity, on->count, sizeof(*on->slots));
  if (status == BARO_OK) {
    status = baro_writer_string(all->writer, baro_view_of(name), &record.name_string);
  }
  if (status == BARO_OK) {
    status = baro_writer_thread(all->writer, &record, &on->slots[on->count].thread);
  }
  if (status == BARO_OK) {
    on->slots[on->count++].free_ms = INT64_MIN;
    all->written.slots++;
  }
  return status;
}

/* *ret_start_ms: later than the span's where all threads are in use, of a file that is wrong. */
static baro_status thread_for(output *all, const span *of, uint32_t *ret_thread,
                              int64_t *ret_start_ms) {
  manager *on;
  uint32_t found = 0;
  baro_status status = find_manager(all, &all->model->attempts[of->attempt], &on);
  if (status != BARO_OK) {
    return status;
  }
  while (found < on->count && on->slots[found].free_ms > of->start_ms) {
    found++;
  }
  if (found == THREADS_MAX) {
    found = 0;
  } else if (found == on->count) {
    status = add_slot(all, on);
    if (status != BARO_OK) {
      return status;
    }
  }
  slot *taken = &on->slots[found];
  *ret_thread = taken->thread;
  *ret_start_ms = taken->free_ms > of->start_ms ? taken->free_ms : of->start_ms;
  taken->free_ms = of->end_ms > taken->free_ms ? of->end_ms : taken->free_ms;
  return BARO_OK;
}

/* --- tasks --- */

static baro_task_outcome outcome_of(const output *all, const baro_flink_attempt *attempt) {
  static const struct {
    const char *status;
    baro_task_outcome outcome;
  } outcomes[] = {{"FINISHED", BARO_TASK_SUCCEEDED},
                  {"FAILED", BARO_TASK_FAILED},
                  {"CANCELED", BARO_TASK_KILLED},
                  {"CANCELING", BARO_TASK_KILLED}};
  baro_view status = text_at(all, attempt->status);
  for (size_t o = 0; o < sizeof(outcomes) / sizeof(outcomes[0]); o++) {
    if (baro_view_equal(status, baro_view_of(outcomes[o].status))) {
      return outcomes[o].outcome;
    }
  }
  return status.length == 0 ? BARO_TASK_UNKNOWN : BARO_TASK_UNFINISHED;
}

/* What is left of a task's time when others have theirs. */
static uint64_t take(uint64_t *left_ns, int64_t ms) {
  uint64_t wanted = ms <= 0 ? 0 : (uint64_t)(ms < LATEST_MS ? ms : LATEST_MS) * MS;
  uint64_t taken = wanted < *left_ns ? wanted : *left_ns;
  *left_ns -= taken;
  return taken;
}

static void write_samples(output *all, const baro_flink_attempt *attempt, uint32_t thread,
                          uint64_t start_ns, uint64_t end_ns) {
  uint64_t left_ns = end_ns - start_ns;
  const int64_t *metrics = attempt->metrics;
  /* Before it ran: the program is fetched, and state brought back. Then what it waited for. */
  uint64_t parts[4] = {take(&left_ns, metrics[BARO_FLINK_DEPLOYING])};
  parts[0] += take(&left_ns, metrics[BARO_FLINK_INITIALIZING]);
  parts[1] = take(&left_ns, metrics[BARO_FLINK_IDLE]);
  parts[2] = take(&left_ns, metrics[BARO_FLINK_BACKPRESSURED]);
  parts[3] = left_ns;
  static const baro_state states[] = {BARO_STATE_UNKNOWN, BARO_STATE_IDLE, BARO_STATE_PIPE,
                                      BARO_STATE_UNKNOWN};
  uint64_t at_ns = start_ns;
  for (int p = 0; p < 4; p++) {
    at_ns += parts[p];
    if (parts[p] != 0) {
      baro_sample_record sample = {.time_ns = at_ns,
                                   .weight_ns = parts[p],
                                   .ticks = 1,
                                   .thread = thread,
                                   .stack = all->vertex_stack[attempt->vertex],
                                   .state = states[p]};
      baro_writer_sample(all->writer, &sample);
      all->written.samples++;
    }
  }
}

static baro_status write_task(output *all, const span *of) {
  static const uint64_t units[] = {
#define X(name, member, key, unit) unit,
      BARO_FLINK_METRIC_LIST(X)
#undef X
  };
  const baro_flink_attempt *attempt = &all->model->attempts[of->attempt];
  baro_task_amount amounts[KEY_COUNT];
  int64_t start_ms = of->start_ms;
  baro_task_record task = {.operator_id = all->vertex_operator[attempt->vertex],
                           .outcome = outcome_of(all, attempt),
                           .amounts = amounts};
  baro_status status = thread_for(all, of, &task.thread, &start_ms);
  if (status != BARO_OK) {
    return status;
  }
  task.start_ns = time_of(all, of->start_ms);
  task.end_ns = time_of(all, of->end_ms);
  for (int m = 0; m < BARO_FLINK_METRIC_COUNT; m++) {
    /* Times that no run is long are none. */
    if (attempt->metrics[m] != BARO_FLINK_UNKNOWN &&
        (units[m] == 1 || attempt->metrics[m] < LATEST_MS)) {
      amounts[task.amount_count++] = (baro_task_amount){
          .key_string = all->key_strings[m], .value = (uint64_t)attempt->metrics[m] * units[m]};
    }
  }
  amounts[task.amount_count++] = (baro_task_amount){.key_string = all->key_strings[PARTITION],
                                                    .value = (uint64_t)attempt->subtask};
  amounts[task.amount_count++] = (baro_task_amount){.key_string = all->key_strings[ATTEMPT],
                                                    .value = (uint64_t)attempt->attempt};
  status = baro_writer_task(all->writer, &task);
  uint64_t from_ns = time_of(all, start_ms);
  if (status == BARO_OK && from_ns < task.end_ns) {
    write_samples(all, attempt, task.thread, from_ns, task.end_ns);
  }
  all->written.tasks++;
  return status == BARO_OK && all->written.tasks % 4096 == 0 ? baro_writer_flush(all->writer, NULL)
                                                             : status;
}

static int compare_spans(const void *left, const void *right) {
  const span *a = left;
  const span *b = right;
  if (a->start_ms != b->start_ms) {
    return a->start_ms < b->start_ms ? -1 : 1;
  }
  return a->attempt < b->attempt ? -1 : a->attempt > b->attempt;
}

/* Those that began; of those that run still the end is when Flink was asked. */
static void list_spans(output *all) {
  const baro_flink_model *model = all->model;
  int64_t first_ms = INT64_MAX;
  for (uint32_t a = 0; a < model->attempt_count; a++) {
    const baro_flink_attempt *attempt = &model->attempts[a];
    int64_t end_ms = attempt->ended_ms != BARO_FLINK_UNKNOWN ? attempt->ended_ms : attempt->now_ms;
    int64_t start_ms = attempt->started_ms;
    if (start_ms == BARO_FLINK_UNKNOWN || start_ms > LATEST_MS || end_ms > LATEST_MS ||
        end_ms == BARO_FLINK_UNKNOWN) {
      all->untimed++;
      continue;
    }
    all->backward += end_ms < start_ms;
    all->spans[all->span_count++] =
        (span){.start_ms = start_ms, .end_ms = end_ms < start_ms ? start_ms : end_ms, .attempt = a};
    first_ms = start_ms < first_ms ? start_ms : first_ms;
  }
  for (uint32_t j = 0; j < model->job_count; j++) {
    int64_t started_ms = model->jobs[j].started_ms;
    first_ms = started_ms != BARO_FLINK_UNKNOWN && started_ms < first_ms ? started_ms : first_ms;
  }
  all->base_ms = first_ms;
  qsort(all->spans, all->span_count, sizeof(*all->spans), compare_spans);
}

/* --- the whole --- */

static bool has_ended(const output *all, const baro_flink_job *job) {
  baro_view state = text_at(all, job->state);
  return state.length == 0 || job->ended_ms != BARO_FLINK_UNKNOWN ||
         baro_view_equal(state, baro_view_of("FINISHED")) ||
         baro_view_equal(state, baro_view_of("FAILED")) ||
         baro_view_equal(state, baro_view_of("CANCELED"));
}

static void note(const output *all) {
  for (uint32_t j = 0; j < all->model->job_count; j++) {
    if (!has_ended(all, &all->model->jobs[j])) {
      baro_view name = text_at(all, all->model->jobs[j].name);
      baro_import_note(all->writer, "the job %.*s ran when Flink was asked",
                       (int)(name.length < 200 ? name.length : 200), (const char *)name.data);
    }
  }
  uint64_t incomplete = 0;
  int64_t missing = 0;
  int64_t expected = 0;
  for (uint32_t v = 0; v < all->model->vertex_count; v++) {
    const baro_flink_vertex *vertex = &all->model->vertexs[v];
    if (vertex->parallelism > 0 && vertex->parallelism < INT32_MAX) {
      expected += vertex->parallelism;
      missing +=
          vertex->subtasks < vertex->parallelism ? vertex->parallelism - vertex->subtasks : 0;
    }
  }
  if (missing != 0) {
    baro_import_note(all->writer, "%" PRId64 " of %" PRId64 " subtasks %s not in the file", missing,
                     expected, baro_plural((uint64_t)missing, "is", "are"));
  }
  for (uint32_t a = 0; a < all->model->attempt_count; a++) {
    incomplete += all->model->attempts[a].is_incomplete;
  }
  const baro_import_count counts[] = {
      {all->untimed, "subtask never began, or has no times: left out",
       "subtasks never began, or have no times: left out"},
      {all->backward, "subtask ended before it began: 0 ms long",
       "subtasks ended before they began: 0 ms long"},
      {incomplete, "subtask's bytes and records are not complete, as Flink says",
       "subtasks' bytes and records are not complete, as Flink says"},
  };
  baro_import_note_counts(all->writer, counts, sizeof(counts) / sizeof(counts[0]));
}

static void *items(uint32_t count, size_t bytes) {
  return calloc((size_t)count + 1, bytes);
}

static baro_status begin(output *all) {
  static const char *const keys[KEY_COUNT] = {
#define X(name, member, key, unit) key,
      BARO_FLINK_METRIC_LIST(X)
#undef X
          "partition",
      "attempt"};
  const baro_flink_model *model = all->model;
  all->job_operator = items(model->job_count, sizeof(uint32_t));
  all->job_stack = items(model->job_count, sizeof(uint32_t));
  all->vertex_operator = items(model->vertex_count, sizeof(uint32_t));
  all->vertex_stack = items(model->vertex_count, sizeof(uint32_t));
  all->managers = items(model->attempt_count, sizeof(*all->managers));
  all->spans = items(model->attempt_count, sizeof(*all->spans));
  if (all->job_operator == NULL || all->job_stack == NULL || all->vertex_operator == NULL ||
      all->vertex_stack == NULL || all->managers == NULL || all->spans == NULL) {
    return BARO_NO_MEMORY;
  }
  baro_status status = BARO_OK;
  for (int k = 0; k < KEY_COUNT && status == BARO_OK; k++) {
    status = baro_writer_string(all->writer, baro_view_of(keys[k]), &all->key_strings[k]);
  }
  return status;
}

static void end(output *all) {
  for (uint32_t m = 0; m < all->names.count; m++) {
    free(all->managers[m].slots);
  }
  baro_intern_release(&all->names);
  free(all->job_operator);
  free(all->job_stack);
  free(all->vertex_operator);
  free(all->vertex_stack);
  free(all->managers);
  free(all->spans);
}

baro_status baro_flink_write(const baro_flink_model *model, baro_writer *writer,
                             baro_import_log_result *ret_result, baro_error *err) {
  output all = {.model = model, .writer = writer};
  baro_status status = begin(&all);
  if (status == BARO_OK) {
    list_spans(&all);
    if (all.span_count == 0) {
      end(&all);
      return baro_error_set(err, BARO_INVALID,
                            "no subtask with a time in it: answers of /jobs/ID/vertices/ID are "
                            "what has them");
    }
    baro_writer_anchor(writer, &(baro_clock_anchor){.monotonic_ns = BARO_IMPORT_START_NS,
                                                    .utc_ns = (uint64_t)all.base_ms * MS});
    status = make_operators(&all);
  }
  for (uint32_t s = 0; s < all.span_count && status == BARO_OK; s++) {
    status = write_task(&all, &all.spans[s]);
  }
  note(&all);
  end(&all);
  *ret_result = all.written;
  return status == BARO_OK ? BARO_OK : baro_error_set(err, status, "%s", baro_status_text(status));
}

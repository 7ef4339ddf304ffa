/* Executors as processes, and in which of their slots tasks ran. */
#include "import/spark_writing.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/grow.h"

/* More tasks at once on one executor than any has cores: of a log that is wrong. They share the last one. */
enum { SLOTS_MAX = 4096 };

static baro_status make_process(baro_spark_writing *all, uint32_t executor, uint32_t *ret_process) {
  const baro_spark_model *model = all->model;
  baro_process_record record = {.os_pid = executor,
                                .parent_process = BARO_NONE_ID,
                                .start_ns = BARO_SPARK_START_NS,
                                .seen_ns = BARO_SPARK_START_NS};
  baro_status status;
  if (executor == model->executor_count) {
    status = baro_spark_string_made(all, &record.command_string, "executor unknown");
  } else {
    const baro_spark_executor *one = &model->executors[executor];
    baro_view name = baro_spark_text_at(model, one->name);
    baro_view host = baro_spark_text_at(model, one->host);
    record.start_ns = baro_spark_time_of(all, one->added_ms);
    record.seen_ns = record.start_ns;
    status =
        baro_spark_string_made(all, &record.command_string, "executor %.*s%s%.*s", (int)name.length,
                               (const char *)name.data, host.length == 0 ? "" : " on ",
                               (int)host.length, (const char *)host.data);
  }
  if (status == BARO_OK) {
    status = baro_spark_string_of(all, baro_view_of(""), &record.python_string);
  }
  return status == BARO_OK ? baro_writer_process(all->writer, &record, ret_process) : status;
}

/* What a task needs where no resource profile says: Spark before 3.1, or a log without that event. */
static double task_cpus_set(const baro_spark_model *model) {
  for (uint32_t i = 0; i < model->setting_count; i++) {
    baro_view value = baro_spark_text_at(model, model->settings[i].value);
    if (strcmp(model->settings[i].name, "spark.task.cpus") == 0 && value.length > 0 &&
        value.length < 6) {
      double cpus = 0;
      for (size_t at = 0; at < value.length; at++) {
        if (value.data[at] < '0' || value.data[at] > '9') {
          return 1;
        }
        cpus = cpus * 10 + (double)(value.data[at] - '0');
      }
      return cpus > 1 ? cpus : 1;
    }
  }
  return 1;
}

/* The first one whose cores the log tells; NULL: of none. */
static const baro_spark_executor *first_told(const baro_spark_model *model) {
  for (uint32_t e = 0; e < model->executor_count; e++) {
    if (model->executors[e].cores > 0) {
      return &model->executors[e];
    }
  }
  return NULL;
}

/* Where the event is missing that tells an executor's cores, it is taken for one like the first that told. 0: nothing says. */
static int64_t cores_of(const baro_spark_executor *one, const baro_spark_executor *told) {
  bool is_like =
      told != NULL && (one->profile == BARO_SPARK_UNKNOWN || one->profile == told->profile);
  return one->cores > 0 ? one->cores : is_like ? told->cores : 0;
}

/* How many tasks an executor runs at once: a task may need more than one core. */
static uint32_t slots_of(const baro_spark_writing *all, uint32_t index,
                         const baro_spark_executor *first) {
  const baro_spark_model *model = all->model;
  uint32_t at_once = all->executors[index].at_once;
  int64_t cores = cores_of(&model->executors[index], first);
  if (cores <= 0) {
    return at_once > 0 && at_once < SLOTS_MAX ? at_once : SLOTS_MAX;
  }
  const baro_spark_profile *profile =
      baro_spark_profile_find(model, model->executors[index].profile);
  double slots = (double)cores / (profile == NULL || profile->task_cpus <= 0 ? task_cpus_set(model)
                                                                             : profile->task_cpus);
  slots = slots < at_once ? at_once : slots < 1 ? 1 : slots;
  return slots < SLOTS_MAX ? (uint32_t)slots : SLOTS_MAX;
}

static uint32_t greater(const uint32_t pair[2]) {
  return pair[0] > pair[1] ? pair[0] : pair[1];
}

static void put_fact(const baro_spark_writing *all, uint32_t process, const char *key,
                     baro_view value) {
  if (value.length != 0) {
    baro_writer_process_fact(
        all->writer,
        &(baro_process_fact_record){.process = process, .key = baro_view_of(key), .value = value});
  }
}

static void put_facts(const baro_spark_writing *all, uint32_t index, uint32_t process) {
  const baro_spark_model *model = all->model;
  const baro_spark_executor *one = &model->executors[index];
  uint32_t slots = all->executors[index].most;
  const struct {
    const char *key;
    int64_t value; /* below its least one: nothing to say */
    int64_t least;
  } numbers[] = {{"cores", one->cores, 1},
                 {"task_slots", slots < SLOTS_MAX ? (int64_t)slots : 0, 1},
                 {"resource_profile", one->profile, 0},
                 {"excluded", greater(one->excluded), 1},
                 {"excluded_for_stage", greater(one->excluded_for_stage), 1}};
  for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
    char text[32];
    (void)snprintf(text, sizeof(text), "%" PRId64, numbers[i].value);
    put_fact(all, process, numbers[i].key,
             numbers[i].value < numbers[i].least ? (baro_view){0} : baro_view_of(text));
  }
  put_fact(all, process, "host", baro_spark_text_at(model, one->host));
  put_fact(all, process, "removed_reason", baro_spark_text_at(model, one->reason));
}

static baro_status add_slot(baro_spark_writing *all, baro_spark_slots *executor, uint32_t index) {
  baro_status status =
      baro_grow(&executor->slots, &executor->capacity, executor->count, sizeof(*executor->slots));
  if (status == BARO_OK && executor->process == BARO_NONE_ID) {
    status = make_process(all, index, &executor->process);
    if (status == BARO_OK && index < all->model->executor_count) {
      put_facts(all, index, executor->process);
    }
  }
  baro_thread_record record = {
      .process = executor->process, .os_tid = executor->count + 1, .seen_ns = BARO_SPARK_START_NS};
  if (status == BARO_OK) {
    status = baro_spark_string_made(all, &record.name_string, "slot %u", executor->count + 1);
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

baro_status baro_spark_write_executors(baro_spark_writing *all) {
  const baro_spark_model *model = all->model;
  for (uint32_t e = 0; e <= model->executor_count; e++) {
    all->executors[e].process = BARO_NONE_ID;
  }
  baro_status status = baro_spark_count_at_once(model, all->executors);
  all->executors[model->executor_count].most = SLOTS_MAX;
  const baro_spark_executor *told = first_told(model);
  for (uint32_t e = 0; e < model->executor_count; e++) {
    all->executors[e].most = slots_of(all, e, told);
  }
  for (uint32_t e = 0; e < model->executor_count && status == BARO_OK; e++) {
    if (model->executors[e].added_ms != BARO_SPARK_UNKNOWN) {
      status = make_process(all, e, &all->executors[e].process);
    }
    if (status == BARO_OK && all->executors[e].process != BARO_NONE_ID) {
      put_facts(all, e, all->executors[e].process);
    }
  }
  return status;
}

void baro_spark_end_executors(baro_spark_writing *all) {
  const baro_spark_model *model = all->model;
  for (uint32_t e = 0; e < model->executor_count; e++) {
    if (all->executors[e].process == BARO_NONE_ID ||
        model->executors[e].removed_ms == BARO_SPARK_UNKNOWN) {
      continue;
    }
    baro_end_record ended = {.index = all->executors[e].process,
                             .time_ns = baro_spark_time_of(all, model->executors[e].removed_ms),
                             .wait_status = -1};
    baro_writer_process_end(all->writer, &ended);
  }
}

/* The lowest one that is free. The driver takes a result a little after it has given the slot to the next task: where an
 * executor's cores are all in use, the one that is free first has its next task already. */
baro_status baro_spark_slot_for(baro_spark_writing *all, const baro_spark_task *task,
                                int64_t finished_ms, uint32_t *ret_thread, int64_t *ret_free_ms) {
  const baro_spark_model *model = all->model;
  uint32_t index = task->executor == BARO_NONE_ID ? model->executor_count : task->executor;
  baro_spark_slots *executor = &all->executors[index];
  uint32_t most = executor->most;
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
  baro_spark_slot *on = &executor->slots[found < most ? found : first];
  *ret_thread = on->thread;
  *ret_free_ms = on->free_ms;
  if (on->free_ms < finished_ms) {
    on->free_ms = finished_ms;
  }
  return BARO_OK;
}

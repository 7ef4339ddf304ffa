#include "explain/operator_times.h"

#include <stdlib.h>
#include <string.h>

#include "explain/finding_kinds.h"
#include "explain/prior_times.h"

/* Which amounts of tasks are the clock of a state. */
static const char *const clocks[BARO_STATE_COUNT][4] = {
    [BARO_STATE_CPU] = {"cpu_ns", "deserialize_cpu_ns", "result_serialize_ns"},
    [BARO_STATE_NETWORK] = {"fetch_wait_ns", "getting_result_ns", "gpu_ns"},
    [BARO_STATE_DISK] = {"shuffle_write_ns"},
    [BARO_STATE_COLLECTOR] = {"gc_ns"},
    [BARO_STATE_PIPE] = {"python_run_ns", "python_init_ns", "python_start_ns", "backpressured_ns"},
    [BARO_STATE_IDLE] = {"idle_ns"},
    [BARO_STATE_GPU] = {"gpu_ns"},
    [BARO_STATE_COPY] = {"copy_ns"},
};

/* Whether its tasks tell of a clock: the first one that has amounts stands for all. */
static bool has_clock(const baro_profile *profile, const baro_operator_time *row,
                      const char *const *keys) {
  const baro_dataflow *dataflow = &profile->dataflow;
  uint32_t first = dataflow->operators[row->operator_id].first_task;
  for (int i = 0; i < 4 && keys[i] != NULL; i++) {
    uint32_t key = baro_dataflow_key(profile, keys[i]);
    for (uint32_t t = first; key != BARO_NONE_ID && t < first + row->task_count; t++) {
      uint64_t value;
      if (baro_dataflow_amount(dataflow, t, key, &value)) {
        return true;
      }
    }
  }
  return false;
}

static bool has_amounts(const baro_profile *profile, const baro_operator_time *row) {
  const baro_dataflow *dataflow = &profile->dataflow;
  uint32_t first = dataflow->operators[row->operator_id].first_task;
  for (uint32_t t = first; t < first + row->task_count; t++) {
    if (dataflow->tasks[t].amount_count != 0) {
      return true;
    }
  }
  return false;
}

baro_evidence baro_state_evidence(const baro_profile *profile, const baro_operator_time *row,
                                  baro_state state) {
  if (state == BARO_STATE_UNKNOWN) {
    return BARO_EVIDENCE_UNKNOWN;
  }
  /* Where a framework tells spans only, they are the measurement. */
  return has_clock(profile, row, clocks[state]) || !has_amounts(profile, row)
             ? BARO_EVIDENCE_MEASURED
             : BARO_EVIDENCE_DERIVED;
}

bool baro_operators_are_of(const baro_profile *profile, const char *framework) {
  const baro_dataflow *dataflow = &profile->dataflow;
  size_t length = strlen(framework);
  baro_view kind = dataflow->operator_count == 0
                       ? (baro_view){0}
                       : baro_profile_string(profile, dataflow->operators[0].kind_string);
  return kind.length > length && memcmp(kind.data, framework, length) == 0;
}

bool baro_tasks_are_partitions(const baro_profile *profile) {
  return baro_dataflow_key(profile, "partition") != BARO_NONE_ID;
}

bool baro_has_slots(const baro_profile *profile) {
  return baro_operators_are_of(profile, "spark.");
}

bool baro_is_local_master(baro_view master) {
  return baro_view_equal(master, baro_view_of("local")) || baro_view_starts_with(master, "local[");
}

/* --- operators --- */

static void add_task(baro_operator_time *row, const baro_explanation *all, uint32_t t) {
  const baro_dataflow *dataflow = &all->profile->dataflow;
  const baro_dataflow_task *task = &dataflow->tasks[t];
  uint64_t length_ns = baro_dataflow_task_ns(task);
  uint64_t on_ns = all->path.on_ns[t];
  uint64_t state_ns[BARO_STATE_COUNT];
  uint64_t path_state_ns[BARO_STATE_COUNT];
  baro_add_ns(&row->task_ns, length_ns);
  row->path_ns += on_ns;
  row->bad_tasks += task->outcome == BARO_TASK_FAILED || task->outcome == BARO_TASK_KILLED;
  row->start_ns = task->start_ns < row->start_ns ? task->start_ns : row->start_ns;
  row->end_ns = task->end_ns > row->end_ns ? task->end_ns : row->end_ns;
  if (row->longest_task == BARO_NONE_ID || length_ns > row->longest_ns) {
    row->longest_task = t;
    row->longest_ns = length_ns;
  }
  baro_path_states(dataflow, t, length_ns, state_ns);
  baro_path_states(dataflow, t, on_ns, path_state_ns);
  for (int s = 0; s < BARO_STATE_COUNT; s++) {
    baro_add_ns(&row->state_ns[s], state_ns[s]);
    row->path_state_ns[s] += path_state_ns[s];
  }
}

static int compare_u64(const void *left, const void *right) {
  uint64_t a = *(const uint64_t *)left;
  uint64_t b = *(const uint64_t *)right;
  return a < b ? -1 : a > b;
}

uint64_t baro_median_of(uint64_t *values, uint32_t count) {
  if (count == 0) {
    return 0;
  }
  qsort(values, count, sizeof(*values), compare_u64);
  return values[(count - 1) / 2]; /* the lower one: of two tasks, the one that is not the longest */
}

static void fill_operator(baro_explanation *all, uint32_t operator_id, uint32_t *slot_of,
                          uint64_t *lengths) {
  const baro_dataflow *dataflow = &all->profile->dataflow;
  const baro_dataflow_operator *operator= & dataflow->operators[operator_id];
  baro_operator_time *row = &all->operators[all->operator_count++];
  *row = (baro_operator_time){.operator_id = operator_id,
                              .task_count = operator->task_count,
                              .start_ns = UINT64_MAX,
                              .longest_task = BARO_NONE_ID};
  for (uint32_t i = 0; i < operator->task_count; i++) {
    uint32_t t = operator->first_task + i;
    add_task(row, all, t);
    lengths[i] = baro_dataflow_task_ns(&dataflow->tasks[t]);
    uint32_t *last = &slot_of[dataflow->tasks[t].thread];
    row->slots += *last != operator_id + 1;
    *last = operator_id + 1;
  }
  row->median_ns = baro_median_of(lengths, operator->task_count);
}

static int compare_rows(const void *left, const void *right) {
  const baro_operator_time *a = left;
  const baro_operator_time *b = right;
  if (a->path_ns != b->path_ns) {
    return a->path_ns > b->path_ns ? -1 : 1;
  }
  if (a->task_ns != b->task_ns) {
    return a->task_ns > b->task_ns ? -1 : 1;
  }
  return a->operator_id < b->operator_id ? -1 : a->operator_id > b->operator_id;
}

baro_status baro_operator_rows_init(baro_explanation *all) {
  uint32_t count = all->profile->dataflow.operator_count;
  all->operator_row = baro_arena_array(&all->arena, count, sizeof(*all->operator_row));
  for (uint32_t o = 0; o < count && all->operator_row != NULL; o++) {
    all->operator_row[o] = BARO_NONE_ID;
  }
  return all->operator_row == NULL ? BARO_NO_MEMORY : BARO_OK;
}

static baro_status make_operators(baro_explanation *all) {
  const baro_dataflow *dataflow = &all->profile->dataflow;
  uint32_t *slot_of = calloc((size_t)all->profile->thread_count + 1, sizeof(*slot_of));
  uint64_t *lengths = malloc(((size_t)dataflow->task_count + 1) * sizeof(*lengths));
  uint32_t with_tasks = 0;
  for (uint32_t o = 0; o < dataflow->operator_count; o++) {
    with_tasks += dataflow->operators[o].task_count != 0;
  }
  all->operators = baro_arena_array(&all->arena, with_tasks, sizeof(*all->operators));
  bool good = slot_of != NULL && lengths != NULL && all->operators != NULL;
  if (good) {
    for (uint32_t o = 0; o < dataflow->operator_count; o++) {
      if (dataflow->operators[o].task_count != 0) {
        fill_operator(all, o, slot_of, lengths);
      }
    }
    qsort(all->operators, all->operator_count, sizeof(*all->operators), compare_rows);
    for (uint32_t r = 0; r < all->operator_count; r++) {
      all->operator_row[all->operators[r].operator_id] = r;
    }
  }
  free(slot_of);
  free(lengths);
  return good ? BARO_OK : BARO_NO_MEMORY;
}

/* What lies before an operator's first task is no gap between its tasks. */
static void add_gaps(baro_explanation *all) {
  for (uint32_t i = 0; i < all->path.step_count; i++) {
    const baro_path_step *step = &all->path.steps[i];
    if (step->kind == BARO_STEP_SCHEDULING) {
      baro_operator_time *row = &all->operators[all->operator_row[step->operator_id]];
      row->between_ns += step->end_ns > row->start_ns ? step->end_ns - step->start_ns : 0;
    }
  }
}

/* --- slots --- */

/* Of a process that ran tasks, or says that it could. */
typedef struct executor {
  uint64_t start_ns;
  uint64_t end_ns;
  uint32_t slots; /* threads that ran a task, or as many as it says */
} executor;

static void read_executors(const baro_explanation *all, executor *executors, uint8_t *is_slot) {
  const baro_profile *profile = all->profile;
  for (uint32_t p = 0; p < profile->process_count; p++) {
    uint64_t end_ns = profile->processes[p].end_ns;
    executors[p] = (executor){.start_ns = profile->processes[p].start_ns,
                              .end_ns = end_ns == 0 ? UINT64_MAX : end_ns};
  }
  for (uint32_t t = 0; t < profile->dataflow.task_count; t++) {
    const baro_dataflow_task *task = &profile->dataflow.tasks[t];
    executor *one = &executors[profile->threads[task->thread].process];
    one->slots += is_slot[task->thread] == 0;
    is_slot[task->thread] = 1;
    one->start_ns = task->start_ns < one->start_ns ? task->start_ns : one->start_ns;
    one->end_ns = task->end_ns > one->end_ns ? task->end_ns : one->end_ns;
  }
  for (uint32_t p = 0; p < profile->process_count; p++) {
    double told;
    if (baro_profile_process_fact_number(profile, p, "task_slots", &told) && told <= 65536 &&
        told > executors[p].slots) {
      executors[p].slots = (uint32_t)told;
    }
  }
}

typedef struct moment {
  uint64_t at_ns;
  int32_t tasks; /* by how many more run */
  int32_t slots; /* by how many more there are */
} moment;

static int compare_moments(const void *left, const void *right) {
  const moment *a = left;
  const moment *b = right;
  return a->at_ns < b->at_ns ? -1 : a->at_ns > b->at_ns;
}

static size_t make_moments(baro_explanation *all, const executor *executors, moment *ret_moments) {
  const baro_dataflow *dataflow = &all->profile->dataflow;
  size_t count = 0;
  for (uint32_t t = 0; t < dataflow->task_count; t++) {
    ret_moments[count++] = (moment){.at_ns = dataflow->tasks[t].start_ns, .tasks = 1};
    ret_moments[count++] = (moment){.at_ns = dataflow->tasks[t].end_ns, .tasks = -1};
  }
  for (uint32_t p = 0; p < all->profile->process_count; p++) {
    if (executors[p].slots != 0) {
      int32_t slots = (int32_t)executors[p].slots;
      ret_moments[count++] = (moment){.at_ns = executors[p].start_ns, .slots = slots};
      ret_moments[count++] = (moment){.at_ns = executors[p].end_ns, .slots = -slots};
      all->executor_count++;
    }
  }
  qsort(ret_moments, count, sizeof(*ret_moments), compare_moments);
  return count;
}

static void sweep_moments(baro_explanation *all, const moment *moments, size_t count) {
  int64_t running = 0;
  int64_t slots = 0;
  double idle_ns = 0;
  for (size_t m = 0; m + 1 < count; m++) {
    running += moments[m].tasks;
    slots += moments[m].slots;
    uint64_t ns = moments[m + 1].at_ns - moments[m].at_ns;
    if (ns != 0 && slots > (int64_t)all->slot_count) {
      all->slot_count = (uint32_t)slots;
    }
    if (running > 0) {
      all->busy_ns += ns;
      idle_ns += running < slots ? (double)ns * (1 - (double)running / (double)slots) : 0;
    }
  }
  all->idle_ns = idle_ns < (double)all->busy_ns ? (uint64_t)idle_ns : all->busy_ns;
  all->slot_count = all->slot_count == 0 ? 1 : all->slot_count; /* tasks of no length */
}

static baro_status measure_slots(baro_explanation *all) {
  const baro_profile *profile = all->profile;
  executor *executors = malloc(((size_t)profile->process_count + 1) * sizeof(*executors));
  uint8_t *is_slot = calloc((size_t)profile->thread_count + 1, 1);
  moment *moments = malloc(((size_t)profile->dataflow.task_count + profile->process_count) * 2 *
                           sizeof(*moments));
  baro_status status =
      executors == NULL || is_slot == NULL || moments == NULL ? BARO_NO_MEMORY : BARO_OK;
  if (status == BARO_OK) {
    read_executors(all, executors, is_slot);
    sweep_moments(all, moments, make_moments(all, executors, moments));
  }
  free(executors);
  free(is_slot);
  free(moments);
  return status;
}

baro_status baro_operator_times(baro_explanation *all) {
  baro_status status = make_operators(all);
  if (status == BARO_OK) {
    add_gaps(all);
    status = measure_slots(all);
  }
  if (status == BARO_OK) {
    status = baro_prior_times(all);
  }
  if (status == BARO_OK) {
    baro_resource_times(all);
  }
  return status;
}

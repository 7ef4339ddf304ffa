/* Tasks that the others of their stage were waiting for: with more data (skew), or with as much (stragglers). */
#include <stdlib.h>

#include "explain/finding_kinds.h"

/* Of the median: longer makes a task a slow one, more data makes that skew. */
static const double SLOW = 1.5;
static const double MORE_DATA = 1.5;
/* So much more of both is told also where other tasks filled the time: with more slots it is what the stage waits for. */
static const double LURKING = 3;

typedef struct data_keys {
  uint32_t rows[3];
  uint32_t bytes[4];
} data_keys;

static data_keys keys_of(const baro_profile *profile) {
  return (data_keys){.rows = {baro_dataflow_key(profile, "shuffle_read_rows"),
                              baro_dataflow_key(profile, "input_rows"),
                              baro_dataflow_key(profile, "read_rows")},
                     .bytes = {baro_dataflow_key(profile, "shuffle_remote_read_bytes"),
                               baro_dataflow_key(profile, "shuffle_local_read_bytes"),
                               baro_dataflow_key(profile, "input_bytes"),
                               baro_dataflow_key(profile, "read_bytes")}};
}

/* What a stage's tasks took in. */
typedef struct intake {
  uint64_t median_rows;
  uint64_t median_bytes;
  uint64_t rows; /* of the longest task */
  uint64_t bytes;
} intake;

static bool read_intake(const baro_explanation *all, const baro_operator_time *row,
                        intake *ret_intake) {
  const baro_dataflow *dataflow = &all->profile->dataflow;
  data_keys keys = keys_of(all->profile);
  uint64_t *values = malloc((size_t)row->task_count * sizeof(*values));
  uint32_t first = dataflow->operators[row->operator_id].first_task;
  if (values == NULL) {
    return false;
  }
  for (uint32_t i = 0; i < row->task_count; i++) {
    values[i] = baro_amounts_of(dataflow, first + i, keys.rows, 3);
  }
  ret_intake->median_rows = baro_median_of(values, row->task_count);
  for (uint32_t i = 0; i < row->task_count; i++) {
    values[i] = baro_amounts_of(dataflow, first + i, keys.bytes, 4);
  }
  ret_intake->median_bytes = baro_median_of(values, row->task_count);
  ret_intake->rows = baro_amounts_of(dataflow, row->longest_task, keys.rows, 3);
  ret_intake->bytes = baro_amounts_of(dataflow, row->longest_task, keys.bytes, 4);
  free(values);
  return true;
}

static bool has_more(const intake *in) {
  return (double)in->rows > MORE_DATA * (double)in->median_rows ||
         (double)in->bytes > MORE_DATA * (double)in->median_bytes;
}

/* By how much the stage would have been shorter with the same work in equal parts: at most by what its tasks left of the time
 * and slots that it had, and by what the longest task took beyond the median. Nothing where that task was not waited for. */
static uint64_t tail_ns(const baro_explanation *all, const baro_operator_time *row) {
  uint64_t span_ns = row->end_ns - row->start_ns;
  uint64_t beyond_ns = row->longest_ns - row->median_ns;
  double slots = row->task_count < all->slot_count ? row->task_count : all->slot_count;
  double even_ns = (double)row->task_ns / slots;
  if (row->task_count < 2 || all->path.on_ns[row->longest_task] == 0 ||
      (double)row->longest_ns < SLOW * (double)row->median_ns || even_ns >= (double)span_ns) {
    return 0;
  }
  uint64_t uneven_ns = span_ns - (uint64_t)even_ns;
  return uneven_ns < beyond_ns ? uneven_ns : beyond_ns;
}

static bool is_first_of_slot(const baro_dataflow *dataflow, uint32_t task) {
  for (uint32_t t = 0; t < dataflow->task_count; t++) {
    if (dataflow->tasks[t].thread == dataflow->tasks[task].thread &&
        dataflow->tasks[t].start_ns < dataflow->tasks[task].start_ns) {
      return false;
    }
  }
  return true;
}

static void add_numbers(const baro_explanation *all, const baro_operator_time *row,
                        const intake *in, baro_finding *finding) {
  const baro_dataflow *dataflow = &all->profile->dataflow;
  uint32_t key = baro_dataflow_key(all->profile, "partition");
  uint64_t partition;
  if (key == BARO_NONE_ID || !baro_dataflow_amount(dataflow, row->longest_task, key, &partition)) {
    partition = row->longest_task - dataflow->operators[row->operator_id].first_task;
  }
  finding->evidence = BARO_EVIDENCE_DERIVED;
  finding->operator_id = row->operator_id;
  finding->task = row->longest_task;
  baro_finding_number_add(finding, "partition", (double)partition);
  baro_finding_number_add(finding, "longest_ns", (double)row->longest_ns);
  baro_finding_number_add(finding, "median_ns", (double)row->median_ns);
  baro_finding_number_add(finding, "tasks", row->task_count);
  baro_finding_number_add(finding, "slots", all->slot_count);
  baro_finding_number_add(finding, "rows", (double)in->rows);
  baro_finding_number_add(finding, "median_rows", (double)in->median_rows);
  baro_finding_number_add(finding, "bytes", (double)in->bytes);
  baro_finding_number_add(finding, "median_bytes", (double)in->median_bytes);
}

static bool is_lurking(const baro_finding_list *list, const baro_operator_time *row,
                       const intake *in) {
  return baro_finding_matters(list, row->path_ns) &&
         (double)row->longest_ns > LURKING * (double)row->median_ns &&
         ((double)in->rows > LURKING * (double)in->median_rows ||
          (double)in->bytes > LURKING * (double)in->median_bytes);
}

static const char *sentence_of(const baro_explanation *all, const baro_operator_time *row,
                               const intake *in, bool lurks) {
  if (lurks) {
    return "{operator}: partition {partition} took {longest_ns}, the median of {tasks} tasks "
           "{median_ns}; it read {rows} {rows|row|rows}, "
           "{bytes}, the median task {median_rows} {median_rows|row|rows}, {median_bytes}. Other "
           "tasks filled the "
           "time on {slots} {slots|slot|slots}; with more of them "
           "the stage would wait for this one";
  }
  if (has_more(in)) {
    return in->rows > 0 ? "{operator}: partition {partition} took {longest_ns}, the median of "
                          "{tasks} tasks {median_ns}; it read "
                          "{rows} {rows|row|rows}, {bytes}, the median task {median_rows} "
                          "{median_rows|row|rows}, {median_bytes}"
                        : "{operator}: partition {partition} took {longest_ns}, the median of "
                          "{tasks} tasks {median_ns}; it read "
                          "{bytes}, the median task {median_bytes}";
  }
  return is_first_of_slot(&all->profile->dataflow, row->longest_task)
             ? "{operator}: partition {partition} took {longest_ns}, the median of {tasks} tasks "
               "{median_ns}, with no more data; it "
               "was the first task of its slot"
             : "{operator}: partition {partition} took {longest_ns}, the median of {tasks} tasks "
               "{median_ns}, with no more data";
}

static void find(baro_finding_list *list, const baro_finding_kind *kind, bool with_more) {
  const baro_explanation *all = list->of;
  if (!baro_tasks_are_partitions(all->profile)) {
    return;
  }
  for (uint32_t r = 0; r < all->operator_count; r++) {
    const baro_operator_time *row = &all->operators[r];
    uint64_t explains_ns = tail_ns(all, row);
    bool matters = baro_finding_matters(list, explains_ns);
    intake in;
    if (explains_ns == 0 && !baro_finding_matters(list, row->path_ns)) {
      continue;
    }
    if (!read_intake(all, row, &in)) {
      list->failed = true;
      return;
    }
    bool lurks = !matters && with_more && is_lurking(list, row, &in);
    if ((explains_ns != 0 && has_more(&in) == with_more) || lurks) {
      baro_finding *finding = lurks ? baro_finding_add_always(list, kind, explains_ns, NULL)
                                    : baro_finding_add(list, kind, explains_ns, NULL);
      finding->sentence = sentence_of(all, row, &in, lurks);
      add_numbers(all, row, &in, finding);
    }
  }
}

void baro_find_skew(baro_finding_list *list, const baro_finding_kind *kind) {
  find(list, kind, true);
}

void baro_find_stragglers(baro_finding_list *list, const baro_finding_kind *kind) {
  find(list, kind, false);
}

/* Spilling has no clock in Spark's log: what it took is bytes by the rate at which the same tasks wrote their shuffle, written and
 * read again, and never more than the time of these tasks that nothing else explains. */
#include "explain/finding_kinds.h"

typedef struct spilled {
  uint64_t bytes;
  uint64_t memory_bytes;
  uint32_t tasks;
  uint64_t explains_ns;
} spilled;

typedef struct spill_keys {
  uint32_t disk;
  uint32_t memory;
} spill_keys;

/* Bytes a ns of all shuffle writing in the run; 0: none was measured. */
static double write_rate(const baro_profile *profile) {
  const baro_dataflow *dataflow = &profile->dataflow;
  uint32_t bytes = baro_dataflow_key(profile, "shuffle_written_bytes");
  uint32_t time = baro_dataflow_key(profile, "shuffle_write_ns");
  double sum_bytes = 0;
  double sum_ns = 0;
  for (uint32_t t = 0; t < dataflow->task_count; t++) {
    sum_bytes += (double)baro_amounts_of(dataflow, t, &bytes, 1);
    sum_ns += (double)baro_amounts_of(dataflow, t, &time, 1);
  }
  return sum_ns > 0 ? sum_bytes / sum_ns : 0;
}

static spilled add_up(const baro_explanation *all, const baro_operator_time *row, spill_keys keys,
                      double rate) {
  const baro_dataflow *dataflow = &all->profile->dataflow;
  uint32_t first = dataflow->operators[row->operator_id].first_task;
  spilled sum = {0};
  for (uint32_t t = first; t < first + row->task_count; t++) {
    uint64_t bytes = baro_amounts_of(dataflow, t, &keys.disk, 1);
    if (bytes == 0) {
      continue;
    }
    sum.tasks++;
    sum.bytes += bytes;
    sum.memory_bytes += baro_amounts_of(dataflow, t, &keys.memory, 1);
    if (all->path.on_ns[t] != 0) {
      uint64_t state_ns[BARO_STATE_COUNT];
      baro_path_states(dataflow, t, all->path.on_ns[t], state_ns);
      uint64_t most_ns = state_ns[BARO_STATE_UNKNOWN];
      double by_rate_ns = rate > 0 ? 2 * (double)bytes / rate : (double)most_ns;
      sum.explains_ns += by_rate_ns < (double)most_ns ? (uint64_t)by_rate_ns : most_ns;
    }
  }
  return sum;
}

void baro_find_spill(baro_finding_list *list, const baro_finding_kind *kind) {
  const baro_explanation *all = list->of;
  spill_keys keys = {.disk = baro_dataflow_key(all->profile, "disk_spilled_bytes"),
                     .memory = baro_dataflow_key(all->profile, "memory_spilled_bytes")};
  if (keys.disk == BARO_NONE_ID) {
    return;
  }
  double rate = write_rate(all->profile);
  for (uint32_t r = 0; r < all->operator_count; r++) {
    spilled sum = add_up(all, &all->operators[r], keys, rate);
    if (sum.tasks == 0) {
      continue;
    }
    /* Also where it takes next to no time here: it does once there is more data. */
    baro_finding *finding = baro_finding_add_always(
        list, kind, sum.explains_ns,
        "{operator}: {spilling} of {tasks} {tasks|task|tasks} had no room in memory and wrote "
        "{disk_spilled_bytes} to disk ({memory_spilled_bytes} "
        "in memory); writing and reading that is time without a clock");
    finding->operator_id = all->operators[r].operator_id;
    finding->evidence = BARO_EVIDENCE_DERIVED;
    baro_finding_number_add(finding, "spilling", sum.tasks);
    baro_finding_number_add(finding, "tasks", all->operators[r].task_count);
    baro_finding_number_add(finding, "disk_spilled_bytes", (double)sum.bytes);
    baro_finding_number_add(finding, "memory_spilled_bytes", (double)sum.memory_bytes);
  }
}

/* States of tasks that framework and log have a clock for: on the critical path, with the stage that has most of it. */
#include "explain/finding_kinds.h"

static const char *sentence_of(baro_state state) {
  switch ((int)state) {
  case BARO_STATE_COLLECTOR:
    return "the collector stopped tasks of the critical path for {path_ns} ({percent} of their "
           "time), most in {operator}; all "
           "tasks together {all_ns}";
  case BARO_STATE_NETWORK:
    return "tasks of the critical path waited {path_ns} for shuffled data and results ({percent} "
           "of their time), most in "
           "{operator}; {remote_bytes} came from other executors";
  default:
    return "tasks of the critical path waited {path_ns} for writing shuffled data ({percent} of "
           "their time), most in {operator}; "
           "{written_bytes} were written in all";
  }
}

static double sum_of(const baro_profile *profile, const char *key) {
  uint32_t found = baro_dataflow_key(profile, key);
  double sum = 0;
  for (uint32_t t = 0; found != BARO_NONE_ID && t < profile->dataflow.task_count; t++) {
    sum += (double)baro_amounts_of(&profile->dataflow, t, &found, 1);
  }
  return sum;
}

void baro_find_path_state(baro_finding_list *list, const baro_finding_kind *kind) {
  const baro_explanation *all = list->of;
  uint64_t path_ns = all->path.state_ns[kind->state];
  uint64_t all_ns = 0;
  const baro_operator_time *most = NULL;
  /* Of traces these states are collectives and the like: find_devices.c. */
  bool is_trace =
      baro_operators_are_of(all->profile, "torch.") || baro_operators_are_of(all->profile, "tf.");
  if (is_trace || !baro_finding_matters(list, path_ns)) {
    return;
  }
  for (uint32_t r = 0; r < all->operator_count; r++) {
    const baro_operator_time *row = &all->operators[r];
    all_ns += row->state_ns[kind->state];
    if (most == NULL || row->path_state_ns[kind->state] > most->path_state_ns[kind->state]) {
      most = row;
    }
  }
  baro_finding *finding = baro_finding_add(list, kind, path_ns, sentence_of(kind->state));
  finding->operator_id = most->operator_id;
  finding->evidence = baro_state_evidence(all->profile, most, kind->state);
  baro_finding_number_add(finding, "path_ns", (double)path_ns);
  baro_finding_number_add(finding, "percent",
                          100 * (double)path_ns / (double)all->path.kind_ns[BARO_STEP_TASK]);
  baro_finding_number_add(finding, "all_ns", (double)all_ns);
  if (kind->state == BARO_STATE_NETWORK) {
    baro_finding_number_add(finding, "remote_bytes",
                            sum_of(all->profile, "shuffle_remote_read_bytes"));
  } else if (kind->state == BARO_STATE_DISK) {
    baro_finding_number_add(finding, "written_bytes",
                            sum_of(all->profile, "shuffle_written_bytes"));
  }
}

/* Of frameworks whose operators hand each other records while they run: who was held back, who starved. */
void baro_find_stream_wait(baro_finding_list *list, const baro_finding_kind *kind) {
  const baro_explanation *all = list->of;
  for (uint32_t r = 0; baro_operators_are_of(all->profile, "flink.") && r < all->operator_count;
       r++) {
    const baro_operator_time *row = &all->operators[r];
    baro_finding *finding = baro_finding_add(
        list, kind, row->path_state_ns[kind->state],
        kind->state == BARO_STATE_PIPE
            ? "{operator}: its tasks could not hand on what they had for {all_ns} of {tasks_ns}"
            : "{operator}: its tasks had nothing to work on for {all_ns} of {tasks_ns}");
    finding->operator_id = row->operator_id;
    finding->evidence = baro_state_evidence(all->profile, row, kind->state);
    baro_finding_number_add(finding, "all_ns", (double)row->state_ns[kind->state]);
    baro_finding_number_add(finding, "tasks_ns", (double)row->task_ns);
  }
}

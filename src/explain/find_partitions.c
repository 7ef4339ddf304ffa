/* Stages with fewer tasks than slots, and stages whose tasks are so short that handing them out takes as long. */
#include "explain/finding_kinds.h"

/* A task that runs this long pays for being handed out. */
static const uint64_t SHORT_NS = 200000000;

/* Of the path within a stage: with all slots at work on the same amount it would have been shorter by the part that was unused. */
void baro_find_few_partitions(baro_finding_list *list, const baro_finding_kind *kind) {
  const baro_explanation *all = list->of;
  if (!baro_has_slots(all->profile)) {
    return;
  }
  for (uint32_t r = 0; r < all->operator_count; r++) {
    const baro_operator_time *row = &all->operators[r];
    if (row->task_count >= all->slot_count) {
      continue;
    }
    double even_ns = (double)row->task_ns / (double)all->slot_count;
    uint64_t explains_ns = even_ns < (double)row->path_ns ? row->path_ns - (uint64_t)even_ns : 0;
    /* Other operators may have had the slots meanwhile. */
    explains_ns = explains_ns < all->idle_ns ? explains_ns : all->idle_ns;
    baro_finding *finding = baro_finding_add(
        list, kind, explains_ns,
        "{operator}: {tasks} of {slots} slots had work, for {path_ns} of the critical path");
    finding->evidence = BARO_EVIDENCE_DERIVED;
    finding->operator_id = row->operator_id;
    baro_finding_number_add(finding, "tasks", row->task_count);
    baro_finding_number_add(finding, "slots", all->slot_count);
    baro_finding_number_add(finding, "path_ns", (double)row->path_ns);
  }
}

void baro_find_many_partitions(baro_finding_list *list, const baro_finding_kind *kind) {
  const baro_explanation *all = list->of;
  if (!baro_has_slots(all->profile)) {
    return;
  }
  for (uint32_t r = 0; r < all->operator_count; r++) {
    const baro_operator_time *row = &all->operators[r];
    if (row->task_count <= 2 * all->slot_count || row->median_ns >= SHORT_NS) {
      continue;
    }
    uint64_t way_ns = row->path_state_ns[BARO_STATE_IDLE];
    baro_finding *finding = baro_finding_add(
        list, kind, way_ns + row->between_ns,
        "{operator}: {tasks} tasks on {slots} {slots|slot|slots}, the median {median_ns}; on "
        "the critical path they were on their way for "
        "{way_ns}, and {slots|the slot|slots} waited {gaps_ns} for the next one");
    finding->operator_id = row->operator_id;
    finding->evidence = BARO_EVIDENCE_DERIVED;
    baro_finding_number_add(finding, "tasks", row->task_count);
    baro_finding_number_add(finding, "slots", all->slot_count);
    baro_finding_number_add(finding, "median_ns", (double)row->median_ns);
    baro_finding_number_add(finding, "way_ns", (double)way_ns);
    baro_finding_number_add(finding, "gaps_ns", (double)row->between_ns);
  }
}

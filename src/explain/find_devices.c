/* Of traces of PyTorch and TensorFlow: devices without work, small kernels, copies, collectives, and the data loader. */
#include <string.h>

#include "explain/finding_kinds.h"
#include "explain/operator_times.h"

/* A launch takes the host some microseconds: kernels that are shorter cannot keep a device busy. */
static const uint64_t SMALL_KERNEL_NS = 20 * 1000;

void baro_find_gpu_idle(baro_finding_list *list, const baro_finding_kind *kind) {
  const baro_device_use *use = &list->of->devices;
  if (use->kernel_count + use->collective_count == 0) {
    return;
  }
  baro_finding *finding = baro_finding_add(
      list, kind, use->idle_ns,
      "no kernel ran for {idle_ns} of the run ({idle_percent}); meanwhile the host was in "
      "operators and launches for {launching_ns}, in the program's own code for {code_ns} and at "
      "the data loader for {loading_ns}, and copies ran for {copying_ns}");
  baro_finding_number_add(finding, "idle_ns", (double)use->idle_ns);
  baro_finding_number_add(finding, "idle_percent",
                          100 * (double)use->idle_ns / (double)list->of->run_ns);
  baro_finding_number_add(finding, "launching_ns", (double)use->launching_ns);
  baro_finding_number_add(finding, "code_ns", (double)use->code_ns);
  baro_finding_number_add(finding, "loading_ns", (double)use->loading_ns);
  baro_finding_number_add(finding, "copying_ns", (double)use->copying_ns);
}

void baro_find_small_kernels(baro_finding_list *list, const baro_finding_kind *kind) {
  const baro_device_use *use = &list->of->devices;
  if (use->kernel_count == 0 || use->median_kernel_ns >= SMALL_KERNEL_NS) {
    return;
  }
  baro_finding *finding = baro_finding_add(
      list, kind, use->launching_ns,
      "half of {kernels} {kernels|kernel|kernels} took {median_ns} or less, and the host was still "
      "in operators "
      "and launches for {launching_ns} while none ran: it launches them no faster");
  baro_finding_number_add(finding, "kernels", use->kernel_count);
  baro_finding_number_add(finding, "median_ns", (double)use->median_kernel_ns);
  baro_finding_number_add(finding, "launching_ns", (double)use->launching_ns);
}

static bool has_name(const baro_profile *profile, uint32_t operator_id, const char *part) {
  uint32_t string = profile->dataflow.operators[operator_id].name_string;
  return baro_view_contains(baro_profile_string(profile, string), part);
}

void baro_find_copies(baro_finding_list *list, const baro_finding_kind *kind) {
  const baro_explanation *all = list->of;
  const baro_device_use *use = &all->devices;
  const baro_operator_time *most = NULL;
  uint32_t key = baro_dataflow_key(all->profile, "copied_bytes");
  double bytes = 0;
  uint64_t pageable = 0;
  for (uint32_t r = 0; r < all->operator_count && use->copy_count != 0; r++) {
    const baro_operator_time *row = &all->operators[r];
    if (!baro_is_span_kind(all->profile, row->operator_id, "copy")) {
      continue;
    }
    most = most == NULL || row->task_ns > most->task_ns ? row : most;
    pageable += has_name(all->profile, row->operator_id, "Pageable") ? row->task_count : 0;
    uint32_t first = all->profile->dataflow.operators[row->operator_id].first_task;
    for (uint32_t t = first; t < first + row->task_count; t++) {
      bytes += (double)baro_amounts_of(&all->profile->dataflow, t, &key, 1);
    }
  }
  if (most == NULL) {
    return;
  }
  baro_finding *finding =
      baro_finding_add(list, kind, use->copying_ns,
                       "{copies} {copies|copy or memory set|copies and memory sets} took {copy_ns} "
                       "and moved {bytes}, "
                       "{pageable} of them from or to memory that is not pinned; for "
                       "{copying_ns} no kernel ran meanwhile. Most time: {operator}");
  finding->operator_id = most->operator_id;
  baro_finding_number_add(finding, "copies", use->copy_count);
  baro_finding_number_add(finding, "copy_ns", (double)use->copy_ns);
  baro_finding_number_add(finding, "bytes", bytes);
  baro_finding_number_add(finding, "pageable", (double)pageable);
  baro_finding_number_add(finding, "copying_ns", (double)use->copying_ns);
}

void baro_find_collectives(baro_finding_list *list, const baro_finding_kind *kind) {
  const baro_device_use *use = &list->of->devices;
  if (use->collective_count == 0) {
    return;
  }
  baro_finding *finding = baro_finding_add(list, kind, use->collective_alone_ns,
                                           "{collectives} {collectives|collective|collectives} "
                                           "took {collective_ns}, {alone_ns} of that while "
                                           "no other kernel ran");
  baro_finding_number_add(finding, "collectives", use->collective_count);
  baro_finding_number_add(finding, "collective_ns", (double)use->collective_ns);
  baro_finding_number_add(finding, "alone_ns", (double)use->collective_alone_ns);
}

/* The loader that most time went into; what it called is a part of it. */
void baro_find_data_loader(baro_finding_list *list, const baro_finding_kind *kind) {
  const baro_explanation *all = list->of;
  const baro_device_use *use = &all->devices;
  const baro_operator_time *most = NULL;
  uint32_t key = baro_dataflow_key(all->profile, "invocations");
  uint64_t batches = 0;
  for (uint32_t r = 0; r < all->operator_count; r++) {
    const baro_operator_time *row = &all->operators[r];
    if (!baro_is_span_kind(all->profile, row->operator_id, "dataloader")) {
      continue;
    }
    uint32_t first = all->profile->dataflow.operators[row->operator_id].first_task;
    for (uint32_t t = first; t < first + row->task_count; t++) {
      batches += baro_amounts_of(&all->profile->dataflow, t, &key, 1);
    }
    most = most == NULL || row->task_ns > most->task_ns ? row : most;
  }
  if (most == NULL) {
    return;
  }
  bool has_workers = has_name(all->profile, most->operator_id, "_MultiProcessing");
  baro_finding *finding = baro_finding_add(
      list, kind, use->loader_path_ns,
      has_workers ? "the program waited {path_ns} for {batches} {batches|batch|batches} from "
                    "workers of its data "
                    "loader, {all_ns} in all: they make them no faster"
                  : "the program was {path_ns} of the critical path at {operator}, and in what "
                    "that called, for {batches} {batches|batch|batches}; {all_ns} in all");
  finding->operator_id = most->operator_id;
  baro_finding_number_add(finding, "path_ns", (double)use->loader_path_ns);
  baro_finding_number_add(finding, "batches", (double)batches);
  baro_finding_number_add(finding, "all_ns", (double)use->loader_task_ns);
}

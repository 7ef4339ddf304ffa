/* What the run as a whole waited for: the driver, executors, slots without work, attempts that failed. */
#include "explain/finding_kinds.h"
#include "explain/operator_times.h"

/* The longest gap of these kinds; NULL. */
static const baro_path_step *longest(const baro_critical_path *path, baro_step_kind kind) {
  const baro_path_step *found = NULL;
  for (uint32_t i = 0; i < path->step_count; i++) {
    const baro_path_step *step = &path->steps[i];
    if (step->kind == kind &&
        (found == NULL || step->end_ns - step->start_ns > found->end_ns - found->start_ns)) {
      found = step;
    }
  }
  return found;
}

static bool is_driver_gap(baro_step_kind kind) {
  return kind == BARO_STEP_STARTUP || kind == BARO_STEP_DRIVER || kind == BARO_STEP_CLOSING;
}

/* The longest gap of the driver, wherever it is; NULL. */
static const baro_path_step *widest_gap(const baro_critical_path *path) {
  const baro_path_step *found = NULL;
  for (uint32_t i = 0; i < path->step_count; i++) {
    const baro_path_step *step = &path->steps[i];
    if (is_driver_gap(step->kind) &&
        (found == NULL || step->end_ns - step->start_ns > found->end_ns - found->start_ns)) {
      found = step;
    }
  }
  return found;
}

/* How much of a gap a query of SQL was under way, from when it was asked for to its end. */
static uint64_t overlap_of(const baro_dataflow *dataflow, uint32_t operator_id,
                           const baro_path_step *gap) {
  uint64_t start_ns;
  uint64_t end_ns;
  if (!baro_dataflow_fact_number(dataflow, operator_id, "submitted_ns", &start_ns)) {
    return 0;
  }
  if (!baro_dataflow_fact_number(dataflow, operator_id, "completed_ns", &end_ns)) {
    end_ns = UINT64_MAX; /* it was under way when the log ended */
  }
  start_ns = start_ns > gap->start_ns ? start_ns : gap->start_ns;
  end_ns = end_ns < gap->end_ns ? end_ns : gap->end_ns;
  return end_ns > start_ns ? end_ns - start_ns : 0;
}

/* The query that had most of the gap; of queries within each other the innermost one, which began last. */
static void name_query(const baro_profile *profile, const baro_path_step *gap,
                       baro_finding *finding) {
  const baro_dataflow *dataflow = &profile->dataflow;
  uint64_t most_ns = 0;
  for (uint32_t o = 0; o < dataflow->operator_count; o++) {
    baro_view kind = baro_profile_string(profile, dataflow->operators[o].kind_string);
    uint64_t ns =
        baro_view_equal(kind, baro_view_of("spark.sql")) ? overlap_of(dataflow, o, gap) : 0;
    if (ns != 0 && ns >= most_ns) {
      most_ns = ns;
      finding->query = o;
    }
  }
  if (most_ns != 0) {
    baro_finding_number_add(finding, "query_ns", (double)most_ns);
  }
}

/* Between stages the gap before a stage; where there is none, the longest at the run's ends. */
static const char *driver_sentence(bool is_between, bool has_query) {
  if (is_between) {
    return has_query ? "no task ran or could run for {explains_ns}: {startup_ns} before the first "
                       "stage, {between_ns} between stages (the longest {gap_ns}, before "
                       "{operator}, {query_ns} of it at {query}) and {closing_ns} after "
                       "the last"
                     : "no task ran or could run for {explains_ns}: {startup_ns} before the first "
                       "stage, {between_ns} between stages (the longest {gap_ns}, before "
                       "{operator}) and {closing_ns} after the last";
  }
  return has_query ? "no task ran or could run for {explains_ns}: {startup_ns} before the first "
                     "stage and {closing_ns} after the last; {query_ns} of the longer at the query "
                     "{query}"
                   : "no task ran or could run for {explains_ns}: {startup_ns} before the first "
                     "stage and {closing_ns} after the last";
}

void baro_find_driver(baro_finding_list *list, const baro_finding_kind *kind) {
  const baro_explanation *all = list->of;
  const uint64_t *ns = all->path.kind_ns;
  const baro_path_step *gap = longest(&all->path, BARO_STEP_DRIVER);
  const baro_path_step *told = gap != NULL ? gap : widest_gap(&all->path);
  uint64_t explains_ns = ns[BARO_STEP_STARTUP] + ns[BARO_STEP_DRIVER] + ns[BARO_STEP_CLOSING];
  baro_finding *finding = baro_finding_add(list, kind, explains_ns, "");
  baro_finding_number_add(finding, "explains_ns", (double)explains_ns);
  baro_finding_number_add(finding, "startup_ns", (double)ns[BARO_STEP_STARTUP]);
  baro_finding_number_add(finding, "between_ns", (double)ns[BARO_STEP_DRIVER]);
  baro_finding_number_add(finding, "closing_ns", (double)ns[BARO_STEP_CLOSING]);
  if (gap != NULL) {
    finding->operator_id = gap->operator_id;
    baro_finding_number_add(finding, "gap_ns", (double)(gap->end_ns - gap->start_ns));
  }
  if (told != NULL) {
    name_query(all->profile, told, finding);
  }
  finding->sentence = driver_sentence(gap != NULL, finding->query != BARO_NONE_ID);
}

void baro_find_executors(baro_finding_list *list, const baro_finding_kind *kind) {
  const baro_explanation *all = list->of;
  const baro_path_step *gap = longest(&all->path, BARO_STEP_EXECUTORS);
  if (gap == NULL) {
    return;
  }
  baro_finding *finding = baro_finding_add(list, kind, all->path.kind_ns[BARO_STEP_EXECUTORS],
                                           "stages were submitted before the executor was there "
                                           "that ran them; the longest wait, {gap_ns}, was before "
                                           "{operator}");
  finding->operator_id = gap->operator_id;
  baro_finding_number_add(finding, "gap_ns", (double)(gap->end_ns - gap->start_ns));
}

void baro_find_idle_slots(baro_finding_list *list, const baro_finding_kind *kind) {
  const baro_explanation *all = list->of;
  if (!baro_has_slots(all->profile)) {
    return;
  }
  baro_finding *finding = baro_finding_add(
      list, kind, all->idle_ns,
      "while tasks ran, {idle_percent} of {slots} {slots|slot's|slots'} time was unused: the "
      "same work on all of them takes {idle_ns} less");
  finding->evidence = BARO_EVIDENCE_DERIVED;
  baro_finding_number_add(finding, "idle_percent",
                          all->busy_ns == 0 ? 0
                                            : 100 * (double)all->idle_ns / (double)all->busy_ns);
  baro_finding_number_add(finding, "slots", all->slot_count);
  baro_finding_number_add(finding, "idle_ns", (double)all->idle_ns);
}

/* Tasks that did not end well on the path; where none of them is on it, their part of the slots' time. */
void baro_find_attempts(baro_finding_list *list, const baro_finding_kind *kind) {
  const baro_explanation *all = list->of;
  const baro_dataflow *dataflow = &all->profile->dataflow;
  const baro_operator_time *most = NULL;
  uint64_t path_ns = 0;
  double slot_ns = 0;
  uint32_t failed = 0;
  uint32_t killed = 0;
  for (uint32_t t = 0; t < dataflow->task_count; t++) {
    const baro_dataflow_task *task = &dataflow->tasks[t];
    if (task->outcome != BARO_TASK_FAILED && task->outcome != BARO_TASK_KILLED) {
      continue;
    }
    failed += task->outcome == BARO_TASK_FAILED;
    killed += task->outcome == BARO_TASK_KILLED;
    slot_ns += (double)baro_dataflow_task_ns(task);
    path_ns += all->path.on_ns[t];
    const baro_operator_time *row = &all->operators[all->operator_row[task->operator_id]];
    most = most == NULL || row->bad_tasks > most->bad_tasks ? row : most;
  }
  if (most == NULL) {
    return;
  }
  double part_ns = slot_ns / (double)all->slot_count;
  uint64_t explains_ns = (double)path_ns > part_ns ? path_ns : (uint64_t)part_ns;
  baro_finding *finding =
      baro_finding_add(list, kind, explains_ns,
                       "{failed} {failed|task|tasks} failed and {killed} {killed|was|were} killed, "
                       "most of {operator}: "
                       "{slot_ns} of slots' time, {path_ns} on the critical path");
  finding->operator_id = most->operator_id;
  baro_finding_number_add(finding, "failed", failed);
  baro_finding_number_add(finding, "killed", killed);
  baro_finding_number_add(finding, "slot_ns", slot_ns);
  baro_finding_number_add(finding, "path_ns", (double)path_ns);
}

/* Where slots are not what runs one task of any stage: the operators that have most of the path. */
void baro_find_operators(baro_finding_list *list, const baro_finding_kind *kind) {
  static const double SHARE = 0.05;
  const baro_explanation *all = list->of;
  for (uint32_t r = 0; r < all->operator_count && !baro_has_slots(all->profile); r++) {
    const baro_operator_time *row = &all->operators[r];
    /* Of these another finding tells, or they are waits: of a device's runtime. */
    bool is_wait = baro_is_span_kind(all->profile, row->operator_id, "dataloader") ||
                   baro_is_span_kind(all->profile, row->operator_id, "runtime");
    if (is_wait || (double)row->path_ns < SHARE * (double)all->run_ns) {
      continue;
    }
    baro_finding *finding = baro_finding_add(
        list, kind, row->path_ns,
        "{operator}: {tasks} {tasks|task or piece|tasks or pieces} of its own work, "
        "the longest {longest_ns}, all together {all_ns}");
    finding->operator_id = row->operator_id;
    baro_finding_number_add(finding, "tasks", row->task_count);
    baro_finding_number_add(finding, "longest_ns", (double)row->longest_ns);
    baro_finding_number_add(finding, "all_ns", (double)row->task_ns);
  }
}

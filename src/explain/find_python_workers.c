/* Stages that run Python functions: a task's CPU clock does not count the Python process beside it. */
#include <string.h>

#include "explain/finding_kinds.h"

/* Operators of Spark that hand rows to Python, as they stand in the scopes of a stage. */
static const char *const names[] = {
    "PythonRDD",  "BatchEvalPython", "ArrowEvalPython",   "PythonUDTF",     "MapInPandas",
    "MapInArrow", "InPandas",        "AggregateInPandas", "WindowInPandas", "PythonRunner"};

static bool runs_python(const baro_dataflow *dataflow, uint32_t operator_id) {
  baro_view scope;
  if (!baro_dataflow_fact_text(dataflow, operator_id, "scope", &scope)) {
    return false;
  }
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    if (baro_view_contains(scope, names[i])) {
      return true;
    }
  }
  return false;
}

static bool has_amount(const baro_explanation *all, const baro_operator_time *row, uint32_t key) {
  uint32_t first = all->profile->dataflow.operators[row->operator_id].first_task;
  uint64_t value;
  for (uint32_t t = first; key != BARO_NONE_ID && t < first + row->task_count; t++) {
    if (baro_dataflow_amount(&all->profile->dataflow, t, key, &value)) {
      return true;
    }
  }
  return false;
}

bool baro_runs_python(const baro_explanation *all, const baro_operator_time *row) {
  return has_amount(all, row, baro_dataflow_key(all->profile, "python_run_ns")) ||
         has_amount(all, row, baro_dataflow_key(all->profile, "python_sent_bytes")) ||
         runs_python(&all->profile->dataflow, row->operator_id);
}

/* Where Spark clocks the workers (4.1), that time is what the task waited for their pipe; else it is in what nothing measures. */
void baro_find_python_workers(baro_finding_list *list, const baro_finding_kind *kind) {
  const baro_explanation *all = list->of;
  uint32_t clock = baro_dataflow_key(all->profile, "python_run_ns");
  for (uint32_t r = 0; r < all->operator_count; r++) {
    const baro_operator_time *row = &all->operators[r];
    if (row->path_ns == 0) {
      continue;
    }
    bool is_clocked = has_amount(all, row, clock);
    uint64_t explains_ns = row->path_state_ns[is_clocked ? BARO_STATE_PIPE : BARO_STATE_UNKNOWN];
    if (!baro_runs_python(all, row)) {
      continue;
    }
    baro_finding *finding =
        baro_finding_add(list, kind, explains_ns,
                         is_clocked ? "{operator} runs Python functions; of its {path_ns} on the "
                                      "critical path the tasks' own CPU was {cpu_ns}, and "
                                      "they waited {workers_ns} for Python workers"
                                    : "{operator} runs Python functions; of its {path_ns} on the "
                                      "critical path the tasks' own CPU was {cpu_ns}, and "
                                      "{workers_ns} is in no clock of the log: Python workers, and "
                                      "handing rows to them and back");
    finding->operator_id = row->operator_id;
    finding->evidence = is_clocked ? BARO_EVIDENCE_MEASURED : BARO_EVIDENCE_DERIVED;
    baro_finding_number_add(finding, "path_ns", (double)row->path_ns);
    baro_finding_number_add(finding, "cpu_ns", (double)row->path_state_ns[BARO_STATE_CPU]);
    baro_finding_number_add(finding, "workers_ns", (double)explains_ns);
  }
}

#include "explain/run_span.h"

static void widen(baro_run_span *span, uint64_t at_ns) {
  span->begin_ns = at_ns < span->begin_ns ? at_ns : span->begin_ns;
  span->end_ns = at_ns > span->end_ns ? at_ns : span->end_ns;
}

static void widen_by_fact(baro_run_span *span, const baro_dataflow *dataflow, uint32_t operator_id,
                          const char *key) {
  uint64_t at_ns;
  if (baro_dataflow_fact_number(dataflow, operator_id, key, &at_ns) && at_ns != UINT64_MAX) {
    widen(span, at_ns);
  }
}

bool baro_run_span_of(const baro_profile *profile, baro_run_span *ret_span) {
  const baro_dataflow *dataflow = &profile->dataflow;
  if (dataflow->task_count == 0) {
    return false;
  }
  *ret_span = (baro_run_span){.begin_ns = UINT64_MAX};
  for (uint32_t o = 0; o < dataflow->operator_count; o++) {
    widen_by_fact(ret_span, dataflow, o, "submitted_ns");
    widen_by_fact(ret_span, dataflow, o, "completed_ns");
  }
  for (uint32_t t = 0; t < dataflow->task_count; t++) {
    widen(ret_span, dataflow->tasks[t].start_ns);
    widen(ret_span, dataflow->tasks[t].end_ns);
  }
  return true;
}

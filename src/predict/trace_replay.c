/* The tasks of a trace in the order of their start, each behind what it waits for. */
#include <stdlib.h>

#include "predict/trace_items.h"

typedef struct times {
  double start_ns;
  double end_ns; /* of a wait: no earlier than that */
} times;

static double later(double a, double b) {
  return a > b ? a : b;
}

/* A wait ends when what it waits for did, which may have begun later than the wait: all that asks for its end comes later still. */
static double end_of(const baro_trace_replay *replay, const times *of, uint32_t index) {
  const baro_trace_item *one = &replay->items[index];
  if (one->use != BARO_TRACE_WAIT || one->on_device || one->after == BARO_NONE_ID) {
    return of[index].end_ns;
  }
  double until_ns = later(of[one->after].end_ns + one->after_lag_ns, of[index].start_ns);
  for (uint32_t o = one->first_other; o < one->first_other + one->other_count; o++) {
    until_ns = later(until_ns, of[replay->others[o]].end_ns);
  }
  return until_ns;
}

static double start_of(const baro_trace_replay *replay, const times *of, const baro_trace_item *one,
                       const double left[BARO_TRACE_USES]) {
  double code = one->on_device ? 1 : left[BARO_TRACE_CODE];
  double free_ns = one->before == BARO_NONE_ID ? 0 : end_of(replay, of, one->before);
  double start_ns = free_ns + (one->gap_ns < 0  ? one->gap_ns
                               : one->keeps_gap ? one->gap_ns * code
                                                : 0);
  start_ns = start_ns > 0 ? start_ns : 0;
  if (one->after != BARO_NONE_ID && (one->use != BARO_TRACE_WAIT || one->on_device)) {
    start_ns = later(start_ns, end_of(replay, of, one->after) + one->after_lag_ns * code);
  }
  if (one->launch != BARO_NONE_ID) {
    double call_ns = one->launch_call_ns * left[BARO_TRACE_COMPUTE];
    start_ns = later(start_ns, of[one->launch].start_ns + call_ns + one->launch_lag_ns);
  }
  return start_ns;
}

baro_status baro_trace_replay_run(const baro_trace_replay *replay,
                                  const double left[BARO_TRACE_USES], double *ret_ns) {
  times *of =
      calloc((size_t)replay->count + 1, sizeof(*of)); /* 0: of what a forged order asks too early */
  double end_ns = 0;
  if (of == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t i = 0; i < replay->count; i++) {
    const baro_trace_item *one = &replay->items[i];
    of[i].start_ns = start_of(replay, of, one, left);
    of[i].end_ns = of[i].start_ns + one->length_ns * left[one->use];
  }
  for (uint32_t i = 0; i < replay->count; i++) {
    end_ns = later(end_ns, end_of(replay, of, i));
  }
  free(of);
  *ret_ns = end_ns + replay->closing_ns * left[BARO_TRACE_CODE];
  return BARO_OK;
}

uint32_t baro_trace_replay_tasks(const baro_trace_replay *replay) {
  return replay->count;
}

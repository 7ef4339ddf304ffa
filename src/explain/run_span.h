/* From when to when a framework's run was: what heads and sentences alike call the run.
 * A log tells more than its tasks: an application is there before its first task, and after its last one. */
#ifndef BARO_EXPLAIN_RUN_SPAN_H
#define BARO_EXPLAIN_RUN_SPAN_H

#include <stdbool.h>
#include <stdint.h>

#include "profile/profile.h"

/* The earliest and the latest time that any task or operator tells. */
typedef struct baro_run_span {
  uint64_t begin_ns;
  uint64_t end_ns;
} baro_run_span;

/* False: there are no tasks, and so no run but what was sampled. O(tasks + operators). */
bool baro_run_span_of(const baro_profile *profile, baro_run_span *ret_span);

#endif

/* Whose doing it is that threads waited for a CPU: the program's own, where more of its threads than there are CPUs wanted one at
 * once, or that of others: programs beside it, a quota of CPU time, CPUs that it was not let onto.
 * Flow: samples on the run queue -> here -> findings (find_program.c), comparisons (src/show), predictions (src/predict).
 * Read in steps of 20 ms: what happens within one is an average. */
#ifndef BARO_EXPLAIN_CPU_WAIT_H
#define BARO_EXPLAIN_CPU_WAIT_H

#include "profile/profile.h"

typedef struct baro_cpu_wait {
  uint32_t cpu_count; /* of the machine; 0: the recording does not say, and one is assumed */
  double wait_ns;     /* of threads' time */
  double own_ns;      /* of it, while more threads than CPUs wanted one */
} baro_cpu_wait;

/* BARO_NO_MEMORY. Some ns a sample. */
baro_status baro_cpu_wait_find(const baro_profile *profile, baro_cpu_wait *ret_wait) BARO_MUST_USE;

/* Share of the wait that others are to blame for; 0 where nothing waited. */
double baro_cpu_wait_of_others(const baro_cpu_wait *wait);
/* Whether that is nearly all of it. */
bool baro_cpu_wait_is_of_others(const baro_cpu_wait *wait);

#endif

/* What threads waited for while others ran. The run's own time (BARO_MEASURE_RUN) gives such a moment to who ran, so that it has next
 * to nothing of a lock that four threads wait for in turn; threads' time has all of it.
 * Flow: profile -> here -> the finding of locks (find_program.c), a sentence of the page (html_summary.c). */
#ifndef BARO_EXPLAIN_THREAD_WAITS_H
#define BARO_EXPLAIN_THREAD_WAITS_H

#include "profile/profile.h"

typedef struct baro_thread_wait {
  uint64_t all_ns;       /* of threads' time */
  uint64_t longest_ns;   /* of one thread */
  uint32_t thread_count; /* that waited so */
  uint32_t function;     /* of the user's own, that had most of it; BARO_NONE_ID: no stack says */
  uint64_t place_ns;     /* of all_ns, there */
} baro_thread_wait;

/* Of locks without the waits for another thread's end or word (Thread.join, Condition.wait, Queue.get) and those of threads that run no
 * Python: nobody holds what is waited for there. BARO_NO_MEMORY. */
baro_status baro_thread_wait_find(const baro_profile *profile, baro_state state,
                                  baro_thread_wait *ret_wait) BARO_MUST_USE;

/* Whether it is a tenth of all threads' time without idle, and mostly hidden from the run's own time. */
bool baro_thread_wait_matters(const baro_profile *profile, baro_state state,
                              const baro_thread_wait *wait);

#endif

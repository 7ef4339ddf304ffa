/* The one clock: CLOCK_MONOTONIC in ns since boot, with UTC anchors.
 * Every time in a recording is monotonic; UTC is computed from the nearest anchor when shown. */
#ifndef BARO_BASE_CLOCK_H
#define BARO_BASE_CLOCK_H

#include <stdint.h>

typedef struct baro_clock_anchor {
  uint64_t monotonic_ns;
  uint64_t utc_ns; /* since 1970-01-01 */
} baro_clock_anchor;

uint64_t baro_clock_now_ns(void);
/* Pair read so that the error is below the time between two reads of the monotonic clock. */
baro_clock_anchor baro_clock_anchor_now(void);
/* CPU time of the calling thread. */
uint64_t baro_clock_thread_cpu_ns(void);
/* CPU time of the calling process, all threads. */
uint64_t baro_clock_process_cpu_ns(void);
/* Sleeps until an absolute monotonic time; returns early (0 = reached, 1 = interrupted by signal). */
int baro_clock_sleep_until(uint64_t monotonic_ns);

#endif

/* The one clock: CLOCK_MONOTONIC in ns since boot, with UTC anchors.
 * Every time in a recording is monotonic; UTC is computed from the nearest anchor when shown. */
#ifndef BARO_BASE_CLOCK_H
#define BARO_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/status.h"

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

/* The kernel's CPU clock of another process: the CPU time of all its threads, ended ones included; a zombie
 * still has it. Nobody's permission is needed. False when there is no such process (any more). */
bool baro_clock_of_process(pid_t pid, clockid_t *ret_clock) BARO_MUST_USE;
/* 0.4 us. While threads run it goes on at scheduler ticks and switches only, as their statistics do. */
bool baro_clock_read(clockid_t clock, uint64_t *ret_ns) BARO_MUST_USE;
/* Sleeps until an absolute monotonic time; returns early (0 = reached, 1 = interrupted by signal). */
int baro_clock_sleep_until(uint64_t monotonic_ns);
/* Stays awake until an absolute monotonic time: for some microseconds, where a sleep would take longer than asked for. */
void baro_clock_wait_awake_until(uint64_t monotonic_ns);

#endif

/* The clock of events: the CPU's own counter where the kernel trusts it too, else CLOCK_MONOTONIC.
 * The counter costs half of what clock_gettime costs, and is read twice a call. The kernel's choice is the only sound
 * judge: it watches the counters of all CPUs and leaves them when they disagree or stop.
 * Runs in the target, any thread. */
#ifndef BARO_CAPTURE_AGENT_AGENT_CLOCK_H
#define BARO_CAPTURE_AGENT_AGENT_CLOCK_H

#include <stdint.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "base/clock.h"
#include "capture/agent/ring.h"

/* Reads the kernel's choice: a file, so once a process. */
baro_ring_clock baro_agent_clock_choose(void);

static inline uint64_t baro_agent_clock_now(baro_ring_clock clock) {
#if defined(__x86_64__)
  if (clock == BARO_RING_CLOCK_TSC) {
    return __rdtsc();
  }
#else
  (void)clock;
#endif
  return baro_clock_now_ns();
}

#endif

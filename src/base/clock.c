#include "base/clock.h"

#include <errno.h>

#include "base/os_cpu.h"

static uint64_t clock_ns(clockid_t clock) {
  struct timespec now = {0};
  /* Cannot fail for these clocks on Linux: the id is known and the pointer good. */
  (void)clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t baro_clock_now_ns(void) {
  return clock_ns(CLOCK_MONOTONIC);
}

baro_clock_anchor baro_clock_anchor_now(void) {
  enum { ATTEMPTS = 5 };
  baro_clock_anchor best = {0};
  uint64_t best_width_ns = UINT64_MAX;
  /* The narrowest of a few pairs: an interrupt between the reads costs one attempt only. */
  for (int i = 0; i < ATTEMPTS; i++) {
    uint64_t before_ns = clock_ns(CLOCK_MONOTONIC);
    uint64_t utc_ns = clock_ns(CLOCK_REALTIME);
    uint64_t width_ns = clock_ns(CLOCK_MONOTONIC) - before_ns;
    if (width_ns < best_width_ns) {
      best_width_ns = width_ns;
      best = (baro_clock_anchor){.monotonic_ns = before_ns + width_ns / 2, .utc_ns = utc_ns};
    }
  }
  return best;
}

uint64_t baro_clock_thread_cpu_ns(void) {
  return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t baro_clock_process_cpu_ns(void) {
  return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

int baro_clock_sleep_until(uint64_t monotonic_ns) {
  struct timespec until = {.tv_sec = (time_t)(monotonic_ns / 1000000000u),
                           .tv_nsec = (long)(monotonic_ns % 1000000000u)};
  return clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR ? 1 : 0;
}

void baro_clock_wait_awake_until(uint64_t monotonic_ns) {
  while (baro_clock_now_ns() < monotonic_ns)
    baro_os_relax_cpu();
}

bool baro_clock_of_process(pid_t pid, clockid_t *ret_clock) {
  return clock_getcpuclockid(pid, ret_clock) == 0;
}

bool baro_clock_read(clockid_t clock, uint64_t *ret_ns) {
  struct timespec time;
  if (clock_gettime(clock, &time) != 0)
    return false;
  *ret_ns = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
  return true;
}

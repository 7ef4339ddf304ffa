#include "capture/agent/agent_usage.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "capture/agent/events.h"

enum { READINGS = 15, COSTS_BETWEEN_READINGS = 100, SHORTEST_INTERVAL_NS = 50000 };

/* Of the process, in units of the clock of events; set before its first event. */
static uint64_t interval = UINT64_MAX / 2;

typedef struct reading {
  uint64_t time; /* of the clock of events; read last */
  uint64_t cpu_ns;
  uint32_t peak_kib;
} reading;

/* Neither call can fail on a Linux that has threads, so errno stays. */
static reading read_usage(void) {
  struct timespec cpu = {0};
  struct rusage usage = {0};
  (void)getrusage(RUSAGE_THREAD, &usage);
  (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
  uint64_t peak_kib = usage.ru_maxrss < 0 ? 0 : (uint64_t)usage.ru_maxrss;
  return (reading){
      .cpu_ns = (uint64_t)cpu.tv_sec * 1000000000u + (uint64_t)cpu.tv_nsec,
      .peak_kib = peak_kib > UINT32_MAX ? UINT32_MAX : (uint32_t)peak_kib,
      .time = baro_events_now(),
  };
}

void baro_events_put_usage(baro_events_thread *here) {
  /* Two slots, and two for the event that is about to follow. Where they are not there, the next event asks again: room is
   * made in pieces, so that is rare. */
  if (here->limit - here->head < 4) {
    return;
  }
  reading now = read_usage();
  baro_events_write(here, now.time, baro_ring_word(BARO_RING_USAGE, now.peak_kib, 0));
  baro_events_write(here, now.cpu_ns, BARO_RING_FRAME);
  baro_events_commit(here);
  here->usage_due = now.time + interval;
}

static int compare_costs(const void *left, const void *right) {
  const uint64_t *a = left;
  const uint64_t *b = right;
  return (*a > *b) - (*a < *b);
}

double baro_usage_start(double ns_per_tick) {
  uint64_t costs[READINGS];
  for (int i = 0; i < READINGS; i++) {
    uint64_t before = baro_events_now();
    costs[i] = read_usage().time - before;
  }
  qsort(costs, READINGS, sizeof(costs[0]), compare_costs);
  uint64_t cost = costs[READINGS / 2];
  uint64_t shortest = (uint64_t)(SHORTEST_INTERVAL_NS / ns_per_tick);
  interval = cost * COSTS_BETWEEN_READINGS > shortest ? cost * COSTS_BETWEEN_READINGS : shortest;
  return (double)cost * ns_per_tick;
}

double baro_usage_interval(double ns_per_tick) {
  return (double)interval * ns_per_tick;
}

#include "capture/agent/agent_usage.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/os_proc.h"
#include "capture/agent/events.h"

enum {
  READINGS = 15,
  COSTS_BETWEEN_READINGS = 100,
  SHORTEST_INTERVAL_NS = 50000,
  /* The kernel counts pages for each CPU, and adds them up now and then: so far may two readings of one peak differ. */
  PEAK_SLACK_KIB = 256,
};

/* Of the process, in units of the clock of events; set before its first event. */
static uint64_t interval = UINT64_MAX / 2;

/* What getrusage says as long as the process has had less than that; UINT32_MAX: it says the truth. Of the process. */
static uint32_t inherited_kib = UINT32_MAX;

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

static uint32_t told_peak(uint32_t peak_kib) {
  return peak_kib == inherited_kib ? 0 : peak_kib;
}

/* Before the program runs. */
static void look_for_inherited(void) {
  baro_proc_status status;
  uint32_t peak_kib = read_usage().peak_kib;
  inherited_kib = UINT32_MAX;
  if (baro_proc_status_read(getpid(), &status, NULL) == BARO_OK &&
      peak_kib > status.rss_peak_bytes / 1024 + PEAK_SLACK_KIB) {
    inherited_kib = peak_kib;
  }
}

void baro_events_put_usage(baro_events_thread *here) {
  /* Two slots, and two for the event that is about to follow. Where they are not there, the next event asks again: room is
   * made in pieces, so that is rare. */
  if (here->limit - here->head < 4) {
    return;
  }
  reading now = read_usage();
  baro_events_write(here, now.time, baro_ring_word(BARO_RING_USAGE, told_peak(now.peak_kib), 0));
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
  look_for_inherited();
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

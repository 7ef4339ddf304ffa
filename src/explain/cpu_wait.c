#include "explain/cpu_wait.h"

#include <stdlib.h>

static const double STEP_NS = 20e6;
enum { STEPS_MAX = 1 << 20 };
/* Samples of threads do not begin and end at the same moments. */
static const double SLACK = 0.1;
static const double NEARLY_ALL = 0.8;

typedef struct step {
  double wanted_ns; /* threads' time on the run queue */
  double wait_ns;   /* of it, not running */
} step;

typedef struct steps {
  step *rows; /* owned */
  size_t count;
  double begin_ns;
  double step_ns;
} steps;

/* Spreads a sample over the steps that it lies in. */
static void add(const steps *to, double start_ns, double end_ns, double waiting) {
  double from = (start_ns - to->begin_ns) / to->step_ns;
  double until = (end_ns - to->begin_ns) / to->step_ns;
  from = from > 0 ? from : 0;
  until = until < (double)to->count ? until : (double)to->count;
  for (size_t i = (size_t)from; (double)i < until; i++) {
    double left = from > (double)i ? from : (double)i;
    double right = until < (double)(i + 1) ? until : (double)(i + 1);
    double ns = right > left ? (right - left) * to->step_ns : 0;
    to->rows[i].wanted_ns += ns;
    to->rows[i].wait_ns += ns * waiting;
  }
}

static void add_samples(const steps *to, const baro_profile *profile) {
  const baro_profile_samples *samples = &profile->samples;
  for (uint64_t s = 0; s < samples->count; s++) {
    if (samples->state[s] == BARO_STATE_CPU || samples->state[s] == BARO_STATE_COLLECTOR) {
      double end_ns = (double)samples->time_ns[s];
      double waiting = 1 - (double)samples->running_ratio[s];
      add(to, end_ns - (double)samples->weight_ns[s], end_ns,
          waiting > 0 && waiting <= 1 ? waiting : 0);
    }
  }
}

baro_status baro_cpu_wait_find(const baro_profile *profile, baro_cpu_wait *ret_wait) {
  double cpus = 0;
  double duration_ns =
      profile->end_ns > profile->start_ns ? (double)(profile->end_ns - profile->start_ns) : 0;
  steps made = {.begin_ns = (double)profile->start_ns, .step_ns = STEP_NS};
  if (duration_ns / STEP_NS > STEPS_MAX) {
    made.step_ns = duration_ns / STEPS_MAX;
  }
  made.count = (size_t)(duration_ns / made.step_ns) + 1;
  made.rows = calloc(made.count, sizeof(*made.rows));
  if (made.rows == NULL) {
    return BARO_NO_MEMORY;
  }
  add_samples(&made, profile);
  baro_cpu_wait wait = {0};
  if (baro_profile_info_number(profile, "cpu_count", &cpus) && cpus >= 1 && cpus < 1e6) {
    wait.cpu_count = (uint32_t)cpus;
  }
  double room_ns = ((wait.cpu_count > 0 ? wait.cpu_count : 1) + SLACK) * made.step_ns;
  for (size_t i = 0; i < made.count; i++) {
    wait.wait_ns += made.rows[i].wait_ns;
    wait.own_ns += made.rows[i].wanted_ns > room_ns ? made.rows[i].wait_ns : 0;
  }
  free(made.rows);
  *ret_wait = wait;
  return BARO_OK;
}

double baro_cpu_wait_of_others(const baro_cpu_wait *wait) {
  return wait->wait_ns > 0 ? 1 - wait->own_ns / wait->wait_ns : 0;
}

bool baro_cpu_wait_is_of_others(const baro_cpu_wait *wait) {
  return baro_cpu_wait_of_others(wait) >= NEARLY_ALL;
}

#include "explain/cpu_wait.h"

#include <math.h>
#include <stdlib.h>

static const double STEP_NS = 20e6;
enum { STEPS_MAX = 1 << 20 };
/* Samples of threads do not begin and end at the same moments. */
static const double SLACK = 0.1;
static const double NEARLY_ALL = 0.8;

/* Of threads' time on the run queue, and of it not running. */
typedef struct queued {
  double wanted_ns;
  double wait_ns;
} queued;

typedef struct step {
  queued part; /* of samples that begin or end in it */
  queued rise; /* how much more each step from here on has of samples that cover it */
} step;

typedef struct steps {
  step *rows; /* owned */
  size_t count;
  double begin_ns;
  double step_ns;
} steps;

static void add_part(queued *to, double ns, double waiting) {
  to->wanted_ns += ns;
  to->wait_ns += ns * waiting;
}

/* Spreads a sample over the steps that it lies in; what it covers costs nothing, however much that is. */
static void add(const steps *to, double start_ns, double end_ns, double waiting) {
  double from = fmax((start_ns - to->begin_ns) / to->step_ns, 0);
  double until = fmin((end_ns - to->begin_ns) / to->step_ns, (double)to->count);
  if (!(from < until)) {
    return;
  }
  size_t first = (size_t)from, last = (size_t)until; /* last: where it ends, perhaps behind all */
  if (first == last) {
    add_part(&to->rows[first].part, (until - from) * to->step_ns, waiting);
    return;
  }
  add_part(&to->rows[first].part, ((double)first + 1 - from) * to->step_ns, waiting);
  add_part(&to->rows[first + 1].rise, to->step_ns, waiting);
  add_part(&to->rows[last].rise, -to->step_ns, waiting);
  add_part(&to->rows[last].part, (until - (double)last) * to->step_ns, waiting);
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
  made.rows = calloc(made.count + 1, sizeof(*made.rows)); /* one behind the last */
  if (made.rows == NULL) {
    return BARO_NO_MEMORY;
  }
  add_samples(&made, profile);
  baro_cpu_wait wait = {0};
  if (baro_profile_info_number(profile, "cpu_count", &cpus) && cpus >= 1 && cpus < 1e6) {
    wait.cpu_count = (uint32_t)cpus;
  }
  double room_ns = ((wait.cpu_count > 0 ? wait.cpu_count : 1) + SLACK) * made.step_ns;
  queued covered = {0};
  for (size_t i = 0; i < made.count; i++) {
    const step *row = &made.rows[i];
    covered.wanted_ns += row->rise.wanted_ns;
    covered.wait_ns += row->rise.wait_ns;
    double wait_ns = fmax(covered.wait_ns + row->part.wait_ns, 0);
    wait.wait_ns += wait_ns;
    wait.own_ns += covered.wanted_ns + row->part.wanted_ns > room_ns ? wait_ns : 0;
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

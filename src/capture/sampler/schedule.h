/* When to sample: an absolute Poisson schedule.
 * Ticks come at exponentially distributed distances, so that no period of the target can run in step with
 * them, and at absolute times, so that a slow sample does not push the following ones away (no
 * coordinated omission). Of ticks that are already past when the sampler is ready again all but the newest are
 * missed: they are counted, and the next sample stands for the longer interval by its weight.
 * Pure: the clock and the seed come from the caller. */
#ifndef BARO_CAPTURE_SAMPLER_SCHEDULE_H
#define BARO_CAPTURE_SAMPLER_SCHEDULE_H

#include <stdint.h>

typedef struct baro_schedule {
  double mean_ns;        /* distance of ticks */
  uint64_t next_ns;      /* time of the tick that is due next, monotonic; may be past */
  uint64_t following_ns; /* of the one after it */
  uint64_t ticks;        /* due so far, taken or missed */
  uint64_t missed;
  uint64_t random_state[2];
} baro_schedule;

/* rate_hz > 0. The first tick is due at start_ns. */
void baro_schedule_init(baro_schedule *schedule, double rate_hz, uint64_t start_ns, uint64_t seed);

/* Call when a tick was taken at now_ns (>= next_ns): counts it and moves next_ns on, to the newest tick that is
 * due by now_ns if there is one (take it at once), counting those before it as missed; else into the future. */
void baro_schedule_advance(baro_schedule *schedule, uint64_t now_ns);

#endif

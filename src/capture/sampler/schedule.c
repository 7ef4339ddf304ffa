#include "capture/sampler/schedule.h"

#include <math.h>

/* xorshift128+ (Vigna 2014): its quality is far beyond what an arrival time needs. */
static uint64_t next_random(uint64_t state[2]) {
  uint64_t a = state[0];
  const uint64_t b = state[1];
  state[0] = b;
  a ^= a << 23;
  state[1] = a ^ b ^ (a >> 18) ^ (b >> 5);
  return state[1] + b;
}

static uint64_t splitmix(uint64_t *seed) {
  uint64_t value = (*seed += 0x9e3779b97f4a7c15U);
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31);
}

static uint64_t next_distance(baro_schedule *schedule) {
  /* (0, 1]: the logarithm is finite. */
  double uniform = ((double)(next_random(schedule->random_state) >> 11) + 1.0) * 0x1p-53;
  return (uint64_t)(-log(uniform) * schedule->mean_ns) + 1;
}

void baro_schedule_init(baro_schedule *schedule, double rate_hz, uint64_t start_ns, uint64_t seed) {
  *schedule = (baro_schedule){.mean_ns = 1e9 / rate_hz, .next_ns = start_ns};
  schedule->random_state[0] = splitmix(&seed);
  schedule->random_state[1] = splitmix(&seed);
  schedule->following_ns = start_ns + next_distance(schedule);
}

void baro_schedule_advance(baro_schedule *schedule, uint64_t now_ns) {
  schedule->ticks++;
  schedule->next_ns = schedule->following_ns;
  /* After a long pause (SIGSTOP, suspend) the number missed follows from the mean: drawing millions
   * of distances would make the pause longer. */
  double late_ticks =
      now_ns > schedule->next_ns ? (double)(now_ns - schedule->next_ns) / schedule->mean_ns : 0;
  if (late_ticks > 1000) {
    schedule->ticks += (uint64_t)late_ticks;
    schedule->missed += (uint64_t)late_ticks;
    schedule->next_ns = now_ns;
  }
  /* Of the ticks that are past, the newest is taken at once, late by less than one distance: at a rate that
   * the sampler can keep none is lost when two happen to be close. The others are missed. */
  for (;;) {
    uint64_t following_ns = schedule->next_ns + next_distance(schedule);
    if (following_ns > now_ns) {
      schedule->following_ns = following_ns;
      return;
    }
    schedule->ticks++;
    schedule->missed++;
    schedule->next_ns = following_ns;
  }
}

/* The schedule of ticks: exponential distances at absolute times. A failure means shares that favour what runs
 * in step with the sampler, or what happens while it is late. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "capture/sampler/schedule.h"

enum { TICKS = 200000, SEED = 20261121 };

static const double RATE_HZ = 1000;
static const double MEAN_NS = 1e6;
static const uint64_t START_NS = UINT64_C(5000000000000);

static baro_schedule schedule;

/* The times of all ticks when each is taken at once. */
static uint64_t *all_ticks(void) {
  uint64_t *times = malloc(TICKS * sizeof *times);
  assert_non_null(times);
  baro_schedule_init(&schedule, RATE_HZ, START_NS, SEED);
  for (uint32_t i = 0; i < TICKS; i++) {
    times[i] = schedule.next_ns;
    baro_schedule_advance(&schedule, schedule.next_ns);
    assert_int_equal(schedule.missed, 0);
    assert_int_equal(schedule.ticks, i + 1);
  }
  return times;
}

static void test_the_first_tick_is_due_at_the_start(void **state) {
  (void)state;
  baro_schedule_init(&schedule, RATE_HZ, START_NS, SEED);
  assert_int_equal(schedule.next_ns, START_NS);
  assert_int_equal(schedule.ticks, 0);
}

/* Mean, variance and tails of the exponential distribution, each within four standard errors. */
static void test_distances_are_exponential(void **state) {
  (void)state;
  uint64_t *times = all_ticks();
  const double count = TICKS - 1;
  double sum = 0;
  double squares = 0;
  double beyond[2] = {0};
  double products = 0; /* of neighbours: independent ones have the product of the means */
  double before = 1;
  for (uint32_t i = 1; i < TICKS; i++) {
    double distance = (double)(times[i] - times[i - 1]) / MEAN_NS;
    sum += distance;
    squares += (distance - 1) * (distance - 1);
    beyond[0] += distance > 1;
    beyond[1] += distance > 4;
    products += (distance - 1) * (before - 1);
    before = distance;
  }
  assert_true(fabs(sum / count - 1) < 4 * sqrt(1 / count));
  assert_true(fabs(squares / count - 1) < 4 * sqrt(8 / count));
  assert_true(fabs(beyond[0] / count - exp(-1)) < 4 * sqrt(exp(-1) / count));
  assert_true(fabs(beyond[1] / count - exp(-4)) < 4 * sqrt(exp(-4) / count));
  assert_true(fabs(products / count) < 4 * sqrt(1 / count));
  free(times);
}

static void test_schedules_of_other_seeds_differ(void **state) {
  (void)state;
  baro_schedule other;
  baro_schedule_init(&schedule, RATE_HZ, START_NS, SEED);
  baro_schedule_init(&other, RATE_HZ, START_NS, SEED + 1);
  baro_schedule_advance(&schedule, schedule.next_ns);
  baro_schedule_advance(&other, other.next_ns);
  assert_int_not_equal(schedule.next_ns, other.next_ns);
}

/* Takes ticks late by up to late_ns and compares with the schedule of who is never late. */
static void assert_absolute(const uint64_t *times, uint64_t late_ns) {
  uint32_t index = 0; /* of the tick that is due, in times */
  uint64_t taken = 0;
  uint64_t now_ns = START_NS;
  baro_schedule_init(&schedule, RATE_HZ, START_NS, SEED);
  while (index + 100 < TICKS) {
    assert_int_equal(schedule.next_ns, times[index]);
    uint64_t ready_ns = schedule.next_ns > now_ns ? schedule.next_ns : now_ns;
    now_ns = ready_ns + late_ns * (taken % 3) / 2;
    baro_schedule_advance(&schedule, now_ns);
    taken++;
    assert_int_equal(schedule.ticks, taken + schedule.missed);
    /* Of the ticks that are past the newest is due, else the next one. */
    index++;
    while (index + 1 < TICKS && times[index + 1] <= now_ns)
      index++;
    assert_int_equal(schedule.ticks, index);
  }
  assert_int_equal(schedule.missed + taken, index);
  if (late_ns > 2 * (uint64_t)MEAN_NS)
    assert_true(schedule.missed > taken / 4);
}

/* No coordinated omission: being late moves no tick, and of those gone by all but the newest are missed. */
static void test_lateness_moves_no_tick_and_misses_are_counted(void **state) {
  (void)state;
  uint64_t *times = all_ticks();
  assert_absolute(times, 0);
  assert_absolute(times, (uint64_t)(MEAN_NS * 0.2));
  assert_absolute(times, (uint64_t)(MEAN_NS * 3));
  assert_absolute(times, (uint64_t)(MEAN_NS * 50));
  free(times);
}

/* An hour's stop (SIGSTOP) at 100,000 Hz: counted at once, not tick by tick. */
static void test_a_long_pause_is_counted_by_its_length(void **state) {
  (void)state;
  const uint64_t pause_ns = UINT64_C(3600000000000);
  baro_schedule_init(&schedule, 100000, START_NS, SEED);
  baro_schedule_advance(&schedule, START_NS + pause_ns);
  double expected = (double)pause_ns / 1e4;
  assert_true(fabs((double)schedule.missed - expected) < 4 * sqrt(expected));
  assert_int_equal(schedule.ticks, schedule.missed + 1);
  assert_int_equal(schedule.next_ns, START_NS + pause_ns); /* one is taken at once */
  baro_schedule_advance(&schedule, schedule.next_ns);
  assert_true(schedule.next_ns > START_NS + pause_ns);
  assert_true((double)(schedule.next_ns - START_NS - pause_ns) < 40 * 1e4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_first_tick_is_due_at_the_start),
      cmocka_unit_test(test_distances_are_exponential),
      cmocka_unit_test(test_schedules_of_other_seeds_differ),
      cmocka_unit_test(test_lateness_moves_no_tick_and_misses_are_counted),
      cmocka_unit_test(test_a_long_pause_is_counted_by_its_length),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* CPU time and peak memory of calls, from readings now and then. */
#include "support/called_program.h"

static void expect_no_usage(const baro_profile *profile, uint32_t call) {
  for (uint32_t row = 0; row < profile->calls.usage_count; row++) {
    assert_int_not_equal(profile->calls.usage_call[row], call);
  }
}

static void test_cpu_time_and_peak(void **state) {
  (void)state;
  program p = begin();
  reading(&p, 1000, 500, 100);
  enter(&p, 1000, p.f);
  enter(&p, 2000, p.g);
  leave_and_read(&p, 1002000, 1002000, 500 + 301000, 4100); /* it waited 700 us */
  leave(&p, 1003000);
  baro_profile *profile = given_profile(&p.made);
  assert_int_equal(profile->calls.usage_count, 2);
  expect_usage(profile, 0, 302000, 4000 * 1024);
  expect_usage(profile, 1, 300000, 4000 * 1024);
  assert_int_equal(profile->call_sums.cpu_ns[profile->calls.function[1]], 300000);
  assert_int_equal(profile->call_sums.cpu_ns[profile->calls.function[0]], 302000);
  baro_profile_destroy(profile);
}

/* Between two readings anything may have been. */
static void test_short_calls_have_no_cpu_time(void **state) {
  (void)state;
  program p = begin();
  reading(&p, 1000, 0, 100);
  enter(&p, 1000, p.f);
  enter(&p, 20000, p.g);
  leave(&p, 60000);
  leave_and_read(&p, 100000, 100100, 99100, 100);
  baro_profile *profile = given_profile(&p.made);
  expect_usage(profile, 0, 99000, 0);
  expect_no_usage(profile, 1);
  baro_profile_destroy(profile);
}

/* The thread waited for half of the window in which g begins: before g, or in it. */
static void test_unsure_calls_have_no_cpu_time(void **state) {
  (void)state;
  program p = begin();
  reading(&p, 1000, 0, 100);
  enter(&p, 1000, p.f);
  enter(&p, 51000, p.g);
  leave_and_read(&p, 301000, 301000, 200000, 164);
  leave_and_read(&p, 9001000, 9001000, 8900000, 164);
  baro_profile *profile = given_profile(&p.made);
  expect_no_usage(profile, 1);
  expect_usage(profile, 0, 8900000, 64 * 1024);
  baro_profile_destroy(profile);
}

/* What the window of its end says decides, when that is known. */
static void test_an_end_behind_a_reading(void **state) {
  (void)state;
  for (int waits = 0; waits < 2; waits++) {
    program p = begin();
    enter(&p, 500, p.f); /* before the first reading */
    reading(&p, 1000, 0, 100);
    enter(&p, 1000, p.g);
    reading(&p, 201000, 200000, 100);
    enter(&p, 201000, p.f);
    leave(&p, 301000);
    leave(&p, 301000);
    enter(&p, 301000, p.f);
    leave_and_read(&p, 401000, 401000, waits != 0 ? 300000 : 400000, waits != 0 ? 132 : 100);
    leave(&p, 501000);
    baro_profile *profile = given_profile(&p.made);
    if (waits != 0) {
      expect_no_usage(profile, 1);
    } else {
      expect_usage(profile, 1, 300000, 0);
    }
    expect_no_usage(profile, 0);
    baro_profile_destroy(profile);
  }
}

/* f calls g, sleeps for 1 ms, and calls g again: the reading in front of that stands behind the end of the first call, but the
 * sleep is not g's. */
static void test_a_reading_long_behind_an_end_belongs_to_what_comes_next(void **state) {
  (void)state;
  program p = begin();
  cost(&p, "usage_interval_ns", "100000.0");
  reading(&p, 1000, 0, 100);
  enter(&p, 1000, p.f);
  enter(&p, 1000, p.g);
  leave_and_read(&p, 51000, 1051000, 50000, 100);
  enter(&p, 1051000, p.g);
  leave_and_read(&p, 1251000, 1252000, 251000, 100);
  leave(&p, 1253000);
  baro_profile *profile = given_profile(&p.made);
  const baro_profile_call_sums *sums = &profile->call_sums;
  uint32_t f = profile->calls.function[0];
  uint32_t g = profile->calls.function[1];
  assert_int_equal(sums->total_ns[g], 250000);
  assert_int_equal(sums->cpu_ns[g], 250000);
  assert_int_equal(sums->total_ns[f] - sums->cpu_ns[f], 1000000);
  baro_profile_destroy(profile);
}

static void test_steps_add_up(void **state) {
  (void)state;
  program p = begin();
  reading(&p, 1000, 0, 100);
  enter(&p, 1000, p.f);
  step(&p, BARO_CALL_ENTER_SUSPENDABLE, 1000, 7);
  step(&p, BARO_CALL_SUSPEND, 101000, 0);
  reading(&p, 101000, 60000, 100); /* 40 us of 100 */
  reading(&p, 901000, 60000, 100);
  step(&p, BARO_CALL_RESUME, 901000, 7);
  leave_and_read(&p, 1001000, 1001000, 160000, 108);
  leave_and_read(&p, 2001000, 2001000, 1160000, 108);
  baro_profile *profile = given_profile(&p.made);
  assert_int_equal(profile->calls.suspendable_active_ns[0], 200000);
  expect_usage(profile, 0, 1160000, 8 * 1024);
  /* The wait of the first window may have been in the step, or behind it. */
  expect_usage(profile, 1, BARO_UNKNOWN_AMOUNT, 8 * 1024);
  baro_profile_destroy(profile);
}

/* What a larger parent left in the kernel's peak is not the process' own, and 0 stands for it. */
static void test_an_unknown_peak_says_nothing(void **state) {
  (void)state;
  program p = begin();
  reading(&p, 1000000, 0, 0);
  enter(&p, 1000000, p.f);
  enter(&p, 2000000, p.g);
  reading(&p, 3000000, 2000000, 0);
  leave_and_read(&p, 4000000, 4000001, 3000000, 5000); /* g: from unknown to known */
  enter(&p, 4000001, p.g);
  reading(&p, 6000000, 5000000, 5980);
  leave_and_read(&p, 7000000, 7000001, 6000000, 6000);
  leave(&p, 8000000);
  reading(&p, 8000001, 7000000, 6000);
  baro_profile *profile = given_profile(&p.made);
  const baro_profile_calls *calls = &profile->calls;
  assert_int_equal(calls->usage_count, 3);
  assert_int_equal(calls->usage_memory_bytes[0], BARO_UNKNOWN_AMOUNT);
  assert_int_equal(calls->usage_memory_bytes[1], BARO_UNKNOWN_AMOUNT);
  assert_int_equal(calls->usage_memory_bytes[2], 1000 * 1024);
  baro_profile_destroy(profile);
}

static void test_without_readings_nothing_is_known(void **state) {
  (void)state;
  program p = begin();
  enter(&p, 1000, p.f);
  leave(&p, 5001000);
  baro_profile *profile = given_profile(&p.made);
  assert_int_equal(profile->calls.usage_count, 0);
  assert_int_equal(profile->call_sums.cpu_ns[profile->calls.function[0]], BARO_UNKNOWN_AMOUNT);
  baro_profile_destroy(profile);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cpu_time_and_peak),
      cmocka_unit_test(test_short_calls_have_no_cpu_time),
      cmocka_unit_test(test_unsure_calls_have_no_cpu_time),
      cmocka_unit_test(test_an_end_behind_a_reading),
      cmocka_unit_test(test_a_reading_long_behind_an_end_belongs_to_what_comes_next),
      cmocka_unit_test(test_steps_add_up),
      cmocka_unit_test(test_an_unknown_peak_says_nothing),
      cmocka_unit_test(test_without_readings_nothing_is_known),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

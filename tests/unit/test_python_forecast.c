/* What a faster function brings a program with threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "predict/python_forecast.h"
#include "support/profile_fixture.h"

enum { TICKS = 400 };

/* Two threads, samples of 10 ms: `mine` runs on the one, and on the other `other` in that state. */
static baro_profile *two_threads(baro_state state) {
  given made = given_begin();
  uint32_t process = given_process(&made, 10, BARO_NONE_ID);
  uint32_t first = given_thread(&made, process, 10, "main", true);
  uint32_t second = given_thread(&made, process, 11, "worker", false);
  uint32_t mine = given_function(&made, "mine", "/srv/app.py", 1, 0);
  uint32_t other = given_function(&made, "other", "/srv/app.py", 5, 0);
  uint32_t mine_stack = given_stack(&made, BARO_NONE_ID, mine, 2);
  uint32_t other_stack = given_stack(&made, BARO_NONE_ID, other, 6);
  for (uint64_t t = 1; t <= TICKS; t++) {
    given_sample(&made, first, mine_stack, BARO_STATE_CPU, t * 10 * MS, 10 * MS);
    given_sample(&made, second, other_stack, state, t * 10 * MS, 10 * MS);
  }
  return given_profile(&made);
}

static baro_forecast made(const baro_profile *profile, const char *set) {
  baro_scenario scenario;
  baro_forecast forecast;
  baro_error err = {0};
  assert_int_equal(baro_scenario_parse(set, &scenario, &err), BARO_OK);
  if (baro_python_forecast_make(profile, &scenario, &forecast, &err) != BARO_OK)
    fail_msg("%s", err.message);
  assert_true(forecast.low_s < forecast.predicted_s && forecast.predicted_s < forecast.high_s);
  return forecast;
}

/* A wait behind the running thread is not in the run's own time: a faster `mine` shortens all of it, a faster `other` nothing. */
static void what_hides_is_not_saved(void **state) {
  (void)state;
  baro_profile *profile = two_threads(BARO_STATE_LOCK);
  baro_forecast forecast = made(profile, "function:mine=2x");
  assert_float_equal(forecast.base_s, 4, 1e-6);
  assert_float_equal(forecast.predicted_s, 2, 1e-6);
  assert_int_equal(forecast.term_count, 0);
  forecast = made(profile, "function:other=2x");
  assert_float_equal(forecast.predicted_s, 4, 1e-6);
  baro_profile_destroy(profile);
}

/* Half of the time a lock is waited for, a tenth of it a CPU: what is unknown of the lock matters more, and stands first. */
static void the_widest_term_is_the_first(void **state) {
  (void)state;
  given of = given_begin();
  uint32_t process = given_process(&of, 10, BARO_NONE_ID);
  uint32_t thread = given_thread(&of, process, 10, "main", true);
  uint32_t stack = given_stack(&of, BARO_NONE_ID, given_function(&of, "f", "/srv/app.py", 1, 0), 2);
  for (uint64_t t = 1; t <= TICKS; t++) {
    baro_state is = t % 10 < 5   ? BARO_STATE_LOCK
                    : t % 10 < 6 ? BARO_STATE_RUNNABLE
                                 : BARO_STATE_CPU;
    given_sample(&of, thread, stack, is, t * 10 * MS, 10 * MS);
  }
  baro_profile *profile = given_profile(&of);
  baro_forecast forecast = made(profile, "cpu_speed=2x");
  assert_int_equal(forecast.term_count, 2);
  assert_int_equal(forecast.terms[0].term, BARO_TERM_HELD);
  assert_int_equal(forecast.terms[1].term, BARO_TERM_RUNNABLE);
  baro_profile_destroy(profile);
}

/* Both run all the time: whether a faster one shortens the run depends on which of them it waits for at the end. */
static void shared_moments_have_both_ends(void **state) {
  (void)state;
  baro_profile *profile = two_threads(BARO_STATE_CPU);
  baro_forecast forecast = made(profile, "function:mine=2x");
  assert_float_equal(forecast.base_s, 4, 1e-6);
  assert_float_equal(forecast.predicted_s, 3, 1e-6);
  assert_int_equal(forecast.term_count, 1);
  assert_int_equal(forecast.terms[0].term, BARO_TERM_ALONE);
  assert_float_equal(forecast.terms[0].fastest_s, 3, 1e-6);
  assert_float_equal(forecast.terms[0].slowest_s, 4, 1e-6);
  assert_true(forecast.high_s > 4);
  /* Slower: it may cost what it has of the run's own time, or be hidden. */
  forecast = made(profile, "function:mine=0.5x");
  assert_float_equal(forecast.predicted_s, 6, 1e-6);
  assert_float_equal(forecast.terms[0].fastest_s, 4, 1e-6);
  baro_profile_destroy(profile);
}

/* One thread runs half of the time and waits for a CPU the other half, on a machine with that many. */
static baro_profile *crowded(uint32_t thread_count, const char *cpus) {
  given of = given_begin();
  uint32_t process = given_process(&of, 10, BARO_NONE_ID);
  uint32_t mine = given_function(&of, "mine", "/srv/app.py", 1, 0);
  uint32_t stack = given_stack(&of, BARO_NONE_ID, mine, 2);
  given_info(&of, "cpu_count", cpus);
  for (uint32_t i = 0; i < thread_count; i++) {
    uint32_t thread = given_thread(&of, process, 10 + i, "worker", i == 0);
    for (uint64_t t = 1; t <= TICKS; t++) {
      given_record(&of, &(baro_sample_record){.time_ns = t * 10 * MS,
                                              .weight_ns = 10 * MS,
                                              .ticks = 1,
                                              .thread = thread,
                                              .stack = stack,
                                              .state = BARO_STATE_CPU,
                                              .cpu_ns = 5 * MS,
                                              .runnable_ns = 5 * MS});
    }
  }
  return given_profile(&of);
}

/* Half of 4 s waited behind other programs: the next run may have none of that, or twice as much. 3.9 to 4.1 s were told. */
static void a_busy_machine_is_not_the_same_the_next_time(void **state) {
  (void)state;
  baro_profile *profile = crowded(1, "2");
  baro_forecast forecast = made(profile, "function:mine=1.25x");
  assert_float_equal(forecast.base_s, 4, 1e-6);
  assert_float_equal(forecast.predicted_s, 3.2, 1e-3);
  assert_int_equal(forecast.terms[0].term, BARO_TERM_BUSY);
  assert_float_equal(forecast.terms[0].fastest_s, 1.6, 1e-3);
  assert_float_equal(forecast.terms[0].slowest_s, 4.8, 1e-3);
  assert_true(forecast.low_s <= 1.6 && forecast.high_s >= 4.8); /* though 1.25x gets only faster */
  assert_non_null(strstr(forecast.assumptions[forecast.assumption_count - 1], "other programs"));
  baro_profile_destroy(profile);
  /* Where its own threads are more than the CPUs, they are so the next time. */
  profile = crowded(2, "1");
  forecast = made(profile, "function:mine=1.25x");
  for (uint32_t t = 0; t < forecast.term_count; t++) {
    assert_int_not_equal(forecast.terms[t].term, BARO_TERM_BUSY);
  }
  baro_profile_destroy(profile);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_hides_is_not_saved),
      cmocka_unit_test(the_widest_term_is_the_first),
      cmocka_unit_test(shared_moments_have_both_ends),
      cmocka_unit_test(a_busy_machine_is_not_the_same_the_next_time),
  };
  return cmocka_run_group_tests_name("python_forecast", tests, NULL, NULL);
}

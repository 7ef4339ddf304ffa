/* The clock: wrong here means times that run backwards or sleeps that never end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

static void time_does_not_run_backwards(void **state) {
  (void)state;
  uint64_t before_ns = baro_clock_now_ns();
  for (int i = 0; i < 1000; i++) {
    uint64_t now_ns = baro_clock_now_ns();
    assert_true(now_ns >= before_ns);
    before_ns = now_ns;
  }
}

static void an_anchor_is_of_now(void **state) {
  (void)state;
  uint64_t before_ns = baro_clock_now_ns();
  time_t utc_before = time(NULL);
  baro_clock_anchor anchor = baro_clock_anchor_now();
  time_t utc_after = time(NULL);
  assert_true(anchor.monotonic_ns >= before_ns && anchor.monotonic_ns <= baro_clock_now_ns());
  /* time() reads a coarser clock, which may be one tick behind. */
  assert_true(anchor.utc_ns / 1000000000u + 1 >= (uint64_t)utc_before);
  assert_true(anchor.utc_ns / 1000000000u <= (uint64_t)utc_after + 1);
}

static void cpu_time_of_the_thread_is_part_of_the_process(void **state) {
  (void)state;
  uint64_t thread_ns = baro_clock_thread_cpu_ns();
  uint64_t process_ns = baro_clock_process_cpu_ns();
  assert_true(thread_ns > 0);
  assert_true(process_ns >= thread_ns);
}

static void a_time_in_the_past_is_reached_at_once(void **state) {
  (void)state;
  assert_int_equal(baro_clock_sleep_until(0), 0);
  assert_int_equal(baro_clock_sleep_until(baro_clock_now_ns()), 0);
  uint64_t until_ns = baro_clock_now_ns() + 1000;
  assert_int_equal(baro_clock_sleep_until(until_ns), 0);
  assert_true(baro_clock_now_ns() >= until_ns);
  baro_clock_wait_awake_until(0);
  until_ns = baro_clock_now_ns() + 1000;
  baro_clock_wait_awake_until(until_ns);
  assert_true(baro_clock_now_ns() >= until_ns);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(time_does_not_run_backwards),
      cmocka_unit_test(an_anchor_is_of_now),
      cmocka_unit_test(cpu_time_of_the_thread_is_part_of_the_process),
      cmocka_unit_test(a_time_in_the_past_is_reached_at_once),
  };
  return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}

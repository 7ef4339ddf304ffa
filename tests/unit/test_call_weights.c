/* What rows of thinned functions stand for. What counting costs: test_call_usage.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/profile_fixture.h"

/* Two of three calls that have a row raised, and stand for all of ten. */
static void test_no_more_raise_than_are_called(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t process = given_process(&made, 10, BARO_NONE_ID);
  uint32_t thread = given_thread(&made, process, 10, "main", true);
  uint32_t g = given_function(&made, "g", "/srv/app.py", 5, 0);
  const baro_call_event thinned[] = {
      {.time_ns = 1000, .kind = BARO_CALL_WEIGHT, .weight = 8},
      {.time_ns = 1000, .kind = BARO_CALL_ENTER, .function = g},
      {.time_ns = 1010, .kind = BARO_CALL_RAISE, .exception_string = BARO_NONE_ID},
      {.time_ns = 1100, .kind = BARO_CALL_WEIGHT, .weight = 8},
      {.time_ns = 1100, .kind = BARO_CALL_ENTER, .function = g},
      {.time_ns = 1110, .kind = BARO_CALL_RAISE, .exception_string = BARO_NONE_ID},
      {.time_ns = 1200, .kind = BARO_CALL_WEIGHT, .weight = 4},
      {.time_ns = 1200, .kind = BARO_CALL_ENTER, .function = g},
      {.time_ns = 1210, .kind = BARO_CALL_RETURN},
      {.time_ns = 1300, .kind = BARO_CALL_SKIPPED, .function = g, .skipped = 7},
  };
  given_events(&made, thread, thinned, 10);
  baro_profile *profile = given_profile(&made);
  uint32_t of_g = profile->calls.function[0];
  assert_int_equal(profile->call_sums.calls[of_g], 10);
  assert_int_equal(profile->call_sums.raised[of_g], 8);
  baro_profile_destroy(profile);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_no_more_raise_than_are_called),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

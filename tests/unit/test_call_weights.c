/* What rows of thinned functions stand for, and what counting the others costs. */
#include "support/called_program.h"

/* f calls g, which is thinned to one in 4, and h calls f; counting a call costs 5 ns. */
static void test_cost_of_counting_is_taken_off_callers(void **state) {
  (void)state;
  program p = begin();
  uint32_t h = given_function(&p.made, "h", "/srv/app.py", 9, 0);
  cost(&p, "own_cost_counted_ns", "5.2");
  reading(&p, 900, 5000, 10);
  enter(&p, 1000, h);
  enter(&p, 1100, p.f);
  const baro_call_event thinned[] = {
      {.time_ns = 1200, .kind = BARO_CALL_SKIPPED, .function = p.g, .skipped = 3},
      {.time_ns = 1200, .kind = BARO_CALL_WEIGHT, .weight = 4},
      {.time_ns = 1200, .kind = BARO_CALL_ENTER, .function = p.g},
      {.time_ns = 1210, .kind = BARO_CALL_RETURN},
  };
  given_events(&p.made, p.thread, thinned, 4);
  leave(&p, 1400);
  leave(&p, 1500);
  reading(&p, 1600, 5700, 10);
  baro_profile *profile = given_profile(&p.made);
  const baro_profile_call_sums *sums = &profile->call_sums;
  uint32_t of_h = profile->calls.function[0];
  uint32_t of_f = profile->calls.function[1];
  uint32_t of_g = profile->calls.function[2];
  assert_int_equal(sums->calls[of_g], 4);
  assert_int_equal(sums->self_ns[of_g], 4 * 10);
  assert_int_equal(sums->total_ns[of_g], 4 * 10);
  /* Of 300 ns one g is there, three more are weighted, and these three were counted. */
  assert_int_equal(sums->self_ns[of_f], 290 - 3 * 10 - 3 * 5);
  assert_int_equal(sums->total_ns[of_f], 300 - 3 * 5);
  assert_int_equal(sums->duration_ns[of_f], 300 - 3 * 5);
  assert_int_equal(sums->self_ns[of_h], 200);
  assert_int_equal(sums->total_ns[of_h], 500 - 3 * 5);
  /* Nothing waited: CPU time is all of it, and was more than the total where counting was left in. */
  assert_int_equal(sums->cpu_ns[of_g], 4 * 10);
  assert_int_equal(sums->cpu_ns[of_f], 300 - 3 * 5);
  assert_int_equal(sums->cpu_ns[of_h], 500 - 3 * 5);
  assert_int_equal(profile->calls.own_cost_ns, 3 * 5);
  assert_int_equal(profile->threads[0].calls_self_ns, 500 - 3 * 5);
  /* A row stays what was clocked. */
  assert_int_equal(profile->calls.duration_ns[0], 500);
  baro_profile_destroy(profile);
}

/* A function that rests is known by its weight, and its calls cost less. */
static void test_cost_of_counting_what_rests(void **state) {
  (void)state;
  program p = begin();
  cost(&p, "own_cost_counted_ns", "50");
  cost(&p, "own_cost_resting_ns", "20");
  enter(&p, 1000, p.f);
  const baro_call_event thinned[] = {
      {.time_ns = 101000, .kind = BARO_CALL_SKIPPED, .function = p.g, .skipped = 2047 + 1023},
      {.time_ns = 101000, .kind = BARO_CALL_WEIGHT, .weight = 2048},
      {.time_ns = 101000, .kind = BARO_CALL_ENTER, .function = p.g},
      {.time_ns = 101000, .kind = BARO_CALL_RETURN},
      {.time_ns = 201000, .kind = BARO_CALL_WEIGHT, .weight = 1024},
      {.time_ns = 201000, .kind = BARO_CALL_ENTER, .function = p.g},
      {.time_ns = 201000, .kind = BARO_CALL_RETURN},
  };
  given_events(&p.made, p.thread, thinned, 7);
  leave(&p, 301000);
  baro_profile *profile = given_profile(&p.made);
  uint32_t of_f = profile->calls.function[0];
  uint64_t counting_ns = 2047 * 20 + 1023 * 50;
  assert_int_equal(profile->call_sums.self_ns[of_f], 300000 - counting_ns);
  assert_int_equal(profile->calls.own_cost_ns, counting_ns);
  baro_profile_destroy(profile);
}

/* What a call costs that is recorded while its function rests is its own fact, and memory of its events was there before. */
static void test_cost_of_calls_of_what_rests(void **state) {
  (void)state;
  program p = begin();
  cost(&p, "own_cost_inner_ns", "10");
  cost(&p, "own_cost_woken_inner_ns", "30");
  cost(&p, "own_cost_fresh_slot_ns", "100");
  cost(&p, "own_cost_fresh_slots", "1000");
  enter(&p, 1000, p.f);
  const baro_call_event thinned[] = {
      {.time_ns = 101000, .kind = BARO_CALL_WEIGHT, .weight = 2048},
      {.time_ns = 101000, .kind = BARO_CALL_ENTER, .function = p.g},
      {.time_ns = 101070, .kind = BARO_CALL_RETURN},
      {.time_ns = 201000, .kind = BARO_CALL_WEIGHT, .weight = 1024},
      {.time_ns = 201000, .kind = BARO_CALL_ENTER, .function = p.g},
      {.time_ns = 201170, .kind = BARO_CALL_RETURN},
  };
  given_events(&p.made, p.thread, thinned, 6);
  leave(&p, 301000);
  baro_profile *profile = given_profile(&p.made);
  assert_int_equal(profile->calls.duration_ns[1], 70 - 30);
  assert_int_equal(profile->calls.duration_ns[2], 170 - 10 - 100);
  baro_profile_destroy(profile);
}

/* One call of g in 100 has a row, which met an interrupt: its caller took less than 100 times that. What is too much is taken
 * from g; what f and e have in all stands, and all times add up to it. */
static void test_estimates_leave_callers_what_they_took(void **state) {
  (void)state;
  program p = begin();
  uint32_t e = given_function(&p.made, "e", "/srv/app.py", 8, 0);
  enter(&p, 1000, e);
  enter(&p, 2000, p.f);
  const baro_call_event thinned[] = {
      {.time_ns = 2000, .kind = BARO_CALL_SKIPPED, .function = p.g, .skipped = 99},
      {.time_ns = 2000, .kind = BARO_CALL_WEIGHT, .weight = 100},
      {.time_ns = 2000, .kind = BARO_CALL_ENTER, .function = p.g},
      {.time_ns = 3000, .kind = BARO_CALL_RETURN},
  };
  given_events(&p.made, p.thread, thinned, 4);
  leave(&p, 12000);
  leave(&p, 13000);
  baro_profile *profile = given_profile(&p.made);
  const baro_profile_call_sums *sums = &profile->call_sums;
  const baro_profile_calls *calls = &profile->calls;
  uint32_t of_e = calls->function[0];
  uint32_t of_f = calls->function[1];
  uint32_t of_g = calls->function[2];
  assert_int_equal(sums->total_ns[of_e], 12000);
  assert_int_equal(sums->self_ns[of_e], 2000);
  assert_int_equal(sums->total_ns[of_f], 10000);
  assert_int_equal(sums->self_ns[of_f], 0);
  assert_int_equal(sums->total_ns[of_g], 10000);
  assert_int_equal(sums->self_ns[of_g], 10000);
  assert_int_equal(sums->duration_ns[of_g], 10000);
  const baro_profile_call_edges *edges = &profile->call_edges;
  for (uint32_t i = 0; i < edges->count; i++) {
    assert_int_equal(edges->total_ns[i], sums->total_ns[edges->callee[i]]);
    assert_int_equal(edges->self_ns[i], sums->self_ns[edges->callee[i]]);
  }
  assert_int_equal(calls->duration_ns[2], 1000); /* a row stays */
  baro_profile_destroy(profile);
}

/* Both g and h, which it calls, are thinned, and a row of h is within one of g: its estimate is what rows of h say, and what
 * called g has no more for itself than it took in all. */
static void test_rows_within_rows_add_no_time(void **state) {
  (void)state;
  program p = begin();
  uint32_t h = given_function(&p.made, "h", "/srv/app.py", 9, 0);
  enter(&p, 2000, p.f);
  const baro_call_event thinned[] = {
      {.time_ns = 2000, .kind = BARO_CALL_SKIPPED, .function = p.g, .skipped = 99},
      {.time_ns = 2000, .kind = BARO_CALL_WEIGHT, .weight = 100},
      {.time_ns = 2000, .kind = BARO_CALL_ENTER, .function = p.g},
      {.time_ns = 2100, .kind = BARO_CALL_SKIPPED, .function = h, .skipped = 99},
      {.time_ns = 2100, .kind = BARO_CALL_WEIGHT, .weight = 100},
      {.time_ns = 2100, .kind = BARO_CALL_ENTER, .function = h},
      {.time_ns = 2150, .kind = BARO_CALL_RETURN},
      {.time_ns = 2200, .kind = BARO_CALL_RETURN},
  };
  given_events(&p.made, p.thread, thinned, 8);
  leave(&p, 32000);
  baro_profile *profile = given_profile(&p.made);
  const baro_profile_call_sums *sums = &profile->call_sums;
  uint32_t of_f = profile->calls.function[0];
  uint32_t of_g = profile->calls.function[1];
  uint32_t of_h = profile->calls.function[2];
  assert_int_equal(sums->total_ns[of_f], 30000);
  assert_int_equal(sums->self_ns[of_f], 30000);
  assert_int_equal(sums->total_ns[of_g], 100 * 200);
  assert_int_equal(sums->self_ns[of_g], 0);
  assert_int_equal(sums->total_ns[of_h], 100 * 50);
  baro_profile_destroy(profile);
}

/* g calls itself, and one call of 100 has a row: what a row has below it is what others like it have. */
static void test_recursion_multiplies_no_weights(void **state) {
  (void)state;
  program p = begin();
  enter(&p, 1000, p.f);
  const baro_call_event thinned[] = {
      {.time_ns = 2000, .kind = BARO_CALL_SKIPPED, .function = p.g, .skipped = 297},
      {.time_ns = 2000, .kind = BARO_CALL_WEIGHT, .weight = 100},
      {.time_ns = 2000, .kind = BARO_CALL_ENTER, .function = p.g},
      {.time_ns = 2010, .kind = BARO_CALL_WEIGHT, .weight = 100, .is_recursive = 1},
      {.time_ns = 2010, .kind = BARO_CALL_ENTER, .function = p.g},
      {.time_ns = 2040, .kind = BARO_CALL_RETURN},
      {.time_ns = 2050, .kind = BARO_CALL_RETURN},
      /* Another one, within a call that has no row. */
      {.time_ns = 3000, .kind = BARO_CALL_WEIGHT, .weight = 100, .is_recursive = 1},
      {.time_ns = 3000, .kind = BARO_CALL_ENTER, .function = p.g},
      {.time_ns = 3040, .kind = BARO_CALL_RETURN},
  };
  given_events(&p.made, p.thread, thinned, 10);
  leave(&p, 12000);
  baro_profile *profile = given_profile(&p.made);
  const baro_profile_call_sums *sums = &profile->call_sums;
  uint32_t of_f = profile->calls.function[0];
  uint32_t of_g = profile->calls.function[1];
  assert_int_equal(sums->calls[of_g], 300);
  assert_int_equal(sums->total_ns[of_g], 100 * 50);
  assert_int_equal(sums->self_ns[of_g], 100 * 50);
  assert_int_equal(sums->self_ns[of_f], 11000 - 100 * 50);
  assert_int_equal(sums->total_ns[of_f], 11000);
  baro_profile_destroy(profile);
}

/* Weights of a forged recording cannot make a sum of times less than nothing. */
static void test_counting_costs_no_more_than_passed(void **state) {
  (void)state;
  program p = begin();
  cost(&p, "own_cost_counted_ns", "90000");
  enter(&p, 1000, p.f);
  const baro_call_event thinned[] = {
      {.time_ns = 1200, .kind = BARO_CALL_SKIPPED, .function = p.g, .skipped = 1u << 30},
      {.time_ns = 1200, .kind = BARO_CALL_WEIGHT, .weight = 1u << 30},
      {.time_ns = 1200, .kind = BARO_CALL_ENTER, .function = p.g},
      {.time_ns = 1200, .kind = BARO_CALL_RETURN},
  };
  given_events(&p.made, p.thread, thinned, 4);
  leave(&p, 1400);
  baro_profile *profile = given_profile(&p.made);
  uint32_t of_f = profile->calls.function[0];
  assert_int_equal(profile->call_sums.self_ns[of_f], 0);
  assert_int_equal(profile->call_sums.total_ns[of_f], 0);
  assert_int_equal(profile->call_sums.duration_ns[of_f], 0);
  assert_int_equal(profile->calls.own_cost_ns, 400);
  assert_int_equal(profile->threads[0].calls_self_ns, 0);
  baro_profile_destroy(profile);
}

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
      cmocka_unit_test(test_cost_of_counting_is_taken_off_callers),
      cmocka_unit_test(test_cost_of_counting_what_rests),
      cmocka_unit_test(test_cost_of_calls_of_what_rests),
      cmocka_unit_test(test_estimates_leave_callers_what_they_took),
      cmocka_unit_test(test_rows_within_rows_add_no_time),
      cmocka_unit_test(test_recursion_multiplies_no_weights),
      cmocka_unit_test(test_counting_costs_no_more_than_passed),
      cmocka_unit_test(test_no_more_raise_than_are_called),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

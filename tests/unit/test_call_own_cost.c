/* What recording itself took, taken off again: wrong here means that tiny calls look dear, or that time is lost. */
#include "support/called_program.h"

/* 10 ns of each call fall into it, 20 into its caller. */
static void test_own_cost_is_taken_off(void **state) {
  (void)state;
  program p = begin();
  cost(&p, "own_cost_inner_ns", "10.3");
  cost(&p, "own_cost_outer_ns", "19.8");
  enter(&p, 1000, p.f);
  enter(&p, 1100, p.g);
  leave(&p, 1150);
  enter(&p, 1200, p.g);
  leave(&p, 1230);
  leave(&p, 1400);
  baro_profile *profile = given_profile(&p.made);
  const baro_profile_calls *calls = &profile->calls;
  assert_int_equal(calls->duration_ns[1], 50 - 10);
  assert_int_equal(calls->duration_ns[2], 30 - 10);
  assert_int_equal(calls->duration_ns[0], 400 - 10 - 2 * (10 + 20));
  assert_int_equal(calls->self_ns[0], 400 - 50 - 30 - 10 - 2 * 20);
  assert_int_equal(calls->self_ns[0] + calls->self_ns[1] + calls->self_ns[2],
                   calls->duration_ns[0]);
  /* Clocks stay: exports nest by them. */
  assert_int_equal(calls->start_ns[2], 1200);
  assert_int_equal(baro_call_clocked_ns(calls, 0), 400);
  assert_int_equal(baro_call_clocked_ns(calls, 2), 30);
  assert_int_equal(calls->own_cost_ns, 10 + 2 * (10 + 20));
  uint32_t f = calls->function[0];
  assert_int_equal(profile->call_sums.total_ns[f], calls->duration_ns[0]);
  assert_int_equal(profile->threads[0].calls_self_ns, calls->duration_ns[0]);
  baro_profile_destroy(profile);
}

/* f calls g, whose arguments take 30 us to tell and its result 5: all of it is time of f by the clocks, and none of it in
 * the profile. Another constant cost is taken off besides; what is told of a gap is no more than the gap. */
static void test_telling_values_is_taken_off_callers(void **state) {
  (void)state;
  program p = begin();
  cost(&p, "own_cost_outer_ns", "200");
  enter(&p, 1000, p.f);
  own(&p, 30000, 0);
  enter(&p, 41000, p.g);
  leave(&p, 43000);
  own(&p, 5000, 0);
  own(&p, 500, 0);
  enter(&p, 50000, p.g);
  leave(&p, 52000);
  own(&p, UINT64_MAX, UINT32_MAX);
  leave(&p, 53000);
  own(&p, UINT64_MAX, 0); /* nothing was active */
  enter(&p, 60000, p.g);
  leave(&p, 61000);
  baro_profile *profile = given_profile(&p.made);
  const baro_profile_calls *calls = &profile->calls;
  assert_int_equal(calls->duration_ns[1], 2000);
  assert_int_equal(calls->duration_ns[2], 2000);
  assert_int_equal(calls->duration_ns[3], 1000);
  uint64_t before = 40000 - 100 - 30000;
  uint64_t between = 7000 - 2 * 100 - 5500;
  assert_int_equal(calls->self_ns[0], before + between);
  assert_int_equal(calls->duration_ns[0], before + 2000 + between + 2000);
  assert_int_equal(baro_call_clocked_ns(calls, 0), 52000);
  assert_int_equal(calls->own_cost_ns, 52000 - calls->duration_ns[0]);
  baro_profile_destroy(profile);
}

/* While the values of g were told the thread slept for 40 us, which is neither time of f nor a wait in it. Once told in front of
 * the reading that knows of it, once, between the end of a call and the reading that is for it. */
static void test_waits_while_values_are_told(void **state) {
  (void)state;
  program p = begin();
  reading(&p, 0, 0, 10);
  enter(&p, 0, p.f);
  own(&p, 50000, 40);
  reading(&p, 100000, 60000, 10);
  enter(&p, 100000, p.g);
  leave(&p, 200000);
  leave(&p, 300000);
  reading(&p, 300000, 260000, 10);
  enter(&p, 300000, p.f);
  enter(&p, 310000, p.g);
  const baro_call_event events[] = {
      {.time_ns = 400000, .kind = BARO_CALL_RETURN},
      {.time_ns = 400000, .kind = BARO_CALL_OWN, .own_ns = 60000, .own_wait_us = 40},
      {.time_ns = 460000, .kind = BARO_CALL_USAGE, .cpu_ns = 380000, .peak_kib = 10},
  };
  given_events(&p.made, p.thread, events, 3);
  leave(&p, 500000);
  reading(&p, 500000, 420000, 10);
  baro_profile *profile = given_profile(&p.made);
  expect_usage(profile, 0, 250000, 0);
  assert_int_equal(profile->calls.duration_ns[0], 250000);
  expect_usage(profile, 2, 140000, 0);
  assert_int_equal(profile->calls.duration_ns[2], 140000);
  expect_usage(profile, 3, 90000, 0);
  baro_profile_destroy(profile);
}

/* Slots that values take are of the first round through the ring, too: a ring of 8 is full after the first call. */
static void test_values_fill_the_ring(void **state) {
  (void)state;
  static const uint8_t text[] = "a=1, b='some text of 33 bytes'...";
  program p = begin();
  cost(&p, "own_cost_fresh_slot_ns", "10");
  cost(&p, "own_cost_fresh_slots", "8");
  enter(&p, 1000, p.f);
  enter(&p, 1100, p.g);
  const baro_call_event value = {
      .time_ns = 1100, .kind = BARO_CALL_VALUE, .which = 1, .value_bytes = 33, .value = text};
  given_events(&p.made, p.thread, &value, 1);
  leave(&p, 1200);
  enter(&p, 1300, p.g);
  leave(&p, 1400);
  enter(&p, 1500, p.g);
  leave(&p, 1600);
  leave(&p, 1700);
  baro_profile *profile = given_profile(&p.made);
  const baro_profile_calls *calls = &profile->calls;
  assert_int_equal(calls->duration_ns[1], 90);
  assert_int_equal(calls->duration_ns[2], 100);
  assert_int_equal(calls->duration_ns[3], 100);
  baro_profile_destroy(profile);
}

static void test_no_time_is_below_zero(void **state) {
  (void)state;
  program p = begin();
  cost(&p, "own_cost_inner_ns", "100");
  cost(&p, "own_cost_outer_ns", "100");
  enter(&p, 1000, p.f);
  for (uint64_t i = 0; i < 10; i++) {
    enter(&p, 1010 + i * 20, p.g);
    leave(&p, 1020 + i * 20);
  }
  leave(&p, 1300);
  baro_profile *profile = given_profile(&p.made);
  for (uint32_t c = 1; c <= 10; c++) {
    assert_int_equal(profile->calls.duration_ns[c], 0);
    assert_int_equal(profile->calls.self_ns[c], 0);
  }
  assert_int_equal(profile->calls.duration_ns[0], 0);
  assert_int_equal(profile->calls.own_cost_ns, 300);
  baro_profile_destroy(profile);
}

/* Facts of a hostile recording: costs that no event has are none. */
static void test_absurd_costs_are_not_believed(void **state) {
  static const char *const absurd[] = {"1e300", "-5", "nan", "inf", "", "many"};
  (void)state;
  for (size_t i = 0; i < sizeof(absurd) / sizeof(absurd[0]); i++) {
    program p = begin();
    cost(&p, "own_cost_inner_ns", absurd[i]);
    enter(&p, 1000, p.f);
    leave(&p, 1400);
    baro_profile *profile = given_profile(&p.made);
    assert_int_equal(profile->calls.duration_ns[0], 400);
    assert_int_equal(profile->calls.own_cost_ns, 0);
    baro_profile_destroy(profile);
  }
}

/* More than fits 31 bits of ns: durations stay exact where clocks are. */
static void test_much_own_cost(void **state) {
  (void)state;
  program p = begin();
  cost(&p, "own_cost_inner_ns", "60000");
  cost(&p, "own_cost_outer_ns", "40000");
  uint64_t now_ns = 1000;
  enter(&p, now_ns, p.f);
  for (int i = 0; i < 50000; i++) {
    enter(&p, now_ns += 100000, p.g);
    leave(&p, now_ns += 100000);
  }
  leave(&p, now_ns += 100000);
  baro_profile *profile = given_profile(&p.made);
  const baro_profile_calls *calls = &profile->calls;
  uint64_t own_ns = UINT64_C(50000) * 100000 + 60000;
  assert_int_equal(baro_call_clocked_ns(calls, 0), now_ns - 1000);
  assert_in_range(calls->duration_ns[0], now_ns - 1000 - own_ns, now_ns - 1000 - own_ns + 1023);
  assert_int_equal(profile->call_sums.total_ns[calls->function[0]], now_ns - 1000 - own_ns);
  baro_profile_destroy(profile);
}

/* A step costs something else, and what happens while it is suspended is not its own. */
static void test_own_cost_of_steps(void **state) {
  (void)state;
  program p = begin();
  cost(&p, "own_cost_suspendable_inner_ns", "10");
  cost(&p, "own_cost_suspendable_outer_ns", "30");
  enter(&p, 1000, p.f);
  step(&p, BARO_CALL_ENTER_SUSPENDABLE, 1100, 1);
  step(&p, BARO_CALL_SUSPEND, 1200, 0);
  step(&p, BARO_CALL_RESUME, 1500, 1);
  leave(&p, 1600);
  leave(&p, 2000);
  baro_profile *profile = given_profile(&p.made);
  assert_int_equal(profile->calls.suspendable_active_ns[0], 2 * (100 - 10));
  assert_int_equal(profile->calls.duration_ns[1], 500 - 2 * 10);
  assert_int_equal(profile->calls.duration_ns[0], 1000 - 2 * (10 + 30));
  baro_profile_destroy(profile);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_own_cost_is_taken_off),
      cmocka_unit_test(test_telling_values_is_taken_off_callers),
      cmocka_unit_test(test_waits_while_values_are_told),
      cmocka_unit_test(test_values_fill_the_ring),
      cmocka_unit_test(test_no_time_is_below_zero),
      cmocka_unit_test(test_absurd_costs_are_not_believed),
      cmocka_unit_test(test_much_own_cost),
      cmocka_unit_test(test_own_cost_of_steps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

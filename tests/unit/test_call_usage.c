/* CPU time and peak memory of calls from readings now and then, and what recording took, taken off again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/profile_fixture.h"

typedef struct program {
  given made;
  uint32_t process;
  uint32_t thread;
  uint32_t f;
  uint32_t g;
} program;

static program begin(void) {
  program p = {.made = given_begin()};
  p.process = given_process(&p.made, 10, BARO_NONE_ID);
  p.thread = given_thread(&p.made, p.process, 10, "main", true);
  p.f = given_function(&p.made, "f", "/srv/app.py", 1, 0);
  p.g = given_function(&p.made, "g", "/srv/app.py", 5, 0);
  return p;
}

static void event(program *p, baro_call_event_kind kind, uint64_t time_ns, uint32_t function) {
  given_events(&p->made, p->thread,
               &(baro_call_event){.time_ns = time_ns, .kind = kind, .function = function}, 1);
}

static void step(program *p, baro_call_event_kind kind, uint64_t time_ns, uint64_t call) {
  given_events(&p->made, p->thread,
               &(baro_call_event){.time_ns = time_ns, .kind = kind, .function = p->g, .call = call},
               1);
}

static void enter(program *p, uint64_t time_ns, uint32_t function) {
  event(p, BARO_CALL_ENTER, time_ns, function);
}

static void leave(program *p, uint64_t time_ns) {
  event(p, BARO_CALL_RETURN, time_ns, 0);
}

static void reading(program *p, uint64_t time_ns, uint64_t cpu_ns, uint32_t peak_kib) {
  const baro_call_event usage = {
      .time_ns = time_ns, .kind = BARO_CALL_USAGE, .cpu_ns = cpu_ns, .peak_kib = peak_kib};
  given_events(&p->made, p->thread, &usage, 1);
}

/* As the agent writes it: in one piece with the event that it stands behind. */
static void leave_and_read(program *p, uint64_t time_ns, uint64_t read_ns, uint64_t cpu_ns,
                           uint32_t peak_kib) {
  const baro_call_event events[] = {
      {.time_ns = time_ns, .kind = BARO_CALL_RETURN},
      {.time_ns = read_ns, .kind = BARO_CALL_USAGE, .cpu_ns = cpu_ns, .peak_kib = peak_kib},
  };
  given_events(&p->made, p->thread, events, 2);
}

static void cost(program *p, const char *key, const char *value) {
  const baro_process_fact_record fact = {
      .process = p->process, .key = baro_view_of(key), .value = baro_view_of(value)};
  assert_int_equal(p->made.visitor->process_fact(p->made.visitor->context, &fact, NULL), BARO_OK);
}

static void expect_usage(const baro_profile *profile, uint32_t call, uint64_t cpu_ns,
                         uint64_t memory_bytes) {
  const baro_profile_calls *calls = &profile->calls;
  for (uint32_t row = 0; row < calls->usage_count; row++) {
    if (calls->usage_call[row] == call) {
      assert_int_equal(calls->usage_cpu_ns[row], cpu_ns);
      assert_int_equal(calls->usage_memory_bytes[row], memory_bytes);
      return;
    }
  }
  fail_msg("nothing is known of call %u", call);
}

static void expect_no_usage(const baro_profile *profile, uint32_t call) {
  for (uint32_t row = 0; row < profile->calls.usage_count; row++) {
    assert_int_not_equal(profile->calls.usage_call[row], call);
  }
}

/* --- own cost --- */

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

static void own(program *p, uint64_t own_ns, uint32_t wait_us) {
  given_events(&p->made, p->thread,
               &(baro_call_event){.kind = BARO_CALL_OWN, .own_ns = own_ns, .own_wait_us = wait_us},
               1);
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

/* --- usage --- */

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
      cmocka_unit_test(test_own_cost_is_taken_off),
      cmocka_unit_test(test_telling_values_is_taken_off_callers),
      cmocka_unit_test(test_waits_while_values_are_told),
      cmocka_unit_test(test_values_fill_the_ring),
      cmocka_unit_test(test_no_time_is_below_zero),
      cmocka_unit_test(test_absurd_costs_are_not_believed),
      cmocka_unit_test(test_cost_of_counting_is_taken_off_callers),
      cmocka_unit_test(test_cost_of_counting_what_rests),
      cmocka_unit_test(test_cost_of_calls_of_what_rests),
      cmocka_unit_test(test_estimates_leave_callers_what_they_took),
      cmocka_unit_test(test_rows_within_rows_add_no_time),
      cmocka_unit_test(test_recursion_multiplies_no_weights),
      cmocka_unit_test(test_counting_costs_no_more_than_passed),
      cmocka_unit_test(test_much_own_cost),
      cmocka_unit_test(test_own_cost_of_steps),
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

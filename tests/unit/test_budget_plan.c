/* How far functions are thinned: wrong here means a budget that does not hold, or rows given away for nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/agent/budget_plan.h"

enum { FUNCTIONS = 3 };

static baro_budget_function functions[FUNCTIONS];
static baro_budget_function *const pointers[FUNCTIONS] = {&functions[0], &functions[1],
                                                          &functions[2]};

/* 10 ms of CPU time, and a budget of 25 %: 2 ms. A row costs 100 ns, counting 20. */
static const baro_budget_window window = {
    .cpu_ns = 10e6, .row_ns = 100, .count_ns = 20, .ratio = 0.25, .windows = 1};

static int begin(void **state) {
  (void)state;
  for (int i = 0; i < FUNCTIONS; i++) {
    functions[i] = (baro_budget_function){0};
  }
  return 0;
}

static double cost_ns(void) {
  double cost = 0;
  for (int i = 0; i < FUNCTIONS; i++) {
    double rows = (double)functions[i].begins / (double)(1u << functions[i].shift);
    cost += rows * window.row_ns + (functions[i].begins - rows) * window.count_ns;
  }
  return cost;
}

static void what_fits_is_recorded(void **state) {
  (void)state;
  functions[0].begins = 19999;
  baro_budget_plan(pointers, FUNCTIONS, 0, &window);
  assert_int_equal(functions[0].shift, 0);
  functions[0].begins = 20001;
  baro_budget_plan(pointers, FUNCTIONS, 0, &window);
  assert_int_equal(functions[0].shift, 1);
}

static void those_with_most_calls_are_thinned_first(void **state) {
  (void)state;
  functions[0].begins = 40000;
  functions[1].begins = 8000;
  functions[2].begins = 100;
  baro_budget_plan(pointers, FUNCTIONS, 0, &window);
  assert_true(functions[0].shift > functions[1].shift);
  assert_int_equal(functions[2].shift, 0);
  assert_true(cost_ns() <= 2e6);
  assert_true(cost_ns() > 1e6); /* no less than half of what may be: shares are powers of two */
}

static void where_counting_is_too_dear_some_rows_stay(void **state) {
  (void)state;
  functions[0].begins = 400000; /* counting alone: 8 ms */
  baro_budget_plan(pointers, FUNCTIONS, 0, &window);
  /* A tenth of what counting costs: 8,000 rows, of which a power of two is a part. */
  assert_true(400000 >> functions[0].shift <= 8000);
  assert_true(400000 >> functions[0].shift > 8000 / 4);
}

/* 900 calls are few, but telling the values of each takes 10 us: only a part of them fits, and the others are none the worse
 * for it. What they cost is learnt from the rows of a window, and kept where there are none. */
static void values_count_as_what_they_cost(void **state) {
  (void)state;
  functions[0].begins = functions[0].kept_begins = 900;
  functions[0].values_ns = 900 * 10000;
  functions[1].begins = functions[1].kept_begins = 2000;
  baro_budget_learn(&functions[0]);
  baro_budget_learn(&functions[1]);
  assert_int_equal(functions[0].value_ns, 10000);
  assert_int_equal(functions[1].value_ns, 0);
  baro_budget_plan(pointers, FUNCTIONS, 0, &window);
  assert_int_equal(functions[0].shift,
                   3); /* 112 of them: 1.1 ms, beside 0.2 ms of others; 225 were 2.3 */
  assert_int_equal(functions[1].shift, 0);
  baro_budget_learn(&functions[0]);
  assert_int_equal(functions[0].value_ns, 10000);
  functions[0].kept_begins = 1;
  functions[0].values_ns = 20000;
  baro_budget_learn(&functions[0]);
  assert_int_equal(functions[0].value_ns, 15000);
}

static void other_groups_are_left_alone(void **state) {
  (void)state;
  functions[0].begins = 40000;
  functions[1].begins = 40000;
  functions[1].group = 1;
  baro_budget_plan(pointers, FUNCTIONS, 1, &window);
  assert_int_equal(functions[0].shift, 0);
  assert_true(functions[1].shift > 0);
}

static void going_back_takes_calm_windows(void **state) {
  (void)state;
  functions[0].begins = 400000;
  baro_budget_plan(pointers, FUNCTIONS, 0, &window);
  int shift = functions[0].shift;
  functions[0].begins = 10;
  for (int i = 0; i < BARO_BUDGET_CALM - 1; i++) {
    baro_budget_plan(pointers, FUNCTIONS, 0, &window);
    assert_int_equal(functions[0].shift, shift);
  }
  functions[0].begins = 400000; /* the load is back: the calm does not count */
  baro_budget_plan(pointers, FUNCTIONS, 0, &window);
  functions[0].begins = 10;
  baro_budget_plan(pointers, FUNCTIONS, 0, &window);
  assert_int_equal(functions[0].shift, shift);
  for (int i = 0; i < BARO_BUDGET_CALM - 1; i++) {
    baro_budget_plan(pointers, FUNCTIONS, 0, &window);
  }
  assert_int_equal(functions[0].shift, shift - 1);
}

static void one_long_window_is_many(void **state) {
  (void)state;
  functions[0].begins = 400000;
  baro_budget_plan(pointers, FUNCTIONS, 0, &window);
  assert_true(functions[0].shift > 1);
  functions[0].begins = 10;
  baro_budget_window slow = window;
  slow.windows = 1000;
  baro_budget_plan(pointers, FUNCTIONS, 0, &slow);
  assert_int_equal(functions[0].shift, 0);
}

static void a_function_that_rested_comes_back(void **state) {
  (void)state;
  functions[0].shift = 4;
  functions[0].window = 10;
  baro_budget_rested(&functions[0], 10 + 2 * BARO_BUDGET_CALM);
  assert_int_equal(functions[0].shift, 2);
  baro_budget_rested(&functions[0], 1000000);
  assert_int_equal(functions[0].shift, 0);
}

/* 10 ms and 2 ms for recording: counting 200,000 calls takes 4. */
static void what_is_too_dear_to_count_rests(void **state) {
  (void)state;
  for (int i = 0; i < FUNCTIONS; i++) {
    functions[i].can_rest = i != 1;
  }
  for (int w = 1; w <= BARO_BUDGET_TIRED; w++) {
    assert_false(functions[0].rests);
    functions[0].begins = 100000;
    functions[1].begins = 100000;
    functions[2].begins = 100; /* too few to be worth it */
    baro_budget_plan(pointers, FUNCTIONS, 0, &window);
  }
  assert_true(functions[0].rests);
  assert_int_equal(functions[0].shift, BARO_BUDGET_REST_SHIFT);
  assert_false(functions[1].rests);
  assert_true(functions[1].shift <= BARO_BUDGET_SHIFT_MAX);
  assert_false(functions[2].rests);
  assert_int_equal(functions[2].shift, 0);
}

static void rest_ends_slowly_where_counting_is_easy(void **state) {
  (void)state;
  functions[0].can_rest = true;
  functions[0].rests = true;
  functions[0].tired = BARO_BUDGET_TIRED;
  functions[0].shift = BARO_BUDGET_REST_SHIFT;
  for (int w = 0; w < 20; w++) { /* it would fit, but hardly: neither more nor less tired */
    functions[0].begins = 60000;
    baro_budget_plan(pointers, FUNCTIONS, 0, &window);
    assert_true(functions[0].rests);
  }
  for (int w = 1; w < BARO_BUDGET_TIRED; w++) {
    functions[0].begins = 40000;
    baro_budget_plan(pointers, FUNCTIONS, 0, &window);
    assert_true(functions[0].rests);
    assert_int_equal(functions[0].shift, BARO_BUDGET_REST_SHIFT);
  }
  functions[0].begins = 40000;
  baro_budget_plan(pointers, FUNCTIONS, 0, &window);
  assert_false(functions[0].rests);
  assert_int_equal(functions[0].shift, BARO_BUDGET_SHIFT_MAX);
}

static void rest_ends_where_it_is_no_longer_possible(void **state) {
  (void)state;
  functions[0].rests = true;
  functions[0].tired = BARO_BUDGET_TIRED;
  functions[0].shift = BARO_BUDGET_REST_SHIFT;
  functions[0].begins = 200000;
  baro_budget_plan(pointers, FUNCTIONS, 0, &window);
  assert_false(functions[0].rests);
  assert_int_equal(functions[0].shift, BARO_BUDGET_SHIFT_MAX);
  functions[1].rests = true;
  functions[1].can_rest = true;
  functions[1].tired = BARO_BUDGET_TIRED;
  baro_budget_rested(&functions[1], BARO_BUDGET_CALM); /* nobody called it meanwhile */
  assert_false(functions[1].rests);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup(what_fits_is_recorded, begin),
      cmocka_unit_test_setup(those_with_most_calls_are_thinned_first, begin),
      cmocka_unit_test_setup(where_counting_is_too_dear_some_rows_stay, begin),
      cmocka_unit_test_setup(values_count_as_what_they_cost, begin),
      cmocka_unit_test_setup(other_groups_are_left_alone, begin),
      cmocka_unit_test_setup(going_back_takes_calm_windows, begin),
      cmocka_unit_test_setup(one_long_window_is_many, begin),
      cmocka_unit_test_setup(a_function_that_rested_comes_back, begin),
      cmocka_unit_test_setup(what_is_too_dear_to_count_rests, begin),
      cmocka_unit_test_setup(rest_ends_slowly_where_counting_is_easy, begin),
      cmocka_unit_test_setup(rest_ends_where_it_is_no_longer_possible, begin),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

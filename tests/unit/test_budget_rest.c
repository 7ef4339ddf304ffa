/* Functions that rest: wrong here means ends that belong to no call, recursion whose time counts twice, or a rest that costs rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/agent/budget_rest.h"

enum { CODE = 700 };

static struct {
  uint32_t frames;
  bool finds;
  uint32_t looks;
} stack;

static bool look(uint32_t *ret_frames) {
  stack.looks++;
  *ret_frames = stack.frames;
  return stack.finds;
}

static baro_budget_function function;

static int begin(void **state) {
  (void)state;
  stack.frames = 3;
  stack.finds = false;
  stack.looks = 0;
  function = (baro_budget_function){.id = CODE, .shift = BARO_BUDGET_REST_SHIFT};
  baro_rest_reset();
  baro_rest_offer(look);
  return 0;
}

static int end(void **state) {
  (void)state;
  baro_rest_reset();
  return 0;
}

/* What the engine does. */
static void switch_off(void) {
  baro_budget_code *code = baro_rest_code(CODE);
  code->ends = BARO_ENDS_OFF;
  code->epoch++;
}

static void nothing_rests_where_it_is_not_offered(void **state) {
  (void)state;
  baro_rest_reset();
  assert_null(baro_rest_code(CODE));
  baro_rest_catch_up(&function);
  assert_false(baro_rest_look_out(&function));
  baro_rest_kept(&function);
  baro_rest_ended(&function);
  baro_rest_before_plan(&function);
  assert_false(function.can_rest);
  function.rests = true;
  baro_rest_after_plan(&function);
}

static void new_codes_are_unknown(void **state) {
  (void)state;
  baro_rest_code(3)->ends = BARO_ENDS_ON;
  assert_int_equal(baro_rest_code(CODE)->ends, BARO_ENDS_UNKNOWN);
  assert_int_equal(baro_rest_code(100000)->epoch, 0);
  assert_int_equal(baro_rest_code(3)->ends, BARO_ENDS_ON);
  baro_rest_clear();
  assert_int_equal(baro_rest_code(3)->ends, BARO_ENDS_UNKNOWN);
}

/* As long as all ends are heard, nobody needs to look at frames. */
static void who_hears_everything_is_not_blind(void **state) {
  (void)state;
  baro_rest_code(CODE)->ends = BARO_ENDS_ON;
  function.depth = 4;
  baro_rest_catch_up(&function);
  assert_int_equal(function.depth, 4);
  assert_false(baro_rest_look_out(&function));
  assert_int_equal(stack.looks, 0);
}

static void who_heard_no_ends_looks_once(void **state) {
  (void)state;
  switch_off();
  function.depth = 900; /* begun, and who knows how many of them ended */
  baro_rest_catch_up(&function);
  assert_int_equal(function.depth, 0);
  assert_true(function.is_blind);
  assert_false(baro_rest_look_out(&function));
  assert_false(function.is_blind);
  assert_int_equal(stack.looks, 1);
  baro_rest_code(CODE)->ends = BARO_ENDS_ON; /* for this call */
  baro_rest_catch_up(&function);
  assert_false(function.is_blind);
  /* On again and off meanwhile, by another thread: nothing is known any more. */
  switch_off();
  baro_rest_code(CODE)->ends = BARO_ENDS_ON;
  function.depth = 2;
  baro_rest_catch_up(&function);
  assert_true(function.is_blind);
  assert_int_equal(function.depth, 0);
}

/* While a call is recorded, its depth stands. */
static void what_is_recorded_is_not_forgotten(void **state) {
  (void)state;
  baro_rest_code(CODE)->epoch = 9;
  function.kept = 1;
  function.depth = 3;
  baro_rest_catch_up(&function);
  assert_int_equal(function.depth, 3);
  assert_false(function.is_blind);
}

static void recursion_does_not_rest(void **state) {
  (void)state;
  baro_budget_code *code = baro_rest_code(CODE);
  code->may_rest = true;
  switch_off();
  stack.finds = true;
  baro_rest_catch_up(&function);
  assert_true(baro_rest_look_out(&function));
  assert_true(function.is_blind); /* the outer one's end is yet to come */
  assert_false(code->may_rest);
  baro_rest_before_plan(&function);
  assert_false(function.can_rest);
}

static void what_is_called_deep_down_does_not_rest(void **state) {
  (void)state;
  baro_rest_code(CODE)->may_rest = true;
  switch_off();
  stack.frames = 65;
  baro_rest_catch_up(&function);
  assert_false(baro_rest_look_out(&function));
  assert_false(function.is_blind);
  assert_false(baro_rest_code(CODE)->may_rest);
}

static void plans_are_carried_out_where_they_change(void **state) {
  (void)state;
  baro_rest_before_plan(&function);
  assert_true(function.can_rest);
  function.rests = true;
  baro_rest_after_plan(&function);
  assert_true(baro_rest_code(CODE)->may_rest);
  /* Another thread, on which the function is rare, records more of it. */
  baro_budget_function rare = {.id = CODE, .shift = 2};
  baro_rest_kept(&rare);
  assert_int_equal(baro_rest_code(CODE)->kept, 1);
  assert_false(baro_rest_code(CODE)->may_rest);
  baro_rest_ended(&rare);
  assert_int_equal(baro_rest_code(CODE)->kept, 0);
  /* The first one's plan is as before: it does not insist. */
  baro_rest_before_plan(&function);
  baro_rest_after_plan(&function);
  assert_false(baro_rest_code(CODE)->may_rest);
  function.is_suspendable = true;
  baro_rest_before_plan(&function);
  assert_false(function.can_rest);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(nothing_rests_where_it_is_not_offered, begin, end),
      cmocka_unit_test_setup_teardown(new_codes_are_unknown, begin, end),
      cmocka_unit_test_setup_teardown(who_hears_everything_is_not_blind, begin, end),
      cmocka_unit_test_setup_teardown(who_heard_no_ends_looks_once, begin, end),
      cmocka_unit_test_setup_teardown(what_is_recorded_is_not_forgotten, begin, end),
      cmocka_unit_test_setup_teardown(recursion_does_not_rest, begin, end),
      cmocka_unit_test_setup_teardown(what_is_called_deep_down_does_not_rest, begin, end),
      cmocka_unit_test_setup_teardown(plans_are_carried_out_where_they_change, begin, end),
  };
  return cmocka_run_group_tests_name("budget_rest", tests, NULL, NULL);
}

/* The rules of calls: wrong here means a recording that its own reader refuses, or a profile that ends a
 * call which never began. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "recording/call_stacks.h"
#include "recording/format.h"

static void plain_calls_need_a_beginning(void **state) {
  (void)state;
  baro_map open = {0};
  baro_call_stack stack = {0};
  assert_false(baro_call_stack_leave(&stack, &open));
  assert_true(baro_call_stack_enter(&stack));
  assert_true(baro_call_stack_enter(&stack));
  assert_false(baro_call_stack_suspend(&stack, &open, 0));
  assert_int_equal(stack.depth, 2);
  assert_true(baro_call_stack_leave(&stack, &open));
  assert_true(baro_call_stack_leave(&stack, &open));
  assert_false(baro_call_stack_leave(&stack, &open));
  /* They take no memory, however deep: a hostile file has a million for a kilobyte. */
  for (uint32_t i = 0; i < BARO_CALL_DEPTH_LIMIT; i++) {
    assert_true(baro_call_stack_enter(&stack));
  }
  assert_false(baro_call_stack_enter(&stack));
  assert_int_equal(baro_call_stack_enter_suspendable(&stack, &open, 1, 0), BARO_CORRUPT);
  assert_null(stack.places);
  assert_null(open.entries);
}

static void a_number_stands_for_one_open_call(void **state) {
  (void)state;
  baro_map open = {0};
  baro_call_stack stacks[2] = {0};
  assert_int_equal(baro_call_stack_enter_suspendable(&stacks[0], &open, 0, 3), BARO_CORRUPT);
  assert_int_equal(baro_call_stack_enter_suspendable(&stacks[0], &open, 7, 3), BARO_OK);
  assert_int_equal(baro_call_stack_enter_suspendable(&stacks[1], &open, 7, 3), BARO_CORRUPT);
  assert_true(baro_call_stack_suspend(&stacks[0], &open, 0));
  assert_int_equal(baro_call_stack_enter_suspendable(&stacks[1], &open, 7, 3), BARO_CORRUPT);
  assert_int_equal(baro_call_stack_resume(&stacks[1], &open, 7), BARO_OK);
  assert_true(baro_call_stack_leave(&stacks[1], &open));
  assert_int_equal(open.count, 0);
  assert_int_equal(baro_call_stack_enter_suspendable(&stacks[1], &open, 7, 3), BARO_OK);
  assert_true(baro_call_stack_leave(&stacks[1], &open));
  baro_call_stack_release(&stacks[0]);
  baro_call_stack_release(&stacks[1]);
  baro_map_release(&open);
}

static void only_what_is_suspended_goes_on(void **state) {
  (void)state;
  baro_map open = {0};
  baro_call_stack stacks[2] = {0};
  assert_int_equal(baro_call_stack_resume(&stacks[0], &open, 7), BARO_CORRUPT);
  assert_int_equal(baro_call_stack_enter_suspendable(&stacks[0], &open, 7, 3), BARO_OK);
  assert_int_equal(baro_call_stack_resume(&stacks[1], &open, 7), BARO_CORRUPT);
  assert_true(baro_call_stack_enter(&stacks[0]));
  /* The top is another one. */
  assert_false(baro_call_stack_suspend(&stacks[0], &open, 0));
  assert_true(baro_call_stack_leave(&stacks[0], &open));
  assert_true(baro_call_stack_suspend(&stacks[0], &open, 5));
  baro_open_call call = baro_open_call_of(*baro_map_find(&open, 7));
  assert_true(call.is_suspended && call.thread == 5 && call.function == 3);
  assert_int_equal(stacks[0].depth, 0);
  assert_int_equal(baro_call_stack_resume(&stacks[1], &open, 7), BARO_OK);
  assert_int_equal(baro_call_stack_resume(&stacks[1], &open, 7), BARO_CORRUPT);
  assert_true(baro_call_stack_leave(&stacks[1], &open));
  assert_int_equal(baro_call_stack_resume(&stacks[1], &open, 7), BARO_CORRUPT);
  baro_call_stack_release(&stacks[0]);
  baro_call_stack_release(&stacks[1]);
  baro_map_release(&open);
}

/* Calls that can be suspended and others on one stack, which ends in the order in which it began. */
static void places_are_found_again(void **state) {
  (void)state;
  baro_map open = {0};
  baro_call_stack stack = {0};
  for (uint64_t i = 1; i <= 100; i++) {
    if (i % 3 == 0) {
      assert_int_equal(baro_call_stack_enter_suspendable(&stack, &open, i, 0), BARO_OK);
    } else {
      assert_true(baro_call_stack_enter(&stack));
    }
  }
  assert_int_equal(open.count, 33);
  for (uint64_t i = 100; i >= 1; i--) {
    assert_int_equal(stack.depth, i);
    assert_int_equal(stack.top_depth, i / 3 * 3);
    assert_int_equal(baro_map_find(&open, i) != NULL, i % 3 == 0);
    assert_true(baro_call_stack_leave(&stack, &open));
    assert_null(baro_map_find(&open, i));
  }
  assert_int_equal(open.count, 0);
  baro_call_stack_release(&stack);
  baro_map_release(&open);
}

static void what_is_lost_was_active(void **state) {
  (void)state;
  baro_map open = {0};
  baro_call_stack stack = {0};
  assert_int_equal(baro_call_stack_enter_suspendable(&stack, &open, 1, 0), BARO_OK);
  assert_true(baro_call_stack_suspend(&stack, &open, 0));
  assert_int_equal(baro_call_stack_enter_suspendable(&stack, &open, 2, 0), BARO_OK);
  assert_true(baro_call_stack_enter(&stack));
  baro_call_stack_forget(&stack, &open);
  assert_int_equal(stack.depth, 0);
  assert_false(baro_call_stack_leave(&stack, &open));
  assert_int_equal(baro_call_stack_resume(&stack, &open, 2), BARO_CORRUPT);
  assert_int_equal(baro_call_stack_resume(&stack, &open, 1), BARO_OK);
  baro_call_stack_release(&stack);
  baro_map_release(&open);
}

static void open_calls_are_limited(void **state) {
  (void)state;
  baro_map open = {0};
  baro_call_stack stack = {0};
  for (uint64_t i = 1; i <= BARO_OPEN_CALL_LIMIT; i++) {
    assert_int_equal(baro_call_stack_enter_suspendable(&stack, &open, i, 0), BARO_OK);
    assert_true(baro_call_stack_suspend(&stack, &open, 0));
  }
  uint64_t more = BARO_OPEN_CALL_LIMIT + 1;
  assert_int_equal(baro_call_stack_enter_suspendable(&stack, &open, more, 0), BARO_CORRUPT);
  assert_int_equal(baro_call_stack_resume(&stack, &open, 1), BARO_OK);
  assert_true(baro_call_stack_leave(&stack, &open));
  assert_int_equal(baro_call_stack_enter_suspendable(&stack, &open, more, 0), BARO_OK);
  baro_call_stack_release(&stack);
  baro_map_release(&open);
}

static void an_open_call_is_packed(void **state) {
  (void)state;
  static const baro_open_call calls[] = {
      {0, 0, false, false},
      {UINT32_MAX, BARO_THREAD_LIMIT - 1, true, false},
      {1, 2, false, true},
      {UINT32_MAX - 1, 1, true, true},
  };
  for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
    baro_open_call back = baro_open_call_of(baro_open_call_pack(calls[i]));
    assert_int_equal(back.function, calls[i].function);
    assert_int_equal(back.thread, calls[i].thread);
    assert_int_equal(back.is_suspended, calls[i].is_suspended);
    assert_int_equal(back.is_hidden, calls[i].is_hidden);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plain_calls_need_a_beginning),
      cmocka_unit_test(a_number_stands_for_one_open_call),
      cmocka_unit_test(only_what_is_suspended_goes_on),
      cmocka_unit_test(places_are_found_again),
      cmocka_unit_test(what_is_lost_was_active),
      cmocka_unit_test(open_calls_are_limited),
      cmocka_unit_test(an_open_call_is_packed),
  };
  return cmocka_run_group_tests_name("call_stacks", tests, NULL, NULL);
}

/* Which frames outside of chunks are read with the first copy, because they were there before: all that the stack comes back to,
 * and none that is gone. A failure means samples that cost more and more, or a system call for each frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "capture/sampler/stack_copy.h"
#include "capture/sampler/stack_reader.h"
#include "support/stack_fixture.h"

/* What an import had on the stack is not copied for the rest of the program. */
static void test_frames_that_are_gone_are_not_copied_for_ever(void **state) {
  (void)state;
  for (int kind = 0; kind < SYNTHETIC_KIND_COUNT; kind++) {
    stack_bench it;
    stack_bench_begin(&it, (synthetic_kind)kind);
    (void)synthetic_enter_from_c(&it.python);
    (void)synthetic_call(&it.python, 0x1000, 0);
    stack_bench_read(&it);
    uint64_t main_addr = synthetic_current(&it.python);
    uint32_t usual_count = it.reader->outside_count;
    for (uint64_t i = 0; i < 6; i++)
      (void)synthetic_call_generator(&it.python, 0x2000 + i * 8);
    uint64_t leaf_addr = synthetic_current(&it.python);
    stack_bench_read(&it);
    assert_int_equal(it.stack.count, 7);
    assert_int_equal(it.reader->outside_count, usual_count + 6);
    synthetic_set_current(&it.python, main_addr);
    for (int i = 0; i < 2 * BARO_STACK_SPARE_WALKS; i++) {
      stack_bench_read(&it);
      assert_int_equal(it.stack.count, 1);
      assert_int_equal(it.stack.frames[0].code_addr, 0x1000);
    }
    assert_int_equal(it.reader->outside_count, usual_count);
    synthetic_set_current(&it.python, leaf_addr);
    stack_bench_read(&it);
    assert_int_equal(it.stack.count, 7);
    stack_bench_end(&it);
  }
}

/* Nor are those of a deep stack that lies elsewhere by now: twice the pages are twice the cost. */
static void test_frames_that_moved_are_not_copied_for_ever(void **state) {
  enum { DEPTH = 300, STAYED = 180 };
  (void)state;
  stack_bench it;
  uint64_t stayed_addr = 0;
  stack_bench_begin(&it, SYNTHETIC_HEAP);
  for (uint64_t i = 1; i <= DEPTH; i++) {
    (void)synthetic_call(&it.python, i * 8, 0);
    if (i == STAYED)
      stayed_addr = synthetic_current(&it.python);
  }
  uint64_t old_leaf_addr = synthetic_current(&it.python);
  stack_bench_read(&it);
  assert_int_equal(it.reader->outside_count, DEPTH);
  synthetic_set_current(&it.python, stayed_addr);
  for (uint64_t i = STAYED + 1; i <= DEPTH; i++)
    (void)synthetic_call(&it.python, i * 8, 0);
  stack_bench_read(&it);
  assert_int_equal(it.reader->outside_count, 2 * DEPTH - STAYED);
  for (int i = 0; i < 2 * BARO_STACK_SPARE_WALKS; i++) {
    stack_bench_read(&it);
    assert_int_equal(it.stack.count, DEPTH);
    assert_int_equal(it.stack.frames[0].code_addr, DEPTH * 8);
  }
  assert_int_equal(it.reader->outside_count, DEPTH);
  synthetic_set_current(&it.python, old_leaf_addr);
  stack_bench_read(&it);
  assert_int_equal(it.stack.count, DEPTH);
  assert_int_equal(it.stack.frames[0].frame_addr, old_leaf_addr);
  stack_bench_end(&it);
}

/* Where some frames of a deep stack change places, the new ones join the predicted, and both are found from then on. */
static void test_frames_that_take_turns_are_all_predicted(void **state) {
  enum { DEPTH = 300, EVERY = 15, TURNS = DEPTH / EVERY };
  (void)state;
  stack_bench it;
  uint8_t *frames[DEPTH];
  uint8_t *twins[DEPTH] = {NULL};
  stack_bench_begin(&it, SYNTHETIC_HEAP);
  uint32_t previous = it.python.layout.frame.previous;
  for (uint64_t i = 0; i < DEPTH; i++) {
    uint64_t caller_addr = synthetic_current(&it.python);
    if (i % EVERY == EVERY - 1) { /* far enough from its neighbours not to be copied with them */
      (void)synthetic_alloc(&it.python, 4096);
      twins[i] = synthetic_call(&it.python, (i + 1) * 8, 0);
      (void)synthetic_alloc(&it.python, 4096);
      synthetic_set_current(&it.python, caller_addr);
    }
    frames[i] = synthetic_call(&it.python, (i + 1) * 8, 0);
  }
  stack_bench_read(&it);
  assert_int_equal(it.reader->outside_count, DEPTH);
  for (int round = 0; round < 6; round++) {
    uint64_t leaf_addr = 0;
    for (int i = 0; i < DEPTH; i++) { /* the chain goes through the twins in every other round */
      uint8_t *frame = twins[i] != NULL && round % 2 == 0 ? twins[i] : frames[i];
      synthetic_store(frame, previous, leaf_addr);
      leaf_addr = synthetic_addr(frame);
    }
    synthetic_set_current(&it.python, leaf_addr);
    stack_bench_read(&it);
    assert_int_equal(it.stack.count, DEPTH);
    for (uint32_t i = 0; i < DEPTH; i++)
      assert_int_equal(it.stack.frames[i].code_addr, (DEPTH - i) * 8);
    assert_int_equal(it.stack.frames[0].frame_addr, leaf_addr);
    assert_int_equal(it.reader->outside_count, DEPTH + TURNS);
    for (uint32_t i = 1; i < it.reader->outside_count; i++)
      assert_true(it.reader->outside[i - 1] < it.reader->outside[i]);
    if (round > 0)
      assert_int_equal(it.reader->late_count, 0);
  }
  stack_bench_end(&it);
}

/* Those that come and go stay predicted: each of them read late would be a system call more. */
static void test_frames_that_come_and_go_stay_predicted(void **state) {
  (void)state;
  stack_bench it;
  stack_bench_begin(&it, SYNTHETIC_ENTRY);
  (void)synthetic_enter_from_c(&it.python);
  (void)synthetic_call(&it.python, 0x1000, 0);
  uint64_t main_addr = synthetic_current(&it.python);
  (void)synthetic_call_generator(&it.python, 0x2000);
  (void)synthetic_call_generator(&it.python, 0x3000);
  uint64_t leaf_addr = synthetic_current(&it.python);
  stack_bench_read(&it);
  uint32_t count = it.reader->outside_count;
  for (int i = 0; i < 4 * BARO_STACK_SPARE_WALKS; i++) {
    synthetic_set_current(&it.python, i % 50 == 0 ? leaf_addr : main_addr);
    stack_bench_read(&it);
    assert_int_equal(it.reader->outside_count, count);
    assert_int_equal(it.reader->late_count, 0);
  }
  stack_bench_end(&it);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_frames_that_are_gone_are_not_copied_for_ever),
      cmocka_unit_test(test_frames_that_moved_are_not_copied_for_ever),
      cmocka_unit_test(test_frames_that_take_turns_are_all_predicted),
      cmocka_unit_test(test_frames_that_come_and_go_stay_predicted),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

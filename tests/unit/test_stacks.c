/* Stacks as exporters see them: samples and calls alike; sums of samples; the rows that a part of an export uses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "show/exporter.h"
#include "show/sample_sums.h"
#include "show/stacks.h"
#include "show/used_rows.h"
#include "support/profile_fixture.h"

static void enter(given *made, uint32_t thread, uint64_t time_ns, uint32_t function) {
  baro_call_event event = {.time_ns = time_ns, .kind = BARO_CALL_ENTER, .function = function};
  given_events(made, thread, &event, 1);
}

static void leave(given *made, uint32_t thread, uint64_t time_ns) {
  baro_call_event event = {.time_ns = time_ns, .kind = BARO_CALL_RETURN};
  given_events(made, thread, &event, 1);
}

/* The same function below the same callers is one node, however often; own times are the calls'. */
static void test_tree_of_calls(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t thread = given_thread(&made, given_process(&made, 10, BARO_NONE_ID), 10, "main", true);
  uint32_t main_function = given_function(&made, "main", "/srv/app.py", 3, 0);
  uint32_t load = given_function(&made, "load", "/srv/app.py", 40, 0);
  enter(&made, thread, 100, main_function);
  for (uint64_t i = 0; i < 3; i++) {
    enter(&made, thread, 200 + i * 100, load);
    leave(&made, thread, 250 + i * 100);
  }
  enter(&made, thread, 500, main_function); /* a recursion is a node of its own */
  leave(&made, thread, 507);
  leave(&made, thread, 600);
  baro_profile *profile = given_profile(&made);
  baro_stacks stacks;
  assert_int_equal(baro_stacks_init(&stacks, profile, true, NULL), BARO_OK);
  assert_int_equal(stacks.node_count, 4); /* root, main, load, main */
  assert_int_equal(stacks.depth_max, 2);
  assert_int_equal(stacks.function_count, 2);
  assert_int_equal(baro_stacks_count(&stacks, &profile->threads[0]), 5);
  double sum_ns[4] = {0};
  uint64_t count[4] = {0};
  for (uint64_t i = 0; i < 5; i++) {
    baro_stack_entry entry = baro_stacks_entry(&stacks, &profile->threads[0], i);
    assert_int_equal(entry.state, BARO_STATE_UNKNOWN);
    sum_ns[entry.node] += entry.sum_ns;
    count[entry.node] += entry.count;
  }
  assert_int_equal(stacks.parent_node[2], 1);
  assert_int_equal(stacks.parent_node[3], 1);
  assert_float_equal(sum_ns[1], 500 - 150 - 7, 0);
  assert_float_equal(sum_ns[2], 150, 0);
  assert_float_equal(sum_ns[3], 7, 0);
  assert_int_equal(count[2], 3);
  assert_int_equal(baro_stacks_line(&stacks, stacks.frame[1]), 0);
  baro_stacks_release(&stacks);
  baro_profile_destroy(profile);
}

/* Stacks written in full would take the square of a depth that a program chose. */
static void test_deep_calls_are_cut(void **state) {
  (void)state;
  enum { DEPTH = BARO_STACKS_DEPTH_LIMIT + 500 };
  given made = given_begin();
  uint32_t thread = given_thread(&made, given_process(&made, 10, BARO_NONE_ID), 10, "main", true);
  uint32_t fall = given_function(&made, "fall", "/srv/app.py", 3, 0);
  for (uint64_t i = 0; i < DEPTH; i++) {
    enter(&made, thread, 1000 + i, fall);
  }
  for (uint64_t i = 0; i < DEPTH; i++) {
    leave(&made, thread, 1000 + DEPTH + i);
  }
  baro_profile *profile = given_profile(&made);
  baro_stacks stacks;
  assert_int_equal(baro_stacks_init(&stacks, profile, true, NULL), BARO_OK);
  assert_int_equal(stacks.depth_max, BARO_STACKS_DEPTH_LIMIT);
  assert_int_equal(stacks.function_count, 2);
  baro_stack_entry deepest = baro_stacks_entry(&stacks, &profile->threads[0], DEPTH - 1);
  uint32_t function = stacks.frame_function[stacks.frame[deepest.node]];
  assert_true(baro_view_equal(baro_stacks_function(&stacks, function).qualified,
                              baro_view_of("(deeper frames cut)")));
  assert_int_equal(stacks.depth[deepest.node], BARO_STACKS_DEPTH_LIMIT);
  double sum_ns = 0;
  for (uint64_t i = 0; i < DEPTH; i++) {
    sum_ns += baro_stacks_entry(&stacks, &profile->threads[0], i).sum_ns;
  }
  assert_float_equal(sum_ns, 2 * DEPTH - 1, 0); /* nothing is lost by it */
  baro_stacks_release(&stacks);
  baro_profile_destroy(profile);
}

/* A call that stands for ten was its caller's own time nine times. */
static void test_thinned_calls_are_taken_from_their_callers(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t thread = given_thread(&made, given_process(&made, 10, BARO_NONE_ID), 10, "main", true);
  uint32_t main_function = given_function(&made, "main", "/srv/app.py", 3, 0);
  uint32_t load = given_function(&made, "load", "/srv/app.py", 40, 0);
  enter(&made, thread, 1000, main_function);
  baro_call_event weight = {.time_ns = 1100, .kind = BARO_CALL_WEIGHT, .weight = 10};
  given_events(&made, thread, &weight, 1);
  enter(&made, thread, 1100, load);
  leave(&made, thread, 1150);
  leave(&made, thread, 3000);
  baro_profile *profile = given_profile(&made);
  baro_stacks stacks;
  assert_int_equal(baro_stacks_init(&stacks, profile, true, NULL), BARO_OK);
  baro_stack_entry outer = baro_stacks_entry(&stacks, &profile->threads[0], 0);
  baro_stack_entry inner = baro_stacks_entry(&stacks, &profile->threads[0], 1);
  assert_float_equal(inner.state_ns, 50, 0);
  assert_float_equal(inner.sum_ns, 500, 0);
  assert_int_equal(inner.count, 10);
  assert_float_equal(outer.sum_ns, 1950 - 450, 0);
  baro_stacks_release(&stacks);
  baro_profile_destroy(profile);
}

/* main -> fib -> fib: recursion counts once in totals of functions and of edges; idle time only if asked for. */
static void test_sums_of_samples(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t thread = given_thread(&made, given_process(&made, 10, BARO_NONE_ID), 10, "main", true);
  uint32_t main_function = given_function(&made, "main", "/srv/app.py", 3, 0);
  uint32_t fib = given_function(&made, "fib", "/srv/app.py", 40, 0);
  uint32_t outer = given_stack(&made, BARO_NONE_ID, main_function, 5);
  uint32_t first = given_stack(&made, outer, fib, 41);
  uint32_t second = given_stack(&made, first, fib, 41);
  uint32_t third = given_stack(&made, second, fib, 41);
  given_sample(&made, thread, first, BARO_STATE_CPU, 10 * MS, 10 * MS);
  given_sample(&made, thread, third, BARO_STATE_DISK, 30 * MS, 20 * MS);
  given_sample(&made, thread, outer, BARO_STATE_IDLE, 70 * MS, 40 * MS);
  baro_profile *profile = given_profile(&made);
  baro_sample_sums sums;
  assert_int_equal(baro_sample_sums_init(&sums, profile, false, false, NULL), BARO_OK);
  assert_int_equal(sums.state_count, 2);
  assert_int_equal(sums.all_ns, 30 * MS);
  assert_int_equal(baro_sample_sums_all(&sums, sums.self_ns, 0), 0);
  assert_int_equal(baro_sample_sums_all(&sums, sums.total_ns, 0), 30 * MS);
  assert_int_equal(baro_sample_sums_all(&sums, sums.self_ns, 1), 30 * MS);
  assert_int_equal(baro_sample_sums_all(&sums, sums.total_ns, 1), 30 * MS);
  assert_int_equal(sums.ticks[1], 2);
  assert_int_equal(sums.edge_count, 2);
  assert_int_equal(sums.caller[1],
                   1); /* fib calls itself: what is below the outermost such call, once */
  assert_int_equal(baro_sample_sums_all(&sums, sums.edge_total_ns, 0), 30 * MS);
  assert_int_equal(baro_sample_sums_all(&sums, sums.edge_total_ns, 1), 20 * MS);
  baro_sample_sums_release(&sums);
  assert_int_equal(baro_sample_sums_init(&sums, profile, true, true, NULL), BARO_OK);
  assert_int_equal(sums.all_ns, 70 * MS);
  baro_sample_sums_release(&sums);
  baro_profile_destroy(profile);
}

static void test_used_rows_are_numbered_in_order(void **state) {
  (void)state;
  baro_used_rows used;
  assert_true(baro_used_init(&used, 100));
  for (int round = 0; round < 2; round++) {
    baro_used_add(&used, 70, 2);
    baro_used_add(&used, 5, 1);
    baro_used_add(&used, 70, 1);
    baro_used_add(&used, 5, 1);
    baro_used_number(&used);
    assert_int_equal(used.count, 2);
    assert_int_equal(used.ids, 3);
    assert_int_equal(baro_used_id(&used, 5, 1), 0);
    assert_int_equal(baro_used_id(&used, 70, 1), 1);
    assert_int_equal(baro_used_id(&used, 70, 2), 2);
    baro_used_clear(&used);
  }
  baro_used_release(&used);
}

/* Of thirds, too, the sum is right to one. */
static void test_rounding_keeps_sums(void **state) {
  (void)state;
  double carry = 0;
  uint64_t sum = 0;
  for (int i = 0; i < 1000; i++) {
    sum += baro_whole(1.0 / 3, &carry);
  }
  assert_int_equal(sum, 333);
  assert_int_equal(baro_whole(-5, &carry), 0);
  carry = 0;
  assert_true(baro_whole(1e300, &carry) == UINT64_MAX);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_tree_of_calls),
      cmocka_unit_test(test_deep_calls_are_cut),
      cmocka_unit_test(test_thinned_calls_are_taken_from_their_callers),
      cmocka_unit_test(test_sums_of_samples),
      cmocka_unit_test(test_used_rows_are_numbered_in_order),
      cmocka_unit_test(test_rounding_keeps_sums),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The scheduler of predictions: graphs whose end can be said by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "predict/replay.h"

static double end_of(const baro_replay *replay, double *ret_done_ns) {
  baro_arena scratch = {0};
  baro_replay_result result = {0};
  baro_error err = {0};
  if (baro_replay_run(replay, &scratch, ret_done_ns, &result, &err) != BARO_OK) {
    fail_msg("%s", err.message);
  }
  baro_arena_release(&scratch);
  return result.end_ns;
}

/* CrystalPerf (USENIX ATC'21), figure 4: operators of 25, 100, 15 and 200 with CPU shares of .6, .8, .6 and .7. With CPUs of
 * twice the speed the critical path, of the 100 and the 200, is 60 + 130; the plain sum would be 218. */
static void worked_example_of_the_paper(void **state) {
  (void)state;
  const double times[] = {25, 100, 15, 200};
  const double cpu_shares[] = {.6, .8, .6, .7};
  baro_replay_task tasks[4] = {0};
  baro_replay_node nodes[4] = {0};
  /* 25 -> 15 and 100 go into 200. */
  const uint32_t after[] = {0, 1, 2};
  for (uint32_t n = 0; n < 4; n++) {
    nodes[n] = (baro_replay_node){.wave_ratio = 1, .priority = n, .first_task = n, .task_count = 1};
  }
  nodes[2].after_count = 1;
  nodes[3].first_after = 1;
  nodes[3].after_count = 2;
  const baro_replay_slot slots[4] = {{0}};
  baro_replay replay = {.nodes = nodes,
                        .node_count = 4,
                        .after = after,
                        .tasks = tasks,
                        .slots = slots,
                        .slot_count = 4};
  for (int n = 0; n < 4; n++) {
    tasks[n].work_ns = times[n];
  }
  assert_float_equal(end_of(&replay, NULL), 300, 1e-9);
  for (int n = 0; n < 4; n++) {
    tasks[n].work_ns = times[n] * (1 - cpu_shares[n]) + times[n] * cpu_shares[n] / 2;
  }
  assert_float_equal(end_of(&replay, NULL), 190, 1e-9);
}

/* Six tasks of 10 on two slots, of which one comes at 15; the driver needs 5 before and 2 behind them. */
static void slots_that_come_later(void **state) {
  (void)state;
  baro_replay_task tasks[6];
  for (int t = 0; t < 6; t++) {
    tasks[t] = (baro_replay_task){.work_ns = 9, .dispatch_ns = 1};
  }
  const baro_replay_node node = {
      .delay_ns = 3, .launch_ns = 2, .finish_ns = 2, .wave_ratio = 1, .task_count = 6};
  const baro_replay_slot slots[] = {{0}, {15}};
  const baro_replay replay = {
      .nodes = &node, .node_count = 1, .tasks = tasks, .slots = slots, .slot_count = 2};
  double done_ns;
  /* First slot: 5, 15, 25, 35 -> 45; second: 15, 25 -> 35. */
  assert_float_equal(end_of(&replay, &done_ns), 47, 1e-9);
  assert_float_equal(done_ns, 47, 1e-9);
}

/* Two stages are ready at once: the slot does all of the first before any of the second, as Spark's default does. */
static void first_in_first_out(void **state) {
  (void)state;
  const baro_replay_task tasks[] = {
      {.work_ns = 10}, {.work_ns = 10}, {.work_ns = 1}, {.work_ns = 1}};
  const baro_replay_node nodes[] = {
      {.wave_ratio = 1, .priority = 7, .first_task = 0, .task_count = 2},
      {.wave_ratio = 1, .priority = 3, .first_task = 2, .task_count = 2}};
  const baro_replay_slot slot = {0};
  const baro_replay replay = {
      .nodes = nodes, .node_count = 2, .tasks = tasks, .slots = &slot, .slot_count = 1};
  double done_ns[2];
  assert_float_equal(end_of(&replay, done_ns), 22, 1e-9);
  assert_float_equal(done_ns[1], 2, 1e-9);
}

/* Four tasks were recorded on one slot, the first of 20 and the others of 10. On two slots there are two first ones. */
static void first_tasks_of_a_slot_are_slower(void **state) {
  (void)state;
  const baro_replay_task tasks[] = {
      {.work_ns = 20, .was_first = true}, {.work_ns = 10}, {.work_ns = 10}, {.work_ns = 10}};
  const baro_replay_node node = {.wave_ratio = 2, .task_count = 4};
  const baro_replay_slot slots[4] = {{0}};
  baro_replay replay = {
      .nodes = &node, .node_count = 1, .tasks = tasks, .slots = slots, .slot_count = 1};
  assert_float_equal(end_of(&replay, NULL), 50, 1e-9);
  replay.slot_count = 2;
  assert_float_equal(end_of(&replay, NULL), 30, 1e-9);
  replay.slot_count = 4;
  assert_float_equal(end_of(&replay, NULL), 20, 1e-9);
}

static void what_cannot_run_is_an_error(void **state) {
  (void)state;
  const baro_replay_task task = {.work_ns = 1};
  baro_replay_node nodes[2] = {{.wave_ratio = 1, .task_count = 1}, {.wave_ratio = 1}};
  const uint32_t after[] = {1, 0};
  baro_replay replay = {.nodes = nodes, .node_count = 1, .after = after, .tasks = &task};
  baro_arena scratch = {0};
  baro_replay_result result;
  baro_error err = {0};
  assert_int_equal(baro_replay_run(&replay, &scratch, NULL, &result, &err), BARO_INVALID);
  assert_non_null(strstr(err.message, "no slot"));
  replay.node_count = 2;
  nodes[0] = (baro_replay_node){.wave_ratio = 1, .after_count = 1};
  nodes[1] = (baro_replay_node){.wave_ratio = 1, .first_after = 1, .after_count = 1};
  assert_int_equal(baro_replay_run(&replay, &scratch, NULL, &result, &err), BARO_INVALID);
  assert_non_null(strstr(err.message, "each other"));
  baro_arena_release(&scratch);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(worked_example_of_the_paper),
      cmocka_unit_test(slots_that_come_later),
      cmocka_unit_test(first_in_first_out),
      cmocka_unit_test(first_tasks_of_a_slot_are_slower),
      cmocka_unit_test(what_cannot_run_is_an_error),
  };
  return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}

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

static baro_replay_result result_of(const baro_replay *replay, double *ret_done_ns) {
  baro_arena scratch = {0};
  baro_replay_result result = {0};
  baro_error err = {0};
  if (baro_replay_run(replay, &scratch, ret_done_ns, &result, &err) != BARO_OK) {
    fail_msg("%s", err.message);
  }
  baro_arena_release(&scratch);
  return result;
}

static double end_of(const baro_replay *replay, double *ret_done_ns) {
  return result_of(replay, ret_done_ns).end_ns;
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
  const baro_replay_slot slots[] = {{.from_ns = 0}, {.from_ns = 15}};
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
  const baro_replay_node node = {.wave_ratio = 2, .first_ns = 10, .task_count = 4};
  const baro_replay_slot slots[4] = {{0}};
  baro_replay replay = {
      .nodes = &node, .node_count = 1, .tasks = tasks, .slots = slots, .slot_count = 1};
  assert_float_equal(end_of(&replay, NULL), 50, 1e-9);
  replay.slot_count = 2;
  assert_float_equal(end_of(&replay, NULL), 30, 1e-9);
  replay.slot_count = 4;
  assert_float_equal(end_of(&replay, NULL), 20, 1e-9);
}

/* Two slots, a task of 100 in their second wave. On three it is the first of its slot: 10 longer, and not twice as long. */
static void a_long_task_loads_no_more_than_others(void **state) {
  (void)state;
  const baro_replay_task tasks[] = {
      {.work_ns = 20, .was_first = true}, {.work_ns = 20, .was_first = true}, {.work_ns = 100}};
  const baro_replay_node node = {.wave_ratio = 2, .first_ns = 10, .task_count = 3};
  const baro_replay_slot slots[3] = {{0}};
  baro_replay replay = {
      .nodes = &node, .node_count = 1, .tasks = tasks, .slots = slots, .slot_count = 2};
  assert_float_equal(end_of(&replay, NULL), 120, 1e-9);
  replay.slot_count = 3;
  assert_float_equal(end_of(&replay, NULL), 110, 1e-9);
  /* One slot: the second is no first one any more, and takes what the others of its kind do. */
  replay.slot_count = 1;
  assert_float_equal(end_of(&replay, NULL), 20 + 10 + 100, 1e-9);
}

/* --- locality --- */

enum { A = 1, B = 2, HOST = 3 };

/* Three tasks of 10 at home on A and one on B, a slot each. B is free at 10, waits, and takes the last one of A. */
static void a_slot_waits_before_it_takes_what_is_at_home_elsewhere(void **state) {
  (void)state;
  const baro_replay_task tasks[] = {{.work_ns = 10, .away_ns = 4, .place = A},
                                    {.work_ns = 10, .away_ns = 4, .place = A},
                                    {.work_ns = 10, .away_ns = 4, .place = A},
                                    {.work_ns = 10, .away_ns = 4, .place = B}};
  const baro_replay_slot slots[] = {{.places = {A}}, {.places = {B}}};
  const baro_replay_node node = {.wave_ratio = 1, .task_count = 4};
  baro_replay replay = {.nodes = &node,
                        .node_count = 1,
                        .tasks = tasks,
                        .slots = slots,
                        .slot_count = 2,
                        .waits_from_refusal = true,
                        .locality_wait_ns = 100};
  baro_replay_result result = result_of(&replay, NULL);
  assert_float_equal(result.end_ns, 30, 1e-9);
  assert_int_equal(result.away_count, 0);
  replay.locality_wait_ns = 5; /* 10 + 5 + 10 + 4 */
  result = result_of(&replay, NULL);
  assert_float_equal(result.end_ns, 29, 1e-9);
  assert_int_equal(result.away_count, 1);
  assert_float_equal(result.busy_ns, 44, 1e-9);
  replay.locality_wait_ns = 0;
  result = result_of(&replay, NULL);
  assert_float_equal(result.end_ns, 24, 1e-9);
}

/* Five tasks of 4 at home on A, and a slot on B. Counted from each launch at home the wait of 5 never ends; counted from the
 * first refusal it does at 5, and begins anew at 10. */
static void the_wait_counts_from_launches_or_from_refusals(void **state) {
  (void)state;
  baro_replay_task tasks[5];
  for (int t = 0; t < 5; t++) {
    tasks[t] = (baro_replay_task){.work_ns = 4, .away_ns = 1, .place = A};
  }
  const baro_replay_slot slots[] = {{.places = {A}}, {.places = {B}}};
  const baro_replay_node node = {.wave_ratio = 1, .task_count = 5};
  baro_replay replay = {.nodes = &node,
                        .node_count = 1,
                        .tasks = tasks,
                        .slots = slots,
                        .slot_count = 2,
                        .locality_wait_ns = 5};
  assert_float_equal(end_of(&replay, NULL), 20, 1e-9);
  replay.waits_from_refusal = true;
  assert_float_equal(end_of(&replay, NULL), 16, 1e-9);
}

/* Stages behind one that waits for its places get the slot meanwhile; what is at home nowhere runs anywhere. */
static void others_get_the_slot_that_was_refused(void **state) {
  (void)state;
  const baro_replay_task tasks[] = {{.work_ns = 10, .place = A},
                                    {.work_ns = 10, .place = A},
                                    {.work_ns = 7},
                                    {.work_ns = 7, .place = A}};
  const baro_replay_slot slots[] = {{.places = {A}}, {.places = {B}}};
  const baro_replay_node nodes[] = {
      {.wave_ratio = 1, .task_count = 2},
      {.wave_ratio = 1, .priority = 1, .first_task = 2, .task_count = 2}};
  const baro_replay replay = {.nodes = nodes,
                              .node_count = 2,
                              .tasks = tasks,
                              .slots = slots,
                              .slot_count = 2,
                              .waits_from_refusal = true,
                              .locality_wait_ns = 100};
  double done_ns[2];
  assert_float_equal(end_of(&replay, done_ns), 27, 1e-9);
  assert_float_equal(done_ns[0], 20, 1e-9);
}

/* A host with two executors: a task at home on it may have either. */
static void a_host_has_several_executors(void **state) {
  (void)state;
  const baro_replay_task tasks[] = {{.work_ns = 10, .place = HOST}, {.work_ns = 10, .place = HOST}};
  const baro_replay_slot slots[] = {
      {.places = {4, 5}}, {.places = {A, HOST}}, {.places = {B, HOST}}};
  const baro_replay_node node = {.wave_ratio = 1, .task_count = 2};
  const baro_replay replay = {.nodes = &node,
                              .node_count = 1,
                              .tasks = tasks,
                              .slots = slots,
                              .slot_count = 3,
                              .waits_from_refusal = true,
                              .locality_wait_ns = 100};
  assert_float_equal(end_of(&replay, NULL), 10, 1e-9);
}

/* The second slot goes at 5: it ends what it has begun. */
static void slots_that_go(void **state) {
  (void)state;
  baro_replay_task tasks[5];
  for (int t = 0; t < 5; t++) {
    tasks[t] = (baro_replay_task){.work_ns = 4};
  }
  baro_replay_slot slots[] = {{.until_ns = 0}, {.until_ns = 5}};
  const baro_replay_node node = {.wave_ratio = 1, .task_count = 5};
  const baro_replay replay = {
      .nodes = &node, .node_count = 1, .tasks = tasks, .slots = slots, .slot_count = 2};
  assert_float_equal(end_of(&replay, NULL), 12, 1e-9);
  slots[0].until_ns = 4;
  baro_arena scratch = {0};
  baro_replay_result result;
  baro_error err = {0};
  assert_int_equal(baro_replay_run(&replay, &scratch, NULL, &result, &err), BARO_INVALID);
  baro_arena_release(&scratch);
}

static uint32_t next_random(uint32_t *seed) {
  *seed = *seed * 1664525 + 1013904223;
  return *seed >> 8;
}

/* Whatever is at home where: every task runs, no slot has two at once, and none ends before its own time. */
static void every_task_runs_wherever_it_is_at_home(void **state) {
  (void)state;
  enum { NODES = 12, TASKS = 20, SLOTS = 7 };
  uint32_t seed = 1;
  for (int round = 0; round < 300; round++) {
    baro_replay_task tasks[NODES * TASKS];
    baro_replay_node nodes[NODES];
    baro_replay_slot slots[SLOTS];
    uint32_t after[NODES];
    double sum_ns = 0;
    double away_ns = 0;
    for (uint32_t t = 0; t < NODES * TASKS; t++) {
      tasks[t] = (baro_replay_task){.work_ns = next_random(&seed) % 50,
                                    .away_ns = (float)(next_random(&seed) % 20),
                                    .place = next_random(&seed) % 9};
      sum_ns += tasks[t].work_ns;
      away_ns += (double)tasks[t].away_ns;
    }
    for (uint32_t n = 0; n < NODES; n++) {
      nodes[n] = (baro_replay_node){.delay_ns = next_random(&seed) % 30,
                                    .wave_ratio = 1,
                                    .priority = next_random(&seed) % 4,
                                    .first_task = n * TASKS,
                                    .task_count = TASKS};
      if (n > 0 && next_random(&seed) % 2 == 0) {
        after[n] = next_random(&seed) % n;
        nodes[n].first_after = n;
        nodes[n].after_count = 1;
      }
    }
    for (uint32_t s = 0; s < SLOTS; s++) {
      slots[s] = (baro_replay_slot){.from_ns = s == 0 ? 0 : next_random(&seed) % 200,
                                    .until_ns = s < 3 ? 0 : next_random(&seed) % 400,
                                    .places = {next_random(&seed) % 5, next_random(&seed) % 9}};
    }
    const baro_replay replay = {.nodes = nodes,
                                .node_count = NODES,
                                .after = after,
                                .tasks = tasks,
                                .slots = slots,
                                .slot_count = SLOTS,
                                .waits_from_refusal = round % 2 == 0,
                                .locality_wait_ns = next_random(&seed) % 60};
    baro_replay_result result = result_of(&replay, NULL);
    assert_true(result.busy_ns >= sum_ns && result.busy_ns <= sum_ns + away_ns);
    assert_true(result.end_ns * SLOTS >= result.busy_ns);
  }
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
      cmocka_unit_test(a_long_task_loads_no_more_than_others),
      cmocka_unit_test(a_slot_waits_before_it_takes_what_is_at_home_elsewhere),
      cmocka_unit_test(the_wait_counts_from_launches_or_from_refusals),
      cmocka_unit_test(others_get_the_slot_that_was_refused),
      cmocka_unit_test(a_host_has_several_executors),
      cmocka_unit_test(slots_that_go),
      cmocka_unit_test(every_task_runs_wherever_it_is_at_home),
      cmocka_unit_test(what_cannot_run_is_an_error),
  };
  return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}

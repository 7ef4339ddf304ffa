/* The models of resources, on a graph that is made by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "predict/task_times.h"
#include "predict/waves.h"

enum { TASKS = 8 };

/* One stage of equal tasks on one executor with two slots, after a second of the driver's. */
typedef struct job {
  baro_graph_node node;
  baro_graph_task tasks[TASKS];
  baro_graph_executor executor;
  baro_job_graph graph;
  double wave_ratio;
  baro_waves waves;
  double terms[BARO_TERM_COUNT];
  baro_change change;
} job;

static void make_job(job *one, const baro_graph_task *task) {
  *one = (job){.executor = {.slot_count = 2}, .wave_ratio = 1};
  one->node.plan = (baro_replay_node){.delay_ns = 1000, .task_count = TASKS};
  for (int t = 0; t < TASKS; t++) {
    one->tasks[t] = *task;
    one->tasks[t].was_first = t < 2;
  }
  one->graph = (baro_job_graph){.nodes = &one->node,
                                .node_count = 1,
                                .stage_count = 1,
                                .tasks = one->tasks,
                                .task_count = TASKS,
                                .executors = &one->executor,
                                .executor_count = 1,
                                .slot_count = 2};
  one->waves = (baro_waves){.ratios = &one->wave_ratio};
  one->change = baro_change_none(&one->graph);
  for (int t = 0; t < BARO_TERM_COUNT; t++) {
    one->terms[t] = baro_terms[t].point;
  }
}

static double end_of(const job *one, uint64_t seed) {
  const baro_task_times_input input = {.graph = &one->graph,
                                       .change = &one->change,
                                       .terms = one->terms,
                                       .waves = &one->waves,
                                       .seed = seed};
  baro_arena scratch = {0};
  baro_replay replay;
  baro_replay_result result = {0};
  baro_error err = {0};
  if (baro_task_times_build(&input, &scratch, &replay, &err) != BARO_OK ||
      baro_replay_run(&replay, &scratch, NULL, &result, &err) != BARO_OK)
    fail_msg("%s", err.message);
  baro_arena_release(&scratch);
  return result.end_ns;
}

static void no_change_is_no_change(void **state) {
  (void)state;
  job one;
  make_job(&one, &(baro_graph_task){.need_ns = {[BARO_NEED_CPU] = 60, [BARO_NEED_OTHER] = 40}});
  one.wave_ratio = 3;
  assert_float_equal(end_of(&one, 0), 1400, 1e-9);
  /* Whatever the terms are. */
  for (int t = 0; t < BARO_TERM_COUNT; t++) {
    one.terms[t] = baro_terms[t].low;
  }
  assert_float_equal(end_of(&one, 0), 1400, 1e-9);
}

/* Fetching that overlapped computing hides what a faster core saves: the longer one of both counts. */
static void overlap_has_two_ends(void **state) {
  (void)state;
  job one;
  make_job(&one, &(baro_graph_task){.need_ns = {[BARO_NEED_CPU] = 60, [BARO_NEED_NETWORK] = 40}});
  one.terms[BARO_TERM_DRIVER_SPEED] = 0;
  one.change.cpu_ratio = 2;
  assert_float_equal(end_of(&one, 0), 1000 + 4 * (30 + 40), 1e-9);
  one.terms[BARO_TERM_OVERLAP] = 1;
  assert_float_equal(end_of(&one, 0), 1000 + 4 * 100, 1e-9);
  /* A faster network, then: up to what the task computes. */
  one.change.cpu_ratio = 1;
  one.change.network_ratio = 10;
  assert_float_equal(end_of(&one, 0), 1000 + 4 * 60, 1e-9);
  one.terms[BARO_TERM_OVERLAP] = 0;
  assert_float_equal(end_of(&one, 0), 1000 + 4 * 64, 1e-9);
}

/* Eight slots: every task is the first of its slot, and as slow as the two that were. */
static void waves_follow_the_slots(void **state) {
  (void)state;
  job one;
  make_job(&one, &(baro_graph_task){.need_ns = {[BARO_NEED_CPU] = 100}});
  for (int t = 0; t < 2; t++) {
    one.tasks[t].need_ns[BARO_NEED_CPU] = 200;
  }
  one.wave_ratio = 2;
  one.terms[BARO_TERM_CORES_CONTENTION] = 0;
  one.change.cores_ratio = 4;
  one.change.changes_cores = true;
  assert_float_equal(end_of(&one, 0), 1200, 1e-6);
  one.terms[BARO_TERM_WAVE] = 0; /* without it the others stay fast */
  one.tasks[0].need_ns[BARO_NEED_CPU] = 100;
  one.tasks[1].need_ns[BARO_NEED_CPU] = 100;
  assert_float_equal(end_of(&one, 0), 1100, 1e-6);
  /* Eight at once instead of two slow each other down by 4 to the power. */
  one.terms[BARO_TERM_CORES_CONTENTION] = 0.5;
  assert_float_equal(end_of(&one, 0), 1200, 1e-6);
}

/* Four times the shuffled data: later tasks take four times as long, first ones keep what they take for being first. */
static void warming_up_does_not_grow_with_the_input(void **state) {
  (void)state;
  job one;
  make_job(&one, &(baro_graph_task){.need_ns = {[BARO_NEED_CPU] = 100}});
  one.tasks[0].need_ns[BARO_NEED_CPU] = 200;
  one.tasks[1].need_ns[BARO_NEED_CPU] = 200;
  one.node.reads_shuffle = true;
  one.change.input_ratio = 4;
  one.wave_ratio = 2;
  assert_float_equal(end_of(&one, 0), 1000 + (400 + 100) + 3 * 400, 1e-6);
  one.wave_ratio = 1; /* they are larger, then, and not slower */
  assert_float_equal(end_of(&one, 0), 1000 + 800 + 3 * 400, 1e-6);
}

/* Of twice the data tasks of a young executor do not take twice the time: the rest is loading and compiling. */
static void young_executors_warm_up(void **state) {
  (void)state;
  job one;
  make_job(&one, &(baro_graph_task){.need_ns = {[BARO_NEED_CPU] = 100}, .is_early = true});
  one.node.reads_shuffle = true;
  one.change.input_ratio = 3;
  one.terms[BARO_TERM_WARMING] = 0.75;
  assert_float_equal(end_of(&one, 0), 1000 + 4 * 150, 1e-6);
  one.terms[BARO_TERM_WARMING] = 0;
  assert_float_equal(end_of(&one, 0), 1000 + 4 * 300, 1e-6);
}

/* A scan that was cut by the number of slots has larger pieces, until they are as large as Spark makes them. */
static void scans_are_cut_by_slots(void **state) {
  (void)state;
  job one;
  make_job(&one, &(baro_graph_task){.need_ns = {[BARO_NEED_CPU] = 100}});
  one.node.plan.task_count = 2;
  one.graph.task_count = 2;
  one.node.reads_input = true;
  one.node.pieces_max = 50;
  one.node.read_bytes = 2 * 64.0 * 1024 * 1024;
  one.change.input_ratio = 2;
  assert_float_equal(end_of(&one, 0), 1000 + 200, 1e-6); /* two of 128 MB */
  one.change.input_ratio = 4;
  assert_float_equal(end_of(&one, 0), 1000 + 400, 1e-6); /* four of 128 MB */
  one.node.pieces_max = 0;                               /* cut by size: more of the same */
  one.change.input_ratio = 3;
  assert_float_equal(end_of(&one, 0), 1000 + 300, 1e-6);
}

/* With one slot instead of two there is no other task to wait for; the rest of what is unexplained stays. */
static void fewer_slots_wait_less(void **state) {
  (void)state;
  job one;
  make_job(&one, &(baro_graph_task){.need_ns = {[BARO_NEED_CPU] = 60, [BARO_NEED_OTHER] = 40}});
  one.terms[BARO_TERM_CORES_CONTENTION] = 0;
  one.change.cores_ratio = 0.5;
  one.change.changes_cores = true;
  one.terms[BARO_TERM_QUEUED] = 0;
  assert_float_equal(end_of(&one, 0), 1800, 1e-6);
  one.terms[BARO_TERM_QUEUED] = 0.5;
  assert_float_equal(end_of(&one, 0), 1000 + 8 * 80, 1e-6);
  one.node.runs_python = true; /* it has a share of its own */
  one.terms[BARO_TERM_QUEUED_PYTHON] = 1;
  assert_float_equal(end_of(&one, 0), 1000 + 8 * 60, 1e-6);
}

/* In local mode more slots are on the cores that there are; executors of a cluster get theirs. */
static void more_local_slots_may_wait(void **state) {
  (void)state;
  job one;
  make_job(&one, &(baro_graph_task){.need_ns = {[BARO_NEED_CPU] = 60, [BARO_NEED_DISK] = 40}});
  one.terms[BARO_TERM_CORES_CONTENTION] = 0;
  one.terms[BARO_TERM_CROWDED] = 1;
  one.change.cores_ratio = 2;
  one.change.changes_cores = true;
  assert_float_equal(end_of(&one, 0), 1000 + 2 * 100, 1e-6);
  one.graph.is_local =
      true; /* four tasks at once share the cores with one more thread, instead of two */
  one.terms[BARO_TERM_BACKGROUND] = 1;
  assert_float_equal(end_of(&one, 0), 1000 + 2 * (60 * 5 / 3.0 + 40), 1e-5);
  one.terms[BARO_TERM_CROWDED] = 0; /* the machine may have a core for each, */
  assert_float_equal(end_of(&one, 0), 1000 + 2 * 100, 1e-6);
  one.graph.core_wait_ratio = 0.9; /* but not if its tasks waited for the two that ran */
  one.terms[BARO_TERM_CORE_WAIT] = 0;
  assert_float_equal(end_of(&one, 0), 1000 + 2 * (60 * 5 / 3.0 + 40), 1e-5);
}

/* With fewer of them, what no clock explains was waiting for a core; no task gets faster than what it computes. */
static void fewer_local_slots_wait_less(void **state) {
  (void)state;
  job one;
  make_job(&one, &(baro_graph_task){.need_ns = {[BARO_NEED_CPU] = 60, [BARO_NEED_OTHER] = 60}});
  one.terms[BARO_TERM_CORES_CONTENTION] = 0;
  one.terms[BARO_TERM_BACKGROUND] = 1;
  one.terms[BARO_TERM_CORE_WAIT] = 0;
  one.graph.is_local = true;
  one.graph.core_wait_ratio = 1;
  one.change.cores_ratio = 0.5;
  one.change.changes_cores = true;
  assert_float_equal(end_of(&one, 0), 1000 + 8 * 120 * 2 / 3.0, 1e-4);
  for (int t = 0; t < 8; t++) {
    one.tasks[t].need_ns[BARO_NEED_OTHER] = 15;
  }
  assert_float_equal(end_of(&one, 0), 1000 + 8 * 60, 1e-4);
}

/* A scan of two tasks, one of them a small rest, is cut anew by bytes: in four of the same size. */
static void scans_are_cut_by_bytes(void **state) {
  (void)state;
  job one;
  make_job(&one, &(baro_graph_task){.need_ns = {[BARO_NEED_CPU] = 20}, .input_bytes = 1000});
  one.node.plan.task_count = 2;
  one.graph.task_count = 2;
  one.tasks[0].need_ns[BARO_NEED_CPU] = 140;
  one.tasks[0].input_bytes = 7000;
  one.node.reads_input = true;
  one.node.pieces_max = 50;
  one.terms[BARO_TERM_CORES_CONTENTION] = 0;
  one.terms[BARO_TERM_WARMING] = 0;
  assert_float_equal(end_of(&one, 0), 1000 + 140, 1e-4);
  one.change.cores_ratio = 2;
  one.change.changes_cores = true;
  assert_float_equal(end_of(&one, 0), 1000 + 40, 1e-3);
  one.tasks[0].is_early = true; /* half of what each takes is warming up, and each has that */
  one.tasks[1].is_early = true;
  one.terms[BARO_TERM_WARMING] = 0.5;
  assert_float_equal(end_of(&one, 0), 1000 + 70 + 20, 1e-3);
}

/* Where cores are scarce all that no clock explains waited for them, files or not. */
static void scarce_cores_explain_all(void **state) {
  (void)state;
  job one;
  make_job(&one, &(baro_graph_task){.need_ns = {[BARO_NEED_CPU] = 20, [BARO_NEED_OTHER] = 80}});
  one.node.reads_input = true;
  one.graph.is_local = true;
  one.terms[BARO_TERM_CORE_WAIT] = 0;
  one.change.cpu_ratio = 2;
  one.terms[BARO_TERM_DRIVER_SPEED] = 0;
  one.graph.core_wait_ratio = 1;
  assert_float_equal(end_of(&one, 0), 1000 + 4 * 90, 1e-4);
  one.graph.core_wait_ratio = 3;
  assert_float_equal(end_of(&one, 0), 1000 + 4 * 50, 1e-4);
}

/* First tasks that read more than later ones are larger, not slower. */
static void waves_are_measured_a_byte(void **state) {
  (void)state;
  job one;
  make_job(&one, &(baro_graph_task){.need_ns = {[BARO_NEED_CPU] = 100}, .input_bytes = 1000});
  for (int t = 0; t < 2; t++) {
    one.tasks[t].need_ns[BARO_NEED_CPU] = 600;
    one.tasks[t].input_bytes = 4000;
  }
  baro_arena keep = {0};
  baro_waves waves;
  assert_int_equal(baro_waves_measure(&one.graph, &keep, &waves), BARO_OK);
  assert_int_equal(waves.measured_stages, 1);
  assert_float_equal(waves.ratios[0], 1.5, 1e-6);
  one.tasks[5].input_bytes = 0; /* then sizes are not known */
  assert_int_equal(baro_waves_measure(&one.graph, &keep, &waves), BARO_OK);
  assert_float_equal(waves.ratios[0], 5, 1e-6);
  baro_arena_release(&keep);
}

/* One task of eight is as long as the others together. Cut in sixteen it is two halves, or one key. */
static void skew_may_not_be_cut(void **state) {
  (void)state;
  job one;
  make_job(&one, &(baro_graph_task){.need_ns = {[BARO_NEED_CPU] = 100}});
  one.tasks[0].need_ns[BARO_NEED_CPU] = 700;
  one.node.reads_shuffle = true;
  one.change.changes_partitions = true;
  one.change.partitions_ratio = 2;
  one.change.cores_ratio = 8;
  one.change.changes_cores = true;
  one.terms[BARO_TERM_CORES_CONTENTION] = 0;
  assert_float_equal(end_of(&one, 0), 1350, 1e-6);
  one.terms[BARO_TERM_SKEW] = 1; /* 525 above the mean of 175, and half of that mean */
  assert_float_equal(end_of(&one, 0), 1000 + 525 + 87.5, 1e-6);
  /* The sum is kept, however it is cut. */
  one.change.partitions_ratio = 0;
  one.change.partitions_count = 3;
  one.change.cores_ratio = 0.5;
  one.terms[BARO_TERM_QUEUED] = 0;
  assert_float_equal(end_of(&one, 0), 1000 + 1400, 1e-3);
}

/* More memory takes away what spilling cost; less than nothing it does not cost. */
static void spills_go_with_memory(void **state) {
  (void)state;
  job one;
  make_job(&one, &(baro_graph_task){.need_ns = {[BARO_NEED_CPU] = 60, [BARO_NEED_OTHER] = 40},
                                    .spilled_bytes = 1000,
                                    .spilled_disk_bytes = 500,
                                    .peak_bytes = 1000});
  one.graph.write_bytes_per_ns = 50; /* 500 bytes written and read: 20 ns */
  one.terms[BARO_TERM_SPILL_CPU] = 0;
  one.change.memory_ratio = one.change.execution_ratio = 10;
  assert_float_equal(end_of(&one, 0), 1000 + 4 * 80, 1e-6);
  one.change.memory_ratio = one.change.execution_ratio = 1.5;
  assert_float_equal(end_of(&one, 0), 1000 + 4 * 90, 1e-6);
  one.change.memory_ratio = one.change.execution_ratio = 0.5;
  assert_float_equal(end_of(&one, 0), 1000 + 4 * 110, 1e-6);
}

/* Two tasks at once share 4,000 bytes, and each needs 1,500 of its 2,000. What does not fit any more is spilled, and costs. */
static void what_no_longer_fits_is_spilled(void **state) {
  (void)state;
  job one;
  make_job(&one, &(baro_graph_task){.need_ns = {[BARO_NEED_CPU] = 60000}, .peak_bytes = 1500});
  one.graph.execution_bytes = 4000;
  one.node.reads_shuffle = true;
  one.terms[BARO_TERM_SPILL_COST] = 0;
  one.terms[BARO_TERM_SPILL_CPU] = 6;
  one.change.execution_ratio = 0.8; /* 1,600: it fits */
  assert_float_equal(end_of(&one, 0), 1000 + 4 * 60000, 1e-3);
  one.change.execution_ratio = 0.5; /* of 1,500 half of the 1,000 stays */
  assert_float_equal(end_of(&one, 0), 1000 + 4 * (60000 + 6 * 1000), 1e-3);
  one.terms[BARO_TERM_SPILL_ROOM] = 0.5; /* what did not spill had room: its own 1,500 at least */
  one.change.execution_ratio = 0.9;
  assert_float_equal(end_of(&one, 0), 1000 + 4 * (60000 + 6 * (1500 - 675)), 1e-3);
  one.terms[BARO_TERM_SPILL_ROOM] = 1;
  one.change.execution_ratio = 1;
  one.change.input_ratio = 2; /* 3,000 bytes */
  assert_float_equal(end_of(&one, 0), 1000 + 4 * (120000 + 6 * (3000 - 1000)), 1e-3);
  /* Whatever it was, the same again is the same. */
  for (int t = 0; t < TASKS; t++) {
    one.tasks[t].spilled_bytes = 700;
  }
  one.change.input_ratio = 1;
  assert_float_equal(end_of(&one, 0), 1000 + 4 * 60000, 1e-3);
  one.change.execution_ratio = 2; /* all that it spilled fits */
  assert_float_equal(end_of(&one, 0), 1000 + 4 * (60000 - 6 * 700), 1e-3);
  one.terms[BARO_TERM_SPILL_CPU] = 600; /* a task does more than spill */
  assert_float_equal(end_of(&one, 0), 1000 + 4 * 30000, 1e-3);
}

/* Local mode: twice the slots have half the memory each. Of a cluster they come with memory. */
static void slots_of_one_machine_share_memory(void **state) {
  (void)state;
  job one;
  make_job(&one, &(baro_graph_task){.need_ns = {[BARO_NEED_CPU] = 60000}, .peak_bytes = 1500});
  one.graph.execution_bytes = 4000;
  one.terms[BARO_TERM_CORES_CONTENTION] = 0;
  one.terms[BARO_TERM_CROWDED] = BARO_TERM_NOT_CROWDED;
  one.terms[BARO_TERM_SPILL_COST] = 0;
  one.terms[BARO_TERM_SPILL_CPU] = 6;
  one.change.cores_ratio = 2;
  one.change.changes_cores = true;
  assert_float_equal(end_of(&one, 0), 1000 + 2 * 60000, 1e-3);
  one.graph.is_local = true;
  assert_float_equal(end_of(&one, 0), 1000 + 2 * (60000 + 6 * (1500 - 500)), 1e-3);
}

/* The same seed draws the same tasks, which a pair of replays needs; another one others. */
static void bootstraps_can_be_paired(void **state) {
  (void)state;
  job one;
  make_job(&one, &(baro_graph_task){0});
  for (int t = 0; t < TASKS; t++) {
    one.tasks[t].need_ns[BARO_NEED_CPU] = (float)(1 << t);
  }
  double first = end_of(&one, 1);
  assert_float_equal(first, end_of(&one, 1), 0);
  bool differs = false;
  for (uint64_t seed = 2; seed < 10; seed++) {
    differs = differs || fabs(end_of(&one, seed) - first) > 0.5;
  }
  assert_true(differs);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(no_change_is_no_change),
      cmocka_unit_test(overlap_has_two_ends),
      cmocka_unit_test(waves_follow_the_slots),
      cmocka_unit_test(fewer_slots_wait_less),
      cmocka_unit_test(young_executors_warm_up),
      cmocka_unit_test(scans_are_cut_by_slots),
      cmocka_unit_test(more_local_slots_may_wait),
      cmocka_unit_test(fewer_local_slots_wait_less),
      cmocka_unit_test(scans_are_cut_by_bytes),
      cmocka_unit_test(scarce_cores_explain_all),
      cmocka_unit_test(waves_are_measured_a_byte),
      cmocka_unit_test(skew_may_not_be_cut),
      cmocka_unit_test(spills_go_with_memory),
      cmocka_unit_test(what_no_longer_fits_is_spilled),
      cmocka_unit_test(slots_of_one_machine_share_memory),
      cmocka_unit_test(bootstraps_can_be_paired),
      cmocka_unit_test(warming_up_does_not_grow_with_the_input),
  };
  return cmocka_run_group_tests_name("task_times", tests, NULL, NULL);
}

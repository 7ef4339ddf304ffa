/* The amounts of a profile: the run's own time, what the scheduler's statistics correct, errors, absurd values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <math.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/profile_fixture.h"
#include "support/recording_fixture.h"

/* cmocka's own compares floats, which is too coarse for sums of ns. */
static void assert_near(double value, double expected, double tolerance) {
  if (!(fabs(value - expected) <= tolerance)) {
    fail_msg("%.17g is not %.17g within %g", value, expected, tolerance);
  }
}

static uint64_t run_ns(const baro_profile *profile, uint32_t thread, baro_state state) {
  return profile->threads[thread].run_state_ns[state];
}

/* All amounts by state add up to the same whole, however they are grouped. */
static void check_sums(const baro_profile *profile) {
  for (int m = 0; m < BARO_MEASURE_COUNT; m++) {
    uint64_t functions_ns = 0;
    uint64_t frames_ns = 0;
    uint64_t nodes_ns = 0;
    uint64_t threads_ns = 0;
    for (uint32_t f = 0; f < profile->functions.count; f++) {
      functions_ns += profile->functions.self[m].all_ns[f];
    }
    for (uint32_t f = 0; f < profile->frames.count; f++) {
      frames_ns += profile->frames.self[m].all_ns[f];
    }
    for (uint32_t n = 0; n < profile->nodes.count; n++) {
      nodes_ns += baro_node_all_ns(&profile->nodes, (baro_measure)m, n);
    }
    for (uint32_t t = 0; t < profile->thread_count; t++) {
      for (int state = 0; state < BARO_STATE_COUNT; state++) {
        threads_ns += m == BARO_MEASURE_RUN ? profile->threads[t].run_state_ns[state]
                                            : profile->threads[t].state_ns[state];
      }
    }
    assert_int_equal(functions_ns, profile->all_ns[m]);
    assert_int_equal(frames_ns, profile->all_ns[m]);
    assert_int_equal(nodes_ns, profile->all_ns[m]);
    assert_int_equal(threads_ns, profile->all_ns[m]);
  }
}

/* Threads of one function each, in one process. */
typedef struct threads_given {
  given made;
  uint32_t thread[4];
  uint32_t stack[4];
} threads_given;

static threads_given given_threads(uint32_t count) {
  static const char *const names[] = {"f0", "f1", "f2", "f3"};
  threads_given all = {.made = given_begin()};
  uint32_t process = given_process(&all.made, 10, BARO_NONE_ID);
  for (uint32_t t = 0; t < count; t++) {
    uint32_t function = given_function(&all.made, names[t], "/app/app.py", t + 1, 0);
    all.stack[t] = given_stack(&all.made, BARO_NONE_ID, function, t + 1);
    all.thread[t] = given_thread(&all.made, process, 10 + t, names[t], t == 0);
  }
  return all;
}

static void sample(threads_given *all, uint32_t t, baro_state state, uint64_t time_ms,
                   uint64_t weight_ms) {
  given_sample(&all->made, all->thread[t], all->stack[t], state, time_ms * MS, weight_ms * MS);
}

/* The reason for this measure: workers that wait for work must not hide what runs. */
static void test_waits_do_not_hide_what_runs(void **state) {
  (void)state;
  threads_given all = given_threads(4);
  sample(&all, 0, BARO_STATE_CPU, 60, 60);
  sample(&all, 0, BARO_STATE_LOCK, 100, 40);
  for (uint32_t t = 1; t < 4; t++) {
    sample(&all, t, BARO_STATE_LOCK, 100, 100);
  }
  baro_profile *profile = given_profile(&all.made);
  check_sums(profile);
  assert_int_equal(run_ns(profile, 0, BARO_STATE_CPU), 60 * MS);
  for (uint32_t t = 0; t < 4; t++) {
    assert_int_equal(run_ns(profile, t, BARO_STATE_LOCK), 10 * MS);
  }
  assert_int_equal(profile->all_ns[BARO_MEASURE_RUN], 100 * MS);
  assert_int_equal(profile->all_ns[BARO_MEASURE_THREAD], 400 * MS);
  baro_profile_destroy(profile);
}

/* Two run, one joins them in the middle: each moment is split among those that run. */
static void test_running_threads_share_a_moment(void **state) {
  (void)state;
  threads_given all = given_threads(3);
  sample(&all, 0, BARO_STATE_CPU, 100, 100);
  sample(&all, 1, BARO_STATE_RUNNABLE, 100, 100);
  sample(&all, 2, BARO_STATE_SLEEP, 40, 40);
  sample(&all, 2, BARO_STATE_CPU, 100, 60);
  baro_profile *profile = given_profile(&all.made);
  check_sums(profile);
  assert_int_equal(run_ns(profile, 0, BARO_STATE_CPU), 40 * MS);
  assert_int_equal(run_ns(profile, 1, BARO_STATE_RUNNABLE), 40 * MS);
  assert_int_equal(run_ns(profile, 2, BARO_STATE_CPU), 20 * MS);
  assert_int_equal(run_ns(profile, 2, BARO_STATE_SLEEP), 0);
  baro_profile_destroy(profile);
}

/* Each rank of profile.h against the next: all wait, one by one stops. */
static void test_ranks(void **state) {
  (void)state;
  static const baro_state order[] = {
      BARO_STATE_CPU,     BARO_STATE_GIL,  BARO_STATE_DISK,    BARO_STATE_PIPE,  BARO_STATE_LOCK,
      BARO_STATE_UNKNOWN, BARO_STATE_IDLE, BARO_STATE_NETWORK, BARO_STATE_SLEEP, BARO_STATE_CHILD};
  for (size_t i = 0; i + 1 < sizeof(order) / sizeof(order[0]); i++) {
    if (order[i] == BARO_STATE_IDLE)
      continue;
    threads_given all = given_threads(2);
    if (i > 6) /* these are of a recording of two processes */
      (void)given_process(&all.made, 20, BARO_NONE_ID);
    sample(&all, 0, order[i], 10, 10);
    sample(&all, 1, order[i + 1], 30, 30);
    baro_profile *profile = given_profile(&all.made);
    assert_int_equal(run_ns(profile, 0, order[i]), 10 * MS);
    assert_int_equal(run_ns(profile, 1, order[i + 1]), 20 * MS);
    baro_profile_destroy(profile);
  }
}

/* A thread's intervals that overlap are not given twice, gaps not at all. */
static void test_overlaps_and_gaps(void **state) {
  (void)state;
  threads_given all = given_threads(2);
  sample(&all, 0, BARO_STATE_CPU, 10, 10);
  sample(&all, 0, BARO_STATE_CPU, 15, 10);
  sample(&all, 1, BARO_STATE_CPU, 30, 5);
  baro_profile *profile = given_profile(&all.made);
  assert_int_equal(run_ns(profile, 0, BARO_STATE_CPU), 15 * MS);
  assert_int_equal(run_ns(profile, 1, BARO_STATE_CPU), 5 * MS);
  assert_int_equal(profile->start_ns, 0);
  assert_int_equal(profile->end_ns, 30 * MS);
  baro_profile_destroy(profile);
}

/* Samples of a thread out of order, as no recorder of ours writes them. */
static void test_samples_are_sorted(void **state) {
  (void)state;
  threads_given all = given_threads(2);
  sample(&all, 0, BARO_STATE_CPU, 30, 10);
  sample(&all, 0, BARO_STATE_DISK, 10, 10);
  sample(&all, 1, BARO_STATE_IDLE, 30, 30);
  sample(&all, 0, BARO_STATE_SLEEP, 20, 10);
  baro_profile *profile = given_profile(&all.made);
  const baro_profile_thread *thread = &profile->threads[0];
  static const baro_state expected[] = {BARO_STATE_DISK, BARO_STATE_SLEEP, BARO_STATE_CPU};
  assert_int_equal(thread->sample_count, 3);
  for (uint64_t i = 0; i < 3; i++) {
    assert_int_equal(profile->samples.time_ns[thread->first_sample + i], (i + 1) * 10 * MS);
    assert_int_equal(profile->samples.state[thread->first_sample + i], expected[i]);
  }
  assert_int_equal(run_ns(profile, 1, BARO_STATE_IDLE), 0);
  baro_profile_destroy(profile);
}

/* Threads stand by process, whatever the order in which they were first seen. */
static void test_threads_are_grouped_by_process(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t first = given_process(&made, 10, BARO_NONE_ID);
  uint32_t second = given_process(&made, 20, first);
  uint32_t function = given_function(&made, "f", "/app/app.py", 1, 0);
  uint32_t stack = given_stack(&made, BARO_NONE_ID, function, 1);
  uint32_t tids[] = {20, 10, 21, 11};
  for (uint32_t i = 0; i < 4; i++) {
    uint32_t thread =
        given_thread(&made, tids[i] >= 20 ? second : first, tids[i], "t", tids[i] % 10 == 0);
    given_sample(&made, thread, stack, BARO_STATE_CPU, tids[i] * MS, MS);
  }
  baro_profile *profile = given_profile(&made);
  static const uint32_t expected[] = {10, 11, 20, 21};
  for (uint32_t t = 0; t < 4; t++) {
    assert_int_equal(profile->threads[t].os_tid, expected[t]);
    assert_int_equal(profile->samples.time_ns[profile->threads[t].first_sample], expected[t] * MS);
  }
  assert_int_equal(profile->processes[1].first_thread, 2);
  assert_int_equal(profile->processes[1].thread_count, 2);
  baro_profile_destroy(profile);
}

/* A sample of state cpu with what the scheduler says. */
static void scheduled(threads_given *all, uint64_t time_ns, uint64_t weight_ns, baro_state state,
                      uint64_t cpu_ns, uint64_t runnable_ns) {
  baro_sample_record record = {.time_ns = time_ns,
                               .weight_ns = weight_ns,
                               .ticks = 1,
                               .thread = all->thread[0],
                               .stack = all->stack[0],
                               .state = state,
                               .cpu_ns = cpu_ns,
                               .runnable_ns = runnable_ns};
  given_record(&all->made, &record);
}

static double share(const baro_profile *profile, baro_state state) {
  return (double)profile->threads[0].state_ns[state] / (double)profile->threads[0].wall_ns;
}

/* Movements come in lumps of 4 ms, 0 between; the first second runs alone, in the second it gets half a core. */
static void test_running_is_told_from_runnable(void **state) {
  (void)state;
  threads_given all = given_threads(1);
  for (uint64_t i = 1; i <= 2000; i++) {
    bool lump = i % 4 == 0;
    uint64_t runnable_ns = lump && i > 1000 ? 2 * MS : 0;
    scheduled(&all, i * MS, MS, BARO_STATE_CPU, lump ? 4 * MS - runnable_ns : 0, runnable_ns);
  }
  baro_profile *profile = given_profile(&all.made);
  check_sums(profile);
  assert_near(share(profile, BARO_STATE_CPU), 0.75, 0.001);
  assert_near(share(profile, BARO_STATE_RUNNABLE), 0.25, 0.001);
  assert_near(profile->samples.running_ratio[100], 1.0, 0.0001);
  assert_near(profile->samples.running_ratio[1500], 0.5, 0.0001);
  assert_int_equal(profile->cpu_ns, 1500 * MS);
  baro_sample_split split = baro_profile_sample_split(profile, &profile->threads[0], 1500);
  assert_near(split.state_ns, 0.5 * MS, 1);
  assert_near(split.runnable_ns, 0.5 * MS, 1);
  baro_profile_destroy(profile);
}

/* A collector that waits for a CPU does not run: what runs and collects is the thread's CPU time. */
static void test_collecting_is_told_from_runnable(void **state) {
  (void)state;
  threads_given all = given_threads(1);
  for (uint64_t i = 1; i <= 2000; i++) {
    bool lump = i % 4 == 0;
    scheduled(&all, i * MS, MS, i > 1000 ? BARO_STATE_COLLECTOR : BARO_STATE_CPU, lump ? MS : 0,
              lump ? 3 * MS : 0);
  }
  baro_profile *profile = given_profile(&all.made);
  check_sums(profile);
  assert_near(share(profile, BARO_STATE_CPU), 0.125, 0.001);
  assert_near(share(profile, BARO_STATE_COLLECTOR), 0.125, 0.001);
  assert_near(share(profile, BARO_STATE_RUNNABLE), 0.75, 0.001);
  baro_profile_destroy(profile);
}

/* Threads that ended before anybody looked are in the clock of their process, and nowhere else. */
static void test_cpu_time_is_that_of_the_processes(void **state) {
  (void)state;
  threads_given all = given_threads(1);
  uint32_t child = given_process(&all.made, 20, 0);
  scheduled(&all, 100 * MS, 100 * MS, BARO_STATE_CPU, 100 * MS, 0);
  given_process_cpu(&all.made, 0, 160 * MS);
  given_process_cpu(&all.made, child, 7 * MS);
  baro_profile *profile = given_profile(&all.made);
  assert_int_equal(profile->cpu_ns, 167 * MS);
  assert_int_equal(profile->unseen_cpu_ns, 67 * MS);
  assert_int_equal(profile->processes[0].cpu_ns, 160 * MS);
  assert_int_equal(profile->processes[1].cpu_ns, 7 * MS);
  assert_int_equal(profile->threads[0].cpu_ns, 100 * MS);
  baro_profile_destroy(profile);
}

/* A clock that was read earlier than the threads, or never, takes nothing away. */
static void test_cpu_time_is_at_least_that_of_the_threads(void **state) {
  (void)state;
  threads_given all = given_threads(1);
  scheduled(&all, 100 * MS, 100 * MS, BARO_STATE_CPU, 100 * MS, 0);
  given_process_cpu(&all.made, 0, 96 * MS);
  baro_profile *profile = given_profile(&all.made);
  assert_int_equal(profile->cpu_ns, 100 * MS);
  assert_int_equal(profile->unseen_cpu_ns, 0);
  assert_true(profile->has_cpu);
  baro_profile_destroy(profile);
}

/* A stopped program: its clock stood still, which is known. */
static void test_no_cpu_time_is_known_where_the_clock_was_read(void **state) {
  (void)state;
  threads_given all = given_threads(1);
  sample(&all, 0, BARO_STATE_UNKNOWN, 100, 100);
  given_process_cpu(&all.made, 0, 0);
  baro_profile *profile = given_profile(&all.made);
  assert_true(profile->has_cpu);
  assert_int_equal(profile->cpu_ns, 0);
  assert_false(profile->threads[0].has_cpu);
  baro_profile_destroy(profile);
}

/* Without statistics nothing is known beyond the samples, and the CPU time is unknown, not 0. */
static void test_no_scheduler_statistics(void **state) {
  (void)state;
  threads_given all = given_threads(1);
  for (uint64_t i = 1; i <= 100; i++) {
    sample(&all, 0, i % 2 == 0 ? BARO_STATE_CPU : BARO_STATE_DISK, i, 1);
  }
  baro_profile *profile = given_profile(&all.made);
  assert_false(profile->has_cpu);
  assert_false(profile->threads[0].has_cpu);
  assert_near(profile->threads[0].on_factor, 1, 0);
  assert_near(share(profile, BARO_STATE_CPU), 0.5, 0);
  baro_profile_destroy(profile);
}

/* 1,000 looks at a thread that is on the queue for exactly 40 %: chance says 44 %, the statistics correct it. */
static void test_totals_are_calibrated(void **state) {
  (void)state;
  threads_given all = given_threads(1);
  for (uint64_t i = 1; i <= 1000; i++) {
    bool on = i % 25 < 11;
    scheduled(&all, i * MS, MS,
              on           ? BARO_STATE_CPU
              : i % 2 == 0 ? BARO_STATE_DISK
                           : BARO_STATE_LOCK,
              i % 10 == 0 ? 4 * MS : 0, 0);
  }
  baro_profile *profile = given_profile(&all.made);
  check_sums(profile);
  assert_near(share(profile, BARO_STATE_CPU), 0.4, 1e-6);
  assert_near(share(profile, BARO_STATE_DISK) + share(profile, BARO_STATE_LOCK), 0.6, 1e-6);
  assert_near(profile->threads[0].on_factor, 0.4 / 0.44, 1e-6);
  baro_profile_destroy(profile);
}

/* Intervals that are known to be unmoved stay as they are: the correction falls on the others. */
static void test_calibration_leaves_unmoved_intervals(void **state) {
  (void)state;
  threads_given all = given_threads(1);
  for (uint64_t i = 1; i <= 200; i++) {
    scheduled(&all, i * MS, MS, i % 2 == 0 ? BARO_STATE_CPU : BARO_STATE_DISK,
              i % 5 == 0 ? 3 * MS : 0, 0);
  }
  baro_sample_record unmoved = {.time_ns = 1200 * MS,
                                .weight_ns = 1000 * MS,
                                .ticks = 1000,
                                .thread = all.thread[0],
                                .stack = all.stack[0],
                                .state = BARO_STATE_SLEEP};
  given_record(&all.made, &unmoved);
  baro_profile *profile = given_profile(&all.made);
  assert_int_equal(profile->threads[0].state_ns[BARO_STATE_CPU], 120 * MS);
  assert_int_equal(profile->threads[0].state_ns[BARO_STATE_DISK], 80 * MS);
  assert_int_equal(profile->threads[0].state_ns[BARO_STATE_SLEEP], 1000 * MS);
  baro_profile_destroy(profile);
}

/* Too few looks, unknown states, or statistics that contradict the samples: the samples stand. */
static void test_calibration_is_refused(void **state) {
  (void)state;
  for (int kind = 0; kind < 3; kind++) {
    threads_given all = given_threads(1);
    uint64_t count = kind == 0 ? 30 : 300;
    for (uint64_t i = 1; i <= count; i++) {
      baro_state other = kind == 1 && i % 4 == 1 ? BARO_STATE_UNKNOWN : BARO_STATE_LOCK;
      uint64_t cpu_ns = kind == 2 ? MS / 10 : 6 * MS / 10;
      scheduled(&all, i * MS, MS, i % 2 == 0 ? BARO_STATE_CPU : other, cpu_ns, 0);
    }
    baro_profile *profile = given_profile(&all.made);
    assert_near(profile->threads[0].on_factor, 1, 0);
    assert_near(profile->threads[0].off_factor, 1, 0);
    baro_profile_destroy(profile);
  }
}

/* Equal weights: the binomial error. A long unmoved sample counts as its ticks. */
static void test_standard_error(void **state) {
  (void)state;
  threads_given all = given_threads(2);
  uint64_t time_ms = 0;
  for (int i = 0; i < 300; i++) {
    given_sample(&all.made, all.thread[0], all.stack[i % 3 == 0], BARO_STATE_CPU, ++time_ms * MS,
                 MS);
  }
  baro_sample_record merged = {.time_ns = 400 * MS,
                               .weight_ns = 100 * MS,
                               .ticks = 100,
                               .thread = all.thread[0],
                               .stack = all.stack[0],
                               .state = BARO_STATE_DISK};
  given_record(&all.made, &merged);
  /* Idle is no part of the basis. */
  given_sample(&all.made, all.thread[0], all.stack[0], BARO_STATE_IDLE, 5000 * MS, 4600 * MS);
  baro_profile *profile = given_profile(&all.made);
  assert_int_equal(baro_profile_basis_ns(profile, BARO_MEASURE_RUN), 400 * MS);
  for (int m = 0; m < BARO_MEASURE_COUNT; m++) {
    double ratio = (double)baro_amount_busy(&profile->functions.self[m], 1) / (400 * MS);
    assert_near(ratio, 0.25, 1e-9);
    double error = baro_profile_ratio_error(profile, (baro_measure)m, ratio,
                                            profile->functions.self_square[m][1]);
    assert_near(error, sqrt(0.25 * 0.75 / 400), 1e-6);
  }
  baro_profile_destroy(profile);
}

/* The error that is told is the error that is made: 400 runs of 300 looks at a share of 30 %, at intervals of
 * unequal length. The spread of the shares is known within 4 %; a formula that is off by 20 % fails. */
static void test_standard_error_is_what_chance_does(void **state) {
  (void)state;
  enum { RUNS = 400, LOOKS = 300 };
  fixture_random random = {.state = 42};
  double sum = 0;
  double squares = 0;
  double told = 0;
  for (int run = 0; run < RUNS; run++) {
    threads_given all = given_threads(2);
    uint64_t time_ns = 0;
    for (int i = 0; i < LOOKS; i++) {
      uint64_t weight_ns = (uint64_t)(-log(1 - fixture_uniform(&random)) * 1e6) + 1;
      time_ns += weight_ns;
      given_sample(&all.made, all.thread[0], all.stack[fixture_uniform(&random) < 0.3],
                   BARO_STATE_CPU, time_ns, weight_ns);
    }
    baro_profile *profile = given_profile(&all.made);
    double basis = (double)baro_profile_basis_ns(profile, BARO_MEASURE_RUN);
    double ratio = (double)profile->functions.self[BARO_MEASURE_RUN].all_ns[1] / basis;
    sum += ratio;
    squares += ratio * ratio;
    told += baro_profile_ratio_error(profile, BARO_MEASURE_RUN, ratio,
                                     profile->functions.self_square[BARO_MEASURE_RUN][1]);
    baro_profile_destroy(profile);
  }
  double spread = sqrt(squares / RUNS - sum / RUNS * (sum / RUNS));
  assert_near(told / RUNS / spread, 1, 0.2);
}

/* Sums saturate and nothing is undefined, as the sanitizer builds would tell. */
static void test_absurd_values(void **state) {
  (void)state;
  threads_given all = given_threads(2);
  uint64_t values[] = {UINT64_MAX, UINT64_MAX - 1, UINT64_MAX / 2, 1, 0, 1ull << 63};
  for (size_t i = 0; i < 6; i++) {
    for (size_t j = 0; j < 6; j++) {
      baro_sample_record record = {.time_ns = values[i],
                                   .weight_ns = values[j],
                                   .ticks = (uint32_t)values[(i + j) % 6],
                                   .thread = all.thread[(i + j) % 2],
                                   .stack = all.stack[j % 2],
                                   .state = (baro_state)(i == 4 ? 4711 : i * 2),
                                   .cpu_ns = values[5 - i],
                                   .runnable_ns = values[5 - j]};
      given_record(&all.made, &record);
    }
  }
  baro_profile *profile = given_profile(&all.made);
  assert_int_equal(profile->wall_ns, UINT64_MAX);
  assert_true(profile->state_ns[BARO_MEASURE_THREAD][BARO_STATE_UNKNOWN] > 0);
  for (uint64_t s = 0; s < profile->samples.count; s++) {
    assert_true(profile->samples.running_ratio[s] >= 0 && profile->samples.running_ratio[s] <= 1);
    assert_true(profile->samples.ticks[s] > 0);
  }
  baro_profile_destroy(profile);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_waits_do_not_hide_what_runs),
      cmocka_unit_test(test_running_threads_share_a_moment),
      cmocka_unit_test(test_ranks),
      cmocka_unit_test(test_overlaps_and_gaps),
      cmocka_unit_test(test_samples_are_sorted),
      cmocka_unit_test(test_threads_are_grouped_by_process),
      cmocka_unit_test(test_running_is_told_from_runnable),
      cmocka_unit_test(test_collecting_is_told_from_runnable),
      cmocka_unit_test(test_cpu_time_is_that_of_the_processes),
      cmocka_unit_test(test_cpu_time_is_at_least_that_of_the_threads),
      cmocka_unit_test(test_no_cpu_time_is_known_where_the_clock_was_read),
      cmocka_unit_test(test_no_scheduler_statistics),
      cmocka_unit_test(test_totals_are_calibrated),
      cmocka_unit_test(test_calibration_leaves_unmoved_intervals),
      cmocka_unit_test(test_calibration_is_refused),
      cmocka_unit_test(test_standard_error),
      cmocka_unit_test(test_standard_error_is_what_chance_does),
      cmocka_unit_test(test_absurd_values),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

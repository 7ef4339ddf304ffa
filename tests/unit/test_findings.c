/* What stands out: each kind of finding in a run that has it, with its seconds, and none of them in a run that has not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "explain/cpu_wait.h"
#include "explain/explain.h"
#include "explain/finding_kinds.h"
#include "support/profile_fixture.h"

typedef struct job {
  given made;
  uint32_t slots[2];
  uint32_t stack;
  uint32_t next_partition;
  baro_profile *profile;
  baro_explanation all;
} job;

static job begin(void) {
  job j = {.made = given_begin()};
  uint32_t process = given_process(&j.made, 1, BARO_NONE_ID);
  j.slots[0] = given_thread(&j.made, process, 1, "slot 1", false);
  j.slots[1] = given_thread(&j.made, process, 2, "slot 2", false);
  uint32_t function = given_function(&j.made, "stage", "", 0, 0);
  j.stack = given_stack(&j.made, BARO_NONE_ID, function, 0);
  return j;
}

static uint32_t stage(job *j, const char *name) {
  return given_operator(&j->made, "spark.stage", name, BARO_NONE_ID);
}

/* A part of a task's time. */
typedef struct part {
  baro_state state;
  uint64_t ms;
} part;

typedef struct amount {
  const char *key;
  uint64_t value;
} amount;

/* A task that does its parts one after the other, from start_ms on. */
typedef struct told {
  uint32_t of;
  uint32_t slot;
  uint64_t start_ms;
  part parts[3];
  amount amounts[3];
  baro_task_outcome outcome; /* UNKNOWN stands for a success */
} told;

static void task(job *j, const told *one) {
  baro_task_amount amounts[4];
  uint64_t at_ms = one->start_ms;
  baro_task_record record = {.operator_id = one->of,
                             .thread = j->slots[one->slot],
                             .start_ns = at_ms * MS,
                             .outcome = one->outcome == BARO_TASK_UNKNOWN ? BARO_TASK_SUCCEEDED
                                                                          : one->outcome,
                             .amounts = amounts};
  for (size_t i = 0; i < 3 && one->parts[i].ms != 0; i++) {
    at_ms += one->parts[i].ms;
    given_sample(&j->made, record.thread, j->stack, one->parts[i].state, at_ms * MS,
                 one->parts[i].ms * MS);
  }
  record.end_ns = at_ms * MS;
  amounts[record.amount_count++] =
      (baro_task_amount){given_string(&j->made, baro_view_of("partition")), j->next_partition++};
  for (size_t i = 0; i < 3 && one->amounts[i].key != NULL; i++) {
    amounts[record.amount_count++] = (baro_task_amount){
        given_string(&j->made, baro_view_of(one->amounts[i].key)), one->amounts[i].value};
  }
  given_task(&j->made, &record);
}

static void explain(job *j) {
  j->profile = given_profile(&j->made);
  assert_int_equal(baro_explain(j->profile, &j->all), BARO_OK);
}

static void end(job *j) {
  baro_explanation_release(&j->all);
  baro_profile_destroy(j->profile);
}

static const baro_finding *found(const job *j, const char *key) {
  for (uint32_t i = 0; i < j->all.finding_count; i++) {
    if (strcmp(j->all.findings[i].kind->key, key) == 0) {
      return &j->all.findings[i];
    }
  }
  return NULL;
}

static const baro_finding *expect(const job *j, const char *key, uint64_t ms) {
  const baro_finding *finding = found(j, key);
  assert_non_null(finding);
  assert_int_equal(finding->explains_ns, ms * MS);
  return finding;
}

static double number(const baro_finding *finding, const char *key) {
  for (uint32_t i = 0; i < finding->number_count; i++) {
    if (strcmp(finding->numbers[i].key, key) == 0) {
      return finding->numbers[i].value;
    }
  }
  fail_msg("no number %s", key);
  return 0;
}

/* Both slots at work from begin to end, on tasks of one size: nothing to say. */
static void test_a_run_without_waits_has_no_findings(void **state) {
  (void)state;
  job j = begin();
  uint32_t a = stage(&j, "stage 0");
  for (uint32_t t = 0; t < 4; t++) {
    task(&j, &(told){.of = a,
                     .slot = t % 2,
                     .start_ms = t / 2 * 500,
                     .parts = {{BARO_STATE_CPU, 500}},
                     .amounts = {{"cpu_ns", 500 * MS}}});
  }
  explain(&j);
  assert_int_equal(j.all.finding_count, 0);
  assert_int_equal(j.all.run_ns, 1000 * MS);
  assert_string_equal(j.all.resources[0].key, "cpu");
  assert_int_equal(j.all.resources[0].path_ns, 1000 * MS);
  assert_int_equal(j.all.resources[0].task_ns, 2000 * MS);
  assert_int_equal(j.all.resources[0].evidence, BARO_EVIDENCE_MEASURED);
  end(&j);
}

/* One of four partitions has ten times the rows, and comes last. */
static void slow_partition(job *j, uint64_t rows) {
  uint32_t a = stage(j, "stage 0");
  for (uint32_t t = 0; t < 3; t++) {
    task(j, &(told){.of = a,
                    .slot = t % 2,
                    .start_ms = t / 2 * 100,
                    .parts = {{BARO_STATE_CPU, 100}},
                    .amounts = {{"shuffle_read_rows", 100}}});
  }
  task(j, &(told){.of = a,
                  .slot = 1,
                  .start_ms = 100,
                  .parts = {{BARO_STATE_CPU, 900}},
                  .amounts = {{"shuffle_read_rows", rows}}});
  explain(j);
}

static void test_skew_is_what_even_partitions_would_save(void **state) {
  (void)state;
  job j = begin();
  slow_partition(&j, 1000);
  /* 1,000 ms for 1,200 ms of work on two slots. */
  const baro_finding *skew = expect(&j, "skew", 400);
  assert_true(number(skew, "partition") == 3);
  assert_true(number(skew, "rows") == 1000 && number(skew, "median_rows") == 100);
  assert_true(number(skew, "longest_ns") == 900e6 && number(skew, "median_ns") == 100e6);
  assert_null(found(&j, "straggler"));
  end(&j);
}

static void test_slow_with_the_same_data_is_a_straggler(void **state) {
  (void)state;
  job j = begin();
  slow_partition(&j, 110);
  (void)expect(&j, "straggler", 400);
  assert_null(found(&j, "skew"));
  (void)expect(&j, "idle_slots", 400); /* 800 ms of one of two */
  end(&j);
}

/* Stages that lose less than a hundredth of the run each: together much, and one finding. */
static void test_what_is_small_in_many_stages_is_one_finding(void **state) {
  (void)state;
  enum { STAGES = 80 };
  job j = begin();
  for (uint32_t s = 0; s < STAGES; s++) {
    uint32_t a = stage(&j, "stage");
    uint64_t slow_ms = s == 7 ? 60 : 40;
    for (uint32_t t = 0; t < 2; t++) {
      task(&j, &(told){.of = a,
                       .slot = t,
                       .start_ms = s * 100,
                       .parts = {{BARO_STATE_CPU, t == 0 ? 20 : slow_ms}}});
    }
  }
  explain(&j);
  const baro_finding *slow = expect(&j, "straggler", (STAGES - 1) * 10 + 20);
  assert_int_equal(slow->operator_id, 7);
  assert_int_equal(slow->others, STAGES - 1);
  assert_true(number(slow, "longest_ns") == 60e6);
  end(&j);
}

/* Started first, the large partition costs nothing: it is told, with no seconds, and last. */
static void test_skew_that_others_hide_explains_nothing(void **state) {
  (void)state;
  job j = begin();
  uint32_t a = stage(&j, "stage 0");
  task(&j, &(told){.of = a,
                   .slot = 0,
                   .parts = {{BARO_STATE_CPU, 900}},
                   .amounts = {{"shuffle_read_rows", 9000}}});
  for (uint32_t t = 0; t < 9; t++) {
    task(&j, &(told){.of = a,
                     .slot = 1,
                     .start_ms = t * 100,
                     .parts = {{BARO_STATE_CPU, 100}},
                     .amounts = {{"shuffle_read_rows", 1000}}});
  }
  explain(&j);
  const baro_finding *skew = expect(&j, "skew", 0);
  assert_ptr_equal(skew, &j.all.findings[j.all.finding_count - 1]);
  end(&j);
}

static void test_few_partitions_leave_slots_without_work(void **state) {
  (void)state;
  job j = begin();
  uint32_t a = stage(&j, "stage 0");
  uint32_t b = stage(&j, "stage 1");
  task(&j, &(told){.of = a, .slot = 0, .parts = {{BARO_STATE_CPU, 200}}});
  task(&j, &(told){.of = a, .slot = 1, .parts = {{BARO_STATE_CPU, 200}}});
  task(&j, &(told){.of = b, .slot = 0, .start_ms = 200, .parts = {{BARO_STATE_CPU, 600}}});
  explain(&j);
  const baro_finding *few = expect(&j, "few_partitions", 300); /* no more than idle_slots has */
  (void)expect(&j, "idle_slots", 300);
  assert_int_equal(few->operator_id, b);
  end(&j);
}

/* 2 ms on their way, 1 ms of work, 1 ms until the slot has the next one. */
static void test_many_partitions_are_mostly_on_their_way(void **state) {
  (void)state;
  job j = begin();
  uint32_t a = stage(&j, "stage 0");
  given_fact(&j.made, a, "submitted_ns", "0");
  for (uint32_t t = 0; t < 100; t++) {
    task(&j, &(told){.of = a,
                     .slot = t % 2,
                     .start_ms = t / 2 * 4,
                     .parts = {{BARO_STATE_IDLE, 2}, {BARO_STATE_CPU, 1}},
                     .amounts = {{"cpu_ns", MS}}});
  }
  explain(&j);
  const baro_finding *many = expect(&j, "many_partitions", 50 * 2 + 49);
  assert_true(number(many, "gaps_ns") == 49e6);
  end(&j);
}

static void test_failed_attempts_on_the_path(void **state) {
  (void)state;
  job j = begin();
  uint32_t a = stage(&j, "stage 0");
  task(&j,
       &(told){.of = a, .slot = 0, .parts = {{BARO_STATE_CPU, 300}}, .outcome = BARO_TASK_FAILED});
  task(&j, &(told){.of = a, .slot = 1, .parts = {{BARO_STATE_CPU, 290}}});
  task(&j, &(told){.of = a, .slot = 0, .start_ms = 300, .parts = {{BARO_STATE_CPU, 300}}});
  explain(&j);
  const baro_finding *attempts = expect(&j, "attempts", 300);
  assert_true(number(attempts, "failed") == 1 && number(attempts, "killed") == 0);
  end(&j);
}

/* 1 MB was written to disk in 10 ms: 3 MB spilled, written and read, are 60 ms; but no more than what nothing else explains. */
static void test_spill_is_bytes_by_the_measured_rate(void **state) {
  (void)state;
  for (int round = 0; round < 2; round++) {
    job j = begin();
    uint32_t a = stage(&j, "stage 0");
    uint64_t unmeasured_ms = round == 0 ? 100 : 40;
    task(&j, &(told){.of = a,
                     .parts = {{BARO_STATE_CPU, 200}, {BARO_STATE_UNKNOWN, unmeasured_ms}},
                     .amounts = {{"disk_spilled_bytes", 3000000},
                                 {"shuffle_written_bytes", 1000000},
                                 {"shuffle_write_ns", 10 * MS}}});
    explain(&j);
    const baro_finding *spill = expect(&j, "spill", round == 0 ? 60 : 40);
    assert_int_equal(spill->evidence, BARO_EVIDENCE_DERIVED);
    end(&j);
  }
}

static void test_collector_network_and_disk_of_the_path(void **state) {
  (void)state;
  job j = begin();
  uint32_t a = stage(&j, "stage 0");
  task(&j,
       &(told){
           .of = a,
           .slot = 0,
           .parts = {{BARO_STATE_COLLECTOR, 100}, {BARO_STATE_NETWORK, 50}, {BARO_STATE_DISK, 25}},
           .amounts = {{"gc_ns", 100 * MS}}});
  task(&j, &(told){.of = a, .slot = 1, .parts = {{BARO_STATE_COLLECTOR, 150}}});
  explain(&j);
  assert_int_equal(expect(&j, "garbage", 100)->evidence, BARO_EVIDENCE_MEASURED);
  assert_true(number(found(&j, "garbage"), "all_ns") == 250e6);
  assert_int_equal(expect(&j, "network", 50)->evidence, BARO_EVIDENCE_DERIVED);
  (void)expect(&j, "disk", 25);
  end(&j);
}

/* Flink's tasks say what they waited for input and for the next one; nobody calls that their way to the slot. */
static void test_who_is_held_back_and_who_starves(void **state) {
  (void)state;
  job j = begin();
  uint32_t from = given_operator(&j.made, "flink.vertex", "source", BARO_NONE_ID);
  uint32_t to = given_operator(&j.made, "flink.vertex", "sink", BARO_NONE_ID);
  given_edge(&j.made, from, to);
  task(&j, &(told){.of = from,
                   .slot = 0,
                   .parts = {{BARO_STATE_UNKNOWN, 20}, {BARO_STATE_PIPE, 80}},
                   .amounts = {{"backpressured_ns", 80 * MS}}});
  task(&j, &(told){.of = to,
                   .slot = 1,
                   .start_ms = 100,
                   .parts = {{BARO_STATE_IDLE, 70}, {BARO_STATE_UNKNOWN, 130}},
                   .amounts = {{"idle_ns", 70 * MS}}});
  explain(&j);
  const baro_finding *held = expect(&j, "back_pressure", 80);
  assert_int_equal(held->operator_id, from);
  assert_int_equal(held->evidence, BARO_EVIDENCE_MEASURED);
  const baro_finding *starved = expect(&j, "starved", 70);
  assert_int_equal(starved->operator_id, to);
  assert_int_equal(starved->evidence, BARO_EVIDENCE_MEASURED);
  assert_null(found(&j, "many_partitions"));
  assert_null(found(&j, "python_workers"));
  end(&j);
}

static void test_python_workers_are_in_the_time_without_a_clock(void **state) {
  (void)state;
  for (int round = 0; round < 2; round++) {
    job j = begin();
    uint32_t a = stage(&j, "stage 0");
    given_fact(&j.made, a, "scope", round == 0 ? "Scan, BatchEvalPython" : "Scan, Project");
    task(&j, &(told){.of = a, .parts = {{BARO_STATE_CPU, 20}, {BARO_STATE_UNKNOWN, 80}}});
    explain(&j);
    if (round == 0) {
      (void)expect(&j, "python_workers", 80);
    } else {
      assert_null(found(&j, "python_workers"));
    }
    end(&j);
  }
}

/* Forged: lengths that no sum has room for, and one slot that has run all of them. */
static void test_times_without_end_are_survived(void **state) {
  (void)state;
  job j = begin();
  uint32_t a = stage(&j, "stage 0");
  for (int i = 0; i < 8; i++) {
    given_task(&j.made, &(baro_task_record){.operator_id = a,
                                            .thread = j.slots[i % 2],
                                            .start_ns = (uint64_t)i,
                                            .end_ns = UINT64_MAX - (uint64_t)i});
  }
  explain(&j);
  assert_int_equal(j.all.run_ns, UINT64_MAX);
  assert_int_equal(j.all.operators[0].task_ns, UINT64_MAX);
  end(&j);
}

/* --- sampled programs --- */

static void test_waits_of_a_program_by_reason_and_place(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t process = given_process(&made, 1, BARO_NONE_ID);
  uint32_t thread = given_thread(&made, process, 1, "main", true);
  uint32_t load = given_function(&made, "load", "/srv/app.py", 3, 0);
  uint32_t read = given_function(&made, "read", "/usr/lib/python3.12/gzip.py", 9, 0);
  uint32_t parse = given_function(&made, "parse", "/srv/app.py", 30, 0);
  uint32_t load_stack = given_stack(&made, BARO_NONE_ID, load, 4);
  uint32_t read_stack = given_stack(&made, load_stack, read, 10);
  uint32_t parse_stack = given_stack(&made, BARO_NONE_ID, parse, 31);
  for (uint64_t i = 1; i <= 100; i++) {
    bool waits = i <= 60;
    given_sample(&made, thread,
                 waits     ? read_stack
                 : i <= 99 ? parse_stack
                           : load_stack,
                 waits     ? BARO_STATE_DISK
                 : i <= 99 ? BARO_STATE_CPU
                           : BARO_STATE_SLEEP,
                 i * 10 * MS, 10 * MS);
  }
  job j = {.made = made};
  explain(&j);
  assert_false(j.all.is_dataflow);
  assert_int_equal(j.all.finding_count, 2); /* one look at a sleep says nothing */
  const baro_finding *file = expect(&j, "file", 600);
  const baro_profile_functions *functions = &j.profile->functions;
  assert_string_equal(
      (const char *)baro_profile_string(j.profile, functions->rows[file->function].qualified_string)
          .data,
      "load");
  assert_string_equal(
      (const char *)baro_profile_string(j.profile, functions->rows[file->inner].qualified_string)
          .data,
      "read");
  const baro_finding *cpu = expect(&j, "cpu", 390);
  assert_string_equal(
      (const char *)baro_profile_string(j.profile, functions->rows[cpu->function].qualified_string)
          .data,
      "parse");
  end(&j);
}

/* Two threads take turns: all the time one of them runs, so that the run's own time has no wait for the GIL. */
static void test_the_gil_explains_the_longest_wait_of_a_thread(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t process = given_process(&made, 1, BARO_NONE_ID);
  uint32_t threads[] = {given_thread(&made, process, 1, "main", true),
                        given_thread(&made, process, 2, "worker", false)};
  uint32_t function = given_function(&made, "busy", "/srv/app.py", 3, 0);
  uint32_t stack = given_stack(&made, BARO_NONE_ID, function, 4);
  for (uint64_t i = 1; i <= 100; i++) {
    uint32_t runs = i % 5 == 0; /* the worker gets a fifth */
    given_sample(&made, threads[runs], stack, BARO_STATE_CPU, i * 10 * MS, 10 * MS);
    given_sample(&made, threads[1 - runs], stack, BARO_STATE_GIL, i * 10 * MS, 10 * MS);
  }
  job j = {.made = made};
  explain(&j);
  const baro_finding *gil = expect(&j, "gil", 800);
  assert_true(number(gil, "threads_ns") == 1000e6);
  end(&j);
}

/* Four threads take a lock in turn: the run's own time has none of the waits, and no finding said a word of them. Whoever waits for
 * the threads' end waits for no lock, and neither does a thread of a math library that has no work. */
static void test_a_lock_is_named_where_threads_wait_for_it(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t process = given_process(&made, 1, BARO_NONE_ID);
  uint32_t joining = given_thread(&made, process, 1, "main", true);
  uint32_t threads[4];
  for (uint32_t t = 0; t < 4; t++) {
    threads[t] = given_thread(&made, process, 2 + t, "worker", false);
  }
  uint32_t load = given_function(&made, "load", "/srv/app.py", 3, 0);
  uint32_t join = given_function(&made, "join", "/usr/lib/python3.12/threading.py", 9, 0);
  uint32_t start = given_function(&made, "start", "/srv/app.py", 30, 0);
  uint32_t stack = given_stack(&made, BARO_NONE_ID, load, 4);
  uint32_t join_stack = given_stack(&made, given_stack(&made, BARO_NONE_ID, start, 31), join, 9);
  uint32_t none = given_function(&made, "", "", 0, BARO_FUNCTION_NO_PYTHON);
  uint32_t native = given_thread(&made, process, 7, "blas", false);
  uint32_t native_stack = given_stack(&made, BARO_NONE_ID, none, 0);
  for (uint64_t i = 1; i <= 100; i++) {
    given_sample(&made, joining, join_stack, BARO_STATE_LOCK, i * 10 * MS, 10 * MS);
    given_sample(&made, native, native_stack, BARO_STATE_LOCK, i * 10 * MS, 10 * MS);
    for (uint32_t t = 0; t < 4; t++) {
      bool runs = t == (i <= 40 ? 0 : i % 4);
      given_sample(&made, threads[t], stack, runs ? BARO_STATE_CPU : BARO_STATE_LOCK, i * 10 * MS,
                   10 * MS);
    }
  }
  job j = {.made = made};
  explain(&j);
  const baro_finding *lock = expect(&j, "lock", 850); /* of one that ran 15 of 60 turns */
  assert_true(number(lock, "threads") == 4);
  assert_true(number(lock, "threads_ns") == 3000e6);
  assert_true(number(lock, "place_ns") == 3000e6);
  assert_true(number(lock, "run_ns") == 0);
  assert_string_equal((const char *)baro_profile_string(
                          j.profile, j.profile->functions.rows[lock->function].qualified_string)
                          .data,
                      "load");
  end(&j);
}

/* Samples of 1 s among steps of 20 ms: for 5 s of 15 two threads share one CPU, and wait a fifth of their time. */
static void test_long_samples_are_spread(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t process = given_process(&made, 1, BARO_NONE_ID);
  uint32_t function = given_function(&made, "busy", "/srv/app.py", 3, 0);
  uint32_t stack = given_stack(&made, BARO_NONE_ID, function, 4);
  given_info(&made, "cpu_count", "1");
  for (uint32_t t = 0; t < 2; t++) {
    uint32_t thread = given_thread(&made, process, 1 + t, "worker", t == 0);
    for (uint64_t i = 1; i <= 15 - 10 * t; i++) {
      given_record(&made, &(baro_sample_record){.thread = thread,
                                                .stack = stack,
                                                .state = BARO_STATE_CPU,
                                                .time_ns = i * 1003 * MS,
                                                .weight_ns = 1003 * MS,
                                                .ticks = 1003,
                                                .cpu_ns = 800 * MS,
                                                .runnable_ns = 203 * MS});
    }
  }
  baro_profile *profile = given_profile(&made);
  baro_cpu_wait wait;
  assert_int_equal(baro_cpu_wait_find(profile, &wait), BARO_OK);
  assert_in_range((uint64_t)(wait.wait_ns / 1e6), 20 * 203 - 20, 20 * 203 + 20);
  assert_in_range((uint64_t)(wait.own_ns / 1e6), 10 * 203 - 20, 10 * 203 + 20);
  assert_int_equal(wait.cpu_count, 1);
  baro_profile_destroy(profile);
}

/* A program whose threads share `cpus` CPUs: half of the time that each wants one it waits. */
static const char *advice_of(uint32_t thread_count, const char *cpus) {
  given made = given_begin();
  uint32_t process = given_process(&made, 1, BARO_NONE_ID);
  uint32_t function = given_function(&made, "busy", "/srv/app.py", 3, 0);
  uint32_t stack = given_stack(&made, BARO_NONE_ID, function, 4);
  given_info(&made, "cpu_count", cpus);
  for (uint32_t t = 0; t < thread_count; t++) {
    uint32_t thread = given_thread(&made, process, 1 + t, "worker", t == 0);
    for (uint64_t i = 1; i <= 100; i++) {
      given_record(&made, &(baro_sample_record){.thread = thread,
                                                .stack = stack,
                                                .state = BARO_STATE_CPU,
                                                .time_ns = i * 10 * MS,
                                                .weight_ns = 10 * MS,
                                                .ticks = 1,
                                                .cpu_ns = 5 * MS,
                                                .runnable_ns = 5 * MS});
    }
  }
  job j = {.made = made};
  explain(&j);
  const baro_finding *finding = found(&j, "runnable");
  assert_non_null(finding);
  const char *advice = finding->advice;
  end(&j);
  return advice;
}

/* "fewer workers" was the advice to a program of one thread that others kept from the CPU. */
static void test_fewer_workers_help_who_has_more_than_cpus(void **state) {
  (void)state;
  assert_non_null(strstr(advice_of(1, "2"), "other programs"));
  assert_non_null(strstr(advice_of(2, "2"), "other programs"));
  assert_null(advice_of(3, "2"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_run_without_waits_has_no_findings),
      cmocka_unit_test(test_skew_is_what_even_partitions_would_save),
      cmocka_unit_test(test_slow_with_the_same_data_is_a_straggler),
      cmocka_unit_test(test_what_is_small_in_many_stages_is_one_finding),
      cmocka_unit_test(test_skew_that_others_hide_explains_nothing),
      cmocka_unit_test(test_few_partitions_leave_slots_without_work),
      cmocka_unit_test(test_many_partitions_are_mostly_on_their_way),
      cmocka_unit_test(test_failed_attempts_on_the_path),
      cmocka_unit_test(test_spill_is_bytes_by_the_measured_rate),
      cmocka_unit_test(test_collector_network_and_disk_of_the_path),
      cmocka_unit_test(test_who_is_held_back_and_who_starves),
      cmocka_unit_test(test_python_workers_are_in_the_time_without_a_clock),
      cmocka_unit_test(test_times_without_end_are_survived),
      cmocka_unit_test(test_waits_of_a_program_by_reason_and_place),
      cmocka_unit_test(test_the_gil_explains_the_longest_wait_of_a_thread),
      cmocka_unit_test(test_a_lock_is_named_where_threads_wait_for_it),
      cmocka_unit_test(test_long_samples_are_spread),
      cmocka_unit_test(test_fewer_workers_help_who_has_more_than_cpus),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

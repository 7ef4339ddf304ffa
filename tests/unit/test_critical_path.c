/* The critical path: what a task waited for, what gaps are, and that its steps are the run without holes whatever the tasks are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "explain/critical_path.h"
#include "support/profile_fixture.h"
#include "support/recording_fixture.h"

typedef struct run {
  given made;
  uint32_t slots[3]; /* the last one of an executor that starts at 500 ms */
  uint32_t application;
  uint32_t job;
} run;

static void fact_ms(run *r, uint32_t operator_id, const char *key, uint64_t ms) {
  char text[32];
  (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)(ms * MS));
  given_fact(&r->made, operator_id, key, text);
}

static run begin(void) {
  run r = {.made = given_begin()};
  baro_error err = {0};
  uint32_t process = given_process(&r.made, 1, BARO_NONE_ID);
  r.slots[0] = given_thread(&r.made, process, 1, "slot 1", false);
  r.slots[1] = given_thread(&r.made, process, 2, "slot 2", false);
  baro_process_record late = {.os_pid = 2,
                              .parent_process = BARO_NONE_ID,
                              .start_ns = 500 * MS,
                              .command_string = given_string(&r.made, baro_view_of("late")),
                              .python_string = given_string(&r.made, baro_view_of(""))};
  assert_int_equal(r.made.visitor->process(r.made.visitor->context, r.made.processes, &late, &err),
                   BARO_OK);
  r.slots[2] = given_thread(&r.made, r.made.processes++, 1, "slot 1", false);
  r.application = given_operator(&r.made, "spark.application", "app", BARO_NONE_ID);
  fact_ms(&r, r.application, "submitted_ns", 10);
  fact_ms(&r, r.application, "completed_ns", 1000);
  r.job = given_operator(&r.made, "spark.job", "job 0", r.application);
  fact_ms(&r, r.job, "submitted_ns", 90);
  return r;
}

static uint32_t stage(run *r, uint64_t submitted_ms) {
  uint32_t made = given_operator(&r->made, "spark.stage", "stage", r->job);
  fact_ms(r, made, "submitted_ns", submitted_ms);
  return made;
}

static void task(run *r, uint32_t of, uint32_t slot, uint64_t start_ms, uint64_t end_ms) {
  given_task(&r->made, &(baro_task_record){.operator_id = of,
                                           .thread = r->slots[slot],
                                           .start_ns = start_ms * MS,
                                           .end_ns = end_ms * MS});
}

typedef struct wanted_step {
  baro_step_kind kind;
  uint64_t start_ms;
  uint64_t end_ms;
  uint32_t operator_id;
} wanted_step;

static void expect(run *r, const wanted_step *wanted, uint32_t count) {
  baro_profile *profile = given_profile(&r->made);
  baro_arena keep = {0};
  baro_critical_path path;
  assert_int_equal(baro_critical_path_find(profile, &keep, &path), BARO_OK);
  for (uint32_t i = 0; i < path.step_count && i < count; i++) {
    assert_int_equal(path.steps[i].kind, wanted[i].kind);
    assert_int_equal(path.steps[i].start_ns, wanted[i].start_ms * MS);
    assert_int_equal(path.steps[i].end_ns, wanted[i].end_ms * MS);
    assert_int_equal(path.steps[i].operator_id, wanted[i].operator_id);
  }
  assert_int_equal(path.step_count, count);
  baro_arena_release(&keep);
  baro_profile_destroy(profile);
}

/* The driver before, between and after stages; the slower task of each stage; the pause until the first task. */
static void test_the_slowest_tasks_and_the_gaps_between(void **state) {
  (void)state;
  run r = begin();
  uint32_t a = stage(&r, 100);
  uint32_t b = stage(&r, 400);
  task(&r, a, 0, 110, 200);
  task(&r, a, 1, 110, 300);
  task(&r, b, 0, 420, 700);
  task(&r, b, 1, 420, 650);
  static const wanted_step wanted[] = {
      {BARO_STEP_STARTUP, 10, 100, 2},
      {BARO_STEP_SCHEDULING, 100, 110, 2},
      {BARO_STEP_TASK, 110, 300, 2},
      {BARO_STEP_DRIVER, 300, 400, 3},
      {BARO_STEP_SCHEDULING, 400, 420, 3},
      {BARO_STEP_TASK, 420, 700, 3},
      {BARO_STEP_CLOSING, 700, 1000, BARO_NONE_ID},
  };
  (void)a;
  (void)b;
  expect(&r, wanted, 7);
}

/* A task that had to wait for a slot comes behind the one that left it, also where the driver heard of that end later. */
static void test_a_task_waits_for_its_slot(void **state) {
  (void)state;
  run r = begin();
  uint32_t a = stage(&r, 100);
  task(&r, a, 0, 100, 205); /* its end was heard of 5 ms after the slot was given away */
  task(&r, a, 1, 100, 150);
  task(&r, a, 0, 200, 990);
  static const wanted_step wanted[] = {
      {BARO_STEP_STARTUP, 10, 100, 2},
      {BARO_STEP_TASK, 100, 200, 2},
      {BARO_STEP_TASK, 200, 990, 2},
      {BARO_STEP_CLOSING, 990, 1000, BARO_NONE_ID},
  };
  expect(&r, wanted, 4);
}

/* A stage whose job was there already begins when its inputs are complete, and not when some other stage's task ended. */
static void test_a_stage_waits_for_its_inputs(void **state) {
  (void)state;
  run r = begin();
  uint32_t input = stage(&r, 100);
  uint32_t other = stage(&r, 100);
  uint32_t next = stage(&r, 210);
  given_edge(&r.made, input, next);
  task(&r, input, 0, 100, 200);
  task(&r, other, 1, 100, 205);
  task(&r, next, 0, 210, 1000);
  static const wanted_step wanted[] = {
      {BARO_STEP_STARTUP, 10, 100, 2},
      {BARO_STEP_TASK, 100, 200, 2},
      {BARO_STEP_DRIVER, 200, 210, 4},
      {BARO_STEP_TASK, 210, 1000, 4},
  };
  expect(&r, wanted, 4);
}

static void test_executors_that_come_late_are_waited_for(void **state) {
  (void)state;
  run r = begin();
  uint32_t a = stage(&r, 100);
  task(&r, a, 2, 510, 1000);
  static const wanted_step wanted[] = {
      {BARO_STEP_STARTUP, 10, 100, 2},
      {BARO_STEP_EXECUTORS, 100, 500, 2},
      {BARO_STEP_SCHEDULING, 500, 510, 2},
      {BARO_STEP_TASK, 510, 1000, 2},
  };
  expect(&r, wanted, 4);
}

/* Without any fact, as of a framework that tells spans only. */
static void test_spans_alone_make_a_path(void **state) {
  (void)state;
  run r = {.made = given_begin()};
  uint32_t process = given_process(&r.made, 1, BARO_NONE_ID);
  r.slots[0] = given_thread(&r.made, process, 1, "stream", false);
  uint32_t a = given_operator(&r.made, "kernel", "a", BARO_NONE_ID);
  uint32_t b = given_operator(&r.made, "kernel", "b", BARO_NONE_ID);
  task(&r, a, 0, 5, 10);
  task(&r, b, 0, 10, 30);
  task(&r, a, 0, 40, 50);
  static const wanted_step wanted[] = {{BARO_STEP_TASK, 5, 10, 0},
                                       {BARO_STEP_TASK, 10, 30, 1},
                                       {BARO_STEP_NOTHING, 30, 40, 0},
                                       {BARO_STEP_TASK, 40, 50, 0}};
  expect(&r, wanted, 4);
}

static void make_random(run *r, fixture_random *random) {
  uint32_t stages[6];
  uint32_t count = 1 + (uint32_t)fixture_below(random, 6);
  for (uint32_t s = 0; s < count; s++) {
    stages[s] = stage(r, fixture_below(random, 1200));
    if (s > 0) {
      given_edge(&r->made, stages[fixture_below(random, s)], stages[s]);
    }
  }
  uint32_t tasks = 1 + (uint32_t)fixture_below(random, 40);
  for (uint32_t t = 0; t < tasks; t++) {
    uint64_t start_ms = fixture_below(random, 60) * 10; /* many at the same moment */
    uint64_t length_ms = fixture_below(random, 4) == 0 ? 0 : fixture_below(random, 300);
    task(r, stages[fixture_below(random, count)], (uint32_t)fixture_below(random, 3), start_ms,
         start_ms + length_ms);
  }
}

/* Tasks that overlap, of no length, before their stage: the path ends, has no holes, and has no task twice. */
static void test_any_tasks_make_a_path_without_holes(void **state) {
  (void)state;
  fixture_random random = {.state = 20261122};
  for (int round = 0; round < 2000; round++) {
    run r = begin();
    make_random(&r, &random);
    baro_profile *profile = given_profile(&r.made);
    baro_arena keep = {0};
    baro_critical_path path;
    assert_int_equal(baro_critical_path_find(profile, &keep, &path), BARO_OK);
    uint8_t seen[64] = {0};
    uint64_t at_ns = path.begin_ns;
    uint64_t states_ns = 0;
    for (uint32_t i = 0; i < path.step_count; i++) {
      const baro_path_step *step = &path.steps[i];
      assert_int_equal(step->start_ns, at_ns);
      assert_true(step->end_ns >= at_ns);
      at_ns = step->end_ns;
      if (step->kind == BARO_STEP_TASK) {
        assert_int_equal(seen[step->task]++, 0);
        assert_true(path.on_ns[step->task] <=
                    baro_dataflow_task_ns(&profile->dataflow.tasks[step->task]));
      }
    }
    for (int s = 0; s < BARO_STATE_COUNT; s++) {
      states_ns += path.state_ns[s];
    }
    assert_int_equal(at_ns, path.end_ns);
    assert_int_equal(states_ns, path.kind_ns[BARO_STEP_TASK]);
    baro_arena_release(&keep);
    baro_profile_destroy(profile);
  }
}

/* --- traces with a device --- */

typedef struct traced {
  given made;
  uint32_t host;
  uint32_t streams[2];
} traced;

static traced begin_trace(void) {
  traced t = {.made = given_begin()};
  uint32_t process = given_process(&t.made, 10, BARO_NONE_ID);
  t.host = given_thread(&t.made, process, 10, "main", true);
  t.streams[0] = given_thread(&t.made, process, 7, "stream 7", false);
  t.streams[1] = given_thread(&t.made, process, 8, "stream 8", false);
  return t;
}

static uint32_t traced_span(traced *t, uint32_t thread, const char *kind, const char *state,
                            uint64_t from_ms, uint64_t to_ms) {
  uint32_t of = given_operator(&t->made, kind, "some", BARO_NONE_ID);
  given_fact(&t->made, of, "state", state);
  given_task(&t->made, &(baro_task_record){.operator_id = of,
                                           .thread = thread,
                                           .start_ns = from_ms * MS,
                                           .end_ns = to_ms * MS});
  return of;
}

/* The operators of the path's tasks. */
static void expect_trace(traced *t, const uint32_t *wanted, uint32_t count) {
  baro_profile *profile = given_profile(&t->made);
  baro_arena keep = {0};
  baro_critical_path path;
  uint32_t found = 0;
  assert_int_equal(baro_critical_path_find(profile, &keep, &path), BARO_OK);
  for (uint32_t i = 0; i < path.step_count; i++) {
    if (path.steps[i].kind == BARO_STEP_TASK) {
      assert_true(found < count);
      assert_int_equal(path.steps[i].operator_id, wanted[found++]);
    }
  }
  assert_int_equal(found, count);
  baro_arena_release(&keep);
  baro_profile_destroy(profile);
}

/* Nobody waited for the kernel that ended just then: with a faster GPU the run would be as long. */
static void test_a_host_that_goes_on_did_not_wait_for_the_kernel(void **state) {
  (void)state;
  for (uint64_t kernel_from = 2; kernel_from <= 12; kernel_from += 5) { /* sorts either way */
    traced t = begin_trace();
    uint32_t launch = traced_span(&t, t.host, "torch.op", "cpu", 5, 20);
    traced_span(&t, t.streams[0], "torch.kernel", "gpu", kernel_from, 20);
    uint32_t next = traced_span(&t, t.host, "torch.op", "cpu", 20, 60);
    expect_trace(&t, (const uint32_t[]){launch, next}, 2);
  }
}

/* The call that the host came back from says that it waited. */
static void test_a_host_that_waited_is_behind_the_kernel(void **state) {
  (void)state;
  traced t = begin_trace();
  uint32_t launch = traced_span(&t, t.host, "torch.op", "cpu", 0, 5);
  uint32_t kernel = traced_span(&t, t.streams[0], "torch.kernel", "gpu", 5, 20);
  traced_span(&t, t.host, "torch.runtime", "gpu", 8, 20); /* cudaStreamSynchronize */
  uint32_t next = traced_span(&t, t.host, "torch.op", "cpu", 20, 60);
  expect_trace(&t, (const uint32_t[]){launch, kernel, next}, 3);
}

/* A stream runs one kernel after the other: what another stream or the host ended at that time is not what it waited for. */
static void test_a_kernel_waits_for_its_own_stream(void **state) {
  (void)state;
  traced t = begin_trace();
  uint32_t launch = traced_span(&t, t.host, "torch.op", "cpu", 0, 5);
  uint32_t own = traced_span(&t, t.streams[0], "torch.kernel", "gpu", 5, 20);
  traced_span(&t, t.streams[1], "torch.kernel", "gpu", 6, 20);
  traced_span(&t, t.host, "torch.op", "cpu", 7, 20);
  uint32_t last = traced_span(&t, t.streams[0], "torch.kernel", "gpu", 20, 60);
  expect_trace(&t, (const uint32_t[]){launch, own, last}, 3);
}

/* Without one of its own it waited for its launch. */
static void test_a_first_kernel_waits_for_its_launch(void **state) {
  (void)state;
  traced t = begin_trace();
  uint32_t launch = traced_span(&t, t.host, "torch.runtime", "cpu", 0, 20);
  traced_span(&t, t.streams[1], "torch.kernel", "gpu", 6, 20);
  uint32_t last = traced_span(&t, t.streams[0], "torch.kernel", "gpu", 20, 60);
  expect_trace(&t, (const uint32_t[]){launch, last}, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_the_slowest_tasks_and_the_gaps_between),
      cmocka_unit_test(test_a_task_waits_for_its_slot),
      cmocka_unit_test(test_a_stage_waits_for_its_inputs),
      cmocka_unit_test(test_executors_that_come_late_are_waited_for),
      cmocka_unit_test(test_spans_alone_make_a_path),
      cmocka_unit_test(test_any_tasks_make_a_path_without_holes),
      cmocka_unit_test(test_a_host_that_goes_on_did_not_wait_for_the_kernel),
      cmocka_unit_test(test_a_host_that_waited_is_behind_the_kernel),
      cmocka_unit_test(test_a_kernel_waits_for_its_own_stream),
      cmocka_unit_test(test_a_first_kernel_waits_for_its_launch),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

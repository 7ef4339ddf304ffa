/* Operators and tasks in a profile: the order and bounds that its readers rely on, whatever a recording says, and whose time a
 * moment of a slot is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/profile_fixture.h"

typedef struct program {
  given made;
  uint32_t slots[2];
  uint32_t stack;
} program;

static program begin(void) {
  program p = {.made = given_begin()};
  uint32_t late = given_process(&p.made, 11, BARO_NONE_ID);
  uint32_t first = given_process(&p.made, 10, BARO_NONE_ID);
  /* The profile puts threads by process: this one comes last there. */
  p.slots[1] = given_thread(&p.made, first, 2, "slot 1", false);
  p.slots[0] = given_thread(&p.made, late, 1, "slot 1", false);
  uint32_t function = given_function(&p.made, "stage", "", 0, 0);
  p.stack = given_stack(&p.made, BARO_NONE_ID, function, 0);
  return p;
}

static void task(program *p, uint32_t operator_id, uint32_t slot, uint64_t start_ms,
                 uint64_t end_ms) {
  given_task(&p->made, &(baro_task_record){.operator_id = operator_id,
                                           .thread = p->slots[slot],
                                           .start_ns = start_ms * MS,
                                           .end_ns = end_ms * MS,
                                           .outcome = BARO_TASK_SUCCEEDED});
}

static void sample(program *p, uint32_t slot, baro_state state, uint64_t from_ms, uint64_t to_ms) {
  given_sample(&p->made, p->slots[slot], p->stack, state, to_ms * MS, (to_ms - from_ms) * MS);
}

static uint32_t operator_of(program *p) {
  return given_operator(&p->made, "spark.stage", "stage", BARO_NONE_ID);
}

static void expect_ms(const baro_profile *profile, uint32_t at, baro_state state, uint64_t ms) {
  assert_int_equal(baro_dataflow_state_ns(&profile->dataflow, at, state), ms * MS);
}

static uint64_t all_ns(const baro_profile *profile, uint32_t at) {
  uint64_t sum_ns = 0;
  for (int s = 0; s < BARO_STATE_COUNT; s++) {
    sum_ns += baro_dataflow_state_ns(&profile->dataflow, at, (baro_state)s);
  }
  return sum_ns;
}

static void test_without_operators_there_is_nothing(void **state) {
  (void)state;
  program p = begin();
  sample(&p, 0, BARO_STATE_CPU, 0, 10);
  baro_profile *profile = given_profile(&p.made);
  static const baro_dataflow none;
  assert_memory_equal(&profile->dataflow, &none, sizeof(none));
  assert_int_equal(baro_dataflow_key(profile, "cpu_ns"), BARO_NONE_ID);
  baro_profile_destroy(profile);
}

static void test_tasks_stand_by_operator_and_start(void **state) {
  (void)state;
  program p = begin();
  uint32_t a = operator_of(&p);
  uint32_t none = operator_of(&p);
  uint32_t b = operator_of(&p);
  task(&p, b, 0, 50, 60);
  task(&p, a, 1, 30, 40);
  task(&p, b, 1, 45, 46);
  task(&p, a, 0, 10, 20);
  baro_profile *profile = given_profile(&p.made);
  const baro_dataflow *dataflow = &profile->dataflow;
  static const struct {
    uint64_t start_ms;
    uint32_t operator_id;
    uint32_t pid;
  } wanted[] = {{10, 0, 11}, {30, 0, 10}, {45, 2, 10}, {50, 2, 11}};
  assert_int_equal(dataflow->task_count, 4);
  for (uint32_t t = 0; t < 4; t++) {
    assert_int_equal(dataflow->tasks[t].start_ns, wanted[t].start_ms * MS);
    assert_int_equal(dataflow->tasks[t].operator_id, wanted[t].operator_id);
    /* Threads have the profile's numbers, not the recording's. */
    const baro_profile_thread *slot = &profile->threads[dataflow->tasks[t].thread];
    assert_int_equal(profile->processes[slot->process].os_pid, wanted[t].pid);
  }
  assert_int_equal(dataflow->operators[a].first_task, 0);
  assert_int_equal(dataflow->operators[a].task_count, 2);
  assert_int_equal(dataflow->operators[none].task_count, 0);
  assert_int_equal(dataflow->operators[b].first_task, 2);
  assert_int_equal(dataflow->operators[b].task_count, 2);
  baro_profile_destroy(profile);
}

/* The samples within a task are its time, those cut by its ends in part; what lies between tasks is nobody's. */
static void test_a_task_has_the_time_of_its_slot(void **state) {
  (void)state;
  program p = begin();
  uint32_t a = operator_of(&p);
  sample(&p, 0, BARO_STATE_IDLE, 0, 10);
  sample(&p, 0, BARO_STATE_UNKNOWN, 10, 30);
  sample(&p, 0, BARO_STATE_DISK, 30, 50);
  sample(&p, 1, BARO_STATE_NETWORK, 0, 100);
  task(&p, a, 0, 5, 20);
  task(&p, a, 0, 25, 40);
  task(&p, a, 1, 90, 120);
  baro_profile *profile = given_profile(&p.made);
  expect_ms(profile, 0, BARO_STATE_IDLE, 5);
  expect_ms(profile, 0, BARO_STATE_UNKNOWN, 10);
  assert_int_equal(all_ns(profile, 0), 15 * MS);
  expect_ms(profile, 1, BARO_STATE_UNKNOWN, 5);
  expect_ms(profile, 1, BARO_STATE_DISK, 10);
  assert_int_equal(all_ns(profile, 1), 15 * MS);
  expect_ms(profile, 2, BARO_STATE_NETWORK, 10); /* of 20 ms of it there are no samples */
  assert_int_equal(all_ns(profile, 2), 10 * MS);
  baro_profile_destroy(profile);
}

/* Where tasks of a slot overlap, a moment counts once, for the one that began first. */
static void test_moments_of_a_slot_count_once(void **state) {
  (void)state;
  program p = begin();
  uint32_t a = operator_of(&p);
  sample(&p, 0, BARO_STATE_DISK, 0, 50);
  sample(&p, 0, BARO_STATE_NETWORK, 50, 100);
  task(&p, a, 0, 0, 60);
  task(&p, a, 0, 20, 90);
  task(&p, a, 0, 30, 40);
  baro_profile *profile = given_profile(&p.made);
  expect_ms(profile, 0, BARO_STATE_DISK, 50);
  expect_ms(profile, 0, BARO_STATE_NETWORK, 10);
  expect_ms(profile, 1, BARO_STATE_NETWORK, 30);
  assert_int_equal(all_ns(profile, 1), 30 * MS);
  assert_int_equal(all_ns(profile, 2), 0);
  baro_profile_destroy(profile);
}

static void test_edges_make_no_cycle(void **state) {
  (void)state;
  program p = begin();
  for (int i = 0; i < 6; i++) {
    (void)operator_of(&p);
  }
  given_edge(&p.made, 5, 0);
  given_edge(&p.made, 5, 0); /* once more */
  given_edge(&p.made, 0, 1);
  given_edge(&p.made, 1, 2);
  given_edge(&p.made, 2, 1); /* a cycle */
  given_edge(&p.made, 3, 3); /* another */
  given_edge(&p.made, 2, 4);
  baro_profile *profile = given_profile(&p.made);
  const baro_dataflow *dataflow = &profile->dataflow;
  static const uint32_t wanted[][2] = {{5, 0}, {0, 1}, {1, 2}, {2, 4}};
  assert_int_equal(dataflow->cyclic_edges, 2);
  assert_int_equal(dataflow->edge_count, 4);
  uint32_t place[6];
  for (uint32_t i = 0; i < 6; i++) {
    place[dataflow->order[i]] = i;
  }
  for (uint32_t e = 0; e < 4; e++) {
    assert_int_equal(dataflow->edges[e].from, wanted[e][0]);
    assert_int_equal(dataflow->edges[e].to, wanted[e][1]);
    assert_true(place[wanted[e][0]] < place[wanted[e][1]]);
    assert_int_equal(dataflow->operators[wanted[e][1]].first_incoming, e);
    assert_int_equal(dataflow->operators[wanted[e][1]].incoming_count, 1);
  }
  assert_int_equal(dataflow->operators[3].incoming_count, 0);
  baro_profile_destroy(profile);
}

static void test_the_last_fact_of_a_key_counts(void **state) {
  (void)state;
  program p = begin();
  uint32_t a = operator_of(&p);
  uint32_t b = operator_of(&p);
  given_fact(&p.made, b, "tasks", "7");
  given_fact(&p.made, a, "tasks", "1");
  given_fact(&p.made, a, "limit", "18446744073709551615");
  given_fact(&p.made, a, "more", "18446744073709551616");
  given_fact(&p.made, a, "sign", "-1");
  given_fact(&p.made, a, "tasks", "2");
  baro_profile *profile = given_profile(&p.made);
  const baro_dataflow *dataflow = &profile->dataflow;
  uint64_t number = 0;
  assert_int_equal(dataflow->operators[a].fact_count, 4);
  assert_true(baro_dataflow_fact_number(dataflow, a, "tasks", &number) && number == 2);
  assert_true(baro_dataflow_fact_number(dataflow, b, "tasks", &number) && number == 7);
  assert_true(baro_dataflow_fact_number(dataflow, a, "limit", &number) && number == UINT64_MAX);
  assert_false(baro_dataflow_fact_number(dataflow, a, "more", &number));
  assert_false(baro_dataflow_fact_number(dataflow, a, "sign", &number));
  assert_false(baro_dataflow_fact_number(dataflow, b, "limit", &number));
  baro_profile_destroy(profile);
}

/* Of slots without samples, and of states that there are. */
static void test_operators_tell_what_tasks_without_samples_do(void **state) {
  (void)state;
  program p = begin();
  uint32_t kernel = given_operator(&p.made, "torch.kernel", "gemm", BARO_NONE_ID);
  uint32_t odd = given_operator(&p.made, "torch.op", "aten::mm", BARO_NONE_ID);
  given_fact(&p.made, kernel, "state", "gpu");
  given_fact(&p.made, odd, "state", "of a later version");
  task(&p, kernel, 0, 10, 30);
  task(&p, odd, 0, 30, 40);
  task(&p, kernel, 1, 10, 30);
  sample(&p, 1, BARO_STATE_CPU, 12, 20);
  baro_profile *profile = given_profile(&p.made);
  const baro_dataflow *dataflow = &profile->dataflow;
  uint64_t gpu_ns = 0;
  for (uint32_t t = 0; t < dataflow->task_count; t++) {
    bool is_told = dataflow->tasks[t].operator_id == kernel &&
                   profile->threads[dataflow->tasks[t].thread].sample_count == 0;
    uint64_t ns = baro_dataflow_state_ns(dataflow, t, BARO_STATE_GPU);
    assert_int_equal(ns, is_told ? 20 * MS : 0);
    gpu_ns += ns;
  }
  assert_int_equal(gpu_ns, 20 * MS);
  baro_profile_destroy(profile);
}

/* A recording may name a key by several strings of the same text. */
static void test_amounts_are_found_by_the_text_of_their_key(void **state) {
  (void)state;
  program p = begin();
  uint32_t a = operator_of(&p);
  baro_task_amount first[] = {{given_string(&p.made, baro_view_of("cpu_ns")), 3},
                              {given_string(&p.made, baro_view_of("gc_ns")), 4}};
  baro_task_amount second[] = {{given_string(&p.made, baro_view_of("cpu_ns")), 5}};
  baro_task_record record = {
      .operator_id = a, .thread = p.slots[0], .amounts = first, .amount_count = 2};
  given_task(&p.made, &record);
  record.start_ns = record.end_ns = 1;
  record.amounts = second;
  record.amount_count = 1;
  given_task(&p.made, &record);
  baro_profile *profile = given_profile(&p.made);
  const baro_dataflow *dataflow = &profile->dataflow;
  uint32_t cpu = baro_dataflow_key(profile, "cpu_ns");
  uint32_t gc = baro_dataflow_key(profile, "gc_ns");
  uint64_t value = 0;
  assert_int_equal(dataflow->key_count, 2);
  assert_true(baro_dataflow_amount(dataflow, 0, cpu, &value) && value == 3);
  assert_true(baro_dataflow_amount(dataflow, 0, gc, &value) && value == 4);
  assert_true(baro_dataflow_amount(dataflow, 1, cpu, &value) && value == 5);
  assert_false(baro_dataflow_amount(dataflow, 1, gc, &value));
  assert_int_equal(baro_dataflow_key(profile, "spilled_bytes"), BARO_NONE_ID);
  baro_profile_destroy(profile);
}

/* Forged: all tasks overlap all others, each with all samples below it. Takes minutes where time is quadratic. */
static void test_overlapping_tasks_take_no_quadratic_time(void **state) {
  (void)state;
  enum { MANY = 200000 };
  program p = begin();
  uint32_t a = operator_of(&p);
  for (uint64_t i = 0; i < MANY; i++) {
    sample(&p, 0, BARO_STATE_DISK, i, i + 1);
    task(&p, a, 0, i / 2, MANY);
  }
  baro_profile *profile = given_profile(&p.made);
  assert_int_equal(all_ns(profile, 0), MANY * MS);
  for (uint32_t t = 1; t < MANY; t++) {
    assert_int_equal(all_ns(profile, t), 0);
  }
  baro_profile_destroy(profile);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_without_operators_there_is_nothing),
      cmocka_unit_test(test_tasks_stand_by_operator_and_start),
      cmocka_unit_test(test_a_task_has_the_time_of_its_slot),
      cmocka_unit_test(test_moments_of_a_slot_count_once),
      cmocka_unit_test(test_edges_make_no_cycle),
      cmocka_unit_test(test_the_last_fact_of_a_key_counts),
      cmocka_unit_test(test_operators_tell_what_tasks_without_samples_do),
      cmocka_unit_test(test_amounts_are_found_by_the_text_of_their_key),
      cmocka_unit_test(test_overlapping_tasks_take_no_quadratic_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Quartiles of an operator's tasks, what goes along edges, and what time went into: numbers that a person can check by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "explain/quartiles.h"
#include "support/profile_fixture.h"
#include "support/slot_run.h"

typedef struct amount {
  const char *key;
  uint64_t value;
} amount;

/* One after another on the only slot; half of the time is of the state. */
static void task(run *r, uint32_t of, uint64_t ms, baro_state state, const amount *told) {
  baro_task_amount amounts[3];
  baro_task_record record = {.operator_id = of,
                             .thread = r->slot,
                             .start_ns = r->at_ms * MS,
                             .end_ns = (r->at_ms + ms) * MS,
                             .outcome = BARO_TASK_SUCCEEDED,
                             .amounts = amounts};
  given_sample(&r->made, r->slot, r->stack, state, (r->at_ms + ms / 2) * MS, ms / 2 * MS);
  r->at_ms += ms;
  for (; told != NULL && told->key != NULL; told++) {
    amounts[record.amount_count++] =
        (baro_task_amount){given_string(&r->made, baro_view_of(told->key)), told->value};
  }
  given_task(&r->made, &record);
}

static void explain(run *r) {
  r->profile = given_profile(&r->made);
  assert_int_equal(baro_explain(r->profile, &r->all), BARO_OK);
}

static void end(run *r) {
  baro_explanation_release(&r->all);
  baro_profile_destroy(r->profile);
}

static const baro_operator_time *row_of(const run *r, uint32_t operator_id) {
  return &r->all.operators[r->all.operator_row[operator_id]];
}

static uint32_t stage(run *r, const char *name) {
  return given_operator(&r->made, "spark.stage", name, BARO_NONE_ID);
}

static void expect(const baro_quartiles *of, const uint64_t wanted[BARO_QUARTILES], uint64_t sum) {
  assert_true(of->is_told);
  for (int i = 0; i < BARO_QUARTILES; i++) {
    assert_int_equal(of->at[i], wanted[i]);
  }
  assert_int_equal(of->sum, sum);
}

/* Of six tasks the places are 0, 1, 2, 3 and 5: floor(q (n - 1)), and the middle one is explain's median. */
static void test_quartiles_are_values_of_tasks(void **state) {
  (void)state;
  static const uint64_t lengths[] = {40, 10, 60, 20, 50, 30};
  run r = begin();
  uint32_t of = stage(&r, "stage 0");
  for (int i = 0; i < 6; i++) {
    task(&r, of, lengths[i], BARO_STATE_CPU, NULL);
  }
  explain(&r);
  baro_quartiles all[BARO_QUANTITY_COUNT];
  const baro_operator_time *row = row_of(&r, of);
  assert_int_equal(baro_quartiles_of(&r.all, row, all), BARO_OK);
  expect(&all[BARO_QUANTITY_DURATION], (uint64_t[]){10 * MS, 20 * MS, 30 * MS, 40 * MS, 60 * MS},
         210 * MS);
  assert_int_equal(all[BARO_QUANTITY_DURATION].at[2], row->median_ns);
  assert_true(baro_skew_of(row) == 2.0);
  for (int q = BARO_QUANTITY_READ; q < BARO_QUANTITY_COUNT; q++) {
    assert_false(all[q].is_told); /* nobody said anything: that is not 0 */
  }
  end(&r);
}

/* What is read is of the shuffle and of input together; a task that says nothing of it read nothing. */
static void test_amounts_of_several_keys_are_one_quantity(void **state) {
  (void)state;
  run r = begin();
  uint32_t of = stage(&r, "stage 0");
  task(&r, of, 10, BARO_STATE_CPU,
       (amount[]){{"shuffle_local_read_bytes", 5}, {"input_bytes", 2}, {NULL, 0}});
  task(&r, of, 10, BARO_STATE_CPU, NULL);
  task(&r, of, 10, BARO_STATE_CPU,
       (amount[]){{"input_bytes", 100}, {"disk_spilled_bytes", 9}, {NULL, 0}});
  explain(&r);
  baro_quartiles all[BARO_QUANTITY_COUNT];
  assert_int_equal(baro_quartiles_of(&r.all, row_of(&r, of), all), BARO_OK);
  expect(&all[BARO_QUANTITY_READ], (uint64_t[]){0, 0, 7, 7, 100}, 107);
  expect(&all[BARO_QUANTITY_SPILLED], (uint64_t[]){0, 0, 0, 0, 9}, 9);
  assert_false(all[BARO_QUANTITY_WRITTEN].is_told);
  end(&r);
}

static void expect_edge(const baro_profile *profile, const baro_edge_amount *amounts, uint32_t from,
                        uint32_t to, uint64_t bytes, uint64_t rows) {
  for (uint32_t e = 0; e < profile->dataflow.edge_count; e++) {
    if (profile->dataflow.edges[e].from == from && profile->dataflow.edges[e].to == to) {
      assert_int_equal(amounts[e].has_bytes, bytes != UINT64_MAX);
      assert_int_equal(amounts[e].has_rows, rows != UINT64_MAX);
      assert_int_equal(amounts[e].bytes, bytes == UINT64_MAX ? 0 : bytes);
      assert_int_equal(amounts[e].rows, rows == UINT64_MAX ? 0 : rows);
      return;
    }
  }
  fail_msg("no edge");
}

/* a and b go into c, c into d, e and f, e into f: what is read by one edge, what is written by one, and what nobody can say. */
static void test_edges_tell_what_is_certain(void **state) {
  (void)state;
  run r = begin();
  uint32_t a = stage(&r, "a"), b = stage(&r, "b"), c = stage(&r, "c"), d = stage(&r, "d"),
           e = stage(&r, "e"), f = stage(&r, "f");
  task(&r, a, 10, BARO_STATE_CPU, (amount[]){{"shuffle_written_bytes", 30}, {NULL, 0}});
  task(&r, b, 10, BARO_STATE_CPU, (amount[]){{"shuffle_written_bytes", 12}, {NULL, 0}});
  task(&r, c, 10, BARO_STATE_CPU,
       (amount[]){{"shuffle_local_read_bytes", 41}, {"shuffle_written_bytes", 8}, {NULL, 0}});
  task(&r, d, 10, BARO_STATE_CPU, (amount[]){{"shuffle_local_read_bytes", 7}, {NULL, 0}});
  task(&r, e, 10, BARO_STATE_CPU,
       (amount[]){{"shuffle_remote_read_bytes", 6}, {"shuffle_read_rows", 3}, {NULL, 0}});
  task(&r, f, 10, BARO_STATE_CPU, (amount[]){{"shuffle_local_read_bytes", 99}, {NULL, 0}});
  given_edge(&r.made, a, c);
  given_edge(&r.made, b, c);
  given_edge(&r.made, c, d);
  given_edge(&r.made, c, e);
  given_edge(&r.made, c, f);
  given_edge(&r.made, e, f);
  uint32_t scan = given_operator(&r.made, "spark.node", "Scan", BARO_NONE_ID);
  uint32_t filter = given_operator(&r.made, "spark.node", "Filter", BARO_NONE_ID);
  given_fact(&r.made, scan, "output_rows", "1000");
  given_fact(&r.made, scan, "data_size_bytes", "not a number");
  given_edge(&r.made, scan, filter);
  explain(&r);
  baro_arena keep = {0};
  baro_edge_amount *amounts;
  assert_int_equal(baro_edge_amounts(r.profile, &keep, &amounts), BARO_OK);
  expect_edge(r.profile, amounts, a, c, 30, UINT64_MAX);
  expect_edge(r.profile, amounts, b, c, 12, UINT64_MAX);
  expect_edge(r.profile, amounts, c, d, 7, UINT64_MAX);
  expect_edge(r.profile, amounts, c, e, 6, 3);
  expect_edge(r.profile, amounts, c, f, UINT64_MAX,
              UINT64_MAX); /* f reads from two, c writes for three */
  expect_edge(r.profile, amounts, e, f, UINT64_MAX,
              UINT64_MAX); /* e says of nothing that it wrote */
  expect_edge(r.profile, amounts, scan, filter, UINT64_MAX, 1000);
  baro_arena_release(&keep);
  end(&r);
}

/* Parts add up to the operator's time, and name a resource of the list; a task's main one is the largest, of equal ones the known. */
static void test_parts_are_of_the_resources(void **state) {
  (void)state;
  run r = begin();
  uint32_t of = stage(&r, "stage 0");
  task(&r, of, 20, BARO_STATE_DISK, (amount[]){{"cpu_ns", 1}, {NULL, 0}});
  explain(&r);
  baro_time_part parts[BARO_TIME_PARTS_MAX];
  uint32_t count = baro_operator_parts(&r.all, row_of(&r, of), parts);
  assert_int_equal(count, 2);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < count; i++) {
    assert_true(parts[i].resource < r.all.resource_count);
    sum += parts[i].task_ns;
  }
  assert_int_equal(sum, 20 * MS);
  assert_string_equal(r.all.resources[parts[0].resource].key, "unknown");
  assert_int_equal(parts[0].evidence, BARO_EVIDENCE_UNKNOWN);
  assert_string_equal(r.all.resources[parts[1].resource].key, "disk");
  assert_int_equal(parts[1].evidence, BARO_EVIDENCE_DERIVED);
  uint32_t most = baro_task_resource(&r.all, 0);
  assert_string_equal(r.all.resources[most].key, "disk");
  end(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_quartiles_are_values_of_tasks),
      cmocka_unit_test(test_amounts_of_several_keys_are_one_quantity),
      cmocka_unit_test(test_edges_tell_what_is_certain),
      cmocka_unit_test(test_parts_are_of_the_resources),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

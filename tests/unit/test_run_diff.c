/* Two runs, operator by operator: wrong here means that one stage's time is compared with another's, or that changes do not add up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "explain/run_diff.h"
#include "support/profile_fixture.h"
#include "support/slot_run.h"

/* One task of a new operator, all of it in a state, behind what ran before; rows: read, 0 = it does not say. */
static uint32_t ran(run *r, const char *name, uint64_t ms, baro_state state, uint64_t rows) {
  uint32_t of = given_operator(&r->made, "spark.stage", name, BARO_NONE_ID);
  baro_task_amount amount = {given_string(&r->made, baro_view_of("input_rows")), rows};
  baro_task_record record = {.operator_id = of,
                             .thread = r->slot,
                             .start_ns = r->at_ms * MS,
                             .end_ns = (r->at_ms + ms) * MS,
                             .outcome = BARO_TASK_SUCCEEDED,
                             .amount_count = rows > 0 ? 1 : 0,
                             .amounts = &amount};
  given_sample(&r->made, r->slot, r->stack, state, (r->at_ms + ms) * MS, ms * MS);
  r->at_ms += ms;
  given_task(&r->made, &record);
  return of;
}

static baro_run_diff compare(run *before, run *after) {
  baro_run_diff diff;
  run *const both[] = {before, after};
  for (int side = 0; side < BARO_DIFF_SIDES; side++) {
    both[side]->profile = given_profile(&both[side]->made);
    assert_int_equal(baro_explain(both[side]->profile, &both[side]->all), BARO_OK);
  }
  const baro_explanation *const sides[] = {&before->all, &after->all};
  assert_int_equal(baro_run_diff_make(sides, &diff), BARO_OK);
  return diff;
}

static void end(run *before, run *after, baro_run_diff *diff) {
  run *const both[] = {before, after};
  baro_run_diff_release(diff);
  for (int side = 0; side < BARO_DIFF_SIDES; side++) {
    baro_explanation_release(&both[side]->all);
    baro_profile_destroy(both[side]->profile);
  }
}

/* The pair that has this operator of the run before (side 0) or after (1). */
static const baro_operator_diff *pair_of(const baro_run_diff *diff, int side, uint32_t of) {
  for (uint32_t i = 0; i < diff->operator_count; i++) {
    const baro_operator_time *row = diff->operators[i].row[side];
    if (row != NULL && row->operator_id == of) {
      return &diff->operators[i];
    }
  }
  fail_msg("operator %u of side %d is in no pair", of, side);
  return NULL;
}

static void expect_pair(const baro_run_diff *diff, uint32_t before, uint32_t after,
                        baro_match match) {
  const baro_operator_diff *pair = pair_of(diff, BARO_BEFORE, before);
  assert_non_null(pair->row[BARO_AFTER]);
  assert_int_equal(pair->row[BARO_AFTER]->operator_id, after);
  assert_int_equal(pair->match, match);
}

static void expect_alone(const baro_run_diff *diff, int side, uint32_t of) {
  const baro_operator_diff *pair = pair_of(diff, side, of);
  assert_null(pair->row[1 - side]);
  assert_int_equal(pair->match, BARO_MATCH_NONE);
  assert_int_equal(baro_operator_path_ns(pair, 1 - side), 0);
}

/* One more stage before them moves all numbers; the names without them are what they were. */
static void test_numbers_of_stages_are_no_names(void **state) {
  (void)state;
  run before = begin(), after = begin();
  uint32_t read = ran(&before, "stage 0: parquet", 100, BARO_STATE_CPU, 0);
  uint32_t sum = ran(&before, "stage 1: collect", 200, BARO_STATE_CPU, 0);
  uint32_t more = ran(&after, "stage 0: count", 50, BARO_STATE_CPU, 0);
  uint32_t read_now = ran(&after, "stage 1: parquet", 100, BARO_STATE_CPU, 0);
  uint32_t sum_now = ran(&after, "stage 12: collect", 260, BARO_STATE_CPU, 0);
  baro_run_diff diff = compare(&before, &after);
  assert_int_equal(diff.operator_count, 3);
  expect_pair(&diff, read, read_now, BARO_MATCH_SCOPES);
  expect_pair(&diff, sum, sum_now, BARO_MATCH_SCOPES);
  expect_alone(&diff, BARO_AFTER, more);
  /* The largest change comes first. */
  assert_ptr_equal(&diff.operators[0], pair_of(&diff, BARO_BEFORE, sum));
  assert_ptr_equal(&diff.operators[2], pair_of(&diff, BARO_BEFORE, read));
  end(&before, &after, &diff);
}

/* Of stages of one name and place those go together that had as much to do, whichever came first. */
static void test_data_tell_stages_apart(void **state) {
  (void)state;
  run before = begin(), after = begin();
  uint32_t small = ran(&before, "stage 1: collect", 10, BARO_STATE_CPU, 7);
  uint32_t large = ran(&before, "stage 2: collect", 90, BARO_STATE_CPU, 5000);
  uint32_t large_now = ran(&after, "stage 1: collect", 95, BARO_STATE_CPU, 5000);
  uint32_t small_now = ran(&after, "stage 2: collect", 12, BARO_STATE_CPU, 7);
  baro_run_diff diff = compare(&before, &after);
  expect_pair(&diff, small, small_now, BARO_MATCH_DATA);
  expect_pair(&diff, large, large_now, BARO_MATCH_DATA);
  const baro_operator_diff *pair = pair_of(&diff, BARO_BEFORE, large);
  for (int side = 0; side < BARO_DIFF_SIDES; side++) {
    assert_true(pair->is_told[side][BARO_QUANTITY_READ_ROWS]);
    assert_int_equal(pair->amount[side][BARO_QUANTITY_READ_ROWS], 5000);
    assert_false(pair->is_told[side][BARO_QUANTITY_READ]);
  }
  end(&before, &after, &diff);
}

/* Where nothing else tells them apart the first goes with the first; what is left over is of one run only. */
static void test_alike_ones_go_in_order(void **state) {
  (void)state;
  run before = begin(), after = begin();
  uint32_t first = ran(&before, "stage 1: map", 10, BARO_STATE_CPU, 0);
  uint32_t second = ran(&before, "stage 2: map", 20, BARO_STATE_CPU, 0);
  uint32_t third = ran(&before, "stage 3: map", 30, BARO_STATE_CPU, 0);
  uint32_t first_now = ran(&after, "stage 5: map", 10, BARO_STATE_CPU, 0);
  uint32_t second_now = ran(&after, "stage 6: map", 20, BARO_STATE_CPU, 0);
  baro_run_diff diff = compare(&before, &after);
  expect_pair(&diff, first, first_now, BARO_MATCH_SCOPES);
  expect_pair(&diff, second, second_now, BARO_MATCH_SCOPES);
  expect_alone(&diff, BARO_BEFORE, third);
  assert_int_equal(baro_operator_path_ns(pair_of(&diff, BARO_BEFORE, third), BARO_BEFORE), 30 * MS);
  end(&before, &after, &diff);
}

/* The run got 140 ms longer: 200 more at the disk, 60 less on a CPU; of the operator likewise. */
static void test_resources_add_up_to_the_change(void **state) {
  (void)state;
  run before = begin(), after = begin();
  uint32_t cpu = ran(&before, "stage 0: a", 100, BARO_STATE_CPU, 0);
  uint32_t mixed = ran(&before, "stage 1: b", 300, BARO_STATE_CPU, 0);
  (void)ran(&after, "stage 0: a", 40, BARO_STATE_CPU, 0);
  (void)ran(&after, "stage 1: b", 500, BARO_STATE_DISK, 0);
  baro_run_diff diff = compare(&before, &after);
  int64_t all_ns = 0;
  for (uint32_t r = 0; r < diff.resource_count; r++) {
    all_ns += baro_change_of(diff.resources[r].path_ns);
  }
  assert_int_equal(all_ns, 140 * (int64_t)MS);
  assert_int_equal(after.all.run_ns - before.all.run_ns, 140 * MS);
  assert_string_equal(diff.resources[0].key, "disk");
  assert_int_equal(baro_change_of(diff.resources[0].path_ns), 500 * (int64_t)MS);
  assert_string_equal(diff.resources[1].key, "cpu");
  assert_int_equal(baro_change_of(diff.resources[1].path_ns), -360 * (int64_t)MS);

  baro_resource_diff parts[BARO_DIFF_RESOURCES_MAX];
  const baro_operator_diff *pair = pair_of(&diff, BARO_BEFORE, mixed);
  assert_int_equal(baro_operator_resource_diffs(&diff, pair, parts), 2);
  assert_string_equal(parts[0].key, "disk");
  assert_int_equal(parts[0].path_ns[BARO_BEFORE], 0);
  assert_int_equal(parts[0].path_ns[BARO_AFTER], 500 * MS);
  assert_string_equal(parts[1].key, "cpu");
  assert_int_equal(parts[1].path_ns[BARO_BEFORE], 300 * MS);
  assert_int_equal(parts[1].task_ns[BARO_AFTER], 0);
  assert_int_equal(baro_operator_resource_diffs(&diff, pair_of(&diff, BARO_BEFORE, cpu), parts), 1);
  end(&before, &after, &diff);
}

static void test_settings_that_differ(void **state) {
  (void)state;
  static const char *const facts[][3] = {{"spark.master", "local[2]", "local[4]"},
                                         {"spark.executor.memory", "1g", "1g"},
                                         {"spark.speculation", NULL, "true"},
                                         {"spark.task.cpus", "2", NULL},
                                         {"driver_registered_ns", "5", "7"}};
  run both[] = {begin(), begin()};
  for (int side = 0; side < BARO_DIFF_SIDES; side++) {
    uint32_t root = given_operator(&both[side].made, "spark.application", "sort", BARO_NONE_ID);
    for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++) {
      if (facts[i][1 + side] != NULL) {
        given_fact(&both[side].made, root, facts[i][0], facts[i][1 + side]);
      }
    }
    (void)ran(&both[side], "stage 0: a", 10, BARO_STATE_CPU, 0);
  }
  baro_run_diff diff = compare(&both[0], &both[1]);
  static const char *const wanted[][3] = {{"spark.master", "local[2]", "local[4]"},
                                          {"spark.task.cpus", "2", ""},
                                          {"spark.speculation", "", "true"}};
  assert_int_equal(diff.setting_count, 3);
  for (uint32_t i = 0; i < diff.setting_count; i++) {
    const baro_view told[] = {diff.settings[i].key, diff.settings[i].value[0],
                              diff.settings[i].value[1]};
    for (int part = 0; part < 3; part++) {
      assert_true(baro_view_equal(told[part], baro_view_of(wanted[i][part])));
    }
  }
  end(&both[0], &both[1], &diff);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_numbers_of_stages_are_no_names),
      cmocka_unit_test(test_data_tell_stages_apart),
      cmocka_unit_test(test_alike_ones_go_in_order),
      cmocka_unit_test(test_resources_add_up_to_the_change),
      cmocka_unit_test(test_settings_that_differ),
  };
  return cmocka_run_group_tests_name("run_diff", tests, NULL, NULL);
}

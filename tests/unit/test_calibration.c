/* What an interval is multiplied by: the rows that tools/calibrate.py writes, and what several keys make of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "predict/calibration.h"
#include "predict/calibration_rows.h"

#define X(id, factor, up_to, comparisons, jobs)                                                    \
  {BARO_SCENARIO_##id, {factor, true, BARO_SCENARIO_KEY_COUNT, up_to, jobs, comparisons}},
static const struct {
  baro_scenario_key key;
  baro_calibration of; /* up_to: of the row */
} rows[] = {BARO_CALIBRATION_LIST(X)};
#undef X
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static baro_calibration after(baro_scenario_key key, double distance) {
  baro_calibration made = baro_calibration_none();
  baro_calibration_add(&made, key, distance);
  return made;
}

static double largest(void) {
  double factor = 1;
  for (size_t r = 0; r < ROWS; r++) {
    factor = rows[r].of.factor > factor ? rows[r].of.factor : factor;
  }
  return factor;
}

static void test_one_key_has_its_row(void **state) {
  (void)state;
  for (size_t r = 0; r < ROWS; r++) {
    baro_calibration made = after(rows[r].key, rows[r].of.up_to);
    assert_true(made.is_calibrated);
    assert_float_equal(made.factor, rows[r].of.factor, 1e-12);
    assert_int_equal(made.jobs, rows[r].of.jobs);
    assert_int_equal(made.comparisons, rows[r].of.comparisons);
    assert_true(made.jobs > 1 && made.comparisons > made.jobs);
  }
}

static void test_what_was_never_compared_is_as_wide_as_the_worst(void **state) {
  (void)state;
  baro_calibration made = after(BARO_SCENARIO_PARTITIONS, 1);
  assert_false(made.is_calibrated);
  assert_int_equal(made.outside, BARO_SCENARIO_PARTITIONS);
  assert_float_equal(made.factor, largest(), 1e-12);
  assert_float_equal(made.up_to, 0, 0);
  for (size_t r = 0; r < ROWS; r++) {
    made = after(rows[r].key, rows[r].of.up_to * 1.1);
    assert_false(made.is_calibrated);
    assert_int_equal(made.outside, rows[r].key);
    assert_float_equal(made.up_to, rows[r].of.up_to, 1e-12);
    assert_float_equal(made.factor, largest(), 1e-12);
  }
}

static void test_of_several_keys_the_widest_and_the_least_known_counts(void **state) {
  (void)state;
  for (size_t a = 0; a < ROWS; a++) {
    for (size_t b = 0; b < ROWS; b++) {
      baro_calibration made = after(rows[a].key, 1);
      baro_calibration_add(&made, rows[b].key, 1);
      assert_true(made.is_calibrated);
      assert_true(made.factor >= rows[a].of.factor && made.factor >= rows[b].of.factor);
      assert_true(made.comparisons <= rows[a].of.comparisons && made.jobs <= rows[b].of.jobs);
    }
  }
}

static void test_one_unknown_key_makes_all_unknown(void **state) {
  (void)state;
  for (int first = 0; first < 2; first++) {
    baro_calibration made = after(first == 0 ? BARO_SCENARIO_PARTITIONS : rows[0].key, 1);
    baro_calibration_add(&made, first == 0 ? rows[0].key : BARO_SCENARIO_PARTITIONS, 1);
    assert_false(made.is_calibrated);
    assert_int_equal(made.outside, BARO_SCENARIO_PARTITIONS);
  }
}

static void test_no_change_widens_nothing(void **state) {
  (void)state;
  baro_calibration none = baro_calibration_none();
  assert_float_equal(none.factor, 1, 0);
  assert_int_equal(none.outside, BARO_SCENARIO_KEY_COUNT);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_key_has_its_row),
      cmocka_unit_test(test_what_was_never_compared_is_as_wide_as_the_worst),
      cmocka_unit_test(test_of_several_keys_the_widest_and_the_least_known_counts),
      cmocka_unit_test(test_one_unknown_key_makes_all_unknown),
      cmocka_unit_test(test_no_change_widens_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

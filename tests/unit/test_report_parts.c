/* Bars and words made from amounts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "show/report_parts.h"

static uint32_t sum_of(const uint32_t cells[BARO_STATE_COUNT]) {
  uint32_t sum = 0;
  for (int i = 0; i < BARO_STATE_COUNT; i++)
    sum += cells[i];
  return sum;
}

static void cells_add_up(void **state) {
  (void)state;
  baro_split split = {.all_ns = 3};
  split.ns[BARO_STATE_CPU] = split.ns[BARO_STATE_DISK] = split.ns[BARO_STATE_LOCK] = 1;
  uint32_t cells[BARO_STATE_COUNT];
  for (uint32_t width = 0; width < 40; width++) {
    baro_share_cells(&split, width, cells);
    assert_int_equal(sum_of(cells), width);
    assert_true(cells[BARO_STATE_CPU] + 1 >= width / 3);
  }
}

static void the_largest_remainder_gets_the_cell(void **state) {
  (void)state;
  baro_split split = {.all_ns = 100};
  split.ns[BARO_STATE_CPU] = 62;
  split.ns[BARO_STATE_DISK] = 38;
  uint32_t cells[BARO_STATE_COUNT];
  baro_share_cells(&split, 4, cells); /* 2.48 and 1.52 */
  assert_int_equal(cells[BARO_STATE_CPU], 2);
  assert_int_equal(cells[BARO_STATE_DISK], 2);
}

static void nothing_has_no_cells(void **state) {
  (void)state;
  baro_split split = {0};
  uint32_t cells[BARO_STATE_COUNT];
  baro_share_cells(&split, 10, cells);
  assert_int_equal(sum_of(cells), 0);
}

static void assert_words(const baro_split *split, uint32_t limit, const char *expected) {
  baro_buffer out = {0};
  baro_report_words(split, limit, &out);
  baro_write_u8(&out, 0);
  assert_string_equal((const char *)out.data, expected);
  baro_buffer_release(&out);
}

static void words_name_the_largest_first(void **state) {
  (void)state;
  baro_split split = {.all_ns = 1000};
  split.ns[BARO_STATE_CPU] = 70;
  split.ns[BARO_STATE_DISK] = 925;
  split.ns[BARO_STATE_GIL] = 5;
  assert_words(&split, 3, "disk 92 %, running 7 %");
  assert_words(&split, 1, "disk 92 %");
  split = (baro_split){.all_ns = 1000};
  split.ns[BARO_STATE_CPU] = 1000;
  assert_words(&split, 3, "running");
  split = (baro_split){0};
  assert_words(&split, 3, "");
}

static void bars_grow_with_the_amount(void **state) {
  (void)state;
  baro_terminal terminal = {.columns = 80, .unicode = true};
  baro_report report = {.terminal = &terminal};
  baro_buffer bar = {0};
  baro_split split = {.all_ns = 100};
  split.ns[BARO_STATE_DISK] = 100;
  assert_int_equal(baro_report_bar(&report, &split, 200, 10, &bar), 5);
  assert_int_equal(bar.length, 5);
  assert_memory_equal(bar.data, "ddddd", 5);
  assert_true(report.shown[BARO_STATE_DISK]);
  assert_false(report.shown[BARO_STATE_CPU]);
  /* What there is shows, however little. */
  assert_int_equal(baro_report_bar(&report, &split, 1000000, 10, &bar), 1);
  split.all_ns = 0;
  assert_int_equal(baro_report_bar(&report, &split, 1000000, 10, &bar), 0);
  baro_buffer_release(&bar);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cells_add_up),
      cmocka_unit_test(the_largest_remainder_gets_the_cell),
      cmocka_unit_test(nothing_has_no_cells),
      cmocka_unit_test(words_name_the_largest_first),
      cmocka_unit_test(bars_grow_with_the_amount),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

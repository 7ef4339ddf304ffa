/* The three formats of line tables, by hand: live interpreters are compared in test_code_object.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "capture/cpython/line_table.h"

typedef struct expectation {
  int64_t offset;
  uint32_t line;
} expectation;

/* Both ways of asking must agree with the expectation. */
static void check(baro_line_table_kind kind, const uint8_t *bytes, size_t length,
                  uint32_t first_line, bool complete, const expectation *expected, size_t count) {
  baro_arena keep = {0};
  baro_line_table table;
  baro_view view = {.data = bytes, .length = length};
  assert_int_equal(baro_line_table_decode(kind, view, first_line, &keep, &table), BARO_OK);
  assert_int_equal(table.complete, complete);
  for (size_t i = 0; i < count; i++) {
    assert_int_equal(baro_line_table_find(&table, expected[i].offset), expected[i].line);
    assert_int_equal(baro_code_line(kind, view, first_line, expected[i].offset), expected[i].line);
  }
  for (uint32_t i = 1; i < table.count; i++) {
    assert_true(table.ranges[i].offset_bytes > table.ranges[i - 1].offset_bytes);
    assert_int_not_equal(table.ranges[i].line, table.ranges[i - 1].line);
  }
  baro_arena_release(&keep);
}

#define CHECK(kind, bytes, first_line, complete, ...)                                              \
  do {                                                                                             \
    const expectation expected_[] = {__VA_ARGS__};                                                 \
    check(kind, bytes, sizeof bytes, first_line, complete, expected_,                              \
          sizeof expected_ / sizeof expected_[0]);                                                 \
  } while (0)

static void test_lnotab(void **state) {
  (void)state;
  /* Line 10 up to 6, then 12; at 8 two entries that only move the line, to 300 - one back; long jump of bytes. */
  const uint8_t bytes[] = {6, 2, 2, 127, 0, 127, 0, 34, 255, 0, 1, 0xff};
  CHECK(BARO_LINES_LNOTAB, bytes, 10, true, {-1, 10}, {0, 10}, {5, 10}, {6, 12}, {7, 12}, {8, 300},
        {262, 300}, {263, 300}, {264, 299}, {100000, 299});
  const uint8_t odd[] = {6, 2, 2};
  CHECK(BARO_LINES_LNOTAB, odd, 10, false, {5, 10}, {6, 12});
  CHECK(BARO_LINES_LNOTAB, ((const uint8_t[]){0, 0}), 3, true, {0, 3}, {50, 3});
}

static void test_pep626(void **state) {
  (void)state;
  const uint8_t bytes[] = {4, 0, 2, 0x80, 0, 5, 6, 1, 2, 0xfa};
  CHECK(BARO_LINES_PEP626, bytes, 20, true, {-1, 20}, {0, 20}, {3, 20}, {4, BARO_LINE_NONE},
        {6, 26}, {11, 26}, {12, 20}, {14, BARO_LINE_NONE});
  const uint8_t below[] = {2, 0xf0, 2, 0x20};
  CHECK(BARO_LINES_PEP626, below, 3, true, {0, BARO_LINE_NONE}, {2, 19});
}

static void test_locations(void **state) {
  (void)state;
  const uint8_t bytes[] = {
      0x80 | 13 << 3,     3,                   /* 1 unit, no columns, line -1 */
      0x80 | 11 << 3 | 1, 5,    9,             /* 2 units, next line */
      0x80 | 2 << 3 | 7,  0x42,                /* 8 units, same line */
      0x80 | 14 << 3,     0x40, 0x04, 0, 1, 1, /* long: + 128 lines */
      0x80 | 15 << 3,                          /* none */
      0x80 | 12 << 3,     0,    1,             /* two lines on */
  };
  CHECK(BARO_LINES_LOCATIONS, bytes, 1, true, {-1, 1}, {0, BARO_LINE_NONE}, {2, 1}, {4, 1}, {6, 1},
        {21, 1}, {22, 129}, {24, BARO_LINE_NONE}, {26, 131}, {28, BARO_LINE_NONE});
}

/* Broken tables keep what came before the break, and say so. */
static void test_broken(void **state) {
  (void)state;
  const uint8_t no_mark[] = {0x80 | 11 << 3, 0, 1, 0x05};
  CHECK(BARO_LINES_LOCATIONS, no_mark, 4, false, {0, 5}, {2, BARO_LINE_NONE});
  const uint8_t cut[] = {0x80 | 11 << 3, 0, 1, 0x80 | 14 << 3, 0x7f, 0x7f};
  CHECK(BARO_LINES_LOCATIONS, cut, 4, false, {0, 5}, {2, BARO_LINE_NONE});
  const uint8_t endless[] = {0x80 | 13 << 3, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f,
                             0x7f,           0x7f, 0x7f, 0x7f, 0x7f, 1};
  CHECK(BARO_LINES_LOCATIONS, endless, 4, false, {0, BARO_LINE_NONE});
  baro_arena keep = {0};
  baro_line_table table;
  assert_int_equal(baro_line_table_decode(BARO_LINES_LOCATIONS, (baro_view){0}, 9, &keep, &table),
                   BARO_OK);
  assert_int_equal(table.count, 0);
  assert_int_equal(baro_line_table_find(&table, 0), BARO_LINE_NONE);
  assert_int_equal(baro_line_table_find(&table, -1), 9);
  baro_arena_release(&keep);
}

/* The largest table that is read must not overflow offsets, whatever is in it. */
static void test_largest(void **state) {
  (void)state;
  size_t length = 1 << 20;
  uint8_t *bytes = malloc(length);
  assert_non_null(bytes);
  for (size_t i = 0; i < length; i += 2) {
    bytes[i] = 255;
    bytes[i + 1] = i % 4 == 0 ? 127 : 0x81;
  }
  const expectation last[] = {{(int64_t)(length / 2) * 255 - 1, 5}};
  check(BARO_LINES_PEP626, bytes, length, 5, true, last, 1);
  free(bytes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lnotab),    cmocka_unit_test(test_pep626),
      cmocka_unit_test(test_locations), cmocka_unit_test(test_broken),
      cmocka_unit_test(test_largest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

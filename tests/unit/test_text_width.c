/* Columns of text, cutting, and what must never reach a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "show/text_width.h"

static char *fitted(const char *text, size_t columns, baro_cut cut, bool unicode,
                    size_t *ret_used) {
  static char result[256];
  baro_buffer out = {0};
  *ret_used = baro_write_fitted(&out, baro_view_of(text), columns, cut, unicode);
  assert_true(out.length < sizeof(result));
  if (out.length > 0)
    memcpy(result, out.data, out.length);
  result[out.length] = '\0';
  baro_buffer_release(&out);
  return result;
}

static void assert_fitted(const char *text, size_t columns, baro_cut cut, const char *expected) {
  size_t used = 0;
  assert_string_equal(fitted(text, columns, cut, true, &used), expected);
  assert_int_equal(used, baro_text_width(baro_view_of(expected)));
  assert_true(used <= columns);
}

static void widths(void **state) {
  (void)state;
  assert_int_equal(baro_text_width(baro_view_of("abc")), 3);
  assert_int_equal(baro_text_width(baro_view_of("日本語")), 6);
  assert_int_equal(baro_text_width(baro_view_of("e\xcc\x81t\xc3\xa9")), 3); /* combining acute */
  assert_int_equal(baro_text_width(baro_view_of("\xf0\x9f\x9a\x80")), 2);   /* rocket */
  assert_int_equal(baro_text_width(baro_view_of("한국")), 4);
  assert_int_equal(baro_text_width((baro_view){NULL, 0}), 0);
}

static void text_is_cut_where_asked(void **state) {
  (void)state;
  assert_fitted("short", 5, BARO_CUT_END, "short");
  assert_fitted("function", 5, BARO_CUT_END, "func…");
  assert_fitted("/srv/app/file.py:40", 11, BARO_CUT_START, "…file.py:40");
  assert_fitted("/srv/app/file.py:40", 14, BARO_CUT_PATH, "…/file.py:40");
  assert_fitted("/srv/app/file.py:40", 10, BARO_CUT_PATH, "…ile.py:40");
  assert_fitted("日本/語/file.py:40", 14, BARO_CUT_PATH, "…/file.py:40");
  assert_fitted("Catalogue.parse_line", 12, BARO_CUT_MIDDLE, "Cata…se_line");
  assert_fitted("lock 40 %, disk 9 %, GIL 8 %", 28, BARO_CUT_ITEMS, "lock 40 %, disk 9 %, GIL 8 %");
  assert_fitted("lock 40 %, disk 9 %, GIL 8 %", 27, BARO_CUT_ITEMS, "lock 40 %, disk 9 %");
  assert_fitted("lock 40 %, disk 9 %, GIL 8 %", 19, BARO_CUT_ITEMS, "lock 40 %, disk 9 %");
  assert_fitted("lock 40 %, disk 9 %, GIL 8 %", 18, BARO_CUT_ITEMS, "lock 40 %");
  assert_fitted("lock 40 %, disk 9 %, GIL 8 %", 9, BARO_CUT_ITEMS, "lock 40 %");
  assert_fitted("lock 40 %, disk 9 %, GIL 8 %", 8, BARO_CUT_ITEMS, "lock 40…");
  assert_fitted("anything", 1, BARO_CUT_MIDDLE, ".");
  assert_fitted("anything", 0, BARO_CUT_END, "");
}

/* Half a wide character would shift the whole line. */
static void wide_characters_are_not_split(void **state) {
  (void)state;
  assert_fitted("日本語", 4, BARO_CUT_END, "日…");
  assert_fitted("日本語", 4, BARO_CUT_START, "…語");
  assert_fitted("日本語", 5, BARO_CUT_MIDDLE, "…本語");
}

static void marks_stay_with_their_letter(void **state) {
  (void)state;
  assert_fitted("ae\xcc\x81"
                "bc",
                2, BARO_CUT_START, "…c");
  assert_fitted("ae\xcc\x81"
                "bc",
                3, BARO_CUT_END, "ae\xcc\x81…");
}

static void assert_clean(const char *text, size_t length, const char *expected) {
  baro_buffer out = {0};
  baro_write_clean(&out, (baro_view){(const uint8_t *)text, length}, true);
  assert_int_equal(out.length, strlen(expected));
  assert_memory_equal(out.data, expected, out.length);
  baro_buffer_release(&out);
}

static void controls_do_not_reach_the_terminal(void **state) {
  (void)state;
  assert_clean("\033[2J", 4, "\xef\xbf\xbd[2J");
  assert_clean("a\0b", 3,
               "a\xef\xbf\xbd"
               "b");
  assert_clean("\xc2\x9b"
               "31m",
               5,
               "\xef\xbf\xbd"
               "31m"); /* C1: another escape */
  assert_clean("\xe2\x80\xae"
               "x",
               4,
               "\xef\xbf\xbd"
               "x");                               /* right-to-left override */
  assert_clean("\xe2\x80\xa8", 3, "\xef\xbf\xbd"); /* line separator */
}

static void invalid_bytes_are_replaced_one_by_one(void **state) {
  (void)state;
  assert_clean("\xff\xfe", 2, "\xef\xbf\xbd\xef\xbf\xbd");
  assert_clean("\xe6\x97", 2, "\xef\xbf\xbd\xef\xbf\xbd"); /* cut short */
  assert_clean("\xc0\xaf", 2, "\xef\xbf\xbd\xef\xbf\xbd"); /* overlong */
  assert_clean("\xed\xa0\x80", 3, "\xef\xbf\xbd");         /* surrogate */
  assert_clean("\xf4\x90\x80\x80", 4, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void ascii_keeps_the_columns(void **state) {
  (void)state;
  size_t used = 0;
  assert_string_equal(fitted("日本 caf\xc3\xa9", 20, BARO_CUT_END, false, &used), "???? caf?");
  assert_int_equal(used, 9);
  assert_string_equal(fitted("a_long_function", 10, BARO_CUT_END, false, &used), "a_long_...");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(widths),
      cmocka_unit_test(text_is_cut_where_asked),
      cmocka_unit_test(wide_characters_are_not_split),
      cmocka_unit_test(marks_stay_with_their_letter),
      cmocka_unit_test(controls_do_not_reach_the_terminal),
      cmocka_unit_test(invalid_bytes_are_replaced_one_by_one),
      cmocka_unit_test(ascii_keeps_the_columns),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

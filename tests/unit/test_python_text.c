/* Characters of a str as UTF-8: wrong here means names that are not those of the program, or that break what shows them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/cpython/python_text.h"

/* Decodes; expected may hold NULs. */
static void check_limited(const void *data, size_t length, uint8_t kind, size_t limit_bytes,
                          const char *expected, size_t expected_bytes, bool is_cut) {
  baro_arena arena = {0};
  baro_python_text text = {.data = data, .length = length, .kind = kind};
  baro_view got = {0};
  bool cut = !is_cut;
  assert_int_equal(baro_python_text_decode(&text, limit_bytes, &arena, &got, &cut), BARO_OK);
  assert_int_equal(got.length, expected_bytes);
  assert_memory_equal(got.data, expected, expected_bytes);
  assert_int_equal(got.data[got.length], 0);
  assert_int_equal(cut, is_cut);
  baro_arena_release(&arena);
}

static void check(const void *data, size_t length, uint8_t kind, const char *expected) {
  check_limited(data, length, kind, 1000, expected, strlen(expected), false);
}

static void latin_1(void **state) {
  (void)state;
  check("load", 4, 1, "load");
  check("", 0, 1, "");
  check("Gr\xf6\xdf"
        "e",
        5, 1,
        "Gr\xc3\xb6\xc3\x9f"
        "e");
  check("\x7f\x80\xff", 3, 1, "\x7f\xc2\x80\xc3\xbf");
  check_limited("a\0b", 3, 1, 1000, "a\0b", 3, false);
}

static void two_bytes_a_character(void **state) {
  (void)state;
  static const uint8_t text[] = {0x61, 0x00, 0xff, 0x07, 0x00, 0x08, 0xac, 0x20, 0xff, 0xff};
  check(text, 5, 2, "a\xdf\xbf\xe0\xa0\x80\xe2\x82\xac\xef\xbf\xbf");
  /* A file name that is not UTF-8: its byte 0xff became a lone surrogate, and stays one. */
  static const uint8_t surrogate[] = {0xff, 0xdc};
  check(surrogate, 1, 2, "\xed\xb3\xbf");
}

static void four_bytes_a_character(void **state) {
  (void)state;
  static const uint8_t text[] = {0x61, 0, 0, 0, 0x80, 0xf6, 0x01, 0, 0xff, 0xff, 0x10, 0};
  check(text, 3, 4, "a\xf0\x9f\x9a\x80\xf4\x8f\xbf\xbf");
  /* Beyond Unicode, as only a broken or hostile target has it. */
  static const uint8_t beyond[] = {0, 0, 0x11, 0, 0xff, 0xff, 0xff, 0xff};
  check(beyond, 2, 4, "\xef\xbf\xbd\xef\xbf\xbd");
}

/* The copy of a target's bytes has no alignment. */
static void any_alignment(void **state) {
  (void)state;
  static const uint8_t bytes[] = {9, 0xac, 0x20, 0, 0, 0x61, 0, 0, 0};
  check(bytes + 1, 2, 4,
        "\xe2\x82\xac"
        "a");
  check(bytes + 1, 1, 2, "\xe2\x82\xac");
}

/* Whole characters only. */
static void a_limit_cuts_between_characters(void **state) {
  (void)state;
  static const uint8_t euros[] = {0xac, 0x20, 0xac, 0x20, 0xac, 0x20};
  for (size_t limit = 0; limit <= 10; limit++) {
    size_t whole = limit / 3 < 3 ? limit / 3 : 3;
    check_limited(euros, 3, 2, limit, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", whole * 3, whole < 3);
  }
  check_limited("abc", 3, 1, 3, "abc", 3, false);
  check_limited("abc", 3, 1, 2, "ab", 2, true);
  check_limited("", 0, 1, 0, "", 0, false);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(latin_1),
      cmocka_unit_test(two_bytes_a_character),
      cmocka_unit_test(four_bytes_a_character),
      cmocka_unit_test(any_alignment),
      cmocka_unit_test(a_limit_cuts_between_characters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

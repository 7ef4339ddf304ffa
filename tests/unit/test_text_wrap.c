/* Lines of running text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "show/text_wrap.h"

static void assert_wrapped(const char *text, size_t column, size_t indent, size_t columns,
                           const char *expected) {
  baro_buffer out = {0};
  baro_wrap wrap = {.column = column, .indent = indent, .columns = columns, .unicode = true};
  baro_write_wrapped(&out, &wrap, baro_view_of(text));
  baro_write_u8(&out, 0);
  assert_string_equal((const char *)out.data, expected);
  baro_buffer_release(&out);
}

static void lines_break_between_words(void **state) {
  (void)state;
  assert_wrapped("one two three", 0, 0, 7, "one two\nthree");
  assert_wrapped("one  two\nthree ", 0, 2, 20, "one two three");
  assert_wrapped("one two", 4, 2, 7, "one\n  two");
  assert_wrapped("", 0, 0, 10, "");
}

static void long_words_stay_whole(void **state) {
  (void)state;
  assert_wrapped("a endlesslylong b", 0, 0, 6, "a\nendlesslylong\nb");
}

static void numbers_stay_with_their_unit(void **state) {
  (void)state;
  assert_wrapped("used 12.5 s then", 0, 0, 10, "used\n12.5 s\nthen");
  assert_wrapped("used 61 %, more", 0, 0, 8, "used\n61 %,\nmore");
  assert_wrapped("used 61 samples", 0, 0, 8, "used 61\nsamples");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_break_between_words),
      cmocka_unit_test(long_words_stay_whole),
      cmocka_unit_test(numbers_stay_with_their_unit),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

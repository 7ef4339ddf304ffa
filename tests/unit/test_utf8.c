/* UTF-8 of foreign names: what is well-formed stays, every other byte becomes U+FFFD. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "show/utf8.h"

#define BAD "\xef\xbf\xbd"

static void check(const char *text, size_t length, const char *expected) {
  baro_buffer buffer = {0};
  baro_write_utf8(&buffer, (baro_view){.data = (const uint8_t *)text, .length = length});
  assert_int_equal(buffer.length, strlen(expected));
  assert_true(buffer.length == 0 || memcmp(buffer.data, expected, buffer.length) == 0);
  baro_buffer_release(&buffer);
}

static void test_well_formed(void **state) {
  (void)state;
  static const char *const texts[] = {"", "plain", "\xc2\x80\xdf\xbf",
                                      "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf",
                                      "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"};
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    check(texts[i], strlen(texts[i]), texts[i]);
  }
}

/* Overlong forms, surrogates, beyond U+10FFFF, lone and missing continuations. */
static void test_ill_formed(void **state) {
  (void)state;
  check("\x80", 1, BAD);
  check("\xc0\xaf", 2, BAD BAD);
  check("\xc1\xbf", 2, BAD BAD);
  check("\xe0\x9f\xbf", 3, BAD BAD BAD);
  check("\xed\xa0\x80", 3, BAD BAD BAD);
  check("\xf0\x8f\xbf\xbf", 4, BAD BAD BAD BAD);
  check("\xf4\x90\x80\x80", 4, BAD BAD BAD BAD);
  check("\xf5\x80\x80\x80", 4, BAD BAD BAD BAD);
  check("\xc3", 1, BAD);
  check("\xe2\x82", 2, BAD BAD);
  check("a\xe2\x82z", 4, "a" BAD BAD "z");
  check("\xc3\xa4\xff", 3, "\xc3\xa4" BAD);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_well_formed),
      cmocka_unit_test(test_ill_formed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

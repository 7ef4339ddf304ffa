/* JSON as importers read it: values in their order, what is skipped, and what is no JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "import/json_reader.h"

static baro_json_reader reader_of(const char *text) {
  return baro_json_reader_of(baro_view_of(text));
}

static void check_text(const char *json, const char *expected) {
  baro_json_reader reader = reader_of(json);
  baro_buffer text = {0};
  baro_json_string_value(&reader, &text);
  baro_write_u8(&text, 0);
  assert_int_equal(baro_json_failed(&reader, NULL), BARO_OK);
  assert_string_equal((const char *)text.data, expected);
  baro_buffer_release(&text);
}

static void test_texts(void **state) {
  (void)state;
  check_text("\"\"", "");
  check_text("\"plain\"", "plain");
  check_text("\"a\\\"b\\\\c\\/d\\n\\t\\u0041\\u00fc\"", "a\"b\\c/d\n\tA\xc3\xbc");
  check_text("\"\\ud83d\\ude80!\"", "\xf0\x9f\x9a\x80!");
  check_text("\"\\ud83d!\\ude80\"", "\xef\xbf\xbd!\xef\xbf\xbd"); /* alone they are nothing */
  check_text("\"\\u20ac\"", "\xe2\x82\xac");
}

static void check_number(const char *json, double expected) {
  baro_json_reader reader = reader_of(json);
  assert_float_equal(baro_json_number_value(&reader), expected, 0);
  baro_json_finish(&reader);
  assert_int_equal(baro_json_failed(&reader, NULL), BARO_OK);
}

static void test_numbers(void **state) {
  (void)state;
  check_number("0", 0);
  check_number(" 12345 ", 12345);
  check_number("-3", -3);
  check_number("1.25e3", 1250);
  check_number("123456789012345678", 123456789012345678.0);
  check_number("0.1", 0.1);
}

/* Whatever stands in between, all that is asked for is found. */
static void test_shape(void **state) {
  (void)state;
  baro_json_reader reader = reader_of("{\"a\": [1, {\"x\": [[], {}]}, \"]}\"], \"b\" : 2,\n"
                                      " \"c\": {}, \"d\": [ ], \"e\": [3, 4], \"f\": null}");
  baro_view name;
  double sum = 0;
  unsigned members = 0;
  assert_true(baro_json_enter(&reader, '{'));
  while (baro_json_member(&reader, &name)) {
    members++;
    if (baro_view_equal(name, baro_view_of("b"))) {
      sum += baro_json_number_value(&reader);
    } else if (baro_view_equal(name, baro_view_of("e"))) {
      assert_true(baro_json_enter(&reader, '['));
      while (baro_json_element(&reader)) {
        sum += baro_json_number_value(&reader);
      }
    } else {
      baro_json_skip(&reader);
    }
  }
  baro_json_finish(&reader);
  assert_int_equal(baro_json_failed(&reader, NULL), BARO_OK);
  assert_int_equal(members, 6);
  assert_float_equal(sum, 9, 0);
}

/* A copy is a place to come back to, as two lists that belong together need. */
static void test_places(void **state) {
  (void)state;
  baro_json_reader reader = reader_of("[[1, 2], [10, 20]]");
  double sum = 0;
  assert_true(baro_json_enter(&reader, '['));
  assert_true(baro_json_element(&reader));
  (void)baro_json_peek(&reader);
  baro_json_reader first = reader;
  baro_json_skip(&reader);
  assert_true(baro_json_element(&reader));
  baro_json_reader second = reader;
  assert_true(baro_json_enter(&first, '[') && baro_json_enter(&second, '['));
  while (baro_json_element(&first) && baro_json_element(&second)) {
    sum += baro_json_number_value(&first) * baro_json_number_value(&second);
  }
  assert_float_equal(sum, 50, 0);
}

static void check_broken(const char *json, const char *where) {
  baro_json_reader reader = reader_of(json);
  baro_error err = {0};
  baro_json_skip(&reader);
  baro_json_finish(&reader);
  assert_int_equal(baro_json_failed(&reader, &err), BARO_INVALID);
  if (strncmp(err.message, where, strlen(where)) != 0) {
    fail_msg("%s: %s", json, err.message);
  }
  /* It stays so. */
  assert_false(baro_json_enter(&reader, '{'));
  assert_int_equal(baro_json_peek(&reader), 0);
}

static void test_what_is_no_json(void **state) {
  (void)state;
  check_broken("", "byte 0: expected a value");
  check_broken("nul", "byte 0: expected a value");
  check_broken("[1 2]", "byte 3: expected a comma");
  check_broken("[1,", "byte 3: expected a value");
  check_broken("[1,]", "byte 3: expected a value");
  check_broken("{\"a\" 1}", "byte 5: expected a colon");
  check_broken("{a: 1}", "byte 1: expected a text in quotes");
  check_broken("\"open", "byte 5: expected the end of a text");
  check_broken("\"open\\", "byte 6: expected the end of a text");
  check_broken("1 2", "byte 2: expected the end of the file");
  check_broken("-", "byte 0: expected a number");
  check_broken("1e", "byte 0: expected a number");
}

/* Deeper than anybody writes is refused, and takes no stack of ours. */
static void test_nesting_is_bounded(void **state) {
  (void)state;
  enum { DEPTH = 200000 };
  char *deep = malloc(DEPTH + 1);
  assert_non_null(deep);
  memset(deep, '[', DEPTH);
  deep[DEPTH] = '\0';
  check_broken(deep, "byte 1024: expected fewer brackets within each other");
  free(deep);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_texts),           cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_shape),           cmocka_unit_test(test_places),
      cmocka_unit_test(test_what_is_no_json), cmocka_unit_test(test_nesting_is_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

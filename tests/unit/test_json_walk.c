/* Walks over lines: values taken and skipped, what is no JSON, and that both kinds of scans see the same. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/os_scan.h"
#include "import/json_names.h"
#include "import/json_walk.h"

/* A line as baro_json_lines gives it; behind it stands what would be taken for its end if it were looked at. */
static baro_view line_of(const char *text) {
  static uint8_t *bytes;
  size_t length = strlen(text);
  free(bytes);
  bytes = malloc(length + BARO_JSON_LINE_PADDING);
  assert_non_null(bytes);
  memcpy(bytes, text, length);
  for (size_t i = 0; i < BARO_JSON_LINE_PADDING; i++)
    bytes[length + i] = (uint8_t) "\"}],:1"[i % 6];
  return (baro_view){.data = bytes, .length = length};
}

static baro_json_walk walk_of(const char *text) {
  return baro_json_walk_of(line_of(text));
}

static void check_integer(const char *text, bool is_integer, int64_t expected) {
  baro_json_walk walk = walk_of(text);
  int64_t value = 77;
  assert_int_equal(baro_json_walk_integer(&walk, &value), is_integer);
  if (value != (is_integer ? expected : 77))
    fail_msg("%s: %" PRId64, text, value);
  assert_true(baro_json_walk_finish(&walk)); /* in either case it is behind it */
}

static void integers_are_exact(void **state) {
  (void)state;
  check_integer("0", true, 0);
  check_integer("7", true, 7);
  check_integer("-7", true, -7);
  check_integer("12345678", true, 12345678);
  check_integer("123456789", true, 123456789);
  check_integer("1234567890123456", true, 1234567890123456);
  check_integer("9223372036854775807", true, INT64_MAX);
  check_integer("-9223372036854775808", true, INT64_MIN);
  check_integer("9007199254740993", true, 9007199254740993); /* which no double is */
  check_integer("9223372036854775808", false, 0);
  check_integer("-9223372036854775809", false, 0);
  check_integer("18446744073709551617", false, 0);
  check_integer("99999999999999999999999999999999999", false, 0);
  check_integer("1.0", false, 0);
  check_integer("1e3", false, 0);
  check_integer(" 42 ", true, 42);
  check_integer("null", false, 0);
  check_integer("\"42\"", false, 0);
  check_integer("{\"a\":[1,2,{}]}", false, 0);
  /* Every number of digits. */
  char text[32];
  uint64_t number = 0;
  for (int digits = 1; digits <= 18; digits++) {
    number = number * 10 + (uint64_t)(digits % 10);
    snprintf(text, sizeof text, "%" PRIu64, number);
    check_integer(text, true, (int64_t)number);
  }
}

static void check_number(const char *text, double expected) {
  baro_json_walk walk = walk_of(text);
  double value = 0;
  assert_true(baro_json_walk_number(&walk, &value));
  assert_true(baro_json_walk_finish(&walk));
  assert_float_equal(value, expected, 0);
}

static void other_numbers(void **state) {
  (void)state;
  check_number("0", 0);
  check_number("-12", -12);
  check_number("0.1", 0.1);
  check_number("1.25e3", 1250);
  check_number("1E-2", 0.01);
  check_number("18446744073709551616", 18446744073709551616.0);
  int64_t value;
  assert_true(baro_json_text_integer(line_of("8123"), &value) && value == 8123);
  assert_true(baro_json_text_integer(line_of("-5"), &value) && value == -5);
  assert_false(baro_json_text_integer(line_of("8123 ms"), &value));
  assert_false(baro_json_text_integer(line_of("8.5"), &value));
  assert_false(baro_json_text_integer(line_of(""), &value));
}

static void check_text(const char *json, const char *expected) {
  baro_json_walk walk = walk_of(json);
  baro_view raw;
  baro_buffer text = {0};
  assert_true(baro_json_walk_text(&walk, &raw));
  assert_true(baro_json_walk_finish(&walk));
  assert_true(baro_json_text_unescape(raw, &text));
  baro_write_u8(&text, 0);
  assert_string_equal((const char *)text.data, expected);
  baro_buffer_release(&text);
}

static void texts(void **state) {
  (void)state;
  check_text("\"\"", "");
  check_text("\"plain\"", "plain");
  check_text("\"a\\\"b\\\\\"", "a\"b\\");
  check_text("\"\\\\\"", "\\");
  check_text("\"\\\\\\\"\"", "\\\"");
  check_text("\"\\u00fc \\ud83d\\ude80\"", "\xc3\xbc \xf0\x9f\x9a\x80");
  /* Runs of backslashes of each length, at each place of a piece that is scanned at once. */
  char json[512], expected[512];
  for (int before = 0; before < 70; before++) {
    for (int pairs = 1; pairs < 70; pairs += 9) {
      int at =
          sprintf(json, "\"%.*s", before,
                  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
      for (int i = 0; i < pairs; i++)
        at += sprintf(json + at, "\\\\");
      sprintf(json + at, "\\\"z\"");
      int to = sprintf(expected, "%.*s", before, json + 1);
      for (int i = 0; i < pairs; i++)
        expected[to++] = '\\';
      strcpy(expected + to, "\"z");
      check_text(json, expected);
    }
  }
}

static void members_and_elements(void **state) {
  (void)state;
  static const char *const spellings[] = {
      "{\"a\":[1,{\"x\":[[],{}]},\"]}\"],\"b\":2,\"c\":{},\"d\":[],\"e\":[3,4],\"f\":null,\"g\":"
      "true}",
      " { \"a\" : [ 1 , { \"x\" : [ [ ] , { } ] } , \"]}\" ] , \"b\" : 2 , \"c\" : { } , "
      "\"d\" : [ ] , \"e\" : [ 3 , 4 ] , \"f\" : null , \"g\" : true } \r",
  };
  for (int i = 0; i < 2; i++) {
    baro_json_walk walk = walk_of(spellings[i]);
    baro_view name;
    int64_t sum = 0, value = 0;
    bool flag = false;
    char names[16] = "";
    assert_true(baro_json_walk_enter(&walk, '{'));
    while (baro_json_walk_member(&walk, &name)) {
      strncat(names, (const char *)name.data, name.length);
      if (name.data[0] == 'b') {
        assert_true(baro_json_walk_integer(&walk, &value));
        sum += value;
      } else if (name.data[0] == 'e') {
        assert_true(baro_json_walk_enter(&walk, '['));
        while (baro_json_walk_element(&walk)) {
          assert_true(baro_json_walk_integer(&walk, &value));
          sum += value;
        }
      } else if (name.data[0] == 'd') {
        assert_true(baro_json_walk_enter(&walk, '['));
        assert_false(baro_json_walk_element(&walk));
      } else if (name.data[0] == 'c') {
        assert_false(baro_json_walk_enter(&walk, '[')); /* it is an object: skipped */
      } else if (name.data[0] == 'f') {
        assert_false(baro_json_walk_boolean(&walk, &flag));
      } else if (name.data[0] == 'g') {
        assert_true(baro_json_walk_boolean(&walk, &flag) && flag);
      } else {
        baro_json_walk_skip(&walk);
      }
    }
    assert_true(baro_json_walk_finish(&walk));
    assert_string_equal(names, "abcdefg");
    assert_int_equal(sum, 9);
  }
}

/* Out of the middle, and a value kept for later. */
static void leaving_and_keeping(void **state) {
  (void)state;
  baro_json_walk walk = walk_of("[{\"ID\":1,\"Name\":\"}\\\"]\",\"x\":[{}]},{\"ID\":2},[5,\"a\"]]");
  baro_view name, value;
  int64_t id, sum = 0;
  assert_true(baro_json_walk_enter(&walk, '['));
  for (int i = 0; i < 2; i++) {
    assert_true(baro_json_walk_element(&walk));
    assert_true(baro_json_walk_enter(&walk, '{'));
    assert_true(baro_json_walk_member(&walk, &name));
    assert_true(baro_json_walk_integer(&walk, &id));
    sum += id;
    baro_json_walk_leave(&walk);
  }
  assert_int_equal(sum, 3);
  assert_true(baro_json_walk_element(&walk));
  assert_true(baro_json_walk_value(&walk, &value));
  assert_true(baro_view_equal(value, baro_view_of("[5,\"a\"]")));
  assert_false(baro_json_walk_element(&walk));
  assert_true(baro_json_walk_finish(&walk));
  baro_json_walk inner = baro_json_walk_of(value);
  assert_true(baro_json_walk_enter(&inner, '[') && baro_json_walk_element(&inner));
  assert_true(baro_json_walk_integer(&inner, &id) && id == 5);
  baro_json_walk_leave(&inner);
  assert_true(baro_json_walk_finish(&inner));
}

/* Reads all of it, one value within the other. */
static void walk_all(baro_json_walk *walk, int depth) {
  baro_view name;
  if (depth < 5 && baro_json_walk_peek(walk) == '{') {
    (void)baro_json_walk_enter(walk, '{');
    while (baro_json_walk_member(walk, &name))
      walk_all(walk, depth + 1);
  } else if (depth < 5 && baro_json_walk_peek(walk) == '[') {
    (void)baro_json_walk_enter(walk, '[');
    while (baro_json_walk_element(walk))
      walk_all(walk, depth + 1);
  } else {
    baro_json_walk_skip(walk);
  }
}

static void check_bad(const char *text, const char *message) {
  baro_json_walk walk = walk_of(text);
  baro_error err = {0};
  walk_all(&walk, 0);
  assert_false(baro_json_walk_finish(&walk));
  assert_int_equal(baro_json_walk_failed(&walk, &err), BARO_INVALID);
  if (message != NULL)
    assert_string_equal(err.message, message);
  /* From then on all answers are no. */
  baro_view name;
  int64_t value;
  assert_false(baro_json_walk_enter(&walk, '{'));
  assert_false(baro_json_walk_member(&walk, &name));
  assert_false(baro_json_walk_element(&walk));
  assert_false(baro_json_walk_integer(&walk, &value));
  assert_false(baro_json_walk_text(&walk, &name));
  assert_false(baro_json_walk_value(&walk, &name));
}

static void what_is_no_json(void **state) {
  (void)state;
  check_bad("", NULL);
  check_bad("{", "byte 1: expected a comma or the end of what began");
  check_bad("{\"a\"", "byte 4: expected a colon behind a name");
  check_bad("{\"a\":", "byte 5: expected a value");
  check_bad("{\"a\":1", "byte 6: expected a comma or the end of what began");
  check_bad("{\"a\":1,}", "byte 7: expected a name in quotes");
  check_bad("{\"a\":1 \"b\":2}", NULL);
  check_bad("{,}", NULL);
  check_bad("{\"a", "byte 1: expected the end of a text");
  check_bad("{\"a\":\"x}", NULL);
  check_bad("{\"a\":\"x\\", NULL);
  check_bad("{\"a\":1}}", "byte 7: expected the end of the line");
  check_bad("[1,]", NULL);
  check_bad("[1 2]", NULL);
  check_bad("{\"a\":tru}", NULL);
  check_bad("garbage", "byte 0: expected a value");
  check_bad("[[[[[[[[\"]]]", NULL);
  check_bad("{\"a\":1{}", "byte 6: expected a comma or the end of what began");
  check_bad("{\"a\":12x,\"b\":1}", NULL);
}

/* Every cut of a line is a bad line, whatever stands behind it. */
static void wherever_a_line_is_cut(void **state) {
  (void)state;
  static const char line[] = "{\"Event\":\"SparkListenerTaskEnd\",\"Stage "
                             "ID\":12,\"x\":{\"deep\":[[[[[[{\"\\\"\":1.5}]]]]]"
                             "]},\"Killed\":false,\"t\":\"a\\\\\",\"n\":null,\"l\":[1,2,3]}";
  char cut[sizeof(line)];
  for (size_t length = 0; length < sizeof(line) - 1; length++) {
    memcpy(cut, line, length);
    cut[length] = '\0';
    check_bad(cut, NULL);
  }
  baro_json_walk walk = walk_of(line);
  walk_all(&walk, 0);
  assert_true(baro_json_walk_finish(&walk));
}

static void nesting_is_bounded(void **state) {
  (void)state;
  enum { DEPTH = 200000 };
  char *deep = malloc(DEPTH + 1);
  assert_non_null(deep);
  memset(deep, '[', DEPTH);
  deep[DEPTH] = '\0';
  check_bad(deep, "byte 5: expected fewer brackets within each other");
  memset(deep + 1000, ']', 1000);
  deep[2000] = '\0';
  baro_json_walk walk = walk_of(deep);
  baro_json_walk_skip(&walk);
  assert_true(baro_json_walk_finish(&walk));
  free(deep);
}

static void names_are_found(void **state) {
  (void)state;
  static const char *const texts[] = {"ID",
                                      "Event",
                                      "Stage ID",
                                      "Stage Attempt ID",
                                      "Executor Deserialize Time",
                                      "Executor Deserialize CPU Time",
                                      "internal.metrics.shuffle.read.localBlocksFetched",
                                      ""};
  enum { COUNT = sizeof(texts) / sizeof(texts[0]) };
  static baro_json_names names;
  baro_json_names_init(&names, texts, COUNT);
  for (uint32_t round = 0; round < 3; round++) {
    for (uint32_t i = 0; i < COUNT; i++) {
      uint32_t index = round == 2 ? COUNT - 1 - i : i;
      assert_int_equal(baro_json_names_find(&names, line_of(texts[index])), index);
    }
  }
  static const char *const others[] = {"id",
                                       "I",
                                       "IDs",
                                       "Event ",
                                       "Executor Deserialize Tame",
                                       "Executor DeserializX CPU Time",
                                       "internal.metrics.shuffle.read.localBlockXFetched"};
  for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
    assert_int_equal(baro_json_names_find(&names, line_of(others[i])), COUNT);
    assert_int_equal(baro_json_names_find(&names, line_of("Event")), 1);
  }
}

/* The scans of this CPU and the portable ones, on all bytes at all places. */
static void scans_agree(void **state) {
  (void)state;
  uint8_t bytes[BARO_SCAN_BYTES];
  uint32_t random = 1;
  for (int round = 0; round < 20000; round++) {
    for (int i = 0; i < BARO_SCAN_BYTES; i++) {
      random = random * 1664525 + 1013904223;
      uint8_t byte = (uint8_t)(random >> 24);
      bytes[i] = round % 2 == 0
                     ? byte
                     : (uint8_t) "\"\\{}[]\x7b\x5b\x02\xdb\xfb\xa2\x21\x23\xdc a"[byte % 17];
    }
    baro_scan_masks here = baro_scan_text(bytes), portable = baro_scan_text_portable(bytes);
    assert_int_equal(baro_scan_string(bytes), baro_scan_string_portable(bytes));
    for (int i = 0; i < BARO_SCAN_BYTES; i++) {
      uint64_t bit = UINT64_C(1) << i;
      uint8_t byte = bytes[i];
      assert_int_equal((portable.quotes & bit) != 0, byte == '"');
      assert_int_equal((portable.backslashes & bit) != 0, byte == '\\');
      assert_int_equal((portable.opens & bit) != 0, byte == '{' || byte == '[');
      assert_int_equal((portable.closes & bit) != 0, byte == '}' || byte == ']');
    }
    assert_memory_equal(&here, &portable, sizeof(here));
  }
}

static void nothing_is_no_json(void **state) {
  (void)state;
  baro_json_walk walk = baro_json_walk_of((baro_view){0});
  assert_false(baro_json_walk_enter(&walk, '{'));
  walk = baro_json_walk_of((baro_view){0});
  baro_json_walk_skip(&walk);
  assert_int_equal(baro_json_walk_failed(&walk, NULL), BARO_INVALID);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(integers_are_exact),
      cmocka_unit_test(other_numbers),
      cmocka_unit_test(texts),
      cmocka_unit_test(members_and_elements),
      cmocka_unit_test(leaving_and_keeping),
      cmocka_unit_test(what_is_no_json),
      cmocka_unit_test(wherever_a_line_is_cut),
      cmocka_unit_test(nesting_is_bounded),
      cmocka_unit_test(names_are_found),
      cmocka_unit_test(scans_agree),
      cmocka_unit_test(nothing_is_no_json),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

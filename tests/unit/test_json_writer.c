/* JSON as a stream: commas, lines, escapes, numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "show/json_writer.h"

typedef struct made_json {
  baro_buffer text;
  baro_stream stream;
  baro_json json;
} made_json;

static void begin(made_json *made, bool indent) {
  made->text = (baro_buffer){0};
  baro_stream_init(&made->stream, baro_sink_buffer, &made->text);
  baro_json_init(&made->json, &made->stream, indent);
}

static void check(made_json *made, const char *expected) {
  assert_int_equal(baro_stream_finish(&made->stream, NULL), BARO_OK);
  baro_write_u8(&made->text, 0);
  assert_string_equal((const char *)made->text.data, expected);
  baro_buffer_release(&made->text);
}

static void write_all(baro_json *json) {
  baro_json_object(json, NULL, false);
  baro_json_text(json, "name", "x");
  baro_json_array(json, "rows", false);
  baro_json_object(json, NULL, true);
  baro_json_u64(json, "big", UINT64_MAX);
  baro_json_i64(json, "small", INT64_MIN);
  baro_json_array(json, "flags", false);
  baro_json_bool(json, NULL, true);
  baro_json_bool(json, NULL, false);
  baro_json_end_array(json);
  baro_json_end_object(json);
  baro_json_null(json, NULL);
  baro_json_end_array(json);
  baro_json_array(json, "none", false);
  baro_json_end_array(json);
  baro_json_end_object(json);
}

static void test_compact(void **state) {
  (void)state;
  made_json made;
  begin(&made, false);
  write_all(&made.json);
  check(&made, "{\"name\":\"x\",\"rows\":[{\"big\":18446744073709551615,"
               "\"small\":-9223372036854775808,\"flags\":[true,false]},null],\"none\":[]}");
}

static void test_indented(void **state) {
  (void)state;
  made_json made;
  begin(&made, true);
  write_all(&made.json);
  check(&made, "{\n  \"name\": \"x\",\n  \"rows\": [\n"
               "    {\"big\": 18446744073709551615, \"small\": -9223372036854775808, "
               "\"flags\": [true, false]},\n    null\n  ],\n  \"none\": []\n}\n");
}

static void test_strings_of_any_bytes(void **state) {
  (void)state;
  made_json made;
  begin(&made, false);
  static const char text[] = "a\"\\\n\r\t\0\x1b\x7f\xc3\xa4\xff/\xed\xa0\x80";
  baro_json_string(&made.json, NULL,
                   (baro_view){.data = (const uint8_t *)text, .length = sizeof(text) - 1});
  check(&made, "\"a\\\"\\\\\\n\\r\\t\\u0000\\u001b\\u007f\xc3\xa4\xef\xbf\xbd/"
               "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void test_numbers(void **state) {
  (void)state;
  made_json made;
  begin(&made, false);
  baro_json_array(&made.json, NULL, false);
  baro_json_number(&made.json, NULL, 0.25);
  baro_json_number(&made.json, NULL, 1000);
  baro_json_number(&made.json, NULL, 1.0 / 3);
  baro_json_number(&made.json, NULL, NAN);
  baro_json_number(&made.json, NULL, INFINITY);
  baro_json_end_array(&made.json);
  check(&made, "[0.25,1000,0.333333333,null,null]");
}

/* More than the stream's buffer, in pieces small and large: nothing is lost or turned around. */
static void test_long_strings(void **state) {
  (void)state;
  enum { LENGTH = 100000 };
  uint8_t *text = malloc(LENGTH);
  assert_non_null(text);
  for (size_t i = 0; i < LENGTH; i++) {
    text[i] = (uint8_t)('a' + i % 26);
  }
  made_json made;
  begin(&made, false);
  baro_json_array(&made.json, NULL, false);
  for (size_t length = 1; length <= LENGTH; length *= 10) {
    baro_json_string(&made.json, NULL, (baro_view){.data = text, .length = length});
  }
  baro_json_end_array(&made.json);
  assert_int_equal(baro_stream_finish(&made.stream, NULL), BARO_OK);
  size_t at = 1;
  for (size_t length = 1; length <= LENGTH; length *= 10) {
    assert_memory_equal(made.text.data + at + 1, text, length);
    at += length + 3;
  }
  assert_int_equal(made.text.length, at);
  baro_buffer_release(&made.text);
  free(text);
}

static baro_status full(void *context, const void *data, size_t length, baro_error *err) {
  int *calls = context;
  (void)data;
  (void)length;
  ++*calls;
  return baro_error_set(err, BARO_NO_SPACE, "the disk is full");
}

/* The first failure is told, with its words, and the sink is not asked again. */
static void test_a_failing_sink(void **state) {
  (void)state;
  int calls = 0;
  baro_stream stream;
  baro_error err = {0};
  baro_stream_init(&stream, full, &calls);
  for (int i = 0; i < 100000; i++) {
    baro_stream_text(&stream, "something");
  }
  assert_int_equal(baro_stream_finish(&stream, &err), BARO_NO_SPACE);
  assert_string_equal(err.message, "the disk is full");
  assert_int_equal(calls, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_compact),
      cmocka_unit_test(test_indented),
      cmocka_unit_test(test_strings_of_any_bytes),
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_long_strings),
      cmocka_unit_test(test_a_failing_sink),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

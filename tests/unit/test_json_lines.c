/* Lines of a log: none lost or joined wherever reads end, long and bad ones counted, memory bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "import/json_lines.h"

static baro_log_input *input_of(baro_view *bytes) {
  baro_log_source source = baro_log_source_of_bytes(bytes);
  baro_log_input *input;
  assert_int_equal(baro_log_input_create(&source, &input, NULL), BARO_OK);
  return input;
}

static void check_line(baro_json_lines *lines, const char *expected) {
  baro_view line;
  assert_true(baro_json_lines_next(lines, &line));
  if (!baro_view_equal(line, baro_view_of(expected)))
    fail_msg("not %s: %.*s", expected, (int)line.length, (const char *)line.data);
}

static void lines_and_what_is_none(void **state) {
  (void)state;
  baro_view bytes = baro_view_of("{\"a\":1}\n\n \t\r\n{\"b\":2}\r\ngarbage\n[1]\n{\"c\":");
  baro_log_input *input = input_of(&bytes);
  baro_json_lines lines;
  baro_view line;
  baro_json_lines_init(&lines, 1000);
  baro_json_lines_attach(&lines, input);
  check_line(&lines, "{\"a\":1}");
  assert_int_equal(lines.number, 1);
  check_line(&lines, "{\"b\":2}\r");
  assert_int_equal(lines.number, 4);
  check_line(&lines, "garbage");
  baro_json_walk walk = baro_json_walk_of(baro_view_of("garbage"));
  baro_json_walk_fail(&walk, "a value");
  baro_json_lines_refuse(&lines, &walk);
  assert_string_equal(lines.first_reason.message, "line 5: byte 0: expected a value");
  check_line(&lines, "[1]");
  baro_json_lines_refuse(&lines, &walk);
  check_line(&lines, "{\"c\":");
  assert_false(lines.is_cut);
  baro_json_lines_refuse(&lines, &walk);
  assert_true(lines.is_cut); /* it was being written: not one of the bad ones */
  assert_int_equal(lines.refused, 2);
  assert_int_equal(lines.first_refused, 5);
  assert_false(baro_json_lines_next(&lines, &line));
  assert_false(baro_json_lines_next(&lines, &line));
  assert_int_equal(lines.given, 5);
  baro_log_input_destroy(input);
  /* Another file of the same log. */
  bytes = baro_view_of("{\"d\":1}");
  input = input_of(&bytes);
  baro_json_lines_attach(&lines, input);
  check_line(&lines, "{\"d\":1}");
  assert_int_equal(lines.given, 6);
  baro_log_input_destroy(input);
  baro_json_lines_release(&lines);
}

/* More than a window: each comes whole, and in order. */
static void many_lines_of_all_lengths(void **state) {
  (void)state;
  enum { LINES = 3000 };
  baro_buffer text = {0};
  for (int i = 0; i < LINES; i++) {
    baro_write_format(&text, "%d ", i);
    for (int k = 0; k < i * 7919 % 1000; k++)
      baro_write_u8(&text, (uint8_t)('a' + i % 26));
    baro_write_u8(&text, '\n');
  }
  baro_view bytes = {.data = text.data, .length = text.length}, line;
  baro_log_input *input = input_of(&bytes);
  baro_json_lines lines;
  baro_json_lines_init(&lines, BARO_JSON_LINE_BYTES_MAX);
  baro_json_lines_attach(&lines, input);
  for (int i = 0; i < LINES; i++) {
    char expected[1100];
    size_t length = (size_t)sprintf(expected, "%d ", i);
    memset(expected + length, 'a' + i % 26, (size_t)(i * 7919 % 1000));
    length += (size_t)(i * 7919 % 1000);
    assert_true(baro_json_lines_next(&lines, &line));
    assert_int_equal(line.length, length);
    assert_memory_equal(line.data, expected, length);
    assert_int_equal(lines.number, i + 1);
    /* What walks rely on. */
    volatile uint8_t behind = line.data[line.length + BARO_JSON_LINE_PADDING - 1];
    (void)behind;
  }
  assert_false(baro_json_lines_next(&lines, &line));
  assert_int_equal(lines.refused + lines.too_long, 0);
  baro_json_lines_release(&lines);
  baro_log_input_destroy(input);
  baro_buffer_release(&text);
}

static void put_line(baro_buffer *text, size_t length, char letter) {
  for (size_t i = 0; i < length; i++)
    baro_write_u8(text, (uint8_t)letter);
  baro_write_u8(text, '\n');
}

static void long_lines_are_left_out(void **state) {
  (void)state;
  enum { LIMIT = 300000, LONG = 5 * 1000 * 1000 };
  baro_buffer text = {0};
  put_line(&text, 3, 'a');
  put_line(&text, LONG, 'b');
  put_line(&text, LIMIT, 'c');
  put_line(&text, LIMIT + 1, 'd');
  put_line(&text, 5, 'e');
  put_line(&text, LONG, 'f');
  baro_view bytes = {.data = text.data, .length = text.length - 1},
            line; /* no newline at its end */
  baro_log_input *input = input_of(&bytes);
  baro_json_lines lines;
  baro_json_lines_init(&lines, LIMIT);
  baro_json_lines_attach(&lines, input);
  check_line(&lines, "aaa");
  assert_true(baro_json_lines_next(&lines, &line));
  assert_int_equal(line.length, LIMIT);
  assert_int_equal(line.data[0], 'c');
  assert_int_equal(lines.number, 3);
  check_line(&lines, "eeeee");
  assert_int_equal(lines.number, 5);
  assert_int_equal(lines.too_long, 2);
  assert_string_equal(lines.first_reason.message, "line 2: longer than 300000 bytes");
  assert_false(baro_json_lines_next(&lines, &line));
  assert_int_equal(lines.too_long, 3);
  assert_int_equal(lines.number, 6);
  assert_true(lines.capacity < 4 * LIMIT);
  baro_json_lines_release(&lines);
  baro_log_input_destroy(input);
  baro_buffer_release(&text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lines_and_what_is_none),
      cmocka_unit_test(many_lines_of_all_lengths),
      cmocka_unit_test(long_lines_are_left_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

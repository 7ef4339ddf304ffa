/* value_writer: text that never grows beyond its bounds, and is whole UTF-8. If this failed, the agent would write over the
 * stack of the program, or recordings would hold broken text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capture/agent/value_writer.h"

static baro_value_writer writer_of(char *text, size_t end) {
  memset(text, '#', end + 8);
  return (baro_value_writer){.text = text, .end = end};
}

static void assert_written(const baro_value_writer *writer, size_t whole, const char *expected) {
  assert_int_equal(writer->length, strlen(expected));
  assert_memory_equal(writer->text, expected, writer->length);
  assert_memory_equal(writer->text + whole, "########", 8);
}

static void test_all_of_it(void **state) {
  (void)state;
  char text[32];
  baro_value_writer writer = writer_of(text, 10);
  assert_int_equal(baro_value_room(&writer), 7);
  baro_value_put_text(&writer, "1234567");
  assert_false(writer.cut);
  assert_written(&writer, 10, "1234567");
}

static void test_cut_between_characters(void **state) {
  (void)state;
  char text[32];
  baro_value_writer writer = writer_of(text, 10);
  baro_value_put_text(&writer, "1234\xe2\x82\xac\xe2\x82\xac");
  assert_true(writer.cut);
  assert_written(&writer, 10, "1234\xe2\x82\xac...");
  baro_value_put_text(&writer, "more");
  baro_value_cut(&writer);
  assert_written(&writer, 10, "1234\xe2\x82\xac...");

  writer = writer_of(text, 10);
  baro_value_put_text(&writer, "12345\xe2\x82\xac");
  assert_written(&writer, 10, "12345...");
}

static void test_room_for_the_end(void **state) {
  (void)state;
  char text[32];
  baro_value_writer writer = writer_of(text, 10);
  assert_true(baro_value_keep(&writer, 2));
  assert_false(baro_value_keep(&writer, 6));
  baro_value_put_text(&writer, "123456789");
  baro_value_put_kept(&writer, "])", 2);
  assert_written(&writer, 10, "12345...])");
  assert_int_equal(writer.end, 10);
}

static void test_no_room_at_all(void **state) {
  (void)state;
  char text[32];
  for (size_t end = 0; end < 4; end++) {
    baro_value_writer writer = writer_of(text, end);
    baro_value_put_text(&writer, "1234");
    assert_true(writer.cut);
    assert_written(&writer, end, end < 3 ? "" : "...");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_all_of_it),
      cmocka_unit_test(test_cut_between_characters),
      cmocka_unit_test(test_room_for_the_end),
      cmocka_unit_test(test_no_room_at_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

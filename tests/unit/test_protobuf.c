/* The wire types of protocol buffers, against the examples of their specification
 * (https://protobuf.dev/programming-guides/encoding/). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "show/protobuf.h"

static void check(baro_buffer *message, const void *expected, size_t length) {
  assert_false(message->failed);
  assert_int_equal(message->length, length);
  assert_memory_equal(message->data, expected, length);
  baro_buffer_release(message);
}

static void varints(void **state) {
  (void)state;
  baro_buffer message = {0};
  baro_protobuf_u64(&message, 1, 150);
  check(&message, "\x08\x96\x01", 3);
  message = (baro_buffer){0};
  baro_protobuf_u64(&message, 1, UINT64_MAX);
  check(&message, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11);
  message = (baro_buffer){0};
  baro_protobuf_u64(&message, 16, 1); /* a tag of two bytes */
  check(&message, "\x80\x01\x01", 3);
}

static void a_field_of_0_is_left_out(void **state) {
  (void)state;
  baro_buffer message = {0};
  baro_protobuf_u64(&message, 1, 0);
  assert_int_equal(message.length, 0);
  baro_buffer_release(&message);
}

static void texts(void **state) {
  (void)state;
  baro_buffer message = {0};
  baro_protobuf_bytes(&message, 2, baro_view_of("testing"));
  check(&message, "\x12\x07testing", 9);
  /* The first row of pprof's string table is empty, and must be there. */
  message = (baro_buffer){0};
  baro_protobuf_bytes(&message, 6, baro_view_of(""));
  check(&message, "\x32\x00", 2);
}

static void messages_inside_messages(void **state) {
  (void)state;
  baro_buffer inner = {0};
  baro_buffer message = {0};
  baro_protobuf_u64(&inner, 1, 150);
  baro_protobuf_message(&message, 3, &inner);
  check(&message, "\x1a\x03\x08\x96\x01", 5);
  baro_buffer_release(&inner);
}

/* What was dropped for lack of memory must not make a message that looks whole. */
static void a_broken_inner_message_breaks_the_outer(void **state) {
  (void)state;
  baro_buffer inner = {.failed = true};
  baro_buffer message = {0};
  baro_protobuf_message(&message, 3, &inner);
  assert_true(message.failed);
  baro_buffer_release(&message);
}

static void packed_numbers(void **state) {
  (void)state;
  static const uint64_t values[] = {3, 270, 86942};
  baro_buffer message = {0};
  baro_protobuf_packed(&message, 6, values, 3);
  check(&message, "\x32\x06\x03\x8e\x02\x9e\xa7\x05", 8);
  /* 0 inside a list stands for itself. */
  static const uint64_t zeros[] = {0, UINT64_MAX, 0};
  message = (baro_buffer){0};
  baro_protobuf_packed(&message, 1, zeros, 3);
  check(&message, "\x0a\x0c\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00", 14);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(varints),
      cmocka_unit_test(a_field_of_0_is_left_out),
      cmocka_unit_test(texts),
      cmocka_unit_test(messages_inside_messages),
      cmocka_unit_test(a_broken_inner_message_breaks_the_outer),
      cmocka_unit_test(packed_numbers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

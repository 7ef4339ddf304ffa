/* Bounded reading and growable writing: wrong here means reading outside of foreign bytes, or
 * recordings that do not say what was measured. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

static const uint64_t edges[] = {0,          1,
                                 0x7f,       0x80,
                                 0x3fff,     0x4000,
                                 UINT32_MAX, (uint64_t)UINT32_MAX + 1,
                                 INT64_MAX,  (uint64_t)INT64_MAX + 1,
                                 UINT64_MAX};
enum { EDGES = sizeof(edges) / sizeof(edges[0]) };

static void all_integers_come_back(void **state) {
  (void)state;
  baro_buffer buffer = {0};
  for (size_t i = 0; i < EDGES; i++) {
    baro_write_u8(&buffer, (uint8_t)edges[i]);
    baro_write_u16(&buffer, (uint16_t)edges[i]);
    baro_write_u32(&buffer, (uint32_t)edges[i]);
    baro_write_u64(&buffer, edges[i]);
    baro_write_varint(&buffer, edges[i]);
    baro_write_zigzag(&buffer, (int64_t)edges[i]);
    baro_write_zigzag(&buffer, -(int64_t)(edges[i] >> 1));
  }
  assert_false(buffer.failed);
  baro_reader reader = baro_reader_of(buffer.data, buffer.length);
  for (size_t i = 0; i < EDGES; i++) {
    assert_int_equal(baro_read_u8(&reader), (uint8_t)edges[i]);
    assert_int_equal(baro_read_u16(&reader), (uint16_t)edges[i]);
    assert_int_equal(baro_read_u32(&reader), (uint32_t)edges[i]);
    assert_true(baro_read_u64(&reader) == edges[i]);
    assert_true(baro_read_varint(&reader) == edges[i]);
    assert_true(baro_read_zigzag(&reader) == (int64_t)edges[i]);
    assert_true(baro_read_zigzag(&reader) == -(int64_t)(edges[i] >> 1));
  }
  assert_false(reader.failed);
  assert_int_equal(baro_reader_left(&reader), 0);
  baro_buffer_release(&buffer);
}

static void integers_are_little_endian(void **state) {
  (void)state;
  baro_buffer buffer = {0};
  baro_write_u32(&buffer, 0x01020304);
  baro_write_varint(&buffer, 300);
  baro_write_zigzag(&buffer, -1);
  assert_int_equal(buffer.length, 7);
  assert_memory_equal(buffer.data, "\x04\x03\x02\x01\xac\x02\x01", 7);
  baro_buffer_release(&buffer);
}

static void varints_have_at_most_64_bits(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t length;
    bool is_good;
  } rows[] = {
      {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, true},
      {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10, false},
      {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11, false},
      {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 10, true}, /* longer than needed: allowed */
      {"\x80", 1, false},
      {"", 0, false},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    /* On the heap, so that a sanitizer sees a read past the end. */
    uint8_t *copy = malloc(rows[i].length + 1);
    assert_non_null(copy);
    uint8_t *exact = realloc(copy, rows[i].length == 0 ? 1 : rows[i].length);
    assert_non_null(exact);
    memcpy(exact, rows[i].bytes, rows[i].length);
    baro_reader reader = baro_reader_of(exact, rows[i].length);
    uint64_t value = baro_read_varint(&reader);
    assert_int_equal(reader.failed, !rows[i].is_good);
    if (!rows[i].is_good) {
      assert_true(value == 0);
    }
    free(exact);
  }
}

static void varint32_refuses_what_does_not_fit(void **state) {
  (void)state;
  baro_buffer buffer = {0};
  baro_write_varint(&buffer, UINT32_MAX);
  baro_write_varint(&buffer, (uint64_t)UINT32_MAX + 1);
  baro_reader reader = baro_reader_of(buffer.data, buffer.length);
  assert_true(baro_read_varint32(&reader) == UINT32_MAX);
  assert_false(reader.failed);
  assert_int_equal(baro_read_varint32(&reader), 0);
  assert_true(reader.failed);
  baro_buffer_release(&buffer);
}

static void a_failed_reader_stays_failed(void **state) {
  (void)state;
  static const uint8_t bytes[] = {1, 2, 3};
  baro_reader reader = baro_reader_of(bytes, sizeof(bytes));
  assert_int_equal(baro_read_u32(&reader), 0);
  assert_true(reader.failed);
  assert_int_equal(baro_reader_left(&reader), 0);
  assert_int_equal(baro_read_u8(&reader), 0);
  assert_int_equal(baro_read_varint(&reader), 0);
  assert_int_equal(baro_read_bytes(&reader, 1).length, 0);
  assert_int_equal(baro_read_string(&reader).length, 0);
}

static void strings_do_not_reach_beyond_the_end(void **state) {
  (void)state;
  /* A length of 2^64 - 1 must not wrap around. */
  static const uint8_t bytes[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01xyz";
  baro_reader reader = baro_reader_of(bytes, sizeof(bytes) - 1);
  assert_int_equal(baro_read_string(&reader).length, 0);
  assert_true(reader.failed);
  reader = baro_reader_of(bytes, sizeof(bytes) - 1);
  baro_reader_skip(&reader, SIZE_MAX);
  assert_true(reader.failed);
}

static void strings_may_hold_any_bytes(void **state) {
  (void)state;
  static const uint8_t bytes[] = {0, 0xff, '\n', 0x80};
  baro_view text = {bytes, sizeof(bytes)};
  baro_buffer buffer = {0};
  baro_write_string(&buffer, text);
  baro_write_string(&buffer, (baro_view){0});
  baro_reader reader = baro_reader_of(buffer.data, buffer.length);
  assert_true(baro_view_equal(baro_read_string(&reader), text));
  assert_true(baro_view_equal(baro_read_string(&reader), (baro_view){0}));
  assert_false(reader.failed);
  assert_int_equal(baro_reader_left(&reader), 0);
  assert_false(baro_view_equal(text, (baro_view){bytes, 3}));
  assert_false(baro_view_equal(text, baro_view_of("abcd")));
  assert_true(baro_view_contains(baro_view_of("abcd"), "cd"));
  assert_false(baro_view_contains(baro_view_of("abcd"), "ce"));
  assert_false(baro_view_contains((baro_view){0}, "a"));
  baro_buffer_release(&buffer);
}

static void views_begin_and_end_with_texts(void **state) {
  (void)state;
  baro_view text = baro_view_of("a.py");
  assert_true(baro_view_starts_with(text, "a."));
  assert_true(baro_view_starts_with(text, "a.py"));
  assert_false(baro_view_starts_with(text, "a.py3"));
  assert_false(baro_view_starts_with(text, ".py"));
  assert_true(baro_view_ends_with(text, ".py"));
  assert_true(baro_view_ends_with(text, "a.py"));
  assert_false(baro_view_ends_with(text, "aa.py"));
  assert_false(baro_view_ends_with(text, "a."));
  /* Of nothing, which may have no bytes to point to. */
  assert_true(baro_view_starts_with((baro_view){0}, ""));
  assert_true(baro_view_ends_with((baro_view){0}, ""));
  assert_false(baro_view_starts_with((baro_view){0}, "a"));
  assert_false(baro_view_ends_with((baro_view){0}, "a"));
}

static void a_view_is_cut_at_signs(void **state) {
  (void)state;
  baro_view rest = baro_view_of("a||bc");
  assert_true(baro_view_equal(baro_view_cut(&rest, '|'), baro_view_of("a")));
  assert_true(baro_view_equal(rest, baro_view_of("|bc")));
  assert_int_equal(baro_view_cut(&rest, '|').length, 0);
  assert_true(baro_view_equal(baro_view_cut(&rest, '|'), baro_view_of("bc")));
  assert_int_equal(rest.length, 0);
  assert_int_equal(baro_view_cut(&rest, '|').length, 0);
  rest = baro_view_of("bc|"); /* the sign at the end goes too */
  assert_true(baro_view_equal(baro_view_cut(&rest, '|'), baro_view_of("bc")));
  assert_int_equal(rest.length, 0);
}

static void an_empty_reader_is_at_its_end(void **state) {
  (void)state;
  baro_reader reader = baro_reader_of(NULL, 0);
  assert_int_equal(baro_reader_left(&reader), 0);
  assert_int_equal(baro_read_bytes(&reader, 0).length, 0);
  baro_reader_skip(&reader, 0);
  assert_false(reader.failed);
  (void)baro_read_u8(&reader);
  assert_true(reader.failed);
}

static void a_buffer_that_cannot_grow_says_so(void **state) {
  (void)state;
  baro_buffer buffer = {0};
  baro_write_text(&buffer, "kept");
  assert_false(baro_buffer_reserve(&buffer, SIZE_MAX - 100));
  assert_true(buffer.failed);
  baro_write_text(&buffer, "dropped");
  baro_write_u64(&buffer, 7);
  assert_int_equal(buffer.length, 4);
  baro_buffer_clear(&buffer);
  assert_false(buffer.failed);
  baro_write_format(&buffer, "%d and %s", 7, "eight");
  assert_int_equal(buffer.length, 11);
  assert_memory_equal(buffer.data, "7 and eight", 11);
  baro_buffer_release(&buffer);
  assert_null(buffer.data);
}

static void a_buffer_grows_as_needed(void **state) {
  (void)state;
  baro_buffer buffer = {0};
  for (uint32_t i = 0; i < 100000; i++) {
    baro_write_u32(&buffer, i);
  }
  assert_int_equal(buffer.length, 400000);
  baro_reader reader = baro_reader_of(buffer.data, buffer.length);
  for (uint32_t i = 0; i < 100000; i++) {
    assert_int_equal(baro_read_u32(&reader), i);
  }
  baro_buffer_release(&buffer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_integers_come_back),
      cmocka_unit_test(integers_are_little_endian),
      cmocka_unit_test(varints_have_at_most_64_bits),
      cmocka_unit_test(varint32_refuses_what_does_not_fit),
      cmocka_unit_test(a_failed_reader_stays_failed),
      cmocka_unit_test(strings_do_not_reach_beyond_the_end),
      cmocka_unit_test(strings_may_hold_any_bytes),
      cmocka_unit_test(views_begin_and_end_with_texts),
      cmocka_unit_test(a_view_is_cut_at_signs),
      cmocka_unit_test(an_empty_reader_is_at_its_end),
      cmocka_unit_test(a_buffer_that_cannot_grow_says_so),
      cmocka_unit_test(a_buffer_grows_as_needed),
  };
  return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}

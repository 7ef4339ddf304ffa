/* Columns of the page's data: what each encoding makes of values, and that packing gives them back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "show/html_calls.h"
#include "show/html_section.h"

/* The section's columns, unpacked as a browser does it: one raw stream, whatever it is made of. */
static size_t unpack(const baro_html_section *section, uint8_t *ret_bytes, size_t room) {
  z_stream stream = {0};
  assert_int_equal(inflateInit2(&stream, -15), Z_OK);
  stream.next_in = section->packed.data;
  stream.avail_in = (uInt)section->packed.length;
  stream.next_out = ret_bytes;
  stream.avail_out = (uInt)room;
  assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
  assert_int_equal(stream.avail_in, 0);
  size_t length = room - stream.avail_out;
  inflateEnd(&stream);
  return length;
}

static void check_column(const baro_html_column *column, uint64_t count, uint64_t bytes) {
  assert_int_equal(column->count, count);
  assert_int_equal(column->bytes, bytes);
}

static void encodings_side_by_side(void **state) {
  (void)state;
  baro_html_sections *sections = calloc(1, sizeof(*sections));
  assert_non_null(sections);
  baro_html_begin(sections, "all", false);
  baro_html_column *plain = baro_html_column_begin(sections, "plain", BARO_HTML_UNSIGNED);
  baro_html_column *zigzag = baro_html_column_begin(sections, "zigzag", BARO_HTML_ZIGZAG);
  baro_html_column *steps = baro_html_column_begin(sections, "steps", BARO_HTML_DIFFERENCE);
  baro_html_column *bytes = baro_html_column_begin(sections, "bytes", BARO_HTML_BYTE);
  baro_html_column *texts = baro_html_column_begin(sections, "texts", BARO_HTML_STRING);
  static const uint64_t values[] = {0, 127, 128, 300};
  static const int64_t offsets[] = {0, -1, 1, -65};
  static const uint64_t places[] = {5, 3, 3, 200};
  /* Row by row: columns do not wait for each other. */
  for (size_t i = 0; i < 4; i++) {
    baro_html_put(plain, values[i]);
    baro_html_put_signed(zigzag, offsets[i]);
    baro_html_put(steps, places[i]);
    baro_html_put(bytes, 250 + i);
  }
  baro_html_put_string(texts, baro_view_of(""));
  baro_html_put_string(texts, (baro_view){(const uint8_t *)"a\0b", 3});
  baro_html_put_string(texts, (baro_view){(const uint8_t *)"\xff<", 2});
  baro_html_end(sections);
  assert_false(sections->failed);
  static const uint8_t expected[] = "\x00\x7f\x80\x01\xac\x02"
                                    "\x00\x01\x02\x81\x01"
                                    "\x0a\x03\x00\x8a\x03"
                                    "\xfa\xfb\xfc\xfd"
                                    "\x00"
                                    "a\xe2\x90\x80"
                                    "b\x00"
                                    "\xef\xbf\xbd<";
  uint8_t found[256];
  assert_int_equal(unpack(&sections->rows[0], found, sizeof(found)), sizeof(expected));
  assert_memory_equal(found, expected, sizeof(expected)); /* with the last string's end */
  check_column(plain, 4, 6);
  check_column(zigzag, 4, 5);
  check_column(steps, 4, 5);
  check_column(bytes, 4, 4);
  check_column(texts, 3, 12);
  baro_html_sections_release(sections);
  free(sections);
}

/* Above 2^53 a reader in JavaScript would silently have another number. */
static void values_that_are_too_large(void **state) {
  (void)state;
  baro_html_sections *sections = calloc(1, sizeof(*sections));
  assert_non_null(sections);
  baro_html_begin(sections, "large", true);
  baro_html_column *plain = baro_html_column_begin(sections, "plain", BARO_HTML_UNSIGNED);
  baro_html_column *zigzag = baro_html_column_begin(sections, "zigzag", BARO_HTML_ZIGZAG);
  baro_html_put(plain, UINT64_MAX);
  baro_html_put_signed(zigzag, INT64_MIN);
  baro_html_end(sections);
  static const uint8_t expected[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f,
                                     0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f};
  uint8_t found[64];
  assert_int_equal(unpack(&sections->rows[0], found, sizeof(found)), sizeof(expected));
  assert_memory_equal(found, expected, sizeof(expected));
  baro_html_sections_release(sections);
  free(sections);
}

/* Longer than what packing is tried on: noise, and what is all the same, each come back whole. */
static void long_columns(void **state) {
  (void)state;
  enum { COUNT = 700000 };
  baro_html_sections *sections = calloc(1, sizeof(*sections));
  uint8_t *found = malloc(2 * COUNT + 1);
  assert_non_null(sections);
  assert_non_null(found);
  baro_html_begin(sections, "long", false);
  baro_html_column *noise = baro_html_column_begin(sections, "noise", BARO_HTML_BYTE);
  baro_html_column *same = baro_html_column_begin(sections, "same", BARO_HTML_BYTE);
  uint32_t random = 1;
  for (uint32_t i = 0; i < COUNT; i++) {
    random = random * 1664525 + 1013904223;
    baro_html_put(noise, random >> 28);
    baro_html_put(same, 7);
  }
  baro_html_end(sections);
  assert_int_equal(unpack(&sections->rows[0], found, 2 * COUNT + 1), 2 * COUNT);
  random = 1;
  for (uint32_t i = 0; i < COUNT; i++) {
    random = random * 1664525 + 1013904223;
    assert_int_equal(found[i], random >> 28);
    assert_int_equal(found[COUNT + i], 7);
  }
  /* Four bits of eight are noise; what is all the same is nearly nothing. */
  assert_true(sections->rows[0].packed.length < COUNT * 6 / 10);
  baro_html_sections_release(sections);
  free(sections);
  free(found);
}

static void joined_lists(void **state) {
  (void)state;
  baro_html_sections *first = calloc(1, sizeof(*first)), *more = calloc(1, sizeof(*more));
  assert_non_null(first);
  assert_non_null(more);
  static const char *const names[] = {"a", "b"};
  for (int i = 0; i < 2; i++) {
    baro_html_sections *list = i == 0 ? first : more;
    baro_html_begin(list, names[i], false);
    baro_html_put(baro_html_column_begin(list, "x", BARO_HTML_UNSIGNED), (uint64_t)i);
    baro_html_end(list);
  }
  baro_html_sections_join(first, more);
  assert_int_equal(first->count, 2);
  assert_int_equal(more->count, 0);
  assert_string_equal(first->rows[1].name, "b");
  uint8_t found[4];
  assert_int_equal(unpack(&first->rows[1], found, sizeof(found)), 1);
  assert_int_equal(found[0], 1);
  baro_html_sections_release(first);
  baro_html_sections_release(more);
  free(first);
  free(more);
}

static void buckets_of_durations(void **state) {
  (void)state;
  static const struct {
    uint64_t ns;
    unsigned bucket;
  } rows[] = {{0, 0},           {1, 0},  {2, 4},  {3, 6},     {4, 8},     {5, 9},
              {6, 10},          {7, 11}, {8, 12}, {1000, 39}, {1024, 40}, {UINT64_C(1) << 63, 252},
              {UINT64_MAX, 255}};
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    assert_int_equal(baro_html_bucket(rows[i].ns), rows[i].bucket);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(encodings_side_by_side), cmocka_unit_test(values_that_are_too_large),
      cmocka_unit_test(long_columns),           cmocka_unit_test(joined_lists),
      cmocka_unit_test(buckets_of_durations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Importers beyond what tests/cli/test_import.py sees from outside: bounds of unpacking, and what is taken for what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "import/gzip_input.h"
#include "import/importer.h"

/* size zeros, which pack to next to nothing. */
static baro_buffer packed_zeros(size_t size) {
  baro_buffer packed = {0};
  uint8_t *zeros = calloc(size, 1);
  z_stream stream = {.next_in = zeros, .avail_in = (uInt)size};
  assert_non_null(zeros);
  assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  assert_true(baro_buffer_reserve(&packed, size));
  stream.next_out = packed.data;
  stream.avail_out = (uInt)size;
  assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.length = size - stream.avail_out;
  deflateEnd(&stream);
  free(zeros);
  return packed;
}

/* A small file cannot take all memory. */
static void test_unpacking_is_bounded(void **state) {
  (void)state;
  enum { SIZE = 8 << 20, LIMIT = 1 << 20 };
  baro_buffer packed = packed_zeros(SIZE);
  baro_view view = {.data = packed.data, .length = packed.length};
  baro_buffer plain = {0};
  baro_error err = {0};
  assert_true(baro_is_gzip(view));
  assert_int_equal(baro_gunzip(view, LIMIT, &plain, &err), BARO_LIMIT);
  assert_string_equal(err.message, "unpacks to more than 1 MiB");
  assert_true(plain.length < 2 * LIMIT);
  baro_buffer_clear(&plain);
  assert_int_equal(baro_gunzip(view, SIZE, &plain, &err), BARO_OK);
  assert_int_equal(plain.length, SIZE);
  view.length--;
  baro_buffer_clear(&plain);
  assert_int_equal(baro_gunzip(view, SIZE, &plain, &err), BARO_TRUNCATED);
  baro_buffer_release(&plain);
  baro_buffer_release(&packed);
}

/* Members one after the other are one file, as `cat a.gz b.gz` makes it. */
static void test_members_are_joined(void **state) {
  (void)state;
  baro_buffer packed = packed_zeros(100);
  baro_buffer twice = {0};
  baro_buffer plain = {0};
  for (int i = 0; i < 2; i++) {
    baro_write_bytes(&twice, packed.data, packed.length);
  }
  baro_view view = {.data = twice.data, .length = twice.length};
  assert_int_equal(baro_gunzip(view, 1000, &plain, NULL), BARO_OK);
  assert_int_equal(plain.length, 200);
  baro_buffer_release(&plain);
  baro_buffer_release(&twice);
  baro_buffer_release(&packed);
}

static const char *sniffed(const void *bytes, size_t length) {
  const baro_importer *importer = baro_importer_sniff((baro_view){.data = bytes, .length = length});
  return importer == NULL ? "none" : importer->name;
}

static void test_sniffing(void **state) {
  (void)state;
#define SNIFFED(literal) sniffed(literal, sizeof(literal) - 1)
  assert_string_equal(SNIFFED("a;b 1\n"), "collapsed");
  assert_string_equal(SNIFFED("# austin: 3.7.0\n# mode: wall\n\nP1;T2;a 5\r\n"), "collapsed");
  assert_string_equal(SNIFFED(" 12\n"), "collapsed");
  assert_string_equal(SNIFFED("# only a remark\n"), "none");
  assert_string_equal(SNIFFED("a;b 1\nreturn x\n"), "none");
  assert_string_equal(SNIFFED("a;b -1\n"), "none");
  assert_string_equal(SNIFFED(" {\"$schema\":\"https://www.speedscope.app/x\"}"), "speedscope");
  assert_string_equal(SNIFFED("{\"traceEvents\":[]}"), "none");
  assert_string_equal(SNIFFED("\x0a\x04\x08\x01\x10\x02\x32\0\x32\1a\x32\1b"), "pprof");
  assert_string_equal(SNIFFED("\x0a\x04\x08\x01\x10\x02\x32\0\x32\1a\x32\2b"), "none"); /* cut */
  assert_string_equal(SNIFFED(""), "none");
}

static void test_states_are_known_by_key_and_words(void **state) {
  (void)state;
  for (int s = 0; s < BARO_STATE_COUNT; s++) {
    char words[64];
    baro_state found = BARO_STATE_COUNT;
    assert_true(baro_import_state_of_key(baro_view_of(baro_state_key((baro_state)s)), &found));
    assert_int_equal(found, s);
    (void)snprintf(words, sizeof(words), "[%s]", baro_state_words((baro_state)s));
    found = BARO_STATE_COUNT;
    assert_true(baro_import_state_of_words(baro_view_of(words), &found));
    assert_int_equal(found, s);
  }
  baro_state found = BARO_STATE_COUNT;
  assert_true(baro_import_state_of_words(baro_view_of("[waiting_for_disk]"), &found));
  assert_int_equal(found, BARO_STATE_DISK);
  assert_false(baro_import_state_of_words(baro_view_of("[]"), &found));
  assert_false(baro_import_state_of_words(baro_view_of("[unknown]x"), &found));
  assert_false(baro_import_state_of_key(baro_view_of("discs"), &found));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_unpacking_is_bounded),
      cmocka_unit_test(test_members_are_joined),
      cmocka_unit_test(test_sniffing),
      cmocka_unit_test(test_states_are_known_by_key_and_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

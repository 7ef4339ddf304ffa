/* Raw blocks: by hand, so that each kind of run is seen, and hostile ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "import/block_codecs.h"

typedef bool (*unpacker)(baro_view packed, uint8_t *to, size_t length);

/* Unpacks from and to memory of exactly the promised size. */
static bool unpacks(unpacker unpack, const char *packed, size_t packed_length, const char *plain,
                    size_t length) {
  uint8_t *from = calloc(1, packed_length + BARO_BLOCK_SLACK_BYTES);
  uint8_t *to = calloc(1, length + BARO_BLOCK_SLACK_BYTES);
  assert_true(from != NULL && to != NULL);
  memcpy(from, packed, packed_length);
  bool done = unpack((baro_view){.data = from, .length = packed_length}, to, length);
  if (done && plain != NULL)
    assert_memory_equal(to, plain, length);
  free(from);
  free(to);
  return done;
}

#define UNPACKS(unpack, packed, plain)                                                             \
  unpacks(unpack, packed, sizeof(packed) - 1, plain, sizeof(plain) - 1)

static void lz4(void **state) {
  (void)state;
  assert_true(UNPACKS(baro_lz4_unpack, "\x50hello", "hello"));
  /* Three letters, then copies of them that overlap what they write; then the last literals. */
  assert_true(UNPACKS(baro_lz4_unpack,
                      "\x35"
                      "abc\3\0\x10z",
                      "abcabcabcabcz"));
  assert_true(UNPACKS(baro_lz4_unpack, "\xf0\1abcdefghijklmnop", "abcdefghijklmnop"));
  assert_true(UNPACKS(baro_lz4_unpack,
                      "\x1f"
                      "a\1\0\3\x10z",
                      "aaaaaaaaaaaaaaaaaaaaaaaz"));
  assert_false(UNPACKS(baro_lz4_unpack, "\x50hello", "hell"));
  assert_false(UNPACKS(baro_lz4_unpack, "\x50hello", "hello!"));
  assert_false(UNPACKS(baro_lz4_unpack,
                       "\x10"
                       "a\2\0\x10z", /* from before the beginning */
                       "aaaaaz"));
  assert_false(UNPACKS(baro_lz4_unpack,
                       "\x10"
                       "a\0\0\x10z",
                       "aaaaaz"));
  assert_false(UNPACKS(baro_lz4_unpack, "\xf0\xff\xff\xff", "aaaa"));
  assert_false(UNPACKS(baro_lz4_unpack, "", "aaaa"));
}

static void snappy(void **state) {
  (void)state;
  uint32_t length;
  assert_true(UNPACKS(baro_snappy_unpack, "\5\x10hello", "hello"));
  assert_true(UNPACKS(baro_snappy_unpack,
                      "\xa\x08"
                      "abc\x0d\3",
                      "abcabcabca"));
  assert_true(UNPACKS(baro_snappy_unpack,
                      "\xc\x08"
                      "abc\x22\3\0",
                      "abcabcabcabc"));
  assert_true(UNPACKS(baro_snappy_unpack,
                      "\xc\x08"
                      "abc\x23\3\0\0\0",
                      "abcabcabcabc"));
  assert_true(UNPACKS(baro_snappy_unpack, "\3\xf0\2abc", "abc"));
  assert_true(UNPACKS(baro_snappy_unpack,
                      "\3\xfc\2\0\0\0"
                      "abc",
                      "abc"));
  assert_false(UNPACKS(baro_snappy_unpack,
                       "\3\xfc\xff\xff\xff\xff"
                       "abc",
                       "abc"));
  assert_false(UNPACKS(baro_snappy_unpack,
                       "\xa\x08"
                       "abc\x0d\4",
                       "abcabcabca"));
  assert_false(UNPACKS(baro_snappy_unpack,
                       "\xa\x08"
                       "abc\x0d",
                       "abcabcabca"));
  assert_false(UNPACKS(baro_snappy_unpack, "\6\x10hello", "hello!"));
  assert_false(UNPACKS(baro_snappy_unpack, "\5\x10hello", "hell"));
  assert_true(
      baro_snappy_length((baro_view){.data = (const uint8_t *)"\x80\x02", .length = 2}, &length));
  assert_int_equal(length, 256);
  assert_false(
      baro_snappy_length((baro_view){.data = (const uint8_t *)"\x80", .length = 1}, &length));
}

static void lzf(void **state) {
  (void)state;
  assert_true(UNPACKS(baro_lzf_unpack, "\4hello", "hello"));
  assert_true(UNPACKS(baro_lzf_unpack, "\2abc\x80\2", "abcabcabc"));
  assert_true(UNPACKS(baro_lzf_unpack, "\2abc\xe0\1\2", "abcabcabcabca"));
  assert_false(UNPACKS(baro_lzf_unpack, "\2abc\x80\3", "abcabcabc"));
  assert_false(UNPACKS(baro_lzf_unpack, "\2abc\x80", "abcabcabc"));
  assert_false(UNPACKS(baro_lzf_unpack,
                       "\x1f"
                       "abc",
                       "abc"));
}

/* Values of the reference implementation's own tests. */
static void checksum(void **state) {
  (void)state;
  assert_int_equal(baro_xxhash32(baro_view_of(""), 0), 0x02cc5d05);
  assert_int_equal(baro_xxhash32(baro_view_of("a"), 0), 0x550d7456);
  assert_int_equal(baro_xxhash32(baro_view_of("abc"), 0), 0x32d153ff);
  assert_int_equal(baro_xxhash32(baro_view_of("Nobody inspects the spammish repetition"), 0),
                   0xe2293b2f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lz4),
      cmocka_unit_test(snappy),
      cmocka_unit_test(lzf),
      cmocka_unit_test(checksum),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

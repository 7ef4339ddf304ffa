/* Containers of logs: wrong here means bytes of a log that are lost or invented, or a hostile file that takes the memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>
#include <zstd.h>

#include "base/os_file.h"
#include "import/block_codecs.h"
#include "import/log_input.h"

#define LOGS BARO_SOURCE_ROOT "/tests/logs/"

static baro_view view_of(const baro_buffer *buffer) {
  return (baro_view){.data = buffer->data, .length = buffer->length};
}

/* Everything in it, `room` bytes a time. */
static baro_status unpack(baro_view bytes, size_t room, baro_buffer *ret_plain, baro_error *err) {
  baro_log_source source = baro_log_source_of_bytes(&bytes);
  baro_log_input *input;
  baro_buffer_clear(ret_plain);
  baro_status status = baro_log_input_create(&source, &input, err);
  if (status != BARO_OK)
    return status;
  for (;;) {
    assert_true(baro_buffer_reserve(ret_plain, room));
    size_t got = baro_log_input_read(input, ret_plain->data + ret_plain->length, room);
    if (got == 0)
      break;
    assert_true(got <= room);
    ret_plain->length += got;
  }
  assert_int_equal(baro_log_input_plain_bytes(input), ret_plain->length);
  assert_true(baro_log_input_packed_bytes(input) <= bytes.length);
  status = baro_log_input_ending(input, err);
  assert_int_equal(baro_log_input_read(input, ret_plain->data, room), 0); /* still */
  baro_log_input_destroy(input);
  return status;
}

static baro_buffer file_bytes(const char *path) {
  baro_buffer bytes = {0};
  assert_int_equal(baro_file_read_all(path, 1 << 20, &bytes, NULL), BARO_OK);
  return bytes;
}

/* --- what real files hold --- */

static void check_real(const char *path, size_t length, uint32_t sum) {
  baro_buffer packed = file_bytes(path), plain = {0};
  static const size_t rooms[] = {1 << 20, 4096, 7, 1};
  for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
    assert_int_equal(unpack(view_of(&packed), rooms[i], &plain, NULL), BARO_OK);
    assert_int_equal(plain.length, length);
    assert_int_equal(crc32_z(0, plain.data, plain.length), sum);
  }
  baro_buffer_release(&packed);
  baro_buffer_release(&plain);
}

static void blocks_of_javas_libraries(void **state) {
  (void)state;
  check_real(LOGS "spark35.lz4", 42610, 0xc54dd1c6);
  check_real(LOGS "spark35.snappy", 43046, 0xb0693bff);
  check_real(LOGS "spark35.lzf", 74650, 0xf087401d);
}

/* --- made here --- */

static baro_buffer some_text(void) {
  baro_buffer text = {0};
  for (int i = 0; i < 60; i++)
    baro_write_format(&text, "{\"Event\":\"SparkListenerTaskEnd\",\"Stage ID\":%d,\"x\":%d}\n", i,
                      i * i * 7919);
  return text;
}

static void put_gzip(baro_buffer *packed, baro_view text) {
  z_stream stream = {0};
  assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  assert_true(baro_buffer_reserve(packed, 2 * text.length + 100));
  stream.next_in = (z_const Bytef *)text.data;
  stream.avail_in = (uInt)text.length;
  stream.next_out = packed->data + packed->length;
  stream.avail_out = (uInt)(2 * text.length + 100);
  assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed->length += stream.total_out;
  (void)deflateEnd(&stream);
}

/* Two blocks, as Spark flushes. */
static void put_zstd(baro_buffer *packed, baro_view text) {
  ZSTD_CCtx *context = ZSTD_createCCtx();
  assert_true(baro_buffer_reserve(packed, 2 * text.length + 1000));
  ZSTD_outBuffer out = {.dst = packed->data + packed->length, .size = 2 * text.length + 1000};
  ZSTD_inBuffer half = {.src = text.data, .size = text.length / 2};
  assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)));
  assert_int_equal(ZSTD_compressStream2(context, &out, &half, ZSTD_e_flush), 0);
  half.size = text.length;
  assert_int_equal(ZSTD_compressStream2(context, &out, &half, ZSTD_e_end), 0);
  packed->length += out.pos;
  ZSTD_freeCCtx(context);
}

static void check_unpacks(const baro_buffer *packed, baro_status expected, const char *words,
                          const void *text, size_t length) {
  baro_buffer plain = {0};
  baro_error err = {0};
  baro_status status = unpack(view_of(packed), 1000, &plain, &err);
  if (status != expected || (words != NULL && strstr(err.message, words) == NULL))
    fail_msg("%s: %s", baro_status_text(status), err.message);
  assert_int_equal(plain.length, length);
  if (length != 0)
    assert_memory_equal(plain.data, text, length);
  baro_buffer_release(&plain);
}

static void several_streams_in_one_file(void **state) {
  (void)state;
  baro_buffer text = some_text(), twice = {0}, gzip = {0}, zstd = {0};
  baro_write_bytes(&twice, text.data, text.length);
  baro_write_bytes(&twice, text.data, text.length);
  put_gzip(&gzip, view_of(&text));
  put_gzip(&gzip, view_of(&text));
  check_unpacks(&gzip, BARO_OK, NULL, twice.data, twice.length);
  baro_write_bytes(&gzip, "\0\0\0\0\0", 5); /* as tape drives and tar leave it */
  check_unpacks(&gzip, BARO_OK, NULL, twice.data, twice.length);
  baro_write_bytes(&gzip, "more", 4);
  check_unpacks(&gzip, BARO_INVALID, "broken gzip", twice.data, twice.length);
  baro_write_bytes(&zstd, "\x53\x2a\x4d\x18\x03\0\0\0abc", 11); /* to be skipped */
  put_zstd(&zstd, view_of(&text));
  baro_write_bytes(&zstd, "\x50\x2a\x4d\x18\0\0\0\0", 8);
  put_zstd(&zstd, view_of(&text));
  check_unpacks(&zstd, BARO_OK, NULL, twice.data, twice.length);
  baro_write_bytes(&zstd, "more", 4);
  check_unpacks(&zstd, BARO_INVALID, "broken zstd", twice.data, twice.length);
  baro_buffer_release(&text);
  baro_buffer_release(&twice);
  baro_buffer_release(&gzip);
  baro_buffer_release(&zstd);
}

/* Spark concatenates streams where it is asked to; each has a header or an end of its own. */
static void check_appended(const char *path, size_t length) {
  baro_buffer once = file_bytes(path), packed = {0}, plain = {0};
  baro_write_bytes(&packed, once.data, once.length);
  baro_write_bytes(&packed, once.data, once.length);
  assert_int_equal(unpack(view_of(&packed), 5000, &plain, NULL), BARO_OK);
  assert_int_equal(plain.length, 2 * length);
  assert_memory_equal(plain.data, plain.data + length, length);
  baro_buffer_release(&once);
  baro_buffer_release(&packed);
  baro_buffer_release(&plain);
}

static void streams_of_blocks_appended(void **state) {
  (void)state;
  check_appended(LOGS "spark35.lz4", 42610);
  check_appended(LOGS "spark35.snappy", 43046);
  check_appended(LOGS "spark35.lzf", 74650);
}

/* --- ends --- */

/* Each shorter file gives what the whole one begins with, never less than one that is shorter still, and says that it was
 * cut. may_end: where a block ends, nothing tells a cut from the end. */
static void check_cuts(baro_view packed, bool may_end) {
  baro_buffer whole = {0}, plain = {0};
  size_t before = 0, ended = 0;
  assert_int_equal(unpack(packed, 1 << 16, &whole, NULL), BARO_OK);
  for (size_t length = 1; length < packed.length; length++) {
    /* On the heap, so that a sanitizer sees the first byte behind it. */
    uint8_t *copy = malloc(length);
    assert_non_null(copy);
    memcpy(copy, packed.data, length);
    baro_error err = {0};
    baro_status status = unpack((baro_view){.data = copy, .length = length}, 1 << 16, &plain, &err);
    free(copy);
    assert_true(status == BARO_TRUNCATED || (status == BARO_OK && may_end));
    assert_true((status == BARO_OK) == (err.message[0] == '\0'));
    ended += status == BARO_OK;
    assert_true(plain.length >= before && plain.length <= whole.length);
    if (plain.length != 0)
      assert_memory_equal(plain.data, whole.data, plain.length);
    before = plain.length;
  }
  assert_true(ended <= 3);
  assert_true(before > 0);
  baro_buffer_release(&whole);
  baro_buffer_release(&plain);
}

static void wherever_a_file_is_cut(void **state) {
  enum { LZF_LAST_BLOCK = 12962 };
  (void)state;
  baro_buffer text = some_text(), gzip = {0}, zstd = {0};
  put_gzip(&gzip, view_of(&text));
  check_cuts(view_of(&gzip), false);
  put_zstd(&zstd, view_of(&text));
  check_cuts(view_of(&zstd), false);
  baro_buffer lz4 = file_bytes(LOGS "spark35.lz4"), snappy = file_bytes(LOGS "spark35.snappy"),
              lzf = file_bytes(LOGS "spark35.lzf");
  check_cuts(view_of(&lz4), false);
  check_cuts(view_of(&snappy), true);
  baro_buffer small_lzf = {0};
  baro_write_bytes(&small_lzf, "ZV\0\0\5hello", 10);
  baro_write_bytes(&small_lzf, lzf.data + LZF_LAST_BLOCK, lzf.length - LZF_LAST_BLOCK);
  check_cuts(view_of(&small_lzf), true);
  for (size_t length = 0; length <= text.length; length += 13) {
    baro_buffer plain = {.data = text.data, .length = length};
    check_unpacks(&plain, BARO_OK, NULL, text.data, length); /* lines tell where text was cut */
  }
  baro_buffer_release(&text);
  baro_buffer_release(&gzip);
  baro_buffer_release(&zstd);
  baro_buffer_release(&lz4);
  baro_buffer_release(&snappy);
  baro_buffer_release(&lzf);
  baro_buffer_release(&small_lzf);
}

/* A wrong byte in the middle: what comes before its block stays, and with a checksum nothing that is wrong is given. */
static void damage_in_the_middle(void **state) {
  (void)state;
  baro_buffer lz4 = file_bytes(LOGS "spark35.lz4"), whole = {0}, plain = {0};
  assert_int_equal(unpack(view_of(&lz4), 1 << 16, &whole, NULL), BARO_OK);
  for (size_t at = 21; at < lz4.length; at += 3) {
    baro_error err = {0};
    lz4.data[at] ^= 0x41;
    baro_status status = unpack(view_of(&lz4), 1 << 16, &plain, &err);
    lz4.data[at] ^= 0x41;
    assert_true(plain.length <= whole.length);
    if (plain.length != 0)
      assert_memory_equal(plain.data, whole.data, plain.length);
    /* Only the lower bits of the method say nothing. */
    assert_true(status != BARO_OK || plain.length == whole.length);
  }
  baro_buffer_release(&lz4);
  baro_buffer_release(&whole);
  baro_buffer_release(&plain);
}

/* --- what is claimed, and what it is not --- */

static void check_bytes(const void *data, size_t length, baro_status expected, const char *words) {
  baro_buffer bytes = {0};
  baro_write_bytes(&bytes, data, length);
  check_unpacks(&bytes, expected, words, NULL, 0);
  baro_buffer_release(&bytes);
}

static void claims_are_bounded(void **state) {
  (void)state;
  check_bytes("\x82SNAPPY\0\0\0\0\1\0\0\0\1\x7f\xff\xff\xff", 20, BARO_LIMIT,
              "byte 16: a block of 2147483647 bytes, when 33554432 are the most");
  /* A block of five bytes that says it unpacks to 4 GB. */
  check_bytes("\x82SNAPPY\0\0\0\0\1\0\0\0\1\0\0\0\5\xff\xff\xff\xff\x0f", 25, BARO_LIMIT,
              "4294967295 bytes");
  check_bytes("LZ4Block\x26\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 21, BARO_LIMIT, "a block of");
  check_bytes("LZ4Block\x26\4\0\0\0\0\0\0\1\0\0\0\0abcd", 25, BARO_INVALID,
              "claims to unpack to more than it can");
  check_bytes("LZ4Block\x36\4\0\0\0\4\0\0\0\0\0\0\0abcd", 25, BARO_INVALID, "no known method");
  check_bytes("LZ4Block\x16\4\0\0\0\5\0\0\0\0\0\0\0abcd", 25, BARO_INVALID, "cannot be unpacked");
  check_bytes("LZ4Block\x16\4\0\0\0\4\0\0\0\0\0\0\0abcd", 25, BARO_INVALID, "checksum");
  check_bytes("ZV\1\0\4\xff\xff\xe0\xff\xff\xff", 11, BARO_INVALID, "cannot be unpacked");
  check_bytes("ZV\2\0\4", 5, BARO_INVALID, "no LZF block");
  /* zstd with a window of 4 GB, then some bytes. */
  check_bytes("\x28\xb5\x2f\xfd\x04\xb0\1\0\0\0\0\0\0\0\0\0\0", 17, BARO_LIMIT, "window");
}

static void what_is_no_log(void **state) {
  (void)state;
  check_bytes("Salted__\1\2\3\4\5\6\7\x80", 16, BARO_UNSUPPORTED, "encrypted by openssl");
  check_bytes("\x04\x22\x4d\x18\x64\x40\xa7", 7, BARO_UNSUPPORTED, "LZ4 frame");
  check_bytes("PK\3\4", 4, BARO_UNSUPPORTED, "zip");
  check_bytes("\xff\xfe{\0\"\0", 6, BARO_UNSUPPORTED, "UTF-16");
  check_bytes("\x7f"
              "ELF\2\1\1\0",
              8, BARO_UNSUPPORTED, "neither text nor gzip");
  check_bytes("{\"a\0\"}", 6, BARO_UNSUPPORTED, "neither text");
  check_bytes("", 0, BARO_OK, NULL);
  baro_buffer marked = {0};
  baro_write_text(&marked, "\xef\xbb\xbf{}\n");
  check_unpacks(&marked, BARO_OK, NULL, "{}\n", 3);
  baro_buffer_release(&marked);
}

typedef struct failing_source {
  baro_view bytes;
  uint64_t fails_at;
} failing_source;

static baro_status read_until(void *context, uint64_t offset, void *data, size_t length,
                              size_t *ret_length, baro_error *err) {
  const failing_source *source = context;
  if (offset + length > source->fails_at)
    return baro_error_set(err, BARO_IO, "read: Input/output error");
  *ret_length = length;
  memcpy(data, source->bytes.data + offset, *ret_length);
  return BARO_OK;
}

/* A disk that fails: what was read before it is given, and its own words are told. */
static void a_source_that_fails(void **state) {
  (void)state;
  enum { LENGTH = 1 << 20 };
  baro_buffer text = {0};
  while (text.length < LENGTH)
    baro_write_text(&text, "{\"Event\":\"SparkListenerLogStart\"}\n");
  failing_source failing = {.bytes = view_of(&text), .fails_at = 700000};
  baro_log_source source = {.read = read_until, .context = &failing};
  baro_log_input *input;
  baro_error err = {0};
  static uint8_t data[256 * 1024];
  size_t got = 0;
  assert_int_equal(baro_log_input_create(&source, &input, &err), BARO_OK);
  for (size_t length; (length = baro_log_input_read(input, data, sizeof(data))) != 0;)
    got += length;
  assert_int_equal(got, 2 * sizeof(data));
  assert_int_equal(baro_log_input_ending(input, &err), BARO_IO);
  assert_string_equal(err.message, "byte 524288: read: Input/output error");
  baro_log_input_destroy(input);
  failing.fails_at = 0;
  assert_int_equal(baro_log_input_create(&source, &input, &err), BARO_IO);
  assert_non_null(strstr(err.message, "Input/output error"));
  baro_buffer_release(&text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blocks_of_javas_libraries),
      cmocka_unit_test(several_streams_in_one_file),
      cmocka_unit_test(streams_of_blocks_appended),
      cmocka_unit_test(wherever_a_file_is_cut),
      cmocka_unit_test(damage_in_the_middle),
      cmocka_unit_test(claims_are_bounded),
      cmocka_unit_test(what_is_no_log),
      cmocka_unit_test(a_source_that_fails),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

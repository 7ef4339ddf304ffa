/* The stream behind reports and exports: wrong here means bytes that are lost, doubled or out of order, or a full disk
 * that nobody is told of. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "show/stream.h"
#include "support/recording_fixture.h"

/* Takes so many bytes, then says no, each time for another reason. */
typedef struct small_sink {
  baro_buffer taken;
  size_t room;
  int refusals;
} small_sink;

static baro_status take(void *context, const void *data, size_t length, baro_error *err) {
  small_sink *sink = context;
  if (length > sink->room) {
    sink->refusals++;
    return baro_error_set(err, BARO_NO_SPACE, "refusal %d", sink->refusals);
  }
  sink->room -= length;
  baro_write_bytes(&sink->taken, data, length);
  return BARO_OK;
}

/* Pieces of all sizes around that of the room. */
static void pieces_come_in_order(void **state) {
  (void)state;
  fixture_random random = {.state = 11};
  static uint8_t piece[100000];
  static const size_t edges[] = {0, 1, 16383, 16384, 16385, 32768, 99999};
  baro_buffer expected = {0};
  small_sink sink = {.room = SIZE_MAX};
  baro_stream stream;
  baro_stream_init(&stream, take, &sink);
  for (int i = 0; i < 400; i++) {
    size_t length = i % 3 == 0 ? edges[fixture_below(&random, 7)] : fixture_below(&random, 3000);
    for (size_t at = 0; at < length; at++)
      piece[at] = (uint8_t)fixture_next(&random);
    baro_stream_bytes(&stream, piece, length);
    baro_write_bytes(&expected, piece, length);
  }
  assert_int_equal(baro_stream_finish(&stream, NULL), BARO_OK);
  assert_int_equal(sink.taken.length, expected.length);
  assert_memory_equal(sink.taken.data, expected.data, expected.length);
  assert_int_equal(stream.bytes, expected.length);
  baro_buffer_release(&expected);
  baro_buffer_release(&sink.taken);
}

static void texts_and_numbers(void **state) {
  (void)state;
  small_sink sink = {.room = SIZE_MAX};
  baro_stream stream;
  baro_stream_init(&stream, take, &sink);
  baro_stream_text(&stream, "a ");
  baro_stream_char(&stream, '\0');
  baro_stream_view(&stream, baro_view_of(" b "));
  baro_stream_u64(&stream, 0);
  baro_stream_char(&stream, ' ');
  baro_stream_u64(&stream, 10);
  baro_stream_char(&stream, ' ');
  baro_stream_u64(&stream, UINT64_MAX);
  assert_int_equal(sink.taken.length, 0); /* not before it is full, or finished */
  assert_int_equal(baro_stream_finish(&stream, NULL), BARO_OK);
  static const char expected[] = "a \0 b 0 10 18446744073709551615";
  assert_int_equal(sink.taken.length, sizeof(expected) - 1);
  assert_memory_equal(sink.taken.data, expected, sizeof(expected) - 1);
  assert_int_equal(baro_stream_finish(&stream, NULL), BARO_OK); /* nothing twice */
  assert_int_equal(sink.taken.length, sizeof(expected) - 1);
  baro_buffer_release(&sink.taken);
}

/* A tail without its middle would be worse than nothing. */
static void after_a_failure_nothing_is_written(void **state) {
  (void)state;
  static const char block[20000];
  small_sink sink = {.room = 50000};
  baro_stream stream;
  baro_error err = {0};
  baro_stream_init(&stream, take, &sink);
  for (int i = 0; i < 10; i++) {
    baro_stream_bytes(&stream, block, sizeof(block)); /* the third does not fit */
    baro_stream_char(&stream, 'x');                   /* these would */
  }
  assert_int_equal(baro_stream_finish(&stream, &err), BARO_NO_SPACE);
  assert_string_equal(err.message, "refusal 1");
  assert_int_equal(sink.refusals, 1);
  assert_int_equal(sink.taken.length, 40002);
  assert_int_equal(baro_stream_finish(&stream, NULL), BARO_NO_SPACE);
  baro_buffer_release(&sink.taken);
}

static void a_file_is_written_where_it_was_left(void **state) {
  (void)state;
  char path[] = "/tmp/barograph-stream-XXXXXX";
  baro_file_sink sink = {.file = mkstemp(path)};
  assert_true(sink.file >= 0);
  assert_int_equal(unlink(path), 0);
  static char block[30000];
  memset(block, 'b', sizeof(block));
  baro_stream stream;
  baro_stream_init(&stream, baro_sink_file, &sink);
  baro_stream_text(&stream, "a");
  baro_stream_bytes(&stream, block, sizeof(block));
  baro_stream_text(&stream, "c");
  assert_int_equal(baro_stream_finish(&stream, NULL), BARO_OK);
  assert_int_equal(sink.offset, 30002);
  char ends[2];
  assert_int_equal(lseek(sink.file, 0, SEEK_END), 30002);
  assert_int_equal(pread(sink.file, &ends[0], 1, 0), 1);
  assert_int_equal(pread(sink.file, &ends[1], 1, 30001), 1);
  assert_memory_equal(ends, "ac", 2);
  assert_int_equal(close(sink.file), 0);
}

static void a_full_device_is_told(void **state) {
  (void)state;
  baro_error err = {0};
  baro_stream stream;
  FILE *full = fopen("/dev/full", "w");
  assert_non_null(full);
  baro_stream_init(&stream, baro_sink_stream, full);
  baro_stream_text(&stream, "lost");
  assert_int_equal(baro_stream_finish(&stream, &err), BARO_NO_SPACE);
  assert_non_null(strstr(err.message, strerror(ENOSPC)));
  (void)fclose(full);
  baro_file_sink sink = {.file = open("/dev/full", O_WRONLY | O_CLOEXEC)};
  assert_true(sink.file >= 0);
  baro_stream_init(&stream, baro_sink_file, &sink);
  baro_stream_text(&stream, "lost");
  assert_int_equal(baro_stream_finish(&stream, &err), BARO_NO_SPACE);
  assert_int_equal(sink.offset, 0);
  assert_int_equal(close(sink.file), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pieces_come_in_order),
      cmocka_unit_test(texts_and_numbers),
      cmocka_unit_test(after_a_failure_nothing_is_written),
      cmocka_unit_test(a_file_is_written_where_it_was_left),
      cmocka_unit_test(a_full_device_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

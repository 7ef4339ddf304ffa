/* Logs through pipes: wrong here means bytes that are lost or come twice between finding out what they are and reading them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "import/log_files.h"
#include "import/log_pipe.h"

enum { FIRST = 1000, ALL = 50000 }; /* what a pipe holds without a reader */

static uint8_t byte_at(size_t i) {
  return (uint8_t)(i * 7 + i / 256);
}

/* A pipe with ALL bytes in it, whose other end is closed. */
static baro_log_pipe filled(void) {
  static uint8_t bytes[ALL];
  int ends[2];
  baro_log_pipe pipe_of = {.file = -1};
  for (size_t i = 0; i < ALL; i++)
    bytes[i] = byte_at(i);
  assert_int_equal(pipe(ends), 0);
  assert_int_equal(write(ends[1], bytes, ALL), ALL);
  assert_int_equal(close(ends[1]), 0);
  pipe_of.file = ends[0];
  return pipe_of;
}

/* Reads on at *offset; what came is what was written there. */
static size_t read_some(const baro_log_source *source, uint64_t *offset, size_t length) {
  static uint8_t got[ALL + 1];
  size_t count = SIZE_MAX;
  baro_error err;
  assert_true(length <= sizeof got);
  if (source->read(source->context, *offset, got, length, &count, &err) != BARO_OK)
    fail_msg("%s", err.message);
  for (size_t i = 0; i < count; i++)
    assert_int_equal(got[i], byte_at((size_t)*offset + i));
  *offset += count;
  return count;
}

static void what_was_looked_at_is_read_again(void **state) {
  (void)state;
  baro_log_pipe pipe_of = filled();
  baro_log_source source = baro_log_source_of_pipe(&pipe_of);
  for (size_t look = 1; look <= 3; look++) { /* each goes further than the one before */
    uint64_t offset = 0;
    assert_int_equal(read_some(&source, &offset, FIRST), FIRST);
    assert_int_equal(read_some(&source, &offset, look * FIRST), look * FIRST);
  }
  assert_int_equal(pipe_of.kept.length, 4 * FIRST);
  baro_log_pipe_let_go(&pipe_of);
  uint64_t offset = 0;
  assert_int_equal(read_some(&source, &offset, 4 * FIRST - 1), 4 * FIRST - 1);
  assert_int_equal(read_some(&source, &offset, 10), 10); /* the last one kept, and new ones */
  assert_null(pipe_of.kept.data);
  while (read_some(&source, &offset, FIRST) == FIRST)
    ;
  assert_int_equal(offset, ALL);
  assert_int_equal(read_some(&source, &offset, FIRST), 0);
  baro_log_pipe_close(&pipe_of);
}

static void a_short_one_ends_in_every_look(void **state) {
  (void)state;
  baro_log_pipe pipe_of = filled();
  baro_log_source source = baro_log_source_of_pipe(&pipe_of);
  for (int look = 0; look < 3; look++) {
    uint64_t offset = 0;
    if (look == 2)
      baro_log_pipe_let_go(&pipe_of);
    assert_int_equal(read_some(&source, &offset, ALL + 1), ALL);
    assert_int_equal(read_some(&source, &offset, 1), 0);
  }
  baro_log_pipe_close(&pipe_of);
}

static void what_is_no_log_is_taken_whole(void **state) {
  (void)state;
  baro_log_pipe pipe_of = filled();
  baro_log_source source = baro_log_source_of_pipe(&pipe_of);
  baro_buffer bytes = {0};
  uint64_t offset = 0;
  assert_int_equal(read_some(&source, &offset, FIRST), FIRST);
  assert_int_equal(baro_log_pipe_take(&pipe_of, &bytes, NULL), BARO_OK);
  assert_int_equal(bytes.length, ALL);
  for (size_t i = 0; i < ALL; i++)
    assert_int_equal(bytes.data[i], byte_at(i));
  baro_buffer_release(&bytes);
  baro_log_pipe_close(&pipe_of);
}

static void more_than_may_be_kept_is_refused(void **state) {
  (void)state;
  uint8_t got[2];
  size_t count;
  baro_error err;
  baro_log_pipe pipe_of = filled();
  baro_log_source source = baro_log_source_of_pipe(&pipe_of);
  pipe_of.kept.length = BARO_LOG_PIPE_BYTES_MAX - 1; /* as if */
  pipe_of.passed = pipe_of.kept.length;
  pipe_of.kept.capacity = BARO_LOG_PIPE_BYTES_MAX + 1;
  assert_int_equal(source.read(source.context, pipe_of.passed, got, 2, &count, &err), BARO_LIMIT);
  assert_non_null(strstr(err.message, "more than 2048 MiB through a pipe"));
  pipe_of.kept = (baro_buffer){0};
  baro_log_pipe_close(&pipe_of);
}

static void a_failure_is_told(void **state) {
  (void)state;
  uint8_t got[2];
  size_t count;
  baro_error err;
  baro_log_pipe folder;
  assert_int_equal(baro_log_pipe_open(".", &folder, &err), BARO_OK);
  baro_log_source source = baro_log_source_of_pipe(&folder);
  assert_int_equal(source.read(source.context, 0, got, 2, &count, &err), BARO_IO);
  assert_non_null(strstr(err.message, "Is a directory"));
  baro_log_pipe_close(&folder);
  assert_int_equal(baro_log_pipe_open("no-such", &folder, &err), BARO_NOT_FOUND);
  assert_non_null(strstr(err.message, "no-such"));
}

static void a_place_that_is_a_pipe_is_one_file(void **state) {
  (void)state;
  baro_log_files files;
  baro_log_source source;
  int file = 0;
  baro_log_pipe pipe_of = filled();
  const baro_log_place place = {.path = "standard input", .pipe = &pipe_of};
  assert_int_equal(baro_log_files_open_place(&place, &files, NULL), BARO_OK);
  assert_int_equal(files.count, 1);
  assert_int_equal(files.kind, BARO_LOG_SINGLE);
  assert_string_equal(files.pieces[0].name, "standard input");
  assert_int_equal(baro_log_files_open_source(&files, 0, &file, &source, NULL), BARO_OK);
  assert_int_equal(file, -1);
  uint64_t offset = 0;
  assert_int_equal(read_some(&source, &offset, ALL + 1), ALL);
  baro_log_files_release(&files);
  baro_log_pipe_close(&pipe_of);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_was_looked_at_is_read_again),
      cmocka_unit_test(a_short_one_ends_in_every_look),
      cmocka_unit_test(what_is_no_log_is_taken_whole),
      cmocka_unit_test(more_than_may_be_kept_is_refused),
      cmocka_unit_test(a_failure_is_told),
      cmocka_unit_test(a_place_that_is_a_pipe_is_one_file),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

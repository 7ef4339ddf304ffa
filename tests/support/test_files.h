/* Small files of text, written and read at once. Needs cmocka. */
#ifndef BARO_TESTS_TEST_FILES_H
#define BARO_TESTS_TEST_FILES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/os_file.h"

static inline void put_text(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

static inline void expect_text(const char *path, const char *text) {
  baro_buffer buffer = {0};
  baro_error err = {0};
  assert_int_equal(baro_file_read_all(path, 10000, &buffer, &err), BARO_OK);
  assert_int_equal(buffer.length, strlen(text));
  assert_memory_equal(buffer.data, text, strlen(text));
  baro_buffer_release(&buffer);
}

#endif

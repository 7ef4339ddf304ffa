/* Statuses and messages: wrong here means that people read nonsense, or hostile names reach a
 * terminal. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/status.h"

static void every_status_has_words(void **state) {
  (void)state;
  assert_int_equal(BARO_OK, 0);
  assert_string_equal(baro_status_text(BARO_OK), "ok");
  assert_string_equal(baro_status_text(BARO_INTERRUPTED), "interrupted");
  assert_string_equal(baro_status_text((baro_status)999), "unknown status");
}

static void set_writes_status_and_message(void **state) {
  (void)state;
  baro_error err = {0};
  assert_int_equal(baro_error_set(&err, BARO_INVALID, "chunk %u: length %u", 3u, 9u), BARO_INVALID);
  assert_int_equal(err.status, BARO_INVALID);
  assert_string_equal(err.message, "chunk 3: length 9");
  assert_int_equal(baro_error_set(NULL, BARO_IO, "nobody listens"), BARO_IO);
}

static void control_characters_do_not_reach_the_terminal(void **state) {
  (void)state;
  baro_error err = {0};
  (void)baro_error_set(&err, BARO_INVALID, "name \"%s\"", "a\x1b[31m\n\x7f\tä");
  assert_string_equal(err.message, "name \"a?[31m???ä\"");
}

static void long_messages_are_cut_visibly(void **state) {
  (void)state;
  char text[2 * BARO_ERROR_MESSAGE_BYTES];
  memset(text, 'x', sizeof(text) - 1);
  text[sizeof(text) - 1] = '\0';
  baro_error err = {0};
  (void)baro_error_set(&err, BARO_INVALID, "%s", text);
  assert_int_equal(strlen(err.message), BARO_ERROR_MESSAGE_BYTES - 1);
  assert_string_equal(err.message + BARO_ERROR_MESSAGE_BYTES - 5, "x...");
  (void)baro_error_prefix(&err, BARO_INVALID, "read %d", 1);
  assert_int_equal(strlen(err.message), BARO_ERROR_MESSAGE_BYTES - 1);
  assert_memory_equal(err.message, "read 1: xxx", 11);
  assert_string_equal(err.message + BARO_ERROR_MESSAGE_BYTES - 4, "...");
  /* Exactly full is not cut. */
  text[BARO_ERROR_MESSAGE_BYTES - 1] = '\0';
  (void)baro_error_set(&err, BARO_INVALID, "%s", text);
  assert_string_equal(err.message, text);
}

static void prefix_puts_context_before(void **state) {
  (void)state;
  baro_error err = {0};
  (void)baro_error_set(&err, BARO_GONE, "no such process");
  assert_int_equal(baro_error_prefix(&err, BARO_IO, "attach %d", 4312), BARO_GONE);
  assert_string_equal(err.message, "attach 4312: no such process");
  /* An argument may point into the message itself. */
  (void)baro_error_set(&err, BARO_GONE, "again: %s", err.message);
  assert_string_equal(err.message, "again: attach 4312: no such process");
  assert_int_equal(baro_error_prefix(NULL, BARO_IO, "x"), BARO_IO);
}

static void errno_gives_the_status_a_caller_decides_by(void **state) {
  (void)state;
  static const struct {
    int value;
    baro_status status;
  } rows[] = {
      {EACCES, BARO_NO_PERMISSION}, {EPERM, BARO_NO_PERMISSION},
      {ENOENT, BARO_NOT_FOUND},     {ESRCH, BARO_GONE},
      {ENOSPC, BARO_NO_SPACE},      {EDQUOT, BARO_NO_SPACE},
      {EFBIG, BARO_NO_SPACE},       {ENOMEM, BARO_NO_MEMORY},
      {EINTR, BARO_INTERRUPTED},    {EBADF, BARO_IO},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    baro_error err = {0};
    errno = 17;
    assert_int_equal(baro_error_set_errno(&err, rows[i].value, "open %s", "x"), rows[i].status);
    assert_int_equal(err.status, rows[i].status);
    assert_int_equal(errno, 17);
    assert_int_equal(baro_error_set_errno(NULL, rows[i].value, "open"), rows[i].status);
  }
  baro_error err = {0};
  (void)baro_error_set_errno(&err, ENOENT, "open %s", "x");
  assert_string_equal(err.message, "open x: No such file or directory");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_status_has_words),
      cmocka_unit_test(set_writes_status_and_message),
      cmocka_unit_test(control_characters_do_not_reach_the_terminal),
      cmocka_unit_test(long_messages_are_cut_visibly),
      cmocka_unit_test(prefix_puts_context_before),
      cmocka_unit_test(errno_gives_the_status_a_caller_decides_by),
  };
  return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}

/* Files of one log: wrong here means events in a wrong order, twice or not at all, or a link that leads elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "import/log_files.h"
#include "support/test_files.h"
#include "support/test_folder.h"

static void make_folder(const char *folder, const char *const *names) {
  char path[256];
  assert_int_equal(mkdir(folder, 0700), 0);
  for (; *names != NULL; names++) {
    snprintf(path, sizeof path, "%s/%s", folder, *names);
    put_text(path, path); /* so that each is told from the others */
  }
}

/* All names, each with a space behind. */
static baro_log_files check_folder(const char *folder, baro_log_kind kind, const char *expected) {
  baro_log_files files;
  baro_error err = {0};
  char names[512] = "";
  if (baro_log_files_open(folder, &files, &err) != BARO_OK)
    fail_msg("%s", err.message);
  for (uint32_t i = 0; i < files.count; i++) {
    char text[256], path[256];
    int file;
    snprintf(path, sizeof path, "%s/%s", folder, files.pieces[i].name);
    assert_int_equal(baro_log_files_open_piece(&files, i, &file, &err), BARO_OK);
    ssize_t got = read(file, text, sizeof text);
    assert_int_equal(got, strlen(path));
    assert_int_equal(files.pieces[i].bytes, strlen(path));
    assert_memory_equal(text, path, (size_t)got);
    close(file);
    strcat(strcat(names, files.pieces[i].name), " ");
  }
  assert_string_equal(names, expected);
  assert_int_equal(files.kind, kind);
  return files;
}

static void rolling_files_in_order_of_their_numbers(void **state) {
  (void)state;
  make_folder("eventlog_v2_a",
              (const char *const[]){"events_10_a.zstd", "events_2_a.zstd", "events_1_a.zstd",
                                    "events_4_a.zstd", "appstatus_a", ".events_1_a.zstd.crc",
                                    "events_x_a", "events_3", "_SUCCESS", "eventlog", NULL});
  baro_log_files files =
      check_folder("eventlog_v2_a", BARO_LOG_ROLLING,
                   "events_1_a.zstd events_2_a.zstd events_4_a.zstd events_10_a.zstd ");
  assert_false(files.is_in_progress);
  assert_int_equal(files.missing, 6);
  assert_int_equal(files.first_missing, 3);
  assert_int_equal(files.replaced, 0);
  baro_log_files_release(&files);
  assert_int_equal(symlink("eventlog_v2_a", "link"), 0); /* which a person may have */
  assert_int_equal(baro_log_files_open("link", &files, NULL), BARO_OK);
  assert_int_equal(files.count, 4);
  baro_log_files_release(&files);
}

static void compact_files_stand_for_earlier_ones(void **state) {
  (void)state;
  make_folder("compact",
              (const char *const[]){"events_1_a.lz4", "events_2_a.lz4", "events_2_a.lz4.compact",
                                    "events_3_a.lz4", "events_5_a.lz4", "events_5_a.lz4.compact",
                                    "events_6_a.lz4", "events_7_a.lz4", "events_7_a",
                                    "appstatus_a.inprogress", NULL});
  baro_log_files files = check_folder("compact", BARO_LOG_ROLLING,
                                      "events_5_a.lz4.compact events_6_a.lz4 events_7_a ");
  assert_true(files.is_in_progress);
  assert_true(files.pieces[0].is_compact);
  assert_int_equal(files.replaced, 6);
  assert_int_equal(files.missing, 0);
  baro_log_files_release(&files);
}

static void dated_files_in_order_of_time(void **state) {
  (void)state;
  make_folder("dated", (const char *const[]){"eventlog", "eventlog-2021-06-14--20-00.gz",
                                             "eventlog-2021-06-14--18-00.gz",
                                             "eventlog-2020-12-31--23-50.gz", "stdout",
                                             "eventlog-old", NULL});
  baro_log_files files = check_folder("dated", BARO_LOG_DATED,
                                      "eventlog-2020-12-31--23-50.gz eventlog-2021-06-14--18-00.gz "
                                      "eventlog-2021-06-14--20-00.gz eventlog ");
  baro_log_files_release(&files);
}

static void nothing_leads_out_of_a_folder(void **state) {
  (void)state;
  put_text("secret", "secret");
  make_folder("links", (const char *const[]){"events_1_a", NULL});
  assert_int_equal(symlink("../secret", "links/events_2_a"), 0);
  assert_int_equal(mkdir("links/events_3_a", 0700), 0);
  assert_int_equal(mkfifo("links/events_4_a", 0600), 0);
  baro_log_files files = check_folder("links", BARO_LOG_ROLLING, "events_1_a ");
  assert_int_equal(files.unreadable, 3);
  /* One that becomes a link in between. */
  assert_int_equal(unlink("links/events_1_a"), 0);
  assert_int_equal(symlink("../secret", "links/events_1_a"), 0);
  int file;
  baro_error err = {0};
  assert_int_equal(baro_log_files_open_piece(&files, 0, &file, &err), BARO_INVALID);
  assert_non_null(strstr(err.message, "links/events_1_a"));
  baro_log_files_release(&files);
}

static void check_refused(const char *path, baro_status expected, const char *words) {
  baro_log_files files;
  baro_error err = {0};
  assert_int_equal(baro_log_files_open(path, &files, &err), expected);
  assert_non_null(strstr(err.message, words));
}

static void single_files_and_what_is_none(void **state) {
  (void)state;
  baro_log_files files;
  put_text("local-1.zstd.inprogress", "local-1.zstd.inprogress");
  assert_int_equal(baro_log_files_open("local-1.zstd.inprogress", &files, NULL), BARO_OK);
  assert_int_equal(files.kind, BARO_LOG_SINGLE);
  assert_int_equal(files.count, 1);
  assert_int_equal(files.pieces[0].bytes, strlen("local-1.zstd.inprogress"));
  assert_true(files.is_in_progress);
  int file;
  assert_int_equal(baro_log_files_open_piece(&files, 0, &file, NULL), BARO_OK);
  close(file);
  baro_log_files_release(&files);
  make_folder("other", (const char *const[]){"readme", NULL});
  make_folder("begun", (const char *const[]){"appstatus_a.inprogress", NULL});
  check_refused("no-such", BARO_NOT_FOUND, "no-such");
  check_refused("other", BARO_INVALID, "without an event log");
  check_refused("begun", BARO_INVALID, "no file that can be read");
  assert_int_equal(mkfifo("pipe", 0600), 0);
  check_refused("pipe", BARO_INVALID, "not a regular file");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rolling_files_in_order_of_their_numbers),
      cmocka_unit_test(compact_files_stand_for_earlier_ones),
      cmocka_unit_test(dated_files_in_order_of_time),
      cmocka_unit_test(nothing_leads_out_of_a_folder),
      cmocka_unit_test(single_files_and_what_is_none),
  };
  return cmocka_run_group_tests(tests, enter_test_folder, leave_test_folder);
}

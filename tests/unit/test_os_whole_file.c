/* Files that are whole or not there: wrong here means half a file under a name that others take for a whole one, or a good one that is
 * gone. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/os_file.h"
#include "base/os_whole_file.h"
#include "support/test_files.h"
#include "support/test_folder.h"

static char told_path[BARO_STAGED_PATH_BYTES]; /* what a signal would remove */
static unsigned told_count;

static void note_unfinished(const char *part_path) {
  (void)snprintf(told_path, sizeof told_path, "%s", part_path == NULL ? "" : part_path);
  told_count++;
}

static void expect_none(const char *path) {
  struct stat info;
  assert_int_not_equal(lstat(path, &info), 0);
}

/* What the library's call of fsync found; and what it is told. */
typedef struct sync_seen {
  const char *path; /* NULL: nobody looks */
  unsigned calls;
  int64_t bytes;
  bool had_name; /* path was that file */
  int fails_with;
} sync_seen;

static sync_seen sync_call;

/* In place of the C library's, which reaches the disk. */
int fsync(int file) {
  struct stat info;
  if (sync_call.path == NULL) {
    return 0;
  }
  sync_call.calls++;
  assert_int_equal(fstat(file, &info), 0);
  sync_call.bytes = info.st_size;
  sync_call.had_name = baro_file_is_at(file, sync_call.path);
  errno = sync_call.fails_with;
  return sync_call.fails_with == 0 ? 0 : -1;
}

/* What is written, and what is seen and done meanwhile. */
typedef struct writing {
  const char *text;
  baro_status status; /* what the writer says */
  const char *before; /* NULL, or what path has meanwhile */
  const char *path;
  const char *comes; /* NULL, or put at path meanwhile */
  mode_t mode;
  unsigned calls;
} writing;

/* Meanwhile another process of the same number takes our part for one of a killed process, and has written half of its own. */
static baro_status lose_part(void *context, int take_file, baro_error *err) {
  (void)context;
  assert_int_equal(unlink(told_path), 0);
  put_text(told_path, "half of ano");
  assert_int_equal(baro_file_write_at(take_file, 0, baro_view_of("ours"), err), BARO_OK);
  assert_int_equal(baro_file_close(take_file, NULL), BARO_OK);
  return BARO_OK;
}

static baro_status write_text(void *context, int take_file, baro_error *err) {
  writing *work = context;
  struct stat info;
  char part[64];
  work->calls++;
  snprintf(part, sizeof part, "whole.part-%d", (int)getpid());
  if (strcmp(work->path, "whole") == 0) {
    assert_string_equal(told_path, part);
    expect_text(part, "");
  }
  assert_int_equal(fstat(take_file, &info), 0);
  work->mode = info.st_mode & 07777;
  if (work->before == NULL) {
    expect_none(work->path);
  } else {
    expect_text(work->path, work->before);
  }
  assert_int_equal(baro_file_write_at(take_file, 0, baro_view_of(work->text), err), BARO_OK);
  if (work->comes != NULL) {
    put_text(work->path, work->comes);
  }
  assert_int_equal(baro_file_close(take_file, NULL), BARO_OK);
  return work->status == BARO_OK ? BARO_OK : baro_error_set(err, work->status, "no");
}

static baro_status write_to(const baro_whole_file *to, writing *work, baro_error *err) {
  baro_whole_file with = *to;
  with.unfinished = note_unfinished;
  told_count = 0;
  work->path = work->path == NULL ? to->path : work->path;
  baro_status status = baro_whole_file_write(&with, write_text, work, err);
  assert_string_equal(told_path, ""); /* nothing is to be removed any more */
  assert_true(told_count == 0 || told_count >= 2);
  return status;
}

/* What is written has another name until it is whole, and what was there has its own until then. */
static void it_has_its_name_when_it_is_whole(void **state) {
  (void)state;
  baro_error err = {0};
  char part[64];
  snprintf(part, sizeof part, "whole.part-%d", (int)getpid());
  put_text(part, "of one that was killed");
  mode_t mask = umask(0);
  writing first = {.text = "new"};
  assert_int_equal(write_to(&(baro_whole_file){.path = "whole"}, &first, &err), BARO_OK);
  umask(mask);
  assert_int_equal(first.mode, 0600);
  expect_text("whole", "new");
  expect_none(part);

  writing again = {.text = "newer", .before = "new"};
  assert_int_equal(write_to(&(baro_whole_file){.path = "whole"}, &again, &err), BARO_USAGE);
  assert_non_null(strstr(err.message, "whole: file exists; -f replaces it"));
  assert_int_equal(again.calls, 0);
  expect_text("whole", "new");

  baro_whole_file over = {.path = "whole", .replace = true};
  assert_int_equal(write_to(&over, &again, &err), BARO_OK);
  expect_text("whole", "newer");
  expect_text("whole.old", "new");
  expect_none(part);
}

static void a_failure_changes_nothing(void **state) {
  (void)state;
  baro_error err = {0};
  writing work = {.text = "half", .status = BARO_NO_SPACE};
  assert_int_equal(write_to(&(baro_whole_file){.path = "failed"}, &work, &err), BARO_NO_SPACE);
  assert_string_equal(err.message, "no");
  expect_none("failed");
  put_text("failed", "good");
  put_text("failed.old", "older");
  work.before = "good";
  baro_whole_file over = {.path = "failed", .replace = true};
  assert_int_equal(write_to(&over, &work, &err), BARO_NO_SPACE);
  expect_text("failed", "good");
  expect_text("failed.old", "older");
  char part[64];
  snprintf(part, sizeof part, "failed.part-%d", (int)getpid());
  expect_none(part);
}

static void what_came_meanwhile_stays(void **state) {
  (void)state;
  baro_error err = {0};
  writing work = {.text = "ours", .comes = "another's"};
  assert_int_equal(write_to(&(baro_whole_file){.path = "meanwhile"}, &work, &err), BARO_USAGE);
  assert_non_null(strstr(err.message, "-f replaces it"));
  expect_text("meanwhile", "another's");
}

/* Half of another one's file was published as ours. */
static void a_part_of_another_process_stays(void **state) {
  (void)state;
  static const bool over[] = {false, true};
  for (size_t i = 0; i < sizeof over / sizeof over[0]; i++) {
    baro_error err = {0};
    char part[64];
    snprintf(part, sizeof part, "shared.part-%d", (int)getpid());
    const baro_whole_file to = {
        .path = "shared", .replace = over[i], .unfinished = note_unfinished};
    assert_int_equal(baro_whole_file_write(&to, lose_part, NULL, &err), BARO_USAGE);
    assert_string_equal(err.message, "create shared: another process is writing it");
    expect_none("shared");
    expect_text(part, "half of ano");
  }
}

/* Of 255 bytes of a name the part's number took 12, so that a name of 244 was too long. */
static void a_name_may_be_as_long_as_names_are(void **state) {
  (void)state;
  char path[NAME_MAX + sizeof("/folder of/")] = "folder of/";
  const size_t folder = strlen(path);
  assert_int_equal(mkdir("folder of", 0700), 0);
  for (size_t length = NAME_MAX - 16; length <= NAME_MAX; length++) {
    baro_error err = {0};
    writing work = {.text = "long"}, here = work;
    memset(path + folder, 'n', length);
    path[folder + length] = '\0';
    assert_int_equal(write_to(&(baro_whole_file){.path = path}, &work, &err), BARO_OK);
    expect_text(path, "long");
    assert_int_equal(write_to(&(baro_whole_file){.path = path + folder}, &here, &err), BARO_OK);
    expect_text(path + folder, "long");
  }
}

/* A link stays, what it leads to is replaced beside itself, and keeps its permission bits. */
static void a_link_stays_and_leads_there(void **state) {
  (void)state;
  baro_error err = {0};
  char target[32];
  assert_int_equal(mkdir("far", 0700), 0);
  put_text("far/target", "old");
  assert_int_equal(chmod("far/target", 0640), 0);
  assert_int_equal(symlink("far/target", "link"), 0);
  writing work = {.text = "new", .path = "far/target", .before = "old"};
  assert_int_equal(write_to(&(baro_whole_file){.path = "link"}, &work, &err), BARO_USAGE);
  assert_int_equal(work.calls, 0);
  baro_whole_file over = {.path = "link", .replace = true};
  assert_int_equal(write_to(&over, &work, &err), BARO_OK);
  assert_int_equal(work.mode, 0640);
  assert_int_equal(readlink("link", target, sizeof target), 10);
  expect_text("far/target", "new");
  expect_text("far/target.old", "old");
  expect_none("link.old");

  assert_int_equal(symlink("nowhere", "dangling"), 0);
  over.path = "dangling";
  assert_int_equal(write_to(&over, &work, &err), BARO_USAGE);
  assert_non_null(strstr(err.message, "dangling"));
  expect_none("nowhere");
}

static void what_is_read_is_not_replaced(void **state) {
  (void)state;
  baro_error err = {0};
  put_text("input", "precious");
  assert_int_equal(symlink("input", "to-input"), 0);
  assert_int_equal(link("input", "same"), 0);
  writing work = {.text = "new"};
  static const char *const names[] = {"input", "to-input", "same", "./input"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    baro_whole_file over = {.path = names[i], .replace = true, .inputs = {"other", "input"}};
    assert_int_equal(write_to(&over, &work, &err), BARO_USAGE);
    assert_non_null(strstr(err.message, "is what is read"));
  }
  put_text("older", "new one");
  assert_int_equal(link("input", "older.old"), 0);
  baro_whole_file over = {.path = "older", .replace = true, .inputs = {"older.old"}};
  assert_int_equal(write_to(&over, &work, &err), BARO_USAGE);
  assert_non_null(strstr(err.message, "kept in place of older.old"));
  assert_int_equal(work.calls, 0);
  expect_text("input", "precious");
  expect_text("older", "new one");
}

/* Before a name stands for it, so that a power cut does not leave an empty file there; and a disk's late error is one of writing. */
static void it_is_on_the_disk_before_it_has_its_name(void **state) {
  (void)state;
  baro_error err = {0};
  writing work = {.text = "new"};
  sync_call = (sync_seen){.path = "synced"};
  assert_int_equal(write_to(&(baro_whole_file){.path = "synced"}, &work, &err), BARO_OK);
  assert_int_equal(sync_call.calls, 1);
  assert_int_equal(sync_call.bytes, strlen("new"));
  assert_false(sync_call.had_name);
  expect_text("synced", "new");

  baro_whole_file over = {.path = "synced", .replace = true};
  writing next = {.text = "newer", .before = "new"};
  sync_call = (sync_seen){.path = "synced", .fails_with = EIO};
  assert_int_equal(write_to(&over, &next, &err), BARO_IO);
  assert_non_null(strstr(err.message, "synced: sync: "));
  assert_int_equal(sync_call.calls, 1);
  expect_text("synced", "new");
  expect_none("synced.old");
  sync_call = (sync_seen){0};
}

static void what_is_no_file_stays(void **state) {
  (void)state;
  writing work = {.text = "new"};
  static const char *const names[] = {"/dev/null", ".", "/dev"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    baro_error err = {0};
    baro_whole_file over = {.path = names[i], .replace = true};
    assert_int_equal(write_to(&over, &work, &err), BARO_USAGE);
    assert_non_null(strstr(err.message, "not a regular file"));
  }
  char path[5000];
  memset(path, 'x', sizeof(path) - 1);
  path[sizeof(path) - 1] = '\0';
  baro_error err = {0};
  baro_whole_file far = {.path = path};
  assert_int_equal(write_to(&far, &work, &err), BARO_USAGE);
  far.path = "no/such/folder";
  assert_int_equal(write_to(&far, &work, &err), BARO_NOT_FOUND);
  assert_non_null(strstr(err.message, "folder must be there"));
  assert_int_equal(work.calls, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_has_its_name_when_it_is_whole),
      cmocka_unit_test(a_failure_changes_nothing),
      cmocka_unit_test(what_came_meanwhile_stays),
      cmocka_unit_test(a_part_of_another_process_stays),
      cmocka_unit_test(a_name_may_be_as_long_as_names_are),
      cmocka_unit_test(a_link_stays_and_leads_there),
      cmocka_unit_test(what_is_read_is_not_replaced),
      cmocka_unit_test(it_is_on_the_disk_before_it_has_its_name),
      cmocka_unit_test(what_is_no_file_stays),
  };
  return cmocka_run_group_tests_name("os_whole_file", tests, enter_test_folder, leave_test_folder);
}

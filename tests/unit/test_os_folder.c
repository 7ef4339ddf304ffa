/* Folders shared with others: wrong here means files that others read, a link that is followed, or a recorder that hangs. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/os_folder.h"
#include "support/test_files.h"
#include "support/test_folder.h"

static void a_new_folder_is_private(void **state) {
  (void)state;
  char path[128];
  struct stat info;
  mode_t mask = umask(0);
  assert_int_equal(baro_folder_create(test_folder_path, "own-", path, sizeof path, NULL), BARO_OK);
  umask(mask);
  assert_int_equal(stat(path, &info), 0);
  assert_int_equal(info.st_mode & 07777, 0700);
  char other[128];
  assert_int_equal(baro_folder_create(test_folder_path, "own-", other, sizeof other, NULL),
                   BARO_OK);
  assert_string_not_equal(path, other);
  baro_error err = {0};
  assert_int_equal(baro_folder_create("no-such", "own-", other, sizeof other, &err),
                   BARO_NOT_FOUND);
  assert_non_null(strstr(err.message, "no-such"));
  assert_int_equal(baro_folder_create(test_folder_path, "own-", other, 20, &err), BARO_USAGE);
  assert_true(baro_folder_free_bytes(test_folder_path) > 0);
  assert_int_equal(baro_folder_free_bytes("no-such"), 0);
}

static baro_status gather(void *context, const char *name) {
  char *names = context;
  strcat(strcat(names, name), " ");
  return strcmp(name, "stop") == 0 ? BARO_INTERRUPTED : BARO_OK;
}

static void it_is_listed_and_removed(void **state) {
  (void)state;
  char path[128];
  char names[256] = "";
  int folder;
  assert_int_equal(baro_folder_create(test_folder_path, "list-", path, sizeof path, NULL), BARO_OK);
  assert_int_equal(baro_folder_open(path, &folder, NULL), BARO_OK);
  assert_int_equal(chdir(path), 0);
  put_text("one", "1");
  assert_int_equal(baro_folder_list(folder, gather, names), BARO_OK);
  assert_string_equal(names, "one ");
  names[0] = '\0'; /* a second listing begins anew */
  assert_int_equal(baro_folder_list(folder, gather, names), BARO_OK);
  assert_string_equal(names, "one ");
  put_text("stop", "");
  baro_folder_remove_file(folder, "one");
  names[0] = '\0';
  assert_int_equal(baro_folder_list(folder, gather, names), BARO_INTERRUPTED);
  assert_int_equal(chdir(test_folder_path), 0);
  assert_int_equal(symlink("/etc", "list-link"), 0);
  baro_folder_remove("list-link"); /* of somebody else's making */
  assert_int_equal(access("/etc/passwd", F_OK), 0);
  baro_folder_remove(path);
  assert_int_not_equal(access(path, F_OK), 0);
  assert_int_equal(close(folder), 0);
}

static void a_change_shows(void **state) {
  (void)state;
  int folder;
  assert_int_equal(mkdir("changing", 0700), 0);
  assert_int_equal(baro_folder_open("changing", &folder, NULL), BARO_OK);
  uint64_t before_ns = baro_folder_changed_ns(folder);
  assert_true(before_ns > 0);
  const struct timespec times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
  assert_int_equal(futimens(folder, times), 0);
  assert_int_equal(baro_folder_changed_ns(folder), UINT64_C(1000000000));
  put_text("changing/new", "");
  assert_true(baro_folder_changed_ns(folder) >= before_ns);
  assert_int_equal(close(folder), 0);
}

static void only_regular_files_are_opened(void **state) {
  (void)state;
  int folder;
  int file = -1;
  uint64_t bytes = 0;
  assert_int_equal(baro_folder_open(test_folder_path, &folder, NULL), BARO_OK);
  assert_int_equal(mkfifo("fifo", 0600), 0);
  assert_int_equal(symlink("/etc/passwd", "link"), 0);
  assert_int_equal(mkdir("folder", 0700), 0);
  put_text("file", "12345");
  static const char *const strange[] = {"fifo", "link", "folder"};
  for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
    assert_int_equal(baro_folder_open_file(folder, strange[i], true, &file, &bytes), BARO_INVALID);
    assert_int_equal(baro_folder_open_file(folder, strange[i], false, &file, &bytes), BARO_INVALID);
  }
  assert_int_equal(baro_folder_open_file(folder, "absent", true, &file, &bytes), BARO_NOT_FOUND);
  assert_int_equal(file, -1);
  assert_int_equal(baro_folder_open_file(folder, "file", true, &file, &bytes), BARO_OK);
  assert_int_equal(bytes, 5);
  assert_true((fcntl(file, F_GETFD) & FD_CLOEXEC) != 0);
  assert_int_equal(close(file), 0);
  assert_int_equal(close(folder), 0);
  assert_int_equal(baro_folder_open("file", &folder, NULL), BARO_INVALID);
  assert_int_equal(baro_folder_open("link", &folder, NULL), BARO_INVALID);
  assert_int_equal(baro_folder_open("absent", &folder, NULL), BARO_NOT_FOUND);
}

/* A lock ends with the process that holds it, however that ends. */
static void a_lock_is_held_once(void **state) {
  (void)state;
  put_text("locked", "");
  int first = open("locked", O_RDWR | O_CLOEXEC);
  int second = open("locked", O_RDWR | O_CLOEXEC);
  assert_true(first >= 0 && second >= 0);
  pid_t child = fork();
  if (child == 0) {
    int own = open("locked", O_RDWR | O_CLOEXEC);
    _exit(baro_file_lock(own) ? 7 : 8);
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_int_equal(WEXITSTATUS(status), 7);
  assert_true(baro_file_lock(first));
  assert_false(baro_file_lock(second));
  assert_int_equal(close(first), 0);
  assert_true(baro_file_lock(second));
  assert_int_equal(close(second), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_new_folder_is_private), cmocka_unit_test(it_is_listed_and_removed),
      cmocka_unit_test(a_change_shows),          cmocka_unit_test(only_regular_files_are_opened),
      cmocka_unit_test(a_lock_is_held_once),
  };
  return cmocka_run_group_tests_name("os_folder", tests, enter_test_folder, leave_test_folder);
}

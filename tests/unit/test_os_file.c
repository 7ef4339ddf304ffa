/* Files: wrong here means a recording that others can read, that overwrites something, or that
 * follows a link. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/os_file.h"
#include "support/test_files.h"
#include "support/test_folder.h"

static int create(const char *path, bool replace) {
  int file = -1;
  baro_error err = {0};
  assert_int_equal(baro_file_create(path, replace, &file, &err), BARO_OK);
  assert_true(file >= 0);
  return file;
}

static void close_file(int file) {
  assert_int_equal(baro_file_close(file, NULL), BARO_OK);
}

static void a_new_file_is_private(void **state) {
  (void)state;
  mode_t mask = umask(0);
  int file = create("private", false);
  umask(mask);
  struct stat info;
  assert_int_equal(fstat(file, &info), 0);
  assert_int_equal(info.st_mode & 07777, 0600);
  assert_true((fcntl(file, F_GETFD) & FD_CLOEXEC) != 0);
  close_file(file);
}

static void an_existing_file_is_kept(void **state) {
  (void)state;
  put_text("kept", "precious");
  int file = -1;
  baro_error err = {0};
  assert_int_equal(baro_file_create("kept", false, &file, &err), BARO_USAGE);
  assert_int_equal(file, -1);
  assert_non_null(strstr(err.message, "kept"));
  assert_non_null(strstr(err.message, "-f"));
  expect_text("kept", "precious");

  put_text("kept.old", "older");
  close_file(create("kept", true));
  expect_text("kept", "");
  expect_text("kept.old", "precious");
}

/* What stands at a path stays there, and so does its older one, until the new file is published. */
static void a_staged_file_takes_no_place(void **state) {
  (void)state;
  put_text("good", "precious");
  put_text("good.old", "older");
  char staged[BARO_STAGED_PATH_BYTES];
  int file = -1;
  baro_error err = {0};
  assert_int_equal(baro_file_stage("good", false, staged, &file, &err), BARO_USAGE);
  assert_int_equal(baro_file_stage("good", true, staged, &file, &err), BARO_OK);
  assert_int_equal(baro_file_write_at(file, 0, baro_view_of("new"), &err), BARO_OK);
  expect_text("good", "precious");
  expect_text("good.old", "older");
  assert_int_equal(baro_file_publish(staged, "good", &err), BARO_OK);
  close_file(file);
  expect_text("good", "new");
  expect_text("good.old", "precious");
  assert_int_not_equal(access(staged, F_OK), 0);

  assert_int_equal(baro_file_stage("fresh", true, staged, &file, &err), BARO_OK);
  assert_string_equal(staged, "fresh");
  assert_int_equal(baro_file_publish(staged, "fresh", &err), BARO_OK);
  close_file(file);
  assert_int_not_equal(access("fresh.old", F_OK), 0);

  assert_int_equal(baro_file_publish("gone", "good", &err), BARO_NOT_FOUND);
  expect_text("good", "new");
}

static void a_stream_is_what_comes_once(void **state) {
  (void)state;
  char bytes[8] = "";
  size_t length = 0;
  int file = -1;
  baro_error err = {0};
  put_text("plain", "bytes");
  assert_int_equal(mkfifo("once", 0600), 0);
  assert_true(baro_file_is_stream("-"));
  assert_true(baro_file_is_stream("once"));
  assert_true(baro_file_is_stream("/dev/null"));
  assert_false(baro_file_is_stream("plain"));
  assert_false(baro_file_is_stream("."));
  assert_false(baro_file_is_stream("absent"));
  assert_int_equal(baro_file_open_stream("plain", &file, &err), BARO_OK);
  assert_int_equal(baro_file_read_on(file, bytes, 3, &length, &err), BARO_OK);
  assert_int_equal(length, 3);
  assert_int_equal(baro_file_read_on(file, bytes, sizeof bytes, &length, &err), BARO_OK);
  assert_int_equal(length, 2);
  assert_memory_equal(bytes, "es", 2);
  close_file(file);
  assert_int_equal(baro_file_open_stream("absent", &file, &err), BARO_NOT_FOUND);
}

static void a_stream_takes_what_comes(void **state) {
  (void)state;
  char bytes[8] = "";
  size_t length = 0;
  int from = -1;
  int to = -1;
  baro_error err = {0};
  assert_int_equal(mkfifo("taking", 0600), 0);
  from = open("taking", O_RDONLY | O_NONBLOCK);
  assert_int_equal(baro_file_open_stream_to("taking", &to, &err), BARO_OK);
  assert_int_equal(baro_file_write_on(to, baro_view_of("one"), &err), BARO_OK);
  assert_int_equal(baro_file_write_on(to, baro_view_of("two"), &err), BARO_OK);
  close_file(to);
  assert_int_equal(baro_file_read_on(from, bytes, sizeof bytes, &length, &err), BARO_OK);
  assert_int_equal(length, 6);
  assert_memory_equal(bytes, "onetwo", 6);
  close_file(from);
  assert_int_equal(baro_file_open_stream_to("/dev/full", &to, &err), BARO_OK);
  assert_int_equal(baro_file_write_on(to, baro_view_of("one"), &err), BARO_NO_SPACE);
  close_file(to);
  assert_int_equal(baro_file_open_stream_to("absent", &to, &err), BARO_NOT_FOUND);
  assert_int_not_equal(access("absent", F_OK), 0);
}

static void a_link_is_not_followed(void **state) {
  (void)state;
  put_text("target", "precious");
  assert_int_equal(symlink("target", "link"), 0);
  assert_int_equal(symlink("nowhere", "dangling"), 0);
  static const char *const paths[] = {"link", "dangling", "/dev/null", "."};
  for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
    int file = -1;
    baro_error err = {0};
    assert_int_equal(baro_file_create(paths[i], true, &file, &err), BARO_USAGE);
    assert_int_equal(file, -1);
  }
  expect_text("target", "precious");
  assert_int_not_equal(access("nowhere", F_OK), 0);
  assert_int_equal(access("/dev/null", F_OK), 0);
}

static void what_cannot_be_created_is_named(void **state) {
  (void)state;
  int file = -1;
  baro_error err = {0};
  assert_int_equal(baro_file_create("no/such/folder", true, &file, &err), BARO_NOT_FOUND);
  assert_non_null(strstr(err.message, "no/such/folder"));
  char path[5000];
  memset(path, 'x', sizeof(path) - 1);
  path[sizeof(path) - 1] = '\0';
  assert_int_equal(baro_file_create(path, true, &file, &err), BARO_USAGE);
}

static void writes_go_where_they_are_told(void **state) {
  (void)state;
  int file = create("data", false);
  baro_error err = {0};
  assert_int_equal(baro_file_write_at(file, 0, baro_view_of("hello world"), &err), BARO_OK);
  assert_int_equal(baro_file_write_at(file, 6, baro_view_of("there"), &err), BARO_OK);
  char bytes[32];
  size_t length = 0;
  assert_int_equal(baro_file_read_at(file, 0, bytes, sizeof(bytes), &length, &err), BARO_OK);
  assert_int_equal(length, 11);
  assert_memory_equal(bytes, "hello there", 11);
  assert_int_equal(baro_file_read_at(file, 100, bytes, 1, &length, &err), BARO_OK);
  assert_int_equal(length, 0);
  assert_int_equal(baro_file_truncate(file, 5, &err), BARO_OK);
  assert_int_equal(baro_file_sync(file, &err), BARO_OK);
  close_file(file);
  expect_text("data", "hello");
  assert_int_equal(baro_file_write_at(file, 0, baro_view_of("x"), &err), BARO_IO);
  assert_int_equal(baro_file_close(file, &err), BARO_IO);
  baro_file_remove("data");
  assert_int_not_equal(access("data", F_OK), 0);
}

/* Room is taken on the disk and given back; the file has what was written. */
static void room_is_reserved_behind_the_end(void **state) {
  (void)state;
  struct stat before;
  struct stat info;
  int file = create("roomy", false);
  baro_error err = {0};
  assert_int_equal(baro_file_write_at(file, 0, baro_view_of("text"), &err), BARO_OK);
  assert_int_equal(fstat(file, &before), 0);
  assert_int_equal(baro_file_reserve(file, 4, 1 << 20, &err), BARO_OK);
  assert_int_equal(fstat(file, &info), 0);
  assert_int_equal(info.st_size, 4);
  bool knows_reserving =
      info.st_blocks > before.st_blocks; /* file systems without it: nothing happens */
  assert_true(!knows_reserving || info.st_blocks * 512 >= 1 << 20);
  assert_int_equal(baro_file_truncate(file, 4, &err), BARO_OK);
  assert_int_equal(fstat(file, &info), 0);
  assert_true(info.st_blocks * 512 < 1 << 19);
  expect_text("roomy", "text");
  close_file(file);
}

/* Room beyond what the file may ever have is no room. */
static void the_limit_of_a_file_is_a_full_disk(void **state) {
  (void)state;
  struct rlimit before;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  struct rlimit limit = {.rlim_cur = 1000, .rlim_max = before.rlim_max};
  int file = create("limited", false);
  baro_error err = {0};
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  assert_int_equal(baro_file_reserve(file, 0, 1000, &err), BARO_OK);
  assert_int_equal(baro_file_reserve(file, 900, 100, &err), BARO_OK);
  assert_int_equal(baro_file_reserve(file, 900, 101, &err), BARO_NO_SPACE);
  assert_int_equal(baro_file_reserve(file, 2000, 1, &err), BARO_NO_SPACE);
  assert_int_equal(baro_file_reserve(file, 1, UINT64_MAX, &err), BARO_NO_SPACE);
  assert_non_null(strstr(err.message, strerror(EFBIG)));
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  close_file(file);
}

static void only_regular_files_are_opened(void **state) {
  (void)state;
  assert_int_equal(mkfifo("fifo", 0600), 0);
  int file = -1;
  uint64_t bytes = 0;
  baro_error err = {0};
  /* Without a writer, a careless open would wait here for ever. */
  assert_int_equal(baro_file_open("fifo", &file, &bytes, &err), BARO_INVALID);
  assert_int_equal(baro_file_open(".", &file, &bytes, &err), BARO_INVALID);
  assert_int_equal(baro_file_open("/dev/zero", &file, &bytes, &err), BARO_INVALID);
  assert_int_equal(baro_file_open("absent", &file, &bytes, &err), BARO_NOT_FOUND);
  assert_int_equal(file, -1);
  put_text("file", "12345");
  assert_int_equal(baro_file_open("file", &file, &bytes, &err), BARO_OK);
  assert_int_equal(bytes, 5);
  close_file(file);
}

/* By any name, and only of regular files: where two terminals or pipes are one nothing is lost. */
static void a_descriptor_is_a_file_by_any_name(void **state) {
  (void)state;
  put_text("one", "text");
  put_text("another", "text");
  assert_int_equal(link("one", "second-name"), 0);
  assert_int_equal(symlink("one", "leads-there"), 0);
  int file = open("one", O_RDONLY | O_CLOEXEC), device = open("/dev/null", O_WRONLY | O_CLOEXEC);
  assert_true(file >= 0 && device >= 0);
  static const char *const names[] = {"one", "./one", "second-name", "leads-there"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    assert_true(baro_file_is_at(file, names[i]));
    assert_false(baro_file_is_at(device, names[i]));
  }
  assert_false(baro_file_is_at(file, "another"));
  assert_false(baro_file_is_at(file, "not-there"));
  assert_false(baro_file_is_at(device, "/dev/null"));
  close_file(device);
  close_file(file);
  assert_false(baro_file_is_at(file, "one"));
}

static void reading_all_has_a_limit(void **state) {
  (void)state;
  put_text("file", "12345");
  baro_buffer buffer = {0};
  baro_error err = {0};
  baro_write_text(&buffer, "before");
  assert_int_equal(baro_file_read_all("file", 4, &buffer, &err), BARO_LIMIT);
  assert_int_equal(buffer.length, 6);
  assert_int_equal(baro_file_read_all("file", 5, &buffer, &err), BARO_OK);
  assert_int_equal(buffer.length, 11);
  /* Files of /proc say that they are empty. */
  assert_int_equal(baro_file_read_all("/proc/self/status", 1 << 20, &buffer, &err), BARO_OK);
  assert_true(buffer.length > 50);
  assert_int_equal(baro_file_read_all("absent", 5, &buffer, &err), BARO_NOT_FOUND);
  baro_buffer_release(&buffer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_new_file_is_private),
      cmocka_unit_test(an_existing_file_is_kept),
      cmocka_unit_test(a_staged_file_takes_no_place),
      cmocka_unit_test(a_stream_is_what_comes_once),
      cmocka_unit_test(a_stream_takes_what_comes),
      cmocka_unit_test(a_link_is_not_followed),
      cmocka_unit_test(what_cannot_be_created_is_named),
      cmocka_unit_test(writes_go_where_they_are_told),
      cmocka_unit_test(room_is_reserved_behind_the_end),
      cmocka_unit_test(the_limit_of_a_file_is_a_full_disk),
      cmocka_unit_test(only_regular_files_are_opened),
      cmocka_unit_test(a_descriptor_is_a_file_by_any_name),
      cmocka_unit_test(reading_all_has_a_limit),
  };
  return cmocka_run_group_tests_name("os_file", tests, enter_test_folder, leave_test_folder);
}

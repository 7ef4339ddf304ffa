/* The writer on real files: wrong here means a recording that is lost when the disk is full or the recorder is killed. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/recording_findings.h"
#include "support/recording_fixture.h"
#include "support/test_folder.h"

static void an_existing_recording_is_kept(void **state) {
  (void)state;
  baro_writer *writer = NULL;
  baro_error err = {0};
  assert_int_equal(baro_writer_create("run.baro", NULL, &writer, &err), BARO_OK);
  close_well(writer);
  assert_int_equal(baro_writer_create("run.baro", NULL, &writer, &err), BARO_USAGE);
  assert_non_null(strstr(err.message, "run.baro"));
  baro_writer_options options = {.overwrite = true};
  assert_int_equal(baro_writer_create("run.baro", &options, &writer, &err), BARO_OK);
  struct stat info;
  assert_int_equal(stat("run.baro", &info), 0);
  assert_int_equal(info.st_mode & 07777, 0600);
  /* A reader may look while it is being written. */
  findings found = find_in_file("run.baro");
  assert_false(found.damage.complete);
  assert_string_equal(found.damage.reason, "");
  close_well(writer);
  found = find_in_file("run.baro");
  expect_whole(&found.damage);
  found = find_in_file("run.baro.old");
  expect_whole(&found.damage);
}

/* Runs test in a child process and expects it to exit with 0. */
static int status_of_child(int (*test)(void)) {
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    _exit(test());
  }
  int status = 0;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  return WEXITSTATUS(status);
}

enum { CHILD_DONE = 0, CHILD_FAILED = 1, CHILD_NOT_PERMITTED = 77 };

/* Records to path until the disk says no, then closes; nothing of it may fail but the writes. */
static int record_until_full(const char *path) {
  baro_writer *writer = NULL;
  baro_error err = {0};
  if (baro_writer_create(path, NULL, &writer, &err) != BARO_OK) {
    return CHILD_FAILED;
  }
  fixture_program program;
  fixture_program_start(&program, writer, 1, 9);
  fixture_program_run(&program, writer, 100000);
  const baro_error *trouble = baro_writer_trouble(writer);
  if (trouble == NULL || trouble->status != BARO_NO_SPACE) {
    return CHILD_FAILED;
  }
  if (baro_writer_close(writer, &err) != BARO_NO_SPACE) {
    return CHILD_FAILED;
  }
  baro_damage damage;
  if (baro_recording_read(path, NULL, &damage, &err) != BARO_OK || damage.corrupt ||
      damage.truncated || damage.good_bytes < 30000) {
    return CHILD_FAILED;
  }
  /* The room that was kept holds the end of the recording, with the number of those that are missing. */
  if (!damage.complete || damage.dropped_samples == 0) {
    return CHILD_FAILED;
  }
  return CHILD_DONE;
}

static int record_to_limited_file(void) {
  signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit = {.rlim_cur = 64 * 1024, .rlim_max = 64 * 1024};
  return setrlimit(RLIMIT_FSIZE, &limit) != 0 ? CHILD_FAILED : record_until_full("limited.baro");
}

static void a_file_size_limit_is_survived(void **state) {
  (void)state;
  assert_int_equal(status_of_child(record_to_limited_file), CHILD_DONE);
}

static int record_to_small_file_system(void) {
  if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mkdir("small", 0700) != 0 || mount("none", "small", "tmpfs", 0, "size=64k") != 0) {
    return errno == EPERM || errno == EACCES ? CHILD_NOT_PERMITTED : CHILD_FAILED;
  }
  return record_until_full("small/run.baro");
}

static void a_full_file_system_is_survived(void **state) {
  (void)state;
  int status = status_of_child(record_to_small_file_system);
  if (status == CHILD_NOT_PERMITTED) {
    print_message("mounting a small file system is not permitted here\n");
    skip();
  }
  assert_int_equal(status, CHILD_DONE);
}

/* What was flushed before the recorder is killed is there, and nothing else. */
static void a_killed_recorder_leaves_what_was_flushed(void **state) {
  (void)state;
  int ready[2];
  assert_int_equal(pipe(ready), 0);
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    baro_writer *writer = NULL;
    if (baro_writer_create("killed.baro", NULL, &writer, NULL) != BARO_OK) {
      _exit(1);
    }
    fixture_program program;
    fixture_program_start(&program, writer, 1, 9);
    fixture_program_run(&program, writer, 2500);
    if (baro_writer_flush(writer, NULL) != BARO_OK) {
      _exit(1);
    }
    baro_sample_record sample = {0};
    for (int i = 0; i < 100; i++) {
      fixture_program_round(&program, &sample);
      baro_writer_sample(writer, &sample);
    }
    (void)!write(ready[1], "r", 1);
    for (;;) {
      pause();
    }
  }
  char byte;
  close(ready[1]);
  assert_int_equal(read(ready[0], &byte, 1), 1);
  assert_int_equal(kill(child, SIGKILL), 0);
  assert_int_equal(waitpid(child, NULL, 0), child);
  close(ready[0]);
  findings found = find_in_file("killed.baro");
  assert_int_equal(found.samples, 2500);
  assert_string_equal(found.damage.reason, "");
  assert_false(found.damage.complete);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_existing_recording_is_kept),
      cmocka_unit_test(a_file_size_limit_is_survived),
      cmocka_unit_test(a_full_file_system_is_survived),
      cmocka_unit_test(a_killed_recorder_leaves_what_was_flushed),
  };
  return cmocka_run_group_tests_name("recording_on_disk", tests, enter_test_folder,
                                     leave_test_folder);
}

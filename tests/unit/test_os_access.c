/* os_access: attempts and identities, asked of this process and its children. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/os_access.h"

static void ourselves_are_readable(void **state) {
  (void)state;
  uint32_t uid = UINT32_MAX;
  uint32_t gid = UINT32_MAX;
  uint32_t owner = UINT32_MAX;
  assert_int_equal(baro_access_try_memory(getpid()), 0);
  assert_int_equal(baro_access_try_file(getpid(), "maps"), 0);
  assert_int_equal(baro_access_try_file(getpid(), "no_such_file"), ENOENT);
  baro_access_our_ids(&uid, &gid);
  assert_int_equal(uid, getuid());
  assert_int_equal(gid, getgid());
  assert_int_equal(baro_access_owner(getpid(), &owner), 0);
  assert_int_equal(owner, geteuid());
  assert_int_equal(baro_access_our_pid(), getpid());
  assert_int_equal(baro_access_our_pid_in_proc(), getpid());
}

static void ended_processes_are_told(void **state) {
  (void)state;
  uint32_t owner;
  siginfo_t info;
  pid_t pid = fork();
  if (pid == 0)
    _exit(0);
  assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
  assert_true(baro_access_exists(pid)); /* as a zombie */
  assert_int_equal(baro_access_try_memory(pid), ESRCH);
  assert_int_equal(waitpid(pid, NULL, 0), pid);
  assert_false(baro_access_exists(pid));
  assert_int_equal(baro_access_try_memory(pid), ESRCH);
  assert_int_equal(baro_access_owner(pid, &owner), ENOENT);
  assert_int_equal(baro_access_try_file(pid, "stat"), ENOENT);
  /* What kill takes for groups is no process. */
  assert_false(baro_access_exists(0));
  assert_false(baro_access_exists(-1));
}

static void lines_are_cut_and_end(void **state) {
  (void)state;
  char name[] = "baro_line_XXXXXX";
  char path[PATH_MAX + 32];
  char line[8] = "";
  char folder[PATH_MAX];
  int fd = mkstemp(name);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, "one\ntwo\n", 8), 8);
  assert_non_null(getcwd(folder, sizeof folder));
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  assert_true(baro_access_read_line(path, line, sizeof line));
  assert_string_equal(line, "one");
  assert_true(baro_access_read_line(path, line, 3));
  assert_string_equal(line, "on");
  assert_int_equal(close(fd), 0);
  assert_int_equal(unlink(name), 0);
  assert_false(baro_access_read_line(path, line, sizeof line));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ourselves_are_readable),
      cmocka_unit_test(ended_processes_are_told),
      cmocka_unit_test(lines_are_cut_and_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Finding live interpreters where they are hard to find. What fails here is a program that cannot be profiled, or
 * one that is misread. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/os_memory.h"
#include "base/os_proc.h"
#include "capture/cpython/interpreter.h"
#include "support/live_python.h"

static live_python pythons[LIVE_PYTHON_MAX];
static size_t python_count;

/* Waits below three functions for its input to close. */
#define WAITING                                                                                    \
  "import sys\ndef a(): b()\ndef b(): print('ready', flush=True); sys.stdin.read()\na()\n"

/* "3.14t" is the version of a free-threaded build. */
static void assert_version(const char *found, const char *wanted) {
  size_t digits = strcspn(wanted, "t");
  assert_memory_equal(found, wanted, digits);
  assert_int_equal(strchr(found, 't') != NULL, wanted[digits] == 't');
}

static void check_found(pid_t pid, const live_python *python, baro_interpreter *ret_interpreter) {
  baro_interpreter interpreter;
  baro_error err = {0};
  if (baro_interpreter_find(pid, NULL, &interpreter, &err) != BARO_OK)
    fail_msg("python %s: %s", python->version, err.message);
  assert_version(interpreter.version, python->version);
  assert_true(interpreter.checked_interpreters >= 1);
  assert_true(interpreter.checked_threads >= 1);
  assert_true(interpreter.checked_frames >= 3);
  if (ret_interpreter != NULL)
    *ret_interpreter = interpreter;
}

static void test_plain(void **state) {
  (void)state;
  for (size_t i = 0; i < python_count; i++) {
    const char *argv[] = {pythons[i].path, "-I", "-c", WAITING, NULL};
    live_target target = live_start(argv);
    baro_interpreter found;
    check_found(target.pid, &pythons[i], &found);
    assert_int_equal(found.layout.minor, atoi(strchr(pythons[i].version, '.') + 1));
    assert_true(found.code_type_addr != 0 && found.unicode_type_addr != 0 &&
                found.frame_type_addr != 0);
    print_message("# %s: %s in %s\n", pythons[i].version, found.version, found.file);
    live_stop(&target);
    assert_int_equal(baro_interpreter_find(found.pid, NULL, &found, NULL), BARO_GONE);
  }
}

/* Of the same files a second search must come to the same result. */
static void test_cache(void **state) {
  (void)state;
  baro_interpreter_cache *cache = baro_interpreter_cache_create();
  for (size_t i = 0; i < python_count; i++) {
    const char *argv[] = {pythons[i].path, "-I", "-c", WAITING, NULL};
    live_target target = live_start(argv);
    baro_interpreter first;
    baro_interpreter second;
    assert_int_equal(baro_interpreter_find(target.pid, cache, &first, NULL), BARO_OK);
    assert_int_equal(baro_interpreter_find(target.pid, cache, &second, NULL), BARO_OK);
    assert_int_equal(first.runtime_addr, second.runtime_addr);
    assert_int_equal(first.code_type_addr, second.code_type_addr);
    live_stop(&target);
  }
  baro_interpreter_cache_destroy(cache);
}

/* From exec to the first line of the program every answer but "found" must be "not yet": never a refusal, and the
 * found one must be right. */
static void test_starting(void **state) {
  (void)state;
  baro_interpreter_cache *cache = baro_interpreter_cache_create();
  for (size_t i = 0; i < python_count; i++) {
    for (int round = 0; round < 3; round++) {
      const char *argv[] = {pythons[i].path, "-I", "-c", "import sys; sys.stdin.read()", NULL};
      live_target target = live_start_only(argv);
      baro_interpreter found;
      baro_error err = {0};
      baro_status status = BARO_AGAIN;
      for (int tries = 0; tries < 20000 && (status == BARO_AGAIN || status == BARO_NOT_FOUND);
           tries++) {
        status = baro_interpreter_find(target.pid, cache, &found, &err);
        nanosleep(&(struct timespec){.tv_nsec = 200 * 1000}, NULL);
      }
      if (status != BARO_OK)
        fail_msg("python %s: %s", pythons[i].version, err.message);
      assert_version(found.version, pythons[i].version);
      live_stop(&target);
    }
  }
  baro_interpreter_cache_destroy(cache);
}

static void shell(const char *format, const char *one, const char *two) {
  char command[4096];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  snprintf(command, sizeof command, format, one, two);
#pragma GCC diagnostic pop
  if (system(command) != 0)
    fail_msg("failed: %s", command);
}

/* The program under another name, deleted while it runs; then replaced by something else, as an upgrade does. */
static void test_deleted(void **state) {
  (void)state;
  for (size_t i = 0; i < python_count; i++) {
    char folder[256];
    char program[300];
    snprintf(folder, sizeof folder, "%s", live_folder());
    snprintf(program, sizeof program, "%s/worker", folder);
    shell("cp '%s' '%s'", pythons[i].path, program);
    char home[600];
    snprintf(home, sizeof home, "%.*s", (int)(strstr(pythons[i].path, "/bin/") - pythons[i].path),
             pythons[i].path);
    setenv("PYTHONHOME", home, 1);
    const char *argv[] = {program, "-c", WAITING, NULL};
    live_target target = live_start(argv);
    unsetenv("PYTHONHOME");
    unlink(program);
    check_found(target.pid, &pythons[i], NULL);
    shell("cp /bin/true '%s'%s", program, "");
    check_found(target.pid, &pythons[i], NULL);
    live_stop(&target);
  }
}

static void test_virtual_environment(void **state) {
  (void)state;
  for (size_t i = 0; i < python_count; i++) {
    char folder[256];
    char program[300];
    snprintf(folder, sizeof folder, "%s", live_folder());
    snprintf(program, sizeof program, "%s/bin/python", folder);
    char command[2048];
    snprintf(command, sizeof command, "'%s' -m venv --without-pip '%s' >/dev/null 2>&1",
             pythons[i].path, folder);
    if (system(command) != 0) {
      live_cannot("virtual environment", command);
      continue;
    }
    const char *argv[] = {program, "-c", WAITING, NULL};
    live_target target = live_start(argv);
    check_found(target.pid, &pythons[i], NULL);
    live_stop(&target);
  }
}

/* In a mount namespace of its own the program's path names nothing, or another file, outside. */
static void test_mount_namespace(void **state) {
  (void)state;
  if (system("unshare -m true 2>/dev/null") != 0) {
    live_cannot("mount namespace", "unshare -m is not permitted");
    return;
  }
  for (size_t i = 0; i < python_count; i++) {
    char folder[256];
    char script[2048];
    char home[600];
    snprintf(folder, sizeof folder, "%s", live_folder());
    snprintf(home, sizeof home, "%.*s", (int)(strstr(pythons[i].path, "/bin/") - pythons[i].path),
             pythons[i].path);
    snprintf(script, sizeof script,
             "mount -t tmpfs none '%s' && cp '%s' '%s/worker' && PYTHONHOME='%s' exec '%s/worker' "
             "-c \"$0\"",
             folder, pythons[i].path, folder, home, folder);
    const char *argv[] = {"unshare", "-m", "sh", "-c", script, WAITING, NULL};
    live_target target = live_start(argv);
    check_found(target.pid, &pythons[i], NULL);
    live_stop(&target);
  }
}

/* In a pid namespace of its own the interpreter knows its threads by other numbers. */
static void test_pid_namespace(void **state) {
  (void)state;
  if (system("unshare -p -f true 2>/dev/null") != 0) {
    live_cannot("pid namespace", "unshare -p is not permitted");
    return;
  }
  for (size_t i = 0; i < python_count; i++) {
    const char *argv[] = {"unshare", "-p",    "-f", "--kill-child", pythons[i].path, "-I",
                          "-c",      WAITING, NULL};
    live_target target = live_start(argv);
    baro_pid_list children = {0};
    assert_int_equal(baro_proc_list_children(target.pid, &children, NULL), BARO_OK);
    assert_int_equal(children.count, 1);
    check_found(children.pids[0], &pythons[i], NULL);
    baro_pid_list_release(&children);
    live_stop(&target);
  }
}

/* A child after fork has inherited all data, of threads that it does not have. */
static void test_forked(void **state) {
  (void)state;
  const char *program = "import os, sys, threading\n"
                        "def child():\n"
                        "    pid = os.fork()\n"
                        "    if pid == 0:\n"
                        "        print('ready', flush=True); sys.stdin.read(); os._exit(0)\n"
                        "    os.waitpid(pid, 0)\n"
                        "thread = threading.Thread(target=child)\n"
                        "thread.start()\n"
                        "thread.join()\n";
  for (size_t i = 0; i < python_count; i++) {
    const char *argv[] = {pythons[i].path, "-I", "-W", "ignore", "-c", program, NULL};
    live_target target = live_start(argv);
    baro_pid_list children = {0};
    assert_int_equal(baro_proc_list_children(target.pid, &children, NULL), BARO_OK);
    assert_int_equal(children.count, 1);
    baro_interpreter found;
    check_found(children.pids[0], &pythons[i], &found);
    assert_int_equal(found.checked_threads, 1);
    baro_pid_list_release(&children);
    live_stop(&target);
  }
}

/* Python inside a program that is not called so. */
static void test_embedded(void **state) {
  (void)state;
  size_t ran = 0;
  for (size_t i = 0; i < python_count; i++) {
    char command[1024];
    char library[1024] = "";
    snprintf(
        command, sizeof command,
        "'%s' -I -c 'import os, sysconfig as s; print(os.path.join(s.get_config_var(\"LIBDIR\"), "
        "s.get_config_var(\"INSTSONAME\") or \"\"))'",
        pythons[i].path);
    FILE *answer = popen(command, "r");
    assert_non_null(answer);
    if (fgets(library, sizeof library, answer) != NULL)
      library[strcspn(library, "\n")] = '\0';
    pclose(answer);
    if (strstr(library, ".so") == NULL || access(library, R_OK) != 0) {
      print_message("# %s has no shared libpython to embed\n", pythons[i].version);
      continue;
    }
    char script[300];
    snprintf(script, sizeof script, "%s/script", live_folder());
    FILE *file = fopen(script, "w");
    assert_non_null(file);
    fputs(WAITING, file);
    fclose(file);
    const char *argv[] = {BARO_EMBED_PYTHON, library, script, NULL};
    live_target target = live_start(argv);
    check_found(target.pid, &pythons[i], NULL);
    live_stop(&target);
    ran++;
  }
  if (ran == 0)
    live_cannot("embedded interpreter", "no Python here has a shared libpython");
}

static void test_not_python(void **state) {
  (void)state;
  const char *argv[] = {"sleep", "60", NULL};
  live_target target = live_start_only(argv);
  baro_interpreter found;
  baro_error err = {0};
  char comm[BARO_COMM_BYTES] = "";
  while (strcmp(comm, "sleep") != 0)
    assert_int_equal(baro_proc_comm(target.pid, 0, comm, NULL), BARO_OK);
  assert_int_equal(baro_interpreter_find(target.pid, NULL, &found, &err), BARO_NOT_FOUND);
  assert_non_null(strstr(err.message, "(sleep) is not a Python process"));
  live_stop(&target);
  assert_int_equal(baro_interpreter_find(getpid(), NULL, &found, &err), BARO_NOT_FOUND);
}

/* What waits for its parent has no memory and no program any more. */
static void test_zombie(void **state) {
  (void)state;
  pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0)
    _exit(0);
  siginfo_t info;
  assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
  baro_interpreter found;
  baro_error err = {0};
  char expected[64];
  assert_int_equal(baro_interpreter_find(child, NULL, &found, &err), BARO_GONE);
  snprintf(expected, sizeof expected,
           "process %d (test_interprete) has ended; its parent, process %d,", (int)child,
           (int)getpid());
  assert_non_null(strstr(err.message, expected));
  assert_int_equal(waitpid(child, NULL, 0), child);
}

/* A layout that does not fit must be refused, whichever part of it is wrong. */
static void test_wrong_layout(void **state) {
  (void)state;
  for (size_t i = 0; i < python_count; i++) {
    const char *argv[] = {pythons[i].path, "-I", "-c", WAITING, NULL};
    live_target target = live_start(argv);
    baro_interpreter right;
    baro_error err = {0};
    assert_int_equal(baro_interpreter_locate(target.pid, NULL, &right, &err), BARO_OK);
    nanosleep(&(struct timespec){.tv_sec = 1, .tv_nsec = 100 * 1000 * 1000}, NULL);
    for (int part = 0; part < 6; part++) {
      baro_interpreter wrong = right;
      switch (part) {
      case 0: wrong.layout.thread.interp += 8; break;
      case 1: wrong.layout.frame.code += 8; break;
      case 2: wrong.layout.code.filename = wrong.layout.object.type; break;
      case 3: wrong.layout.interp.threads_head = wrong.layout.interp.id; break; /* 0: no threads */
      case 4: wrong.code_type_addr += 8; break;
      case 5: wrong.layout.object.type += 8; break;
      }
      baro_status status = baro_interpreter_check(&wrong, &err);
      if (status == BARO_OK)
        fail_msg("python %s: wrong part %d is not noticed", pythons[i].version, part);
    }
    assert_int_equal(baro_interpreter_check(&right, &err), BARO_OK);
    live_stop(&target);
  }
}

int main(void) {
  python_count = live_pythons(pythons);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_plain),           cmocka_unit_test(test_cache),
      cmocka_unit_test(test_starting),        cmocka_unit_test(test_deleted),
      cmocka_unit_test(test_forked),          cmocka_unit_test(test_embedded),
      cmocka_unit_test(test_mount_namespace), cmocka_unit_test(test_pid_namespace),
      cmocka_unit_test(test_not_python),      cmocka_unit_test(test_zombie),
      cmocka_unit_test(test_wrong_layout),    cmocka_unit_test(test_virtual_environment),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

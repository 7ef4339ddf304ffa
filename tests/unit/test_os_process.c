/* Starting, reaping and tracing processes. Wrong here means a command that hangs under the recorder, loses a signal or
 * stays stopped behind it. */
#include <errno.h>
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

#include "base/os_proc.h"
#include "base/os_process.h"
#include "base/os_program.h"

static void pause_ms(long ms) {
  (void)nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static baro_status try_spawn(const char *const *argv, pid_t *ret_pid, baro_error *err) {
  return baro_process_spawn((char *const *)(uintptr_t)argv, ret_pid, err);
}

static pid_t spawn_shell(const char *script) {
  pid_t pid = 0;
  baro_error err = {0};
  if (try_spawn((const char *[]){"sh", "-c", script, NULL}, &pid, &err) != BARO_OK)
    fail_msg("%s", err.message);
  return pid;
}

/* The wait status of its end; pumps meanwhile, as the recorder does. */
static int await_end(pid_t pid) {
  int status = -1;
  for (int waited = 0; waited < 20000; waited++) {
    baro_trace_pump(pid);
    if (baro_process_reap(pid, &status))
      return status;
    pause_ms(1);
  }
  fail_msg("process %d does not end", (int)pid);
  return -1;
}

static char state_of(pid_t pid) {
  baro_task_stat stat;
  return baro_proc_stat(pid, 0, &stat, NULL) == BARO_OK ? stat.state : '?';
}

static void await_state(pid_t pid, char state) {
  for (int waited = 0; waited < 20000 && state_of(pid) != state; waited++) {
    baro_trace_pump(pid);
    pause_ms(1);
  }
  assert_int_equal(state_of(pid), state);
}

static void test_a_command_ends_with_its_own_status(void **state) {
  (void)state;
  int status = await_end(spawn_shell("exit 7"));
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
  status = await_end(spawn_shell("kill -TERM $$"));
  assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void test_an_exec_is_another_program(void **state) {
  (void)state;
  baro_program_mark mark;
  /* Addresses are the same in both, which therefore differ by their random bytes alone. */
  pid_t pid = spawn_shell(
      "kill -STOP $$; exec setarch -R sh -c 'kill -STOP $$; exec sh -c \"kill -STOP $$\"'");
  await_state(pid, 'T');
  baro_program_mark_read(pid, &mark);
  assert_int_not_equal(mark.addr, 0);
  assert_true(baro_program_mark_holds(pid, &mark));
  for (int program = 0; program < 2; program++) {
    assert_int_equal(kill(pid, SIGCONT), 0);
    for (int waited = 0; waited < 20000 && baro_program_mark_holds(pid, &mark); waited++)
      pause_ms(1);
    assert_false(baro_program_mark_holds(pid, &mark));
    await_state(pid, 'T');
    baro_program_mark_read(pid, &mark);
    assert_true(baro_program_mark_holds(pid, &mark));
  }
  assert_int_equal(kill(pid, SIGKILL), 0);
  (void)await_end(pid);
  assert_false(baro_program_mark_holds(pid, &mark));
  baro_program_mark_read(pid, &mark);
  assert_int_equal(mark.addr, 0);
  assert_true(baro_program_mark_holds(pid, &mark)); /* nothing is known */
}

static void test_what_cannot_be_executed_leaves_no_process(void **state) {
  (void)state;
  pid_t pid = 0;
  baro_error err = {0};
  const char *const missing[] = {"/nonexistent/command", NULL};
  const char *const folder[] = {"/", NULL};
  assert_int_equal(try_spawn(missing, &pid, &err), BARO_NOT_FOUND);
  assert_non_null(strstr(err.message, "/nonexistent/command"));
  assert_int_equal(try_spawn(folder, &pid, &err), BARO_NO_PERMISSION);
  assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
  assert_int_equal(errno, ECHILD);
}

static void ignore_it(int number) {
  (void)number;
}

/* Handlers go, ignored signals and the mask stay: a command must not notice who started it. */
static void test_signal_dispositions_are_as_from_a_shell(void **state) {
  (void)state;
  struct sigaction handled = {.sa_handler = ignore_it};
  struct sigaction ignored = {.sa_handler = SIG_IGN};
  struct sigaction initial = {.sa_handler = SIG_DFL};
  sigset_t blocked;
  sigset_t before;
  assert_int_equal(sigaction(SIGUSR1, &handled, NULL), 0);
  assert_int_equal(sigaction(SIGUSR2, &ignored, NULL), 0);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGWINCH);
  assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, &before), 0);
  int status = await_end(spawn_shell("test \"$(sed -n 's/^SigBlk:\\t//p' /proc/self/status)\" = "
                                     "0000000008000000 || exit 9; kill -USR2 $$; kill -USR1 $$"));
  assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
  assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &blocked), 0);
  assert_true(sigismember(&blocked, SIGWINCH)); /* ours is as it was, too */
  assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
  assert_int_equal(sigaction(SIGUSR1, &initial, NULL), 0);
  assert_int_equal(sigaction(SIGUSR2, &initial, NULL), 0);
}

static void test_only_an_end_is_reaped(void **state) {
  (void)state;
  int status = -1;
  pid_t pid = spawn_shell("kill -STOP $$; exit 3");
  await_state(pid, 'T');
  assert_false(baro_process_is_zombie(pid));
  assert_false(baro_process_reap(pid, &status));
  assert_int_equal(kill(pid, SIGCONT), 0);
  status = await_end(pid);
  assert_int_equal(WEXITSTATUS(status), 3);
  assert_false(baro_process_reap(pid, &status));
}

/* Asking takes nothing away. */
static void test_a_zombie_is_one_until_it_is_reaped(void **state) {
  (void)state;
  int status = -1;
  siginfo_t info;
  pid_t pid = spawn_shell("kill -KILL $$");
  assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
  assert_true(baro_process_is_zombie(pid));
  assert_true(baro_process_is_zombie(pid));
  assert_true(baro_process_reap(pid, &status));
  assert_int_equal(WTERMSIG(status), SIGKILL);
  assert_false(baro_process_is_zombie(pid));
  assert_false(baro_process_is_zombie(getpid())); /* no child */
}

/* --- tracing --- */

static void test_stopped_threads_stand_still_until_continued(void **state) {
  (void)state;
  pid_t pid = spawn_shell("while :; do :; done");
  assert_int_equal(baro_trace_seize(pid, NULL), BARO_OK);
  for (int i = 0; i < 200; i++) {
    assert_int_equal(baro_trace_stop(pid, NULL), BARO_OK);
    assert_int_equal(state_of(pid), 't');
    baro_trace_continue(pid);
  }
  baro_trace_detach(pid);
  await_state(pid, 'R');
  assert_int_equal(kill(pid, SIGKILL), 0);
  (void)await_end(pid);
}

/* SIGSTOP holds for a traced process as for any other, also over samples taken meanwhile and over the end
 * of the tracing. */
static void test_a_process_stopped_by_a_signal_stays_stopped(void **state) {
  (void)state;
  pid_t pid = spawn_shell("kill -STOP $$; exit 5");
  assert_int_equal(baro_trace_seize(pid, NULL), BARO_OK);
  for (int waited = 0; waited < 50; waited++) {
    baro_trace_pump(pid);
    baro_status status = baro_trace_stop(pid, NULL);
    if (status == BARO_OK)
      baro_trace_continue(pid);
    else
      assert_int_equal(status, BARO_AGAIN);
    pause_ms(2);
  }
  assert_true(state_of(pid) == 'T' || state_of(pid) == 't');
  baro_trace_detach(pid);
  await_state(pid, 'T');
  assert_int_equal(kill(pid, SIGCONT), 0);
  assert_int_equal(WEXITSTATUS(await_end(pid)), 5);
}

/* Every signal arrives once: between samples, during one, and when the tracing ends. */
static void test_no_signal_is_lost(void **state) {
  (void)state;
  pid_t pid = spawn_shell("n=0; trap 'n=$((n+1)); test $n -lt 100 || exit 100' USR1; "
                          "trap 'exit $n' TERM; while :; do :; done");
  pause_ms(200); /* for the traps */
  assert_int_equal(baro_trace_seize(pid, NULL), BARO_OK);
  for (int i = 0; i < 20; i++) {
    assert_int_equal(kill(pid, SIGUSR1), 0);
    baro_status status = baro_trace_stop(pid, NULL);
    assert_int_equal(status, BARO_OK);
    baro_trace_continue(pid);
    for (int k = 0; k < 10; k++) {
      baro_trace_pump(pid);
      pause_ms(1);
    }
  }
  assert_int_equal(kill(pid, SIGTERM), 0);
  pause_ms(2); /* it stops for the signal, and nobody looks */
  baro_trace_detach(pid);
  int status = await_end(pid);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 20);
}

/* A traced child of another process: its parent hears of its end only after the tracer has. */
static void test_parents_of_traced_processes_hear_of_their_ends(void **state) {
  (void)state;
  pid_t pid = spawn_shell("sh -c 'sleep 0.3; exit 4'; exit $?");
  baro_pid_list children = {0};
  for (int waited = 0; waited < 2000 && children.count == 0; waited++) {
    (void)!baro_proc_list_children(pid, &children, NULL);
    pause_ms(1);
  }
  assert_int_equal(children.count, 1);
  assert_int_equal(baro_trace_seize(children.pids[0], NULL), BARO_OK);
  int status = await_end(pid);
  assert_int_equal(WEXITSTATUS(status), 4);
  baro_pid_list_release(&children);
}

static void test_an_ended_thread_is_gone_and_left_to_be_reaped(void **state) {
  (void)state;
  pid_t pid = spawn_shell("exit 6");
  (void)!baro_trace_seize(pid, NULL); /* or it has ended already */
  await_state(pid, 'Z');
  assert_int_equal(baro_trace_stop(pid, NULL), BARO_GONE);
  baro_trace_detach(pid);
  int status = -1;
  assert_true(baro_process_reap(pid, &status));
  assert_int_equal(WEXITSTATUS(status), 6);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_command_ends_with_its_own_status),
      cmocka_unit_test(test_an_exec_is_another_program),
      cmocka_unit_test(test_what_cannot_be_executed_leaves_no_process),
      cmocka_unit_test(test_signal_dispositions_are_as_from_a_shell),
      cmocka_unit_test(test_only_an_end_is_reaped),
      cmocka_unit_test(test_a_zombie_is_one_until_it_is_reaped),
      cmocka_unit_test(test_stopped_threads_stand_still_until_continued),
      cmocka_unit_test(test_a_process_stopped_by_a_signal_stays_stopped),
      cmocka_unit_test(test_no_signal_is_lost),
      cmocka_unit_test(test_parents_of_traced_processes_hear_of_their_ends),
      cmocka_unit_test(test_an_ended_thread_is_gone_and_left_to_be_reaped),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* permission for real: a target and a reader, both made here, and barriers between them that this machine lets us put up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/sampler/permission.h"

enum { PTRACE_BIT = 19, SOMEBODY = 65534, SOMEBODY_ELSE = 65533 };

typedef struct scene {
  void (*target)(void); /* prepares the target, may be NULL */
  void (*reader)(void); /* prepares the reader, may be NULL */
} scene;

static void become(uid_t uid) {
  if (setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)
    _exit(70);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* cleared by the change of ids */
}

static void be_somebody(void) {
  become(SOMEBODY);
  (void)prctl(PR_SET_DUMPABLE, 1); /* as after an exec under these ids */
}

static void be_somebody_else(void) {
  become(SOMEBODY_ELSE);
  (void)prctl(PR_SET_DUMPABLE, 1);
}

static void be_undumpable_somebody(void) {
  become(SOMEBODY);
  (void)prctl(PR_SET_DUMPABLE, 0);
}

static void be_in_user_namespace(void) {
  be_somebody();
  if (unshare(CLONE_NEWUSER) != 0)
    _exit(71);
  (void)prctl(PR_SET_DUMPABLE, 1);
}

static void be_other_in_user_namespace(void) {
  be_somebody_else();
  if (unshare(CLONE_NEWUSER) != 0)
    _exit(71);
}

static void forbid_reading(uint32_t errno_value) {
  struct sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | errno_value),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {.len = sizeof program / sizeof program[0], .filter = program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
    _exit(72);
}

static void be_filtered(void) {
  forbid_reading(EPERM);
}

static void be_filtered_as_unknown(void) {
  forbid_reading(ENOSYS);
}

static void hide_others(void) {
  if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount("proc", "/proc", "proc", 0, "hidepid=2") != 0)
    _exit(73);
  be_somebody();
}

static pid_t start_target(void (*prepare)(void)) {
  int ready[2];
  char byte = 0;
  assert_int_equal(pipe(ready), 0);
  pid_t pid = fork();
  assert_true(pid >= 0);
  if (pid == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (prepare != NULL)
      prepare();
    (void)prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY); /* Yama, where it is, is not what is tested */
    (void)!write(ready[1], "x", 1);
    for (;;)
      (void)pause();
  }
  (void)close(ready[1]);
  ssize_t got = read(ready[0], &byte, 1);
  (void)close(ready[0]);
  if (got == 1)
    return pid;
  assert_int_equal(waitpid(pid, NULL, 0), pid);
  return 0;
}

/* What a reader says of pid: the verdict, or the exit status that says why it could not be prepared. */
static int read_as(void (*prepare)(void), pid_t pid, baro_permission_verdict *verdict) {
  int result[2];
  int status = 0;
  assert_int_equal(pipe(result), 0);
  pid_t reader = fork();
  assert_true(reader >= 0);
  if (reader == 0) {
    baro_permission_facts facts;
    if (prepare != NULL)
      prepare();
    baro_permission_gather(pid, &facts);
    baro_permission_decide(&facts, verdict);
    (void)!write(result[1], verdict, sizeof *verdict);
    _exit(0);
  }
  (void)close(result[1]);
  ssize_t got = read(result[0], verdict, sizeof *verdict);
  (void)close(result[0]);
  assert_int_equal(waitpid(reader, &status, 0), reader);
  if (got == (ssize_t)sizeof *verdict)
    return 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void end_target(pid_t pid) {
  (void)kill(pid, SIGKILL);
  assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* Plays the scene; skips aloud where this machine or user cannot set it up. */
static void assert_real(const scene *play, baro_barrier barrier) {
  baro_permission_verdict verdict = {0};
  baro_permission_facts machine;
  baro_permission_gather(0, &machine);
  if ((machine.our_capabilities >> PTRACE_BIT & 1) == 0 || geteuid() != 0) {
    print_message("skipped: needs root with CAP_SYS_PTRACE\n");
    skip();
  }
  if (machine.yama_scope > 1 || machine.self_read_errno != 0) {
    print_message("skipped: this machine forbids more than what is tested\n");
    skip();
  }
  pid_t pid = start_target(play->target);
  if (pid == 0) {
    print_message("skipped: the target could not be prepared here\n");
    skip();
  }
  int problem = read_as(play->reader, pid, &verdict);
  end_target(pid);
  if (problem != 0) {
    print_message("skipped: the reader could not be prepared here (%d)\n", problem);
    skip();
  }
  assert_string_equal(baro_barrier_key(verdict.barrier), baro_barrier_key(barrier));
}

static void real_root_reads_anybody(void **state) {
  (void)state;
  assert_real(&(scene){be_somebody, NULL}, BARO_BARRIER_NONE);
}
static void real_same_user_is_allowed(void **state) {
  (void)state;
  assert_real(&(scene){be_somebody, be_somebody}, BARO_BARRIER_NONE);
}
static void real_other_user_is_refused(void **state) {
  (void)state;
  assert_real(&(scene){be_somebody, be_somebody_else}, BARO_BARRIER_OTHER_USER);
}
static void real_user_before_root_is_refused(void **state) {
  (void)state;
  assert_real(&(scene){NULL, be_somebody}, BARO_BARRIER_OTHER_USER);
}
static void real_undumpable_is_refused(void **state) {
  (void)state;
  assert_real(&(scene){be_undumpable_somebody, be_somebody}, BARO_BARRIER_NOT_DUMPABLE);
}
static void real_owner_of_user_namespace_is_allowed(void **state) {
  (void)state;
  assert_real(&(scene){be_in_user_namespace, be_somebody}, BARO_BARRIER_NONE);
}
static void real_stranger_to_user_namespace_is_refused(void **state) {
  (void)state;
  assert_real(&(scene){be_in_user_namespace, be_somebody_else}, BARO_BARRIER_USER_NAMESPACE);
}
static void real_view_from_inside_a_user_namespace(void **state) {
  (void)state;
  assert_real(&(scene){be_somebody, be_other_in_user_namespace}, BARO_BARRIER_USER_NAMESPACE);
}
static void real_hidden_process_is_told(void **state) {
  (void)state;
  assert_real(&(scene){NULL, hide_others}, BARO_BARRIER_HIDDEN);
}

/* A filter needs no privileges, so this runs as anybody. */
static void real_seccomp_filter_is_told(void **state) {
  (void)state;
  baro_permission_verdict verdict;
  pid_t pid = start_target(NULL);
  assert_int_equal(read_as(be_filtered, pid, &verdict), 0);
  assert_int_equal(verdict.barrier, BARO_BARRIER_SECCOMP);
  assert_int_equal(read_as(be_filtered_as_unknown, pid, &verdict), 0);
  assert_int_equal(verdict.barrier, BARO_BARRIER_SECCOMP);
  end_target(pid);
}

static void real_zombie_and_missing_are_told(void **state) {
  (void)state;
  baro_error err;
  siginfo_t info;
  pid_t pid = fork();
  if (pid == 0)
    _exit(0);
  assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
  assert_int_equal(baro_permission_explain(pid, &err), BARO_GONE);
  assert_non_null(strstr(err.message, "has ended"));
  assert_int_equal(waitpid(pid, NULL, 0), pid);
  assert_int_equal(baro_permission_explain(pid, &err), BARO_NOT_FOUND);
  assert_non_null(strstr(err.message, "no process"));
  assert_int_equal(baro_permission_explain(getpid(), &err), BARO_OK);
}

/* Number 1 of a nested pid namespace has another number here, and the message says which. */
static pid_t start_in_pid_namespace(void) {
  int result[2];
  pid_t inner = 0;
  assert_int_equal(pipe(result), 0);
  pid_t maker = fork();
  if (maker == 0) {
    if (unshare(CLONE_NEWPID) != 0)
      _exit(74);
    for (int i = 0; i < 40; i++) { /* numbers 1 to 40 there; the last stays */
      inner = fork();
      if (inner == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
          (void)pause();
      }
    }
    (void)!write(result[1], &inner, sizeof inner);
    for (;;)
      (void)pause();
  }
  (void)close(result[1]);
  ssize_t got = read(result[0], &inner, sizeof inner);
  (void)close(result[0]);
  if (got == (ssize_t)sizeof inner)
    return maker;
  assert_int_equal(waitpid(maker, NULL, 0), maker);
  return 0;
}

static void real_number_of_a_container_is_translated(void **state) {
  (void)state;
  baro_error err;
  pid_t maker = start_in_pid_namespace();
  if (maker == 0) {
    print_message("skipped: no right to make a pid namespace\n");
    skip();
  }
  /* A number used there and not here. */
  pid_t number = 0;
  for (pid_t candidate = 2; candidate <= 40; candidate++)
    if (kill(candidate, 0) != 0 && errno == ESRCH)
      number = candidate;
  if (number == 0) {
    end_target(maker);
    print_message("skipped: numbers 2 to 40 are all taken here\n");
    skip();
  }
  baro_status status = baro_permission_explain(number, &err);
  end_target(maker);
  assert_int_equal(status, BARO_NOT_FOUND);
  assert_non_null(strstr(err.message, "use -p "));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(real_root_reads_anybody),
      cmocka_unit_test(real_same_user_is_allowed),
      cmocka_unit_test(real_other_user_is_refused),
      cmocka_unit_test(real_user_before_root_is_refused),
      cmocka_unit_test(real_undumpable_is_refused),
      cmocka_unit_test(real_owner_of_user_namespace_is_allowed),
      cmocka_unit_test(real_stranger_to_user_namespace_is_refused),
      cmocka_unit_test(real_view_from_inside_a_user_namespace),
      cmocka_unit_test(real_hidden_process_is_told),
      cmocka_unit_test(real_seccomp_filter_is_told),
      cmocka_unit_test(real_zombie_and_missing_are_told),
      cmocka_unit_test(real_number_of_a_container_is_translated),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

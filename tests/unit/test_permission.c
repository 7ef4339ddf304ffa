/* permission: each barrier from facts, and those that can be put up here for real. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/sampler/permission.h"

enum { PTRACE_BIT = 19, SOMEBODY = 65534, SOMEBODY_ELSE = 65533 };

/* --- From facts. --- */

/* User 1000 before a process of its own that refuses: to be changed by each case. */
static baro_permission_facts refused(void) {
  return (baro_permission_facts){
      .our_uid = 1000,
      .our_gid = 1000,
      .our_user_namespace_is_initial = true,
      .yama_scope = -1,
      .proc_is_ours = true,
      .has_schedstat = true,
      .pid = 4312,
      .exists = true,
      .visible = true,
      .uids = {1000, 1000, 1000},
      .gids = {1000, 1000, 1000},
      .is_dumpable = true,
      .memory_errno = EPERM,
      .syscall_errno = EPERM,
  };
}

static void assert_barrier(const baro_permission_facts *facts, baro_barrier barrier,
                           baro_status status, const char *word) {
  baro_permission_verdict verdict;
  baro_check checks[BARO_CHECK_LIMIT];
  baro_permission_decide(facts, &verdict);
  assert_string_equal(baro_barrier_key(verdict.barrier), baro_barrier_key(barrier));
  assert_int_equal(verdict.status, status);
  if (strstr(verdict.what, word) == NULL && strstr(verdict.allow, word) == NULL)
    fail_msg("'%s' is neither in '%s' nor in '%s'", word, verdict.what, verdict.allow);
  /* The table of doctor says the same. */
  uint32_t count = baro_permission_checks(facts, checks);
  assert_in_range(count, 1, BARO_CHECK_LIMIT);
  for (uint32_t i = 0; i < count; i++) {
    assert_true(checks[i].found[0] != '\0');
    assert_true((checks[i].level == BARO_CHECK_OK) == (checks[i].follows[0] == '\0'));
    if (strcmp(checks[i].name, "target_memory") == 0)
      assert_int_equal(checks[i].level,
                       barrier == BARO_BARRIER_NONE ? BARO_CHECK_OK : BARO_CHECK_BLOCKED);
  }
}

static void success_beats_all_facts(void **state) {
  (void)state;
  baro_permission_facts facts = refused();
  facts.yama_scope = 3;
  facts.uids[0] = 0;
  facts.is_dumpable = false;
  facts.memory_errno = 0;
  facts.syscall_errno = 0;
  assert_barrier(&facts, BARO_BARRIER_NONE, BARO_OK, "");
  baro_permission_verdict verdict;
  baro_permission_decide(&facts, &verdict);
  assert_false(verdict.waits_unknown);
  facts.syscall_errno = ENOENT;
  baro_permission_decide(&facts, &verdict);
  assert_true(verdict.waits_unknown);
}

static void yama_is_named_with_its_scope(void **state) {
  (void)state;
  baro_permission_facts facts = refused();
  facts.yama_scope = 1;
  assert_barrier(&facts, BARO_BARRIER_YAMA_CHILDREN, BARO_NO_PERMISSION, "ptrace_scope=1");
  assert_barrier(&facts, BARO_BARRIER_YAMA_CHILDREN, BARO_NO_PERMISSION, "barograph record --");
  facts.is_descendant = true; /* then it is not Yama */
  assert_barrier(&facts, BARO_BARRIER_UNEXPLAINED, BARO_NO_PERMISSION, "none of the known");
  facts.yama_scope = 2;
  assert_barrier(&facts, BARO_BARRIER_YAMA_ADMIN, BARO_NO_PERMISSION, "ptrace_scope=2");
  facts.yama_scope = 3;
  assert_barrier(&facts, BARO_BARRIER_YAMA_NOBODY, BARO_NO_PERMISSION, "ptrace_scope=3");
  facts.our_capabilities = UINT64_MAX; /* root neither */
  assert_barrier(&facts, BARO_BARRIER_YAMA_NOBODY, BARO_NO_PERMISSION, "nobody");
}

static void users_are_compared_id_by_id(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    baro_permission_facts facts = refused();
    facts.yama_scope = 1; /* the kernel asks for it later */
    facts.uids[i] = 7;
    assert_barrier(&facts, BARO_BARRIER_OTHER_USER, BARO_NO_PERMISSION, "7");
    facts = refused();
    facts.gids[i] = 8;
    assert_barrier(&facts, BARO_BARRIER_OTHER_USER, BARO_NO_PERMISSION, "8");
  }
  baro_permission_facts facts = refused();
  facts.our_uid = 0; /* root of a container without the capability */
  facts.our_gid = 0;
  assert_barrier(&facts, BARO_BARRIER_OTHER_USER, BARO_NO_PERMISSION, "--cap-add=SYS_PTRACE");
}

static void protected_processes_are_named(void **state) {
  (void)state;
  baro_permission_facts facts = refused();
  facts.is_dumpable = false;
  assert_barrier(&facts, BARO_BARRIER_NOT_DUMPABLE, BARO_NO_PERMISSION, "not dumpable");
  facts = refused();
  facts.target_capabilities = 0x3000;
  facts.our_capabilities = 0x1000;
  assert_barrier(&facts, BARO_BARRIER_CAPABILITIES, BARO_NO_PERMISSION, "0x2000");
  facts = refused();
  facts.other_user_namespace = true;
  assert_barrier(&facts, BARO_BARRIER_USER_NAMESPACE, BARO_NO_PERMISSION, "user namespace");
  /* Capabilities of the initial namespace count in all, those of a nested one do not. */
  facts.our_capabilities = UINT64_C(1) << PTRACE_BIT;
  facts.our_user_namespace_is_initial = false;
  assert_barrier(&facts, BARO_BARRIER_USER_NAMESPACE, BARO_NO_PERMISSION, "user namespace");
  facts.our_user_namespace_is_initial = true;
  assert_barrier(&facts, BARO_BARRIER_UNEXPLAINED, BARO_NO_PERMISSION, "none of the known");
  (void)snprintf(facts.label, sizeof facts.label, "snap.app (enforce)");
  assert_barrier(&facts, BARO_BARRIER_LSM, BARO_NO_PERMISSION, "snap.app (enforce)");
}

static void machines_are_named(void **state) {
  (void)state;
  baro_permission_facts facts = refused();
  facts.self_read_errno = ENOSYS;
  assert_barrier(&facts, BARO_BARRIER_NO_CROSS_MEMORY, BARO_UNSUPPORTED,
                 "CONFIG_CROSS_MEMORY_ATTACH");
  facts.our_seccomp_mode = 2; /* newer container engines answer ENOSYS */
  assert_barrier(&facts, BARO_BARRIER_SECCOMP, BARO_NO_PERMISSION, "--cap-add=SYS_PTRACE");
  facts.self_read_errno = EPERM;
  assert_barrier(&facts, BARO_BARRIER_SECCOMP, BARO_NO_PERMISSION, "process_vm_readv");
  facts.proc_is_ours = false;
  assert_barrier(&facts, BARO_BARRIER_PROC_MOUNT, BARO_NO_PERMISSION, "mount -t proc");
  facts.pid = 0; /* asked for the machine alone */
  assert_barrier(&facts, BARO_BARRIER_PROC_MOUNT, BARO_NO_PERMISSION, "mount -t proc");
  facts = refused();
  facts.pid = 0;
  assert_barrier(&facts, BARO_BARRIER_NONE, BARO_OK, "");
}

static void missing_processes_are_named(void **state) {
  (void)state;
  baro_permission_facts facts = refused();
  facts.visible = false;
  facts.memory_errno = EPERM;
  assert_barrier(&facts, BARO_BARRIER_HIDDEN, BARO_NO_PERMISSION, "hidepid");
  facts.exists = false;
  facts.memory_errno = ESRCH;
  assert_barrier(&facts, BARO_BARRIER_NO_PROCESS, BARO_NOT_FOUND, "no process 4312");
  facts.pid_for_us = 70001;
  assert_barrier(&facts, BARO_BARRIER_NO_PROCESS, BARO_NOT_FOUND, "-p 70001");
  facts = refused();
  facts.is_ended = true;
  facts.memory_errno = ESRCH;
  assert_barrier(&facts, BARO_BARRIER_ENDED, BARO_GONE, "has ended");
  facts = refused();
  facts.is_kernel_thread = true;
  facts.memory_errno = ESRCH;
  assert_barrier(&facts, BARO_BARRIER_KERNEL_THREAD, BARO_UNSUPPORTED, "kernel");
}

static baro_check find_check(const baro_permission_facts *facts, const char *name) {
  baro_check checks[BARO_CHECK_LIMIT];
  uint32_t count = baro_permission_checks(facts, checks);
  for (uint32_t i = 0; i < count; i++)
    if (strcmp(checks[i].name, name) == 0)
      return checks[i];
  fail_msg("no check %s", name);
  return (baro_check){0};
}

static void table_tells_limits_of_the_machine(void **state) {
  (void)state;
  baro_permission_facts facts = refused();
  facts.pid = 0;
  assert_int_equal(find_check(&facts, "yama").level, BARO_CHECK_OK);
  assert_int_equal(find_check(&facts, "capability").level, BARO_CHECK_LIMITED);
  facts.yama_scope = 1;
  assert_int_equal(find_check(&facts, "yama").level, BARO_CHECK_LIMITED);
  facts.our_capabilities = UINT64_C(1) << PTRACE_BIT;
  assert_int_equal(find_check(&facts, "yama").level, BARO_CHECK_OK);
  assert_int_equal(find_check(&facts, "capability").level, BARO_CHECK_OK);
  facts.yama_scope = 3;
  assert_int_equal(find_check(&facts, "yama").level, BARO_CHECK_BLOCKED);
  facts.has_schedstat = false;
  assert_int_equal(find_check(&facts, "schedstat").level, BARO_CHECK_LIMITED);
  facts.our_user_namespace_is_initial = false;
  assert_int_equal(find_check(&facts, "user_namespace").level, BARO_CHECK_LIMITED);
  (void)snprintf(facts.our_label, sizeof facts.our_label, "docker-default (enforce)");
  assert_int_equal(find_check(&facts, "security_module").level, BARO_CHECK_LIMITED);
  facts.our_seccomp_mode = 2;
  assert_int_equal(find_check(&facts, "seccomp").level, BARO_CHECK_OK);
  facts.self_read_errno = EPERM;
  assert_int_equal(find_check(&facts, "seccomp").level, BARO_CHECK_BLOCKED);
  facts = refused();
  facts.memory_errno = 0;
  facts.tracer_pid = 99;
  assert_int_equal(find_check(&facts, "target_waits").level, BARO_CHECK_LIMITED);
  assert_int_equal(find_check(&facts, "target_tracer").level, BARO_CHECK_LIMITED);
}

/* --- For real: a target and a reader, both made here. --- */

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
      cmocka_unit_test(success_beats_all_facts),
      cmocka_unit_test(yama_is_named_with_its_scope),
      cmocka_unit_test(users_are_compared_id_by_id),
      cmocka_unit_test(protected_processes_are_named),
      cmocka_unit_test(machines_are_named),
      cmocka_unit_test(missing_processes_are_named),
      cmocka_unit_test(table_tells_limits_of_the_machine),
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

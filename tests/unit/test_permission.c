/* permission: each barrier from facts; test_permission_real.c puts some up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "capture/sampler/permission.h"

enum { PTRACE_BIT = 19 };

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

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(success_beats_all_facts),
      cmocka_unit_test(yama_is_named_with_its_scope),
      cmocka_unit_test(users_are_compared_id_by_id),
      cmocka_unit_test(protected_processes_are_named),
      cmocka_unit_test(machines_are_named),
      cmocka_unit_test(missing_processes_are_named),
      cmocka_unit_test(table_tells_limits_of_the_machine),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The table of `doctor`: facts -> one row for each thing that matters. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "capture/sampler/permission.h"

enum { CAPABILITY_SYS_PTRACE = 19 /* bit number; linux/capability.h */ };

static void say(char text[BARO_ADVICE_BYTES], const char *format, ...) BARO_PRINTF(2, 3);

static void say(char text[BARO_ADVICE_BYTES], const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, BARO_ADVICE_BYTES, format, arguments);
  va_end(arguments);
}

static bool may_trace_all(const baro_permission_facts *facts) {
  return (facts->our_capabilities >> CAPABILITY_SYS_PTRACE & 1) != 0;
}

/* --- The machine. Each fills found, and what differs from an "ok" that needs no more words. --- */

static void check_proc(const baro_permission_facts *facts, baro_check *check) {
  if (facts->proc_errno == 0 && facts->proc_is_ours) {
    say(check->found, "mounted, of our pid namespace");
    return;
  }
  check->level = BARO_CHECK_BLOCKED;
  say(check->found,
      facts->proc_errno != 0 ? "not mounted or not readable" : "of another pid namespace");
  say(check->follows, "no process can be found");
  say(check->allow, "mount -t proc proc /proc");
}

static void check_kernel(const baro_permission_facts *facts, baro_check *check) {
  if (facts->self_read_errno == 0) {
    say(check->found, "process_vm_readv works");
    return;
  }
  check->level = BARO_CHECK_BLOCKED;
  say(check->found, "process_vm_readv on ourselves fails: %s", strerror(facts->self_read_errno));
  say(check->follows, "no process can be sampled");
  if (facts->self_read_errno == ENOSYS && facts->our_seccomp_mode != 2)
    say(check->allow, "a kernel built with CONFIG_CROSS_MEMORY_ATTACH=y");
  else
    say(check->allow, "see seccomp");
}

static void check_seccomp(const baro_permission_facts *facts, baro_check *check) {
  bool filtered = facts->our_seccomp_mode == 2;
  if (facts->self_read_errno == 0 || !filtered) {
    say(check->found, facts->our_seccomp_mode < 0 ? "not known to this kernel"
                      : filtered                  ? "a filter is active; it lets us read memory"
                                                  : "no filter");
    return;
  }
  check->level = BARO_CHECK_BLOCKED;
  say(check->found, "a filter forbids process_vm_readv");
  say(check->follows, "no process can be sampled");
  say(check->allow,
      "docker run --cap-add=SYS_PTRACE, or --security-opt seccomp=unconfined; Kubernetes: "
      "securityContext.capabilities.add: [SYS_PTRACE]");
}

static void check_capability(const baro_permission_facts *facts, baro_check *check) {
  if (may_trace_all(facts)) {
    say(check->found, "we have CAP_SYS_PTRACE (user %" PRIu32 ")", facts->our_uid);
    return;
  }
  check->level = BARO_CHECK_LIMITED;
  say(check->found, "we are user %" PRIu32 " without CAP_SYS_PTRACE", facts->our_uid);
  say(check->follows, "only processes of this user can be sampled");
  say(check->allow, facts->our_uid == 0 ? "docker run --cap-add=SYS_PTRACE; Kubernetes: "
                                          "securityContext.capabilities.add: [SYS_PTRACE]"
                                        : "run barograph as root (sudo) for processes of others");
}

static void check_yama(const baro_permission_facts *facts, baro_check *check) {
  if (facts->yama_scope < 0) {
    say(check->found, "not in this kernel");
    return;
  }
  say(check->found, "kernel.yama.ptrace_scope=%" PRId32, facts->yama_scope);
  if (facts->yama_scope == 0 || (facts->yama_scope < 3 && may_trace_all(facts)))
    return;
  check->level = facts->yama_scope == 1 ? BARO_CHECK_LIMITED : BARO_CHECK_BLOCKED;
  if (facts->yama_scope == 1)
    say(check->follows, "only programs started by `barograph record -- ...` can be sampled, no "
                        "running ones");
  else
    say(check->follows, "no process can be sampled%s",
        facts->yama_scope == 2 ? " without CAP_SYS_PTRACE" : ", not by root either");
  say(check->allow, facts->yama_scope == 3
                        ? "boot with kernel.yama.ptrace_scope below 3 (/etc/sysctl.d)"
                        : "run barograph as root, or sysctl kernel.yama.ptrace_scope=0");
}

static void check_user_namespace(const baro_permission_facts *facts, baro_check *check) {
  if (facts->our_user_namespace_is_initial) {
    say(check->found, "the initial one");
    return;
  }
  check->level = BARO_CHECK_LIMITED;
  say(check->found, "a nested one (container or sandbox)");
  say(check->follows, "our users and capabilities count for processes inside it only");
  say(check->allow, "run barograph on the host for processes outside");
}

static void check_security_module(const baro_permission_facts *facts, baro_check *check) {
  if (facts->our_label[0] == '\0' || strstr(facts->our_label, "unconfined") != NULL) {
    say(check->found, facts->our_label[0] == '\0' ? "none labels us" : "we are \"%s\"",
        facts->our_label);
    return;
  }
  check->level = BARO_CHECK_LIMITED;
  say(check->found, "we are \"%s\"", facts->our_label);
  say(check->follows, "its policy may keep us from processes with another label");
  say(check->allow, "allow ptrace in the policy, or run in the same profile");
}

static void check_schedstat(const baro_permission_facts *facts, baro_check *check) {
  if (facts->has_schedstat) {
    say(check->found, "the kernel counts run times of threads");
    return;
  }
  check->level = BARO_CHECK_LIMITED;
  say(check->found, "/proc/PID/schedstat counts nothing");
  say(check->follows, "exact CPU times are unknown, and idle threads cost as much as busy ones");
  say(check->allow, "a kernel built with CONFIG_SCHEDSTATS or CONFIG_TASK_DELAY_ACCT");
}

/* --- The target. --- */

static void check_target_memory(const baro_permission_facts *facts, baro_check *check) {
  baro_permission_verdict verdict;
  baro_permission_decide(facts, &verdict);
  if (verdict.barrier == BARO_BARRIER_NONE) {
    say(check->found, "process %d can be read (user %" PRIu32 ")", (int)facts->pid, facts->uids[1]);
    return;
  }
  check->level = BARO_CHECK_BLOCKED;
  say(check->found, "%s", verdict.what);
  say(check->follows, "process %d cannot be sampled", (int)facts->pid);
  say(check->allow, "%s", verdict.allow);
}

static void check_target_waits(const baro_permission_facts *facts, baro_check *check) {
  if (facts->syscall_errno == 0) {
    say(check->found, "system calls of its threads can be read");
    return;
  }
  check->level = BARO_CHECK_LIMITED;
  say(check->found, "/proc/%d/syscall: %s", (int)facts->pid, strerror(facts->syscall_errno));
  say(check->follows, "why threads wait is unknown");
  say(check->allow, facts->syscall_errno == ENOENT
                        ? "a kernel built with CONFIG_HAVE_ARCH_TRACEHOOK"
                        : "the same permission as for its memory");
}

static void check_target_tracer(const baro_permission_facts *facts, baro_check *check) {
  if (facts->tracer_pid == 0) {
    say(check->found, "no debugger is attached");
    return;
  }
  check->level = BARO_CHECK_LIMITED;
  say(check->found, "process %d traces it", (int)facts->tracer_pid);
  say(check->follows,
      "it can be sampled, but not with --stop; times include stops by the debugger");
  say(check->allow, "detach the debugger");
}

typedef struct check_row {
  const char *name;
  const char *title;
  bool of_target;
  void (*fill)(const baro_permission_facts *facts, baro_check *check);
} check_row;

static const check_row rows[] = {
    {"proc", "/proc", false, check_proc},
    {"kernel", "reading memory", false, check_kernel},
    {"seccomp", "seccomp", false, check_seccomp},
    {"capability", "capabilities", false, check_capability},
    {"yama", "Yama", false, check_yama},
    {"user_namespace", "user namespace", false, check_user_namespace},
    {"security_module", "security module", false, check_security_module},
    {"schedstat", "scheduler statistics", false, check_schedstat},
    {"target_memory", "target", true, check_target_memory},
    {"target_waits", "why it waits", true, check_target_waits},
    {"target_tracer", "debuggers", true, check_target_tracer},
};

_Static_assert(sizeof rows / sizeof rows[0] <= BARO_CHECK_LIMIT, "BARO_CHECK_LIMIT is too small");

uint32_t baro_permission_checks(const baro_permission_facts *facts, baro_check *checks) {
  uint32_t count = 0;
  bool has_target = facts->pid != 0;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (rows[i].of_target && !has_target)
      continue;
    checks[count] =
        (baro_check){.name = rows[i].name, .title = rows[i].title, .level = BARO_CHECK_OK};
    rows[i].fill(facts, &checks[count]);
    /* Of a process that cannot be read, only the reason matters. */
    if (rows[i].of_target && checks[count].level == BARO_CHECK_BLOCKED)
      has_target = false;
    count++;
  }
  return count;
}

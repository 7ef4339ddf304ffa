#include "capture/sampler/permission.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
  CAPABILITY_SYS_PTRACE = 19 /* bit number; linux/capability.h */
};

#define ALLOW_CONTAINER                                                                            \
  "start the container with `--cap-add=SYS_PTRACE` (Kubernetes: "                                  \
  "securityContext.capabilities.add: [SYS_PTRACE])"

const char *baro_barrier_key(baro_barrier barrier) {
  static const char *const keys[] = {
#define X(name, key) key,
      BARO_BARRIER_LIST(X)
#undef X
  };
  return keys[barrier];
}

const char *baro_check_level_text(baro_check_level level) {
  switch (level) {
  case BARO_CHECK_OK: return "ok";
  case BARO_CHECK_LIMITED: return "limited";
  case BARO_CHECK_BLOCKED: return "blocked";
  }
  return "";
}

/* --- The verdict. --- */

static void say(char text[BARO_ADVICE_BYTES], const char *format, ...) BARO_PRINTF(2, 3);

static void say(char text[BARO_ADVICE_BYTES], const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(text, BARO_ADVICE_BYTES, format, arguments);
  va_end(arguments);
}

static void set(baro_permission_verdict *verdict, baro_barrier barrier, baro_status status) {
  verdict->barrier = barrier;
  verdict->status = status;
}

static bool may_trace_all(const baro_permission_facts *facts) {
  return (facts->our_capabilities >> CAPABILITY_SYS_PTRACE & 1) != 0;
}

/* The kernel compares our real ids with all three of the target. */
static bool same_ids(const baro_permission_facts *facts) {
  for (int i = 0; i < 3; i++)
    if (facts->uids[i] != facts->our_uid || facts->gids[i] != facts->our_gid)
      return false;
  return true;
}

/* A security module that could refuse: any label means that one judges. */
static bool has_label(const baro_permission_facts *facts) {
  return facts->our_label[0] != '\0' || facts->label[0] != '\0';
}

/* /proc and the system call themselves; false when they stand in nobody's way. */
static bool decide_machine(const baro_permission_facts *facts, baro_permission_verdict *verdict) {
  if (!facts->proc_is_ours || facts->proc_errno != 0) {
    set(verdict, BARO_BARRIER_PROC_MOUNT, BARO_NO_PERMISSION);
    say(verdict->what, facts->proc_errno != 0
                           ? "/proc is not mounted or not readable"
                           : "/proc shows another pid namespace than the one we are in");
    say(verdict->allow, "mount it: `mount -t proc proc /proc`");
    return true;
  }
  if (facts->self_read_errno == 0)
    return false;
  if (facts->self_read_errno == ENOSYS && facts->our_seccomp_mode != 2) {
    set(verdict, BARO_BARRIER_NO_CROSS_MEMORY, BARO_UNSUPPORTED);
    say(verdict->what, "this kernel has no process_vm_readv (CONFIG_CROSS_MEMORY_ATTACH)");
    say(verdict->allow, "use a kernel built with CONFIG_CROSS_MEMORY_ATTACH=y");
    return true;
  }
  set(verdict, BARO_BARRIER_SECCOMP, BARO_NO_PERMISSION);
  say(verdict->what, "a seccomp filter forbids barograph the system call process_vm_readv");
  say(verdict->allow, ALLOW_CONTAINER
      " or with `--security-opt seccomp=unconfined`; outside containers, loosen the "
      "sandbox's filter");
  return true;
}

/* A target that cannot be read whoever asks; false when it is an ordinary process. */
static bool decide_process(const baro_permission_facts *facts, baro_permission_verdict *verdict) {
  if (!facts->exists && !facts->visible) {
    set(verdict, BARO_BARRIER_NO_PROCESS, BARO_NOT_FOUND);
    if (facts->pid_for_us != 0) {
      say(verdict->what, "no process %d here; a container's process %d is %d here", (int)facts->pid,
          (int)facts->pid, (int)facts->pid_for_us);
      say(verdict->allow, "use -p %d", (int)facts->pid_for_us);
    } else {
      say(verdict->what, "no process %d in our pid namespace", (int)facts->pid);
    }
  } else if (!facts->visible) {
    set(verdict, BARO_BARRIER_HIDDEN, BARO_NO_PERMISSION);
    say(verdict->what, "/proc hides process %d (mounted with hidepid)", (int)facts->pid);
    say(verdict->allow, "run barograph as that process's user or as root, or `mount -o "
                        "remount,hidepid=0 /proc`");
  } else if (facts->is_ended || facts->memory_errno == ESRCH) {
    set(verdict, facts->is_kernel_thread ? BARO_BARRIER_KERNEL_THREAD : BARO_BARRIER_ENDED,
        facts->is_kernel_thread ? BARO_UNSUPPORTED : BARO_GONE);
    say(verdict->what,
        facts->is_kernel_thread ? "process %d is a thread of the kernel" : "process %d has ended",
        (int)facts->pid);
  } else if (facts->is_kernel_thread) {
    set(verdict, BARO_BARRIER_KERNEL_THREAD, BARO_UNSUPPORTED);
    say(verdict->what, "process %d is a thread of the kernel", (int)facts->pid);
  } else {
    return false;
  }
  return true;
}

static void decide_other_user(const baro_permission_facts *facts,
                              baro_permission_verdict *verdict) {
  set(verdict, BARO_BARRIER_OTHER_USER, BARO_NO_PERMISSION);
  bool same_effective = facts->uids[1] == facts->our_uid && facts->gids[1] == facts->our_gid;
  if (same_effective)
    say(verdict->what,
        "its real, effective and saved ids (user %" PRIu32 ", %" PRIu32 ", %" PRIu32
        "; group %" PRIu32 ", %" PRIu32 ", %" PRIu32 ") are not all ours (%" PRIu32 ", %" PRIu32
        ")",
        facts->uids[0], facts->uids[1], facts->uids[2], facts->gids[0], facts->gids[1],
        facts->gids[2], facts->our_uid, facts->our_gid);
  else
    say(verdict->what,
        "it runs as user %" PRIu32 ", group %" PRIu32 ", we as user %" PRIu32 ", group %" PRIu32
        " without CAP_SYS_PTRACE",
        facts->uids[1], facts->gids[1], facts->our_uid, facts->our_gid);
  if (facts->our_uid == 0)
    say(verdict->allow, "this root has no CAP_SYS_PTRACE: " ALLOW_CONTAINER
                        ", or run barograph as the process's user");
  else
    say(verdict->allow, "run barograph as that user or as root (sudo)");
}

/* Checks made before the security modules, in the kernel's order (__ptrace_may_access). */
static bool decide_credentials(const baro_permission_facts *facts,
                               baro_permission_verdict *verdict) {
  /* Our capabilities count in our user namespace and those inside it: in all, from the initial one. */
  bool privileged = may_trace_all(facts) &&
                    (!facts->other_user_namespace || facts->our_user_namespace_is_initial);
  if (privileged)
    return false;
  if (facts->other_user_namespace) {
    set(verdict, BARO_BARRIER_USER_NAMESPACE, BARO_NO_PERMISSION);
    say(verdict->what,
        "it lives in a user namespace (rootless container or sandbox) that we do not "
        "own");
    say(verdict->allow,
        "run barograph as root of the host, as the user who started that container, "
        "or inside it");
  } else if (!same_ids(facts)) {
    decide_other_user(facts, verdict);
  } else if (!facts->is_dumpable) {
    set(verdict, BARO_BARRIER_NOT_DUMPABLE, BARO_NO_PERMISSION);
    say(verdict->what,
        "the process is not dumpable (prctl PR_SET_DUMPABLE, changed ids, or a program "
        "file that we may not read)");
    say(verdict->allow, "run barograph as root (sudo)");
  } else if ((facts->target_capabilities & ~facts->our_capabilities) != 0) {
    set(verdict, BARO_BARRIER_CAPABILITIES, BARO_NO_PERMISSION);
    say(verdict->what, "it holds capabilities that we lack (0x%" PRIx64 ")",
        facts->target_capabilities & ~facts->our_capabilities);
    say(verdict->allow, "run barograph as root (sudo)");
  } else {
    return false;
  }
  return true;
}

static bool decide_yama(const baro_permission_facts *facts, baro_permission_verdict *verdict) {
  if (facts->yama_scope == 3) {
    set(verdict, BARO_BARRIER_YAMA_NOBODY, BARO_NO_PERMISSION);
    say(verdict->what, "Yama ptrace_scope=3 allows nobody, until the machine is started again");
    say(verdict->allow, "boot with kernel.yama.ptrace_scope below 3 (/etc/sysctl.d)");
  } else if (facts->yama_scope == 2 && !may_trace_all(facts)) {
    set(verdict, BARO_BARRIER_YAMA_ADMIN, BARO_NO_PERMISSION);
    say(verdict->what, "Yama ptrace_scope=2 allows only CAP_SYS_PTRACE");
    say(verdict->allow, "run barograph as root (sudo), or `sysctl kernel.yama.ptrace_scope=0`");
  } else if (facts->yama_scope == 1 && !may_trace_all(facts) && !facts->is_descendant) {
    set(verdict, BARO_BARRIER_YAMA_CHILDREN, BARO_NO_PERMISSION);
    say(verdict->what, "Yama ptrace_scope=1 allows only child processes");
    say(verdict->allow, "run `barograph record -- ...`, or as root, or `sysctl "
                        "kernel.yama.ptrace_scope=0`");
  } else {
    return false;
  }
  return true;
}

static void decide_rest(const baro_permission_facts *facts, baro_permission_verdict *verdict) {
  if (has_label(facts)) {
    set(verdict, BARO_BARRIER_LSM, BARO_NO_PERMISSION);
    say(verdict->what, "a security module refuses (we are \"%s\", it is \"%s\")",
        facts->our_label[0] != '\0' ? facts->our_label : "unlabelled",
        facts->label[0] != '\0' ? facts->label : "of a hidden label");
    say(verdict->allow,
        "allow ptrace in its policy (AppArmor: a `ptrace` rule; SELinux: `setsebool "
        "deny_ptrace off`), or run barograph in the same profile");
    return;
  }
  set(verdict, BARO_BARRIER_UNEXPLAINED, BARO_NO_PERMISSION);
  say(verdict->what, "the kernel refuses (%s) and none of the known barriers explains it",
      strerror(facts->memory_errno));
  say(verdict->allow, facts->our_uid == 0 ? "" : "try as root (sudo)");
}

void baro_permission_decide(const baro_permission_facts *facts,
                            baro_permission_verdict *ret_verdict) {
  baro_permission_verdict verdict = {.barrier = BARO_BARRIER_NONE, .status = BARO_OK};
  bool allowed = facts->pid != 0 && facts->visible && facts->memory_errno == 0 &&
                 !facts->is_ended && !facts->is_kernel_thread;
  if (allowed)
    verdict.waits_unknown = facts->syscall_errno != 0;
  else if (decide_machine(facts, &verdict) || facts->pid == 0)
    ; /* the machine's own barriers come first, and alone when no target was named */
  else if (!decide_process(facts, &verdict) && !decide_credentials(facts, &verdict) &&
           !decide_yama(facts, &verdict))
    decide_rest(facts, &verdict);
  *ret_verdict = verdict;
}

baro_status baro_permission_explain(pid_t pid, baro_error *err) {
  baro_permission_facts facts;
  baro_permission_verdict verdict;
  baro_permission_gather(pid, &facts);
  baro_permission_decide(&facts, &verdict);
  if (verdict.status == BARO_OK)
    return BARO_OK;
  const char *intro = verdict.status == BARO_NO_PERMISSION ? "not permitted: " : "";
  return baro_error_set(err, verdict.status, "%s%s%s%s", intro, verdict.what,
                        verdict.allow[0] != '\0' ? "; " : "", verdict.allow);
}

baro_status baro_permission_context(baro_status status, pid_t pid, baro_error *err) {
  if (status != BARO_NO_PERMISSION)
    return status;
  return baro_error_prefix(err, baro_permission_explain(pid, err), "attach %d", (int)pid);
}

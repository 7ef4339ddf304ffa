/* May we read this process, and if not, which barrier stands there and how is it lifted?
 * Flow: facts from the kernel -> verdict and table of checks -> error message of attach, `doctor`.
 * Invariants: deciding is a pure function of the facts, so every barrier is tested on any machine;
 * the kernel's own answer (an attempt to read) always wins over what the facts suggest: a verdict
 * never says "blocked" when reading works, nor "ok" when it does not.
 * Runs in any thread, takes below a millisecond. Changes nothing, in the target neither: the attempt reads an
 * address that is never mapped. Does not look into the interpreter. */
#ifndef BARO_CAPTURE_SAMPLER_PERMISSION_H
#define BARO_CAPTURE_SAMPLER_PERMISSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"

/* name, JSON key */
#define BARO_BARRIER_LIST(X)                                                                       \
  X(NONE, "none")                                                                                  \
  X(NO_PROCESS, "no_process")         /* no such process in our pid namespace */                   \
  X(ENDED, "ended")                   /* a zombie */                                               \
  X(KERNEL_THREAD, "kernel_thread")   /* no user memory */                                         \
  X(PROC_MOUNT, "proc_mount")         /* /proc missing or of another pid namespace */              \
  X(HIDDEN, "hidepid")                /* /proc mounted so that others' processes are hidden */     \
  X(NO_CROSS_MEMORY, "kernel")        /* kernel without CONFIG_CROSS_MEMORY_ATTACH */              \
  X(SECCOMP, "seccomp")               /* a filter on us forbids process_vm_readv */                \
  X(USER_NAMESPACE, "user_namespace") /* target in a user namespace that we do not rule */         \
  X(OTHER_USER, "other_user")         /* user or group ids differ and no CAP_SYS_PTRACE */         \
  X(NOT_DUMPABLE, "not_dumpable")     /* same user, but the process protects itself */             \
  X(CAPABILITIES, "capabilities")     /* the target may do more than we */                         \
  X(YAMA_CHILDREN, "yama_children")   /* ptrace_scope 1 */                                         \
  X(YAMA_ADMIN, "yama_admin")         /* ptrace_scope 2 */                                         \
  X(YAMA_NOBODY, "yama_nobody")       /* ptrace_scope 3 */                                         \
  X(LSM, "security_module")           /* AppArmor, SELinux, Smack ... */                           \
  X(UNEXPLAINED, "unexplained")

typedef enum baro_barrier {
#define X(name, key) BARO_BARRIER_##name,
  BARO_BARRIER_LIST(X)
#undef X
} baro_barrier;

const char *baro_barrier_key(baro_barrier barrier); /* static */

enum {
  BARO_LABEL_BYTES = 128, /* security labels, cut */
  BARO_ADVICE_BYTES = 320 /* one sentence */
};

/* Attempts give 0 for success, else the errno; -1 when not tried. */
typedef struct baro_permission_facts {
  /* This machine and us. */
  uint32_t our_uid; /* real: process_vm_readv and ptrace compare real ids */
  uint32_t our_gid;
  uint64_t our_capabilities;          /* permitted and effective, in our user namespace */
  bool our_user_namespace_is_initial; /* full id map: we are not in a rootless container */
  int32_t our_seccomp_mode;           /* 0 none, 1 strict, 2 filter, -1 unknown */
  int32_t yama_scope;                 /* -1: kernel without Yama */
  int32_t self_read_errno; /* process_vm_readv on ourselves: always permitted but for seccomp */
  int32_t proc_errno;      /* /proc/self is readable */
  bool proc_is_ours;       /* /proc shows our own pid namespace */
  bool has_schedstat;      /* the kernel counts run times of threads */
  char our_label[BARO_LABEL_BYTES]; /* security label; "" when there is none */

  /* The target; all below is meaningless when pid is 0 (asked for the machine only). */
  pid_t pid;
  bool exists;   /* kill(pid, 0) finds it */
  bool visible;  /* /proc/PID is there */
  bool is_ended; /* zombie or dead */
  bool is_kernel_thread;
  bool is_descendant; /* of ours */
  pid_t pid_for_us;   /* a visible process that calls itself `pid` in its container; 0 none */
  uint32_t uids[3];   /* real, effective, saved */
  uint32_t gids[3];
  bool is_dumpable;             /* files in /proc/PID belong to its effective user */
  bool other_user_namespace;    /* as far as can be seen */
  uint64_t target_capabilities; /* permitted */
  pid_t tracer_pid;             /* who traces it (matters for --stop only); 0 nobody */
  char label[BARO_LABEL_BYTES]; /* security label; "" when none or hidden */
  int32_t memory_errno;         /* process_vm_readv on it */
  int32_t maps_errno;           /* /proc/PID/maps: needs less than memory (no Yama) */
  int32_t syscall_errno;        /* /proc/PID/syscall: why threads wait */
} baro_permission_facts;

typedef struct baro_permission_verdict {
  baro_barrier barrier; /* NONE: memory can be read */
  baro_status status;   /* OK, NO_PERMISSION, NOT_FOUND, GONE or UNSUPPORTED */
  char what
      [BARO_ADVICE_BYTES]; /* what stands there: "Yama ptrace_scope=1 allows only child processes" */
  char allow[BARO_ADVICE_BYTES]; /* how to lift it; "" when nothing helps */
  bool waits_unknown;            /* memory can be read, but not why threads wait */
} baro_permission_verdict;

/* Collects the facts; pid 0 for the machine alone. What cannot be found out keeps its "unknown" value. */
void baro_permission_gather(pid_t pid, baro_permission_facts *ret_facts);
/* Pure. */
void baro_permission_decide(const baro_permission_facts *facts,
                            baro_permission_verdict *ret_verdict);
/* Both, as a status with the one-line message: "not permitted: WHAT; ALLOW". Call it after a refusal (or
 * ahead of one) and put context before it: "attach 4312: ". */
baro_status baro_permission_explain(pid_t pid, baro_error *err) BARO_MUST_USE;
/* After a failed attach: a refusal gets "attach PID: " and its explanation, any other message is kept. Returns
 * the status. */
baro_status baro_permission_context(baro_status status, pid_t pid, baro_error *err) BARO_MUST_USE;

/* --- The table of `doctor`. --- */

typedef enum baro_check_level {
  BARO_CHECK_OK,
  BARO_CHECK_LIMITED, /* works, but something is missing in what is recorded, or for some targets */
  BARO_CHECK_BLOCKED
} baro_check_level;

const char *baro_check_level_text(baro_check_level level); /* "ok", "limited", "blocked" */

typedef struct baro_check {
  const char *name;  /* static, also the JSON key: "yama", "seccomp" ... */
  const char *title; /* static, for people */
  baro_check_level level;
  char found[BARO_ADVICE_BYTES];   /* what is there */
  char follows[BARO_ADVICE_BYTES]; /* what that means; "" when level is OK */
  char allow[BARO_ADVICE_BYTES];   /* how to change it; "" when there is nothing to do */
} baro_check;

enum { BARO_CHECK_LIMIT = 16 };

/* Writes the checks into checks (room for BARO_CHECK_LIMIT) and returns how many: those of the machine,
 * and with a pid those of the target. Pure. */
uint32_t baro_permission_checks(const baro_permission_facts *facts, baro_check *checks);

#endif

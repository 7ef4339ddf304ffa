#include "base/os_process.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* struct sched_attr of <linux/sched/types.h>, which cannot be included beside <sched.h> (glibc 2.36). */
typedef struct scheduler_attributes {
  uint32_t size;
  uint32_t policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime_ns;
  uint64_t deadline_ns;
  uint64_t period_ns;
} scheduler_attributes;

/* In the child after fork: only async-signal-safe calls. */
static _Noreturn void exec_child(char *const *argv, int report_fd) {
  sigset_t none;
  sigemptyset(&none);
  for (int number = 1; number < NSIG; number++) {
    struct sigaction action;
    /* Ignored signals stay ignored, as a shell's nohup expects; our handlers go. */
    if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN &&
        action.sa_handler != SIG_DFL) {
      action = (struct sigaction){.sa_handler = SIG_DFL};
      (void)sigaction(number, &action, NULL);
    }
  }
  (void)sigprocmask(SIG_SETMASK, &none, NULL);
  execvp(argv[0], argv);
  int failure = errno;
  ssize_t ignored = write(report_fd, &failure, sizeof failure);
  (void)ignored;
  _exit(127);
}

baro_status baro_process_spawn(char *const *argv, pid_t *ret_pid, baro_error *err) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0)
    return baro_error_set_errno(err, errno, "start %s: make a pipe", argv[0]);
  pid_t pid = fork();
  if (pid < 0) {
    int errno_value = errno;
    (void)close(report[0]);
    (void)close(report[1]);
    return baro_error_set_errno(err, errno_value, "start %s: fork", argv[0]);
  }
  if (pid == 0)
    exec_child(argv, report[1]);
  (void)close(report[1]);
  int failure = 0;
  ssize_t got;
  do {
    got = read(report[0], &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  (void)close(report[0]);
  if (got == (ssize_t)sizeof failure) {
    (void)waitpid(pid, NULL, 0);
    return baro_error_set_errno(err, failure, "start %s", argv[0]);
  }
  *ret_pid = pid;
  return BARO_OK;
}

bool baro_process_reap(pid_t pid, int *ret_wait_status) {
  int status;
  pid_t got = waitpid(pid, &status, WNOHANG);
  if (got != pid || (!WIFEXITED(status) && !WIFSIGNALED(status)))
    return false;
  *ret_wait_status = status;
  return true;
}

bool baro_process_exists(pid_t pid) {
  return kill(pid, 0) == 0 || errno == EPERM;
}

void baro_process_prefer_prompt(void) {
  (void)prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  /* EEVDF gives a waking thread with a shorter slice an earlier deadline. Kernels before 6.12 ignore
   * sched_runtime for normal threads. */
  scheduler_attributes attr = {.size = sizeof attr};
  if (syscall(SYS_sched_getattr, 0, &attr, sizeof attr, 0U) != 0)
    return;
  attr.runtime_ns = 100000;
  (void)syscall(SYS_sched_setattr, 0, &attr, 0U);
}

bool baro_process_set_realtime(bool on) {
  struct sched_param param = {.sched_priority = on ? 1 : 0};
  return sched_setscheduler(0, (on ? SCHED_RR : SCHED_OTHER) | SCHED_RESET_ON_FORK, &param) == 0;
}

void baro_process_raise_file_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= limit.rlim_max)
    return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &limit);
}

_Static_assert(sizeof(((baro_cpu_mask *)0)->bits) == sizeof(cpu_set_t), "mask has glibc's size");

void baro_process_allowed_cpus(baro_cpu_mask *ret_mask) {
  cpu_set_t set;
  CPU_ZERO(&set);
  *ret_mask = (baro_cpu_mask){.known = sched_getaffinity(0, sizeof set, &set) == 0};
  memcpy(ret_mask->bits, &set, sizeof set);
}

bool baro_cpu_mask_has(const baro_cpu_mask *mask, int32_t cpu) {
  return mask->known && cpu >= 0 && cpu < CPU_SETSIZE &&
         (mask->bits[cpu / 64] >> (cpu % 64) & 1) != 0;
}

bool baro_process_move_to_cpu(int32_t cpu) {
  cpu_set_t set;
  if (cpu < 0 || cpu >= CPU_SETSIZE)
    return false;
  CPU_ZERO(&set);
  CPU_SET((unsigned)cpu, &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

void baro_process_allow_cpus(const baro_cpu_mask *mask) {
  cpu_set_t set;
  if (!mask->known)
    return;
  memcpy(&set, mask->bits, sizeof set);
  (void)sched_setaffinity(0, sizeof set, &set);
}

/* --- ptrace --- */

static long trace(int request, pid_t tid, long data) {
  return ptrace((enum __ptrace_request)request, tid, (void *)0, (void *)(intptr_t)data);
}

baro_status baro_trace_seize(pid_t tid, baro_error *err) {
  if (trace(PTRACE_SEIZE, tid, 0) == 0)
    return BARO_OK;
  return baro_error_set_errno(err, errno, "seize thread %d", (int)tid);
}

/* A stop that is not our interrupt: a signal on its way (pass it on) or a group stop (listen, so
 * that SIGSTOP and SIGCONT work as without us). */
static void pass_on(pid_t tid, int status) {
  int event = status >> 16;
  int number = WSTOPSIG(status);
  if (event == PTRACE_EVENT_STOP &&
      (number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU)) {
    (void)trace(PTRACE_LISTEN, tid, 0);
    return;
  }
  (void)trace(PTRACE_CONT, tid, event == PTRACE_EVENT_STOP ? 0 : number);
}

baro_status baro_trace_stop(pid_t tid, baro_error *err) {
  if (trace(PTRACE_INTERRUPT, tid, 0) != 0)
    return baro_error_set_errno(err, errno, "interrupt thread %d", (int)tid);
  for (;;) {
    int status;
    siginfo_t info = {0};
    /* WNOWAIT: the end of a child of ours is left for baro_process_reap. */
    if (waitid(P_PID, (id_t)tid, &info, WSTOPPED | WEXITED | WNOWAIT | __WALL) != 0) {
      if (errno == EINTR)
        continue;
      return baro_error_set_errno(err, errno, "wait for thread %d", (int)tid);
    }
    if (info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED ||
        waitpid(tid, &status, WNOHANG | __WALL) != tid || !WIFSTOPPED(status))
      return baro_error_set(err, BARO_GONE, "thread %d ended", (int)tid);
    if (status >> 16 == PTRACE_EVENT_STOP)
      return BARO_OK; /* also while in a group stop */
    /* Deliver the signal now; the interrupt is still pending and stops it right after. */
    (void)trace(PTRACE_CONT, tid, WSTOPSIG(status));
  }
}

void baro_trace_continue(pid_t tid) {
  (void)trace(PTRACE_CONT, tid, 0);
}

void baro_trace_detach(pid_t tid) {
  if (trace(PTRACE_DETACH, tid, 0) == 0)
    return;
  /* Detaching needs a stopped thread. */
  if (baro_trace_stop(tid, NULL) == BARO_OK)
    (void)trace(PTRACE_DETACH, tid, 0);
}

void baro_trace_pump(void) {
  for (int budget = 0; budget < 64; budget++) {
    siginfo_t info = {0};
    /* WNOWAIT first: exits of our own children must stay for baro_process_reap. */
    if (waitid(P_ALL, 0, &info, WSTOPPED | WNOHANG | WNOWAIT | __WALL) != 0 || info.si_pid == 0)
      return;
    int status;
    if (waitpid(info.si_pid, &status, WNOHANG | __WALL) != info.si_pid)
      return;
    if (WIFSTOPPED(status))
      pass_on(info.si_pid, status);
  }
}

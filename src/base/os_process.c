#include "base/os_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

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

/* In the child after fork, all signals blocked: only async-signal-safe calls. */
static _Noreturn void exec_child(char *const *argv, int report_fd, const sigset_t *mask) {
  for (int number = 1; number < NSIG; number++) {
    struct sigaction action;
    /* Ignored signals stay ignored, as a shell's nohup expects; our handlers go. */
    if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN &&
        action.sa_handler != SIG_DFL) {
      action = (struct sigaction){.sa_handler = SIG_DFL};
      (void)sigaction(number, &action, NULL);
    }
  }
  (void)sigprocmask(SIG_SETMASK, mask, NULL);
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
  /* A signal to the child before its exec is to act on the command, not on a copy of our handlers. */
  sigset_t all;
  sigset_t mask;
  sigfillset(&all);
  (void)sigprocmask(SIG_SETMASK, &all, &mask);
  pid_t pid = fork();
  int errno_value = errno;
  if (pid == 0)
    exec_child(argv, report[1], &mask);
  (void)sigprocmask(SIG_SETMASK, &mask, NULL);
  if (pid < 0) {
    (void)close(report[0]);
    (void)close(report[1]);
    return baro_error_set_errno(err, errno_value, "start %s: fork", argv[0]);
  }
  (void)close(report[1]);
  int failure = 0;
  ssize_t got;
  do {
    got = read(report[0], &failure, sizeof failure);
  } while (got < 0 && errno == EINTR);
  (void)close(report[0]);
  if (got == (ssize_t)sizeof failure) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
    return baro_error_set_errno(err, failure, "start %s", argv[0]);
  }
  *ret_pid = pid;
  return BARO_OK;
}

bool baro_process_is_zombie(pid_t pid) {
  siginfo_t info = {0};
  return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0 &&
         (info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED);
}

bool baro_process_reap(pid_t pid, int *ret_wait_status) {
  int status = 0;
  /* Looked at first: of a traced child waitpid would also take a stop, which then nobody ends. */
  if (!baro_process_is_zombie(pid) || waitpid(pid, &status, WNOHANG) != pid)
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

bool baro_process_host_name(char *ret_name, size_t size) {
  struct utsname names;
  if (uname(&names) != 0 || strlen(names.nodename) >= size)
    return false;
  memcpy(ret_name, names.nodename, strlen(names.nodename) + 1);
  return true;
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

void baro_process_hold_signals(baro_signal_hold *hold) {
  sigset_t held;
  sigemptyset(&held);
  sigaddset(&held, SIGCHLD);
  sigaddset(&held, SIGINT);
  sigaddset(&held, SIGTERM);
  sigaddset(&held, SIGHUP);
  (void)sigprocmask(SIG_BLOCK, &held, &hold->before);
}

void baro_process_sleep_until(const baro_signal_hold *hold, uint64_t monotonic_ns) {
  uint64_t now_ns = baro_clock_now_ns();
  uint64_t left_ns = monotonic_ns > now_ns ? monotonic_ns - now_ns : 0;
  struct timespec left = {.tv_sec = (time_t)(left_ns / 1000000000u),
                          .tv_nsec = (long)(left_ns % 1000000000u)};
  (void)ppoll(NULL, 0, &left, &hold->before);
}

void baro_process_release_signals(const baro_signal_hold *hold) {
  (void)sigprocmask(SIG_SETMASK, &hold->before, NULL);
}

/* --- ptrace --- */

enum {
  /* A running thread stops within some 10 us; one in an uninterruptible wait is given up. */
  STOP_LOOKS = 2000,
  STOP_LOOK_NS = 20000,
  DETACH_TRIES = 5,     /* each as long as one to stop it: a thread may wait for a CPU */
  PUMP_STOPS_MAX = 256, /* of one call: a target that stops all the time does not hold us */
};

static long trace(int request, pid_t tid, long data) {
  return ptrace((enum __ptrace_request)request, tid, (void *)0, (void *)(intptr_t)data);
}

baro_status baro_trace_seize(pid_t tid, baro_error *err) {
  if (trace(PTRACE_SEIZE, tid, 0) == 0)
    return BARO_OK;
  return baro_error_set_errno(err, errno, "seize thread %d", (int)tid);
}

/* What is to be heard of a traced thread. Ends are only looked at, never consumed: the end of a child of
 * ours is for baro_process_reap. */
typedef enum trace_event { EVENT_NONE, EVENT_STOPPED, EVENT_ENDED } trace_event;

static trace_event next_event(pid_t tid, int *ret_status) {
  siginfo_t info = {0};
  if (waitid(P_PID, (id_t)tid, &info, WSTOPPED | WEXITED | WNOHANG | WNOWAIT | __WALL) != 0)
    return EVENT_ENDED;
  if (info.si_pid == 0)
    return EVENT_NONE;
  if (info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED)
    return EVENT_ENDED;
  pid_t got = waitpid(tid, ret_status, WNOHANG | __WALL);
  return got == tid && WIFSTOPPED(*ret_status) ? EVENT_STOPPED : EVENT_NONE;
}

static bool is_interrupt(int status) {
  return status >> 16 == PTRACE_EVENT_STOP;
}

/* Stopped by SIGSTOP and the like, as every thread of its process. To be left with PTRACE_LISTEN:
 * PTRACE_CONT would let it run on although its process is stopped. */
static bool is_group_stop(int status) {
  int number = WSTOPSIG(status);
  return is_interrupt(status) &&
         (number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU);
}

/* Goes on from a stop as if we were not there: signals are delivered. */
static void pass_on(pid_t tid, int status) {
  if (is_group_stop(status))
    (void)trace(PTRACE_LISTEN, tid, 0);
  else
    (void)trace(PTRACE_CONT, tid, is_interrupt(status) ? 0 : WSTOPSIG(status));
}

/* Interrupts a thread and waits until it stops for that. */
static baro_status interrupt(pid_t tid, int *ret_status, baro_error *err) {
  if (trace(PTRACE_INTERRUPT, tid, 0) != 0)
    return baro_error_set_errno(err, errno, "interrupt thread %d", (int)tid);
  for (int tries = 0; tries < STOP_LOOKS; tries++) {
    trace_event event = next_event(tid, ret_status);
    if (event == EVENT_ENDED)
      return baro_error_set(err, BARO_GONE, "thread %d ended", (int)tid);
    if (event == EVENT_STOPPED && is_interrupt(*ret_status))
      return BARO_OK;
    if (event == EVENT_STOPPED) /* a signal on its way; the interrupt comes right after */
      pass_on(tid, *ret_status);
    else if (event == EVENT_NONE)
      (void)nanosleep(&(struct timespec){.tv_nsec = STOP_LOOK_NS}, NULL);
  }
  return baro_error_set(err, BARO_AGAIN, "thread %d does not stop", (int)tid);
}

baro_status baro_trace_stop(pid_t tid, baro_error *err) {
  int status = 0;
  baro_status stopped = interrupt(tid, &status, err);
  if (stopped != BARO_OK || !is_group_stop(status))
    return stopped;
  pass_on(tid, status);
  return baro_error_set(err, BARO_AGAIN, "thread %d is stopped by a signal", (int)tid);
}

void baro_trace_continue(pid_t tid) {
  (void)trace(PTRACE_CONT, tid, 0);
}

void baro_trace_detach(pid_t tid) {
  int status = 0;
  /* A signal that stopped it since the last look is handed over, not lost. */
  trace_event event = next_event(tid, &status);
  baro_status stopped = BARO_AGAIN;
  for (int tries = 0; tries < DETACH_TRIES && event == EVENT_NONE && stopped == BARO_AGAIN; tries++)
    stopped = interrupt(tid, &status, NULL);
  if (stopped == BARO_OK)
    event = EVENT_STOPPED;
  if (event == EVENT_STOPPED)
    (void)trace(PTRACE_DETACH, tid, is_interrupt(status) ? 0 : WSTOPSIG(status));
}

void baro_trace_pump(pid_t own_child) {
  for (int budget = 0; budget < PUMP_STOPS_MAX; budget++) {
    siginfo_t info = {0};
    int status = 0;
    if (waitid(P_ALL, 0, &info, WSTOPPED | WEXITED | WNOHANG | WNOWAIT | __WALL) != 0 ||
        info.si_pid == 0)
      return;
    trace_event event = next_event(info.si_pid, &status);
    if (event == EVENT_STOPPED)
      pass_on(info.si_pid, status);
    if (event == EVENT_ENDED && info.si_pid == own_child)
      return; /* nothing else is shown before it is reaped, which ends the recording */
    /* The parent of a traced process hears of its end only after we have. */
    if (event == EVENT_ENDED)
      (void)waitpid(info.si_pid, &status, WNOHANG | __WALL);
  }
}

/* thread_state: threads that run, stop, end or may not be looked at, and system calls that cannot be blocked in at will. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "capture/sampler/thread_state.h"
#include "support/looked_child.h"

/* Outside system calls, running in user code. */
static void spin(void) {
  for (;;)
    *(volatile uint32_t *)looked_word(16) += 1;
}

static void running_is_cpu_or_collector(void **state) {
  (void)state;
  looked target;
  baro_wait wait = {0};
  looked_start(&target, spin);
  while (*(volatile uint32_t *)looked_word(16) == 0)
    (void)usleep(1000);
  for (int i = 0; i < 200; i++) {
    target.context.collecting = i % 2 == 1;
    assert_int_equal(baro_thread_probe_state(&target.probe, &target.context, &wait), BARO_OK);
    assert_int_equal(wait.state, i % 2 == 1 ? BARO_STATE_COLLECTOR : BARO_STATE_CPU);
  }
  looked_end(&target);
}

/* A stopped process: said so by the caller, or found outside of system calls. */
static void stopped_is_unknown_and_says_why(void **state) {
  (void)state;
  looked target;
  baro_wait wait;
  int status;
  *looked_word(16) = 0;
  looked_start(&target, spin);
  while (*(volatile uint32_t *)looked_word(16) == 0)
    (void)usleep(1000);
  assert_int_equal(kill(target.pid, SIGSTOP), 0);
  assert_int_equal(waitpid(target.pid, &status, WUNTRACED), target.pid);
  assert_int_equal(baro_thread_probe_state(&target.probe, &target.context, &wait), BARO_OK);
  assert_int_equal(wait.state, BARO_STATE_UNKNOWN);
  assert_int_equal(wait.reason, BARO_WAIT_REASON_STOPPED);
  looked_end(&target);
  looked_start(&target, looked_wait_for_lock);
  assert_int_equal(looked_settle(&target).state, BARO_STATE_LOCK);
  target.context.stopped = true;
  assert_int_equal(baro_thread_probe_state(&target.probe, &target.context, &wait), BARO_OK);
  assert_int_equal(wait.reason, BARO_WAIT_REASON_STOPPED);
  looked_end(&target);
}

/* SIGSTOP and SIGCONT make the kernel restart a sleep under another number. */
static void restarted_sleep_is_still_sleep(void **state) {
  (void)state;
  looked target;
  int status;
  looked_start(&target, looked_sleep);
  assert_int_equal(looked_settle(&target).state, BARO_STATE_SLEEP);
  assert_int_equal(kill(target.pid, SIGSTOP), 0);
  assert_int_equal(waitpid(target.pid, &status, WUNTRACED), target.pid);
  assert_int_equal(kill(target.pid, SIGCONT), 0);
  assert_int_equal(waitpid(target.pid, &status, WCONTINUED), target.pid);
  assert_int_equal(looked_settle(&target).state, BARO_STATE_SLEEP);
  looked_end(&target);
}

static void write_and_sync(void) {
  char name[] = "baro_sync_XXXXXX";
  int fd = mkstemp(name);
  (void)unlink(name);
  for (;;) {
    if (pwrite(fd, name, sizeof name, 0) < 0 || fsync(fd) != 0)
      _exit(1);
    *(volatile uint32_t *)looked_word(16) += 1;
  }
}

/* Whatever it is caught in, it is the disk or the CPU; and the disk is among it. */
static void syncing_waits_for_disk(void **state) {
  (void)state;
  enum { TMPFS = 0x01021994, RAMFS = 0x858458f6 };
  struct statfs file_system;
  assert_int_equal(statfs(".", &file_system), 0);
  if (file_system.f_type == TMPFS || file_system.f_type == RAMFS) {
    print_message("skipped: the working directory lies in memory, fsync does not wait there\n");
    skip();
  }
  looked target;
  uint64_t counts[BARO_STATE_COUNT] = {0};
  uint64_t deadline_ns = baro_clock_now_ns() + (uint64_t)LOOKED_DEADLINE_S * 1000000000;
  *looked_word(16) = 0;
  looked_start(&target, write_and_sync);
  while (*(volatile uint32_t *)looked_word(16) == 0)
    (void)usleep(1000);
  while (counts[BARO_STATE_DISK] < 20 && baro_clock_now_ns() < deadline_ns) {
    baro_wait wait;
    assert_int_equal(baro_thread_probe_state(&target.probe, &target.context, &wait), BARO_OK);
    counts[wait.state]++;
    (void)usleep(500);
  }
  looked_end(&target);
  assert_int_equal(counts[BARO_STATE_DISK], 20);
  for (int i = 0; i < BARO_STATE_COUNT; i++)
    if (i != BARO_STATE_DISK && i != BARO_STATE_CPU)
      assert_int_equal(counts[i], 0);
}

static void ended_thread_is_gone(void **state) {
  (void)state;
  looked target;
  baro_schedstat schedstat;
  baro_wait wait;
  looked_start(&target, looked_wait_for_lock);
  (void)looked_settle(&target);
  assert_int_equal(kill(target.pid, SIGKILL), 0);
  assert_int_equal(waitpid(target.pid, NULL, 0), target.pid);
  assert_int_equal(baro_thread_probe_schedstat(&target.probe, &schedstat), BARO_GONE);
  assert_int_equal(baro_thread_probe_state(&target.probe, &target.context, &wait), BARO_GONE);
  baro_thread_probe_release(&target.probe);
  assert_int_equal(baro_thread_probe_schedstat(&target.probe, &schedstat), BARO_GONE);
  baro_fd_cache_release(&target.fds);
}

/* With few descriptors left, probes keep none and still answer. */
static void works_without_spare_descriptors(void **state) {
  (void)state;
  struct rlimit before;
  looked target;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
  struct rlimit few = {.rlim_cur = 64, .rlim_max = before.rlim_max};
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
  looked_start(&target, looked_wait_for_lock);
  assert_int_equal(looked_settle(&target).state, BARO_STATE_LOCK);
  assert_int_equal(target.probe.schedstat_fd, -1);
  assert_int_equal(target.probe.syscall_fd, -1);
  int taken[64];
  int count = 0;
  while (count < 64 && (taken[count] = dup(0)) >= 0)
    count++;
  baro_wait wait;
  assert_int_equal(baro_thread_probe_state(&target.probe, &target.context, &wait), BARO_OK);
  assert_int_equal(wait.state, BARO_STATE_UNKNOWN);
  assert_int_equal(wait.reason, BARO_WAIT_REASON_NO_DESCRIPTORS);
  while (count > 0)
    (void)close(taken[--count]);
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
  assert_int_equal(looked_settle(&target).state, BARO_STATE_LOCK);
  assert_true(target.probe.syscall_fd >= 0);
  looked_end(&target);
}

/* --- Without a target: what cannot be blocked in at will. --- */

static baro_wait classify(int64_t number, uint64_t first, uint64_t second) {
  baro_fd_cache fds;
  baro_fd_cache_init(&fds, getpid());
  baro_wait_context context = {.fds = &fds};
  baro_syscall_info info = {
      .kind = BARO_SYSCALL_INSIDE, .number = number, .arguments = {first, second}};
  baro_wait_memory memory = {.wait.syscall_number = -1};
  baro_wait wait = baro_wait_classify(&info, &context, '?', &memory);
  baro_fd_cache_release(&fds);
  return wait;
}

static void the_rest_of_the_table(void **state) {
  (void)state;
  int file = open("/proc/self/exe", O_RDONLY);
  int null = open("/dev/null", O_RDONLY);
  assert_int_equal(classify(SYS_read, (uint64_t)file, 0).state, BARO_STATE_DISK);
  assert_int_equal(classify(SYS_read, (uint64_t)file, 0).fd, file);
  assert_int_equal(classify(SYS_openat, 0, 0).state, BARO_STATE_DISK);
  assert_int_equal(classify(SYS_mmap, 0, 0).state, BARO_STATE_DISK);
  assert_int_equal(classify(SYS_munmap, 0, 0).state, BARO_STATE_LOCK);
  assert_int_equal(classify(SYS_openat, 0, (uint64_t)(uintptr_t) "/proc/self/exe").state,
                   BARO_STATE_DISK);
  assert_int_equal(classify(SYS_clone, CLONE_VFORK | CLONE_VM, 0).state, BARO_STATE_CHILD);
  assert_int_equal(classify(SYS_clone, CLONE_VM, 0).reason, BARO_WAIT_REASON_SYSCALL);
  uint64_t clone3_arguments[11] = {CLONE_VFORK};
  assert_int_equal(classify(435, (uint64_t)(uintptr_t)clone3_arguments, 0).state, BARO_STATE_CHILD);
  assert_int_equal(classify(435, 1, 0).reason, BARO_WAIT_REASON_ARGUMENTS_UNREADABLE);
  assert_int_equal(classify(449, 0, 0).state, BARO_STATE_LOCK);  /* futex_waitv */
  assert_int_equal(classify(455, 64, 0).state, BARO_STATE_LOCK); /* futex_wait */
  assert_int_equal(classify(426, 0, 0).state, BARO_STATE_DISK);  /* io_uring_enter */
  static const struct {
    int64_t number;
    baro_wait_reason reason;
  } unknown[] = {
      {SYS_getrandom, BARO_WAIT_REASON_SYSCALL},
      {100000, BARO_WAIT_REASON_SYSCALL},
      {SYS_exit_group, BARO_WAIT_REASON_EXITING},
      {SYS_restart_syscall, BARO_WAIT_REASON_RESTARTED},
  };
  for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
    baro_wait wait = classify(unknown[i].number, 0, 0);
    assert_int_equal(wait.state, BARO_STATE_UNKNOWN);
    assert_int_equal(wait.reason, unknown[i].reason);
    assert_true(strlen(baro_wait_reason_words(wait.reason)) > 0);
  }
  assert_int_equal(classify(SYS_ioctl, (uint64_t)null, 0).reason, BARO_WAIT_REASON_DESCRIPTOR);
  assert_int_equal(classify(SYS_read, 100000, 0).reason, BARO_WAIT_REASON_DESCRIPTOR_UNREADABLE);
  assert_int_equal(classify(SYS_ppoll, 1, 1).reason, BARO_WAIT_REASON_ARGUMENTS_UNREADABLE);
  (void)close(file);
  (void)close(null);
}

/* A stop of all threads in a free-threaded build holds them on futexes of their own stacks, as locks do: what they wait
 * for stands before the futex. */
static void thread_held_up_waits_for_the_interpreter(void **state) {
  (void)state;
  baro_fd_cache fds;
  baro_wait_memory memory = {.wait.syscall_number = -1};
  baro_fd_cache_init(&fds, getpid());
  int32_t attachment = 2;
  int32_t lock = 1;
  struct {
    uint64_t waits_for;
    uint64_t semaphore;
  } entry = {.waits_for = (uint64_t)(uintptr_t)&attachment};
  baro_wait_context context = {.fds = &fds, .attachment_addr = entry.waits_for};
  baro_syscall_info info = {.kind = BARO_SYSCALL_INSIDE,
                            .number = SYS_futex,
                            .arguments = {(uint64_t)(uintptr_t)&entry.semaphore}};
  assert_int_equal(baro_wait_classify(&info, &context, '?', &memory).state, BARO_STATE_GIL);
  entry.waits_for = (uint64_t)(uintptr_t)&lock;
  assert_int_equal(baro_wait_classify(&info, &context, '?', &memory).state, BARO_STATE_LOCK);
  entry.waits_for = 0;
  context.attachment_addr = 0; /* a build with a GIL */
  assert_int_equal(baro_wait_classify(&info, &context, '?', &memory).state, BARO_STATE_LOCK);
  context.attachment_addr = 8;
  info.arguments[0] = 64; /* nothing is mapped there */
  assert_int_equal(baro_wait_classify(&info, &context, '?', &memory).state, BARO_STATE_LOCK);
  baro_fd_cache_release(&fds);
}

static void outside_of_system_calls_the_letter_decides(void **state) {
  (void)state;
  baro_fd_cache fds;
  baro_wait_memory memory = {.wait.syscall_number = -1};
  baro_fd_cache_init(&fds, getpid());
  baro_wait_context context = {.fds = &fds};
  baro_syscall_info info = {.kind = BARO_SYSCALL_OUTSIDE, .number = -1};
  assert_int_equal(baro_wait_classify(&info, &context, 'D', &memory).state, BARO_STATE_DISK);
  assert_int_equal(baro_wait_classify(&info, &context, 'R', &memory).state, BARO_STATE_CPU);
  assert_int_equal(baro_wait_classify(&info, &context, 't', &memory).reason,
                   BARO_WAIT_REASON_STOPPED);
  assert_int_equal(baro_wait_classify(&info, &context, 'Z', &memory).reason,
                   BARO_WAIT_REASON_EXITING);
  baro_fd_cache_release(&fds);
}

/* Another user's process: its waits are unknown, and one reason says so. */
static void without_permission_is_unknown(void **state) {
  (void)state;
  if (geteuid() != 0) {
    print_message("skipped: needs root to become another user\n");
    skip();
  }
  looked target;
  int status = 0;
  looked_start(&target, looked_wait_for_lock);
  (void)looked_settle(&target);
  pid_t reader = fork();
  if (reader == 0) {
    baro_wait wait = {0};
    looked again = {.pid = target.pid};
    if (setgid(65534) != 0 || setuid(65534) != 0)
      _exit(1);
    looked_turn_to(&again, target.pid);
    again.context = (baro_wait_context){.fds = &again.fds};
    if (baro_thread_probe_state(&again.probe, &again.context, &wait) != BARO_OK)
      _exit(2);
    _exit(wait.state == BARO_STATE_UNKNOWN && wait.reason == BARO_WAIT_REASON_NO_PERMISSION ? 0
                                                                                            : 3);
  }
  assert_int_equal(waitpid(reader, &status, 0), reader);
  assert_int_equal(status, 0);
  looked_end(&target);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(running_is_cpu_or_collector),
      cmocka_unit_test(stopped_is_unknown_and_says_why),
      cmocka_unit_test(restarted_sleep_is_still_sleep),
      cmocka_unit_test(syncing_waits_for_disk),
      cmocka_unit_test(ended_thread_is_gone),
      cmocka_unit_test(works_without_spare_descriptors),
      cmocka_unit_test(the_rest_of_the_table),
      cmocka_unit_test(thread_held_up_waits_for_the_interpreter),
      cmocka_unit_test(outside_of_system_calls_the_letter_decides),
      cmocka_unit_test(without_permission_is_unknown),
  };
  return cmocka_run_group_tests(tests, looked_make_shared, NULL);
}

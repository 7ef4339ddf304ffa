/* thread_state: children that each wait for a known reason, seen from outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "capture/sampler/syscall_table.h"
#include "capture/sampler/thread_state.h"

enum {
  DEADLINE_S = 60,
  SHARED_BYTES = 4096,
  FIFO_OFFSET = 64, /* name of a file to remove */
  FIFO_BYTES = 64,
  GIL_OFFSET = 1024,
  GIL_BYTES = 208
};

/* Memory that parent and children share at the same address: futexes, and flags. */
static uint8_t *shared;

static uint32_t *word_at(size_t offset) {
  return (uint32_t *)(void *)(shared + offset);
}

/* --- What the children wait for: each blocks for longer than the test takes. --- */

static void futex_wait_at(size_t offset) {
  (void)syscall(SYS_futex, word_at(offset), FUTEX_WAIT, 0, NULL, NULL, 0);
}

static void wait_for_lock(void) {
  futex_wait_at(0);
}
static void wait_for_gil(void) { /* the condition inside the GIL, with CPython's time-out */
  struct timespec timeout = {.tv_sec = INT32_MAX}; /* absolute */
  (void)syscall(SYS_futex, word_at(GIL_OFFSET + 40), FUTEX_WAIT_BITSET, 0, &timeout, NULL, ~0u);
}
static void wait_for_gil_first_byte(void) {
  futex_wait_at(GIL_OFFSET);
}
static void wait_for_lock_behind_gil(void) {
  futex_wait_at(GIL_OFFSET + GIL_BYTES);
}
static void wait_for_semaphore(void) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  (void)pthread_mutex_lock(&mutex);
  (void)pthread_cond_wait(&condition, &mutex);
}
static void wait_in_clock_nanosleep(void) {
  struct timespec time = {.tv_sec = DEADLINE_S};
  (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL);
}
static void wait_in_empty_select(void) { /* time.sleep of 3.9 and 3.10 */
  struct timeval time = {.tv_sec = DEADLINE_S};
  (void)select(0, NULL, NULL, NULL, &time);
}
static void wait_in_empty_poll(void) {
  (void)poll(NULL, 0, DEADLINE_S * 1000);
}
static void wait_in_poll_of_negatives(void) {
  struct pollfd none[2] = {{.fd = -1, .events = POLLIN}, {.fd = -7, .events = POLLIN}};
  (void)poll(none, 2, DEADLINE_S * 1000);
}
static void wait_for_timerfd(void) {
  char buffer[8];
  struct itimerspec time = {.it_value.tv_sec = DEADLINE_S};
  int fd = timerfd_create(CLOCK_MONOTONIC, 0);
  (void)timerfd_settime(fd, 0, &time, NULL);
  (void)!read(fd, buffer, sizeof buffer);
}

static int pipe_end(int *ret_write) {
  int ends[2];
  if (pipe(ends) != 0)
    _exit(1);
  *ret_write = ends[1];
  return ends[0];
}

static void wait_to_read_pipe(void) {
  char byte;
  int other;
  (void)!read(pipe_end(&other), &byte, 1);
}
static void wait_to_write_pipe(void) {
  static char block[1 << 20];
  int other;
  (void)pipe_end(&other);
  (void)!write(other, block, sizeof block);
}
static void wait_to_poll_pipe(void) {
  int other;
  struct pollfd one = {.fd = pipe_end(&other), .events = POLLIN};
  (void)poll(&one, 1, -1);
}
static void wait_to_select_pipe(void) {
  int other;
  fd_set set;
  FD_ZERO(&set);
  int fd = dup2(pipe_end(&other), 200);
  FD_SET(fd, &set);
  fd_set same = set;
  (void)select(fd + 1, &set, NULL, &same, NULL);
}
static void wait_for_output_of_child(void) { /* subprocess.communicate: two pipes */
  int other[2];
  struct pollfd two[2] = {{.fd = pipe_end(&other[0]), .events = POLLIN},
                          {.fd = pipe_end(&other[1]), .events = POLLIN}};
  (void)poll(two, 2, -1);
}
static void make_fifo(char *name) {
  int fd = mkstemp(name);
  if (fd < 0 || close(fd) != 0 || unlink(name) != 0 || mkfifo(name, 0600) != 0)
    _exit(1);
  (void)snprintf((char *)shared + FIFO_OFFSET, FIFO_BYTES, "%s", name);
}
static void wait_to_open_fifo(void) { /* by a name relative to the working directory */
  char name[] = "baro_fifo_XXXXXX";
  make_fifo(name);
  (void)open(name, O_RDONLY);
}
static void wait_to_open_fifo_in_directory(void) {
  char name[] = "baro_fifo_XXXXXX";
  int here = open(".", O_PATH);
  make_fifo(name);
  (void)chdir("/");
  (void)openat(here, name, O_WRONLY);
}
static void wait_to_open_fifo_by_full_path(void) {
  char name[] = "baro_fifo_XXXXXX";
  char *folder = realpath(".", NULL);
  char path[8192];
  make_fifo(name);
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  (void)open(path, O_RDONLY);
}
static void wait_for_eventfd(void) {
  char buffer[8];
  (void)!read(eventfd(0, 0), buffer, sizeof buffer);
}

static void wait_to_receive(int domain) {
  char byte;
  int ends[2];
  if (socketpair(domain, SOCK_STREAM, 0, ends) != 0)
    _exit(1);
  (void)recv(ends[0], &byte, 1, 0);
}
static void wait_for_unix_socket(void) {
  wait_to_receive(AF_UNIX);
}

/* A listening socket on the loopback, and one connected to it. */
static int listen_on_loopback(struct sockaddr_in *address) {
  socklen_t length = sizeof *address;
  int server = socket(AF_INET, SOCK_STREAM, 0);
  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(server, (struct sockaddr *)address, length) != 0 || listen(server, 5) != 0 ||
      getsockname(server, (struct sockaddr *)address, &length) != 0)
    _exit(1);
  return server;
}
static int connect_on_loopback(void) {
  struct sockaddr_in address;
  (void)listen_on_loopback(&address);
  int client = socket(AF_INET, SOCK_STREAM, 0);
  if (connect(client, (struct sockaddr *)&address, sizeof address) != 0)
    _exit(1);
  return client;
}
static void wait_for_network(void) {
  char byte;
  (void)recv(connect_on_loopback(), &byte, 1, 0);
}
static void wait_for_network_with_timeout(void) { /* socket.settimeout: polls first */
  struct pollfd one = {.fd = connect_on_loopback(), .events = POLLIN};
  (void)poll(&one, 1, DEADLINE_S * 1000);
}
static void wait_to_send_file_to_network(void) {
  int file = open("/proc/self/exe", O_RDONLY);
  int client = connect_on_loopback();
  for (;;) {
    off_t offset = 0;
    if (sendfile(client, file, &offset, 1 << 20) < 0)
      _exit(1);
  }
}
static void wait_in_accept(void) {
  struct sockaddr_in address;
  (void)accept(listen_on_loopback(&address), NULL, NULL);
}
static void wait_in_accept_with_timeout(void) {
  struct sockaddr_in address;
  struct pollfd one = {.fd = listen_on_loopback(&address), .events = POLLIN};
  (void)poll(&one, 1, DEADLINE_S * 1000);
}
static void wait_in_event_loop(void) {
  struct epoll_event event = {.events = EPOLLIN};
  int loop = epoll_create1(0);
  (void)epoll_ctl(loop, EPOLL_CTL_ADD, connect_on_loopback(), &event);
  (void)epoll_wait(loop, &event, 1, -1);
}
static void wait_in_select_loop(void) {
  fd_set set;
  FD_ZERO(&set);
  for (int i = 0; i < 2; i++)
    FD_SET(connect_on_loopback(), &set);
  (void)select(100, &set, NULL, NULL, NULL);
}
static void wait_in_large_poll(void) {
  struct pollfd many[20];
  for (int i = 0; i < 20; i++)
    many[i] = (struct pollfd){.fd = eventfd(0, 0), .events = POLLIN};
  (void)poll(many, 20, -1);
}
static void wait_at_terminal(void) {
  char byte;
  int controller = posix_openpt(O_RDWR | O_NOCTTY);
  (void)grantpt(controller);
  (void)unlockpt(controller);
  (void)!read(open(ptsname(controller), O_RDWR | O_NOCTTY), &byte, 1);
}
static void wait_for_signal(void) {
  sigset_t set;
  int got;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  (void)sigprocmask(SIG_BLOCK, &set, NULL);
  (void)sigwait(&set, &got);
}

static pid_t fork_sleeper(void) {
  pid_t pid = fork();
  if (pid == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;)
      (void)pause();
  }
  return pid;
}
static void wait_for_child(void) {
  (void)waitpid(fork_sleeper(), NULL, 0);
}
static void wait_for_pidfd(void) { /* Popen.wait(timeout) of 3.15 */
  struct pollfd one = {.fd = (int)syscall(SYS_pidfd_open, fork_sleeper(), 0), .events = POLLIN};
  (void)poll(&one, 1, -1);
}
static int sleep_long(void *unused) {
  (void)unused;
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)poll(NULL, 0, DEADLINE_S * 1000);
  _exit(0);
}
static void wait_for_vfork(void) {
  static char stack[65536];
  (void)clone(sleep_long, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL);
}

static int lock_file(void) {
  char name[] = "baro_lock_XXXXXX";
  int fd = mkstemp(name);
  (void)unlink(name);
  return fd;
}
/* A second open file of the same inode, so that its flock is another lock. */
static int open_again(int fd) {
  char path[64];
  (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return open(path, O_RDWR);
}
static void wait_for_flock(void) {
  int fd = lock_file();
  (void)flock(fd, LOCK_EX);
  (void)flock(open_again(fd), LOCK_EX);
}
static void wait_for_record_lock(void) {
  int fd = lock_file();
  struct flock lock = {.l_type = F_WRLCK};
  (void)fcntl(fd, F_SETLK, &lock);
  if (fork() == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    *word_at(8) = (uint32_t)getpid(); /* this one is to be looked at */
    (void)fcntl(fd, F_SETLKW, &lock);
  }
  for (;;)
    (void)pause();
}

/* --- Looking at them. --- */

typedef struct looked {
  pid_t pid;
  baro_fd_cache fds;
  baro_thread_probe probe;
  baro_wait_context context;
} looked;

static void start(looked *target, void (*wait)(void)) {
  *word_at(8) = 0;
  target->pid = fork();
  assert_true(target->pid >= 0);
  if (target->pid == 0) {
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)setpgid(0, 0);
    wait();
    _exit(1);
  }
  (void)setpgid(target->pid, target->pid);
  baro_fd_cache_init(&target->fds, target->pid);
  baro_thread_probe_init(&target->probe, target->pid, target->pid);
  target->context = (baro_wait_context){.fds = &target->fds,
                                        .gil_addr = (uint64_t)(uintptr_t)shared + GIL_OFFSET,
                                        .gil_bytes = GIL_BYTES};
}

static void look_at(looked *target, pid_t pid) {
  baro_thread_probe_release(&target->probe);
  baro_fd_cache_release(&target->fds);
  baro_fd_cache_init(&target->fds, pid);
  baro_thread_probe_init(&target->probe, pid, pid);
}

static void end(looked *target) {
  baro_thread_probe_release(&target->probe);
  baro_fd_cache_release(&target->fds);
  (void)kill(-target->pid, SIGKILL);
  assert_int_equal(waitpid(target->pid, NULL, 0), target->pid);
}

/* Blocked for good: same state and unmoved statistics over a sleep of ours. Its set-up may block, too (files,
 * connecting); that ends by itself. */
static baro_wait settle(looked *target) {
  uint64_t deadline_ns = baro_clock_now_ns() + (uint64_t)DEADLINE_S * 1000000000;
  while (baro_clock_now_ns() < deadline_ns) {
    baro_schedstat before;
    baro_schedstat after;
    baro_wait wait;
    assert_int_equal(baro_thread_probe_schedstat(&target->probe, &before), BARO_OK);
    assert_int_equal(baro_thread_probe_state(&target->probe, &target->context, &wait), BARO_OK);
    (void)usleep(30000);
    assert_int_equal(baro_thread_probe_schedstat(&target->probe, &after), BARO_OK);
    if (memcmp(&before, &after, sizeof before) == 0 && wait.state != BARO_STATE_CPU)
      return wait;
  }
  fail_msg("the target did not come to rest");
  return (baro_wait){0};
}

static void every_wait_has_its_reason(void **state) {
  (void)state;
  static const struct {
    const char *name;
    void (*wait)(void);
    baro_state state;
  } cases[] = {
      {"futex", wait_for_lock, BARO_STATE_LOCK},
      {"condition", wait_for_semaphore, BARO_STATE_LOCK},
      {"futex in the GIL", wait_for_gil, BARO_STATE_GIL},
      {"first byte of the GIL", wait_for_gil_first_byte, BARO_STATE_GIL},
      {"first byte behind the GIL", wait_for_lock_behind_gil, BARO_STATE_LOCK},
      {"flock", wait_for_flock, BARO_STATE_LOCK},
      {"clock_nanosleep", wait_in_clock_nanosleep, BARO_STATE_SLEEP},
      {"select of nothing", wait_in_empty_select, BARO_STATE_SLEEP},
      {"poll of nothing", wait_in_empty_poll, BARO_STATE_SLEEP},
      {"poll of ignored entries", wait_in_poll_of_negatives, BARO_STATE_SLEEP},
      {"timerfd", wait_for_timerfd, BARO_STATE_SLEEP},
      {"read of a pipe", wait_to_read_pipe, BARO_STATE_PIPE},
      {"write to a pipe", wait_to_write_pipe, BARO_STATE_PIPE},
      {"poll of a pipe", wait_to_poll_pipe, BARO_STATE_PIPE},
      {"select of a pipe", wait_to_select_pipe, BARO_STATE_PIPE},
      {"poll of two pipes", wait_for_output_of_child, BARO_STATE_PIPE},
      {"open of a fifo", wait_to_open_fifo, BARO_STATE_PIPE},
      {"open of a fifo below a directory", wait_to_open_fifo_in_directory, BARO_STATE_PIPE},
      {"open of a fifo by its full path", wait_to_open_fifo_by_full_path, BARO_STATE_PIPE},
      {"eventfd", wait_for_eventfd, BARO_STATE_PIPE},
      {"Unix socket", wait_for_unix_socket, BARO_STATE_PIPE},
      {"recv of TCP", wait_for_network, BARO_STATE_NETWORK},
      {"poll of TCP", wait_for_network_with_timeout, BARO_STATE_NETWORK},
      {"sendfile to TCP", wait_to_send_file_to_network, BARO_STATE_NETWORK},
      {"accept", wait_in_accept, BARO_STATE_IDLE},
      {"poll of a listening socket", wait_in_accept_with_timeout, BARO_STATE_IDLE},
      {"epoll", wait_in_event_loop, BARO_STATE_IDLE},
      {"select of two sockets", wait_in_select_loop, BARO_STATE_IDLE},
      {"poll of twenty", wait_in_large_poll, BARO_STATE_IDLE},
      {"terminal", wait_at_terminal, BARO_STATE_IDLE},
      {"signal", wait_for_signal, BARO_STATE_IDLE},
      {"waitpid", wait_for_child, BARO_STATE_CHILD},
      {"poll of a pidfd", wait_for_pidfd, BARO_STATE_CHILD},
      {"vfork", wait_for_vfork, BARO_STATE_CHILD},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    looked target;
    start(&target, cases[i].wait);
    baro_wait wait = settle(&target);
    if (wait.state != cases[i].state)
      fail_msg("%s: %s (%s, system call %d, descriptor %d) instead of %s", cases[i].name,
               baro_state_key(wait.state), baro_wait_reason_words(wait.reason),
               (int)wait.syscall_number, (int)wait.fd, baro_state_key(cases[i].state));
    assert_int_equal(wait.reason, BARO_WAIT_REASON_NONE);
    assert_non_null(baro_syscall_row_of(wait.syscall_number)->name);
    end(&target);
    if (shared[FIFO_OFFSET] != 0)
      assert_int_equal(unlink((char *)shared + FIFO_OFFSET), 0);
    shared[FIFO_OFFSET] = 0;
  }
}

static void record_lock_is_a_lock(void **state) {
  (void)state;
  looked target;
  start(&target, wait_for_record_lock);
  while (*(volatile uint32_t *)word_at(8) == 0)
    (void)usleep(1000);
  look_at(&target, (pid_t)*word_at(8));
  assert_int_equal(settle(&target).state, BARO_STATE_LOCK);
  end(&target);
}

/* Outside system calls, running in user code. */
static void spin(void) {
  for (;;)
    *(volatile uint32_t *)word_at(16) += 1;
}

static void running_is_cpu_or_collector(void **state) {
  (void)state;
  looked target;
  baro_wait wait = {0};
  start(&target, spin);
  while (*(volatile uint32_t *)word_at(16) == 0)
    (void)usleep(1000);
  for (int i = 0; i < 200; i++) {
    target.context.collecting = i % 2 == 1;
    assert_int_equal(baro_thread_probe_state(&target.probe, &target.context, &wait), BARO_OK);
    assert_int_equal(wait.state, i % 2 == 1 ? BARO_STATE_COLLECTOR : BARO_STATE_CPU);
  }
  end(&target);
}

/* A stopped process: said so by the caller, or found outside of system calls. */
static void stopped_is_unknown_and_says_why(void **state) {
  (void)state;
  looked target;
  baro_wait wait;
  int status;
  *word_at(16) = 0;
  start(&target, spin);
  while (*(volatile uint32_t *)word_at(16) == 0)
    (void)usleep(1000);
  assert_int_equal(kill(target.pid, SIGSTOP), 0);
  assert_int_equal(waitpid(target.pid, &status, WUNTRACED), target.pid);
  assert_int_equal(baro_thread_probe_state(&target.probe, &target.context, &wait), BARO_OK);
  assert_int_equal(wait.state, BARO_STATE_UNKNOWN);
  assert_int_equal(wait.reason, BARO_WAIT_REASON_STOPPED);
  end(&target);
  start(&target, wait_for_lock);
  assert_int_equal(settle(&target).state, BARO_STATE_LOCK);
  target.context.stopped = true;
  assert_int_equal(baro_thread_probe_state(&target.probe, &target.context, &wait), BARO_OK);
  assert_int_equal(wait.reason, BARO_WAIT_REASON_STOPPED);
  end(&target);
}

/* SIGSTOP and SIGCONT make the kernel restart a sleep under another number. */
static void restarted_sleep_is_still_sleep(void **state) {
  (void)state;
  looked target;
  int status;
  start(&target, wait_in_clock_nanosleep);
  assert_int_equal(settle(&target).state, BARO_STATE_SLEEP);
  assert_int_equal(kill(target.pid, SIGSTOP), 0);
  assert_int_equal(waitpid(target.pid, &status, WUNTRACED), target.pid);
  assert_int_equal(kill(target.pid, SIGCONT), 0);
  assert_int_equal(waitpid(target.pid, &status, WCONTINUED), target.pid);
  assert_int_equal(settle(&target).state, BARO_STATE_SLEEP);
  end(&target);
}

static void write_and_sync(void) {
  char name[] = "baro_sync_XXXXXX";
  int fd = mkstemp(name);
  (void)unlink(name);
  for (;;) {
    if (pwrite(fd, name, sizeof name, 0) < 0 || fsync(fd) != 0)
      _exit(1);
    *(volatile uint32_t *)word_at(16) += 1;
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
  uint64_t deadline_ns = baro_clock_now_ns() + (uint64_t)DEADLINE_S * 1000000000;
  *word_at(16) = 0;
  start(&target, write_and_sync);
  while (*(volatile uint32_t *)word_at(16) == 0)
    (void)usleep(1000);
  while (counts[BARO_STATE_DISK] < 20 && baro_clock_now_ns() < deadline_ns) {
    baro_wait wait;
    assert_int_equal(baro_thread_probe_state(&target.probe, &target.context, &wait), BARO_OK);
    counts[wait.state]++;
    (void)usleep(500);
  }
  end(&target);
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
  start(&target, wait_for_lock);
  (void)settle(&target);
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
  start(&target, wait_for_lock);
  assert_int_equal(settle(&target).state, BARO_STATE_LOCK);
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
  assert_int_equal(settle(&target).state, BARO_STATE_LOCK);
  assert_true(target.probe.syscall_fd >= 0);
  end(&target);
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
  start(&target, wait_for_lock);
  (void)settle(&target);
  pid_t reader = fork();
  if (reader == 0) {
    baro_wait wait = {0};
    looked again = {.pid = target.pid};
    if (setgid(65534) != 0 || setuid(65534) != 0)
      _exit(1);
    look_at(&again, target.pid);
    again.context = (baro_wait_context){.fds = &again.fds};
    if (baro_thread_probe_state(&again.probe, &again.context, &wait) != BARO_OK)
      _exit(2);
    _exit(wait.state == BARO_STATE_UNKNOWN && wait.reason == BARO_WAIT_REASON_NO_PERMISSION ? 0
                                                                                            : 3);
  }
  assert_int_equal(waitpid(reader, &status, 0), reader);
  assert_int_equal(status, 0);
  end(&target);
}

static int make_shared(void **state) {
  (void)state;
  shared = mmap(NULL, SHARED_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return shared == MAP_FAILED;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_wait_has_its_reason),
      cmocka_unit_test(record_lock_is_a_lock),
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
  return cmocka_run_group_tests(tests, make_shared, NULL);
}

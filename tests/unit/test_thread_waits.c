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
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "capture/sampler/syscall_table.h"
#include "capture/sampler/thread_state.h"
#include "support/looked_child.h"

enum {
  FIFO_OFFSET = 64, /* name of a file to remove */
  FIFO_BYTES = 64,
};

/* --- What the children wait for: each blocks for longer than the test takes. --- */

static void wait_for_gil(void) { /* the condition inside the GIL, with CPython's time-out */
  struct timespec timeout = {.tv_sec = INT32_MAX}; /* absolute */
  (void)syscall(SYS_futex, looked_word(LOOKED_GIL_OFFSET + 40), FUTEX_WAIT_BITSET, 0, &timeout,
                NULL, ~0u);
}
static void wait_for_gil_first_byte(void) {
  looked_wait_at(LOOKED_GIL_OFFSET);
}
static void wait_for_lock_behind_gil(void) {
  looked_wait_at(LOOKED_GIL_OFFSET + LOOKED_GIL_BYTES);
}
static void wait_for_semaphore(void) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  (void)pthread_mutex_lock(&mutex);
  (void)pthread_cond_wait(&condition, &mutex);
}
static void wait_in_empty_select(void) { /* time.sleep of 3.9 and 3.10 */
  struct timeval time = {.tv_sec = LOOKED_DEADLINE_S};
  (void)select(0, NULL, NULL, NULL, &time);
}
static void wait_in_empty_poll(void) {
  (void)poll(NULL, 0, LOOKED_DEADLINE_S * 1000);
}
static void wait_in_poll_of_negatives(void) {
  struct pollfd none[2] = {{.fd = -1, .events = POLLIN}, {.fd = -7, .events = POLLIN}};
  (void)poll(none, 2, LOOKED_DEADLINE_S * 1000);
}
static void wait_for_timerfd(void) {
  char buffer[8];
  struct itimerspec time = {.it_value.tv_sec = LOOKED_DEADLINE_S};
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
  (void)snprintf((char *)looked_shared + FIFO_OFFSET, FIFO_BYTES, "%s", name);
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
  (void)poll(&one, 1, LOOKED_DEADLINE_S * 1000);
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
  (void)poll(&one, 1, LOOKED_DEADLINE_S * 1000);
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
  (void)poll(NULL, 0, LOOKED_DEADLINE_S * 1000);
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
    *looked_word(8) = (uint32_t)getpid(); /* this one is to be looked at */
    (void)fcntl(fd, F_SETLKW, &lock);
  }
  for (;;)
    (void)pause();
}

static void every_wait_has_its_reason(void **state) {
  (void)state;
  static const struct {
    const char *name;
    void (*wait)(void);
    baro_state state;
  } cases[] = {
      {"futex", looked_wait_for_lock, BARO_STATE_LOCK},
      {"condition", wait_for_semaphore, BARO_STATE_LOCK},
      {"futex in the GIL", wait_for_gil, BARO_STATE_GIL},
      {"first byte of the GIL", wait_for_gil_first_byte, BARO_STATE_GIL},
      {"first byte behind the GIL", wait_for_lock_behind_gil, BARO_STATE_LOCK},
      {"flock", wait_for_flock, BARO_STATE_LOCK},
      {"clock_nanosleep", looked_sleep, BARO_STATE_SLEEP},
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
    looked_start(&target, cases[i].wait);
    baro_wait wait = looked_settle(&target);
    if (wait.state != cases[i].state)
      fail_msg("%s: %s (%s, system call %d, descriptor %d) instead of %s", cases[i].name,
               baro_state_key(wait.state), baro_wait_reason_words(wait.reason),
               (int)wait.syscall_number, (int)wait.fd, baro_state_key(cases[i].state));
    assert_int_equal(wait.reason, BARO_WAIT_REASON_NONE);
    assert_non_null(baro_syscall_row_of(wait.syscall_number)->name);
    looked_end(&target);
    if (looked_shared[FIFO_OFFSET] != 0)
      assert_int_equal(unlink((char *)looked_shared + FIFO_OFFSET), 0);
    looked_shared[FIFO_OFFSET] = 0;
  }
}

static void record_lock_is_a_lock(void **state) {
  (void)state;
  looked target;
  looked_start(&target, wait_for_record_lock);
  while (*(volatile uint32_t *)looked_word(8) == 0)
    (void)usleep(1000);
  looked_turn_to(&target, (pid_t)*looked_word(8));
  assert_int_equal(looked_settle(&target).state, BARO_STATE_LOCK);
  looked_end(&target);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_wait_has_its_reason),
      cmocka_unit_test(record_lock_is_a_lock),
  };
  return cmocka_run_group_tests(tests, looked_make_shared, NULL);
}

/* os_fd: what descriptors are, asked of descriptors opened here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/os_fd.h"

static void links_without_a_path_decide(void **state) {
  (void)state;
  baro_fd_info info;
  static const struct {
    const char *text;
    bool decides;
    baro_fd_kind kind;
    uint64_t inode;
  } cases[] = {
      {"pipe:[123]", true, BARO_FD_PIPE, 123},
      {"anon_inode:[eventpoll]", true, BARO_FD_EPOLL, 0},
      {"anon_inode:inotify", true, BARO_FD_INOTIFY, 0},
      {"pidfd:[7]", true, BARO_FD_PIDFD, 0},
      {"anon_inode:[something new]", true, BARO_FD_UNKNOWN, 0},
      {"", true, BARO_FD_UNKNOWN, 0},
      {"socket:[99]", false, BARO_FD_UNKNOWN, 99},
      {"socket:[18446744073709551616]", false, BARO_FD_UNKNOWN, 0},
      {"socket:[9", false, BARO_FD_UNKNOWN, 0},
      {"/tmp/pipe:[1]", false, BARO_FD_UNKNOWN, 0}, /* a file of that name */
      {"(unreachable)/x", false, BARO_FD_UNKNOWN, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(baro_parse_fd_link(baro_view_of(cases[i].text), &info), cases[i].decides);
    assert_int_equal(info.kind, cases[i].kind);
    assert_true(info.inode == cases[i].inode);
  }
}

static void protocols_name_families(void **state) {
  (void)state;
  static const struct {
    const char *name;
    baro_fd_kind kind;
  } cases[] = {{"TCP", BARO_FD_INET_SOCKET},      {"TCPv6", BARO_FD_INET_SOCKET},
               {"UDPv6", BARO_FD_INET_SOCKET},    {"MPTCP", BARO_FD_INET_SOCKET},
               {"UNIX", BARO_FD_UNIX_SOCKET},     {"UNIX-STREAM", BARO_FD_UNIX_SOCKET},
               {"NETLINK", BARO_FD_OTHER_SOCKET}, {"", BARO_FD_UNKNOWN}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
    assert_int_equal(baro_parse_socket_protocol(baro_view_of(cases[i].name)), cases[i].kind);
  baro_view with_nul = {.data = (const uint8_t *)"TCP", .length = 4};
  assert_int_equal(baro_parse_socket_protocol(with_nul), BARO_FD_INET_SOCKET);
}

static void assert_kind(baro_fd_cache *cache, int fd, baro_fd_kind kind) {
  baro_fd_info info;
  assert_true(fd >= 0);
  for (int i = 0; i < 2; i++) { /* found, then remembered */
    assert_int_equal(baro_fd_cache_kind(cache, fd, &info, NULL), BARO_OK);
    assert_string_equal(baro_fd_kind_text(info.kind), baro_fd_kind_text(kind));
  }
  assert_int_equal(close(fd), 0);
}

static int open_terminal(void) {
  int controller = posix_openpt(O_RDWR | O_NOCTTY);
  assert_true(controller >= 0);
  assert_int_equal(grantpt(controller), 0);
  assert_int_equal(unlockpt(controller), 0);
  return controller;
}

static void every_kind_is_told(void **state) {
  (void)state;
  baro_fd_cache cache;
  sigset_t signals;
  int ends[2];
  char name[] = "baro_fifo_XXXXXX";
  baro_fd_cache_init(&cache, getpid());
  sigemptyset(&signals);
  assert_int_equal(pipe(ends), 0);
  assert_kind(&cache, ends[0], BARO_FD_PIPE);
  assert_kind(&cache, ends[1], BARO_FD_PIPE);
  assert_kind(&cache, open(".", O_RDONLY), BARO_FD_DIRECTORY);
  assert_kind(&cache, open("/proc/self/exe", O_RDONLY), BARO_FD_FILE);
  assert_kind(&cache, memfd_create("x", 0), BARO_FD_FILE);
  assert_kind(&cache, open("/dev/null", O_RDONLY), BARO_FD_CHARACTER_DEVICE);
  assert_kind(&cache, open_terminal(), BARO_FD_TERMINAL);
  assert_kind(&cache, eventfd(0, 0), BARO_FD_EVENTFD);
  assert_kind(&cache, epoll_create1(0), BARO_FD_EPOLL);
  assert_kind(&cache, timerfd_create(CLOCK_MONOTONIC, 0), BARO_FD_TIMERFD);
  assert_kind(&cache, signalfd(-1, &signals, 0), BARO_FD_SIGNALFD);
  assert_kind(&cache, inotify_init1(0), BARO_FD_INOTIFY);
  assert_kind(&cache, (int)syscall(SYS_pidfd_open, getpid(), 0), BARO_FD_PIDFD);
  assert_kind(&cache, socket(AF_INET, SOCK_STREAM, 0), BARO_FD_INET_SOCKET);
  assert_kind(&cache, socket(AF_INET, SOCK_DGRAM, 0), BARO_FD_INET_SOCKET);
  assert_kind(&cache, socket(AF_INET6, SOCK_STREAM, 0), BARO_FD_INET_SOCKET);
  assert_kind(&cache, socket(AF_UNIX, SOCK_STREAM, 0), BARO_FD_UNIX_SOCKET);
  assert_kind(&cache, socket(AF_UNIX, SOCK_DGRAM, 0), BARO_FD_UNIX_SOCKET);
  assert_kind(&cache, socket(AF_NETLINK, SOCK_RAW, 0), BARO_FD_OTHER_SOCKET);
  assert_int_equal(close(mkstemp(name)), 0);
  assert_int_equal(unlink(name), 0);
  assert_int_equal(mkfifo(name, 0600), 0);
  assert_kind(&cache, open(name, O_RDWR), BARO_FD_PIPE);
  assert_int_equal(unlink(name), 0);
  baro_fd_cache_release(&cache);
}

/* A number means what it means now, whatever it meant before. */
static void reused_number_is_asked_again(void **state) {
  (void)state;
  baro_fd_cache cache;
  baro_fd_info info;
  baro_fd_cache_init(&cache, getpid());
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  assert_int_equal(baro_fd_cache_kind(&cache, fd, &info, NULL), BARO_OK);
  assert_int_equal(info.kind, BARO_FD_INET_SOCKET);
  int other = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_int_equal(dup2(other, fd), fd);
  assert_int_equal(baro_fd_cache_kind(&cache, fd, &info, NULL), BARO_OK);
  assert_int_equal(info.kind, BARO_FD_UNIX_SOCKET);
  assert_int_equal(close(fd), 0);
  assert_int_equal(baro_fd_cache_kind(&cache, fd, &info, NULL), BARO_NOT_FOUND);
  assert_int_equal(close(other), 0);
  baro_fd_cache_release(&cache);
}

static bool listens(baro_fd_cache *cache, int fd) {
  baro_fd_info info;
  assert_int_equal(baro_fd_cache_kind(cache, fd, &info, NULL), BARO_OK);
  cache->tables_read_ns = 0; /* lets the tables be read again at once */
  return baro_fd_cache_is_listening(cache, &info);
}

static void check_inet_listening(baro_fd_cache *cache, sa_family_t family) {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } address = {.any.sa_family = family};
  socklen_t length = family == AF_INET ? sizeof address.v4 : sizeof address.v6;
  if (family == AF_INET)
    address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  else
    address.v6.sin6_addr = in6addr_any; /* also where ::1 is not configured */
  int server = socket(family, SOCK_STREAM, 0);
  int client = socket(family, SOCK_STREAM, 0);
  assert_int_equal(bind(server, &address.any, length), 0);
  assert_int_equal(listen(server, 1), 0);
  assert_true(listens(cache, server));
  assert_true(listens(cache, server)); /* remembered */
  if (family == AF_INET) {
    assert_int_equal(getsockname(server, &address.any, &length), 0);
    assert_int_equal(connect(client, &address.any, length), 0);
  }
  assert_false(listens(cache, client));
  (void)close(client);
  (void)close(server);
}

static void check_unix_listening(baro_fd_cache *cache) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  int ends[2];
  (void)snprintf(address.sun_path, sizeof address.sun_path, "baro_socket_%d", (int)getpid());
  int server = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_int_equal(bind(server, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(server, 1), 0);
  assert_true(listens(cache, server));
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  assert_false(listens(cache, ends[0]));
  (void)close(ends[0]);
  (void)close(ends[1]);
  (void)close(server);
  assert_int_equal(unlink(address.sun_path), 0);
}

static void listening_sockets_are_told_apart(void **state) {
  (void)state;
  for (int netlink = 0; netlink < 2; netlink++) {
    baro_fd_cache cache;
    baro_fd_cache_init(&cache, getpid());
    if (!netlink)
      cache.same_network_namespace = 0; /* as for a target in a container: the text tables */
    check_inet_listening(&cache, AF_INET);
    check_inet_listening(&cache, AF_INET6);
    check_unix_listening(&cache);
    baro_fd_cache_release(&cache);
  }
}

static void table_lines_are_parsed(void **state) {
  (void)state;
  uint64_t inode = 0;
  bool listening = false;
  static const char tcp[] =
      "   0: 0100007F:AD75 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 "
      "31611 1 000000005bc595d5 100 0 0 10 0";
  assert_true(baro_parse_inet_line(baro_view_of(tcp), &inode, &listening));
  assert_true(inode == 31611 && listening);
  static const char unix_line[] =
      "0000000093e04a35: 00000002 00000000 00010000 0001 01 31610 /run/with space";
  assert_true(baro_parse_unix_line(baro_view_of(unix_line), &inode, &listening));
  assert_true(inode == 31610 && listening);
  assert_false(baro_parse_inet_line(baro_view_of("  sl  local_address rem_address   st"), &inode,
                                    &listening));
  assert_false(baro_parse_unix_line(baro_view_of("Num RefCount"), &inode, &listening));
  assert_false(baro_parse_unix_line(baro_view_of(""), &inode, &listening));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(links_without_a_path_decide),
      cmocka_unit_test(protocols_name_families),
      cmocka_unit_test(every_kind_is_told),
      cmocka_unit_test(reused_number_is_asked_again),
      cmocka_unit_test(listening_sockets_are_told_apart),
      cmocka_unit_test(table_lines_are_parsed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

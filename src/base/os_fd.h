/* What a descriptor of another process is: file, pipe, socket of which family, terminal ...
 * Flow: /proc/PID/fd -> here -> thread states (what does a blocked read wait for).
 * Invariants: descriptors are reused by the target, so every answer is checked against the link text
 * of the moment (one readlink, 4 us); only what is costly to find (socket family, listening) is
 * kept, by inode. Never duplicates a descriptor of the target: pidfd_getfd would move the socket's
 * network control group to ours, a change the target can notice.
 * One cache per process, used by one thread at a time. */
#ifndef BARO_BASE_OS_FD_H
#define BARO_BASE_OS_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/map.h"
#include "base/status.h"

/* name, words for people */
#define BARO_FD_KIND_LIST(X)                                                                       \
  X(UNKNOWN, "unknown descriptor")                                                                 \
  X(FILE, "file")                                                                                  \
  X(DIRECTORY, "directory")                                                                        \
  X(BLOCK_DEVICE, "block device")                                                                  \
  X(TERMINAL, "terminal")                                                                          \
  X(CHARACTER_DEVICE, "character device")                                                          \
  X(PIPE, "pipe")                  /* anonymous or named */                                        \
  X(INET_SOCKET, "network socket") /* TCP, UDP, raw ..., IPv4 and IPv6 */                          \
  X(UNIX_SOCKET, "Unix socket")                                                                    \
  X(OTHER_SOCKET, "socket of other family") /* netlink, packet, vsock ... */                       \
  X(EVENTFD, "eventfd")                                                                            \
  X(SIGNALFD, "signalfd")                                                                          \
  X(TIMERFD, "timerfd")                                                                            \
  X(INOTIFY, "inotify")                                                                            \
  X(EPOLL, "epoll")                                                                                \
  X(PIDFD, "pidfd")                                                                                \
  X(IO_URING, "io_uring")

typedef enum baro_fd_kind {
#define X(name, text) BARO_FD_##name,
  BARO_FD_KIND_LIST(X)
#undef X
} baro_fd_kind;

const char *baro_fd_kind_text(baro_fd_kind kind); /* static */

typedef struct baro_fd_info {
  baro_fd_kind kind;
  uint64_t inode; /* of sockets and pipes; 0 where not known */
} baro_fd_info;

/* Init gives an empty one. Each map is emptied when it grows beyond some thousand entries: sockets
 * come and go for as long as a server runs. */
typedef struct baro_fd_cache {
  pid_t pid;
  int directory_fd;              /* owned; /proc/PID/fd, -1 not open */
  baro_map sockets;              /* inode -> kind */
  baro_map paths;                /* hash of the link text -> kind */
  baro_map listening;            /* inode -> 1 listening, 0 not */
  uint64_t tables_read_ns;       /* when the text tables were last read, monotonic; 0 never */
  int8_t same_network_namespace; /* as ours: 1 yes, 0 no, -1 not yet asked */
} baro_fd_cache;

void baro_fd_cache_init(baro_fd_cache *cache, pid_t pid);
void baro_fd_cache_release(baro_fd_cache *cache);

/* Kind by the text of the link /proc/PID/fd/N alone. False when the text does not decide: a path (its
 * file type must be asked) or a socket (its family must be asked; *ret_info has the inode). Pure. */
bool baro_parse_fd_link(baro_view text, baro_fd_info *ret_info);
/* Kind by the protocol name that the kernel gives a socket (attribute system.sockprotoname: "TCPv6",
 * "UNIX-STREAM" ...). Pure. */
baro_fd_kind baro_parse_socket_protocol(baro_view name);
/* Kind of descriptor fd of the process: 4 us when known by its inode or path, twice that when new.
 * NOT_FOUND when it is closed or the process is gone, NO_PERMISSION. */
baro_status baro_fd_cache_kind(baro_fd_cache *cache, int32_t fd, baro_fd_info *ret_info,
                               baro_error *err) BARO_MUST_USE;
/* What path names for the process, relative ones below its descriptor directory_fd (AT_FDCWD: its working
 * directory). UNKNOWN when that cannot be looked up. */
baro_fd_kind baro_fd_path_kind(pid_t pid, int32_t directory_fd, const char *path);
/* True when a socket (INET or UNIX) waits for connections. Asked of the kernel once an inode: over
 * netlink in our own network namespace (0.2 ms), else from the tables below /proc/PID/net (some
 * ms: at most four times a second, in between the answer for new sockets is false). */
bool baro_fd_cache_is_listening(baro_fd_cache *cache, const baro_fd_info *info);

/* One line of /proc/PID/net/{tcp,tcp6,unix}: its inode and whether the socket listens. False for the
 * heading and other lines. Pure. */
bool baro_parse_inet_line(baro_view line, uint64_t *ret_inode, bool *ret_listening);
bool baro_parse_unix_line(baro_view line, uint64_t *ret_inode, bool *ret_listening);

#endif

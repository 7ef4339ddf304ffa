/* What a descriptor of another process is: file, pipe, socket of which family, terminal ...
 * Flow: /proc/PID/fd -> here -> thread states (what does a blocked read wait for).
 * Invariants: descriptors are reused by the target, so every answer is checked against the link text
 * of the moment (one readlink, about 2 us); only what is costly to find (socket family, listening) is
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

/* Zero-initialised but for pid = empty. */
typedef struct baro_fd_cache {
  pid_t pid;
  baro_map sockets;   /* inode -> kind */
  baro_map listening; /* inode -> 1 listening, 0 not */
} baro_fd_cache;

void baro_fd_cache_init(baro_fd_cache *cache, pid_t pid);
void baro_fd_cache_release(baro_fd_cache *cache);

/* Kind by the text of the link /proc/PID/fd/N alone. False when the text does not decide: a path (its
 * file type must be asked) or a socket (its family must be asked; *ret_info has the inode). Pure. */
bool baro_parse_fd_link(baro_view text, baro_fd_info *ret_info);
/* Kind of descriptor fd of the process. NOT_FOUND when it is closed, NO_PERMISSION, GONE. */
baro_status baro_fd_cache_kind(baro_fd_cache *cache, int32_t fd, baro_fd_info *ret_info,
                               baro_error *err) BARO_MUST_USE;
/* True when a socket (INET or UNIX) waits for connections. Reads the socket tables of the target's
 * network namespace once an inode: TCP lists its listening sockets first, so that reading stops
 * after them. */
bool baro_fd_cache_is_listening(baro_fd_cache *cache, const baro_fd_info *info);

#endif

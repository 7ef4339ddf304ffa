#include "base/os_fd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

enum {
  LINK_BYTES = PATH_MAX + 32,
  CACHE_LIMIT = 4096 /* entries of one map: 100 KB */
};

const char *baro_fd_kind_text(baro_fd_kind kind) {
  switch (kind) {
#define X(name, text)                                                                              \
  case BARO_FD_##name: return text;
    BARO_FD_KIND_LIST(X)
#undef X
  }
  return "unknown descriptor";
}

static bool view_is(baro_view text, const char *other) {
  return baro_view_equal(text, baro_view_of(other));
}

/* The number of "socket:[123]" after its prefix; 0 when it is no such text. */
static uint64_t bracket_number(baro_view text, size_t prefix_length) {
  uint64_t value = 0;
  size_t at = prefix_length;
  for (; at < text.length && text.data[at] >= '0' && text.data[at] <= '9'; at++) {
    if (value > (UINT64_MAX - 9) / 10)
      return 0;
    value = value * 10 + (uint64_t)(text.data[at] - '0');
  }
  return at + 1 == text.length && text.data[at] == ']' ? value : 0;
}

bool baro_parse_fd_link(baro_view text, baro_fd_info *ret_info) {
  static const struct {
    const char *text;
    baro_fd_kind kind;
  } anonymous[] = {
      {"anon_inode:[eventfd]", BARO_FD_EVENTFD},   {"anon_inode:[eventpoll]", BARO_FD_EPOLL},
      {"anon_inode:[signalfd]", BARO_FD_SIGNALFD}, {"anon_inode:[timerfd]", BARO_FD_TIMERFD},
      {"anon_inode:inotify", BARO_FD_INOTIFY},     {"anon_inode:[fanotify]", BARO_FD_INOTIFY},
      {"anon_inode:[pidfd]", BARO_FD_PIDFD},       {"anon_inode:[io_uring]", BARO_FD_IO_URING},
  };
  *ret_info = (baro_fd_info){.kind = BARO_FD_UNKNOWN};
  if (baro_view_starts_with(text, "/") || baro_view_starts_with(text, "(unreachable)"))
    return false;
  if (baro_view_starts_with(text, "socket:[")) {
    ret_info->inode = bracket_number(text, strlen("socket:["));
    return false;
  }
  if (baro_view_starts_with(text, "pipe:[")) {
    *ret_info =
        (baro_fd_info){.kind = BARO_FD_PIPE, .inode = bracket_number(text, strlen("pipe:["))};
    return true;
  }
  if (baro_view_starts_with(text, "pidfd:["))
    ret_info->kind = BARO_FD_PIDFD;
  for (size_t i = 0; i < sizeof anonymous / sizeof anonymous[0]; i++)
    if (view_is(text, anonymous[i].text))
      ret_info->kind = anonymous[i].kind;
  return true;
}

baro_fd_kind baro_parse_socket_protocol(baro_view name) {
  static const char *const inet[] = {"TCP", "UDP", "RAW", "PING", "MPTCP", "SCTP", "DCCP", "SMC"};
  /* The attribute's length counts its NUL. */
  while (name.length > 0 && name.data[name.length - 1] == '\0')
    name.length--;
  if (baro_view_starts_with(name, "UNIX"))
    return BARO_FD_UNIX_SOCKET;
  for (size_t i = 0; i < sizeof inet / sizeof inet[0]; i++)
    if (baro_view_starts_with(name, inet[i]))
      return BARO_FD_INET_SOCKET;
  return name.length > 0 ? BARO_FD_OTHER_SOCKET : BARO_FD_UNKNOWN;
}

/* --- Asking the kernel. --- */

void baro_fd_cache_init(baro_fd_cache *cache, pid_t pid) {
  *cache = (baro_fd_cache){.pid = pid, .directory_fd = -1, .same_network_namespace = -1};
}

void baro_fd_cache_release(baro_fd_cache *cache) {
  baro_map_release(&cache->sockets);
  baro_map_release(&cache->paths);
  baro_map_release(&cache->listening);
  if (cache->directory_fd >= 0)
    (void)close(cache->directory_fd);
  baro_fd_cache_init(cache, cache->pid);
}

/* A full or failing cache only costs time. */
static void remember(baro_map *map, uint64_t key, baro_fd_kind kind) {
  if (map->count >= CACHE_LIMIT)
    baro_map_clear(map);
  baro_status status = baro_map_set(map, key, (uint64_t)kind);
  (void)status;
}

static bool recall(const baro_map *map, uint64_t key, baro_fd_kind *kind) {
  const uint64_t *value = baro_map_find(map, key);
  if (value != NULL)
    *kind = (baro_fd_kind)*value;
  return value != NULL;
}

static uint64_t hash_of(baro_view text) { /* FNV-1a: a collision made on purpose mislabels a wait */
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < text.length; i++)
    hash = (hash ^ text.data[i]) * UINT64_C(0x100000001b3);
  return hash;
}

static bool is_terminal(unsigned device_major) {
  /* Virtual consoles and serial ports, tty and console, USB modems, USB serial, SoC serial, hypervisor
   * console; 136-143 pseudo terminals (the kernel's devices.txt). */
  return device_major == 4 || device_major == 5 || device_major == 166 || device_major == 188 ||
         device_major == 204 || device_major == 229 || (device_major >= 136 && device_major <= 143);
}

static baro_fd_kind kind_of_mode(const struct statx *info) {
  switch (info->stx_mode & S_IFMT) {
  case S_IFREG: return BARO_FD_FILE;
  case S_IFDIR: return BARO_FD_DIRECTORY;
  case S_IFBLK: return BARO_FD_BLOCK_DEVICE;
  case S_IFIFO: return BARO_FD_PIPE;
  case S_IFCHR:
    return is_terminal(info->stx_rdev_major) ? BARO_FD_TERMINAL : BARO_FD_CHARACTER_DEVICE;
  default: return BARO_FD_UNKNOWN;
  }
}

/* The file type behind a path; asked without a round trip to a file server. */
static void find_path_kind(baro_fd_cache *cache, const char *number, baro_view link,
                           baro_fd_info *info) {
  uint64_t key = hash_of(link);
  struct statx statx_info;
  if (recall(&cache->paths, key, &info->kind))
    return;
  if (statx(cache->directory_fd, number, AT_STATX_DONT_SYNC, STATX_TYPE, &statx_info) != 0)
    return;
  info->kind = kind_of_mode(&statx_info);
  remember(&cache->paths, key, info->kind);
}

static void find_socket_kind(baro_fd_cache *cache, const char *number, baro_fd_info *info) {
  char path[64];
  char name[64];
  if (recall(&cache->sockets, info->inode, &info->kind))
    return;
  (void)snprintf(path, sizeof path, "/proc/%d/fd/%s", (int)cache->pid, number);
  ssize_t length = getxattr(path, "system.sockprotoname", name, sizeof name);
  if (length <= 0)
    return;
  info->kind =
      baro_parse_socket_protocol((baro_view){.data = (uint8_t *)name, .length = (size_t)length});
  remember(&cache->sockets, info->inode, info->kind);
}

baro_fd_kind baro_fd_path_kind(pid_t pid, int32_t directory_fd, const char *path) {
  char whole[PATH_MAX + 64];
  struct statx info;
  int length;
  if (path[0] == '/')
    length = snprintf(whole, sizeof whole, "/proc/%d/root%s", (int)pid, path);
  else if (directory_fd == AT_FDCWD)
    length = snprintf(whole, sizeof whole, "/proc/%d/cwd/%s", (int)pid, path);
  else
    length =
        snprintf(whole, sizeof whole, "/proc/%d/fd/%" PRId32 "/%s", (int)pid, directory_fd, path);
  if (length < 0 || (size_t)length >= sizeof whole ||
      statx(AT_FDCWD, whole, AT_STATX_DONT_SYNC, STATX_TYPE, &info) != 0)
    return BARO_FD_UNKNOWN;
  return kind_of_mode(&info);
}

/* The directory is kept open: a look-up below it costs half of one from /proc on. */
static baro_status open_directory(baro_fd_cache *cache, baro_error *err) {
  char path[64];
  if (cache->directory_fd >= 0)
    return BARO_OK;
  (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)cache->pid);
  cache->directory_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return cache->directory_fd >= 0 ? BARO_OK : baro_error_set_errno(err, errno, "open %s", path);
}

baro_status baro_fd_cache_kind(baro_fd_cache *cache, int32_t fd, baro_fd_info *ret_info,
                               baro_error *err) {
  char number[16];
  char link[LINK_BYTES];
  baro_fd_info info;
  baro_status status = open_directory(cache, err);
  if (status != BARO_OK)
    return status;
  (void)snprintf(number, sizeof number, "%" PRId32, fd);
  ssize_t length = readlinkat(cache->directory_fd, number, link, sizeof link);
  if (length < 0)
    return baro_error_set_errno(err, errno, "read link /proc/%d/fd/%s", (int)cache->pid, number);
  baro_view text = {.data = (const uint8_t *)link, .length = (size_t)length};
  if (!baro_parse_fd_link(text, &info)) {
    if (baro_view_starts_with(text, "socket:["))
      find_socket_kind(cache, number, &info);
    else
      find_path_kind(cache, number, text, &info);
  }
  *ret_info = info;
  return BARO_OK;
}

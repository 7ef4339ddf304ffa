/* Which sockets listen: the cold half of os_fd.h. A poll on a listening socket is a server with
 * nothing to do, a poll on a connected one waits for the network. */
#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os_fd.h"
#include "base/os_proc.h"

enum {
  CACHE_LIMIT = 4096,              /* entries */
  TABLE_INTERVAL_NS = 250000000,   /* between two readings of the text tables */
  TABLE_LIMIT_BYTES = 2000000,     /* of one table: 13,000 sockets */
  UNIX_LISTENING_FLAG = 0x00010000 /* __SO_ACCEPTCON in the Flags column */
};

/* --- The text tables. --- */

/* Field number index (from 0) of a line of blank-separated fields; empty when there is none. */
static baro_view field_of(baro_view line, unsigned index) {
  size_t at = 0;
  for (;; index--) {
    while (at < line.length && (line.data[at] == ' ' || line.data[at] == '\n'))
      at++;
    size_t start = at;
    while (at < line.length && line.data[at] != ' ' && line.data[at] != '\n')
      at++;
    if (index == 0 || at == start)
      return (baro_view){.data = line.data + start, .length = at - start};
  }
}

static bool number_of(baro_view text, unsigned base, uint64_t *ret_value) {
  uint64_t value = 0;
  if (text.length == 0 || text.length > 16)
    return false;
  for (size_t i = 0; i < text.length; i++) {
    uint8_t letter = text.data[i];
    unsigned digit = letter >= '0' && letter <= '9'   ? (unsigned)(letter - '0')
                     : letter >= 'A' && letter <= 'F' ? (unsigned)(letter - 'A' + 10)
                     : letter >= 'a' && letter <= 'f' ? (unsigned)(letter - 'a' + 10)
                                                      : base;
    if (digit >= base)
      return false;
    value = value * base + digit;
  }
  *ret_value = value;
  return true;
}

bool baro_parse_inet_line(baro_view line, uint64_t *ret_inode, bool *ret_listening) {
  uint64_t state;
  if (!number_of(field_of(line, 3), 16, &state) || !number_of(field_of(line, 9), 10, ret_inode))
    return false;
  *ret_listening = state == TCP_LISTEN;
  return true;
}

bool baro_parse_unix_line(baro_view line, uint64_t *ret_inode, bool *ret_listening) {
  uint64_t flags;
  if (!number_of(field_of(line, 3), 16, &flags) || !number_of(field_of(line, 6), 10, ret_inode))
    return false;
  *ret_listening = (flags & UNIX_LISTENING_FLAG) != 0;
  return true;
}

static void remember(baro_fd_cache *cache, uint64_t inode, bool listening) {
  if (cache->listening.count >= CACHE_LIMIT)
    baro_map_clear(&cache->listening);
  baro_status status = baro_map_set(&cache->listening, inode, listening);
  (void)status; /* out of memory: it will be asked again */
}

typedef struct table {
  const char *name; /* below /proc/PID/net/ */
  bool (*parse)(baro_view line, uint64_t *ret_inode, bool *ret_listening);
  bool listening_first; /* the first line that does not listen ends what is wanted */
} table;

/* Remembers the lines of one block; false when no more is wanted. */
static bool take_lines(baro_fd_cache *cache, const table *source, baro_view *text,
                       uint64_t wanted) {
  const uint8_t *newline;
  while ((newline = memchr(text->data, '\n', text->length)) != NULL) {
    baro_view line = {.data = text->data, .length = (size_t)(newline - text->data)};
    uint64_t inode;
    bool listening;
    text->data += line.length + 1;
    text->length -= line.length + 1;
    if (!source->parse(line, &inode, &listening))
      continue;
    if (!listening && source->listening_first)
      return false;
    if (listening || inode == wanted)
      remember(cache, inode, listening);
    if (inode == wanted)
      return false;
  }
  return true;
}

static void read_table(baro_fd_cache *cache, const table *source, uint64_t wanted) {
  char buffer[4096];
  size_t kept = 0; /* bytes of a line whose end has not come yet */
  size_t total = 0;
  int fd = -1;
  if (baro_proc_open(cache->pid, 0, source->name, &fd, NULL) != BARO_OK)
    return;
  for (bool more = true; more && total < TABLE_LIMIT_BYTES;) {
    /* Some lines a call: the kernel makes only as many as fit, and going on from the last listening
     * socket to the first connected one can mean a walk through its whole hash table. */
    size_t room = sizeof buffer - kept < 512 ? sizeof buffer - kept : 512;
    ssize_t got = read(fd, buffer + kept, room);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      break;
    total += (size_t)got;
    baro_view text = {.data = (uint8_t *)buffer, .length = kept + (size_t)got};
    more = take_lines(cache, source, &text, wanted);
    kept = text.length;
    memmove(buffer, text.data, kept);
    if (kept == sizeof buffer)
      kept = 0; /* no line is that long */
  }
  (void)close(fd);
}

static void ask_tables(baro_fd_cache *cache, const baro_fd_info *info) {
  static const table tcp = {"net/tcp", baro_parse_inet_line, true};
  static const table tcp6 = {"net/tcp6", baro_parse_inet_line, true};
  static const table unix_sockets = {"net/unix", baro_parse_unix_line, false};
  uint64_t now_ns = baro_clock_now_ns();
  if (cache->tables_read_ns != 0 && now_ns - cache->tables_read_ns < TABLE_INTERVAL_NS)
    return;
  cache->tables_read_ns = now_ns;
  if (info->kind == BARO_FD_UNIX_SOCKET) {
    read_table(cache, &unix_sockets, info->inode);
  } else {
    read_table(cache, &tcp, info->inode);
    if (baro_map_find(&cache->listening, info->inode) == NULL)
      read_table(cache, &tcp6, info->inode);
  }
  if (baro_map_find(&cache->listening, info->inode) == NULL)
    remember(cache, info->inode, false);
}

/* --- Netlink: only the listening sockets, without a walk over the connected ones. --- */

/* One message of the answer; false at its end or on an error (then *failed). */
static bool take_message(baro_fd_cache *cache, const struct nlmsghdr *message, bool *failed) {
  struct inet_diag_msg socket_info;
  if (message->nlmsg_type == NLMSG_ERROR)
    *failed = true;
  if (message->nlmsg_type == NLMSG_ERROR || message->nlmsg_type == NLMSG_DONE)
    return false;
  if (message->nlmsg_len < NLMSG_LENGTH(sizeof socket_info))
    return true;
  memcpy(&socket_info, NLMSG_DATA(message), sizeof socket_info);
  if (socket_info.idiag_inode != 0)
    remember(cache, socket_info.idiag_inode, true);
  return true;
}

static bool take_answer(baro_fd_cache *cache, int netlink) {
  union {
    struct nlmsghdr header; /* for its alignment */
    char bytes[16384];
  } buffer;
  bool failed = false;
  for (bool more = true; more && !failed;) {
    ssize_t got = recv(netlink, &buffer, sizeof buffer, 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return false;
    size_t left = (size_t)got;
    const struct nlmsghdr *message = &buffer.header;
    for (; more && NLMSG_OK(message, left); message = NLMSG_NEXT(message, left))
      more = take_message(cache, message, &failed);
  }
  return !failed;
}

static bool ask_family(baro_fd_cache *cache, int netlink, uint8_t family) {
  struct {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
  } query = {
      .header = {.nlmsg_len = sizeof query,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
      .request = {.sdiag_family = family,
                  .sdiag_protocol = IPPROTO_TCP,
                  .idiag_states = 1u << TCP_LISTEN},
  };
  ssize_t sent = send(netlink, &query, sizeof query, 0);
  return sent == (ssize_t)sizeof query && take_answer(cache, netlink);
}

/* False when the kernel does not answer (no inet_diag, another network namespace). */
static bool ask_netlink(baro_fd_cache *cache, uint64_t inode) {
  if (cache->same_network_namespace < 0) {
    uint64_t ours = 0;
    uint64_t theirs = 1;
    bool known = baro_proc_namespace(getpid(), "net", &ours, NULL) == BARO_OK &&
                 baro_proc_namespace(cache->pid, "net", &theirs, NULL) == BARO_OK;
    cache->same_network_namespace = known && ours == theirs;
  }
  if (cache->same_network_namespace != 1)
    return false;
  int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
  if (netlink < 0)
    return false;
  bool answered = ask_family(cache, netlink, AF_INET) && ask_family(cache, netlink, AF_INET6);
  (void)close(netlink);
  if (answered && baro_map_find(&cache->listening, inode) == NULL)
    remember(cache, inode, false);
  return answered;
}

bool baro_fd_cache_is_listening(baro_fd_cache *cache, const baro_fd_info *info) {
  bool can_listen = info->kind == BARO_FD_INET_SOCKET || info->kind == BARO_FD_UNIX_SOCKET;
  if (!can_listen || info->inode == 0)
    return false;
  const uint64_t *known = baro_map_find(&cache->listening, info->inode);
  if (known == NULL) {
    if (info->kind == BARO_FD_UNIX_SOCKET || !ask_netlink(cache, info->inode))
      ask_tables(cache, info);
    known = baro_map_find(&cache->listening, info->inode);
  }
  return known != NULL && *known == 1;
}

#include "capture/sampler/thread_state.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/os_memory.h"
#include "capture/sampler/syscall_table.h"

enum {
  SET_LIMIT = 8,             /* descriptors of a poll that are looked at; more are an event loop */
  OPEN_PATH_BYTES = 4096,    /* PATH_MAX of the kernel */
  REMOTE_PAGE_BYTES = 4096,  /* the smallest page size */
  SELECT_WORDS = 1024 / 64,  /* of one fd_set: FD_SETSIZE bits */
  DESCRIPTOR_RESERVE = 128,  /* left for everything but probes */
  SCHEDSTAT_TEXT_BYTES = 96, /* three 64-bit numbers */
  SYSCALL_TEXT_BYTES = 256   /* nine numbers */
};

const char *baro_wait_reason_words(baro_wait_reason reason) {
  static const char *const words[] = {
#define X(name, text) text,
      BARO_WAIT_REASON_LIST(X)
#undef X
  };
  return reason < BARO_WAIT_REASON_COUNT ? words[reason] : "";
}

_Static_assert((int)OPEN_PATH_BYTES >= (int)REMOTE_PAGE_BYTES, "of_open fills a page at once");

/* --- Classification. --- */

static baro_wait known(baro_state state) {
  return (baro_wait){
      .state = state, .reason = BARO_WAIT_REASON_NONE, .syscall_number = -1, .fd = -1};
}

static baro_wait unknown(baro_wait_reason reason) {
  return (baro_wait){.state = BARO_STATE_UNKNOWN, .reason = reason, .syscall_number = -1, .fd = -1};
}

static baro_wait of_descriptor_kind(baro_fd_kind kind) {
  switch (kind) {
  case BARO_FD_FILE:
  case BARO_FD_DIRECTORY:
  case BARO_FD_BLOCK_DEVICE:
  case BARO_FD_IO_URING: return known(BARO_STATE_DISK);
  case BARO_FD_INET_SOCKET: return known(BARO_STATE_NETWORK);
  case BARO_FD_PIPE:
  case BARO_FD_UNIX_SOCKET:
  case BARO_FD_EVENTFD:
  case BARO_FD_SIGNALFD:
  case BARO_FD_INOTIFY: return known(BARO_STATE_PIPE);
  case BARO_FD_TERMINAL:
  case BARO_FD_EPOLL: return known(BARO_STATE_IDLE);
  case BARO_FD_TIMERFD: return known(BARO_STATE_SLEEP);
  case BARO_FD_PIDFD: return known(BARO_STATE_CHILD);
  case BARO_FD_UNKNOWN:
  case BARO_FD_CHARACTER_DEVICE:
  case BARO_FD_OTHER_SOCKET: return unknown(BARO_WAIT_REASON_DESCRIPTOR);
  }
  return unknown(BARO_WAIT_REASON_DESCRIPTOR);
}

/* readiness: the thread asked whether the descriptor is ready instead of using it. */
static baro_wait of_descriptor(const baro_wait_context *context, uint64_t argument,
                               bool readiness) {
  baro_fd_info info;
  baro_wait wait;
  int32_t fd = (int32_t)(uint32_t)argument; /* the kernel takes the low half, too */
  if (baro_fd_cache_kind(context->fds, fd, &info, NULL) != BARO_OK)
    wait = unknown(BARO_WAIT_REASON_DESCRIPTOR_UNREADABLE);
  else if (readiness && baro_fd_cache_is_listening(context->fds, &info))
    wait = known(BARO_STATE_IDLE); /* accept with a timeout: a server without a customer */
  else
    wait = of_descriptor_kind(info.kind);
  wait.fd = fd;
  return wait;
}

/* The descriptor that is not a file decides: files hardly block while a pipe or socket does. */
static baro_wait of_transfer(const baro_wait_context *context, uint64_t first, uint64_t second) {
  baro_wait wait = of_descriptor(context, first, false);
  return wait.state == BARO_STATE_DISK ? of_descriptor(context, second, false) : wait;
}

/* Several descriptors are an event loop with nothing ready; only pipes are the outputs of a child
 * (subprocess.communicate), which the thread has nothing to do without. */
static baro_wait of_set(const baro_wait_context *context, const int32_t *fds, size_t count) {
  if (count == 0)
    return known(BARO_STATE_SLEEP);
  if (count == 1)
    return of_descriptor(context, (uint64_t)(uint32_t)fds[0], true);
  for (size_t i = 0; i < count; i++) {
    baro_fd_info info;
    if (baro_fd_cache_kind(context->fds, fds[i], &info, NULL) != BARO_OK ||
        info.kind != BARO_FD_PIPE)
      return known(BARO_STATE_IDLE);
  }
  return known(BARO_STATE_PIPE);
}

static baro_wait of_poll(const baro_wait_context *context, uint64_t addr, uint64_t count) {
  struct pollfd entries[SET_LIMIT];
  int32_t fds[SET_LIMIT];
  size_t fd_count = 0;
  count = (uint32_t)count;
  if (count > SET_LIMIT)
    return known(BARO_STATE_IDLE);
  if (count > 0 && baro_memory_read(context->fds->pid, addr, entries,
                                    (size_t)count * sizeof entries[0], NULL) != BARO_OK)
    return unknown(BARO_WAIT_REASON_ARGUMENTS_UNREADABLE);
  for (size_t i = 0; i < count; i++) /* poll ignores negative ones */
    if (entries[i].fd >= 0)
      fds[fd_count++] = entries[i].fd;
  return of_set(context, fds, fd_count);
}

/* Descriptors in any of the sets, at most SET_LIMIT + 1. */
static size_t collect_set(uint64_t sets[3][SELECT_WORDS], size_t words, size_t limit,
                          int32_t fds[SET_LIMIT + 1]) {
  size_t count = 0;
  for (size_t word = 0; word < words; word++) {
    uint64_t bits = sets[0][word] | sets[1][word] | sets[2][word];
    while (bits != 0 && count <= SET_LIMIT) {
      size_t fd = word * 64 + (size_t)__builtin_ctzll(bits);
      if (fd < limit)
        fds[count++] = (int32_t)fd;
      bits &= bits - 1;
    }
  }
  return count;
}

static baro_wait of_select(const baro_wait_context *context, const uint64_t arguments[6]) {
  uint64_t sets[3][SELECT_WORDS] = {{0}};
  int32_t fds[SET_LIMIT + 1];
  baro_range ranges[3];
  size_t range_count = 0;
  size_t limit = (uint32_t)arguments[0];
  if (limit > SELECT_WORDS * 64)
    return known(BARO_STATE_IDLE);
  size_t words = (limit + 63) / 64;
  for (size_t i = 0; i < 3 && limit > 0; i++)
    if (arguments[1 + i] != 0)
      ranges[range_count++] =
          (baro_range){.remote_addr = arguments[1 + i], .local = sets[i], .length = words * 8};
  if (range_count > 0 &&
      baro_memory_read_batch(context->fds->pid, ranges, range_count, NULL, NULL) != BARO_OK)
    return unknown(BARO_WAIT_REASON_ARGUMENTS_UNREADABLE);
  size_t count = collect_set(sets, words, limit, fds);
  return count > SET_LIMIT ? known(BARO_STATE_IDLE) : of_set(context, fds, count);
}

/* The entry that CPython makes on the stack of a waiting thread (struct wait_entry of Python/parking_lot.c) holds the
 * address of what it waits for and, right behind, the semaphore it sleeps on. */
static bool is_held_up(const baro_wait_context *context, uint64_t futex_addr) {
  uint64_t waits_for = 0;
  return context->attachment_addr != 0 && futex_addr % 8 == 0 && futex_addr >= REMOTE_PAGE_BYTES &&
         baro_memory_read_u64(context->fds->pid, futex_addr - 8, &waits_for, NULL) == BARO_OK &&
         waits_for == context->attachment_addr;
}

static baro_wait of_futex(const baro_wait_context *context, uint64_t addr) {
  bool inside = addr >= context->gil_addr && addr - context->gil_addr < context->gil_bytes;
  return known(inside || is_held_up(context, addr) ? BARO_STATE_GIL : BARO_STATE_LOCK);
}

/* Opening a named pipe waits for its other end; anything else that takes time is the disk. */
static baro_wait of_open(const baro_wait_context *context, int32_t directory_fd, uint64_t addr) {
  char path[OPEN_PATH_BYTES];
  pid_t pid = context->fds->pid;
  size_t good = 0;
  /* The end of a page may be the end of what is mapped: what comes is what counts. */
  size_t to_page_end = REMOTE_PAGE_BYTES - (size_t)(addr % REMOTE_PAGE_BYTES);
  baro_range parts[2] = {{.remote_addr = addr, .local = path, .length = to_page_end},
                         {.remote_addr = addr + to_page_end,
                          .local = path + to_page_end,
                          .length = sizeof path - to_page_end}};
  baro_status status = baro_memory_read_batch(pid, parts, parts[1].length > 0 ? 2 : 1, &good, NULL);
  (void)status;
  bool is_pipe = memchr(path, '\0', good) != NULL &&
                 baro_fd_path_kind(pid, directory_fd, path) == BARO_FD_PIPE;
  return known(is_pipe ? BARO_STATE_PIPE : BARO_STATE_DISK);
}

/* Only a clone as of vfork waits for the child; others may wait for memory or locks of the kernel. */
static baro_wait of_clone(const baro_wait_context *context, const baro_syscall_row *row,
                          uint64_t argument) {
  uint64_t flags = argument;
  if (row->second == 1 &&
      baro_memory_read_u64(context->fds->pid, argument, &flags, NULL) != BARO_OK)
    return unknown(BARO_WAIT_REASON_ARGUMENTS_UNREADABLE);
  return (flags & CLONE_VFORK) != 0 ? known(BARO_STATE_CHILD) : unknown(BARO_WAIT_REASON_SYSCALL);
}

/* Any other place would mean another call, whose first part was not seen. */
static baro_wait of_restart(const baro_syscall_info *info, const baro_wait_memory *memory) {
  bool is_same = memory->wait.syscall_number >= 0 && memory->code_addr == info->code_addr &&
                 memory->stack_addr == info->stack_addr;
  return is_same ? memory->wait : unknown(BARO_WAIT_REASON_RESTARTED);
}

static baro_wait of_row(const baro_syscall_row *row, const baro_syscall_info *info,
                        const baro_wait_context *context, const baro_wait_memory *memory) {
  const uint64_t *arguments = info->arguments;
  switch ((baro_wait_class)row->wait_class) {
  case BARO_WAIT_UNLISTED: return unknown(BARO_WAIT_REASON_SYSCALL);
  case BARO_WAIT_STATE: return known((baro_state)row->state);
  case BARO_WAIT_DESCRIPTOR: return of_descriptor(context, arguments[row->first], false);
  case BARO_WAIT_ACCEPT: {
    baro_wait wait = known(BARO_STATE_IDLE);
    wait.fd = (int32_t)(uint32_t)arguments[row->first];
    return wait;
  }
  case BARO_WAIT_TRANSFER:
    return of_transfer(context, arguments[row->first], arguments[row->second]);
  case BARO_WAIT_FUTEX: return of_futex(context, arguments[row->first]);
  case BARO_WAIT_POLL: return of_poll(context, arguments[0], arguments[1]);
  case BARO_WAIT_SELECT: return of_select(context, arguments);
  case BARO_WAIT_OPEN:
    return of_open(context, row->first == 0 ? AT_FDCWD : (int32_t)(uint32_t)arguments[0],
                   arguments[row->first]);
  case BARO_WAIT_CLONE: return of_clone(context, row, arguments[row->first]);
  case BARO_WAIT_FCNTL:
    return arguments[1] == F_SETLKW || arguments[1] == F_OFD_SETLKW
               ? known(BARO_STATE_LOCK)
               : of_descriptor(context, arguments[0], false);
  case BARO_WAIT_RESTART: return of_restart(info, memory);
  case BARO_WAIT_EXIT: return unknown(BARO_WAIT_REASON_EXITING);
  }
  return unknown(BARO_WAIT_REASON_SYSCALL);
}

static baro_wait of_outside(char letter) {
  switch (letter) {
  case 'T':
  case 't': return unknown(BARO_WAIT_REASON_STOPPED);
  case 'Z':
  case 'X': return unknown(BARO_WAIT_REASON_EXITING);
  case 'R': return known(BARO_STATE_CPU); /* the page came meanwhile */
  default: return known(BARO_STATE_DISK); /* page fault: D, or S on a page that a process serves */
  }
}

baro_wait baro_wait_classify(const baro_syscall_info *info, const baro_wait_context *context,
                             char letter, baro_wait_memory *memory) {
  if (context->stopped)
    return unknown(BARO_WAIT_REASON_STOPPED);
  switch (info->kind) {
  case BARO_SYSCALL_RUNNING:
    return known(context->collecting ? BARO_STATE_COLLECTOR : BARO_STATE_CPU);
  case BARO_SYSCALL_OUTSIDE: return of_outside(letter);
  case BARO_SYSCALL_INSIDE: break;
  }
  const baro_syscall_row *row = baro_syscall_row_of(info->number);
  baro_wait wait = of_row(row, info, context, memory);
  if (row->wait_class == BARO_WAIT_RESTART)
    return wait;
  wait.syscall_number = (int32_t)info->number;
  *memory = (baro_wait_memory){
      .wait = wait, .code_addr = info->code_addr, .stack_addr = info->stack_addr};
  return wait;
}

/* --- The probe. --- */

void baro_thread_probe_init(baro_thread_probe *probe, pid_t pid, pid_t tid) {
  *probe = (baro_thread_probe){.pid = pid,
                               .tid = tid,
                               .schedstat_fd = -1,
                               .syscall_fd = -1,
                               .memory.wait = known(BARO_STATE_UNKNOWN)};
}

void baro_thread_probe_release(baro_thread_probe *probe) {
  if (probe == NULL)
    return;
  if (probe->schedstat_fd >= 0)
    (void)close(probe->schedstat_fd);
  if (probe->syscall_fd >= 0)
    (void)close(probe->syscall_fd);
  probe->schedstat_fd = -1;
  probe->syscall_fd = -1;
}

/* Descriptors are given out lowest first, so a high one tells that few are left. */
static bool may_keep(int fd) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return false;
  return limit.rlim_cur == RLIM_INFINITY || (rlim_t)fd + DESCRIPTOR_RESERVE < limit.rlim_cur;
}

static baro_status probe_read(baro_thread_probe *probe, const char *name, int *fd, char *buffer,
                              size_t buffer_bytes, baro_view *ret_text) {
  int opened = *fd;
  if (opened < 0) {
    baro_status status = baro_proc_open(probe->pid, probe->tid, name, &opened, NULL);
    if (status != BARO_OK)
      return status;
  }
  baro_status status = baro_proc_read_kept(opened, buffer, buffer_bytes, ret_text);
  if (*fd < 0 && status == BARO_OK && may_keep(opened))
    *fd = opened;
  else if (*fd < 0)
    (void)close(opened);
  return status;
}

baro_status baro_thread_probe_schedstat(baro_thread_probe *probe, baro_schedstat *ret_schedstat) {
  char buffer[SCHEDSTAT_TEXT_BYTES];
  baro_view text;
  baro_status status =
      probe_read(probe, "schedstat", &probe->schedstat_fd, buffer, sizeof buffer, &text);
  return status == BARO_OK ? baro_parse_schedstat(text, ret_schedstat) : status;
}

static baro_wait wait_of_failure(baro_status status) {
  if (status == BARO_NOT_FOUND)
    return unknown(BARO_WAIT_REASON_NO_SYSCALL_FILE);
  if (status == BARO_LIMIT)
    return unknown(BARO_WAIT_REASON_NO_DESCRIPTORS);
  return unknown(BARO_WAIT_REASON_NO_PERMISSION);
}

baro_status baro_thread_probe_state(baro_thread_probe *probe, const baro_wait_context *context,
                                    baro_wait *ret_wait) {
  char buffer[SYSCALL_TEXT_BYTES];
  baro_view text;
  baro_syscall_info info;
  baro_task_stat stat = {.state = '?'};
  baro_status status =
      probe_read(probe, "syscall", &probe->syscall_fd, buffer, sizeof buffer, &text);
  if (status == BARO_OK)
    status = baro_parse_syscall(text, &info);
  if (status == BARO_OK && info.kind == BARO_SYSCALL_OUTSIDE)
    status = baro_proc_stat(probe->pid, probe->tid, &stat, NULL);
  if (status == BARO_GONE)
    return BARO_GONE;
  *ret_wait = status == BARO_OK ? baro_wait_classify(&info, context, stat.state, &probe->memory)
                                : wait_of_failure(status);
  return BARO_OK;
}

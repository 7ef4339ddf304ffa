#include "base/os_proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* --- Text: a cursor that never leaves its view; the formats are the kernel's (proc(5)). --- */

typedef struct cursor {
  const char *at;
  const char *end;
  bool failed;
} cursor;

static cursor cursor_of(baro_view text) {
  const char *data = (const char *)text.data;
  return (cursor){.at = data, .end = text.length > 0 ? data + text.length : data, .failed = false};
}

static void skip_blanks(cursor *text) {
  while (text->at < text->end && (*text->at == ' ' || *text->at == '\t'))
    text->at++;
}

static int digit_of(char letter, unsigned base) {
  int value = letter >= '0' && letter <= '9'   ? letter - '0'
              : letter >= 'a' && letter <= 'f' ? letter - 'a' + 10
              : letter >= 'A' && letter <= 'F' ? letter - 'A' + 10
                                               : 99;
  return value < (int)base ? value : -1;
}

/* An unsigned number of base 10 or 16 after blanks; fails on none and on more than 64 bits. */
static uint64_t read_number(cursor *text, unsigned base) {
  uint64_t value = 0;
  skip_blanks(text);
  const char *start = text->at;
  while (text->at < text->end && digit_of(*text->at, base) >= 0) {
    uint64_t digit = (uint64_t)digit_of(*text->at, base);
    if (value > (UINT64_MAX - digit) / base) {
      text->failed = true;
      return 0;
    }
    value = value * base + digit;
    text->at++;
  }
  if (text->at == start)
    text->failed = true;
  return text->failed ? 0 : value;
}

static uint64_t read_hex_0x(cursor *text) {
  skip_blanks(text);
  if (text->end - text->at < 2 || text->at[0] != '0' || text->at[1] != 'x') {
    text->failed = true;
    return 0;
  }
  text->at += 2;
  return read_number(text, 16);
}

static int64_t read_signed(cursor *text) {
  skip_blanks(text);
  bool negative = text->at < text->end && *text->at == '-';
  if (negative)
    text->at++;
  uint64_t value = read_number(text, 10);
  if (value > INT64_MAX) {
    text->failed = true;
    return 0;
  }
  return negative ? -(int64_t)value : (int64_t)value;
}

static bool starts_with(const cursor *text, const char *prefix) {
  size_t length = strlen(prefix);
  return (size_t)(text->end - text->at) >= length && memcmp(text->at, prefix, length) == 0;
}

static void skip_fields(cursor *text, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    skip_blanks(text);
    const char *start = text->at;
    while (text->at < text->end && *text->at != ' ' && *text->at != '\n')
      text->at++;
    if (text->at == start)
      text->failed = true;
  }
}

/* --- Parsers. --- */

/* "cpu  USER NICE SYSTEM IDLE IOWAIT IRQ SOFTIRQ STEAL GUEST GUEST_NICE" */
baro_status baro_parse_cpu_times(baro_view view, baro_cpu_times *ret_times) {
  enum { IDLE = 3, IOWAIT = 4, STEAL = 7, COLUMNS = 8, NEEDED = 5 };
  cursor text = cursor_of(view);
  baro_cpu_times times = {0};
  if (!starts_with(&text, "cpu "))
    return BARO_INVALID;
  text.at += strlen("cpu ");
  for (int column = 0; column < COLUMNS; column++) {
    uint64_t ticks = read_number(&text, 10);
    if (text.failed) {
      if (column < NEEDED)
        return BARO_INVALID;
      break;
    }
    if (column == STEAL)
      times.stolen_ticks = ticks;
    else if (column != IDLE && column != IOWAIT)
      times.busy_ticks += ticks;
  }
  *ret_times = times;
  return BARO_OK;
}

baro_status baro_parse_schedstat(baro_view view, baro_schedstat *ret_schedstat) {
  cursor text = cursor_of(view);
  baro_schedstat schedstat = {0};
  schedstat.exec_ns = read_number(&text, 10);
  schedstat.delay_ns = read_number(&text, 10);
  schedstat.slices = read_number(&text, 10);
  if (text.failed)
    return BARO_INVALID;
  *ret_schedstat = schedstat;
  return BARO_OK;
}

/* "running", "NUMBER 0xA1 .. 0xA6 0xSP 0xPC", "-1 0xSP 0xPC". */
baro_status baro_parse_syscall(baro_view view, baro_syscall_info *ret_info) {
  cursor text = cursor_of(view);
  baro_syscall_info info = {.kind = BARO_SYSCALL_RUNNING, .number = -1};
  if (!starts_with(&text, "running")) {
    info.number = read_signed(&text);
    info.kind = info.number < 0 ? BARO_SYSCALL_OUTSIDE : BARO_SYSCALL_INSIDE;
    for (int i = 0; i < 6 && info.kind == BARO_SYSCALL_INSIDE; i++)
      info.arguments[i] = read_hex_0x(&text);
    info.stack_addr = read_hex_0x(&text);
    info.code_addr = read_hex_0x(&text);
  }
  if (text.failed)
    return BARO_INVALID;
  *ret_info = info;
  return BARO_OK;
}

static uint64_t ticks_to_ns(uint64_t ticks) {
  /* Clock ticks of the user interface, 100 Hz on every Linux that CPython runs on; asked anyway. */
  long hz = sysconf(_SC_CLK_TCK);
  uint64_t tick_ns = UINT64_C(1000000000) / (uint64_t)(hz > 0 ? hz : 100);
  return ticks > UINT64_MAX / tick_ns ? UINT64_MAX : ticks * tick_ns;
}

/* The name stands between the first '(' and the last ')': it may itself hold both, and spaces. */
static bool read_stat_name(cursor *text, char comm[BARO_COMM_BYTES]) {
  const char *open = memchr(text->at, '(', (size_t)(text->end - text->at));
  const char *close = memrchr(text->at, ')', (size_t)(text->end - text->at));
  if (open == NULL || close == NULL || close < open)
    return false;
  size_t length = (size_t)(close - open - 1);
  if (length >= BARO_COMM_BYTES)
    length = BARO_COMM_BYTES - 1;
  memcpy(comm, open + 1, length);
  comm[length] = '\0';
  text->at = close + 1;
  return true;
}

baro_status baro_parse_stat(baro_view view, baro_task_stat *ret_stat) {
  cursor text = cursor_of(view);
  baro_task_stat stat = {.processor = -1};
  if (view.length == 0 || !read_stat_name(&text, stat.comm))
    return BARO_INVALID;
  skip_blanks(&text);
  if (text.at == text.end)
    return BARO_INVALID;
  stat.state = *text.at++; /* field 3 of proc(5) */
  stat.parent_pid = (pid_t)read_signed(&text);
  skip_fields(&text, 9); /* 5 pgrp ... 13 cmajflt */
  stat.user_ns = ticks_to_ns(read_number(&text, 10));
  stat.system_ns = ticks_to_ns(read_number(&text, 10));
  skip_fields(&text, 4); /* 16 cutime ... 19 nice */
  stat.thread_count = (uint32_t)read_number(&text, 10);
  skip_fields(&text, 1); /* 21 itrealvalue */
  stat.start_ticks = read_number(&text, 10);
  skip_fields(&text, 1); /* 23 vsize */
  stat.rss_bytes = (uint64_t)read_signed(&text) * (uint64_t)sysconf(_SC_PAGESIZE);
  skip_fields(&text, 14); /* 25 rsslim ... 38 exit_signal */
  if (text.failed)
    return BARO_INVALID;
  int64_t processor = read_signed(&text);
  if (!text.failed && processor <= INT32_MAX)
    stat.processor = (int32_t)processor;
  *ret_stat = stat;
  return BARO_OK;
}

static void read_four(cursor *text, uint32_t values[4]) {
  for (int i = 0; i < 4; i++)
    values[i] = (uint32_t)read_number(text, 10);
}

static void read_namespace_pids(cursor *text, baro_proc_status *status) {
  status->namespace_pid_count = 0;
  while (status->namespace_pid_count < BARO_NAMESPACE_DEPTH) {
    skip_blanks(text);
    if (text->at == text->end)
      return;
    uint64_t pid = read_number(text, 10);
    if (text->failed || pid > INT_MAX)
      return;
    status->namespace_pids[status->namespace_pid_count++] = (pid_t)pid;
  }
}

/* One "Key:\tvalue" line. Keys not named here, and lines of a name with a newline, do nothing. */
static void parse_status_line(cursor *line, baro_proc_status *status) {
  const char *colon = memchr(line->at, ':', (size_t)(line->end - line->at));
  if (colon == NULL)
    return;
  cursor value = {.at = colon + 1, .end = line->end, .failed = false};
  size_t length = (size_t)(colon - line->at);
#define KEY(text) (length == sizeof(text) - 1 && memcmp(line->at, text, sizeof(text) - 1) == 0)
  if (KEY("State")) {
    skip_blanks(&value);
    if (value.at < value.end)
      status->state = *value.at;
  } else if (KEY("Tgid")) {
    status->process_pid = (pid_t)read_signed(&value);
  } else if (KEY("PPid")) {
    status->parent_pid = (pid_t)read_signed(&value);
  } else if (KEY("TracerPid")) {
    status->tracer_pid = (pid_t)read_signed(&value);
  } else if (KEY("Uid")) {
    read_four(&value, status->uids);
  } else if (KEY("Gid")) {
    read_four(&value, status->gids);
  } else if (KEY("NSpid")) {
    read_namespace_pids(&value, status);
  } else if (KEY("CapPrm")) {
    status->capabilities_permitted = read_number(&value, 16);
  } else if (KEY("CapEff")) {
    status->capabilities_effective = read_number(&value, 16);
  } else if (KEY("Seccomp")) {
    status->seccomp_mode = (int32_t)read_number(&value, 10);
  } else if (KEY("Threads")) {
    status->thread_count = (uint32_t)read_number(&value, 10);
  } else if (KEY("VmHWM")) {
    status->rss_peak_bytes = read_number(&value, 10) * 1024;
  } else if (KEY("VmRSS")) {
    status->rss_bytes = read_number(&value, 10) * 1024;
  }
#undef KEY
}

baro_status baro_parse_status(baro_view view, baro_proc_status *ret_status) {
  baro_proc_status status = {.seccomp_mode = -1};
  cursor text = cursor_of(view);
  /* The kernel escapes newlines in Name, so a name cannot forge a line. */
  while (text.at < text.end) {
    const char *newline = memchr(text.at, '\n', (size_t)(text.end - text.at));
    cursor line = {.at = text.at, .end = newline != NULL ? newline : text.end, .failed = false};
    parse_status_line(&line, &status);
    text.at = newline != NULL ? newline + 1 : text.end;
  }
  if (status.process_pid <= 0 || status.state == '\0')
    return BARO_INVALID;
  *ret_status = status;
  return BARO_OK;
}

/* --- Files. --- */

enum { PATH_BYTES = 96 };

static void make_path(char path[PATH_BYTES], pid_t pid, pid_t tid, const char *name) {
  if (tid != 0)
    (void)snprintf(path, PATH_BYTES, "/proc/%d/task/%d/%s", (int)pid, (int)tid, name);
  else
    (void)snprintf(path, PATH_BYTES, "/proc/%d/%s", (int)pid, name);
}

/* Why the open of a file below /proc/PID failed; the same errno has several meanings here. */
static baro_status fail_open(pid_t pid, pid_t tid, const char *path, int errno_value,
                             baro_error *err) {
  if (errno_value == ENOENT || errno_value == ESRCH) {
    char directory[PATH_BYTES];
    struct stat ignored;
    make_path(directory, pid, tid, "");
    if (stat(directory, &ignored) == 0)
      return baro_error_set(err, BARO_NOT_FOUND, "%s: not known to this kernel", path);
    if (tid != 0)
      return baro_error_set(err, BARO_GONE, "thread %d of process %d is gone", (int)tid, (int)pid);
    return baro_error_set(err, BARO_GONE, "process %d is gone", (int)pid);
  }
  if (errno_value == EMFILE || errno_value == ENFILE)
    return baro_error_set(err, BARO_LIMIT, "open %s: out of descriptors", path);
  return baro_error_set_errno(err, errno_value, "open %s", path);
}

baro_status baro_proc_open(pid_t pid, pid_t tid, const char *name, int *ret_fd, baro_error *err) {
  char path[PATH_BYTES];
  make_path(path, pid, tid, name);
  int fd;
  do {
    fd = open(path, O_RDONLY | O_CLOEXEC);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0)
    return fail_open(pid, tid, path, errno, err);
  *ret_fd = fd;
  return BARO_OK;
}

static baro_status status_of_read(int errno_value) {
  return errno_value == ESRCH || errno_value == ENOENT   ? BARO_GONE
         : errno_value == EPERM || errno_value == EACCES ? BARO_NO_PERMISSION
                                                         : BARO_IO;
}

baro_status baro_proc_read_kept(int fd, char *buffer, size_t buffer_bytes, baro_view *ret_text) {
  ssize_t got;
  do {
    got = pread(fd, buffer, buffer_bytes, 0);
  } while (got < 0 && errno == EINTR);
  if (got < 0)
    return status_of_read(errno);
  *ret_text = (baro_view){.data = (const uint8_t *)buffer, .length = (size_t)got};
  return BARO_OK;
}

baro_status baro_proc_read(pid_t pid, pid_t tid, const char *name, char *buffer,
                           size_t buffer_bytes, baro_view *ret_text, baro_error *err) {
  int fd = -1;
  baro_status status = baro_proc_open(pid, tid, name, &fd, err);
  if (status != BARO_OK)
    return status;
  size_t length = 0;
  ssize_t got = 0;
  int errno_value = 0;
  while (length < buffer_bytes) {
    got = read(fd, buffer + length, buffer_bytes - length);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      break;
    length += (size_t)got;
  }
  if (got < 0)
    errno_value = errno;
  (void)close(fd);
  if (got < 0 && status_of_read(errno_value) == BARO_GONE)
    return baro_error_set(err, BARO_GONE, "process %d is gone", (int)pid);
  if (got < 0)
    return baro_error_set_errno(err, errno_value, "read /proc/%d/%s", (int)pid, name);
  *ret_text = (baro_view){.data = (const uint8_t *)buffer, .length = length};
  return BARO_OK;
}

bool baro_proc_has_schedstat(void) {
  char buffer[96];
  baro_view text;
  baro_schedstat schedstat;
  if (baro_proc_read(getpid(), 0, "schedstat", buffer, sizeof buffer, &text, NULL) != BARO_OK)
    return false;
  /* The calling process has run, so 0 slices means that the kernel does not count. */
  return baro_parse_schedstat(text, &schedstat) == BARO_OK && schedstat.slices > 0;
}

/* --- Whole files as values. --- */

baro_status baro_proc_stat(pid_t pid, pid_t tid, baro_task_stat *ret_stat, baro_error *err) {
  char buffer[1024];
  baro_view text;
  baro_status status = baro_proc_read(pid, tid, "stat", buffer, sizeof buffer, &text, err);
  if (status != BARO_OK)
    return status;
  if (baro_parse_stat(text, ret_stat) != BARO_OK)
    return baro_error_set(err, BARO_INVALID, "/proc/%d/stat: unexpected text", (int)pid);
  return BARO_OK;
}

baro_status baro_proc_status_read(pid_t pid, baro_proc_status *ret_status, baro_error *err) {
  char buffer[8192]; /* Mems_allowed grows with the machine, after everything read here */
  baro_view text;
  baro_status status = baro_proc_read(pid, 0, "status", buffer, sizeof buffer, &text, err);
  if (status != BARO_OK)
    return status;
  if (baro_parse_status(text, ret_status) != BARO_OK)
    return baro_error_set(err, BARO_INVALID, "/proc/%d/status: unexpected text", (int)pid);
  return BARO_OK;
}

uint64_t baro_proc_start_ns(uint64_t start_ticks) {
  struct timespec boot;
  struct timespec monotonic;
  (void)clock_gettime(CLOCK_BOOTTIME, &boot);
  (void)clock_gettime(CLOCK_MONOTONIC, &monotonic);
  int64_t suspended_ns = ((int64_t)boot.tv_sec - (int64_t)monotonic.tv_sec) * 1000000000 +
                         (boot.tv_nsec - monotonic.tv_nsec);
  /* Two reads are some ns apart; below a clock tick it is no suspend. */
  if (suspended_ns < 10000000)
    suspended_ns = 0;
  uint64_t since_boot_ns = ticks_to_ns(start_ticks);
  return since_boot_ns > (uint64_t)suspended_ns ? since_boot_ns - (uint64_t)suspended_ns : 0;
}

static baro_status read_name(pid_t pid, pid_t tid, const char *file, char *ret_name,
                             size_t name_bytes, baro_error *err) {
  baro_view text;
  baro_status status = baro_proc_read(pid, tid, file, ret_name, name_bytes - 1, &text, err);
  if (status != BARO_OK)
    return status;
  size_t length = text.length;
  if (length > 0 && ret_name[length - 1] == '\n')
    length--;
  ret_name[length] = '\0';
  return BARO_OK;
}

baro_status baro_proc_comm(pid_t pid, pid_t tid, char ret_comm[BARO_COMM_BYTES], baro_error *err) {
  char comm[BARO_COMM_BYTES];
  baro_status status = read_name(pid, tid, "comm", comm, sizeof comm, err);
  if (status == BARO_OK)
    memcpy(ret_comm, comm, sizeof comm);
  return status;
}

baro_status baro_proc_wait_channel(pid_t pid, pid_t tid, char *ret_name, size_t name_bytes,
                                   baro_error *err) {
  baro_status status = read_name(pid, tid, "wchan", ret_name, name_bytes, err);
  if (status == BARO_OK && strcmp(ret_name, "0") == 0)
    ret_name[0] = '\0';
  return status;
}

baro_status baro_proc_command_line(pid_t pid, size_t limit_bytes, baro_buffer *text,
                                   baro_error *err) {
  baro_buffer_clear(text);
  if (!baro_buffer_reserve(text, limit_bytes))
    return baro_error_set(err, BARO_NO_MEMORY, "command line of process %d", (int)pid);
  baro_view view;
  baro_status status =
      baro_proc_read(pid, 0, "cmdline", (char *)text->data, limit_bytes, &view, err);
  if (status != BARO_OK)
    return status;
  text->length = view.length;
  while (text->length > 0 && text->data[text->length - 1] == '\0')
    text->length--;
  for (size_t i = 0; i < text->length; i++)
    if (text->data[i] == '\0')
      text->data[i] = ' ';
  return BARO_OK;
}

baro_status baro_proc_link(pid_t pid, const char *name, char *ret_path, size_t path_bytes,
                           baro_error *err) {
  char path[PATH_BYTES];
  make_path(path, pid, 0, name);
  ssize_t length = readlink(path, ret_path, path_bytes - 1);
  if (length < 0)
    return fail_open(pid, 0, path, errno, err);
  ret_path[length] = '\0';
  return BARO_OK;
}

baro_status baro_proc_namespace(pid_t pid, const char *name, uint64_t *ret_inode, baro_error *err) {
  char path[PATH_BYTES];
  char link[PATH_BYTES - 32];
  (void)snprintf(link, sizeof link, "ns/%s", name);
  make_path(path, pid, 0, link);
  struct stat info;
  if (stat(path, &info) != 0)
    return fail_open(pid, 0, path, errno, err);
  *ret_inode = info.st_ino;
  return BARO_OK;
}

baro_cpu_times baro_proc_cpu_times(void) {
  char text[512];
  baro_cpu_times times = {0};
  int fd = open("/proc/stat", O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return times;
  ssize_t length = read(fd, text, sizeof text);
  (void)close(fd);
  if (length > 0 &&
      baro_parse_cpu_times((baro_view){.data = (const uint8_t *)text, .length = (size_t)length},
                           &times) != BARO_OK)
    times = (baro_cpu_times){0};
  return times;
}

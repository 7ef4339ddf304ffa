#include "base/os_maps.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/os_proc.h"

/* --- One line: "START-END rwxp OFFSET MAJOR:MINOR INODE          PATH". --- */

typedef struct line_cursor {
  const char *at;
  const char *end;
  bool failed;
} line_cursor;

/* A number of base 10 or 16, then one separator (anything at the end of the line will do). */
static uint64_t take_number(line_cursor *line, unsigned base, char separator) {
  uint64_t value = 0;
  const char *start = line->at;
  for (; line->at < line->end; line->at++) {
    char letter = *line->at;
    unsigned digit = letter >= '0' && letter <= '9'   ? (unsigned)(letter - '0')
                     : letter >= 'a' && letter <= 'f' ? (unsigned)(letter - 'a' + 10)
                                                      : base;
    if (digit >= base)
      break;
    if (value > (UINT64_MAX - digit) / base)
      line->failed = true;
    value = value * base + digit;
  }
  if (line->at == start)
    line->failed = true;
  if (line->at == line->end)
    return value;
  if (*line->at != separator)
    line->failed = true;
  line->at++;
  return value;
}

static void take_permissions(line_cursor *line, baro_mapping *mapping) {
  if (line->end - line->at < 5 || line->at[4] != ' ') {
    line->failed = true;
    return;
  }
  mapping->readable = line->at[0] == 'r';
  mapping->writable = line->at[1] == 'w';
  mapping->executable = line->at[2] == 'x';
  mapping->shared = line->at[3] == 's';
  line->at += 5;
}

/* The kernel writes a newline in a path as \012 and nothing else as an escape; a path that truly holds
 * those four characters reads the same and cannot be told apart. False when it does not fit. */
static bool unescape(const char *from, const char *end, char *path, size_t path_bytes) {
  size_t length = 0;
  while (from < end) {
    if (length + 1 >= path_bytes)
      return false;
    if (end - from >= 4 && memcmp(from, "\\012", 4) == 0) {
      path[length++] = '\n';
      from += 4;
    } else {
      path[length++] = *from++;
    }
  }
  if (path_bytes == 0)
    return false;
  path[length] = '\0';
  return true;
}

baro_status baro_parse_mapping(baro_view text, char *path, size_t path_bytes,
                               baro_mapping *ret_mapping) {
  static const char deleted[] = " (deleted)";
  if (text.length == 0)
    return BARO_INVALID;
  const char *start = (const char *)text.data;
  line_cursor line = {.at = start, .end = start + text.length, .failed = false};
  baro_mapping mapping = {.path = path};
  mapping.start_addr = take_number(&line, 16, '-');
  mapping.end_addr = take_number(&line, 16, ' ');
  take_permissions(&line, &mapping);
  mapping.file_offset_bytes = take_number(&line, 16, ' ');
  mapping.device_major = (uint32_t)take_number(&line, 16, ':');
  mapping.device_minor = (uint32_t)take_number(&line, 16, ' ');
  mapping.inode = take_number(&line, 10, ' ');
  if (line.failed || mapping.start_addr >= mapping.end_addr)
    return BARO_INVALID;
  while (line.at < line.end && *line.at == ' ')
    line.at++;
  size_t suffix = sizeof deleted - 1;
  if ((size_t)(line.end - line.at) > suffix && memcmp(line.end - suffix, deleted, suffix) == 0) {
    mapping.deleted = true;
    line.end -= suffix;
  }
  if (!unescape(line.at, line.end, path, path_bytes))
    return BARO_INVALID;
  *ret_mapping = mapping;
  return BARO_OK;
}

/* --- The whole file. --- */

/* Reads to the end: the kernel gives some lines a call, always whole ones. */
static baro_status read_all(int fd, pid_t pid, baro_buffer *text, baro_error *err) {
  enum { STEP_BYTES = 65536 };
  for (;;) {
    if (!baro_buffer_reserve(text, STEP_BYTES))
      return baro_error_set(err, BARO_NO_MEMORY, "mappings of process %d", (int)pid);
    ssize_t got = read(fd, text->data + text->length, STEP_BYTES);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0 && errno == ESRCH)
      return baro_error_set(err, BARO_GONE, "process %d is gone", (int)pid);
    if (got < 0)
      return baro_error_set_errno(err, errno, "read /proc/%d/maps", (int)pid);
    if (got == 0)
      return BARO_OK;
    text->length += (size_t)got;
  }
}

static size_t count_lines(const baro_buffer *text) {
  size_t lines = 1; /* a last one without newline */
  for (size_t i = 0; i < text->length; i++)
    lines += text->data[i] == '\n';
  return lines;
}

static baro_status parse_all(const baro_buffer *text, baro_arena *keep, baro_maps *maps) {
  size_t limit = count_lines(text);
  maps->cut = limit > BARO_MAPS_LIMIT;
  if (maps->cut)
    limit = BARO_MAPS_LIMIT;
  baro_mapping *mappings = baro_arena_array(keep, limit, sizeof *mappings);
  if (mappings == NULL)
    return BARO_NO_MEMORY;
  maps->mappings = mappings;
  const char *previous_path = "";
  const uint8_t *at = text->data;
  const uint8_t *end = text->length > 0 ? at + text->length : at;
  while (at < end && maps->count < limit) {
    const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
    baro_view line = {.data = at, .length = (size_t)((newline != NULL ? newline : end) - at)};
    char path[PATH_MAX];
    baro_mapping *mapping = &mappings[maps->count];
    at += line.length + 1;
    if (baro_parse_mapping(line, path, sizeof path, mapping) != BARO_OK)
      continue;
    /* Neighbours mostly map the same file. */
    if (strcmp(path, previous_path) != 0) {
      previous_path = baro_arena_copy(keep, path, strlen(path));
      if (previous_path == NULL)
        return BARO_NO_MEMORY;
    }
    mapping->path = previous_path;
    maps->count++;
  }
  return BARO_OK;
}

baro_status baro_maps_read(pid_t pid, baro_arena *keep, baro_maps *ret_maps, baro_error *err) {
  int fd = -1;
  baro_status status = baro_proc_open(pid, 0, "maps", &fd, err);
  if (status != BARO_OK)
    return status;
  baro_buffer text = {0};
  baro_maps maps = {0};
  status = read_all(fd, pid, &text, err);
  (void)close(fd);
  if (status == BARO_OK && parse_all(&text, keep, &maps) != BARO_OK)
    status = baro_error_set(err, BARO_NO_MEMORY, "mappings of process %d", (int)pid);
  baro_buffer_release(&text);
  if (status == BARO_OK)
    *ret_maps = maps;
  return status;
}

const baro_mapping *baro_maps_find(const baro_maps *maps, uint64_t addr) {
  size_t low = 0;
  size_t high = maps->count;
  while (low < high) { /* first mapping that ends after addr */
    size_t middle = low + (high - low) / 2;
    if (maps->mappings[middle].end_addr > addr)
      high = middle;
    else
      low = middle + 1;
  }
  return low < maps->count && maps->mappings[low].start_addr <= addr ? &maps->mappings[low] : NULL;
}

/* --- Opening the mapped file. --- */

/* Opens without blocking on a FIFO that stands at the path now. */
static bool opens_as_file(const char *path, struct stat *ret_info) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0)
    return false;
  bool is_file = fstat(fd, ret_info) == 0 && S_ISREG(ret_info->st_mode);
  (void)close(fd);
  return is_file;
}

static bool is_same_file(const struct stat *info, const baro_mapping *mapping) {
  return info->st_ino == mapping->inode && major(info->st_dev) == mapping->device_major &&
         minor(info->st_dev) == mapping->device_minor;
}

baro_status baro_maps_open_path(pid_t pid, const baro_mapping *mapping, char *ret_path,
                                size_t path_bytes, baro_error *err) {
  char path[PATH_MAX + 64];
  struct stat info;
  int length = snprintf(path, sizeof path, "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, (int)pid,
                        mapping->start_addr, mapping->end_addr);
  bool found = mapping->inode != 0 && opens_as_file(path, &info);
  if (!found && mapping->path[0] == '/') {
    /* Device and inode are not compared for a file that has its name: overlayfs before 6.8 and btrfs show
     * others in maps than stat does, and a file replaced by an upgrade is marked as deleted. */
    length = snprintf(path, sizeof path, "/proc/%d/root%s", (int)pid, mapping->path);
    found = opens_as_file(path, &info) && (!mapping->deleted || is_same_file(&info, mapping));
  }
  if (!found && mapping->inode != 0) {
    length = snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    found = opens_as_file(path, &info) && is_same_file(&info, mapping);
  }
  if (!found)
    return baro_error_set(err, BARO_NOT_FOUND, "cannot open %s%s mapped by process %d",
                          mapping->path, mapping->deleted ? " (deleted)" : "", (int)pid);
  if (length < 0 || (size_t)length >= path_bytes)
    return baro_error_set(err, BARO_LIMIT, "path of %s is too long", mapping->path);
  memcpy(ret_path, path, (size_t)length + 1);
  return BARO_OK;
}

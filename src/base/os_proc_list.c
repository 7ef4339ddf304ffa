/* The listings of os_proc.h: threads of a process, children, the table of processes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/os_proc.h"

enum { PATH_BYTES = 64 };

/* A process has its id some time before it is in /proc: what creates it may lose its CPU in between. So the table is
 * made anew for a while after the last new id, and now and then without one. */
static const uint64_t SETTLE_NS = 50000000;
static const uint64_t LONGEST_TRUST_NS = 1000000000;

void baro_pid_list_release(baro_pid_list *list) {
  free(list->pids);
  *list = (baro_pid_list){0};
}

static bool list_add(baro_pid_list *list, pid_t pid) {
  if (list->count == list->capacity) {
    size_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;
    pid_t *pids = realloc(list->pids, capacity * sizeof *pids);
    if (pids == NULL)
      return false;
    list->pids = pids;
    list->capacity = capacity;
  }
  list->pids[list->count++] = pid;
  return true;
}

/* A decimal id that is the whole text; 0 for anything else. */
static pid_t pid_of_name(const char *name) {
  int64_t pid = 0;
  for (const char *at = name; *at != '\0'; at++) {
    if (*at < '0' || *at > '9')
      return 0;
    pid = pid * 10 + (*at - '0');
    if (pid > INT_MAX)
      return 0;
  }
  return (pid_t)pid;
}

/* Adds every entry of a directory whose name is a number. */
static baro_status list_directory(const char *path, pid_t pid, baro_pid_list *list,
                                  baro_error *err) {
  DIR *directory = opendir(path);
  list->count = 0;
  if (directory == NULL) {
    if (errno == ENOENT || errno == ESRCH)
      return baro_error_set(err, BARO_GONE, "process %d is gone", (int)pid);
    return baro_error_set_errno(err, errno, "list %s", path);
  }
  baro_status status = BARO_OK;
  errno = 0;
  for (struct dirent *entry; status == BARO_OK && (entry = readdir(directory)) != NULL; errno = 0) {
    pid_t found = pid_of_name(entry->d_name);
    if (found > 0 && !list_add(list, found))
      status = baro_error_set(err, BARO_NO_MEMORY, "list %s", path);
  }
  int errno_value = errno;
  (void)closedir(directory);
  if (status == BARO_OK && errno_value == ENOENT) /* the process ended while it was listed */
    return baro_error_set(err, BARO_GONE, "process %d is gone", (int)pid);
  if (status == BARO_OK && errno_value != 0)
    return baro_error_set_errno(err, errno_value, "list %s", path);
  return status;
}

uint32_t baro_proc_task_count(pid_t pid) {
  char path[PATH_BYTES];
  struct stat info;
  (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
  if (stat(path, &info) != 0 || info.st_nlink < 2)
    return 0;
  return (uint32_t)(info.st_nlink - 2);
}

baro_status baro_proc_list_tasks(pid_t pid, baro_pid_list *list, baro_error *err) {
  char path[PATH_BYTES];
  (void)snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
  baro_status status = list_directory(path, pid, list, err);
  if (status == BARO_OK && list->count == 0)
    return baro_error_set(err, BARO_GONE, "process %d is gone", (int)pid);
  return status;
}

/* --- Children. --- */

/* Numbers separated by blanks, as in the children file. */
static bool add_numbers(baro_view text, baro_pid_list *list) {
  int64_t number = 0;
  for (size_t i = 0; i < text.length; i++) {
    uint8_t letter = text.data[i];
    if (letter >= '0' && letter <= '9') {
      number = number * 10 + (letter - '0');
      if (number > INT_MAX)
        return true; /* not an id: the rest cannot be trusted either */
    } else if (number > 0) {
      if (!list_add(list, (pid_t)number))
        return false;
      number = 0;
    }
  }
  return number == 0 || list_add(list, (pid_t)number);
}

/* By the children files of all threads. NOT_FOUND when the kernel has none (CONFIG_PROC_CHILDREN). */
static baro_status children_by_files(pid_t pid, baro_pid_list *list, baro_error *err) {
  baro_pid_list tasks = {0};
  char buffer[16384]; /* 2,000 children of one thread; more are found once some have ended */
  baro_status status = baro_proc_list_tasks(pid, &tasks, err);
  list->count = 0;
  for (size_t i = 0; i < tasks.count && status == BARO_OK; i++) {
    baro_view text;
    status = baro_proc_read(pid, tasks.pids[i], "children", buffer, sizeof buffer, &text, err);
    if (status == BARO_GONE) { /* this thread ended */
      status = BARO_OK;
      continue;
    }
    if (status == BARO_OK && !add_numbers(text, list))
      status = baro_error_set(err, BARO_NO_MEMORY, "list children of process %d", (int)pid);
  }
  baro_pid_list_release(&tasks);
  return status;
}

baro_status baro_proc_list_children(pid_t pid, baro_pid_list *list, baro_error *err) {
  baro_status status = children_by_files(pid, list, err);
  if (status != BARO_NOT_FOUND)
    return status;
  baro_process_table table = {0};
  status = baro_process_table_update(&table, NULL, err);
  if (status == BARO_OK)
    status = baro_process_table_children(&table, pid, list);
  baro_process_table_release(&table);
  return status;
}

/* --- The table. --- */

void baro_process_table_release(baro_process_table *table) {
  baro_map_release(&table->parents);
  if (table->loadavg_fd > 0)
    (void)close(table->loadavg_fd - 1);
  *table = (baro_process_table){0};
}

/* Last field of /proc/loadavg: the id most recently given out in our pid namespace, threads included. -1
 * when it cannot be read: then every update looks. */
static int64_t last_pid_given(baro_process_table *table) {
  char buffer[128];
  if (table->loadavg_fd == 0)
    table->loadavg_fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC) + 1;
  if (table->loadavg_fd == 0)
    return -1;
  ssize_t length = pread(table->loadavg_fd - 1, buffer, sizeof buffer - 1, 0);
  buffer[length > 0 ? length : 0] = '\0';
  const char *space = strrchr(buffer, ' ');
  return space != NULL ? strtoll(space, NULL, 10) : -1;
}

/* Drops the entries of processes that are not in the listing. */
static baro_status forget_missing(baro_process_table *table, const baro_pid_list *listing) {
  baro_map kept = {0};
  baro_status status = BARO_OK;
  for (size_t i = 0; i < listing->count && status == BARO_OK; i++) {
    uint64_t pid = (uint64_t)listing->pids[i];
    const uint64_t *parent = baro_map_find(&table->parents, pid);
    if (parent != NULL)
      status = baro_map_set(&kept, pid, *parent);
  }
  if (status != BARO_OK) {
    baro_map_release(&kept);
    return status;
  }
  baro_map_release(&table->parents);
  table->parents = kept;
  return BARO_OK;
}

baro_status baro_process_table_update(baro_process_table *table, bool *ret_changed,
                                      baro_error *err) {
  /* Read before the listing: what is created while it is made gives a new number next time. */
  int64_t last_pid = last_pid_given(table);
  uint64_t now_ns = baro_clock_now_ns();
  if (ret_changed != NULL)
    *ret_changed = false;
  if (last_pid <= 0 || last_pid != table->last_pid)
    table->moved_ns = now_ns;
  else if (table->listed_ns >= table->moved_ns + SETTLE_NS &&
           now_ns < table->listed_ns + LONGEST_TRUST_NS)
    return BARO_OK;
  baro_pid_list listing = {0};
  baro_status status = list_directory("/proc", 0, &listing, err);
  if (status == BARO_OK)
    status = forget_missing(table, &listing);
  for (size_t i = 0; i < listing.count && status == BARO_OK; i++) {
    uint64_t pid = (uint64_t)listing.pids[i];
    baro_task_stat stat;
    if (baro_map_find(&table->parents, pid) != NULL)
      continue;
    if (baro_proc_stat(listing.pids[i], 0, &stat, NULL) != BARO_OK)
      continue; /* ended, or hidden */
    status = baro_map_set(&table->parents, pid, (uint64_t)stat.parent_pid);
  }
  baro_pid_list_release(&listing);
  if (status == BARO_NO_MEMORY)
    return baro_error_set(err, status, "table of processes");
  if (status != BARO_OK)
    return status;
  table->last_pid = last_pid;
  table->listed_ns = now_ns;
  if (ret_changed != NULL)
    *ret_changed = true;
  return BARO_OK;
}

baro_status baro_process_table_children(const baro_process_table *table, pid_t pid,
                                        baro_pid_list *list) {
  baro_map_entry entry;
  size_t position = 0;
  list->count = 0;
  while (baro_map_next(&table->parents, &position, &entry)) {
    if (entry.value == (uint64_t)pid && !list_add(list, (pid_t)entry.key))
      return BARO_NO_MEMORY;
  }
  return BARO_OK;
}

#include "base/os_access.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

int32_t baro_access_try_memory(pid_t pid) {
  char wanted = 'x';
  char got = 0;
  bool ourselves = pid == getpid();
  struct iovec local = {.iov_base = &got, .iov_len = 1};
  /* Page 0 is never mapped in a Python process (vm.mmap_min_addr, and nothing asks for it). */
  struct iovec remote = {.iov_base = ourselves ? &wanted : (void *)1, .iov_len = 1};
  ssize_t count = process_vm_readv(pid, &local, 1, &remote, 1, 0);
  if (count >= 0 || errno == EFAULT)
    return 0;
  return errno;
}

int32_t baro_access_try_file(pid_t pid, const char *name) {
  char path[96];
  char byte;
  (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return errno;
  int32_t result = read(fd, &byte, 1) < 0 ? errno : 0;
  (void)close(fd);
  return result;
}

bool baro_access_exists(pid_t pid) {
  return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

int32_t baro_access_owner(pid_t pid, uint32_t *ret_uid) {
  char path[64];
  struct stat info;
  (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
  if (stat(path, &info) != 0)
    return errno;
  *ret_uid = info.st_uid;
  return 0;
}

void baro_access_our_ids(uint32_t *ret_uid, uint32_t *ret_gid) {
  *ret_uid = getuid();
  *ret_gid = getgid();
}

void baro_access_user_name(uint32_t uid, char *ret_name, size_t name_bytes) {
  char text[1024];
  struct passwd entry;
  struct passwd *found = NULL;
  if (getpwuid_r((uid_t)uid, &entry, text, sizeof text, &found) == 0 && found != NULL)
    (void)snprintf(ret_name, name_bytes, "%s", found->pw_name);
  else
    (void)snprintf(ret_name, name_bytes, "%" PRIu32, uid);
}

pid_t baro_access_our_pid(void) {
  return getpid();
}

pid_t baro_access_our_pid_in_proc(void) {
  char link[32];
  ssize_t length = readlink("/proc/self", link, sizeof link - 1);
  if (length <= 0)
    return 0;
  link[length] = '\0';
  return (pid_t)strtol(link, NULL, 10);
}

bool baro_access_read_line(const char *path, char *ret_line, size_t line_bytes) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  ssize_t length = read(fd, ret_line, line_bytes - 1);
  (void)close(fd);
  if (length < 0)
    return false;
  ret_line[length] = '\0';
  ret_line[strcspn(ret_line, "\n")] = '\0';
  return true;
}

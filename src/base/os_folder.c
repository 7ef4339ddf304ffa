#include "base/os_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

baro_status baro_folder_create(const char *parent, const char *prefix, char *ret_path,
                               size_t path_bytes, baro_error *err) {
  int length = snprintf(ret_path, path_bytes, "%s/%sXXXXXX", parent, prefix);
  if (length < 0 || (size_t)length >= path_bytes)
    return baro_error_set(err, BARO_USAGE, "create a folder in %s: path too long", parent);
  if (mkdtemp(ret_path) == NULL)
    return baro_error_set_errno(err, errno, "create a folder in %s", parent);
  return BARO_OK;
}

uint64_t baro_folder_free_bytes(const char *path) {
  struct statvfs info;
  if (access(path, W_OK | X_OK) != 0 || statvfs(path, &info) != 0)
    return 0;
  return (uint64_t)info.f_bavail * info.f_frsize;
}

baro_status baro_folder_open(const char *path, int *ret_folder, baro_error *err) {
  int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0 && (errno == ENOTDIR || errno == ELOOP))
    return baro_error_set(err, BARO_INVALID, "open %s: not a folder", path);
  if (folder < 0)
    return baro_error_set_errno(err, errno, "open %s", path);
  *ret_folder = folder;
  return BARO_OK;
}

uint64_t baro_folder_changed_ns(int folder) {
  struct stat info;
  if (fstat(folder, &info) != 0)
    return 0;
  return (uint64_t)info.st_mtim.tv_sec * UINT64_C(1000000000) + (uint64_t)info.st_mtim.tv_nsec;
}

baro_status baro_folder_list(int folder, baro_status (*visit)(void *context, const char *name),
                             void *context) {
  /* A descriptor of its own: fdopendir takes it, and its position is shared by duplicates. */
  int own = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (own < 0)
    return baro_error_set_errno(NULL, errno, "list");
  DIR *directory = fdopendir(own);
  if (directory == NULL) {
    int errno_value = errno;
    (void)close(own);
    return baro_error_set_errno(NULL, errno_value, "list");
  }
  baro_status status = BARO_OK;
  for (struct dirent *entry; status == BARO_OK && (entry = readdir(directory)) != NULL;)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      status = visit(context, entry->d_name);
  (void)closedir(directory);
  return status;
}

baro_status baro_folder_open_file(int folder, const char *name, bool is_writable, int *ret_file,
                                  uint64_t *ret_bytes) {
  struct stat info;
  /* O_NONBLOCK: opening a fifo must not wait for its other end. */
  int flags = O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (is_writable ? O_RDWR : O_RDONLY);
  int file = openat(folder, name, flags);
  if (file < 0 && (errno == EMFILE || errno == ENFILE))
    return BARO_LIMIT;
  if (file < 0 && (errno == ELOOP || errno == EISDIR || errno == ENXIO))
    return BARO_INVALID;
  if (file < 0)
    return baro_error_set_errno(NULL, errno, "open %s", name);
  if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) {
    (void)close(file);
    return BARO_INVALID;
  }
  *ret_file = file;
  *ret_bytes = (uint64_t)info.st_size;
  return BARO_OK;
}

void baro_folder_remove_file(int folder, const char *name) {
  (void)unlinkat(folder, name, 0);
}

static baro_status remove_entry(void *context, const char *name) {
  baro_folder_remove_file(*(const int *)context, name);
  return BARO_OK;
}

void baro_folder_remove(const char *path) {
  int folder;
  if (baro_folder_open(path, &folder, NULL) != BARO_OK)
    return;
  (void)!baro_folder_list(folder, remove_entry, &folder);
  (void)close(folder);
  (void)rmdir(path);
}

bool baro_file_lock(int file) {
  return flock(file, LOCK_EX | LOCK_NB) == 0;
}

#include "base/os_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

baro_status baro_file_tell_existing(const char *path, baro_error *err) {
  return baro_error_set(
      err, BARO_USAGE, "create %s: file exists; -f replaces it and keeps it as %s.old", path, path);
}

/* What a new file at path does to one that is there. BARO_OK: nothing is there (ret_exists is false), or what is may
 * be moved. */
static baro_status check_existing(const char *path, bool replace, bool *ret_exists,
                                  baro_error *err) {
  struct stat info;
  if (lstat(path, &info) != 0) {
    *ret_exists = false;
    return errno == ENOENT ? BARO_OK : baro_error_set_errno(err, errno, "create %s", path);
  }
  if (!S_ISREG(info.st_mode)) {
    return baro_error_set(err, BARO_USAGE, "create %s: exists and is not a regular file", path);
  }
  if (!replace) {
    return baro_file_tell_existing(path, err);
  }
  *ret_exists = true;
  return BARO_OK;
}

static baro_status create_new(const char *real_path, const char *path, int *ret_file,
                              baro_error *err) {
  /* O_EXCL refuses links as well, so whoever puts one here in between gains nothing. */
  int file = open(real_path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0 && errno == ENOENT) {
    return baro_error_set_errno(err, ENOENT, "create %s, whose folder must be there", path);
  }
  if (file < 0) {
    return baro_error_set_errno(err, errno, "create %s", path);
  }
  *ret_file = file;
  return BARO_OK;
}

baro_status baro_file_stage(const char *path, bool replace, char *ret_staged_path, int *ret_file,
                            baro_error *err) {
  bool exists = false;
  /* Room for the longest of the names: publishing must not be the first to find out. */
  if (strlen(path) + sizeof(".new-2147483647") > BARO_STAGED_PATH_BYTES) {
    return baro_error_set(err, BARO_USAGE, "create %s: path too long", path);
  }
  baro_status status = check_existing(path, replace, &exists, err);
  if (status != BARO_OK) {
    return status;
  }
  if (exists) {
    (void)snprintf(ret_staged_path, BARO_STAGED_PATH_BYTES, "%s.new-%d", path, (int)getpid());
  } else {
    (void)snprintf(ret_staged_path, BARO_STAGED_PATH_BYTES, "%s", path);
  }
  if (exists) {
    (void)unlink(ret_staged_path); /* of an earlier process of this number, which was killed */
  }
  return create_new(ret_staged_path, path, ret_file, err);
}

/* Keeps what is at path as old_path, too, where there are links; else it moves there. ret_moved: it did. */
static baro_status keep_old(const char *path, const char *old_path, bool *ret_moved,
                            baro_error *err) {
  *ret_moved = false;
  (void)unlink(old_path); /* links replace nothing */
  if (link(path, old_path) == 0 || errno == ENOENT) {
    return BARO_OK;
  }
  if (rename(path, old_path) != 0) {
    return baro_error_set_errno(err, errno, "rename %s to %s", path, old_path);
  }
  *ret_moved = true;
  return BARO_OK;
}

baro_status baro_file_publish(const char *staged_path, const char *path, baro_error *err) {
  char old_path[BARO_STAGED_PATH_BYTES];
  bool moved;
  if (strcmp(staged_path, path) == 0) {
    return BARO_OK;
  }
  (void)snprintf(old_path, sizeof(old_path), "%s.old", path);
  baro_status status = keep_old(path, old_path, &moved, err);
  if (status == BARO_OK && rename(staged_path, path) != 0) {
    status = baro_error_set_errno(err, errno, "rename %s to %s", staged_path, path);
    if (moved) {
      (void)rename(old_path, path); /* best effort; the first failure is the one to tell */
    } else {
      (void)unlink(old_path);
    }
  }
  return status;
}

baro_status baro_file_create(const char *path, bool replace, int *ret_file, baro_error *err) {
  char staged_path[BARO_STAGED_PATH_BYTES];
  int file;
  baro_status status = baro_file_stage(path, replace, staged_path, &file, err);
  if (status != BARO_OK) {
    return status;
  }
  status = baro_file_publish(staged_path, path, err);
  if (status != BARO_OK) {
    (void)unlink(staged_path);
    (void)close(file);
    return status;
  }
  *ret_file = file;
  return BARO_OK;
}

baro_status baro_file_open(const char *path, int *ret_file, uint64_t *ret_bytes, baro_error *err) {
  /* O_NONBLOCK: opening a fifo must not wait for its other end. */
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (file < 0) {
    return baro_error_set_errno(err, errno, "open %s", path);
  }
  struct stat info;
  if (fstat(file, &info) != 0) {
    baro_status status = baro_error_set_errno(err, errno, "open %s", path);
    (void)close(file);
    return status;
  }
  if (!S_ISREG(info.st_mode)) {
    (void)close(file);
    return baro_error_set(err, BARO_INVALID, "open %s: not a regular file", path);
  }
  *ret_file = file;
  *ret_bytes = (uint64_t)info.st_size;
  return BARO_OK;
}

static bool is_standard_input(const char *path) {
  return strcmp(path, "-") == 0;
}

bool baro_file_is_stream(const char *path) {
  struct stat info;
  return is_standard_input(path) ||
         (stat(path, &info) == 0 && (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode)));
}

baro_status baro_file_open_stream(const char *path, int *ret_file, baro_error *err) {
  int file;
  do {
    file = is_standard_input(path) ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                   : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  } while (file < 0 && errno == EINTR);
  if (file < 0) {
    return baro_error_set_errno(err, errno, "open %s",
                                is_standard_input(path) ? "standard input" : path);
  }
  *ret_file = file;
  return BARO_OK;
}

baro_status baro_file_open_stream_to(const char *path, int *ret_file, baro_error *err) {
  int file;
  do {
    file = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
  } while (file < 0 && errno == EINTR);
  if (file < 0) {
    return baro_error_set_errno(err, errno, "open %s", path);
  }
  *ret_file = file;
  return BARO_OK;
}

/* From where the file stands (offset NULL), or from there. */
static baro_status read_all(int file, const uint64_t *offset, void *data, size_t length,
                            size_t *ret_length, baro_error *err) {
  size_t done = 0;
  while (done < length) {
    char *to = (char *)data + done;
    ssize_t got = offset == NULL ? read(file, to, length - done)
                                 : pread(file, to, length - done, (off_t)(*offset + done));
    if (got == 0) {
      break;
    }
    if (got > 0) {
      done += (size_t)got;
    } else if (errno != EINTR) {
      return baro_error_set_errno(err, errno, "read");
    }
  }
  *ret_length = done;
  return BARO_OK;
}

baro_status baro_file_read_on(int file, void *data, size_t length, size_t *ret_length,
                              baro_error *err) {
  return read_all(file, NULL, data, length, ret_length, err);
}

baro_status baro_file_identify(int file, baro_file_identity *ret_identity, baro_error *err) {
  struct stat info;
  if (fstat(file, &info) != 0) {
    return baro_error_set_errno(err, errno, "stat");
  }
  *ret_identity = (baro_file_identity){
      .device = info.st_dev,
      .inode = info.st_ino,
      .bytes = (uint64_t)info.st_size,
      .modified_ns = (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec,
  };
  return BARO_OK;
}

bool baro_file_is_at(int file, const char *path) {
  struct stat mine, other;
  return fstat(file, &mine) == 0 && S_ISREG(mine.st_mode) && stat(path, &other) == 0 &&
         mine.st_dev == other.st_dev && mine.st_ino == other.st_ino;
}

baro_status baro_file_changed_ns(int file, uint64_t *ret_utc_ns, baro_error *err) {
  struct stat info;
  if (fstat(file, &info) != 0) {
    return baro_error_set_errno(err, errno, "stat");
  }
  *ret_utc_ns = (uint64_t)info.st_ctim.tv_sec * 1000000000 + (uint64_t)info.st_ctim.tv_nsec;
  return BARO_OK;
}

baro_status baro_file_read_at(int file, uint64_t offset, void *data, size_t length,
                              size_t *ret_length, baro_error *err) {
  return read_all(file, &offset, data, length, ret_length, err);
}

/* Where the file stands (offset NULL), or there. */
static baro_status write_all(int file, const uint64_t *offset, baro_view bytes, baro_error *err) {
  size_t done = 0;
  while (done < bytes.length) {
    const uint8_t *from = bytes.data + done;
    size_t left = bytes.length - done;
    ssize_t got = offset == NULL ? write(file, from, left)
                                 : pwrite(file, from, left, (off_t)(*offset + done));
    if (got > 0) {
      done += (size_t)got;
    } else if (got == 0 || errno != EINTR) {
      /* Zero bytes without an error is how some file systems say that they are full. */
      return baro_error_set_errno(err, got == 0 ? ENOSPC : errno, "write");
    }
  }
  return BARO_OK;
}

baro_status baro_file_write_at(int file, uint64_t offset, baro_view bytes, baro_error *err) {
  return write_all(file, &offset, bytes, err);
}

baro_status baro_file_write_on(int file, baro_view bytes, baro_error *err) {
  return write_all(file, NULL, bytes, err);
}

baro_status baro_file_reserve(int file, uint64_t offset, uint64_t length, baro_error *err) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
      (offset > limit.rlim_cur || length > limit.rlim_cur - offset)) {
    return baro_error_set_errno(err, EFBIG, "write");
  }
  while (fallocate(file, FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)length) != 0) {
    /* Only a lack of room is a failure here: whatever else it is, writing will tell. */
    if (errno == ENOSPC || errno == EDQUOT) {
      return baro_error_set_errno(err, errno, "write");
    }
    if (errno != EINTR) {
      return BARO_OK;
    }
  }
  return BARO_OK;
}

baro_status baro_file_truncate(int file, uint64_t length, baro_error *err) {
  while (ftruncate(file, (off_t)length) != 0) {
    if (errno != EINTR) {
      return baro_error_set_errno(err, errno, "truncate");
    }
  }
  return BARO_OK;
}

baro_status baro_file_sync(int file, baro_error *err) {
  while (fsync(file) != 0) {
    /* A pipe-like or read-only file system has nothing to sync. */
    if (errno == EINVAL || errno == EROFS) {
      return BARO_OK;
    }
    if (errno != EINTR) {
      return baro_error_set_errno(err, errno, "sync");
    }
  }
  return BARO_OK;
}

baro_status baro_file_close(int file, baro_error *err) {
  /* After EINTR the descriptor is closed on Linux; trying again could close another's. */
  if (close(file) != 0 && errno != EINTR) {
    return baro_error_set_errno(err, errno, "close");
  }
  return BARO_OK;
}

void baro_file_remove(const char *path) {
  (void)unlink(path);
}

static baro_status read_all_of(int file, const char *path, size_t limit_bytes, baro_buffer *buffer,
                               baro_error *err) {
  enum { STEP_BYTES = 16 * 1024 };
  size_t start = buffer->length;
  for (;;) {
    if (!baro_buffer_reserve(buffer, STEP_BYTES)) {
      buffer->failed = false; /* nothing was dropped yet */
      return baro_error_set(err, BARO_NO_MEMORY, "read %s: out of memory", path);
    }
    ssize_t got = read(file, buffer->data + buffer->length, STEP_BYTES);
    if (got == 0) {
      return BARO_OK;
    }
    if (got > 0) {
      buffer->length += (size_t)got;
    } else if (errno != EINTR) {
      return baro_error_set_errno(err, errno, "read %s", path);
    }
    if (buffer->length - start > limit_bytes) {
      return baro_error_set(err, BARO_LIMIT, "read %s: larger than %zu bytes", path, limit_bytes);
    }
  }
}

baro_status baro_file_read_all(const char *path, size_t limit_bytes, baro_buffer *buffer,
                               baro_error *err) {
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (file < 0) {
    return baro_error_set_errno(err, errno, "open %s", path);
  }
  size_t start = buffer->length;
  baro_status status = read_all_of(file, path, limit_bytes, buffer, err);
  if (status != BARO_OK) {
    buffer->length = start;
  }
  (void)close(file);
  return status;
}

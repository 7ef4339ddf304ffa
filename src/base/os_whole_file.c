#include "base/os_whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os_file.h"

enum { PATH_BYTES = BARO_STAGED_PATH_BYTES, PERMISSION_BITS = 0777, GROUP_BITS = 0070 };

/* The file that comes to be. */
typedef struct place {
  char path[PATH_BYTES]; /* what `to` leads to */
  char part[PATH_BYTES];
  bool exists;
  struct stat old;  /* if it exists */
  struct stat mine; /* the part, as it was created */
} place;

/* Where a link leads. realpath knows nothing of fs.protected_symlinks, so the kernel is asked first. */
static baro_status follow(const char *path, place *ret, baro_error *err) {
  if (stat(path, &ret->old) != 0) {
    return errno == ENOENT
               ? baro_error_set(err, BARO_USAGE,
                                "create %s: it is a link to something that is not there", path)
               : baro_error_set_errno(err, errno, "create %s", path);
  }
  char *real = realpath(path, NULL);
  if (real == NULL) {
    return baro_error_set_errno(err, errno, "create %s", path);
  }
  size_t length = strlen(real);
  if (length < PATH_BYTES) {
    memcpy(ret->path, real, length + 1);
  }
  free(real);
  return length < PATH_BYTES
             ? BARO_OK
             : baro_error_set(err, BARO_USAGE, "create %s: leads to a path too long", path);
}

static baro_status find_place(const char *path, place *ret, baro_error *err) {
  ret->exists = false;
  if (strlen(path) >= PATH_BYTES) {
    return baro_error_set(err, BARO_USAGE, "create %s: path too long", path);
  }
  (void)snprintf(ret->path, PATH_BYTES, "%s", path);
  if (lstat(path, &ret->old) != 0) {
    return errno == ENOENT ? BARO_OK : baro_error_set_errno(err, errno, "create %s", path);
  }
  baro_status status = S_ISLNK(ret->old.st_mode) ? follow(path, ret, err) : BARO_OK;
  if (status == BARO_OK && !S_ISREG(ret->old.st_mode)) {
    status = baro_error_set(err, BARO_USAGE, "create %s: exists and is not a regular file", path);
  }
  ret->exists = true;
  return status;
}

static bool is_same(const struct stat *info, const char *path) {
  struct stat other;
  return stat(path, &other) == 0 && other.st_dev == info->st_dev && other.st_ino == info->st_ino;
}

static baro_status check_inputs(const baro_whole_file *to, const place *at, baro_error *err) {
  char old_path[PATH_BYTES + sizeof(".old")];
  struct stat older;
  (void)snprintf(old_path, sizeof(old_path), "%s.old", at->path);
  bool has_older = at->exists && to->replace && stat(old_path, &older) == 0;
  for (size_t i = 0; i < sizeof(to->inputs) / sizeof(to->inputs[0]); i++) {
    if (to->inputs[i] == NULL) {
      continue;
    }
    if (at->exists && is_same(&at->old, to->inputs[i])) {
      return baro_error_set(err, BARO_USAGE, "create %s: it is what is read; give another name",
                            to->path);
    }
    if (has_older && is_same(&older, to->inputs[i])) {
      return baro_error_set(
          err, BARO_USAGE,
          "create %s: what is there would be kept in place of %s, which is read; give another name",
          to->path, to->inputs[i]);
    }
  }
  return BARO_OK;
}

/* Owner, group and mode of what is replaced. Who may not give a group away does not give its rights to another one. */
static void make_alike(int file, const struct stat *old) {
  bool same_group =
      fchown(file, old->st_uid, old->st_gid) == 0 || fchown(file, (uid_t)-1, old->st_gid) == 0;
  mode_t bits = old->st_mode & PERMISSION_BITS;
  (void)fchmod(file, same_group ? bits : bits & ~(mode_t)GROUP_BITS); /* best effort: else 0600 */
}

static baro_status create_part(const baro_whole_file *to, place *at, int *ret_file,
                               baro_error *err) {
  (void)unlink(at->part); /* of an earlier process of this number, which was killed */
  /* O_EXCL refuses links as well, so whoever puts one here in between gains nothing. */
  int file = open(at->part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file >= 0) {
    if (fstat(file, &at->mine) != 0) {
      (void)close(file);
      (void)unlink(at->part);
      return baro_error_set_errno(err, errno, "create %s", to->path);
    }
    if (at->exists) {
      make_alike(file, &at->old);
    }
    *ret_file = file;
    return BARO_OK;
  }
  if (errno == ENOENT) {
    return baro_error_set_errno(err, ENOENT, "create %s, whose folder must be there", to->path);
  }
  /* Writing into the file that is there would need no folder, and would not be whole if it failed. */
  bool of_folder = at->exists && (errno == EACCES || errno == EPERM || errno == EROFS);
  return baro_error_set_errno(err, errno, "create %s%s", to->path,
                              of_folder ? ", whose folder must let a new file in" : "");
}

static baro_status publish_new(const char *part, const char *path, baro_error *err) {
  struct stat info;
  if (link(part, path) == 0) {
    (void)unlink(part);
    return BARO_OK;
  }
  /* Else a file system without links. */
  if (errno == EEXIST || lstat(path, &info) == 0) {
    return baro_file_tell_existing(path, err);
  }
  return rename(part, path) == 0 ? BARO_OK
                                 : baro_error_set_errno(err, errno, "rename %s to %s", part, path);
}

/* Processes of two containers have the same number: in a folder that both see, another one may have taken the part for its own. */
static baro_status publish(const baro_whole_file *to, const place *at, baro_error *err) {
  if (!is_same(&at->mine, at->part)) {
    return baro_error_set(err, BARO_USAGE, "create %s: another process is writing it", to->path);
  }
  return to->replace ? baro_file_publish(at->part, at->path, err)
                     : publish_new(at->part, at->path, err);
}

static void tell_unfinished(const baro_whole_file *to, const char *part) {
  if (to->unfinished != NULL) {
    to->unfinished(part);
  }
}

/* The part's name is longer than the file's, which may be as long as a name can be: then it begins as that one does. */
static baro_status name_part(const baro_whole_file *to, place *ret, baro_error *err) {
  char suffix[32];
  const char *slash = strrchr(ret->path, '/');
  size_t folder = slash == NULL ? 0 : (size_t)(slash - ret->path) + 1;
  size_t name = strlen(ret->path) - folder;
  int length = snprintf(suffix, sizeof(suffix), ".part-%d", (int)getpid());
  size_t room = NAME_MAX - (size_t)length;
  if (name <= NAME_MAX && name > room) {
    name = room;
  }
  length = snprintf(ret->part, PATH_BYTES, "%.*s%s", (int)(folder + name), ret->path, suffix);
  return length < PATH_BYTES
             ? BARO_OK
             : baro_error_set(err, BARO_USAGE, "create %s: path too long", to->path);
}

static baro_status prepare(const baro_whole_file *to, place *ret, baro_error *err) {
  baro_status status = find_place(to->path, ret, err);
  if (status == BARO_OK) {
    status = check_inputs(to, ret, err);
  }
  if (status == BARO_OK && ret->exists && !to->replace) {
    status = baro_file_tell_existing(ret->path, err);
  }
  return status == BARO_OK ? name_part(to, ret, err) : status;
}

/* What is written, on the disk: a name may get there before the bytes, and after a power cut it would stand for an empty file. The
 * descriptor is another one of the same file, for the writer closes its own. */
static baro_status write_synced(const baro_whole_file *to, baro_whole_file_writer *write,
                                void *context, int take_file, baro_error *err) {
  int file = fcntl(take_file, F_DUPFD_CLOEXEC, 0);
  if (file < 0) {
    int reason = errno;
    (void)close(take_file);
    return baro_error_set_errno(err, reason, "create %s", to->path);
  }
  baro_status status = write(context, take_file, err);
  if (status == BARO_OK) {
    status = baro_file_sync(file, err);
    status = status == BARO_OK ? status : baro_error_prefix(err, status, "%s", to->path);
  }
  (void)close(file); /* an error of writing was the sync's */
  return status;
}

baro_status baro_whole_file_write(const baro_whole_file *to, baro_whole_file_writer *write,
                                  void *context, baro_error *err) {
  place at;
  int file = -1;
  baro_status status = prepare(to, &at, err);
  if (status != BARO_OK) {
    return status;
  }
  tell_unfinished(to, at.part); /* first: a signal may come at any time */
  status = create_part(to, &at, &file, err);
  if (status == BARO_OK) {
    status = write_synced(to, write, context, file, err);
    tell_unfinished(to, NULL);
    if (status == BARO_OK) {
      status = publish(to, &at, err);
    }
    if (status != BARO_OK && is_same(&at.mine, at.part)) {
      (void)unlink(at.part);
    }
  }
  tell_unfinished(to, NULL);
  return status;
}

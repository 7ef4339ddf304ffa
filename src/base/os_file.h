/* Files: the system calls of the recording's writer and readers.
 * Flow: writer -> os_file -> disk -> os_file -> reader.
 * Invariants: descriptors are close-on-exec; a new file has mode 0600 and is never reached through
 * a symbolic link in the last component; reads and writes go to explicit offsets, so that a failed
 * write can be repeated in place. Interrupted calls are continued.
 * Messages name the path where one is given; the others are completed by the caller.
 * Runs anywhere, thread-safe. Does not lock, map or watch files. */
#ifndef BARO_BASE_OS_FILE_H
#define BARO_BASE_OS_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

/* Creates path for writing. With replace, an existing regular file is first renamed to PATH.old
 * (replacing an older one of that name); without, it is BARO_USAGE with words about "-f". Anything
 * else that exists (a link, a device, a folder) is BARO_USAGE and stays as it is. */
baro_status baro_file_create(const char *path, bool replace, int *ret_file,
                             baro_error *err) BARO_MUST_USE;

/* BARO_USAGE with these words. */
baro_status baro_file_tell_existing(const char *path, baro_error *err) BARO_MUST_USE;

/* The same in two steps, for a new file that must not take the place of an old one before it is known to come to
 * something. Stage creates it where it stays out of the way: at path itself if nothing is there, else beside it.
 * Publish brings it to path, and what is there to PATH.old; it changes nothing when it fails, but for an older
 * PATH.old. Where the file system has links, something is at path at any time. ret_staged_path has BARO_STAGED_PATH_BYTES. */
enum { BARO_STAGED_PATH_BYTES = 4096 };
baro_status baro_file_stage(const char *path, bool replace, char *ret_staged_path, int *ret_file,
                            baro_error *err) BARO_MUST_USE;
baro_status baro_file_publish(const char *staged_path, const char *path,
                              baro_error *err) BARO_MUST_USE;

/* Opens a regular file for reading. BARO_INVALID for folders, pipes and devices, without waiting
 * for them. */
baro_status baro_file_open(const char *path, int *ret_file, uint64_t *ret_bytes,
                           baro_error *err) BARO_MUST_USE;

/* Whether path is something whose bytes come once and in order: a pipe, a terminal, another device; "-" is standard input,
 * whatever that is. */
bool baro_file_is_stream(const char *path);
/* Opens it for reading, and waits for the other end of a named pipe. */
baro_status baro_file_open_stream(const char *path, int *ret_file, baro_error *err) BARO_MUST_USE;
/* Opens it for writing, and waits for the reader of a named pipe. Nothing is made where nothing is. */
baro_status baro_file_open_stream_to(const char *path, int *ret_file,
                                     baro_error *err) BARO_MUST_USE;
/* Writes all of bytes where the file stands. On failure an unknown part of them has been written. */
baro_status baro_file_write_on(int file, baro_view bytes, baro_error *err) BARO_MUST_USE;
/* Reads the next length bytes, waiting for them; *ret_length is smaller only at the end. */
baro_status baro_file_read_on(int file, void *data, size_t length, size_t *ret_length,
                              baro_error *err) BARO_MUST_USE;

/* What tells one state of a file from another: equal identities are equal bytes, unless somebody works
 * against it. */
typedef struct baro_file_identity {
  uint64_t device;
  uint64_t inode;
  uint64_t bytes;
  int64_t modified_ns;
} baro_file_identity;

baro_status baro_file_identify(int file, baro_file_identity *ret_identity,
                               baro_error *err) BARO_MUST_USE;

/* Whether the descriptor is one of the regular file that path leads to, by whatever name. False where either is none. */
bool baro_file_is_at(int file, const char *path);

/* When the file's inode changed last, UTC: nobody can set it, unlike the time of modification. */
baro_status baro_file_changed_ns(int file, uint64_t *ret_utc_ns, baro_error *err) BARO_MUST_USE;

/* Reads length bytes at offset; *ret_length is smaller only at the end of the file. */
baro_status baro_file_read_at(int file, uint64_t offset, void *data, size_t length,
                              size_t *ret_length, baro_error *err) BARO_MUST_USE;

/* Writes all of bytes at offset. On failure an unknown part of them has been written. */
baro_status baro_file_write_at(int file, uint64_t offset, baro_view bytes,
                               baro_error *err) BARO_MUST_USE;

/* Takes room on the disk for bytes to come, so that writing them cannot fail for lack of it; the file stays as long as it
 * is. Truncating gives back what was not used. NO_SPACE when there is none, or the file would exceed the limit of its
 * size (ulimit -f). BARO_OK also where the file system knows no such thing. */
baro_status baro_file_reserve(int file, uint64_t offset, uint64_t length,
                              baro_error *err) BARO_MUST_USE;

baro_status baro_file_truncate(int file, uint64_t length, baro_error *err) BARO_MUST_USE;
baro_status baro_file_sync(int file, baro_error *err) BARO_MUST_USE;
/* The descriptor is gone in any case; an error tells of lost data. */
baro_status baro_file_close(int file, baro_error *err) BARO_MUST_USE;

/* Removes a file; best effort, for files that this process has just made. */
void baro_file_remove(const char *path);

/* Appends the whole of path to buffer; works for /proc too. BARO_LIMIT above limit_bytes. On
 * failure the buffer's length is as before. */
baro_status baro_file_read_all(const char *path, size_t limit_bytes, baro_buffer *buffer,
                               baro_error *err) BARO_MUST_USE;

#endif

/* A folder shared with other processes: made private, listed, its files opened without trusting what they are.
 * Flow: recorder makes the spool directory -> the target puts files there -> drain lists and opens them.
 * Invariants: nothing is reached through a link in the last component; what is opened is a regular file; descriptors are
 * close-on-exec. Runs anywhere, thread-safe. Knows nothing of what the files hold. */
#ifndef BARO_BASE_OS_FOLDER_H
#define BARO_BASE_OS_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Creates PARENT/PREFIXxxxxxx with mode 0700; path_bytes is the room of ret_path. */
baro_status baro_folder_create(const char *parent, const char *prefix, char *ret_path,
                               size_t path_bytes, baro_error *err) BARO_MUST_USE;
/* Bytes that may still be written below path, 0 when that cannot be known or nothing may be created there. */
uint64_t baro_folder_free_bytes(const char *path);
/* Removes the folder and the files in it, best effort; folders within are left, and so is the folder then. */
void baro_folder_remove(const char *path);

/* NOT_FOUND, NO_PERMISSION, INVALID when it is no folder. */
baro_status baro_folder_open(const char *path, int *ret_folder, baro_error *err) BARO_MUST_USE;
/* Changes whenever a name comes or goes, at the kernel's coarse clock: twice within 10 ms may look like once. 0 when
 * the folder cannot be asked. */
uint64_t baro_folder_changed_ns(int folder);
/* Calls visit for every name but "." and "..", until it is not OK. */
baro_status baro_folder_list(int folder, baro_status (*visit)(void *context, const char *name),
                             void *context) BARO_MUST_USE;
/* Opens a regular file of the folder, for writing too if is_writable. NOT_FOUND, NO_PERMISSION, LIMIT when there is no
 * descriptor left, INVALID when it is something else. */
baro_status baro_folder_open_file(int folder, const char *name, bool is_writable, int *ret_file,
                                  uint64_t *ret_bytes) BARO_MUST_USE;
void baro_folder_remove_file(int folder, const char *name);

/* True when nobody else holds the file; then this process does until it closes it or ends. */
bool baro_file_lock(int file);

#endif

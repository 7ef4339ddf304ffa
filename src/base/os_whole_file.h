/* Files that are of no use before they are whole: an export, a page, an imported recording.
 * Flow: what writes -> PATH.part-PID beside the place -> the place, when all is written.
 * Invariant: at PATH is at any time what was there, or all of what is new; also after a power cut, for what is new is synced before it
 * has its name (the name is not: it may be lost). A killed process leaves a PATH.part-PID, which nobody takes for the other. What was
 * there is kept as PATH.old; what is new has its permission bits, and its owner as far as this process may give it.
 * A file's name that leaves no room for .part-PID is cut in the part's. Of two processes of one number (two containers) that write one
 * file at once the earlier one fails.
 * A symbolic link stays: what it leads to is the place. So a link of somebody else's in a folder that all may write is followed as far
 * as the kernel follows it (fs.protected_symlinks).
 * Runs anywhere; one file at a time where a signal is to remove it. */
#ifndef BARO_BASE_OS_WHOLE_FILE_H
#define BARO_BASE_OS_WHOLE_FILE_H

#include <stdbool.h>

#include "base/status.h"

typedef struct baro_whole_file {
  const char *path; /* borrowed */
  bool
      replace; /* else BARO_USAGE with words about "-f" where something is, before writing or after it */
  /* Borrowed, what is read meanwhile: neither path nor what it would be kept as may be one of these. Unused ones are NULL. */
  const char *inputs[2];
  /* NULL, or told the part's path before it is made, and NULL when a signal no longer has to remove it. */
  void (*unfinished)(const char *part_path);
} baro_whole_file;

/* Writes at explicit offsets, and closes take_file, also on failure. Messages name no path. */
typedef baro_status baro_whole_file_writer(void *context, int take_file, baro_error *err);

/* Calls write once, with an empty file of mode 0600 (of one that is replaced: its mode). On failure nothing has changed but, at most,
 * an older PATH.old. Anything but a regular file at path is BARO_USAGE. */
baro_status baro_whole_file_write(const baro_whole_file *to, baro_whole_file_writer *write,
                                  void *context, baro_error *err) BARO_MUST_USE;

#endif

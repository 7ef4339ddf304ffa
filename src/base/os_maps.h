/* The memory mappings of a process: /proc/PID/maps as typed values.
 * Flow: /proc -> here -> finding the interpreter. Invariants: paths are the target's choice and may
 * hold anything but NUL (spaces, ')', escapes of newline are undone); a mapping has start < end.
 * A listing is not a snapshot: the target may map and unmap while it is read (each read call of up to
 * a page is consistent in itself).
 * Runs in any thread. Does not open the mapped files. */
#ifndef BARO_BASE_OS_MAPS_H
#define BARO_BASE_OS_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/status.h"

typedef struct baro_mapping {
  uint64_t start_addr; /* remote */
  uint64_t end_addr;   /* first byte after it */
  uint64_t file_offset_bytes;
  uint64_t inode; /* 0: no file behind it */
  uint32_t device_major;
  uint32_t device_minor;
  bool readable, writable, executable, shared;
  bool deleted; /* the file has no name any more; path is its last one */
  const char
      *path; /* "" for none, "[heap]", "[stack]", or absolute in the target's mount namespace */
} baro_mapping;

typedef struct baro_maps {
  const baro_mapping *mappings; /* ascending addresses; in the arena */
  size_t count;
  bool cut; /* more mappings than the limit: the rest is missing */
} baro_maps;

enum { BARO_MAPS_LIMIT = 262144 }; /* mappings read at most; the kernel's default limit is 65,530 */

/* Parses one line without its newline; path (may hold path_bytes with NUL) gets the unescaped path,
 * and mapping.path points to it. INVALID when it is not a maps line. */
baro_status baro_parse_mapping(baro_view line, char *path, size_t path_bytes,
                               baro_mapping *ret_mapping) BARO_MUST_USE;
/* All mappings of pid, strings and array in keep. Lines that do not parse are left out. */
baro_status baro_maps_read(pid_t pid, baro_arena *keep, baro_maps *ret_maps,
                           baro_error *err) BARO_MUST_USE;
/* The mapping that holds addr, or NULL. O(log n). */
const baro_mapping *baro_maps_find(const baro_maps *maps, uint64_t addr);
/* Path by which this process can open the mapped file, whatever the target's mount namespace:
 * /proc/PID/map_files/START-END (also for deleted files; needs CAP_SYS_ADMIN or
 * CAP_CHECKPOINT_RESTORE), else /proc/PID/root + path, else /proc/PID/exe when it is that file.
 * It was a regular file that opens when this looked. NOT_FOUND when none works (a deleted library
 * without those capabilities), LIMIT when path_bytes is too small. */
baro_status baro_maps_open_path(pid_t pid, const baro_mapping *mapping, char *ret_path,
                                size_t path_bytes, baro_error *err) BARO_MUST_USE;

#endif

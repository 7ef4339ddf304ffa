/* Which files make up one log, and in which order.
 * Flow: a path that a person gave -> here -> log_input, one file after the other. It is one of
 * - a file;
 * - a rolling folder of Spark (eventlog_v2_APP): events_N_APP in the order of N, where NAME.compact stands for all up to
 *   its number, and appstatus_APP, which holds nothing but whether the program still runs;
 * - a folder of Databricks: eventlog-YYYY-MM-DD--HH-MM.gz in the order of time, then eventlog.
 * Or it is a pipe, which is open by then, and one file of unknown length.
 * Invariants: the path itself may be a link, as people have them; within a folder no link is followed and nothing but
 * regular files is opened, and no name that stands inside of a log ever is. What is missing between two numbers is told, not
 * guessed. Runs in one thread. Does not look into files. */
#ifndef BARO_IMPORT_LOG_FILES_H
#define BARO_IMPORT_LOG_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "import/log_input.h"
#include "import/log_pipe.h"

/* Where a log is. */
typedef struct baro_log_place {
  const char *path;    /* of a file or a folder; of a pipe what it is called in messages */
  baro_log_pipe *pipe; /* borrowed; NULL: it is none */
} baro_log_place;

/* A folder with more names is refused. */
enum { BARO_LOG_FILES_MAX = 100000 };

typedef enum baro_log_kind {
  BARO_LOG_SINGLE,
  BARO_LOG_ROLLING,
  BARO_LOG_DATED,
} baro_log_kind;

typedef struct baro_log_piece {
  const char *name; /* within the folder; of a single file its path */
  uint64_t number;  /* N of events_N; else 0 */
  uint64_t bytes;   /* of a pipe 0: nobody knows */
  bool is_compact;
} baro_log_piece;

typedef struct baro_log_files {
  baro_arena keep; /* holds what is pointed to */
  baro_log_kind kind;
  const char *path;
  int folder;          /* owned; -1: a single file */
  baro_log_pipe *pipe; /* borrowed; NULL: files */
  baro_log_piece *pieces;
  uint32_t count;      /* at least 1 */
  bool is_in_progress; /* the program runs still, or was killed */
  uint32_t
      replaced; /* files that a compact one stands for, or that are there twice (packed and unpacked) */
  uint32_t unreadable; /* links, folders, files without permission, that have a name of the log */
  uint64_t missing; /* numbers without a file before the last one; compact files begin behind 1 */
  uint64_t first_missing;
} baro_log_files;

/* NOT_FOUND, NO_PERMISSION, INVALID (neither a file nor a folder, or a folder without a log), LIMIT, NO_MEMORY. */
baro_status baro_log_files_open(const char *path, baro_log_files *ret_files,
                                baro_error *err) BARO_MUST_USE;
/* The same of any place. */
baro_status baro_log_files_open_place(const baro_log_place *place, baro_log_files *ret_files,
                                      baro_error *err) BARO_MUST_USE;
void baro_log_files_release(baro_log_files *files);
/* The bytes of a piece. The caller closes *file, which the source borrows: it stays where it is. A pipe has none of its own: -1. */
baro_status baro_log_files_open_source(const baro_log_files *files, uint32_t piece, int *file,
                                       baro_log_source *ret_source, baro_error *err) BARO_MUST_USE;
/* Not of a pipe. The caller closes the file. */
baro_status baro_log_files_open_piece(const baro_log_files *files, uint32_t piece, int *ret_file,
                                      baro_error *err) BARO_MUST_USE;

#endif

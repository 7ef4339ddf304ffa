/* The lines of a log from its first file to its last, and what was wrong with them.
 * Flow: log_files -> log_input -> json_lines -> here -> an importer.
 * What cannot be read in the middle is no failure: what stands before it counts, and a note in the recording says so.
 * One thread; blocks on files only. */
#ifndef BARO_IMPORT_LOG_READING_H
#define BARO_IMPORT_LOG_READING_H

#include "import/json_lines.h"
#include "import/log_files.h"
#include "import/log_input.h"
#include "recording/writer.h"

/* Told how far reading is, every some hundred lines: bytes of the files, packed as they are. all_bytes is 0 where nobody knows:
 * of a pipe. */
typedef struct baro_log_progress {
  void (*show)(void *context, uint64_t done_bytes, uint64_t all_bytes);
  void *context; /* borrowed */
} baro_log_progress;

typedef struct baro_log_reading {
  baro_log_files files;
  baro_json_lines lines;
  baro_log_input *input; /* owned; of the file that is read */
  baro_log_source source;
  int file;            /* owned; -1: none is open */
  uint32_t next_piece; /* of files */
  baro_error ending;   /* of the first file that did not end as it should; "" all did */
  bool is_open;
  const baro_log_progress *progress; /* borrowed; NULL: nobody asks. Set once it is open */
  uint64_t before_bytes;             /* of pieces that were read whole */
} baro_log_reading;

/* The reading must stay where it is. To be closed also where it failed: statuses of baro_log_files_open. */
baro_status baro_log_reading_open(baro_log_reading *reading, const baro_log_place *place,
                                  baro_error *err) BARO_MUST_USE;
void baro_log_reading_close(baro_log_reading *reading);
/* The next line, valid until the one after; its data is NULL behind the last one. Fails where the first file is no log at
 * all, or there is no memory. */
baro_status baro_log_reading_next(baro_log_reading *reading, baro_view *ret_line,
                                  baro_error *err) BARO_MUST_USE;
/* The line that was given last is none of the log's: why, the walk over it knows. */
void baro_log_reading_refuse(baro_log_reading *reading, const baro_json_walk *walk);
/* What was wrong, as notes of the recording. */
void baro_log_reading_note(const baro_log_reading *reading, baro_writer *writer);

/* Why what is read is a part of a run only, for those who take it for the whole (info log_part): reasons are gathered in a text, with
 * baro_import_part between them, and put when all are there; nothing, if there is none. */
void baro_log_reading_part(const baro_log_reading *reading, baro_buffer *out);
void baro_import_part(baro_buffer *out);
void baro_import_put_part(baro_writer *writer, baro_buffer *take_out);

/* A note of an imported recording. */
__attribute__((format(printf, 2, 3))) void baro_import_note(baro_writer *writer, const char *format,
                                                            ...);

/* How often something was found, and what that is: "event has no name: it was left out", "events have no name: they were left out". */
typedef struct baro_import_count {
  uint64_t count;
  const char *one, *many;
} baro_import_count;

/* A note for each that is not 0, in their order. */
void baro_import_note_counts(baro_writer *writer, const baro_import_count *counts, size_t count);

#endif

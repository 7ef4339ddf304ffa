/* Importers: profiles that other tools wrote, as recordings of ours. Each is one row in importers.c and one file.
 * Flow: file or pipe -> baro_import_file (reads, unpacks gzip, sniffs) -> importer -> import_output.h -> recording.
 * The bytes are foreign and may be hostile: importers read within them only, take no more memory than a few times their
 * number, and fail with one line that says where and what was expected. A file is imported whole or not at all.
 * Runs in one thread; blocks on files only. */
#ifndef BARO_IMPORT_IMPORTER_H
#define BARO_IMPORT_IMPORTER_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/status.h"
#include "import/import_output.h"
#include "import/log_reading.h"

/* Unpacked. A file above it is refused: BARO_LIMIT. */
#define BARO_IMPORT_BYTES_MAX ((size_t)2 << 30)

enum { BARO_IMPORT_HEAD_BYTES = 256 << 10 };

typedef struct baro_import_options {
  const char *format; /* name of an importer; NULL: sniffed */
  const char *type;   /* pprof: which of its values; NULL: the file's own default */
  const char *unit;   /* of amounts whose unit the file does not tell; NULL: samples */
  double rate_hz;     /* so many samples are a second; 0: not known */
  bool overwrite;     /* an existing recording is kept as PATH.old */
  const baro_log_progress *progress; /* of logs; NULL: nobody asks */
  /* Told which file is to be removed if the program ends now; NULL: none any more, it is whole or gone. NULL: nobody asks. */
  void (*unfinished)(const char *path);
} baro_import_options;

typedef struct baro_import_log_result {
  const baro_log_progress
      *progress; /* handed in; NULL: nobody asks. Formats that are small need not tell */
  uint64_t tasks;
  uint64_t samples;
  uint32_t slots;
} baro_import_log_result;

typedef struct baro_importer {
  const char *name; /* of --from */
  const char *help; /* one line */
  /* Of a profile, which is one file and read at once. Whether the bytes look like it: may ask for their beginning only, and
   * must not ask much. */
  bool (*sniff)(baro_view bytes);
  baro_status (*read)(baro_view bytes, const baro_import_options *options,
                      baro_import_output *output, baro_error *err);
  /* Or of a log, which may be a folder, packed, and larger than memory (log_files.h). By its first line, or where lines say nothing
   * by its first BARO_IMPORT_HEAD_BYTES, unpacked. */
  bool (*sniff_line)(baro_view line);
  bool (*sniff_head)(baro_view head);
  baro_status (*read_log)(const baro_log_place *place, baro_writer *writer,
                          baro_import_log_result *ret_result, baro_error *err);
  /* What one of its result's `tasks` and `slots` is called; NULL: so. */
  const char *task_word, *slot_word;
} baro_importer;

/* The table, in the order in which they are asked; its end has name NULL. */
extern const baro_importer baro_importers[];

/* NULL when there is none. */
const baro_importer *baro_importer_find(const char *name);
/* The first that takes the bytes of a profile for its own; NULL: none. */
const baro_importer *baro_importer_sniff(baro_view bytes);

/* What was imported, for people. */
typedef struct baro_import_result {
  const baro_importer *importer;
  uint64_t tasks; /* of a log; else 0 */
  uint64_t samples;
  uint32_t threads;
} baro_import_result;

/* Imports bytes, which are unpacked, with a writer that was made for it (baro_writer_options.imported); path stands in
 * messages, and in the recording without its folder. On failure the recording is of no use. */
baro_status baro_import_bytes(const baro_importer *importer, baro_view bytes, const char *path,
                              const baro_import_options *options, baro_writer *writer,
                              baro_import_result *ret_result, baro_error *err) BARO_MUST_USE;

/* Imports the file, or the log's folder, at path (or the pipe that is there; "-": standard input) into a new recording at output_path. On failure there is none, and what was there is there
 * still. Statuses of files, BARO_USAGE (the recording is there, and not to be replaced), BARO_UNSUPPORTED (of no known
 * format), BARO_INVALID (of a known one, but broken), BARO_LIMIT, BARO_NO_MEMORY. */
baro_status baro_import_file(const char *path, const char *output_path,
                             const baro_import_options *options, baro_import_result *ret_result,
                             baro_error *err) BARO_MUST_USE;

#endif

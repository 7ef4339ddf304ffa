/* Where a writer's bytes go: a file, or in tests something that fails on purpose.
 * Invariant: the writer alone decides offsets, so that a failed write can be repeated in place.
 * Used by the writer's thread only. */
#ifndef BARO_RECORDING_OUTPUT_H
#define BARO_RECORDING_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "recording/writer.h"

/* All slots must be set but reserve. Messages name no path: the writer puts its name before them. */
typedef struct baro_output {
  void *context; /* owned by close */
  /* Writes all of bytes at offset; on failure any part of them may have been written. */
  baro_status (*write)(void *context, uint64_t offset, baro_view bytes, baro_error *err);
  /* Takes room for length bytes at offset; truncate gives back what is not used. NULL: cannot. */
  baro_status (*reserve)(void *context, uint64_t offset, uint64_t length, baro_error *err);
  baro_status (*truncate)(void *context, uint64_t length, baro_error *err);
  baro_status (*sync)(void *context, baro_error *err);
  /* Frees context, also on failure. */
  baro_status (*close)(void *context, baro_error *err);
} baro_output;

/* A new file, by the rules of baro_file_create. */
baro_status baro_output_create_file(const char *path, bool replace, baro_output *ret_output,
                                    baro_error *err) BARO_MUST_USE;
/* The same by the rules of baro_file_stage: the caller publishes the file, or removes it. */
baro_status baro_output_stage_file(const char *path, bool replace, char *ret_staged_path,
                                   baro_output *ret_output, baro_error *err) BARO_MUST_USE;

/* Of a file that is open for writing, and empty. */
baro_output baro_output_of_file(int take_file);

/* As baro_writer_create on any output, which is closed by the writer, or here on failure. name
 * stands in messages. */
baro_status baro_writer_create_on(const baro_output *take_output, const char *name,
                                  const baro_writer_options *options, baro_writer **ret_writer,
                                  baro_error *err) BARO_MUST_USE;

#endif

/* Where exporters and reports write: a buffered stream with a sink behind it.
 * Flow: exporter, JSON writer -> output -> sink (file, stream, growing buffer).
 * Invariant: after the first failure everything written is dropped; ask once, at the end, with
 * baro_output_finish. Not thread-safe. */
#ifndef BARO_SHOW_OUTPUT_H
#define BARO_SHOW_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

/* Takes all of data or fails and says why. */
typedef baro_status baro_sink(void *context, const void *data, size_t length, baro_error *err);

typedef struct baro_output {
  baro_sink *sink;
  void *context;  /* the sink's */
  uint64_t bytes; /* given to the sink so far */
  size_t used;
  baro_status status; /* first failure of the sink */
  baro_error error;
  uint8_t room[16 * 1024];
} baro_output;

void baro_output_init(baro_output *output, baro_sink *sink, void *context);
/* Sink of a file of ours that is at offset. */
typedef struct baro_file_sink {
  int file;
  uint64_t offset;
} baro_file_sink;
baro_status baro_sink_file(void *context, const void *data, size_t length, baro_error *err);
/* Sink of a stdio stream: context is the FILE. */
baro_status baro_sink_stream(void *context, const void *data, size_t length, baro_error *err);
/* Sink of a baro_buffer. */
baro_status baro_sink_buffer(void *context, const void *data, size_t length, baro_error *err);

void baro_output_bytes(baro_output *output, const void *data, size_t length);
void baro_output_view(baro_output *output, baro_view text);
void baro_output_text(baro_output *output, const char *text);
void baro_output_char(baro_output *output, char character);
void baro_output_u64(baro_output *output, uint64_t value);

/* Hands on what is buffered. The first failure since init, with its message. */
baro_status baro_output_finish(baro_output *output, baro_error *err) BARO_MUST_USE;

#endif

/* Where exporters and reports write: a buffered stream with a sink behind it.
 * Flow: exporter, JSON writer -> output -> sink (file, stream, growing buffer).
 * Invariant: after the first failure everything written is dropped; ask once, at the end, with
 * baro_stream_finish. Not thread-safe. */
#ifndef BARO_SHOW_STREAM_H
#define BARO_SHOW_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

/* Takes all of data or fails and says why. */
typedef baro_status baro_sink(void *context, const void *data, size_t length, baro_error *err);

typedef struct baro_stream {
  baro_sink *sink;
  void *context;  /* the sink's */
  uint64_t bytes; /* given to the sink so far */
  size_t used;
  baro_status status; /* first failure of the sink */
  baro_error error;
  uint8_t room[16 * 1024];
} baro_stream;

void baro_stream_init(baro_stream *output, baro_sink *sink, void *context);
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

void baro_stream_bytes(baro_stream *output, const void *data, size_t length);
void baro_stream_view(baro_stream *output, baro_view text);
void baro_stream_text(baro_stream *output, const char *text);
void baro_stream_char(baro_stream *output, char character);
void baro_stream_u64(baro_stream *output, uint64_t value);

/* Hands on what is buffered. The first failure since init, with its message. */
baro_status baro_stream_finish(baro_stream *output, baro_error *err) BARO_MUST_USE;

#endif

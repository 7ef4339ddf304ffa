#include "show/stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/os_file.h"

void baro_stream_init(baro_stream *output, baro_sink *sink, void *context) {
  output->sink = sink;
  output->context = context;
  output->bytes = 0;
  output->used = 0;
  output->status = BARO_OK;
}

baro_status baro_sink_file(void *context, const void *data, size_t length, baro_error *err) {
  baro_file_sink *sink = context;
  baro_view bytes = {.data = data, .length = length};
  baro_status status = baro_file_write_at(sink->file, sink->offset, bytes, err);
  if (status == BARO_OK) {
    sink->offset += length;
  }
  return status;
}

baro_status baro_sink_stream(void *context, const void *data, size_t length, baro_error *err) {
  FILE *stream = context;
  if (fwrite(data, 1, length, stream) != length || fflush(stream) != 0) {
    return baro_error_set_errno(err, errno, "write");
  }
  return BARO_OK;
}

baro_status baro_sink_buffer(void *context, const void *data, size_t length, baro_error *err) {
  baro_buffer *buffer = context;
  baro_write_bytes(buffer, data, length);
  return buffer->failed ? baro_error_set(err, BARO_NO_MEMORY, "out of memory") : BARO_OK;
}

static void hand_on(baro_stream *output, const void *data, size_t length) {
  if (output->status == BARO_OK && length != 0) {
    output->status = output->sink(output->context, data, length, &output->error);
    output->bytes += length;
  }
}

void baro_stream_bytes(baro_stream *output, const void *data, size_t length) {
  if (length > sizeof(output->room) - output->used) {
    hand_on(output, output->room, output->used);
    output->used = 0;
  }
  if (length > sizeof(output->room)) {
    hand_on(output, data, length);
  } else if (length != 0) {
    memcpy(output->room + output->used, data, length);
    output->used += length;
  }
}

void baro_stream_view(baro_stream *output, baro_view text) {
  baro_stream_bytes(output, text.data, text.length);
}

void baro_stream_text(baro_stream *output, const char *text) {
  baro_stream_bytes(output, text, strlen(text));
}

void baro_stream_char(baro_stream *output, char character) {
  baro_stream_bytes(output, &character, 1);
}

void baro_stream_u64(baro_stream *output, uint64_t value) {
  char digits[20];
  size_t at = sizeof(digits);
  do {
    digits[--at] = (char)('0' + value % 10);
    value /= 10;
  } while (value != 0);
  baro_stream_bytes(output, digits + at, sizeof(digits) - at);
}

baro_status baro_stream_finish(baro_stream *output, baro_error *err) {
  hand_on(output, output->room, output->used);
  output->used = 0;
  if (output->status != BARO_OK && err != NULL) {
    *err = output->error;
  }
  return output->status;
}

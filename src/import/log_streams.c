/* Logs packed by gzip and zstd: their libraries' streams, with what happens where a file ends early. */
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "import/log_packings.h"

enum { PIECE_BYTES = 256 * 1024 };

/* --- gzip --- */

static baro_status begin_gzip(baro_log_input *input, baro_error *err) {
  z_stream *stream = calloc(1, sizeof(*stream));
  if (stream == NULL || inflateInit2(stream, 15 + 16) != Z_OK) {
    free(stream);
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  input->stream = stream;
  input->stream_hint = 1;
  return BARO_OK;
}

static void release_gzip(baro_log_input *input) {
  if (input->stream != NULL) {
    (void)inflateEnd(input->stream);
    free(input->stream);
  }
}

/* Behind a member: another one, or the end. gzip itself takes zeros there for padding. */
static bool goes_on(baro_log_input *input) {
  size_t there;
  while ((there = baro_log_packed_need(input, 1)) != 0) {
    const uint8_t *at = baro_log_packed_at(input);
    size_t zeros = 0;
    while (zeros < there && at[zeros] == 0) {
      zeros++;
    }
    if (zeros == 0) {
      input->stream_hint = 1;
      return inflateReset(input->stream) == Z_OK;
    }
    baro_log_packed_take(input, zeros);
  }
  return false;
}

static size_t read_gzip(baro_log_input *input, uint8_t *data, size_t room) {
  z_stream *stream = input->stream;
  stream->next_out = data;
  stream->avail_out = room < UINT_MAX ? (uInt)room : UINT_MAX;
  uInt before = stream->avail_out;
  while (stream->avail_out == before) {
    if (input->stream_hint == 0 && !goes_on(input)) {
      return baro_log_input_end(input, BARO_OK, "%s", "");
    }
    size_t there = baro_log_packed_need(input, 1);
    uInt piece = there < PIECE_BYTES ? (uInt)there : PIECE_BYTES;
    stream->next_in = (z_const Bytef *)baro_log_packed_at(input);
    stream->avail_in = piece;
    int code = inflate(stream, Z_NO_FLUSH);
    baro_log_packed_take(input, piece - stream->avail_in);
    if (code == Z_STREAM_END) {
      input->stream_hint = 0;
    } else if (code == Z_BUF_ERROR && there == 0) {
      return baro_log_input_end(input, BARO_TRUNCATED, "its gzip stream ends early");
    } else if (code == Z_MEM_ERROR) {
      return baro_log_input_end(input, BARO_NO_MEMORY, "out of memory");
    } else if (code != Z_OK) {
      /* What came out before the damage is good. */
      (void)baro_log_input_end(input, BARO_INVALID, "broken gzip");
      break;
    }
  }
  return before - stream->avail_out;
}

const baro_log_packing baro_log_gzip = {"gzip",     "\x1f\x8b", 2,           0xff,
                                        begin_gzip, read_gzip,  release_gzip};

/* --- zstd --- */

static baro_status begin_zstd(baro_log_input *input, baro_error *err) {
  ZSTD_DStream *stream = ZSTD_createDStream();
  if (stream == NULL) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  input->stream = stream;
  return BARO_OK;
}

static void release_zstd(baro_log_input *input) {
  (void)ZSTD_freeDStream(input->stream);
}

static size_t end_zstd_error(baro_log_input *input, size_t result) {
  switch ((int)ZSTD_getErrorCode(result)) {
  case ZSTD_error_frameParameter_windowTooLarge:
    return baro_log_input_end(input, BARO_LIMIT, "zstd with a window of more than 128 MiB");
  case ZSTD_error_memory_allocation:
    return baro_log_input_end(input, BARO_NO_MEMORY, "out of memory");
  default:
    return baro_log_input_end(input, BARO_INVALID, "broken zstd: %s", ZSTD_getErrorName(result));
  }
}

/* Fed as much as it asks for, which is a block: when the next one is damaged, this one has been given. */
static size_t read_zstd(baro_log_input *input, uint8_t *data, size_t room) {
  ZSTD_outBuffer out = {.dst = data, .size = room};
  for (;;) {
    size_t wanted = input->stream_hint == 0 ? 1 : input->stream_hint;
    wanted = wanted < PIECE_BYTES ? wanted : PIECE_BYTES;
    size_t there = baro_log_packed_need(input, wanted);
    if (there == 0 && input->stream_hint == 0) {
      return baro_log_input_end(input, BARO_OK, "%s", "");
    }
    ZSTD_inBuffer in = {.src = baro_log_packed_at(input), .size = there < wanted ? there : wanted};
    size_t result = ZSTD_decompressStream(input->stream, &out, &in);
    if (ZSTD_isError(result)) {
      return end_zstd_error(input, result);
    }
    baro_log_packed_take(input, in.pos);
    input->stream_hint = result;
    if (out.pos != 0) {
      return out.pos;
    }
    if (in.pos == 0 && there == 0) {
      return baro_log_input_end(input, BARO_TRUNCATED, "its zstd frame ends early");
    }
  }
}

const baro_log_packing baro_log_zstd = {"zstd",     "\x28\xb5\x2f\xfd", 4,           0xff,
                                        begin_zstd, read_zstd,          release_zstd};
/* A frame to be skipped comes first: sixteen magic numbers. */
const baro_log_packing baro_log_zstd_skippable = {"zstd",     "\x50\x2a\x4d\x18", 4,           0xf0,
                                                  begin_zstd, read_zstd,          release_zstd};

#include "import/gzip_input.h"

#include <limits.h>
#include <zlib.h>

bool baro_is_gzip(baro_view bytes) {
  return bytes.length >= 2 && bytes.data[0] == 0x1f && bytes.data[1] == 0x8b;
}

static baro_status inflate_all(z_stream *stream, baro_view packed, size_t limit_bytes,
                               baro_buffer *plain, baro_error *err) {
  enum { ROOM_BYTES = 256 * 1024 };
  size_t left = packed.length;
  stream->next_in = (z_const Bytef *)packed.data;
  for (;;) {
    size_t piece = left < UINT_MAX ? left : UINT_MAX;
    if (plain->length > limit_bytes) {
      return baro_error_set(err, BARO_LIMIT, "unpacks to more than %zu MiB", limit_bytes >> 20);
    }
    if (!baro_buffer_reserve(plain, ROOM_BYTES)) {
      return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
    }
    stream->avail_in = (uInt)piece;
    stream->next_out = plain->data + plain->length;
    stream->avail_out = ROOM_BYTES;
    int code = inflate(stream, Z_NO_FLUSH);
    left -= piece - stream->avail_in;
    plain->length += ROOM_BYTES - stream->avail_out;
    if (code == Z_STREAM_END && left == 0) {
      return BARO_OK;
    }
    if (code == Z_STREAM_END) { /* one more member */
      code = inflateReset(stream);
    }
    if (code == Z_BUF_ERROR && left == 0) {
      return baro_error_set(err, BARO_TRUNCATED, "its gzip stream ends early");
    }
    if (code != Z_OK) {
      return baro_error_set(err, BARO_INVALID, "broken gzip at byte %zu", packed.length - left);
    }
  }
}

baro_status baro_gunzip(baro_view packed, size_t limit_bytes, baro_buffer *plain, baro_error *err) {
  z_stream stream = {0};
  if (inflateInit2(&stream, 15 + 16) != Z_OK) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  baro_status status = inflate_all(&stream, packed, limit_bytes, plain, err);
  (void)inflateEnd(&stream);
  return status;
}

#include "show/gzip_output.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

struct baro_gzip {
  baro_stream *output; /* borrowed */
  z_stream stream;
  uint8_t room[16 * 1024];
};

enum { WINDOW_BITS_GZIP = 15 + 16, MEMORY_LEVEL = 8 };

baro_status baro_gzip_create(baro_stream *output, baro_gzip **ret_gzip, baro_error *err) {
  baro_gzip *gzip = calloc(1, sizeof(*gzip));
  if (gzip == NULL || deflateInit2(&gzip->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
                                   WINDOW_BITS_GZIP, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
    free(gzip);
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  gzip->output = output;
  *ret_gzip = gzip;
  return BARO_OK;
}

/* deflate cannot fail here: the state is sound and there is always room. */
static void drain(baro_gzip *gzip, int flush) {
  do {
    gzip->stream.next_out = gzip->room;
    gzip->stream.avail_out = sizeof(gzip->room);
    (void)deflate(&gzip->stream, flush);
    baro_stream_bytes(gzip->output, gzip->room, sizeof(gzip->room) - gzip->stream.avail_out);
  } while (gzip->stream.avail_out == 0);
}

void baro_gzip_write(baro_gzip *gzip, baro_view bytes) {
  while (bytes.length != 0) {
    size_t part = bytes.length < UINT_MAX ? bytes.length : UINT_MAX;
    gzip->stream.next_in = (Bytef *)bytes.data; /* zlib does not write to it */
    gzip->stream.avail_in = (uInt)part;
    drain(gzip, Z_NO_FLUSH);
    bytes.data += part;
    bytes.length -= part;
  }
}

void baro_gzip_finish(baro_gzip *take_gzip) {
  drain(take_gzip, Z_FINISH);
  (void)deflateEnd(&take_gzip->stream);
  free(take_gzip);
}

/* Compresses a stream with gzip on its way to an output.
 * Flow: exporter -> here -> output. One deflate state (256 KiB); nothing else is kept. */
#ifndef BARO_SHOW_GZIP_OUTPUT_H
#define BARO_SHOW_GZIP_OUTPUT_H

#include "base/bytes.h"
#include "base/status.h"
#include "show/stream.h"

typedef struct baro_gzip baro_gzip;

baro_status baro_gzip_create(baro_stream *output, baro_gzip **ret_gzip,
                             baro_error *err) BARO_MUST_USE;
void baro_gzip_write(baro_gzip *gzip, baro_view bytes);
/* Ends the stream and frees. */
void baro_gzip_finish(baro_gzip *take_gzip);

#endif

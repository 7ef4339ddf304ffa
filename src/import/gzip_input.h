/* Unpacks gzip, as pprof files are. All members of a file; bounded: what unpacks to more is refused before it is there. */
#ifndef BARO_IMPORT_GZIP_INPUT_H
#define BARO_IMPORT_GZIP_INPUT_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/status.h"

bool baro_is_gzip(baro_view bytes);
/* Appends to plain. BARO_INVALID, BARO_TRUNCATED, BARO_LIMIT above limit_bytes, BARO_NO_MEMORY. */
baro_status baro_gunzip(baro_view packed, size_t limit_bytes, baro_buffer *plain,
                        baro_error *err) BARO_MUST_USE;

#endif

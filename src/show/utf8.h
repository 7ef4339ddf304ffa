/* UTF-8 of foreign names, for formats that must be valid whatever the bytes are. */
#ifndef BARO_SHOW_UTF8_H
#define BARO_SHOW_UTF8_H

#include <stddef.h>

#include "base/bytes.h"

/* Bytes of the well-formed sequence (Unicode 15, table 3-7: no overlong forms, no surrogates) at position,
 * or 0. position must be inside. */
size_t baro_utf8_length(baro_view text, size_t position);

/* Appends text with each byte that is not part of a well-formed sequence replaced by U+FFFD. */
void baro_write_utf8(baro_buffer *buffer, baro_view text);

#endif

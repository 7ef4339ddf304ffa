/* Raw blocks of LZ4, Snappy and LZF, unpacked, and the checksum of LZ4 blocks.
 * Flow: log_blocks (which knows how Java's streams frame them) -> here. The three formats are the same idea, runs of
 * literals and of copies from what was unpacked before, in three ways of writing lengths.
 * Invariants: reads and writes stay within the two pieces given plus BARO_BLOCK_SLACK_BYTES behind each, which callers
 * provide, so that short runs are copied by whole words; every length and distance is compared with what is left first.
 * What unpacks to anything but exactly the given length is false. Allocates nothing; runs anywhere. */
#ifndef BARO_IMPORT_BLOCK_CODECS_H
#define BARO_IMPORT_BLOCK_CODECS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* Readable behind what is packed, writable behind what is unpacked; their content is no matter. */
enum { BARO_BLOCK_SLACK_BYTES = 32 };

bool baro_lz4_unpack(baro_view packed, uint8_t *to, size_t length);
bool baro_lzf_unpack(baro_view packed, uint8_t *to, size_t length);
/* A Snappy block says its own length, in front: false when that is broken. */
bool baro_snappy_length(baro_view packed, uint32_t *ret_length);
bool baro_snappy_unpack(baro_view packed, uint8_t *to, size_t length);

uint32_t baro_xxhash32(baro_view bytes, uint32_t seed);

#endif

/* One chunk: a fixed head and a payload, both with checksums.
 * Flow: writer: raw bytes -> compress -> head; reader: head -> checksum -> decompress -> raw bytes.
 * Invariant: a chunk that baro_chunk_unpack accepts is byte for byte what was sealed (CRC-32 over
 * head and payload), at most BARO_CHUNK_RAW_LIMIT_BYTES large, and exactly one zstd frame.
 * Knows nothing of records. Internal to src/recording; not thread-safe per object. */
#ifndef BARO_RECORDING_CHUNK_H
#define BARO_RECORDING_CHUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"

typedef struct baro_chunk_head {
  uint8_t type;  /* baro_chunk_type, or a newer one */
  uint8_t flags; /* BARO_CHUNK_FLAG_* */
  uint32_t sequence;
  uint32_t stored_bytes;
  uint32_t raw_bytes;
  uint32_t samples;
  uint64_t first_ns; /* earliest and latest sample; both 0 when there are none */
  uint64_t last_ns;
  uint32_t payload_crc;
  uint64_t call_events; /* in it, with those that LOST stands for; not stored */
} baro_chunk_head;

uint32_t baro_crc32(const void *data, size_t length); /* zlib's */

/* Compresses chunks; one context for all of a recording. */
typedef struct baro_chunk_packer baro_chunk_packer;

/* level: zstd's, 0 = ours, by what a chunk holds. NULL when out of memory. */
baro_chunk_packer *baro_chunk_packer_create(int level);
void baro_chunk_packer_destroy(baro_chunk_packer *packer);

/* Appends a whole chunk (head and payload) to out. Of head, type, sequence, samples and times are
 * taken, the rest is filled in. cut: where in raw text ends and samples begin, which cannot get any
 * smaller: zstd begins a block there, so that it judges the two apart; 0 = nowhere. BARO_NO_MEMORY
 * leaves out as it was. */
baro_status baro_chunk_pack(baro_chunk_packer *packer, baro_chunk_head *head, baro_view raw,
                            size_t cut, baro_buffer *out) BARO_MUST_USE;

/* Head from BARO_CHUNK_HEAD_BYTES bytes. BARO_CORRUPT with a message without context. */
baro_status baro_chunk_head_read(const uint8_t *bytes, baro_chunk_head *ret_head,
                                 baro_error *err) BARO_MUST_USE;

/* Checks the payload of head and gives its raw bytes, borrowed from stored or from *buffer (which
 * is reused from chunk to chunk). decompressor: a ZSTD_DCtx. BARO_CORRUPT or BARO_NO_MEMORY. */
baro_status baro_chunk_unpack(void *decompressor, const baro_chunk_head *head, baro_view stored,
                              baro_buffer *buffer, baro_view *ret_raw,
                              baro_error *err) BARO_MUST_USE;

#endif

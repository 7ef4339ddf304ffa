/* What log_input.c shares with the files that unpack: the window of packed bytes, and one row for each packing. */
#ifndef BARO_IMPORT_LOG_PACKINGS_H
#define BARO_IMPORT_LOG_PACKINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "import/log_input.h"

/* A packing. `read` gives bytes, or 0 after baro_log_input_end. */
typedef struct baro_log_packing {
  const char *name;
  const char *magic; /* its first bytes */
  size_t magic_length;
  uint8_t first_mask; /* the bits of the first of them that count */
  baro_status (*begin)(baro_log_input *input, baro_error *err); /* NULL: nothing to do */
  size_t (*read)(baro_log_input *input, uint8_t *data, size_t room);
  void (*release)(baro_log_input *input); /* NULL: nothing to do */
} baro_log_packing;

struct baro_log_input {
  baro_log_source source;
  const baro_log_packing *packing;
  uint64_t source_offset; /* of what is read next */
  bool source_ended;
  bool has_ended;
  baro_error ending;

  uint8_t *packed; /* owned, with BARO_BLOCK_SLACK_BYTES behind its capacity */
  size_t packed_capacity;
  size_t packed_from, packed_to; /* what is read and not consumed */

  uint64_t plain_bytes;
  void *stream;       /* owned by the packing: z_stream, ZSTD_DStream */
  size_t stream_hint; /* bytes that it wants next; 0: it stands between two streams */
  uint8_t *block;     /* owned; what of a block was not given yet, slack behind its capacity */
  size_t block_capacity;
  size_t block_from, block_to;
};

extern const baro_log_packing baro_log_gzip, baro_log_zstd, baro_log_zstd_skippable, baro_log_lz4,
    baro_log_snappy, baro_log_lzf;

/* Sees to it that `length` bytes are there in one piece, if the source has them. How many there are: more, or less at the
 * end of the source. Memory grows as bytes arrive. */
size_t baro_log_packed_need(baro_log_input *input, size_t length);
const uint8_t *baro_log_packed_at(const baro_log_input *input);
void baro_log_packed_take(baro_log_input *input, size_t length);

/* Room for a block of length bytes, at most BARO_LOG_BLOCK_BYTES_MAX; NULL after ending the input. */
uint8_t *baro_log_block_room(baro_log_input *input, size_t length);

/* Ends the input: "byte 12: ..." and the words; when the source failed before, its words instead. Returns 0, which is what
 * read says then. The first end stays. */
size_t baro_log_input_end(baro_log_input *input, baro_status status, const char *format, ...)
    BARO_PRINTF(3, 4);

#endif

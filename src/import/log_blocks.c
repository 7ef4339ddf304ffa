/* Logs packed in the streams of Java's libraries: blocks behind small headers. */
#include <string.h>

#include "import/block_codecs.h"
#include "import/log_packings.h"

/* Unpacks the next block into input->block; false: there is none, or the input was ended. */
typedef bool (*next_block)(baro_log_input *input);

static size_t read_blocks(baro_log_input *input, uint8_t *data, size_t room, next_block next) {
  while (input->block_from == input->block_to) {
    input->block_from = input->block_to = 0;
    if (!next(input)) {
      return baro_log_input_end(input, BARO_OK, "%s", "");
    }
  }
  size_t length = input->block_to - input->block_from;
  length = length < room ? length : room;
  memcpy(data, input->block + input->block_from, length);
  input->block_from += length;
  return length;
}

typedef struct block_header {
  size_t header_bytes;
  uint32_t packed_bytes;
  uint32_t plain_bytes;
  bool is_stored;
} block_header;

static bool check_length(baro_log_input *input, uint32_t length) {
  if (length <= BARO_LOG_BLOCK_BYTES_MAX) {
    return true;
  }
  (void)baro_log_input_end(input, BARO_LIMIT, "a block of %u bytes, when %d are the most", length,
                           BARO_LOG_BLOCK_BYTES_MAX);
  return false;
}

/* The packed bytes behind the header, or none after ending the input. */
static bool whole_block(baro_log_input *input, size_t header_bytes, uint32_t length,
                        baro_view *ret_packed) {
  if (!check_length(input, length)) {
    return false;
  }
  size_t there = baro_log_packed_need(input, header_bytes + length);
  if (there < header_bytes + length) {
    (void)baro_log_input_end(input, BARO_TRUNCATED,
                             "ends early: a block of %u bytes, of which %zu are there", length,
                             there < header_bytes ? 0 : there - header_bytes);
    return false;
  }
  *ret_packed = (baro_view){.data = baro_log_packed_at(input) + header_bytes, .length = length};
  return true;
}

/* All formats store what does not shrink. */
static bool unpack_block(baro_log_input *input, const block_header *header, baro_view packed,
                         bool (*unpack)(baro_view packed, uint8_t *to, size_t length)) {
  uint8_t *block = baro_log_block_room(input, header->plain_bytes);
  if (block == NULL) {
    return false;
  }
  if (header->is_stored && packed.length == header->plain_bytes) {
    memcpy(block, packed.data, packed.length);
  } else if (header->is_stored || !unpack(packed, block, header->plain_bytes)) {
    (void)baro_log_input_end(input, BARO_INVALID, "a block that cannot be unpacked");
    return false;
  }
  return true;
}

static void take_block(baro_log_input *input, const block_header *header) {
  baro_log_packed_take(input, header->header_bytes + header->packed_bytes);
  input->block_to = header->plain_bytes;
}

static bool end_in_header(baro_log_input *input) {
  (void)baro_log_input_end(input, BARO_TRUNCATED, "ends early, in the header of a block");
  return false;
}

static uint32_t big_u32(const uint8_t *at) {
  return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint32_t big_u16(const uint8_t *at) {
  return (uint32_t)at[0] << 8 | at[1];
}

/* --- lz4-java: LZ4BlockOutputStream --- */

static const char lz4_magic[] = "LZ4Block";

enum {
  LZ4_MAGIC_BYTES = 8,
  LZ4_HEADER_BYTES = LZ4_MAGIC_BYTES + 1 + 3 * 4,
  LZ4_STORED = 0x10,
  LZ4_PACKED = 0x20,
  LZ4_MOST_SHRUNK = 255, /* a byte of a length stands for so many */
};

/* Of what is unpacked, cut to 28 bits by java.util.zip.Checksum's user. */
static uint32_t lz4_checksum(baro_view plain) {
  return baro_xxhash32(plain, UINT32_C(0x9747b28c)) & UINT32_C(0x0fffffff);
}

/* What of a header is not what lz4-java writes; NULL: nothing. */
static const char *lz4_fault(const block_header *header, uint8_t method) {
  if (method != LZ4_STORED && method != LZ4_PACKED) {
    return "a block packed by no known method";
  }
  if (header->packed_bytes <= BARO_LOG_BLOCK_BYTES_MAX &&
      header->plain_bytes / LZ4_MOST_SHRUNK > header->packed_bytes) {
    return "a block that claims to unpack to more than it can";
  }
  return NULL;
}

static bool next_lz4_block(baro_log_input *input) {
  for (;;) {
    size_t there = baro_log_packed_need(input, LZ4_HEADER_BYTES);
    if (there == 0 && input->stream_hint == 0) {
      return false;
    }
    const uint8_t *at = baro_log_packed_at(input);
    size_t seen = there < LZ4_MAGIC_BYTES ? there : LZ4_MAGIC_BYTES;
    if (there == 0) {
      (void)baro_log_input_end(input, BARO_TRUNCATED, "ends without lz4-java's mark of the end");
      return false;
    }
    if (memcmp(at, lz4_magic, seen) != 0) {
      (void)baro_log_input_end(input, BARO_INVALID, "no LZ4 block where one should begin");
      return false;
    }
    if (there < LZ4_HEADER_BYTES) {
      return end_in_header(input);
    }
    baro_reader reader = baro_reader_of(at + LZ4_MAGIC_BYTES, LZ4_HEADER_BYTES - LZ4_MAGIC_BYTES);
    uint8_t method = baro_read_u8(&reader) & 0xf0;
    block_header header = {.header_bytes = LZ4_HEADER_BYTES, .is_stored = method == LZ4_STORED};
    header.packed_bytes = baro_read_u32(&reader);
    header.plain_bytes = baro_read_u32(&reader);
    uint32_t checksum = baro_read_u32(&reader);
    const char *fault = lz4_fault(&header, method);
    if (fault != NULL) {
      (void)baro_log_input_end(input, BARO_INVALID, "%s", fault);
      return false;
    }
    baro_view packed;
    if (!check_length(input, header.plain_bytes) ||
        !whole_block(input, LZ4_HEADER_BYTES, header.packed_bytes, &packed)) {
      return false;
    }
    /* An empty block ends a stream; another may follow. */
    input->stream_hint = header.plain_bytes == 0 ? 0 : 1;
    if (header.plain_bytes == 0) {
      take_block(input, &header);
      continue;
    }
    if (!unpack_block(input, &header, packed, baro_lz4_unpack)) {
      return false;
    }
    if (lz4_checksum((baro_view){.data = input->block, .length = header.plain_bytes}) != checksum) {
      (void)baro_log_input_end(input, BARO_INVALID, "a block whose checksum is wrong");
      return false;
    }
    take_block(input, &header);
    return true;
  }
}

static size_t read_lz4(baro_log_input *input, uint8_t *data, size_t room) {
  return read_blocks(input, data, room, next_lz4_block);
}

static baro_status begin_lz4(baro_log_input *input, baro_error *err) {
  (void)err;
  input->stream_hint = 1; /* a stream has begun, and wants its end */
  return BARO_OK;
}

const baro_log_packing baro_log_lz4 = {
    .name = "lz4",
    .magic = lz4_magic,
    .magic_length = LZ4_MAGIC_BYTES,
    .first_mask = 0xff,
    .begin = begin_lz4,
    .read = read_lz4,
};

/* --- snappy-java: SnappyOutputStream. It has no mark of its end. --- */

#define SNAPPY_MAGIC "\x82SNAPPY"

enum { SNAPPY_HEADER_BYTES = 16, SNAPPY_MAGIC_BYTES = 8, SNAPPY_LENGTH_BYTES = 4 };

/* Headers: one in front, and one where another stream was appended. */
static bool skip_snappy_headers(baro_log_input *input) {
  for (;;) {
    size_t there = baro_log_packed_need(input, SNAPPY_HEADER_BYTES);
    size_t seen = there < SNAPPY_MAGIC_BYTES ? there : SNAPPY_MAGIC_BYTES;
    if (there == 0 || memcmp(baro_log_packed_at(input), SNAPPY_MAGIC, seen) != 0) {
      return true;
    }
    if (there < SNAPPY_HEADER_BYTES) {
      return end_in_header(input);
    }
    baro_log_packed_take(input, SNAPPY_HEADER_BYTES);
  }
}

static bool next_snappy_block(baro_log_input *input) {
  if (!skip_snappy_headers(input)) {
    return false;
  }
  size_t there = baro_log_packed_need(input, SNAPPY_LENGTH_BYTES);
  if (there == 0) {
    return false;
  }
  if (there < SNAPPY_LENGTH_BYTES) {
    return end_in_header(input);
  }
  block_header header = {.header_bytes = SNAPPY_LENGTH_BYTES,
                         .packed_bytes = big_u32(baro_log_packed_at(input))};
  baro_view packed;
  if (!whole_block(input, SNAPPY_LENGTH_BYTES, header.packed_bytes, &packed)) {
    return false;
  }
  if (!baro_snappy_length(packed, &header.plain_bytes)) {
    (void)baro_log_input_end(input, BARO_INVALID, "a block that cannot be unpacked");
    return false;
  }
  if (!check_length(input, header.plain_bytes) ||
      !unpack_block(input, &header, packed, baro_snappy_unpack)) {
    return false;
  }
  take_block(input, &header);
  return true;
}

static size_t read_snappy(baro_log_input *input, uint8_t *data, size_t room) {
  return read_blocks(input, data, room, next_snappy_block);
}

const baro_log_packing baro_log_snappy = {
    .name = "snappy",
    .magic = SNAPPY_MAGIC,
    .magic_length = SNAPPY_MAGIC_BYTES,
    .first_mask = 0xff,
    .read = read_snappy,
};

/* --- compress-lzf: LZFOutputStream. Blocks of at most 64 KiB; no mark of its end. --- */

enum { LZF_STORED_HEADER_BYTES = 5, LZF_PACKED_HEADER_BYTES = 7 };

static bool next_lzf_block(baro_log_input *input) {
  size_t there = baro_log_packed_need(input, LZF_PACKED_HEADER_BYTES);
  if (there == 0) {
    return false;
  }
  const uint8_t *at = baro_log_packed_at(input);
  size_t seen = there < 2 ? there : 2;
  if (memcmp(at, "ZV", seen) != 0 || (there > 2 && at[2] > 1)) {
    (void)baro_log_input_end(input, BARO_INVALID, "no LZF block where one should begin");
    return false;
  }
  bool is_stored = there > 2 && at[2] == 0;
  block_header header = {.is_stored = is_stored,
                         .header_bytes =
                             is_stored ? LZF_STORED_HEADER_BYTES : LZF_PACKED_HEADER_BYTES};
  if (there < header.header_bytes) {
    return end_in_header(input);
  }
  header.packed_bytes = big_u16(at + 3);
  header.plain_bytes = is_stored ? header.packed_bytes : big_u16(at + 5);
  baro_view packed;
  if (!whole_block(input, header.header_bytes, header.packed_bytes, &packed) ||
      !unpack_block(input, &header, packed, baro_lzf_unpack)) {
    return false;
  }
  take_block(input, &header);
  return true;
}

static size_t read_lzf(baro_log_input *input, uint8_t *data, size_t room) {
  return read_blocks(input, data, room, next_lzf_block);
}

const baro_log_packing baro_log_lzf = {
    .name = "lzf",
    .magic = "ZV",
    .magic_length = 2,
    .first_mask = 0xff,
    .read = read_lzf,
};

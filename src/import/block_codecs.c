#include "import/block_codecs.h"

#include <string.h>

/* Where a block is read and written. */
typedef struct block_cursor {
  const uint8_t *at;
  const uint8_t *end;
  const uint8_t *start; /* of what is unpacked */
  uint8_t *to;
  const uint8_t *to_end;
} block_cursor;

static block_cursor cursor_of(baro_view packed, uint8_t *to, size_t length) {
  return (block_cursor){.at = packed.data,
                        .end = packed.data + packed.length,
                        .start = to,
                        .to = to,
                        .to_end = to + length};
}

static bool copy_literals(block_cursor *block, size_t length) {
  if (length > (size_t)(block->end - block->at) || length > (size_t)(block->to_end - block->to)) {
    return false;
  }
  /* Most are short: a copy of a constant length is two moves, without a call. */
  if (length <= BARO_BLOCK_SLACK_BYTES) {
    memcpy(block->to, block->at, BARO_BLOCK_SLACK_BYTES);
  } else {
    memcpy(block->to, block->at, length);
  }
  block->to += length;
  block->at += length;
  return true;
}

static bool copy_match(block_cursor *block, size_t distance, size_t length) {
  enum { WORD = 16 };
  if (distance == 0 || distance > (size_t)(block->to - block->start) ||
      length > (size_t)(block->to_end - block->to)) {
    return false;
  }
  uint8_t *to = block->to;
  const uint8_t *from = to - distance;
  block->to += length;
  if (distance < WORD) { /* what is copied is partly what is being written */
    while (to < block->to) {
      *to++ = *from++;
    }
    return true;
  }
  for (; to < block->to; to += WORD, from += WORD) {
    memcpy(to, from, WORD); /* the last one into the slack */
  }
  return true;
}

static bool take_bytes(block_cursor *block, size_t count, size_t *ret_value) {
  if (count > (size_t)(block->end - block->at)) {
    return false;
  }
  size_t value = 0;
  for (size_t i = count; i > 0; i--) {
    value = value << 8 | block->at[i - 1];
  }
  block->at += count;
  *ret_value = value;
  return true;
}

/* --- LZ4 --- */

/* A length that did not fit four bits goes on in bytes, until one is not 255. */
static bool lz4_length(block_cursor *block, size_t *length) {
  if (*length < 15) {
    return true;
  }
  while (block->at < block->end) {
    uint8_t more = *block->at++;
    *length += more;
    if (more != 255) {
      return true;
    }
  }
  return false;
}

bool baro_lz4_unpack(baro_view packed, uint8_t *to, size_t length) {
  enum { SHORTEST_MATCH = 4 };
  block_cursor block = cursor_of(packed, to, length);
  while (block.at < block.end) {
    uint8_t token = *block.at++;
    size_t literals = token >> 4, match = token & 15, distance;
    if (!lz4_length(&block, &literals) || !copy_literals(&block, literals)) {
      return false;
    }
    if (block.at == block.end) { /* the last run has no match */
      return block.to == block.to_end;
    }
    if (!take_bytes(&block, 2, &distance) || !lz4_length(&block, &match) ||
        !copy_match(&block, distance, match + SHORTEST_MATCH)) {
      return false;
    }
  }
  return false;
}

/* --- LZF --- */

bool baro_lzf_unpack(baro_view packed, uint8_t *to, size_t length) {
  block_cursor block = cursor_of(packed, to, length);
  while (block.at < block.end) {
    uint8_t control = *block.at++;
    if (control < 32) {
      if (!copy_literals(&block, (size_t)control + 1)) {
        return false;
      }
      continue;
    }
    size_t match = control >> 5, more = 0, low;
    if ((match == 7 && !take_bytes(&block, 1, &more)) || !take_bytes(&block, 1, &low) ||
        !copy_match(&block, ((size_t)(control & 31) << 8 | low) + 1, match + more + 2)) {
      return false;
    }
  }
  return block.to == block.to_end;
}

/* --- Snappy --- */

bool baro_snappy_length(baro_view packed, uint32_t *ret_length) {
  baro_reader reader = baro_reader_of(packed.data, packed.length);
  *ret_length = baro_read_varint32(&reader);
  return !reader.failed;
}

bool baro_snappy_unpack(baro_view packed, uint8_t *to, size_t length) {
  baro_reader reader = baro_reader_of(packed.data, packed.length);
  if (baro_read_varint32(&reader) != length || reader.failed) {
    return false;
  }
  block_cursor block = cursor_of(packed, to, length);
  block.at = reader.at;
  while (block.at < block.end) {
    uint8_t tag = *block.at++;
    size_t run = (tag >> 2) + (size_t)1, distance;
    unsigned kind = tag & 3;
    if (kind == 0) {
      /* Lengths above 60 stand in one to four bytes of their own. */
      if (run > 60 && !take_bytes(&block, run - 60, &run)) {
        return false;
      }
      if (!copy_literals(&block, tag >> 2 >= 60 ? run + 1 : run)) {
        return false;
      }
      continue;
    }
    if (!take_bytes(&block, kind == 3 ? 4 : kind, &distance)) {
      return false;
    }
    if (kind == 1) {
      distance |= (size_t)(tag >> 5) << 8;
      run = (tag >> 2 & 7) + (size_t)4;
    }
    if (!copy_match(&block, distance, run)) {
      return false;
    }
  }
  return block.to == block.to_end;
}

/* --- xxHash32 --- */

#define XXH_PRIME_1 UINT32_C(2654435761)
#define XXH_PRIME_2 UINT32_C(2246822519)
#define XXH_PRIME_3 UINT32_C(3266489917)
#define XXH_PRIME_4 UINT32_C(668265263)
#define XXH_PRIME_5 UINT32_C(374761393)

static uint32_t rotated(uint32_t value, unsigned bits) {
  return value << bits | value >> (32 - bits);
}

static uint32_t little_u32(const uint8_t *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

uint32_t baro_xxhash32(baro_view bytes, uint32_t seed) {
  const uint8_t *at = bytes.data;
  size_t left = bytes.length;
  uint32_t hash = seed + XXH_PRIME_5;
  if (left >= 16) {
    uint32_t lane[4] = {seed + XXH_PRIME_1 + XXH_PRIME_2, seed + XXH_PRIME_2, seed,
                        seed - XXH_PRIME_1};
    for (; left >= 16; left -= 16) {
      for (int i = 0; i < 4; i++, at += 4) {
        lane[i] = rotated(lane[i] + little_u32(at) * XXH_PRIME_2, 13) * XXH_PRIME_1;
      }
    }
    hash = rotated(lane[0], 1) + rotated(lane[1], 7) + rotated(lane[2], 12) + rotated(lane[3], 18);
  }
  hash += (uint32_t)bytes.length;
  for (; left >= 4; left -= 4, at += 4) {
    hash = rotated(hash + little_u32(at) * XXH_PRIME_3, 17) * XXH_PRIME_4;
  }
  for (; left > 0; left--, at++) {
    hash = rotated(hash + *at * XXH_PRIME_5, 11) * XXH_PRIME_1;
  }
  hash = (hash ^ hash >> 15) * XXH_PRIME_2;
  hash = (hash ^ hash >> 13) * XXH_PRIME_3;
  return hash ^ hash >> 16;
}

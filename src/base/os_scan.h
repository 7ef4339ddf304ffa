/* Where in a piece of text its quotes, backslashes and brackets are, many bytes at a time.
 * Flow: lines of JSON -> here -> json_walk. Bit i of a mask is byte i. All functions read the whole piece: callers see to
 * it that it is readable. Vector instructions where every CPU of the architecture has them (SSE2, as x86-64 does), else
 * words of eight bytes, little-endian; the _portable ones are always there, so that tests compare both. */
#ifndef BARO_BASE_OS_SCAN_H
#define BARO_BASE_OS_SCAN_H

#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { BARO_SCAN_SHORT_BYTES = 16, BARO_SCAN_BYTES = 64 };

typedef struct baro_scan_masks {
  uint64_t quotes;      /* '"' */
  uint64_t backslashes; /* '\\' */
  uint64_t opens;       /* '{' and '[' */
  uint64_t closes;      /* '}' and ']' */
} baro_scan_masks;

static inline uint64_t baro_scan_word(const uint8_t *at) {
  uint64_t word;
  memcpy(&word, at, sizeof(word));
  return word;
}

/* The high bit of every byte of word that is `byte`: exact, no byte disturbs its neighbour. */
static inline uint64_t baro_scan_equal(uint64_t word, uint8_t byte) {
  uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
  uint64_t differs = word ^ UINT64_C(0x0101010101010101) * byte;
  return ~(((differs & low) + low) | differs | low);
}

/* One bit a byte, from the high bits. */
static inline uint64_t baro_scan_gather(uint64_t high_bits) {
  return (high_bits >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

static inline uint32_t baro_scan_string_portable(const uint8_t *at) {
  uint32_t mask = 0;
  for (int i = 0; i < BARO_SCAN_SHORT_BYTES / 8; i++) {
    uint64_t word = baro_scan_word(at + 8 * i);
    uint64_t found = baro_scan_equal(word, '"') | baro_scan_equal(word, '\\');
    mask |= (uint32_t)baro_scan_gather(found) << (8 * i);
  }
  return mask;
}

static inline baro_scan_masks baro_scan_text_portable(const uint8_t *at) {
  baro_scan_masks masks = {0};
  for (int i = 0; i < BARO_SCAN_BYTES / 8; i++) {
    uint64_t word = baro_scan_word(at + 8 * i);
    /* Braces are brackets with this bit set; nothing else becomes one of them by it. */
    uint64_t folded = word | UINT64_C(0x2020202020202020);
    masks.quotes |= baro_scan_gather(baro_scan_equal(word, '"')) << (8 * i);
    masks.backslashes |= baro_scan_gather(baro_scan_equal(word, '\\')) << (8 * i);
    masks.opens |= baro_scan_gather(baro_scan_equal(folded, '{')) << (8 * i);
    masks.closes |= baro_scan_gather(baro_scan_equal(folded, '}')) << (8 * i);
  }
  return masks;
}

#if defined(__SSE2__)

static inline __m128i baro_scan_load(const uint8_t *at) {
  return _mm_loadu_si128((const __m128i *)(const void *)at);
}

static inline uint32_t baro_scan_find(__m128i bytes, char byte) {
  return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte)));
}

/* Quotes and backslashes of BARO_SCAN_SHORT_BYTES. */
static inline uint32_t baro_scan_string(const uint8_t *at) {
  __m128i bytes = baro_scan_load(at);
  __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                               _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
  return (uint32_t)_mm_movemask_epi8(found);
}

/* All masks of BARO_SCAN_BYTES. */
static inline baro_scan_masks baro_scan_text(const uint8_t *at) {
  baro_scan_masks masks = {0};
  for (int i = 0; i < BARO_SCAN_BYTES / 16; i++) {
    __m128i bytes = baro_scan_load(at + 16 * i);
    __m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    masks.quotes |= (uint64_t)baro_scan_find(bytes, '"') << (16 * i);
    masks.backslashes |= (uint64_t)baro_scan_find(bytes, '\\') << (16 * i);
    masks.opens |= (uint64_t)baro_scan_find(folded, '{') << (16 * i);
    masks.closes |= (uint64_t)baro_scan_find(folded, '}') << (16 * i);
  }
  return masks;
}

#else

static inline uint32_t baro_scan_string(const uint8_t *at) {
  return baro_scan_string_portable(at);
}

static inline baro_scan_masks baro_scan_text(const uint8_t *at) {
  return baro_scan_text_portable(at);
}

#endif

#endif

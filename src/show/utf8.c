#include "show/utf8.h"

#include <stdbool.h>

static bool continues(uint8_t byte, uint8_t low, uint8_t high) {
  return byte >= low && byte <= high;
}

size_t baro_utf8_length(baro_view text, size_t position) {
  const uint8_t *at = text.data + position;
  size_t left = text.length - position;
  uint8_t first = at[0];
  if (first < 0x80) {
    return 1;
  }
  size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4 || left < length) {
    return 0;
  }
  /* The second byte's range keeps out overlong forms, surrogates and what lies beyond U+10FFFF. */
  uint8_t low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  uint8_t high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  bool valid = continues(at[1], low, high);
  for (size_t i = 2; i < length; i++) {
    valid = valid && continues(at[i], 0x80, 0xbf);
  }
  return valid ? length : 0;
}

void baro_write_utf8(baro_buffer *buffer, baro_view text) {
  /* Tables of calls write millions of names: what is valid goes in one piece. */
  size_t start = 0;
  size_t position = 0;
  while (position < text.length) {
    size_t length = text.data[position] < 0x80 ? 1 : baro_utf8_length(text, position);
    if (length == 0) {
      baro_write_bytes(buffer, text.data + start, position - start);
      baro_write_bytes(buffer, "\xef\xbf\xbd", 3);
      start = position + 1;
    }
    position += length == 0 ? 1 : length;
  }
  /* Not for no bytes, whose address may be NULL. */
  if (position > start) {
    baro_write_bytes(buffer, text.data + start, position - start);
  }
}

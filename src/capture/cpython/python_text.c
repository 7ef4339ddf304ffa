#include "capture/cpython/python_text.h"

#include <assert.h>

static uint32_t character_at(const baro_python_text *text, size_t index) {
  const uint8_t *at = text->data + index * text->kind;
  if (text->kind == 1)
    return at[0];
  if (text->kind == 2)
    return at[0] | (uint32_t)at[1] << 8;
  uint32_t value = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
  return value <= 0x10ffff ? value : 0xfffd;
}

static size_t encoded_bytes(uint32_t character) {
  return character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
}

static void encode(uint32_t character, size_t bytes, uint8_t *to) {
  static const uint8_t marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
  for (size_t i = bytes; i > 1; i--) {
    to[i - 1] = (uint8_t)(0x80 | (character & 0x3f));
    character >>= 6;
  }
  to[0] = (uint8_t)(marks[bytes] | character);
}

baro_status baro_python_text_decode(const baro_python_text *text, size_t limit_bytes,
                                    baro_arena *keep, baro_view *ret_text, bool *ret_cut) {
  assert(text->kind == 1 || text->kind == 2 || text->kind == 4);
  size_t bytes = 0;
  size_t count = 0;
  for (; count < text->length; count++) {
    size_t more = encoded_bytes(character_at(text, count));
    if (more > limit_bytes - bytes)
      break;
    bytes += more;
  }
  uint8_t *to = baro_arena_alloc(keep, bytes + 1);
  if (to == NULL)
    return BARO_NO_MEMORY;
  *ret_text = (baro_view){.data = to, .length = bytes};
  *ret_cut = count < text->length;
  for (size_t i = 0; i < count; i++) {
    uint32_t character = character_at(text, i);
    size_t more = encoded_bytes(character);
    encode(character, more, to);
    to += more;
  }
  *to = 0;
  return BARO_OK;
}

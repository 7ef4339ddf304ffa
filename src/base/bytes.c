#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VARINT_MAX_BYTES = 10, BUFFER_FIRST_BYTES = 256 };

baro_view baro_view_of(const char *text) {
  return (baro_view){.data = (const uint8_t *)text, .length = strlen(text)};
}

bool baro_view_equal(baro_view a, baro_view b) {
  return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

bool baro_view_contains(baro_view view, const char *part) {
  return view.length != 0 && memmem(view.data, view.length, part, strlen(part)) != NULL;
}

bool baro_view_starts_with(baro_view view, const char *start) {
  size_t length = strlen(start);
  return view.length >= length && (length == 0 || memcmp(view.data, start, length) == 0);
}

bool baro_view_ends_with(baro_view view, const char *end) {
  size_t length = strlen(end);
  return view.length >= length &&
         (length == 0 || memcmp(view.data + view.length - length, end, length) == 0);
}

baro_view baro_view_cut(baro_view *rest, char sign) {
  const uint8_t *end = rest->length == 0 ? NULL : memchr(rest->data, sign, rest->length);
  baro_view part = *rest;
  if (end == NULL) {
    *rest = (baro_view){0};
    return part;
  }
  part.length = (size_t)(end - rest->data);
  *rest = (baro_view){.data = end + 1, .length = rest->length - part.length - 1};
  return part;
}

baro_reader baro_reader_of(const void *data, size_t length) {
  const uint8_t *start = data;
  /* NULL + 0 is undefined in C17. */
  return (baro_reader){.at = start, .end = length == 0 ? start : start + length};
}

size_t baro_reader_left(const baro_reader *reader) {
  return reader->failed || reader->at == reader->end ? 0 : (size_t)(reader->end - reader->at);
}

/* The next length bytes, or NULL after failing. length must not be 0. */
static const uint8_t *reader_take(baro_reader *reader, size_t length) {
  if (length > baro_reader_left(reader)) {
    reader->failed = true;
    return NULL;
  }
  const uint8_t *taken = reader->at;
  reader->at += length;
  return taken;
}

uint8_t baro_read_u8(baro_reader *reader) {
  const uint8_t *bytes = reader_take(reader, 1);
  return bytes == NULL ? 0 : bytes[0];
}

/* Assembled byte by byte: compilers make one load of it, on any alignment and byte order. */
static uint64_t read_little(baro_reader *reader, size_t length) {
  const uint8_t *bytes = reader_take(reader, length);
  if (bytes == NULL) {
    return 0;
  }
  uint64_t value = 0;
  for (size_t i = length; i > 0; i--) {
    value = value << 8 | bytes[i - 1];
  }
  return value;
}

uint16_t baro_read_u16(baro_reader *reader) {
  return (uint16_t)read_little(reader, 2);
}

uint32_t baro_read_u32(baro_reader *reader) {
  return (uint32_t)read_little(reader, 4);
}

uint64_t baro_read_u64(baro_reader *reader) {
  return read_little(reader, 8);
}

uint64_t baro_read_varint(baro_reader *reader) {
  if (reader->failed) {
    return 0;
  }
  uint64_t value = 0;
  size_t left = baro_reader_left(reader);
  size_t limit = left < VARINT_MAX_BYTES ? left : VARINT_MAX_BYTES;
  for (size_t i = 0; i < limit; i++) {
    uint8_t byte = reader->at[i];
    /* The tenth byte has room for the one bit that is left of 64. */
    if (i == VARINT_MAX_BYTES - 1 && byte > 1) {
      break;
    }
    value |= (uint64_t)(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      reader->at += i + 1;
      return value;
    }
  }
  reader->failed = true;
  return 0;
}

int64_t baro_read_zigzag(baro_reader *reader) {
  uint64_t coded = baro_read_varint(reader);
  return (int64_t)(coded >> 1 ^ (0 - (coded & 1)));
}

uint32_t baro_read_varint32(baro_reader *reader) {
  uint64_t value = baro_read_varint(reader);
  if (value > UINT32_MAX) {
    reader->failed = true;
    return 0;
  }
  return (uint32_t)value;
}

baro_view baro_read_bytes(baro_reader *reader, size_t length) {
  if (length == 0) {
    return (baro_view){0};
  }
  const uint8_t *bytes = reader_take(reader, length);
  return bytes == NULL ? (baro_view){0} : (baro_view){.data = bytes, .length = length};
}

baro_view baro_read_string(baro_reader *reader) {
  uint64_t length = baro_read_varint(reader);
  if (length > baro_reader_left(reader)) {
    reader->failed = true;
    return (baro_view){0};
  }
  return baro_read_bytes(reader, (size_t)length);
}

void baro_reader_skip(baro_reader *reader, size_t length) {
  if (length != 0) {
    (void)reader_take(reader, length);
  }
}

void baro_buffer_release(baro_buffer *buffer) {
  free(buffer->data);
  *buffer = (baro_buffer){0};
}

void baro_buffer_clear(baro_buffer *buffer) {
  buffer->length = 0;
  buffer->failed = false;
}

static bool buffer_grow(baro_buffer *buffer, size_t more) {
  if (buffer->failed) {
    return false;
  }
  if (more > SIZE_MAX / 2 - buffer->length) {
    buffer->failed = true;
    return false;
  }
  size_t capacity = buffer->capacity == 0 ? BUFFER_FIRST_BYTES : buffer->capacity;
  while (capacity - buffer->length < more) {
    capacity *= 2;
  }
  uint8_t *data = realloc(buffer->data, capacity);
  if (data == NULL) {
    buffer->failed = true;
    return false;
  }
  buffer->data = data;
  buffer->capacity = capacity;
  return true;
}

bool baro_buffer_reserve(baro_buffer *buffer, size_t more) {
  if (!buffer->failed && more <= buffer->capacity - buffer->length) {
    return true;
  }
  return buffer_grow(buffer, more);
}

void baro_write_u8(baro_buffer *buffer, uint8_t value) {
  if (baro_buffer_reserve(buffer, 1)) {
    buffer->data[buffer->length++] = value;
  }
}

static void write_little(baro_buffer *buffer, uint64_t value, size_t length) {
  if (!baro_buffer_reserve(buffer, length)) {
    return;
  }
  for (size_t i = 0; i < length; i++) {
    buffer->data[buffer->length++] = (uint8_t)(value >> (8 * i));
  }
}

void baro_write_u16(baro_buffer *buffer, uint16_t value) {
  write_little(buffer, value, 2);
}

void baro_write_u32(baro_buffer *buffer, uint32_t value) {
  write_little(buffer, value, 4);
}

void baro_write_u64(baro_buffer *buffer, uint64_t value) {
  write_little(buffer, value, 8);
}

void baro_write_varint(baro_buffer *buffer, uint64_t value) {
  if (!baro_buffer_reserve(buffer, VARINT_MAX_BYTES)) {
    return;
  }
  uint8_t *at = buffer->data + buffer->length;
  while (value >= 0x80) {
    *at++ = (uint8_t)(value | 0x80);
    value >>= 7;
  }
  *at++ = (uint8_t)value;
  buffer->length = (size_t)(at - buffer->data);
}

void baro_write_zigzag(baro_buffer *buffer, int64_t value) {
  uint64_t bits = (uint64_t)value;
  baro_write_varint(buffer, bits << 1 ^ (0 - (bits >> 63)));
}

void baro_write_bytes(baro_buffer *buffer, const void *data, size_t length) {
  if (length != 0 && baro_buffer_reserve(buffer, length)) {
    memcpy(buffer->data + buffer->length, data, length);
    buffer->length += length;
  }
}

void baro_write_string(baro_buffer *buffer, baro_view text) {
  baro_write_varint(buffer, text.length);
  baro_write_bytes(buffer, text.data, text.length);
}

void baro_write_text(baro_buffer *buffer, const char *text) {
  baro_write_bytes(buffer, text, strlen(text));
}

void baro_write_format(baro_buffer *buffer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  va_list again;
  va_copy(again, arguments);
  int length = vsnprintf(NULL, 0, format, arguments);
  /* One byte more for the NUL, which is not part of the text. */
  if (length < 0) {
    buffer->failed = true;
  } else if (baro_buffer_reserve(buffer, (size_t)length + 1)) {
    (void)vsnprintf((char *)buffer->data + buffer->length, (size_t)length + 1, format, again);
    buffer->length += (size_t)length;
  }
  va_end(again);
  va_end(arguments);
}

/* Bounded reading and growable writing of bytes.
 * Every foreign byte (target memory, recordings, logs) enters through baro_reader; everything we
 * serialise leaves through baro_buffer. Integers are little-endian; varints are LEB128 (7 bits a
 * byte, low group first, at most 10 bytes); signed ones are zigzag coded.
 * Invariants: a reader never reads outside [at, end); after the first failure it stays failed, all
 * further reads return 0 / empty, so that a parser checks once at the end. A buffer that could not
 * grow stays failed and drops what follows; check `failed` before using it.
 * Runs anywhere. Not thread-safe per object. */
#ifndef BARO_BASE_BYTES_H
#define BARO_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed view of bytes. */
typedef struct baro_view {
  const uint8_t *data; /* borrowed; may be NULL when length is 0 */
  size_t length;
} baro_view;

baro_view baro_view_of(const char *text); /* view of a C string without its NUL */
bool baro_view_equal(baro_view a, baro_view b);
bool baro_view_contains(baro_view view, const char *part); /* an empty view contains nothing */
bool baro_view_starts_with(baro_view view, const char *start);
bool baro_view_ends_with(baro_view view, const char *end);
/* Cuts off what stands before the first `sign`, and the sign, which is in neither; all of it where there is none. */
baro_view baro_view_cut(baro_view *rest, char sign);

typedef struct baro_reader {
  const uint8_t *at; /* borrowed */
  const uint8_t *end;
  bool failed;
} baro_reader;

baro_reader baro_reader_of(const void *data, size_t length);
size_t baro_reader_left(const baro_reader *reader);
uint8_t baro_read_u8(baro_reader *reader);
uint16_t baro_read_u16(baro_reader *reader);
uint32_t baro_read_u32(baro_reader *reader);
uint64_t baro_read_u64(baro_reader *reader);
uint64_t baro_read_varint(baro_reader *reader); /* fails on > 64 bits */
int64_t baro_read_zigzag(baro_reader *reader);
uint32_t baro_read_varint32(baro_reader *reader); /* fails above UINT32_MAX */
baro_view baro_read_bytes(baro_reader *reader, size_t length);
baro_view baro_read_string(baro_reader *reader); /* varint length, then the bytes */
void baro_reader_skip(baro_reader *reader, size_t length);

typedef struct baro_buffer {
  uint8_t *data; /* owned */
  size_t length;
  size_t capacity;
  bool failed; /* out of memory: everything since is dropped */
} baro_buffer;

void baro_buffer_release(baro_buffer *buffer); /* frees, leaves it empty and usable */
void baro_buffer_clear(baro_buffer *buffer);   /* length = 0, keeps memory, clears failed */
bool baro_buffer_reserve(baro_buffer *buffer, size_t more);
void baro_write_u8(baro_buffer *buffer, uint8_t value);
void baro_write_u16(baro_buffer *buffer, uint16_t value);
void baro_write_u32(baro_buffer *buffer, uint32_t value);
void baro_write_u64(baro_buffer *buffer, uint64_t value);
void baro_write_varint(baro_buffer *buffer, uint64_t value);
void baro_write_zigzag(baro_buffer *buffer, int64_t value);
void baro_write_bytes(baro_buffer *buffer, const void *data, size_t length);
void baro_write_string(baro_buffer *buffer, baro_view text); /* varint length, then the bytes */
void baro_write_text(baro_buffer *buffer, const char *text); /* bytes of a C string, no length */
void baro_write_format(baro_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif

#include "show/protobuf.h"

enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

static void write_tag(baro_buffer *message, uint32_t field, uint32_t wire) {
  baro_write_varint(message, (uint64_t)field << 3 | wire);
}

void baro_protobuf_u64(baro_buffer *message, uint32_t field, uint64_t value) {
  if (value != 0) {
    write_tag(message, field, WIRE_VARINT);
    baro_write_varint(message, value);
  }
}

void baro_protobuf_bytes(baro_buffer *message, uint32_t field, baro_view bytes) {
  write_tag(message, field, WIRE_BYTES);
  baro_write_string(message, bytes);
}

void baro_protobuf_message(baro_buffer *message, uint32_t field, const baro_buffer *inner) {
  message->failed = message->failed || inner->failed;
  baro_protobuf_bytes(message, field, (baro_view){.data = inner->data, .length = inner->length});
}

static size_t varint_length(uint64_t value) {
  size_t length = 1;
  for (; value >= 0x80; value >>= 7) {
    length++;
  }
  return length;
}

void baro_protobuf_packed(baro_buffer *message, uint32_t field, const uint64_t *values,
                          size_t count) {
  size_t length = 0;
  for (size_t i = 0; i < count; i++) {
    length += varint_length(values[i]);
  }
  write_tag(message, field, WIRE_BYTES);
  baro_write_varint(message, length);
  for (size_t i = 0; i < count; i++) {
    baro_write_varint(message, values[i]);
  }
}

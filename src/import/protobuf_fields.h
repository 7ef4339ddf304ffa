/* Fields of a protocol buffer, one after the other: what importers of TensorFlow's files share.
 * Reads within the view only; a message that ends early or has a wire type that is none fails its reader. Fixed numbers are passed
 * over: the messages that are read have none that is asked for. */
#ifndef BARO_IMPORT_PROTOBUF_FIELDS_H
#define BARO_IMPORT_PROTOBUF_FIELDS_H

#include "base/bytes.h"

typedef struct baro_protobuf_field {
  uint64_t number;
  uint64_t value;  /* of varints */
  baro_view bytes; /* borrowed; of messages and texts; data NULL: none */
} baro_protobuf_field;

static inline baro_reader baro_protobuf_reader(baro_view message) {
  return baro_reader_of(message.data, message.length);
}

/* False at the end, and where the reader failed. */
static inline bool baro_protobuf_next(baro_reader *reader, baro_protobuf_field *ret_field) {
  if (baro_reader_left(reader) == 0 || reader->failed) {
    return false;
  }
  uint64_t key = baro_read_varint(reader);
  *ret_field = (baro_protobuf_field){.number = key >> 3};
  switch (key & 7) {
  case 0: ret_field->value = baro_read_varint(reader); break;
  case 1: baro_reader_skip(reader, 8); break;
  case 2: ret_field->bytes = baro_read_string(reader); break;
  case 5: baro_reader_skip(reader, 4); break;
  default: reader->failed = true; break;
  }
  return !reader->failed;
}

#endif

/* Protocol buffers, the part that writing needs: fields of varint and of bytes.
 * Flow: pprof -> here -> baro_buffer. As proto3 says, a field of value 0 is left out. */
#ifndef BARO_SHOW_PROTOBUF_H
#define BARO_SHOW_PROTOBUF_H

#include "base/bytes.h"

void baro_protobuf_u64(baro_buffer *message, uint32_t field, uint64_t value);
/* A string, or a message inside a message. Written also when empty: repeated fields count. */
void baro_protobuf_bytes(baro_buffer *message, uint32_t field, baro_view bytes);
void baro_protobuf_message(baro_buffer *message, uint32_t field, const baro_buffer *inner);
/* Packed repeated varints. */
void baro_protobuf_packed(baro_buffer *message, uint32_t field, const uint64_t *values,
                          size_t count);

#endif

/* Reads the payload of a `calls` record: events of one thread, checked against all rules of baro_call_event.
 * Flow: record_reader -> call_decoder -> the visitor's calls. Invariant: a record is taken as a whole or refused as
 * a whole; after a refusal the decoder is of no use any more.
 * Memory: one block of events, what is kept of each thread that has any, and call_stacks.h.
 * Internal to src/recording; not thread-safe per object. */
#ifndef BARO_RECORDING_CALL_DECODER_H
#define BARO_RECORDING_CALL_DECODER_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/map.h"
#include "base/status.h"
#include "recording/call_block.h"
#include "recording/call_stacks.h"
#include "recording/records.h"

typedef struct baro_call_decoder_thread {
  baro_call_coder coder;
  baro_call_stack stack;
} baro_call_decoder_thread;

/* Zero-initialised = before any event. */
typedef struct baro_call_decoder {
  baro_call_decoder_thread *threads; /* owned */
  uint32_t thread_count;
  baro_map open;           /* see baro_open_call */
  baro_call_event *events; /* owned; of the block that was read last */
} baro_call_decoder;

/* How many are defined so far. */
typedef struct baro_call_limits {
  uint32_t threads;
  uint32_t functions;
  uint32_t strings;
} baro_call_limits;

/* The events are in decoder->events, until the next call; none where a newer version wrote others only. Texts of values are
 * borrowed from the payload. BARO_CORRUPT without a message, or BARO_NO_MEMORY with
 * one. Bytes behind the known fields are those of a newer minor version. */
baro_status baro_call_decode(baro_call_decoder *decoder, baro_reader *payload,
                             const baro_call_limits *limits, uint32_t *ret_thread,
                             uint32_t *ret_count, baro_error *err) BARO_MUST_USE;
void baro_call_decoder_release(baro_call_decoder *decoder);

#endif

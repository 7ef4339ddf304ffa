/* From the raw bytes of a chunk to the visitor: the records, in order, each checked.
 * Flow: reader (chunks) -> record_reader -> visitor. Invariant: whatever reaches the visitor refers
 * only to definitions that reached it before.
 * Internal to src/recording; not thread-safe per object. */
#ifndef BARO_RECORDING_RECORD_READER_H
#define BARO_RECORDING_RECORD_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "recording/call_decoder.h"
#include "recording/reader.h"
#include "recording/sample_block.h"

typedef struct baro_record_reader {
  const baro_visitor *visitor; /* borrowed */
  /* Definitions so far = the next id, per kind. */
  uint32_t strings;
  uint32_t functions;
  uint32_t function_file; /* string of the last function */
  uint32_t frames;
  uint32_t stacks;
  uint32_t processes;
  uint32_t threads;
  uint32_t operators;
  baro_sample_model model;
  baro_call_decoder calls;
  /* Of the chunk being read. */
  uint64_t chunk_samples;
  uint64_t chunk_first_ns;
  uint64_t chunk_last_ns;
  uint64_t samples;         /* of all chunks */
  uint64_t dropped_samples; /* as the recording says */
  uint64_t dropped_call_events;
  uint64_t unknown_records;
  bool is_closed;        /* the close record was there */
  bool is_visitor_error; /* the last failure came from the visitor, not from the recording */
} baro_record_reader;

/* Hands all records of raw to the visitor. BARO_CORRUPT or BARO_NO_MEMORY with a message, or the
 * visitor's status. */
baro_status baro_record_reader_chunk(baro_record_reader *reader, baro_view raw,
                                     baro_error *err) BARO_MUST_USE;
void baro_record_reader_release(baro_record_reader *reader);

#endif

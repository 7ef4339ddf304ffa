/* What the two files of the writer share: its state, and how a record is appended.
 * writer.c: chunks, events, life. writer_definitions.c: what gets an id.
 * Internal to these two. */
#ifndef BARO_RECORDING_WRITER_STATE_H
#define BARO_RECORDING_WRITER_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/map.h"
#include "base/status.h"
#include "recording/call_encoder.h"
#include "recording/chunk.h"
#include "recording/chunk_queue.h"
#include "recording/format.h"
#include "recording/records.h"
#include "recording/sample_block.h"
#include "recording/writer.h"

struct baro_writer {
  baro_arena arena; /* owns name and pending */
  const char *name; /* for messages */
  baro_chunk_queue queue;

  /* The open chunk: records gather in raw, samples in pending until the chunk is sealed. */
  baro_buffer raw;
  baro_buffer scratch;         /* the record being made */
  baro_sample_record *pending; /* BARO_SAMPLE_BLOCK_LIMIT of them */
  uint32_t pending_count;
  baro_chunk_head head; /* samples and times of what is encoded in raw */
  size_t cut;           /* where in raw the samples begin; 0 = none worth a block of their own */
  baro_sample_encoder encoder;
  baro_buffer ended; /* u32 each: threads that ended, whose last samples may be pending */
  baro_call_encoder calls;

  /* Definitions so far. Stacks and frames are pairs of ids: a 64-bit key each. */
  baro_intern strings;
  baro_intern functions;
  baro_map frames;
  baro_map stacks;
  uint32_t function_file; /* of the last function */
  uint32_t frame_count;
  uint32_t stack_count;
  uint32_t process_count;
  uint32_t operator_count;

  uint64_t chunk_ns;  /* when the last chunk was written, the caller's clock */
  uint64_t anchor_ns; /* when the last anchor was */
  uint64_t samples;
  uint64_t dropped;
  uint64_t dropped_told;       /* of these: already in the recording */
  uint64_t dropped_calls_told; /* of calls.untold */
  baro_error trouble;
};

/* Where the next record's payload is made. A large chunk goes out first, so that what follows can
 * be taken back. */
baro_buffer *baro_writer_record_begin(baro_writer *writer);
/* Appends the record in scratch. BARO_NO_MEMORY leaves the chunk as it was. */
baro_status baro_writer_record_append(baro_writer *writer, baro_record_type type) BARO_MUST_USE;
/* 0 = none, else id + 1. */
void baro_writer_put_optional_id(baro_buffer *buffer, uint32_t id);
baro_view baro_writer_cut(baro_view text); /* to the limit of strings */

#endif

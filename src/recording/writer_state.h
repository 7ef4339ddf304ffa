/* What the files of the writer share: its state, how a record is appended, and how chunks go out.
 * writer.c: records and events. writer_definitions.c, writer_operators.c: what gets an id. writer_chunks.c: from records to the
 * file. writer_life.c: begin and end. Internal to these. */
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

enum {
  BARO_WRITER_GATHER_BYTES = 1024 * 1024, /* a chunk that is longer goes out */
  BARO_WRITER_BACKLOG_BYTES = 64 * 1024 * 1024,
};

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

/* --- writer_chunks.c --- */

/* Samples that are not encoded yet are given up, and counted as dropped. */
void baro_writer_drop_pending(baro_writer *writer);
/* Moves what is pending into the open chunk. */
void baro_writer_encode_pending(baro_writer *writer);
/* A record of one number; *told is it then. */
baro_status baro_writer_tell_number(baro_writer *writer, baro_record_type type, uint64_t number,
                                    uint64_t *told) BARO_MUST_USE;
/* What was dropped since that was last told. */
baro_status baro_writer_tell_dropped(baro_writer *writer) BARO_MUST_USE;
/* Makes a sealed chunk of what has gathered. When memory is short, it stays where it is. */
baro_status baro_writer_seal(baro_writer *writer) BARO_MUST_USE;
/* Writes the sealed chunks; the trouble is kept. */
baro_status baro_writer_write_out(baro_writer *writer) BARO_MUST_USE;
/* baro_writer_flush for callers that cannot fail: the trouble is kept for baro_writer_trouble. */
void baro_writer_flush_quietly(baro_writer *writer);

#endif

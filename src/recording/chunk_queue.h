/* Sealed chunks on their way to the output, and the index of all of them.
 * Flow: writer seals a chunk -> queue -> output. Invariant: what is in the output is whole chunks up
 * to written_bytes, plus at most one torn one behind, which the next write replaces; what is in the
 * queue follows it without a gap. Where the output can, room is kept behind each chunk for what ends a
 * recording: a full disk then still leaves it an end that says so.
 * Internal to src/recording; the writer's thread only. Does not decide when to write. */
#ifndef BARO_RECORDING_CHUNK_QUEUE_H
#define BARO_RECORDING_CHUNK_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "recording/chunk.h"
#include "recording/output.h"

typedef struct baro_chunk_queue {
  baro_output output;        /* closed by the writer */
  baro_chunk_packer *packer; /* owned */
  baro_buffer waiting;       /* sealed chunks, oldest first */
  baro_buffer lengths;       /* of the chunks in waiting: four numbers each, see chunk_queue.c */
  baro_buffer index;         /* payload of the index chunk so far, without count and tail */
  uint64_t written_bytes;    /* whole chunks (and the file head) in the output */
  uint32_t sequence;         /* of the next chunk */
  bool has_room;             /* for an end, behind what was written */
  bool is_ending;            /* what is written now may take it */
} baro_chunk_queue;

/* Seals raw as the next chunk. Of head, type, samples, times and call_events are taken; cut as in
 * baro_chunk_pack. BARO_NO_MEMORY leaves
 * the queue as it was. */
baro_status baro_chunk_queue_add(baro_chunk_queue *queue, baro_chunk_head *head, baro_view raw,
                                 size_t cut) BARO_MUST_USE;
/* Seals the index of all chunks so far. */
baro_status baro_chunk_queue_add_index(baro_chunk_queue *queue) BARO_MUST_USE;
/* Writes what waits, chunk by chunk; stops at the first failure and removes the torn chunk. */
baro_status baro_chunk_queue_write(baro_chunk_queue *queue, baro_error *err) BARO_MUST_USE;
typedef struct baro_chunk_loss {
  uint64_t samples;
  uint64_t call_events;
} baro_chunk_loss;

/* Gives up what waits; returns what was in it. */
baro_chunk_loss baro_chunk_queue_drop(baro_chunk_queue *queue);
/* Gives back the room that was kept and not used. */
void baro_chunk_queue_unreserve(baro_chunk_queue *queue);
/* Frees what the queue owns; the output stays open. */
void baro_chunk_queue_release(baro_chunk_queue *queue);

/* Appends the entry of a chunk to an index payload; the reader checks the index with it. */
void baro_chunk_index_add(baro_buffer *index, const baro_chunk_head *head);
/* The whole payload: count, entries, tail. offset: of the index chunk in the file. */
void baro_chunk_index_finish(baro_buffer *ret_payload, baro_view entries, uint32_t count,
                             uint64_t offset);

#endif

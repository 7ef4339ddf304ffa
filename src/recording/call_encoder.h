/* Gathers events of calls, a block for each thread, and makes `calls` records of them.
 * Flow: writer -> call_encoder -> raw bytes of the chunk.
 * Invariants: what leaves is what readers take, whatever was put in, if numbers of calls are used once. A block may rest on one of another thread (which
 * suspended what this one resumes): that one is in raw before the event is in a block, so that blocks can
 * leave in any order. Once in a block, an event is not dropped but with the whole chunk.
 *
 * Events that cannot be kept (a full disk, no memory) are lost: their thread gets a LOST, at the time of the first, and
 * of those that were active then the file hears no more. The encoder follows the lost ones too, and leaves out what
 * they need later:
 *
 *   the thread's stack   | hidden: entered while events were lost, or ended for the file by LOST | written |
 *                        0                                                            hidden_depth       depth
 *
 * A hidden call that can be suspended and is resumed later enters anew, by its old number.
 * Internal to src/recording; not thread-safe per object. */
#ifndef BARO_RECORDING_CALL_ENCODER_H
#define BARO_RECORDING_CALL_ENCODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/map.h"
#include "recording/call_block.h"
#include "recording/call_stacks.h"
#include "recording/records.h"

/* Events of one thread that are not in raw yet. */
typedef struct baro_call_block {
  baro_buffer codes;
  baro_buffer steps;
  uint32_t count;
  uint32_t thread;
  uint64_t stands_for;          /* as many as count, but that LOST stands for more */
  struct baro_call_block *next; /* of all threads */
} baro_call_block;

typedef struct baro_call_encoder_thread {
  baro_call_coder coder;
  baro_call_stack stack; /* as it is, not as the file has it */
  uint32_t hidden_depth;
  bool is_losing;         /* the event before this one was lost */
  bool is_untold;         /* and there was no memory for its LOST */
  uint64_t lost;          /* since the last LOST */
  baro_call_block *block; /* NULL: none since the last chunk */
} baro_call_encoder_thread;

/* Zero-initialised = before any event. */
typedef struct baro_call_encoder {
  baro_call_encoder_thread *threads; /* owned */
  uint32_t thread_count;
  baro_map open;    /* see baro_open_call; is_hidden: the file has it ended, or never had it */
  baro_map spawned; /* call -> thread whose SPAWN announced it, as long as it has not begun */
  baro_call_block *blocks; /* owned */
  size_t pending_bytes;    /* in blocks */
  /* Events; one of kind LOST counts as those that it stands for. */
  uint64_t pending_events; /* in blocks */
  uint64_t raw_events;     /* in raw; the writer sets it back to 0 with each chunk */
  uint64_t dropped;        /* lost or left out, in all */
  uint64_t untold;         /* of these: no LOST stands for them */
} baro_call_encoder;

/* Appends events of a thread. keep false: they are to be lost. raw: where blocks go that have to leave. */
void baro_call_encoder_put(baro_call_encoder *encoder, uint32_t thread,
                           const baro_call_event *events, uint32_t count, bool keep,
                           baro_buffer *raw);
/* Moves all blocks into raw. What does not fit there, or for lack of memory, stays. */
void baro_call_encoder_flush(baro_call_encoder *encoder, baro_buffer *raw);
/* Gives up what is not in raw, and counts it. Nothing may be put in afterwards. */
void baro_call_encoder_drop(baro_call_encoder *encoder);
void baro_call_encoder_release(baro_call_encoder *encoder);

#endif

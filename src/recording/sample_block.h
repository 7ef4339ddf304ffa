/* The columnar coding of samples: both directions, so that they cannot drift apart.
 * Flow: writer: samples -> columns -> record payload; reader: payload -> samples.
 * Each column holds a number a sample, predicted from the same thread's last sample, so that the
 * usual case is 0:
 *
 *   thread     0 = the thread that followed the previous sample's thread last time
 *   weight     distance to what the gap since the thread's previous sample says
 *   ticks      as it is
 *   state      0 = as before
 *   time_low   low byte of the distance to the previous sample, in us
 *   time_high  the rest of it
 *   stack      position among the thread's recent stacks
 *   cpu        0 = neither CPU time nor waiting for a CPU moved, else CPU time + 1
 *   runnable   waiting for a CPU; only for samples whose cpu is not 0
 *
 * Invariants: model in the writer = model in the reader before each sample. Rounding to 1 us: a time
 * is cut; weight (to 1 us) and cpu and runnable (to 100 us) carry what was cut, so that their sums per
 * thread are never further off than that. Specified in docs/recording-format.md, "Samples". Internal to src/recording;
 * not thread-safe per object. */
#ifndef BARO_RECORDING_SAMPLE_BLOCK_H
#define BARO_RECORDING_SAMPLE_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "recording/records.h"

enum {
  BARO_SAMPLE_RECENT_STACKS = 128, /* part of the format */
  BARO_SAMPLE_BLOCK_LIMIT = 4096,  /* of our writer; readers take any number */
};

/* name; order = order in the file. The small columns come first: they share a zstd block. All have a
 * number for each sample, but for RUNNABLE. */
#define BARO_SAMPLE_COLUMN_LIST(X)                                                                 \
  X(THREAD)                                                                                        \
  X(WEIGHT)                                                                                        \
  X(TICKS)                                                                                         \
  X(STATE)                                                                                         \
  X(TIME_LOW)                                                                                      \
  X(TIME_HIGH)                                                                                     \
  X(STACK)                                                                                         \
  X(CPU)                                                                                           \
  X(RUNNABLE)

typedef enum baro_sample_column {
#define X(name) BARO_COLUMN_##name,
  BARO_SAMPLE_COLUMN_LIST(X)
#undef X
      BARO_COLUMN_COUNT
} baro_sample_column;

/* What is known of a thread before its next sample. */
typedef struct baro_sample_thread {
  uint64_t time_us;   /* end of its previous sample */
  uint32_t successor; /* the thread of the sample that came after this thread's last one */
  uint32_t recent_count;
  uint32_t recent[BARO_SAMPLE_RECENT_STACKS]; /* stacks, latest first */
  uint8_t state;
  bool is_seen; /* false: there is no previous sample */
} baro_sample_thread;

typedef struct baro_sample_model {
  baro_sample_thread *threads; /* owned; index = thread */
  uint32_t count;
  uint32_t capacity;
  uint32_t previous_thread;
  uint32_t previous_other; /* the last stack that was not among the recent ones */
} baro_sample_model;

/* Makes threads 0 .. count-1 known. BARO_NO_MEMORY leaves the model as it was. */
baro_status baro_sample_model_grow(baro_sample_model *model, uint32_t count) BARO_MUST_USE;
/* Forgets all predictions, not the threads. */
void baro_sample_model_reset(baro_sample_model *model);
void baro_sample_model_release(baro_sample_model *model);

/* --- Writing --- */

/* ns that rounding to us has held back so far; true sum = stored sum + this. */
typedef struct baro_sample_carry {
  int64_t weight_ns;
  int64_t cpu_ns;
  int64_t runnable_ns;
} baro_sample_carry;

typedef struct baro_sample_encoder {
  baro_sample_model model;
  baro_sample_carry *carries; /* owned; index = thread */
  uint32_t carry_capacity;
  baro_buffer columns[BARO_COLUMN_COUNT];
  bool is_reset_due; /* the next block starts from empty predictions */
} baro_sample_encoder;

/* One more thread. BARO_NO_MEMORY leaves the encoder as it was. */
baro_status baro_sample_encoder_add_thread(baro_sample_encoder *encoder) BARO_MUST_USE;

/* Appends the samples as a record of type SAMPLES to raw. ret_cuts gets BARO_COLUMN_CUTS offsets
 * into raw for baro_chunk_cuts. stacks: count of stacks defined so far. 1 <= count <=
 * BARO_SAMPLE_BLOCK_LIMIT. BARO_NO_MEMORY leaves raw as it was (the samples can be tried again). */
enum { BARO_COLUMN_CUTS = 6 };
baro_status baro_sample_encode(baro_sample_encoder *encoder, const baro_sample_record *samples,
                               uint32_t count, uint32_t stacks, baro_buffer *raw,
                               size_t ret_cuts[BARO_COLUMN_CUTS]) BARO_MUST_USE;
void baro_sample_encoder_release(baro_sample_encoder *encoder);

/* --- Reading --- */

typedef struct baro_sample_cursor {
  baro_reader reader;
  uint64_t run_value;
  uint64_t run_left;
  uint8_t coding;
} baro_sample_cursor;

/* One block being read. */
typedef struct baro_sample_decoder {
  baro_sample_model *model; /* borrowed */
  baro_sample_cursor columns[BARO_COLUMN_COUNT];
  uint64_t left;    /* samples */
  uint64_t time_us; /* of the previous sample */
  uint32_t threads; /* defined so far */
  uint32_t stacks;
} baro_sample_decoder;

/* Reads the head of a block from payload, which must live as long as the decoder. */
baro_status baro_sample_decoder_init(baro_sample_decoder *decoder, baro_sample_model *model,
                                     baro_view payload, uint32_t threads, uint32_t stacks,
                                     baro_error *err) BARO_MUST_USE;
/* The next sample; *ret_more false at the end. BARO_CORRUPT for anything that breaks a rule: then
 * the decoder and its model must not be used further. */
baro_status baro_sample_decode(baro_sample_decoder *decoder, baro_sample_record *ret_sample,
                               bool *ret_more, baro_error *err) BARO_MUST_USE;

#endif

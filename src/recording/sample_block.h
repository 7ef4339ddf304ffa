/* The coding of samples as numbers: both directions, so that they cannot drift apart.
 * Flow: writer: samples -> numbers -> record payload; reader: payload -> samples.
 * Each number says how far a sample is from what the model expected, so that the usual case is 0:
 *
 *   thread     0 = the thread, of the round, that followed the previous sample's thread last time
 *   step       time since the previous round, in us; only for the first sample of a round
 *   weight     distance to what the gap since the thread's previous sample says
 *   ticks      distance to the rounds since then
 *   stack      position among the thread's recent stacks
 *   state      0 = as when the thread was last seen in that stack
 *   movement   0 = neither CPU time nor waiting for a CPU moved, else 1 + distance of their sum to the
 *              weight not yet accounted for
 *   share      the smaller of the two, and which it is; only where they moved
 *
 * Samples are stored in the order of their times. A block may be in ns instead (what others measured and was imported has
 * any unit); then "us" here and in the model means ns, and nothing is rounded. Rounding to 1 us: a time is cut; weight (to 1 us)
 * and cpu and runnable (to 100 us) carry what was cut, so that their sums per thread are never further
 * off than that. Specified in docs/recording-format.md, "Samples". Internal to src/recording; not
 * thread-safe per object. */
#ifndef BARO_RECORDING_SAMPLE_BLOCK_H
#define BARO_RECORDING_SAMPLE_BLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/status.h"
#include "recording/number_coder.h"
#include "recording/records.h"
#include "recording/sample_model.h"

enum {
  BARO_SAMPLE_BLOCK_LIMIT = 4096, /* of our writer; readers take any number that a chunk may have */
};

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
  baro_buffer head; /* of the block being made */
  baro_buffer numbers;
  uint16_t order[BARO_SAMPLE_BLOCK_LIMIT]; /* of its samples, by time */
  bool is_reset_due;                       /* the next block starts from an empty model */
  bool in_ns;                              /* all blocks; before the first one */
} baro_sample_encoder;

/* One more thread. BARO_NO_MEMORY leaves the encoder as it was. */
baro_status baro_sample_encoder_add_thread(baro_sample_encoder *encoder) BARO_MUST_USE;
/* Frees most of what is kept for a thread whose samples are all encoded. Further ones are correct, but cost more. */
void baro_sample_encoder_end_thread(baro_sample_encoder *encoder, uint32_t thread);

/* Appends the samples, in any order, as a record of type SAMPLES to raw. stacks: count of stacks
 * defined so far. 1 <= count <= BARO_SAMPLE_BLOCK_LIMIT. BARO_NO_MEMORY leaves raw as it was (the
 * samples can be tried again). */
baro_status baro_sample_encode(baro_sample_encoder *encoder, const baro_sample_record *samples,
                               uint32_t count, uint32_t stacks, baro_buffer *raw) BARO_MUST_USE;
void baro_sample_encoder_release(baro_sample_encoder *encoder);

/* --- Reading --- */

/* One block being read. */
typedef struct baro_sample_decoder {
  baro_sample_model *model; /* borrowed */
  baro_number_reader numbers;
  uint64_t left;    /* samples */
  uint64_t time_us; /* of the previous sample */
  uint64_t unit_ns; /* of all times */
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

/* Numbers in few bits: an adaptive range coder for unsigned 64-bit numbers.
 * Flow: sample_block: numbers -> number_writer -> bytes; bytes -> number_reader -> numbers.
 * Each number is coded under a model, which learns: what is usual under it costs a small part of a bit.
 * A number is: zero or not; how many bits it has below its highest; the three highest of those; the
 * rest as it is. Writer and reader must use equal models in equal order, and models are kept from
 * block to block.
 * Invariants: a model that is all zero bytes is a new one. A reader never reads outside its bytes;
 * after a failure it gives numbers without meaning, and baro_number_reader_is_done says so.
 * Why not zstd for this: it codes a second's samples (1,000) with a table a column, which is a fifth of the
 * result, and no symbol in less than a bit.
 * Specified in docs/recording-format.md, "Numbers". Internal to src/recording; not thread-safe per object. */
#ifndef BARO_RECORDING_NUMBER_CODER_H
#define BARO_RECORDING_NUMBER_CODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum {
  /* At most 12 bits for each of 14 learned bits, and 60 as they are. */
  BARO_NUMBER_MAX_BYTES = 29,
  BARO_NUMBER_END_BYTES = 4,
  BARO_NUMBER_LENGTHS = 16, /* the last stands for all longer ones too */
};

/* The probability of a 0 is (32768 + lean) / 65536. */
typedef struct baro_bit_model {
  int16_t lean;
  uint16_t seen; /* bits coded so far, at most 15: early ones teach more */
} baro_bit_model;

typedef struct baro_number_model {
  baro_bit_model is_not_zero;
  /* Binary trees, root at 1. */
  baro_bit_model length[BARO_NUMBER_LENGTHS];
  baro_bit_model long_length[64];
  baro_bit_model top[BARO_NUMBER_LENGTHS][8];
} baro_number_model;

typedef struct baro_number_writer {
  uint8_t *at; /* borrowed; the caller has reserved */
  uint32_t low;
  uint32_t range;
} baro_number_writer;

/* at: room for BARO_NUMBER_MAX_BYTES a number and BARO_NUMBER_END_BYTES. */
void baro_number_writer_init(baro_number_writer *writer, uint8_t *at);
void baro_number_put(baro_number_writer *writer, baro_number_model *model, uint64_t value);
/* The end of what was written. */
uint8_t *baro_number_writer_end(baro_number_writer *writer);

typedef struct baro_number_reader {
  baro_reader bytes;
  uint32_t code;
  uint32_t range;
} baro_number_reader;

/* bytes must live as long as the reader. */
void baro_number_reader_init(baro_number_reader *reader, baro_view bytes);
uint64_t baro_number_get(baro_number_reader *reader, baro_number_model *model);
/* All bytes were needed, none was missing, and they end as a writer ends them. */
bool baro_number_reader_is_done(const baro_number_reader *reader);

#endif

#include "recording/number_coder.h"

enum {
  LENGTH_BITS = 4,
  LENGTH_LONG = BARO_NUMBER_LENGTHS - 1, /* this or more: LONG_LENGTH_BITS say it */
  LONG_LENGTH_BITS = 6,
  TOP_BITS = 3,
  PLAIN_BITS = 16, /* at a time */
  SEEN_MAX = 15,
  SHIFT_MAX = 5,
};

#define RANGE_MIN (UINT32_C(1) << 24)

/* How much a bit teaches: the more were seen, the less. Index = seen. */
static const uint8_t shifts[SEEN_MAX] = {1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4};

/* The part of range that stands for a 0: never nothing, never all. */
static inline uint32_t zero_part(uint32_t range, const baro_bit_model *model) {
  return (range >> 12) * ((uint32_t)(32768 + model->lean) >> 4);
}

static inline void learn(baro_bit_model *model, bool bit) {
  unsigned shift = SHIFT_MAX;
  if (model->seen < SEEN_MAX) {
    shift = shifts[model->seen++];
  }
  if (bit) {
    model->lean = (int16_t)(model->lean - ((32768 + model->lean) >> shift));
  } else {
    model->lean = (int16_t)(model->lean + ((32768 - model->lean) >> shift));
  }
}

/* Index of the highest bit; value is not 0. */
static unsigned highest_bit(uint64_t value) {
  return 63 - (unsigned)__builtin_clzll(value);
}

static unsigned known_length(unsigned length) {
  return length < LENGTH_LONG ? length : LENGTH_LONG;
}

/* --- Writing. low is the start of the range that stands for all numbers so far; bytes that can
 * change no more but by a carry are out already. --- */

void baro_number_writer_init(baro_number_writer *writer, uint8_t *at) {
  *writer = (baro_number_writer){.at = at, .range = UINT32_MAX};
}

static void carry(uint8_t *at) {
  /* It ends within the block: when that began, low + range was below 2^32. */
  do {
    at--;
  } while (++*at == 0);
}

/* The writer is handed on by value, so that it stays in registers. */
static inline baro_number_writer raise_low(baro_number_writer writer, uint32_t by) {
  writer.low += by;
  if (writer.low < by) {
    carry(writer.at);
  }
  return writer;
}

static inline baro_number_writer write_settled(baro_number_writer writer) {
  while (writer.range < RANGE_MIN) {
    *writer.at++ = (uint8_t)(writer.low >> 24);
    writer.low <<= 8;
    writer.range <<= 8;
  }
  return writer;
}

static inline baro_number_writer put_bit(baro_number_writer writer, baro_bit_model *model,
                                         bool bit) {
  uint32_t part = zero_part(writer.range, model);
  if (bit) {
    writer = raise_low(writer, part);
    writer.range -= part;
  } else {
    writer.range = part;
  }
  learn(model, bit);
  return write_settled(writer);
}

/* The lowest count bits of value along a tree, highest first. */
static inline baro_number_writer put_tree(baro_number_writer writer, baro_bit_model *tree,
                                          unsigned value, unsigned count) {
  unsigned node = 1;
#pragma GCC unroll 4
  for (unsigned left = count; left != 0; left--) {
    bool bit = (value >> (left - 1) & 1) != 0;
    writer = put_bit(writer, &tree[node], bit);
    node = node << 1 | bit;
  }
  return writer;
}

/* The lowest count bits of value, which nothing predicts. */
static inline baro_number_writer put_plain(baro_number_writer writer, uint64_t value,
                                           unsigned count) {
  while (count != 0) {
    unsigned step = count < PLAIN_BITS ? count : PLAIN_BITS;
    count -= step;
    writer.range >>= step;
    uint32_t bits = (uint32_t)(value >> count) & ((UINT32_C(1) << step) - 1);
    writer = write_settled(raise_low(writer, bits * writer.range));
  }
  return writer;
}

static baro_number_writer put_not_zero(baro_number_writer writer, baro_number_model *model,
                                       uint64_t value) {
  unsigned length = highest_bit(value);
  unsigned known = known_length(length);
  writer = put_tree(writer, model->length, known, LENGTH_BITS);
  if (known == LENGTH_LONG) {
    writer = put_tree(writer, model->long_length, length, LONG_LENGTH_BITS);
  }
  unsigned top = length < TOP_BITS ? length : TOP_BITS;
  length -= top;
  writer = put_tree(writer, model->top[known], (unsigned)(value >> length), top);
  return put_plain(writer, value, length);
}

void baro_number_put(baro_number_writer *writer, baro_number_model *model, uint64_t value) {
  baro_number_writer done = put_bit(*writer, &model->is_not_zero, value != 0);
  *writer = value == 0 ? done : put_not_zero(done, model, value);
}

uint8_t *baro_number_writer_end(baro_number_writer *writer) {
  for (int i = 0; i < BARO_NUMBER_END_BYTES; i++) {
    *writer->at++ = (uint8_t)(writer->low >> 24);
    writer->low <<= 8;
  }
  return writer->at;
}

/* --- Reading. code is what the writer's low still goes beyond ours. The reader's fields are copied to a local for each
 * number, so that they stay in registers. --- */

static inline void read_settled(baro_number_reader *reader) {
  while (reader->range < RANGE_MIN) {
    uint8_t byte = 0;
    if (reader->bytes.at != reader->bytes.end) {
      byte = *reader->bytes.at++;
    } else {
      reader->bytes.failed = true;
    }
    reader->code = reader->code << 8 | byte;
    reader->range <<= 8;
  }
}

void baro_number_reader_init(baro_number_reader *reader, baro_view bytes) {
  *reader =
      (baro_number_reader){.bytes = baro_reader_of(bytes.data, bytes.length), .range = UINT32_MAX};
  for (int i = 0; i < BARO_NUMBER_END_BYTES; i++) {
    reader->code = reader->code << 8 | baro_read_u8(&reader->bytes);
  }
}

static inline unsigned get_bit(baro_number_reader *reader, baro_bit_model *model) {
  uint32_t part = zero_part(reader->range, model);
  bool bit = reader->code >= part;
  if (bit) {
    reader->code -= part;
    reader->range -= part;
  } else {
    reader->range = part;
  }
  learn(model, bit);
  read_settled(reader);
  return bit;
}

/* The same without a branch on the bit: below the first bits of a number nothing predicts it, and a wrong guess takes longer
 * than both ways together. */
static inline unsigned get_even_bit(baro_number_reader *reader, baro_bit_model *model) {
  uint32_t part = zero_part(reader->range, model);
  uint32_t is_one = 0 - (uint32_t)(reader->code >= part); /* all bits or none */
  reader->code -= part & is_one;
  reader->range = part + ((reader->range - 2 * part) & is_one);
  unsigned shift = SHIFT_MAX;
  if (model->seen < SEEN_MAX) {
    shift = shifts[model->seen++];
  }
  uint32_t zero = (uint32_t)(32768 + model->lean);
  uint32_t away = (is_one & zero) | (~is_one & (65536 - zero));
  uint32_t step = away >> shift;
  model->lean = (int16_t)((uint32_t)model->lean + ((step ^ is_one) - is_one));
  read_settled(reader);
  return is_one & 1;
}

/* Puts count bits behind those of value. */
static inline uint64_t get_plain(baro_number_reader *reader, uint64_t value, unsigned count) {
  while (count != 0) {
    unsigned step = count < PLAIN_BITS ? count : PLAIN_BITS;
    count -= step;
    reader->range >>= step;
    uint32_t bits = reader->code / reader->range;
    reader->code -= bits * reader->range;
    /* More bits than there are: no writer made this. */
    if (bits >> step != 0) {
      reader->bytes.failed = true;
      bits = 0;
    }
    value = value << step | bits;
    read_settled(reader);
  }
  return value;
}

/* Puts count bits along a tree behind a 1. */
static inline unsigned get_tree(baro_number_reader *reader, baro_bit_model *tree, unsigned count) {
  unsigned node = 1;
#pragma GCC unroll 4
  for (; count != 0; count--) {
    node = node << 1 | get_even_bit(reader, &tree[node]);
  }
  return node;
}

uint64_t baro_number_get(baro_number_reader *reader, baro_number_model *model) {
  baro_number_reader r = *reader;
  uint64_t value = 0;
  if (get_bit(&r, &model->is_not_zero)) {
    unsigned length = get_tree(&r, model->length, LENGTH_BITS) - (1U << LENGTH_BITS);
    if (length == LENGTH_LONG) {
      length = get_tree(&r, model->long_length, LONG_LENGTH_BITS) - (1U << LONG_LENGTH_BITS);
    }
    unsigned top = length < TOP_BITS ? length : TOP_BITS;
    unsigned head = get_tree(&r, model->top[known_length(length)], top);
    value = get_plain(&r, head, length - top);
  }
  *reader = r;
  return value;
}

bool baro_number_reader_is_done(const baro_number_reader *reader) {
  return !reader->bytes.failed && reader->code == 0 && baro_reader_left(&reader->bytes) == 0;
}

#include "recording/number_coder.h"

enum {
  LENGTH_BITS = 6,
  TOP_BITS = 3,
  PLAIN_BITS = 16, /* at a time */
  SEEN_MAX = 15,
};

#define RANGE_MIN (UINT32_C(1) << 24)

/* How much a bit teaches: the more were seen, the less. Index = seen. */
static const uint8_t shifts[SEEN_MAX + 1] = {1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5};

/* The part of range that stands for a 0: never nothing, never all. */
static uint32_t zero_part(uint32_t range, const baro_bit_model *model) {
  return (range >> 12) * ((uint32_t)(32768 + model->lean) >> 4);
}

static void learn(baro_bit_model *model, bool bit) {
  uint8_t shift = shifts[model->seen];
  model->seen = (uint16_t)(model->seen + (model->seen < SEEN_MAX));
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

static baro_bit_model *top_models(baro_number_model *model, unsigned length) {
  return model->top[length < BARO_NUMBER_LENGTHS ? length : BARO_NUMBER_LENGTHS - 1];
}

/* --- Writing. low is the start of the range that stands for all numbers so far; bytes that can
 * change no more but by a carry are out already. --- */

void baro_number_writer_init(baro_number_writer *writer, uint8_t *at) {
  *writer = (baro_number_writer){.at = at, .range = UINT32_MAX};
}

static void raise_low(baro_number_writer *writer, uint32_t by) {
  writer->low += by;
  if (writer->low < by) {
    /* The carry ends within the block: its range was below 2^32 when it began. */
    uint8_t *byte = writer->at;
    do {
      byte--;
    } while (++*byte == 0);
  }
}

static void write_settled(baro_number_writer *writer) {
  while (writer->range < RANGE_MIN) {
    *writer->at++ = (uint8_t)(writer->low >> 24);
    writer->low <<= 8;
    writer->range <<= 8;
  }
}

static void put_bit(baro_number_writer *writer, baro_bit_model *model, bool bit) {
  uint32_t part = zero_part(writer->range, model);
  if (bit) {
    raise_low(writer, part);
    writer->range -= part;
  } else {
    writer->range = part;
  }
  learn(model, bit);
  write_settled(writer);
}

/* The lowest count bits of value, which nothing predicts. */
static void put_plain(baro_number_writer *writer, uint64_t value, unsigned count) {
  while (count != 0) {
    unsigned step = count < PLAIN_BITS ? count : PLAIN_BITS;
    count -= step;
    writer->range >>= step;
    uint32_t bits = (uint32_t)(value >> count) & ((UINT32_C(1) << step) - 1);
    raise_low(writer, bits * writer->range);
    write_settled(writer);
  }
}

void baro_number_put(baro_number_writer *writer, baro_number_model *model, uint64_t value) {
  put_bit(writer, &model->is_not_zero, value != 0);
  if (value == 0) {
    return;
  }
  unsigned length = highest_bit(value);
  unsigned node = 1;
  for (unsigned i = LENGTH_BITS; i-- != 0;) {
    bool bit = (length >> i & 1) != 0;
    put_bit(writer, &model->length[node], bit);
    node = node << 1 | bit;
  }
  baro_bit_model *top = top_models(model, length);
  node = 1;
  for (unsigned i = 0; i < TOP_BITS && length != 0; i++) {
    length--;
    bool bit = (value >> length & 1) != 0;
    put_bit(writer, &top[node], bit);
    node = node << 1 | bit;
  }
  put_plain(writer, value, length);
}

uint8_t *baro_number_writer_end(baro_number_writer *writer) {
  for (int i = 0; i < BARO_NUMBER_END_BYTES; i++) {
    *writer->at++ = (uint8_t)(writer->low >> 24);
    writer->low <<= 8;
  }
  return writer->at;
}

/* --- Reading. code is what the writer's low still goes beyond ours. --- */

static void read_settled(baro_number_reader *reader) {
  while (reader->range < RANGE_MIN) {
    reader->code = reader->code << 8 | baro_read_u8(&reader->bytes);
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

static bool get_bit(baro_number_reader *reader, baro_bit_model *model) {
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

/* Puts count bits behind those of value. */
static uint64_t get_plain(baro_number_reader *reader, uint64_t value, unsigned count) {
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

uint64_t baro_number_get(baro_number_reader *reader, baro_number_model *model) {
  if (!get_bit(reader, &model->is_not_zero)) {
    return 0;
  }
  unsigned node = 1;
  for (int i = 0; i < LENGTH_BITS; i++) {
    node = node << 1 | get_bit(reader, &model->length[node]);
  }
  unsigned length = node - (1U << LENGTH_BITS);
  baro_bit_model *top = top_models(model, length);
  unsigned head = 1;
  for (int i = 0; i < TOP_BITS && length != 0; i++) {
    length--;
    head = head << 1 | get_bit(reader, &top[head]);
  }
  return get_plain(reader, head, length);
}

bool baro_number_reader_is_done(const baro_number_reader *reader) {
  return !reader->bytes.failed && reader->code == 0 && baro_reader_left(&reader->bytes) == 0;
}

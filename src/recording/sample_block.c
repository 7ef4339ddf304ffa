#include "recording/sample_block.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "recording/format.h"

enum {
  CODING_BYTES = 0,   /* one byte a sample */
  CODING_VARINTS = 1, /* one varint a sample */
  CODING_RUNS = 2,    /* (varint value, varint how often) */

  BLOCK_FLAG_RESET = 1,

  STACK_NONE = BARO_SAMPLE_RECENT_STACKS,      /* no stack, and not among the recent ones */
  STACK_OTHER = BARO_SAMPLE_RECENT_STACKS + 1, /* + zigzag distance from the last such */

  VARINT_MAX_BYTES = 10,
};

#define NS_PER_US 1000
/* Unit of cpu and runnable. Only sums of many samples are of use, and carrying the rest keeps those;
 * in us, the two would be half of a recording made on a busy machine. */
#define NS_PER_MOVEMENT 100000

/* --- The model --- */

static void thread_clear(baro_sample_thread *thread, uint32_t index) {
  *thread = (baro_sample_thread){.successor = index};
}

baro_status baro_sample_model_grow(baro_sample_model *model, uint32_t count) {
  if (count > model->capacity) {
    size_t capacity = model->capacity == 0 ? 16 : model->capacity;
    while (capacity < count) {
      capacity *= 2;
    }
    baro_sample_thread *threads = realloc(model->threads, capacity * sizeof(*threads));
    if (threads == NULL) {
      return BARO_NO_MEMORY;
    }
    model->threads = threads;
    model->capacity = (uint32_t)capacity;
  }
  while (model->count < count) {
    thread_clear(&model->threads[model->count], model->count);
    model->count++;
  }
  return BARO_OK;
}

void baro_sample_model_reset(baro_sample_model *model) {
  for (uint32_t i = 0; i < model->count; i++) {
    thread_clear(&model->threads[i], i);
  }
  model->previous_thread = 0;
  model->previous_other = 0;
}

void baro_sample_model_release(baro_sample_model *model) {
  free(model->threads);
  *model = (baro_sample_model){0};
}

/* Moves the stack at position to the front; position = recent_count puts a new one there. */
static void recent_touch(baro_sample_thread *thread, uint32_t position, uint32_t stack) {
  if (position == thread->recent_count) {
    if (position == BARO_SAMPLE_RECENT_STACKS) {
      position--; /* the oldest is forgotten */
    } else {
      thread->recent_count++;
    }
  }
  memmove(&thread->recent[1], &thread->recent[0], position * sizeof(thread->recent[0]));
  thread->recent[0] = stack;
}

/* --- Writing --- */

static uint64_t zigzag(uint64_t difference) {
  return difference << 1 ^ (0 - (difference >> 63));
}

/* baro_write_varint without its check: the caller has reserved for the whole block. */
static uint8_t *put_varint(uint8_t *at, uint64_t value) {
  while (value >= 0x80) {
    *at++ = (uint8_t)(value | 0x80);
    value >>= 7;
  }
  *at++ = (uint8_t)value;
  return at;
}

/* Where a column is written: one open run, or bytes as they come. */
typedef struct column_writer {
  uint8_t *at;
  uint64_t run_value;
  uint32_t run_length;
} column_writer;

static void put_in_run(column_writer *column, uint64_t value) {
  if (column->run_length != 0 && column->run_value == value) {
    column->run_length++;
    return;
  }
  if (column->run_length != 0) {
    column->at = put_varint(column->at, column->run_value);
    column->at = put_varint(column->at, column->run_length);
  }
  column->run_value = value;
  column->run_length = 1;
}

static uint8_t column_coding(baro_sample_column column) {
  switch (column) {
  case BARO_COLUMN_THREAD:
  case BARO_COLUMN_WEIGHT:
  case BARO_COLUMN_TICKS:
  case BARO_COLUMN_STATE: return CODING_RUNS;
  case BARO_COLUMN_TIME_LOW: return CODING_BYTES;
  case BARO_COLUMN_TIME_HIGH:
  case BARO_COLUMN_STACK:
  case BARO_COLUMN_RUNNABLE:
  case BARO_COLUMN_CPU:
  case BARO_COLUMN_COUNT: break;
  }
  return CODING_VARINTS;
}

baro_status baro_sample_encoder_add_thread(baro_sample_encoder *encoder) {
  uint32_t index = encoder->model.count;
  baro_status status = baro_sample_model_grow(&encoder->model, index + 1);
  if (status != BARO_OK) {
    return status;
  }
  if (encoder->carry_capacity < encoder->model.capacity) {
    baro_sample_carry *carries =
        realloc(encoder->carries, encoder->model.capacity * sizeof(*carries));
    if (carries == NULL) {
      encoder->model.count--;
      return BARO_NO_MEMORY;
    }
    encoder->carries = carries;
    encoder->carry_capacity = encoder->model.capacity;
  }
  encoder->carries[index] = (baro_sample_carry){0};
  return BARO_OK;
}

/* Weight in us. The gap since the thread's last sample is taken whenever that keeps the sum within
 * 1 us, because it codes as 0; else the nearest us, and the rest is carried. */
static uint64_t weight_round(int64_t *carry_ns, uint64_t weight_ns, uint64_t gap_us) {
  assert(weight_ns <= INT64_MAX / 2);
  int64_t due_ns = (int64_t)weight_ns + *carry_ns;
  /* A gap beyond that is a step back in time. */
  if (gap_us <= INT64_MAX / 2 / NS_PER_US) {
    int64_t left_ns = due_ns - (int64_t)(gap_us * NS_PER_US);
    if (left_ns > -NS_PER_US && left_ns < NS_PER_US) {
      *carry_ns = left_ns;
      return gap_us;
    }
  }
  int64_t weight_us = due_ns > 0 ? (due_ns + NS_PER_US / 2) / NS_PER_US : 0;
  *carry_ns = due_ns - weight_us * NS_PER_US;
  return (uint64_t)weight_us;
}

/* Movement of a counter: whole units now, the rest later. */
static uint64_t movement_round(int64_t *carry_ns, uint64_t movement_ns) {
  uint64_t due_ns = movement_ns + (uint64_t)*carry_ns;
  *carry_ns = (int64_t)(due_ns % NS_PER_MOVEMENT);
  return due_ns / NS_PER_MOVEMENT;
}

static uint64_t stack_code(baro_sample_model *model, baro_sample_thread *thread, uint32_t stack) {
  uint32_t position = 0;
  while (position < thread->recent_count && thread->recent[position] != stack) {
    position++;
  }
  bool is_recent = position < thread->recent_count;
  recent_touch(thread, position, stack);
  if (is_recent) {
    return position;
  }
  if (stack == BARO_NONE_ID) {
    return STACK_NONE;
  }
  uint64_t distance = zigzag((uint64_t)stack - model->previous_other);
  model->previous_other = stack;
  return STACK_OTHER + distance;
}

static void encode_one(baro_sample_encoder *encoder, const baro_sample_record *sample,
                       uint64_t *time_us, column_writer *columns) {
  baro_sample_model *model = &encoder->model;
  assert(sample->thread < model->count);
  baro_sample_thread *thread = &model->threads[sample->thread];
  baro_sample_carry *carry = &encoder->carries[sample->thread];

  baro_sample_thread *previous = &model->threads[model->previous_thread];
  bool is_expected = previous->successor == sample->thread;
  put_in_run(&columns[BARO_COLUMN_THREAD], is_expected ? 0 : 1 + (uint64_t)sample->thread);
  previous->successor = sample->thread;
  model->previous_thread = sample->thread;

  uint64_t now_us = sample->time_ns / NS_PER_US;
  uint64_t step_us = now_us - *time_us;
  *time_us = now_us;
  *columns[BARO_COLUMN_TIME_LOW].at++ = (uint8_t)step_us;
  /* Arithmetic shift of a difference that may be negative. */
  uint64_t high = step_us >> 8 | (0 - (step_us >> 63)) << 56;
  columns[BARO_COLUMN_TIME_HIGH].at = put_varint(columns[BARO_COLUMN_TIME_HIGH].at, zigzag(high));

  uint64_t gap_us = thread->is_seen ? now_us - thread->time_us : 0;
  uint64_t weight_us = weight_round(&carry->weight_ns, sample->weight_ns, gap_us);
  put_in_run(&columns[BARO_COLUMN_WEIGHT], zigzag(weight_us - gap_us));
  thread->time_us = now_us;
  thread->is_seen = true;

  put_in_run(&columns[BARO_COLUMN_TICKS], sample->ticks);
  uint8_t state = (uint8_t)sample->state;
  put_in_run(&columns[BARO_COLUMN_STATE], state == thread->state ? 0 : 1 + (uint64_t)state);
  thread->state = state;

  /* Both move together, when the kernel adds up: one zero says that neither did. */
  uint64_t cpu = movement_round(&carry->cpu_ns, sample->cpu_ns);
  uint64_t runnable = movement_round(&carry->runnable_ns, sample->runnable_ns);
  bool is_moved = cpu != 0 || runnable != 0;
  columns[BARO_COLUMN_CPU].at = put_varint(columns[BARO_COLUMN_CPU].at, is_moved ? cpu + 1 : 0);
  if (is_moved) {
    columns[BARO_COLUMN_RUNNABLE].at = put_varint(columns[BARO_COLUMN_RUNNABLE].at, runnable);
  }
  columns[BARO_COLUMN_STACK].at =
      put_varint(columns[BARO_COLUMN_STACK].at, stack_code(model, thread, sample->stack));
}

static size_t varint_bytes(uint64_t value) {
  size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) {
    bytes++;
  }
  return bytes;
}

/* Appends the record: its head, then each column with coding and length. raw has room. */
static void block_write(const baro_sample_encoder *encoder, uint8_t *head, size_t head_bytes,
                        baro_buffer *raw, size_t ret_cuts[BARO_COLUMN_CUTS]) {
  size_t payload_bytes = head_bytes;
  for (size_t i = 0; i < BARO_COLUMN_COUNT; i++) {
    size_t length = encoder->columns[i].length;
    payload_bytes += 1 + varint_bytes(length) + length;
  }
  size_t cut = 0;
  ret_cuts[cut++] = raw->length;
  baro_write_varint(raw, BARO_RECORD_SAMPLES);
  baro_write_varint(raw, payload_bytes);
  baro_write_bytes(raw, head, head_bytes);
  for (size_t i = 0; i < BARO_COLUMN_COUNT; i++) {
    if (i >= BARO_COLUMN_TIME_LOW) {
      ret_cuts[cut++] = raw->length;
    }
    baro_write_u8(raw, column_coding((baro_sample_column)i));
    baro_write_varint(raw, encoder->columns[i].length);
    baro_write_bytes(raw, encoder->columns[i].data, encoder->columns[i].length);
  }
}

/* Room for the worst case, so that nothing can fail once the model moves. */
static bool reserve_block(baro_sample_encoder *encoder, uint32_t count, baro_buffer *raw) {
  /* A run of one sample: its value and a one-byte length. */
  size_t worst = (size_t)count * (VARINT_MAX_BYTES + 1) + VARINT_MAX_BYTES;
  for (size_t i = 0; i < BARO_COLUMN_COUNT; i++) {
    baro_buffer_clear(&encoder->columns[i]);
    if (!baro_buffer_reserve(&encoder->columns[i], worst)) {
      return false;
    }
  }
  if (!baro_buffer_reserve(raw, BARO_COLUMN_COUNT * (worst + 2 * VARINT_MAX_BYTES))) {
    raw->failed = false; /* nothing was dropped yet */
    return false;
  }
  return true;
}

baro_status baro_sample_encode(baro_sample_encoder *encoder, const baro_sample_record *samples,
                               uint32_t count, uint32_t stacks, baro_buffer *raw,
                               size_t ret_cuts[BARO_COLUMN_CUTS]) {
  assert(count >= 1 && count <= BARO_SAMPLE_BLOCK_LIMIT);
  if (!reserve_block(encoder, count, raw)) {
    return BARO_NO_MEMORY;
  }
  uint64_t flags = encoder->is_reset_due ? BLOCK_FLAG_RESET : 0;
  if (encoder->is_reset_due) {
    baro_sample_model_reset(&encoder->model);
    encoder->is_reset_due = false;
  }
  uint64_t time_us = samples[0].time_ns / NS_PER_US;
  uint8_t head[4 * VARINT_MAX_BYTES];
  uint8_t *at = put_varint(head, flags);
  at = put_varint(at, count);
  at = put_varint(at, time_us);
  at = put_varint(at, BARO_COLUMN_COUNT);

  column_writer columns[BARO_COLUMN_COUNT] = {0};
  for (size_t i = 0; i < BARO_COLUMN_COUNT; i++) {
    columns[i].at = encoder->columns[i].data;
  }
  for (uint32_t i = 0; i < count; i++) {
    assert(samples[i].stack < stacks || samples[i].stack == BARO_NONE_ID);
    encode_one(encoder, &samples[i], &time_us, columns);
  }
  for (size_t i = 0; i < BARO_COLUMN_COUNT; i++) {
    if (columns[i].run_length != 0) {
      columns[i].at = put_varint(columns[i].at, columns[i].run_value);
      columns[i].at = put_varint(columns[i].at, columns[i].run_length);
    }
    encoder->columns[i].length = (size_t)(columns[i].at - encoder->columns[i].data);
  }
  block_write(encoder, head, (size_t)(at - head), raw, ret_cuts);
  return BARO_OK;
}

void baro_sample_encoder_release(baro_sample_encoder *encoder) {
  baro_sample_model_release(&encoder->model);
  free(encoder->carries);
  for (size_t i = 0; i < BARO_COLUMN_COUNT; i++) {
    baro_buffer_release(&encoder->columns[i]);
  }
  *encoder = (baro_sample_encoder){0};
}

/* --- Reading --- */

static uint64_t unzigzag(uint64_t coded) {
  return coded >> 1 ^ (0 - (coded & 1));
}

/* The next value of a column; 0 once the reader has failed. */
static uint64_t cursor_next(baro_sample_cursor *cursor) {
  if (cursor->coding == CODING_BYTES) {
    return baro_read_u8(&cursor->reader);
  }
  if (cursor->coding == CODING_VARINTS) {
    return baro_read_varint(&cursor->reader);
  }
  if (cursor->run_left == 0) {
    cursor->run_value = baro_read_varint(&cursor->reader);
    cursor->run_left = baro_read_varint(&cursor->reader);
    if (cursor->run_left == 0) {
      cursor->reader.failed = true;
      return 0;
    }
  }
  cursor->run_left--;
  return cursor->run_value;
}

static bool cursor_is_done(const baro_sample_cursor *cursor) {
  return !cursor->reader.failed && cursor->run_left == 0 && baro_reader_left(&cursor->reader) == 0;
}

baro_status baro_sample_decoder_init(baro_sample_decoder *decoder, baro_sample_model *model,
                                     baro_view payload, uint32_t threads, uint32_t stacks,
                                     baro_error *err) {
  baro_reader reader = baro_reader_of(payload.data, payload.length);
  uint64_t flags = baro_read_varint(&reader);
  uint64_t count = baro_read_varint(&reader);
  uint64_t time_us = baro_read_varint(&reader);
  uint64_t columns = baro_read_varint(&reader);
  if (reader.failed || columns < BARO_COLUMN_COUNT || (flags & ~(uint64_t)BLOCK_FLAG_RESET) != 0) {
    return baro_error_set(err, BARO_CORRUPT, "head of a sample block");
  }
  if (threads == 0 && count != 0) {
    return baro_error_set(err, BARO_CORRUPT, "samples before any thread");
  }
  if (baro_sample_model_grow(model, threads) != BARO_OK) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory for %u threads", threads);
  }
  if ((flags & BLOCK_FLAG_RESET) != 0) {
    baro_sample_model_reset(model);
  }
  *decoder = (baro_sample_decoder){
      .model = model, .left = count, .time_us = time_us, .threads = threads, .stacks = stacks};
  /* Columns after ours belong to a newer minor version. */
  for (size_t i = 0; i < BARO_COLUMN_COUNT; i++) {
    baro_sample_cursor *cursor = &decoder->columns[i];
    cursor->coding = baro_read_u8(&reader);
    baro_view bytes = baro_read_string(&reader);
    cursor->reader = baro_reader_of(bytes.data, bytes.length);
    if (reader.failed || cursor->coding > CODING_RUNS) {
      return baro_error_set(err, BARO_CORRUPT, "column %zu of a sample block", i);
    }
  }
  /* A byte a sample bounds the count, where runs alone would not. */
  if (decoder->columns[BARO_COLUMN_TIME_LOW].coding != CODING_BYTES ||
      baro_reader_left(&decoder->columns[BARO_COLUMN_TIME_LOW].reader) != count) {
    return baro_error_set(err, BARO_CORRUPT, "count of a sample block");
  }
  return BARO_OK;
}

/* false when the code stands for nothing. */
static bool decode_stack(baro_sample_decoder *decoder, baro_sample_thread *thread, uint64_t code,
                         uint32_t *ret_stack) {
  uint32_t position = thread->recent_count;
  uint32_t stack = BARO_NONE_ID;
  if (code < BARO_SAMPLE_RECENT_STACKS) {
    if (code >= thread->recent_count) {
      return false;
    }
    position = (uint32_t)code;
    stack = thread->recent[position];
  } else if (code >= STACK_OTHER) {
    uint64_t other = decoder->model->previous_other + unzigzag(code - STACK_OTHER);
    if (other >= decoder->stacks) {
      return false;
    }
    stack = (uint32_t)other;
    decoder->model->previous_other = stack;
  }
  recent_touch(thread, position, stack);
  *ret_stack = stack;
  return true;
}

/* false when a value cannot be. */
static bool decode_numbers(baro_sample_decoder *decoder, baro_sample_thread *thread,
                           baro_sample_record *sample) {
  const uint64_t limit_us = UINT64_MAX / NS_PER_US;
  const uint64_t limit = UINT64_MAX / NS_PER_MOVEMENT;
  baro_sample_cursor *columns = decoder->columns;
  uint64_t low = cursor_next(&columns[BARO_COLUMN_TIME_LOW]);
  uint64_t high = unzigzag(cursor_next(&columns[BARO_COLUMN_TIME_HIGH]));
  uint64_t time_us = decoder->time_us + (high << 8) + low;
  uint64_t gap_us = thread->is_seen ? time_us - thread->time_us : 0;
  uint64_t weight_us = gap_us + unzigzag(cursor_next(&columns[BARO_COLUMN_WEIGHT]));
  uint64_t ticks = cursor_next(&columns[BARO_COLUMN_TICKS]);
  uint64_t cpu = cursor_next(&columns[BARO_COLUMN_CPU]);
  uint64_t runnable = 0;
  if (cpu != 0) {
    cpu--;
    runnable = cursor_next(&columns[BARO_COLUMN_RUNNABLE]);
  }
  uint64_t state = cursor_next(&columns[BARO_COLUMN_STATE]);
  if (time_us > limit_us || weight_us > limit_us || cpu > limit || runnable > limit ||
      ticks > UINT32_MAX || state > 1 + UINT8_MAX) {
    return false;
  }
  decoder->time_us = time_us;
  thread->time_us = time_us;
  thread->is_seen = true;
  if (state != 0) {
    thread->state = (uint8_t)(state - 1);
  }
  sample->time_ns = time_us * NS_PER_US;
  sample->weight_ns = weight_us * NS_PER_US;
  sample->ticks = (uint32_t)ticks;
  sample->cpu_ns = cpu * NS_PER_MOVEMENT;
  sample->runnable_ns = runnable * NS_PER_MOVEMENT;
  /* A state of a newer minor version. */
  sample->state = thread->state < BARO_STATE_COUNT ? (baro_state)thread->state : BARO_STATE_UNKNOWN;
  return true;
}

baro_status baro_sample_decode(baro_sample_decoder *decoder, baro_sample_record *ret_sample,
                               bool *ret_more, baro_error *err) {
  bool is_sound = true;
  if (decoder->left == 0) {
    for (size_t i = 0; i < BARO_COLUMN_COUNT; i++) {
      is_sound = is_sound && cursor_is_done(&decoder->columns[i]);
    }
    *ret_more = false;
    return is_sound ? BARO_OK
                    : baro_error_set(err, BARO_CORRUPT, "columns of a sample block disagree");
  }
  baro_sample_model *model = decoder->model;
  baro_sample_thread *previous = &model->threads[model->previous_thread];
  uint64_t thread_code = cursor_next(&decoder->columns[BARO_COLUMN_THREAD]);
  if (thread_code > decoder->threads) {
    return baro_error_set(err, BARO_CORRUPT, "sample of an undefined thread");
  }
  uint32_t index = thread_code == 0 ? previous->successor : (uint32_t)(thread_code - 1);
  previous->successor = index;
  model->previous_thread = index;

  baro_sample_record sample = {.thread = index};
  baro_sample_thread *thread = &model->threads[index];
  is_sound = decode_numbers(decoder, thread, &sample) &&
             decode_stack(decoder, thread, cursor_next(&decoder->columns[BARO_COLUMN_STACK]),
                          &sample.stack);
  for (size_t i = 0; i < BARO_COLUMN_COUNT; i++) {
    is_sound = is_sound && !decoder->columns[i].reader.failed;
  }
  if (!is_sound) {
    return baro_error_set(err, BARO_CORRUPT, "sample of thread %u breaks a rule", index);
  }
  decoder->left--;
  *ret_sample = sample;
  *ret_more = true;
  return BARO_OK;
}

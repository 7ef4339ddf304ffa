#include "recording/sample_block.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "recording/format.h"

enum {
  BLOCK_FLAG_RESET = 1,
  BLOCK_FLAG_NS = 2,

  STACK_NONE = BARO_SAMPLE_RECENT_STACKS,      /* no stack, and not among the recent ones */
  STACK_OTHER = BARO_SAMPLE_RECENT_STACKS + 1, /* + zigzag distance from the last such */

  NUMBERS_A_SAMPLE = 8,
  HEAD_MAX_BYTES = 4 * 10,
};

#define NS_PER_US 1000
/* Unit of cpu and runnable. Only sums of many samples are of use, and carrying the rest keeps those;
 * in us, the two would be half of a recording made on a busy machine. */
#define NS_PER_MOVEMENT 100000
#define US_PER_MOVEMENT 100

static uint64_t zigzag(uint64_t difference) {
  return difference << 1 ^ (0 - (difference >> 63));
}

static uint64_t unzigzag(uint64_t coded) {
  return coded >> 1 ^ (0 - (coded & 1));
}

/* Movement that the weight not yet accounted for lets expect. */
static uint64_t movement_due(const baro_sample_thread *thread) {
  return (thread->due_us + US_PER_MOVEMENT / 2) / US_PER_MOVEMENT;
}

/* --- Writing --- */

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

static int64_t unit_of(const baro_sample_encoder *encoder) {
  return encoder->in_ns ? 1 : NS_PER_US;
}

/* Weight in us. The gap since the thread's last sample is taken whenever that keeps the sum within
 * 1 us, because it codes as 0; else the nearest us, and the rest is carried. */
static uint64_t weight_round(int64_t *carry_ns, uint64_t weight_ns, uint64_t gap_us,
                             int64_t unit_ns) {
  assert(weight_ns <= INT64_MAX / 2);
  int64_t due_ns = (int64_t)weight_ns + *carry_ns;
  /* A gap beyond that is a step back in time. */
  if (gap_us <= (uint64_t)(INT64_MAX / 2 / unit_ns)) {
    int64_t left_ns = due_ns - (int64_t)gap_us * unit_ns;
    if (left_ns > -unit_ns && left_ns < unit_ns) {
      *carry_ns = left_ns;
      return gap_us;
    }
  }
  int64_t weight_us = due_ns > 0 ? (due_ns + unit_ns / 2) / unit_ns : 0;
  *carry_ns = due_ns - weight_us * unit_ns;
  return (uint64_t)weight_us;
}

/* Movement of a counter: whole units now, the rest later. */
static uint64_t movement_round(int64_t *carry_ns, uint64_t movement_ns) {
  uint64_t due_ns = movement_ns + (uint64_t)*carry_ns;
  *carry_ns = (int64_t)(due_ns % NS_PER_MOVEMENT);
  return due_ns / NS_PER_MOVEMENT;
}

/* Where in samples[order] one of time_ns belongs: behind those that are not later. Nearly always the
 * end; otherwise mostly near it. */
static uint32_t place_of(const baro_sample_record *samples, const uint16_t *order, uint32_t count,
                         uint64_t time_ns) {
  if (count == 0 || samples[order[count - 1]].time_ns <= time_ns) {
    return count;
  }
  uint32_t first = 0;
  uint32_t last = count;
  while (first < last) {
    uint32_t middle = (first + last) / 2;
    if (samples[order[middle]].time_ns <= time_ns) {
      first = middle + 1;
    } else {
      last = middle;
    }
  }
  return first;
}

/* A blocked thread's sample is known to have ended only when the next one begins: a few come late. */
static void order_by_time(const baro_sample_record *samples, uint32_t count, uint16_t *ret_order) {
  for (uint32_t i = 0; i < count; i++) {
    uint32_t place = place_of(samples, ret_order, i, samples[i].time_ns);
    memmove(&ret_order[place + 1], &ret_order[place], (i - place) * sizeof(ret_order[0]));
    ret_order[place] = (uint16_t)i;
  }
}

static baro_sample_context put_thread(baro_sample_model *model, baro_number_writer *numbers,
                                      uint32_t index, bool is_next) {
  const baro_sample_thread *previous = baro_sample_model_thread(model, model->previous_thread);
  bool is_expected = previous->successor == index && previous->successor_is_next == is_next;
  uint64_t number = is_expected ? 0 : 1 + 2 * (uint64_t)index + is_next;
  baro_number_put(numbers, baro_sample_thread_model(model), number);
  return baro_sample_model_enter(model, index, is_next, is_expected);
}

static void put_times(baro_sample_encoder *encoder, baro_number_writer *numbers,
                      const baro_sample_context *context, const baro_sample_record *sample,
                      uint64_t *time_us) {
  baro_sample_model *model = &encoder->model;
  baro_sample_thread *thread = context->thread;
  uint64_t now_us = sample->time_ns / (uint64_t)unit_of(encoder);
  if (context->is_next) {
    baro_number_put(numbers, baro_sample_step_model(model), now_us - *time_us);
    *time_us = now_us;
  }
  uint64_t gap_us = thread->is_seen ? now_us - thread->time_us : 0;
  uint64_t weight_us = weight_round(&encoder->carries[context->index].weight_ns, sample->weight_ns,
                                    gap_us, unit_of(encoder));
  baro_number_put(numbers, baro_sample_weight_model(model), zigzag(weight_us - gap_us));
  thread->due_us += weight_us;

  uint64_t elapsed = baro_sample_elapsed(model, context);
  baro_number_put(numbers, baro_sample_ticks_model(model, context, elapsed),
                  zigzag(sample->ticks - elapsed));
  baro_sample_model_ticks(model, context, elapsed, sample->ticks);
  thread->time_us = now_us;
  thread->is_seen = true;
}

/* Gives the state that the stack was last seen in. */
static uint8_t put_stack(baro_sample_model *model, baro_number_writer *numbers,
                         const baro_sample_context *context, uint32_t stack) {
  baro_sample_thread *thread = context->thread;
  uint32_t position = 0;
  while (position < thread->recent_count && thread->recent->stacks[position] != stack) {
    position++;
  }
  uint64_t number = position;
  if (position == thread->recent_count) {
    number = STACK_NONE;
    if (stack != BARO_NONE_ID) {
      number = STACK_OTHER + zigzag((uint64_t)stack - model->previous_other);
      model->previous_other = stack;
    }
  }
  baro_number_put(numbers, baro_sample_stack_model(model, context), number);
  return baro_sample_recent_touch(thread, position, stack);
}

static void put_movement(baro_sample_encoder *encoder, baro_number_writer *numbers,
                         const baro_sample_context *context, const baro_sample_record *sample) {
  baro_sample_carry *carry = &encoder->carries[context->index];
  uint64_t cpu = movement_round(&carry->cpu_ns, sample->cpu_ns);
  uint64_t runnable = movement_round(&carry->runnable_ns, sample->runnable_ns);
  uint64_t movement = cpu + runnable;
  uint64_t due = movement_due(context->thread);
  baro_number_put(numbers, baro_sample_movement_model(&encoder->model, context, due),
                  movement == 0 ? 0 : 1 + zigzag(due - movement));
  if (movement != 0) {
    uint64_t share = cpu < runnable ? 2 * cpu + 1 : 2 * runnable;
    baro_number_put(numbers, baro_sample_share_model(&encoder->model, context, movement), share);
    context->thread->due_us = 0;
  }
}

static void encode_one(baro_sample_encoder *encoder, baro_number_writer *numbers,
                       const baro_sample_record *sample, bool is_first, uint64_t *time_us) {
  baro_sample_model *model = &encoder->model;
  assert(sample->thread < model->count);
  bool is_next = is_first || sample->time_ns / (uint64_t)unit_of(encoder) != *time_us;
  baro_sample_context context = put_thread(model, numbers, sample->thread, is_next);
  put_times(encoder, numbers, &context, sample, time_us);

  uint8_t stack_state = put_stack(model, numbers, &context, sample->stack);
  uint8_t state = (uint8_t)sample->state;
  baro_number_put(numbers, baro_sample_state_model(model, &context, stack_state, sample->ticks),
                  state == stack_state ? 0 : 1 + (uint64_t)state);
  baro_sample_model_state(&context, state);
  put_movement(encoder, numbers, &context, sample);
}

/* Room for the worst case, so that nothing can fail once the model moves. */
static bool reserve_block(baro_sample_encoder *encoder, uint32_t count, baro_buffer *raw) {
  size_t worst = (size_t)count * NUMBERS_A_SAMPLE * BARO_NUMBER_MAX_BYTES + BARO_NUMBER_END_BYTES;
  baro_buffer_clear(&encoder->numbers);
  baro_buffer_clear(&encoder->head);
  if (!baro_buffer_reserve(&encoder->numbers, worst) ||
      !baro_buffer_reserve(&encoder->head, HEAD_MAX_BYTES)) {
    return false;
  }
  if (!baro_buffer_reserve(raw, worst + 2 * HEAD_MAX_BYTES)) {
    raw->failed = false; /* nothing was dropped yet */
    return false;
  }
  return true;
}

/* Of a thread that was said to have ended the reader knows what we do not any more: both forget all. */
static bool ready_threads(baro_sample_encoder *encoder, const baro_sample_record *samples,
                          uint32_t count) {
  baro_sample_model *model = &encoder->model;
  bool is_ready = true;
  for (uint32_t i = 0; i < count && is_ready; i++) {
    encoder->is_reset_due |= baro_sample_model_was_let_go(model, samples[i].thread);
    is_ready = baro_sample_model_ready(model, samples[i].thread) == BARO_OK;
  }
  return is_ready;
}

void baro_sample_encoder_end_thread(baro_sample_encoder *encoder, uint32_t thread) {
  assert(thread < encoder->model.count);
  baro_sample_model_let_go(&encoder->model, thread);
}

baro_status baro_sample_encode(baro_sample_encoder *encoder, const baro_sample_record *samples,
                               uint32_t count, uint32_t stacks, baro_buffer *raw) {
  assert(count >= 1 && count <= BARO_SAMPLE_BLOCK_LIMIT);
  if (!reserve_block(encoder, count, raw) || !ready_threads(encoder, samples, count)) {
    return BARO_NO_MEMORY;
  }
  uint64_t flags = encoder->is_reset_due ? BLOCK_FLAG_RESET : 0;
  flags |= encoder->in_ns ? BLOCK_FLAG_NS : 0;
  if (encoder->is_reset_due) {
    baro_sample_model_reset(&encoder->model);
    encoder->is_reset_due = false;
  }
  order_by_time(samples, count, encoder->order);
  uint64_t start_us = samples[encoder->order[0]].time_ns / (uint64_t)unit_of(encoder);
  uint64_t time_us = start_us;
  baro_number_writer numbers;
  baro_number_writer_init(&numbers, encoder->numbers.data);
  for (uint32_t i = 0; i < count; i++) {
    const baro_sample_record *sample = &samples[encoder->order[i]];
    assert(sample->stack < stacks || sample->stack == BARO_NONE_ID);
    encode_one(encoder, &numbers, sample, i == 0, &time_us);
  }
  encoder->numbers.length = (size_t)(baro_number_writer_end(&numbers) - encoder->numbers.data);

  baro_buffer *head = &encoder->head;
  baro_write_varint(head, flags);
  baro_write_varint(head, count);
  baro_write_varint(head, start_us);
  baro_write_varint(head, encoder->numbers.length);
  baro_write_varint(raw, BARO_RECORD_SAMPLES);
  baro_write_varint(raw, head->length + encoder->numbers.length);
  baro_write_bytes(raw, head->data, head->length);
  baro_write_bytes(raw, encoder->numbers.data, encoder->numbers.length);
  return BARO_OK;
}

void baro_sample_encoder_release(baro_sample_encoder *encoder) {
  baro_sample_model_release(&encoder->model);
  free(encoder->carries);
  baro_buffer_release(&encoder->head);
  baro_buffer_release(&encoder->numbers);
  *encoder = (baro_sample_encoder){0};
}

/* --- Reading --- */

baro_status baro_sample_decoder_init(baro_sample_decoder *decoder, baro_sample_model *model,
                                     baro_view payload, uint32_t threads, uint32_t stacks,
                                     baro_error *err) {
  baro_reader reader = baro_reader_of(payload.data, payload.length);
  uint64_t flags = baro_read_varint(&reader);
  uint64_t count = baro_read_varint(&reader);
  uint64_t time_us = baro_read_varint(&reader);
  baro_view numbers = baro_read_string(&reader); /* what follows is of a newer minor version */
  if (reader.failed || (flags & ~(uint64_t)(BLOCK_FLAG_RESET | BLOCK_FLAG_NS)) != 0) {
    return baro_error_set(err, BARO_CORRUPT, "head of a sample block");
  }
  /* Samples may cost next to nothing: only this bounds them, and with them the blocks. */
  if (count == 0 || count > BARO_CHUNK_SAMPLE_LIMIT) {
    return baro_error_set(err, BARO_CORRUPT, "count of a sample block");
  }
  if (threads == 0) {
    return baro_error_set(err, BARO_CORRUPT, "samples before any thread");
  }
  if (baro_sample_model_grow(model, threads) != BARO_OK) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory for %u threads", threads);
  }
  if ((flags & BLOCK_FLAG_RESET) != 0) {
    baro_sample_model_reset(model);
  }
  *decoder = (baro_sample_decoder){.model = model,
                                   .left = count,
                                   .time_us = time_us,
                                   .unit_ns = (flags & BLOCK_FLAG_NS) != 0 ? 1 : NS_PER_US,
                                   .threads = threads,
                                   .stacks = stacks};
  baro_number_reader_init(&decoder->numbers, numbers);
  return BARO_OK;
}

/* false when there is no such thread. */
static bool get_thread(baro_sample_decoder *decoder, baro_sample_context *ret_context) {
  baro_sample_model *model = decoder->model;
  const baro_sample_thread *previous = baro_sample_model_thread(model, model->previous_thread);
  uint64_t number = baro_number_get(&decoder->numbers, baro_sample_thread_model(model));
  uint64_t index = number == 0 ? previous->successor : (number - 1) / 2;
  bool is_next = number == 0 ? previous->successor_is_next : (number - 1) % 2 != 0;
  if (index >= decoder->threads) {
    return false;
  }
  *ret_context = baro_sample_model_enter(model, (uint32_t)index, is_next, number == 0);
  return true;
}

/* false when a number cannot be. */
static bool get_times(baro_sample_decoder *decoder, const baro_sample_context *context,
                      baro_sample_record *sample) {
  const uint64_t limit_us = UINT64_MAX / decoder->unit_ns;
  baro_sample_model *model = decoder->model;
  baro_sample_thread *thread = context->thread;
  if (context->is_next) {
    decoder->time_us += baro_number_get(&decoder->numbers, baro_sample_step_model(model));
  }
  uint64_t gap_us = thread->is_seen ? decoder->time_us - thread->time_us : 0;
  uint64_t weight_us =
      gap_us + unzigzag(baro_number_get(&decoder->numbers, baro_sample_weight_model(model)));
  thread->due_us += weight_us;

  uint64_t elapsed = baro_sample_elapsed(model, context);
  uint64_t ticks =
      elapsed + unzigzag(baro_number_get(&decoder->numbers,
                                         baro_sample_ticks_model(model, context, elapsed)));
  baro_sample_model_ticks(model, context, elapsed, ticks);
  thread->time_us = decoder->time_us;
  thread->is_seen = true;
  if (decoder->time_us > limit_us || weight_us > limit_us || ticks > UINT32_MAX) {
    return false;
  }
  sample->time_ns = decoder->time_us * decoder->unit_ns;
  sample->weight_ns = weight_us * decoder->unit_ns;
  sample->ticks = (uint32_t)ticks;
  return true;
}

/* false when the number stands for nothing. */
static bool get_stack(baro_sample_decoder *decoder, const baro_sample_context *context,
                      uint32_t *ret_stack, uint8_t *ret_stack_state) {
  baro_sample_thread *thread = context->thread;
  uint64_t number =
      baro_number_get(&decoder->numbers, baro_sample_stack_model(decoder->model, context));
  uint32_t position = thread->recent_count;
  uint32_t stack = BARO_NONE_ID;
  if (number < BARO_SAMPLE_RECENT_STACKS) {
    if (number >= thread->recent_count) {
      return false;
    }
    position = (uint32_t)number;
    stack = thread->recent->stacks[position];
  } else if (number >= STACK_OTHER) {
    uint64_t other = decoder->model->previous_other + unzigzag(number - STACK_OTHER);
    if (other >= decoder->stacks) {
      return false;
    }
    stack = (uint32_t)other;
    decoder->model->previous_other = stack;
  }
  *ret_stack_state = baro_sample_recent_touch(thread, position, stack);
  *ret_stack = stack;
  return true;
}

static bool get_state(baro_sample_decoder *decoder, const baro_sample_context *context,
                      uint8_t stack_state, baro_sample_record *sample) {
  uint64_t number =
      baro_number_get(&decoder->numbers,
                      baro_sample_state_model(decoder->model, context, stack_state, sample->ticks));
  if (number > 1 + UINT8_MAX) {
    return false;
  }
  uint8_t state = number == 0 ? stack_state : (uint8_t)(number - 1);
  baro_sample_model_state(context, state);
  /* A state of a newer minor version. */
  sample->state = state < BARO_STATE_COUNT ? (baro_state)state : BARO_STATE_UNKNOWN;
  return true;
}

static bool get_movement(baro_sample_decoder *decoder, const baro_sample_context *context,
                         baro_sample_record *sample) {
  uint64_t due = movement_due(context->thread);
  uint64_t number =
      baro_number_get(&decoder->numbers, baro_sample_movement_model(decoder->model, context, due));
  if (number == 0) {
    return true;
  }
  uint64_t movement = due - unzigzag(number - 1);
  uint64_t share = baro_number_get(&decoder->numbers,
                                   baro_sample_share_model(decoder->model, context, movement));
  if (movement > UINT64_MAX / NS_PER_MOVEMENT || share / 2 > movement) {
    return false;
  }
  context->thread->due_us = 0;
  uint64_t part = share / 2 * NS_PER_MOVEMENT;
  uint64_t rest = movement * NS_PER_MOVEMENT - part;
  sample->cpu_ns = share % 2 == 0 ? rest : part;
  sample->runnable_ns = share % 2 == 0 ? part : rest;
  return true;
}

baro_status baro_sample_decode(baro_sample_decoder *decoder, baro_sample_record *ret_sample,
                               bool *ret_more, baro_error *err) {
  if (decoder->left == 0) {
    *ret_more = false;
    return baro_number_reader_is_done(&decoder->numbers)
               ? BARO_OK
               : baro_error_set(err, BARO_CORRUPT, "a sample block goes on behind its samples");
  }
  baro_sample_context context;
  if (!get_thread(decoder, &context)) {
    return baro_error_set(err, BARO_CORRUPT, "sample of an undefined thread");
  }
  if (baro_sample_model_ready(decoder->model, context.index) != BARO_OK) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory for thread %u", context.index);
  }
  baro_sample_record sample = {.thread = context.index};
  uint8_t stack_state;
  bool is_sound = get_times(decoder, &context, &sample) &&
                  get_stack(decoder, &context, &sample.stack, &stack_state) &&
                  get_state(decoder, &context, stack_state, &sample) &&
                  get_movement(decoder, &context, &sample);
  if (!is_sound || decoder->numbers.bytes.failed) {
    return baro_error_set(err, BARO_CORRUPT, "sample of thread %u breaks a rule", context.index);
  }
  decoder->left--;
  *ret_sample = sample;
  *ret_more = true;
  return BARO_OK;
}

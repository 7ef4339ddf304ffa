#include "recording/call_encoder.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "recording/call_remarks.h"
#include "recording/format.h"

enum {
  SLICE_EVENTS = 512,        /* room is made for so many at once */
  RECORD_HEAD_BYTES = 40,    /* type, length, thread, count, two lengths: varints */
  VALUES_BYTES = 256 * 1024, /* a block that has as much leaves before the next value */
  SPAWNED_LIMIT = 1 << 16,
};

typedef baro_call_encoder_thread lane;

/* --- Blocks --- */

static lane *lane_of(baro_call_encoder *encoder, uint32_t thread) {
  if (thread < encoder->thread_count) {
    return &encoder->threads[thread];
  }
  uint32_t count = encoder->thread_count * 2 > thread ? encoder->thread_count * 2 : thread + 1;
  lane *threads = realloc(encoder->threads, count * sizeof(*threads));
  if (threads == NULL) {
    return NULL;
  }
  memset(threads + encoder->thread_count, 0, (count - encoder->thread_count) * sizeof(*threads));
  encoder->threads = threads;
  encoder->thread_count = count;
  return &threads[thread];
}

/* Moves a block's events into raw; the block stays, empty. */
static bool emit(baro_call_encoder *encoder, baro_call_block *block, baro_buffer *raw) {
  if (block->count == 0) {
    return true;
  }
  uint8_t head_bytes[RECORD_HEAD_BYTES];
  baro_buffer head = {.data = head_bytes, .capacity = sizeof(head_bytes)};
  baro_write_varint(&head, block->thread);
  baro_write_varint(&head, block->count);
  baro_write_varint(&head, block->codes.length);
  size_t middle = head.length;
  baro_write_varint(&head, block->steps.length);
  assert(!head.failed && head.data == head_bytes);
  size_t payload = head.length + block->codes.length + block->steps.length;
  /* A chunk that cannot be sealed for lack of memory grows no further than readers take it. */
  if (raw->length + payload + RECORD_HEAD_BYTES > BARO_CHUNK_RAW_LIMIT_BYTES / 2 ||
      !baro_buffer_reserve(raw, payload + RECORD_HEAD_BYTES)) {
    raw->failed = false; /* nothing was dropped yet */
    return false;
  }
  baro_write_varint(raw, BARO_RECORD_CALLS);
  baro_write_varint(raw, payload);
  baro_write_bytes(raw, head.data, middle);
  baro_write_bytes(raw, block->codes.data, block->codes.length);
  baro_write_bytes(raw, head.data + middle, head.length - middle);
  baro_write_bytes(raw, block->steps.data, block->steps.length);
  encoder->raw_events += block->stands_for;
  encoder->pending_events -= block->stands_for;
  encoder->pending_bytes -= block->codes.length + block->steps.length;
  block->count = 0;
  block->stands_for = 0;
  baro_buffer_clear(&block->codes);
  baro_buffer_clear(&block->steps);
  return true;
}

/* Room for count more events in the thread's block. */
static bool reserve(baro_call_encoder *encoder, lane *t, uint32_t thread, uint32_t count,
                    baro_buffer *raw) {
  baro_call_block *block = t->block;
  if (block == NULL) {
    block = calloc(1, sizeof(*block));
    if (block == NULL) {
      return false;
    }
    block->thread = thread;
    block->next = encoder->blocks;
    encoder->blocks = block;
    t->block = block;
  }
  if (block->count + count > BARO_CALL_BLOCK_LIMIT && !emit(encoder, block, raw)) {
    return false;
  }
  bool has_room = baro_buffer_reserve(&block->codes, (size_t)count * BARO_CALL_CODE_MAX_BYTES) &&
                  baro_buffer_reserve(&block->steps, (size_t)count * BARO_CALL_STEP_MAX_BYTES);
  block->codes.failed = false; /* nothing was dropped yet */
  block->steps.failed = false;
  return has_room;
}

static void free_block(baro_call_block *block) {
  baro_buffer_release(&block->codes);
  baro_buffer_release(&block->steps);
  free(block);
}

void baro_call_encoder_flush(baro_call_encoder *encoder, baro_buffer *raw) {
  baro_call_block **link = &encoder->blocks;
  while (*link != NULL) {
    baro_call_block *block = *link;
    if (!emit(encoder, block, raw)) {
      link = &block->next;
      continue;
    }
    /* Freed, not kept: a program may have had a hundred thousand threads. */
    lane *t = &encoder->threads[block->thread];
    t->block = NULL;
    if (t->stack.depth == 0) {
      baro_call_stack_release(&t->stack);
    }
    *link = block->next;
    free_block(block);
  }
}

/* --- One event into a block; room was made --- */

static inline uint8_t *put_varint(uint8_t *at, uint64_t value) {
  while (value >= 0x80) {
    *at++ = (uint8_t)(value | 0x80);
    value >>= 7;
  }
  *at++ = (uint8_t)value;
  return at;
}

static uint8_t *put_near(uint8_t *at, uint64_t value, uint64_t other) {
  uint64_t distance = value - other;
  return put_varint(at, distance << 1 ^ (0 - (distance >> 63)));
}

static uint8_t *put_code(uint8_t *at, baro_call_code code) {
  *at = (uint8_t)((unsigned)code << 1);
  return at + 1;
}

static uint8_t *put_suspendable(uint8_t *at, baro_call_coder *coder, uint32_t function,
                                uint64_t call) {
  at = put_code(at, BARO_CALL_CODE_ENTER_SUSPENDABLE);
  at = put_varint(at, function);
  at = put_near(at, call, coder->newest);
  coder->newest = call;
  coder->latest = call;
  return at;
}

static uint8_t *put_resume(uint8_t *at, baro_call_coder *coder, baro_call_code code,
                           uint64_t call) {
  at = put_near(put_code(at, code), call, coder->latest);
  coder->latest = call;
  return at;
}

/* How many events of the program one is. */
static uint64_t stands_for(const baro_call_event *event) {
  return event->kind == BARO_CALL_LOST && event->lost != 0 ? event->lost : 1;
}

static uint8_t *put_event_code(uint8_t *at, baro_call_coder *coder, const baro_call_event *event) {
  switch (event->kind) {
  case BARO_CALL_ENTER: return put_varint(at, (uint64_t)event->function << 1 | 1);
  case BARO_CALL_RETURN: return put_code(at, BARO_CALL_CODE_RETURN);
  case BARO_CALL_RAISE:
    at = put_code(at, BARO_CALL_CODE_RAISE);
    return put_varint(
        at, event->exception_string == BARO_NONE_ID ? 0 : (uint64_t)event->exception_string + 1);
  case BARO_CALL_ENTER_SUSPENDABLE: return put_suspendable(at, coder, event->function, event->call);
  case BARO_CALL_SUSPEND: return put_code(at, BARO_CALL_CODE_SUSPEND);
  case BARO_CALL_RESUME: return put_resume(at, coder, BARO_CALL_CODE_RESUME, event->call);
  case BARO_CALL_THROW: return put_resume(at, coder, BARO_CALL_CODE_THROW, event->call);
  case BARO_CALL_LOST: return put_varint(put_code(at, BARO_CALL_CODE_LOST), stands_for(event));
  case BARO_CALL_USAGE:
  case BARO_CALL_SPAWN:
  case BARO_CALL_SKIPPED:
  case BARO_CALL_WEIGHT:
  case BARO_CALL_VALUE:
  case BARO_CALL_OWN: return baro_call_remark_put(at, coder, event);
  case BARO_CALL_EVENT_KIND_COUNT: break;
  }
  return at;
}

/* The step of an event whose code was put at code_end. */
static inline void finish_event(baro_call_encoder *encoder, lane *t, const uint8_t *code_end,
                                uint64_t time_ns, uint64_t events) {
  baro_call_block *block = t->block;
  uint8_t *step = block->steps.data + block->steps.length;
  time_ns = time_ns > t->coder.time_ns ? time_ns : t->coder.time_ns;
  const uint8_t *step_end = put_varint(step, time_ns - t->coder.time_ns);
  t->coder.time_ns = time_ns;
  size_t codes_length = (size_t)(code_end - block->codes.data);
  encoder->pending_bytes += codes_length - block->codes.length + (size_t)(step_end - step);
  encoder->pending_events += events;
  block->stands_for += events;
  block->codes.length = codes_length;
  block->steps.length += (size_t)(step_end - step);
  block->count++;
}

static inline uint8_t *code_place(const lane *t) {
  return t->block->codes.data + t->block->codes.length;
}

static void put_event(baro_call_encoder *encoder, lane *t, const baro_call_event *event) {
  finish_event(encoder, t, put_event_code(code_place(t), &t->coder, event), event->time_ns,
               stands_for(event));
}

static void put_lost(baro_call_encoder *encoder, lane *t, uint64_t time_ns, uint64_t lost) {
  baro_call_event event = {.time_ns = time_ns, .kind = BARO_CALL_LOST, .lost = lost};
  put_event(encoder, t, &event);
}

/* --- Events that are lost --- */

/* For the file, nothing of the thread is active any more. */
static void hide_active(baro_call_encoder *encoder, lane *t, uint32_t thread) {
  for (uint32_t i = 0; i < t->stack.place_count; i++) {
    const baro_call_place *place = &t->stack.places[i];
    uint64_t *value = baro_map_find(&encoder->open, place->call);
    /* One that was resumed while events were lost is still suspended in the file. */
    if (place->depth > t->hidden_depth && value != NULL) {
      baro_open_call call = baro_open_call_of(*value);
      call.is_hidden = true;
      call.thread = thread;
      *value = baro_open_call_pack(call);
    }
  }
  t->hidden_depth = t->stack.depth;
}

/* What the event does to the thread's stack; false when it cannot. */
static bool follow(baro_call_encoder *encoder, lane *t, uint32_t thread,
                   const baro_call_event *event) {
  baro_call_stack *stack = &t->stack;
  baro_map *open = &encoder->open;
  switch (event->kind) {
  case BARO_CALL_ENTER: return baro_call_stack_enter(stack);
  case BARO_CALL_ENTER_SUSPENDABLE:
    return baro_call_stack_enter_suspendable(stack, open, event->call, event->function) == BARO_OK;
  case BARO_CALL_RETURN:
  case BARO_CALL_RAISE: return baro_call_stack_leave(stack, open);
  case BARO_CALL_SUSPEND: return baro_call_stack_suspend(stack, open, thread);
  case BARO_CALL_RESUME:
  case BARO_CALL_THROW: return baro_call_stack_resume(stack, open, event->call) == BARO_OK;
  case BARO_CALL_LOST: baro_call_stack_forget(stack, open); return true;
  case BARO_CALL_USAGE:
  case BARO_CALL_SPAWN:
  case BARO_CALL_SKIPPED:
  case BARO_CALL_WEIGHT:
  case BARO_CALL_VALUE:
  case BARO_CALL_OWN: return true;
  case BARO_CALL_EVENT_KIND_COUNT: break;
  }
  return false;
}

/* Whether a block of thread can rely on what another one's events say so far. */
static bool settle(baro_call_encoder *encoder, uint32_t thread, uint32_t other, baro_buffer *raw) {
  if (thread == other) {
    return true;
  }
  const lane *t = &encoder->threads[other];
  return !t->is_untold && (t->block == NULL || emit(encoder, t->block, raw));
}

/* Follows an event of which the file hears nothing. false: what is active is not known any more. */
static bool follow_lost(baro_call_encoder *encoder, lane *t, uint32_t thread,
                        const baro_call_event *event, baro_buffer *raw) {
  uint64_t *value = NULL;
  switch (event->kind) {
  case BARO_CALL_RESUME:
  case BARO_CALL_THROW:
    /* It will be suspended here next: what the file knows of it must not wait in another block then. */
    value = baro_map_find(&encoder->open, event->call);
    return value != NULL && settle(encoder, thread, baro_open_call_of(*value).thread, raw) &&
           follow(encoder, t, thread, event);
  case BARO_CALL_ENTER_SUSPENDABLE:
    if (!follow(encoder, t, thread, event)) {
      return false;
    }
    (void)baro_map_remove(&encoder->spawned, event->call);
    value = baro_map_find(&encoder->open, event->call);
    *value = baro_open_call_pack(
        (baro_open_call){.function = event->function, .thread = thread, .is_hidden = true});
    return true;
  case BARO_CALL_ENTER: return follow(encoder, t, thread, event);
  case BARO_CALL_RETURN:
  case BARO_CALL_RAISE:
  case BARO_CALL_SUSPEND:
  case BARO_CALL_USAGE:
  case BARO_CALL_SPAWN:
  case BARO_CALL_SKIPPED:
  case BARO_CALL_WEIGHT:
  case BARO_CALL_VALUE:
  case BARO_CALL_OWN:
  case BARO_CALL_LOST: (void)follow(encoder, t, thread, event); return true;
  case BARO_CALL_EVENT_KIND_COUNT: break;
  }
  return true;
}

static void lose(baro_call_encoder *encoder, lane *t, uint32_t thread, const baro_call_event *event,
                 baro_buffer *raw) {
  if (!t->is_losing) {
    hide_active(encoder, t, thread);
    t->is_losing = true;
    t->is_untold = true;
  }
  encoder->dropped += stands_for(event);
  t->lost += stands_for(event);
  /* At once: another thread may resume what this one leaves, and the file must have it ended before. */
  if (t->is_untold && reserve(encoder, t, thread, 1, raw)) {
    put_lost(encoder, t, event->time_ns, t->lost);
    t->is_untold = false;
    t->lost = 0;
  }
  if (!follow_lost(encoder, t, thread, event, raw)) {
    /* The ends of what was entered before would be taken for its end. */
    baro_call_stack_forget(&t->stack, &encoder->open);
  }
  t->hidden_depth = t->stack.depth;
}

/* --- Events that are kept --- */

/* RESUME, THROW. false: it must be lost. */
static bool keep_resume(baro_call_encoder *encoder, lane *t, uint32_t thread,
                        const baro_call_event *event, baro_buffer *raw) {
  const uint64_t *value = baro_map_find(&encoder->open, event->call);
  if (value == NULL) {
    return false;
  }
  baro_open_call call = baro_open_call_of(*value);
  if (!settle(encoder, thread, call.thread, raw) || !follow(encoder, t, thread, event)) {
    return false;
  }
  if (!call.is_hidden) {
    put_event(encoder, t, event);
    return true;
  }
  uint64_t *now = baro_map_find(&encoder->open, event->call);
  *now = baro_open_call_pack((baro_open_call){.function = call.function});
  baro_call_event anew = {.time_ns = event->time_ns,
                          .kind = BARO_CALL_ENTER_SUSPENDABLE,
                          .function = call.function,
                          .call = event->call};
  put_event(encoder, t, &anew);
  return true;
}

/* A beginning must not stand before the SPAWN of another thread that announced it. false: it would. */
static bool settle_spawn(baro_call_encoder *encoder, uint32_t thread, uint64_t call,
                         baro_buffer *raw) {
  const uint64_t *spawner = baro_map_find(&encoder->spawned, call);
  if (spawner == NULL) {
    return true;
  }
  if (!settle(encoder, thread, (uint32_t)*spawner, raw)) {
    return false;
  }
  (void)baro_map_remove(&encoder->spawned, call);
  return true;
}

/* Room for a value beside what a slice was promised. */
static bool reserve_value(baro_call_encoder *encoder, lane *t, const baro_call_event *event,
                          baro_buffer *raw) {
  baro_call_block *block = t->block;
  if (block->codes.length > VALUES_BYTES && !emit(encoder, block, raw)) {
    return false;
  }
  size_t slice = (size_t)(SLICE_EVENTS + 1) * BARO_CALL_CODE_MAX_BYTES;
  bool has_room = baro_buffer_reserve(&block->codes, slice + baro_call_remark_room(event));
  block->codes.failed = false; /* nothing was dropped yet */
  return has_room;
}

/* One that cannot be kept is left out: nothing rests on it. */
static void keep_remark(baro_call_encoder *encoder, lane *t, uint32_t thread,
                        const baro_call_event *event, baro_buffer *raw) {
  bool is_kept = baro_call_remark_is_sound(event, t->stack.depth - t->hidden_depth) &&
                 (event->kind != BARO_CALL_VALUE || reserve_value(encoder, t, event, raw));
  if (!is_kept) {
    encoder->dropped++;
    encoder->untold++;
    return;
  }
  uint64_t time_ns = event->kind == BARO_CALL_USAGE ? event->time_ns : 0;
  finish_event(encoder, t, put_event_code(code_place(t), &t->coder, event), time_ns, 1);
  /* Beyond the limit, or without memory, the order of the two is not promised. */
  if (event->kind == BARO_CALL_SPAWN && encoder->spawned.count < SPAWNED_LIMIT) {
    (void)!baro_map_set(&encoder->spawned, event->call, thread);
  }
}

/* RETURN, RAISE, SUSPEND. */
static void keep_end(baro_call_encoder *encoder, lane *t, uint32_t thread,
                     const baro_call_event *event) {
  bool is_hidden = t->stack.depth == t->hidden_depth;
  bool is_end = follow(encoder, t, thread, event);
  if (is_end && !is_hidden) {
    put_event(encoder, t, event);
    return;
  }
  t->hidden_depth -= is_end;
  encoder->dropped++;
  encoder->untold++;
}

/* What nearly all events are: a plain call begins, or one that the file has as active ends. */
static inline bool keep_plain(baro_call_encoder *encoder, lane *t, const baro_call_event *event) {
  baro_call_stack *stack = &t->stack;
  uint8_t *code = code_place(t);
  if (event->kind == BARO_CALL_ENTER && baro_call_stack_enter(stack)) {
    code = put_varint(code, (uint64_t)event->function << 1 | 1);
  } else if (event->kind == BARO_CALL_RETURN && stack->depth > t->hidden_depth &&
             stack->depth != stack->top_depth) {
    stack->depth--;
    code = put_code(code, BARO_CALL_CODE_RETURN);
  } else {
    return false;
  }
  finish_event(encoder, t, code, event->time_ns, 1);
  return true;
}

/* false: it must be lost. */
static bool keep(baro_call_encoder *encoder, lane *t, uint32_t thread, const baro_call_event *event,
                 baro_buffer *raw) {
  switch (event->kind) {
  case BARO_CALL_RESUME:
  case BARO_CALL_THROW: return keep_resume(encoder, t, thread, event, raw);
  case BARO_CALL_ENTER:
  case BARO_CALL_ENTER_SUSPENDABLE:
  case BARO_CALL_LOST:
    if (event->kind == BARO_CALL_ENTER_SUSPENDABLE && encoder->spawned.count != 0 &&
        !settle_spawn(encoder, thread, event->call, raw)) {
      return false;
    }
    if (!follow(encoder, t, thread, event)) {
      return false;
    }
    t->hidden_depth = event->kind == BARO_CALL_LOST ? 0 : t->hidden_depth;
    put_event(encoder, t, event);
    return true;
  case BARO_CALL_RETURN:
  case BARO_CALL_RAISE:
  case BARO_CALL_SUSPEND: keep_end(encoder, t, thread, event); return true;
  case BARO_CALL_USAGE:
  case BARO_CALL_SPAWN:
  case BARO_CALL_SKIPPED:
  case BARO_CALL_WEIGHT:
  case BARO_CALL_VALUE:
  case BARO_CALL_OWN: keep_remark(encoder, t, thread, event, raw); return true;
  case BARO_CALL_EVENT_KIND_COUNT: break;
  }
  return true;
}

static void put_slice(baro_call_encoder *encoder, uint32_t thread, const baro_call_event *events,
                      uint32_t count, bool is_wanted, baro_buffer *raw) {
  lane *t = &encoder->threads[thread];
  /* One more than events, for the rest of what was lost before; a LOST within takes the place of what it tells. */
  const bool has_room = is_wanted && reserve(encoder, t, thread, count + 1, raw);
  for (uint32_t i = 0; i < count; i++) {
    if (!has_room) {
      lose(encoder, t, thread, &events[i], raw);
      continue;
    }
    if (t->is_losing) {
      t->is_losing = false;
      t->is_untold = false;
      if (t->lost != 0) {
        put_lost(encoder, t, events[i].time_ns, t->lost);
        t->lost = 0;
      }
    }
    if (!keep_plain(encoder, t, &events[i]) && !keep(encoder, t, thread, &events[i], raw)) {
      lose(encoder, t, thread, &events[i], raw);
    }
  }
}

void baro_call_encoder_put(baro_call_encoder *encoder, uint32_t thread,
                           const baro_call_event *events, uint32_t count, bool keep_them,
                           baro_buffer *raw) {
  if (lane_of(encoder, thread) == NULL) {
    encoder->dropped += count;
    encoder->untold += count;
    return;
  }
  while (count != 0) {
    uint32_t slice = count < SLICE_EVENTS ? count : SLICE_EVENTS;
    put_slice(encoder, thread, events, slice, keep_them, raw);
    events += slice;
    count -= slice;
  }
}

void baro_call_encoder_drop(baro_call_encoder *encoder) {
  encoder->dropped += encoder->pending_events;
  encoder->untold += encoder->pending_events;
  for (uint32_t i = 0; i < encoder->thread_count; i++) {
    encoder->untold += encoder->threads[i].lost;
    encoder->threads[i].lost = 0;
  }
  while (encoder->blocks != NULL) {
    baro_call_block *block = encoder->blocks;
    encoder->threads[block->thread].block = NULL;
    encoder->blocks = block->next;
    free_block(block);
  }
  encoder->pending_events = 0;
  encoder->pending_bytes = 0;
}

void baro_call_encoder_release(baro_call_encoder *encoder) {
  baro_call_encoder_drop(encoder);
  for (uint32_t i = 0; i < encoder->thread_count; i++) {
    baro_call_stack_release(&encoder->threads[i].stack);
  }
  free(encoder->threads);
  baro_map_release(&encoder->open);
  baro_map_release(&encoder->spawned);
  *encoder = (baro_call_encoder){0};
}

#include "recording/call_decoder.h"

#include <stdlib.h>
#include <string.h>

#include "recording/call_remarks.h"

/* A block that is being read. */
typedef struct block {
  baro_reader codes;
  baro_reader steps;
  baro_call_coder *coder;
  baro_call_stack *stack;
  baro_map *open;
  const baro_call_limits *limits;
  uint32_t thread;
} block;

/* Most numbers are of one or two bytes; baro_read_varint, which judges the odd ones, costs three times as
 * much for those. */
static inline uint64_t read_number(baro_reader *bytes) {
  const uint8_t *at = bytes->at;
  if (at != bytes->end && bytes->end - at >= 2) {
    if (at[0] < 0x80) {
      bytes->at = at + 1;
      return at[0];
    }
    if (at[1] < 0x80) {
      bytes->at = at + 2;
      return (uint64_t)(at[0] & 0x7f) | (uint64_t)at[1] << 7;
    }
  }
  return baro_read_varint(bytes);
}

static uint64_t read_near(baro_reader *bytes, uint64_t other) {
  uint64_t code = read_number(bytes);
  return other + (code >> 1 ^ (0 - (code & 1)));
}

static baro_status read_suspendable(block *b, baro_call_event *event) {
  uint64_t function = read_number(&b->codes);
  event->kind = BARO_CALL_ENTER_SUSPENDABLE;
  event->call = read_near(&b->codes, b->coder->newest);
  if (function >= b->limits->functions) {
    return BARO_CORRUPT;
  }
  event->function = (uint32_t)function;
  b->coder->newest = event->call;
  b->coder->latest = event->call;
  return baro_call_stack_enter_suspendable(b->stack, b->open, event->call, event->function);
}

static baro_status read_resume(block *b, baro_call_event_kind kind, baro_call_event *event) {
  event->kind = kind;
  event->call = read_near(&b->codes, b->coder->latest);
  b->coder->latest = event->call;
  return baro_call_stack_resume(b->stack, b->open, event->call);
}

static baro_status read_raise(block *b, baro_call_event *event) {
  uint64_t exception = read_number(&b->codes);
  event->kind = BARO_CALL_RAISE;
  if (exception > b->limits->strings || !baro_call_stack_leave(b->stack, b->open)) {
    return BARO_CORRUPT;
  }
  event->exception_string = exception == 0 ? BARO_NONE_ID : (uint32_t)(exception - 1);
  return BARO_OK;
}

static baro_status read_lost(block *b, baro_call_event *event) {
  event->kind = BARO_CALL_LOST;
  event->lost = read_number(&b->codes);
  baro_call_stack_forget(b->stack, b->open);
  return event->lost == 0 ? BARO_CORRUPT : BARO_OK;
}

/* An event with an even code. AGAIN: there is none. */
static baro_status read_odd_one(block *b, uint64_t code, baro_call_event *event) {
  if (code >= BARO_CALL_CODE_USAGE) {
    baro_call_remark_limits limits = {.functions = b->limits->functions, .depth = b->stack->depth};
    return baro_call_remark_read(&b->codes, code, b->coder, &limits, event);
  }
  switch ((baro_call_code)code) {
  case BARO_CALL_CODE_RETURN:
    event->kind = BARO_CALL_RETURN;
    return baro_call_stack_leave(b->stack, b->open) ? BARO_OK : BARO_CORRUPT;
  case BARO_CALL_CODE_SUSPEND:
    event->kind = BARO_CALL_SUSPEND;
    return baro_call_stack_suspend(b->stack, b->open, b->thread) ? BARO_OK : BARO_CORRUPT;
  case BARO_CALL_CODE_RAISE: return read_raise(b, event);
  case BARO_CALL_CODE_ENTER_SUSPENDABLE: return read_suspendable(b, event);
  case BARO_CALL_CODE_RESUME: return read_resume(b, BARO_CALL_RESUME, event);
  case BARO_CALL_CODE_THROW: return read_resume(b, BARO_CALL_THROW, event);
  case BARO_CALL_CODE_LOST: return read_lost(b, event);
  case BARO_CALL_CODE_USAGE:
  case BARO_CALL_CODE_SPAWN:
  case BARO_CALL_CODE_SKIPPED:
  case BARO_CALL_CODE_WEIGHT:
  case BARO_CALL_CODE_VALUE:
  case BARO_CALL_CODE_OWN:
  case BARO_CALL_CODE_COUNT: break;
  }
  return BARO_CORRUPT;
}

static baro_status read_event(block *b, baro_call_event *event) {
  uint64_t code = read_number(&b->codes);
  uint64_t step_ns = read_number(&b->steps);
  if (step_ns > UINT64_MAX - b->coder->time_ns) {
    return BARO_CORRUPT;
  }
  b->coder->time_ns += step_ns;
  *event = (baro_call_event){.time_ns = b->coder->time_ns, .kind = BARO_CALL_ENTER};
  if ((code & 1) == 0) {
    return read_odd_one(b, code >> 1, event);
  }
  if (code >> 1 >= b->limits->functions || !baro_call_stack_enter(b->stack)) {
    return BARO_CORRUPT;
  }
  event->function = (uint32_t)(code >> 1);
  return BARO_OK;
}

/* Reads count events; *ret_known: those that this version knows stand in events. */
static baro_status read_events(block *b, uint32_t count, baro_call_event *events,
                               uint32_t *ret_known) {
  baro_call_event *event = events;
  baro_status status = BARO_OK;
  uint32_t left = count;
  while (left != 0 && status == BARO_OK) {
    for (; left != 0 && status == BARO_OK; left--) {
      status = read_event(b, event++);
    }
    if (status == BARO_AGAIN) {
      event--;
      status = BARO_OK;
    }
  }
  *ret_known = (uint32_t)(event - events);
  return status;
}

static baro_status grow_threads(baro_call_decoder *decoder, uint32_t count) {
  if (decoder->events == NULL) {
    decoder->events = calloc(BARO_CALL_BLOCK_LIMIT, sizeof(*decoder->events));
    if (decoder->events == NULL) {
      return BARO_NO_MEMORY;
    }
  }
  if (count <= decoder->thread_count) {
    return BARO_OK;
  }
  /* Twice as many, so that a file that names one thread after the other is not copied each time. */
  uint32_t grown = decoder->thread_count * 2 > count ? decoder->thread_count * 2 : count;
  baro_call_decoder_thread *threads = realloc(decoder->threads, grown * sizeof(*threads));
  if (threads == NULL) {
    return BARO_NO_MEMORY;
  }
  memset(threads + decoder->thread_count, 0, (grown - decoder->thread_count) * sizeof(*threads));
  decoder->threads = threads;
  decoder->thread_count = grown;
  return BARO_OK;
}

baro_status baro_call_decode(baro_call_decoder *decoder, baro_reader *payload,
                             const baro_call_limits *limits, uint32_t *ret_thread,
                             uint32_t *ret_count, baro_error *err) {
  uint32_t thread = baro_read_varint32(payload);
  uint32_t count = baro_read_varint32(payload);
  baro_view codes = baro_read_string(payload);
  baro_view steps = baro_read_string(payload);
  if (payload->failed || thread >= limits->threads || count == 0 || count > BARO_CALL_BLOCK_LIMIT) {
    return BARO_CORRUPT;
  }
  uint32_t known = 0;
  baro_status status = grow_threads(decoder, thread + 1);
  if (status == BARO_OK) {
    block b = {.codes = baro_reader_of(codes.data, codes.length),
               .steps = baro_reader_of(steps.data, steps.length),
               .coder = &decoder->threads[thread].coder,
               .stack = &decoder->threads[thread].stack,
               .open = &decoder->open,
               .limits = limits,
               .thread = thread};
    status = read_events(&b, count, decoder->events, &known);
    if (status == BARO_OK && (b.codes.failed || b.steps.failed || b.codes.at != b.codes.end ||
                              b.steps.at != b.steps.end)) {
      status = BARO_CORRUPT;
    }
  }
  if (status == BARO_NO_MEMORY) {
    return baro_error_set(err, status, "out of memory for calls of thread %u", thread);
  }
  if (status == BARO_OK) {
    *ret_thread = thread;
    *ret_count = known;
  }
  return status;
}

void baro_call_decoder_release(baro_call_decoder *decoder) {
  for (uint32_t i = 0; i < decoder->thread_count; i++) {
    baro_call_stack_release(&decoder->threads[i].stack);
  }
  free(decoder->threads);
  free(decoder->events);
  baro_map_release(&decoder->open);
  *decoder = (baro_call_decoder){0};
}

#include "capture/drain_remarks.h"

#include "capture/drain_events.h"

_Static_assert((int)BARO_RING_VALUE_BYTES == (int)BARO_CALL_VALUE_LIMIT_BYTES &&
                   (int)BARO_RING_VALUE_ARGUMENTS == (int)BARO_CALL_VALUE_ARGUMENTS &&
                   (int)BARO_RING_VALUE_KEYWORD_ARGUMENTS ==
                       (int)BARO_CALL_VALUE_KEYWORD_ARGUMENTS &&
                   (int)BARO_RING_VALUE_RETURN == (int)BARO_CALL_VALUE_RETURN,
               "values pass as they are");

static void refuse(baro_drain_shared *shared, baro_drain_reading *reading, uint32_t used) {
  shared->counts.malformed++;
  reading->used = used;
  reading->has_meaning = false;
}

static baro_call_step *begin_step(baro_drain_reading *reading, baro_ring_kind kind, uint32_t used) {
  reading->step = (baro_call_step){.kind = kind};
  reading->used = used;
  reading->has_meaning = true;
  return &reading->step;
}

void baro_drain_read_lost(baro_drain_shared *shared, baro_drain_thread *thread, uint64_t lost,
                          baro_drain_reading *reading) {
  if (lost > UINT32_MAX) /* nobody waits so long */
    lost = UINT32_MAX;
  thread->lost += lost;
  shared->counts.lost += lost;
  baro_call_step *step = begin_step(reading, BARO_RING_LOST, 1);
  step->lost = lost;
  step->time_ns = thread->order.last_ns;
}

/* Whether the piece has so many slots. False: it is waited for the rest, or the remark is refused. */
static bool has_slots(const baro_drain_process *process, const baro_drain_thread *thread,
                      baro_drain_shared *shared, const baro_drain_piece *piece, uint32_t slots,
                      baro_drain_reading *reading) {
  if (slots <= piece->count)
    return true;
  if (baro_drain_may_go_on(process, thread, shared, piece->has_more))
    reading->used = 0;
  else
    refuse(shared, reading, piece->count);
  return false;
}

static bool is_frame(const baro_ring_event *event) {
  return baro_ring_word_kind(event->word) == BARO_RING_FRAME;
}

/* The function of a code. False: nobody knows it. */
static baro_status find_function(baro_drain_process *process, baro_drain_shared *shared,
                                 uint32_t id, baro_drain_reading *reading,
                                 const baro_drain_code **ret_code) {
  baro_status status = baro_drain_find_code(process, shared, id, ret_code);
  if (status == BARO_OK && *ret_code == NULL)
    refuse(shared, reading, 1);
  return status;
}

static baro_status read_spawn(baro_drain_process *process, baro_drain_shared *shared,
                              const baro_drain_piece *piece, baro_drain_reading *reading) {
  const baro_drain_code *code;
  uint32_t id = baro_ring_word_id(piece->events[0].word);
  baro_status status = find_function(process, shared, id, reading, &code);
  if (status != BARO_OK || code == NULL)
    return status;
  if (!code->is_suspendable || !is_frame(&piece->events[1]) || piece->events[1].time == 0) {
    refuse(shared, reading, 1); /* a FRAME that follows is refused by itself */
    return BARO_OK;
  }
  baro_call_step *step = begin_step(reading, BARO_RING_SPAWN, 2);
  step->code = id;
  step->function = code->function;
  step->frame = piece->events[1].time;
  step->is_elsewhere = baro_ring_word_detail(piece->events[0].word);
  return BARO_OK;
}

static baro_status read_skipped(baro_drain_process *process, baro_drain_shared *shared,
                                const baro_ring_event *event, baro_drain_reading *reading) {
  const baro_drain_code *code;
  uint32_t id = baro_ring_word_id(event->word);
  baro_status status = find_function(process, shared, id, reading, &code);
  if (status != BARO_OK || code == NULL)
    return status;
  if (event->time == 0) {
    refuse(shared, reading, 1);
    return BARO_OK;
  }
  baro_call_step *step = begin_step(reading, BARO_RING_SKIPPED, 1);
  step->code = id;
  step->function = code->function;
  step->skipped = event->time;
  return BARO_OK;
}

static void read_weight(baro_drain_shared *shared, const baro_ring_event *event,
                        baro_drain_reading *reading) {
  if (event->time == 0) {
    refuse(shared, reading, 1);
    return;
  }
  baro_call_step *step = begin_step(reading, BARO_RING_WEIGHT, 1);
  step->weight = event->time;
  step->is_recursive = baro_ring_word_detail(event->word) != 0;
}

static void read_own(const baro_ring_event *event, baro_drain_reading *reading) {
  baro_call_step *step = begin_step(reading, BARO_RING_OWN, 1);
  step->own_ns = event->time;
  step->own_wait_us = baro_ring_word_id(event->word);
}

static void read_usage(baro_drain_thread *thread, baro_drain_shared *shared,
                       const baro_ring_event *events, baro_drain_reading *reading) {
  if (!is_frame(&events[1])) {
    refuse(shared, reading, 1);
    return;
  }
  baro_call_step *step = begin_step(reading, BARO_RING_USAGE, 2);
  step->time_ns = baro_drain_time(shared, thread, events[0].time);
  step->peak_kib = baro_ring_word_id(events[0].word);
  step->cpu_ns = events[1].time;
}

/* The call that a RETURN behind a returned value ends. False: there is none. */
static bool read_returned(const baro_drain_piece *piece, uint32_t slots, baro_call_step *step) {
  const baro_ring_event *event = &piece->events[slots];
  uint32_t id = baro_ring_word_id(event->word);
  if (baro_ring_word_kind(event->word) != BARO_RING_RETURN || id >= BARO_ORDER_CODE_LIMIT)
    return false;
  step->code = id;
  step->frame = piece->count > slots + 1 && is_frame(&event[1]) ? event[1].time : 0;
  return true;
}

static void read_value(const baro_drain_process *process, const baro_drain_thread *thread,
                       baro_drain_shared *shared, const baro_drain_piece *piece,
                       baro_drain_reading *reading) {
  uint64_t word = piece->events[0].word;
  uint32_t which = baro_ring_word_detail(word);
  uint32_t bytes = baro_ring_word_id(word);
  if (bytes >
      BARO_RING_VALUE_BYTES) { /* nobody knows where the next event is: each slot is judged by itself */
    refuse(shared, reading, 1);
    return;
  }
  uint32_t slots = 1 + baro_ring_value_slots(bytes);
  bool is_returned = which == BARO_RING_VALUE_RETURN;
  if (!has_slots(process, thread, shared, piece, slots + (is_returned ? 1 : 0), reading))
    return;
  baro_call_step *step = begin_step(reading, BARO_RING_VALUE, slots);
  if (which < BARO_RING_VALUE_ARGUMENTS || which > BARO_RING_VALUE_RETURN ||
      (is_returned && !read_returned(piece, slots, step))) {
    refuse(shared, reading, slots);
    return;
  }
  step->which = (uint16_t)which;
  step->value_bytes = (uint16_t)bytes;
  step->value = (const uint8_t *)(piece->events + 1);
}

baro_status baro_drain_read_remark(baro_drain_process *process, baro_drain_thread *thread,
                                   baro_drain_shared *shared, baro_drain_piece piece,
                                   baro_drain_reading *reading) {
  uint8_t kind = baro_ring_word_kind(piece.events[0].word);
  if (kind >= BARO_RING_KIND_COUNT) {
    refuse(shared, reading, 1);
    return BARO_OK;
  }
  bool is_pair = kind == BARO_RING_USAGE || kind == BARO_RING_SPAWN;
  if (is_pair && !has_slots(process, thread, shared, &piece, 2, reading))
    return BARO_OK;
  switch ((baro_ring_kind)kind) {
  case BARO_RING_USAGE: read_usage(thread, shared, piece.events, reading); return BARO_OK;
  case BARO_RING_SPAWN: return read_spawn(process, shared, &piece, reading);
  case BARO_RING_SKIPPED: return read_skipped(process, shared, piece.events, reading);
  case BARO_RING_WEIGHT: read_weight(shared, piece.events, reading); return BARO_OK;
  case BARO_RING_VALUE: read_value(process, thread, shared, &piece, reading); return BARO_OK;
  case BARO_RING_OWN: read_own(piece.events, reading); return BARO_OK;
  case BARO_RING_LOST:
    baro_drain_read_lost(shared, thread, piece.events[0].time, reading);
    return BARO_OK;
  case BARO_RING_ENTER:
  case BARO_RING_RETURN:
  case BARO_RING_RAISE:
  case BARO_RING_YIELD:
  case BARO_RING_RESUME:
  case BARO_RING_THROW:
  case BARO_RING_FRAME:
  case BARO_RING_KIND_COUNT: break;
  }
  refuse(shared, reading, 1);
  return BARO_OK;
}

#include "capture/drain_events.h"

#include "capture/drain_remarks.h"

/* Definitions come before the events that refer to them: an unknown id asks for new ones, once a visit. */
baro_status baro_drain_read_definitions(baro_drain_process *process, baro_drain_shared *shared) {
  if (process->definitions_visit == shared->visit)
    return BARO_OK;
  process->definitions_visit = shared->visit;
  baro_status status = baro_drain_definitions_read(&process->definitions, shared->writer);
  baro_drain_process_write_remarks(process, shared);
  return status;
}

static baro_status find_exception(baro_drain_process *process, baro_drain_shared *shared,
                                  uint32_t id, uint32_t *ret_string) {
  *ret_string = baro_drain_exception_of(&process->definitions, id);
  if (*ret_string != BARO_NONE_ID || id == 0)
    return BARO_OK;
  baro_status status = baro_drain_read_definitions(process, shared);
  *ret_string = baro_drain_exception_of(&process->definitions, id);
  return status;
}

/* The first event of a piece, and the frame behind it. */
static baro_status read_event(baro_drain_process *process, baro_drain_thread *thread,
                              baro_drain_shared *shared, const baro_drain_piece *piece,
                              baro_drain_reading *reading) {
  const baro_ring_event *events = piece->events;
  uint64_t word = events[0].word;
  uint8_t kind = baro_ring_word_kind(word);
  if (kind >= BARO_RING_FRAME)
    return baro_drain_read_remark(process, thread, shared, *piece, reading);
  reading->used = 1;
  reading->has_meaning = false;
  const baro_drain_code *code;
  uint32_t id = baro_ring_word_id(word);
  baro_status status = baro_drain_find_code(process, shared, id, &code);
  if (status != BARO_OK)
    return status;
  bool has_frame = piece->count > 1 && baro_ring_word_kind(events[1].word) == BARO_RING_FRAME;
  bool is_suspendable = kind == BARO_RING_YIELD || kind == BARO_RING_RESUME ||
                        kind == BARO_RING_THROW || (code != NULL && code->is_suspendable);
  if (is_suspendable && piece->count == 1 &&
      baro_drain_may_go_on(process, thread, shared, piece->has_more)) {
    reading->used = 0;
    return BARO_OK;
  }
  reading->used = has_frame ? 2 : 1;
  if (code == NULL || is_suspendable != has_frame)
    shared->counts.malformed++;
  if (code == NULL)
    return BARO_OK;
  baro_call_step *step = &reading->step; /* field by field: see call_order.c */
  step->kind = (baro_ring_kind)kind;
  step->time_ns = baro_drain_time(shared, thread, events[0].time);
  step->frame = is_suspendable && has_frame ? events[1].time : 0;
  step->lost = 0;
  step->code = id;
  step->function = code->function;
  step->exception_string = BARO_NONE_ID;
  reading->has_meaning = true;
  if (kind == BARO_RING_RAISE)
    status = find_exception(process, shared, baro_ring_word_detail(word), &step->exception_string);
  return status;
}

static void write_output(const baro_drain_thread *thread, baro_drain_shared *shared) {
  if (shared->output.count > 0)
    baro_writer_calls(shared->writer, thread->id, shared->output.events, shared->output.count);
  shared->output.count = 0;
}

static void count_row(baro_drain_shared *shared, const baro_drain_reading *reading) {
  if (!reading->has_meaning)
    return;
  if (reading->step.kind == BARO_RING_ENTER)
    baro_drain_rows_count(&shared->rows, reading->step.function);
  else if (reading->step.kind == BARO_RING_SKIPPED)
    baro_drain_rows_thin(&shared->rows, reading->step.function);
}

/* Steps that say whose a frame's address is from now on: all threads' are taken in the order of their time. */
static bool moves_frame(const baro_call_step *step) {
  return step->frame != 0 && (step->kind == BARO_RING_ENTER || step->kind == BARO_RING_RESUME ||
                              step->kind == BARO_RING_THROW || step->kind == BARO_RING_SPAWN);
}

/* Whether the thread has to stop in front of the step that its piece begins with. */
static bool must_stop(baro_drain_thread *thread, const baro_drain_shared *shared,
                      const baro_drain_piece *piece, const baro_call_step *step,
                      const baro_drain_leave *leave) {
  uint64_t time_ns = step->kind == BARO_RING_SPAWN
                         ? baro_drain_time(shared, thread, piece->events[0].time)
                         : step->time_ns;
  thread->stop_ns = time_ns;
  thread->is_stopped = time_ns > leave->limit_ns && !leave->is_forced;
  return thread->is_stopped;
}

/* One piece. *ret_used: events that are done with; fewer than count when the thread has to wait, or the last event is
 * not whole. */
static baro_status take_piece(baro_drain_process *process, baro_drain_thread *thread,
                              baro_drain_shared *shared, uint32_t count, baro_drain_leave *leave,
                              uint32_t *ret_used) {
  baro_drain_reading reading;
  baro_status status = BARO_OK;
  uint32_t used = 0;
  bool has_more = baro_drain_ring_pending(&thread->ring) > count;
  while (used < count && status == BARO_OK) {
    baro_drain_piece piece = {
        .events = shared->events + used, .count = count - used, .has_more = has_more};
    status = read_event(process, thread, shared, &piece, &reading);
    if (status != BARO_OK || reading.used == 0)
      break;
    if (reading.has_meaning) {
      if (moves_frame(&reading.step) && must_stop(thread, shared, &piece, &reading.step, leave))
        break;
      status = baro_order_take(&process->order, &thread->order, &reading.step, leave->is_forced,
                               &shared->output);
    }
    if (status != BARO_OK)
      break;
    count_row(shared, &reading);
    used += reading.used;
    leave->is_forced = false;
    if (shared->output.count > BARO_ORDER_BATCH - BARO_ORDER_STEP_EVENTS)
      write_output(thread, shared);
  }
  if (status == BARO_AGAIN) {
    thread->is_waiting = true;
    status = BARO_OK;
  }
  *ret_used = used;
  return status;
}

/* Where threads take turns often, most of a large piece would be read in vain. */
static void fit_piece(baro_drain_thread *thread, uint32_t limit, uint32_t used) {
  uint32_t next = thread->is_stopped || thread->is_waiting ? used * 2 : limit * 4;
  thread->piece_events = next < BARO_DRAIN_LONGEST ? BARO_DRAIN_LONGEST
                         : next > BARO_DRAIN_PIECE ? BARO_DRAIN_PIECE
                                                   : next;
}

static uint32_t piece_limit(const baro_drain_thread *thread, const baro_drain_leave *leave) {
  uint32_t limit = thread->piece_events == 0 ? BARO_DRAIN_PIECE : thread->piece_events;
  if (leave->budget < limit)
    limit = (uint32_t)leave->budget;
  return limit < BARO_DRAIN_LONGEST ? BARO_DRAIN_LONGEST : limit;
}

baro_status baro_drain_take(baro_drain_process *process, baro_drain_thread *thread,
                            baro_drain_shared *shared, baro_drain_leave *leave,
                            uint64_t *ret_taken) {
  baro_status status = BARO_OK;
  *ret_taken = 0;
  bool was_held = thread->is_waiting || thread->is_stopped;
  uint64_t waiting_visit = was_held ? thread->waiting_visit : shared->visit;
  thread->is_waiting = false;
  thread->is_stopped = false;
  while (status == BARO_OK && leave->budget > 0 && !thread->is_waiting && !thread->is_stopped) {
    uint32_t limit = piece_limit(thread, leave);
    uint32_t used = 0;
    uint32_t count = baro_drain_ring_read(&thread->ring, shared->events, limit);
    if (count == 0)
      break;
    status = take_piece(process, thread, shared, count, leave, &used);
    write_output(thread, shared); /* its values are in the piece */
    fit_piece(thread, limit, used);
    leave->is_forced = false;
    baro_drain_ring_take(&thread->ring, used);
    leave->budget -= used < leave->budget ? used : leave->budget;
    *ret_taken += used;
    if (used == 0)
      break;
    waiting_visit = shared->visit;
    baro_drain_ring_tell(&thread->ring, shared->now_ns);
  }
  if (thread->is_waiting || thread->is_stopped)
    thread->waiting_visit = waiting_visit;
  shared->counts.events += *ret_taken;
  return status;
}

void baro_drain_lose(baro_drain_process *process, baro_drain_thread *thread,
                     baro_drain_shared *shared, uint64_t lost) {
  baro_drain_reading reading;
  baro_drain_read_lost(shared, thread, lost, &reading);
  /* A loss allocates nothing. */
  (void)!baro_order_take(&process->order, &thread->order, &reading.step, true, &shared->output);
  write_output(thread, shared);
}

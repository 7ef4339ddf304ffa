#include "capture/call_order.h"

#include <assert.h>
#include <stdlib.h>

#include "capture/order_remarks.h"

enum { FIRST_DEPTH = 64 };

/* --- the stack --- */

static baro_status reserve(baro_order_thread *thread) {
  if (thread->depth < thread->capacity)
    return BARO_OK;
  uint32_t capacity = thread->capacity == 0 ? FIRST_DEPTH : thread->capacity * 2;
  baro_open_call *open = realloc(thread->open, capacity * sizeof *open);
  if (open == NULL)
    return BARO_NO_MEMORY;
  thread->open = open;
  thread->capacity = capacity;
  return BARO_OK;
}

static void push(baro_order_thread *thread, uint64_t call, uint64_t frame, uint32_t code) {
  thread->open[thread->depth++] = (baro_open_call){.call = call, .frame = frame, .code = code};
}

/* A call has ended: its frame is no longer known, if it still is this call's. */
static void forget(baro_order_process *process, const baro_open_call *open) {
  if (open->call == 0)
    return;
  process->recording->open--;
  const uint64_t *packed = baro_map_find(&process->frames, open->frame);
  if (packed != NULL && baro_order_packed_call(*packed) == open->call)
    (void)baro_map_remove(&process->frames, open->frame);
}

/* Ends the newest `count` calls, of which only that is known. */
static void end_newest(baro_order_process *process, baro_order_thread *thread,
                       const baro_call_step *step, uint32_t count, baro_order_output *output) {
  for (uint32_t i = 0; i < count; i++) {
    forget(process, &thread->open[--thread->depth]);
    baro_order_put(thread, step, output, BARO_CALL_RAISE, BARO_NONE_ID, 0);
  }
  process->mended += count;
}

static bool is_call_of(const baro_open_call *open, const baro_call_step *step) {
  return open->code == step->code &&
         (open->frame == step->frame || open->frame == 0 || step->frame == 0);
}

bool baro_order_uncover(baro_order_process *process, baro_order_thread *thread,
                        const baro_call_step *step, baro_order_output *output) {
  uint32_t limit = thread->depth < BARO_ORDER_SEARCH ? thread->depth : BARO_ORDER_SEARCH;
  for (uint32_t above = 0; above < limit; above++) {
    if (!is_call_of(&thread->open[thread->depth - 1 - above], step))
      continue;
    end_newest(process, thread, step, above, output);
    return true;
  }
  return false;
}

/* --- beginning --- */

/* The number that was promised to what begins now, or the next one. A promise to another code is void: its coroutine was
 * freed without a step. */
static uint64_t number_of(const baro_order_process *process, const baro_call_step *step) {
  const uint64_t *promised =
      process->spawned.count == 0 ? NULL : baro_map_find(&process->spawned, step->frame);
  return promised != NULL && baro_order_packed_code(*promised) == step->code
             ? baro_order_packed_call(*promised)
             : process->recording->next_call;
}

/* A call that can be suspended begins: it has a number. */
static baro_status enter_suspendable(baro_order_process *process, baro_order_thread *thread,
                                     const baro_call_step *step, baro_order_output *output) {
  baro_order_recording *recording = process->recording;
  const uint64_t *known = baro_map_find(&process->frames, step->frame);
  uint64_t before = known != NULL ? *known : 0;
  uint64_t call = number_of(process, step);
  baro_status status =
      baro_map_set(&process->frames, step->frame, baro_order_pack(call, step->code, false));
  if (status != BARO_OK)
    return status;
  recording->next_call += call == recording->next_call;
  if (process->spawned.count != 0)
    (void)baro_map_remove(&process->spawned, step->frame);
  recording->open++;
  if (baro_order_packed_suspended(before)) {
    recording->open--;
    baro_order_put(thread, step, output, BARO_CALL_THROW, 0, baro_order_packed_call(before));
    baro_order_put(thread, step, output, BARO_CALL_RAISE, recording->closed_string, 0);
  }
  push(thread, call, step->frame, step->code);
  process->calls++;
  baro_order_put(thread, step, output, BARO_CALL_ENTER_SUSPENDABLE, step->function, call);
  return BARO_OK;
}

static baro_status enter(baro_order_process *process, baro_order_thread *thread,
                         const baro_call_step *step, baro_order_output *output) {
  if (thread->left_out > 0 || thread->depth >= BARO_ORDER_DEPTH) {
    thread->left_out++;
    process->too_deep++;
    return BARO_OK;
  }
  baro_status status = reserve(thread);
  if (status != BARO_OK)
    return status;
  /* More of them at once than readers take are told as plain calls. */
  if (step->frame != 0 && process->recording->open < BARO_ORDER_OPEN_LIMIT)
    return enter_suspendable(process, thread, step, output);
  push(thread, 0, 0, step->code);
  process->calls++;
  baro_order_put(thread, step, output, BARO_CALL_ENTER, step->function, 0);
  return BARO_OK;
}

/* An active call of this thread goes on although its suspension was never told: it was, just before. */
static bool suspend_untold(baro_order_process *process, baro_order_thread *thread,
                           const baro_call_step *step, uint64_t call, baro_order_output *output) {
  uint32_t limit = thread->depth < BARO_ORDER_SEARCH ? thread->depth : BARO_ORDER_SEARCH;
  for (uint32_t above = 0; above < limit; above++) {
    if (thread->open[thread->depth - 1 - above].call != call)
      continue;
    end_newest(process, thread, step, above, output);
    thread->depth--;
    process->mended++;
    baro_order_put(thread, step, output, BARO_CALL_SUSPEND, 0, 0);
    return true;
  }
  return false;
}

static baro_status resume(baro_order_process *process, baro_order_thread *thread,
                          const baro_call_step *step, bool is_final, baro_order_output *output) {
  uint64_t *packed = baro_map_find(&process->frames, step->frame);
  bool is_known = packed != NULL && baro_order_packed_code(*packed) == step->code;
  if (step->frame == 0 || thread->left_out > 0 || thread->depth >= BARO_ORDER_DEPTH)
    return enter(process, thread, step, output);
  baro_status status = reserve(thread);
  if (status != BARO_OK)
    return status;
  if (!is_known ||
      (!baro_order_packed_suspended(*packed) &&
       !suspend_untold(process, thread, step, baro_order_packed_call(*packed), output)))
    return is_final ? enter(process, thread, step, output) : BARO_AGAIN;
  packed = baro_map_find(&process->frames, step->frame); /* calls that ended above it moved it */
  assert(packed != NULL);
  uint64_t call = baro_order_packed_call(*packed);
  *packed = baro_order_pack(call, step->code, false);
  push(thread, call, step->frame, step->code);
  baro_order_put(thread, step, output,
                 step->kind == BARO_RING_THROW ? BARO_CALL_THROW : BARO_CALL_RESUME, 0, call);
  return BARO_OK;
}

/* --- ending --- */

static void end(baro_order_process *process, baro_order_thread *thread, const baro_call_step *step,
                baro_order_output *output) {
  if (thread->left_out > 0) {
    thread->left_out--;
    return;
  }
  if (!baro_order_uncover(process, thread, step, output)) {
    process->unmatched++;
    return;
  }
  forget(process, &thread->open[--thread->depth]);
  if (step->kind == BARO_RING_RAISE)
    baro_order_put(thread, step, output, BARO_CALL_RAISE, step->exception_string, 0);
  else
    baro_order_put(thread, step, output, BARO_CALL_RETURN, 0, 0);
}

static void suspend(baro_order_process *process, baro_order_thread *thread,
                    const baro_call_step *step, baro_order_output *output) {
  if (thread->left_out > 0) {
    thread->left_out--;
    return;
  }
  if (!baro_order_uncover(process, thread, step, output)) {
    process->unmatched++;
    return;
  }
  const baro_open_call *open = &thread->open[--thread->depth];
  if (open->call == 0) { /* its frame was not told: what comes of it later is another call */
    process->mended++;
    baro_order_put(thread, step, output, BARO_CALL_RETURN, 0, 0);
    return;
  }
  uint64_t *packed = baro_map_find(&process->frames, open->frame);
  if (packed != NULL && baro_order_packed_call(*packed) == open->call)
    *packed = baro_order_pack(open->call, open->code, true);
  baro_order_put(thread, step, output, BARO_CALL_SUSPEND, 0, 0);
}

static void lose(baro_order_process *process, baro_order_thread *thread, const baro_call_step *step,
                 baro_order_output *output) {
  while (thread->depth > 0)
    forget(process, &thread->open[--thread->depth]);
  thread->left_out = 0;
  baro_order_put(thread, step, output, BARO_CALL_LOST, 0, step->lost);
}

baro_status baro_order_take(baro_order_process *process, baro_order_thread *thread,
                            const baro_call_step *step, bool is_final, baro_order_output *output) {
  assert(step->code < BARO_ORDER_CODE_LIMIT);
  assert(output->count <= BARO_ORDER_BATCH - BARO_ORDER_STEP_EVENTS);
  switch (step->kind) {
  case BARO_RING_ENTER: return enter(process, thread, step, output);
  case BARO_RING_RETURN:
  case BARO_RING_RAISE: end(process, thread, step, output); return BARO_OK;
  case BARO_RING_YIELD: suspend(process, thread, step, output); return BARO_OK;
  case BARO_RING_RESUME:
  case BARO_RING_THROW: return resume(process, thread, step, is_final, output);
  case BARO_RING_LOST: lose(process, thread, step, output); return BARO_OK;
  case BARO_RING_USAGE:
  case BARO_RING_SPAWN:
  case BARO_RING_SKIPPED:
  case BARO_RING_WEIGHT:
  case BARO_RING_VALUE:
  case BARO_RING_OWN: return baro_order_remark(process, thread, step, is_final, output);
  case BARO_RING_FRAME:
  case BARO_RING_KIND_COUNT: break;
  }
  return BARO_OK;
}

void baro_order_thread_release(baro_order_thread *thread) {
  free(thread->open);
  *thread = (baro_order_thread){0};
}

void baro_order_process_release(baro_order_process *process) {
  baro_map_release(&process->frames);
  baro_map_release(&process->spawned);
}

/* What the two halves of call_order share: call_order.c has the calls, order_remarks.c what is said beside them. Apart, because
 * what few steps need would else lengthen the way of all (3 of 120 instructions, measured 2026-11). Private to them. */
#ifndef BARO_CAPTURE_ORDER_REMARKS_H
#define BARO_CAPTURE_ORDER_REMARKS_H

#include <assert.h>

#include "capture/call_order.h"

/* --- packed values of the frames --- */

enum { BARO_ORDER_CODE_BITS = 22 };

static inline uint64_t baro_order_pack(uint64_t call, uint32_t code, bool is_suspended) {
  return call << (BARO_ORDER_CODE_BITS + 1) | (uint64_t)code << 1 | (is_suspended ? 1 : 0);
}

static inline uint64_t baro_order_packed_call(uint64_t packed) {
  return packed >> (BARO_ORDER_CODE_BITS + 1);
}

static inline uint32_t baro_order_packed_code(uint64_t packed) {
  return (uint32_t)(packed >> 1) & (BARO_ORDER_CODE_LIMIT - 1);
}

static inline bool baro_order_packed_suspended(uint64_t packed) {
  return (packed & 1) != 0;
}

/* --- output --- */

/* id: function or string; number: call or loss. Field by field: as a struct by value each event was stored in pieces and
 * copied in halves, for which a CPU waits (35 ns an event, measured 2026-11). */
static inline void baro_order_put(baro_order_thread *thread, const baro_call_step *step,
                                  baro_order_output *output, baro_call_event_kind kind, uint32_t id,
                                  uint64_t number) {
  assert(output->count < BARO_ORDER_BATCH);
  if (step->time_ns > thread->last_ns)
    thread->last_ns = step->time_ns;
  baro_call_event *event = &output->events[output->count++];
  event->time_ns = thread->last_ns;
  event->kind = kind;
  event->function = id;
  event->call = number;
}

/* Makes the call that the step is about the newest one; false when it is not active. */
bool baro_order_uncover(baro_order_process *process, baro_order_thread *thread,
                        const baro_call_step *step, baro_order_output *output);
/* A step of a kind above BARO_RING_LOST. AGAIN, unless is_final: as baro_order_take says. */
baro_status baro_order_remark(baro_order_process *process, baro_order_thread *thread,
                              const baro_call_step *step, bool is_final,
                              baro_order_output *output) BARO_MUST_USE;

#endif

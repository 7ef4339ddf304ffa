/* Events of a ring that say something beside the calls: usage, spawned tasks, what was not recorded, values; losses. Some
 * are of several slots.
 * Flow: drain_events -> here -> steps for call_order. Every byte is hostile: what makes no sense is counted (malformed)
 * and left out. Private to the drain. */
#ifndef BARO_CAPTURE_DRAIN_REMARKS_H
#define BARO_CAPTURE_DRAIN_REMARKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "capture/drain_process.h"

/* Events of a ring, the first of which is to be read. */
typedef struct baro_drain_piece {
  const baro_ring_event *events;
  uint32_t count;
  bool has_more; /* of the ring's events, behind them */
} baro_drain_piece;

/* What a piece of a ring says. */
typedef struct baro_drain_reading {
  baro_call_step step;
  uint32_t used;    /* events; 0: the first is not whole yet */
  bool has_meaning; /* there is a step; it may refer to bytes of the piece */
} baro_drain_reading;

enum {
  BARO_DRAIN_LONGEST = BARO_RING_VALUE_BYTES / 16 + 3
}; /* slots: a value, a RETURN, a frame */

/* The first event of a piece, of no call: BARO_RING_FRAME and above. The piece by value: it stays in registers for all other
 * events. */
baro_status baro_drain_read_remark(baro_drain_process *process, baro_drain_thread *thread,
                                   baro_drain_shared *shared, baro_drain_piece piece,
                                   baro_drain_reading *reading) BARO_MUST_USE;
/* A step that says so many events are missing, which is counted. */
void baro_drain_read_lost(baro_drain_shared *shared, baro_drain_thread *thread, uint64_t lost,
                          baro_drain_reading *reading);

#endif

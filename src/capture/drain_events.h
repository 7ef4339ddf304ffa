/* The events of one ring on their way: decoded, joined with what the definitions say, put in order, written.
 * Flow: drain_ring, drain_definitions -> here -> call_order -> recording writer. About 20 ns an event.
 * Every event is hostile: what makes no sense is counted (malformed) and left out. Private to the drain. */
#ifndef BARO_CAPTURE_DRAIN_EVENTS_H
#define BARO_CAPTURE_DRAIN_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "capture/drain_process.h"

/* Takes what definitions have been added, once a visit. */
baro_status baro_drain_read_definitions(baro_drain_process *process,
                                        baro_drain_shared *shared) BARO_MUST_USE;
/* What a thread may take without regard to others. */
typedef struct baro_drain_leave {
  bool is_forced;    /* the first event is not to wait */
  uint64_t limit_ns; /* all that others have up to here was taken */
  uint64_t budget;   /* events, lowered as they are taken */
} baro_drain_leave;

/* All that a thread has, as far as it may; stops in front of an event that has to wait for those of other threads
 * (thread->is_stopped, is_waiting) or is not whole yet. The thread has its id. */
baro_status baro_drain_take(baro_drain_process *process, baro_drain_thread *thread,
                            baro_drain_shared *shared, baro_drain_leave *leave,
                            uint64_t *ret_taken) BARO_MUST_USE;
/* So many events of the thread are missing from here on. */
void baro_drain_lose(baro_drain_process *process, baro_drain_thread *thread,
                     baro_drain_shared *shared, uint64_t lost);

/* Here, because nearly all of what an event costs is a few such steps. */

/* Events are not later than their visit by more. */
#define BARO_DRAIN_AHEAD_NS UINT64_C(1000000000)

/* CLOCK_MONOTONIC ns of a time in an event. */
static inline uint64_t baro_drain_time(const baro_drain_shared *shared, baro_drain_thread *thread,
                                       uint64_t time) {
  if (thread->ring.clock == BARO_RING_CLOCK_TSC)
    time = baro_counter_pairs_ns(&shared->pairs, time, &thread->span);
  uint64_t latest_ns = shared->now_ns + BARO_DRAIN_AHEAD_NS;
  return time < latest_ns ? time : latest_ns;
}

/* *ret_code: NULL: not known. New definitions are asked for, once a visit. */
static inline baro_status baro_drain_find_code(baro_drain_process *process,
                                               baro_drain_shared *shared, uint32_t id,
                                               const baro_drain_code **ret_code) {
  *ret_code = baro_drain_code_of(&process->definitions, id);
  if (*ret_code != NULL)
    return BARO_OK;
  baro_status status = baro_drain_read_definitions(process, shared);
  *ret_code = baro_drain_code_of(&process->definitions, id);
  return status;
}

/* Whether slots may still come behind the last one that was read. has_more: they are there. */
static inline bool baro_drain_may_go_on(const baro_drain_process *process,
                                        const baro_drain_thread *thread,
                                        const baro_drain_shared *shared, bool has_more) {
  return has_more || !(shared->is_final || process->is_dead || thread->ring.is_closed);
}

#endif

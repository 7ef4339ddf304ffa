/* Who of a process' threads may take how much of its ring: what one thread suspends another may resume, and what one has
 * freed is another's next call, at the same address.
 * Flow: drain_process -> here, rounds over all threads -> drain_events.
 * Most events are a thread's own affair, in whatever order rings are read. But a step that says whose a frame's address is
 * (a generator's begin and each resumption) is taken when all that the other threads have in front of it was taken:
 * each has a bound, which nothing that it may still tell lies before.
 *
 *   has events: the step that it stopped at, or the last one that was taken
 *   has none:   when its ring was last asked; it has ended: never
 *
 * Agents commit an event before another thread can see what it did, so all that an event depends on was written before it.
 * Private to the drain. */
#ifndef BARO_CAPTURE_DRAIN_ROUNDS_H
#define BARO_CAPTURE_DRAIN_ROUNDS_H

#include <stdint.h>

#include "base/status.h"
#include "capture/drain_process.h"

/* Asks the rings that are due, all if somebody waits; those that have nothing are asked less often. */
void baro_drain_poll(baro_drain_process *process, baro_drain_shared *shared);
/* Takes what the rings have, up to the visit's budget of each. *ret_events: taken, and those that wait for others. */
baro_status baro_drain_take_threads(baro_drain_process *process, baro_drain_shared *shared,
                                    uint64_t *ret_events) BARO_MUST_USE;

#endif

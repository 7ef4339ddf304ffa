/* Keeps what recording costs within a budget: thins functions whose calls are too many.
 * Flow: engine -> here, before an event of code with BARO_BUDGET_GOVERNED -> events.h, if the event is to be written.
 * Which calls are written is chance: of a function that is thinned to one in n, each call is recorded with probability 1/n
 * by itself, and has WEIGHT n in front of it; the others are counted, and told as SKIPPED at the end of each
 * window, with the next call of the function that is recorded, after 1,000 of them, and at the end of the thread. So
 * counts are exact and weighted sums have no bias. What is lost is what a thread that is killed had counted
 * since its last window: at most 1,000 calls of a function.
 * Invariants: what ends is written if, and only if, what began was: calls of a function end in the reverse order of their
 * beginning, so a bit for each that is active says so; what can be suspended is known by its frame. How far is
 * decided by budget_plan.h, by the CPU time of the thread and measured costs.
 * Without a budget no code has the flag, and nothing of this runs.
 * Threads: what one has counted is its own; the little that they share has a lock where there is no GIL. */
#ifndef BARO_CAPTURE_AGENT_BUDGET_H
#define BARO_CAPTURE_AGENT_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

#include "capture/agent/ring.h"

/* Among the flags of an identity, with the bits from 16 on, which say whose budget it is. */
enum { BARO_BUDGET_GOVERNED = 8 };

typedef struct baro_budget_thread baro_budget_thread;

/* Whether any code may be governed; engines look before they read a clock that may be of no use. */
extern bool baro_budget_runs;

/* A new recording: no budget. */
void baro_budget_reset(void);
/* Flags of code whose calls may cost `percent` of the program's own time; 0 where there is no memory left for one more budget,
 * or percent is not positive. */
uint32_t baro_budget_flags(double percent);
/* What was measured: a call that is recorded, and one that is only counted. */
void baro_budget_set_costs(double row_ns, double count_ns);

/* This thread thins a code as far as can be, from its first call on; for measuring. */
void baro_budget_thin(uint32_t id);
/* On this thread the code rests, and its next call is drawn; for measuring. */
void baro_budget_draw_next(uint32_t id);

/* frame: of code that can be suspended, else 0. True: write the event now; a weight may stand before it, not committed
 * yet. False: it was counted. */
bool baro_budget_begin(uint32_t id, uint32_t flags, baro_ring_kind kind, uint64_t frame);
/* Whether the event that ends or suspends is to be written. */
bool baro_budget_end(uint32_t id, baro_ring_kind kind, uint64_t frame);

/* Telling values of a call that is recorded cost that much of the thread's CPU time, beside its row. */
void baro_budget_charge(uint32_t id, uint64_t cost_ns);

static inline bool baro_budget_lets_begin(uint32_t id, uint32_t flags, baro_ring_kind kind,
                                          uint64_t frame) {
  return (flags & BARO_BUDGET_GOVERNED) == 0 || baro_budget_begin(id, flags, kind, frame);
}

static inline bool baro_budget_lets_end(uint32_t id, uint32_t flags, baro_ring_kind kind,
                                        uint64_t frame) {
  return (flags & BARO_BUDGET_GOVERNED) == 0 || baro_budget_end(id, kind, frame);
}

/* --- for events.c --- */

/* Tells what is untold, up to the limit that the ring has now. Waits for nothing and needs no GIL. NULL is fine. */
void baro_budget_tell(baro_budget_thread *thread);
/* The thread is over, or the recording. NULL is fine. */
void baro_budget_thread_free(baro_budget_thread *thread);
/* In the child of a fork; take_thread: of the thread that forked, or NULL. What was counted before is the parent's; calls that
 * were active end without a word, but for those that can be suspended: going on in the child, each is a call of the child, recorded.
 * Async-signal-safe. */
void baro_budget_forked(baro_budget_thread *take_thread);

#endif

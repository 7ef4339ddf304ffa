/* The CPU's own counter (TSC, or the generic timer of aarch64) beside CLOCK_MONOTONIC: what an agent reads because it
 * costs half of a clock, and how its times become ours.
 * Flow: recorder's visits -> pairs -> ns of a counter value. Invariants: between two pairs the counter is taken to run
 * evenly; times ascend with the counter. Pure but for the reading. Not thread-safe per object. */
#ifndef BARO_BASE_OS_COUNTER_H
#define BARO_BASE_OS_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/* Both at one moment, within some 50 ns. False where there is no such counter. */
bool baro_counter_read(uint64_t *ret_counter, uint64_t *ret_monotonic_ns);

enum { BARO_COUNTER_SPANS = 64 };

typedef struct baro_counter_span {
  uint64_t counter; /* where it begins */
  uint64_t length;  /* in counts */
  uint64_t ns;      /* where it begins */
  uint64_t rate;    /* ns a count, 32 bits of it behind the point */
} baro_counter_span;

/* The last spans between pairs, and one for all before them. Zero-initialised: no pair yet. */
typedef struct baro_counter_pairs {
  baro_counter_span spans[BARO_COUNTER_SPANS];
  uint32_t count;
  uint64_t counter; /* the last pair */
  uint64_t ns;
  bool has_pair;
} baro_counter_pairs;

/* A pair that is no later than the last, or less than 0.1 ms, is left out: it would say little of the rate. */
void baro_counter_pairs_add(baro_counter_pairs *pairs, uint64_t counter, uint64_t monotonic_ns);

/* What was before the first pair is at the first; what is after the last goes on at the last rate. */
uint64_t baro_counter_pairs_find_ns(const baro_counter_pairs *pairs, uint64_t counter,
                                    uint32_t *span);

__extension__ typedef unsigned __int128 baro_counter_wide;

/* The same, quick when the last answer was of the same span. *span: any number before the first call. */
static inline uint64_t baro_counter_pairs_ns(const baro_counter_pairs *pairs, uint64_t counter,
                                             uint32_t *span) {
  if (*span < pairs->count) {
    const baro_counter_span *at = &pairs->spans[*span];
    uint64_t past = counter - at->counter;
    if (past < at->length)
      return at->ns + (uint64_t)((baro_counter_wide)past * at->rate >> 32);
  }
  return baro_counter_pairs_find_ns(pairs, counter, span);
}

#endif

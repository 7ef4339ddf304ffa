#include "base/os_counter.h"

#include <string.h>

#include "base/clock.h"

static const uint64_t SHORTEST_NS = 100000;
static const uint64_t LONGEST_AHEAD_NS = 1000000000; /* of what is later than the last pair */

enum { TRIES = 5 };

#if defined(__x86_64__)
static bool read_counter(uint64_t *ret_counter) {
  *ret_counter = __builtin_ia32_rdtsc();
  return true;
}
#elif defined(__aarch64__)
static bool read_counter(uint64_t *ret_counter) {
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(*ret_counter));
  return true;
}
#else
static bool read_counter(uint64_t *ret_counter) {
  (void)ret_counter;
  return false;
}
#endif

/* The tightest of some tries: an interrupt in between would put the pair askew. */
bool baro_counter_read(uint64_t *ret_counter, uint64_t *ret_monotonic_ns) {
  uint64_t best_ns = UINT64_MAX;
  for (int i = 0; i < TRIES; i++) {
    uint64_t counter = 0;
    uint64_t before_ns = baro_clock_now_ns();
    if (!read_counter(&counter))
      return false;
    uint64_t gap_ns = baro_clock_now_ns() - before_ns;
    if (gap_ns < best_ns) {
      best_ns = gap_ns;
      *ret_counter = counter;
      *ret_monotonic_ns = before_ns + gap_ns / 2;
    }
  }
  return true;
}

static baro_counter_span span_between(uint64_t counter, uint64_t ns, uint64_t end_counter,
                                      uint64_t end_ns) {
  uint64_t length = end_counter - counter;
  return (baro_counter_span){
      .counter = counter,
      .length = length,
      .ns = ns,
      .rate = (uint64_t)(((baro_counter_wide)(end_ns - ns) << 32) / length),
  };
}

/* The two oldest become one: it stays true on average, and new ones have room. */
static void join_oldest(baro_counter_pairs *pairs) {
  const baro_counter_span *first = &pairs->spans[0];
  const baro_counter_span *third = &pairs->spans[2];
  baro_counter_span joined = span_between(first->counter, first->ns, third->counter, third->ns);
  memmove(&pairs->spans[1], &pairs->spans[2], (pairs->count - 2) * sizeof pairs->spans[0]);
  pairs->spans[0] = joined;
  pairs->count--;
}

void baro_counter_pairs_add(baro_counter_pairs *pairs, uint64_t counter, uint64_t monotonic_ns) {
  if (!pairs->has_pair) {
    pairs->has_pair = true;
    pairs->counter = counter;
    pairs->ns = monotonic_ns;
    return;
  }
  if (counter <= pairs->counter || monotonic_ns < pairs->ns ||
      monotonic_ns - pairs->ns < SHORTEST_NS)
    return;
  if (pairs->count == BARO_COUNTER_SPANS)
    join_oldest(pairs);
  pairs->spans[pairs->count++] = span_between(pairs->counter, pairs->ns, counter, monotonic_ns);
  pairs->counter = counter;
  pairs->ns = monotonic_ns;
}

uint64_t baro_counter_pairs_find_ns(const baro_counter_pairs *pairs, uint64_t counter,
                                    uint32_t *span) {
  if (pairs->count == 0)
    return pairs->ns;
  if (counter < pairs->spans[0].counter)
    return pairs->spans[0].ns;
  uint32_t i = pairs->count - 1;
  while (i > 0 && counter < pairs->spans[i].counter)
    i--;
  *span = i;
  const baro_counter_span *at = &pairs->spans[i];
  baro_counter_wide past_ns = (baro_counter_wide)(counter - at->counter) * at->rate >> 32;
  if (counter - at->counter > at->length && past_ns > pairs->ns - at->ns + LONGEST_AHEAD_NS)
    return pairs->ns + LONGEST_AHEAD_NS;
  return at->ns + (uint64_t)past_ns;
}

/* Medians and 99th percentiles of the durations of each function's calls, exact: the smallest duration that at least
 * this part of the calls does not exceed. Durations are gathered by function, and the one asked for is found digit by
 * digit: a pass counts them by their highest digit, and only those that share the right one are looked at further.
 * Unlike a partition around pivots this is linear for whatever durations a recording may hold. */
#include <stdlib.h>
#include <string.h>

#include "profile/call_build.h"

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

/* Bits above the highest digit of the largest value; at least one digit. */
static unsigned top_shift(const uint64_t *values, uint32_t count) {
  uint64_t all = 0;
  for (uint32_t i = 0; i < count; i++) {
    all |= values[i];
  }
  unsigned bits = all == 0 ? 0 : 64 - (unsigned)__builtin_clzll(all);
  return bits <= DIGIT_BITS ? 0 : bits - DIGIT_BITS;
}

/* The value of this rank (from 0); `scratch` has room for count values and may be `values`, which are lost then. */
static uint64_t select_rank(const uint64_t *values, uint32_t count, uint32_t rank,
                            uint64_t *scratch) {
  unsigned shift = top_shift(values, count);
  for (;;) {
    uint32_t of_digit[DIGITS] = {0};
    for (uint32_t i = 0; i < count; i++) {
      of_digit[values[i] >> shift & (DIGITS - 1)]++;
    }
    uint32_t digit = 0;
    while (rank >= of_digit[digit]) {
      rank -= of_digit[digit++];
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
      if ((values[i] >> shift & (DIGITS - 1)) == digit) {
        scratch[kept++] = values[i];
      }
    }
    if (shift == 0) {
      return scratch[0];
    }
    values = scratch;
    count = kept;
    shift = shift <= DIGIT_BITS ? 0 : shift - DIGIT_BITS;
  }
}

/* Few values are cheaper to sort than to count. */
static int compare_values(const void *left, const void *right) {
  const uint64_t *a = left;
  const uint64_t *b = right;
  return (*a > *b) - (*a < *b);
}

static uint32_t rank_of(uint32_t count, uint32_t percent) {
  return (uint32_t)(((uint64_t)count * percent + 99) / 100) - 1;
}

static void find_both(uint64_t *values, uint32_t count, uint64_t *scratch, uint64_t *ret_p50_ns,
                      uint64_t *ret_p99_ns) {
  enum { FEW = 512 };
  if (count <= FEW) {
    qsort(values, count, sizeof(*values), compare_values);
    *ret_p50_ns = values[rank_of(count, 50)];
    *ret_p99_ns = values[rank_of(count, 99)];
    return;
  }
  *ret_p50_ns = select_rank(values, count, rank_of(count, 50), scratch);
  *ret_p99_ns = select_rank(values, count, rank_of(count, 99), values);
}

/* Durations of the calls by function; next[f] is the end of those of function f afterwards. */
static void gather(const baro_profile *profile, uint32_t *next, uint64_t *ret_durations) {
  const baro_profile_calls *calls = &profile->calls;
  uint32_t first = 0;
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    next[f] = first;
    first += (uint32_t)profile->call_sums.calls[f];
  }
  for (uint32_t c = 0; c < calls->count; c++) {
    ret_durations[next[calls->function[c]]++] = calls->duration_ns[c];
  }
}

baro_status baro_build_call_quantiles(baro_profile *profile) {
  baro_profile_call_sums *sums = &profile->call_sums;
  uint64_t most = 0;
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    most = sums->calls[f] > most ? sums->calls[f] : most;
  }
  uint32_t *next = malloc((profile->functions.count + (size_t)1) * sizeof(*next));
  uint64_t *durations = malloc((profile->calls.count + (size_t)1) * sizeof(*durations));
  uint64_t *scratch = malloc((most + 1) * sizeof(*scratch));
  baro_status status =
      next == NULL || durations == NULL || scratch == NULL ? BARO_NO_MEMORY : BARO_OK;
  if (status == BARO_OK) {
    gather(profile, next, durations);
    for (uint32_t f = 0; f < profile->functions.count; f++) {
      uint32_t count = (uint32_t)sums->calls[f];
      if (count != 0) {
        find_both(durations + (next[f] - count), count, scratch, &sums->p50_ns[f],
                  &sums->p99_ns[f]);
      }
    }
  }
  free(next);
  free(durations);
  free(scratch);
  return status;
}

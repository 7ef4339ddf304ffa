/* Medians and 99th percentiles of the durations of each function's calls, exact: the smallest duration that at least
 * this part of the calls does not exceed. Durations are gathered by function and counted by magnitude, 32 steps for
 * each power of two; only those of the step that has the rank are looked at further, digit by digit.
 * Unlike a partition around pivots this is linear for whatever durations a recording may hold. */
#include <stdlib.h>
#include <string.h>

#include "profile/call_build.h"

enum { STEP_BITS = 5, STEPS = 2048, DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS };

/* Rises with the value; values of one step share all but their last bits. */
static inline uint32_t step_of(uint64_t value) {
  unsigned top_bit = 63 - (unsigned)__builtin_clzll(value | 1);
  unsigned shift = top_bit > STEP_BITS ? top_bit - STEP_BITS : 0;
  return (shift << STEP_BITS) + (uint32_t)(value >> shift);
}

/* By how much to shift for the highest digit in which the values differ. */
static unsigned top_shift(const uint64_t *values, uint32_t count) {
  uint64_t differing = 0;
  for (uint32_t i = 1; i < count; i++) {
    differing |= values[i] ^ values[0];
  }
  unsigned bits = differing == 0 ? 0 : 64 - (unsigned)__builtin_clzll(differing);
  return bits <= DIGIT_BITS ? 0 : bits - DIGIT_BITS;
}

/* The value of this rank, from 0; the values are lost. */
static uint64_t select_rank(uint64_t *values, uint32_t count, uint32_t rank) {
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
        values[kept++] = values[i];
      }
    }
    if (shift == 0) {
      return values[0];
    }
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

/* The value of this rank, by how many values each step has. */
static baro_status find_rank(const uint64_t *values, uint32_t count, const uint32_t *of_step,
                             uint32_t rank, uint64_t *ret_value) {
  uint32_t step = 0;
  while (rank >= of_step[step]) {
    rank -= of_step[step++];
  }
  uint64_t *same = malloc(of_step[step] * sizeof(*same));
  if (same == NULL) {
    return BARO_NO_MEMORY;
  }
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (step_of(values[i]) == step) {
      same[kept++] = values[i];
    }
  }
  *ret_value = select_rank(same, kept, rank);
  free(same);
  return BARO_OK;
}

static baro_status find_both(uint64_t *values, uint32_t count, uint64_t *ret_p50_ns,
                             uint64_t *ret_p99_ns) {
  enum { FEW = 512 };
  if (count <= FEW) {
    qsort(values, count, sizeof(*values), compare_values);
    *ret_p50_ns = values[rank_of(count, 50)];
    *ret_p99_ns = values[rank_of(count, 99)];
    return BARO_OK;
  }
  uint32_t of_step[STEPS] = {0};
  for (uint32_t i = 0; i < count; i++) {
    of_step[step_of(values[i])]++;
  }
  baro_status status = find_rank(values, count, of_step, rank_of(count, 50), ret_p50_ns);
  return status == BARO_OK ? find_rank(values, count, of_step, rank_of(count, 99), ret_p99_ns)
                           : status;
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
  uint32_t *next = malloc((profile->functions.count + (size_t)1) * sizeof(*next));
  uint64_t *durations = malloc((profile->calls.count + (size_t)1) * sizeof(*durations));
  baro_status status = next == NULL || durations == NULL ? BARO_NO_MEMORY : BARO_OK;
  if (status == BARO_OK) {
    gather(profile, next, durations);
  }
  for (uint32_t f = 0; f < profile->functions.count && status == BARO_OK; f++) {
    uint32_t count = (uint32_t)sums->calls[f];
    if (count != 0) {
      status = find_both(durations + (next[f] - count), count, &sums->p50_ns[f], &sums->p99_ns[f]);
    }
  }
  free(next);
  free(durations);
  return status;
}

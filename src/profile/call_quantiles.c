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

/* --- of functions that were thinned: a call counts as often as it stands for --- */

typedef struct weighted_duration {
  uint64_t duration_ns;
  uint64_t weight;
} weighted_duration;

static int compare_durations(const void *left, const void *right) {
  const weighted_duration *a = left;
  const weighted_duration *b = right;
  return (a->duration_ns > b->duration_ns) - (a->duration_ns < b->duration_ns);
}

/* The smallest duration up to which `percent` of the weight lies. values: in order. */
static uint64_t weighted_rank(const weighted_duration *values, uint32_t count, double percent) {
  double whole = 0;
  for (uint32_t i = 0; i < count; i++) {
    whole += (double)values[i].weight;
  }
  double sum = 0;
  for (uint32_t i = 0; i + 1 < count; i++) {
    sum += (double)values[i].weight;
    if (sum * 100 >= whole * percent) {
      return values[i].duration_ns;
    }
  }
  return values[count - 1].duration_ns;
}

static baro_status find_both_weighted(const uint64_t *durations, const uint64_t *weights,
                                      uint32_t count, uint64_t *ret_p50_ns, uint64_t *ret_p99_ns) {
  weighted_duration *values = malloc(count * sizeof(*values));
  if (values == NULL) {
    return BARO_NO_MEMORY;
  }
  for (uint32_t i = 0; i < count; i++) {
    values[i] = (weighted_duration){.duration_ns = durations[i], .weight = weights[i]};
  }
  qsort(values, count, sizeof(*values), compare_durations);
  *ret_p50_ns = weighted_rank(values, count, 50);
  *ret_p99_ns = weighted_rank(values, count, 99);
  free(values);
  return BARO_OK;
}

/* --- all functions --- */

/* Durations of the calls by function, and their weights if they have any; next[f] is the end of those of function f
 * afterwards. */
static void gather(const baro_profile *profile, uint32_t *next, uint64_t *ret_durations,
                   uint64_t *ret_weights) {
  const baro_profile_calls *calls = &profile->calls;
  const baro_profile_call_sums *sums = &profile->call_sums;
  uint32_t first = 0;
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    next[f] = first;
    first += (uint32_t)(sums->calls[f] - sums->skipped[f]);
  }
  uint32_t weighted = 0;
  for (uint32_t c = 0; c < calls->count; c++) {
    uint32_t place = next[calls->function[c]]++;
    ret_durations[place] = calls->duration_ns[c];
    bool has_weight = weighted < calls->weighted_count && calls->weighted_call[weighted] == c;
    if (ret_weights != NULL) {
      ret_weights[place] = has_weight ? calls->weighted_weight[weighted] : 1;
    }
    weighted += has_weight;
  }
}

static baro_status find_all(baro_profile *profile, const uint32_t *next, uint64_t *durations,
                            const uint64_t *weights) {
  baro_profile_call_sums *sums = &profile->call_sums;
  baro_status status = BARO_OK;
  for (uint32_t f = 0; f < profile->functions.count && status == BARO_OK; f++) {
    uint32_t count = (uint32_t)(sums->calls[f] - sums->skipped[f]);
    uint32_t first = next[f] - count;
    if (count != 0 && weights != NULL && sums->thinned_ns[f] != 0) {
      status = find_both_weighted(durations + first, weights + first, count, &sums->p50_ns[f],
                                  &sums->p99_ns[f]);
    } else if (count != 0) {
      status = find_both(durations + first, count, &sums->p50_ns[f], &sums->p99_ns[f]);
    }
  }
  return status;
}

baro_status baro_build_call_quantiles(baro_profile *profile) {
  const baro_profile_calls *calls = &profile->calls;
  bool has_weights = calls->weighted_count != 0;
  size_t count = calls->count + (size_t)1;
  uint32_t *next = malloc((profile->functions.count + (size_t)1) * sizeof(*next));
  uint64_t *durations = malloc(count * sizeof(*durations));
  uint64_t *weights = has_weights ? malloc(count * sizeof(*weights)) : NULL;
  baro_status status = next == NULL || durations == NULL || (has_weights && weights == NULL)
                           ? BARO_NO_MEMORY
                           : BARO_OK;
  if (status == BARO_OK) {
    gather(profile, next, durations, weights);
    status = find_all(profile, next, durations, weights);
  }
  free(next);
  free(durations);
  free(weights);
  return status;
}

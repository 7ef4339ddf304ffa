/* Samples added up by function, and by caller and callee: for formats that know no stacks.
 * Flow: profile -> here -> pstats, callgrind. Time is the wall time of threads, in whole ns; the sum of all own times is that
 * of the samples. Idle time only where it is asked for. */
#ifndef BARO_SHOW_SAMPLE_SUMS_H
#define BARO_SHOW_SAMPLE_SUMS_H

#include "base/status.h"
#include "profile/profile.h"

/* Rows are functions, or with lines the profile's frames; callees are functions. Columns of amounts have state_count values
 * a row: those of states[]. */
typedef struct baro_sample_sums {
  baro_state states[BARO_STATE_COUNT]; /* those that occur, in order */
  uint32_t state_count;
  uint32_t row_count;
  uint64_t *self_ns;  /* owned, as all columns */
  uint64_t *total_ns; /* with callees, recursion counted once */
  uint64_t *ticks;    /* of the schedule, with it on the stack, likewise */
  uint32_t edge_count;
  uint32_t *caller;        /* row; ascending */
  uint32_t *callee;        /* function; ascending for each caller */
  uint64_t *edge_self_ns;  /* of the callee, where it was called so */
  uint64_t *edge_total_ns; /* recursion counted once */
  uint64_t *edge_ticks;
  uint64_t all_ns;
} baro_sample_sums;

/* BARO_NO_MEMORY; released then, too. */
baro_status baro_sample_sums_init(baro_sample_sums *sums, const baro_profile *profile, bool lines,
                                  bool idle, baro_error *err) BARO_MUST_USE;
void baro_sample_sums_release(baro_sample_sums *sums);

/* Over all states. */
uint64_t baro_sample_sums_all(const baro_sample_sums *sums, const uint64_t *column, uint32_t row);

#endif

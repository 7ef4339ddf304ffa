/* Which active calls of a function are recorded, one bit for each.
 * Flow: budget.c, for calls that cannot be suspended -> here.
 * Invariants: calls of a function end in the reverse order of their beginning, so the bit of a call stands at the depth it had
 * when it began. Bits are of meaning only while `kept`, the number of recorded calls that are active, is not 0: a function of
 * which all calls are counted never touches them. The first 64 are in the function itself, deeper ones in `deeper`, which
 * its thread frees.
 * Threads: a function's state belongs to one. */
#ifndef BARO_CAPTURE_AGENT_BUDGET_DECISIONS_H
#define BARO_CAPTURE_AGENT_BUDGET_DECISIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/agent/budget_plan.h"

/* Makes room for the bit of one more active call. False: there is no memory, or it is more than 4 million calls deep; the call
 * can only be counted. */
bool baro_decision_fits(baro_budget_function *function);

/* The call that begins, at function->depth, is recorded. Its bit fits. */
void baro_decision_kept(baro_budget_function *function);

/* NULL: there is no room for bits of calls so deep. */
static inline uint64_t *baro_decision_word(baro_budget_function *function) {
  uint32_t word = function->depth / 64;
  if (word == 0) {
    return &function->decisions;
  }
  return word <= function->deeper_words ? &function->deeper[word - 1] : NULL;
}

/* The call that begins, at function->depth, is only counted. */
static inline void baro_decision_counted(baro_budget_function *function) {
  uint64_t *word = function->kept == 0 ? NULL : baro_decision_word(function);
  if (word != NULL) {
    *word &= ~(UINT64_C(1) << (function->depth & 63));
  }
}

/* Whether the call that ends, at function->depth, is recorded. function->kept is not 0. */
static inline bool baro_decision_of(baro_budget_function *function) {
  const uint64_t *word = baro_decision_word(function);
  return word != NULL && (*word >> (function->depth & 63) & 1) != 0;
}

#endif

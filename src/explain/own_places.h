/* Who in the user's own code a stack is of: the nearest such function, or the innermost one where there is none.
 * Flow: profile -> here -> findings of sampled programs (find_program.c), waits of threads (thread_waits.h). */
#ifndef BARO_EXPLAIN_OWN_PLACES_H
#define BARO_EXPLAIN_OWN_PLACES_H

#include "profile/profile.h"

typedef struct baro_own_places {
  uint32_t *function; /* owned, by node; BARO_NONE_ID at the root */
} baro_own_places;

/* BARO_NO_MEMORY; release it then, too. */
baro_status baro_own_places_init(baro_own_places *places,
                                 const baro_profile *profile) BARO_MUST_USE;
void baro_own_places_release(baro_own_places *places);

/* Index of the largest amount that is more than 0; BARO_NONE_ID. */
uint32_t baro_largest_of(const uint64_t *amounts, uint32_t count);

#endif

/* Why an operator's time is told as it is: what `barograph explain --why OP` prints.
 * Flow: explanation, prior -> here -> show/explain_why.c. */
#ifndef BARO_EXPLAIN_WHY_H
#define BARO_EXPLAIN_WHY_H

#include "explain/explain.h"
#include "explain/prior_parts.h"

/* A part of the operator, and what the prior makes of it. */
typedef struct baro_why_part {
  baro_prior_part_of part;
  baro_prior_opinion opinion;
} baro_why_part;

typedef struct baro_why {
  uint32_t operator_id;
  const baro_operator_time *time; /* of the explanation; NULL: it has no tasks */
  bool is_known;                  /* of any part */
  double p[BARO_PRIOR_RESOURCES]; /* the mean over known parts */
  uint32_t part_count;
  baro_why_part *parts; /* owned by the arena */
  baro_prior *prior;    /* owned: words of opinions are borrowed from it */
  baro_arena arena;
} baro_why;

/* Operators that a user's text means, those with the longest tasks first, at most `capacity` of them; returns how many there are.
 * Whole names come before parts of names, each without regard to case; "4" and "stage 4" are a stage's id. */
uint32_t baro_why_match(const baro_explanation *explanation, const char *text, uint32_t *ret_ids,
                        uint32_t capacity);

/* *ret is released by baro_why_release, also on failure. BARO_NO_MEMORY. */
baro_status baro_why_find(const baro_explanation *explanation, uint32_t operator_id,
                          baro_why *ret) BARO_MUST_USE;
void baro_why_release(baro_why *why);

#endif

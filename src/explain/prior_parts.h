/* What an operator with tasks is made of, and what the resource prior says of each part and of the whole.
 * Flow: profile -> parts of an operator (names and descriptions in the log) -> table of known operators, or the models on what the
 * log says -> opinion -> prior_times.c, show/explain_why.c.
 * A stage of Spark has the operators of its plan that were seen in it, and the scopes of its RDDs; a vertex of Flink is a chain;
 * anything else is itself. Parts weigh the same: the log does not say which of them took the time. */
#ifndef BARO_EXPLAIN_PRIOR_PARTS_H
#define BARO_EXPLAIN_PRIOR_PARTS_H

#include "base/arena.h"
#include "explain/prior.h"
#include "profile/profile.h"

enum { BARO_PRIOR_PARTS_MAX = 24 }; /* further ones are left out */

typedef struct baro_prior_part_of {
  baro_view name; /* borrowed from the profile, as the description */
  baro_view description;
} baro_prior_part_of;

typedef struct baro_prior_opinion {
  baro_view source; /* the class that the table has for it; empty: judged by what the log says */
  bool has[BARO_PRIOR_MODELS];
  baro_prior_judgement judged[BARO_PRIOR_MODELS];
  bool is_known; /* else nothing is said, and p is 0 */
  double p[BARO_PRIOR_RESOURCES];
} baro_prior_opinion;

/* Of which operators a stage's plan is made. */
typedef struct baro_prior_parts {
  const baro_profile *profile; /* borrowed */
  uint32_t seen_count;
  struct baro_prior_seen *seen; /* owned by the arena; by stage */
} baro_prior_parts;

/* O(operators log operators). BARO_NO_MEMORY. */
baro_status baro_prior_parts_init(baro_prior_parts *parts, const baro_profile *profile,
                                  baro_arena *keep) BARO_MUST_USE;
/* How many parts there are; each name once. */
uint32_t baro_prior_parts_of(const baro_prior_parts *parts, uint32_t operator_id,
                             baro_prior_part_of ret_parts[BARO_PRIOR_PARTS_MAX]);
/* "spark" of an operator of kind "spark.stage". */
baro_view baro_prior_framework(const baro_profile *profile, uint32_t operator_id);

void baro_prior_opinion_of(baro_prior *prior, baro_view framework, const baro_prior_part_of *part,
                           baro_prior_opinion *ret);

/* The mean over the parts of which something is known. */
typedef struct baro_prior_mean {
  uint32_t known;                   /* parts */
  double sum[BARO_PRIOR_RESOURCES]; /* of their p */
} baro_prior_mean;

void baro_prior_mean_add(baro_prior_mean *mean, const baro_prior_opinion *opinion);
/* False: of none, and p is 0. */
bool baro_prior_mean_of(const baro_prior_mean *mean, double ret_p[BARO_PRIOR_RESOURCES]);
/* Of all parts of an operator. */
bool baro_prior_opinion_of_all(baro_prior *prior, const baro_prior_parts *parts,
                               uint32_t operator_id, double ret_p[BARO_PRIOR_RESOURCES]);

#endif

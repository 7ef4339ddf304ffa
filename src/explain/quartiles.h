/* How an operator's tasks differ: of their length, and of what they read, wrote, spilled and collected, the least, the quartiles and
 * the most; and what went over the edges between operators.
 * Flow: explanation -> here -> report, page. A quartile is a value that some task has: the one at place floor(q (n - 1)) in order,
 * so that the middle one is baro_operator_time's median. All tasks count, failed ones too, as they do there.
 * Amounts are as the framework's log tells them; what no task of an operator tells is not told. */
#ifndef BARO_EXPLAIN_QUARTILES_H
#define BARO_EXPLAIN_QUARTILES_H

#include <stdbool.h>
#include <stdint.h>

#include "explain/explain.h"

/* key (ends in the unit; else it is a count), words */
#define BARO_QUANTITY_LIST(X)                                                                      \
  X(DURATION, "duration_ns", "duration")                                                           \
  X(READ, "read_bytes", "read")                                                                    \
  X(READ_ROWS, "read_rows", "rows read")                                                           \
  X(WRITTEN, "written_bytes", "written")                                                           \
  X(WRITTEN_ROWS, "written_rows", "rows written")                                                  \
  X(SPILLED, "spilled_bytes", "spilled to disk")                                                   \
  X(COLLECTOR, "gc_ns", "garbage collection")

typedef enum baro_quantity {
#define X(name, key, words) BARO_QUANTITY_##name,
  BARO_QUANTITY_LIST(X)
#undef X
      BARO_QUANTITY_COUNT
} baro_quantity;

const char *baro_quantity_key(baro_quantity quantity);
const char *baro_quantity_words(baro_quantity quantity);

enum { BARO_QUARTILES = 5 }; /* least, 25 %, median, 75 %, most */

typedef struct baro_quartiles {
  bool is_told; /* by a task of the operator; else all is 0 */
  uint64_t sum; /* UINT64_MAX: as much or more */
  uint64_t at[BARO_QUARTILES];
} baro_quartiles;

/* Of one operator. O(n log n) of its tasks. BARO_NO_MEMORY. */
baro_status baro_quartiles_of(const baro_explanation *all, const baro_operator_time *row,
                              baro_quartiles ret[BARO_QUANTITY_COUNT]) BARO_MUST_USE;
/* The longest task by the median; 0 where there are not two tasks, or the median is no time. */
double baro_skew_of(const baro_operator_time *row);

typedef struct baro_edge_amount {
  bool has_bytes;
  bool has_rows;
  uint64_t bytes;
  uint64_t rows;
} baro_edge_amount;

/* Of each edge of the dataflow, in its order; lives in keep. Between operators with tasks: what the second one read, if all of
 * it came this way; else what the first one wrote, if all of it went this way; else it is not told. Between nodes of a plan: what
 * the first one's own facts say that it put out. BARO_NO_MEMORY. */
baro_status baro_edge_amounts(const baro_profile *profile, baro_arena *keep,
                              baro_edge_amount **ret_amounts) BARO_MUST_USE;

#endif

/* Two runs of a dataflow, before and after: which operator of one is which of the other, what became longer or shorter, and which
 * resource that was.
 * Flow: two explanations -> here -> show/diff_*.c (text, JSON, the page).
 * The time of an operator is its time on the critical path: with that of the gaps it adds up to the run, so that changes of resources add
 * up to the run's change exactly. What is not on the path cannot have changed the run by itself; its tasks' time stands beside it.
 * A run is seen once: how much runs differ by chance nothing here knows. Reading is thread-safe. */
#ifndef BARO_EXPLAIN_RUN_DIFF_H
#define BARO_EXPLAIN_RUN_DIFF_H

#include "base/arena.h"
#include "base/status.h"
#include "explain/explain.h"
#include "explain/quartiles.h"

enum { BARO_BEFORE, BARO_AFTER, BARO_DIFF_SIDES };

/* By what an operator is taken for that of the other run, the surest last, which is tried first; numbers of stages and jobs do not count, for an adaptive plan or one more job
 * moves them. Of several that are alike the first to start goes with the first. key, words */
#define BARO_MATCH_LIST(X)                                                                         \
  X(NONE, "none", "only one of the runs has it")                                                   \
  X(NAME, "name", "by name alone")                                                                 \
  X(PARENTS, "parents", "by name and what it is a part of")                                        \
  X(PLACE, "place", "by name and place in the code")                                               \
  X(SCOPES, "scopes", "by name, place, scopes, and what it is a part of")                          \
  X(PLACE_DATA, "place_data", "by name and place in the code, and as much data")                   \
  X(DATA, "data", "by name, place, scopes, what it is a part of, and as much data")

typedef enum baro_match {
#define X(name, key, words) BARO_MATCH_##name,
  BARO_MATCH_LIST(X)
#undef X
      BARO_MATCH_COUNT
} baro_match;

const char *baro_match_key(baro_match match);
const char *baro_match_words(baro_match match);

typedef struct baro_operator_diff {
  const baro_operator_time
      *row[BARO_DIFF_SIDES]; /* borrowed of the explanation; NULL: not in this run */
  baro_match match;
  /* Sums over tasks; not told where no task tells it. */
  bool is_told[BARO_DIFF_SIDES][BARO_QUANTITY_COUNT];
  uint64_t amount[BARO_DIFF_SIDES][BARO_QUANTITY_COUNT];
} baro_operator_diff;

typedef struct baro_resource_diff {
  const char *key;
  const char *words;
  baro_evidence evidence[BARO_DIFF_SIDES]; /* of a side with no such time that of the other */
  uint64_t path_ns[BARO_DIFF_SIDES];
  uint64_t task_ns[BARO_DIFF_SIDES];
} baro_resource_diff;

/* A setting that is not the same, by the framework's name; "" where a run does not tell it. */
typedef struct baro_setting_diff {
  baro_view key; /* borrowed of the profiles, as both values */
  baro_view value[BARO_DIFF_SIDES];
} baro_setting_diff;

enum { BARO_DIFF_SETTINGS_MAX = 50, BARO_DIFF_RESOURCES_MAX = 2 * BARO_RESOURCES_MAX };

typedef struct baro_run_diff {
  const baro_explanation *sides[BARO_DIFF_SIDES]; /* borrowed */
  uint32_t operator_count;
  baro_operator_diff *operators; /* the largest change of the path first, then of tasks' time */
  uint32_t resource_count;
  baro_resource_diff resources[BARO_DIFF_RESOURCES_MAX]; /* the largest change of the path first */
  uint32_t setting_count;
  baro_setting_diff settings[BARO_DIFF_SETTINGS_MAX];
  baro_arena arena;
} baro_run_diff;

/* Both must be of dataflows. *ret is released by baro_run_diff_release, also on failure. O(n log n) of operators and tasks. BARO_NO_MEMORY. */
baro_status baro_run_diff_make(const baro_explanation *const sides[BARO_DIFF_SIDES],
                               baro_run_diff *ret) BARO_MUST_USE;
void baro_run_diff_release(baro_run_diff *diff);

/* 0 of a run that has not the operator. */
uint64_t baro_operator_path_ns(const baro_operator_diff *diff, int side);
uint64_t baro_operator_task_ns(const baro_operator_diff *diff, int side);
/* What the operator's time went into in both runs, the largest change first: of the path where its time there changed, else of its tasks'. Returns how many. */
uint32_t baro_operator_resource_diffs(const baro_run_diff *diff, const baro_operator_diff *row,
                                      baro_resource_diff ret[BARO_DIFF_RESOURCES_MAX]);

/* after - before, as lengths of time are never beyond 2^63. */
static inline int64_t baro_change_of(const uint64_t both[BARO_DIFF_SIDES]) {
  return (int64_t)(both[BARO_AFTER] - both[BARO_BEFORE]);
}

#endif

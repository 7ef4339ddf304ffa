/* The chain of tasks and gaps that the run was as long as: nothing else on the way from its begin to its end had to be waited for.
 * Flow: profile's dataflow -> here -> resource times, findings, prediction.
 * How it is found: backwards from the end. Before a task stands what it waited for: where its slot was taken until then, the
 * task there (whose end the driver may have heard of a little later: it is cut); else the task that ended last before it; where its stage had just been submitted, the last task of the stages that it takes data from, if its
 * job waited for these, else whatever ended last before. What lies between two of them is a gap, and told by what is known of it.
 * Where a kernel and the host end in the same nanosecond, the host goes on behind its own last call, unless that one waited for the device.
 * Invariant: steps stand in order of time without holes: their lengths add up to end_ns - begin_ns exactly.
 * It is a chain that really happened, not the only one: two tasks that end within a millisecond could both be on it. */
#ifndef BARO_EXPLAIN_CRITICAL_PATH_H
#define BARO_EXPLAIN_CRITICAL_PATH_H

#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "profile/profile.h"

/* key, words */
#define BARO_STEP_LIST(X)                                                                          \
  X(TASK, "task", "tasks")                                                                         \
  X(STARTUP, "startup", "the driver, before the first stage")                                      \
  X(DRIVER, "driver", "the driver alone, between stages")                                          \
  X(CLOSING, "closing", "the driver, after the last task")                                         \
  X(EXECUTORS, "executors", "waiting for executors")                                               \
  X(SCHEDULING, "scheduling", "submitted, and no task yet")                                        \
  X(NOTHING, "nothing", "time between operators")

typedef enum baro_step_kind {
#define X(name, key, words) BARO_STEP_##name,
  BARO_STEP_LIST(X)
#undef X
      BARO_STEP_COUNT
} baro_step_kind;

const char *baro_step_key(baro_step_kind kind);
const char *baro_step_words(baro_step_kind kind);

typedef struct baro_path_step {
  baro_step_kind kind;
  uint32_t task;        /* of a gap: the one that it ends with; BARO_NONE_ID behind the last */
  uint32_t operator_id; /* of that task; BARO_NONE_ID */
  uint64_t start_ns;
  uint64_t end_ns; /* > start_ns, but for tasks of no length */
} baro_path_step;

typedef struct baro_critical_path {
  uint64_t begin_ns; /* of the run: run_span.h */
  uint64_t end_ns;
  uint32_t step_count;
  baro_path_step *steps;
  uint64_t kind_ns[BARO_STEP_COUNT];
  uint64_t state_ns[BARO_STATE_COUNT]; /* of its tasks; what samples do not tell is unknown */
  uint64_t *on_ns;                     /* by task: how much of it is on the path */
} baro_critical_path;

/* What a task did in on_ns of its time; it adds up to that. */
void baro_path_states(const baro_dataflow *dataflow, uint32_t task, uint64_t on_ns,
                      uint64_t ret_state_ns[BARO_STATE_COUNT]);

/* Lives in keep. Needs a task. O(tasks log tasks + edges). BARO_NO_MEMORY. */
baro_status baro_critical_path_find(const baro_profile *profile, baro_arena *keep,
                                    baro_critical_path *ret_path) BARO_MUST_USE;

#endif

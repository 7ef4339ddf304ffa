/* Calls that stand for others: functions that the agent thinned to keep within a budget; private to src/profile.
 * Flow: weights and counts among the events -> here, beside call_events.c -> sums of functions and edges, one sparse column.
 *
 * A call that was recorded with probability 1/w has weight w, and sums with it have no bias. What was not recorded was
 * time of its nearest recorded caller: so from a caller's own time (w - 1) times the own time of each such callee is taken
 * away, itself corrected so. A sum may become less than nothing by chance, and is shown as 0 then. Calls are counted exactly:
 * those with a row and those that the agent only counted. Rows are as recorded, with their weight beside them.
 * What counting them cost (own_cost.h) is taken from the same callers' own times, and from the totals of all around these.
 * CPU time follows the total: waits are weighted as the calls are that they are in, and counting waits for nothing.
 * Recursion is seen by calls that are recorded; where the outermost one is not, the agent says of the others that they are
 * inner ones, and their time is not added to the total.
 * Nothing here runs for recordings without weights, but for one comparison an event. */
#ifndef BARO_PROFILE_CALL_WEIGHTS_H
#define BARO_PROFILE_CALL_WEIGHTS_H

#include "profile/call_build.h"

/* The next call of the thread: its weight, and whether it is an inner one of a recursion. */
void baro_call_weight_comes(baro_call_thread *thread, const baro_call_event *event);
/* n calls of a merged function were counted. */
baro_status baro_call_skip(baro_call_thread *thread, uint32_t function, uint64_t count,
                           uint64_t time_ns) BARO_MUST_USE;
/* A call that has a weight is about to be put on the stack. */
baro_status baro_call_weigh(baro_call_build *build, baro_call_thread *thread,
                            const baro_open_call *open) BARO_MUST_USE;
/* The top has come, and is about to go, where the build has weights. */
baro_status baro_call_weigh_push(baro_call_build *build, baro_call_thread *thread) BARO_MUST_USE;
void baro_call_weigh_pop(baro_call_thread *thread, uint64_t time_ns);

/* What weights add to sums of rows, which may be less than nothing. */
typedef struct baro_call_extra {
  double self_ns;
  double total_ns;
  double cpu_ns;
  double duration_ns;
  uint64_t weights; /* of its rows, each less 1 */
} baro_call_extra;

/* At the end: rows of the column into the order of the calls; what is not in the rows into the sums of functions and edges.
 * edges: what weights add to each of the profile's, changed. */
baro_status baro_call_order_weights(baro_call_build *build) BARO_MUST_USE;
baro_status baro_call_sum_weights(baro_profile_builder *builder,
                                  baro_call_extra *edges) BARO_MUST_USE;
/* Estimates of calls cannot exceed what the calls took that made them: call_bounds.c. functions, edges: by number. */
baro_status baro_call_bound_extras(const baro_profile *profile, baro_call_extra *functions,
                                   baro_call_extra *edges) BARO_MUST_USE;
/* What counting calls without a row cost the thread: never more than passed. */
uint64_t baro_call_counting_ns(const baro_call_thread *thread);
/* sum + extra, at least 0. */
uint64_t baro_call_corrected(uint64_t sum, double extra);

#endif

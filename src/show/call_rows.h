/* Choosing among recorded calls, for text and JSON alike.
 * Flow: profile -> functions and calls in the order in which they are to be shown.
 * Arrays live in keep; NULL when out of memory. */
#ifndef BARO_SHOW_CALL_ROWS_H
#define BARO_SHOW_CALL_ROWS_H

#include "base/arena.h"
#include "profile/profile.h"
#include "show/report.h"

/* Whether the recorder was asked for calls, be there any or not. */
bool baro_calls_recorded(const baro_profile *profile);

/* Sum of self times of all calls: what shares of calls are shares of. */
uint64_t baro_calls_basis_ns(const baro_profile *profile);

/* Mean duration of a function's calls; 0 where there are none. */
uint64_t baro_calls_mean_ns(const baro_profile *profile, uint32_t function);

/* Functions that have calls, by self time, or by total time where that is asked for. */
uint32_t *baro_call_functions(const baro_profile *profile, baro_report_sort sort, baro_arena *keep,
                              uint32_t *ret_count);

/* Of these, those that a person means by `name`: a qualified name, else a bare name, else a pattern (* ? [) for
 * qualified names. */
uint32_t *baro_call_functions_named(const baro_profile *profile, const char *name, baro_arena *keep,
                                    uint32_t *ret_count);

/* Edges to a function (callers), or from it (callees), by total time. */
uint32_t *baro_call_relatives(const baro_profile *profile, uint32_t function, bool callers,
                              baro_arena *keep, uint32_t *ret_count);

/* The `most` calls that took longest: by their own time, or, where total time is asked for, by the time they ran, with what they
 * called. Not by duration: a generator that was never asked for its next item would stand first. */
uint32_t *baro_slowest_calls(const baro_profile *profile, baro_report_sort sort, uint32_t most,
                             baro_arena *keep, uint32_t *ret_count);

/* Exception of a call that raised, as a string of the profile; BARO_NONE_ID for other calls and where it is not known. */
uint32_t baro_call_exception(const baro_profile *profile, uint32_t call);
/* Time in which the call was on a stack: all of it but suspensions. */
uint64_t baro_call_active_ns(const baro_profile *profile, uint32_t call);
/* The same for all calls in ascending order: *suspendable is 0 before the first one. O(1). No more than the duration, which it is where
 * the clocks of two threads differ. */
uint64_t baro_call_next_active_ns(const baro_profile_calls *calls, uint32_t call,
                                  uint32_t *suspendable);
/* The rest of its duration: a generator or coroutine between two steps. */
uint64_t baro_call_suspended_ns(const baro_profile *profile, uint32_t call);
/* By function: whether any of its calls can be suspended, so that its durations have time in which it did not run. */
bool *baro_suspendable_functions(const baro_profile *profile, baro_arena *keep);
/* CPU time of that, with what it called; false: not known to 5 %. */
bool baro_call_cpu_ns(const baro_profile *profile, uint32_t call, uint64_t *ret_ns);
/* By how much the peak of the process' resident memory rose meanwhile; false: no reading bounds it. */
bool baro_call_memory_bytes(const baro_profile *profile, uint32_t call, uint64_t *ret_bytes);
/* What it was given or returned, any bytes; false: not recorded. */
bool baro_call_value_text(const baro_profile *profile, uint32_t call, baro_call_value which,
                          baro_view *ret_text);
/* Row of the call among those that can be suspended; BARO_NONE_ID: it cannot be. */
uint32_t baro_call_suspendable(const baro_profile *profile, uint32_t call);

/* The first coroutine of the task that the call belongs to; BARO_NONE_ID: none. */
uint32_t baro_call_task(const baro_profile *profile, uint32_t call);

/* How many calls it stands for: 1, unless its function was thinned to keep within a budget. */
uint64_t baro_call_weight(const baro_profile *profile, uint32_t call);

/* What was thinned, in all. */
typedef struct baro_calls_thinned {
  uint32_t functions;
  uint64_t calls;    /* of all functions: those with a row, and those that were only counted */
  uint64_t skipped;  /* only counted */
  uint64_t since_ns; /* monotonic; 0: nothing was thinned */
} baro_calls_thinned;

baro_calls_thinned baro_calls_thinned_of(const baro_profile *profile);
/* Calls with a row and those only counted. Saturates: the latter is any number that a recording says. */
uint64_t baro_calls_made(const baro_profile *profile);

/* "returned" ... */
const char *baro_outcome_key(baro_outcome outcome);

#endif

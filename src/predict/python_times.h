/* Time of a sampled program by what a scenario tells apart: which of its functions are on the stack, and the thread's state.
 * Flow: profile -> here -> python_forecast.c. Internal to src/predict.
 * Sums are whole numbers, so that they do not depend on how stacks were put together: a scenario's numbers are the same whatever
 * else was asked for. Read only once it is made: threads may share it. */
#ifndef BARO_PREDICT_PYTHON_TIMES_H
#define BARO_PREDICT_PYTHON_TIMES_H

#include "predict/scenario.h"
#include "profile/profile.h"

__extension__ typedef unsigned __int128 baro_wide;

typedef struct baro_python_time {
  uint64_t run_ns; /* of the run's own time; of threads; */
  uint64_t thread_ns;
  uint64_t sampled_ns; /* of the samples, in the run's own time, */
  baro_wide square;    /* and for their error: sum of the squares to the number of looks */
} baro_python_time;

typedef struct baro_python_times {
  const baro_profile *profile; /* borrowed */
  char names[BARO_SCENARIO_FUNCTIONS_MAX][BARO_SCENARIO_NAME_BYTES];
  bool is_found[BARO_SCENARIO_FUNCTIONS_MAX];
  uint32_t name_count;
  uint32_t mask_count;
  uint32_t *masks;        /* which of the names are on a path: those that occur */
  baro_python_time *rows; /* by place of the mask, then state */
  baro_arena arena;
} baro_python_times;

/* One pass over nodes and samples. names: at most BARO_SCENARIO_FUNCTIONS_MAX; copied. BARO_NO_MEMORY; to be released also then. */
baro_status baro_python_times_init(baro_python_times *times, const baro_profile *profile,
                                   const char *const *names, uint32_t name_count) BARO_MUST_USE;
void baro_python_times_release(baro_python_times *times);

/* By mask of the scenario's functions, then state: baro_python_time_count rows in keep. BARO_UNSUPPORTED where no sample has one of the
 * functions, BARO_NO_MEMORY. */
baro_status baro_python_times_of(const baro_python_times *times, const baro_scenario *scenario,
                                 baro_arena *keep, baro_python_time **ret_rows,
                                 baro_error *err) BARO_MUST_USE;
static inline size_t baro_python_time_count(const baro_scenario *scenario) {
  return (size_t)BARO_STATE_COUNT << scenario->function_count;
}

/* Whether a sample has a function of that name, qualified or bare. */
bool baro_python_has(const baro_profile *profile, const char *name);

#endif

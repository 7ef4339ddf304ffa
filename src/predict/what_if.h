/* Forecasts of many scenarios of one recording, for a page on which they are looked up.
 * Flow: profile -> here (predictor.h) -> show/html_what_if.c. The numbers are those of `predict --set`, as the
 * same functions make them.
 *
 *   axis       what can be set: cores, disk, a function ...; with positions 1/4 ... 8 times what was recorded, of which one is that
 *   point      a scenario: a position on each axis. Point 0 is the recorded run
 *
 * All combinations would be millions. There are the positions of each axis alone; then, if the budget allows, those of the first
 * axis (cores) together with one other; then any two axes together. The budget counts replayed tasks (of a trace its threads) and
 * not time, so that the same recording gives the same page. */
#ifndef BARO_PREDICT_WHAT_IF_H
#define BARO_PREDICT_WHAT_IF_H

#include "predict/forecast.h"
#include "profile/profile.h"

enum {
  BARO_WHAT_IF_FUNCTIONS_MAX = 6,
  BARO_WHAT_IF_AXES_MAX = BARO_SCENARIO_KEY_COUNT + BARO_WHAT_IF_FUNCTIONS_MAX,
  BARO_WHAT_IF_POSITIONS_MAX = 8,
};

typedef struct baro_what_if_position {
  baro_scenario_value value;
  double ratio; /* to what was recorded */
} baro_what_if_position;

typedef struct baro_what_if_axis {
  baro_scenario_key key; /* BARO_SCENARIO_KEY_COUNT: a function */
  const char *function;  /* its name; NULL: a key. In the arena, as all texts here */
  double run_ratio;    /* of a function: the part of the run's own time that has it on the stack */
  const char *refusal; /* why nothing can be set, or not so much; NULL */
  uint32_t position_count; /* ascending; 0: refused */
  uint32_t base;           /* the position as recorded */
  baro_what_if_position positions[BARO_WHAT_IF_POSITIONS_MAX];
} baro_what_if_axis;

typedef struct baro_what_if_point {
  uint8_t positions[BARO_WHAT_IF_AXES_MAX];
  const char *refusal; /* why there is no forecast; NULL: there is one */
  baro_forecast forecast;
} baro_what_if_point;

/* Which combinations there are; each has those above it too. */
typedef enum baro_what_if_reach {
  BARO_WHAT_IF_SOME,    /* one change at a time, and fewer positions */
  BARO_WHAT_IF_SINGLES, /* one change at a time */
  BARO_WHAT_IF_FIRST,   /* the first axis with one other */
  BARO_WHAT_IF_PAIRS,   /* any two */
} baro_what_if_reach;

typedef struct baro_what_if {
  const char *refusal; /* why nothing can be told of this recording; NULL, or there are no axes */
  baro_what_if_axis axes[BARO_WHAT_IF_AXES_MAX];
  uint32_t axis_count;
  uint32_t task_count; /* that are replayed; 0: a Python program, or a trace */
  baro_what_if_reach reach;
  baro_what_if_point *points; /* in the arena; their forecasts are owned */
  uint32_t point_count;
  baro_arena arena;
} baro_what_if;

/* Whether it has anything that predictions are made of, so that people may ask: samples of time, or tasks of a framework. */
bool baro_what_if_applies(const baro_profile *profile);
/* budget: of replayed tasks; 0: BARO_WHAT_IF_BUDGET. What the recording cannot tell is said in `refusal`s, and no failure.
 * BARO_NO_MEMORY. Uses as many threads as there are CPUs, at most 8. */
baro_status baro_what_if_make(const baro_profile *profile, uint64_t budget,
                              baro_what_if **ret_what_if, baro_error *err) BARO_MUST_USE;
void baro_what_if_destroy(baro_what_if *what_if);

/* The scenario of a point. */
baro_scenario baro_what_if_scenario(const baro_what_if *what_if, const baro_what_if_point *point);

/* About 1.5 s of one core (November 2026: 35 ns a task and replay). */
#define BARO_WHAT_IF_BUDGET UINT64_C(40000000)

#endif

/* How far each function of a thread is thinned, so that what is recorded of it stays within a budget.
 * Flow: budget.c, which counts -> here, once a window of some 10 ms of the thread -> a function's `shift`: of its calls one in
 * 1 << shift is recorded, by chance.
 *
 *   cost of a window  =  written events x row_ns  +  counted ones x count_ns      must not exceed
 *   ratio x (the thread's CPU time - that cost)
 *
 * A call whose values are told counts as as many rows as it costs. All functions get an equal share of what can be written, and those that need less leave theirs to the others: so the
 * functions with most calls are thinned first, and rare calls are all recorded. Thinning comes at once where a window is
 * too dear. Going back takes BARO_BUDGET_CALM windows in a row in which half as much thinning would have done, and
 * goes by halves.
 * Where counting alone is dearer than the budget, rows may cost a tenth of it more.
 * Where that is so for BARO_BUDGET_TIRED windows, functions with a good part of the calls rest (budget_rest.h), if they can, until
 * counting them as others would take half of the budget or less for as many.
 * There is no step below: without the rows that are left nobody would know a function's time.
 * Pure: no clock, no thread, no memory of its own. */
#ifndef BARO_CAPTURE_AGENT_BUDGET_PLAN_H
#define BARO_CAPTURE_AGENT_BUDGET_PLAN_H

#include <stdbool.h>
#include <stdint.h>

enum {
  BARO_BUDGET_SHIFT_MAX = 10,
  BARO_BUDGET_REST_SHIFT =
      11, /* of functions that rest, and of no others: readers know them by it */
  BARO_BUDGET_WARM_UP =
      4, /* calls of these that pass between one that is drawn, with it, and the recorded one */
  BARO_BUDGET_CALM = 8,
  BARO_BUDGET_TIRED = 4,
  BARO_BUDGET_GROUPS = 8, /* budgets of one process: the recording's, and those of decorators */
};

/* What one thread knows of one code object. */
typedef struct baro_budget_function {
  uint32_t id;
  uint32_t left;  /* calls until a piece is over, of which all but the last are only counted */
  uint32_t piece; /* what it was when its calls were last added to the next two */
  uint32_t
      rest; /* calls behind the piece that are only counted, and the recorded one; 0: that is its last */
  uint32_t begins;      /* calls of this window */
  uint32_t untold;      /* calls that were counted since the recorder was told */
  uint32_t kept_begins; /* of this window, recorded */
  uint64_t values_ns;   /* what telling their values cost */
  uint64_t value_ns;    /* of one, by the windows so far; 0: it has none */
  uint32_t window;      /* the last one in which it was called */
  uint8_t shift;
  uint8_t calm; /* windows in a row that asked for less thinning */
  uint8_t group;
  uint8_t tired; /* windows in which counting was too dear, as far as no others came since */
  bool rests;
  bool has_rested; /* before this window's plan */
  bool can_rest;
  bool is_suspendable;
  uint8_t warming;       /* how many calls further on the recorded one is; 0: none is drawn */
  bool is_blind;         /* calls may be active that `depth` does not have */
  uint32_t epoch;        /* of its code, when depth was known */
  uint32_t depth;        /* active calls of it */
  uint32_t kept;         /* of these are recorded */
  uint32_t deeper_words; /* of 64 bits */
  uint64_t
      decisions; /* bit i: the i-th active call, from 0, is recorded; not of those that can be suspended */
  uint64_t *deeper; /* owned; of calls 64 and up */
} baro_budget_function;

typedef struct baro_budget_window {
  double cpu_ns; /* of the thread, our own cost included */
  double
      row_ns; /* measured: an event that begins, what ends it, and what the interpreter does for both */
  double count_ns;
  uint32_t windows; /* that it lasted: more than one where little was called */
  double ratio;     /* the budget: cost by the time of the program itself */
} baro_budget_window;

/* Functions of other groups than `group` are passed over. Clears nothing. */
void baro_budget_plan(baro_budget_function *const *functions, uint32_t count, uint8_t group,
                      const baro_budget_window *window);
/* At the end of a window, before its plan: what a row costs by its values, half by this window and half by those before. */
void baro_budget_learn(baro_budget_function *function);
/* What windows without a call of the function bring it back to; called at its first call in window `now`. */
void baro_budget_rested(baro_budget_function *function, uint32_t now);

#endif

#include "capture/agent/budget_plan.h"

/* What rows may cost in any case, by the cost of counting. */
static const double LEAST_ROWS_RATIO = 0.1;
/* Of all calls, that make a function worth a rest. */
static const double LEAST_PART = 1.0 / 16;

/* Calls of the window, as rows without values that would cost the same. more_ns: what such a row costs more than counting. */
static double rows_of(const baro_budget_function *function, double more_ns) {
  return (double)function->begins * (1 + (double)function->value_ns / more_ns);
}

/* How far a function must be thinned that no more than `share` of its rows are written. */
static uint8_t shift_for(double rows, uint32_t share) {
  uint8_t shift = 0;
  while (shift < BARO_BUDGET_SHIFT_MAX && rows > share) {
    rows /= 2;
    shift++;
  }
  return shift;
}

static double begins_of(baro_budget_function *const *functions, uint32_t count, uint8_t group) {
  double begins = 0;
  for (uint32_t i = 0; i < count; i++) {
    begins += functions[i]->group == group ? functions[i]->begins : 0;
  }
  return begins;
}

/* share: UINT32_MAX: of what nothing is left out. */
static double rows_for_share(baro_budget_function *const *functions, uint32_t count, uint8_t group,
                             uint32_t share, double more_ns) {
  double rows = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (functions[i]->group == group) {
      double all = rows_of(functions[i], more_ns);
      rows += all / (double)(UINT32_C(1) << (share == UINT32_MAX ? 0 : shift_for(all, share)));
    }
  }
  return rows;
}

/* The largest share, a power of two, with which all functions together write no more than `rows`. */
static uint32_t find_share(baro_budget_function *const *functions, uint32_t count, uint8_t group,
                           double rows, double more_ns) {
  uint32_t low = 0;
  uint32_t high = 31;
  while (low < high) {
    uint32_t middle = (low + high + 1) / 2;
    if (rows_for_share(functions, count, group, UINT32_C(1) << middle, more_ns) <= rows) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return UINT32_C(1) << low;
}

static void aim_at(baro_budget_function *function, uint8_t wanted, uint32_t windows) {
  if (wanted >= function->shift) {
    function->shift = wanted;
    function->calm = 0;
    return;
  }
  uint32_t calm = function->calm + windows;
  for (; calm >= BARO_BUDGET_CALM && function->shift > wanted; calm -= BARO_BUDGET_CALM) {
    function->shift--;
  }
  function->calm = calm < BARO_BUDGET_CALM ? (uint8_t)calm : 0;
}

/* A function is tired by windows in which counting was too dear, and rested by those in which it would be easy. */
static void tire(baro_budget_function *function, double begins, double counting_ns,
                 double allowed_ns, uint32_t windows) {
  if (!function->can_rest) {
    function->tired = 0;
  } else if (counting_ns > allowed_ns && function->begins >= begins * LEAST_PART) {
    function->tired = (uint8_t)(function->tired + (function->tired < BARO_BUDGET_TIRED));
  } else if (counting_ns <= allowed_ns / 2) {
    function->tired = function->tired > windows ? (uint8_t)(function->tired - windows) : 0;
  }
  function->rests =
      function->tired == BARO_BUDGET_TIRED || (function->rests && function->tired > 0);
}

static void set_shift(baro_budget_function *function, uint32_t share, double more_ns,
                      uint32_t windows) {
  if (function->rests) {
    function->shift = BARO_BUDGET_REST_SHIFT;
    function->calm = 0;
    return;
  }
  if (function->shift > BARO_BUDGET_SHIFT_MAX) {
    function->shift = BARO_BUDGET_SHIFT_MAX;
  }
  aim_at(function, shift_for(rows_of(function, more_ns), share), windows);
}

void baro_budget_plan(baro_budget_function *const *functions, uint32_t count, uint8_t group,
                      const baro_budget_window *window) {
  double begins = begins_of(functions, count, group);
  if (begins <= 0) {
    return;
  }
  double allowed_ns = window->cpu_ns * window->ratio / (1 + window->ratio);
  double more_ns = window->row_ns - window->count_ns;
  if (more_ns <= 0) {
    more_ns = window->row_ns; /* nobody measured that */
  }
  double rows = rows_for_share(functions, count, group, UINT32_MAX, more_ns);
  if (begins * window->count_ns + rows * more_ns > allowed_ns) {
    rows = (allowed_ns - begins * window->count_ns) / more_ns;
  }
  /* Where counting alone is beyond the budget, fewer rows would save next to nothing, and make times vague. */
  double least = begins * LEAST_ROWS_RATIO * window->count_ns / window->row_ns;
  if (rows < least) {
    rows = least;
  }
  uint32_t share = find_share(functions, count, group, rows, more_ns);
  for (uint32_t i = 0; i < count; i++) {
    if (functions[i]->group == group) {
      tire(functions[i], begins, begins * window->count_ns, allowed_ns, window->windows);
      set_shift(functions[i], share, more_ns, window->windows);
    }
  }
}

void baro_budget_learn(baro_budget_function *function) {
  if (function->kept_begins != 0 && function->values_ns != 0) {
    uint64_t now_ns = function->values_ns / function->kept_begins;
    function->value_ns = function->value_ns == 0 ? now_ns : (function->value_ns + now_ns) / 2;
  }
  function->kept_begins = 0;
  function->values_ns = 0;
}

void baro_budget_rested(baro_budget_function *function, uint32_t now) {
  uint32_t steps = (now - function->window) / BARO_BUDGET_CALM;
  function->shift = steps >= function->shift ? 0 : (uint8_t)(function->shift - steps);
  function->window = now;
  if (steps > 0) {
    function->tired = 0;
    function->rests = false;
  }
}

#include "capture/agent/budget_rest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
  /* Frames that may be above a resting function: looking at one takes some 60 ns, for each recorded call. */
  MOST_FRAMES = 64,
  /* Who records more of its calls than one in 1 << this is not tired: on its thread the function is rare. */
  LEAST_SHIFT = 8,
  /* Enough for those that warm up, also if other threads call the function meanwhile. */
  AWAKE_ENDS = 64,
};

baro_budget_code *baro_rest_codes; /* owned */
uint32_t baro_rest_count;
static baro_rest_look look_out; /* NULL: not offered */

void baro_rest_offer(baro_rest_look look) {
  look_out = look;
}

void baro_rest_clear(void) {
  free(baro_rest_codes);
  baro_rest_forked();
}

void baro_rest_reset(void) {
  baro_rest_clear();
  look_out = NULL;
}

void baro_rest_forked(void) {
  baro_rest_codes = NULL;
  baro_rest_count = 0;
}

baro_budget_code *baro_rest_grow(uint32_t id) {
  if (look_out == NULL) {
    return NULL;
  }
  int kept = errno;
  uint32_t count = id + id / 2 + 256;
  baro_budget_code *grown = realloc(baro_rest_codes, count * sizeof(*grown));
  errno = kept;
  if (grown == NULL) {
    return NULL;
  }
  memset(grown + baro_rest_count, 0, (count - baro_rest_count) * sizeof(*grown));
  baro_rest_codes = grown;
  baro_rest_count = count;
  return &grown[id];
}

void baro_rest_catch_up(baro_budget_function *function) {
  const baro_budget_code *code = baro_rest_code(function->id);
  /* While a call is recorded all ends are heard, and it was caught up with before that. */
  if (code == NULL || function->kept != 0) {
    return;
  }
  if (code->ends == BARO_ENDS_OFF || function->epoch != code->epoch) {
    function->epoch = code->epoch;
    function->depth = 0;
    function->is_blind = true;
  }
}

static void never_rests(baro_budget_code *code) {
  code->never = true;
  code->may_rest = false;
}

bool baro_rest_look_out(baro_budget_function *function) {
  if (!function->is_blind || function->depth != 0 || look_out == NULL) {
    return false;
  }
  uint32_t frames = 0;
  bool found = look_out(&frames);
  function->is_blind = found;
  baro_budget_code *code = baro_rest_code(function->id);
  if (code != NULL && (found || frames > MOST_FRAMES)) {
    never_rests(code);
  }
  return found;
}

void baro_rest_wake(const baro_budget_function *function) {
  baro_budget_code *code = baro_rest_code(function->id);
  if (code != NULL) {
    code->awake = AWAKE_ENDS;
  }
}

void baro_rest_kept(const baro_budget_function *function) {
  baro_budget_code *code = baro_rest_code(function->id);
  if (code != NULL) {
    code->kept++;
    code->awake = 0;
    code->may_rest = code->may_rest && function->shift >= LEAST_SHIFT;
  }
}

void baro_rest_ended(const baro_budget_function *function) {
  baro_budget_code *code = baro_rest_code(function->id);
  if (code != NULL && code->kept != 0) {
    code->kept--;
  }
}

void baro_rest_before_plan(baro_budget_function *function) {
  const baro_budget_code *code = baro_rest_code(function->id);
  function->can_rest = code != NULL && !code->never && !function->is_suspendable;
  function->has_rested = function->rests;
}

void baro_rest_after_plan(const baro_budget_function *function) {
  baro_budget_code *code = baro_rest_code(function->id);
  if (code != NULL && function->rests != function->has_rested) {
    code->may_rest = function->rests;
  }
}

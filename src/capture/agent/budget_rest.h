/* Functions that rest: where counting alone is beyond the budget, the interpreter tells no ends of them any more, but while a call is
 * recorded. Ends are most of what counting costs: of the instructions that a counted call of an empty function takes in
 * addition, 683, 671 and 551 with 3.12, 3.13 and 3.14, 404, 417 and 348 are left (callgrind, 2026-11-22).
 *
 *   begin  begin  begin end  BEGIN ......... END  begin       small letters: counted
 *                 ends on                ends off             capitals: recorded, with all that is called inside
 *
 * The recorded call is not the one that chance has drawn, but the BARO_BUDGET_WARM_UP-th behind it, so that it meets nothing
 * for the first time: not the interpreter's and our code for its end, nor what looking at the frames above left behind, nor
 * reading what the thread used, which are system calls. All of it is done when a call is drawn. Else a recorded call of a function of 40 ns
 * took 305 to 405 (medians; 3.12 to 3.14); now it takes 40 to 90, of which what is measured at the start is taken off.
 *
 * Flow: budget_plan.h says that a function is tired -> here, by code, for all threads -> engine_monitoring.c, which switches.
 * Switching costs some microseconds, so a resting function is thinned to one in 1 << BARO_BUDGET_REST_SHIFT, and nothing else is.
 * Invariants: ends of a code are on while any call of it is recorded on any thread. They go off again, too, where a call was drawn and
 * none comes that could be recorded. A thread that did not hear ends does not know
 * how many calls are active: it is blind, until it has looked at all frames above; what is recursive does not rest, nor what can be
 * suspended, nor what is called where the stack is deep. Ends of calls whose beginning was counted are ignored.
 * Only where the interpreter has ends by code: sys.monitoring, with a budget of the whole recording; and only with a GIL, because
 * all threads share what is known here, and switching would stop them all otherwise.
 * Under the GIL, but for forked. */
#ifndef BARO_CAPTURE_AGENT_BUDGET_REST_H
#define BARO_CAPTURE_AGENT_BUDGET_REST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/agent/budget_plan.h"

typedef enum baro_ends {
  BARO_ENDS_UNKNOWN, /* new code, or the code of a process that was forked */
  BARO_ENDS_ON,
  BARO_ENDS_OFF,
} baro_ends;

/* What all threads share of a code object. */
typedef struct baro_budget_code {
  uint32_t kept;  /* recorded calls that are active */
  uint32_t awake; /* ends that are still to be heard because a call is about to be recorded */
  uint32_t epoch; /* how often ends were switched off */
  uint8_t ends;   /* baro_ends */
  bool may_rest;
  bool never; /* it may not */
} baro_budget_code;

/* Whether a call of the running code is active further out; *ret_frames: how many frames were looked at. */
typedef bool (*baro_rest_look)(uint32_t *ret_frames);

/* By id. */
extern baro_budget_code *baro_rest_codes;
extern uint32_t baro_rest_count;

/* From now on functions may rest. */
void baro_rest_offer(baro_rest_look look);
/* Nothing is known of any code; offered or not. */
void baro_rest_clear(void);
/* Nor may functions rest. */
void baro_rest_reset(void);
/* In the child of a fork. Async-signal-safe. */
void baro_rest_forked(void);

baro_budget_code *baro_rest_grow(uint32_t id);

/* NULL: functions cannot rest, or there is no memory. Valid until the next new id. */
static inline baro_budget_code *baro_rest_code(uint32_t id) {
  return id < baro_rest_count ? &baro_rest_codes[id] : baro_rest_grow(id);
}

/* A call begins that somebody looks at: forgets what is no longer known of active calls. */
void baro_rest_catch_up(baro_budget_function *function);
/* A call is about to be recorded: whether one of the function is active further out that nobody knows of. */
bool baro_rest_look_out(baro_budget_function *function);
/* A call is drawn: ends are to be heard for a while. */
void baro_rest_wake(const baro_budget_function *function);
/* It is recorded; its end, told and recorded, has come. */
void baro_rest_kept(const baro_budget_function *function);
void baro_rest_ended(const baro_budget_function *function);
/* Before a plan: whether the function may rest. After it: does what it says. */
void baro_rest_before_plan(baro_budget_function *function);
void baro_rest_after_plan(const baro_budget_function *function);

#endif

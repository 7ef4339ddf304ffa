/* What an event cost the program: facts of its process, which the agent measured before the program began (src/capture/agent/own_cost.h).
 * The inner cost of a call lies between its two clocks, the outer one in its caller; half of each is in front of a clock, half
 * behind. In the sum over a call that is right wherever the halves are: its own time has as many events that end a wait for a
 * callee as begin one. What is no constant (telling arguments and results) the agent clocked: OWN in the recording. What counting a call costs without recording it falls into the caller, whichever it is: call_weights.c. */
#include <math.h>
#include <stdlib.h>

#include "profile/call_build.h"

/* Beyond it no event costs: a hostile recording must not take all time away. */
#define COST_LIMIT_NS 100000
#define INTERVAL_LIMIT_NS 1000000000
#define FRESH_SLOTS_LIMIT (1 << 25)
/* Sums stay below what 64 bits hold; more never lies between two events. */
#define MOST_OWN_NS (UINT64_MAX / 4)

/* Whole ns, so that what is taken off one call and added to none stays consistent; 0: unknown. */
static uint32_t number_of(const baro_profile_process *process, const char *key, double limit) {
  for (uint32_t i = 0; i < process->fact_count; i++) {
    if (baro_view_equal(process->facts[i].key, baro_view_of(key))) {
      /* Values have a NUL behind them. */
      double number = strtod((const char *)process->facts[i].value.data, NULL);
      return number > 0 && number < limit ? (uint32_t)lround(number) : 0;
    }
  }
  return 0;
}

static uint32_t cost_of(const baro_profile_process *process, const char *key) {
  return number_of(process, key, COST_LIMIT_NS);
}

typedef struct event_cost {
  uint32_t inner_ns;
  uint32_t outer_ns;
} event_cost;

static void set_begin(baro_call_costs *costs, baro_call_event_kind kind, event_cost cost) {
  for (int above = 0; above < 2; above++) {
    costs->before_ns[kind][above] = cost.outer_ns / 2;
    costs->after_ns[kind][above] = cost.inner_ns - cost.inner_ns / 2;
  }
}

static void set_end(baro_call_costs *costs, baro_call_event_kind kind, int suspends,
                    event_cost cost) {
  costs->before_ns[kind][suspends] = cost.inner_ns / 2;
  costs->after_ns[kind][suspends] = cost.outer_ns - cost.outer_ns / 2;
}

static void set_costs(const baro_profile_process *process, baro_call_costs *ret_costs) {
  const event_cost plain = {.inner_ns = cost_of(process, "own_cost_inner_ns"),
                            .outer_ns = cost_of(process, "own_cost_outer_ns")};
  const event_cost step = {.inner_ns = cost_of(process, "own_cost_suspendable_inner_ns"),
                           .outer_ns = cost_of(process, "own_cost_suspendable_outer_ns")};
  *ret_costs = (baro_call_costs){.counted_ns = cost_of(process, "own_cost_counted_ns"),
                                 .resting_ns = cost_of(process, "own_cost_resting_ns"),
                                 .usage_ns = cost_of(process, "own_cost_usage_ns"),
                                 .usage_interval_ns =
                                     number_of(process, "usage_interval_ns", INTERVAL_LIMIT_NS),
                                 .fresh_ns = cost_of(process, "own_cost_fresh_slot_ns")};
  uint32_t woken_ns = cost_of(process, "own_cost_woken_inner_ns");
  ret_costs->woken_ns = woken_ns > plain.inner_ns ? woken_ns - plain.inner_ns : 0;
  set_begin(ret_costs, BARO_CALL_ENTER, plain);
  set_begin(ret_costs, BARO_CALL_ENTER_SUSPENDABLE, step);
  set_begin(ret_costs, BARO_CALL_RESUME, step);
  set_begin(ret_costs, BARO_CALL_THROW, step);
  set_end(ret_costs, BARO_CALL_RETURN, 0, plain);
  set_end(ret_costs, BARO_CALL_RETURN, 1, step);
  set_end(ret_costs, BARO_CALL_RAISE, 0, plain);
  set_end(ret_costs, BARO_CALL_RAISE, 1, step);
  set_end(ret_costs, BARO_CALL_SUSPEND, 0, step);
  set_end(ret_costs, BARO_CALL_SUSPEND, 1, step);
}

void baro_call_own_comes(baro_call_thread *thread, const baro_call_event *event) {
  uint64_t own_ns = event->own_ns < MOST_OWN_NS ? event->own_ns : MOST_OWN_NS;
  uint64_t wait_ns = (uint64_t)event->own_wait_us * 1000;
  thread->pending_ns = baro_sum_ns(thread->pending_ns, own_ns);
  thread->own_wait_ns = baro_sum_ns(thread->own_wait_ns, wait_ns < own_ns ? wait_ns : own_ns);
}

void baro_call_fill_slots(baro_call_thread *thread, uint32_t slots) {
  thread->fresh_slots -= slots < thread->fresh_slots ? slots : thread->fresh_slots;
}

void baro_call_costs_of(const baro_profile_builder *builder, uint32_t raw_thread,
                        baro_call_thread *thread) {
  const baro_profile_process *process = &builder->processes[builder->threads[raw_thread].process];
  set_costs(process, &thread->costs);
  thread->fresh_slots = thread->costs.fresh_ns == 0
                            ? 0
                            : number_of(process, "own_cost_fresh_slots", FRESH_SLOTS_LIMIT);
}

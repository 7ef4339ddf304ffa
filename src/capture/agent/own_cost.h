/* What an event of ours costs the program: measured in the target before its own code runs, with the same engine and
 * the same code, so that the profile can take it off again.
 * Flow: agent_module.c -> here -> facts of the process (ring.h) -> src/profile/call_own_cost.c.
 * A call of a function that does nothing is timed in batches, without the engine and with it. With it, its events go to a
 * ring that nobody reads. The time between the two events of a call, which falls into the call itself, is the
 * inner cost; what else the call takes longer than without us falls into its caller: the outer cost. Both are measured for
 * plain functions and for one step of what can be suspended; where there is a budget, also what a call costs that is only counted. What the first round through a ring takes more is measured as well. Medians, because a batch may be interrupted.
 * Takes some 500 us. Nothing is measured where another tool listens: it would see calls that the program never made. */
#ifndef BARO_CAPTURE_AGENT_OWN_COST_H
#define BARO_CAPTURE_AGENT_OWN_COST_H

#include "capture/agent/engine.h"

/* Before the engine starts, after baro_events_start. Leaves no exception. */
void baro_own_cost_prepare(void);
/* After it has started, in the same thread: writes the facts, and starts readings of usage. engine: NULL: it did not start. is_marked: events
 * are of marked code only. Leaves no exception, and no reference. */
void baro_own_cost_measure(const baro_engine *engine, bool is_marked);

#endif

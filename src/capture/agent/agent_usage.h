/* What a thread used: its CPU time, and the peak memory of the process, read now and then.
 * Flow: events.h, where the last reading is old enough -> here -> the thread's ring, an event of kind USAGE.
 * A reading costs as much as ten events, so one is due after a hundred times its own cost at the soonest: it takes less than
 * one hundredth of the thread's time. Both come from the kernel, which is asked twice: getrusage alone would give CPU time in
 * steps of its timer (4 ms seen on Linux 6.18, where CLOCK_THREAD_CPUTIME_ID is exact), and only it knows the peak.
 * That peak is never less than what the process had before it executed its program, which is its parent's memory where that
 * started it by vfork (subprocess, multiprocessing's spawn; seen on Linux 6.18). As long as it says no more than that, the peak is told as 0,
 * unknown: the true one, of /proc, takes 20 times as long to read.
 * Runs in the target, in every thread, under the GIL or not. */
#ifndef BARO_CAPTURE_AGENT_AGENT_USAGE_H
#define BARO_CAPTURE_AGENT_AGENT_USAGE_H

#include <stdint.h>

/* Measures what a reading costs, and from that how often one is due; some 20 us. Before it nothing is read.
 * ns_per_tick: of the clock of events. Returns the cost of one reading in ns. */
double baro_usage_start(double ns_per_tick);
/* From one reading to the first event that the next is taken at, in ns; after baro_usage_start. */
double baro_usage_interval(double ns_per_tick);

#endif

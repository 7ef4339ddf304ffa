/* Of time that the log has no clock for: how much the resource prior gives to each resource. Internal to src/explain.
 * Flow: operators' times, parts and opinions -> here -> resource_times.c, show.
 *
 * Let p be the prior's opinion of an operator, and R its time without a clock. What measurement excludes is taken out of p, and the
 * rest brought to one: a resource of which the log counts bytes and has none; the network, where all bytes that went over it are
 * clocked as fetch wait. CPU time is measured by Spark, so that R holds none: the part of p that says CPU is left without a clock
 * (waiting for a CPU, a lock, another process). A resource's part is at most what its bytes take at a slow device's rate: 5 kB
 * never explain ten seconds. What is left stays BARO_EVIDENCE_UNKNOWN.
 * Stages that run Python functions, or may (jobs on RDDs of a Python program), have no part: their time without a clock is where Python processes are. Spans of traces have
 * none either: their kind says what they are. */
#ifndef BARO_EXPLAIN_PRIOR_TIMES_H
#define BARO_EXPLAIN_PRIOR_TIMES_H

#include "explain/explain.h"

/* Fills prior_ns and path_prior_ns of the operators. BARO_NO_MEMORY. */
baro_status baro_prior_times(baro_explanation *explanation) BARO_MUST_USE;

#endif

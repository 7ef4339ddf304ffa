/* What the difference of two sampled runs is made of, by what they did: running, waiting for a CPU, for disk. Functions alone would
 * be blamed for a machine that was busy.
 * Flow: two profiles -> here -> sentences of diff and of the page, JSON. In the run's own time (BARO_MEASURE_RUN). */
#ifndef BARO_SHOW_DIFF_STATES_H
#define BARO_SHOW_DIFF_STATES_H

#include "base/bytes.h"
#include "explain/run_diff.h"
#include "show/function_diff.h"
#include "show/json_writer.h"

/* "By what it did: waiting for a CPU 4.02 s more, running 1.08 s more. ..." Nothing where no state changed by 1 % of the longer run, or where
 * amounts are no time. */
void baro_diff_states_write(const baro_profile *const profiles[BARO_DIFF_SIDES], baro_buffer *out);
/* " (1.90 s of it waiting for a CPU)" of a function, where that is half of its change or more; else nothing. */
void baro_diff_wait_write(const baro_function_diff *row, baro_buffer *out);
/* Why a difference may be chance, where samples are compared, or calls. */
const char *baro_diff_caveat(bool of_samples);
/* Key "states": {before, after} in ns by state, those that either run has. */
void baro_diff_states_json(const baro_profile *const profiles[BARO_DIFF_SIDES], baro_json *json);

#endif

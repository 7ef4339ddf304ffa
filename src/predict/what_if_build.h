/* What the two halves of making a what-if share; private to what_if.c and what_if_axes.c. */
#ifndef BARO_PREDICT_WHAT_IF_BUILD_H
#define BARO_PREDICT_WHAT_IF_BUILD_H

#include "predict/predictor.h"
#include "predict/what_if.h"

/* The axes that the recording has, refused ones as well; all of their positions can be resolved. BARO_NO_MEMORY. */
baro_status baro_what_if_find_axes(const baro_job_graph *graph, baro_what_if *to) BARO_MUST_USE;
/* What the trace tells something of. */
void baro_what_if_find_path_axes(const baro_predictor *predictor, baro_what_if *to);
baro_status baro_what_if_find_python_axes(const baro_profile *profile,
                                          baro_what_if *to) BARO_MUST_USE;

#endif

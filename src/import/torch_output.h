/* What PyTorch, or of XPlane TensorFlow and JAX, ran, as operators and tasks beside the calls that trace_output.h writes.
 * Flow: trace_model.h, finished, is_torch -> here -> recording's writer.
 * Operators are slices by where they stand: those of one name, in operators of the same names, are one; steps ("#3") are counted, not told
 * apart. A kernel is a part of the operator that launched it, whose device did it: a process of its own, whose streams are threads.
 * Tasks are pieces of an operator's own work, without what it called: so a slot has one task at a time, and tasks add up. The last
 * piece of an invocation has its amounts. */
#ifndef BARO_IMPORT_TORCH_OUTPUT_H
#define BARO_IMPORT_TORCH_OUTPUT_H

#include "import/trace_output.h"

/* Before baro_trace_output_init: slices of a stream that overlap stand on tracks of their own. */
baro_status baro_torch_spread(baro_trace_model *model) BARO_MUST_USE;
/* Behind baro_trace_write. BARO_NO_MEMORY. */
baro_status baro_torch_write(baro_trace_output *output) BARO_MUST_USE;

#endif

/* What PyTorch, or TensorFlow and JAX, ran, as operators and tasks beside the calls that trace_output.h writes.
 * Flow: trace_model.h, finished -> here, torch_operators.h -> recording's writer.
 * Operators are slices by where they stand: those of one name, in operators of the same names, are one; steps ("#3") are counted, not told
 * apart. A kernel is a part of the operator that launched it, whose device did it: a process of its own, whose streams are threads.
 * Tasks are pieces of an operator's own work, without what it called: so a slot has one task at a time, and tasks add up. The last
 * piece of an invocation has its amounts. */
#ifndef BARO_IMPORT_TORCH_OUTPUT_H
#define BARO_IMPORT_TORCH_OUTPUT_H

#include "import/trace_output.h"

/* All of the model: processes, threads, calls, operators and tasks. BARO_INVALID where there is no slice; BARO_NO_MEMORY. */
baro_status baro_torch_write(baro_trace_model *model, baro_writer *writer,
                             baro_import_log_result *ret_result, baro_error *err) BARO_MUST_USE;

#endif

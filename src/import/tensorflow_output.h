/* What TensorFlow or JAX ran, as a recording: calls, and operators with tasks beside them.
 * Flow: xplane_input.c, run_metadata_input.c -> trace_model.h -> here -> trace_output.h, torch_output.h. */
#ifndef BARO_IMPORT_TENSORFLOW_OUTPUT_H
#define BARO_IMPORT_TENSORFLOW_OUTPUT_H

#include "import/import_output.h"
#include "import/trace_model.h"

/* Finishes the model and writes it. BARO_INVALID where it has no slice, BARO_NO_MEMORY. */
baro_status baro_tensorflow_write(baro_trace_model *model, baro_import_output *output,
                                  baro_error *err) BARO_MUST_USE;

#endif

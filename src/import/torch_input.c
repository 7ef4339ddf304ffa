/* Traces of PyTorch's profiler: Chrome's format, and what they say of operators and devices. */
#include "import/import_formats.h"
#include "import/torch_output.h"
#include "import/trace_input.h"

baro_status baro_torch_import(const baro_log_place *place, baro_writer *writer,
                              baro_import_log_result *ret_result, baro_error *err) {
  baro_trace_model model;
  baro_status status = baro_trace_model_init(&model, true);
  if (status != BARO_OK) {
    (void)!baro_error_set(err, status, "out of memory");
  } else {
    status = baro_trace_read(place, ret_result->progress, &model, writer, err);
  }
  if (status == BARO_OK) {
    status = baro_torch_write(&model, writer, ret_result, err);
    baro_trace_note(&model, writer);
  }
  baro_trace_model_release(&model);
  return status;
}

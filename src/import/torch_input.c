/* Traces of PyTorch's profiler: Chrome's format, and what they say of operators and devices. */
#include "import/import_formats.h"
#include "import/torch_output.h"
#include "import/trace_input.h"

static baro_status write_all(baro_trace_model *model, baro_writer *writer,
                             baro_import_log_result *ret_result, baro_error *err) {
  baro_trace_output output = {0};
  baro_status status = baro_torch_spread(model);
  if (status != BARO_OK) {
    return baro_error_set(err, status, "out of memory");
  }
  status = baro_trace_output_init(&output, model, writer, err);
  if (status == BARO_OK) {
    status = baro_trace_write(&output);
    if (status == BARO_OK) {
      status = baro_torch_write(&output);
    }
    baro_trace_note(model, writer);
  }
  *ret_result = output.result;
  baro_trace_output_release(&output);
  return status;
}

baro_status baro_torch_import(const char *path, baro_writer *writer,
                              baro_import_log_result *ret_result, baro_error *err) {
  baro_trace_model model;
  baro_status status = baro_trace_model_init(&model, true);
  if (status != BARO_OK) {
    (void)!baro_error_set(err, status, "out of memory");
  } else {
    status = baro_trace_read(path, ret_result->progress, &model, writer, err);
  }
  if (status == BARO_OK) {
    status = write_all(&model, writer, ret_result, err);
  }
  baro_trace_model_release(&model);
  return status;
}

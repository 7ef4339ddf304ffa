#include "import/tensorflow_output.h"

#include "import/torch_output.h"

baro_status baro_tensorflow_write(baro_trace_model *model, baro_import_output *output,
                                  baro_error *err) {
  baro_trace_output to = {0};
  baro_status status = baro_trace_model_finish(model);
  if (status == BARO_OK) {
    status = baro_torch_spread(model);
  }
  if (status != BARO_OK) {
    return baro_error_set(err, status, "out of memory");
  }
  status = baro_trace_output_init(&to, model, output->writer, err);
  if (status == BARO_OK) {
    status = baro_trace_write(&to);
    if (status == BARO_OK) {
      status = baro_torch_write(&to);
    }
    status = status == BARO_OK ? BARO_OK : baro_error_set(err, status, "out of memory");
    output->calls = to.result.tasks;
    output->tracks = to.result.slots;
  }
  baro_trace_output_release(&to);
  return status;
}

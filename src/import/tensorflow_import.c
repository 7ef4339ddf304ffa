#include "import/tensorflow_import.h"

#include "import/torch_output.h"
#include "import/trace_input.h"

static baro_status write_model(baro_trace_model *model, baro_import_output *output,
                               baro_error *err) {
  baro_import_log_result result;
  if (baro_trace_model_finish(model) != BARO_OK) {
    return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
  }
  baro_status status = baro_torch_write(model, output->writer, &result, err);
  output->calls = result.tasks;
  output->tracks = result.slots;
  return status;
}

baro_status baro_tensorflow_import(const baro_tensorflow_file *file, baro_view bytes,
                                   baro_import_output *output, baro_error *err) {
  baro_status status = baro_trace_model_init(file->model, false);
  file->model->is_tensorflow = true;
  status = status == BARO_OK ? file->read(file->context, bytes, err)
                             : baro_error_set(err, status, "out of memory");
  if (status == BARO_OK) {
    status = write_model(file->model, output, err);
  }
  if (status == BARO_OK) {
    file->note(file->context, output->writer);
    baro_trace_note(file->model, output->writer);
  }
  baro_trace_model_release(file->model);
  return status;
}

/* A trace of Chrome's format or of PyTorch, whatever it holds: reading it ends, and what it says is a recording that holds, or a message of
 * one line. The first byte chooses which. (fuzz_log feeds what files are packed in.) */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "import/torch_output.h"
#include "import/trace_input.h"
#include "import/trace_output.h"
#include "support/recording_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  baro_trace_model model;
  baro_trace_output output = {0};
  baro_import_log_result result;
  fixture_disk disk = {0};
  baro_error err = {0};
  if (size == 0)
    return 0;
  baro_view bytes = {.data = data + 1, .length = size - 1};
  baro_log_source source = baro_log_source_of_bytes(&bytes);
  baro_log_input *input;
  if (baro_log_input_create(&source, &input, NULL) != BARO_OK)
    return 0;
  baro_writer *writer = fixture_writer(&disk);
  baro_status status = baro_trace_model_init(&model, (data[0] & 1) != 0);
  if (status == BARO_OK)
    status = baro_trace_read_input(input, NULL, 0, &model, writer, &err);
  if (status == BARO_OK && model.is_torch) {
    status = baro_torch_write(&model, writer, &result, &err);
    if (status != BARO_OK && status != BARO_INVALID)
      abort();
  } else if (status == BARO_OK) {
    status = baro_trace_output_init(&output, &model, writer, &err);
    if (status == BARO_OK && baro_trace_write(&output) != BARO_OK)
      abort();
  }
  baro_trace_note(&model, writer);
  fixture_require_message(status, &err);
  baro_trace_output_release(&output);
  baro_trace_model_release(&model);
  baro_log_input_destroy(input);
  if (baro_writer_dropped_call_events(writer) != 0)
    abort();
  fixture_require_whole(writer, &disk);
  return 0;
}

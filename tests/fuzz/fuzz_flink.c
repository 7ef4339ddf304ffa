/* Answers of Flink, whatever they hold: reading them ends, and what they say is a recording that holds, or a message of one line. */
#include <stddef.h>
#include <stdint.h>

#include "import/flink_input.h"
#include "import/flink_output.h"
#include "support/recording_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  baro_flink_model model = {.version = BARO_NONE_ID};
  fixture_disk disk = {0};
  baro_import_log_result result;
  baro_error err = {0};
  baro_view bytes = {.data = data, .length = size};
  baro_log_source source = baro_log_source_of_bytes(&bytes);
  baro_log_input *input;
  if (baro_log_input_create(&source, &input, NULL) != BARO_OK)
    return 0;
  baro_writer *writer = fixture_writer(&disk);
  baro_status status = baro_flink_read_input(input, &model, writer, &err);
  if (status == BARO_OK)
    status = baro_flink_write(&model, writer, &result, &err);
  fixture_require_message(status, &err);
  baro_flink_model_release(&model);
  baro_log_input_destroy(input);
  fixture_require_whole(writer, &disk);
  return 0;
}

/* Lines of a Spark log, whatever they hold: reading them ends, and what they say is a recording that holds, or a message of one
 * line. (fuzz_log feeds what logs are packed in.) */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "import/spark_output.h"
#include "support/recording_fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_lines(baro_spark_model *model, const uint8_t *data, size_t size) {
  uint8_t *lines = malloc(size + BARO_JSON_LINE_PADDING + 1);
  if (lines == NULL)
    return;
  if (size != 0)
    memcpy(lines, data, size);
  memset(lines + size, '\n', BARO_JSON_LINE_PADDING + 1);
  for (size_t at = 0; at < size;) {
    const uint8_t *end = memchr(lines + at, '\n', size + 1 - at);
    size_t length = (size_t)(end - lines) - at;
    baro_json_walk walk;
    if (baro_spark_model_line(model, (baro_view){.data = lines + at, .length = length}, &walk) ==
            BARO_INVALID &&
        walk.expected == NULL)
      abort();
    at += length + 1;
  }
  free(lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  baro_spark_model model;
  fixture_disk disk = {0};
  baro_import_log_result result;
  baro_error err = {0};
  if (baro_spark_model_init(&model) != BARO_OK)
    return 0;
  read_lines(&model, data, size);
  if (baro_spark_model_finish(&model) != BARO_OK)
    abort();
  baro_writer *writer = fixture_writer(&disk);
  baro_status status = baro_spark_write(&model, writer, &result, &err);
  fixture_require_message(status, &err);
  fixture_require_whole(writer, &disk);
  baro_spark_model_release(&model);
  return 0;
}

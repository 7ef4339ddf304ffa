/* Lines of Spark's event logs given to a model, for tests; with cmocka included before. */
#ifndef BARO_TESTS_SPARK_LINES_H
#define BARO_TESTS_SPARK_LINES_H

#include <stdlib.h>
#include <string.h>

#include "import/spark_output.h"

/* Each with the room behind it that lines of a log have. */
static inline baro_status take(baro_spark_model *model, const char *text) {
  size_t length = strlen(text);
  uint8_t *line = calloc(length + BARO_JSON_LINE_PADDING, 1);
  baro_json_walk walk;
  assert_non_null(line);
  memset(line, '\n', length + BARO_JSON_LINE_PADDING);
  memcpy(line, text, length);
  baro_status status =
      baro_spark_model_line(model, (baro_view){.data = line, .length = length}, &walk);
  if (status == BARO_INVALID) {
    assert_int_equal(baro_json_walk_failed(&walk, NULL), BARO_INVALID);
  }
  free(line);
  return status;
}

/* Set-up and tear-down of a test whose state is a model. */
static inline int begin_model(void **state) {
  baro_spark_model *model = calloc(1, sizeof(*model));
  *state = model;
  return model == NULL || baro_spark_model_init(model) != BARO_OK;
}

static inline int end_model(void **state) {
  baro_spark_model_release(*state);
  free(*state);
  return 0;
}

#endif

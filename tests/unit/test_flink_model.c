/* What is made of Flink's answers that are not as they should be: numbers that are none, answers that come twice or for nobody, and
 * JSON that ends. What good archives say is compared with another reader in tests/cli/test_import_flink.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "import/flink_model.h"

static baro_status answer(baro_flink_model *model, const char *path, const char *value) {
  size_t length = strlen(value);
  uint8_t *bytes = calloc(1, length + BARO_JSON_LINE_PADDING);
  baro_json_walk walk;
  assert_non_null(bytes);
  memcpy(bytes, value, length);
  baro_status status = baro_flink_answer(model, baro_view_of(path),
                                         (baro_view){.data = bytes, .length = length}, &walk);
  assert_true((status == BARO_INVALID) == (walk.expected != NULL));
  free(bytes);
  return status;
}

#define VERTEX "/jobs/a1/vertices/b2"
#define SUBTASK(rest)                                                                              \
  "{\"id\":\"b2\",\"name\":\"map\",\"parallelism\":2,\"subtasks\":[{\"subtask\":0,\"attempt\":"    \
  "0," rest "}]}"
#define GOOD                                                                                       \
  SUBTASK("\"status\":\"FINISHED\",\"start-time\":1000,\"end-time\":4281.0,"                       \
          "\"taskmanager-id\":\"tm1\",\"metrics\":{\"accumulated-busy-time\":5,"                   \
          "\"accumulated-idle-time\":\"NaN\",\"read-bytes\":7,\"read-bytes-complete\":false,"      \
          "\"new\":{\"a\":[1]}}")

static int setup(void **state) {
  baro_flink_model *model = calloc(1, sizeof(*model));
  assert_non_null(model);
  model->version = BARO_NONE_ID;
  *state = model;
  return 0;
}

static int teardown(void **state) {
  baro_flink_model_release(*state);
  free(*state);
  return 0;
}

static void test_numbers_that_are_none_are_unknown(void **state) {
  baro_flink_model *model = *state;
  assert_int_equal(answer(model, VERTEX, GOOD), BARO_OK);
  assert_int_equal(model->attempt_count, 1);
  const baro_flink_attempt *attempt = &model->attempts[0];
  assert_int_equal(attempt->started_ms, 1000);
  assert_int_equal(attempt->ended_ms, 4281);
  assert_int_equal(attempt->metrics[BARO_FLINK_BUSY], 5);
  assert_int_equal(attempt->metrics[BARO_FLINK_IDLE], BARO_FLINK_UNKNOWN);
  assert_int_equal(attempt->metrics[BARO_FLINK_READ_BYTES], 7);
  assert_true(attempt->is_incomplete);
  static const char *const none[] = {"-1", "\"soon\"", "1e300", "null", "[]", "{}", "true"};
  for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
    char text[256];
    (void)snprintf(text, sizeof(text),
                   "{\"subtasks\":[{\"subtask\":%zu,\"attempt\":0,\"start-time\":%s}]}", i + 1,
                   none[i]);
    assert_int_equal(answer(model, VERTEX, text), BARO_OK);
    assert_int_equal(model->attempt_count, i + 2);
    assert_int_equal(model->attempts[i + 1].started_ms, BARO_FLINK_UNKNOWN);
  }
}

/* What was told last counts, and nothing is there twice. */
static void test_an_answer_that_comes_twice(void **state) {
  baro_flink_model *model = *state;
  assert_int_equal(answer(model, VERTEX, GOOD), BARO_OK);
  assert_int_equal(answer(model, VERTEX, SUBTASK("\"end-time\":9000")), BARO_OK);
  assert_int_equal(model->attempt_count, 1);
  assert_int_equal(model->vertex_count, 1);
  assert_int_equal(model->job_count, 1);
  assert_int_equal(model->attempts[0].ended_ms, 9000);
  assert_int_equal(model->attempts[0].started_ms, 1000);
}

static void test_paths_that_are_not_asked_for_are_skipped(void **state) {
  baro_flink_model *model = *state;
  static const char *const paths[] = {
      "", "/", "jobs", "/jobs/", "//////", "/taskmanagers/x", "/jobs/a/b/c/d/e/f/g/h/i"};
  for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
    assert_int_equal(answer(model, paths[i], "{\"subtasks\":[{}]}"), BARO_OK);
  }
  assert_int_equal(model->attempt_count, 0);
}

/* Half an answer is none that holds; what it said until there may be kept. */
static void test_cut_answers_are_invalid(void **state) {
  const char whole[] = GOOD;
  (void)state;
  for (size_t length = 1; length < sizeof(whole) - 1; length++) {
    baro_flink_model model = {.version = BARO_NONE_ID};
    char cut[sizeof(whole)];
    memcpy(cut, whole, length);
    cut[length] = '\0';
    assert_int_equal(answer(&model, VERTEX, cut), BARO_INVALID);
    assert_true(model.attempt_count <= 1);
    baro_flink_model_release(&model);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_numbers_that_are_none_are_unknown, setup, teardown),
      cmocka_unit_test_setup_teardown(test_an_answer_that_comes_twice, setup, teardown),
      cmocka_unit_test_setup_teardown(test_paths_that_are_not_asked_for_are_skipped, setup,
                                      teardown),
      cmocka_unit_test(test_cut_answers_are_invalid),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

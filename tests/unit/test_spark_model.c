/* What is made of a Spark log that is not as it should be: events that miss, come twice, or contradict each other. Wrong here
 * means negative times, tasks that count twice, or a log that cannot be read for one bad line. What good logs say is compared
 * with another reader in tests/cli/test_import_logs.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/spark_lines.h"

#define TASK(event, id, launch, finish, rest)                                                      \
  "{\"Event\":\"SparkListenerTask" event "\",\"Stage ID\":3,\"Stage Attempt ID\":0,"               \
  "\"Task Info\":{\"Task ID\":" id ",\"Index\":0,\"Attempt\":0,\"Launch Time\":" launch            \
  ",\"Executor ID\":\"1\",\"Host\":\"h\",\"Finish Time\":" finish "}" rest "}"
#define DONE ",\"Task End Reason\":{\"Reason\":\"Success\"}"

static void test_a_task_that_began_and_ended_is_one(void **state) {
  baro_spark_model *model = *state;
  assert_int_equal(take(model, TASK("Start", "7", "1000", "0", "")), BARO_OK);
  assert_int_equal(model->tasks[0].finished_ms, BARO_SPARK_UNKNOWN);
  assert_int_equal(model->tasks[0].outcome, BARO_TASK_UNFINISHED);
  assert_int_equal(take(model, TASK("End", "7", "1000", "1500", DONE)), BARO_OK);
  assert_int_equal(model->task_count, 1);
  assert_int_equal(model->tasks[0].finished_ms, 1500);
  assert_int_equal(model->tasks[0].outcome, BARO_TASK_SUCCEEDED);
  /* Once more, either of them: the first counts. */
  assert_int_equal(take(model, TASK("End", "7", "1000", "9500", DONE)), BARO_OK);
  assert_int_equal(take(model, TASK("Start", "7", "3000", "0", "")), BARO_OK);
  assert_int_equal(model->tasks[0].finished_ms, 1500);
  assert_int_equal(model->tasks[0].launched_ms, 1000);
  assert_int_equal(model->odd.twice, 2);
  /* Its stage was never submitted. */
  assert_int_equal(model->stage_count, 1);
  assert_int_equal(model->odd.homeless_tasks, 1);
  assert_int_equal(model->stages[0].seen_tasks, 1);
}

static void test_no_task_is_shorter_than_nothing(void **state) {
  baro_spark_model *model = *state;
  assert_int_equal(take(model, TASK("End", "1", "2000", "1000", DONE)), BARO_OK);
  assert_int_equal(model->tasks[0].finished_ms, 2000);
  assert_int_equal(model->odd.backward_tasks, 1);
  static const char *const no_times[] = {"0", "-5", "99999999999999999999", "\"soon\"", "1e400"};
  for (size_t i = 0; i < sizeof(no_times) / sizeof(no_times[0]); i++) {
    char line[512];
    snprintf(line, sizeof(line), TASK("End", "%zu", "%s", "3000", DONE), i + 10, no_times[i]);
    assert_int_equal(take(model, line), BARO_OK);
  }
  assert_int_equal(model->task_count, 1);
  assert_int_equal(model->odd.untimed_tasks, 5);
}

/* Half a line is none, also where the half is a whole task. */
static void test_a_cut_line_says_nothing(void **state) {
  baro_spark_model *model = *state;
  const char whole[] = TASK("End", "1", "1000", "2000",
                            DONE ",\"Task Metrics\":{\"Executor Run Time\":900,\"Result Size\":5}");
  for (size_t length = 0; length < sizeof(whole) - 1; length++) {
    char cut[sizeof(whole)];
    memcpy(cut, whole, length);
    cut[length] = '\0';
    assert_int_equal(take(model, cut), BARO_INVALID);
    assert_int_equal(model->task_count, 0);
    assert_int_equal(model->value_count, 0);
  }
  assert_int_equal(take(model, whole), BARO_OK);
  assert_int_equal(model->tasks[0].value_count, 3); /* with its partition */
}

static void test_metrics_are_in_one_unit(void **state) {
  baro_spark_model *model = *state;
  assert_int_equal(
      take(model,
           TASK("End", "1", "1000", "2000",
                DONE ",\"Task Metrics\":{\"Executor Run Time\":900,\"Executor CPU Time\":5,"
                     "\"JVM GC Time\":-1,\"Result Size\":9223372036854775807,"
                     "\"Peak Execution Memory\":\"7\",\"Disk Bytes Spilled\":1.5,"
                     "\"Shuffle Read Metrics\":{\"Fetch Wait Time\":3,\"Remote Bytes Read\":8,"
                     "\"Executor Run Time\":1},\"Shuffle Write Metrics\":4,"
                     "\"Input Metrics\":{\"Bytes Read\":6},\"New Metrics\":{\"a\":[1]}}")),
      BARO_OK);
  uint64_t values[BARO_SPARK_METRIC_COUNT] = {0};
  for (uint32_t i = 0; i < model->tasks[0].value_count; i++) {
    values[model->values[i].metric] = model->values[i].value;
  }
  assert_int_equal(values[BARO_SPARK_RUN], 900 * UINT64_C(1000000));
  assert_int_equal(values[BARO_SPARK_CPU], 5);
  assert_int_equal(values[BARO_SPARK_GC], 0);
  assert_int_equal(values[BARO_SPARK_RESULT_BYTES], INT64_MAX);
  assert_int_equal(values[BARO_SPARK_PEAK_MEMORY], 0);
  assert_int_equal(values[BARO_SPARK_DISK_SPILLED], 0);
  assert_int_equal(values[BARO_SPARK_FETCH_WAIT], 3000000);
  assert_int_equal(values[BARO_SPARK_REMOTE_READ], 8);
  assert_int_equal(values[BARO_SPARK_INPUT], 6);
}

static void test_stages_belong_to_the_job_that_ran_them(void **state) {
  baro_spark_model *model = *state;
  static const char *const lines[] = {
      "{\"Event\":\"SparkListenerJobStart\",\"Job ID\":5,\"Submission Time\":900,\"Stage Infos\":["
      "{\"Stage ID\":1,\"Parent IDs\":[]},{\"Stage ID\":2,\"Parent IDs\":[1]}],\"Properties\":{"
      "\"spark.job.description\":\"a\\u00e4\",\"spark.sql.execution.id\":\"12\"}}",
      "{\"Event\":\"SparkListenerJobStart\",\"Job ID\":6,\"Submission Time\":950,\"Stage Infos\":["
      "{\"Stage ID\":2,\"Parent IDs\":[1]}]}",
      "{\"Event\":\"SparkListenerStageSubmitted\",\"Stage Info\":{\"Stage ID\":2,"
      "\"Stage Attempt ID\":1,\"Stage Name\":\"x at y.py:3\",\"Number of Tasks\":4,\"RDD Info\":["
      "{\"Scope\":\"{\\\"id\\\":\\\"1\\\",\\\"name\\\":\\\"map\\\"}\"},{\"Scope\":7},"
      "{\"Scope\":\"{\\\"name\\\":\\\"map\\\"}\"},{\"Scope\":\"{\\\"name\\\":\\\"ap\\\"}\"},"
      "{\"Scope\":\"{\\\"name\\\":7,\\\"id\\\":1}\"}],"
      "\"Parent IDs\":[1],\"Submission Time\":1000}}",
      "{\"Event\":\"SparkListenerStageCompleted\",\"Stage Info\":{\"Stage ID\":2,"
      "\"Stage Attempt ID\":1,\"Submission Time\":1000,\"Completion Time\":2000,"
      "\"Failure Reason\":\"lost\"}}",
      "{\"Event\":\"SparkListenerJobEnd\",\"Job ID\":5,\"Completion Time\":2100,"
      "\"Job Result\":{\"Result\":\"JobFailed\"}}",
  };
  for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
    assert_int_equal(take(model, lines[i]), BARO_OK);
  }
  assert_int_equal(model->job_count, 2);
  assert_true(model->jobs[0].failed);
  assert_int_equal(model->executions.items[model->jobs[0].execution].id, 12);
  assert_int_equal(model->jobs[1].execution, BARO_NONE_ID);
  const baro_spark_stage *stage = baro_spark_stage_find(model, 2, 1);
  assert_non_null(stage);
  assert_null(baro_spark_stage_find(model, 2, 0));
  assert_int_equal(stage->job, 0);
  assert_int_equal(stage->parent_count, 1);
  assert_int_equal(model->parents[stage->parent], 1);
  assert_int_equal(stage->completed_ms, 2000);
  assert_true(baro_view_equal(model->texts.views[stage->failure], baro_view_of("lost")));
  assert_true(baro_view_equal(model->texts.views[stage->scope], baro_view_of("map, ap")));
}

static void test_what_is_no_event_is_refused(void **state) {
  baro_spark_model *model = *state;
  static const char *const lines[] = {
      "{}", "[]", "7", "{\"Event\":7}", "{\"event\":\"x\"}", "{\"Event\"", "\xff\xfe"};
  for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
    assert_int_equal(take(model, lines[i]), BARO_INVALID);
  }
  assert_int_equal(take(model, "{\"Event\":\"com.example.Own\",\"x\":1}"), BARO_OK);
  assert_int_equal(model->odd.unknown_events, 1);
}

/* Whatever is measured, the parts of a task are its time. */
static void test_parts_add_up(void **state) {
  (void)state;
  static const uint64_t times[] = {0, 1, 999, 1000000, 5000000000, UINT64_MAX / 2};
  enum { TIMES = sizeof(times) / sizeof(times[0]) };
  uint64_t random = 1;
  for (int round = 0; round < 20000; round++) {
    uint64_t values[BARO_SPARK_METRIC_COUNT];
    for (int m = 0; m <= BARO_SPARK_METRIC_COUNT; m++) {
      random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
      uint64_t value = times[(random >> 33) % TIMES];
      if (m < BARO_SPARK_METRIC_COUNT) {
        values[m] = value;
        continue;
      }
      baro_spark_part parts[BARO_SPARK_PARTS_MAX];
      uint32_t count = baro_spark_split(value, values, parts);
      uint64_t sum = 0;
      for (uint32_t i = 0; i < count; i++) {
        assert_true(parts[i].ns > 0);
        sum += parts[i].ns;
      }
      assert_int_equal(sum, value);
    }
  }
}

static void test_parts_are_what_was_measured(void **state) {
  (void)state;
  baro_spark_part parts[BARO_SPARK_PARTS_MAX];
  uint64_t values[BARO_SPARK_METRIC_COUNT] = {0};
  values[BARO_SPARK_RUN] = 800;
  values[BARO_SPARK_CPU] = 500;
  values[BARO_SPARK_GC] = 100;
  values[BARO_SPARK_SHUFFLE_WRITE] = 50;
  values[BARO_SPARK_DESERIALIZE] = 40;
  values[BARO_SPARK_DESERIALIZE_CPU] = 30;
  const struct {
    baro_state state;
    uint64_t ns;
  } expected[] = {{BARO_STATE_IDLE, 160},   {BARO_STATE_CPU, 30},        {BARO_STATE_UNKNOWN, 10},
                  {BARO_STATE_CPU, 500},    {BARO_STATE_COLLECTOR, 100}, {BARO_STATE_DISK, 50},
                  {BARO_STATE_UNKNOWN, 150}};
  uint32_t count = baro_spark_split(1000, values, parts);
  assert_int_equal(count, sizeof(expected) / sizeof(expected[0]));
  for (uint32_t i = 0; i < count; i++) {
    assert_int_equal(parts[i].state, expected[i].state);
    assert_int_equal(parts[i].ns, expected[i].ns);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_a_task_that_began_and_ended_is_one, begin_model,
                                      end_model),
      cmocka_unit_test_setup_teardown(test_no_task_is_shorter_than_nothing, begin_model, end_model),
      cmocka_unit_test_setup_teardown(test_a_cut_line_says_nothing, begin_model, end_model),
      cmocka_unit_test_setup_teardown(test_metrics_are_in_one_unit, begin_model, end_model),
      cmocka_unit_test_setup_teardown(test_stages_belong_to_the_job_that_ran_them, begin_model,
                                      end_model),
      cmocka_unit_test_setup_teardown(test_what_is_no_event_is_refused, begin_model, end_model),
      cmocka_unit_test(test_parts_add_up),
      cmocka_unit_test(test_parts_are_what_was_measured),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

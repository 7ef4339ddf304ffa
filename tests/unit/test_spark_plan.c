/* What is made of the SQL queries and resources of a Spark log, also where the log is wrong or a version not at hand. Wrong
 * here means rows that count twice, metrics of other queries, settings that are secret, or memory without a bound. What good
 * logs say is compared with another reader in tests/cli/test_import_plans.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "import/spark_places.h"
#include "support/spark_lines.h"

#define UI "{\"Event\":\"org.apache.spark.sql.execution.ui.SparkListener"
#define SCHEDULER "{\"Event\":\"org.apache.spark.scheduler.SparkListener"
#define METRIC(id, name, type)                                                                     \
  "{\"name\":\"" name "\",\"accumulatorId\":" id ",\"metricType\":\"" type "\"}"
#define NODE(name, children, metrics)                                                              \
  "{\"nodeName\":\"" name "\",\"simpleString\":\"" name " x\",\"children\":[" children             \
  "],\"metadata\":{\"Format\":\"Parquet\"},\"metrics\":[" metrics "]}"
#define START(id, plan)                                                                            \
  UI "SQLExecutionStart\",\"executionId\":" id ",\"description\":\"collect at a.py:3\","           \
     "\"sparkPlanInfo\":" plan ",\"time\":1000}"
#define STAGE(event, id, query, accumulables)                                                      \
  "{\"Event\":\"SparkListenerStage" event "\",\"Stage Info\":{\"Stage ID\":" id                    \
  ",\"Stage Attempt ID\":0,\"Stage Name\":\"s\",\"Number of Tasks\":1,\"Submission Time\":1000,"   \
  "\"Completion Time\":5000,\"Accumulables\":[" accumulables                                       \
  "]},\"Properties\":{\"spark.sql.execution.id\":\"" query "\"}}"
#define UPDATE(id, value)                                                                          \
  "{\"ID\":" id ",\"Name\":\"n\",\"Update\":" value ",\"Value\":\"99\",\"Metadata\":\"sql\"}"
#define TASK(id, stage, reason, accumulables)                                                      \
  "{\"Event\":\"SparkListenerTaskEnd\",\"Stage ID\":" stage ",\"Stage Attempt ID\":0,"             \
  "\"Task End Reason\":{\"Reason\":\"" reason "\"},\"Task Info\":{\"Task ID\":" id                 \
  ",\"Launch Time\":2000,\"Executor ID\":\"1\",\"Finish "                                          \
  "Time\":3000,\"Accumulables\":[" accumulables "]},\"Task Metrics\":{\"Executor Run Time\":900}}"

#define TAKE_ALL(model, lines)                                                                     \
  for (size_t i = 0; i < sizeof(lines) / sizeof((lines)[0]); i++) {                                \
    assert_int_equal(take(model, (lines)[i]), BARO_OK);                                            \
  }

/* Of the n-th metric of a query's plan; NULL: nothing was measured. */
static const baro_spark_measure *measure_of(const baro_spark_model *model, uint32_t query,
                                            uint32_t metric) {
  const baro_spark_execution *one = &model->executions.items[query];
  assert_true(metric < one->plan.metric_count);
  uint32_t index = one->plan.metrics[metric].measure;
  return index == BARO_NONE_ID ? NULL : &one->measures[index];
}

static const char plan[] = START("4", NODE("Sort", NODE("Scan", "", METRIC("8", "rows", "sum")),
                                           METRIC("9", "sort time", "timing")));

static void test_measures_are_of_tasks_that_succeeded_once(void **state) {
  baro_spark_model *model = *state;
  static const char *const lines[] = {
      plan,
      STAGE("Submitted", "1", "4", ""),
      TASK("1", "1", "Success",
           UPDATE("8", "\"10\"") "," UPDATE("9", "7") "," UPDATE("5", "\"1\"")),
      TASK("1", "1", "Success", UPDATE("8", "\"10\"")), /* twice */
      TASK("2", "1", "ExceptionFailure", UPDATE("8", "\"100\"")),
      TASK("3", "1", "Success",
           UPDATE("8", "\"32\"") "," UPDATE("9", "\"-1\"") "," UPDATE("9", "\"x\"")),
      TASK("4", "2", "Success", UPDATE("8", "\"1000\"")), /* of no query */
      UI "DriverAccumUpdates\",\"executionId\":4,\"accumUpdates\":[[8,5],[7,1]]}",
      UI "DriverAccumUpdates\",\"accumUpdates\":[[8,1]],\"executionId\":4}", /* in another order */
      UI "DriverAccumUpdates\",\"executionId\":4}",                          /* of nothing */
      UI "DriverAccumUpdates\",\"executionId\":5,\"accumUpdates\":[[8,1]]}",
      UI "SQLExecutionEnd\",\"executionId\":4,\"time\":6000,\"errorMessage\":\"no\"}",
      TASK("5", "1", "Success", UPDATE("8", "\"10\"")), /* late */
  };
  TAKE_ALL(model, lines);
  assert_int_equal(baro_spark_model_finish(model), BARO_OK);
  const baro_spark_measure *rows = measure_of(model, 0, 0); /* children come first */
  assert_int_equal(rows->sum, 42);
  assert_int_equal(rows->most, 32);
  assert_int_equal(rows->driver, 6);
  assert_int_equal(rows->tasks, 4);
  assert_int_equal(measure_of(model, 0, 1)->sum, 7);
  assert_int_equal(measure_of(model, 0, 1)->tasks, 1);
  assert_int_equal(model->executions.late_measures, 1);
  assert_int_equal(model->executions.items[0].ended_ms, 6000);
  assert_int_equal(model->executions.named, 0); /* nothing is kept of what no plan needs */
}

static void test_the_newest_plan_counts_and_measures_stay(void **state) {
  baro_spark_model *model = *state;
  static const char *const lines[] = {
      plan,
      STAGE("Submitted", "1", "4", ""),
      TASK("1", "1", "Success", UPDATE("8", "\"10\"")),
      UI "SQLAdaptiveExecutionUpdate\",\"executionId\":4,\"sparkPlanInfo\":" NODE(
          "New", NODE("Scan", "", METRIC("8", "rows", "sum")), METRIC("20", "rows", "sum")) "}",
      UI "SQLAdaptiveSQLMetricUpdates\",\"executionId\":4,\"sqlPlanMetrics\":[" METRIC("21", "rows",
                                                                                       "sum") "]}",
      TASK("2", "1", "Success",
           UPDATE("8", "\"1\"") "," UPDATE("20", "\"3\"") "," UPDATE("21", "\"4\"")),
      UI "SQLAdaptiveExecutionUpdate\",\"executionId\":4,\"sparkPlanInfo\":" NODE(
          "Last", NODE("Scan", "", METRIC("8", "rows", "sum") "," METRIC("21", "more", "sum")),
          METRIC("20", "rows", "sum")) "}",
  };
  TAKE_ALL(model, lines);
  /* Half of a plan is none. */
  assert_int_equal(take(model,
                        UI "SQLAdaptiveExecutionUpdate\",\"executionId\":4,\"sparkPlanInfo\":"
                           "{\"nodeName\":\"Half\",\"children\":["),
                   BARO_INVALID);
  assert_int_equal(baro_spark_model_finish(model), BARO_OK);
  const baro_spark_execution *query = &model->executions.items[0];
  assert_int_equal(query->replanned, 2);
  assert_int_equal(query->plan.node_count, 2);
  assert_true(baro_view_equal(baro_spark_plan_text(&query->plan, query->plan.nodes[0].name),
                              baro_view_of("Last")));
  assert_int_equal(query->plan.nodes[1].parent, 0);
  assert_int_equal(query->plan.nodes[1].detail_count, 2);
  assert_int_equal(measure_of(model, 0, 0)->sum, 11);
  assert_int_equal(measure_of(model, 0, 1)->sum, 4);
  assert_int_equal(measure_of(model, 0, 2)->sum, 3);
  assert_int_equal(model->executions.kept_nodes, 2);
}

/* As Spark 4.1 tells them; nobody but this test has a log of it. */
static void test_python_workers_are_what_tasks_waited_for(void **state) {
  baro_spark_model *model = *state;
  static const char *const lines[] = {
      START("4", NODE("ArrowEvalPython",
                      NODE("BatchEvalPython", "",
                           METRIC("1", "data sent to Python workers",
                                  "size") "," METRIC("2", "time to run Python workers", "timing")),
                      METRIC("3", "data sent to Python workers", "size"))),
      STAGE("Submitted", "1", "4", ""),
      TASK("1", "1", "Success",
           UPDATE("1", "\"10\"") "," UPDATE("2", "\"500\"") "," UPDATE("3", "\"5\"")),
  };
  TAKE_ALL(model, lines);
  uint64_t values[BARO_SPARK_METRIC_COUNT] = {0};
  for (uint32_t i = 0; i < model->tasks[0].value_count; i++) {
    values[model->values[i].metric] = model->values[i].value;
  }
  assert_int_equal(values[BARO_SPARK_PYTHON_SENT], 15);
  assert_int_equal(values[BARO_SPARK_PYTHON_RUN], 500000000);
  baro_spark_part parts[BARO_SPARK_PARTS_MAX];
  uint32_t count = baro_spark_split(1000000000, values, parts);
  assert_int_equal(count, 3); /* scheduled, waited for Python, unknown */
  assert_int_equal(parts[1].state, BARO_STATE_PIPE);
  assert_int_equal(parts[1].ns, 500000000);
  assert_int_equal(parts[2].ns, 400000000);
  values[BARO_SPARK_PYTHON_RUN] = UINT64_MAX; /* never more than is left */
  values[BARO_SPARK_CPU] = 800000000;
  count = baro_spark_split(1000000000, values, parts);
  assert_int_equal(parts[count - 1].state, BARO_STATE_PIPE);
  assert_int_equal(parts[count - 1].ns, 100000000);
}

static void test_stages_tell_what_all_have_so_far(void **state) {
  baro_spark_model *model = *state;
  static const char *const lines[] = {
      plan,
      STAGE("Submitted", "1", "4", ""),
      STAGE("Completed", "1", "4", "{\"ID\":8,\"Name\":\"n\",\"Value\":\"30\"}"),
      STAGE("Submitted", "2", "4", ""),
      STAGE("Completed", "2", "4", "{\"Value\":\"70\",\"Name\":\"n\",\"ID\":8}"),
  };
  TAKE_ALL(model, lines);
  assert_int_equal(baro_spark_model_finish(model), BARO_OK);
  const baro_spark_measure *rows = measure_of(model, 0, 0);
  assert_int_equal(rows->stage_value, 70);
  assert_int_equal(rows->tasks, 0);
  assert_int_equal(rows->stages[0], 0);
  assert_int_equal(rows->stages[1], 1);
  assert_int_equal(rows->stages[2], BARO_NONE_ID);
  assert_null(measure_of(model, 0, 1));
}

static void test_resources_come_and_go(void **state) {
  baro_spark_model *model = *state;
  static const char *const lines[] = {
      "{\"Event\":\"SparkListenerResourceProfileAdded\",\"Resource Profile Id\":3,"
      "\"Executor Resource Requests\":{\"cores\":{\"Resource Name\":\"cores\",\"Amount\":8},"
      "\"memory\":{\"Amount\":2048},\"gpu\":{\"Amount\":-1}},"
      "\"Task Resource Requests\":{\"cpus\":{\"Amount\":2.0},\"gpu\":{\"Amount\":0.25}}}",
      "{\"Event\":\"SparkListenerExecutorAdded\",\"Timestamp\":1000,\"Executor ID\":\"7\","
      "\"Executor Info\":{\"Host\":\"h\",\"Total Cores\":8,\"Resource Profile Id\":3}}",
      SCHEDULER "ExecutorBlacklisted\",\"time\":1,\"executorId\":\"7\",\"taskFailures\":2}",
      SCHEDULER "ExecutorExcluded\",\"time\":1,\"executorId\":\"7\",\"taskFailures\":2}",
      SCHEDULER "ExecutorExcludedForStage\",\"time\":1,\"executorId\":\"7\",\"taskFailures\":2}",
      "{\"Event\":\"SparkListenerExecutorRemoved\",\"Timestamp\":9000,\"Executor ID\":\"7\","
      "\"Removed Reason\":\"idle\"}",
      STAGE("Submitted", "1", "4", ""),
      "{\"Event\":\"SparkListenerSpeculativeTaskSubmitted\",\"Stage ID\":1,\"Stage Attempt ID\":0}",
      "{\"Event\":\"SparkListenerSpeculativeTaskSubmitted\",\"Stage ID\":2,\"Stage Attempt ID\":0}",
      "{\"Event\":\"SparkListenerStageExecutorMetrics\",\"Executor ID\":\"7\",\"Stage ID\":1,"
      "\"Stage Attempt ID\":0,\"Executor Metrics\":{\"JVMHeapMemory\":50,\"MinorGCCount\":2}}",
      "{\"Event\":\"SparkListenerStageExecutorMetrics\",\"Executor ID\":\"8\",\"Stage ID\":1,"
      "\"Stage Attempt ID\":0,\"Executor Metrics\":{\"JVMHeapMemory\":40,\"New\":-2}}",
      "{\"Event\":\"SparkListenerEnvironmentUpdate\",\"Spark Properties\":{"
      "\"spark.executor.memory\":\"4g\",\"spark.hadoop.fs.s3a.secret.key\":\"hunter2\","
      "\"spark.executor.memory\":\"5g\"},\"System Properties\":{\"spark.master\":\"x\"}}",
  };
  TAKE_ALL(model, lines);
  const baro_spark_profile *profile = baro_spark_profile_find(model, 3);
  assert_non_null(profile);
  assert_null(baro_spark_profile_find(model, 0));
  assert_int_equal(profile->memory_bytes, INT64_C(2) << 30);
  assert_int_equal(profile->gpus, 0);
  assert_true(profile->task_cpus == 2 && profile->task_gpus == 0.25);
  const baro_spark_executor *executor = &model->executors[0];
  assert_int_equal(executor->profile, 3);
  assert_int_equal(executor->removed_ms, 9000);
  assert_true(baro_view_equal(model->texts.views[executor->reason], baro_view_of("idle")));
  assert_int_equal(executor->excluded[0] + executor->excluded[1], 2); /* once, by two names */
  assert_int_equal(executor->excluded_for_stage[0], 1);
  assert_int_equal(model->stages[0].speculative, 1);
  assert_int_equal(model->stages[0].peaks[BARO_SPARK_PEAK_JVM_HEAP], 50);
  assert_int_equal(model->setting_count, 1);
  assert_true(baro_view_equal(model->texts.views[model->settings[0].value], baro_view_of("5g")));
  for (uint32_t t = 0; t < model->texts.count; t++) {
    assert_false(baro_view_equal(model->texts.views[t], baro_view_of("hunter2")));
  }
}

/* A stage that a job lists and never submits is the one that made its RDD before. */
static void test_parents_are_stages_that_ran(void **state) {
  baro_spark_model *model = *state;
#define RUN(id, parents, rdd, site)                                                                \
  "{\"Event\":\"SparkListenerStageSubmitted\",\"Stage Info\":{\"Stage ID\":" id                    \
  ",\"Stage Attempt ID\":0,\"Stage Name\":\"runJob at PythonRDD.scala:1\",\"Parent "               \
  "IDs\":[" parents "],\"RDD Info\":[{\"RDD ID\":" rdd ",\"Callsite\":\"" site                     \
  "\"},{\"RDD ID\":1,\"Callsite\":\"m at old.py:1\"}]}}"
#define LISTED(id, parents, rdd)                                                                   \
  "{\"Stage ID\":" id ",\"Parent IDs\":[" parents "],\"RDD Info\":[{\"RDD ID\":" rdd "}]}"
  static const char *const lines[] = {
      RUN("1", "", "10", "map at a.py:7"),
      RUN("2", "1", "20", "reduce at b.scala:9"),
      "{\"Event\":\"SparkListenerJobStart\",\"Job ID\":2,\"Stage Infos\":[" LISTED(
          "5", "", "10") "," LISTED("6", "5", "30") "," LISTED("9", "", "77") "]}",
      "{\"Event\":\"SparkListenerJobStart\",\"Job ID\":3,\"Properties\":{"
      "\"spark.jobGroup.id\":\"nightly\"}}",
      RUN("6", "5,9", "30", "x at NativeMethodAccessorImpl.java:0"),
  };
  TAKE_ALL(model, lines);
  assert_int_equal(model->jobs[0].group, BARO_NONE_ID);
  assert_true(baro_view_equal(model->texts.views[model->jobs[1].group], baro_view_of("nightly")));
  const baro_spark_stage *stage = baro_spark_stage_find(model, 6, 0);
  assert_non_null(stage);
  assert_int_equal(model->parents[stage->parent], 1);
  assert_int_equal(model->parents[stage->parent + 1], 9); /* nobody knows */
  assert_true(baro_view_equal(model->texts.views[model->stages[0].place], baro_view_of("a.py:7")));
  assert_true(
      baro_view_equal(model->texts.views[model->stages[1].place], baro_view_of("old.py:1")));
}

static void test_the_user_s_line_of_a_stack(void **state) {
  (void)state;
  static const struct {
    const char *stack;
    const char *place;
  } cases[] = {
      {"org.apache.spark.sql.Dataset.collect(Dataset.scala:1)\ncom.me.App$.main(App.scala:25)\n"
       "com.me.App.main(App.scala)",
       "App.scala:25"},
      {"java.base/java.lang.Thread.run(Thread.java:840)\npy4j.Gateway.invoke(Gateway.java:282)",
       ""},
      {"com.me.App.main(App.scala)", ""},
      {"x(\n)\n\n(:3)", ""},
      {"", ""},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    baro_view found = baro_spark_stack_place(baro_view_of(cases[i].stack));
    assert_true(baro_view_equal(found, baro_view_of(cases[i].place)));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_measures_are_of_tasks_that_succeeded_once, begin_model,
                                      end_model),
      cmocka_unit_test_setup_teardown(test_the_newest_plan_counts_and_measures_stay, begin_model,
                                      end_model),
      cmocka_unit_test_setup_teardown(test_python_workers_are_what_tasks_waited_for, begin_model,
                                      end_model),
      cmocka_unit_test_setup_teardown(test_stages_tell_what_all_have_so_far, begin_model,
                                      end_model),
      cmocka_unit_test_setup_teardown(test_resources_come_and_go, begin_model, end_model),
      cmocka_unit_test_setup_teardown(test_parents_are_stages_that_ran, begin_model, end_model),
      cmocka_unit_test(test_the_user_s_line_of_a_stack),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

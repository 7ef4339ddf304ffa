/* The forecasts of a page: which scenarios there are, and that each is what a forecast of it alone is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "predict/python_forecast.h"
#include "predict/what_if.h"
#include "support/profile_fixture.h"

enum { TASKS = 40, TICKS = 300 };

/* Two slots of one executor, a stage of tasks that take 1 s and a little more each. */
static baro_profile *spark_run(void) {
  given made = given_begin();
  uint32_t process = given_process(&made, 1, BARO_NONE_ID);
  uint32_t slots[2];
  uint64_t free_ms[2] = {1000, 1000};
  slots[0] = given_thread(&made, process, 1, "slot 1", false);
  slots[1] = given_thread(&made, process, 2, "slot 2", false);
  uint32_t stack = given_stack(&made, BARO_NONE_ID, given_function(&made, "stage", "", 0, 0), 0);
  uint32_t stage = given_operator(&made, "spark.stage", "count", BARO_NONE_ID);
  for (uint64_t t = 0; t < TASKS; t++) {
    int slot = free_ms[1] < free_ms[0];
    uint64_t end_ms = free_ms[slot] + 1000 + 7 * (t % 5);
    baro_task_record record = {.operator_id = stage,
                               .thread = slots[slot],
                               .start_ns = free_ms[slot] * MS,
                               .end_ns = end_ms * MS,
                               .outcome = BARO_TASK_SUCCEEDED};
    given_sample(&made, slots[slot], stack, BARO_STATE_CPU, end_ms * MS,
                 (end_ms - free_ms[slot]) * MS);
    given_task(&made, &record);
    free_ms[slot] = end_ms;
  }
  return given_profile(&made);
}

/* One thread: `parse` runs 60 % of the time, `read_all` waits for a disk 30 %, `rare` has 1 %, `,` cannot be named. */
static baro_profile *python_run(void) {
  given made = given_begin();
  uint32_t process = given_process(&made, 10, BARO_NONE_ID);
  uint32_t thread = given_thread(&made, process, 10, "main", true);
  const char *names[] = {"parse", "read_all", "rare", "a,b"};
  uint32_t stacks[4];
  for (uint32_t f = 0; f < 4; f++) {
    uint32_t function = given_function(&made, names[f], "/srv/app.py", 10 * f + 1, 0);
    stacks[f] = given_stack(&made, BARO_NONE_ID, function, 10 * f + 2);
  }
  for (uint64_t t = 1; t <= TICKS; t++) {
    uint64_t turn = t % 100;
    uint32_t f = turn < 60 ? 0 : turn < 90 ? 1 : turn < 91 ? 2 : 3;
    given_sample(&made, thread, stacks[f], f == 1 ? BARO_STATE_DISK : BARO_STATE_CPU, t * 10 * MS,
                 10 * MS);
  }
  return given_profile(&made);
}

static baro_what_if *made(const baro_profile *profile, uint64_t budget) {
  baro_what_if *what_if = NULL;
  baro_error err = {0};
  if (baro_what_if_make(profile, budget, &what_if, &err) != BARO_OK)
    fail_msg("%s", err.message);
  return what_if;
}

static const baro_what_if_axis *axis_of(const baro_what_if *what_if, baro_scenario_key key) {
  for (uint32_t a = 0; a < what_if->axis_count; a++) {
    if (what_if->axes[a].key == key)
      return &what_if->axes[a];
  }
  fail_msg("no axis %d", (int)key);
  return NULL;
}

static void assert_same(const baro_forecast *found, const baro_forecast *wanted) {
  /* Bit for bit: a page that differs in the last digit is not what the command says. */
  assert_memory_equal(&found->predicted_s, &wanted->predicted_s, sizeof(double));
  assert_memory_equal(&found->low_s, &wanted->low_s, sizeof(double));
  assert_memory_equal(&found->high_s, &wanted->high_s, sizeof(double));
  assert_memory_equal(&found->bootstrap_ratio, &wanted->bootstrap_ratio, sizeof(double));
  assert_int_equal(found->term_count, wanted->term_count);
  assert_int_equal(found->assumption_count, wanted->assumption_count);
}

/* How many axes of a point are not as recorded. */
static int changes_of(const baro_what_if *what_if, const baro_what_if_point *point) {
  int changes = 0;
  for (uint32_t a = 0; a < what_if->axis_count; a++) {
    changes += what_if->axes[a].position_count > 0 && point->positions[a] != what_if->axes[a].base;
  }
  return changes;
}

static void points_of_tasks_are_forecasts(void **state) {
  (void)state;
  baro_profile *profile = spark_run();
  baro_what_if *what_if = made(profile, 0);
  baro_job_graph *graph = NULL;
  assert_null(what_if->refusal);
  assert_int_equal(what_if->task_count, TASKS);
  assert_int_equal(what_if->reach, BARO_WHAT_IF_PAIRS);
  assert_int_equal(baro_job_graph_create(profile, &graph, NULL), BARO_OK);
  int of_changes[3] = {0};
  for (uint32_t p = 0; p < what_if->point_count; p++) {
    const baro_what_if_point *point = &what_if->points[p];
    baro_scenario scenario = baro_what_if_scenario(what_if, point);
    baro_forecast alone;
    int changes = changes_of(what_if, point);
    assert_in_range(changes, 0, 2);
    of_changes[changes]++;
    assert_null(point->refusal);
    assert_int_equal(baro_forecast_make(graph, &scenario, NULL, &alone, NULL), BARO_OK);
    assert_same(&point->forecast, &alone);
    baro_forecast_release(&alone);
  }
  assert_int_equal(of_changes[0], 1);
  /* Slots as numbers: a quarter and a half of two are one. */
  const baro_what_if_axis *cores = axis_of(what_if, BARO_SCENARIO_CORES);
  assert_float_equal(cores->positions[0].value.value, 1, 1e-9);
  assert_float_equal(cores->positions[cores->base].value.value, 2, 1e-9);
  assert_false(cores->positions[0].value.is_factor);
  int singles = 0;
  for (uint32_t a = 0; a < what_if->axis_count; a++) {
    const baro_what_if_axis *axis = &what_if->axes[a];
    singles += axis->position_count > 0 ? (int)axis->position_count - 1 : 0;
    assert_true(axis->position_count > 0 || axis->refusal != NULL);
    for (uint32_t p = 1; p < axis->position_count; p++)
      assert_true(axis->positions[p].ratio > axis->positions[p - 1].ratio);
  }
  assert_int_equal(of_changes[1], singles);
  assert_true(of_changes[2] > 2 * singles);
  /* Nothing read input, nothing was shuffled: as `predict` says it. */
  assert_non_null(strstr(axis_of(what_if, BARO_SCENARIO_INPUT)->refusal, "no task read any"));
  assert_int_equal(axis_of(what_if, BARO_SCENARIO_PARTITIONS)->position_count, 0);
  baro_job_graph_destroy(graph);
  baro_what_if_destroy(what_if);
  baro_profile_destroy(profile);
}

static void a_budget_leaves_combinations_out_first(void **state) {
  (void)state;
  baro_profile *profile = spark_run();
  baro_what_if *all = made(profile, 0);
  uint32_t most = all->point_count;
  baro_what_if_reach before = BARO_WHAT_IF_PAIRS;
  bool seen[4] = {0};
  for (uint64_t budget = 4000000; budget >= 500; budget = budget * 3 / 4) {
    baro_what_if *less = made(profile, budget);
    assert_true(less->reach <= before);
    assert_true(less->point_count <= most);
    seen[less->reach] = true;
    for (uint32_t p = 0; p < less->point_count; p++) {
      int changes = changes_of(less, &less->points[p]);
      assert_in_range(changes, 0, less->reach >= BARO_WHAT_IF_FIRST ? 2 : 1);
      if (less->reach == BARO_WHAT_IF_FIRST && changes == 2)
        assert_int_not_equal(less->points[p].positions[0], less->axes[0].base);
    }
    for (uint32_t a = 0; a < less->axis_count; a++) {
      const baro_what_if_axis *axis = &less->axes[a];
      /* What was recorded is always a position, and there is another one. */
      assert_true(axis->position_count == 0 || axis->position_count >= 2);
      if (axis->position_count > 0)
        assert_float_equal(axis->positions[axis->base].ratio, 1, 1e-9);
    }
    before = less->reach;
    most = less->point_count;
    baro_what_if_destroy(less);
  }
  assert_true(seen[BARO_WHAT_IF_PAIRS] && seen[BARO_WHAT_IF_FIRST] && seen[BARO_WHAT_IF_SINGLES] &&
              seen[BARO_WHAT_IF_SOME]);
  baro_what_if_destroy(all);
  baro_profile_destroy(profile);
}

static void points_of_functions_are_forecasts(void **state) {
  (void)state;
  baro_profile *profile = python_run();
  baro_what_if *what_if = made(profile, 0);
  uint32_t functions = 0;
  for (uint32_t a = 0; a < what_if->axis_count; a++) {
    const baro_what_if_axis *axis = &what_if->axes[a];
    if (axis->function != NULL) {
      /* The largest first; one of 1 % would not be seen, and a name with a comma cannot be said. */
      assert_string_equal(axis->function, functions == 0 ? "parse" : "read_all");
      functions++;
    }
  }
  assert_int_equal(functions, 2);
  assert_non_null(strstr(axis_of(what_if, BARO_SCENARIO_CORES)->refusal, "samples do not say"));
  for (uint32_t p = 0; p < what_if->point_count; p++) {
    const baro_what_if_point *point = &what_if->points[p];
    baro_scenario scenario = baro_what_if_scenario(what_if, point);
    baro_forecast alone;
    /* The forecaster of all points knows more functions than this one does. */
    assert_int_equal(baro_python_forecast_make(profile, &scenario, &alone, NULL), BARO_OK);
    assert_same(&point->forecast, &alone);
  }
  assert_true(what_if->point_count > 100);
  baro_what_if_destroy(what_if);
  baro_profile_destroy(profile);
}

/* A kernel on each of so many streams, one behind the other. */
static baro_profile *streams_run(uint32_t streams) {
  given made_of = given_begin();
  uint32_t process = given_process(&made_of, 1, BARO_NONE_ID);
  uint32_t kernel = given_operator(&made_of, "torch.kernel", "gemm", BARO_NONE_ID);
  given_fact(&made_of, kernel, "state", "gpu");
  for (uint64_t s = 0; s < streams; s++) {
    const baro_task_record record = {
        .operator_id = kernel,
        .thread = given_thread(&made_of, process, (uint32_t)s + 1, "stream", false),
        .start_ns = (1000 + 10 * s) * MS,
        .end_ns = (1010 + 10 * s) * MS,
        .outcome = BARO_TASK_SUCCEEDED};
    given_task(&made_of, &record);
  }
  return given_profile(&made_of);
}

/* A forecast of a trace runs its tasks again and asks each of its threads and streams: of a million of them a page has fewer
 * combinations, and not minutes of work. The budget is in replayed tasks, of which a forecast costs as much as three for each. */
static void many_streams_cost_more_than_few(void **state) {
  (void)state;
  enum { BUDGET = 4 * 12000 };
  baro_profile *few = streams_run(2);
  baro_profile *many = streams_run(200);
  baro_what_if *of_few = made(few, BUDGET);
  baro_what_if *of_many = made(many, BUDGET);
  assert_int_equal(of_few->reach, BARO_WHAT_IF_PAIRS);
  assert_int_equal(of_many->reach, BARO_WHAT_IF_SINGLES);
  baro_what_if_destroy(of_few);
  baro_what_if_destroy(of_many);
  baro_profile_destroy(few);
  baro_profile_destroy(many);
}

/* Of operators that cannot be replayed there is the reason, and of nothing at all nobody asks. */
static void what_cannot_be_told_is_a_reason(void **state) {
  (void)state;
  given made_of = given_begin();
  uint32_t process = given_process(&made_of, 1, BARO_NONE_ID);
  uint32_t slot = given_thread(&made_of, process, 1, "slot 1", false);
  uint32_t operator_id = given_operator(&made_of, "flink.vertex", "map", BARO_NONE_ID);
  const baro_task_record record = {.operator_id = operator_id,
                                   .thread = slot,
                                   .start_ns = 1000 * MS,
                                   .end_ns = 2000 * MS,
                                   .outcome = BARO_TASK_SUCCEEDED};
  given_task(&made_of, &record);
  baro_profile *profile = given_profile(&made_of);
  assert_true(baro_what_if_applies(profile));
  baro_what_if *what_if = made(profile, 0);
  assert_non_null(strstr(what_if->refusal, "only stages of Spark can be replayed"));
  assert_int_equal(what_if->axis_count, 0);
  assert_int_equal(what_if->point_count, 0);
  baro_what_if_destroy(what_if);
  baro_profile_destroy(profile);
  given nothing = given_begin();
  profile = given_profile(&nothing);
  assert_false(baro_what_if_applies(profile));
  baro_profile_destroy(profile);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(points_of_tasks_are_forecasts),
      cmocka_unit_test(a_budget_leaves_combinations_out_first),
      cmocka_unit_test(points_of_functions_are_forecasts),
      cmocka_unit_test(many_streams_cost_more_than_few),
      cmocka_unit_test(what_cannot_be_told_is_a_reason),
  };
  return cmocka_run_group_tests_name("what_if", tests, NULL, NULL);
}

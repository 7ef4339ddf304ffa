/* Forecasts of a framework's run: what chance makes of them, and of tasks that took no time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "predict/forecast.h"
#include "support/profile_fixture.h"

/* A stage on two slots: some tasks of one and of two seconds in turn, half of it explained by no clock, and many of no time. */
static baro_profile *stage(uint32_t long_tasks, uint32_t empty_tasks) {
  given made = given_begin();
  uint32_t process = given_process(&made, 1, BARO_NONE_ID);
  uint32_t slots[2];
  slots[0] = given_thread(&made, process, 1, "slot 1", false);
  slots[1] = given_thread(&made, process, 2, "slot 2", false);
  uint32_t stack = given_stack(&made, BARO_NONE_ID, given_function(&made, "stage", "", 0, 0), 0);
  uint32_t operator_id = given_operator(&made, "spark.stage", "count", BARO_NONE_ID);
  uint64_t free_ms[2] = {1000, 1000};
  for (uint32_t t = 0; t < long_tasks + empty_tasks; t++) {
    uint32_t slot = t % 2;
    uint64_t length_ms = t < long_tasks ? 1000 + 1000 * (uint64_t)(t % 2) : 0;
    uint64_t end_ms = free_ms[slot] + length_ms;
    if (length_ms > 0) {
      given_sample(&made, slots[slot], stack, BARO_STATE_CPU, end_ms * MS, length_ms * MS / 2);
    }
    const baro_task_record record = {.operator_id = operator_id,
                                     .thread = slots[slot],
                                     .start_ns = free_ms[slot] * MS,
                                     .end_ns = end_ms * MS,
                                     .outcome = BARO_TASK_SUCCEEDED};
    given_task(&made, &record);
    free_ms[slot] = end_ms;
  }
  return given_profile(&made);
}

static baro_forecast made(const baro_profile *profile, const char *set) {
  baro_scenario scenario;
  baro_forecast forecast = {0};
  baro_job_graph *graph = NULL;
  baro_error err = {0};
  assert_int_equal(baro_scenario_parse(set, &scenario, &err), BARO_OK);
  if (baro_job_graph_create(profile, &graph, &err) != BARO_OK ||
      baro_forecast_make(graph, &scenario, NULL, &forecast, &err) != BARO_OK)
    fail_msg("%s", err.message);
  baro_job_graph_destroy(graph);
  return forecast;
}

static void terms_are_in_order_and_within_the_interval(void **state) {
  (void)state;
  baro_profile *profile = stage(20, 0);
  baro_forecast forecast = made(profile, "cores=1,cpu_speed=2x");
  assert_true(forecast.term_count > 1);
  for (uint32_t t = 0; t < forecast.term_count; t++) {
    const baro_forecast_term *term = &forecast.terms[t];
    assert_true(forecast.low_s <= term->fastest_s && term->slowest_s <= forecast.high_s);
    assert_true(t == 0 ||
                term->slowest_s / term->fastest_s <= term[-1].slowest_s / term[-1].fastest_s);
  }
  baro_forecast_release(&forecast);
  baro_profile_destroy(profile);
}

/* Of forty tasks two have a length, so that one draw in eight has none at all: what the others say of chance is not lost. */
static void draws_without_any_time_are_left_out(void **state) {
  (void)state;
  baro_profile *profile = stage(2, 38);
  baro_forecast forecast = made(profile, "cores=1");
  assert_true(forecast.bootstrap_ratio > 0.01);
  assert_true(forecast.high_s > forecast.predicted_s && forecast.low_s > 0);
  baro_forecast_release(&forecast);
  baro_profile_destroy(profile);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(terms_are_in_order_and_within_the_interval),
      cmocka_unit_test(draws_without_any_time_are_left_out),
  };
  return cmocka_run_group_tests_name("forecast", tests, NULL, NULL);
}

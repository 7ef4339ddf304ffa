/* What a faster GPU or a faster core brings a trace of which a person can say it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "predict/predictor.h"
#include "support/profile_fixture.h"

typedef struct trace {
  given made;
  uint32_t host;
  uint32_t stream;
  uint32_t second;
  baro_profile *profile;
  baro_path_forecaster *forecaster;
} trace;

static trace begin(void) {
  trace t = {.made = given_begin()};
  uint32_t process = given_process(&t.made, 10, BARO_NONE_ID);
  t.host = given_thread(&t.made, process, 10, "main", true);
  t.stream = given_thread(&t.made, process, 7, "stream 7", false);
  t.second = given_thread(&t.made, process, 20, "stream 20", false);
  return t;
}

static void span(trace *t, uint32_t thread, const char *kind, const char *state, uint64_t from_ms,
                 uint64_t to_ms) {
  uint32_t of = given_operator(&t->made, kind, "some", BARO_NONE_ID);
  given_fact(&t->made, of, "state", state);
  baro_task_record record = {.operator_id = of,
                             .thread = thread,
                             .start_ns = from_ms * MS,
                             .end_ns = to_ms * MS,
                             .outcome = BARO_TASK_SUCCEEDED};
  given_task(&t->made, &record);
}

static void open(trace *t) {
  baro_error err = {0};
  t->profile = given_profile(&t->made);
  assert_true(baro_path_forecast_applies(t->profile));
  assert_int_equal(baro_path_forecaster_create(t->profile, &t->forecaster, &err), BARO_OK);
}

static void end(trace *t) {
  baro_path_forecaster_destroy(t->forecaster);
  baro_profile_destroy(t->profile);
}

static baro_forecast made(const trace *t, const char *set) {
  baro_scenario scenario;
  baro_forecast forecast;
  baro_error err = {0};
  assert_int_equal(baro_scenario_parse(set, &scenario, &err), BARO_OK);
  if (baro_path_forecaster_make(t->forecaster, &scenario, &forecast, &err) != BARO_OK)
    fail_msg("%s", err.message);
  assert_true(forecast.low_s < forecast.predicted_s && forecast.predicted_s < forecast.high_s);
  return forecast;
}

static void refused(const trace *t, const char *set, const char *why) {
  baro_scenario scenario;
  baro_forecast forecast;
  baro_error err = {0};
  assert_int_equal(baro_scenario_parse(set, &scenario, &err), BARO_OK);
  assert_int_equal(baro_path_forecaster_make(t->forecaster, &scenario, &forecast, &err),
                   BARO_UNSUPPORTED);
  assert_non_null(strstr(err.message, why));
}

/* The host launches a kernel for 10 ms and waits for it until the end. */
static trace bound_by_the_device(void) {
  trace t = begin();
  span(&t, t.host, "torch.op", "cpu", 0, 10);
  span(&t, t.stream, "torch.kernel", "gpu", 5, 99);
  span(&t, t.host, "torch.runtime", "gpu", 10, 100);
  open(&t);
  return t;
}

static void waiting_for_a_device_goes_with_the_device(void **state) {
  (void)state;
  trace t = bound_by_the_device();
  baro_forecast forecast = made(&t, "gpu=2x");
  assert_float_equal(forecast.base_s, 0.100, 1e-9);
  /* It begins at 5 ms, takes 47 of 94 ms, and a millisecond later the wait comes back. */
  assert_float_equal(forecast.predicted_s, 0.0530, 1e-9);
  forecast = made(&t, "gpu=0.5x");
  assert_float_equal(forecast.predicted_s, 0.1940, 1e-9);
  end(&t);
}

/* The call that launched it is in half the time at the moment at which the kernel began: so that begins 2.5 ms earlier. */
static void what_is_launched_earlier_ends_earlier(void **state) {
  (void)state;
  trace t = bound_by_the_device();
  assert_float_equal(made(&t, "cpu_speed=2x").predicted_s, 0.0975, 1e-9);
  assert_float_equal(made(&t, "cpu_speed=0.5x").predicted_s, 0.1050, 1e-9);
  end(&t);
}

/* A copy runs beside the kernel for half of its time: whether it slows that down no trace says. */
static void what_runs_beside_has_both_ends(void **state) {
  (void)state;
  trace t = begin();
  span(&t, t.host, "torch.op", "cpu", 0, 10);
  span(&t, t.host, "torch.runtime", "gpu", 10, 110);
  span(&t, t.stream, "torch.kernel", "gpu", 10, 110);
  span(&t, t.second, "torch.copy", "copy", 30, 80);
  open(&t);
  baro_forecast forecast = made(&t, "gpu=4x");
  assert_float_equal(forecast.predicted_s, 0.080,
                     1e-9); /* the copy's end, which is launched as before */
  forecast = made(&t, "gpu=1.25x");
  assert_float_equal(forecast.predicted_s, 0.090, 1e-9);
  assert_int_equal(forecast.term_count, 1);
  assert_int_equal(forecast.terms[0].term, BARO_TERM_ALONE);
  assert_float_equal(forecast.terms[0].slowest_s, 0.100, 1e-9); /* 50 ms of its 100 stay */
  end(&t);
}

static trace bound_by_the_host(void) {
  trace t = begin();
  span(&t, t.host, "torch.op", "cpu", 0, 100);
  span(&t, t.stream, "torch.kernel", "gpu", 5, 20);
  open(&t);
  return t;
}

static void what_hides_behind_the_host_is_not_saved(void **state) {
  (void)state;
  trace t = bound_by_the_host();
  assert_float_equal(made(&t, "gpu=2x").predicted_s, 0.100, 1e-9);
  assert_float_equal(made(&t, "cpu_speed=2x").predicted_s, 0.050, 1e-9);
  end(&t);
}

/* Ten times as slow, the kernel takes 150 ms from its begin on: it is what the run waits for then, whatever the path was. */
static void what_was_hidden_may_be_waited_for(void **state) {
  (void)state;
  trace t = bound_by_the_host();
  baro_forecast forecast = made(&t, "gpu=0.1x");
  assert_float_equal(forecast.predicted_s, 0.155, 1e-9);
  assert_float_equal(forecast.distance, 10, 1e-9);
  end(&t);
}

static void parts_are_told_alone(void **state) {
  (void)state;
  trace t = bound_by_the_host();
  baro_forecast forecast = made(&t, "gpu=2x,cpu_speed=2x");
  assert_int_equal(forecast.part_count, 2);
  assert_float_equal(forecast.parts[0].alone_s, 0.050, 1e-9);
  assert_int_equal(forecast.parts[0].key, BARO_SCENARIO_CPU_SPEED);
  assert_float_equal(forecast.parts[1].alone_s, 0.100, 1e-9);
  end(&t);
}

static void what_a_trace_cannot_tell_is_refused(void **state) {
  (void)state;
  trace t = bound_by_the_host();
  refused(&t, "cores=2x", "cores: a trace does not say");
  refused(&t, "memory=2x", "memory: a trace does not say");
  refused(&t, "function:some=2x", "not known by function");
  end(&t);
  t = begin();
  span(&t, t.host, "tf.op", "cpu", 0, 10);
  open(&t);
  refused(&t, "gpu=2x", "no kernel");
  end(&t);
}

/* A trace may have operators and no task, as one that was cut: there is no path to edit, and that is said. */
static void without_tasks_there_is_no_path(void **state) {
  (void)state;
  given made_of = given_begin();
  (void)given_operator(&made_of, "torch.run", "PyTorch", BARO_NONE_ID);
  baro_profile *profile = given_profile(&made_of);
  baro_predictor predictor;
  baro_error err = {0};
  assert_false(baro_path_forecast_applies(profile));
  assert_int_equal(baro_predictor_init(&predictor, profile, NULL, NULL, NULL, 0, &err),
                   BARO_UNSUPPORTED);
  assert_non_null(strstr(err.message, "neither tasks nor samples"));
  baro_predictor_release(&predictor);
  baro_profile_destroy(profile);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(waiting_for_a_device_goes_with_the_device),
      cmocka_unit_test(what_is_launched_earlier_ends_earlier),
      cmocka_unit_test(what_runs_beside_has_both_ends),
      cmocka_unit_test(what_hides_behind_the_host_is_not_saved),
      cmocka_unit_test(what_was_hidden_may_be_waited_for),
      cmocka_unit_test(parts_are_told_alone),
      cmocka_unit_test(what_a_trace_cannot_tell_is_refused),
      cmocka_unit_test(without_tasks_there_is_no_path),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

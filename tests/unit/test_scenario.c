/* What --set and --sweep take, and what they say of a mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>

#include "predict/scenario.h"

static void factors_counts_and_bytes(void **state) {
  (void)state;
  baro_scenario scenario;
  baro_error err;
  assert_int_equal(
      baro_scenario_parse("cores=2x,nodes=8,memory=1.5g,input=0.5x,function:a=b.<x>=3x", &scenario,
                          &err),
      BARO_OK);
  assert_true(scenario.values[BARO_SCENARIO_CORES].is_factor);
  assert_float_equal(scenario.values[BARO_SCENARIO_CORES].value, 2, 0);
  assert_false(scenario.values[BARO_SCENARIO_NODES].is_factor);
  assert_float_equal(scenario.values[BARO_SCENARIO_NODES].value, 8, 0);
  assert_false(scenario.values[BARO_SCENARIO_MEMORY].is_factor);
  assert_float_equal(scenario.values[BARO_SCENARIO_MEMORY].value, 1610612736.0, 0);
  assert_false(scenario.values[BARO_SCENARIO_DISK].is_set);
  /* Names may have a '='; values have none. */
  assert_int_equal(scenario.function_count, 1);
  assert_string_equal(scenario.functions[0].name, "a=b.<x>");
  assert_float_equal(scenario.functions[0].factor, 3, 0);
  assert_int_equal(baro_scenario_parse(NULL, &scenario, &err), BARO_OK);
  assert_int_equal(scenario.function_count, 0);
  char text[32];
  baro_scenario_value_text(BARO_SCENARIO_MEMORY, &(baro_scenario_value){.value = 0x1.8p30}, text);
  assert_string_equal(text, "1.5g");
}

static void what_it_is_over_what_it_was(void **state) {
  (void)state;
  static const struct {
    const char *text;
    baro_scenario_key key;
    double factor;
  } cases[] = {
      {"network=10Gbps/1Gbps", BARO_SCENARIO_NETWORK, 10},
      {"network=500Mbps/2.5Gbps", BARO_SCENARIO_NETWORK, 0.2},
      {"network=125MBps/1Gbps", BARO_SCENARIO_NETWORK, 1},
      {"disk=3.5GBps/500MBps", BARO_SCENARIO_DISK, 7},
      {"cpu_speed=3.6GHz/2400MHz", BARO_SCENARIO_CPU_SPEED, 1.5},
      {"gpu=2.2GHz/1.1GHz", BARO_SCENARIO_GPU, 2},
      {"input=1TB/250GB", BARO_SCENARIO_INPUT, 4},
      {"input=10kB/5KB", BARO_SCENARIO_INPUT, 2},
  };
  for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
    baro_scenario scenario;
    baro_error err = {0};
    if (baro_scenario_parse(cases[c].text, &scenario, &err) != BARO_OK)
      fail_msg("%s: %s", cases[c].text, err.message);
    assert_true(scenario.values[cases[c].key].is_factor);
    assert_float_equal(scenario.values[cases[c].key].value, cases[c].factor, 1e-12);
  }
}

/* A mistake must not be taken for something else, and its message must say what is allowed. */
static void mistakes_are_named(void **state) {
  (void)state;
  static const struct {
    const char *text;
    const char *says;
  } cases[] = {
      {"core=2x", "'core' cannot be set; what can: cores, nodes, cpu_speed"},
      {"gpus=2x", "'gpus' cannot be set"},
      {"cores", "key=value is wanted"},
      {"cores=", "key=value is wanted"},
      {"=2x", "key=value is wanted"},
      {"cores=2x,", "key=value is wanted"},
      {"cores=2x,cores=4", "cores is given twice"},
      {"cores=0", "a whole number (1 to 100000)"},
      {"cores=1.5", "a whole number"},
      {"cores=-2x", "a factor such as 2x"},
      {"cores=2xx", "a factor such as 2x"},
      {"cores=0x10", "a factor such as 2x"},
      {"cores=1e3", "a factor such as 2x"},
      {"cores=nanx", "a factor such as 2x"},
      {"cores=0x", "a factor such as 2x"},
      {"cores=1001x", "0.001x to 1000x"},
      {"cpu_speed=2", "is not in a recording"},
      {"network=10Gbps", "such as 10Gbps/1Gbps: what it was is not in a recording"},
      {"network=10Gbps/1GHz", "a factor such as 2x"},
      {"disk=10Hz/1Hz", "such as 400MBps/100MBps"},
      {"network=10GB/1GB", "such as 10Gbps/1Gbps"},
      {"cpu_speed=10Gbps/1Gbps", "such as 3.6GHz/2.4GHz"},
      {"input=10Gbps/1Gbps", "such as 200GB/50GB"},
      {"gpu=10Gbps", "such as 1.98GHz/1.41GHz"},
      {"network=10Gbps/0Gbps", "a factor such as 2x"},
      {"network=10gbps/1gbps", "a factor such as 2x"},
      {"network=10Gbps/1Gbps/1Gbps", "a factor such as 2x"},
      {"network=10/1", "a factor such as 2x"},
      {"network=1Tbps/1bps", "a factor such as 2x"},
      {"disk=400", "such as 400MBps/100MBps"},
      {"cpu_speed=3GHz", "such as 3.6GHz/2.4GHz"},
      {"cores=8Gbps/1Gbps", "a whole number (1 to 100000)"},
      {"memory=4", "bytes such as 4g"},
      {"memory=4gbb", "bytes such as 4g"},
      {"function:=2x", "a name of at most"},
      {"function:f=2", "a factor such as 2x"},
      {"function:f=2x,function:f=3x", "given twice"},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    baro_scenario scenario;
    baro_error err = {0};
    assert_int_equal(baro_scenario_parse(cases[i].text, &scenario, &err), BARO_USAGE);
    if (strstr(err.message, cases[i].says) == NULL)
      fail_msg("%s: %s", cases[i].text, err.message);
  }
}

static void sweeps(void **state) {
  (void)state;
  baro_scenario_sweep sweep;
  baro_error err;
  assert_int_equal(baro_scenario_sweep_parse("cores=1..64", &sweep, &err), BARO_OK);
  assert_int_equal(sweep.key, BARO_SCENARIO_CORES);
  assert_int_equal(sweep.count, 7);
  assert_float_equal(sweep.points[5].value, 32, 0);
  assert_float_equal(sweep.points[6].value, 64, 0);
  assert_int_equal(baro_scenario_sweep_parse("cores=1x..8x", &sweep, &err), BARO_OK);
  assert_int_equal(sweep.count, 4); /* 1.41 times a number of slots is no whole one */
  assert_true(sweep.points[1].is_factor);
  assert_float_equal(sweep.points[1].value, 2, 0);
  assert_float_equal(sweep.points[3].value, 8, 0);
  assert_int_equal(baro_scenario_sweep_parse("nodes=3..6", &sweep, &err), BARO_OK);
  assert_int_equal(sweep.count, 4);
  assert_float_equal(sweep.points[1].value, 4, 0);
  assert_int_equal(baro_scenario_sweep_parse("disk=0.5x..2x", &sweep, &err), BARO_OK);
  assert_int_equal(sweep.count, 5);
  assert_true(sweep.points[4].is_factor);
  assert_float_equal(sweep.points[2].value, 1, 1e-12);
  assert_int_equal(baro_scenario_sweep_parse("partitions=1..100000", &sweep, &err), BARO_OK);
  assert_float_equal(sweep.points[sweep.count - 1].value, 100000, 0);
  assert_int_equal(baro_scenario_sweep_parse("disk=0.001x..1000x", &sweep, &err), BARO_OK);
  assert_float_equal(sweep.points[sweep.count - 1].value, 1000, 0);
  assert_int_equal(sweep.count, 41);
  for (uint32_t p = 1; p < sweep.count - 1;
       p++) { /* as the documentation says, however far it goes */
    assert_true(fabs(sweep.points[p].value / sweep.points[p - 1].value - sqrt(2)) < 1e-9);
  }
  assert_int_equal(baro_scenario_sweep_parse("cpu_speed=1x..3x", &sweep, &err), BARO_OK);
  assert_int_equal(sweep.count, 5);
  assert_true(fabs(sweep.points[2].value - 2) < 1e-12); /* a round one, not the fourth root of 9 */
  assert_int_equal(baro_scenario_sweep_parse("memory=1..1000000000k", &sweep, &err), BARO_USAGE);
  assert_int_equal(baro_scenario_sweep_parse("memory=1k..100000g", &sweep, &err), BARO_OK);
  assert_int_equal(sweep.count, BARO_SCENARIO_SWEEP_MAX);
  assert_float_equal(sweep.points[sweep.count - 1].value, 1e5 * 0x1p30, 0);
  static const char *const bad[] = {"cores",    "cores=4",  "cores=8..2", "cores=1..2x",
                                    "cores=..", "gpu=1..2", "cores=1..",  "=1..2"};
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
    assert_int_equal(baro_scenario_sweep_parse(bad[i], &sweep, &err), BARO_USAGE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(factors_counts_and_bytes),
      cmocka_unit_test(what_it_is_over_what_it_was),
      cmocka_unit_test(mistakes_are_named),
      cmocka_unit_test(sweeps),
  };
  return cmocka_run_group_tests_name("scenario", tests, NULL, NULL);
}

/* What the resource prior gives of time without a clock: never what measurement excludes, never more than bytes explain, and never out
 * of what was measured. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "explain/explain.h"
#include "support/profile_fixture.h"

#define MB UINT64_C(1000000)

/* One stage of one task that ran for 10 s: 4 s of CPU, 6 s in no clock. */
typedef struct written {
  const char *kind;   /* NULL: "spark.stage" */
  const char *name;   /* NULL: "stage 0" */
  const char *master; /* NULL: not told */
  const char *scope;
  const char *amount; /* NULL: none but CPU's */
  uint64_t value;
  bool has_no_cpu;
} written;

typedef struct told {
  baro_profile *profile;
  baro_explanation all;
} told;

static told explain(const written *in) {
  given made = given_begin();
  uint32_t process = given_process(&made, 1, BARO_NONE_ID);
  uint32_t slot = given_thread(&made, process, 1, "slot 1", false);
  uint32_t function = given_function(&made, "stage", "", 0, 0);
  uint32_t stack = given_stack(&made, BARO_NONE_ID, function, 0);
  const char *kind = in->kind != NULL ? in->kind : "spark.stage";
  const char *name = in->name != NULL ? in->name : "stage 0";
  uint32_t of = given_operator(&made, kind, name, BARO_NONE_ID);
  if (in->kind == NULL) {
    given_fact(&made, of, "stage_id", "0");
  }
  if (in->master != NULL) {
    given_fact(&made, of, "spark.master", in->master);
  }
  if (in->scope != NULL) {
    given_fact(&made, of, "scope", in->scope);
  }
  baro_task_amount amounts[2];
  baro_task_record record = {.operator_id = of,
                             .thread = slot,
                             .start_ns = 0,
                             .end_ns = 10000 * MS,
                             .outcome = BARO_TASK_SUCCEEDED,
                             .amounts = amounts};
  given_sample(&made, slot, stack, BARO_STATE_CPU, 4000 * MS, 4000 * MS);
  if (!in->has_no_cpu) {
    amounts[record.amount_count++] =
        (baro_task_amount){given_string(&made, baro_view_of("cpu_ns")), 4000 * MS};
  }
  if (in->amount != NULL) {
    amounts[record.amount_count++] =
        (baro_task_amount){given_string(&made, baro_view_of(in->amount)), in->value};
  }
  given_task(&made, &record);
  told out = {.profile = given_profile(&made)};
  assert_int_equal(baro_explain(out.profile, &out.all), BARO_OK);
  assert_int_equal(out.all.operator_count, 1);
  const baro_operator_time *row = &out.all.operators[0];
  uint64_t guessed_ns = 0;
  for (int s = 0; s < BARO_STATE_COUNT; s++) {
    guessed_ns += row->prior_ns[s];
    assert_true(row->path_prior_ns[s] <= row->prior_ns[s]);
  }
  /* What was measured stays as it was; nothing is guessed but what has no clock. */
  assert_int_equal(row->state_ns[BARO_STATE_CPU], 4000 * MS);
  assert_int_equal(row->state_ns[BARO_STATE_UNKNOWN], 6000 * MS);
  assert_true(guessed_ns <= 6000 * MS);
  return out;
}

static void end(told *out) {
  baro_explanation_release(&out->all);
  baro_profile_destroy(out->profile);
}

static uint64_t prior_ns(const told *out, baro_state state) {
  return out->all.operators[0].prior_ns[state];
}

static const baro_resource_time *resource(const told *out, const char *key,
                                          baro_evidence evidence) {
  for (uint32_t i = 0; i < out->all.resource_count; i++) {
    const baro_resource_time *one = &out->all.resources[i];
    if (strcmp(one->key, key) == 0 && one->evidence == evidence) {
      return one;
    }
  }
  return NULL;
}

static void reading_files_here_is_disk_and_never_network(void **state) {
  (void)state;
  told out = explain(&(written){
      .master = "local[2]", .scope = "Scan parquet ", .amount = "input_bytes", .value = 500 * MB});
  assert_true(prior_ns(&out, BARO_STATE_DISK) > 1000 * MS);
  assert_int_equal(prior_ns(&out, BARO_STATE_NETWORK), 0);
  assert_int_equal(prior_ns(&out, BARO_STATE_CPU), 0); /* it has a clock */
  const baro_resource_time *guess = resource(&out, "prior_disk", BARO_EVIDENCE_PRIOR);
  const baro_resource_time *rest = resource(&out, "unknown", BARO_EVIDENCE_UNKNOWN);
  assert_non_null(guess);
  assert_non_null(rest); /* what the prior says is CPU has no clock either */
  assert_int_equal(guess->task_ns, prior_ns(&out, BARO_STATE_DISK));
  assert_int_equal(guess->task_ns + rest->task_ns, 6000 * MS);
  assert_int_equal(guess->path_ns + rest->path_ns, 6000 * MS);
  assert_null(resource(&out, "disk", BARO_EVIDENCE_MEASURED));
  end(&out);
}

static void input_of_a_cluster_may_come_over_the_network(void **state) {
  (void)state;
  told out = explain(&(written){
      .master = "yarn", .scope = "Scan parquet ", .amount = "input_bytes", .value = 500 * MB});
  assert_true(prior_ns(&out, BARO_STATE_NETWORK) > 0);
  assert_true(prior_ns(&out, BARO_STATE_DISK) > 0);
  end(&out);
}

static void local_clusters_are_clusters(void **state) {
  (void)state;
  told out = explain(&(written){.master = "local-cluster[2,1,1024]",
                                .scope = "Scan parquet ",
                                .amount = "input_bytes",
                                .value = 500 * MB});
  assert_true(prior_ns(&out, BARO_STATE_NETWORK) > 0);
  end(&out);
}

static void without_bytes_nothing_is_guessed(void **state) {
  (void)state;
  told out = explain(&(written){.master = "yarn", .scope = "Scan parquet "});
  assert_null(resource(&out, "prior_disk", BARO_EVIDENCE_PRIOR));
  assert_null(resource(&out, "prior_network", BARO_EVIDENCE_PRIOR));
  end(&out);
}

/* 1 MB at 20 MB/s, and 20 ms for the task to open its file. */
static void few_bytes_explain_little(void **state) {
  (void)state;
  told out = explain(&(written){
      .master = "local[2]", .scope = "Scan parquet ", .amount = "input_bytes", .value = MB});
  assert_int_equal(prior_ns(&out, BARO_STATE_DISK), 70 * MS);
  end(&out);
}

static void python_stages_wait_for_python(void **state) {
  (void)state;
  told out = explain(&(written){.master = "local[2]",
                                .scope = "BatchEvalPython, Scan parquet ",
                                .amount = "input_bytes",
                                .value = 500 * MB});
  assert_int_equal(prior_ns(&out, BARO_STATE_DISK), 0);
  end(&out);
}

static void where_cpu_has_no_clock_it_is_guessed_too(void **state) {
  (void)state;
  told out = explain(
      &(written){.kind = "flink.vertex", .name = "HashJoin[7] -> Calc[8]", .has_no_cpu = true});
  assert_true(prior_ns(&out, BARO_STATE_CPU) > 1000 * MS);
  const baro_resource_time *guess = resource(&out, "prior_cpu", BARO_EVIDENCE_PRIOR);
  assert_non_null(guess); /* beside the row of what samples measured */
  assert_non_null(resource(&out, "cpu", BARO_EVIDENCE_MEASURED));
  end(&out);
}

/* Of few ns rounding is much: parts still add up to the time and to the path, and none of the path is larger than its part. */
static void parts_of_few_ns_add_up(void **state) {
  (void)state;
  for (uint64_t length_ns = 1; length_ns < 40; length_ns++) {
    given made = given_begin();
    uint32_t process = given_process(&made, 1, BARO_NONE_ID);
    uint32_t of = given_operator(&made, "flink.vertex", "HashJoin[7] -> Calc[8]", BARO_NONE_ID);
    for (uint32_t t = 0; t < 3; t++) { /* at once, so that one of them is on the path */
      uint32_t slot = given_thread(&made, process, t + 1, "slot", false);
      const baro_task_record record = {.operator_id = of,
                                       .thread = slot,
                                       .start_ns = 0,
                                       .end_ns = length_ns + t,
                                       .outcome = BARO_TASK_SUCCEEDED};
      given_task(&made, &record);
    }
    told out = {.profile = given_profile(&made)};
    assert_int_equal(baro_explain(out.profile, &out.all), BARO_OK);
    const baro_operator_time *row = &out.all.operators[0];
    baro_time_part parts[BARO_TIME_PARTS_MAX];
    uint32_t count = baro_operator_parts(&out.all, row, parts);
    uint64_t task_ns = 0;
    uint64_t path_ns = 0;
    for (uint32_t i = 0; i < count; i++) {
      assert_true(parts[i].path_ns <= parts[i].task_ns);
      task_ns += parts[i].task_ns;
      path_ns += parts[i].path_ns;
    }
    assert_int_equal(task_ns, row->task_ns);
    assert_int_equal(path_ns, row->path_ns);
    end(&out);
  }
}

static void of_unknown_words_nothing_is_guessed(void **state) {
  (void)state;
  told out = explain(&(written){.kind = "flink.vertex", .name = "xqzv", .has_no_cpu = true});
  assert_null(resource(&out, "prior_cpu", BARO_EVIDENCE_PRIOR));
  end(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reading_files_here_is_disk_and_never_network),
      cmocka_unit_test(input_of_a_cluster_may_come_over_the_network),
      cmocka_unit_test(local_clusters_are_clusters),
      cmocka_unit_test(without_bytes_nothing_is_guessed),
      cmocka_unit_test(few_bytes_explain_little),
      cmocka_unit_test(python_stages_wait_for_python),
      cmocka_unit_test(where_cpu_has_no_clock_it_is_guessed_too),
      cmocka_unit_test(parts_of_few_ns_add_up),
      cmocka_unit_test(of_unknown_words_nothing_is_guessed),
  };
  return cmocka_run_group_tests_name("prior_times", tests, NULL, NULL);
}

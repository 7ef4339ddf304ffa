/* Which operator a text means, and what is said of one, also where the log has no time of any. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "explain/why.h"
#include "support/profile_fixture.h"

typedef struct plan {
  given made;
  uint32_t slot;
  baro_profile *profile;
  baro_explanation all;
} plan;

static plan begin(void) {
  plan p = {.made = given_begin()};
  p.slot = given_thread(&p.made, given_process(&p.made, 1, BARO_NONE_ID), 1, "slot 1", false);
  return p;
}

static uint32_t node(plan *p, const char *name) {
  return given_operator(&p->made, "spark.node", name, BARO_NONE_ID);
}

static void task(plan *p, uint32_t of, uint64_t start_ms, uint64_t end_ms) {
  baro_task_record record = {.operator_id = of,
                             .thread = p->slot,
                             .start_ns = start_ms * MS,
                             .end_ns = end_ms * MS,
                             .outcome = BARO_TASK_SUCCEEDED};
  given_task(&p->made, &record);
}

static void explain(plan *p) {
  p->profile = given_profile(&p->made);
  assert_int_equal(baro_explain(p->profile, &p->all), BARO_OK);
}

static void end(plan *p) {
  baro_explanation_release(&p->all);
  baro_profile_destroy(p->profile);
}

static void test_a_plan_without_any_task_has_opinions_and_no_time(void **state) {
  (void)state;
  plan p = begin();
  uint32_t python = node(&p, "ArrowEvalPython");
  uint32_t exchange = node(&p, "Exchange");
  explain(&p);
  assert_false(p.all.is_dataflow);
  uint32_t ids[2];
  assert_int_equal(baro_why_match(&p.all, "exchange", ids, 2), 1);
  assert_int_equal(ids[0], exchange);
  assert_int_equal(baro_why_match(&p.all, "python", ids, 2), 1);
  assert_int_equal(ids[0], python);
  baro_why why;
  assert_int_equal(baro_why_find(&p.all, exchange, &why), BARO_OK);
  assert_null(why.time);
  assert_true(why.part_count > 0);
  assert_true(why.is_known);
  baro_why_release(&why);
  end(&p);
}

static void test_those_with_the_longest_tasks_come_first(void **state) {
  (void)state;
  plan p = begin();
  uint32_t brief = node(&p, "scan of a");
  node(&p, "scan of nothing");
  uint32_t lasting = node(&p, "scan of b");
  task(&p, brief, 0, 10);
  task(&p, lasting, 10, 100);
  explain(&p);
  uint32_t ids[2];
  assert_int_equal(baro_why_match(&p.all, "scan", ids, 2), 3);
  assert_int_equal(ids[0], lasting);
  assert_int_equal(ids[1], brief);
  baro_why why;
  assert_int_equal(baro_why_find(&p.all, brief, &why), BARO_OK);
  assert_int_equal(why.time->task_ns, 10 * MS);
  baro_why_release(&why);
  end(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_a_plan_without_any_task_has_opinions_and_no_time),
      cmocka_unit_test(test_those_with_the_longest_tasks_come_first),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

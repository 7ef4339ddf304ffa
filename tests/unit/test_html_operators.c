/* Operators on the page: however many there are and however deep, there are no more than a page holds, and none is a part of what is not
 * there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "show/html_dataflow.h"
#include "support/profile_fixture.h"

/* A chain of operators, each a part of the one before; the last one has the only task. */
static baro_profile *chain(uint32_t length) {
  given made = given_begin();
  uint32_t process = given_process(&made, 1, BARO_NONE_ID);
  uint32_t slot = given_thread(&made, process, 1, "slot 1", false);
  uint32_t operator_id = BARO_NONE_ID;
  for (uint32_t o = 0; o < length; o++) {
    operator_id = given_operator(&made, "torch.op", "aten::linear", operator_id);
  }
  const baro_task_record record = {.operator_id = operator_id,
                                   .thread = slot,
                                   .start_ns = 1000 * MS,
                                   .end_ns = 2000 * MS,
                                   .outcome = BARO_TASK_SUCCEEDED};
  given_task(&made, &record);
  return given_profile(&made);
}

static void check_chain(uint32_t length, uint32_t expected) {
  baro_profile *profile = chain(length);
  baro_explanation explanation;
  static baro_html_sections sections;
  sections = (baro_html_sections){0};
  assert_int_equal(baro_explain(profile, &explanation), BARO_OK);
  baro_html_dataflow dataflow = {.of = &explanation};
  assert_int_equal(baro_html_write_operators(&dataflow, &sections, NULL), BARO_OK);
  assert_int_equal(dataflow.operators, expected);
  assert_string_equal(sections.rows[0].name, "operators");
  assert_int_equal(sections.rows[0].columns[0].count, expected);
  baro_html_sections_release(&sections);
  baro_explanation_release(&explanation);
  baro_profile_destroy(profile);
}

static void what_fits_is_all_there(void **state) {
  (void)state;
  check_chain(1, 1);
  check_chain(300, 300);
}

static void deep_trees_have_no_more_than_a_page_holds(void **state) {
  (void)state;
  check_chain(BARO_HTML_OPERATORS + 5000, BARO_HTML_OPERATORS);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_fits_is_all_there),
      cmocka_unit_test(deep_trees_have_no_more_than_a_page_holds),
  };
  return cmocka_run_group_tests_name("html_operators", tests, NULL, NULL);
}

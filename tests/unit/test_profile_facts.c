/* What a profile knows beside times: facts of processes, modules of functions. Wrong here: a number is taken from another
 * process, or a function has no module because the sampler met it first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/profile_fixture.h"

static void give_fact(given *made, uint32_t process, const char *key, const char *value) {
  baro_process_fact_record fact = {
      .process = process, .key = baro_view_of(key), .value = baro_view_of(value)};
  assert_int_equal(made->visitor->process_fact(made->visitor->context, &fact, NULL), BARO_OK);
}

/* A recording has each string once. */
static uint32_t give_function(given *made, uint32_t name_string, const char *module) {
  baro_function_record record = {
      .name_string = name_string,
      .qualified_string = name_string,
      .file_string = name_string,
      .first_line = 7,
      .module_string = module == NULL ? BARO_NONE_ID : given_string(made, baro_view_of(module))};
  assert_int_equal(made->visitor->function(made->visitor->context, made->functions, &record, NULL),
                   BARO_OK);
  return made->functions++;
}

static void facts_are_of_their_process(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t first = given_process(&made, 10, BARO_NONE_ID);
  uint32_t second = given_process(&made, 11, first);
  uint32_t third = given_process(&made, 12, first);
  give_fact(&made, second, "recursion_limit", "1000");
  give_fact(&made, first, "recursion_limit", "3000");
  give_fact(&made, first, "overhead", "");
  give_fact(&made, first, "words", "a few");
  give_fact(&made, second, "recursion_limit", "5000");
  baro_profile *profile = given_profile(&made);
  double number = 0;
  baro_view value;
  assert_true(baro_profile_process_fact_number(profile, first, "recursion_limit", &number));
  assert_true(number == 3000);
  assert_true(baro_profile_process_fact_number(profile, second, "recursion_limit", &number));
  assert_true(number == 5000);
  assert_int_equal(profile->processes[second].fact_count, 1);
  assert_false(baro_profile_process_fact(profile, third, "recursion_limit", &value));
  assert_false(baro_profile_process_fact(profile, second, "words", &value));
  assert_true(baro_profile_process_fact(profile, first, "overhead", &value));
  assert_int_equal(value.length, 0);
  assert_false(baro_profile_process_fact_number(profile, first, "overhead", &number));
  assert_false(baro_profile_process_fact_number(profile, first, "words", &number));
  baro_profile_destroy(profile);
}

/* A forged recording cannot make a profile look through thousands for each. */
static void further_facts_are_left_out(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t process = given_process(&made, 10, BARO_NONE_ID);
  char key[32];
  for (uint32_t i = 0; i < BARO_PROFILE_PROCESS_FACTS_MAX + 50; i++) {
    snprintf(key, sizeof(key), "key%u", i);
    give_fact(&made, process, key, "1");
  }
  give_fact(&made, process, "key0", "2");
  baro_profile *profile = given_profile(&made);
  double number = 0;
  assert_int_equal(profile->processes[process].fact_count, BARO_PROFILE_PROCESS_FACTS_MAX);
  assert_true(baro_profile_process_fact_number(profile, process, "key0", &number));
  assert_true(number == 2);
  snprintf(key, sizeof(key), "key%u", BARO_PROFILE_PROCESS_FACTS_MAX - 1);
  assert_true(baro_profile_process_fact_number(profile, process, key, &number));
  snprintf(key, sizeof(key), "key%u", BARO_PROFILE_PROCESS_FACTS_MAX);
  assert_false(baro_profile_process_fact_number(profile, process, key, &number));
  baro_profile_destroy(profile);
}

static void facts_of_an_unfinished_profile_are_freed(void **state) {
  (void)state;
  given made = given_begin();
  give_fact(&made, given_process(&made, 10, BARO_NONE_ID), "recursion_limit", "1000");
  baro_profile_builder_destroy(made.builder); /* under ASan: no leak */
}

/* The sampler defines a function without its module, the agent the same with it, in either order. */
static void a_function_has_its_module_whoever_saw_it_first(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t thread = given_thread(&made, given_process(&made, 10, BARO_NONE_ID), 10, "main", true);
  uint32_t f = given_string(&made, baro_view_of("f"));
  uint32_t g = given_string(&made, baro_view_of("g"));
  uint32_t h = given_string(&made, baro_view_of("h"));
  uint32_t sampled = give_function(&made, f, NULL);
  uint32_t traced = give_function(&made, f, "app.main");
  uint32_t other = give_function(&made, g, "app");
  give_function(&made, g, NULL);
  uint32_t unknown = give_function(&made, h, NULL);
  const uint32_t used[] = {sampled, traced, other, unknown};
  for (uint32_t i = 0; i < 4; i++) {
    uint32_t stack = given_stack(&made, BARO_NONE_ID, used[i], 8);
    given_sample(&made, thread, stack, BARO_STATE_CPU, (i + 1) * MS, MS);
  }
  baro_profile *profile = given_profile(&made);
  static const char *const modules[] = {"app.main", "app", ""};
  static const char *const names[] = {"f", "g", "h"};
  assert_int_equal(profile->functions.count, 3);
  for (uint32_t r = 0; r < 3; r++) {
    const baro_profile_function *row = &profile->functions.rows[r];
    for (uint32_t i = 0; i < 3; i++) {
      if (baro_view_equal(baro_profile_string(profile, row->name_string), baro_view_of(names[i]))) {
        assert_true(baro_view_equal(baro_profile_string(profile, row->module_string),
                                    baro_view_of(modules[i])));
      }
    }
  }
  baro_profile_destroy(profile);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(facts_are_of_their_process),
      cmocka_unit_test(further_facts_are_left_out),
      cmocka_unit_test(facts_of_an_unfinished_profile_are_freed),
      cmocka_unit_test(a_function_has_its_module_whoever_saw_it_first),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

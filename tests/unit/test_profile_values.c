/* Arguments and results in profiles: they stand with the calls they were recorded of, wherever these end up. If this failed,
 * a report would show the values of another call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "show/call_rows.h"
#include "support/call_events.h"
#include "support/profile_fixture.h"

static baro_call_event enter(uint64_t time_ns, uint32_t function) {
  return (baro_call_event){.time_ns = time_ns, .kind = BARO_CALL_ENTER, .function = function};
}

static baro_call_event returns(uint64_t time_ns) {
  return (baro_call_event){.time_ns = time_ns, .kind = BARO_CALL_RETURN};
}

static baro_call_event lost(uint64_t time_ns) {
  return (baro_call_event){.time_ns = time_ns, .kind = BARO_CALL_LOST, .lost = 1};
}

static baro_call_event value(uint64_t time_ns, baro_call_value which, const char *text) {
  return (baro_call_event){
      .time_ns = time_ns,
      .kind = BARO_CALL_VALUE,
      .which = (uint16_t)which,
      .value_bytes = (uint16_t)strlen(text),
      .value = (const uint8_t *)text,
  };
}

/* text: NULL: it was not recorded. */
static void expect(const baro_profile *profile, uint32_t call, baro_call_value which,
                   const char *text) {
  baro_view found;
  bool known = baro_call_value_text(profile, call, which, &found);
  assert_int_equal(known, text != NULL);
  if (known) {
    assert_int_equal(found.length, strlen(text));
    assert_memory_equal(found.data, text, found.length);
  }
}

static void test_values_stay_with_their_calls(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t f = given_function(&made, "f", "f.py", 1, 0);
  uint32_t process = given_process(&made, 10, BARO_NONE_ID);
  uint32_t first = given_thread(&made, process, 10, "first", true);
  uint32_t second = given_thread(&made, process, 11, "second", false);
  /* Rows move: those of a thread stand together. */
  GIVE(&made, first, enter(1, f), value(1, BARO_CALL_VALUE_ARGUMENTS, "a=1"));
  GIVE(&made, second, enter(2, f), value(2, BARO_CALL_VALUE_ARGUMENTS, "a=2"),
       value(2, BARO_CALL_VALUE_KEYWORD_ARGUMENTS, "k=1"));
  GIVE(&made, first, enter(3, f), value(3, BARO_CALL_VALUE_ARGUMENTS, "a=1"),
       value(4, BARO_CALL_VALUE_RETURN, ""), returns(4), value(5, BARO_CALL_VALUE_RETURN, "outer"),
       returns(5), enter(6, f), returns(7));
  GIVE(&made, second, value(8, BARO_CALL_VALUE_RETURN, "None"), returns(8));
  baro_profile *profile = given_profile(&made);
  assert_int_equal(profile->calls.count, 4);
  expect(profile, 0, BARO_CALL_VALUE_ARGUMENTS, "a=1");
  expect(profile, 0, BARO_CALL_VALUE_KEYWORD_ARGUMENTS, NULL);
  expect(profile, 0, BARO_CALL_VALUE_RETURN, "outer");
  expect(profile, 1, BARO_CALL_VALUE_ARGUMENTS, "a=1");
  expect(profile, 1, BARO_CALL_VALUE_RETURN, "");
  expect(profile, 2, BARO_CALL_VALUE_ARGUMENTS, NULL);
  expect(profile, 2, BARO_CALL_VALUE_RETURN, NULL);
  expect(profile, 3, BARO_CALL_VALUE_ARGUMENTS, "a=2");
  expect(profile, 3, BARO_CALL_VALUE_KEYWORD_ARGUMENTS, "k=1");
  expect(profile, 3, BARO_CALL_VALUE_RETURN, "None");
  assert_int_equal(profile->calls.value_texts.count, 6); /* "a=1" once */
  baro_profile_destroy(profile);
}

static void test_odd_values(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t f = given_function(&made, "f", "f.py", 1, 0);
  uint32_t process = given_process(&made, 10, BARO_NONE_ID);
  uint32_t thread = given_thread(&made, process, 10, "main", true);
  /* Of no call, said twice, of no known kind. */
  GIVE(&made, thread, value(1, BARO_CALL_VALUE_RETURN, "nobody's"), enter(2, f), lost(3),
       value(3, BARO_CALL_VALUE_RETURN, "nobody's"), enter(4, f),
       value(4, BARO_CALL_VALUE_ARGUMENTS, "a=1"), value(4, BARO_CALL_VALUE_ARGUMENTS, "a=2"),
       value(4, 0, "x"), value(4, 4, "x"), returns(5));
  baro_profile *profile = given_profile(&made);
  assert_int_equal(profile->calls.count, 2);
  expect(profile, 0, BARO_CALL_VALUE_RETURN, NULL);
  expect(profile, 1, BARO_CALL_VALUE_ARGUMENTS, "a=1");
  expect(profile, 1, BARO_CALL_VALUE_RETURN, NULL);
  assert_int_equal(profile->calls.values[0].count, 1);
  baro_profile_destroy(profile);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values_stay_with_their_calls),
      cmocka_unit_test(test_odd_values),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

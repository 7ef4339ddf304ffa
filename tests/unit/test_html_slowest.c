/* Which calls a page lists: wrong here means that what nobody waited for stands first, or that the call somebody looks for is not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "show/call_rows.h"
#include "show/html_slowest.h"

enum { CALLS = 9000, EACH = 3 };

/* Every third call can be suspended: it ran for `active`, and was there for `duration`. */
typedef struct made_calls {
  baro_profile_calls calls;
  uint64_t duration_ns[CALLS];
  uint64_t active_ns[CALLS];
  uint32_t suspendable_call[CALLS / EACH + 1];
  uint64_t suspendable_active_ns[CALLS / EACH + 1];
} made_calls;

static uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525 + 1013904223;
  return *state >> 8;
}

static made_calls *make_calls(uint32_t count) {
  made_calls *made = calloc(1, sizeof(*made));
  uint32_t random = 7;
  assert_non_null(made);
  made->calls.count = count;
  made->calls.duration_ns = made->duration_ns;
  made->calls.suspendable_call = made->suspendable_call;
  made->calls.suspendable_active_ns = made->suspendable_active_ns;
  for (uint32_t c = 0; c < count; c++) {
    made->active_ns[c] = next_random(&random) % 5000; /* many are alike */
    made->duration_ns[c] = made->active_ns[c];
    if (c % EACH == 0) {
      uint32_t row = made->calls.suspendable_count++;
      made->duration_ns[c] += next_random(&random);
      made->suspendable_call[row] = c;
      made->suspendable_active_ns[row] = made->active_ns[c];
    }
  }
  return made;
}

/* How many calls stand before this one by a time. */
static uint32_t rank(const uint64_t *ns, uint32_t count, uint32_t call, uint32_t step) {
  uint32_t before = 0;
  for (uint32_t c = 0; c < count; c += step) {
    before += ns[c] > ns[call] || (ns[c] == ns[call] && c < call);
  }
  return before;
}

static void expect_order(const made_calls *made, const uint32_t *calls, uint32_t count) {
  for (uint32_t i = 1; i < count; i++) {
    uint64_t above = made->active_ns[calls[i - 1]], below = made->active_ns[calls[i]];
    assert_true(above > below || (above == below && calls[i - 1] < calls[i]));
  }
}

static void what_ran_longest_stands_first(void **state) {
  (void)state;
  uint32_t listed[BARO_HTML_SLOWEST_CALLS], count = 0, of_duration = 0;
  made_calls *made = make_calls(CALLS);
  assert_true(baro_html_slowest(&made->calls, listed, &count));
  assert_int_equal(count, BARO_HTML_SLOWEST_CALLS);
  expect_order(made, listed, count);
  for (uint32_t i = 0; i < count; i++) {
    uint32_t ran = rank(made->active_ns, CALLS, listed[i], 1);
    bool was_there = listed[i] % EACH == 0 &&
                     rank(made->duration_ns, CALLS, listed[i], EACH) < BARO_HTML_SLOWEST_CALLS / 4;
    of_duration += was_there;
    assert_true(was_there || ran < BARO_HTML_SLOWEST_CALLS);
  }
  assert_int_equal(of_duration, BARO_HTML_SLOWEST_CALLS / 4);
  free(made);
}

static void without_suspensions_it_is_the_longest(void **state) {
  (void)state;
  uint32_t listed[BARO_HTML_SLOWEST_CALLS], count = 0;
  made_calls *made = make_calls(CALLS);
  made->calls.suspendable_count = 0;
  made->calls.duration_ns = made->active_ns;
  assert_true(baro_html_slowest(&made->calls, listed, &count));
  assert_int_equal(count, BARO_HTML_SLOWEST_CALLS);
  expect_order(made, listed, count);
  for (uint32_t i = 0; i < count; i += 97) {
    assert_int_equal(rank(made->active_ns, CALLS, listed[i], 1), i);
  }
  free(made);
}

static void few_calls_are_all_listed_once(void **state) {
  (void)state;
  static const uint32_t counts[] = {0, 1, 2, 4, 700, BARO_HTML_SLOWEST_CALLS};
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    uint32_t listed[BARO_HTML_SLOWEST_CALLS], count = 1;
    made_calls *made = make_calls(counts[i]);
    assert_true(baro_html_slowest(&made->calls, listed, &count));
    assert_int_equal(count, counts[i]);
    expect_order(made, listed, count); /* which is strict: none stands there twice */
    free(made);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_ran_longest_stands_first),
      cmocka_unit_test(without_suspensions_it_is_the_longest),
      cmocka_unit_test(few_calls_are_all_listed_once),
  };
  return cmocka_run_group_tests_name("html_slowest", tests, NULL, NULL);
}

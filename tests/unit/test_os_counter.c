/* The counter's time: wrong here means calls that last longer or shorter than they did, or end before they begin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/os_counter.h"

static const uint64_t MS = 1000000;

static void pairs_become_lines(void **state) {
  (void)state;
  baro_counter_pairs pairs = {0};
  uint32_t span = 0;
  baro_counter_pairs_add(&pairs, 1000, 50 * MS);
  assert_int_equal(baro_counter_pairs_ns(&pairs, 5000, &span), 50 * MS); /* nothing is known yet */
  baro_counter_pairs_add(&pairs, 1000 + 3 * MS, 51 * MS);                /* 3 GHz */
  assert_int_equal(baro_counter_pairs_ns(&pairs, 1000, &span), 50 * MS);
  uint64_t middle_ns = baro_counter_pairs_ns(&pairs, 1000 + 3 * MS / 2, &span);
  assert_in_range(middle_ns, 50 * MS + MS / 2 - 1, 50 * MS + MS / 2);
  assert_int_equal(baro_counter_pairs_ns(&pairs, 3, &span), 50 * MS); /* before the first */
  /* After the last, at the same rate, but not for ever. */
  assert_in_range(baro_counter_pairs_ns(&pairs, 1000 + 6 * MS, &span), 52 * MS - 1, 52 * MS);
  assert_int_equal(baro_counter_pairs_ns(&pairs, UINT64_MAX, &span), 1051 * MS);
}

static void pairs_that_say_nothing_are_left_out(void **state) {
  (void)state;
  baro_counter_pairs pairs = {0};
  baro_counter_pairs_add(&pairs, 1000, 50 * MS);
  baro_counter_pairs_add(&pairs, 1001, 50 * MS + 10); /* too near */
  baro_counter_pairs_add(&pairs, 900, 60 * MS);       /* the counter went back */
  baro_counter_pairs_add(&pairs, 2000, 40 * MS);      /* the clock did */
  assert_int_equal(pairs.count, 0);
}

/* A clock that is slewed: the rate changes from span to span, and no time goes back; of long ago the average is kept. */
static void many_pairs_keep_their_order(void **state) {
  (void)state;
  baro_counter_pairs pairs = {0};
  uint64_t counter = 1;
  uint64_t ns = 1000 * MS;
  for (int i = 0; i < 1000; i++) {
    baro_counter_pairs_add(&pairs, counter, ns);
    counter += 3 * MS;
    ns += MS + (uint64_t)(i % 3) * 100;
  }
  assert_int_equal(pairs.count, BARO_COUNTER_SPANS);
  uint64_t last_ns = 0;
  uint32_t span = 0;
  for (uint64_t at = 1; at < counter - 3 * MS; at += MS / 2) {
    uint64_t at_ns = baro_counter_pairs_ns(&pairs, at, &span);
    assert_true(at_ns >= last_ns);
    uint64_t true_ns = 1000 * MS + (at - 1) / 3 + (at - 1) / (3 * MS) * 100;
    assert_true(at_ns + 1000 > true_ns && at_ns < true_ns + 1000);
    last_ns = at_ns;
  }
  /* Any order of asking gives the same. */
  assert_int_equal(baro_counter_pairs_ns(&pairs, 1, &span), 1000 * MS);
}

static void the_counter_and_the_clock_are_one_moment(void **state) {
  (void)state;
  uint64_t first;
  uint64_t second;
  uint64_t first_ns;
  uint64_t second_ns;
  if (!baro_counter_read(&first, &first_ns)) {
    print_message("skipped: this CPU has no counter\n");
    skip();
  }
  uint64_t before_ns = baro_clock_now_ns();
  assert_true(baro_counter_read(&second, &second_ns));
  assert_true(second > first);
  assert_true(second_ns >= before_ns && second_ns <= baro_clock_now_ns());
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pairs_become_lines),
      cmocka_unit_test(pairs_that_say_nothing_are_left_out),
      cmocka_unit_test(many_pairs_keep_their_order),
      cmocka_unit_test(the_counter_and_the_clock_are_one_moment),
  };
  return cmocka_run_group_tests_name("os_counter", tests, NULL, NULL);
}

/* Numbers as people read them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "show/units.h"

static void counts_have_separators(void **state) {
  (void)state;
  assert_string_equal(baro_text_count(0).text, "0");
  assert_string_equal(baro_text_count(999).text, "999");
  assert_string_equal(baro_text_count(1000).text, "1,000");
  assert_string_equal(baro_text_count(12345678).text, "12,345,678");
  assert_string_equal(baro_text_count(UINT64_MAX).text, "18,446,744,073,709,551,615");
}

/* A value just below a bound must not be printed as "1000 ms" or "60 s" of the next unit. */
static void durations_change_unit_where_they_round(void **state) {
  (void)state;
  assert_string_equal(baro_text_duration(0).text, "0 s");
  assert_string_equal(baro_text_duration(999).text, "999 ns");
  assert_string_equal(baro_text_duration(1500).text, "1.50 us");
  assert_string_equal(baro_text_duration(999400000).text, "999 ms");
  assert_string_equal(baro_text_duration(999600000).text, "1.00 s");
  assert_string_equal(baro_text_duration(9994000000).text, "9.99 s");
  assert_string_equal(baro_text_duration(9996000000).text, "10.0 s");
  assert_string_equal(baro_text_duration(99960000000).text, "100 s");
  assert_string_equal(baro_text_duration(119600000000).text, "2 min 00 s");
  assert_string_equal(baro_text_duration(187000000000).text, "3 min 07 s");
  assert_string_equal(baro_text_duration(7500000000000).text, "2 h 05 min");
  assert_string_equal(baro_text_duration(UINT64_MAX).text, "5124095 h 35 min");
}

static void bytes_are_decimal(void **state) {
  (void)state;
  assert_string_equal(baro_text_bytes(999).text, "999 B");
  assert_string_equal(baro_text_bytes(41230).text, "41.2 kB");
  assert_string_equal(baro_text_bytes(999600).text, "1.00 MB");
  assert_string_equal(baro_text_bytes(UINT64_MAX).text, "18.4 EB");
}

static void percentages_do_not_hide_small_shares(void **state) {
  (void)state;
  assert_string_equal(baro_text_percent(0).text, "0.0 %");
  assert_string_equal(baro_text_percent(0.0004).text, "<0.1 %");
  assert_string_equal(baro_text_percent(0.6123).text, "61.2 %");
  assert_string_equal(baro_text_percent(-1).text, "-");
  assert_string_equal(baro_text_percent_whole(0.004).text, "<1 %");
  assert_string_equal(baro_text_percent_whole(0.615).text, "62 %");
}

static void rates_of_any_size(void **state) {
  (void)state;
  assert_string_equal(baro_text_rate(998.2).text, "998");
  assert_string_equal(baro_text_rate(12500).text, "12,500");
  assert_string_equal(baro_text_rate(0.5).text, "0.5");
  assert_string_equal(baro_text_rate(1.0 / 0.0).text, "-");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_have_separators),
      cmocka_unit_test(durations_change_unit_where_they_round),
      cmocka_unit_test(bytes_are_decimal),
      cmocka_unit_test(percentages_do_not_hide_small_shares),
      cmocka_unit_test(rates_of_any_size),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Samples of a thread while they are read: all come out again, in order, whatever runs they lay in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "profile/raw_samples.h"

/* More than two runs of the largest size, and one that is not full. */
enum { SAMPLES = 200000, BEFORE = 3 };

static baro_raw_sample sample_of(uint32_t i) {
  return (baro_raw_sample){.time_ns = 10 + i,
                           .weight_ns = UINT64_MAX - i,
                           .cpu_ns = (float)(i % 1000),
                           .runnable_ns = (float)(i % 7),
                           .stack = i * 3,
                           .ticks = i + 1,
                           .state = (uint8_t)(i % 12)};
}

static void test_all_come_out_in_order(void **state) {
  (void)state;
  baro_raw_samples raw = {0};
  for (uint32_t i = 0; i < SAMPLES; i++) {
    baro_raw_sample sample = sample_of(i);
    assert_true(baro_raw_samples_add(&raw, &sample));
  }
  size_t room = SAMPLES + BEFORE;
  baro_profile_samples samples = {.time_ns = calloc(room, sizeof(uint64_t)),
                                  .weight_ns = calloc(room, sizeof(uint64_t)),
                                  .ticks = calloc(room, sizeof(uint32_t)),
                                  .node = calloc(room, sizeof(uint32_t)),
                                  .state = calloc(room, 1)};
  baro_sample_columns columns = {.samples = &samples,
                                 .cpu_ns = calloc(room, sizeof(float)),
                                 .runnable_ns = calloc(room, sizeof(float))};
  baro_raw_samples_move(&raw, &columns, BEFORE);
  assert_null(raw.first);
  assert_int_equal(samples.time_ns[BEFORE - 1], 0);
  for (uint32_t i = 0; i < SAMPLES; i++) {
    baro_raw_sample expected = sample_of(i);
    size_t at = i + BEFORE;
    if (samples.time_ns[at] != expected.time_ns || samples.weight_ns[at] != expected.weight_ns ||
        columns.cpu_ns[at] != expected.cpu_ns || columns.runnable_ns[at] != expected.runnable_ns ||
        samples.node[at] != expected.stack || samples.ticks[at] != expected.ticks ||
        samples.state[at] != expected.state) {
      fail_msg("sample %u is another one", i);
    }
  }
  free(samples.time_ns);
  free(samples.weight_ns);
  free(samples.ticks);
  free(samples.node);
  free(samples.state);
  free(columns.cpu_ns);
  free(columns.runnable_ns);
}

static void test_what_was_not_moved_is_freed(void **state) {
  (void)state;
  baro_raw_samples raw = {0};
  baro_raw_samples_release(&raw);
  for (uint32_t i = 0; i < SAMPLES; i++) {
    baro_raw_sample sample = sample_of(i);
    assert_true(baro_raw_samples_add(&raw, &sample));
  }
  baro_raw_samples_release(&raw);
  assert_null(raw.first);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_all_come_out_in_order),
      cmocka_unit_test(test_what_was_not_moved_is_freed),
  };
  return cmocka_run_group_tests_name("raw_samples", tests, NULL, NULL);
}

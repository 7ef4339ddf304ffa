/* The range code of numbers: wrong here means recordings that cannot be read back, that are larger than
 * they need be, or a reader that is led outside its bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recording/number_coder.h"
#include "support/recording_fixture.h"

enum { MODELS = 3 };

/* Writes count numbers under changing models; returns the bytes, which the caller frees. */
static baro_view write_numbers(const uint64_t *numbers, size_t count) {
  baro_number_model models[MODELS] = {0};
  uint8_t *bytes = malloc(count * BARO_NUMBER_MAX_BYTES + BARO_NUMBER_END_BYTES);
  assert_non_null(bytes);
  baro_number_writer writer;
  baro_number_writer_init(&writer, bytes);
  for (size_t i = 0; i < count; i++) {
    baro_number_put(&writer, &models[i % MODELS], numbers[i]);
  }
  return (baro_view){bytes, (size_t)(baro_number_writer_end(&writer) - bytes)};
}

/* The first number that comes back wrong, or count. */
static size_t read_numbers(baro_view bytes, const uint64_t *numbers, size_t count,
                           bool *ret_is_done) {
  baro_number_model models[MODELS] = {0};
  baro_number_reader reader;
  baro_number_reader_init(&reader, bytes);
  size_t i = 0;
  while (i < count && baro_number_get(&reader, &models[i % MODELS]) == numbers[i]) {
    i++;
  }
  *ret_is_done = baro_number_reader_is_done(&reader);
  return i;
}

static void expect_round_trip(const uint64_t *numbers, size_t count) {
  baro_view bytes = write_numbers(numbers, count);
  bool is_done = false;
  assert_int_equal(read_numbers(bytes, numbers, count, &is_done), count);
  assert_true(is_done);
  free((void *)(uintptr_t)bytes.data);
}

static void numbers_of_every_length_come_back(void **state) {
  (void)state;
  uint64_t numbers[64 * 3 + 1] = {0};
  size_t count = 1;
  for (unsigned i = 0; i < 64; i++) {
    uint64_t power = UINT64_C(1) << i;
    numbers[count++] = power;
    numbers[count++] = power - 1;
    numbers[count++] = power | (power - 1);
  }
  expect_round_trip(numbers, count);
  expect_round_trip(numbers, 0);
}

/* Lengths and skews of all kinds; a million bits have carries through several bytes among them. */
static void random_numbers_come_back(void **state) {
  (void)state;
  enum { COUNT = 20000 };
  uint64_t *numbers = calloc(COUNT, sizeof(*numbers));
  assert_non_null(numbers);
  fixture_random random = {.state = 11};
  for (int round = 0; round < 40; round++) {
    uint64_t zeros = fixture_below(&random, 100);
    for (size_t i = 0; i < COUNT; i++) {
      bool is_zero = fixture_below(&random, 100) < zeros;
      numbers[i] = is_zero ? 0 : fixture_next(&random) >> fixture_below(&random, 64);
    }
    expect_round_trip(numbers, 1 + fixture_below(&random, COUNT));
  }
  free(numbers);
}

static void what_is_usual_costs_next_to_nothing(void **state) {
  (void)state;
  enum { COUNT = 10000 };
  static uint64_t numbers[COUNT];
  baro_view bytes = write_numbers(numbers, COUNT);
  /* At best a 0 costs 1/1400 of a bit. */
  assert_true(bytes.length < 20);
  free((void *)(uintptr_t)bytes.data);
  /* 0 to 3 evenly: 2 bits, and no more than a twentieth for learning that. */
  fixture_random random = {.state = 5};
  for (size_t i = 0; i < COUNT; i++) {
    numbers[i] = fixture_below(&random, 4);
  }
  bytes = write_numbers(numbers, COUNT);
  assert_true(bytes.length < COUNT * 2 / 8 * 21 / 20);
  free((void *)(uintptr_t)bytes.data);
}

/* What the caller reserves must do for numbers that nothing made likely. */
static void the_unlikeliest_number_fits(void **state) {
  (void)state;
  static const uint64_t others[] = {0, 1, UINT64_C(1) << 40};
  for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
    baro_number_model model = {0};
    uint8_t bytes[4096];
    baro_number_writer writer;
    baro_number_writer_init(&writer, bytes);
    for (int j = 0; j < 1000; j++) {
      baro_number_model before = model;
      uint8_t *start = writer.at;
      baro_number_put(&writer, &model, others[i]);
      assert_true(writer.at - start <= BARO_NUMBER_MAX_BYTES);
      baro_number_writer now = writer;
      start = now.at;
      baro_number_put(&now, &before, UINT64_MAX);
      assert_true(now.at - start <= BARO_NUMBER_MAX_BYTES);
      if (writer.at - bytes > (ptrdiff_t)sizeof(bytes) / 2) {
        break;
      }
    }
  }
}

static void bytes_that_are_missing_or_too_many_are_told(void **state) {
  (void)state;
  uint64_t numbers[50];
  fixture_random random = {.state = 3};
  for (size_t i = 0; i < 50; i++) {
    numbers[i] = fixture_next(&random) >> fixture_below(&random, 64);
  }
  baro_view whole = write_numbers(numbers, 50);
  uint8_t *bytes = malloc(whole.length + 1);
  assert_non_null(bytes);
  memcpy(bytes, whole.data, whole.length);
  bytes[whole.length] = 0;
  for (size_t length = 0; length <= whole.length + 1; length++) {
    bool is_done = false;
    read_numbers((baro_view){bytes, length}, numbers, 50, &is_done);
    assert_int_equal(is_done, length == whole.length);
  }
  free(bytes);
  free((void *)(uintptr_t)whole.data);
}

/* Any bytes: an end is reached, and only a writer's bytes end well. */
static void hostile_bytes_are_survived(void **state) {
  (void)state;
  fixture_random random = {.state = 17};
  for (int round = 0; round < 2000; round++) {
    uint8_t bytes[40];
    for (size_t i = 0; i < sizeof(bytes); i++) {
      bytes[i] = round < 4 ? (uint8_t)(round * 85) : (uint8_t)fixture_next(&random);
    }
    baro_number_model model = {0};
    baro_number_reader reader;
    baro_number_reader_init(&reader, (baro_view){bytes, fixture_below(&random, sizeof(bytes))});
    for (int i = 0; i < 2000000 && !reader.bytes.failed; i++) {
      (void)baro_number_get(&reader, &model);
    }
    assert_true(reader.bytes.failed);
    assert_false(baro_number_reader_is_done(&reader));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(numbers_of_every_length_come_back),
      cmocka_unit_test(random_numbers_come_back),
      cmocka_unit_test(what_is_usual_costs_next_to_nothing),
      cmocka_unit_test(the_unlikeliest_number_fits),
      cmocka_unit_test(bytes_that_are_missing_or_too_many_are_told),
      cmocka_unit_test(hostile_bytes_are_survived),
  };
  return cmocka_run_group_tests_name("number_coder", tests, NULL, NULL);
}

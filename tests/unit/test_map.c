/* Hash maps: wrong here means two definitions with one id, or one with two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/map.h"

static void an_empty_map_has_nothing(void **state) {
  (void)state;
  baro_map map = {0};
  size_t position = 0;
  baro_map_entry entry;
  assert_null(baro_map_find(&map, 0));
  assert_false(baro_map_remove(&map, 0));
  assert_false(baro_map_next(&map, &position, &entry));
  baro_map_clear(&map);
  baro_map_release(&map);
}

/* Against a plain array as the model: keys 0 .. KEYS-1, spread so that runs meet and wrap. */
static void random_use_agrees_with_an_array(void **state) {
  (void)state;
  enum { KEYS = 3000, STEPS = 200000 };
  static uint64_t model[KEYS]; /* 0 = absent */
  baro_map map = {0};
  uint64_t random = 88172645463325252u;
  size_t count = 0;
  for (uint64_t step = 1; step <= STEPS; step++) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    size_t index = (size_t)((random >> 20) % KEYS);
    uint64_t key = index % 2 == 0 ? index : (uint64_t)index << 40;
    if (random % 3 == 0) {
      assert_int_equal(baro_map_remove(&map, key), model[index] != 0);
      count -= model[index] != 0;
      model[index] = 0;
    } else {
      assert_int_equal(baro_map_set(&map, key, step), BARO_OK);
      count += model[index] == 0;
      model[index] = step;
    }
    assert_int_equal(map.count, count);
    const uint64_t *value = baro_map_find(&map, key);
    assert_int_equal(value == NULL ? 0 : *value, model[index]);
  }
  for (size_t i = 0; i < KEYS; i++) {
    const uint64_t *value = baro_map_find(&map, i % 2 == 0 ? i : (uint64_t)i << 40);
    assert_int_equal(value == NULL ? 0 : *value, model[i]);
  }
  size_t seen = 0;
  size_t position = 0;
  baro_map_entry entry;
  while (baro_map_next(&map, &position, &entry)) {
    seen++;
  }
  assert_int_equal(seen, count);
  assert_true(map.count * 10 <= map.capacity * 7 + 10);
  baro_map_clear(&map);
  assert_null(baro_map_find(&map, 2));
  assert_int_equal(baro_map_set(&map, 2, 5), BARO_OK);
  assert_int_equal(*baro_map_find(&map, 2), 5);
  baro_map_release(&map);
}

static void interned_bytes_get_dense_ids(void **state) {
  (void)state;
  enum { NAMES = 20000 };
  baro_intern intern = {0};
  uint32_t id = 7;
  assert_false(baro_intern_find(&intern, baro_view_of("x"), &id));
  assert_int_equal(id, 7);
  for (int round = 0; round < 2; round++) {
    for (uint32_t i = 0; i < NAMES; i++) {
      char name[32];
      int length = snprintf(name, sizeof(name), "name %u", i);
      bool is_new = round != 0;
      baro_view text = {(const uint8_t *)name, (size_t)length};
      assert_int_equal(baro_intern_put(&intern, text, &id, &is_new), BARO_OK);
      assert_int_equal(id, i);
      assert_int_equal(is_new, round == 0);
      assert_true(baro_view_equal(intern.views[id], text));
    }
  }
  assert_int_equal(intern.count, NAMES);
  baro_intern_release(&intern);
}

static void only_equal_bytes_are_equal(void **state) {
  (void)state;
  /* Same words, other ends: the tail of a text is padded for hashing, and must not be for equality. */
  static const baro_view texts[] = {
      {(const uint8_t *)"", 0},           {(const uint8_t *)"\0", 1},
      {(const uint8_t *)"\0\0", 2},       {(const uint8_t *)"12345678", 8},
      {(const uint8_t *)"12345678\0", 9}, {(const uint8_t *)"1234567", 7},
      {(const uint8_t *)"1234567\0", 8},
  };
  baro_intern intern = {0};
  for (uint32_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    uint32_t id;
    assert_int_equal(baro_intern_put(&intern, texts[i], &id, NULL), BARO_OK);
    assert_int_equal(id, i);
  }
  uint32_t id;
  assert_true(baro_intern_find(&intern, texts[4], &id));
  assert_int_equal(id, 4);
  baro_intern_release(&intern);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_empty_map_has_nothing),
      cmocka_unit_test(random_use_agrees_with_an_array),
      cmocka_unit_test(interned_bytes_get_dense_ids),
      cmocka_unit_test(only_equal_bytes_are_equal),
  };
  return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}

/* Arrays that grow: wrong here means items that are lost, or room that is told and not there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/grow.h"

typedef struct item {
  uint64_t value;
  char rest[5];
} item;

static void items_stay_and_room_doubles(void **state) {
  (void)state;
  enum { ITEMS = 3000 };
  item *items = NULL;
  uint32_t capacity = 0;
  uint32_t moves = 0;
  for (uint32_t i = 0; i < ITEMS; i++) {
    uint32_t before = capacity;
    assert_int_equal(baro_grow(&items, &capacity, i, sizeof(*items)), BARO_OK);
    assert_true(capacity > i);
    moves += capacity != before;
    items[i] = (item){.value = i};
  }
  assert_in_range(moves, 2, 20);
  for (uint32_t i = 0; i < ITEMS; i++) {
    assert_int_equal(items[i].value, i);
  }
  free(items);
}

static void what_cannot_grow_stays_as_it_was(void **state) {
  (void)state;
  uint8_t *bytes = NULL;
  uint32_t capacity = UINT32_MAX / 2 + 1; /* as many as there can be */
  assert_int_equal(baro_grow(&bytes, &capacity, capacity, 1), BARO_NO_MEMORY);
  assert_null(bytes);
  assert_int_equal(capacity, UINT32_MAX / 2 + 1);
  capacity = 0;
  assert_int_equal(baro_grow(&bytes, &capacity, 0, SIZE_MAX / 2), BARO_NO_MEMORY); /* would wrap */
  assert_null(bytes);
  assert_int_equal(capacity, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(items_stay_and_room_doubles),
      cmocka_unit_test(what_cannot_grow_stays_as_it_was),
  };
  return cmocka_run_group_tests_name("grow", tests, NULL, NULL);
}

/* Numbers of code objects by address: wrong here means calls under the name of another function, or a program that hangs in
 * a table without a free entry. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "capture/agent/identities.h"
#include "support/fake_python.h"

/* Objects are addresses; nobody looks inside. */
static void *object_at(size_t number) {
  return (void *)(uintptr_t)(0x7f0000000000 + number * 16);
}

static void *collision(size_t n) {
  /* The nth address whose home is the same as that of the first, in a table of any size here. */
  size_t home = baro_identities_hash((uintptr_t)object_at(0)) & 0x3fff;
  for (size_t number = 0;; number++) {
    if ((baro_identities_hash((uintptr_t)object_at(number)) & 0x3fff) == home && n-- == 0) {
      return object_at(number);
    }
  }
}

static int end(void **state) {
  (void)state;
  baro_identities_clear();
  return fake_python_living == 0 ? 0 : -1; /* nothing is kept, nothing given back twice */
}

static void add(void *object, uint32_t id) {
  const baro_identity *entry = baro_identities_add(&baro_codes, object, id, 0);
  assert_non_null(entry);
  assert_int_equal(entry->id, id);
}

static void expect_id(void *object, uint32_t id) {
  const baro_identity *entry = baro_identities_find(&baro_codes, object);
  assert_non_null(entry);
  assert_true(entry->address == (uintptr_t)object);
  assert_int_equal(entry->id, id);
}

static void an_empty_table_knows_nothing(void **state) {
  (void)state;
  assert_null(baro_identities_find(&baro_codes, object_at(1)));
  baro_identities_remove(&baro_codes, object_at(1));
  fake_python_die(object_at(1));
}

static void gaps_are_closed_among_collisions(void **state) {
  (void)state;
  enum { COUNT = 6 };
  void *objects[COUNT];
  for (size_t i = 0; i < COUNT; i++) {
    objects[i] = collision(i);
  }
  for (size_t gone = 0; gone < COUNT; gone++) {
    for (uint32_t i = 0; i < COUNT; i++) {
      add(objects[i], i);
    }
    fake_python_die(objects[gone]);
    assert_null(baro_identities_find(&baro_codes, objects[gone]));
    for (uint32_t i = 0; i < COUNT; i++) {
      if (i != gone) {
        expect_id(objects[i], i);
      }
    }
    for (size_t i = 0; i < COUNT; i++) {
      fake_python_die(objects[i]);
    }
    assert_int_equal(baro_codes.count, 0);
  }
}

static void an_address_that_is_used_again_is_another_object(void **state) {
  (void)state;
  add(object_at(1), 1);
  fake_python_die(object_at(1));
  assert_null(baro_identities_find(&baro_codes, object_at(1)));
  add(object_at(1), 2);
  expect_id(object_at(1), 2);
}

/* Against a plain list of what is there. */
static void many_changes(void **state) {
  (void)state;
  enum { OBJECTS = 3000 };
  static uint32_t ids[OBJECTS]; /* 0: not there */
  uint64_t random = 88172645463325252u;
  size_t there = 0;
  for (uint32_t i = 1; i <= 60000; i++) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    size_t which = random % OBJECTS;
    if (ids[which] == 0) {
      add(object_at(which), i);
      ids[which] = i;
      there++;
    } else if (random >> 62 == 0) {
      fake_python_die(object_at(which));
      ids[which] = 0;
      there--;
    } else {
      expect_id(object_at(which), ids[which]);
    }
    assert_int_equal(baro_codes.count, there);
  }
  for (size_t i = 0; i < OBJECTS; i++) {
    if (ids[i] != 0) {
      expect_id(object_at(i), ids[i]);
    } else {
      assert_null(baro_identities_find(&baro_codes, object_at(i)));
    }
  }
}

static void be_faster(void) {
  add(object_at(5), 50);
}

static void another_thread_may_be_faster(void **state) {
  (void)state;
  fake_python_meanwhile = be_faster;
  const baro_identity *entry = baro_identities_add(&baro_codes, object_at(5), 51, 0);
  assert_non_null(entry);
  assert_int_equal(entry->id, 50);
  assert_int_equal(baro_codes.count, 1);
}

static void collect(void) {
  fake_python_die(collision(0));
}

static void the_collector_may_change_the_table_meanwhile(void **state) {
  (void)state;
  for (uint32_t i = 0; i < 3; i++) {
    add(collision(i), i);
  }
  fake_python_meanwhile = collect;
  add(collision(3), 3);
  assert_null(baro_identities_find(&baro_codes, collision(0)));
  for (uint32_t i = 1; i < 4; i++) {
    expect_id(collision(i), i);
  }
}

static void without_memory_nothing_is_added(void **state) {
  (void)state;
  fake_python_has_no_memory = true;
  assert_null(baro_identities_add(&baro_codes, object_at(1), 1, 0));
  fake_python_has_no_memory = false;
  assert_null(baro_identities_find(&baro_codes, object_at(1)));
  assert_int_equal(fake_python_living, 0);
}

static void marks_outlive_a_recording(void **state) {
  (void)state;
  assert_non_null(baro_identities_add(&baro_marked, object_at(1), 0, 0));
  add(object_at(1), 1);
  uint32_t epoch = baro_identities_epoch;
  baro_identities_clear();
  assert_true(baro_identities_epoch != epoch); /* who kept an id asks anew */
  assert_null(baro_identities_find(&baro_codes, object_at(1)));
  assert_non_null(baro_identities_find(&baro_marked, object_at(1)));
  fake_python_die(object_at(1));
  assert_null(baro_identities_find(&baro_marked, object_at(1)));
}

/* Last: what the parent's table held is left as it is. */
static void a_fork_begins_anew(void **state) {
  (void)state;
  add(object_at(1), 1);
  add(object_at(2), 2);
  baro_identity_block *block = baro_codes.block;
  PyObject *references[2];
  size_t count = 0;
  for (size_t i = 0; i <= block->mask; i++) {
    if (block->references[i] != NULL) {
      references[count++] = block->references[i];
    }
  }
  assert_int_equal(count, 2);
  baro_identities_forked();
  assert_null(baro_identities_find(&baro_codes, object_at(1)));
  add(object_at(1), 7);
  /* The parent's references call back here, too: only the child's own may remove its entry. */
  fake_python_die(object_at(2));
  expect_id(object_at(1), 7);
  fake_python_die(object_at(1));
  assert_null(baro_identities_find(&baro_codes, object_at(1)));
  Py_DECREF(references[0]);
  Py_DECREF(references[1]);
  free(block->references);
  free(block);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(an_empty_table_knows_nothing, end),
      cmocka_unit_test_teardown(gaps_are_closed_among_collisions, end),
      cmocka_unit_test_teardown(an_address_that_is_used_again_is_another_object, end),
      cmocka_unit_test_teardown(many_changes, end),
      cmocka_unit_test_teardown(another_thread_may_be_faster, end),
      cmocka_unit_test_teardown(the_collector_may_change_the_table_meanwhile, end),
      cmocka_unit_test_teardown(without_memory_nothing_is_added, end),
      cmocka_unit_test_teardown(marks_outlive_a_recording, end),
      cmocka_unit_test_teardown(a_fork_begins_anew, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Numbers of code objects where no GIL is: threads look theirs up without a lock while others come, die, and the table grows.
 * Wrong here means calls under the name of another function, or a crash, in free-threaded Pythons only. The thread sanitizer
 * reads along. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "capture/agent/identities.h"
#include "support/fake_python.h"

enum { THREADS = 4, OBJECTS = 300, ROUNDS = 1500, SHARED = 50, RECORDINGS = 5 };

/* Objects are addresses; those of threads are next to each other, so that they meet in the table. */
static void *object_of(uint32_t thread, uint32_t number) {
  return (void *)(uintptr_t)(0x7f0000000000 + ((uint64_t)number * (THREADS + 1) + thread) * 16);
}

static uint32_t id_of(uint32_t thread, uint32_t number, uint32_t round) {
  return (round << 16 | number) * THREADS + thread;
}

typedef struct own_objects {
  uint32_t thread;
  uint32_t wrong;
  uint32_t alive[OBJECTS]; /* the id; 0: it is not there */
} own_objects;

/* As the engine does: what is not found is added, and what is added by another thread at that moment is that. */
static void see_shared(own_objects *own, uint32_t number) {
  void *object = object_of(THREADS, number);
  const baro_identity *entry = baro_identities_find(&baro_codes, object);
  if (entry == NULL) {
    entry = baro_identities_add(&baro_codes, object, number, 0);
  }
  own->wrong += entry == NULL || entry->id != number || entry->address != (uintptr_t)object;
}

static void change_own(own_objects *own, uint32_t number, uint32_t round, bool dies) {
  void *object = object_of(own->thread, number);
  if (own->alive[number] == 0) {
    uint32_t id = id_of(own->thread, number, round);
    own->wrong += baro_identities_add(&baro_codes, object, id, 0) == NULL;
    own->alive[number] = id;
  } else if (dies) {
    fake_python_die(object);
    own->alive[number] = 0;
  }
}

static void see_own(own_objects *own, uint32_t number) {
  if (own->alive[number] != 0) {
    const baro_identity *entry = baro_identities_find(&baro_codes, object_of(own->thread, number));
    own->wrong += entry == NULL || entry->id != own->alive[number];
  }
}

static void *live(void *argument) {
  own_objects *own = argument;
  uint64_t random = 88172645463325252u + own->thread;
  for (uint32_t round = 1; round <= ROUNDS; round++) {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    uint32_t number = (uint32_t)(random % OBJECTS);
    change_own(own, number, round, random >> 62 != 0);
    see_shared(own, number % SHARED);
    see_own(own, (number * 7) % OBJECTS);
  }
  return NULL;
}

static void every_thread_finds_its_own(void **state) {
  (void)state;
  for (int recording = 0; recording < RECORDINGS; recording++) {
    pthread_t threads[THREADS];
    own_objects *own = calloc(THREADS, sizeof(*own));
    assert_non_null(own);
    for (uint32_t i = 0; i < THREADS; i++) {
      own[i].thread = i;
      assert_int_equal(pthread_create(&threads[i], NULL, live, &own[i]), 0);
    }
    size_t there = SHARED;
    for (uint32_t i = 0; i < THREADS; i++) {
      assert_int_equal(pthread_join(threads[i], NULL), 0);
      assert_int_equal(own[i].wrong, 0);
      for (uint32_t number = 0; number < OBJECTS; number++) {
        there += own[i].alive[number] != 0;
        see_own(&own[i], number);
      }
      assert_int_equal(own[i].wrong, 0);
    }
    assert_int_equal(baro_codes.count, there);
    baro_identities_clear();
    free(own);
  }
  baro_identities_free_retired();
  assert_int_equal(fake_python_living, 0);
}

/* What was found before stays readable: the entry of an object that lives, but is to be judged anew, is no one else's. */
static void an_entry_that_was_taken_back_stays_as_it_was(void **state) {
  (void)state;
  const baro_identity *found = baro_identities_add(&baro_codes, object_of(0, 0), 1, 2);
  assert_non_null(found);
  baro_identities_remove(&baro_codes, object_of(0, 0));
  assert_null(baro_identities_find(&baro_codes, object_of(0, 0)));
  for (uint32_t number = 0; number < 2000; number++) { /* so many that it grows */
    assert_non_null(baro_identities_add(&baro_codes, object_of(0, number), number + 7, 0));
  }
  assert_int_equal(found->id, 1);
  assert_int_equal(found->flags, 2);
  assert_int_equal(baro_identities_find(&baro_codes, object_of(0, 0))->id, 7);
  baro_identities_clear();
  assert_int_equal(found->id, 1);
  baro_identities_free_retired();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_thread_finds_its_own),
      cmocka_unit_test(an_entry_that_was_taken_back_stays_as_it_was),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

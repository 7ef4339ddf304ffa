/* The drain and what a hostile or broken target writes: wrong here means a recorder that a target can bring down, or a
 * recording that readers refuse. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/drain_fixture.h"

static const uint64_t MS = 1000000;
static const uint64_t BIRTH_NS = 1000;

static void begin_scene(drain_scene *scene) {
  drain_scene_begin(scene, DRAIN_SCENE_PID, BIRTH_NS, NULL);
}

static void a_file_that_shrinks_is_given_up(void **state) {
  (void)state;
  static drain_scene one;
  begin_scene(&one);
  uint32_t code = 0;
  spool_ring ring = drain_scene_called(&one, &code);
  (void)drain_scene_visit(&one);
  drain_put_call(&ring, 3000, code);
  spool_ring_commit(&ring);
  assert_int_equal(ftruncate(ring.file, BARO_RING_HEAD_BYTES + 40), 0);
  (void)drain_scene_visit(&one);
  assert_int_equal(ftruncate(ring.file, 0), 0);
  (void)drain_scene_visit(&one);
  drain_found *seen = drain_scene_finish(&one);
  assert_string_equal(seen->calls, "T0: +f -");
  assert_non_null(strstr(seen->notes, "1 buffers of threads"));
  spool_ring_close(&ring);
  drain_scene_end(&one);
}

static void heads_that_cannot_be_are_given_up(void **state) {
  (void)state;
  static const uint64_t heads[] = {2 + DRAIN_SCENE_CAPACITY + 1, 1, UINT64_MAX};
  for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
    static drain_scene one;
    begin_scene(&one);
    spool_ring ring = drain_scene_called(&one, NULL);
    (void)drain_scene_visit(&one);
    spool_ring_set(&ring, offsetof(baro_ring_head, head), heads[i]);
    (void)drain_scene_visit(&one);
    drain_found *seen = drain_scene_finish(&one);
    assert_string_equal(seen->calls, "T0: +f -");
    assert_non_null(strstr(seen->notes, "1 buffers of threads"));
    spool_ring_close(&ring);
    drain_scene_end(&one);
  }
}

/* Where the drain stands is its own knowledge. */
static void a_moved_tail_changes_nothing(void **state) {
  (void)state;
  static drain_scene one;
  begin_scene(&one);
  uint32_t code = 0;
  spool_ring ring = drain_scene_called(&one, &code);
  (void)drain_scene_visit(&one);
  spool_ring_set(&ring, offsetof(baro_ring_head, tail), UINT64_MAX - 3);
  drain_put_call(&ring, 3000, code);
  spool_ring_commit(&ring);
  (void)drain_scene_visit(&one);
  assert_int_equal(drain_tail_of(&ring), 4);
  drain_found *seen = drain_scene_finish(&one);
  assert_string_equal(seen->calls, "T0: +f - +f -");
  spool_ring_close(&ring);
  drain_scene_end(&one);
}

static void strange_rings_are_refused(void **state) {
  (void)state;
  static const struct {
    size_t offset;
    uint64_t value;
  } changes[] = {
      {offsetof(baro_ring_head, magic), 42},
      {offsetof(baro_ring_head, capacity), 0},
      {offsetof(baro_ring_head, capacity), 3},
      {offsetof(baro_ring_head, capacity), DRAIN_SCENE_CAPACITY * 2}, /* the file is shorter */
      {offsetof(baro_ring_head, capacity), UINT64_C(1) << 60},
      {offsetof(baro_ring_head, head_bytes), UINT64_MAX}, /* and the clock with it */
  };
  for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
    static drain_scene one;
    begin_scene(&one);
    spool_ring ring = drain_scene_called(&one, NULL);
    spool_ring_set(&ring, changes[i].offset, changes[i].value);
    (void)drain_scene_visit(&one);
    drain_found *seen = drain_scene_finish(&one);
    assert_string_equal(seen->calls, "");
    assert_non_null(strstr(seen->notes, "1 buffers of threads"));
    spool_ring_close(&ring);
    drain_scene_end(&one);
  }
}

static void events_without_sense_are_counted(void **state) {
  (void)state;
  static drain_scene one;
  begin_scene(&one);
  uint32_t code = spool_process_code(&one.process, "f", 0);
  spool_ring ring = drain_scene_ring(&one, 0);
  drain_put(&ring, 2000, BARO_RING_ENTER, 99);                        /* an unknown id */
  drain_put(&ring, 2000, BARO_RING_RETURN, code);                     /* of no call */
  spool_ring_put(&ring, 2000, 0xfe);                                  /* no kind */
  spool_ring_put(&ring, 2000, baro_ring_word(BARO_RING_FRAME, 0, 0)); /* of no event */
  drain_put(&ring, UINT64_MAX, BARO_RING_ENTER, code);                /* in the far future */
  drain_put(&ring, 0, BARO_RING_RETURN, code);                        /* before it began */
  spool_ring_put(&ring, 0, baro_ring_word(BARO_RING_RAISE, UINT32_MAX, 0xffffff));
  spool_ring_commit(&ring);
  (void)drain_scene_visit(&one);
  assert_int_equal(drain_tail_of(&ring), 7);
  drain_found *seen = drain_scene_finish(&one);
  assert_string_equal(seen->calls, "T0: +f -");
  assert_int_equal(baro_drain_count(one.drain).malformed, 4);
  assert_non_null(strstr(seen->notes, "4 events made no sense"));
  assert_true(seen->last_ns <= one.now_ns + 1000 * MS);
  spool_ring_close(&ring);
  drain_scene_end(&one);
}

static void definitions_that_make_no_sense_end_there(void **state) {
  (void)state;
  static const uint8_t hostile[][12] = {
      {0xff, 0xff, 0xff, 0xff, 2},          /* longer than any */
      {0, 0, 0, 0},                         /* empty */
      {3, 0, 0, 0, 2, 0, 0},                /* too short for its fields */
      {5, 0, 0, 0, 99, 0, 0, 0, 0},         /* no kind */
      {5, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0}, /* an id beyond the limit, and no more */
  };
  for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
    static drain_scene one;
    begin_scene(&one);
    uint32_t good = spool_process_code(&one.process, "good", 0);
    spool_process_append(&one.process,
                         (baro_view){.data = hostile[i], .length = sizeof hostile[i]});
    uint32_t late = spool_process_code(&one.process, "late", 0);
    spool_ring ring = drain_scene_ring(&one, 0);
    drain_put_call(&ring, 2000, good);
    drain_put_call(&ring, 3000, late);
    spool_ring_commit(&ring);
    (void)drain_scene_visit(&one);
    drain_found *seen = drain_scene_finish(&one);
    assert_string_equal(seen->calls, "T0: +good -");
    assert_int_equal(baro_drain_count(one.drain).malformed, 2);
    spool_ring_close(&ring);
    drain_scene_end(&one);
  }
}

/* Names in the directory that are no files: a fifo would wait for ever, a link leads elsewhere. */
static void only_files_are_opened(void **state) {
  (void)state;
  static drain_scene one;
  begin_scene(&one);
  assert_int_equal(mkfifoat(one.spool.folder, "7-7-0.ring", 0600), 0);
  assert_int_equal(mkfifoat(one.spool.folder, "8-8.defs", 0600), 0);
  assert_int_equal(symlinkat("/etc/passwd", one.spool.folder, "9-9-0.ring"), 0);
  assert_int_equal(symlinkat("/etc/passwd", one.spool.folder, "9-9.defs"), 0);
  assert_int_equal(mkdirat(one.spool.folder, "10-10-0.ring", 0700), 0);
  static const char *const names[] = {"99999999999-1-0.ring", "1-1-.ring", "-1-1.ring", "1.defs",
                                      "1-99999999999999999999999.defs"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    assert_int_equal(
        close(openat(one.spool.folder, names[i], O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
  (void)drain_scene_visit(&one);
  drain_found *seen = drain_scene_finish(&one);
  assert_string_equal(seen->calls, "");
  assert_non_null(strstr(seen->notes, "3 buffers of threads"));
  assert_int_equal(unlinkat(one.spool.folder, "10-10-0.ring", AT_REMOVEDIR), 0);
  drain_scene_end(&one);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_file_that_shrinks_is_given_up),
      cmocka_unit_test(heads_that_cannot_be_are_given_up),
      cmocka_unit_test(a_moved_tail_changes_nothing),
      cmocka_unit_test(strange_rings_are_refused),
      cmocka_unit_test(events_without_sense_are_counted),
      cmocka_unit_test(definitions_that_make_no_sense_end_there),
      cmocka_unit_test(only_files_are_opened),
  };
  return cmocka_run_group_tests_name("drain_hostile", tests, NULL, NULL);
}

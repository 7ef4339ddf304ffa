/* What agents say beside the calls, on its way into a recording: wrong here means a value of another call, a task of another
 * coroutine, or a target that makes its recording unreadable by saying nonsense. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/drain_fixture.h"

enum { COROUTINE = 0x80, ROOM = 16384 };

static const uint64_t BIRTH_NS = 1000;

static spool_ring begin(drain_scene *scene) {
  drain_scene_begin(scene, DRAIN_SCENE_PID, BIRTH_NS, NULL);
  return spool_ring_create(&scene->process, 0, ROOM, BARO_RING_CLOCK_MONOTONIC);
}

static void end(drain_scene *scene, spool_ring *ring) {
  spool_ring_close(ring);
  drain_scene_end(scene);
}

static void put_value(spool_ring *ring, baro_ring_value which, const char *text, uint32_t bytes) {
  spool_ring_put(ring, 0, baro_ring_word(BARO_RING_VALUE, bytes, which));
  for (uint32_t at = 0; at < bytes; at += 16) {
    uint64_t halves[2] = {0};
    memcpy(halves, text + at, bytes - at < 16 ? bytes - at : 16);
    spool_ring_put(ring, halves[0], halves[1]);
  }
}

static void put_text(spool_ring *ring, baro_ring_value which, const char *text) {
  put_value(ring, which, text, (uint32_t)strlen(text));
}

static void all_that_is_said_is_recorded(void **state) {
  (void)state;
  static drain_scene one;
  spool_ring ring = begin(&one);
  uint32_t f = spool_process_code(&one.process, "f", 0);
  uint32_t g = spool_process_code(&one.process, "g", COROUTINE);
  spool_process_fact(&one.process, "recursion_limit", "1000");
  spool_process_fact(&one.process, "own_cost_inner_ns", "31.5");
  drain_put_framed(&ring, 2000, BARO_RING_USAGE, 9, 700);
  spool_ring_put(&ring, 4, baro_ring_word(BARO_RING_WEIGHT, 0, 0));
  spool_ring_put(&ring, 870, baro_ring_word(BARO_RING_OWN, 6, 0));
  drain_put(&ring, 3000, BARO_RING_ENTER, f);
  put_text(&ring, BARO_RING_VALUE_ARGUMENTS, "1, 'a'");
  put_text(&ring, BARO_RING_VALUE_KEYWORD_ARGUMENTS, "");
  drain_put_framed(&ring, 0, BARO_RING_SPAWN, g, 0x7f00);
  put_text(&ring, BARO_RING_VALUE_RETURN, "a text of more than a slot");
  drain_put(&ring, 4000, BARO_RING_RETURN, f);
  spool_ring_put(&ring, UINT64_MAX, baro_ring_word(BARO_RING_OWN, UINT32_MAX, 0));
  drain_put_framed(&ring, 5000, BARO_RING_ENTER, g, 0x8000);
  drain_put_framed(&ring, 6000, BARO_RING_ENTER, g, 0x7f00);
  put_text(&ring, BARO_RING_VALUE_RETURN, "None");
  drain_put_framed(&ring, 7000, BARO_RING_RETURN, g, 0x7f00);
  spool_ring_put(&ring, 12, baro_ring_word(BARO_RING_SKIPPED, f, 0));
  spool_ring_commit(&ring);
  (void)drain_scene_visit(&one);
  assert_int_equal(drain_tail_of(&ring), ring.head);
  drain_found *seen = drain_scene_finish(&one);
  assert_string_equal(seen->calls, "T0: cpu700/9 weight4 own870/6 +f v1(1, 'a') v2() spawn#1 "
                                   "v3(a text of more than ) - own18446744073709551615/4294967295 "
                                   "+g#2 +g#1 v3(None) - skip12*f");
  assert_string_equal(seen->facts, "0 recursion_limit=1000\n0 own_cost_inner_ns=31.5\n");
  assert_string_equal(seen->modules[0], "app");
  assert_int_equal(baro_drain_count(one.drain).malformed, 0);
  assert_int_equal(baro_drain_count(one.drain).calls, 3);
  end(&one, &ring);
}

/* The drain reads 4,096 events at once: values lie across. */
static void values_of_any_length_are_whole(void **state) {
  (void)state;
  static drain_scene one;
  static char text[BARO_RING_VALUE_BYTES];
  spool_ring ring = begin(&one);
  uint32_t f = spool_process_code(&one.process, "f", 0);
  uint64_t bytes = 0;
  uint32_t values = 0;
  uint8_t mix = 0;
  fixture_random random = {.state = 5};
  for (int round = 0; round < 5; round++) {
    drain_put(&ring, 2000, BARO_RING_ENTER, f);
    while (ring.head - drain_tail_of(&ring) < ROOM - 600) {
      uint32_t length = (uint32_t)fixture_below(&random, 5) == 0
                            ? BARO_RING_VALUE_BYTES
                            : (uint32_t)fixture_below(&random, BARO_RING_VALUE_BYTES + 1);
      for (uint32_t i = 0; i < length; i++) {
        text[i] = (char)('!' + fixture_below(&random, 90));
        mix ^= (uint8_t)text[i];
      }
      bytes += length;
      values++;
      put_value(&ring, BARO_RING_VALUE_ARGUMENTS, text, length);
    }
    text[0] = 'z';
    put_value(&ring, BARO_RING_VALUE_RETURN, text, 1);
    mix ^= 'z';
    drain_put(&ring, 3000, BARO_RING_RETURN, f);
    spool_ring_commit(&ring);
    (void)drain_scene_visit(&one);
    assert_int_equal(drain_tail_of(&ring), ring.head);
  }
  drain_found *seen = drain_scene_finish(&one);
  assert_int_equal(seen->values, values + 5);
  assert_int_equal(seen->value_bytes, bytes + 5);
  assert_int_equal(seen->value_mix, mix);
  assert_int_equal(baro_drain_count(one.drain).malformed, 0);
  assert_int_equal(baro_drain_count(one.drain).calls, 5);
  end(&one, &ring);
}

/* The producer was killed between the slots, or is just now there. */
static void what_is_not_whole_is_waited_for(void **state) {
  (void)state;
  static const struct {
    baro_ring_kind kind;
    uint32_t id;
    uint32_t detail;
    uint32_t slots; /* behind it */
  } rows[] = {{BARO_RING_USAGE, 9, 0, 1},
              {BARO_RING_SPAWN, 1, 0, 1},
              {BARO_RING_VALUE, 40, BARO_RING_VALUE_ARGUMENTS, 3},
              {BARO_RING_VALUE, 40, BARO_RING_VALUE_RETURN, 4}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    static drain_scene one;
    spool_ring ring = begin(&one);
    uint32_t f = spool_process_code(&one.process, "f", 0);
    (void)spool_process_code(&one.process, "g", COROUTINE);
    drain_put(&ring, 2000, BARO_RING_ENTER, f);
    spool_ring_put(&ring, 2000, baro_ring_word(rows[i].kind, rows[i].id, rows[i].detail));
    for (uint32_t slot = 1; slot < rows[i].slots; slot++)
      spool_ring_put(&ring, 0x2020202020202020, 0x2020202020202020);
    spool_ring_commit(&ring);
    (void)drain_scene_visit(&one);
    assert_int_equal(drain_tail_of(&ring), 1);
    spool_ring_set(&ring, offsetof(baro_ring_head, closed), 1);
    (void)drain_scene_visit(&one);
    drain_found *seen = drain_scene_finish(&one);
    assert_string_equal(seen->calls, "T0: +f");
    assert_int_equal(baro_drain_count(one.drain).malformed, 1);
    end(&one, &ring);
  }
}

/* Each is counted, and the call behind it is there. */
static void remarks_without_sense_are_left_out(void **state) {
  (void)state;
  static const struct {
    uint64_t time;
    uint64_t word[2]; /* the second: 0 none */
    uint32_t malformed;
  } rows[] = {
#define WORD(kind, id, detail) ((uint64_t)(detail) << 40 | (uint64_t)(id) << 8 | (uint64_t)(kind))
      {9, {WORD(BARO_RING_USAGE, 1, 0)}, 1}, /* without its frame */
      {0, {WORD(BARO_RING_SPAWN, 1, 0)}, 1},
      {0, {WORD(BARO_RING_SPAWN, 1, 0), WORD(BARO_RING_FRAME, 0, 0)}, 2},     /* at no address */
      {7, {WORD(BARO_RING_SPAWN, 0, 0), WORD(BARO_RING_FRAME, 0, 0)}, 2},     /* of no coroutine */
      {7, {WORD(BARO_RING_SPAWN, 0x777, 0), WORD(BARO_RING_FRAME, 0, 0)}, 2}, /* unknown */
      {0, {WORD(BARO_RING_SKIPPED, 0, 0)}, 1},
      {5, {WORD(BARO_RING_SKIPPED, 0x777, 0)}, 1},
      {0, {WORD(BARO_RING_WEIGHT, 0, 0)}, 1},
      {0, {WORD(BARO_RING_VALUE, 4097, 1)}, 1},
      {0, {WORD(BARO_RING_VALUE, UINT32_MAX, 1)}, 1},
      {0, {WORD(BARO_RING_VALUE, 0, 0)}, 1},
      {0, {WORD(BARO_RING_VALUE, 0, 4)}, 1},
      {0, {WORD(BARO_RING_VALUE, 0, 0xffffff)}, 1},
      {0, {WORD(BARO_RING_VALUE, 0, 3)}, 1}, /* returned, but then comes a call */
      {0, {WORD(BARO_RING_KIND_COUNT, 0, 0)}, 1},
      {0, {WORD(255, 0, 0)}, 1},
#undef WORD
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    static drain_scene one;
    spool_ring ring = begin(&one);
    uint32_t f = spool_process_code(&one.process, "f", 0);
    (void)spool_process_code(&one.process, "g", COROUTINE);
    spool_ring_put(&ring, rows[i].time, rows[i].word[0]);
    if (rows[i].word[1] != 0)
      spool_ring_put(&ring, rows[i].time, rows[i].word[1]);
    drain_put_call(&ring, 3000, f);
    spool_ring_commit(&ring);
    (void)drain_scene_visit(&one);
    assert_int_equal(drain_tail_of(&ring), ring.head);
    drain_found *seen = drain_scene_finish(&one);
    assert_string_equal(seen->calls, "T0: +f -");
    assert_int_equal(baro_drain_count(one.drain).malformed, rows[i].malformed);
    end(&one, &ring);
  }
}

/* Of a process that says more than anybody asked for, the first are kept. */
static void facts_are_bounded(void **state) {
  (void)state;
  static drain_scene one;
  spool_ring ring = begin(&one);
  uint32_t f = spool_process_code(&one.process, "f", 0);
  for (int i = 0; i < 1000; i++)
    spool_process_fact(&one.process, "k", "v");
  drain_put_call(&ring, 3000, f);
  spool_ring_commit(&ring);
  (void)drain_scene_visit(&one);
  spool_process_fact(&one.process, "late", "v");
  drain_found *seen = drain_scene_finish(&one);
  assert_string_equal(seen->calls, "T0: +f -");
  assert_null(strstr(seen->facts, "late"));
  assert_int_equal(seen->fact_count, 256);
  end(&one, &ring);
}

/* Profiles take what recording costs off the calls as they read them: a fact behind the first of many calls comes too late. */
static void facts_stand_before_calls(void **state) {
  (void)state;
  enum { MANY = 1 << 16 };
  for (int is_known = 0; is_known < 2; is_known++) {
    static drain_scene one;
    drain_scene_begin(&one, DRAIN_SCENE_PID, BIRTH_NS, NULL);
    if (is_known)
      (void)drain_scene_visit(&one); /* the agent has said who it is, and no more */
    spool_process_fact(&one.process, "own_cost_inner_ns", "31.5");
    uint32_t f = spool_process_code(&one.process, "f", 0);
    spool_ring ring = spool_ring_create(&one.process, 0, MANY, BARO_RING_CLOCK_MONOTONIC);
    for (uint64_t i = 0; i < MANY / 2; i++)
      drain_put_call(&ring, 2000 + i * 20, f);
    spool_ring_commit(&ring);
    (void)drain_scene_visit(&one);
    drain_found *seen = drain_scene_finish(&one);
    assert_int_equal(baro_drain_count(one.drain).calls, MANY / 2);
    assert_int_equal(seen->fact_count, 1);
    assert_int_equal(seen->late_facts, 0);
    end(&one, &ring);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_that_is_said_is_recorded),
      cmocka_unit_test(values_of_any_length_are_whole),
      cmocka_unit_test(what_is_not_whole_is_waited_for),
      cmocka_unit_test(remarks_without_sense_are_left_out),
      cmocka_unit_test(facts_are_bounded),
      cmocka_unit_test(facts_stand_before_calls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

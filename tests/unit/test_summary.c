/* The sentence that says what a program mostly did. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "show/summary.h"
#include "show/utf8.h"
#include "support/profile_fixture.h"

typedef struct scene_given {
  given made;
  uint32_t thread;
  uint64_t time_ns;
  uint64_t dropped_samples;
} scene_given;

static scene_given scene_begin(void) {
  scene_given made = {.made = given_begin()};
  made.thread =
      given_thread(&made.made, given_process(&made.made, 10, BARO_NONE_ID), 10, "main", true);
  return made;
}

/* count samples of 1 ms at a stack. */
static void play(scene_given *scene, uint32_t stack, baro_state state, int count) {
  for (int i = 0; i < count; i++) {
    scene->time_ns += MS;
    given_sample(&scene->made, scene->thread, stack, state, scene->time_ns, MS);
  }
}

static uint32_t call(scene_given *scene, uint32_t parent, const char *name, const char *file,
                     uint32_t line) {
  return given_stack(&scene->made, parent, given_function(&scene->made, name, file, line, 0), line);
}

static void check_measure(scene_given *scene, baro_measure measure, const char *expected) {
  baro_profile *profile = given_profile(&scene->made);
  profile->damage.dropped_samples = scene->dropped_samples;
  baro_arena arena = {0};
  baro_view sentence = baro_summary(profile, measure, &arena);
  assert_string_equal((const char *)sentence.data, expected);
  baro_arena_release(&arena);
  baro_profile_destroy(profile);
}

static void check(scene_given *scene, const char *expected) {
  check_measure(scene, BARO_MEASURE_RUN, expected);
}

static void test_states_and_functions(void **state) {
  (void)state;
  scene_given scene = scene_begin();
  uint32_t main_stack = call(&scene, BARO_NONE_ID, "main", "/srv/app/app.py", 3);
  play(&scene, call(&scene, main_stack, "load_rows", "/srv/app/app.py", 40), BARO_STATE_DISK, 61);
  play(&scene, call(&scene, main_stack, "parse", "/srv/app/parse.py", 12), BARO_STATE_CPU, 22);
  play(&scene, call(&scene, main_stack, "clean", "/srv/app/parse.py", 50), BARO_STATE_COLLECTOR,
       13);
  play(&scene, main_stack, BARO_STATE_CPU, 4);
  check(&scene, "61 % waiting for disk in load_rows (app.py:40), 22 % running parse (parse.py:12), "
                "13 % collecting garbage in clean (parse.py:50)");
}

/* A wait deep in the library is said of the user's function that got there. */
static void test_waits_belong_to_the_users_frame(void **state) {
  (void)state;
  scene_given scene = scene_begin();
  uint32_t stack =
      call(&scene, BARO_NONE_ID, "Thread.run", "/usr/lib/python3.12/threading.py", 900);
  stack = call(&scene, stack, "worker", "/srv/app.py", 12);
  uint32_t package = call(&scene, stack, "Pool.take", "/v/lib/python3.12/site-packages/pool.py", 5);
  package = call(&scene, package, "Queue.get", "/usr/lib/python3.12/queue.py", 150);
  stack = call(&scene, stack, "Queue.get", "/usr/lib/python3.12/queue.py", 150);
  stack = call(&scene, stack, "Condition.wait", "/usr/lib/python3.12/threading.py", 300);
  play(&scene, stack, BARO_STATE_LOCK, 50);
  play(&scene, package, BARO_STATE_LOCK, 50);
  check(&scene, "100 % waiting for a lock in worker (app.py:12)");
}

static void test_without_a_users_frame(void **state) {
  (void)state;
  scene_given scene = scene_begin();
  uint32_t stack = call(&scene, BARO_NONE_ID, "serve", "/v/lib/python3.12/site-packages/web.py", 5);
  stack = call(&scene, stack, "select", "/usr/lib/python3.12/selectors.py", 400);
  play(&scene, stack, BARO_STATE_NETWORK, 50);
  play(&scene, call(&scene, BARO_NONE_ID, "dumps", "/usr/lib/python3.12/json/__init__.py", 9),
       BARO_STATE_CPU, 150);
  check(&scene, "75 % running dumps (__init__.py:9), 25 % waiting for network in serve (web.py:5)");
}

/* "13 % collecting garbage in (no Python frame)" was all that a program heard that ran 80 % of the time. */
static void test_what_is_spread_is_said_before_what_stands_out(void **state) {
  (void)state;
  scene_given scene = scene_begin();
  char name[16];
  for (int i = 0; i < 32; i++) {
    (void)snprintf(name, sizeof(name), "f%d", i);
    play(&scene, call(&scene, BARO_NONE_ID, name, "/v/lib/python3.12/site-packages/x.py", 7),
         BARO_STATE_CPU, 25);
  }
  uint32_t none = given_function(&scene.made, "", "", 0, BARO_FUNCTION_NO_PYTHON);
  play(&scene, given_stack(&scene.made, BARO_NONE_ID, none, 0), BARO_STATE_COLLECTOR, 200);
  check(&scene, "80 % running, spread over many functions; 20 % collecting garbage in no Python "
                "function (interpreter start or end, or a thread without Python)");
}

static void test_idle_is_said_first(void **state) {
  (void)state;
  scene_given scene = scene_begin();
  uint32_t stack = call(&scene, BARO_NONE_ID, "serve", "/srv/app.py", 5);
  play(&scene, stack, BARO_STATE_IDLE, 300);
  play(&scene, stack, BARO_STATE_CPU, 100);
  check(&scene, "Idle 75 % of the run; of the rest 100 % running serve (app.py:5)");
}

/* A thread that waits beside one that runs takes nothing of the run, and half of all threads' time. */
static void test_the_sentence_is_of_the_basis_shown(void **state) {
  (void)state;
  static const struct {
    baro_measure measure;
    const char *expected;
  } rows[] = {
      {BARO_MEASURE_RUN, "100 % running work (app.py:5)"},
      {BARO_MEASURE_THREAD,
       "50 % running work (app.py:5), 50 % waiting for a lock in wait (app.py:9)"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    scene_given scene = scene_begin();
    uint32_t other = given_thread(&scene.made, 0, 11, "waiter", false);
    uint32_t work = call(&scene, BARO_NONE_ID, "work", "/srv/app.py", 5);
    uint32_t wait = call(&scene, BARO_NONE_ID, "wait", "/srv/app.py", 9);
    for (int j = 0; j < 100; j++) {
      play(&scene, work, BARO_STATE_CPU, 1);
      given_sample(&scene.made, other, wait, BARO_STATE_LOCK, scene.time_ns, MS);
    }
    check_measure(&scene, rows[i].measure, rows[i].expected);
  }
}

static void test_nothing_to_say(void **state) {
  (void)state;
  scene_given nothing = scene_begin();
  check(&nothing, "Nothing was sampled.");
  /* Something was, and is not there. */
  scene_given lost = scene_begin();
  lost.dropped_samples = 1520;
  given_info(&lost.made, "end", "disk_full");
  check(&lost, "1,520 samples were lost because the disk was full; there are no others.");
  scene_given idle = scene_begin();
  play(&idle, call(&idle, BARO_NONE_ID, "f", "/a.py", 1), BARO_STATE_IDLE, 10);
  check(&idle, "Idle all the time.");
  scene_given spread = scene_begin();
  for (uint32_t i = 1; i <= 100; i++) {
    play(&spread, call(&spread, BARO_NONE_ID, "f", "/a.py", i), BARO_STATE_CPU, 10);
  }
  check(&spread, "No function did one thing for 5 % of the time: it is spread thin.");
}

/* Shares of 11 % of nine looks are chance: nothing is said of them. */
static void test_chance_is_not_told(void **state) {
  (void)state;
  scene_given scene = scene_begin();
  for (uint32_t i = 1; i <= 9; i++) {
    scene.time_ns += MS;
    given_sample(&scene.made, scene.thread, call(&scene, BARO_NONE_ID, "f", "/a.py", i),
                 BARO_STATE_CPU, scene.time_ns, MS);
  }
  baro_profile *profile = given_profile(&scene.made);
  baro_arena arena = {0};
  baro_view sentence = baro_summary(profile, BARO_MEASURE_RUN, &arena);
  assert_non_null(strstr((const char *)sentence.data, "too few samples"));
  baro_arena_release(&arena);
  baro_profile_destroy(profile);
}

/* Names of any length and any bytes: at most 200 bytes, valid UTF-8, no control characters. */
static void test_hostile_names(void **state) {
  (void)state;
  static const char *const units[] = {"x",    "\xe4\xb8\xad", "\xcc\x81",
                                      "\xff", "\x1b[2J",      "\xf0\x9f\x90\x8d"};
  for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
    char name[4096] = "";
    for (size_t j = 0; j < 500; j++) {
      strcat(name, units[i]);
    }
    scene_given scene = scene_begin();
    play(&scene, call(&scene, BARO_NONE_ID, name, name, 7), BARO_STATE_CPU, 60);
    play(&scene, call(&scene, BARO_NONE_ID, name, name, 9), BARO_STATE_DISK, 40);
    baro_profile *profile = given_profile(&scene.made);
    baro_arena arena = {0};
    baro_view sentence = baro_summary(profile, BARO_MEASURE_RUN, &arena);
    assert_true(sentence.length <= BARO_SUMMARY_CHARACTERS);
    assert_memory_equal(sentence.data, "60 % running ", 13);
    for (size_t at = 0; at < sentence.length;) {
      size_t length = baro_utf8_length(sentence, at);
      assert_true(length > 0 && sentence.data[at] >= ' ' && sentence.data[at] != 0x7f);
      at += length;
    }
    baro_arena_release(&arena);
    baro_profile_destroy(profile);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_states_and_functions),
      cmocka_unit_test(test_waits_belong_to_the_users_frame),
      cmocka_unit_test(test_without_a_users_frame),
      cmocka_unit_test(test_what_is_spread_is_said_before_what_stands_out),
      cmocka_unit_test(test_idle_is_said_first),
      cmocka_unit_test(test_the_sentence_is_of_the_basis_shown),
      cmocka_unit_test(test_nothing_to_say),
      cmocka_unit_test(test_chance_is_not_told),
      cmocka_unit_test(test_hostile_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

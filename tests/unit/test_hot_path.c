/* The hottest call path: wrong here means that a reader of the report is led to the wrong place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "show/hot_path.h"
#include "support/profile_fixture.h"

typedef struct scene_given {
  given made;
  uint32_t thread;
  uint64_t time_ns;
} scene_given;

static scene_given scene_begin(void) {
  scene_given scene = {.made = given_begin()};
  uint32_t process = given_process(&scene.made, 10, BARO_NONE_ID);
  scene.thread = given_thread(&scene.made, process, 10, "main", true);
  return scene;
}

static void play(scene_given *scene, uint32_t stack, baro_state state, uint64_t ms) {
  scene->time_ns += ms * MS;
  given_sample(&scene->made, scene->thread, stack, state, scene->time_ns, ms * MS);
}

typedef struct expected_step {
  const char *name;
  uint64_t total_ms;
  uint64_t self_ms;
  uint32_t line;
  uint32_t repeats;
} expected_step;

/* Ends the scene. */
static void check(scene_given *scene, const expected_step *steps, uint32_t count) {
  baro_profile *profile = given_profile(&scene->made);
  baro_arena arena = {0};
  baro_hot_path path = {0};
  assert_true(baro_hot_path_find(profile, BARO_MEASURE_THREAD, &arena, &path));
  assert_int_equal(path.count, count);
  for (uint32_t i = 0; i < count; i++) {
    const baro_hot_step *step = &path.steps[i];
    uint32_t name = profile->functions.rows[step->function].qualified_string;
    assert_string_equal((const char *)baro_profile_string(profile, name).data, steps[i].name);
    assert_int_equal(step->total_ns, steps[i].total_ms * MS);
    assert_int_equal(step->self_ns, steps[i].self_ms * MS);
    assert_int_equal(step->line, steps[i].line);
    assert_int_equal(step->repeats, steps[i].repeats);
  }
  baro_arena_release(&arena);
  baro_profile_destroy(profile);
}

/* Not the deepest, not the first, not the largest own time: always the callee that holds most. */
static void it_follows_the_callee_that_holds_most(void **state) {
  (void)state;
  scene_given scene = scene_begin();
  uint32_t main_function = given_function(&scene.made, "main", "/srv/app.py", 1, 0);
  uint32_t small = given_function(&scene.made, "small", "/srv/app.py", 10, 0);
  uint32_t large = given_function(&scene.made, "large", "/srv/app.py", 20, 0);
  uint32_t leaf = given_function(&scene.made, "leaf", "/srv/app.py", 30, 0);
  uint32_t other = given_function(&scene.made, "other", "/srv/app.py", 40, 0);
  uint32_t root = given_stack(&scene.made, BARO_NONE_ID, main_function, 5);
  uint32_t in_small = given_stack(&scene.made, root, small, 11);
  uint32_t in_large = given_stack(&scene.made, root, large, 21);
  play(&scene, in_small, BARO_STATE_CPU, 40);
  play(&scene, given_stack(&scene.made, in_large, leaf, 31), BARO_STATE_DISK, 35);
  play(&scene, given_stack(&scene.made, in_large, other, 41), BARO_STATE_CPU, 15);
  play(&scene, in_large, BARO_STATE_CPU, 5);
  play(&scene, root, BARO_STATE_CPU, 5);
  static const expected_step steps[] = {
      {"main", 100, 5, 5, 0}, {"large", 55, 5, 21, 0}, {"leaf", 35, 35, 31, 0}};
  check(&scene, steps, 3);
}

/* Lines of one function are one step, and what they call comes together. */
static void lines_of_a_function_are_one_step(void **state) {
  (void)state;
  scene_given scene = scene_begin();
  uint32_t main_function = given_function(&scene.made, "main", "/srv/app.py", 1, 0);
  uint32_t work = given_function(&scene.made, "work", "/srv/app.py", 10, 0);
  uint32_t idle = given_function(&scene.made, "wait", "/srv/app.py", 20, 0);
  uint32_t above = given_stack(&scene.made, BARO_NONE_ID, main_function, 5);
  uint32_t below = given_stack(&scene.made, BARO_NONE_ID, main_function, 6);
  play(&scene, given_stack(&scene.made, above, work, 11), BARO_STATE_CPU, 30);
  play(&scene, given_stack(&scene.made, below, work, 12), BARO_STATE_CPU, 20);
  play(&scene, given_stack(&scene.made, below, idle, 21), BARO_STATE_SLEEP, 45);
  play(&scene, below, BARO_STATE_CPU, 5);
  /* Line 6 of main holds 70 of 100; work holds 50 over two lines and so comes before wait's 45. */
  static const expected_step steps[] = {{"main", 100, 5, 6, 0}, {"work", 50, 50, 11, 0}};
  check(&scene, steps, 2);
}

static void recursion_is_one_step(void **state) {
  (void)state;
  scene_given scene = scene_begin();
  uint32_t main_function = given_function(&scene.made, "main", "/srv/app.py", 1, 0);
  uint32_t fib = given_function(&scene.made, "fib", "/srv/app.py", 10, 0);
  uint32_t leaf = given_function(&scene.made, "leaf", "/srv/app.py", 20, 0);
  uint32_t stack = given_stack(&scene.made, BARO_NONE_ID, main_function, 5);
  for (uint32_t depth = 0; depth < 4; depth++) {
    stack = given_stack(&scene.made, stack, fib, 11 + depth);
    play(&scene, stack, BARO_STATE_CPU, 2);
  }
  play(&scene, given_stack(&scene.made, stack, leaf, 21), BARO_STATE_CPU, 92);
  static const expected_step steps[] = {
      {"main", 100, 0, 5, 0}, {"fib", 100, 8, 14, 3}, {"leaf", 92, 92, 21, 0}};
  check(&scene, steps, 3);
}

static void it_stops_where_the_own_time_outweighs_the_callees(void **state) {
  (void)state;
  scene_given scene = scene_begin();
  uint32_t main_function = given_function(&scene.made, "main", "/srv/app.py", 1, 0);
  uint32_t work = given_function(&scene.made, "work", "/srv/app.py", 10, 0);
  uint32_t root = given_stack(&scene.made, BARO_NONE_ID, main_function, 5);
  play(&scene, root, BARO_STATE_CPU, 51);
  play(&scene, given_stack(&scene.made, root, work, 11), BARO_STATE_CPU, 49);
  static const expected_step steps[] = {{"main", 100, 51, 5, 0}};
  check(&scene, steps, 1);
}

static void idle_time_leads_nowhere(void **state) {
  (void)state;
  scene_given scene = scene_begin();
  uint32_t main_function = given_function(&scene.made, "main", "/srv/app.py", 1, 0);
  uint32_t select = given_function(&scene.made, "select", "/srv/app.py", 10, 0);
  uint32_t work = given_function(&scene.made, "work", "/srv/app.py", 20, 0);
  uint32_t root = given_stack(&scene.made, BARO_NONE_ID, main_function, 5);
  play(&scene, given_stack(&scene.made, root, select, 11), BARO_STATE_IDLE, 1000);
  play(&scene, given_stack(&scene.made, root, work, 21), BARO_STATE_CPU, 10);
  static const expected_step steps[] = {{"main", 10, 0, 5, 0}, {"work", 10, 10, 21, 0}};
  check(&scene, steps, 2);
  scene = scene_begin();
  main_function = given_function(&scene.made, "main", "/srv/app.py", 1, 0);
  play(&scene, given_stack(&scene.made, BARO_NONE_ID, main_function, 5), BARO_STATE_IDLE, 1000);
  check(&scene, NULL, 0);
}

static void nothing_has_no_path(void **state) {
  (void)state;
  scene_given scene = scene_begin();
  check(&scene, NULL, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(it_follows_the_callee_that_holds_most),
      cmocka_unit_test(lines_of_a_function_are_one_step),
      cmocka_unit_test(recursion_is_one_step),
      cmocka_unit_test(it_stops_where_the_own_time_outweighs_the_callees),
      cmocka_unit_test(idle_time_leads_nowhere),
      cmocka_unit_test(nothing_has_no_path),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

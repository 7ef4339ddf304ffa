/* Tasks: what makes one is its caller, wherever and whenever it runs; and all that it does is of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "show/call_rows.h"
#include "support/profile_fixture.h"
#include "support/recording_fixture.h"

typedef struct program {
  given made;
  uint32_t main_thread;
  uint32_t loop_thread;
  uint32_t run; /* functions: what runs the loop, two coroutines, a plain function */
  uint32_t outer;
  uint32_t inner;
  uint32_t plain;
} program;

static program begin(void) {
  program p = {.made = given_begin()};
  uint32_t process = given_process(&p.made, 10, BARO_NONE_ID);
  p.main_thread = given_thread(&p.made, process, 10, "main", true);
  p.loop_thread = given_thread(&p.made, process, 11, "loop", false);
  p.run = given_function(&p.made, "run", "/srv/app.py", 1, 0);
  p.outer = given_function(&p.made, "outer", "/srv/app.py", 5, 0);
  p.inner = given_function(&p.made, "inner", "/srv/app.py", 9, 0);
  p.plain = given_function(&p.made, "plain", "/srv/app.py", 13, 0);
  return p;
}

static void give(program *p, uint32_t thread, const baro_call_event *event) {
  given_events(&p->made, thread, event, 1);
}

static void enter(program *p, uint32_t thread, uint64_t at_ns, uint32_t function, uint64_t number) {
  give(p, thread,
       &(baro_call_event){.time_ns = at_ns,
                          .kind = number == 0 ? BARO_CALL_ENTER : BARO_CALL_ENTER_SUSPENDABLE,
                          .function = function,
                          .call = number});
}

/* Of a call: SPAWN, RESUME. Of the top: SUSPEND, RETURN. */
static void say(program *p, uint32_t thread, uint64_t at_ns, baro_call_event_kind kind,
                uint64_t number) {
  give(p, thread, &(baro_call_event){.time_ns = at_ns, .kind = kind, .call = number});
}

/* The row of the one call of this function. */
static uint32_t row_of(const baro_profile *profile, const char *name) {
  uint32_t found = BARO_NONE_ID;
  for (uint32_t c = 0; c < profile->calls.count; c++) {
    const baro_profile_function *function = &profile->functions.rows[profile->calls.function[c]];
    if (baro_view_equal(baro_profile_string(profile, function->qualified_string),
                        baro_view_of(name))) {
      assert_int_equal(found, BARO_NONE_ID);
      found = c;
    }
  }
  assert_int_not_equal(found, BARO_NONE_ID);
  return found;
}

static void expect(const baro_profile *profile, const char *name, const char *parent,
                   const char *task) {
  uint32_t row = row_of(profile, name);
  uint32_t parent_row = parent == NULL ? BARO_NONE_ID : row_of(profile, parent);
  uint32_t task_row = task == NULL ? BARO_NONE_ID : row_of(profile, task);
  assert_int_equal(profile->calls.parent_call[row], parent_row);
  assert_int_equal(baro_call_task(profile, row), task_row);
}

static void expect_edge(const baro_profile *profile, const char *caller, const char *callee,
                        uint64_t self_ns, uint64_t total_ns) {
  const baro_profile_call_edges *edges = &profile->call_edges;
  uint32_t from = profile->calls.function[row_of(profile, caller)];
  uint32_t to = profile->calls.function[row_of(profile, callee)];
  for (uint32_t e = 0; e < edges->count; e++) {
    if (edges->caller[e] == from && edges->callee[e] == to) {
      assert_int_equal(edges->calls[e], 1);
      assert_int_equal(edges->self_ns[e], self_ns);
      assert_int_equal(edges->total_ns[e], total_ns);
      return;
    }
  }
  fail_msg("no edge from %s to %s", caller, callee);
}

static void test_what_made_a_task_is_its_caller(void **state) {
  (void)state;
  program p = begin();
  uint32_t t = p.main_thread;
  enter(&p, t, 100, p.run, 0);
  say(&p, t, 100, BARO_CALL_SPAWN, 1);
  enter(&p, t, 110, p.outer, 1);
  say(&p, t, 110, BARO_CALL_SPAWN, 2);
  say(&p, t, 120, BARO_CALL_SUSPEND, 0);
  enter(&p, t, 200, p.inner, 2); /* below it stands what runs the loop */
  enter(&p, t, 210, p.plain, 0);
  say(&p, t, 215, BARO_CALL_RETURN, 0);
  say(&p, t, 230, BARO_CALL_RETURN, 0);
  say(&p, t, 300, BARO_CALL_RESUME, 1);
  say(&p, t, 310, BARO_CALL_RETURN, 0);
  say(&p, t, 400, BARO_CALL_RETURN, 0);
  baro_profile *profile = given_profile(&p.made);
  expect(profile, "run", NULL, NULL);
  expect(profile, "outer", "run", "outer");
  expect(profile, "inner", "outer", "inner");
  expect(profile, "plain", "inner", "inner");
  assert_int_equal(profile->call_edges.count, 4); /* none from run to inner, and one to run */
  expect_edge(profile, "outer", "inner", 25, 30);
  expect_edge(profile, "run", "outer", 20, 20);
  /* Time is of what stood on the stack: a task's is not within that of its maker. */
  uint32_t outer = profile->calls.function[row_of(profile, "outer")];
  uint32_t run = profile->calls.function[row_of(profile, "run")];
  assert_int_equal(profile->call_sums.total_ns[outer], 20);
  assert_int_equal(profile->call_sums.total_ns[run], 300);
  assert_int_equal(profile->call_sums.self_ns[run], 300 - 20 - 30);
  baro_profile_destroy(profile);
}

static void test_tasks_of_another_thread(void **state) {
  (void)state;
  program p = begin();
  enter(&p, p.loop_thread, 90, p.run, 0);
  enter(&p, p.main_thread, 100, p.outer, 0);
  say(&p, p.main_thread, 100, BARO_CALL_SPAWN, 5);
  enter(&p, p.loop_thread, 150, p.inner, 5);
  enter(&p, p.loop_thread, 160, p.plain, 0);
  say(&p, p.loop_thread, 170, BARO_CALL_RETURN, 0);
  say(&p, p.loop_thread, 180, BARO_CALL_RETURN, 0);
  say(&p, p.main_thread, 200, BARO_CALL_RETURN, 0);
  baro_profile *profile = given_profile(&p.made);
  expect(profile, "outer", NULL, NULL);
  expect(profile, "inner", "outer", "inner");
  expect(profile, "plain", "inner", "inner");
  expect_edge(profile, "outer", "inner", 20, 30);
  assert_int_equal(profile->threads[1].entry_function,
                   profile->calls.function[row_of(profile, "run")]);
  baro_profile_destroy(profile);
}

static void test_tasks_without_a_caller(void **state) {
  (void)state;
  program p = begin();
  uint32_t t = p.main_thread;
  say(&p, t, 90, BARO_CALL_SPAWN, 3);
  say(&p, t, 90, BARO_CALL_SPAWN, 4); /* never begins */
  enter(&p, t, 100, p.run, 0);
  enter(&p, t, 110, p.inner, 3);
  say(&p, t, 120, BARO_CALL_SPAWN, 3); /* has begun: nobody's task any more */
  say(&p, t, 120, BARO_CALL_RETURN, 0);
  enter(&p, t, 130, p.outer, 7); /* not a task: of what stands below it */
  say(&p, t, 140, BARO_CALL_RETURN, 0);
  say(&p, t, 150, BARO_CALL_RETURN, 0);
  baro_profile *profile = given_profile(&p.made);
  expect(profile, "run", NULL, NULL);
  expect(profile, "inner", NULL, "inner");
  expect(profile, "outer", "run", NULL);
  baro_profile_destroy(profile);
}

/* Rows move to their threads, and a generator goes on elsewhere: its calls stand in front of it. */
static void test_tasks_of_generators_that_move(void **state) {
  (void)state;
  program p = begin();
  enter(&p, p.loop_thread, 90, p.run, 0);
  say(&p, p.loop_thread, 90, BARO_CALL_SPAWN, 1);
  enter(&p, p.loop_thread, 100, p.outer, 1);
  enter(&p, p.loop_thread, 110, p.inner, 2);
  say(&p, p.loop_thread, 120, BARO_CALL_SUSPEND, 0);
  say(&p, p.main_thread, 130, BARO_CALL_RESUME, 2);
  enter(&p, p.main_thread, 140, p.plain, 0);
  say(&p, p.main_thread, 150, BARO_CALL_RETURN, 0);
  say(&p, p.main_thread, 160, BARO_CALL_RETURN, 0);
  say(&p, p.loop_thread, 170, BARO_CALL_RETURN, 0);
  baro_profile *profile = given_profile(&p.made);
  assert_true(row_of(profile, "plain") < row_of(profile, "inner"));
  expect(profile, "inner", "outer", "outer");
  expect(profile, "plain", "inner", "outer");
  baro_profile_destroy(profile);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_what_made_a_task_is_its_caller),
      cmocka_unit_test(test_tasks_of_another_thread),
      cmocka_unit_test(test_tasks_without_a_caller),
      cmocka_unit_test(test_tasks_of_generators_that_move),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

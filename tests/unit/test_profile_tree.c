/* The call tree, functions and lines of a profile: what is merged, counted, left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/profile_fixture.h"

static const char *name_of(const baro_profile *profile, uint32_t function) {
  return (const char *)baro_profile_string(profile,
                                           profile->functions.rows[function].qualified_string)
      .data;
}

/* Index of the only function of this name; fails when there is none or another. */
static uint32_t find(const baro_profile *profile, const char *name) {
  uint32_t found = BARO_NONE_ID;
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    if (strcmp(name_of(profile, f), name) == 0) {
      assert_int_equal(found, BARO_NONE_ID);
      found = f;
    }
  }
  assert_int_not_equal(found, BARO_NONE_ID);
  return found;
}

static uint64_t self_ns(const baro_profile *profile, const char *name) {
  return profile->functions.self[BARO_MEASURE_THREAD].all_ns[find(profile, name)];
}

static uint64_t total_ns(const baro_profile *profile, const char *name) {
  return profile->functions.total[BARO_MEASURE_THREAD].all_ns[find(profile, name)];
}

/* The invariants of profile.h, for every node. */
static void check_tree(const baro_profile *profile) {
  const baro_profile_nodes *nodes = &profile->nodes;
  assert_true(nodes->count >= 1);
  assert_int_equal(nodes->parent_node[0], BARO_NONE_ID);
  assert_int_equal(nodes->frame[0], BARO_NONE_ID);
  assert_int_equal(nodes->subtree_end[0], nodes->count);
  for (uint32_t n = 1; n < nodes->count; n++) {
    uint32_t parent = nodes->parent_node[n];
    assert_true(parent < n);
    assert_true(nodes->subtree_end[n] > n);
    assert_true(nodes->subtree_end[n] <= nodes->subtree_end[parent]);
    assert_true(n < nodes->subtree_end[parent]);
    assert_int_equal(nodes->depth[n], nodes->depth[parent] + 1);
    assert_true(nodes->frame[n] < profile->frames.count);
    assert_true(profile->frames.function[nodes->frame[n]] < profile->functions.count);
  }
}

/* The drawing in profile.h, defined in an order that is not preorder. */
static void test_preorder(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t main_function = given_function(&made, "main", "/app/app.py", 1, 0);
  uint32_t parse = given_function(&made, "parse", "/app/app.py", 10, 0);
  uint32_t scan = given_function(&made, "scan", "/app/app.py", 20, 0);
  uint32_t load = given_function(&made, "load", "/app/app.py", 30, 0);
  uint32_t worker = given_function(&made, "worker", "/app/app.py", 40, 0);
  uint32_t root = given_stack(&made, BARO_NONE_ID, main_function, 9);
  uint32_t other = given_stack(&made, BARO_NONE_ID, worker, 12);
  uint32_t parsing = given_stack(&made, root, parse, 4);
  uint32_t loading = given_stack(&made, root, load, 3);
  uint32_t scanning = given_stack(&made, parsing, scan, 7);
  uint32_t thread = given_thread(&made, given_process(&made, 10, BARO_NONE_ID), 10, "main", true);
  uint32_t order[] = {scanning, loading, other, parsing, root};
  for (uint64_t i = 0; i < 5; i++) {
    given_sample(&made, thread, order[i], BARO_STATE_CPU, (i + 1) * 10 * MS, 10 * MS);
  }
  baro_profile *profile = given_profile(&made);
  check_tree(profile);
  static const char *const expected[] = {"main", "parse", "scan", "load", "worker"};
  assert_int_equal(profile->nodes.count, 6);
  for (uint32_t n = 1; n < 6; n++) {
    assert_string_equal(name_of(profile, baro_profile_node_function(profile, n)), expected[n - 1]);
    assert_int_equal(baro_node_all_ns(&profile->nodes, BARO_MEASURE_THREAD, n), 10 * MS);
  }
  assert_int_equal(profile->nodes.total_ns[1], 40 * MS);
  assert_int_equal(profile->nodes.total_ns[0], 50 * MS);
  assert_int_equal(profile->all_ns[BARO_MEASURE_THREAD], 50 * MS);
  assert_int_equal(total_ns(profile, "main"), 40 * MS);
  assert_int_equal(self_ns(profile, "main"), 10 * MS);
  assert_int_equal(profile->functions.total_samples[find(profile, "main")], 4);
  baro_profile_destroy(profile);
}

/* Directly, and through another function: a total above the wall time would be nonsense. */
static void test_recursion_counts_once(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t a = given_function(&made, "a", "/app/app.py", 1, 0);
  uint32_t b = given_function(&made, "b", "/app/app.py", 5, 0);
  uint32_t stack = given_stack(&made, BARO_NONE_ID, a, 2);
  stack = given_stack(&made, stack, a, 2);
  stack = given_stack(&made, stack, b, 6);
  uint32_t inner = given_stack(&made, stack, a, 3);
  uint32_t sibling = given_stack(&made, BARO_NONE_ID, b, 6);
  sibling = given_stack(&made, sibling, a, 2);
  uint32_t thread = given_thread(&made, given_process(&made, 10, BARO_NONE_ID), 10, "main", true);
  given_sample(&made, thread, inner, BARO_STATE_CPU, 10 * MS, 10 * MS);
  given_sample(&made, thread, sibling, BARO_STATE_CPU, 15 * MS, 5 * MS);
  baro_profile *profile = given_profile(&made);
  check_tree(profile);
  assert_int_equal(total_ns(profile, "a"), 15 * MS);
  assert_int_equal(self_ns(profile, "a"), 15 * MS);
  assert_int_equal(total_ns(profile, "b"), 15 * MS);
  assert_int_equal(profile->functions.total_samples[find(profile, "a")], 2);
  /* Line 2 of a is in both stacks, once each. */
  for (uint32_t f = 0; f < profile->frames.count; f++) {
    if (profile->frames.line[f] == 2) {
      assert_int_equal(profile->frames.total[BARO_MEASURE_THREAD].all_ns[f], 15 * MS);
    }
  }
  baro_profile_destroy(profile);
}

/* Code made anew by exec() is the same function; a flag of either record stays. Equal stacks are one node. */
static void test_equal_functions_merge(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t thread = given_thread(&made, given_process(&made, 10, BARO_NONE_ID), 10, "main", true);
  uint32_t name = given_string(&made, baro_view_of("f"));
  uint32_t file = given_string(&made, baro_view_of("/app/app.py"));
  for (uint32_t i = 0; i < 3; i++) {
    baro_function_record record = {.name_string = name,
                                   .qualified_string = name,
                                   .file_string = file,
                                   .first_line = i == 2 ? 9 : 7,
                                   .flags = i == 1 ? BARO_FUNCTION_LINES_UNKNOWN : 0,
                                   .module_string = BARO_NONE_ID};
    baro_error err;
    assert_int_equal(made.visitor->function(made.visitor->context, i, &record, &err), BARO_OK);
    uint32_t stack = given_stack(&made, BARO_NONE_ID, i, 8);
    given_sample(&made, thread, stack, BARO_STATE_CPU, (i + 1) * MS, MS);
  }
  baro_profile *profile = given_profile(&made);
  check_tree(profile);
  assert_int_equal(profile->functions.count, 2);
  assert_int_equal(profile->functions.self_samples[0], 2);
  assert_int_equal(profile->functions.rows[0].flags, BARO_FUNCTION_LINES_UNKNOWN);
  assert_int_equal(profile->nodes.count, 3);
  baro_profile_destroy(profile);
}

/* What is not a Python function is named for what it is; shims leave no trace; a sample is never lost. */
static void test_names_of_what_is_unknown(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t thread = given_thread(&made, given_process(&made, 10, BARO_NONE_ID), 10, "main", true);
  uint32_t shim = given_function(&made, "<shim>", "", 0, BARO_FUNCTION_SHIM);
  uint32_t unreadable = given_function(&made, "", "", 0, BARO_FUNCTION_UNREADABLE);
  uint32_t cut = given_function(&made, "", "", 0, BARO_FUNCTION_DEPTH_CUT);
  uint32_t plain = given_function(&made, "f", "/app/app.py", 3, 0);
  uint32_t stack = given_stack(&made, BARO_NONE_ID, shim, 0);
  uint32_t only_shim = stack;
  stack = given_stack(&made, stack, cut, 0);
  stack = given_stack(&made, stack, shim, 0);
  stack = given_stack(&made, stack, plain, 4);
  uint32_t leaf = given_stack(&made, stack, unreadable, 0);
  given_sample(&made, thread, leaf, BARO_STATE_CPU, MS, MS);
  given_sample(&made, thread, only_shim, BARO_STATE_CPU, 2 * MS, MS);
  given_sample(&made, thread, BARO_NONE_ID, BARO_STATE_CPU, 3 * MS, MS);
  baro_profile *profile = given_profile(&made);
  check_tree(profile);
  assert_int_equal(profile->nodes.count, 6);
  assert_int_equal(profile->functions.count, 4);
  assert_int_equal(total_ns(profile, "(deeper frames cut)"), MS);
  assert_int_equal(total_ns(profile, "f"), MS);
  assert_int_equal(self_ns(profile, "(no Python frame)"), MS);
  assert_int_equal(self_ns(profile, "(unreadable)"), 2 * MS);
  assert_int_equal(profile->functions.rows[find(profile, "(unreadable)")].origin, BARO_ORIGIN_NONE);
  baro_profile_destroy(profile);
}

/* Definitions without samples would be rows of zeros in every report. */
static void test_unsampled_definitions_are_left_out(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t used = given_function(&made, "used", "/app/app.py", 3, 0);
  uint32_t unused = given_function(&made, "unused", "/app/app.py", 9, 0);
  uint32_t stack = given_stack(&made, BARO_NONE_ID, used, 4);
  (void)given_stack(&made, stack, unused, 10);
  uint32_t thread = given_thread(&made, given_process(&made, 10, BARO_NONE_ID), 10, "main", true);
  given_sample(&made, thread, stack, BARO_STATE_CPU, MS, MS);
  baro_profile *profile = given_profile(&made);
  assert_int_equal(profile->functions.count, 1);
  assert_int_equal(profile->frames.count, 1);
  assert_int_equal(profile->nodes.count, 2);
  baro_profile_destroy(profile);
}

static void test_no_samples(void **state) {
  (void)state;
  given made = given_begin();
  baro_profile *profile = given_profile(&made);
  check_tree(profile);
  assert_int_equal(profile->nodes.count, 1);
  assert_int_equal(profile->functions.count, 0);
  assert_int_equal(baro_profile_basis_ns(profile, BARO_MEASURE_RUN), 0);
  assert_true(baro_profile_ratio_error(profile, BARO_MEASURE_RUN, 0, 0) < 0);
  baro_profile_destroy(profile);
}

/* A stack as deep as a hostile recording likes: nothing recurses, and the path stays one chain. */
static void test_deep_stack(void **state) {
  (void)state;
  enum { DEPTH = 1000000 };
  given made = given_begin();
  uint32_t functions[2] = {given_function(&made, "a", "/app/app.py", 1, 0),
                           given_function(&made, "b", "/app/app.py", 2, 0)};
  uint32_t thread = given_thread(&made, given_process(&made, 10, BARO_NONE_ID), 10, "main", true);
  uint32_t stack = BARO_NONE_ID;
  for (uint32_t i = 0; i < DEPTH; i++) {
    stack = given_stack(&made, stack, functions[i % 2], 5);
  }
  given_sample(&made, thread, stack, BARO_STATE_CPU, MS, MS);
  baro_profile *profile = given_profile(&made);
  assert_int_equal(profile->nodes.count, DEPTH + 1);
  assert_int_equal(profile->nodes.depth[DEPTH], DEPTH);
  assert_int_equal(total_ns(profile, "a"), MS);
  assert_int_equal(total_ns(profile, "b"), MS);
  baro_profile_destroy(profile);
}

static void test_origin(void **state) {
  (void)state;
  static const struct {
    const char *file;
    baro_origin origin;
  } cases[] = {
      {"/home/me/app.py", BARO_ORIGIN_USER},
      {"app.py", BARO_ORIGIN_USER},
      {"/home/me/lib/python/tool.py", BARO_ORIGIN_USER},
      {"<string>", BARO_ORIGIN_USER},
      {"<stdin>-0", BARO_ORIGIN_USER},
      {"<python-input-3>", BARO_ORIGIN_USER},
      {"<ipython-input-7-0a1b2c>", BARO_ORIGIN_USER},
      {"<template>", BARO_ORIGIN_PACKAGE},
      {"<attrs generated init app.Row>", BARO_ORIGIN_PACKAGE},
      {"<sqlalchemy generated _go() wrapper for sqlalchemy.orm.session.SessionTransaction.commit>",
       BARO_ORIGIN_PACKAGE},
      {"<class 'networkx.utils.decorators.argmap'> compilation 29", BARO_ORIGIN_PACKAGE},
      {"/usr/lib/python3.11/threading.py", BARO_ORIGIN_STANDARD},
      {"/opt/py/lib/python3.13t/queue.py", BARO_ORIGIN_STANDARD},
      {"/usr/lib64/python3.9/json/decoder.py", BARO_ORIGIN_STANDARD},
      {"/usr/lib/python312.zip/abc.py", BARO_ORIGIN_STANDARD},
      {"<frozen importlib._bootstrap>", BARO_ORIGIN_STANDARD},
      {"/opt/py/lib/python3.13/site-packages/requests/api.py", BARO_ORIGIN_PACKAGE},
      {"/usr/lib/python3/dist-packages/yaml/__init__.py", BARO_ORIGIN_PACKAGE},
      {"/srv/barograph/python/barograph/_startup/sitecustomize.py", BARO_ORIGIN_PACKAGE},
      {"", BARO_ORIGIN_NONE},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    assert_int_equal(baro_origin_of(baro_view_of(cases[i].file)), cases[i].origin);
  }
}

/* What exec() is given is a library's, as the methods of a dataclass are; python -c is the user's, all of it. */
static void test_code_without_a_file(void **state) {
  (void)state;
  static const char helper[] =
      "python -c from multiprocessing.spawn import spawn_main; spawn_main()";
  static const struct {
    const char *command;
    const char *outermost;
    baro_origin origin;
  } cases[] = {
      {"python app.py", "/srv/app.py", BARO_ORIGIN_PACKAGE},
      {"python -c import app", "<string>", BARO_ORIGIN_USER},
      {"", "<string>", BARO_ORIGIN_USER},
      {helper, "<string>", BARO_ORIGIN_PACKAGE},
  };
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    given made = given_begin();
    baro_process_record record = {.os_pid = 1,
                                  .parent_process = BARO_NONE_ID,
                                  .command_string =
                                      given_string(&made, baro_view_of(cases[i].command)),
                                  .python_string = given_string(&made, baro_view_of("3.13"))};
    baro_error err = {0};
    assert_int_equal(made.visitor->process(made.visitor->context, made.processes++, &record, &err),
                     BARO_OK);
    uint32_t thread = given_thread(&made, 0, 1, "main", true);
    uint32_t outermost = given_function(&made, "<module>", cases[i].outermost, 1, 0);
    uint32_t generated = given_function(&made, "__init__", "<string>", 2, 0);
    uint32_t stack = given_stack(&made, BARO_NONE_ID, outermost, 1);
    given_sample(&made, thread, given_stack(&made, stack, generated, 2), BARO_STATE_CPU, MS, MS);
    baro_profile *profile = given_profile(&made);
    assert_int_equal(profile->functions.rows[find(profile, "__init__")].origin, cases[i].origin);
    baro_profile_destroy(profile);
  }
}

/* Later values of a key and counters replace earlier ones; what the recorder counts for all is not summed. */
static void test_head(void **state) {
  (void)state;
  given made = given_begin();
  const baro_visitor *visitor = made.visitor;
  given_info(&made, "rate_hz", "100");
  given_info(&made, "rate_hz", "1000");
  given_info(&made, "end", "exit");
  uint32_t first = given_process(&made, 10, BARO_NONE_ID);
  uint32_t second = given_process(&made, 11, first);
  baro_counters_record counters = {.process = first};
  counters.values[BARO_COUNTER_STACKS] = 5;
  assert_int_equal(visitor->counters(visitor->context, &counters, NULL), BARO_OK);
  counters.values[BARO_COUNTER_STACKS] = 7;
  counters.values[BARO_COUNTER_TICKS] = 40;
  assert_int_equal(visitor->counters(visitor->context, &counters, NULL), BARO_OK);
  counters.process = second;
  assert_int_equal(visitor->counters(visitor->context, &counters, NULL), BARO_OK);
  counters.process = BARO_NONE_ID;
  counters.values[BARO_COUNTER_STACKS] = 0;
  counters.values[BARO_COUNTER_TICKS] = 50;
  assert_int_equal(visitor->counters(visitor->context, &counters, NULL), BARO_OK);
  baro_clock_anchor anchors[] = {{.monotonic_ns = 500, .utc_ns = 10500},
                                 {.monotonic_ns = 100, .utc_ns = 1100}};
  assert_int_equal(visitor->anchor(visitor->context, &anchors[0], NULL), BARO_OK);
  assert_int_equal(visitor->anchor(visitor->context, &anchors[1], NULL), BARO_OK);
  baro_profile *profile = given_profile(&made);
  double rate_hz;
  uint64_t utc_ns;
  assert_true(baro_profile_info_number(profile, "rate_hz", &rate_hz));
  assert_true(rate_hz == 1000);
  assert_false(baro_profile_info_number(profile, "end", &rate_hz));
  assert_false(baro_profile_info_number(profile, "absent", &rate_hz));
  assert_int_equal(profile->counters[BARO_COUNTER_STACKS], 14);
  assert_int_equal(profile->counters[BARO_COUNTER_TICKS], 50);
  assert_true(baro_profile_utc_ns(profile, 120, &utc_ns));
  assert_int_equal(utc_ns, 1120);
  assert_true(baro_profile_utc_ns(profile, 400, &utc_ns));
  assert_int_equal(utc_ns, 10400);
  baro_profile_destroy(profile);
}

/* Readings stand by process and time whatever order they came in, CPU time never falls, and what the recorder counts of itself is none. */
static void test_readings(void **state) {
  (void)state;
  given made = given_begin();
  const baro_visitor *visitor = made.visitor;
  uint32_t first = given_process(&made, 10, BARO_NONE_ID);
  uint32_t second = given_process(&made, 11, first);
  static const struct {
    unsigned process;
    uint64_t time_ns, cpu_ns, rss_bytes;
  } given_rows[] = {{1, 50, 7, 900}, {0, 40, 30, 100}, {0, 20, 35, 0},
                    {1, 60, 9, 800}, {2, 10, 99, 99},  {0, 50, 0, 0}};
  for (size_t i = 0; i < sizeof(given_rows) / sizeof(given_rows[0]); i++) {
    const uint32_t processes[] = {first, second, BARO_NONE_ID};
    baro_counters_record record = {.process = processes[given_rows[i].process],
                                   .time_ns = given_rows[i].time_ns};
    record.values[BARO_COUNTER_TARGET_CPU_NS] = given_rows[i].cpu_ns;
    record.values[BARO_COUNTER_RSS_BYTES] = given_rows[i].rss_bytes;
    assert_int_equal(visitor->counters(visitor->context, &record, NULL), BARO_OK);
  }
  baro_profile *profile = given_profile(&made);
  static const baro_profile_reading expected[] = {
      {0, 20, 35, 0}, {0, 40, 35, 100}, {1, 50, 7, 900}, {1, 60, 9, 800}};
  assert_int_equal(profile->reading_count, 4);
  for (uint32_t r = 0; r < 4; r++) {
    assert_int_equal(profile->readings[r].process, expected[r].process);
    assert_int_equal(profile->readings[r].time_ns, expected[r].time_ns);
    assert_int_equal(profile->readings[r].cpu_ns, expected[r].cpu_ns);
    assert_int_equal(profile->readings[r].rss_bytes, expected[r].rss_bytes);
  }
  baro_profile_destroy(profile);
}

static void test_too_many_notes_are_counted(void **state) {
  (void)state;
  given made = given_begin();
  baro_note_record note = {.process = BARO_NONE_ID, .text = baro_view_of("something")};
  for (int i = 0; i < 5000; i++) {
    assert_int_equal(made.visitor->note(made.visitor->context, &note, NULL), BARO_OK);
  }
  baro_profile *profile = given_profile(&made);
  assert_int_equal(profile->note_count, 1000);
  assert_string_equal((const char *)profile->notes[999].text.data,
                      "4001 further notes are left out");
  baro_profile_destroy(profile);
}

/* A pool's worker: what it waits on to be given work delays nobody; what the work itself waits on does. */
static void test_waits_for_work_are_idle(void **state) {
  (void)state;
  static const char library[] = "/usr/lib/python3.12/multiprocessing/pool.py";
  given made = given_begin();
  uint32_t process = given_process(&made, 10, BARO_NONE_ID);
  uint32_t thread = given_thread(&made, process, 10, "worker", true);
  uint32_t worker = given_function(&made, "worker", library, 1, 0);
  uint32_t namesake = given_function(&made, "worker", "/app/multiprocessing/pool.py", 1, 0);
  uint32_t mapstar = given_function(&made, "mapstar", library, 9, 0);
  uint32_t get = given_function(&made, "get", "/usr/lib/python3.12/queue.py", 5, 0);
  uint32_t below[] = {given_stack(&made, BARO_NONE_ID, worker, 2),
                      given_stack(&made, BARO_NONE_ID, namesake, 2)};
  uint32_t inside = given_stack(&made, below[0], mapstar, 9);
  struct {
    uint32_t stack;
    baro_state state;
    bool is_idle;
  } cases[] = {
      {below[0], BARO_STATE_LOCK, true},
      {given_stack(&made, below[0], get, 6), BARO_STATE_PIPE, true},
      {below[0], BARO_STATE_CPU, false},
      {below[0], BARO_STATE_SLEEP, false},
      {inside, BARO_STATE_LOCK, false},
      {given_stack(&made, inside, get, 6), BARO_STATE_LOCK, false},
      {below[1], BARO_STATE_LOCK, false},
      {given_stack(&made, BARO_NONE_ID, get, 6), BARO_STATE_LOCK, false},
  };
  uint64_t count = sizeof cases / sizeof cases[0];
  for (uint64_t i = 0; i < count; i++)
    given_sample(&made, thread, cases[i].stack, cases[i].state, (i + 1) * MS, MS);
  baro_profile *profile = given_profile(&made);
  assert_int_equal(profile->samples.count, count);
  for (uint64_t i = 0; i < count; i++)
    assert_int_equal(profile->samples.state[i],
                     cases[i].is_idle ? BARO_STATE_IDLE : cases[i].state);
  baro_profile_destroy(profile);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_preorder),
      cmocka_unit_test(test_recursion_counts_once),
      cmocka_unit_test(test_equal_functions_merge),
      cmocka_unit_test(test_names_of_what_is_unknown),
      cmocka_unit_test(test_unsampled_definitions_are_left_out),
      cmocka_unit_test(test_no_samples),
      cmocka_unit_test(test_deep_stack),
      cmocka_unit_test(test_origin),
      cmocka_unit_test(test_code_without_a_file),
      cmocka_unit_test(test_head),
      cmocka_unit_test(test_readings),
      cmocka_unit_test(test_too_many_notes_are_counted),
      cmocka_unit_test(test_waits_for_work_are_idle),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Calls from their events: rows, parents and times, and what functions and pairs of them add up to. Random programs are in
 * test_profile_calls_model.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/call_events.h"
#include "support/profile_fixture.h"
#include "support/recording_fixture.h"

static uint32_t edge_between(const baro_profile *profile, const char *caller, const char *callee) {
  const baro_profile_call_edges *edges = &profile->call_edges;
  uint32_t from = caller == NULL ? BARO_NONE_ID : function_named(profile, caller);
  uint32_t to = function_named(profile, callee);
  for (uint32_t e = 0; e < edges->count; e++) {
    if (edges->caller[e] == from && edges->callee[e] == to) {
      return e;
    }
  }
  fail_msg("no edge from %s to %s", caller, callee);
  return 0;
}

/* A function's sums, in one line of a test. */
static void expect_sums(const baro_profile *profile, const char *name, uint64_t calls,
                        uint64_t primitive, uint64_t self_ns, uint64_t total_ns) {
  uint32_t f = function_named(profile, name);
  assert_int_equal(profile->call_sums.calls[f], calls);
  assert_int_equal(profile->call_sums.primitive_calls[f], primitive);
  assert_int_equal(profile->call_sums.self_ns[f], self_ns);
  assert_int_equal(profile->call_sums.total_ns[f], total_ns);
}

static void expect_edge(const baro_profile *profile, const char *caller, const char *callee,
                        uint64_t calls, uint64_t primitive, uint64_t self_ns, uint64_t total_ns) {
  uint32_t e = edge_between(profile, caller, callee);
  assert_int_equal(profile->call_edges.calls[e], calls);
  assert_int_equal(profile->call_edges.primitive_calls[e], primitive);
  assert_int_equal(profile->call_edges.self_ns[e], self_ns);
  assert_int_equal(profile->call_edges.total_ns[e], total_ns);
}

static void expect_row(const baro_profile *profile, uint32_t call, const char *name,
                       uint32_t parent, uint64_t duration_ns, uint64_t self_ns,
                       baro_outcome outcome) {
  const baro_profile_calls *calls = &profile->calls;
  assert_true(call < calls->count);
  assert_int_equal(calls->function[call], function_named(profile, name));
  assert_int_equal(calls->parent_call[call], parent);
  assert_int_equal(calls->duration_ns[call], duration_ns);
  assert_int_equal(calls->self_ns[call], self_ns);
  assert_int_equal(calls->outcome[call], outcome);
}

typedef struct program {
  given made;
  uint32_t process;
  uint32_t thread;
  uint32_t f; /* functions of the recording: three of them */
  uint32_t g;
  uint32_t h;
} program;

static program begin(void) {
  program p = {.made = given_begin()};
  p.process = given_process(&p.made, 10, BARO_NONE_ID);
  p.thread = given_thread(&p.made, p.process, 10, "main", true);
  p.f = given_function(&p.made, "f", "/srv/app.py", 1, 0);
  p.g = given_function(&p.made, "g", "/srv/app.py", 5, 0);
  p.h = given_function(&p.made, "h", "/srv/app.py", 9, 0);
  return p;
}

static void test_rows_and_sums(void **state) {
  (void)state;
  program p = begin();
  GIVE(&p.made, p.thread, ENTER(1000, p.f), ENTER(1010, p.g), RETURN(1030), ENTER(1040, p.g));
  GIVE(&p.made, p.thread, ENTER(1045, p.h), RETURN(1046), RETURN(1050), RETURN(1100));
  baro_profile *profile = given_profile(&p.made);
  assert_int_equal(profile->calls.count, 4);
  expect_row(profile, 0, "f", BARO_NONE_ID, 100, 70, BARO_OUTCOME_RETURNED);
  expect_row(profile, 1, "g", 0, 20, 20, BARO_OUTCOME_RETURNED);
  expect_row(profile, 2, "g", 0, 10, 9, BARO_OUTCOME_RETURNED);
  expect_row(profile, 3, "h", 2, 1, 1, BARO_OUTCOME_RETURNED);
  expect_sums(profile, "f", 1, 1, 70, 100);
  expect_sums(profile, "g", 2, 2, 29, 30);
  expect_sums(profile, "h", 1, 1, 1, 1);
  assert_int_equal(profile->call_edges.count, 3);
  expect_edge(profile, NULL, "f", 1, 1, 70, 100);
  expect_edge(profile, "f", "g", 2, 2, 29, 30);
  expect_edge(profile, "g", "h", 1, 1, 1, 1);
  assert_int_equal(profile->call_edges.caller[2], BARO_NONE_ID); /* last, as the header says */
  assert_int_equal(profile->start_ns, 1000);
  assert_int_equal(profile->end_ns, 1100);
  assert_int_equal(profile->threads[0].call_count, 4);
  assert_int_equal(profile->threads[0].wall_ns, 100);
  assert_int_equal(profile->threads[0].calls_self_ns, 100);
  assert_int_equal(profile->threads[0].entry_function, function_named(profile, "f"));
  baro_profile_destroy(profile);
}

/* As pstats has it: fib(4) is 9/1 calls, and its total is not counted nine times. */
static void fib(program *p, uint64_t *now_ns, int n) {
  GIVE(&p->made, p->thread, ENTER((*now_ns)++, p->f));
  if (n > 1) {
    fib(p, now_ns, n - 1);
    fib(p, now_ns, n - 2);
  }
  GIVE(&p->made, p->thread, RETURN((*now_ns)++));
}

static void test_recursion_counts_once(void **state) {
  (void)state;
  program p = begin();
  uint64_t now_ns = 1;
  GIVE(&p.made, p.thread, ENTER(now_ns++, p.g));
  fib(&p, &now_ns, 4);
  GIVE(&p.made, p.thread, RETURN(now_ns));
  baro_profile *profile = given_profile(&p.made);
  expect_sums(profile, "f", 9, 1, 17, 17);
  expect_edge(profile, "g", "f", 1, 1, 3, 17); /* before, between and behind its two callees */
  uint32_t inner = edge_between(profile, "f", "f");
  assert_int_equal(profile->call_edges.calls[inner], 8);
  assert_int_equal(profile->call_edges.primitive_calls[inner], 2);
  /* The two calls that the first one makes, with all below. */
  assert_int_equal(profile->call_edges.total_ns[inner], 14);
  baro_profile_destroy(profile);
}

/* A generator is one call with its whole life; who resumes it is the caller of nothing. */
static void test_generator_is_one_call(void **state) {
  (void)state;
  program p = begin();
  uint32_t other = given_thread(&p.made, p.process, 11, "other", false);
  GIVE(&p.made, p.thread, ENTER(100, p.f), ENTER_SUSPENDABLE(110, p.g, 7), SUSPEND(115),
       RETURN(120));
  GIVE(&p.made, other, ENTER(200, p.h), RESUME(210, 7), ENTER(211, p.h), RETURN(213), SUSPEND(220),
       RETURN(230));
  GIVE(&p.made, p.thread, RESUME(300, 7), RETURN(301));
  baro_profile *profile = given_profile(&p.made);
  const baro_profile_calls *calls = &profile->calls;
  assert_int_equal(calls->count, 4);
  expect_row(profile, 0, "f", BARO_NONE_ID, 20, 15, BARO_OUTCOME_RETURNED);
  expect_row(profile, 1, "g", 0, 191, 5 + 8 + 1, BARO_OUTCOME_RETURNED);
  expect_row(profile, 2, "h", BARO_NONE_ID, 30, 20, BARO_OUTCOME_RETURNED);
  expect_row(profile, 3, "h", 1, 2, 2, BARO_OUTCOME_RETURNED);
  assert_int_equal(calls->suspendable_count, 1);
  assert_int_equal(calls->suspendable_call[0], 1);
  assert_int_equal(calls->suspendable_active_ns[0], 5 + 10 + 1);
  assert_int_equal(calls->suspendable_resumes[0], 2);
  expect_sums(profile, "g", 1, 1, 14, 16);
  expect_sums(profile, "h", 2, 1, 22, 30); /* the second one is inside of the first */
  expect_edge(profile, "f", "g", 1, 1, 14, 16);
  expect_edge(profile, "g", "h", 1, 1, 2, 2);
  baro_profile_destroy(profile);
}

static void test_outcomes(void **state) {
  (void)state;
  program p = begin();
  uint32_t value_error = given_string(&p.made, baro_view_of("ValueError"));
  uint32_t generator_exit = given_string(&p.made, baro_view_of("GeneratorExit"));
  GIVE(&p.made, p.thread, ENTER(10, p.f), ENTER(11, p.g), RAISE(12, value_error),
       ENTER_SUSPENDABLE(13, p.h, 1), SUSPEND(14), THROW(15, 1), RAISE(16, generator_exit),
       ENTER(17, p.g), RAISE(18, generator_exit), RAISE(19, BARO_NONE_ID));
  baro_profile *profile = given_profile(&p.made);
  const baro_profile_calls *calls = &profile->calls;
  assert_int_equal(calls->outcome[0], BARO_OUTCOME_RAISED);
  assert_int_equal(calls->outcome[1], BARO_OUTCOME_RAISED);
  assert_int_equal(calls->outcome[2], BARO_OUTCOME_CLOSED);
  assert_int_equal(calls->outcome[3], BARO_OUTCOME_RAISED); /* a plain function is not closed */
  assert_int_equal(calls->raised_count, 3);
  assert_int_equal(calls->raised_call[0], 0);
  assert_int_equal(calls->raised_exception[0], BARO_NONE_ID);
  assert_int_equal(calls->raised_call[1], 1);
  assert_true(baro_view_equal(baro_profile_string(profile, calls->raised_exception[1]),
                              baro_view_of("ValueError")));
  assert_int_equal(calls->raised_call[2], 3);
  assert_int_equal(profile->call_sums.raised[function_named(profile, "g")], 2);
  assert_int_equal(profile->call_sums.raised[function_named(profile, "h")], 0);
  baro_profile_destroy(profile);
}

/* Time after the last event before a loss belongs to nobody. */
static void test_lost_events_end_what_was_active(void **state) {
  (void)state;
  program p = begin();
  GIVE(&p.made, p.thread, ENTER(10, p.f), ENTER(12, p.g), RETURN(20), ENTER_SUSPENDABLE(21, p.h, 3),
       LOST(500, 40), ENTER(501, p.g), RETURN(510));
  baro_profile *profile = given_profile(&p.made);
  expect_row(profile, 0, "f", BARO_NONE_ID, 11, 3, BARO_OUTCOME_LOST);
  expect_row(profile, 1, "g", 0, 8, 8, BARO_OUTCOME_RETURNED);
  expect_row(profile, 2, "h", 0, 0, 0, BARO_OUTCOME_LOST);
  expect_row(profile, 3, "g", BARO_NONE_ID, 9, 9, BARO_OUTCOME_RETURNED);
  assert_int_equal(profile->calls.lost_events, 40);
  expect_sums(profile, "f", 1, 1, 3, 11);
  baro_profile_destroy(profile);
}

/* What the writer had to leave out is missing too, with calls beside it and without. */
static void test_dropped_events_are_lost_events(void **state) {
  (void)state;
  const baro_damage damage = {.dropped_call_events = 2};
  for (uint64_t with_calls = 0; with_calls < 2; with_calls++) {
    program p = begin();
    if (with_calls != 0) {
      GIVE(&p.made, p.thread, ENTER(10, p.f), RETURN(20), LOST(500, 40));
    }
    baro_profile *profile = NULL;
    assert_int_equal(baro_profile_builder_finish(p.made.builder, &damage, &profile, NULL), BARO_OK);
    p.made.builder = NULL;
    assert_int_equal(profile->calls.count, with_calls);
    assert_int_equal(profile->calls.lost_events, 2 + 40 * with_calls);
    baro_profile_destroy(profile);
  }
}

/* Open calls last until their thread's end where it is known, then their process's, then the last thing recorded. */
static void test_unfinished_calls(void **state) {
  (void)state;
  program p = begin();
  uint32_t ended = given_thread(&p.made, p.process, 11, "ended", false);
  uint32_t child = given_process(&p.made, 20, p.process);
  uint32_t killed = given_thread(&p.made, child, 20, "killed", true);
  GIVE(&p.made, ended, ENTER(100, p.f), ENTER(110, p.g));
  GIVE(&p.made, killed, ENTER_SUSPENDABLE(100, p.h, 1), SUSPEND(105), ENTER(120, p.f));
  GIVE(&p.made, p.thread, ENTER(100, p.f), ENTER(150, p.g), RETURN(1000));
  baro_end_record thread_end = {.index = ended, .time_ns = 400, .wait_status = -1};
  baro_end_record process_end = {.index = child, .time_ns = 600, .wait_status = 9};
  const baro_visitor *visitor = p.made.visitor;
  assert_int_equal(visitor->thread_end(visitor->context, &thread_end, NULL), BARO_OK);
  assert_int_equal(visitor->process_end(visitor->context, &process_end, NULL), BARO_OK);
  baro_profile *profile = given_profile(&p.made);
  expect_row(profile, 0, "f", BARO_NONE_ID, 900, 50, BARO_OUTCOME_UNFINISHED);
  expect_row(profile, 1, "g", 0, 850, 850, BARO_OUTCOME_RETURNED);
  expect_row(profile, 2, "f", BARO_NONE_ID, 300, 10, BARO_OUTCOME_UNFINISHED);
  expect_row(profile, 3, "g", 2, 290, 290, BARO_OUTCOME_UNFINISHED);
  expect_row(profile, 4, "h", BARO_NONE_ID, 500, 5, BARO_OUTCOME_UNFINISHED);
  expect_row(profile, 5, "f", BARO_NONE_ID, 480, 480, BARO_OUTCOME_UNFINISHED);
  assert_int_equal(profile->threads[1].calls_end_ns, 400);
  baro_profile_destroy(profile);
}

/* Calls count where the recorder defined one function twice, and beside samples of other functions. */
static void test_functions_are_those_of_samples_and_calls(void **state) {
  (void)state;
  program p = begin();
  uint32_t g_string = p.made.strings - 4; /* g and its file, h and its file */
  /* As a writer would define it again with other flags: of the same strings. */
  baro_function_record record = {
      .first_line = 5, .flags = BARO_FUNCTION_NAME_CUT, .module_string = BARO_NONE_ID};
  record.name_string = record.qualified_string = g_string;
  record.file_string = g_string + 1;
  uint32_t again = p.made.functions;
  assert_int_equal(
      p.made.visitor->function(p.made.visitor->context, p.made.functions++, &record, NULL),
      BARO_OK);
  uint32_t sampled = given_function(&p.made, "sampled", "/srv/app.py", 50, 0);
  uint32_t stack = given_stack(&p.made, BARO_NONE_ID, p.f, 2);
  given_sample(&p.made, p.thread, given_stack(&p.made, stack, sampled, 51), BARO_STATE_CPU, MS, MS);
  GIVE(&p.made, p.thread, ENTER(MS / 2, p.f), ENTER(MS, p.g), RETURN(2 * MS), ENTER(2 * MS, again),
       RETURN(4 * MS), RETURN(4 * MS));
  baro_profile *profile = given_profile(&p.made);
  assert_int_equal(profile->functions.count, 3); /* h was neither sampled nor called */
  expect_sums(profile, "g", 2, 2, 3 * MS, 3 * MS);
  expect_sums(profile, "sampled", 0, 0, 0, 0);
  assert_int_equal(profile->functions.self_samples[function_named(profile, "g")], 0);
  assert_int_equal(profile->functions.self_samples[function_named(profile, "sampled")], 1);
  assert_int_equal(profile->start_ns, 0);
  assert_int_equal(profile->end_ns, 4 * MS);
  assert_int_equal(profile->threads[0].wall_ns, MS); /* that of its sample */
  baro_profile_destroy(profile);
}

static int compare_u64(const void *left, const void *right) {
  const uint64_t *a = left;
  const uint64_t *b = right;
  return (*a > *b) - (*a < *b);
}

/* The exact ranks, of few and many calls, of equal and of absurd durations. */
static void test_quantiles(void **state) {
  (void)state;
  static const uint32_t counts[] = {1, 2, 3, 100, 101, 512, 513, 5000};
  fixture_random random = {.state = 99};
  for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
    for (unsigned shift = 0; shift < 64; shift += 21) {
      program p = begin();
      uint64_t *durations = malloc(counts[i] * sizeof(*durations));
      assert_non_null(durations);
      uint64_t now_ns = 0;
      for (uint32_t c = 0; c < counts[i]; c++) {
        /* One outlier of up to 2^63; the times add up to less than 2^64. */
        durations[c] = fixture_next(&random) >> (c == 0 ? 1 : 16 + shift % 48);
        durations[c] = shift == 63 ? 5 : durations[c];
        GIVE(&p.made, p.thread, ENTER(now_ns, p.f), RETURN(now_ns + durations[c]));
        now_ns += durations[c];
      }
      qsort(durations, counts[i], sizeof(*durations), compare_u64);
      baro_profile *profile = given_profile(&p.made);
      uint32_t f = function_named(profile, "f");
      assert_int_equal(profile->call_sums.p50_ns[f], durations[(counts[i] + 1) / 2 - 1]);
      assert_int_equal(profile->call_sums.p99_ns[f], durations[(counts[i] * 99 + 99) / 100 - 1]);
      assert_int_equal(profile->call_sums.max_ns[f], durations[counts[i] - 1]);
      baro_profile_destroy(profile);
      free(durations);
    }
  }
}

static void test_no_calls(void **state) {
  (void)state;
  program p = begin();
  given_events(&p.made, p.thread, NULL, 0);
  baro_profile *profile = given_profile(&p.made);
  assert_int_equal(profile->calls.count, 0);
  assert_int_equal(profile->call_edges.count, 0);
  assert_int_equal(profile->start_ns, 0);
  baro_profile_destroy(profile);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows_and_sums),
      cmocka_unit_test(test_recursion_counts_once),
      cmocka_unit_test(test_generator_is_one_call),
      cmocka_unit_test(test_outcomes),
      cmocka_unit_test(test_lost_events_end_what_was_active),
      cmocka_unit_test(test_dropped_events_are_lost_events),
      cmocka_unit_test(test_unfinished_calls),
      cmocka_unit_test(test_functions_are_those_of_samples_and_calls),
      cmocka_unit_test(test_quantiles),
      cmocka_unit_test(test_no_calls),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

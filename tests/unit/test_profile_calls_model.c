/* Calls of random programs against a slow model, which gives every ns to each function of the stack: all is the same however
 * the events of several threads came. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/call_events.h"
#include "support/profile_fixture.h"
#include "support/recording_fixture.h"

enum { FUNCTIONS = 5, THREADS = 3, CALLS_MAX = 40000, DEPTH_MAX = 12 };

typedef struct model_call {
  uint32_t thread;
  uint32_t function;
  uint32_t parent; /* index here */
  uint64_t start_ns;
  uint64_t self_ns;
  uint64_t active_ns;
  uint64_t end_ns;
  uint32_t resumes;
  bool can_suspend;
  bool is_suspended;
  baro_outcome outcome;
} model_call;

typedef struct model {
  model_call calls[CALLS_MAX];
  uint32_t count;
  uint32_t stack[THREADS][DEPTH_MAX];
  uint32_t depth[THREADS];
  uint64_t now_ns[THREADS];
  uint64_t total_ns[FUNCTIONS];
  uint64_t primitive[FUNCTIONS];
  fixture_random random;
} model;

static bool on_stack(const model *m, uint32_t thread, uint32_t function) {
  for (uint32_t i = 0; i < m->depth[thread]; i++) {
    if (m->calls[m->stack[thread][i]].function == function) {
      return true;
    }
  }
  return false;
}

static void pass_time(model *m, uint32_t thread, uint64_t ns) {
  for (uint32_t f = 0; f < FUNCTIONS; f++) {
    m->total_ns[f] += on_stack(m, thread, f) ? ns : 0;
  }
  for (uint32_t i = 0; i < m->depth[thread]; i++) {
    m->calls[m->stack[thread][i]].active_ns += ns;
  }
  if (m->depth[thread] > 0) {
    m->calls[m->stack[thread][m->depth[thread] - 1]].self_ns += ns;
  }
  m->now_ns[thread] += ns;
}

static void model_end(model *m, uint32_t thread, baro_outcome outcome) {
  model_call *call = &m->calls[m->stack[thread][--m->depth[thread]]];
  call->outcome = outcome;
  call->end_ns = m->now_ns[thread];
}

/* One random event of the thread, which the model knows then too. */
static baro_call_event model_event(model *m, uint32_t thread) {
  uint64_t choice = fixture_below(&m->random, 100);
  uint32_t depth = m->depth[thread];
  uint64_t ns = fixture_below(&m->random, 50);
  pass_time(m, thread, choice == 0 ? 0 : ns);
  uint64_t at_ns = m->now_ns[thread];
  if (choice == 0) {
    while (m->depth[thread] > 0) {
      model_end(m, thread, BARO_OUTCOME_LOST);
    }
    m->now_ns[thread] += ns; /* nobody's */
    return LOST(m->now_ns[thread], 1);
  }
  uint32_t top = depth == 0 ? BARO_NONE_ID : m->stack[thread][depth - 1];
  if (depth > 0 && choice < 15 && m->calls[top].can_suspend) {
    m->depth[thread]--;
    m->calls[top].is_suspended = true;
    return SUSPEND(at_ns);
  }
  if (depth > 0 && (choice < 50 || depth == DEPTH_MAX)) {
    bool raises = choice % 5 == 0;
    model_end(m, thread, raises ? BARO_OUTCOME_RAISED : BARO_OUTCOME_RETURNED);
    return raises ? RAISE(at_ns, BARO_NONE_ID) : RETURN(at_ns);
  }
  if (choice < 75 && m->count > 0 && depth < DEPTH_MAX) {
    uint32_t number = (uint32_t)fixture_below(&m->random, m->count);
    if (m->calls[number].is_suspended) {
      m->calls[number].is_suspended = false;
      m->calls[number].resumes++;
      m->stack[thread][m->depth[thread]++] = number;
      return RESUME(at_ns, number + 1);
    }
  }
  uint32_t function = (uint32_t)fixture_below(&m->random, FUNCTIONS);
  m->primitive[function] += on_stack(m, thread, function) ? 0 : 1;
  m->calls[m->count] = (model_call){
      .thread = thread,
      .function = function,
      .parent = top,
      .start_ns = at_ns,
      .can_suspend = choice % 3 == 0,
  };
  m->stack[thread][m->depth[thread]++] = m->count++;
  return choice % 3 == 0 ? ENTER_SUSPENDABLE(at_ns, function, m->count) : ENTER(at_ns, function);
}

/* Rows of the profile are those of the model, by thread. */
static void compare_rows(const model *m, const baro_profile *profile, const uint32_t *functions) {
  const baro_profile_calls *calls = &profile->calls;
  uint32_t *row_of = malloc(m->count * sizeof(*row_of));
  assert_non_null(row_of);
  uint32_t row = 0;
  for (uint32_t t = 0; t < THREADS; t++) {
    assert_int_equal(profile->threads[t].first_call, row);
    for (uint32_t c = 0; c < m->count; c++) {
      if (m->calls[c].thread == t) {
        row_of[c] = row++;
      }
    }
  }
  assert_int_equal(calls->count, row);
  uint32_t suspendable = 0;
  for (row = 0; row < calls->count; row++) {
    uint32_t c = 0;
    while (row_of[c] != row) {
      c++;
    }
    const model_call *wanted = &m->calls[c];
    uint32_t parent = wanted->parent == BARO_NONE_ID ? BARO_NONE_ID : row_of[wanted->parent];
    assert_int_equal(calls->function[row], functions[wanted->function]);
    assert_int_equal(calls->parent_call[row], parent);
    assert_int_equal(calls->start_ns[row], wanted->start_ns);
    assert_int_equal(calls->self_ns[row], wanted->self_ns);
    assert_int_equal(calls->outcome[row], wanted->outcome);
    uint64_t duration_ns =
        wanted->end_ns > wanted->start_ns ? wanted->end_ns - wanted->start_ns : 0;
    assert_int_equal(calls->duration_ns[row], duration_ns);
    if (wanted->can_suspend) {
      assert_int_equal(calls->suspendable_call[suspendable], row);
      assert_int_equal(calls->suspendable_active_ns[suspendable], wanted->active_ns);
      assert_int_equal(calls->suspendable_resumes[suspendable++], wanted->resumes);
    }
  }
  assert_int_equal(calls->suspendable_count, suspendable);
  free(row_of);
}

static void test_random_programs_agree_with_a_slow_model(void **state) {
  (void)state;
  model *m = malloc(sizeof(*m));
  assert_non_null(m);
  for (uint64_t seed = 1; seed <= 5; seed++) {
    memset(m, 0, sizeof(*m));
    m->random.state = seed * 7919;
    given made = given_begin();
    /* Two processes whose threads are defined in turn: their rows change places. */
    uint32_t first = given_process(&made, 10, BARO_NONE_ID);
    uint32_t second = given_process(&made, 20, first);
    uint32_t threads[THREADS];
    threads[0] = given_thread(&made, first, 10, "a", true);
    threads[2] = given_thread(&made, second, 20, "b", true);
    threads[1] = given_thread(&made, first, 11, "c", false);
    uint32_t functions[FUNCTIONS];
    for (uint32_t f = 0; f < FUNCTIONS; f++) {
      char name[2] = {(char)('a' + f), '\0'};
      functions[f] = given_function(&made, name, "/srv/app.py", f + 1, 0);
      assert_int_equal(functions[f], f);
    }
    while (m->count < 3000) {
      uint32_t thread = (uint32_t)fixture_below(&m->random, THREADS);
      baro_call_event batch[64];
      uint32_t count = (uint32_t)fixture_below(&m->random, 64);
      for (uint32_t i = 0; i < count; i++) {
        batch[i] = model_event(m, thread);
      }
      given_events(&made, threads[thread], batch, count);
    }
    uint64_t end_ns = 0;
    for (uint32_t t = 0; t < THREADS; t++) {
      end_ns = m->now_ns[t] > end_ns ? m->now_ns[t] : end_ns;
    }
    for (uint32_t t = 0; t < THREADS; t++) {
      pass_time(m, t, m->depth[t] == 0 ? 0 : end_ns - m->now_ns[t]);
      while (m->depth[t] > 0) {
        model_end(m, t, BARO_OUTCOME_UNFINISHED);
      }
    }
    for (uint32_t c = 0; c < m->count; c++) {
      if (m->calls[c].is_suspended) {
        m->calls[c].outcome = BARO_OUTCOME_UNFINISHED;
        m->calls[c].end_ns = end_ns;
      }
    }
    baro_profile *profile = given_profile(&made);
    for (uint32_t f = 0; f < FUNCTIONS; f++) {
      char name[2] = {(char)('a' + f), '\0'};
      functions[f] = function_named(profile, name);
      assert_int_equal(profile->call_sums.total_ns[functions[f]], m->total_ns[f]);
      assert_int_equal(profile->call_sums.primitive_calls[functions[f]], m->primitive[f]);
    }
    compare_rows(m, profile, functions);
    const baro_profile_call_edges *edges = &profile->call_edges;
    uint64_t calls = 0, edge_self_ns = 0, self_ns = 0;
    for (uint32_t e = 0; e < edges->count; e++) {
      calls += edges->calls[e];
      edge_self_ns += edges->self_ns[e];
      assert_true(edges->total_ns[e] >= edges->self_ns[e]);
    }
    for (uint32_t f = 0; f < FUNCTIONS; f++) {
      self_ns += profile->call_sums.self_ns[f];
    }
    assert_int_equal(calls, m->count);
    assert_int_equal(edge_self_ns, self_ns);
    baro_profile_destroy(profile);
  }
  free(m);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_random_programs_agree_with_a_slow_model),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

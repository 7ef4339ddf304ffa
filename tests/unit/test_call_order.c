/* The order of calls: wrong here means a recording that readers refuse, or calls that never were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture/call_order.h"
#include "support/recording_fixture.h"

enum { THREADS = 3, FUNCTION_BASE = 100, CLOSED_STRING = 77, RAISED_STRING = 5 };

typedef struct order_scene {
  baro_order_recording recording;
  baro_order_process process;
  baro_order_thread threads[THREADS];
  baro_order_output output;
  uint64_t time_ns;
  char told[4096]; /* what came out */
} order_scene;

static void begin_scene(order_scene *scene) {
  memset(scene, 0, sizeof *scene);
  scene->recording = (baro_order_recording){.next_call = 1, .closed_string = CLOSED_STRING};
  scene->process.recording = &scene->recording;
}

static void end_scene(order_scene *scene) {
  for (int i = 0; i < THREADS; i++)
    baro_order_thread_release(&scene->threads[i]);
  baro_order_process_release(&scene->process);
}

static void tell(order_scene *scene, const baro_call_event *event) {
  size_t used = strlen(scene->told);
  char *at = scene->told + used;
  size_t room = sizeof scene->told - used;
  const char *gap = used > 0 ? " " : "";
  unsigned function = event->function - FUNCTION_BASE;
  switch (event->kind) {
  case BARO_CALL_ENTER: snprintf(at, room, "%se%u", gap, function); break;
  case BARO_CALL_ENTER_SUSPENDABLE:
    snprintf(at, room, "%se%u#%u", gap, function, (unsigned)event->call);
    break;
  case BARO_CALL_RETURN: snprintf(at, room, "%sr", gap); break;
  case BARO_CALL_RAISE:
    snprintf(at, room, "%sx%s", gap,
             event->exception_string == BARO_NONE_ID    ? "?"
             : event->exception_string == CLOSED_STRING ? "(closed)"
                                                        : "");
    break;
  case BARO_CALL_SUSPEND: snprintf(at, room, "%sy", gap); break;
  case BARO_CALL_RESUME: snprintf(at, room, "%su#%u", gap, (unsigned)event->call); break;
  case BARO_CALL_THROW: snprintf(at, room, "%st#%u", gap, (unsigned)event->call); break;
  case BARO_CALL_LOST: snprintf(at, room, "%sl%u", gap, (unsigned)event->lost); break;
  case BARO_CALL_USAGE:
    snprintf(at, room, "%sc%u/%u", gap, (unsigned)event->cpu_ns, event->peak_kib);
    break;
  case BARO_CALL_SPAWN: snprintf(at, room, "%ss#%u", gap, (unsigned)event->call); break;
  case BARO_CALL_SKIPPED:
    snprintf(at, room, "%sk%u*%u", gap, function, (unsigned)event->skipped);
    break;
  case BARO_CALL_WEIGHT: snprintf(at, room, "%sw%u", gap, (unsigned)event->weight); break;
  case BARO_CALL_VALUE:
    snprintf(at, room, "%sv%u(%.*s)", gap, event->which, (int)event->value_bytes,
             (const char *)event->value);
    break;
  case BARO_CALL_OWN:
    snprintf(at, room, "%so%u/%u", gap, (unsigned)event->own_ns, event->own_wait_us);
    break;
  case BARO_CALL_EVENT_KIND_COUNT: fail_msg("no event"); break;
  }
}

static baro_ring_kind kind_of_letter(char letter) {
  static const char letters[] = "erxyut.lcskwvo"; /* in the order of the kinds */
  const char *found = strchr(letters, letter);
  return found != NULL ? (baro_ring_kind)(found - letters) : BARO_RING_KIND_COUNT;
}

/* What a remark says: c9 (CPU time), k1 (of code 1: three were skipped), w4, v1 (an argument; v3, v3@7: what code 3 returns),
 * o5 (5 ns of our own). */
static void set_remark(baro_call_step *step, unsigned long number) {
  if (step->kind > BARO_RING_USAGE)
    step->time_ns = 0; /* as the drain has it: rings do not say */
  if (step->kind == BARO_RING_USAGE) {
    step->peak_kib = 6;
    step->cpu_ns = number;
  } else if (step->kind == BARO_RING_SPAWN) {
    step->is_elsewhere = 0;
  } else if (step->kind == BARO_RING_SKIPPED) {
    step->skipped = 3;
  } else if (step->kind == BARO_RING_WEIGHT) {
    step->weight = number;
    step->is_recursive = 0;
  } else if (step->kind == BARO_RING_VALUE) {
    step->which = number == 1 ? BARO_RING_VALUE_ARGUMENTS : BARO_RING_VALUE_RETURN;
    step->value_bytes = 2;
    step->value = (const uint8_t *)"ab";
  } else if (step->kind == BARO_RING_OWN) {
    step->own_ns = number;
    step->own_wait_us = 2;
  }
}

/* One event, written as e1 (code 1 is entered), e2@7 (its frame is 7), r1, x1, y2@7, u2@7, t2@7, l5 (5 were lost), s2@7 (a
 * task of code 2 was made; s2@7^: another thread had asked for it), or a remark; a ! behind it: nobody else's event will
 * explain it. */
static baro_status take(order_scene *scene, int thread, const char *word) {
  char *rest;
  baro_call_step step = {.kind = kind_of_letter(word[0]), .time_ns = scene->time_ns += 10};
  unsigned long number = strtoul(word + 1, &rest, 10);
  if (step.kind == BARO_RING_LOST)
    step.lost = number;
  else
    step.code = (uint32_t)number;
  step.function = FUNCTION_BASE + step.code;
  step.exception_string = RAISED_STRING;
  set_remark(&step, number);
  if (*rest == '@')
    step.frame = strtoul(rest + 1, &rest, 10);
  if (*rest == '^') {
    step.is_elsewhere = 1;
    rest++;
  }
  scene->output.count = 0;
  baro_status status = baro_order_take(&scene->process, &scene->threads[thread], &step,
                                       *rest == '!', &scene->output);
  for (uint32_t i = 0; i < scene->output.count; i++)
    tell(scene, &scene->output.events[i]);
  return status;
}

/* Events separated by blanks, all of one thread. */
static void play(order_scene *scene, int thread, const char *words) {
  char copy[512];
  snprintf(copy, sizeof copy, "%s", words);
  for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
    assert_int_equal(take(scene, thread, word), BARO_OK);
}

static void expect(const char *words, const char *told) {
  static order_scene one;
  begin_scene(&one);
  play(&one, 0, words);
  assert_string_equal(one.told, told);
  end_scene(&one);
}

static void plain_calls_pass_through(void **state) {
  (void)state;
  expect("e1 e2 r2 e3 x3 r1", "e1 e2 r e3 x r");
  expect("e1 e1 e1 r1 r1 r1", "e1 e1 e1 r r r");
}

static void a_generator_is_one_call(void **state) {
  (void)state;
  expect("e1 e2@7 y2@7 u2@7 y2@7 t2@7 x2@7 r1", "e1 e2#1 y u#1 y t#1 x r");
  /* Two of one function are told apart by their frames. */
  expect("e2@7 y2@7 e2@8 y2@8 u2@7 r2@7 u2@8 r2@8", "e2#1 y e2#2 y u#1 r u#2 r");
}

/* Calls that were active when the agent came, or the parent's after a fork. */
static void ends_without_a_call_are_left_out(void **state) {
  (void)state;
  expect("r1 e2 r2 x3 y4@9", "e2 r");
  static order_scene one;
  begin_scene(&one);
  play(&one, 0, "r1 e2 r2 x3 y4@9");
  assert_int_equal(one.process.unmatched, 3);
  assert_int_equal(one.process.mended, 0);
  end_scene(&one);
}

static void calls_above_one_that_ends_end_with_it(void **state) {
  (void)state;
  expect("e1 e2 e3 r1", "e1 e2 e3 x? x? r");
  expect("e1 e2@7 e3 r1 u2@7!", "e1 e2#1 e3 x? x? r e2#2");
  /* ... but not when what ends is nowhere: then it is its end that is odd. */
  expect("e1 e2 r3 r2 r1", "e1 e2 r r");
}

static void what_is_resumed_unseen_is_a_call(void **state) {
  (void)state;
  expect("u2@7! y2@7 u2@7 r2@7", "e2#1 y u#1 r");
  expect("t2@7! x2@7", "e2#1 x");
  /* Its frame is another code's by now. */
  expect("e2@7 y2@7 u3@7! r3@7", "e2#1 y t#1 x(closed) e3#2 r");
}

static void a_suspension_that_was_not_told_is_put_in(void **state) {
  (void)state;
  expect("e2@7 e3 u2@7 r2@7", "e2#1 e3 x? y u#1 r");
}

/* CPython 3.13 clears abandoned generators without an event; their memory is the next one's. */
static void an_abandoned_generator_is_closed(void **state) {
  (void)state;
  expect("e1 e2@7 y2@7 e2@7 y2@7 e3@7 r3@7 r1",
         "e1 e2#1 y t#1 x(closed) e2#2 y t#2 x(closed) e3#3 r r");
}

static void another_thread_resumes(void **state) {
  (void)state;
  order_scene one;
  begin_scene(&one);
  play(&one, 0, "e2@7");
  /* The second thread's events were read first. */
  assert_int_equal(take(&one, 1, "u2@7"), BARO_AGAIN);
  assert_int_equal(take(&one, 1, "u3@8"), BARO_AGAIN);
  play(&one, 0, "y2@7");
  play(&one, 1, "u2@7 y2@7");
  play(&one, 0, "u2@7 r2@7");
  assert_string_equal(one.told, "e2#1 y u#1 y u#1 r");
  end_scene(&one);
}

/* Nothing is known of what was active; what was suspended may go on. */
static void a_loss_ends_what_was_active(void **state) {
  (void)state;
  expect("e1 e2@7 y2@7 e3@8 e4 l5 u2@7 r2@7 r4 r1", "e1 e2#1 y e3#2 e4 l5 u#1 r");
  expect("e3@8 l1 u3@8! r3@8", "e3#1 l1 e3#2 r");
}

static void missing_frames_do_no_harm(void **state) {
  (void)state;
  expect("e2 y2 u2 r2", "e2 r e2 r");
  expect("e2@7 y2 u2@7 r2", "e2#1 y u#1 r");
}

static void time_never_goes_back(void **state) {
  (void)state;
  order_scene one;
  begin_scene(&one);
  play(&one, 0, "e1");
  uint64_t entered_ns = one.output.events[0].time_ns;
  one.time_ns = 0;
  play(&one, 0, "r1");
  assert_int_equal(one.output.events[0].time_ns, entered_ns);
  end_scene(&one);
}

static void depth_is_bounded(void **state) {
  (void)state;
  order_scene one;
  begin_scene(&one);
  uint64_t made = 0;
  uint64_t ended = 0;
  for (int i = 0; i < BARO_ORDER_DEPTH + 1000; i++) {
    assert_int_equal(take(&one, 0, "e1"), BARO_OK);
    made += one.output.count;
    one.told[0] = '\0';
  }
  assert_int_equal(made, BARO_ORDER_DEPTH);
  assert_int_equal(one.process.too_deep, 1000);
  for (int i = 0; i < BARO_ORDER_DEPTH + 1000; i++) {
    assert_int_equal(take(&one, 0, "r1"), BARO_OK);
    ended += one.output.count;
    one.told[0] = '\0';
  }
  assert_int_equal(ended, BARO_ORDER_DEPTH);
  assert_int_equal(one.process.unmatched, 0);
  end_scene(&one);
}

/* --- any events at all --- */

/* What is said beside the calls stays where it was said, at the time of what came before; usage has its own. */
static void remarks_pass_through(void **state) {
  (void)state;
  expect("e1 c9 w4 e2 v1 v2 r2 k3 r1", "e1 c9/6 w4 e2 v1(ab) v3(ab) r k3*3 r");
  expect("o5 e1 v1 r1 o7 o8", "o5/2 e1 v1(ab) r o7/2 o8/2");
  static order_scene one;
  begin_scene(&one);
  play(&one, 0, "e1 w4");
  assert_int_equal(one.output.events[0].time_ns, 10);
  play(&one, 0, "c5");
  assert_int_equal(one.output.events[0].time_ns, 30);
  end_scene(&one);
}

static void a_task_has_its_number_before_it_begins(void **state) {
  (void)state;
  expect("e1 s2@7 e2@9 y2@9 e2@7 r2 r1", "e1 s#1 e2#2 y e2#1 r r");
  /* Nobody asked for is recorded. */
  expect("s2@7 e2@7", "s#1 e2#1");
  /* Tasks that never began: their frames are those of others now. */
  expect("s2@7 e3@7 r3 e2@7", "s#1 e3#2 r e2#3");
  expect("s2@7 s2@7 e2@7 r2 e2@7", "s#1 s#2 e2#2 r e2#3");
  /* Where a generator was abandoned at the same place. */
  expect("e2@7 y2@7 s2@7 e2@7", "e2#1 y s#2 t#1 x(closed) e2#2");
  /* A loss on the way does not take it away. */
  expect("e1 s2@7 l5 e2@7", "e1 s#1 l5 e2#1");
}

static void another_thread_begins_the_task(void **state) {
  (void)state;
  static order_scene one;
  begin_scene(&one);
  play(&one, 0, "e1 s2@7");
  play(&one, 1, "e2@7 y2@7");
  play(&one, 0, "u2@7 r2");
  assert_string_equal(one.told, "e1 s#1 e2#1 y u#1 r");
  assert_int_equal(one.process.spawned.count, 0);
  end_scene(&one);
}

/* Whoever asked for it is its spawner, in whichever order the two rings are read. */
static void a_task_that_another_thread_asked_for(void **state) {
  (void)state;
  static order_scene one;
  begin_scene(&one);
  play(&one, 0, "e1");
  assert_int_equal(take(&one, 1, "s2@7^"), BARO_AGAIN);
  play(&one, 0, "s2@7");
  play(&one, 1, "s2@7^ e2@7 r2@7");
  assert_string_equal(one.told, "e1 s#1 e2#1 r");
  end_scene(&one);
  begin_scene(&one);
  play(&one, 0, "e1 s3@7"); /* a promise to another code is none */
  assert_int_equal(take(&one, 1, "s2@7^"), BARO_AGAIN);
  play(&one, 1, "s2@7^! e2@7"); /* what was asked is lost: the task is known, though */
  assert_string_equal(one.told, "e1 s#1 s#2 e2#2");
  end_scene(&one);
}

/* A return value is of the call that returns, not of one above it whose end nobody told. */
static void values_find_their_call(void **state) {
  (void)state;
  expect("e3 e1 v3 r3", "e3 e1 x? v3(ab) r");
  expect("e3@7 e3@8 v3@7 r3@7", "e3#1 e3#2 x? v3(ab) r");
  expect("e1 v3 r1", "e1 r");
  expect("v1 v3 e1", "e1");
}

/* What is left out for its depth has neither weight nor values, nor has the call below it. */
static void calls_that_are_left_out_have_no_remarks(void **state) {
  (void)state;
  static order_scene one;
  begin_scene(&one);
  for (uint32_t i = 0; i < BARO_ORDER_DEPTH; i++) {
    one.told[0] = '\0';
    assert_int_equal(take(&one, 0, "e1"), BARO_OK);
  }
  one.told[0] = '\0';
  play(&one, 0, "w4 e3 v1 v3 r3 v1");
  assert_string_equal(one.told, "v1(ab)");
  assert_int_equal(one.process.too_deep, 1);
  end_scene(&one);
}

/* Somebody who makes tasks that never begin does not take all memory. */
static void tasks_that_never_begin_are_bounded(void **state) {
  (void)state;
  static order_scene one;
  begin_scene(&one);
  baro_call_step step = {.kind = BARO_RING_SPAWN, .code = 2};
  for (uint64_t i = 1; i <= BARO_ORDER_SPAWNED_LIMIT + 10; i++) {
    step.frame = i * 16;
    one.output.count = 0;
    assert_int_equal(baro_order_take(&one.process, &one.threads[0], &step, false, &one.output),
                     BARO_OK);
    assert_int_equal(one.output.count, i <= BARO_ORDER_SPAWNED_LIMIT);
  }
  assert_int_equal(one.process.spawned.count, BARO_ORDER_SPAWNED_LIMIT);
  end_scene(&one);
}

enum { CALLS = 1 << 16, DEEPEST = 4096 };

/* The rules of baro_call_event, kept the simplest way. */
typedef struct order_rules {
  uint8_t is_suspended[CALLS];
  uint8_t is_known[CALLS];
  uint64_t stack[THREADS][DEEPEST];
  uint32_t depth[THREADS];
  uint64_t last_ns[THREADS];
} order_rules;

static void check_event(order_rules *rules, int thread, const baro_call_event *event) {
  uint64_t *stack = rules->stack[thread];
  uint32_t *depth = &rules->depth[thread];
  assert_true(event->time_ns >= rules->last_ns[thread]);
  rules->last_ns[thread] = event->time_ns;
  assert_true(event->kind == BARO_CALL_ENTER || event->kind == BARO_CALL_LOST ||
              event->kind == BARO_CALL_RETURN || event->kind == BARO_CALL_RAISE ||
              event->kind == BARO_CALL_SUSPEND || event->kind == BARO_CALL_USAGE ||
              event->kind > BARO_CALL_SPAWN || event->call < CALLS);
  switch (event->kind) {
  case BARO_CALL_ENTER: stack[(*depth)++] = 0; break;
  case BARO_CALL_ENTER_SUSPENDABLE:
    assert_true(event->call > 0 && !rules->is_known[event->call]);
    rules->is_known[event->call] = 1;
    stack[(*depth)++] = event->call;
    break;
  case BARO_CALL_RETURN:
  case BARO_CALL_RAISE:
    assert_true(*depth > 0);
    (*depth)--;
    break;
  case BARO_CALL_SUSPEND:
    assert_true(*depth > 0 && stack[*depth - 1] != 0);
    rules->is_suspended[stack[--*depth]] = 1;
    break;
  case BARO_CALL_RESUME:
  case BARO_CALL_THROW:
    assert_true(rules->is_suspended[event->call]);
    rules->is_suspended[event->call] = 0;
    stack[(*depth)++] = event->call;
    break;
  case BARO_CALL_LOST: *depth = 0; break;
  case BARO_CALL_USAGE:
  case BARO_CALL_SKIPPED:
  case BARO_CALL_OWN:
  case BARO_CALL_WEIGHT: break;
  case BARO_CALL_SPAWN: assert_true(event->call > 0 && !rules->is_known[event->call]); break;
  case BARO_CALL_VALUE: assert_true(*depth > 0); break;
  case BARO_CALL_EVENT_KIND_COUNT: fail_msg("no event"); break;
  }
  assert_true(*depth < DEEPEST);
}

static void any_events_become_ones_that_readers_accept(void **state) {
  (void)state;
  static order_scene one;
  static order_rules rules;
  fixture_random random = {.state = 42};
  uint64_t waited = 0;
  begin_scene(&one);
  memset(&rules, 0, sizeof rules);
  for (int i = 0; i < 100000; i++) {
    int thread = (int)fixture_below(&random, THREADS);
    baro_call_step step = {.kind = (baro_ring_kind)fixture_below(&random, 6),
                           .time_ns = fixture_below(&random, 1000) + (uint64_t)i,
                           .code = (uint32_t)fixture_below(&random, 4),
                           .function = FUNCTION_BASE,
                           .exception_string = RAISED_STRING};
    bool is_remark = fixture_below(&random, 6) == 0;
    if (is_remark)
      step = (baro_call_step){.kind = (baro_ring_kind)(BARO_RING_USAGE + fixture_below(&random, 5)),
                              .time_ns = step.time_ns,
                              .frame = 1 + fixture_below(&random, 5),
                              .code = 1 + (uint32_t)fixture_below(&random, 3),
                              .function = FUNCTION_BASE,
                              .weight = 1};
    if (step.kind == BARO_RING_VALUE)
      set_remark(&step, fixture_below(&random, 2));
    /* Rarely a loss; more ends than beginnings keep stacks shallow. */
    if (fixture_below(&random, 500) == 0)
      step = (baro_call_step){.kind = BARO_RING_LOST, .lost = 3, .time_ns = step.time_ns};
    else if (step.code > 0 && !is_remark)
      step.frame = fixture_below(&random, 6);
    one.output.count = 0;
    baro_status status = baro_order_take(&one.process, &one.threads[thread], &step,
                                         fixture_below(&random, 4) == 0, &one.output);
    waited += status == BARO_AGAIN;
    assert_true(status == BARO_OK || (status == BARO_AGAIN && one.output.count == 0));
    for (uint32_t k = 0; k < one.output.count; k++)
      check_event(&rules, thread, &one.output.events[k]);
  }
  assert_true(waited > 100 && one.process.calls > 10000 && one.process.mended > 1000);
  end_scene(&one);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plain_calls_pass_through),
      cmocka_unit_test(a_generator_is_one_call),
      cmocka_unit_test(ends_without_a_call_are_left_out),
      cmocka_unit_test(calls_above_one_that_ends_end_with_it),
      cmocka_unit_test(what_is_resumed_unseen_is_a_call),
      cmocka_unit_test(a_suspension_that_was_not_told_is_put_in),
      cmocka_unit_test(an_abandoned_generator_is_closed),
      cmocka_unit_test(another_thread_resumes),
      cmocka_unit_test(a_loss_ends_what_was_active),
      cmocka_unit_test(missing_frames_do_no_harm),
      cmocka_unit_test(time_never_goes_back),
      cmocka_unit_test(depth_is_bounded),
      cmocka_unit_test(any_events_become_ones_that_readers_accept),
      cmocka_unit_test(remarks_pass_through),
      cmocka_unit_test(a_task_has_its_number_before_it_begins),
      cmocka_unit_test(another_thread_begins_the_task),
      cmocka_unit_test(a_task_that_another_thread_asked_for),
      cmocka_unit_test(values_find_their_call),
      cmocka_unit_test(calls_that_are_left_out_have_no_remarks),
      cmocka_unit_test(tasks_that_never_begin_are_bounded),
  };
  return cmocka_run_group_tests_name("call_order", tests, NULL, NULL);
}

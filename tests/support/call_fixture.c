#include "support/call_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void must(baro_status status) {
  if (status != BARO_OK) {
    fprintf(stderr, "call_fixture: out of memory\n");
    abort();
  }
}

static uint32_t text(baro_writer *writer, const char *words) {
  uint32_t id;
  must(baro_writer_string(writer, baro_view_of(words), &id));
  return id;
}

void fixture_define_calls(baro_writer *writer, uint32_t threads) {
  uint32_t exception = text(writer, "KeyError"); /* string 0 */
  uint32_t process;
  baro_process_record record = {4312, BARO_NONE_ID, 5, 10, exception, exception};
  must(baro_writer_process(writer, &record, &process));
  for (uint32_t i = 0; i < threads; i++) {
    uint32_t id;
    baro_thread_record thread = {process, 4312 + i, 10, exception, i == 0};
    must(baro_writer_thread(writer, &thread, &id));
  }
  for (uint32_t i = 0; i < FIXTURE_CALL_FUNCTIONS; i++) {
    char name[32];
    uint32_t id;
    snprintf(name, sizeof(name), "function_%u", i);
    baro_function_record function = {
        .name_string = text(writer, name), .first_line = i, .module_string = BARO_NONE_ID};
    function.qualified_string = function.name_string;
    must(baro_writer_function(writer, &function, &id));
  }
}

/* --- Any sequence --- */

void fixture_calls_start(fixture_calls *calls, uint64_t seed) {
  *calls = (fixture_calls){.random = {.state = seed * 0x9e3779b97f4a7c15u | 1}};
}

static uint64_t chance(fixture_calls *calls, uint64_t limit) {
  return fixture_below(&calls->random, limit);
}

static void push(fixture_call_thread *t, uint64_t call) {
  t->calls[t->depth++] = call;
}

static void enter(fixture_calls *calls, fixture_call_thread *t, baro_call_event *event) {
  event->kind = BARO_CALL_ENTER;
  event->function = (uint32_t)chance(calls, FIXTURE_CALL_FUNCTIONS);
  if (chance(calls, 4) == 0) {
    event->kind = BARO_CALL_ENTER_SUSPENDABLE;
    calls->newest_call += 1 + chance(calls, 3) / 2;
    event->call = calls->newest_call;
  }
  push(t, event->call);
}

static void go_on(fixture_calls *calls, fixture_call_thread *t, baro_call_event *event) {
  uint64_t *place = &calls->suspended[chance(calls, calls->suspended_count)];
  event->kind = chance(calls, 5) == 0 ? BARO_CALL_THROW : BARO_CALL_RESUME;
  event->call = *place;
  *place = calls->suspended[--calls->suspended_count];
  push(t, event->call);
}

static void leave(fixture_calls *calls, fixture_call_thread *t, baro_call_event *event) {
  uint64_t call = t->calls[--t->depth];
  event->kind = BARO_CALL_RETURN;
  if (call != 0 && calls->suspended_count < FIXTURE_CALL_SUSPENDED && chance(calls, 3) != 0) {
    event->kind = BARO_CALL_SUSPEND;
    calls->suspended[calls->suspended_count++] = call;
  } else if (chance(calls, 6) == 0) {
    event->kind = BARO_CALL_RAISE;
    event->exception_string = chance(calls, 2) == 0 ? 0 : BARO_NONE_ID;
  }
}

baro_call_event fixture_calls_next(fixture_calls *calls, uint32_t thread) {
  fixture_call_thread *t = &calls->threads[thread];
  baro_call_event event = {0};
  /* Steps of none to many bytes. */
  t->time_ns += chance(calls, UINT64_C(1) << chance(calls, 34));
  event.time_ns = t->time_ns;
  uint64_t pick = chance(calls, 100);
  if (pick == 0) {
    event.kind = BARO_CALL_LOST;
    event.lost = 1 + chance(calls, 1000);
    t->depth = 0;
  } else if (pick < 20 && calls->suspended_count != 0 && t->depth < FIXTURE_CALL_DEPTH) {
    go_on(calls, t, &event);
  } else if (t->depth == 0 || (pick < 60 && t->depth < FIXTURE_CALL_DEPTH)) {
    enter(calls, t, &event);
  } else {
    leave(calls, t, &event);
  }
  return event;
}

/* --- A program --- */

void fixture_call_program_start(fixture_call_program *program, uint64_t seed) {
  *program = (fixture_call_program){.random = {.state = seed * 0x9e3779b97f4a7c15u | 1},
                                    .time_ns = UINT64_C(1000000000000)};
}

/* Function f calls 2f + 1 and 2f + 2, and of the leaves none: each again a few times. */
static uint32_t callee(const fixture_call_program *program) {
  uint32_t top = program->depth - 1;
  return program->functions[top] * 2 + 1 + program->done[top] % 2;
}

static bool is_done(fixture_call_program *program) {
  uint32_t top = program->depth - 1;
  uint32_t wanted = 2 + program->functions[top] % 3;
  /* One call in fifty goes another way. */
  if (fixture_below(&program->random, 50) == 0) {
    wanted = 1 + (uint32_t)fixture_below(&program->random, 5);
  }
  return callee(program) >= FIXTURE_CALL_FUNCTIONS || program->done[top] >= wanted;
}

void fixture_call_program_run(fixture_call_program *program, baro_call_event *events,
                              uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    baro_call_event event = {.kind = BARO_CALL_ENTER};
    if (program->depth != 0 && is_done(program)) {
      event.kind = BARO_CALL_RETURN;
      program->depth--;
    } else {
      event.function = program->depth == 0 ? 0 : callee(program);
      if (program->depth != 0) {
        program->done[program->depth - 1]++;
      }
      program->functions[program->depth] = event.function;
      program->done[program->depth] = 0;
      program->depth++;
    }
    /* What a function does takes it about as long each time: 60 ns to 2 us, plus or minus a tenth, now and then
     * ten times as long. */
    uint32_t place = event.kind == BARO_CALL_ENTER ? event.function : program->depth + 7;
    double ns = 60 * exp(fixture_uniform(&program->random) * 0.2 + place % 8 * 0.5);
    program->time_ns += (uint64_t)(fixture_below(&program->random, 100) == 0 ? 10 * ns : ns);
    event.time_ns = program->time_ns;
    events[i] = event;
  }
}

/* A program of one thread that calls f and g, event by event: for tests of what calls cost, use and stand for. */
#ifndef BARO_TESTS_CALLED_PROGRAM_H
#define BARO_TESTS_CALLED_PROGRAM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/profile_fixture.h"

typedef struct program {
  given made;
  uint32_t process;
  uint32_t thread;
  uint32_t f;
  uint32_t g;
} program;

static inline program begin(void) {
  program p = {.made = given_begin()};
  p.process = given_process(&p.made, 10, BARO_NONE_ID);
  p.thread = given_thread(&p.made, p.process, 10, "main", true);
  p.f = given_function(&p.made, "f", "/srv/app.py", 1, 0);
  p.g = given_function(&p.made, "g", "/srv/app.py", 5, 0);
  return p;
}

static inline void event(program *p, baro_call_event_kind kind, uint64_t time_ns,
                         uint32_t function) {
  given_events(&p->made, p->thread,
               &(baro_call_event){.time_ns = time_ns, .kind = kind, .function = function}, 1);
}

static inline void step(program *p, baro_call_event_kind kind, uint64_t time_ns, uint64_t call) {
  given_events(&p->made, p->thread,
               &(baro_call_event){.time_ns = time_ns, .kind = kind, .function = p->g, .call = call},
               1);
}

static inline void enter(program *p, uint64_t time_ns, uint32_t function) {
  event(p, BARO_CALL_ENTER, time_ns, function);
}

static inline void leave(program *p, uint64_t time_ns) {
  event(p, BARO_CALL_RETURN, time_ns, 0);
}

static inline void reading(program *p, uint64_t time_ns, uint64_t cpu_ns, uint32_t peak_kib) {
  const baro_call_event usage = {
      .time_ns = time_ns, .kind = BARO_CALL_USAGE, .cpu_ns = cpu_ns, .peak_kib = peak_kib};
  given_events(&p->made, p->thread, &usage, 1);
}

/* As the agent writes it: in one piece with the event that it stands behind. */
static inline void leave_and_read(program *p, uint64_t time_ns, uint64_t read_ns, uint64_t cpu_ns,
                                  uint32_t peak_kib) {
  const baro_call_event events[] = {
      {.time_ns = time_ns, .kind = BARO_CALL_RETURN},
      {.time_ns = read_ns, .kind = BARO_CALL_USAGE, .cpu_ns = cpu_ns, .peak_kib = peak_kib},
  };
  given_events(&p->made, p->thread, events, 2);
}

static inline void cost(program *p, const char *key, const char *value) {
  const baro_process_fact_record fact = {
      .process = p->process, .key = baro_view_of(key), .value = baro_view_of(value)};
  assert_int_equal(p->made.visitor->process_fact(p->made.visitor->context, &fact, NULL), BARO_OK);
}

static inline void own(program *p, uint64_t own_ns, uint32_t wait_us) {
  given_events(&p->made, p->thread,
               &(baro_call_event){.kind = BARO_CALL_OWN, .own_ns = own_ns, .own_wait_us = wait_us},
               1);
}

/* That CPU time and peak of a call are known, and what they are. */
static inline void expect_usage(const baro_profile *profile, uint32_t call, uint64_t cpu_ns,
                                uint64_t memory_bytes) {
  const baro_profile_calls *calls = &profile->calls;
  for (uint32_t row = 0; row < calls->usage_count; row++) {
    if (calls->usage_call[row] == call) {
      assert_int_equal(calls->usage_cpu_ns[row], cpu_ns);
      assert_int_equal(calls->usage_memory_bytes[row], memory_bytes);
      return;
    }
  }
  fail_msg("nothing is known of call %u", call);
}

#endif

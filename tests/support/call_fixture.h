/* Calls that are invented, for the tests of recordings: any sequence of events that obeys the rules, and a program
 * that does much the same over and over, as programs do.
 * Failures of the fixture itself abort: they are bugs of the test. */
#ifndef BARO_TESTS_CALL_FIXTURE_H
#define BARO_TESTS_CALL_FIXTURE_H

#include <stdint.h>

#include "recording/writer.h"
#include "support/recording_fixture.h"

enum {
  FIXTURE_CALL_THREADS = 4,
  FIXTURE_CALL_DEPTH = 40,
  FIXTURE_CALL_FUNCTIONS = 80,
  FIXTURE_CALL_SUSPENDED = 30,
};

/* Defines a process, threads 0 ... count - 1, functions 0 ... FIXTURE_CALL_FUNCTIONS - 1. The writer must be new. */
void fixture_define_calls(baro_writer *writer, uint32_t threads);

/* --- Any sequence --- */

typedef struct fixture_call_thread {
  uint64_t time_ns;
  uint32_t depth;
  uint64_t calls[FIXTURE_CALL_DEPTH]; /* number of each active call, 0: cannot be suspended */
} fixture_call_thread;

typedef struct fixture_calls {
  fixture_random random;
  fixture_call_thread threads[FIXTURE_CALL_THREADS];
  uint64_t suspended[FIXTURE_CALL_SUSPENDED]; /* by any thread */
  uint32_t suspended_count;
  uint64_t newest_call;
} fixture_calls;

void fixture_calls_start(fixture_calls *calls, uint64_t seed);
/* The next event of a thread: whatever may come there. Calls that one thread suspends go on on others. */
baro_call_event fixture_calls_next(fixture_calls *calls, uint32_t thread);

/* --- A program --- */

typedef struct fixture_call_program {
  fixture_random random;
  uint64_t time_ns;
  uint32_t depth;
  uint32_t functions[FIXTURE_CALL_DEPTH]; /* active */
  uint32_t done[FIXTURE_CALL_DEPTH];      /* calls that each has made */
} fixture_call_program;

void fixture_call_program_start(fixture_call_program *program, uint64_t seed);
/* Its next events: functions that call a few others, always the same, now and then one more or less. */
void fixture_call_program_run(fixture_call_program *program, baro_call_event *events,
                              uint32_t count);

#endif

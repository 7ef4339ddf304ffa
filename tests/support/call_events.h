/* Events of calls as tests write them down, and what they look for in the profile. Needs cmocka. */
#ifndef BARO_TESTS_CALL_EVENTS_H
#define BARO_TESTS_CALL_EVENTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/profile_fixture.h"

#define ENTER(at, f)                                                                               \
  (baro_call_event) {                                                                              \
    .time_ns = (at), .kind = BARO_CALL_ENTER, .function = (f)                                      \
  }
#define ENTER_SUSPENDABLE(at, f, number)                                                           \
  (baro_call_event) {                                                                              \
    .time_ns = (at), .kind = BARO_CALL_ENTER_SUSPENDABLE, .function = (f), .call = (number)        \
  }
#define RETURN(at)                                                                                 \
  (baro_call_event) {                                                                              \
    .time_ns = (at), .kind = BARO_CALL_RETURN                                                      \
  }
#define RAISE(at, exception)                                                                       \
  (baro_call_event) {                                                                              \
    .time_ns = (at), .kind = BARO_CALL_RAISE, .exception_string = (exception)                      \
  }
#define SUSPEND(at)                                                                                \
  (baro_call_event) {                                                                              \
    .time_ns = (at), .kind = BARO_CALL_SUSPEND                                                     \
  }
#define RESUME(at, number)                                                                         \
  (baro_call_event) {                                                                              \
    .time_ns = (at), .kind = BARO_CALL_RESUME, .call = (number)                                    \
  }
#define THROW(at, number)                                                                          \
  (baro_call_event) {                                                                              \
    .time_ns = (at), .kind = BARO_CALL_THROW, .call = (number)                                     \
  }
#define LOST(at, count)                                                                            \
  (baro_call_event) {                                                                              \
    .time_ns = (at), .kind = BARO_CALL_LOST, .lost = (count)                                       \
  }

/* Gives the events, which are of one thread, to a `given`. */
#define GIVE(made, thread, ...)                                                                    \
  do {                                                                                             \
    const baro_call_event events[] = {__VA_ARGS__};                                                \
    given_events(made, thread, events, sizeof(events) / sizeof(events[0]));                        \
  } while (0)

/* Index of the function in the profile. */
static inline uint32_t function_named(const baro_profile *profile, const char *name) {
  for (uint32_t f = 0; f < profile->functions.count; f++) {
    if (baro_view_equal(baro_profile_string(profile, profile->functions.rows[f].qualified_string),
                        baro_view_of(name))) {
      return f;
    }
  }
  fail_msg("no function %s", name);
  return BARO_NONE_ID;
}

#endif

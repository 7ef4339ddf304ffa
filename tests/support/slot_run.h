/* A framework's run on one slot, where tasks stand one behind the other, and what explains it. */
#ifndef BARO_TESTS_SLOT_RUN_H
#define BARO_TESTS_SLOT_RUN_H

#include "explain/explain.h"
#include "support/profile_fixture.h"

typedef struct run {
  given made;
  uint32_t slot;
  uint32_t stack;
  uint64_t at_ms; /* where the next task begins */
  baro_profile *profile;
  baro_explanation all;
} run;

static inline run begin(void) {
  run r = {.made = given_begin()};
  uint32_t process = given_process(&r.made, 1, BARO_NONE_ID);
  r.slot = given_thread(&r.made, process, 1, "slot 1", false);
  r.stack = given_stack(&r.made, BARO_NONE_ID, given_function(&r.made, "stage", "", 0, 0), 0);
  return r;
}

#endif

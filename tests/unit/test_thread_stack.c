/* More C stack for deep recursion: wrong here is a crash of somebody's program, or memory that it never gets back. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "capture/agent/thread_stack.h"

enum { SMALL_BYTES = 256 << 10, STEP_BYTES = 4096 };

#if !defined(__x86_64__) && !defined(__aarch64__)
#error "there are no segments here, so nothing to test"
#endif

static void in_thread(void *(*function)(void *), size_t stack_bytes) {
  pthread_attr_t attributes;
  pthread_t thread;
  assert_int_equal(pthread_attr_init(&attributes), 0);
  assert_int_equal(pthread_attr_setstacksize(&attributes, stack_bytes), 0);
  assert_int_equal(pthread_create(&thread, &attributes, function, NULL), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_int_equal(pthread_attr_destroy(&attributes), 0);
}

/* KiB of address space. */
static long size_kib(void) {
  FILE *file = fopen("/proc/self/statm", "r");
  long pages = 0;
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%ld", &pages), 1);
  (void)fclose(file);
  return pages * 4;
}

/* --- Recursion that goes on in segments --- */

typedef struct recursion {
  size_t levels;
  size_t reached;
  size_t switches;
  bool refused;
} recursion;

static void descend(void *argument) {
  recursion *here = argument;
  volatile char space[STEP_BYTES];
  memset((char *)space, 1, sizeof(space));
  /* Else clang keeps the one byte that is looked at, and the recursion is not deep. */
  __asm__ volatile("" : : "r"(space) : "memory");
  if (here->reached == here->levels) {
    return;
  }
  here->reached++;
  if (baro_stack_is_easy() || baro_stack_look() != BARO_STACK_NEAR_END) {
    descend(here);
  } else {
    here->switches++;
    here->refused = !baro_stack_call(descend, here) || here->refused;
  }
  assert_int_equal(space[STEP_BYTES - 1], 1);
}

static void *descend_far(void *unused) {
  /* 100 MiB, twice: what was given back can be had again. */
  for (int i = 0; i < 2; i++) {
    recursion far = {.levels = (100u << 20) / STEP_BYTES};
    descend(&far);
    assert_int_equal(far.reached, far.levels);
    assert_false(far.refused);
    assert_in_range(far.switches, 7, 9);
    assert_int_equal(baro_stack_here.depth, 0);
    assert_int_equal(baro_stack_look(), BARO_STACK_FINE);
  }
  return unused;
}

static void deep_recursion_goes_on(void **state) {
  (void)state;
  in_thread(descend_far, SMALL_BYTES);
  in_thread(descend_far, 8 << 20);
}

static void *descend_too_far(void *unused) {
  recursion far = {.levels = SIZE_MAX};
  while (!far.refused) {
    descend(&far);
  }
  assert_int_equal(far.switches, BARO_STACK_SEGMENTS + 1);
  assert_true(far.reached * STEP_BYTES > (size_t)BARO_STACK_SEGMENTS * (13u << 20));
  return unused;
}

static void segments_are_bounded(void **state) {
  (void)state;
  in_thread(descend_too_far, SMALL_BYTES);
}

static void *descend_often(void *unused) {
  long before = size_kib();
  for (size_t i = 0; i < 1000; i++) {
    recursion border = {.levels = SMALL_BYTES / 2 / STEP_BYTES + 2};
    descend(&border);
    assert_int_equal(border.switches, 1);
  }
  assert_in_range(size_kib() - before, 0, 17 << 10); /* one is kept for the next time */
  return unused;
}

static void memory_comes_back(void **state) {
  (void)state;
  in_thread(descend_often, SMALL_BYTES); /* what the C library keeps of a thread */
  long before = size_kib();
  in_thread(descend_often, SMALL_BYTES);
  in_thread(descend_far, SMALL_BYTES);
  assert_in_range(size_kib(), before - (1 << 10), before + (1 << 10));
}

/* --- The end of a thread in the middle of it, as CPython ends daemon threads --- */

static void leave(void *unused) {
  (void)unused;
  pthread_exit(NULL);
}

static void leave_deep(void *unused) {
  (void)baro_stack_call(leave, unused);
}

static void *end_deep(void *unused) {
  (void)baro_stack_look();
  (void)baro_stack_call(leave_deep, unused);
  fail_msg("it should have ended");
  return unused;
}

static void a_thread_may_end_on_a_segment(void **state) {
  (void)state;
  in_thread(end_deep, SMALL_BYTES);
  long before = size_kib();
  for (int i = 0; i < 20; i++) {
    in_thread(end_deep, SMALL_BYTES);
  }
  assert_in_range(size_kib(), before - (1 << 10), before + (1 << 10));
}

/* --- Without memory --- */

static void nothing(void *called) {
  *(bool *)called = true;
}

static void without_memory_nothing_is_called(void **state) {
  (void)state;
  struct rlimit limit;
  assert_int_equal(getrlimit(RLIMIT_AS, &limit), 0);
  rlim_t kept = limit.rlim_cur;
  limit.rlim_cur = (rlim_t)(size_kib() + 1024) << 10;
  assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
  bool called = false;
  bool had = baro_stack_call(nothing, &called);
  limit.rlim_cur = kept;
  assert_int_equal(setrlimit(RLIMIT_AS, &limit), 0);
  assert_false(had);
  assert_false(called);
  assert_true(baro_stack_call(nothing, &called));
  assert_true(called);
}

/* --- Quiet --- */

static void quiet_threads_are_looked_at(void **state) {
  (void)state;
  assert_int_equal(baro_stack_look(), BARO_STACK_FINE);
  assert_true(baro_stack_is_easy());
  baro_stack_quiet();
  baro_stack_quiet();
  assert_false(baro_stack_is_easy());
  baro_stack_unquiet();
  assert_false(baro_stack_is_easy());
  baro_stack_unquiet();
  assert_true(baro_stack_is_easy());
}

int main(void) {
  if (!baro_stack_start()) {
    return 1;
  }
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(without_memory_nothing_is_called),
      cmocka_unit_test(deep_recursion_goes_on),
      cmocka_unit_test(segments_are_bounded),
      cmocka_unit_test(memory_comes_back),
      cmocka_unit_test(a_thread_may_end_on_a_segment),
      cmocka_unit_test(quiet_threads_are_looked_at),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

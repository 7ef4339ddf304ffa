/* A stack of a synthetic interpreter that changes while it is read from another CPU: of two call chains that alternate as
 * fast as they can, no accepted stack mixes them. A failure means stacks in reports that never were. */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "capture/sampler/stack_reader.h"
#include "support/stack_fixture.h"

enum { CHAIN_DEPTH = 5, WANTED_STACKS = 20000 };
static const uint64_t ENOUGH_NS = 6000000000u;
static const uint64_t LATE_NS = 60000000000u;

typedef struct mutator {
  synthetic_python *python;
  bool with_generators;
  bool stop;
  uint64_t rounds;
  uint8_t *generators[2];
} mutator;

/* About the time that an interpreter takes for a call of its own: 20 ns. */
static void work_a_little(void) {
  for (volatile int i = 0; i < 15; i++) {
  }
}

/* Chain 0 is of codes 0x1000..., chain 1 of 0x2000..., in the same places of the same chunk. */
static void run_chain(mutator *self, int chain) {
  synthetic_python *python = self->python;
  uint64_t first = chain == 0 ? 0x1000 : 0x2000;
  uint64_t bottom = synthetic_current(python);
  size_t used_bytes = python->chunk_used_bytes;
  for (uint64_t i = 0; i < CHAIN_DEPTH; i++) {
    if (self->with_generators && i == 2) {
      uint8_t *frame = self->generators[chain];
      synthetic_store(frame, python->layout.frame.previous, synthetic_current(python));
      synthetic_set_current(python, synthetic_addr(frame));
    } else {
      (void)synthetic_call(python, first + i * 8, 16);
    }
    work_a_little();
  }
  for (uint64_t frame = synthetic_current(python); frame != bottom;) {
    uint8_t *left = (uint8_t *)(uintptr_t)frame;
    memcpy(&frame, left + python->layout.frame.previous, 8);
    synthetic_set_current(python, frame);
    if (left == self->generators[chain]) /* as CPython does */
      synthetic_store(left, python->layout.frame.previous, 0);
    work_a_little();
  }
  python->chunk_used_bytes = used_bytes;
}

static cpu_set_t allowed_cpus; /* as the test was started */

/* Reader and mutator run on different CPUs, where there are two: on one the reader would hold the mutator
 * still. */
static void run_on_cpu(int index) {
  cpu_set_t one;
  CPU_ZERO(&one);
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
    if (CPU_ISSET(cpu, &allowed_cpus) && index-- == 0)
      CPU_SET(cpu, &one);
  if (CPU_COUNT(&one) == 1)
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
}

static void *alternate(void *context) {
  mutator *self = context;
  run_on_cpu(1);
  while (!__atomic_load_n(&self->stop, __ATOMIC_RELAXED)) {
    run_chain(self, (int)(self->rounds % 2));
    __atomic_store_n(&self->rounds, self->rounds + 1, __ATOMIC_RELAXED);
  }
  return NULL;
}

/* Every frame must be of the same chain, one step from its caller. */
static bool is_possible(const baro_raw_stack *stack) {
  for (uint32_t i = 0; i + 1 < stack->count; i++) {
    uint64_t code = stack->frames[i].code_addr;
    uint64_t caller = stack->frames[i + 1].code_addr;
    bool is_first = (code & 0xfff) == 0;
    if (is_first ? caller != 0x8 : caller != code - 8)
      return false;
  }
  return stack->count > 0 && stack->frames[stack->count - 1].code_addr == 0x8;
}

static void start_mutator(mutator *self, stack_bench *it, bool with_generators) {
  *self = (mutator){.python = &it->python, .with_generators = with_generators};
  (void)synthetic_enter_from_c(&it->python);
  const uint8_t *root = synthetic_call(&it->python, 0x8, 0);
  for (int chain = 0; chain < 2; chain++) {
    self->generators[chain] =
        synthetic_call_generator(&it->python, (chain == 0 ? 0x1000 : 0x2000) + 16);
    synthetic_set_current(&it->python, synthetic_addr(root));
  }
}

/* Have the chains run often enough, and both been seen, often enough to say anything? */
static bool has_alternated(const mutator *self, uint32_t accepted, const uint32_t of_chain[2]) {
  return accepted >= 1000 && of_chain[0] > 0 && of_chain[1] > 0 &&
         __atomic_load_n(&self->rounds, __ATOMIC_RELAXED) >= 1000;
}

static void assert_alternation_is_seen_as_it_is(synthetic_kind kind, bool with_generators) {
  stack_bench it;
  mutator self;
  pthread_t thread;
  uint32_t accepted = 0;
  uint32_t impossible = 0;
  uint32_t of_chain[2] = {0};
  stack_bench_begin(&it, kind);
  start_mutator(&self, &it, with_generators);
  assert_int_equal(pthread_create(&thread, NULL, alternate, &self), 0);
  run_on_cpu(0);
  uint64_t begin_ns = baro_clock_now_ns();
  /* On a busy machine the mutator may wait for its CPU while all that were wanted are read; and with sanitizers few
   * stacks stand still for long enough, some seconds too few for a verdict. */
  for (;;) {
    uint64_t passed_ns = baro_clock_now_ns() - begin_ns;
    bool is_enough = has_alternated(&self, accepted, of_chain);
    if ((is_enough && (accepted >= WANTED_STACKS || passed_ns > ENOUGH_NS)) || passed_ns > LATE_NS)
      break;
    baro_status status = baro_stack_reader_read(it.reader, &it.stack, NULL);
    assert_true(status == BARO_OK || status == BARO_AGAIN);
    if (status != BARO_OK)
      continue;
    accepted++;
    impossible += !is_possible(&it.stack);
    if (it.stack.count > 1)
      of_chain[(it.stack.frames[0].code_addr & 0x2000) != 0]++;
  }
  __atomic_store_n(&self.stop, true, __ATOMIC_RELAXED);
  assert_int_equal(pthread_join(thread, NULL), 0);
  assert_int_equal(sched_setaffinity(0, sizeof allowed_cpus, &allowed_cpus), 0);
  stack_bench_end(&it);
  print_message("# kind %d%s: %u of %u stacks never were\n", (int)kind,
                with_generators ? " with generators" : "", impossible, accepted);
  /* 0.05 %, and four standard errors of chance: (4 * sqrt(x))^2 = 16 x. */
  double allowed = 0.0005 * accepted;
  double excess = impossible - allowed;
  if (!has_alternated(&self, accepted, of_chain))
    fail_msg("kind %d: %u stacks, %u and %u of the chains, %lu rounds", (int)kind, accepted,
             of_chain[0], of_chain[1], (unsigned long)self.rounds);
  if (excess > 0 && excess * excess > 16 * allowed)
    fail_msg("kind %d: %u of %u stacks never were", (int)kind, impossible, accepted);
}

static void test_alternating_chains_do_not_mix(void **state) {
  (void)state;
  for (int kind = SYNTHETIC_ENTRY; kind < SYNTHETIC_KIND_COUNT; kind++)
    assert_alternation_is_seen_as_it_is((synthetic_kind)kind, false);
}

static void test_alternating_chains_with_generators_do_not_mix(void **state) {
  (void)state;
  for (int kind = SYNTHETIC_ENTRY; kind < SYNTHETIC_KIND_COUNT; kind++)
    assert_alternation_is_seen_as_it_is((synthetic_kind)kind, true);
}

int main(void) {
  if (sched_getaffinity(0, sizeof allowed_cpus, &allowed_cpus) != 0)
    return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_alternating_chains_do_not_mix),
      cmocka_unit_test(test_alternating_chains_with_generators_do_not_mix),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

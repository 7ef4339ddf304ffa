/* What building a profile costs: profile_cost [SAMPLES [THREADS]]
 * Feeds the builder an invented program (2,000 functions, 20,000 stacks, depth 20 to 60; every fourth thread runs, the
 * others mostly wait) and prints the rate by CPU time and the memory. Reading the file is not part of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "support/profile_fixture.h"
#include "support/recording_fixture.h"

enum { FUNCTIONS = 2000, STACKS = 20000 };

static uint64_t peak_bytes(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (uint64_t)usage.ru_maxrss * 1024;
}

static void define_stacks(given *made, fixture_random *random, uint32_t *ret_stacks) {
  uint32_t functions[FUNCTIONS];
  for (uint32_t f = 0; f < FUNCTIONS; f++) {
    char name[32];
    snprintf(name, sizeof(name), "function_%u", f);
    functions[f] = given_function(made, name, "/srv/app/module.py", f + 1, 0);
  }
  for (uint32_t s = 0; s < STACKS; s++) {
    /* A stack shares most of its callers with another. */
    uint32_t parent = s == 0 ? BARO_NONE_ID : ret_stacks[fixture_below(random, s)];
    uint64_t depth = s == 0 ? 20 : 1 + fixture_below(random, 4);
    for (uint64_t d = 0; d < depth; d++) {
      uint32_t function = functions[fixture_below(random, FUNCTIONS)];
      parent = given_stack(made, parent, function, (uint32_t)fixture_below(random, 400));
    }
    ret_stacks[s] = parent;
  }
}

int main(int count, char **arguments) {
  uint64_t sample_count = count > 1 ? strtoull(arguments[1], NULL, 10) : 10000000;
  uint32_t thread_count = count > 2 ? (uint32_t)strtoul(arguments[2], NULL, 10) : 8;
  static uint32_t stacks[STACKS];
  fixture_random random = {.state = 7};
  given made = given_begin();
  define_stacks(&made, &random, stacks);
  uint32_t process = given_process(&made, 10, BARO_NONE_ID);
  for (uint32_t t = 0; t < thread_count; t++) {
    given_thread(&made, process, 10 + t, "thread", t == 0);
  }
  uint64_t before_bytes = peak_bytes();
  uint64_t start_ns = baro_clock_process_cpu_ns();
  for (uint64_t i = 0; i < sample_count; i++) {
    uint32_t thread = (uint32_t)(i % thread_count);
    uint64_t choice = fixture_next(&random);
    bool running = thread % 4 == 0;
    baro_sample_record record = {
        .time_ns = (i / thread_count + 1) * MS,
        .weight_ns = MS,
        .ticks = 1,
        .thread = thread,
        .stack = stacks[choice % STACKS],
        .state = running             ? BARO_STATE_CPU
                 : choice >> 60 == 0 ? BARO_STATE_CPU
                                     : BARO_STATE_LOCK,
        .cpu_ns = running ? MS : 0,
    };
    given_record(&made, &record);
  }
  uint64_t read_ns = baro_clock_process_cpu_ns();
  baro_profile *profile = given_profile(&made);
  uint64_t end_ns = baro_clock_process_cpu_ns();
  printf("samples %" PRIu64 ", threads %u, nodes %u\n", profile->samples.count,
         profile->thread_count, profile->nodes.count);
  printf("taken in %.2f s, built in %.2f s: %.1f million samples/s\n",
         (double)(read_ns - start_ns) / 1e9, (double)(end_ns - read_ns) / 1e9,
         (double)sample_count / (double)(end_ns - start_ns) * 1e3);
  printf("peak memory %.0f MB, %.1f bytes a sample\n", (double)peak_bytes() / 1e6,
         (double)(peak_bytes() - before_bytes) / (double)sample_count);
  baro_profile_destroy(profile);
  return 0;
}

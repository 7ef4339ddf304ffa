/* What building a profile costs: profile_cost [SAMPLES [THREADS]], profile_cost --calls [CALLS [THREADS]]
 * Feeds the builder an invented program (2,000 functions, 20,000 stacks, depth 20 to 60; every fourth thread runs, the
 * others mostly wait) and prints the rate by CPU time and the memory; or calls of 200 functions, up to 30 deep, one of
 * eight a generator that is resumed twice. Reading the file is not part of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* --- calls --- */

enum { CALL_FUNCTIONS = 200, CALL_DEPTH = 30, BATCH = 4096 };

typedef struct caller {
  uint64_t now_ns;
  uint32_t depth;
  uint64_t number[CALL_DEPTH]; /* of a generator; 0: a function */
  uint64_t suspended;          /* the last one; 0: none */
  uint32_t suspensions;
} caller;

/* The next event of a thread; counts calls. */
static baro_call_event next_event(caller *thread, fixture_random *random, uint64_t *calls) {
  uint64_t choice = fixture_next(random);
  thread->now_ns += 20 + choice % 512;
  baro_call_event event = {.time_ns = thread->now_ns};
  choice >>= 10;
  uint64_t top = thread->depth == 0 ? 0 : thread->number[thread->depth - 1];
  if (thread->suspended != 0 && thread->depth < CALL_DEPTH) {
    event.kind = BARO_CALL_RESUME;
    event.call = thread->suspended;
    thread->number[thread->depth++] = thread->suspended;
    thread->suspended = 0;
  } else if (top != 0 && thread->suspensions < 2) {
    event.kind = BARO_CALL_SUSPEND;
    thread->suspended = top;
    thread->suspensions++;
    thread->depth--;
  } else if (thread->depth == CALL_DEPTH || (thread->depth > 1 && choice % 2 == 0)) {
    event.kind = BARO_CALL_RETURN;
    thread->depth--;
  } else {
    bool is_generator = choice / 2 % 8 == 0;
    ++*calls;
    event.kind = is_generator ? BARO_CALL_ENTER_SUSPENDABLE : BARO_CALL_ENTER;
    /* A function calls few others. */
    event.function =
        (uint32_t)((thread->depth * 7 + choice / 16 % 3 * choice / 64 % 5) % CALL_FUNCTIONS);
    event.call = is_generator ? *calls : 0;
    thread->number[thread->depth++] = event.call;
    thread->suspensions = 0;
  }
  return event;
}

/* CPU time that the builder took, without that of making the events. */
static int run_calls(uint64_t call_count, uint32_t thread_count) {
  fixture_random random = {.state = 12345};
  given made = given_begin();
  for (uint32_t f = 0; f < CALL_FUNCTIONS; f++) {
    char name[32];
    snprintf(name, sizeof(name), "function_%u", f);
    given_function(&made, name, "/srv/app/module.py", f + 1, 0);
  }
  uint32_t process = given_process(&made, 10, BARO_NONE_ID);
  caller *callers = calloc(thread_count, sizeof(*callers));
  if (callers == NULL) {
    return 1;
  }
  for (uint32_t t = 0; t < thread_count; t++) {
    given_thread(&made, process, 10 + t, "thread", t == 0);
  }
  uint64_t before_bytes = peak_bytes();
  uint64_t calls = 0, events = 0, taken_ns = 0;
  for (uint32_t t = 0; calls < call_count; t = (t + 1) % thread_count) {
    static baro_call_event batch[BATCH];
    for (uint32_t i = 0; i < BATCH; i++) {
      batch[i] = next_event(&callers[t], &random, &calls);
    }
    uint64_t start_ns = baro_clock_process_cpu_ns();
    given_events(&made, t, batch, BATCH);
    taken_ns += baro_clock_process_cpu_ns() - start_ns;
    events += BATCH;
  }
  uint64_t start_ns = baro_clock_process_cpu_ns();
  baro_profile *profile = given_profile(&made);
  uint64_t built_ns = baro_clock_process_cpu_ns() - start_ns;
  printf("calls %u, events %" PRIu64 ", threads %u, edges %u\n", profile->calls.count, events,
         thread_count, profile->call_edges.count);
  printf("taken in %.2f s, %.1f ns an event; built in %.2f s\n", (double)taken_ns / 1e9,
         (double)taken_ns / (double)events, (double)built_ns / 1e9);
  printf("peak memory %.0f MB, %.1f bytes a call\n", (double)peak_bytes() / 1e6,
         (double)(peak_bytes() - before_bytes) / (double)calls);
  baro_profile_destroy(profile);
  free(callers);
  return 0;
}

int main(int count, char **arguments) {
  if (count > 1 && strcmp(arguments[1], "--calls") == 0) {
    return run_calls(count > 2 ? strtoull(arguments[2], NULL, 10) : 1000000,
                     count > 3 ? (uint32_t)strtoul(arguments[3], NULL, 10) : 8);
  }
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

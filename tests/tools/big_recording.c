/* Writes a recording of a big invented program, for measuring what reads it: big_recording PATH [SAMPLES [STACKS [THREADS]]]
 * Ten million samples, 1.3 million distinct stacks and 16 threads unless told otherwise. The same every time, but for the
 * clock's anchor. The program: a function for each 8 stacks, 20,000 at most, each calling 16 others, a few of them mostly; stacks 20 to
 * 60 deep that share most of their callers; threads stay where they are for some samples (3.3 on average), go to the few
 * common stacks most of the time, and meet each of the rare ones once or a few times; a fifth of the visits are waits. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recording/writer.h"
#include "support/recording_fixture.h"

enum {
  FUNCTIONS_MAX = 20000,
  STACKS_A_FUNCTION = 8,
  FUNCTIONS_A_FILE = 20,
  CALLEES = 16,
  TRUNK = 20, /* frames that all stacks begin with */
  THREADS_MAX = 1024,
};

static const double STAYS = 0.7;   /* with this chance a thread is where it was */
static const double MEAN_NS = 1e6; /* of the interval of a running thread */
static const double MEAN_WAIT_NS = 8e6;
static const uint64_t START_NS = UINT64_C(1000000000000);

typedef struct worker {
  uint64_t now_ns;
  uint32_t stack;
  baro_state state;
} worker;

typedef struct program {
  baro_writer *writer;
  fixture_random random;
  uint32_t functions[FUNCTIONS_MAX];
  uint32_t function_count;
  uint32_t *stacks;       /* ids in the recording */
  uint16_t *top_function; /* of each */
  uint32_t stack_count;
  uint32_t rare_done; /* rare stacks that were visited */
  worker workers[THREADS_MAX];
} program;

static void check(baro_status status, const baro_error *err) {
  if (status != BARO_OK) {
    fprintf(stderr, "big_recording: %s\n", err != NULL ? err->message : baro_status_text(status));
    exit(1);
  }
}

static uint32_t text_id(program *made, const char *text) {
  uint32_t id = 0;
  check(baro_writer_string(made->writer, baro_view_of(text), &id), NULL);
  return id;
}

/* A third each of the user's own code, of packages and of the standard library. */
static void define_functions(program *made) {
  static const char *const folders[] = {"/srv/shop/shop", "/srv/venv/lib/python3.12/site-packages",
                                        "/usr/lib/python3.12"};
  static const char *const verbs[] = {"load", "parse", "merge", "score", "render", "check"};
  static const char *const things[] = {"order", "row", "page", "customer", "index", "request"};
  for (uint32_t f = 0; f < made->function_count; f++) {
    uint32_t file = f / FUNCTIONS_A_FILE;
    char name[64], qualified[96], path[128];
    (void)snprintf(name, sizeof(name), "%s_%s_%u", verbs[f % 6], things[f / 6 % 6], f);
    if (f % 3 == 0) {
      (void)snprintf(qualified, sizeof(qualified), "Store%u.%s", file, name);
    } else {
      (void)snprintf(qualified, sizeof(qualified), "%s", name);
    }
    (void)snprintf(path, sizeof(path), "%s/module_%u.py", folders[file % 3], file);
    baro_function_record record = {.name_string = text_id(made, name),
                                   .qualified_string = text_id(made, qualified),
                                   .file_string = text_id(made, path),
                                   .first_line = 10 + f % FUNCTIONS_A_FILE * 40,
                                   .module_string = BARO_NONE_ID};
    check(baro_writer_function(made->writer, &record, &made->functions[f]), NULL);
  }
}

/* Small numbers are common: that of rank r comes 1 / (r + 1) times as often as the first. */
static uint32_t zipf(fixture_random *random, uint32_t limit) {
  double rank = exp(fixture_uniform(random) * log((double)limit + 1)) - 1;
  return rank < limit ? (uint32_t)rank : limit - 1;
}

static uint32_t callee_of(const program *made, uint32_t function, uint32_t choice) {
  uint64_t mixed = ((uint64_t)function * CALLEES + choice + 1) * UINT64_C(0x9e3779b97f4a7c15);
  return (uint32_t)((mixed ^ mixed >> 29) % made->function_count);
}

/* The stack with one more call on top; the line tells from where the next one is called. */
static uint32_t extend(program *made, uint32_t stack, uint32_t function, uint32_t choice) {
  uint32_t frame = 0, result = 0;
  baro_frame_record record = {.function = made->functions[function],
                              .line = 10 + function % FUNCTIONS_A_FILE * 40 + 1 + choice * 2};
  check(baro_writer_frame(made->writer, &record, &frame), NULL);
  check(baro_writer_stack(made->writer, &(baro_stack_record){stack, frame}, &result), NULL);
  return result;
}

static void keep_stack(program *made, uint32_t stack, uint32_t function) {
  made->stacks[made->stack_count] = stack;
  made->top_function[made->stack_count++] = (uint16_t)function;
}

/* Each new stack is one that was, and one to three calls more. */
static void define_stacks(program *made, uint32_t count) {
  uint32_t trunk = BARO_NONE_ID, function = 0, newest = 0;
  for (uint32_t i = 0; i < TRUNK; i++) {
    function = callee_of(made, function, 0);
    newest = trunk = extend(made, trunk, function, 0);
  }
  keep_stack(made, trunk, function);
  while (made->stack_count < count) {
    uint32_t from = (uint32_t)fixture_below(&made->random, made->stack_count);
    uint32_t stack = made->stacks[from];
    function = made->top_function[from];
    uint64_t calls = fixture_below(&made->random, 8) < 6 ? 1 : 2 + fixture_below(&made->random, 2);
    for (uint64_t i = 0; i < calls; i++) {
      function = callee_of(made, function, zipf(&made->random, CALLEES));
      stack = extend(made, stack, function, (uint32_t)fixture_below(&made->random, 2));
    }
    /* Ids are dense: one above the newest was not there before. */
    if (stack > newest) {
      newest = stack;
      keep_stack(made, stack, function);
    }
  }
}

/* Rare stacks come as the recording goes on, so that at its end all have; they are spread by a step that has no factor in
 * common with any count that is asked for. */
static uint32_t next_stack(program *made, uint64_t done, uint64_t samples) {
  double due = (double)made->stack_count * (double)done / (double)samples;
  if (made->rare_done < made->stack_count && made->rare_done <= due) {
    return (uint32_t)((uint64_t)made->rare_done++ * UINT64_C(2654435761) % made->stack_count);
  }
  return zipf(&made->random, made->stack_count);
}

static baro_state state_of(program *made, uint32_t function) {
  static const baro_state waits[] = {BARO_STATE_LOCK, BARO_STATE_DISK, BARO_STATE_NETWORK,
                                     BARO_STATE_SLEEP};
  if (fixture_below(&made->random, 40) == 0) {
    return BARO_STATE_GIL;
  }
  bool waits_here = function % 5 == 0 && fixture_below(&made->random, 8) != 0;
  return waits_here ? waits[function / 5 % 4] : BARO_STATE_CPU;
}

static double exponential(fixture_random *random, double mean) {
  return -mean * log(1 - fixture_uniform(random));
}

static void add_sample(program *made, uint32_t thread, uint64_t done, uint64_t samples) {
  worker *at = &made->workers[thread];
  bool waited = at->state != BARO_STATE_CPU;
  if (waited || at->now_ns == START_NS || fixture_uniform(&made->random) >= STAYS) {
    at->stack = next_stack(made, done, samples);
    at->state = state_of(made, made->top_function[at->stack]);
  }
  bool runs = at->state == BARO_STATE_CPU;
  uint64_t weight_ns =
      1000 + (uint64_t)exponential(&made->random, runs ? MEAN_NS : MEAN_WAIT_NS) / 1000 * 1000;
  at->now_ns += weight_ns;
  uint64_t running_ns = runs ? weight_ns * 3 / 4 : 0;
  baro_writer_sample(made->writer,
                     &(baro_sample_record){.time_ns = at->now_ns,
                                           .weight_ns = weight_ns,
                                           .ticks = (uint32_t)(1 + weight_ns / 2000000),
                                           .thread = thread,
                                           .stack = made->stacks[at->stack],
                                           .state = at->state,
                                           .cpu_ns = running_ns,
                                           .runnable_ns = runs ? weight_ns - running_ns : 0});
}

static void define_threads(program *made, uint32_t threads) {
  uint32_t process = 0, thread = 0;
  baro_process_record record = {.os_pid = 4312,
                                .parent_process = BARO_NONE_ID,
                                .start_ns = START_NS,
                                .seen_ns = START_NS,
                                .command_string = text_id(made, "python3 -m shop"),
                                .python_string = text_id(made, "3.12.1")};
  check(baro_writer_process(made->writer, &record, &process), NULL);
  for (uint32_t t = 0; t < threads; t++) {
    char name[32];
    (void)snprintf(name, sizeof(name), t == 0 ? "MainThread" : "worker-%u", t);
    baro_thread_record row = {.process = process,
                              .os_tid = 4312 + t,
                              .seen_ns = START_NS,
                              .name_string = text_id(made, name),
                              .is_main = t == 0};
    check(baro_writer_thread(made->writer, &row, &thread), NULL);
    made->workers[t] = (worker){.now_ns = START_NS, .state = BARO_STATE_CPU};
  }
}

static uint64_t number(int count, char **arguments, int index, uint64_t instead) {
  return count > index ? strtoull(arguments[index], NULL, 10) : instead;
}

int main(int count, char **arguments) {
  uint64_t samples = number(count, arguments, 2, 10000000);
  uint64_t stacks = number(count, arguments, 3, 1300000);
  uint64_t threads = number(count, arguments, 4, 16);
  if (count < 2 || stacks < 1 || stacks > UINT32_MAX || samples < stacks || threads < 1 ||
      threads > THREADS_MAX) {
    fprintf(stderr, "usage: big_recording PATH [SAMPLES [STACKS [THREADS]]]\n");
    return 2;
  }
  program *made = calloc(1, sizeof(*made));
  if (made == NULL) {
    return 1;
  }
  made->random.state = 20261122;
  uint64_t functions = 16 + stacks / STACKS_A_FUNCTION;
  made->function_count = functions < FUNCTIONS_MAX ? (uint32_t)functions : FUNCTIONS_MAX;
  made->stacks = malloc(stacks * sizeof(*made->stacks));
  made->top_function = malloc(stacks * sizeof(*made->top_function));
  if (made->stacks == NULL || made->top_function == NULL) {
    return 1;
  }
  baro_error err;
  check(baro_writer_create(arguments[1], &(baro_writer_options){.overwrite = true}, &made->writer,
                           &err),
        &err);
  baro_writer_info(made->writer, "kind", "sample");
  baro_writer_info(made->writer, "command", "python3 -m shop");
  baro_writer_info(made->writer, "rate_hz", "1000");
  baro_writer_info(made->writer, "end", "exit");
  baro_writer_info(made->writer, "exit_status", "0");
  define_threads(made, (uint32_t)threads);
  define_functions(made);
  define_stacks(made, (uint32_t)stacks);
  for (uint64_t i = 0; i < samples; i++) {
    add_sample(made, (uint32_t)(i % threads), i, samples);
    if (i % 16384 == 0) {
      baro_writer_tick(made->writer, made->workers[0].now_ns);
    }
  }
  check(baro_writer_close(made->writer, &err), &err);
  free(made->stacks);
  free(made->top_function);
  free(made);
  return 0;
}

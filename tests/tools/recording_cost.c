/* Measures what a recording costs: recording_cost FILE (which is overwritten)
 * Bytes a sample in the file, all included, and CPU time a sample for writing and reading, on an
 * invented Python program (fixture_program: exponential intervals of 1 ms, 200 stacks, lumpy CPU
 * time). Then the same of calls, of another one (fixture_call_program: 80 functions, 60 ns to 2 us each).
 * Prints tables; judges nothing. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "recording/reader.h"
#include "support/call_fixture.h"
#include "support/recording_fixture.h"

static void fail(const baro_error *err) {
  fprintf(stderr, "recording_cost: %s\n", err->message);
  exit(1);
}

static baro_status count_sample(void *context, const baro_sample_record *sample, baro_error *err) {
  (void)sample;
  (void)err;
  ++*(uint64_t *)context;
  return BARO_OK;
}

static double ns_each(uint64_t start_ns, uint64_t count) {
  return (double)(baro_clock_thread_cpu_ns() - start_ns) / (double)count;
}

/* ns of a definition that is known already. */
static double known_stack_ns(baro_writer *writer) {
  enum { LOOKUPS = 1000000 };
  uint64_t start_ns = baro_clock_thread_cpu_ns();
  uint32_t stack = BARO_NONE_ID;
  for (uint32_t i = 0; i < LOOKUPS; i++) {
    /* Frames 0 to 7 in turn are how every stack of the program begins. */
    baro_stack_record record = {.parent = i % 8 == 0 ? BARO_NONE_ID : stack, .frame = i % 8};
    if (baro_writer_stack(writer, &record, &stack) != BARO_OK) {
      abort();
    }
  }
  return ns_each(start_ns, LOOKUPS);
}

static void measure(const char *path, uint32_t threads, uint32_t count, int level) {
  baro_error err = {0};
  baro_writer *writer = NULL;
  baro_writer_options options = {.overwrite = true, .compression_level = level};
  if (baro_writer_create(path, &options, &writer, &err) != BARO_OK) {
    fail(&err);
  }
  fixture_program program;
  fixture_program_start(&program, writer, threads, 1);
  double lookup_ns = known_stack_ns(writer);

  /* The program is made beforehand, so that only writing is measured. */
  baro_sample_record *samples = calloc(count + threads, sizeof(*samples));
  if (samples == NULL) {
    abort();
  }
  baro_sample_record *round = calloc(threads, sizeof(*round));
  for (uint32_t i = 0; i < count; i += threads) {
    fixture_program_round(&program, round);
    for (uint32_t j = 0; j < threads; j++) {
      samples[i + j] = round[j];
    }
  }
  uint64_t start_ns = baro_clock_thread_cpu_ns();
  for (uint32_t i = 0; i < count; i++) {
    baro_writer_sample(writer, &samples[i]);
    baro_writer_tick(writer, samples[i].time_ns);
  }
  double write_ns = ns_each(start_ns, count);
  free(round);
  free(samples);
  if (baro_writer_close(writer, &err) != BARO_OK) {
    fail(&err);
  }

  uint64_t seen = 0;
  baro_visitor visitor = {.context = &seen, .sample = count_sample};
  baro_damage damage;
  start_ns = baro_clock_thread_cpu_ns();
  if (baro_recording_read(path, &visitor, &damage, &err) != BARO_OK) {
    fail(&err);
  }
  printf("%7u %8u %5d %12.2f %10.0f %10.0f %12.1f\n", threads, count, level,
         (double)damage.file_bytes / (double)seen, write_ns, ns_each(start_ns, seen), lookup_ns);
}

static baro_status count_calls(void *context, uint32_t thread, const baro_call_event *events,
                               uint32_t count, baro_error *err) {
  (void)thread;
  (void)err;
  uint64_t *enters = context;
  for (uint32_t i = 0; i < count; i++) {
    *enters += events[i].kind == BARO_CALL_ENTER;
  }
  return BARO_OK;
}

/* Events in portions as a drain brings them. */
static void measure_calls(const char *path, uint32_t count, uint32_t portion) {
  baro_error err = {0};
  baro_writer *writer = NULL;
  baro_writer_options options = {.overwrite = true};
  if (baro_writer_create(path, &options, &writer, &err) != BARO_OK) {
    fail(&err);
  }
  fixture_define_calls(writer, 1);
  fixture_call_program program;
  fixture_call_program_start(&program, 1);
  baro_call_event *events = calloc(portion, sizeof(*events));
  if (events == NULL) {
    abort();
  }
  uint64_t write_ns = 0;
  for (uint32_t done = 0; done < count; done += portion) {
    fixture_call_program_run(&program, events, portion);
    uint64_t start_ns = baro_clock_thread_cpu_ns();
    baro_writer_calls(writer, 0, events, portion);
    baro_writer_tick(writer, program.time_ns);
    write_ns += baro_clock_thread_cpu_ns() - start_ns;
  }
  free(events);
  if (baro_writer_close(writer, &err) != BARO_OK) {
    fail(&err);
  }
  uint64_t enters = 0;
  baro_visitor visitor = {.context = &enters, .calls = count_calls};
  baro_damage damage;
  uint64_t start_ns = baro_clock_thread_cpu_ns();
  if (baro_recording_read(path, &visitor, &damage, &err) != BARO_OK) {
    fail(&err);
  }
  printf("%9u %8u %11.2f %14.1f %13.1f\n", count, portion,
         (double)damage.file_bytes / (double)enters, (double)write_ns / count,
         ns_each(start_ns, count));
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: recording_cost FILE\n");
    return 2;
  }
  printf("threads  samples level bytes/sample   write ns    read ns known stack ns\n");
  measure(argv[1], 1, 20000, 0);
  measure(argv[1], 1, 500000, 0);
  measure(argv[1], 8, 500000, 0);
  measure(argv[1], 50, 500000, 0);
  measure(argv[1], 1, 500000, 1);
  measure(argv[1], 1, 500000, 9);
  printf("\n   events  portion  bytes/call write ns/event read ns/event\n");
  measure_calls(argv[1], 20000000, 4096);
  measure_calls(argv[1], 2000000, 256);
  return 0;
}

/* What taking calls costs the recorder: fills a ring as a busy thread does, lets the drain take it, many times, and prints
 * the CPU time and the bytes of the recording per event. Filling is not counted. Usage: drain_cost [MILLIONS_OF_EVENTS] */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "capture/drain.h"
#include "support/recording_fixture.h"
#include "support/spool_fixture.h"

enum { CODES = 64, DEPTH = 12, BODY_EVENTS = 100, PID = 1 << 22 };

static void require(int condition) {
  if (!condition) {
    fprintf(stderr, "drain_cost: something failed\n");
    exit(1);
  }
}

/* Loops, as programs have them: a random walk up and down a stack of plain functions, repeated some times. */
typedef struct busy_program {
  fixture_random random;
  uint64_t body[BODY_EVENTS]; /* words */
  uint32_t at;
  uint32_t repeats_left;
  uint64_t time_ns;
} busy_program;

static void make_body(busy_program *program) {
  uint32_t stack[DEPTH];
  uint32_t depth = 0;
  for (uint32_t i = 0; i < BODY_EVENTS; i++) {
    bool must_enter = depth == 0;
    bool must_return = depth == DEPTH || BODY_EVENTS - i <= depth;
    if (must_enter || (!must_return && fixture_below(&program->random, 2) == 0)) {
      stack[depth++] = (uint32_t)fixture_below(&program->random, CODES);
      program->body[i] = baro_ring_word(BARO_RING_ENTER, stack[depth - 1], 0);
    } else {
      program->body[i] = baro_ring_word(BARO_RING_RETURN, stack[--depth], 0);
    }
  }
}

static baro_ring_event next_event(busy_program *program) {
  if (program->at == BODY_EVENTS) {
    program->at = 0;
    if (program->repeats_left > 0)
      program->repeats_left--;
  }
  if (program->at == 0 && program->repeats_left == 0) {
    make_body(program);
    program->repeats_left = 1 + (uint32_t)fixture_below(&program->random, 1000);
  }
  program->time_ns += 40 + fixture_below(&program->random, 80);
  return (baro_ring_event){program->time_ns, program->body[program->at++]};
}

int main(int argc, char **argv) {
  uint64_t wanted = (argc > 1 ? strtoull(argv[1], NULL, 10) : 20) * 1000000;
  spool_fixture spool;
  baro_drain *drain;
  baro_writer *writer;
  spool_fixture_create(&spool);
  char path[64];
  snprintf(path, sizeof path, "/tmp/drain_cost-%d.baro", (int)getpid());
  require(baro_writer_create(path, NULL, &writer, NULL) == BARO_OK);
  require(baro_drain_create(spool.path, writer, NULL, &drain, NULL) == BARO_OK);
  static busy_program program = {.random = {.state = 7}};
  program.time_ns = baro_clock_now_ns();
  spool_process process = spool_process_create(&spool, PID, program.time_ns);
  for (int i = 0; i < CODES; i++) {
    char name[32];
    snprintf(name, sizeof name, "function_%d", i);
    (void)spool_process_code(&process, name, 0);
  }
  spool_ring ring = spool_ring_create(&process, 0, BARO_RING_EVENTS, BARO_RING_CLOCK_MONOTONIC);
  baro_ring_event *events = malloc(BARO_RING_EVENTS * sizeof *events);
  require(events != NULL);
  uint64_t done = 0;
  uint64_t spent_ns = 0;
  while (done < wanted) {
    for (uint32_t i = 0; i < BARO_RING_EVENTS; i++)
      events[i] = next_event(&program);
    size_t bytes = BARO_RING_EVENTS * sizeof *events;
    require(pwrite(ring.file, events, bytes, BARO_RING_HEAD_BYTES) == (ssize_t)bytes);
    ring.head += BARO_RING_EVENTS;
    spool_ring_commit(&ring);
    uint64_t begun_ns = baro_clock_thread_cpu_ns();
    for (uint64_t taken = 0, round = 1; round > 0; taken += round)
      require(baro_drain_visit(drain, program.time_ns + taken, &round) == BARO_OK);
    spent_ns += baro_clock_thread_cpu_ns() - begun_ns;
    done += BARO_RING_EVENTS;
  }
  uint64_t begun_ns = baro_clock_thread_cpu_ns();
  require(baro_drain_finish(drain, program.time_ns) == BARO_OK);
  require(baro_writer_flush(writer, NULL) == BARO_OK);
  spent_ns += baro_clock_thread_cpu_ns() - begun_ns;
  require(baro_drain_count(drain).events == done && baro_drain_count(drain).malformed == 0);
  uint64_t file_bytes = baro_writer_file_bytes(writer);
  printf("%llu events: %.1f ns and %.2f bytes an event\n", (unsigned long long)done,
         (double)spent_ns / (double)done, (double)file_bytes / (double)done);
  require(baro_writer_close(writer, NULL) == BARO_OK);
  baro_drain_destroy(drain);
  spool_ring_close(&ring);
  free(events);
  (void)unlink(path);
  spool_fixture_remove(&spool);
  return 0;
}

/* The drain: wrong here means calls that are lost, or told wrongly. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/os_counter.h"
#include "support/drain_fixture.h"

enum { GENERATOR = 0x20 };

static const uint64_t MS = 1000000;
static const uint64_t BIRTH_NS = 1000;

static void begin_scene(drain_scene *scene) {
  drain_scene_begin(scene, DRAIN_SCENE_PID, BIRTH_NS, NULL);
}

static void calls_come_through(void **state) {
  (void)state;
  static drain_scene one;
  begin_scene(&one);
  uint32_t outer = spool_process_code(&one.process, "outer", 0);
  uint32_t inner = spool_process_code(&one.process, "inner", 0);
  spool_process_exception(&one.process, 1, "KeyError");
  spool_process_note(&one.process, "engine", "monitoring");
  spool_ring ring = drain_scene_ring(&one, 0);
  drain_put(&ring, 2000, BARO_RING_ENTER, outer);
  drain_put_call(&ring, 3000, inner);
  drain_put(&ring, 4000, BARO_RING_ENTER, inner);
  spool_ring_put(&ring, 4100, baro_ring_word(BARO_RING_RAISE, inner, 1));
  drain_put(&ring, 5000, BARO_RING_RETURN, outer);
  spool_ring_commit(&ring);
  assert_int_equal(drain_scene_visit(&one), 6);
  assert_int_equal(drain_tail_of(&ring), 6);
  assert_int_equal(drain_beat_of(&ring), one.now_ns);
  assert_int_equal(drain_scene_visit(&one), 0);
  baro_drain_tell_end(one.drain, DRAIN_SCENE_PID, 3 << 8);
  drain_found *seen = drain_scene_finish(&one);
  assert_int_equal(seen->wait_status, 3 << 8);
  assert_string_equal(seen->calls, "T0: +outer +inner - +inner !KeyError -");
  assert_int_equal(seen->first_ns, 2000);
  assert_int_equal(seen->last_ns, 5000);
  assert_string_equal(seen->processes, "4194304(3.12.1,python app.py)");
  assert_string_equal(seen->threads, "0=thread-0(main) ");
  assert_string_equal(seen->notes, "engine: monitoring\n");
  assert_int_equal(baro_drain_count(one.drain).calls, 3);
  assert_int_equal(baro_drain_count(one.drain).threads, 1);
  assert_int_equal(baro_drain_count(one.drain).processes, 1);
  spool_ring_close(&ring);
  drain_scene_end(&one);
}

static void a_ring_wraps(void **state) {
  (void)state;
  static drain_scene one;
  begin_scene(&one);
  uint32_t code = spool_process_code(&one.process, "f", 0);
  spool_ring ring = drain_scene_ring(&one, 0);
  for (uint64_t i = 0; i < 7; i++) {
    for (uint64_t k = 0; k < 5; k++)
      drain_put_call(&ring, 2000 + i * 1000 + k * 100, code);
    spool_ring_commit(&ring);
    assert_int_equal(drain_scene_visit(&one), 10);
    assert_int_equal(drain_tail_of(&ring), (i + 1) * 10);
  }
  drain_found *seen = drain_scene_finish(&one);
  assert_int_equal(baro_drain_count(one.drain).calls, 35);
  assert_int_equal(baro_drain_count(one.drain).malformed, 0);
  assert_int_equal(seen->last_ns, 2000 + 6 * 1000 + 4 * 100 + 10);
  spool_ring_close(&ring);
  drain_scene_end(&one);
}

/* Codes are defined while the program runs, and so do threads appear. */
static void definitions_and_threads_may_come_later(void **state) {
  (void)state;
  static drain_scene one;
  begin_scene(&one);
  uint32_t first = spool_process_code(&one.process, "first", 0);
  spool_ring ring = drain_scene_ring(&one, 0);
  drain_put_call(&ring, 2000, first);
  spool_ring_commit(&ring);
  assert_int_equal(drain_scene_visit(&one), 2);
  uint32_t second = spool_process_code(&one.process, "second", 0);
  drain_put_call(&ring, 3000, second);
  spool_ring_commit(&ring);
  spool_ring other = drain_scene_ring(&one, 1);
  drain_put_call(&other, 4000, second);
  spool_ring_commit(&other);
  assert_int_equal(drain_scene_visit(&one), 4);
  drain_found *seen = drain_scene_finish(&one);
  assert_string_equal(seen->threads, "0=thread-0(main) 1=thread-1 ");
  assert_int_equal(baro_drain_count(one.drain).calls, 3);
  spool_ring_close(&ring);
  spool_ring_close(&other);
  drain_scene_end(&one);
}

/* The producer was killed between an event and the frame behind it, or is just now there. */
static void an_event_waits_for_its_frame(void **state) {
  (void)state;
  static drain_scene one;
  begin_scene(&one);
  uint32_t code = spool_process_code(&one.process, "g", GENERATOR);
  spool_ring ring = drain_scene_ring(&one, 0);
  drain_put(&ring, 2000, BARO_RING_ENTER, code);
  spool_ring_commit(&ring);
  (void)drain_scene_visit(&one);
  assert_int_equal(drain_tail_of(&ring), 0);
  spool_ring_put(&ring, 0x7f00, baro_ring_word(BARO_RING_FRAME, 0, 0));
  drain_put_framed(&ring, 3000, BARO_RING_YIELD, code, 0x7f00);
  drain_put_framed(&ring, 4000, BARO_RING_RESUME, code, 0x7f00);
  drain_put(&ring, 5000, BARO_RING_RETURN, code);
  spool_ring_commit(&ring);
  (void)drain_scene_visit(&one);
  assert_int_equal(drain_tail_of(&ring), 6);
  drain_found *seen = drain_scene_finish(&one);
  assert_string_equal(seen->calls, "T0: +g#1 < >#1 -");
  spool_ring_close(&ring);
  drain_scene_end(&one);
}

/* The resuming thread's ring is looked at first, and at a moment when the other's last events are not there yet. */
static void a_generator_changes_threads(void **state) {
  (void)state;
  static drain_scene one;
  begin_scene(&one);
  uint32_t code = spool_process_code(&one.process, "g", GENERATOR);
  spool_ring first = drain_scene_ring(&one, 0);
  spool_ring second = drain_scene_ring(&one, 1);
  drain_put_framed(&first, 2000, BARO_RING_ENTER, code, 0x7f00);
  spool_ring_commit(&first);
  (void)drain_scene_visit(&one);
  drain_put_framed(&second, 4000, BARO_RING_RESUME, code, 0x7f00);
  drain_put_framed(&second, 5000, BARO_RING_RETURN, code, 0x7f00);
  spool_ring_commit(&second);
  assert_true(drain_scene_visit(&one) > 0); /* to be visited again soon */
  assert_int_equal(drain_tail_of(&second), 0);
  drain_put_framed(&first, 3000, BARO_RING_YIELD, code, 0x7f00);
  spool_ring_commit(&first);
  (void)drain_scene_visit(&one);
  assert_int_equal(drain_tail_of(&second), 4);
  drain_found *seen = drain_scene_finish(&one);
  assert_string_equal(seen->calls, "T0: +g#1 < T1: >#1 -");
  assert_int_equal(baro_drain_count(one.drain).calls, 1);
  spool_ring_close(&first);
  spool_ring_close(&second);
  drain_scene_end(&one);
}

/* Two threads take turns with one generator, and then with its address. Whichever ring is read first: what lies in front
 * in the other one comes first. */
static void threads_take_turns(void **state) {
  (void)state;
  for (uint32_t turned = 0; turned < 2; turned++) {
    static drain_scene one;
    begin_scene(&one);
    uint32_t code = spool_process_code(&one.process, "g", GENERATOR);
    spool_ring rings[2] = {drain_scene_ring(&one, 0), drain_scene_ring(&one, 1)};
    spool_ring *first = &rings[turned];
    spool_ring *second = &rings[1 - turned];
    drain_put_framed(first, 2000, BARO_RING_ENTER, code, 0x7f00);
    drain_put_framed(first, 2100, BARO_RING_YIELD, code, 0x7f00);
    drain_put_framed(second, 2200, BARO_RING_RESUME, code, 0x7f00);
    drain_put_framed(second, 2300, BARO_RING_YIELD, code, 0x7f00);
    drain_put_framed(first, 2400, BARO_RING_RESUME, code, 0x7f00);
    drain_put_framed(first, 2500, BARO_RING_RETURN, code, 0x7f00);
    drain_put_framed(second, 2600, BARO_RING_ENTER, code, 0x7f00); /* another one */
    drain_put_framed(second, 2700, BARO_RING_YIELD, code, 0x7f00);
    drain_put_framed(first, 2800, BARO_RING_THROW, code, 0x7f00);
    drain_put_framed(first, 2900, BARO_RING_RETURN, code, 0x7f00);
    spool_ring_commit(first);
    spool_ring_commit(second);
    (void)drain_scene_visit(&one);
    assert_int_equal(drain_tail_of(first), 12);
    assert_int_equal(drain_tail_of(second), 8);
    drain_found *seen = drain_scene_finish(&one);
    /* Threads are numbered as their files are found; #2 begins on the second one. */
    bool is_first = seen->calls[1] == '0';
    assert_string_equal(seen->calls, is_first ? "T0: +g#1 < T1: >#1 < +g#2 < T0: >#1 - ^#2 -"
                                              : "T1: +g#1 < T0: >#1 < +g#2 < T1: >#1 - ^#2 -");
    assert_int_equal(baro_drain_count(one.drain).calls, 2);
    assert_string_equal(seen->notes, "");
    spool_ring_close(&rings[0]);
    spool_ring_close(&rings[1]);
    drain_scene_end(&one);
  }
}

/* Nobody ever said where it began: then it is a call from there on, and nothing hangs. */
static void a_generator_of_nobody_is_a_call(void **state) {
  (void)state;
  static drain_scene one;
  begin_scene(&one);
  uint32_t code = spool_process_code(&one.process, "g", GENERATOR);
  spool_ring first = drain_scene_ring(&one, 0);
  spool_ring second = drain_scene_ring(&one, 1);
  drain_put_framed(&first, 2000, BARO_RING_RESUME, code, 0x7f00);
  drain_put_framed(&first, 2500, BARO_RING_RETURN, code, 0x7f00);
  drain_put_framed(&second, 3000, BARO_RING_RESUME, code, 0x7f10);
  spool_ring_commit(&first);
  spool_ring_commit(&second);
  (void)drain_scene_visit(&one);
  (void)drain_scene_visit(&one);
  assert_int_equal(drain_tail_of(&first), 4);
  assert_int_equal(drain_tail_of(&second), 2);
  (void)drain_scene_finish(&one);
  assert_int_equal(baro_drain_count(one.drain).calls, 2);
  spool_ring_close(&first);
  spool_ring_close(&second);
  drain_scene_end(&one);
}

/* Where a program may switch greenlets, that is the likely reason for what does not fit. */
static void greenlets_are_told_with_what_is_mended(void **state) {
  (void)state;
  for (int has_greenlets = 0; has_greenlets < 2; has_greenlets++) {
    for (int fits = 0; fits < 2; fits++) {
      static drain_scene one;
      begin_scene(&one);
      uint32_t outer = spool_process_code(&one.process, "outer", 0);
      uint32_t inner = spool_process_code(&one.process, "inner", 0);
      if (has_greenlets != 0) {
        spool_process_fact(&one.process, "greenlets", "imported");
      }
      spool_ring ring = drain_scene_ring(&one, 0);
      drain_put(&ring, 2000, BARO_RING_ENTER, outer);
      drain_put(&ring, 3000, BARO_RING_ENTER, inner);
      drain_put(&ring, 4000, BARO_RING_RETURN, fits != 0 ? inner : outer);
      spool_ring_commit(&ring);
      (void)drain_scene_visit(&one);
      drain_found *seen = drain_scene_finish(&one);
      assert_int_equal(strstr(seen->notes, "without an event") != NULL, fits == 0);
      assert_int_equal(strstr(seen->notes, "greenlets") != NULL, fits == 0 && has_greenlets != 0);
      spool_ring_close(&ring);
      drain_scene_end(&one);
    }
  }
}

static void losses_are_told(void **state) {
  (void)state;
  static drain_scene one;
  begin_scene(&one);
  uint32_t code = spool_process_code(&one.process, "f", 0);
  spool_ring ring = drain_scene_ring(&one, 0);
  drain_put(&ring, 2000, BARO_RING_ENTER, code);
  spool_ring_put(&ring, 7, baro_ring_word(BARO_RING_LOST, 0, 0));
  drain_put_call(&ring, 3000, code);
  spool_ring_commit(&ring);
  /* Five more after which nothing found room. */
  spool_ring_set(&ring, offsetof(baro_ring_head, lost), 12);
  (void)drain_scene_visit(&one);
  drain_found *seen = drain_scene_finish(&one);
  assert_string_equal(seen->calls, "T0: +f lost7 +f - lost5");
  assert_int_equal(baro_drain_count(one.drain).lost, 12);
  assert_string_equal(seen->notes, ""); /* the events say it */
  spool_ring_close(&ring);
  drain_scene_end(&one);
}

/* A program that drops its user's rights cannot write definitions any more: what it calls then was missing without a word. */
static void untold_functions_are_told(void **state) {
  (void)state;
  static drain_scene one;
  begin_scene(&one);
  spool_ring ring = drain_scene_called(&one, NULL);
  spool_ring_set(&ring, offsetof(baro_ring_head, untold), 3);
  (void)drain_scene_visit(&one);
  drain_found *seen = drain_scene_finish(&one);
  assert_string_equal(seen->calls, "T0: +f -");
  assert_int_equal(baro_drain_count(one.drain).untold, 3);
  assert_non_null(strstr(seen->notes, "calls: 3 functions could not be told"));
  spool_ring_close(&ring);
  drain_scene_end(&one);
}

/* 4 MiB of memory a thread: a program that starts 10,000 of them one after the other must not fill the machine. */
static void rings_of_ended_threads_go(void **state) {
  (void)state;
  static drain_scene one;
  begin_scene(&one);
  uint32_t code = 0;
  spool_ring ring = drain_scene_called(&one, &code);
  (void)drain_scene_visit(&one);
  assert_true(spool_fixture_has(&one.spool, "4194304-1000-0.ring"));
  drain_put_call(&ring, 3000, code);
  spool_ring_commit(&ring);
  spool_ring_set(&ring, offsetof(baro_ring_head, closed), 1);
  (void)drain_scene_visit(&one);
  assert_false(spool_fixture_has(&one.spool, "4194304-1000-0.ring"));
  assert_true(spool_fixture_has(&one.spool, "4194304-1000.defs"));
  drain_found *seen = drain_scene_finish(&one);
  assert_string_equal(seen->calls, "T0: +f - +f -");
  assert_int_equal(seen->thread_ends, 1);
  spool_ring_close(&ring);
  drain_scene_end(&one);
}

/* A process that ended by SIGKILL: all it had committed is there, and then its files go. */
static void a_killed_process_is_taken_to_its_end(void **state) {
  (void)state;
  static drain_scene one;
  pid_t child = fork();
  if (child == 0) {
    for (;;)
      (void)pause();
  }
  assert_true(child > 0);
  drain_scene_begin(&one, (uint32_t)child, baro_clock_now_ns(), NULL);
  uint32_t code = spool_process_code(&one.process, "f", 0);
  spool_ring ring = drain_scene_ring(&one, 0);
  drain_put_call(&ring, one.now_ns, code);
  spool_ring_commit(&ring);
  (void)drain_scene_visit(&one);
  drain_put_call(&ring, one.now_ns, code);
  spool_ring_commit(&ring);
  assert_int_equal(kill(child, SIGKILL), 0);
  assert_int_equal(waitpid(child, NULL, 0), child);
  for (int i = 0; i < 10; i++)
    (void)drain_scene_visit(&one);
  char name[64];
  snprintf(name, sizeof name, "%d-%llu.defs", (int)child, (unsigned long long)one.process.birth_ns);
  assert_false(spool_fixture_has(&one.spool, name));
  drain_found *seen = drain_scene_finish(&one);
  assert_string_equal(seen->calls, "T0: +f - +f -");
  assert_int_equal(seen->process_ends, 1);
  assert_int_equal(seen->wait_status, -1);
  assert_int_equal(seen->thread_ends, 1);
  spool_ring_close(&ring);
  drain_scene_end(&one);
}

static void the_counter_becomes_our_time(void **state) {
  (void)state;
  uint64_t counter;
  uint64_t before_ns;
  if (!baro_counter_read(&counter, &before_ns)) {
    print_message("skipped: this CPU has no counter\n");
    skip();
  }
  static drain_scene one;
  drain_scene_begin(&one, DRAIN_SCENE_PID, baro_clock_now_ns(), NULL);
  uint32_t code = spool_process_code(&one.process, "f", 0);
  spool_ring ring = spool_ring_create(&one.process, 0, DRAIN_SCENE_CAPACITY, BARO_RING_CLOCK_TSC);
  (void)baro_clock_sleep_until(baro_clock_now_ns() + 2 * MS);
  assert_true(baro_counter_read(&counter, &before_ns));
  drain_put(&ring, counter, BARO_RING_ENTER, code);
  spool_ring_commit(&ring);
  (void)baro_clock_sleep_until(baro_clock_now_ns() + 2 * MS);
  (void)drain_scene_visit(&one);
  drain_found *seen = drain_scene_finish(&one);
  assert_string_equal(seen->calls, "T0: +f");
  /* Pairs are taken to 50 ns, or to what else the machine was doing then. */
  assert_true(seen->first_ns + MS / 2 > before_ns && seen->first_ns < before_ns + MS / 2);
  spool_ring_close(&ring);
  drain_scene_end(&one);
}

static void those_left_out_are_told_so(void **state) {
  (void)state;
  static drain_scene one;
  begin_scene(&one);
  baro_drain_take_only(one.drain, DRAIN_SCENE_PID + 1);
  spool_ring ring = drain_scene_called(&one, NULL);
  (void)drain_scene_visit(&one);
  assert_true(drain_beat_of(&ring) == BARO_RING_BEAT_OVER);
  drain_found *seen = drain_scene_finish(&one);
  assert_string_equal(seen->calls, "");
  assert_string_equal(seen->processes, "");
  spool_ring_close(&ring);
  drain_scene_end(&one);
}

static void a_living_agent_learns_the_end(void **state) {
  (void)state;
  static drain_scene one;
  drain_scene_begin(&one, (uint32_t)getpid(), baro_clock_now_ns(), NULL);
  uint32_t code = spool_process_code(&one.process, "f", 0);
  spool_ring ring = drain_scene_ring(&one, 0);
  drain_put_call(&ring, one.now_ns, code);
  spool_ring_commit(&ring);
  (void)drain_scene_visit(&one);
  assert_int_equal(drain_beat_of(&ring), one.now_ns);
  pid_t living[2];
  assert_int_equal(baro_drain_living(one.drain, 0, living, 2), 1);
  assert_int_equal(living[0], getpid());
  assert_int_equal(baro_drain_living(one.drain, getpid(), living, 2), 0);
  (void)drain_scene_finish(&one);
  assert_true(drain_beat_of(&ring) == BARO_RING_BEAT_OVER);
  spool_ring_close(&ring);
  drain_scene_end(&one);
}

/* --- beside a sampler --- */

typedef struct sampler_ids {
  baro_writer *writer;
  baro_status status; /* of both */
  uint32_t process;
  uint32_t thread;
} sampler_ids;

static baro_status known_process(void *context, pid_t pid, uint32_t *ret_process) {
  const sampler_ids *ids = context;
  if (pid != DRAIN_SCENE_PID)
    return BARO_NOT_FOUND;
  if (ids->status == BARO_OK)
    *ret_process = ids->process;
  return ids->status;
}

static baro_status known_thread(void *context, pid_t pid, pid_t tid, uint32_t *ret_thread) {
  const sampler_ids *ids = context;
  if (pid != DRAIN_SCENE_PID || tid != DRAIN_SCENE_PID)
    return BARO_NOT_FOUND;
  if (ids->status == BARO_OK)
    *ret_thread = ids->thread;
  return ids->status;
}

/* The sampler's own rows, once it has them; its threads are not told twice. */
static void ids_of_the_sampler_are_used(void **state) {
  (void)state;
  static drain_scene one;
  sampler_ids known = {.status = BARO_AGAIN};
  baro_drain_ids ids = {.context = &known, .process = known_process, .thread = known_thread};
  drain_scene_begin(&one, DRAIN_SCENE_PID, BIRTH_NS, &ids);
  uint32_t string;
  assert_int_equal(baro_writer_string(one.writer, baro_view_of("sampled"), &string), BARO_OK);
  baro_process_record process = {.os_pid = DRAIN_SCENE_PID,
                                 .parent_process = BARO_NONE_ID,
                                 .command_string = string,
                                 .python_string = string};
  assert_int_equal(baro_writer_process(one.writer, &process, &known.process), BARO_OK);
  baro_thread_record thread = {.process = known.process, .name_string = string};
  assert_int_equal(baro_writer_thread(one.writer, &thread, &known.thread), BARO_OK);
  uint32_t code = spool_process_code(&one.process, "f", 0);
  spool_ring ring = drain_scene_ring(&one, 0);
  spool_ring other = drain_scene_ring(&one, 1); /* which the sampler does not know */
  drain_put_call(&ring, 2000, code);
  drain_put_call(&other, 2000, code);
  spool_ring_commit(&ring);
  spool_ring_commit(&other);
  assert_true(drain_scene_visit(&one) > 0);
  assert_int_equal(drain_tail_of(&ring), 0);
  known.status = BARO_OK;
  (void)drain_scene_visit(&one);
  assert_int_equal(drain_tail_of(&ring), 2);
  drain_found *seen = drain_scene_finish(&one);
  assert_string_equal(seen->threads, "0=sampled 1=thread-1 ");
  assert_string_equal(seen->processes, "4194304(sampled,sampled)");
  assert_int_equal(seen->thread_ends, 1); /* of the one that is the drain's own */
  spool_ring_close(&ring);
  spool_ring_close(&other);
  drain_scene_end(&one);
}

/* One that never comes is not waited for for long. */
static void a_sampler_that_finds_nothing_does_not_hold_calls_up(void **state) {
  (void)state;
  static drain_scene one;
  sampler_ids known = {.status = BARO_AGAIN};
  baro_drain_ids ids = {.context = &known, .process = known_process, .thread = known_thread};
  drain_scene_begin(&one, DRAIN_SCENE_PID, BIRTH_NS, &ids);
  spool_ring ring = drain_scene_called(&one, NULL);
  for (int i = 0; i < 6; i++)
    (void)drain_scene_visit(&one);
  assert_int_equal(drain_tail_of(&ring), 2);
  drain_found *seen = drain_scene_finish(&one);
  assert_string_equal(seen->threads, "0=thread-0(main) ");
  spool_ring_close(&ring);
  drain_scene_end(&one);
}

static void is_function(const baro_drain_function *function, const char *name, uint64_t rows) {
  assert_true(baro_view_equal(function->qualified_name, baro_view_of(name)));
  assert_true(baro_view_equal(function->module, baro_view_of("app")));
  assert_int_equal(function->rows, rows);
}

/* Wrong: record's end would tell people to leave out what is not the reason of their large file. */
static void the_functions_with_most_rows_are_known(void **state) {
  (void)state;
  static drain_scene one;
  static const uint32_t calls[] = {3, 1, 9, 5, 4};
  static const char *const names[] = {"c", "e", "thinned", "a", "b"};
  begin_scene(&one);
  uint32_t codes[5];
  for (int i = 0; i < 5; i++)
    codes[i] = spool_process_code(&one.process, names[i], 0);
  spool_ring ring = drain_scene_ring(&one, 0);
  for (int i = 0; i < 5; i++) {
    for (uint32_t k = 0; k < calls[i]; k++) {
      drain_put_call(&ring, 2000, codes[i]);
      spool_ring_commit(&ring);
      (void)drain_scene_visit(&one);
    }
  }
  spool_ring_put(&ring, 12, baro_ring_word(BARO_RING_SKIPPED, codes[2], 0));
  spool_ring_commit(&ring);
  (void)drain_scene_visit(&one);
  baro_drain_function most[5];
  assert_int_equal(baro_drain_most_called(one.drain, most, 0), 0);
  assert_int_equal(baro_drain_most_called(one.drain, most, 2), 2);
  is_function(&most[0], "a", 5);
  is_function(&most[1], "b", 4);
  assert_int_equal(baro_drain_most_called(one.drain, most, 5), 4);
  is_function(&most[2], "c", 3);
  is_function(&most[3], "e", 1);
  (void)drain_scene_finish(&one);
  spool_ring_close(&ring);
  drain_scene_end(&one);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(calls_come_through),
      cmocka_unit_test(a_ring_wraps),
      cmocka_unit_test(definitions_and_threads_may_come_later),
      cmocka_unit_test(an_event_waits_for_its_frame),
      cmocka_unit_test(a_generator_changes_threads),
      cmocka_unit_test(threads_take_turns),
      cmocka_unit_test(a_generator_of_nobody_is_a_call),
      cmocka_unit_test(greenlets_are_told_with_what_is_mended),
      cmocka_unit_test(losses_are_told),
      cmocka_unit_test(untold_functions_are_told),
      cmocka_unit_test(rings_of_ended_threads_go),
      cmocka_unit_test(a_killed_process_is_taken_to_its_end),
      cmocka_unit_test(the_counter_becomes_our_time),
      cmocka_unit_test(those_left_out_are_told_so),
      cmocka_unit_test(a_living_agent_learns_the_end),
      cmocka_unit_test(ids_of_the_sampler_are_used),
      cmocka_unit_test(a_sampler_that_finds_nothing_does_not_hold_calls_up),
      cmocka_unit_test(the_functions_with_most_rows_are_known),
  };
  return cmocka_run_group_tests_name("drain", tests, NULL, NULL);
}

/* What is said beside calls, into a record and out of it: wrong here means CPU time, tasks, counts or values that are another
 * call's, or a recording that readers refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recording/call_decoder.h"
#include "recording/call_encoder.h"
#include "recording/call_remarks.h"
#include "recording/format.h"
#include "support/call_fixture.h"

enum { THREADS = FIXTURE_CALL_THREADS, STEPS = 40000, LOG = 2 * STEPS };

static const baro_call_limits limits = {
    .threads = THREADS, .functions = FIXTURE_CALL_FUNCTIONS, .strings = 1};

/* Values are borrowed: what they say is kept as a sum. */
static uint64_t sum_of(const baro_call_event *event) {
  baro_view value = baro_call_event_value(event);
  uint64_t sum = value.length;
  for (size_t i = 0; i < value.length; i++) {
    sum = sum * 31 + value.data[i];
  }
  return sum;
}

typedef struct remark_log {
  baro_call_event *events;
  uint32_t count;
} remark_log;

static void log_events(remark_log *log, const baro_call_event *events, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    assert_true(log->count < LOG);
    baro_call_event event = events[i];
    if (event.kind == BARO_CALL_VALUE) {
      event.call = sum_of(&event);
    }
    log->events[log->count++] = event;
  }
}

typedef struct scene {
  baro_call_encoder encoder;
  baro_call_decoder decoder;
  baro_buffer raw;
  remark_log put[THREADS];
  remark_log found[THREADS];
  uint32_t order[LOG]; /* threads of the records, as they left */
  uint32_t records;
  size_t longest; /* record, bytes */
} scene;

static scene *begin(void) {
  scene *one = calloc(1, sizeof(*one));
  assert_non_null(one);
  for (uint32_t t = 0; t < THREADS; t++) {
    one->put[t].events = calloc(LOG, sizeof(baro_call_event));
    one->found[t].events = calloc(LOG, sizeof(baro_call_event));
    assert_true(one->put[t].events != NULL && one->found[t].events != NULL);
  }
  return one;
}

static void end(scene *one) {
  for (uint32_t t = 0; t < THREADS; t++) {
    free(one->put[t].events);
    free(one->found[t].events);
  }
  baro_buffer_release(&one->raw);
  baro_call_encoder_release(&one->encoder);
  baro_call_decoder_release(&one->decoder);
  free(one);
}

static void put(scene *one, uint32_t thread, const baro_call_event *events, uint32_t count) {
  baro_call_encoder_put(&one->encoder, thread, events, count, true, &one->raw);
  log_events(&one->put[thread], events, count);
}

static void flush(scene *one) {
  baro_call_encoder_flush(&one->encoder, &one->raw);
  assert_int_equal(one->encoder.pending_bytes, 0);
  baro_reader reader = baro_reader_of(one->raw.data, one->raw.length);
  while (baro_reader_left(&reader) != 0) {
    assert_int_equal(baro_read_varint(&reader), BARO_RECORD_CALLS);
    baro_view view = baro_read_string(&reader);
    baro_reader payload = baro_reader_of(view.data, view.length);
    uint32_t thread;
    uint32_t count;
    assert_false(reader.failed);
    assert_int_equal(baro_call_decode(&one->decoder, &payload, &limits, &thread, &count, NULL),
                     BARO_OK);
    log_events(&one->found[thread], one->decoder.events, count);
    one->order[one->records++] = thread;
    one->longest = view.length > one->longest ? view.length : one->longest;
  }
  baro_buffer_clear(&one->raw);
}

static void expect_same(const remark_log *put_log, const remark_log *found_log) {
  assert_int_equal(put_log->count, found_log->count);
  for (uint32_t i = 0; i < put_log->count; i++) {
    const baro_call_event *a = &put_log->events[i];
    const baro_call_event *b = &found_log->events[i];
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->time_ns, b->time_ns);
    assert_int_equal(a->call, b->call);
    bool has_id = a->kind != BARO_CALL_RETURN && a->kind != BARO_CALL_SUSPEND &&
                  a->kind != BARO_CALL_RESUME && a->kind != BARO_CALL_THROW &&
                  a->kind != BARO_CALL_LOST && a->kind != BARO_CALL_SPAWN;
    assert_true(!has_id || a->function == b->function);
  }
}

static const uint8_t *letters(void) {
  static uint8_t text[BARO_CALL_VALUE_LIMIT_BYTES + 1]; /* one is too long */
  for (size_t i = 0; i < sizeof(text); i++) {
    text[i] = (uint8_t)('a' + i % 26);
  }
  return text;
}

/* Any remark; has_top: of a thread with an active call. */
static baro_call_event any_remark(fixture_random *random, bool has_top, uint64_t time_ns,
                                  uint64_t *cpu_ns, uint64_t *spawned) {
  baro_call_event event = {.time_ns = time_ns};
  uint64_t size = fixture_below(random, 60);
  switch (fixture_below(random, has_top ? 6 : 5)) {
  case 0:
    *cpu_ns += fixture_below(random, UINT64_C(1) << fixture_below(random, 40));
    event.kind = BARO_CALL_USAGE;
    event.cpu_ns = *cpu_ns;
    event.peak_kib = (uint32_t)fixture_below(random, UINT64_C(1) << 32);
    break;
  case 1:
    event.kind = BARO_CALL_SPAWN;
    event.call = *spawned += 2;
    break;
  case 2:
    event.kind = BARO_CALL_SKIPPED;
    event.function = (uint32_t)fixture_below(random, FIXTURE_CALL_FUNCTIONS);
    event.skipped = 1 + fixture_below(random, UINT64_C(1) << size);
    break;
  case 3:
    event.kind = BARO_CALL_WEIGHT;
    event.weight = 1 + fixture_below(random, UINT64_C(1) << size);
    event.is_recursive = (uint32_t)fixture_below(random, 2);
    break;
  case 4:
    event.kind = BARO_CALL_OWN;
    event.own_ns = fixture_below(random, UINT64_C(1) << size);
    event.own_wait_us = (uint32_t)fixture_below(random, UINT64_C(1) << fixture_below(random, 33));
    break;
  default:
    event.kind = BARO_CALL_VALUE;
    event.which = (uint16_t)(1 + fixture_below(random, 3));
    event.value_bytes = (uint16_t)fixture_below(
        random, fixture_below(random, 8) == 0 ? BARO_CALL_VALUE_LIMIT_BYTES + 1 : 40);
    event.value = letters();
  }
  return event;
}

/* Remarks and calls of any threads in portions of any size: each comes back where it was. */
static void what_is_said_comes_back_in_its_place(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 3; seed++) {
    scene *one = begin();
    fixture_calls calls;
    fixture_calls_start(&calls, seed);
    fixture_random random = {.state = seed * 31};
    uint64_t cpu_ns[THREADS] = {0};
    uint64_t spawned = UINT64_C(1) << 40; /* of tasks that never begin */
    for (uint32_t done = 0; done < STEPS;) {
      uint32_t thread = (uint32_t)fixture_below(&random, THREADS);
      baro_call_event events[700];
      uint32_t count =
          1 + (uint32_t)fixture_below(&random, fixture_below(&random, 9) == 0 ? 700 : 5);
      for (uint32_t i = 0; i < count; i++) {
        const fixture_call_thread *t = &calls.threads[thread];
        events[i] = fixture_below(&random, 3) == 0 && one->put[thread].count + i != 0
                        ? any_remark(&random, t->depth != 0, t->time_ns, &cpu_ns[thread], &spawned)
                        : fixture_calls_next(&calls, thread);
      }
      put(one, thread, events, count);
      done += count;
      if (fixture_below(&random, 100) == 0) {
        flush(one);
      }
    }
    flush(one);
    assert_int_equal(one->encoder.dropped, 0);
    for (uint32_t t = 0; t < THREADS; t++) {
      assert_true(one->put[t].count > 1000);
      expect_same(&one->put[t], &one->found[t]);
    }
    end(one);
  }
}

/* The thread that runs a task is not the one that made it; blocks leave by thread. */
static void a_task_is_announced_before_it_begins(void **state) {
  (void)state;
  scene *one = begin();
  const baro_call_event spawner[] = {{.time_ns = 5, .kind = BARO_CALL_ENTER, .function = 1},
                                     {.time_ns = 5, .kind = BARO_CALL_SPAWN, .call = 9},
                                     {.time_ns = 6, .kind = BARO_CALL_RETURN}};
  const baro_call_event loop[] = {
      {.time_ns = 7, .kind = BARO_CALL_ENTER_SUSPENDABLE, .function = 2, .call = 9}};
  const baro_call_event other[] = {
      {.time_ns = 7, .kind = BARO_CALL_ENTER_SUSPENDABLE, .function = 2, .call = 8}};
  put(one, 0, spawner, 3);
  put(one, 2, other, 1); /* waits for nobody */
  assert_int_equal(one->raw.length, 0);
  put(one, 1, loop, 1);
  assert_true(one->raw.length > 0);
  flush(one);
  assert_int_equal(one->order[0], 0);
  expect_same(&one->put[0], &one->found[0]);
  expect_same(&one->put[1], &one->found[1]);
  end(one);
}

static void values_do_not_fill_the_memory(void **state) {
  (void)state;
  scene *one = begin();
  baro_call_event events[256];
  for (uint32_t i = 0; i < 256; i++) {
    events[i] = (baro_call_event){.kind = BARO_CALL_VALUE,
                                  .which = BARO_CALL_VALUE_ARGUMENTS,
                                  .value_bytes = BARO_CALL_VALUE_LIMIT_BYTES,
                                  .value = letters()};
  }
  events[0] = (baro_call_event){.kind = BARO_CALL_ENTER, .function = 1};
  put(one, 0, events, 256);
  events[0] = events[1];
  for (uint32_t i = 0; i < 9; i++) {
    put(one, 0, events, 256);
    flush(one);
  }
  assert_true(one->longest > 250000 && one->longest < 300000);
  assert_int_equal(one->encoder.dropped, 0);
  expect_same(&one->put[0], &one->found[0]);
  end(one);
}

/* Left out one by one, and counted; what is around them stays. */
static void what_makes_no_sense_is_left_out(void **state) {
  (void)state;
  const uint8_t *text = letters();
  const baro_call_event events[] = {
      {.time_ns = 1, .kind = BARO_CALL_VALUE, .which = 1, .value_bytes = 2, .value = text},
      {.time_ns = 2, .kind = BARO_CALL_ENTER, .function = 1},
      {.time_ns = 2, .kind = BARO_CALL_VALUE, .which = 0, .value_bytes = 2, .value = text},
      {.time_ns = 2, .kind = BARO_CALL_VALUE, .which = 4, .value_bytes = 2, .value = text},
      {.time_ns = 2, .kind = BARO_CALL_VALUE, .which = 1, .value_bytes = 4097, .value = text},
      {.time_ns = 2, .kind = BARO_CALL_SPAWN, .call = 0},
      {.time_ns = 2, .kind = BARO_CALL_SKIPPED, .function = 1, .skipped = 0},
      {.time_ns = 2, .kind = BARO_CALL_WEIGHT, .weight = 0},
      {.time_ns = 9,
       .kind = BARO_CALL_WEIGHT,
       .weight = 7}, /* its time is that of the event before */
      {.time_ns = 3, .kind = BARO_CALL_USAGE, .cpu_ns = 50, .peak_kib = 9},
      {.time_ns = 4, .kind = BARO_CALL_USAGE, .cpu_ns = 40, .peak_kib = 8},
  };
  scene *one = begin();
  put(one, 0, events, sizeof(events) / sizeof(events[0]));
  flush(one);
  const remark_log *found = &one->found[0];
  assert_int_equal(one->encoder.dropped, 7);
  assert_int_equal(one->encoder.untold, 7);
  assert_int_equal(found->count, 4);
  assert_int_equal(found->events[0].kind, BARO_CALL_ENTER);
  assert_int_equal(found->events[1].weight, 7);
  assert_int_equal(found->events[1].time_ns, 2);
  assert_int_equal(found->events[2].cpu_ns, 50);
  assert_int_equal(found->events[2].time_ns, 3);
  assert_int_equal(found->events[3].cpu_ns, 50); /* CPU time does not go back */
  assert_int_equal(found->events[3].peak_kib, 8);
  end(one);
}

/* A call of which the file does not hear has no values there; nor has the one below it. */
static void values_of_lost_calls_are_left_out(void **state) {
  (void)state;
  scene *one = begin();
  const baro_call_event value = {
      .kind = BARO_CALL_VALUE, .which = 3, .value_bytes = 1, .value = letters()};
  const baro_call_event outer = {.kind = BARO_CALL_ENTER, .function = 1};
  const baro_call_event ended = {.kind = BARO_CALL_RETURN};
  baro_call_encoder_put(&one->encoder, 0, &outer, 1, true, &one->raw);
  baro_call_encoder_put(&one->encoder, 0, &outer, 1, false, &one->raw); /* the disk is full */
  baro_call_encoder_put(&one->encoder, 0, &value, 1, true, &one->raw);
  baro_call_encoder_put(&one->encoder, 0, &ended, 1, true, &one->raw);
  baro_call_encoder_put(&one->encoder, 0, &value, 1, true, &one->raw);
  baro_call_encoder_put(&one->encoder, 0, &outer, 1, true, &one->raw);
  baro_call_encoder_put(&one->encoder, 0, &value, 1, true, &one->raw);
  flush(one);
  const remark_log *found = &one->found[0];
  assert_int_equal(found->count, 4);
  assert_int_equal(found->events[1].kind, BARO_CALL_LOST);
  assert_int_equal(found->events[2].kind, BARO_CALL_ENTER);
  assert_int_equal(found->events[3].kind, BARO_CALL_VALUE);
  assert_int_equal(one->encoder.dropped, 4); /* one lost, two values, and an end */
  end(one);
}

/* --- bytes of other writers --- */

/* A record of thread 0 made of codes; the steps are all 0. Returns the status, and how many events there are. */
static baro_status decode(const char *codes, size_t length, uint32_t events, uint32_t *ret_count,
                          baro_call_event *ret_last) {
  baro_call_decoder decoder = {0};
  baro_buffer payload = {0};
  uint32_t thread;
  baro_write_varint(&payload, 0);
  baro_write_varint(&payload, events);
  baro_write_varint(&payload, length);
  baro_write_bytes(&payload, (const uint8_t *)codes, length);
  baro_write_varint(&payload, events);
  for (uint32_t i = 0; i < events; i++) {
    baro_write_u8(&payload, 0);
  }
  baro_reader reader = baro_reader_of(payload.data, payload.length);
  *ret_count = 0;
  baro_status status = baro_call_decode(&decoder, &reader, &limits, &thread, ret_count, NULL);
  if (status == BARO_OK && *ret_count != 0) {
    *ret_last = decoder.events[*ret_count - 1];
  }
  baro_call_decoder_release(&decoder);
  baro_buffer_release(&payload);
  return status;
}

#define DECODE(codes, events, count, last) decode(codes, sizeof(codes) - 1, events, count, last)

static void what_is_not_known_is_skipped(void **state) {
  (void)state;
  uint32_t count;
  baro_call_event last;
  /* Code 30 of three bytes, code 26 of none, code 300 of one; around them a call. */
  assert_int_equal(DECODE("\x03\x1e\x03"
                          "abc\x1a\x00\xac\x02\x01z\x00",
                          5, &count, &last),
                   BARO_OK);
  assert_int_equal(count, 2);
  assert_int_equal(last.kind, BARO_CALL_RETURN);
  /* Nothing else. */
  assert_int_equal(DECODE("\x1e\x00", 1, &count, &last), BARO_OK);
  assert_int_equal(count, 0);
  /* Fields behind those that are known; a value of a kind that is not. */
  assert_int_equal(DECODE("\x0e\x04\x05\x08zz", 1, &count, &last), BARO_OK);
  assert_int_equal(count, 1);
  assert_int_equal(last.cpu_ns, 5);
  assert_int_equal(last.peak_kib, 4);
  assert_int_equal(DECODE("\x18\x03\x07\x06z", 1, &count, &last), BARO_OK);
  assert_int_equal(count, 1);
  assert_int_equal(last.own_ns, 7);
  assert_int_equal(last.own_wait_us, 6);
  assert_int_equal(DECODE("\x03\x16\x02\x09q", 2, &count, &last), BARO_OK);
  assert_int_equal(count, 1);
}

static void what_breaks_a_rule_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *codes;
    size_t length;
    uint32_t events;
  } rows[] = {
#define ROW(codes, events) {codes, sizeof(codes) - 1, events}
      ROW("\x0e", 1),                             /* no length */
      ROW("\x0e\x05\x01\x01", 1),                 /* longer than the run */
      ROW("\x0e\x01\x05", 1),                     /* a field is missing */
      ROW("\x0e\x02\x05\x01", 1),                 /* a peak below 0 */
      ROW("\x10\x01\x00", 1),                     /* call 0 */
      ROW("\x12\x02\x50\x01", 1),                 /* function 80 */
      ROW("\x12\x02\x01\x00", 1),                 /* none skipped */
      ROW("\x14\x02\x00\x00", 1),                 /* no weight */
      ROW("\x16\x02\x01q", 1),                    /* a value of no call */
      ROW("\x03\x00\x16\x02\x03q", 3),            /* of one that has ended */
      ROW("\x03\x16\x00", 2),                     /* a value without its kind */
      ROW("\x18\x01\x07", 1),                     /* a field is missing */
      ROW("\x18\x06\x07\xff\xff\xff\xff\x1f", 1), /* more than 32 bits */
      ROW("\x1e\x02q", 1),                        /* unknown, and longer than the run */
#undef ROW
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    uint32_t count;
    baro_call_event last;
    assert_int_equal(decode(rows[i].codes, rows[i].length, rows[i].events, &count, &last),
                     BARO_CORRUPT);
  }
  static char codes[2 + 3 + BARO_CALL_VALUE_LIMIT_BYTES + 1] = "\x03\x16\x82\x20\x01";
  uint32_t count;
  baro_call_event last;
  assert_int_equal(decode(codes, sizeof(codes), 2, &count, &last), BARO_CORRUPT);
  codes[2] = (char)0x81; /* as long as it may be */
  assert_int_equal(decode(codes, sizeof(codes) - 1, 2, &count, &last), BARO_OK);
  assert_int_equal(last.value_bytes, BARO_CALL_VALUE_LIMIT_BYTES);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_said_comes_back_in_its_place),
      cmocka_unit_test(a_task_is_announced_before_it_begins),
      cmocka_unit_test(values_do_not_fill_the_memory),
      cmocka_unit_test(what_makes_no_sense_is_left_out),
      cmocka_unit_test(values_of_lost_calls_are_left_out),
      cmocka_unit_test(what_is_not_known_is_skipped),
      cmocka_unit_test(what_breaks_a_rule_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

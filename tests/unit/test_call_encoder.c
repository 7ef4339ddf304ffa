/* Calls on their way into a record and out of it: wrong here means calls that did not happen, or, after events were
 * lost, a recording that readers refuse. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recording/call_decoder.h"
#include "recording/call_encoder.h"
#include "recording/format.h"
#include "support/call_fixture.h"

enum { THREADS = FIXTURE_CALL_THREADS, EVENTS = 60000 };

/* Events of one thread. */
typedef struct event_log {
  baro_call_event *events; /* room for all */
  uint32_t count;
} event_log;

typedef struct logs {
  event_log threads[THREADS];
} logs;

static void logs_init(logs *all) {
  for (uint32_t i = 0; i < THREADS; i++) {
    /* Twice: a LOST may stand before each. */
    all->threads[i] = (event_log){.events = calloc(2 * EVENTS, sizeof(baro_call_event))};
    assert_non_null(all->threads[i].events);
  }
}

static void logs_release(logs *all) {
  for (uint32_t i = 0; i < THREADS; i++) {
    free(all->threads[i].events);
  }
}

static void logs_add(logs *all, uint32_t thread, const baro_call_event *events, uint32_t count) {
  event_log *to = &all->threads[thread];
  assert_true(to->count + count <= 2 * EVENTS);
  memcpy(to->events + to->count, events, count * sizeof(*events));
  to->count += count;
}

static const baro_call_limits limits = {
    .threads = THREADS, .functions = FIXTURE_CALL_FUNCTIONS, .strings = 1};

/* Decodes all records of raw, and empties it. */
static void decode(baro_call_decoder *decoder, baro_buffer *raw, logs *found) {
  baro_reader reader = baro_reader_of(raw->data, raw->length);
  while (baro_reader_left(&reader) != 0) {
    assert_int_equal(baro_read_varint(&reader), BARO_RECORD_CALLS);
    baro_view view = baro_read_string(&reader);
    assert_false(reader.failed);
    baro_reader payload = baro_reader_of(view.data, view.length);
    uint32_t thread;
    uint32_t count;
    assert_int_equal(baro_call_decode(decoder, &payload, &limits, &thread, &count, NULL), BARO_OK);
    assert_int_equal(baro_reader_left(&payload), 0);
    logs_add(found, thread, decoder->events, count);
  }
  baro_buffer_clear(raw);
}

static void assert_same_event(const baro_call_event *a, const baro_call_event *b) {
  assert_int_equal(a->time_ns, b->time_ns);
  assert_int_equal(a->kind, b->kind);
  bool has_function = a->kind == BARO_CALL_ENTER || a->kind == BARO_CALL_ENTER_SUSPENDABLE;
  if (has_function || a->kind == BARO_CALL_RAISE) {
    assert_int_equal(a->function, b->function);
  }
  assert_int_equal(a->call, b->call);
}

/* Any sequence of any threads, in portions of any size, comes back as it was, however the blocks are cut. */
static void what_goes_in_comes_out(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 3; seed++) {
    fixture_calls calls;
    fixture_calls_start(&calls, seed);
    baro_call_encoder encoder = {0};
    baro_call_decoder decoder = {0};
    baro_buffer raw = {0};
    logs put;
    logs found;
    logs_init(&put);
    logs_init(&found);
    fixture_random random = {.state = seed};
    for (uint32_t done = 0; done < EVENTS;) {
      uint32_t thread = (uint32_t)fixture_below(&random, THREADS);
      baro_call_event events[700];
      uint32_t count =
          1 + (uint32_t)fixture_below(&random, fixture_below(&random, 9) == 0 ? 700 : 5);
      for (uint32_t i = 0; i < count; i++) {
        events[i] = fixture_calls_next(&calls, thread);
      }
      baro_call_encoder_put(&encoder, thread, events, count, true, &raw);
      logs_add(&put, thread, events, count);
      done += count;
      if (fixture_below(&random, 200) == 0) {
        baro_call_encoder_flush(&encoder, &raw);
        assert_int_equal(encoder.pending_events, 0);
        assert_int_equal(encoder.pending_bytes, 0);
        decode(&decoder, &raw, &found);
      }
    }
    baro_call_encoder_flush(&encoder, &raw);
    decode(&decoder, &raw, &found);
    assert_int_equal(encoder.dropped, 0);
    for (uint32_t i = 0; i < THREADS; i++) {
      assert_int_equal(put.threads[i].count, found.threads[i].count);
      for (uint32_t j = 0; j < put.threads[i].count; j++) {
        assert_same_event(&put.threads[i].events[j], &found.threads[i].events[j]);
      }
    }
    logs_release(&put);
    logs_release(&found);
    baro_buffer_release(&raw);
    baro_call_encoder_release(&encoder);
    baro_call_decoder_release(&decoder);
  }
}

/* How many plain beginnings of calls are in both, in this order; fails where one is missing. */
static uint32_t assert_same_enters(const event_log *put, const event_log *found) {
  uint32_t j = 0;
  uint32_t same = 0;
  for (uint32_t i = 0; i < put->count; i++) {
    if (put->events[i].kind == BARO_CALL_ENTER) {
      while (j < found->count && found->events[j].kind != BARO_CALL_ENTER) {
        j++;
      }
      assert_true(j < found->count);
      assert_same_event(&put->events[i], &found->events[j++]);
      same++;
    }
  }
  while (j < found->count) {
    assert_int_not_equal(found->events[j++].kind, BARO_CALL_ENTER);
  }
  return same;
}

/* A run with periods in which nothing can be kept, at any time, on any thread. */
typedef struct lossy_run {
  baro_call_encoder encoder;
  baro_call_decoder decoder;
  baro_buffer raw;
  logs kept;
  logs found;
  uint64_t put;  /* events, with those that LOST stands for */
  uint64_t told; /* what all LOST in the file must add up to */
} lossy_run;

static void lossy_put(lossy_run *run, uint32_t thread, const baro_call_event *events,
                      uint32_t count, bool keep) {
  baro_call_encoder_put(&run->encoder, thread, events, count, keep, &run->raw);
  for (uint32_t i = 0; i < count; i++) {
    bool is_lost = events[i].kind == BARO_CALL_LOST;
    run->told += is_lost ? events[i].lost : !keep;
    run->put += is_lost ? events[i].lost : 1;
  }
  if (keep) {
    logs_add(&run->kept, thread, events, count);
  }
}

static void lossy_steps(lossy_run *run, fixture_calls *calls, fixture_random *random) {
  bool keep = true;
  for (uint32_t step = 0; step < EVENTS / 20; step++) {
    uint32_t thread = (uint32_t)fixture_below(random, THREADS);
    baro_call_event events[16];
    uint32_t count = 1 + (uint32_t)fixture_below(random, 16);
    for (uint32_t i = 0; i < count; i++) {
      events[i] = fixture_calls_next(calls, thread);
    }
    keep = fixture_below(random, 30) == 0 ? !keep : keep;
    lossy_put(run, thread, events, count, keep);
    if (fixture_below(random, 50) == 0) {
      baro_call_encoder_flush(&run->encoder, &run->raw);
      decode(&run->decoder, &run->raw, &run->found);
    }
  }
  for (uint32_t i = 0; i < THREADS; i++) {
    /* Something that is kept, so that all that was lost is told. */
    baro_call_event last = {
        .time_ns = calls->threads[i].time_ns, .kind = BARO_CALL_ENTER, .function = 1};
    lossy_put(run, i, &last, 1, true);
  }
  baro_call_encoder_flush(&run->encoder, &run->raw);
  decode(&run->decoder, &run->raw, &run->found);
}

/* Readers take the rest, every call that began outside of the periods is there, and each event that is not is told. */
static void after_a_loss_the_rest_is_right(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 20; seed++) {
    fixture_calls calls;
    fixture_calls_start(&calls, seed);
    fixture_random random = {.state = seed};
    lossy_run run = {0};
    logs_init(&run.kept);
    logs_init(&run.found);
    lossy_steps(&run, &calls, &random);
    uint64_t told = 0;
    uint64_t found = 0;
    for (uint32_t i = 0; i < THREADS; i++) {
      assert_true(assert_same_enters(&run.kept.threads[i], &run.found.threads[i]) > 100);
      for (uint32_t j = 0; j < run.found.threads[i].count; j++) {
        const baro_call_event *event = &run.found.threads[i].events[j];
        told += event->kind == BARO_CALL_LOST ? event->lost : 0;
        found += event->kind != BARO_CALL_LOST;
      }
    }
    assert_int_equal(told, run.told);
    assert_int_equal(found + told + run.encoder.untold, run.put);
    assert_true(run.encoder.dropped > run.put / 10);
    logs_release(&run.kept);
    logs_release(&run.found);
    baro_buffer_release(&run.raw);
    baro_call_encoder_release(&run.encoder);
    baro_call_decoder_release(&run.decoder);
  }
}

/* One thread's events in, what the file says out. */
static uint32_t through(const baro_call_event *events, uint32_t count, baro_call_event *ret_found,
                        uint64_t *ret_dropped) {
  baro_call_encoder encoder = {0};
  baro_call_decoder decoder = {0};
  baro_buffer raw = {0};
  logs found;
  logs_init(&found);
  baro_call_encoder_put(&encoder, 0, events, count, true, &raw);
  baro_call_encoder_flush(&encoder, &raw);
  decode(&decoder, &raw, &found);
  uint32_t found_count = found.threads[0].count;
  memcpy(ret_found, found.threads[0].events, found_count * sizeof(*ret_found));
  *ret_dropped = encoder.dropped;
  logs_release(&found);
  baro_buffer_release(&raw);
  baro_call_encoder_release(&encoder);
  baro_call_decoder_release(&decoder);
  return found_count;
}

/* Whatever who writes does wrong: readers take what comes out, and it is counted. */
static void what_breaks_a_rule_does_not_get_in(void **state) {
  (void)state;
  baro_call_event found[8];
  uint64_t dropped;
  const baro_call_event no_beginning[] = {
      {.time_ns = 5, .kind = BARO_CALL_RETURN},
      {.time_ns = 6, .kind = BARO_CALL_RAISE, .exception_string = 0},
      {.time_ns = 7, .kind = BARO_CALL_SUSPEND},
      {.time_ns = 8, .kind = BARO_CALL_ENTER, .function = 2},
      {.time_ns = 9, .kind = BARO_CALL_SUSPEND},
      {.time_ns = 10, .kind = BARO_CALL_RETURN},
  };
  assert_int_equal(through(no_beginning, 6, found, &dropped), 2);
  assert_int_equal(dropped, 4);
  assert_same_event(&found[0], &no_beginning[3]);
  assert_same_event(&found[1], &no_beginning[5]);

  const baro_call_event unknown[] = {
      {.time_ns = 5, .kind = BARO_CALL_ENTER, .function = 2},
      {.time_ns = 6, .kind = BARO_CALL_RESUME, .call = 77},
      {.time_ns = 7, .kind = BARO_CALL_RETURN}, /* of which one, nobody knows */
      {.time_ns = 8, .kind = BARO_CALL_ENTER, .function = 3},
  };
  assert_int_equal(through(unknown, 4, found, &dropped), 3);
  assert_int_equal(dropped, 2);
  assert_same_event(&found[0], &unknown[0]);
  assert_int_equal(found[1].kind, BARO_CALL_LOST);
  assert_int_equal(found[1].lost, 1);
  assert_same_event(&found[2], &unknown[3]);

  const baro_call_event back_in_time[] = {
      {.time_ns = 100, .kind = BARO_CALL_ENTER, .function = 2},
      {.time_ns = 90, .kind = BARO_CALL_RETURN},
      {.time_ns = 110, .kind = BARO_CALL_LOST, .lost = 0},
  };
  assert_int_equal(through(back_in_time, 3, found, &dropped), 3);
  assert_int_equal(found[1].time_ns, 100);
  assert_int_equal(found[2].lost, 1);
  assert_int_equal(dropped, 0);
}

/* A drain gone mad: any kind on any thread at any time, kept or not. Only numbers of calls are used once. */
static void readers_take_whatever_comes_out(void **state) {
  (void)state;
  for (uint64_t seed = 1; seed <= 30; seed++) {
    baro_call_encoder encoder = {0};
    baro_call_decoder decoder = {0};
    baro_buffer raw = {0};
    logs found;
    logs_init(&found);
    fixture_random random = {.state = seed * 77};
    uint64_t newest = 0;
    bool keep = true;
    for (uint32_t i = 0; i < 20000; i++) {
      baro_call_event event = {
          .time_ns = fixture_below(&random, 1000),
          .kind = (baro_call_event_kind)fixture_below(&random, BARO_CALL_EVENT_KIND_COUNT)};
      /* Losses are rare, or nothing would ever be active. */
      if (event.kind == BARO_CALL_LOST && fixture_below(&random, 20) != 0) {
        event.kind = BARO_CALL_ENTER_SUSPENDABLE;
      }
      if (event.kind == BARO_CALL_ENTER_SUSPENDABLE) {
        event.call = ++newest;
      } else if (event.kind == BARO_CALL_RESUME || event.kind == BARO_CALL_THROW) {
        event.call = newest - fixture_below(&random, newest < 6 ? newest + 1 : 6);
      }
      keep = fixture_below(&random, keep && seed % 2 == 0 ? 4000 : 40) == 0 ? !keep : keep;
      baro_call_encoder_put(&encoder, (uint32_t)fixture_below(&random, THREADS), &event, 1, keep,
                            &raw);
      if (fixture_below(&random, 100) == 0) {
        baro_call_encoder_flush(&encoder, &raw);
        decode(&decoder, &raw, &found);
      }
    }
    baro_call_encoder_flush(&encoder, &raw);
    decode(&decoder, &raw, &found);
    for (uint32_t i = 0; i < THREADS; i++) {
      assert_true(found.threads[i].count > 500);
    }
    logs_release(&found);
    baro_buffer_release(&raw);
    baro_call_encoder_release(&encoder);
    baro_call_decoder_release(&decoder);
  }
}

/* What one thread suspends and another resumes stands in this order, though blocks leave one after the other. */
static void threads_hand_calls_on(void **state) {
  (void)state;
  baro_call_encoder encoder = {0};
  baro_call_decoder decoder = {0};
  baro_buffer raw = {0};
  logs found;
  logs_init(&found);
  const baro_call_event enter = {.kind = BARO_CALL_ENTER_SUSPENDABLE, .function = 1, .call = 1};
  const baro_call_event suspend = {.kind = BARO_CALL_SUSPEND};
  const baro_call_event resume = {.kind = BARO_CALL_RESUME, .call = 1};
  baro_call_encoder_put(&encoder, 3, &enter, 1, true, &raw);
  baro_call_encoder_put(&encoder, 3, &suspend, 1, true, &raw);
  for (uint32_t i = 0; i < 1000; i++) {
    baro_call_encoder_put(&encoder, i % 3, &resume, 1, true, &raw);
    baro_call_encoder_put(&encoder, i % 3, &suspend, 1, true, &raw);
  }
  baro_call_encoder_flush(&encoder, &raw);
  decode(&decoder, &raw, &found);
  assert_int_equal(encoder.dropped, 0);
  assert_int_equal(found.threads[0].count + found.threads[1].count + found.threads[2].count, 2000);
  logs_release(&found);
  baro_buffer_release(&raw);
  baro_call_encoder_release(&encoder);
  baro_call_decoder_release(&decoder);
}

/* A call that is suspended over a loss, one that was active when it began, and one that began in it. */
static void calls_outlive_a_loss(void **state) {
  (void)state;
  baro_call_encoder encoder = {0};
  baro_call_decoder decoder = {0};
  baro_buffer raw = {0};
  logs found;
  logs_init(&found);
  const baro_call_event before[] = {
      {.time_ns = 1, .kind = BARO_CALL_ENTER_SUSPENDABLE, .function = 1, .call = 1},
      {.time_ns = 2, .kind = BARO_CALL_SUSPEND},
      {.time_ns = 3, .kind = BARO_CALL_ENTER, .function = 9},
      {.time_ns = 4, .kind = BARO_CALL_ENTER_SUSPENDABLE, .function = 2, .call = 2},
  };
  const baro_call_event lost[] = {
      {.time_ns = 5, .kind = BARO_CALL_SUSPEND},
      {.time_ns = 6, .kind = BARO_CALL_ENTER_SUSPENDABLE, .function = 3, .call = 3},
      {.time_ns = 7, .kind = BARO_CALL_SUSPEND},
  };
  const baro_call_event after[] = {
      {.time_ns = 8, .kind = BARO_CALL_RESUME, .call = 1},
      {.time_ns = 9, .kind = BARO_CALL_RETURN},
      {.time_ns = 10, .kind = BARO_CALL_RESUME, .call = 2},
      {.time_ns = 11, .kind = BARO_CALL_RETURN},
      {.time_ns = 12, .kind = BARO_CALL_THROW, .call = 3},
      {.time_ns = 13, .kind = BARO_CALL_RETURN},
      {.time_ns = 14, .kind = BARO_CALL_RETURN}, /* of 9, which ended with the loss */
      {.time_ns = 15, .kind = BARO_CALL_ENTER, .function = 4},
  };
  const baro_call_event expected[] = {
      before[0],
      before[1],
      before[2],
      before[3],
      {.time_ns = 5, .kind = BARO_CALL_LOST, .lost = 1},
      {.time_ns = 8, .kind = BARO_CALL_LOST, .lost = 2},
      after[0],
      after[1],
      {.time_ns = 10, .kind = BARO_CALL_ENTER_SUSPENDABLE, .function = 2, .call = 2},
      after[3],
      {.time_ns = 12, .kind = BARO_CALL_ENTER_SUSPENDABLE, .function = 3, .call = 3},
      after[5],
      after[7],
  };
  baro_call_encoder_put(&encoder, 0, before, 4, true, &raw);
  baro_call_encoder_put(&encoder, 0, lost, 3, false, &raw);
  baro_call_encoder_put(&encoder, 0, after, 8, true, &raw);
  baro_call_encoder_flush(&encoder, &raw);
  decode(&decoder, &raw, &found);
  uint32_t count = sizeof(expected) / sizeof(expected[0]);
  assert_int_equal(found.threads[0].count, count);
  for (uint32_t i = 0; i < count; i++) {
    assert_same_event(&found.threads[0].events[i], &expected[i]);
  }
  assert_int_equal(encoder.dropped, 4);
  logs_release(&found);
  baro_buffer_release(&raw);
  baro_call_encoder_release(&encoder);
  baro_call_decoder_release(&decoder);
}

/* A recorder runs as long as its program: nothing is kept of calls that ended. */
static void ended_calls_take_no_memory(void **state) {
  (void)state;
  baro_call_encoder encoder = {0};
  baro_buffer raw = {0};
  for (uint64_t i = 1; i <= 200000; i++) {
    const baro_call_event events[] = {
        {.time_ns = i, .kind = BARO_CALL_ENTER_SUSPENDABLE, .function = 1, .call = i},
        {.time_ns = i, .kind = BARO_CALL_SUSPEND},
        {.time_ns = i, .kind = BARO_CALL_RESUME, .call = i},
        {.time_ns = i, .kind = BARO_CALL_RETURN},
    };
    baro_call_encoder_put(&encoder, 0, events, 4, true, &raw);
    baro_buffer_clear(&raw);
  }
  assert_int_equal(encoder.dropped, 0);
  assert_true(encoder.open.capacity <= 16);
  baro_call_encoder_flush(&encoder, &raw);
  assert_null(encoder.blocks);
  assert_null(encoder.threads[0].stack.places);
  baro_buffer_release(&raw);
  baro_call_encoder_release(&encoder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_goes_in_comes_out),
      cmocka_unit_test(after_a_loss_the_rest_is_right),
      cmocka_unit_test(what_breaks_a_rule_does_not_get_in),
      cmocka_unit_test(readers_take_whatever_comes_out),
      cmocka_unit_test(threads_hand_calls_on),
      cmocka_unit_test(calls_outlive_a_loss),
      cmocka_unit_test(ended_calls_take_no_memory),
  };
  return cmocka_run_group_tests_name("call_encoder", tests, NULL, NULL);
}

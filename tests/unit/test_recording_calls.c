/* Calls in a recording, from the writer to the reader: wrong here means calls that are lost though there was room, or
 * that are missing without a word. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recording/format.h"
#include "recording/reader.h"
#include "support/call_fixture.h"

enum { THREADS = FIXTURE_CALL_THREADS };

/* What a reader finds: of each thread a checksum over its events, in order, and sums over all. */
typedef struct findings {
  uint32_t crc[THREADS];
  uint64_t events;
  uint64_t enters;
  uint64_t stand_for; /* events, with those that LOST stands for */
  uint64_t lost;
  uint64_t samples;
  baro_damage damage;
} findings;

static void add_event(findings *found, uint32_t thread, const baro_call_event *event) {
  uint64_t words[4] = {event->time_ns, (uint64_t)event->kind, event->call, found->crc[thread]};
  if (event->kind == BARO_CALL_ENTER || event->kind == BARO_CALL_ENTER_SUSPENDABLE ||
      event->kind == BARO_CALL_RAISE) {
    words[1] |= (uint64_t)event->function << 32;
  }
  found->crc[thread] = baro_crc32(words, sizeof(words));
  found->events++;
  found->enters += event->kind == BARO_CALL_ENTER;
  found->lost += event->kind == BARO_CALL_LOST ? event->lost : 0;
  found->stand_for += event->kind == BARO_CALL_LOST ? event->lost : 1;
}

static baro_status find_calls(void *context, uint32_t thread, const baro_call_event *events,
                              uint32_t count, baro_error *err) {
  (void)err;
  assert_true(thread < THREADS && count != 0 && count <= 16384);
  for (uint32_t i = 0; i < count; i++) {
    add_event(context, thread, &events[i]);
  }
  return BARO_OK;
}

static baro_status find_sample(void *context, const baro_sample_record *sample, baro_error *err) {
  (void)sample;
  (void)err;
  ((findings *)context)->samples++;
  return BARO_OK;
}

static findings find_in(baro_view bytes) {
  findings found = {0};
  baro_visitor visitor = {.context = &found, .calls = find_calls, .sample = find_sample};
  assert_int_equal(baro_recording_read_memory(bytes, "memory", &visitor, &found.damage, NULL),
                   BARO_OK);
  return found;
}

static findings find_on(const fixture_disk *disk) {
  return find_in(fixture_disk_view(disk));
}

static void expect_whole(const baro_damage *damage) {
  assert_string_equal(damage->reason, "");
  assert_true(damage->complete);
}

/* Events of any thread, written in portions, with ticks of the writer: one a us. */
static void write_any(baro_writer *writer, fixture_calls *calls, uint32_t count,
                      findings *ret_put) {
  for (uint32_t done = 0; done < count;) {
    uint32_t thread = (uint32_t)fixture_below(&calls->random, THREADS);
    baro_call_event events[300];
    uint32_t portion = 1 + (uint32_t)fixture_below(&calls->random, 300);
    for (uint32_t i = 0; i < portion; i++) {
      events[i] = fixture_calls_next(calls, thread);
      add_event(ret_put, thread, &events[i]);
    }
    baro_writer_calls(writer, thread, events, portion);
    done += portion;
    baro_writer_tick(writer, ret_put->events * 1000);
  }
}

static void calls_come_back(void **state) {
  (void)state;
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  fixture_define_calls(writer, THREADS);
  fixture_calls calls;
  fixture_calls_start(&calls, 1);
  findings put = {0};
  write_any(writer, &calls, 400000, &put);
  assert_int_equal(baro_writer_dropped_call_events(writer), 0);
  assert_int_equal(baro_writer_close(writer, NULL), BARO_OK);
  findings found = find_on(&disk);
  expect_whole(&found.damage);
  assert_int_equal(found.damage.dropped_call_events, 0);
  assert_memory_equal(found.crc, put.crc, sizeof(put.crc));
  assert_int_equal(found.events, put.events);
  fixture_disk_release(&disk);
}

/* What a killed recorder leaves: all but the last second, or the last MiB; and never more than is whole. */
static void calls_go_out_in_time(void **state) {
  (void)state;
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  fixture_define_calls(writer, THREADS);
  const baro_call_event enter = {.time_ns = 1, .kind = BARO_CALL_ENTER, .function = 0};
  const baro_call_event leave = {.time_ns = 2, .kind = BARO_CALL_RETURN};
  baro_writer_tick(writer, UINT64_C(10000000000));
  baro_writer_calls(writer, 0, &enter, 1);
  assert_int_equal(find_on(&disk).events, 0);
  baro_writer_tick(writer, UINT64_C(11000000000));
  assert_int_equal(find_on(&disk).events, 1);
  baro_writer_calls(writer, 1, &enter, 1);
  baro_writer_calls(writer, 0, &leave, 1);
  baro_writer_tick(writer, UINT64_C(12000000000));
  assert_int_equal(find_on(&disk).events, 3);
  /* Without ticks, by their size. */
  fixture_calls calls;
  fixture_calls_start(&calls, 1);
  uint64_t before_bytes = disk.bytes.length;
  for (uint32_t i = 0; i < 600000; i++) {
    baro_call_event event = fixture_calls_next(&calls, 2);
    baro_writer_calls(writer, 2, &event, 1);
  }
  findings found = find_on(&disk);
  assert_true(disk.bytes.length > before_bytes);
  assert_true(found.events > 200000);
  assert_string_equal(found.damage.reason, "");
  assert_int_equal(baro_writer_close(writer, NULL), BARO_OK);
  found = find_on(&disk);
  expect_whole(&found.damage);
  assert_int_equal(found.events, 600003);
  fixture_disk_release(&disk);
}

static void samples_and_calls_share_a_recording(void **state) {
  (void)state;
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  fixture_program program;
  fixture_program_start(&program, writer, THREADS, 1);
  fixture_calls calls;
  fixture_calls_start(&calls, 3);
  findings put = {0};
  for (uint32_t i = 0; i < 20; i++) {
    fixture_program_run(&program, writer, 700);
    baro_call_event events[500];
    for (uint32_t j = 0; j < 500; j++) {
      events[j] = fixture_calls_next(&calls, i % THREADS);
      add_event(&put, i % THREADS, &events[j]);
    }
    baro_writer_calls(writer, i % THREADS, events, 500);
  }
  assert_int_equal(baro_writer_close(writer, NULL), BARO_OK);
  findings found = find_on(&disk);
  expect_whole(&found.damage);
  assert_int_equal(found.samples, 14000);
  assert_memory_equal(found.crc, put.crc, sizeof(put.crc));
  fixture_disk_release(&disk);
}

/* Cut anywhere, what is left is a beginning of what each thread did. */
static void calls_cut_anywhere(void **state) {
  (void)state;
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  fixture_define_calls(writer, THREADS);
  fixture_calls calls;
  fixture_calls_start(&calls, 5);
  findings put = {0};
  for (uint32_t i = 0; i < 12; i++) {
    write_any(writer, &calls, 2000, &put);
    assert_int_equal(baro_writer_flush(writer, NULL), BARO_OK);
  }
  assert_int_equal(baro_writer_close(writer, NULL), BARO_OK);
  uint64_t before = 0;
  for (size_t length = BARO_FORMAT_HEAD_BYTES; length <= disk.bytes.length; length += 97) {
    findings found = find_in((baro_view){disk.bytes.data, length});
    assert_false(found.damage.corrupt);
    assert_true(found.events >= before);
    before = found.events;
  }
  assert_true(before > 20000);
  fixture_disk_release(&disk);
}

/* 64 MiB that cannot be written: from then on calls are lost, which is counted; with room again the rest is right. */
static void a_long_backlog_drops_calls_and_says_so(void **state) {
  (void)state;
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  fixture_define_calls(writer, THREADS);
  fixture_calls calls;
  fixture_calls_start(&calls, 7);
  findings put = {0};
  write_any(writer, &calls, 10000, &put);
  assert_int_equal(baro_writer_flush(writer, NULL), BARO_OK);
  disk.capacity_bytes = disk.bytes.length;
  /* Definitions fill the backlog faster than calls. */
  fixture_random random = {.state = 3};
  uint64_t *noise = malloc(BARO_STRING_LIMIT_BYTES);
  for (int i = 0; i < 66; i++) {
    for (size_t j = 0; j < BARO_STRING_LIMIT_BYTES / sizeof(*noise); j++) {
      noise[j] = fixture_next(&random);
    }
    uint32_t id;
    baro_view text = {(const uint8_t *)noise, BARO_STRING_LIMIT_BYTES};
    assert_int_equal(baro_writer_string(writer, text, &id), BARO_OK);
  }
  free(noise);
  assert_int_equal(baro_writer_dropped_call_events(writer), 0);
  write_any(writer, &calls, 50000, &put);
  uint64_t dropped = baro_writer_dropped_call_events(writer);
  assert_true(dropped >= 50000 && dropped <= put.stand_for - 10000);
  disk.capacity_bytes = UINT64_MAX;
  assert_int_equal(baro_writer_flush(writer, NULL), BARO_OK);
  write_any(writer, &calls, 20000, &put);
  assert_int_equal(baro_writer_close(writer, NULL), BARO_OK);
  findings found = find_on(&disk);
  expect_whole(&found.damage);
  assert_int_equal(found.stand_for + found.damage.dropped_call_events, put.stand_for);
  assert_true(found.lost >= 50000);
  /* Ends of calls that the loss had ended. */
  assert_true(found.damage.dropped_call_events < 1000);
  fixture_disk_release(&disk);
}

/* Others fill the disk while we record: the end says how much is missing. */
static void closing_on_a_full_disk_counts_calls(void **state) {
  (void)state;
  for (uint32_t after = 0; after <= 60000; after += 20000) {
    fixture_disk disk = {.has_reserve = true};
    baro_writer *writer = fixture_writer(&disk);
    fixture_define_calls(writer, THREADS);
    fixture_calls calls;
    fixture_calls_start(&calls, 9);
    findings put = {0};
    write_any(writer, &calls, 30000, &put);
    assert_int_equal(baro_writer_flush(writer, NULL), BARO_OK);
    uint64_t written = put.events;
    disk.capacity_bytes = disk.reserved_end;
    write_any(writer, &calls, after, &put);
    baro_writer_tick(writer, UINT64_C(1) << 50); /* a chunk that waits */
    write_any(writer, &calls, 500, &put);
    baro_error err = {0};
    assert_int_equal(baro_writer_close(writer, &err), BARO_NO_SPACE);
    findings found = find_on(&disk);
    expect_whole(&found.damage);
    assert_int_equal(found.events, written);
    assert_int_equal(found.stand_for + found.damage.dropped_call_events, put.stand_for);
    fixture_disk_release(&disk);
  }
}

/* The measured numbers are recording_cost's. */
static void a_call_costs_at_most_eight_bytes(void **state) {
  (void)state;
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  fixture_define_calls(writer, 1);
  fixture_call_program program;
  fixture_call_program_start(&program, 1);
  static baro_call_event events[1000];
  findings put = {0};
  for (uint32_t i = 0; i < 400; i++) {
    fixture_call_program_run(&program, events, 1000);
    baro_writer_calls(writer, 0, events, 1000);
    for (uint32_t j = 0; j < 1000; j++) {
      add_event(&put, 0, &events[j]);
    }
    baro_writer_tick(writer, program.time_ns);
  }
  assert_int_equal(baro_writer_close(writer, NULL), BARO_OK);
  findings found = find_on(&disk);
  expect_whole(&found.damage);
  assert_int_equal(found.crc[0], put.crc[0]);
  assert_true(disk.bytes.length <= 8 * found.enters);
  fixture_disk_release(&disk);
}

static baro_status refuse_calls(void *context, uint32_t thread, const baro_call_event *events,
                                uint32_t count, baro_error *err) {
  (void)thread;
  (void)events;
  (void)count;
  ++*(int *)context;
  return baro_error_set(err, BARO_CORRUPT, "the visitor's own words");
}

/* Its failure is its own, not the recording's. */
static void a_visitor_of_calls_ends_reading(void **state) {
  (void)state;
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  fixture_define_calls(writer, 2);
  for (uint32_t i = 0; i < 2; i++) {
    const baro_call_event enter = {.time_ns = 1, .kind = BARO_CALL_ENTER, .function = 0};
    baro_writer_calls(writer, i, &enter, 1);
  }
  assert_int_equal(baro_writer_close(writer, NULL), BARO_OK);
  int visits = 0;
  baro_visitor visitor = {.context = &visits, .calls = refuse_calls};
  baro_damage damage;
  baro_error err = {0};
  assert_int_equal(
      baro_recording_read_memory(fixture_disk_view(&disk), "x", &visitor, &damage, &err),
      BARO_CORRUPT);
  assert_string_equal(err.message, "the visitor's own words");
  assert_int_equal(visits, 1);
  assert_false(damage.corrupt);
  fixture_disk_release(&disk);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(calls_come_back),
      cmocka_unit_test(calls_go_out_in_time),
      cmocka_unit_test(samples_and_calls_share_a_recording),
      cmocka_unit_test(calls_cut_anywhere),
      cmocka_unit_test(a_long_backlog_drops_calls_and_says_so),
      cmocka_unit_test(closing_on_a_full_disk_counts_calls),
      cmocka_unit_test(a_call_costs_at_most_eight_bytes),
      cmocka_unit_test(a_visitor_of_calls_ends_reading),
  };
  return cmocka_run_group_tests_name("recording_calls", tests, NULL, NULL);
}

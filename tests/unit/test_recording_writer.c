/* The writer: wrong here means a recording that is lost when the disk is full, or that says what was not recorded. */
#include <errno.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recording/chunk.h"
#include "recording/format.h"
#include "recording/reader.h"
#include "support/recording_findings.h"
#include "support/recording_fixture.h"
#include "support/recording_json.h"

static void everything_comes_back(void **state) {
  (void)state;
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  fixture_write_everything(writer);
  assert_int_equal(baro_writer_samples(writer), 8);
  close_well(writer);
  assert_true(disk.is_closed);
  baro_buffer text = {0};
  baro_visitor visitor = recording_json_visitor(&text);
  baro_damage damage;
  assert_int_equal(
      baro_recording_read_memory(fixture_disk_view(&disk), "memory", &visitor, &damage, NULL),
      BARO_OK);
  expect_whole(&damage);
  baro_write_u8(&text, '\0');
  static const char *const lines[] = {
      "[\"info\", \"rate_hz\", \"1000\"]\n",
      "[\"string\", 2, \"\\u0000\\u00ff\\u0022\\u005c\\u0080\\u000a\\u00c3\\u00a4\"]\n",
      "[\"function\", 0, 1, 3, 2, 4294967295, 4294967295]\n",
      "[\"frame\", 0, 0, 4294967295]\n",
      "[\"stack\", 1, 0, 1]\n",
      "[\"stack\", 2, -1, 1]\n",
      "[\"process\", 1, 4294967295, 0, 18446744073709551615, 0, 2, 1]\n",
      "[\"thread\", 0, 0, 1, 17, 1, true]\n",
      "[\"thread_name\", 1, 3]\n",
      "[\"counters\", -1, 1, {\"ticks\": 0, ",
      "[\"counters\", 1, 18446744073709551615, {\"ticks\": 18446744073709551615, ",
      "[\"note\", 0, 1, \"\"]\n",
      "[\"process_end\", 0, 18446744073709551615, -2147483648]\n",
      "[\"thread_end\", 2, 0, -1]\n",
      "[\"sample\", 0, 1234567890123000, 1001000, 1, 0, \"cpu\", 0, 0]\n",
      "[\"sample\", 0, 1234567895123000, 1500000, 1, 1, \"gil\", 4000000, 0]\n",
      "[\"sample\", 1, 1234567897123000, 900000000, 870, -1, \"idle\", 0, 0]\n",
  };
  for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
    if (strstr((const char *)text.data, lines[i]) == NULL) {
      fail_msg("missing: %s", lines[i]);
    }
  }
  baro_buffer_release(&text);
  fixture_disk_release(&disk);
}

static void huge_strings_are_cut(void **state) {
  (void)state;
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  baro_view text = {.length = 3 << 20};
  text.data = calloc(text.length, 1);
  uint32_t first = 9;
  uint32_t second = 9;
  assert_int_equal(baro_writer_string(writer, text, &first), BARO_OK);
  text.length--;
  assert_int_equal(baro_writer_string(writer, text, &second), BARO_OK);
  assert_int_equal(first, 0);
  assert_int_equal(second, 0);
  free((void *)(uintptr_t)text.data);
  close_well(writer);
  findings found = find_in_memory(fixture_disk_view(&disk));
  expect_whole(&found.damage);
  assert_int_equal(found.strings, 1);
  fixture_disk_release(&disk);
}

/* Definitions far beyond what fits one chunk, without any tick. */
static void definitions_alone_fill_chunks(void **state) {
  (void)state;
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  for (uint32_t i = 0; i < 300000; i++) {
    char name[64];
    int length = snprintf(name, sizeof(name), "a name that is not very short, %u", i);
    uint32_t id = 0;
    assert_int_equal(
        baro_writer_string(writer, (baro_view){(const uint8_t *)name, (size_t)length}, &id),
        BARO_OK);
    assert_int_equal(id, i);
  }
  assert_true(disk.writes > 8);
  close_well(writer);
  findings found = find_in_memory(fixture_disk_view(&disk));
  expect_whole(&found.damage);
  assert_int_equal(found.strings, 300000);
  fixture_disk_release(&disk);
}

/* Threads that come, are sampled in three stacks and go, all of one name. */
static void short_threads(baro_writer *writer, uint32_t count, uint64_t *time_ns) {
  uint32_t string = 0;
  uint32_t stacks[3] = {BARO_NONE_ID, BARO_NONE_ID, BARO_NONE_ID};
  uint32_t process = 0;
  baro_function_record function = {.module_string = BARO_NONE_ID};
  assert_int_equal(baro_writer_string(writer, baro_view_of("work"), &string), BARO_OK);
  function.name_string = function.qualified_string = function.file_string = string;
  for (uint32_t i = 0; i < 3; i++) {
    uint32_t id = 0;
    assert_int_equal(baro_writer_function(writer, &function, &id), BARO_OK);
    assert_int_equal(baro_writer_frame(writer, &(baro_frame_record){id, i}, &id), BARO_OK);
    baro_stack_record stack = {.parent = BARO_NONE_ID, .frame = id};
    assert_int_equal(baro_writer_stack(writer, &stack, &stacks[i]), BARO_OK);
  }
  baro_process_record parent = {
      .parent_process = BARO_NONE_ID, .command_string = string, .python_string = string};
  assert_int_equal(baro_writer_process(writer, &parent, &process), BARO_OK);
  for (uint32_t i = 0; i < count; i++) {
    baro_thread_record thread = {.process = process, .os_tid = i, .name_string = string};
    uint32_t id = 0;
    assert_int_equal(baro_writer_thread(writer, &thread, &id), BARO_OK);
    for (uint32_t s = 0; s < 3; s++) {
      *time_ns += 1000000;
      baro_writer_sample(writer, &(baro_sample_record){.time_ns = *time_ns,
                                                       .weight_ns = 1000000,
                                                       .ticks = 1,
                                                       .thread = id,
                                                       .stack = stacks[s],
                                                       .state = BARO_STATE_CPU});
    }
    baro_end_record end = {.index = id, .time_ns = *time_ns, .wait_status = -1};
    baro_writer_thread_end(writer, &end);
    baro_writer_tick(writer, *time_ns);
  }
}

/* Sanitizers have an allocator of their own, of which mallinfo2 knows nothing. */
extern size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static int64_t allocated_bytes(const fixture_disk *disk) {
  size_t bytes = 0;
  if (__sanitizer_get_current_allocated_bytes != NULL) {
    bytes = __sanitizer_get_current_allocated_bytes();
  } else {
    struct mallinfo2 info = mallinfo2();
    bytes = info.uordblks + info.hblkhd;
  }
  assert_true(bytes > disk->bytes.capacity);
  return (int64_t)(bytes - disk->bytes.capacity);
}

/* A recorder runs as long as its program, which may start a thread for each request. */
static void ended_threads_take_little_memory(void **state) {
  (void)state;
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  uint64_t time_ns = UINT64_C(1000000000);
  short_threads(writer, 5000, &time_ns);
  int64_t before_bytes = allocated_bytes(&disk);
  short_threads(writer, 20000, &time_ns);
  int64_t after_bytes = allocated_bytes(&disk);
  close_well(writer);
  findings found = find_in_memory(fixture_disk_view(&disk));
  expect_whole(&found.damage);
  assert_int_equal(found.samples, 75000);
  fixture_disk_release(&disk);
  /* 72 bytes each and what doubling arrays have too much; 690 before ended threads were let go. */
  assert_true(after_bytes < before_bytes + 20000 * 160);
}

static void a_chunk_goes_out_each_second(void **state) {
  (void)state;
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  fixture_program program;
  fixture_program_start(&program, writer, 1, 3);
  baro_sample_record sample = {0};
  uint64_t start_ns = program.time_ns;
  baro_writer_tick(writer, start_ns);
  uint32_t samples = 0;
  while (program.time_ns < start_ns + 5 * UINT64_C(1000000000)) {
    fixture_program_round(&program, &sample);
    baro_writer_sample(writer, &sample);
    samples++;
    baro_writer_tick(writer, program.time_ns);
    /* Whatever happens now: all but the last second is there. */
    if (samples % 500 == 0) {
      findings found = find_in_memory(fixture_disk_view(&disk));
      assert_string_equal(found.damage.reason, "");
      assert_false(found.damage.complete);
      assert_true(found.samples <= samples);
      assert_true(program.sums_ns[0] - found.weight_ns <= UINT64_C(1010000000));
    }
  }
  assert_int_equal(baro_writer_samples(writer), samples);
  close_well(writer);
  findings found = find_in_memory(fixture_disk_view(&disk));
  expect_whole(&found.damage);
  assert_int_equal(found.samples, samples);
  assert_true(found.weight_ns + 1000 >= program.sums_ns[0]);
  assert_true(found.weight_ns <= program.sums_ns[0] + 1000);
  fixture_disk_release(&disk);
}

/* The promise of the format; the measured numbers are recording_cost's. */
static void a_sample_costs_at_most_four_bytes(void **state) {
  (void)state;
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  fixture_program program;
  fixture_program_start(&program, writer, 1, 1);
  fixture_program_run(&program, writer, 60000);
  close_well(writer);
  assert_true(disk.bytes.length <= 4 * 60000);
  fixture_disk_release(&disk);
}

static void a_full_disk_is_told_and_survived(void **state) {
  (void)state;
  static const bool truncate_broken[] = {false, true};
  for (size_t i = 0; i < 2; i++) {
    fixture_disk disk = {.is_truncate_broken = truncate_broken[i]};
    baro_writer *writer = fixture_writer(&disk);
    fixture_program program;
    fixture_program_start(&program, writer, 2, 5);
    fixture_program_run(&program, writer, 10000);
    assert_null(baro_writer_trouble(writer));
    disk.capacity_bytes = disk.bytes.length + 1000;
    fixture_program_run(&program, writer, 20000);
    const baro_error *trouble = baro_writer_trouble(writer);
    assert_non_null(trouble);
    assert_int_equal(trouble->status, BARO_NO_SPACE);
    assert_string_equal(trouble->message, "memory: write: disk is full");
    /* A reader finds whole chunks; at worst behind them a torn one. */
    findings found = find_in_memory(fixture_disk_view(&disk));
    assert_false(found.damage.corrupt);
    assert_int_equal(found.damage.truncated, truncate_broken[i]);
    assert_int_equal(found.damage.good_bytes, baro_writer_file_bytes(writer));
    /* All but the last second before the disk was full: 2,000 samples. */
    assert_true(found.samples >= 7000 && found.samples < 30000);
    /* Room again: nothing was lost. */
    disk.capacity_bytes = UINT64_MAX;
    fixture_program_run(&program, writer, 3000);
    assert_null(baro_writer_trouble(writer));
    close_well(writer);
    found = find_in_memory(fixture_disk_view(&disk));
    expect_whole(&found.damage);
    assert_int_equal(found.samples, 33000);
    assert_int_equal(found.damage.dropped_samples, 0);
    fixture_disk_release(&disk);
  }
}

static void closing_on_a_full_disk_keeps_what_was_written(void **state) {
  (void)state;
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  fixture_program program;
  fixture_program_start(&program, writer, 1, 5);
  fixture_program_run(&program, writer, 5000);
  disk.capacity_bytes = disk.bytes.length + 10;
  fixture_program_run(&program, writer, 500);
  baro_error err = {0};
  assert_int_equal(baro_writer_close(writer, &err), BARO_NO_SPACE);
  assert_non_null(strstr(err.message, "disk is full"));
  assert_true(disk.is_closed);
  findings found = find_in_memory(fixture_disk_view(&disk));
  assert_string_equal(found.damage.reason, "");
  assert_false(found.damage.complete);
  assert_true(found.samples >= 4000);
  fixture_disk_release(&disk);
}

static baro_status find_end(void *context, const baro_info_record *info, baro_error *err) {
  (void)err;
  if (baro_view_equal(info->key, baro_view_of("end"))) {
    char *end = context;
    assert_true(info->value.length < 32);
    memcpy(end, info->value.data, info->value.length);
    end[info->value.length] = '\0';
  }
  return BARO_OK;
}

/* Others fill the disk while we record: the room that was kept holds an end, and everything before it is whole. */
static void a_disk_that_fills_up_leaves_an_end_that_says_so(void **state) {
  (void)state;
  for (uint32_t after = 0; after <= 20000; after += 5000) { /* samples that cannot be written */
    fixture_disk disk = {.has_reserve = true};
    baro_writer *writer = fixture_writer(&disk);
    fixture_program program;
    fixture_program_start(&program, writer, 2, 5);
    fixture_program_run(&program, writer, 10000);
    uint64_t free_bytes = disk.reserved_end;
    assert_true(free_bytes > disk.bytes.length);
    disk.capacity_bytes = free_bytes;
    fixture_program_run(&program, writer, after);
    baro_writer_info(writer, "end", "exit");
    baro_error err = {0};
    assert_int_equal(baro_writer_close(writer, &err), BARO_NO_SPACE);
    assert_int_equal(disk.reserved_end, disk.bytes.length); /* what was not used is given back */
    findings found = find_in_memory(fixture_disk_view(&disk));
    expect_whole(&found.damage);
    assert_true(found.samples >= 7000);
    assert_int_equal(found.samples + found.damage.dropped_samples, 10000 + after);
    char end[32] = "";
    baro_visitor visitor = {.context = end, .info = find_end};
    baro_damage damage;
    assert_int_equal(
        baro_recording_read_memory(fixture_disk_view(&disk), "memory", &visitor, &damage, NULL),
        BARO_OK);
    assert_string_equal(end, "disk_full");
    fixture_disk_release(&disk);
  }
}

enum { CHUNKS_LIMIT = 64 };

/* Records 6,000 samples and gives how the close went; false when there was no room for a file. */
static bool record_to(fixture_disk *disk, baro_status *ret_close) {
  baro_output output = fixture_disk_output(disk);
  baro_writer *writer = NULL;
  if (baro_writer_create_on(&output, "memory", NULL, &writer, NULL) != BARO_OK) {
    return false;
  }
  fixture_program program;
  fixture_program_start(&program, writer, 2, 5);
  fixture_program_run(&program, writer, 6000);
  *ret_close = baro_writer_close(writer, NULL);
  return true;
}

/* Where the chunks of a whole recording end; the last is the index. */
static size_t chunk_ends_of(const fixture_disk *disk, uint64_t *ret_ends) {
  size_t count = 0;
  uint64_t at = BARO_FORMAT_HEAD_BYTES;
  while (at < disk->bytes.length) {
    baro_chunk_head head;
    assert_int_equal(baro_chunk_head_read(disk->bytes.data + at, &head, NULL), BARO_OK);
    at += BARO_CHUNK_HEAD_BYTES + head.stored_bytes;
    assert_true(count < CHUNKS_LIMIT);
    ret_ends[count++] = at;
  }
  return count;
}

/* However small the disk: what fits is written, with an end as soon as there is room for one. */
static void room_that_exists_is_used(void **state) {
  (void)state;
  enum { END_LIMIT_BYTES = 1024, STEP = 101 };
  uint64_t ends[CHUNKS_LIMIT];
  baro_status close_status;
  fixture_disk large = {.has_reserve = true};
  assert_true(record_to(&large, &close_status));
  assert_int_equal(close_status, BARO_OK);
  size_t count = chunk_ends_of(&large, ends);
  assert_true(count > 4);
  uint64_t whole_bytes = large.bytes.length;
  for (uint64_t room = 1; room < whole_bytes + END_LIMIT_BYTES; room += STEP) {
    fixture_disk disk = {.has_reserve = true, .capacity_bytes = room};
    bool is_made = record_to(&disk, &close_status);
    assert_int_equal(is_made, room >= ends[0]);
    if (is_made) {
      findings found = find_in_memory(fixture_disk_view(&disk));
      assert_string_equal(found.damage.reason, "");
      assert_int_equal(found.damage.complete, found.damage.chunks >= 2);
      assert_true(found.damage.complete || room < ends[0] + END_LIMIT_BYTES);
      size_t fit = 0;
      while (fit + 1 < count && ends[fit + 1] + END_LIMIT_BYTES <= room) {
        fit++;
      }
      assert_true(found.damage.good_bytes >= ends[fit]);
      if (found.damage.complete) {
        assert_int_equal(found.samples + found.damage.dropped_samples, 6000);
      }
      assert_true(close_status == BARO_OK || close_status == BARO_NO_SPACE);
      assert_true(close_status == BARO_NO_SPACE || found.samples == 6000);
      assert_int_equal(disk.reserved_end, disk.bytes.length);
    }
    fixture_disk_release(&disk);
  }
  fixture_disk_release(&large);
}

/* Room that is kept is no part of the file, and none of it stays behind. */
static void room_is_given_back(void **state) {
  (void)state;
  fixture_disk disk = {.has_reserve = true};
  baro_writer *writer = fixture_writer(&disk);
  fixture_program program;
  fixture_program_start(&program, writer, 1, 5);
  fixture_program_run(&program, writer, 3000);
  assert_true(disk.reserved_end > disk.bytes.length);
  close_well(writer);
  assert_int_equal(disk.reserved_end, disk.bytes.length);
  findings found = find_in_memory(fixture_disk_view(&disk));
  expect_whole(&found.damage);
  assert_int_equal(found.samples, 3000);
  fixture_disk_release(&disk);
}

/* 64 MiB that cannot be written: from then on samples are dropped and counted, definitions kept. */
static void a_long_backlog_drops_samples_and_says_so(void **state) {
  (void)state;
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  fixture_program program;
  fixture_program_start(&program, writer, 1, 5);
  fixture_program_run(&program, writer, 4096);
  uint32_t strings = 0;
  disk.capacity_bytes = disk.bytes.length;
  fixture_random random = {.state = 3};
  uint64_t *noise = malloc(BARO_STRING_LIMIT_BYTES);
  for (int i = 0; i < 66; i++) {
    for (size_t j = 0; j < BARO_STRING_LIMIT_BYTES / sizeof(*noise); j++) {
      noise[j] = fixture_next(&random);
    }
    baro_view text = {(const uint8_t *)noise, BARO_STRING_LIMIT_BYTES};
    assert_int_equal(baro_writer_string(writer, text, &strings), BARO_OK);
  }
  free(noise);
  assert_int_equal(baro_writer_dropped_samples(writer), 0);
  assert_int_equal(baro_writer_samples(writer), 4096);
  fixture_program_run(&program, writer, 10000);
  assert_int_equal(baro_writer_flush(writer, NULL), BARO_NO_SPACE);
  uint64_t dropped = baro_writer_dropped_samples(writer);
  assert_int_equal(dropped, 10000);
  assert_int_equal(baro_writer_samples(writer), 4096);
  disk.capacity_bytes = UINT64_MAX;
  assert_int_equal(baro_writer_flush(writer, NULL), BARO_OK);
  fixture_program_run(&program, writer, 700);
  close_well(writer);
  findings found = find_in_memory(fixture_disk_view(&disk));
  expect_whole(&found.damage);
  assert_int_equal(found.samples, 4796);
  assert_int_equal(found.damage.dropped_samples, dropped);
  assert_int_equal(found.strings, strings + 1);
  fixture_disk_release(&disk);
}

static void what_fails_at_the_start_fails_create(void **state) {
  (void)state;
  for (uint64_t capacity = 1; capacity < 100; capacity += 30) {
    fixture_disk disk = {.capacity_bytes = capacity};
    baro_output output = fixture_disk_output(&disk);
    baro_writer *writer = NULL;
    baro_error err = {0};
    assert_int_equal(baro_writer_create_on(&output, "memory", NULL, &writer, &err), BARO_NO_SPACE);
    assert_string_equal(err.message, "memory: write: disk is full");
    assert_null(writer);
    assert_true(disk.is_closed);
    fixture_disk_release(&disk);
  }
}

static void a_failed_sync_is_told(void **state) {
  (void)state;
  fixture_disk disk = {.is_sync_broken = true};
  baro_writer *writer = fixture_writer(&disk);
  baro_error err = {0};
  assert_int_equal(baro_writer_close(writer, &err), BARO_IO);
  assert_string_equal(err.message, "memory: sync: broken");
  assert_true(disk.is_closed);
  fixture_disk_release(&disk);
  assert_int_equal(baro_writer_close(NULL, NULL), BARO_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(everything_comes_back),
      cmocka_unit_test(huge_strings_are_cut),
      cmocka_unit_test(definitions_alone_fill_chunks),
      cmocka_unit_test(ended_threads_take_little_memory),
      cmocka_unit_test(a_chunk_goes_out_each_second),
      cmocka_unit_test(a_sample_costs_at_most_four_bytes),
      cmocka_unit_test(a_full_disk_is_told_and_survived),
      cmocka_unit_test(closing_on_a_full_disk_keeps_what_was_written),
      cmocka_unit_test(a_disk_that_fills_up_leaves_an_end_that_says_so),
      cmocka_unit_test(room_that_exists_is_used),
      cmocka_unit_test(room_is_given_back),
      cmocka_unit_test(a_long_backlog_drops_samples_and_says_so),
      cmocka_unit_test(what_fails_at_the_start_fails_create),
      cmocka_unit_test(a_failed_sync_is_told),
  };
  return cmocka_run_group_tests_name("recording_writer", tests, NULL, NULL);
}

/* Damaged recordings: cut anywhere, flipped anywhere. Wrong here means a crash, or numbers shown that
 * nobody measured. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "recording/format.h"
#include "recording/reader.h"
#include "support/recording_fixture.h"
#include "support/recording_json.h"

/* Of a large recording, the bytes of samples and strings stand for all: printing would take long. */
static baro_status keep_sample(void *context, const baro_sample_record *sample, baro_error *err) {
  (void)err;
  baro_write_bytes(context, sample, sizeof(*sample));
  return BARO_OK;
}

static baro_status keep_string(void *context, uint32_t id, baro_view text, baro_error *err) {
  (void)err;
  baro_write_u32(context, id);
  baro_write_string(context, text);
  return BARO_OK;
}

/* A recording, and what a reader has got at the end of each of its chunks. */
typedef struct original {
  bool is_large;
  fixture_disk disk;
  baro_buffer content;  /* of all records: JSON, or of a large one what keep_X keep */
  size_t *chunk_ends;   /* offsets in the file; [0] = end of the file head */
  size_t *content_ends; /* length of content then */
  size_t chunk_ends_count;
} original;

static baro_status read_content(const original *whole, const uint8_t *data, size_t length,
                                baro_buffer *content, baro_damage *damage, baro_error *err) {
  baro_buffer_clear(content);
  baro_visitor visitor = recording_json_visitor(content);
  if (whole->is_large) {
    visitor = (baro_visitor){.context = content, .sample = keep_sample, .string = keep_string};
  }
  return baro_recording_read_memory((baro_view){data, length}, "damaged", &visitor, damage, err);
}

static void original_measure(original *whole) {
  const baro_view file = fixture_disk_view(&whole->disk);
  size_t at = BARO_FORMAT_HEAD_BYTES;
  size_t capacity = file.length / BARO_CHUNK_HEAD_BYTES + 1;
  whole->chunk_ends = calloc(capacity, sizeof(size_t));
  whole->content_ends = calloc(capacity, sizeof(size_t));
  whole->chunk_ends[0] = at;
  whole->chunk_ends_count = 1;
  baro_damage damage;
  while (at < file.length) {
    baro_chunk_head head;
    assert_int_equal(baro_chunk_head_read(file.data + at, &head, NULL), BARO_OK);
    at += BARO_CHUNK_HEAD_BYTES + head.stored_bytes;
    assert_int_equal(read_content(whole, file.data, at, &whole->content, &damage, NULL), BARO_OK);
    assert_string_equal(damage.reason, "");
    whole->chunk_ends[whole->chunk_ends_count] = at;
    whole->content_ends[whole->chunk_ends_count] = whole->content.length;
    whole->chunk_ends_count++;
  }
  assert_int_equal(at, file.length);
  assert_true(damage.complete);
}

static original make_original(uint32_t threads, uint32_t samples) {
  original whole = {.is_large = samples != 0};
  baro_writer *writer = fixture_writer(&whole.disk);
  if (samples == 0) {
    fixture_write_everything(writer);
    assert_int_equal(baro_writer_flush(writer, NULL), BARO_OK);
    baro_writer_info(writer, "end", "again");
  } else {
    fixture_program program;
    fixture_program_start(&program, writer, threads, 11);
    fixture_program_run(&program, writer, samples);
  }
  assert_int_equal(baro_writer_close(writer, NULL), BARO_OK);
  original_measure(&whole);
  return whole;
}

static void original_release(original *whole) {
  fixture_disk_release(&whole->disk);
  baro_buffer_release(&whole->content);
  free(whole->chunk_ends);
  free(whole->content_ends);
}

/* The whole chunks before the cut, no more and no less, and the truth about the rest. */
static void expect_cut(const original *whole, size_t length, baro_buffer *content) {
  /* A copy of its own, so that a sanitizer sees a read behind the cut. */
  uint8_t *bytes = malloc(length == 0 ? 1 : length);
  assert_non_null(bytes);
  memcpy(bytes, whole->disk.bytes.data, length);
  baro_damage damage;
  baro_error err = {0};
  baro_status status = read_content(whole, bytes, length, content, &damage, &err);
  free(bytes);
  if (length < BARO_FORMAT_HEAD_BYTES) {
    assert_int_equal(status, BARO_TRUNCATED);
    assert_memory_equal(err.message, "damaged: not a recording: only ", 31);
    assert_null(strchr(err.message, '\n'));
    return;
  }
  assert_int_equal(status, BARO_OK);
  size_t chunk = whole->chunk_ends_count - 1;
  while (whole->chunk_ends[chunk] > length) {
    chunk--;
  }
  assert_false(damage.corrupt);
  assert_int_equal(damage.truncated, whole->chunk_ends[chunk] != length);
  assert_int_equal(damage.reason[0] != '\0', damage.truncated);
  assert_int_equal(damage.good_bytes, whole->chunk_ends[chunk]);
  assert_int_equal(damage.chunks, chunk);
  assert_int_equal(content->length, whole->content_ends[chunk]);
  assert_true(content->length == 0 ||
              memcmp(content->data, whole->content.data, content->length) == 0);
}

static void a_small_recording_cut_anywhere(void **state) {
  (void)state;
  original whole = make_original(0, 0);
  baro_buffer content = {0};
  for (size_t length = 0; length <= whole.disk.bytes.length; length++) {
    expect_cut(&whole, length, &content);
  }
  baro_buffer_release(&content);
  original_release(&whole);
}

static void a_large_recording_cut_at_random(void **state) {
  (void)state;
  original whole = make_original(2, 15000);
  fixture_random random = {.state = 1};
  baro_buffer content = {0};
  for (int i = 0; i < 1000; i++) {
    expect_cut(&whole, (size_t)fixture_below(&random, whole.disk.bytes.length), &content);
  }
  baro_buffer_release(&content);
  original_release(&whole);
}

/* The flip is noticed, and what was read before it is what was written. */
static void expect_flip(const original *whole, uint8_t *bytes, size_t at, uint8_t flip,
                        baro_buffer *content) {
  size_t length = whole->disk.bytes.length;
  baro_damage damage = {0};
  baro_error err = {0};
  bytes[at] ^= flip;
  baro_status status = read_content(whole, bytes, length, content, &damage, &err);
  bytes[at] ^= flip;
  if (at < BARO_FORMAT_HEAD_BYTES) {
    assert_true(status == BARO_INVALID || status == BARO_CORRUPT);
    assert_int_equal(content->length, 0);
    return;
  }
  assert_int_equal(status, BARO_OK);
  if (!damage.corrupt) {
    fail_msg("byte %zu ^ %02x is not noticed", at, flip);
  }
  size_t chunk = whole->chunk_ends_count - 1;
  while (whole->chunk_ends[chunk] > at) {
    chunk--;
  }
  assert_int_equal(damage.good_bytes, whole->chunk_ends[chunk]);
  assert_int_equal(content->length, whole->content_ends[chunk]);
  assert_true(content->length == 0 ||
              memcmp(content->data, whole->content.data, content->length) == 0);
}

static void a_small_recording_flipped_anywhere(void **state) {
  (void)state;
  original whole = make_original(0, 0);
  baro_buffer content = {0};
  uint8_t *bytes = malloc(whole.disk.bytes.length);
  memcpy(bytes, whole.disk.bytes.data, whole.disk.bytes.length);
  for (size_t at = 0; at < whole.disk.bytes.length; at++) {
    for (unsigned bit = 0; bit < 8; bit++) {
      expect_flip(&whole, bytes, at, (uint8_t)(1u << bit), &content);
    }
    expect_flip(&whole, bytes, at, 0xff, &content);
  }
  free(bytes);
  baro_buffer_release(&content);
  original_release(&whole);
}

static void a_large_recording_flipped_at_random(void **state) {
  (void)state;
  original whole = make_original(2, 15000);
  fixture_random random = {.state = 5};
  baro_buffer content = {0};
  uint8_t *bytes = malloc(whole.disk.bytes.length);
  memcpy(bytes, whole.disk.bytes.data, whole.disk.bytes.length);
  for (int i = 0; i < 200; i++) {
    size_t at = (size_t)fixture_below(&random, whole.disk.bytes.length);
    expect_flip(&whole, bytes, at, (uint8_t)(1u << fixture_below(&random, 8)), &content);
  }
  free(bytes);
  baro_buffer_release(&content);
  original_release(&whole);
}

/* Chunks out of order, twice, missing or behind the end: each has good checksums. */
static void moved_chunks_are_noticed(void **state) {
  (void)state;
  original whole = make_original(2, 15000);
  const uint8_t *data = whole.disk.bytes.data;
  const size_t *ends = whole.chunk_ends;
  assert_true(whole.chunk_ends_count > 4);
  size_t last = whole.chunk_ends_count - 1;
  const struct {
    size_t order[3]; /* chunks, by their place in chunk_ends; 0 = none */
    size_t good;     /* how many of them are read */
  } rows[] = {
      {{1, 3, 0}, 1}, {{2, 0, 0}, 0}, {{1, 2, 2}, 2}, {{1, 2, 1}, 2}, {{1, last, 0}, 1},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    baro_buffer file = {0};
    baro_buffer content = {0};
    baro_write_bytes(&file, data, ends[0]);
    for (size_t j = 0; j < 3 && rows[i].order[j] != 0; j++) {
      size_t chunk = rows[i].order[j];
      baro_write_bytes(&file, data + ends[chunk - 1], ends[chunk] - ends[chunk - 1]);
    }
    baro_damage damage;
    assert_int_equal(read_content(&whole, file.data, file.length, &content, &damage, NULL),
                     BARO_OK);
    assert_true(damage.corrupt);
    assert_int_equal(damage.chunks, rows[i].good);
    baro_buffer_release(&file);
    baro_buffer_release(&content);
  }
  original_release(&whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_small_recording_cut_anywhere),
      cmocka_unit_test(a_large_recording_cut_at_random),
      cmocka_unit_test(a_small_recording_flipped_anywhere),
      cmocka_unit_test(a_large_recording_flipped_at_random),
      cmocka_unit_test(moved_chunks_are_noticed),
  };
  return cmocka_run_group_tests_name("recording_damage", tests, NULL, NULL);
}

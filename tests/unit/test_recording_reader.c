/* The reader against recordings that no writer of ours makes. Wrong here means a visitor that gets an
 * id it must not index with, or a reader that takes what it does not understand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include <cmocka.h>

#include "recording/format.h"
#include "recording/reader.h"
#include "support/recording_fixture.h"
#include "support/recording_json.h"

static baro_view view_of(const baro_buffer *buffer) {
  return (baro_view){buffer->data, buffer->length};
}

static baro_status read_file(const baro_buffer *file, baro_buffer *text, baro_damage *damage,
                             baro_error *err) {
  baro_buffer_clear(text);
  baro_visitor visitor = recording_json_visitor(text);
  return baro_recording_read_memory(view_of(file), "file.baro", &visitor, damage, err);
}

/* --- Heads --- */

static void what_is_no_recording_is_told(void **state) {
  (void)state;
  baro_buffer file = {0};
  baro_buffer text = {0};
  baro_damage damage;
  baro_error err = {0};
  assert_int_equal(read_file(&file, &text, &damage, &err), BARO_TRUNCATED);
  assert_string_equal(err.message, "file.baro: not a recording: only 0 bytes");
  baro_write_text(&file, "#!/usr/bin/env python3\nprint('hello')\n");
  assert_int_equal(read_file(&file, &text, &damage, &err), BARO_INVALID);
  assert_string_equal(
      err.message,
      "file.baro: not a recording; what other tools wrote becomes one by barograph import");
  baro_buffer_release(&file);
  baro_buffer_release(&text);
}

static void versions(void **state) {
  (void)state;
  static const struct {
    uint16_t major;
    uint16_t minor;
    baro_status status;
    const char *message;
  } rows[] = {
      {1, 0, BARO_OK, ""},
      {1, 65535, BARO_OK, ""},
      {2, 3, BARO_UNSUPPORTED,
       "file.baro: recording has format 2.3, this barograph reads 1.x; use a newer one"},
      {0, 9, BARO_UNSUPPORTED, "file.baro: recording has format 0.9, this barograph reads 1.x"},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    baro_buffer file = {0};
    baro_buffer text = {0};
    baro_damage damage;
    baro_error err = {0};
    fixture_put_head(&file, rows[i].major, rows[i].minor);
    assert_int_equal(read_file(&file, &text, &damage, &err), rows[i].status);
    assert_string_equal(err.message, rows[i].message);
    baro_buffer_release(&file);
    baro_buffer_release(&text);
  }
}

static void files_that_cannot_be_read_are_named(void **state) {
  (void)state;
  baro_damage damage;
  baro_error err = {0};
  assert_int_equal(baro_recording_read("no/such.baro", NULL, &damage, &err), BARO_NOT_FOUND);
  assert_string_equal(err.message, "open no/such.baro: No such file or directory");
  assert_int_equal(baro_recording_read("/", NULL, &damage, &err), BARO_INVALID);
  assert_int_equal(baro_recording_read("/dev/zero", NULL, &damage, &err), BARO_INVALID);
}

/* --- Records that break a rule --- */

typedef struct bad_record {
  uint64_t type;
  const char *bytes;
  size_t length;
} bad_record;
#define BAD(type, literal)                                                                         \
  { BARO_RECORD_##type, literal, sizeof(literal) - 1 }

static const bad_record bad_records[] = {
    BAD(INFO, ""),
    BAD(INFO, "\1a\2b"),
    BAD(ANCHOR, "\1"),
    BAD(FUNCTION, "\2\0\0\0\0"),
    BAD(FUNCTION, "\0\2\0\0\0"),
    BAD(FUNCTION, "\0\3\0\0\0"),
    BAD(FUNCTION, "\0\0\2\0\0"),
    BAD(FUNCTION, "\0\0\3\0\0"),
    BAD(FUNCTION, "\0\0\0\x80\x80\x80\x80\x10\0"), /* line 2^32 */
    BAD(FUNCTION, "\0\0\0\0"),
    BAD(FRAME, "\1\0"),
    BAD(FRAME, "\xff\xff\xff\xff\x0f\0"), /* BARO_NONE_ID */
    BAD(FRAME, "\x80\x80\x80\x80\x10\0"), /* 2^32: must not be cut to 0 */
    BAD(STACK, "\2\0"),
    BAD(STACK, "\0\1"),
    BAD(STACK, "\x81\x80\x80\x80\x10\0"), /* 2^32 + 1 */
    BAD(STACK, "\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
    BAD(PROCESS, "\5\2\1\2\0\1"),
    BAD(PROCESS, "\5\0\1\2\2\1"),
    BAD(PROCESS, "\5\0\1\2\0\2"),
    BAD(THREAD, "\1\5\3\0\1"),
    BAD(THREAD, "\0\5\3\2\1"),
    BAD(THREAD_NAME, "\1\0"),
    BAD(THREAD_NAME, "\0\2"),
    BAD(PROCESS_END, "\1\0\0"),
    BAD(THREAD_END, "\1\0\0"),
    BAD(PROCESS_END, "\0\0\x80\x80\x80\x80\x10"), /* status 2^31 */
    BAD(COUNTERS, "\2\0\0"),
    BAD(COUNTERS, "\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\0\0"),
    BAD(NOTE, "\0\2\0"),
    BAD(NOTE, "\0\0\1"),
    BAD(SAMPLES, ""),
    BAD(SAMPLES, "\4\1\0\6\x0b\x80\x80\0\0\0"), /* a flag that there is not */
    BAD(SAMPLES, "\0\1\0\7\x0b\x80\x80\0\0\0"),
    BAD(SAMPLES, "\0\1\0\3\0\0\0"),
    BAD(SAMPLES, "\0\0\0\4\0\0\0\0"),         /* no samples */
    BAD(SAMPLES, "\1\0\0\4\0\0\0\0"),         /* none, and everything is to be forgotten */
    BAD(SAMPLES, "\0\1\0\4\0\0\0\0"),         /* the latest of no stacks */
    BAD(SAMPLES, "\0\1\0\4\xff\xff\xff\xff"), /* thread 2^63 */
    BAD(CLOSE, "\1\0"),                       /* counts a sample that is not there */
    BAD(CLOSE, "\0\1"),
    BAD(CALLS, ""),
    BAD(CALLS, "\1\1\1\1\1\0"),                                       /* thread 1 */
    BAD(CALLS, "\0\0\0\0"),                                           /* no events */
    BAD(CALLS, "\0\x81\x80\1\1\1\1\0"),                               /* 16,385 */
    BAD(CALLS, "\0\1\1\1"),                                           /* no steps */
    BAD(CALLS, "\0\1\1\3\1\0"),                                       /* function 1 */
    BAD(CALLS, "\0\1\x0a\x81\x80\x80\x80\x80\x80\x80\x80\x80\1\1\0"), /* function 2^62 */
    BAD(CALLS, "\0\1\1\0\1\0"),                           /* returns and was not entered */
    BAD(CALLS, "\0\1\1\2\1\0"),                           /* is suspended, likewise */
    BAD(CALLS, "\0\2\2\1\2\2\0\0"),                       /* is suspended and cannot be */
    BAD(CALLS, "\0\1\2\4\0\1\0"),                         /* raises and was not entered */
    BAD(CALLS, "\0\2\3\1\4\3\2\0\0"),                     /* string 2 */
    BAD(CALLS, "\0\1\3\6\1\2\1\0"),                       /* function 1 */
    BAD(CALLS, "\0\1\3\6\0\0\1\0"),                       /* call 0 */
    BAD(CALLS, "\0\2\6\6\0\2\6\0\0\2\0\0"),               /* call 1 twice */
    BAD(CALLS, "\0\1\2\x08\2\1\0"),                       /* goes on and was never entered */
    BAD(CALLS, "\0\2\5\6\0\2\x08\0\2\0\0"),               /* goes on and was not suspended */
    BAD(CALLS, "\0\2\5\6\0\2\x0a\0\2\0\0"),               /* likewise, by an exception */
    BAD(CALLS, "\0\3\6\6\0\2\0\x08\0\3\0\0\0"),           /* goes on and had ended */
    BAD(CALLS, "\0\1\2\x0c\0\1\0"),                       /* nothing is lost */
    BAD(CALLS, "\0\4\x08\6\0\2\x0c\1\x08\0\0\4\0\0\0\0"), /* goes on and was lost */
    BAD(CALLS, "\0\1\1\x0e\1\0"),                         /* a code that there is not */
    BAD(CALLS, "\0\1\2\1\1\1\0"),                         /* a code too many */
    BAD(CALLS, "\0\2\1\1\2\0\0"),                         /* one too few */
    BAD(CALLS, "\0\1\1\1\2\0\0"),                         /* a step too many */
    BAD(CALLS, "\0\2\2\1\1\1\0"),                         /* one too few */
    BAD(CALLS, "\0\2\2\1\1\x0b\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\1"), /* later than 2^64 */
    BAD(DROPPED_CALLS, ""),
};

static void records_that_break_a_rule_are_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(bad_records) / sizeof(bad_records[0]); i++) {
    const bad_record *bad = &bad_records[i];
    baro_buffer raw = {0};
    baro_buffer file = {0};
    baro_buffer text = {0};
    fixture_put_head(&file, 1, 0);
    fixture_put_definitions(&raw);
    fixture_put_chunk(&file, BARO_CHUNK_RECORDS, 0, view_of(&raw));
    uint64_t good = file.length;
    baro_damage damage;
    baro_error err = {0};
    assert_int_equal(read_file(&file, &text, &damage, &err), BARO_OK);
    assert_string_equal(damage.reason, "");
    size_t good_text = text.length;

    baro_buffer_clear(&raw);
    fixture_put_bytes(&raw, bad->type, bad->bytes, bad->length);
    FIXTURE_PUT(&raw, BARO_RECORD_STRING, "after");
    fixture_put_chunk(&file, BARO_CHUNK_RECORDS, 1, view_of(&raw));
    assert_int_equal(read_file(&file, &text, &damage, &err), BARO_OK);
    if (!damage.corrupt || text.length != good_text) {
      fail_msg("row %zu (type %d) is taken: %.*s", i, (int)bad->type,
               (int)(text.length - good_text), (const char *)text.data + good_text);
    }
    assert_int_equal(damage.good_bytes, good);
    assert_non_null(strstr(damage.reason, " at byte "));
    baro_buffer_release(&raw);
    baro_buffer_release(&file);
    baro_buffer_release(&text);
  }
}

static void a_record_ends_within_its_chunk(void **state) {
  (void)state;
  baro_buffer raw = {0};
  baro_buffer file = {0};
  baro_buffer text = {0};
  baro_damage damage;
  baro_write_varint(&raw, BARO_RECORD_STRING);
  baro_write_varint(&raw, UINT64_MAX);
  baro_write_text(&raw, "abc");
  fixture_put_head(&file, 1, 0);
  fixture_put_chunk(&file, BARO_CHUNK_RECORDS, 0, view_of(&raw));
  assert_int_equal(read_file(&file, &text, &damage, NULL), BARO_OK);
  assert_true(damage.corrupt);
  assert_int_equal(text.length, 0);
  baro_buffer_release(&raw);
  baro_buffer_release(&file);
  baro_buffer_release(&text);
}

static void nothing_follows_the_close_record(void **state) {
  (void)state;
  baro_buffer raw = {0};
  baro_buffer file = {0};
  baro_buffer text = {0};
  baro_damage damage;
  FIXTURE_PUT(&raw, BARO_RECORD_CLOSE, "\0\0");
  FIXTURE_PUT(&raw, BARO_RECORD_STRING, "late");
  fixture_put_head(&file, 1, 0);
  fixture_put_chunk(&file, BARO_CHUNK_RECORDS, 0, view_of(&raw));
  assert_int_equal(read_file(&file, &text, &damage, NULL), BARO_OK);
  assert_true(damage.corrupt);
  assert_int_equal(text.length, 0);
  baro_buffer_release(&raw);
  baro_buffer_release(&file);
  baro_buffer_release(&text);
}

/* The rows above each break one rule of what is otherwise this. */
static void calls_that_keep_the_rules_are_taken(void **state) {
  (void)state;
  static const char codes[] =
      "\x06\0\2"     /* enters 1, which can be suspended */
      "\1"           /* enters */
      "\4\2"         /* raises string 1 */
      "\2"           /* suspends 1 */
      "\x08\0"       /* 1 goes on */
      "\x0c\7"       /* 7 are lost, and 1 with them */
      "\x06\0\0"     /* 1 is a number again */
      "\2\x0a\0\4\0" /* suspended, goes on by an exception, raises one of no name */
      "\1\0";        /* enters, returns */
  baro_buffer raw = {0};
  baro_buffer payload = {0};
  baro_buffer file = {0};
  baro_buffer text = {0};
  baro_damage damage;
  fixture_put_definitions(&raw);
  baro_write_bytes(&payload, "\0\x0c", 2);
  baro_write_string(&payload, (baro_view){(const uint8_t *)codes, sizeof(codes) - 1});
  baro_write_bytes(&payload, "\x0c\1\1\1\1\1\1\1\1\1\1\1\1 more fields", 13 + 12);
  fixture_put_record(&raw, BARO_RECORD_CALLS, view_of(&payload));
  FIXTURE_PUT(&raw, BARO_RECORD_DROPPED_CALLS, "\5 more fields");
  fixture_put_head(&file, 1, 1);
  fixture_put_chunk(&file, BARO_CHUNK_RECORDS, 0, view_of(&raw));
  assert_int_equal(read_file(&file, &text, &damage, NULL), BARO_OK);
  assert_string_equal(damage.reason, "");
  assert_int_equal(damage.dropped_call_events, 5);
  baro_write_u8(&text, '\0');
  const char *calls = strstr((const char *)text.data, "[\"call\"");
  assert_non_null(calls);
  assert_string_equal(calls, "[\"call\", 0, 1, \"enter\", 0, 1]\n"
                             "[\"call\", 0, 2, \"enter\", 0]\n"
                             "[\"call\", 0, 3, \"raise\", 1]\n"
                             "[\"call\", 0, 4, \"suspend\"]\n"
                             "[\"call\", 0, 5, \"resume\", 1]\n"
                             "[\"call\", 0, 6, \"lost\", 7]\n"
                             "[\"call\", 0, 7, \"enter\", 0, 1]\n"
                             "[\"call\", 0, 8, \"suspend\"]\n"
                             "[\"call\", 0, 9, \"throw\", 1]\n"
                             "[\"call\", 0, 10, \"raise\", -1]\n"
                             "[\"call\", 0, 11, \"enter\", 0]\n"
                             "[\"call\", 0, 12, \"return\"]\n");
  baro_buffer_release(&raw);
  baro_buffer_release(&payload);
  baro_buffer_release(&file);
  baro_buffer_release(&text);
}

/* --- Chunks that break a rule, with good checksums --- */

/* A chunk whose head says what we want of a payload that is stored as given. */
static void put_forged(baro_buffer *file, uint32_t raw_bytes, uint8_t flags, baro_view stored) {
  size_t start = file->length;
  baro_write_bytes(file, BARO_CHUNK_MAGIC, 4);
  baro_write_u8(file, BARO_CHUNK_RECORDS);
  baro_write_u8(file, flags);
  baro_write_u16(file, 0);
  baro_write_u32(file, 0);
  baro_write_u32(file, (uint32_t)stored.length);
  baro_write_u32(file, raw_bytes);
  baro_write_u32(file, 0);
  baro_write_u64(file, 0);
  baro_write_u64(file, 0);
  baro_write_u32(file, baro_crc32(stored.data, stored.length));
  baro_write_u32(file, baro_crc32(file->data + start, file->length - start));
  baro_write_bytes(file, stored.data, stored.length);
}

/* Compressed bytes of a record; twice = two frames. The caller frees data. */
static baro_view compressed(size_t raw_length, int frames) {
  uint8_t *raw = calloc(raw_length, 1);
  size_t room = ZSTD_compressBound(raw_length) * (size_t)frames;
  uint8_t *out = malloc(room);
  size_t length = 0;
  for (int i = 0; i < frames; i++) {
    size_t got = ZSTD_compress(out + length, room - length, raw, raw_length, 1);
    assert_false(ZSTD_isError(got));
    length += got;
  }
  free(raw);
  return (baro_view){out, length};
}

static void frames_must_be_what_the_head_says(void **state) {
  (void)state;
  enum { MIB = 1 << 20 };
  static const struct {
    size_t raw_length;
    uint32_t said;
    int frames;
    uint8_t flags;
    bool is_good;
  } rows[] = {
      {100, 100, 1, 1, true}, /* fifty records of type 0 and length 0: unknown, skipped */
      {100, 99, 1, 1, false},
      {100, 101, 1, 1, false},
      {100, 200, 2, 1, false},
      {100, 100, 2, 1, false},
      {100, 100, 1, 0, false}, /* not compressed, it says, and then the lengths differ */
      {100, 100, 1, 2, false}, /* an unknown flag */
      {65 * MIB, 65 * MIB, 1, 1, false},
      {100, UINT32_MAX, 1, 1, false},
      {0, 0, 1, 1, true},
  };
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    baro_view stored = compressed(rows[i].raw_length, rows[i].frames);
    baro_buffer file = {0};
    baro_buffer text = {0};
    baro_damage damage;
    fixture_put_head(&file, 1, 0);
    put_forged(&file, rows[i].said, rows[i].flags, stored);
    assert_int_equal(read_file(&file, &text, &damage, NULL), BARO_OK);
    assert_int_equal(damage.corrupt, !rows[i].is_good);
    if (i == 0) {
      assert_int_equal(damage.unknown_records, 50);
    }
    baro_buffer_release(&file);
    baro_buffer_release(&text);
    free((void *)(uintptr_t)stored.data);
  }
}

static void a_head_must_agree_with_its_samples(void **state) {
  (void)state;
  baro_chunk_head heads[] = {
      {.samples = 1}, {.first_ns = 1}, {.last_ns = 1}, {.first_ns = 5, .last_ns = 2}};
  for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
    baro_buffer raw = {0};
    baro_buffer file = {0};
    baro_buffer text = {0};
    baro_damage damage;
    FIXTURE_PUT(&raw, BARO_RECORD_STRING, "a");
    fixture_put_head(&file, 1, 0);
    heads[i].type = BARO_CHUNK_RECORDS;
    fixture_put_chunk_head(&file, heads[i], view_of(&raw));
    assert_int_equal(read_file(&file, &text, &damage, NULL), BARO_OK);
    assert_true(damage.corrupt);
    baro_buffer_release(&raw);
    baro_buffer_release(&file);
    baro_buffer_release(&text);
  }
}

static void an_index_must_say_what_was_read(void **state) {
  (void)state;
  baro_buffer file = {0};
  baro_buffer text = {0};
  baro_damage damage;
  fixture_put_head(&file, 1, 0);
  fixture_put_chunk(&file, BARO_CHUNK_INDEX, 0, baro_view_of("not the index"));
  assert_int_equal(read_file(&file, &text, &damage, NULL), BARO_OK);
  assert_true(damage.corrupt);
  assert_non_null(strstr(damage.reason, "index"));
  baro_buffer_release(&file);
  baro_buffer_release(&text);
}

/* --- The visitor --- */

static baro_status refuse(void *context, uint32_t id, baro_view text, baro_error *err) {
  (void)id;
  (void)text;
  ++*(int *)context;
  return baro_error_set(err, BARO_CORRUPT, "the visitor's own words");
}

/* Its statuses are its own, also those by which the reader knows damage. */
static void a_visitor_ends_reading(void **state) {
  (void)state;
  fixture_disk disk = {0};
  baro_writer *writer = fixture_writer(&disk);
  fixture_write_everything(writer);
  assert_int_equal(baro_writer_close(writer, NULL), BARO_OK);
  int calls = 0;
  baro_visitor visitor = {.context = &calls, .string = refuse};
  baro_damage damage;
  baro_error err = {0};
  assert_int_equal(
      baro_recording_read_memory(fixture_disk_view(&disk), "x", &visitor, &damage, &err),
      BARO_CORRUPT);
  assert_string_equal(err.message, "the visitor's own words");
  assert_int_equal(calls, 1);
  assert_false(damage.corrupt);
  /* And nobody need visit. */
  assert_int_equal(baro_recording_read_memory(fixture_disk_view(&disk), "x", NULL, &damage, &err),
                   BARO_OK);
  assert_true(damage.complete);
  fixture_disk_release(&disk);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_no_recording_is_told),
      cmocka_unit_test(versions),
      cmocka_unit_test(files_that_cannot_be_read_are_named),
      cmocka_unit_test(records_that_break_a_rule_are_refused),
      cmocka_unit_test(calls_that_keep_the_rules_are_taken),
      cmocka_unit_test(a_record_ends_within_its_chunk),
      cmocka_unit_test(nothing_follows_the_close_record),
      cmocka_unit_test(frames_must_be_what_the_head_says),
      cmocka_unit_test(a_head_must_agree_with_its_samples),
      cmocka_unit_test(an_index_must_say_what_was_read),
      cmocka_unit_test(a_visitor_ends_reading),
  };
  return cmocka_run_group_tests_name("recording_reader", tests, NULL, NULL);
}

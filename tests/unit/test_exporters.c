/* Exports as other tools read them: exact text where it is text, decoded where it is not. The tools themselves
 * read them in tests/cli/test_export_consumers.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <zlib.h>

#include "show/exporter.h"
#include "support/profile_fixture.h"

static baro_buffer export_to(const baro_profile *profile, const char *format,
                             const baro_export_options *options) {
  baro_buffer text = {0};
  baro_stream stream;
  baro_error err = {0};
  baro_stream_init(&stream, baro_sink_buffer, &text);
  const baro_exporter *exporter = baro_exporter_find(format);
  assert_non_null(exporter);
  assert_int_equal(exporter->write(profile, options, &stream, &err), BARO_OK);
  assert_int_equal(baro_stream_finish(&stream, &err), BARO_OK);
  return text;
}

static void check_text(const baro_profile *profile, const char *format,
                       const baro_export_options *options, const char *expected) {
  baro_buffer text = export_to(profile, format, options);
  baro_write_u8(&text, 0);
  assert_string_equal((const char *)text.data, expected);
  baro_buffer_release(&text);
}

/* Two threads; main calls load from two lines, and waits; the worker is idle. */
static baro_profile *two_threads(void) {
  given made = given_begin();
  uint32_t process = given_process(&made, 10, BARO_NONE_ID);
  uint32_t first = given_thread(&made, process, 10, "main", true);
  uint32_t second = given_thread(&made, process, 11, "a;b c", false);
  uint32_t main_function = given_function(&made, "main", "/srv/app.py", 3, 0);
  uint32_t load = given_function(&made, "load", "/srv/app.py", 40, 0);
  uint32_t above = given_stack(&made, BARO_NONE_ID, main_function, 5);
  uint32_t below = given_stack(&made, BARO_NONE_ID, main_function, 6);
  uint32_t load_above = given_stack(&made, above, load, 41);
  uint32_t load_below = given_stack(&made, below, load, 42);
  given_sample(&made, first, load_above, BARO_STATE_CPU, 10 * MS, 10 * MS);
  given_sample(&made, first, load_below, BARO_STATE_DISK, 30 * MS, 20 * MS);
  given_sample(&made, first, above, BARO_STATE_CPU, 40 * MS, 5 * MS); /* 5 ms nobody saw */
  given_sample(&made, second, below, BARO_STATE_IDLE, 40 * MS, 40 * MS);
  return given_profile(&made);
}

static void test_collapsed(void **state) {
  (void)state;
  baro_profile *profile = two_threads();
  baro_export_options options = {0};
  check_text(profile, "collapsed", &options,
             "main (/srv/app.py:3) 5000\n"
             "main (/srv/app.py:3);load (/srv/app.py:40) 30000\n");
  options = (baro_export_options){.lines = true};
  check_text(profile, "collapsed", &options,
             "main (/srv/app.py:5) 5000\n"
             "main (/srv/app.py:5);load (/srv/app.py:41) 10000\n"
             "main (/srv/app.py:6);load (/srv/app.py:42) 20000\n");
  options = (baro_export_options){.states = true, .weight = BARO_EXPORT_WEIGHT_TICKS};
  check_text(profile, "collapsed", &options,
             "main (/srv/app.py:3);[running] 1\n"
             "main (/srv/app.py:3);load (/srv/app.py:40);[running] 1\n"
             "main (/srv/app.py:3);load (/srv/app.py:40);[waiting for disk] 1\n");
  options = (baro_export_options){.threads = true, .idle = true};
  check_text(profile, "collapsed", &options,
             "process 10;thread main (10);main (/srv/app.py:3) 5000\n"
             "process 10;thread main (10);main (/srv/app.py:3);load (/srv/app.py:40) 30000\n"
             "process 10;thread a:b_c (11);main (/srv/app.py:3) 40000\n");
  baro_profile_destroy(profile);
}

/* A name can neither end a frame, nor a line, nor be taken for a count. */
static void test_collapsed_names(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t thread = given_thread(&made, given_process(&made, 10, BARO_NONE_ID), 10, "main", true);
  uint32_t odd = given_function(&made, "a;b\nc 7", "/srv/x y;z.py", 3, 0);
  uint32_t bare = given_function(&made, "f 3", "", 0, 0);
  uint32_t bytes = given_function(&made, "\xff\x01", "<string>", 1, 0);
  uint32_t stack = given_stack(&made, BARO_NONE_ID, odd, 5);
  stack = given_stack(&made, stack, bytes, 5);
  given_sample(&made, thread, given_stack(&made, stack, bare, 0), BARO_STATE_CPU, MS, MS);
  given_sample(&made, thread, BARO_NONE_ID, BARO_STATE_CPU, 2 * MS, MS);
  baro_profile *profile = given_profile(&made);
  baro_export_options options = {0};
  check_text(profile, "collapsed", &options,
             "(unreadable) 1000\n"
             "a:b_c_7 (/srv/x_y:z.py:3);\xef\xbf\xbd_ (<string>:1);f_3 1000\n");
  baro_profile_destroy(profile);
}

/* Times stay true: the gap is an empty stack, and a thread's weights add up to its end. */
static void test_speedscope(void **state) {
  (void)state;
  baro_profile *profile = two_threads();
  baro_export_options options = {.name = "app.baro"};
  check_text(
      profile, "speedscope", &options,
      "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\","
      "\"exporter\":\"barograph " BARO_VERSION "\",\"name\":\"app.baro\",\"activeProfileIndex\":0,"
      "\"shared\":{\"frames\":[{\"name\":\"main\",\"file\":\"/srv/app.py\",\"line\":3},"
      "{\"name\":\"load\",\"file\":\"/srv/app.py\",\"line\":40}]},\"profiles\":["
      "{\"type\":\"sampled\",\"name\":\"main (pid 10, thread 10)\",\"unit\":\"nanoseconds\","
      "\"startValue\":0,\"endValue\":40000000,\"samples\":[[0,1],[],[0]],"
      "\"weights\":[30000000,5000000,5000000]},"
      "{\"type\":\"sampled\",\"name\":\"a;b c (pid 10, thread 11)\",\"unit\":\"nanoseconds\","
      "\"startValue\":0,\"endValue\":40000000,\"samples\":[[0]],\"weights\":[40000000]}]}");
  options.lines = true;
  check_text(
      profile, "speedscope", &options,
      "{\"$schema\":\"https://www.speedscope.app/file-format-schema.json\","
      "\"exporter\":\"barograph " BARO_VERSION "\",\"name\":\"app.baro\",\"activeProfileIndex\":0,"
      "\"shared\":{\"frames\":[{\"name\":\"main\",\"file\":\"/srv/app.py\",\"line\":5},"
      "{\"name\":\"main\",\"file\":\"/srv/app.py\",\"line\":6},"
      "{\"name\":\"load\",\"file\":\"/srv/app.py\",\"line\":41},"
      "{\"name\":\"load\",\"file\":\"/srv/app.py\",\"line\":42}]},\"profiles\":["
      "{\"type\":\"sampled\",\"name\":\"main (pid 10, thread 10)\",\"unit\":\"nanoseconds\","
      "\"startValue\":0,\"endValue\":40000000,\"samples\":[[0,2],[1,3],[],[0]],"
      "\"weights\":[10000000,20000000,5000000,5000000]},"
      "{\"type\":\"sampled\",\"name\":\"a;b c (pid 10, thread 11)\",\"unit\":\"nanoseconds\","
      "\"startValue\":0,\"endValue\":40000000,\"samples\":[[1]],\"weights\":[40000000]}]}");
  baro_profile_destroy(profile);
}

/* --- pprof: just enough of profile.proto to check sums and references --- */

static baro_buffer gunzip(const baro_buffer *packed) {
  baro_buffer plain = {0};
  z_stream stream = {.next_in = packed->data, .avail_in = (uInt)packed->length};
  assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
  int status = Z_OK;
  while (status == Z_OK) {
    uint8_t room[4096];
    stream.next_out = room;
    stream.avail_out = sizeof(room);
    status = inflate(&stream, Z_NO_FLUSH);
    baro_write_bytes(&plain, room, sizeof(room) - stream.avail_out);
  }
  assert_int_equal(status, Z_STREAM_END);
  assert_int_equal(stream.avail_in, 0);
  inflateEnd(&stream);
  return plain;
}

typedef struct field {
  uint32_t number;
  uint64_t value;
  baro_view bytes;
} field;

static bool next_field(baro_reader *reader, field *ret_field) {
  if (baro_reader_left(reader) == 0) {
    return false;
  }
  uint64_t tag = baro_read_varint(reader);
  *ret_field = (field){.number = (uint32_t)(tag >> 3)};
  if ((tag & 7) == 0) {
    ret_field->value = baro_read_varint(reader);
  } else {
    assert_int_equal(tag & 7, 2);
    ret_field->bytes = baro_read_string(reader);
  }
  assert_false(reader->failed);
  return true;
}

typedef struct decoded {
  baro_view strings[64];
  size_t string_count;
  size_t functions;
  size_t locations;
  size_t samples;
  uint64_t sums[3];
  uint64_t disk_ns;
} decoded;

static void decode_sample(decoded *all, baro_view bytes) {
  baro_reader reader = baro_reader_of(bytes.data, bytes.length);
  field part;
  uint64_t values[3] = {0};
  bool is_disk = false;
  while (next_field(&reader, &part)) {
    baro_reader inner = baro_reader_of(part.bytes.data, part.bytes.length);
    if (part.number == 1) {
      while (baro_reader_left(&inner) != 0) {
        uint64_t location = baro_read_varint(&inner);
        assert_true(location >= 1 && location <= all->locations);
      }
    } else if (part.number == 2) {
      for (int v = 0; v < 3; v++) {
        values[v] = baro_read_varint(&inner);
      }
      assert_int_equal(baro_reader_left(&inner), 0);
    } else {
      field label;
      while (next_field(&inner, &label)) {
        assert_true(label.number == 3 || label.value < all->string_count);
        is_disk |=
            label.number == 2 && baro_view_equal(all->strings[label.value], baro_view_of("disk"));
      }
    }
  }
  for (int v = 0; v < 3; v++) {
    all->sums[v] += values[v];
  }
  all->disk_ns += is_disk ? values[1] : 0;
  all->samples++;
}

static decoded decode(const baro_buffer *plain) {
  decoded all = {0};
  baro_reader reader = baro_reader_of(plain->data, plain->length);
  field part;
  while (next_field(&reader, &part)) {
    if (part.number == 6) {
      assert_true(all.string_count < 64);
      all.strings[all.string_count++] = part.bytes;
    } else if (part.number == 5) {
      all.functions++;
    } else if (part.number == 4) {
      all.locations++;
    } else if (part.number == 2) {
      decode_sample(&all, part.bytes);
    }
  }
  return all;
}

static void test_pprof(void **state) {
  (void)state;
  baro_profile *profile = two_threads();
  baro_export_options options = {0};
  baro_buffer packed = export_to(profile, "pprof", &options);
  baro_buffer plain = gunzip(&packed);
  decoded all = decode(&plain);
  assert_int_equal(all.strings[0].length, 0);
  assert_int_equal(all.functions, 2);
  assert_int_equal(all.locations, 4);
  assert_int_equal(all.samples, 4);
  assert_int_equal(all.sums[0], 4);
  assert_int_equal(all.sums[1], 75 * MS);
  assert_int_equal(all.sums[2], 15 * MS);
  assert_int_equal(all.disk_ns, 20 * MS);
  /* Each string once: the table is what pprof keeps in memory. */
  for (size_t i = 0; i < all.string_count; i++) {
    for (size_t j = 0; j < i; j++) {
      assert_false(baro_view_equal(all.strings[i], all.strings[j]));
    }
  }
  baro_buffer_release(&plain);
  baro_buffer_release(&packed);
  baro_profile_destroy(profile);
}

static void test_empty_profile(void **state) {
  (void)state;
  for (const baro_exporter *exporter = baro_exporters; exporter->name != NULL; exporter++) {
    if (exporter->write == NULL)
      continue; /* tables: tests/python/test_tables.py */
    given made = given_begin();
    baro_profile *profile = given_profile(&made);
    baro_export_options options = {0};
    baro_buffer text = export_to(profile, exporter->name, &options);
    assert_true(text.length > 0 || strcmp(exporter->name, "collapsed") == 0);
    baro_buffer_release(&text);
    baro_profile_destroy(profile);
  }
}

/* Weights near 2^64 and any state in every format: the sanitizer builds tell of overflows. */
static void test_absurd_profile(void **state) {
  (void)state;
  for (const baro_exporter *exporter = baro_exporters; exporter->name != NULL; exporter++) {
    if (exporter->write == NULL)
      continue; /* tables: tests/python/test_tables.py */
    given made = given_begin();
    uint32_t thread = given_thread(&made, given_process(&made, 10, BARO_NONE_ID), 10, "", true);
    for (int s = 0; s < BARO_STATE_COUNT; s++) {
      given_sample(&made, thread, BARO_NONE_ID, (baro_state)s, UINT64_MAX - (uint64_t)s,
                   UINT64_MAX - 9);
    }
    uint32_t function = given_function(&made, "f", "/srv/f.py", 1, 0);
    const baro_call_event events[] = {
        {.time_ns = 1, .kind = BARO_CALL_ENTER, .function = function},
        {.time_ns = UINT64_MAX - 1, .kind = BARO_CALL_RETURN},
    };
    given_events(&made, thread, events, 2);
    baro_profile *profile = given_profile(&made);
    for (int of_calls = 0; of_calls < 2; of_calls++) {
      baro_export_options options = {
          .states = true, .threads = true, .idle = true, .of_calls = of_calls != 0};
      baro_buffer text = export_to(profile, exporter->name, &options);
      assert_true(text.length > 0);
      baro_buffer_release(&text);
    }
    baro_profile_destroy(profile);
  }
}

static void test_unknown_format(void **state) {
  (void)state;
  assert_null(baro_exporter_find("nonsense"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_collapsed),      cmocka_unit_test(test_collapsed_names),
      cmocka_unit_test(test_speedscope),     cmocka_unit_test(test_pprof),
      cmocka_unit_test(test_empty_profile),  cmocka_unit_test(test_absurd_profile),
      cmocka_unit_test(test_unknown_format),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

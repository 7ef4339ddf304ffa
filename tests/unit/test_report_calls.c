/* What reports and exports say of recorded calls: the numbers of the profile, and nothing where nothing is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "show/call_rows.h"
#include "show/exporter.h"
#include "show/report.h"
#include "show/report_json.h"
#include "show/summary.h"
#include "support/profile_fixture.h"

/* main calls parse 200 times for 1 ms, once for 101 ms, and load once, which raises; fib calls itself. Times in us. */
typedef struct shop {
  given made;
  uint32_t thread;
  uint32_t functions[4];
  uint64_t now_ns;
} shop;

enum { MAIN, PARSE, LOAD, FIB };

static void put(shop *made, uint64_t us, baro_call_event_kind kind, uint32_t value) {
  made->now_ns += us * 1000;
  baro_call_event event = {.time_ns = made->now_ns, .kind = kind};
  if (kind == BARO_CALL_RAISE) {
    event.exception_string = value;
  } else {
    event.function = value;
  }
  given_events(&made->made, made->thread, &event, 1);
}

static shop begin_shop(void) {
  static const char *const names[] = {"main", "parse", "Store.load", "fib"};
  shop made = {.made = given_begin(), .now_ns = 5 * MS};
  uint32_t process = given_process(&made.made, 10, BARO_NONE_ID);
  made.thread = given_thread(&made.made, process, 10, "main", true);
  for (uint32_t i = 0; i < 4; i++) {
    made.functions[i] = given_function(&made.made, names[i], "/srv/app.py", 10 * i + 1, 0);
  }
  return made;
}

static void play_shop(shop *made) {
  uint32_t key_error = given_string(&made->made, baro_view_of("KeyError"));
  put(made, 0, BARO_CALL_ENTER, made->functions[MAIN]);
  for (int i = 0; i < 200; i++) {
    put(made, 0, BARO_CALL_ENTER, made->functions[PARSE]);
    put(made, i == 7 ? 101000 : 1000, BARO_CALL_RETURN, 0);
  }
  put(made, 0, BARO_CALL_ENTER, made->functions[LOAD]);
  put(made, 90000, BARO_CALL_RAISE, key_error);
  for (int i = 0; i < 3; i++) {
    put(made, 1000, BARO_CALL_ENTER, made->functions[FIB]);
  }
  for (int i = 0; i < 3; i++) {
    put(made, 1000, BARO_CALL_RETURN, 0);
  }
  put(made, 4000, BARO_CALL_RETURN, 0);
}

static baro_profile *shop_profile(void) {
  shop made = begin_shop();
  play_shop(&made);
  return given_profile(&made.made);
}

/* NUL-terminated; release it. */
static baro_buffer text_of(const baro_profile *profile, baro_report_options options,
                           uint32_t columns) {
  baro_terminal terminal = {.columns = columns, .unicode = true};
  baro_buffer out = {0};
  options.path = "x.baro";
  baro_report_text(profile, &options, &terminal, &out);
  baro_write_u8(&out, 0);
  assert_false(out.failed);
  return out;
}

/* The text has `part` when runs of blanks are one. */
static void expect(const baro_buffer *text, const char *part) {
  char *plain = malloc(text->length);
  assert_non_null(plain);
  size_t used = 0;
  for (size_t i = 0; i < text->length; i++) {
    if (text->data[i] != ' ' || (used > 0 && plain[used - 1] != ' ')) {
      plain[used++] = (char)text->data[i];
    }
  }
  if (strstr(plain, part) == NULL) {
    fail_msg("no '%s' in\n%s", part, (const char *)text->data);
  }
  free(plain);
}

static void expect_none(const baro_buffer *text, const char *part) {
  if (strstr((const char *)text->data, part) != NULL) {
    fail_msg("'%s' in\n%s", part, (const char *)text->data);
  }
}

static void test_report_of_calls_alone(void **state) {
  (void)state;
  baro_profile *profile = shop_profile();
  baro_buffer text = text_of(profile, (baro_report_options){.top = 15}, 200);
  expect(&text, "calls 205 of 4 functions; 1 raised; lost events 0");
  expect(&text, "self % self total % total calls per call p50 p99 max raised function place");
  /* 300 of 400 ms; the median is no outlier, the longest is. */
  expect(&text, "75.0 300 ms 75.0 300 ms 200 1.50 ms 1.00 ms 1.00 ms 101 ms . parse");
  expect(&text, "22.5 90.0 ms 22.5 90.0 ms 1 90.0 ms 90.0 ms 90.0 ms 90.0 ms 1 Store.load");
  expect(&text, "1.2 5.00 ms 1.2 5.00 ms 3/1 3.00 ms 3.00 ms 5.00 ms 5.00 ms . fib");
  expect(&text, "Slowest calls by their own time");
  expect(&text, "self duration begun after function place end thread");
  expect(&text, "101 ms 101 ms 7.00 ms parse");
  expect(&text, "raised KeyError");
  expect(&text, "main (main) 10 10 205 400 ms 400 ms");
  expect_none(&text, "samples");
  expect_none(&text, "sampled");
  expect_none(&text, "CPU"); /* nobody read a clock */
  baro_buffer_release(&text);
  baro_profile_destroy(profile);
}

/* All calls returned: no column for how they ended. Of the CPU time what lies between two readings is known: 30 of 40 ms. */
static void test_what_is_known_of_calls_that_returned(void **state) {
  (void)state;
  shop made = begin_shop();
  const baro_call_event events[] = {
      {.time_ns = 5 * MS, .kind = BARO_CALL_USAGE, .cpu_ns = 700 * MS, .peak_kib = 10},
      {.time_ns = 5 * MS, .kind = BARO_CALL_ENTER, .function = made.functions[MAIN]},
      {.time_ns = 25 * MS, .kind = BARO_CALL_ENTER, .function = made.functions[LOAD]},
      {.time_ns = 44 * MS, .kind = BARO_CALL_RETURN},
      {.time_ns = 44 * MS, .kind = BARO_CALL_USAGE, .cpu_ns = 730 * MS, .peak_kib = 10},
      {.time_ns = 45 * MS, .kind = BARO_CALL_RETURN},
  };
  given_events(&made.made, made.thread, events, sizeof(events) / sizeof(events[0]));
  baro_profile *profile = given_profile(&made.made);
  assert_int_equal(profile->calls.threads_cpu_ns, 30 * MS);
  baro_buffer text = text_of(profile, (baro_report_options){.top = 15}, 200);
  expect(&text, "CPU at least 30.0 ms, 75 % of one core: what threads used between");
  expect(&text, "self duration begun after function place thread");
  baro_buffer_release(&text);
  baro_profile_destroy(profile);
}

/* "585 us a call" stood there of four generators that went on 300,000 times. */
static void test_cost_is_told_by_what_was_told(void **state) {
  (void)state;
  shop made = begin_shop();
  put(&made, 0, BARO_CALL_ENTER, made.functions[MAIN]);
  baro_call_event events[8] = {
      {.time_ns = made.now_ns + 1000,
       .kind = BARO_CALL_ENTER_SUSPENDABLE,
       .function = made.functions[PARSE],
       .call = 1},
  };
  for (int i = 1; i < 7; i += 2) {
    events[i] = (baro_call_event){.time_ns = events[0].time_ns + 1000 * (uint64_t)i,
                                  .kind = BARO_CALL_SUSPEND};
    events[i + 1] =
        (baro_call_event){.time_ns = events[i].time_ns + 500, .kind = BARO_CALL_RESUME, .call = 1};
  }
  events[7] = (baro_call_event){.time_ns = events[6].time_ns + 500, .kind = BARO_CALL_RETURN};
  given_events(&made.made, made.thread, events, 8);
  made.now_ns = events[7].time_ns;
  put(&made, 1, BARO_CALL_RETURN, 0);
  baro_profile *profile = given_profile(&made.made);
  profile->calls.own_cost_ns = 500; /* of two calls and three resumptions */
  baro_buffer text = text_of(profile, (baro_report_options){.top = 15}, 200);
  expect(&text, "own cost 500 ns, 100 ns for each call and each of 3 resumptions, as measured");
  baro_buffer_release(&text);
  baro_profile_destroy(profile);
  profile = shop_profile(); /* of 205 */
  profile->calls.own_cost_ns = 41000;
  text = text_of(profile, (baro_report_options){.top = 15}, 200);
  expect(&text, "own cost 41.0 us, 200 ns a call, as measured");
  baro_buffer_release(&text);
  /* A recording may say any number of calls that were only counted: with these, 205 and they were none, divided by. */
  profile->call_sums.skipped[0] = UINT64_MAX - 204;
  text = text_of(profile, (baro_report_options){.top = 15}, 200);
  expect(&text, "own cost 41.0 us, 0 s a call, recorded or counted, as measured");
  baro_buffer_release(&text);
  baro_profile_destroy(profile);
}

static size_t longest_line(const baro_buffer *text) {
  size_t longest = 0, length = 0;
  for (size_t i = 0; i < text->length; i++) {
    length = text->data[i] == '\n' ? 0 : length + ((text->data[i] & 0xc0) != 0x80);
    longest = length > longest ? length : longest;
  }
  return longest;
}

static void test_narrow_terminals_keep_what_matters(void **state) {
  (void)state;
  baro_profile *profile = shop_profile();
  baro_buffer text = text_of(profile, (baro_report_options){.top = 15}, 80);
  assert_true(longest_line(&text) <= 80);
  expect(&text, "75.0 300 ms");
  expect(&text, "200 1.50 ms");
  expect(&text, "parse app.py:11");
  baro_buffer_release(&text);
  baro_profile_destroy(profile);
}

static void test_callers_and_callees(void **state) {
  (void)state;
  baro_profile *profile = shop_profile();
  baro_buffer text = text_of(profile, (baro_report_options){.top = 15, .callers = "fib"}, 100);
  expect(&text, "Callers of fib");
  expect(&text, "1 2.00 ms 5.00 ms 5.00 ms main");
  expect(&text, "2/1 3.00 ms 3.00 ms 1.50 ms fib");
  expect_none(&text, "Slowest");
  baro_buffer_release(&text);
  text = text_of(profile, (baro_report_options){.top = 15, .callees = "main"}, 100);
  expect(&text, "Callees of main 1 call, self 5.00 ms");
  expect(&text, "200 300 ms 300 ms 1.50 ms parse");
  expect_none(&text, "Callers");
  baro_buffer_release(&text);
  /* A root has no caller; a bare name or a pattern is enough. */
  text = text_of(profile, (baro_report_options){.top = 15, .callers = "ma*"}, 100);
  expect(&text, "1 5.00 ms 400 ms 400 ms (no recorded caller)");
  baro_buffer_release(&text);
  baro_profile_destroy(profile);
}

static void test_names_that_people_mean(void **state) {
  (void)state;
  baro_profile *profile = shop_profile();
  baro_arena arena = {0};
  uint32_t count;
  assert_non_null(baro_call_functions_named(profile, "Store.load", &arena, &count));
  assert_int_equal(count, 1);
  assert_non_null(baro_call_functions_named(profile, "*a*", &arena, &count));
  assert_int_equal(count, 3);
  assert_non_null(baro_call_functions_named(profile, "nothing", &arena, &count));
  assert_int_equal(count, 0);
  baro_arena_release(&arena);
  baro_profile_destroy(profile);
}

static void test_summary(void **state) {
  (void)state;
  baro_profile *profile = shop_profile();
  baro_arena arena = {0};
  baro_view sentence = baro_summary(profile, BARO_MEASURE_RUN, &arena);
  const char *expected =
      "Of 400 ms in calls 75 % in parse (app.py:11; 200 calls of 1.50 ms), 22 % in "
      "Store.load (app.py:21; 1 call of 90.0 ms)";
  assert_int_equal(sentence.length, strlen(expected));
  assert_memory_equal(sentence.data, expected, sentence.length);
  baro_arena_release(&arena);
  baro_profile_destroy(profile);
}

/* Both stand side by side; a function that was only sampled has no calls, one that was only called no samples. */
static void test_samples_and_calls_together(void **state) {
  (void)state;
  shop made = begin_shop();
  uint32_t idle = given_function(&made.made, "only_sampled", "/srv/app.py", 90, 0);
  uint32_t root = given_stack(&made.made, BARO_NONE_ID, made.functions[MAIN], 2);
  uint32_t parse = given_stack(&made.made, root, made.functions[PARSE], 12);
  given_sample(&made.made, made.thread, parse, BARO_STATE_CPU, 300 * MS, 300 * MS);
  given_sample(&made.made, made.thread, given_stack(&made.made, root, idle, 91), BARO_STATE_CPU,
               400 * MS, 100 * MS);
  play_shop(&made);
  baro_profile *profile = given_profile(&made.made);
  baro_buffer text = text_of(profile, (baro_report_options){.top = 15}, 200);
  expect(&text, "mostly calls self in calls function");
  expect(&text, "running 200 300 ms parse");
  expect(&text, "running - - only_sampled");
  expect(&text, "self % sampled % self");
  expect(&text, "75.0 75.0 300 ms");
  expect(&text, "22.5 0.0 90.0 ms");
  expect(&text, "samples 2");
  baro_buffer_release(&text);
  baro_profile_destroy(profile);
}

/* One short function that makes most calls is said, a few calls or long ones are not. */
static void test_one_function_makes_most_calls(void **state) {
  (void)state;
  static const struct {
    uint32_t calls;
    uint64_t ns;
    bool is_said;
  } cases[] = {{100000, 190, true}, {90000, 190, false}, {100000, 2000, false}};
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    shop made = begin_shop();
    put(&made, 0, BARO_CALL_ENTER, made.functions[MAIN]);
    for (uint32_t c = 0; c < cases[i].calls; c++) {
      put(&made, 0, BARO_CALL_ENTER, made.functions[FIB]);
      made.now_ns += cases[i].ns;
      put(&made, 0, BARO_CALL_RETURN, 0);
    }
    put(&made, 0, BARO_CALL_RETURN, 0);
    baro_profile *profile = given_profile(&made.made);
    baro_buffer text = text_of(profile, (baro_report_options){.top = 15}, 200);
    if (cases[i].is_said) {
      expect(&text, "fib makes 100.0 % of the calls, and half of them took at most 190 ns");
    } else {
      expect_none(&text, "of the calls");
    }
    baro_buffer_release(&text);
    baro_profile_destroy(profile);
  }
}

static baro_buffer json_of(const baro_profile *profile, baro_report_options options) {
  baro_buffer text = {0};
  baro_stream stream;
  baro_stream_init(&stream, baro_sink_buffer, &text);
  assert_int_equal(baro_report_json(profile, &options, &stream, NULL), BARO_OK);
  assert_int_equal(baro_stream_finish(&stream, NULL), BARO_OK);
  baro_write_u8(&text, 0);
  return text;
}

static void test_json(void **state) {
  (void)state;
  baro_profile *profile = shop_profile();
  baro_buffer text = json_of(profile, (baro_report_options){.callers = "fib"});
  expect(&text, "\"calls\": 205,");
  expect(&text, "\"lost_call_events\": 0,");
  expect(&text, "\"duration_ns\": 400000000,");
  expect(&text, "\"primitive_calls\": 1,");
  expect(&text, "\"call_p99_ns\": 1000000,");
  expect(&text, "\"call_max_ns\": 101000000,");
  expect(&text, "\"exception_type\": \"KeyError\"");
  expect(&text, "\"callers\": [");
  expect_none(&text, "\"callees\"");
  /* Functions stand by their own time, though there are no samples. */
  assert_true(strstr((const char *)text.data, "\"parse\"") <
              strstr((const char *)text.data, "\"main\""));
  baro_buffer_release(&text);
  baro_profile_destroy(profile);
}

/* As in the text: calls that were only counted may be as many as make none with the others. */
static void test_json_of_endless_counts(void **state) {
  (void)state;
  baro_profile *profile = shop_profile();
  profile->calls.own_cost_ns = 41000;
  profile->call_sums.skipped[0] = UINT64_MAX - 204;
  baro_buffer text = json_of(profile, (baro_report_options){0});
  expect(&text, "\"own_cost_per_call_ns\": 0,");
  baro_buffer_release(&text);
  baro_profile_destroy(profile);
}

static void test_json_without_calls_says_null(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t thread = given_thread(&made, given_process(&made, 10, BARO_NONE_ID), 10, "main", true);
  uint32_t stack = given_stack(&made, BARO_NONE_ID, given_function(&made, "f", "a.py", 1, 0), 1);
  given_sample(&made, thread, stack, BARO_STATE_CPU, MS, MS);
  baro_profile *profile = given_profile(&made);
  baro_buffer text = json_of(profile, (baro_report_options){0});
  expect(&text, "\"calls\": null,");
  expect(&text, "\"lost_call_events\": null,");
  expect(&text, "\"call_p50_ns\": null,");
  expect_none(&text, "\"calls\": 0");
  expect_none(&text, "slowest_calls");
  baro_buffer_release(&text);
  baro_profile_destroy(profile);
}

/* --- exports --- */

static baro_buffer export_to(const baro_profile *profile, const char *format) {
  baro_buffer text = {0};
  baro_stream stream;
  baro_export_options options = {.of_calls = true};
  const baro_exporter *exporter = baro_exporter_find(format);
  assert_non_null(exporter);
  baro_stream_init(&stream, baro_sink_buffer, &text);
  assert_int_equal(exporter->write(profile, &options, &stream, NULL), BARO_OK);
  assert_int_equal(baro_stream_finish(&stream, NULL), BARO_OK);
  baro_write_u8(&text, 0);
  return text;
}

/* Two functions of one file, line and name; what cProfile cannot tell apart is one entry here. */
static void test_pstats_bytes(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t thread = given_thread(&made, given_process(&made, 1, BARO_NONE_ID), 1, "main", true);
  uint32_t functions[2];
  for (uint32_t i = 0; i < 2; i++) {
    baro_function_record record = {
        .name_string = given_string(&made, baro_view_of("f")),
        .qualified_string = given_string(&made, baro_view_of(i == 0 ? "A.f" : "B.f")),
        .file_string = given_string(&made, baro_view_of("a")),
        .first_line = 3,
        .module_string = BARO_NONE_ID,
    };
    functions[i] = made.functions;
    assert_int_equal(made.visitor->function(made.visitor->context, made.functions++, &record, NULL),
                     BARO_OK);
  }
  const baro_call_event events[] = {
      {.time_ns = 0, .kind = BARO_CALL_ENTER, .function = functions[0]},
      {.time_ns = 500000000, .kind = BARO_CALL_RETURN},
      {.time_ns = 500000000, .kind = BARO_CALL_ENTER, .function = functions[1]},
      {.time_ns = 2000000000, .kind = BARO_CALL_RETURN},
  };
  given_events(&made, thread, events, 4);
  baro_profile *profile = given_profile(&made);
  baro_buffer text = export_to(profile, "pstats");
  /* As marshal.dumps({("a", 3, "f"): (2, 2, 2.0, 2.0, {})}, 2) has it. */
  static const uint8_t expected[] =
      "{(\x03\0\0\0u\x01\0\0\0ai\x03\0\0\0u\x01\0\0\0f(\x05\0\0\0i\x02\0\0\0i\x02\0\0\0"
      "g\0\0\0\0\0\0\0@g\0\0\0\0\0\0\0@{00";
  assert_int_equal(text.length, sizeof(expected));
  assert_memory_equal(text.data, expected, sizeof(expected));
  baro_buffer_release(&text);
  baro_profile_destroy(profile);
}

static void test_callgrind(void **state) {
  (void)state;
  shop made = begin_shop();
  play_shop(&made);
  baro_profile *profile = given_profile(&made.made);
  baro_buffer text = export_to(profile, "callgrind");
  const char *head = "# callgrind format\nversion: 1\ncreator: barograph " BARO_VERSION "\ncmd: \n"
                     "positions: line\nevents: ns\nsummary: 400000000\n";
  assert_memory_equal(text.data, head, strlen(head));
  expect(&text, "fn=(1) main\n1 5000000\ncfi=(");
  expect(&text, " /srv/app.py\ncfn=(2) parse\ncalls=200 11\n1 300000000\n");
  expect(&text, "fn=(4)\n31 5000000\ncfi=(");
  expect(&text, ")\ncfn=(4)\ncalls=2 31\n31 3000000\n");
  expect_none(&text, "fn=(2) parse\n11"); /* named where it was first called */
  baro_buffer_release(&text);
  baro_profile_destroy(profile);
}

static void test_chrome(void **state) {
  (void)state;
  shop made = begin_shop();
  const baro_call_event events[] = {
      {.time_ns = 1000, .kind = BARO_CALL_ENTER, .function = made.functions[MAIN]},
      {.time_ns = 2001,
       .kind = BARO_CALL_ENTER_SUSPENDABLE,
       .function = made.functions[PARSE],
       .call = 1},
      {.time_ns = 3000, .kind = BARO_CALL_SUSPEND},
      {.time_ns = 4000, .kind = BARO_CALL_RETURN},
      {.time_ns = 5000, .kind = BARO_CALL_RESUME, .call = 1},
      {.time_ns = 6000, .kind = BARO_CALL_RETURN},
  };
  given_events(&made.made, made.thread, events, 6);
  baro_profile *profile = given_profile(&made.made);
  baro_buffer text = export_to(profile, "chrome");
  expect(&text, "{\"ph\":\"X\",\"ts\":0.000,\"dur\":3.000,\"pid\":10,\"tid\":10,\"name\":\"main\","
                "\"cat\":\"call\",\"args\":{\"place\":\"/srv/app.py:1\"}}");
  expect(&text, "{\"ph\":\"b\",\"id\":1,\"ts\":1.001,");
  expect(&text, "{\"ph\":\"e\",\"id\":1,\"ts\":5.000,");
  expect(&text, "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":10,\"tid\":10,");
  baro_buffer_release(&text);
  baro_profile_destroy(profile);
}

static void test_csv(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t thread =
      given_thread(&made, given_process(&made, 10, BARO_NONE_ID), 11, "a \"b\", c", false);
  uint32_t f = given_function(&made, "f,g", "a.py", 0, 0);
  uint32_t error = given_string(&made, baro_view_of("Value\nError"));
  const baro_call_event events[] = {
      {.time_ns = 1000, .kind = BARO_CALL_ENTER, .function = f},
      {.time_ns = 2000, .kind = BARO_CALL_ENTER_SUSPENDABLE, .function = f, .call = 1},
      {.time_ns = 3000, .kind = BARO_CALL_SUSPEND},
      {.time_ns = 4000, .kind = BARO_CALL_RAISE, .exception_string = error},
      {.time_ns = 5000, .kind = BARO_CALL_RESUME, .call = 1},
      {.time_ns = 5000,
       .kind = BARO_CALL_VALUE,
       .which = BARO_CALL_VALUE_RETURN,
       .value = (const uint8_t *)"'a', \"b\"",
       .value_bytes = 8},
      {.time_ns = 6000, .kind = BARO_CALL_RETURN},
  };
  given_events(&made, thread, events, 7);
  baro_profile *profile = given_profile(&made);
  baro_buffer text = export_to(profile, "csv");
  const char *body = strstr((const char *)text.data, "\r\n");
  assert_non_null(body);
  assert_string_equal(
      body + 2, "0,,,10,11,\"a \"\"b\"\", c\",\"f,g\",\"f,g\",a.py,,,1000,3000,2000,3000,,,0,,"
                "1,raised,\"Value\nError\",,,\r\n"
                "1,0,,10,11,\"a \"\"b\"\", c\",\"f,g\",\"f,g\",a.py,,,2000,4000,2000,2000,,,0,1,"
                "1,returned,,,,\"'a', \"\"b\"\"\"\r\n");
  baro_buffer_release(&text);
  baro_profile_destroy(profile);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_report_of_calls_alone),
      cmocka_unit_test(test_what_is_known_of_calls_that_returned),
      cmocka_unit_test(test_cost_is_told_by_what_was_told),
      cmocka_unit_test(test_narrow_terminals_keep_what_matters),
      cmocka_unit_test(test_callers_and_callees),
      cmocka_unit_test(test_names_that_people_mean),
      cmocka_unit_test(test_summary),
      cmocka_unit_test(test_samples_and_calls_together),
      cmocka_unit_test(test_one_function_makes_most_calls),
      cmocka_unit_test(test_json),
      cmocka_unit_test(test_json_of_endless_counts),
      cmocka_unit_test(test_json_without_calls_says_null),
      cmocka_unit_test(test_pstats_bytes),
      cmocka_unit_test(test_callgrind),
      cmocka_unit_test(test_chrome),
      cmocka_unit_test(test_csv),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What reports say of recorded calls: the numbers of the profile, and nothing where nothing is known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "show/call_rows.h"
#include "show/report.h"
#include "show/report_json.h"
#include "show/summary.h"
#include "support/profile_fixture.h"
#include "support/shop_calls.h"

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
  profile->calls.own_cost_ns = 500; /* of two calls and three resumptions: no mean */
  baro_buffer text = text_of(profile, (baro_report_options){.top = 15}, 200);
  expect(&text, "own cost 500 ns, by what an event cost at the start");
  baro_buffer_release(&text);
  assert_int_equal(profile->calls.suspendable_count, 1);
  assert_int_equal(profile->calls.suspendable_resumes[0], 3);
  profile->calls.suspendable_resumes[0] = 998;
  profile->calls.own_cost_ns = 100000;
  text = text_of(profile, (baro_report_options){.top = 15}, 200);
  expect(&text, "own cost 100 us, 100 ns for each call and each of 998 resumptions, by what");
  baro_buffer_release(&text);
  baro_profile_destroy(profile);
  profile = shop_profile(); /* of 205 */
  profile->calls.own_cost_ns = 41000;
  text = text_of(profile, (baro_report_options){.top = 15}, 200);
  expect(&text, "own cost 41.0 us, by what an event cost at the start");
  baro_buffer_release(&text);
  profile->call_sums.skipped[0] = 795;
  text = text_of(profile, (baro_report_options){.top = 15}, 200);
  expect(&text, "own cost 41.0 us, 41 ns a call, recorded or counted, by what");
  baro_buffer_release(&text);
  /* A recording may say any number of calls that were only counted: with these, 205 and they were none, divided by. */
  profile->call_sums.skipped[0] = UINT64_MAX - 204;
  text = text_of(profile, (baro_report_options){.top = 15}, 200);
  expect(&text, "own cost 41.0 us, 0 s a call, recorded or counted, by what");
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
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

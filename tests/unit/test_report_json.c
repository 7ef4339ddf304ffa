/* The report for programs: its members are a promise, its numbers those of the profile, and what is not known is null. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "show/report_json.h"
#include "support/profile_fixture.h"

typedef struct answer {
  baro_buffer text; /* NUL-terminated */
} answer;

/* Ends the fixture. */
static answer report_of(given *made, const baro_report_options *options) {
  answer got = {0};
  baro_profile *profile = given_profile(made);
  baro_stream stream;
  baro_stream_init(&stream, baro_sink_buffer, &got.text);
  assert_int_equal(baro_report_json(profile, options, &stream, NULL), BARO_OK);
  assert_int_equal(baro_stream_finish(&stream, NULL), BARO_OK);
  baro_write_u8(&got.text, 0);
  assert_false(got.text.failed);
  baro_profile_destroy(profile);
  return got;
}

/* The text from the first `from` on, which must be there. */
static const char *after(const char *text, const char *from) {
  const char *at = strstr(text, from);
  if (at == NULL)
    fail_msg("%s is missing in %s", from, text);
  return at;
}

/* The value of the first member of that name behind `section`, as it stands. */
static void expect(const answer *got, const char *section, const char *member, const char *value) {
  char name[64];
  snprintf(name, sizeof(name), "\"%s\": ", member);
  const char *at = after((const char *)got->text.data, section);
  at = after(at, name) + strlen(name);
  if (strncmp(at, value, strlen(value)) != 0 || strchr(",\n}", at[strlen(value)]) == NULL)
    fail_msg("%s %s: %.60s is not %s", section, member, at, value);
}

static uint32_t count_of(const answer *got, const char *part) {
  uint32_t count = 0;
  for (const char *at = (const char *)got->text.data; (at = strstr(at, part)) != NULL; at++)
    count++;
  return count;
}

static const char HEAD[] = "\"head\": {";
static const char FUNCTIONS[] = "\"functions\": [";
static const char PATH[] = "\"hottest_path\": [";
static const char THREADS[] = "\"threads\": [";
static const char PROCESSES[] = "\"processes\": [";

/* 60 ms running parse, 30 ms waiting for disk in load, 10 ms nobody can read; a child that was killed. */
static given small(void) {
  given made = given_begin();
  given_info(&made, "command", "python3 app.py");
  given_info(&made, "rate_hz", "1000");
  given_info(&made, "stolen_ratio", "0.2750");
  given_info(&made, "end", "exit");
  given_info(&made, "exit_status", "3");
  uint32_t process = given_process(&made, 4312, BARO_NONE_ID);
  uint32_t child = given_process(&made, 4400, process);
  uint32_t thread = given_thread(&made, process, 4312, "MainThread", true);
  uint32_t main_function = given_function(&made, "main", "/srv/app.py", 7, 0);
  uint32_t parse = given_function(&made, "parse", "/srv/parse.py", 12, BARO_FUNCTION_NAME_CUT);
  uint32_t load = given_function(&made, "load", "/usr/lib/python3/dist-packages/db.py", 40, 0);
  uint32_t root = given_stack(&made, BARO_NONE_ID, main_function, 9);
  baro_sample_record sample = {.thread = thread, .ticks = 1};
  sample.time_ns = 60 * MS;
  sample.weight_ns = 60 * MS;
  sample.state = BARO_STATE_CPU;
  sample.cpu_ns = 60 * MS;
  sample.stack = given_stack(&made, root, parse, 20);
  given_record(&made, &sample);
  given_sample(&made, thread, given_stack(&made, root, load, 44), BARO_STATE_DISK, 90 * MS,
               30 * MS);
  given_sample(&made, thread, BARO_NONE_ID, BARO_STATE_UNKNOWN, 100 * MS, 10 * MS);
  given_process_cpu(&made, process, 75 * MS);
  baro_error err = {0};
  baro_end_record end = {.index = child, .time_ns = 100 * MS, .wait_status = SIGKILL};
  assert_int_equal(made.visitor->process_end(made.visitor->context, &end, &err), BARO_OK);
  baro_note_record note = {.process = process, .text = baro_view_of("a \"note\"\n")};
  assert_int_equal(made.visitor->note(made.visitor->context, &note, &err), BARO_OK);
  return made;
}

static void test_head(void **state) {
  (void)state;
  given made = small();
  answer got = report_of(&made, &(baro_report_options){.path = "night.baro"});
  expect(&got, "{", "schema", "\"barograph.report/1\"");
  expect(&got, HEAD, "path", "\"night.baro\"");
  expect(&got, HEAD, "command", "\"python3 app.py\"");
  expect(&got, HEAD, "python", "\"3.12.1\"");
  expect(&got, HEAD, "end", "\"exit\"");
  expect(&got, HEAD, "exit_status", "3");
  expect(&got, HEAD, "signal", "null");
  expect(&got, HEAD, "stolen_ratio", "0.275");
  expect(&got, HEAD, "duration_ns", "100000000");
  expect(&got, HEAD, "cpu_ns", "75000000");
  expect(&got, HEAD, "unseen_cpu_ns", "15000000");
  expect(&got, HEAD, "samples", "3");
  expect(&got, HEAD, "rate_hz", "1000");
  expect(&got, HEAD, "complete", "true");
  expect(&got, HEAD, "damage", "null");
  expect(&got, HEAD, "unknown_ratio", "0.1"); /* state and stack of the same 10 ms count once */
  expect(&got, HEAD, "basis", "\"run\"");
  expect(&got, HEAD, "basis_ns", "100000000");
  expect(&got, "\"states\": {", "cpu", "0.6");
  expect(&got, "\"states\": {", "disk", "0.3");
  expect(&got, "\"states\": {", "unknown", "0.1");
  expect(&got, "\"states\": {", "gil", "0");
  (void)after((const char *)got.text.data, "\"a \\\"note\\\"\\n\"");
  baro_buffer_release(&got.text);
}

static void test_rows(void **state) {
  (void)state;
  given made = small();
  answer got = report_of(&made, &(baro_report_options){.lines = true});
  expect(&got, FUNCTIONS, "name", "\"parse\"");
  expect(&got, FUNCTIONS, "file", "\"/srv/parse.py\"");
  expect(&got, FUNCTIONS, "line", "12");
  expect(&got, FUNCTIONS, "self_ratio", "0.6");
  expect(&got, FUNCTIONS, "total_ratio", "0.6");
  expect(&got, FUNCTIONS, "self_ns", "60000000");
  expect(&got, FUNCTIONS, "origin", "\"user\"");
  expect(&got, FUNCTIONS, "flags", "[\"name_cut\"]");
  expect(&got, "\"name\": \"load\"", "origin", "\"package\"");
  expect(&got, "\"name\": \"load\"", "self_ratio", "0.3");
  expect(&got, "\"name\": \"main\"", "self_ratio", "0");
  expect(&got, "\"name\": \"main\"", "total_ratio", "0.9");
  expect(&got, "\"name\": \"(unreadable)\"", "file", "null");
  expect(&got, "\"name\": \"(unreadable)\"", "line", "null");
  expect(&got, "\"name\": \"(unreadable)\"", "origin", "null");
  expect(&got, "\"lines\": [", "line", "20");
  expect(&got, PATH, "name", "\"main\"");
  expect(&got, PATH, "total_ratio", "0.9");
  expect(&got, PATH, "repeats", "0");
  expect(&got, THREADS, "process_id", "4312");
  expect(&got, THREADS, "name", "\"MainThread\"");
  expect(&got, THREADS, "is_main", "true");
  expect(&got, THREADS, "wall_ns", "100000000");
  expect(&got, THREADS, "cpu_ns", "60000000");
  expect(&got, PROCESSES, "parent_process_id", "null");
  expect(&got, PROCESSES, "cpu_ns", "75000000");
  expect(&got, "\"process_id\": 4400", "parent_process_id", "4312");
  expect(&got, "\"process_id\": 4400", "exit_status", "null");
  expect(&got, "\"process_id\": 4400", "signal", "9");
  baro_buffer_release(&got.text);
}

static void test_top_limits_functions_and_lines(void **state) {
  (void)state;
  for (uint32_t top = 0; top < 6; top++) {
    given made = small();
    answer got = report_of(&made, &(baro_report_options){.top = top, .lines = true});
    uint32_t functions = top == 0 || top > 4 ? 4 : top;
    assert_int_equal(count_of(&got, "\"total_samples\""), functions);
    assert_int_equal(count_of(&got, "\"short_name\"") - 2 /* the hottest path's */, 2 * functions);
    baro_buffer_release(&got.text);
  }
}

/* Nothing is told as 0 that nobody counted. */
static void test_what_is_not_known_is_null(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t thread = given_thread(&made, given_process(&made, 10, BARO_NONE_ID), 10, "", true);
  uint32_t function = given_function(&made, "f", "", 0, 0);
  given_sample(&made, thread, given_stack(&made, BARO_NONE_ID, function, 0), BARO_STATE_IDLE, MS,
               MS);
  answer got = report_of(&made, &(baro_report_options){0});
  static const char *const head[] = {
      "tool_version",  "end",        "exit_status",    "start_utc",        "cpu_ns",
      "unseen_cpu_ns", "rate_hz",    "ticks",          "achieved_rate_hz", "missed_ticks",
      "rejected",      "unreadable", "sampler_cpu_ns", "unknown_ratio"};
  for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
    expect(&got, HEAD, head[i], "null");
  expect(&got, HEAD, "basis_ns", "0"); /* all of it idle: there is nothing to have a share of */
  expect(&got, FUNCTIONS, "self_ratio", "null");
  expect(&got, FUNCTIONS, "self_ratio_error", "null");
  expect(&got, FUNCTIONS, "line", "null");
  expect(&got, THREADS, "name", "null");
  expect(&got, THREADS, "cpu_ns", "null");
  expect(&got, "\"threads\": [", "idle", "1");
  expect(&got, PROCESSES, "duration_ns", "null");
  expect(&got, PROCESSES, "exit_status", "null");
  expect(&got, PROCESSES, "stacks", "null");
  expect(&got, PROCESSES, "rss_peak_bytes", "null");
  baro_buffer_release(&got.text);
}

static void test_an_empty_recording(void **state) {
  (void)state;
  given made = given_begin();
  answer got = report_of(&made, &(baro_report_options){0});
  expect(&got, HEAD, "samples", "0");
  expect(&got, HEAD, "duration_ns", "null");
  expect(&got, HEAD, "cpu_ns", "null");
  expect(&got, "\"states\": {", "cpu", "null");
  (void)after((const char *)got.text.data, "\"functions\": []");
  (void)after((const char *)got.text.data, "\"threads\": []");
  baro_buffer_release(&got.text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_head),
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_top_limits_functions_and_lines),
      cmocka_unit_test(test_what_is_not_known_is_null),
      cmocka_unit_test(test_an_empty_recording),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

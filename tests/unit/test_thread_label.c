/* What threads are called in reports and exports: a wrong answer sends a person to the wrong function. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "show/exporter.h"
#include "show/report_json.h"
#include "show/thread_label.h"
#include "support/profile_fixture.h"

#define THREADING "/usr/lib/python3.11/threading.py"

/* A stack of functions, outermost first, each "name" in a file. */
static uint32_t stack_of(given *made, const char *const (*frames)[2], size_t count) {
  uint32_t stack = BARO_NONE_ID;
  for (size_t i = 0; i < count; i++) {
    uint32_t function = given_function(made, frames[i][0], frames[i][1], 10 * ((uint32_t)i + 1), 0);
    stack = given_stack(made, stack, function, 0);
  }
  return stack;
}
#define STACK(made, ...)                                                                           \
  stack_of(made, (const char *const[][2]){__VA_ARGS__},                                            \
           sizeof((const char *const[][2]){__VA_ARGS__}) / sizeof(const char *[2]))

typedef void writer(baro_buffer *out, const baro_profile *profile,
                    const baro_profile_thread *thread);

static void check_text(writer *write, const baro_profile *profile, uint32_t thread,
                       const char *expected) {
  baro_buffer text = {0};
  write(&text, profile, &profile->threads[thread]);
  baro_write_u8(&text, 0);
  assert_string_equal((const char *)text.data, expected);
  baro_buffer_release(&text);
}

/* Below the library's run() stands the function that the thread was made for; what it calls is not it. */
static void the_entry_is_the_outermost_own_function(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t thread = given_thread(&made, given_process(&made, 10, BARO_NONE_ID), 11, "app", false);
  uint32_t stack =
      STACK(&made, {"Thread._bootstrap", THREADING}, {"Thread.run", THREADING},
            {"load.<locals>.write_batches", "/srv/bookshop.py"}, {"insert", "/srv/store.py"},
            {"dumps", "/usr/lib/python3.11/json/__init__.py"});
  given_sample(&made, thread, stack, BARO_STATE_CPU, 10 * MS, 10 * MS);
  baro_profile *profile = given_profile(&made);
  check_text(baro_write_thread_entry, profile, 0, "load.<locals>.write_batches (bookshop.py:30)");
  baro_profile_destroy(profile);
}

/* A pool's worker runs many functions: the one of the most time counts, not of the most samples, and
 * time in the library alone names nobody. */
static void the_entry_of_most_time_counts(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t thread = given_thread(&made, given_process(&made, 10, BARO_NONE_ID), 11, "app", false);
  uint32_t often = STACK(&made, {"_worker", THREADING}, {"often", "/srv/app.py"});
  uint32_t longest = STACK(&made, {"_worker", THREADING}, {"longest", "/srv/app.py"});
  uint32_t waiting = STACK(&made, {"_worker", THREADING}, {"wait", THREADING});
  given_sample(&made, thread, often, BARO_STATE_CPU, 1 * MS, 1 * MS);
  given_sample(&made, thread, longest, BARO_STATE_CPU, 11 * MS, 5 * MS);
  given_sample(&made, thread, often, BARO_STATE_CPU, 12 * MS, 1 * MS);
  given_sample(&made, thread, longest, BARO_STATE_DISK, 20 * MS, 5 * MS);
  given_sample(&made, thread, often, BARO_STATE_CPU, 21 * MS, 1 * MS);
  given_sample(&made, thread, waiting, BARO_STATE_IDLE, 900 * MS, 800 * MS);
  baro_profile *profile = given_profile(&made);
  check_text(baro_write_thread_entry, profile, 0, "longest (app.py:20)");
  baro_profile_destroy(profile);
}

/* A package is a worse answer than any own code, and than the line that starts a spawned process. */
static void own_code_goes_before_packages(void **state) {
  (void)state;
  static const char package[] = "/srv/venv/lib/python3.11/site-packages/tornado/ioloop.py";
  given made = given_begin();
  uint32_t process = given_process(&made, 10, BARO_NONE_ID);
  uint32_t both = given_thread(&made, process, 11, "app", false);
  uint32_t only_package = given_thread(&made, process, 12, "app", false);
  uint32_t spawned = given_thread(&made, process, 13, "app", false);
  uint32_t text_only = given_thread(&made, process, 14, "app", false);
  uint32_t loop = STACK(&made, {"run", THREADING}, {"loop", package}, {"select", package});
  uint32_t callback = STACK(&made, {"run", THREADING}, {"loop", package}, {"tell", "/srv/app.py"});
  uint32_t child =
      STACK(&made, {"<module>", "<string>"}, {"spawn_main", THREADING}, {"work", "/srv/app.py"});
  uint32_t text = STACK(&made, {"<module>", "<string>"}, {"loop", package});
  given_sample(&made, both, loop, BARO_STATE_CPU, 90 * MS, 90 * MS);
  given_sample(&made, both, callback, BARO_STATE_CPU, 91 * MS, 1 * MS);
  given_sample(&made, only_package, loop, BARO_STATE_CPU, 10 * MS, 10 * MS);
  given_sample(&made, spawned, child, BARO_STATE_CPU, 10 * MS, 10 * MS);
  given_sample(&made, text_only, text, BARO_STATE_CPU, 10 * MS, 10 * MS);
  baro_profile *profile = given_profile(&made);
  check_text(baro_write_thread_entry, profile, 0, "tell (app.py:30)");
  check_text(baro_write_thread_entry, profile, 1, "loop (ioloop.py:20)");
  check_text(baro_write_thread_entry, profile, 2, "work (app.py:30)");
  check_text(baro_write_thread_entry, profile, 3, "<module> (<string>:10)");
  baro_profile_destroy(profile);
}

/* Threads without own code, without Python and without samples: none is guessed. Sums of one thread must
 * not reach the next. */
static void no_entry_is_said_to_be_none(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t process = given_process(&made, 10, BARO_NONE_ID);
  uint32_t own = given_thread(&made, process, 11, "app", false);
  uint32_t library = given_thread(&made, process, 12, "app", false);
  uint32_t none = given_thread(&made, process, 13, "app", false);
  (void)given_thread(&made, process, 14, "app", false);
  uint32_t work = STACK(&made, {"run", THREADING}, {"work", "/srv/app.py"});
  uint32_t wait = STACK(&made, {"_bootstrap", "<frozen threading>"}, {"wait", THREADING});
  given_sample(&made, own, work, BARO_STATE_CPU, 10 * MS, 10 * MS);
  given_sample(&made, library, wait, BARO_STATE_CPU, 10 * MS, 10 * MS);
  given_sample(&made, none, BARO_NONE_ID, BARO_STATE_CPU, 10 * MS, 10 * MS);
  baro_profile *profile = given_profile(&made);
  assert_int_not_equal(profile->threads[0].entry_function, BARO_NONE_ID);
  for (uint32_t t = 1; t < 4; t++) {
    assert_int_equal(profile->threads[t].entry_function, BARO_NONE_ID);
    check_text(baro_write_thread_entry, profile, t, "");
    check_text(baro_write_thread_label, profile, t, "app");
  }
  baro_profile_destroy(profile);
}

/* The command of the fixture's processes is "python app.py". */
static void a_name_like_the_programs_is_replaced(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t process = given_process(&made, 10, BARO_NONE_ID);
  uint32_t other = given_process(&made, 20, BARO_NONE_ID);
  uint32_t threads[] = {
      given_thread(&made, process, 10, "python3.11", true),
      given_thread(&made, process, 11, "python3.11", false),
      given_thread(&made, process, 12, "writer", false),
      given_thread(&made, process, 13, "", false),
      given_thread(&made, other, 21, "python", false),
      given_thread(&made, other, 22, "python3.11", false),
      given_thread(&made, other, 23, "Thread-12", false),
      given_thread(&made, other, 24, "ThreadPoolExecutor-0_1", false),
      given_thread(&made, other, 25, "Thread-1 (work)", false),
      given_thread(&made, other, 26, "Thread-", false),
  };
  uint32_t stack = STACK(&made, {"run", THREADING}, {"work", "/srv/app.py"});
  for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
    given_sample(&made, threads[i], stack, BARO_STATE_CPU, 10 * MS, 10 * MS);
  }
  baro_profile *profile = given_profile(&made);
  static const char *const expected[] = {"python3.11",
                                         "work (app.py:20)",
                                         "writer",
                                         "work (app.py:20)",
                                         "work (app.py:20)",
                                         "python3.11",
                                         "Thread-12 work (app.py:20)",
                                         "ThreadPoolExecutor-0_1 work (app.py:20)",
                                         "Thread-1 (work)",
                                         "Thread-"};
  for (uint32_t t = 0; t < sizeof(expected) / sizeof(expected[0]); t++) {
    check_text(baro_write_thread_label, profile, t, expected[t]);
  }
  baro_profile_destroy(profile);
}

/* Speedscope, collapsed and JSON have the label or the entry; pprof's text is packed (test_exporters). */
static void exports_have_it(void **state) {
  (void)state;
  given made = given_begin();
  uint32_t process = given_process(&made, 10, BARO_NONE_ID);
  uint32_t main_thread = given_thread(&made, process, 10, "app", true);
  uint32_t worker = given_thread(&made, process, 11, "app", false);
  uint32_t stack = STACK(&made, {"run", THREADING}, {"work", "/srv/app.py"});
  uint32_t library = STACK(&made, {"run", THREADING});
  given_sample(&made, main_thread, library, BARO_STATE_CPU, 10 * MS, 10 * MS);
  given_sample(&made, worker, stack, BARO_STATE_CPU, 10 * MS, 10 * MS);
  baro_profile *profile = given_profile(&made);
  static const struct {
    const char *format;
    const char *worker;
    const char *main_thread;
  } expected[] = {
      {"speedscope", "\"work (app.py:20) (pid 10, thread 11)\"", "\"app (pid 10, thread 10)\""},
      {"collapsed", "thread work_(app.py:20) (11);", "thread app (10);"},
  };
  for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
    baro_buffer text = {0};
    baro_stream stream;
    baro_export_options options = {.name = "app.baro", .threads = true};
    baro_stream_init(&stream, baro_sink_buffer, &text);
    assert_int_equal(
        baro_exporter_find(expected[i].format)->write(profile, &options, &stream, NULL), BARO_OK);
    assert_int_equal(baro_stream_finish(&stream, NULL), BARO_OK);
    baro_write_u8(&text, 0);
    assert_non_null(strstr((const char *)text.data, expected[i].worker));
    assert_non_null(strstr((const char *)text.data, expected[i].main_thread));
    baro_buffer_release(&text);
  }
  baro_buffer json = {0};
  baro_stream stream;
  baro_report_options options = {.path = "app.baro"};
  baro_stream_init(&stream, baro_sink_buffer, &json);
  assert_int_equal(baro_report_json(profile, &options, &stream, NULL), BARO_OK);
  assert_int_equal(baro_stream_finish(&stream, NULL), BARO_OK);
  baro_write_u8(&json, 0);
  assert_non_null(strstr((const char *)json.data, "\"entry\": \"work (app.py:20)\""));
  assert_non_null(strstr((const char *)json.data, "\"entry\": null"));
  baro_buffer_release(&json);
  baro_profile_destroy(profile);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_entry_is_the_outermost_own_function),
      cmocka_unit_test(the_entry_of_most_time_counts),
      cmocka_unit_test(own_code_goes_before_packages),
      cmocka_unit_test(no_entry_is_said_to_be_none),
      cmocka_unit_test(a_name_like_the_programs_is_replaced),
      cmocka_unit_test(exports_have_it),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

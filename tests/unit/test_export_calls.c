/* What exports say of recorded calls, in the formats of others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "show/exporter.h"
#include "support/profile_fixture.h"
#include "support/shop_calls.h"

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
      cmocka_unit_test(test_pstats_bytes),
      cmocka_unit_test(test_callgrind),
      cmocka_unit_test(test_chrome),
      cmocka_unit_test(test_csv),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

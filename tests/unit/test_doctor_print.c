/* doctor_print: the findings as text for every width, and as JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cli/doctor_print.h"
#include "show/text_width.h"

static baro_doctor example(baro_check_level level) {
  baro_doctor doctor = {
      .kernel = "6.1.0",
      .pid = 4312,
      .command = "python3 \x1b[31mapp.py",
      .thread_count = 3,
      .check_count = 2,
      .checks = {{.name = "yama", .title = "Yama", .found = "kernel.yama.ptrace_scope=0"},
                 {.name = "target_memory", .title = "target", .level = level}},
  };
  (void)snprintf(doctor.checks[1].found, BARO_ADVICE_BYTES, "found out \x1b[31mthis");
  if (level != BARO_CHECK_OK) {
    (void)snprintf(doctor.checks[1].follows, BARO_ADVICE_BYTES, "it follows that something is so");
    (void)snprintf(doctor.checks[1].allow, BARO_ADVICE_BYTES, "do this \"now\"");
  }
  return doctor;
}

static void the_worst_level_counts(void **state) {
  (void)state;
  baro_doctor doctor = example(BARO_CHECK_BLOCKED);
  assert_int_equal(baro_doctor_level(&doctor), BARO_CHECK_BLOCKED);
  doctor.checks[1].level = BARO_CHECK_OK;
  doctor.checks[0].level = BARO_CHECK_LIMITED;
  assert_int_equal(baro_doctor_level(&doctor), BARO_CHECK_LIMITED);
  doctor.check_count = 0;
  assert_int_equal(baro_doctor_level(&doctor), BARO_CHECK_OK);
}

static void print(const baro_doctor *doctor, uint32_t columns, bool color, baro_buffer *out) {
  baro_terminal terminal = {.columns = columns, .color = color, .unicode = true};
  baro_buffer_clear(out);
  baro_doctor_print_text(doctor, &terminal, out);
  baro_write_u8(out, '\0');
  assert_false(out->failed);
}

static void assert_lines_fit(const char *text, size_t columns) {
  while (*text != '\0') {
    size_t length = strcspn(text, "\n");
    baro_view line = {.data = (const uint8_t *)text, .length = length};
    assert_true(baro_text_width(line) <= columns);
    assert_true(length == 0 || text[length - 1] != ' ');
    text += length + (text[length] == '\n');
  }
}

static void text_fits_and_is_clean(void **state) {
  (void)state;
  baro_buffer out = {0};
  for (int level = BARO_CHECK_OK; level <= BARO_CHECK_BLOCKED; level++) {
    baro_doctor doctor = example((baro_check_level)level);
    for (uint32_t columns = BARO_COLUMNS_MIN; columns < 130; columns++) {
      print(&doctor, columns, false, &out);
      assert_lines_fit((const char *)out.data, columns);
      assert_null(memchr(out.data, '\x1b', out.length)); /* what the target chose does not pass */
    }
    print(&doctor, 80, false, &out);
    const char *text = (const char *)out.data;
    assert_non_null(strstr(text, baro_check_level_text((baro_check_level)level)));
    assert_true((strstr(text, "so: it follows") != NULL) == (level != BARO_CHECK_OK));
    assert_true((strstr(text, "to allow it: do this") != NULL) == (level != BARO_CHECK_OK));
    assert_true((strstr(text, "cannot be recorded") != NULL) == (level == BARO_CHECK_BLOCKED));
    print(&doctor, 80, true, &out);
    assert_non_null(memchr(out.data, '\x1b', out.length)); /* our own styles do */
  }
  baro_buffer_release(&out);
}

/* What does not exist has no command. */
static void no_command_leaves_no_blanks(void **state) {
  (void)state;
  baro_buffer out = {0};
  baro_doctor doctor = example(BARO_CHECK_BLOCKED);
  doctor.command = "";
  print(&doctor, 80, false, &out);
  assert_non_null(strstr((const char *)out.data, "\nProcess 4312\n"));
  assert_lines_fit((const char *)out.data, 80);
  baro_buffer_release(&out);
}

/* The machine alone says nothing of a process that nobody looked at: it may be no Python, or another's. */
static void a_machine_promises_no_process(void **state) {
  (void)state;
  baro_buffer out = {0};
  for (int level = BARO_CHECK_OK; level <= BARO_CHECK_LIMITED; level++) {
    baro_doctor doctor = example((baro_check_level)level);
    doctor.pid = 0;
    print(&doctor, 80, false, &out);
    const char *text = (const char *)out.data;
    assert_non_null(strstr(text, "Nothing known on this machine forbids recording"));
    assert_null(strstr(text, "can be recorded"));
  }
  baro_buffer_release(&out);
}

static void json_has_null_for_unknown(void **state) {
  (void)state;
  baro_buffer out = {0};
  baro_stream stream;
  baro_doctor doctor = example(BARO_CHECK_BLOCKED);
  baro_stream_init(&stream, baro_sink_buffer, &out);
  baro_doctor_print_json(&doctor, &stream);
  assert_int_equal(baro_stream_finish(&stream, NULL), BARO_OK);
  baro_write_u8(&out, '\0');
  const char *text = (const char *)out.data;
  assert_non_null(strstr(text, "\"schema\": \"barograph.doctor/1\""));
  assert_non_null(strstr(text, "\"level\": \"blocked\""));
  assert_non_null(strstr(text, "\"interpreter\": null"));
  assert_non_null(strstr(text, "\"follows\": null"));
  assert_non_null(strstr(text, "do this \\\"now\\\""));
  assert_non_null(strstr(text, "\\u001b[31mthis"));
  doctor.pid = 0;
  doctor.kernel = "";
  baro_buffer_clear(&out);
  baro_stream_init(&stream, baro_sink_buffer, &out);
  baro_doctor_print_json(&doctor, &stream);
  assert_int_equal(baro_stream_finish(&stream, NULL), BARO_OK);
  baro_write_u8(&out, '\0');
  assert_non_null(strstr((const char *)out.data, "\"process\": null"));
  assert_non_null(strstr((const char *)out.data, "\"kernel\": null"));
  baro_buffer_release(&out);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_worst_level_counts),
      cmocka_unit_test(text_fits_and_is_clean),
      cmocka_unit_test(no_command_leaves_no_blanks),
      cmocka_unit_test(a_machine_promises_no_process),
      cmocka_unit_test(json_has_null_for_unknown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The head of the text report: what it says about CPU time, endings and damage must be so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "show/report_parts.h"
#include "support/profile_fixture.h"

typedef struct scene {
  uint64_t thread_cpu_ns;
  uint64_t process_cpu_ns;
  bool has_counters;
  const char *end; /* NULL: the recorder was killed */
  const char *exit_status;
  const char *signal;
  const char *stolen;
  const char *note;
  const char *command;
  baro_state state; /* of all the time; 0 is unknown */
  baro_damage damage;
} scene;

/* The head of a recording of one second, as one line with single blanks. */
static void head_of(const scene *it, char *ret_text, size_t size) {
  given made = given_begin();
  uint32_t process = given_process(&made, 10, BARO_NONE_ID);
  uint32_t thread = given_thread(&made, process, 10, "main", true);
  uint32_t function = given_function(&made, "f", "/srv/app.py", 1, 0);
  baro_sample_record sample = {.time_ns = 1000 * MS,
                               .weight_ns = 1000 * MS,
                               .ticks = 1,
                               .thread = thread,
                               .stack = given_stack(&made, BARO_NONE_ID, function, 2),
                               .state = it->state,
                               .cpu_ns = it->thread_cpu_ns};
  given_record(&made, &sample);
  if (it->has_counters)
    given_process_cpu(&made, process, it->process_cpu_ns);
  if (it->note != NULL) {
    baro_note_record note = {.process = process, .text = baro_view_of(it->note)};
    assert_int_equal(made.visitor->note(made.visitor->context, &note, NULL), BARO_OK);
  }
  if (it->command != NULL)
    given_info(&made, "command", it->command);
  if (it->end != NULL)
    given_info(&made, "end", it->end);
  if (it->exit_status != NULL)
    given_info(&made, "exit_status", it->exit_status);
  if (it->signal != NULL)
    given_info(&made, "signal", it->signal);
  if (it->stolen != NULL)
    given_info(&made, "stolen_ratio", it->stolen);
  baro_profile *profile = given_profile(&made);
  profile->damage = it->damage;
  baro_terminal terminal = {.columns = 400, .unicode = true};
  baro_report_options options = {0};
  baro_buffer out = {0};
  baro_report report = {
      .profile = profile, .options = &options, .terminal = &terminal, .out = &out};
  report.basis_ns = baro_profile_basis_ns(profile, options.measure);
  baro_report_head(&report);
  size_t length = 0;
  for (size_t i = 0; i < out.length && length + 1 < size; i++) {
    char c = out.data[i] == '\n' ? ' ' : (char)out.data[i];
    if (c != ' ' || (length > 0 && ret_text[length - 1] != ' '))
      ret_text[length++] = c;
  }
  ret_text[length] = '\0';
  baro_buffer_release(&out);
  baro_profile_destroy(profile);
}

static void expect(const scene *it, const char *part) {
  char text[2000];
  head_of(it, text, sizeof(text));
  if (strstr(text, part) == NULL)
    fail_msg("'%s' is not in: %s", part, text);
}

static void expect_none(const scene *it, const char *part) {
  char text[2000];
  head_of(it, text, sizeof(text));
  if (strstr(text, part) != NULL)
    fail_msg("'%s' is in: %s", part, text);
}

static void stolen_time(void **state) {
  (void)state;
  scene it = {.damage = {.complete = true}, .stolen = "0.2750"};
  expect(&it, "stolen 28 % of the machine's CPU time went to others on its host: all took longer");
  static const char *const silent[] = {"0.0199", "0", "1.5", "-0.5", "nan", "much"};
  for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
    it.stolen = silent[i];
    expect_none(&it, "stolen");
  }
}

static void cpu_time(void **state) {
  (void)state;
  static const char unseen[] = "in threads that lived too short to be seen";
  scene it = {.damage = {.complete = true}};
  expect(&it, "CPU unknown: the kernel gave no scheduler statistics");
  it.has_counters = true;
  expect(&it, "CPU none: no thread ran while it was recorded");
  it.process_cpu_ns = 500 * MS; /* the threads' statistics are not known: nothing is said of them */
  expect(&it, "CPU 500 ms, 50 % of one core ");
  expect_none(&it, unseen);
  it.thread_cpu_ns = 400 * MS;
  expect(&it,
         "CPU 500 ms, 50 % of one core, 100 ms of it in threads that lived too short to be seen ");
  it.thread_cpu_ns = 480 * MS; /* 4 % */
  expect_none(&it, unseen);
  it.process_cpu_ns = 15 * MS; /* more than 5 %, but less than the statistics may lack */
  it.thread_cpu_ns = 6 * MS;
  expect(&it, "CPU 15.0 ms");
  expect_none(&it, unseen);
}

/* 15,000 names of files filled a thousand lines. */
static void a_long_command(void **state) {
  (void)state;
  char command[2001];
  (void)memset(command, 'x', sizeof(command) - 1);
  command[sizeof(command) - 1] = '\0';
  memcpy(command + 599, "\u00e4", 2); /* is not cut in two */
  scene it = {.command = command, .damage = {.complete = true}};
  expect(&it, "xxx ... and 1.40 kB more");
  expect_none(&it, "\xc3");
  command[600] = '\0';
  command[599] = 'x';
  expect_none(&it, "more");
}

static void endings(void **state) {
  (void)state;
  scene it = {.end = "exit", .damage = {.complete = true}};
  expect(&it, "run 1.00 s CPU");
  expect_none(&it, "damaged");
  expect_none(&it, "its end is missing");
  it.exit_status = "139";
  expect(&it, "run 1.00 s; exit status 139 CPU");
  it.signal = "11";
  expect(&it, "run 1.00 s; ended by SIGSEGV (exit status 139) CPU");
  it.signal = "60";
  expect(&it, "run 1.00 s; ended by signal 60 (exit status 139) CPU");
  it.exit_status = it.signal = NULL;
  it.end = "interrupt";
  expect(&it, "run 1.00 s; ended by an interrupt ");
  it.end = "duration";
  expect(&it, "run 1.00 s; ended by --duration ");
  it.end = "disk_full";
  it.damage.dropped_samples = 3;
  expect(&it, "run 1.00 s; its end is missing: the disk was full ");
  expect(&it, "lost 3 (75.0 %)");
  it.end = "write_failed";
  expect(&it, "its end is missing: it could not be written ");
}

static void damages(void **state) {
  (void)state;
  scene it = {.damage = {.good_bytes = 4000, .file_bytes = 9000}};
  expect(&it,
         "damaged the recording was cut off: its recorder was killed, or the disk was full, or it "
         "still runs");
  it.damage.truncated = true;
  expect(&it, "damaged read 4.00 kB of 9.00 kB; what comes later is lost");
  it.damage.corrupt = true;
  snprintf(it.damage.reason, sizeof(it.damage.reason), "checksum at byte 4000");
  expect(&it, "damaged checksum at byte 4000; read 4.00 kB of 9.00 kB; what comes later is lost");
}

/* A reason that is known stands in the notes; no other is made up. */
static void unknown_states(void **state) {
  (void)state;
  scene it = {.end = "exit", .damage = {.complete = true}};
  expect(&it, "unknown what threads did in 100.0 % of the time (no known kind of wait)");
  it.note = "something else";
  expect(&it, "(no known kind of wait) notes something else");
  it.note = "state unknown for 9 thread ticks: the thread was stopped by a signal or a debugger";
  expect(&it,
         "unknown what threads did in 100.0 % of the time (the notes say why) notes state unknown");
  it.state = BARO_STATE_SLEEP;
  expect_none(&it, "what threads did");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stolen_time), cmocka_unit_test(cpu_time), cmocka_unit_test(a_long_command),
      cmocka_unit_test(endings),     cmocka_unit_test(damages),  cmocka_unit_test(unknown_states),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Command lines, right and wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/options.h"

typedef struct values {
  const char *text;
  double number;
  uint64_t count;
  int choice;
  bool flag;
  bool other;
  const char *optional;
} values;

static const baro_option rows[] = {
    {.name = "output",
     .letter = 'o',
     .kind = BARO_OPTION_TEXT,
     .value = "FILE",
     .offset = offsetof(values, text)},
    {.name = "rate",
     .kind = BARO_OPTION_NUMBER,
     .value = "HZ",
     .minimum = 1,
     .maximum = 100,
     .offset = offsetof(values, number)},
    {.name = "top",
     .letter = 'n',
     .kind = BARO_OPTION_COUNT,
     .value = "N",
     .maximum = 50,
     .offset = offsetof(values, count)},
    {.name = "color",
     .kind = BARO_OPTION_CHOICE,
     .value = "WHEN",
     .choices = "auto|always|never",
     .offset = offsetof(values, choice)},
    {.name = "quiet", .letter = 'q', .offset = offsetof(values, flag)},
    {.name = "force", .letter = 'f', .offset = offsetof(values, other)},
    {.name = "calls",
     .kind = BARO_OPTION_OPTIONAL_TEXT,
     .value = "GLOB",
     .offset = offsetof(values, optional)},
};

typedef struct parse_outcome {
  values values;
  baro_parsed parsed;
  baro_status status;
  baro_error err;
  char *argv[16];
} parse_outcome;

/* Arguments separated by blanks; "''" is an empty one. */
static void parse(parse_outcome *outcome, const char *line, bool stop_at_operand) {
  static char copy[256];
  snprintf(copy, sizeof(copy), "%s", line);
  int argc = 0;
  memset(outcome, 0, sizeof(*outcome));
  for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
    outcome->argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
  baro_option_table table = {rows, sizeof(rows) / sizeof(rows[0]), stop_at_operand};
  outcome->status = baro_options_parse(&table, argc, outcome->argv, &outcome->values,
                                       &outcome->parsed, &outcome->err);
}

static void all_spellings_are_understood(void **state) {
  (void)state;
  static const char *const spellings[] = {"-o x",       "-ox",   "--output x",
                                          "--output=x", "-qo x", "-o y -o x"};
  parse_outcome result;
  for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
    parse(&result, spellings[i], false);
    assert_int_equal(result.status, BARO_OK);
    assert_string_equal(result.values.text, "x");
    assert_int_equal(result.parsed.operand_count, 0);
  }
}

/* What stands behind it is the next argument: `--calls app.py` must not eat the program. */
static void an_optional_value_stands_behind_the_sign(void **state) {
  (void)state;
  parse_outcome result;
  parse(&result, "--quiet", false);
  assert_null(result.values.optional);
  parse(&result, "--calls app.py", false);
  assert_int_equal(result.status, BARO_OK);
  assert_string_equal(result.values.optional, "");
  assert_int_equal(result.parsed.operand_count, 1);
  assert_string_equal(result.parsed.operands[0], "app.py");
  parse(&result, "--calls=a.*,b app.py", false);
  assert_string_equal(result.values.optional, "a.*,b");
  parse(&result, "--calls=", false);
  assert_int_equal(result.status, BARO_USAGE);
  assert_non_null(strstr(result.err.message, "--calls"));
}

static void values_of_each_kind(void **state) {
  (void)state;
  parse_outcome result;
  parse(&result, "--rate 12.5 -n 7 --color never -qf", false);
  assert_int_equal(result.status, BARO_OK);
  assert_true(result.values.number == 12.5);
  assert_int_equal(result.values.count, 7);
  assert_int_equal(result.values.choice, 2);
  assert_true(result.values.flag && result.values.other);
}

static void operands_may_stand_between_options(void **state) {
  (void)state;
  parse_outcome result;
  parse(&result, "a -q b --top 3 -- -c --rate", false);
  assert_int_equal(result.status, BARO_OK);
  assert_int_equal(result.parsed.operand_count, 4);
  assert_string_equal(result.parsed.operands[0], "a");
  assert_string_equal(result.parsed.operands[1], "b");
  assert_string_equal(result.parsed.operands[2], "-c");
  assert_string_equal(result.parsed.operands[3], "--rate");
  assert_true(result.parsed.terminator);
}

/* The options of a recorded command are not ours. */
static void a_command_keeps_its_options(void **state) {
  (void)state;
  parse_outcome result;
  parse(&result, "-q python3 -q --rate 9999 --help", true);
  assert_int_equal(result.status, BARO_OK);
  assert_int_equal(result.parsed.operand_count, 5);
  assert_false(result.parsed.help);
  parse(&result, "-- -q", true);
  assert_int_equal(result.parsed.operand_count, 1);
  assert_false(result.values.flag);
}

static void a_lone_dash_is_an_operand(void **state) {
  (void)state;
  parse_outcome result;
  parse(&result, "- -o -", false);
  assert_int_equal(result.parsed.operand_count, 1);
  assert_string_equal(result.values.text, "-");
}

static void help_stops_all_checks(void **state) {
  (void)state;
  parse_outcome result;
  parse(&result, "--help --nonsense", false);
  assert_int_equal(result.status, BARO_OK);
  assert_true(result.parsed.help);
  parse(&result, "-qh", false);
  assert_true(result.parsed.help);
}

static void mistakes_are_named(void **state) {
  (void)state;
  static const struct {
    const char *line;
    const char *part;
  } mistakes[] = {
      {"--rat 5", "unknown option '--rat'; did you mean '--rate'?"},
      {"--rtae=5", "did you mean '--rate'?"},
      {"--entirely-different", "unknown option '--entirely-different'"},
      {"--out x", "unknown option '--out'"}, /* no abbreviations */
      {"-x", "unknown option '-x'"},
      {"-rate 5", "did you mean '--rate'?"},
      {"--rate", "--rate needs a value: HZ"},
      {"-o", "--output needs a value: FILE"},
      {"--rate 0", "'0' is not a number from 1 to 100"},
      {"--rate 101", "from 1 to 100"},
      {"--rate nan", "'nan' is not a number"},
      {"--rate inf", "is not a number"},
      {"--rate 0x10", "is not a number"},
      {"--rate 5Hz", "is not a number"},
      {"--rate 1e999", "is not a number"},
      {"--rate ''", "is not a number"},
      {"--top -1", "is not a whole number"},
      {"--top 1.5", "is not a whole number"},
      {"--top 51", "from 0 to 50"},
      {"--top 99999999999999999999", "is not a whole number"},
      {"--color=sometimes", "'sometimes' is none of: auto, always, never"},
      {"--color=auto|always", "is none of"},
      {"--color ''", "is none of"},
      {"--quiet=yes", "--quiet takes no value"},
      {"-o ''", "the FILE is empty"},
  };
  parse_outcome result;
  for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
    parse(&result, mistakes[i].line, false);
    assert_int_equal(result.status, BARO_USAGE);
    if (strstr(result.err.message, mistakes[i].part) == NULL)
      fail_msg("%s: %s", mistakes[i].line, result.err.message);
  }
}

static const char *word_at(const void *context, size_t index) {
  return ((const char *const *)context)[index];
}

static void suggestions_are_near(void **state) {
  (void)state;
  static const char *const words[] = {"record", "report", "export", NULL};
  assert_string_equal(baro_suggest("recrod", word_at, words), "record");
  assert_string_equal(baro_suggest("reports", word_at, words), "report");
  assert_null(baro_suggest("x", word_at, words));
  assert_null(baro_suggest("profile", word_at, words));
  assert_null(
      baro_suggest("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", word_at, words));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(all_spellings_are_understood),
      cmocka_unit_test(an_optional_value_stands_behind_the_sign),
      cmocka_unit_test(values_of_each_kind),
      cmocka_unit_test(operands_may_stand_between_options),
      cmocka_unit_test(a_command_keeps_its_options),
      cmocka_unit_test(a_lone_dash_is_an_operand),
      cmocka_unit_test(help_stops_all_checks),
      cmocka_unit_test(mistakes_are_named),
      cmocka_unit_test(suggestions_are_near),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}

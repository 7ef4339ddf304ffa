/* barograph report: recording -> profile -> text or JSON on stdout. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "profile/profile.h"
#include "show/call_rows.h"
#include "show/report.h"
#include "show/report_json.h"
#include "show/terminal.h"
#include "show/text_width.h"

enum { TOP_DEFAULT = 15 }; /* rows of text */

typedef struct report_values {
  int sort;
  int basis;
  int color;
  uint64_t top;
  bool json;
  bool threads;
  bool lines;
  const char *callers;
  const char *callees;
} report_values;

static int print_json(const baro_profile *profile, const baro_report_options *options) {
  baro_stream stream;
  baro_error err;
  baro_stream_init(&stream, baro_sink_stream, stdout);
  if (baro_report_json(profile, options, &stream, &err) != BARO_OK)
    return baro_cli_fail("report: %s", err.message);
  return baro_cli_finish(&stream);
}

static int print_report(const baro_profile *profile, const report_values *values,
                        const char *path) {
  static const baro_measure measures[] = {BARO_MEASURE_RUN, BARO_MEASURE_THREAD};
  char directory[PATH_MAX];
  baro_report_options options = {
      .path = path,
      .sort = (baro_report_sort)values->sort,
      .measure = measures[values->basis],
      .top = baro_top_rows(values->top, values->json, TOP_DEFAULT),
      .threads = values->threads,
      .lines = values->lines,
      .callers = values->callers,
      .callees = values->callees,
      .directory = getcwd(directory, sizeof(directory)),
      .home = getenv("HOME"),
  };
  if (values->json)
    return print_json(profile, &options);
  baro_buffer out = {0};
  baro_terminal terminal = baro_terminal_of(STDOUT_FILENO, (baro_color_choice)values->color);
  baro_report_text(profile, &options, &terminal, &out);
  int status = baro_cli_print(&out);
  baro_buffer_release(&out);
  return status;
}

typedef struct called_names {
  const baro_profile *profile;
  const uint32_t *functions;
  uint32_t count;
} called_names;

static const char *called_name(const void *context, size_t index) {
  const called_names *names = context;
  if (index >= names->count)
    return NULL;
  const baro_profile_function *row = &names->profile->functions.rows[names->functions[index]];
  baro_view name = baro_profile_string(names->profile, row->qualified_string);
  return (const char *)name.data; /* a profile's strings end with a NUL */
}

/* A name that nothing is called by is a mistake that should be told. */
static int check_name(const baro_profile *profile, const char *option, const char *name) {
  if (name == NULL)
    return BARO_EXIT_OK;
  if (profile->calls.count == 0)
    return baro_cli_fail("report: %s: the recording has no calls; record them with --calls",
                         option);
  baro_arena scratch = {0};
  uint32_t found = 0;
  called_names names = {.profile = profile};
  uint32_t *functions = baro_call_functions_named(profile, name, &scratch, &found);
  names.functions =
      found > 0 ? NULL : baro_call_functions(profile, BARO_SORT_TOTAL, &scratch, &names.count);
  int status = BARO_EXIT_OK;
  if (functions == NULL || (found == 0 && names.functions == NULL)) {
    status = baro_cli_fail("report: out of memory");
  } else if (found == 0) {
    const char *suggestion = baro_suggest(name, called_name, &names);
    baro_buffer room = {0};
    status = baro_cli_fail("report: %s: no call of '%s' was recorded%s", option, name,
                           baro_suggestion_words(suggestion, &room));
    baro_buffer_release(&room);
  }
  baro_arena_release(&scratch);
  return status;
}

/* What a recording of calls alone cannot answer is not answered with something else. */
static int check_values(const baro_profile *profile, const report_values *values) {
  int status = check_name(profile, "--callers", values->callers);
  if (status == BARO_EXIT_OK)
    status = check_name(profile, "--callees", values->callees);
  if (status != BARO_EXIT_OK || profile->samples.count > 0 || profile->calls.count == 0)
    return status;
  if ((baro_report_sort)values->sort == BARO_SORT_WAIT)
    return baro_cli_fail("report: --sort wait: what calls waited for is in samples only, and the "
                         "recording has none; record with --rate too");
  if (values->lines && !values->json)
    return baro_cli_fail("report: --lines: lines are in samples only, and the recording has none; "
                         "record with --rate too");
  return BARO_EXIT_OK;
}

static int run(const baro_call *call) {
  const report_values *values = call->values;
  const char *path = baro_call_input(call, 0);
  baro_profile *profile = NULL;
  baro_error err;
  if (baro_profile_load(path, &profile, &err) != BARO_OK)
    return baro_cli_fail("report: %s", err.message);
  int status = check_values(profile, values);
  if (status == BARO_EXIT_OK)
    status = print_report(profile, values, path);
  baro_profile_destroy(profile);
  return status;
}

static const baro_option options[] = {
    {.name = "sort",
     .kind = BARO_OPTION_CHOICE,
     .value = "ORDER",
     .choices = "self|total|wait",
     .offset = offsetof(report_values, sort),
     .help = "order the table by time in the function itself (self, the default), with what it "
             "calls (total), or by what it waited itself (wait)"},
    BARO_OPTION_ROW_TOP(offsetof(report_values, top),
                        "show N rows of the table (default: 15, with --json all; 0: all)"),
    {.name = "lines",
     .offset = offsetof(report_values, lines),
     .help = "a row for each line instead of each function"},
    {.name = "threads",
     .offset = offsetof(report_values, threads),
     .help = "show every thread with all that it did, and every process"},
    {.name = "basis",
     .kind = BARO_OPTION_CHOICE,
     .value = "BASIS",
     .choices = "run|threads",
     .offset = offsetof(report_values, basis),
     .help = "shares of the run's own time (run, the default: each moment counts once, for the "
             "threads that were furthest from waiting), or of the time of all threads together "
             "(threads)"},
    {.name = "callers",
     .kind = BARO_OPTION_TEXT,
     .value = "FUNCTION",
     .offset = offsetof(report_values, callers),
     .help = "of recorded calls: who calls FUNCTION (its qualified name, its bare name, or a "
             "pattern), how often and with what time"},
    {.name = "callees",
     .kind = BARO_OPTION_TEXT,
     .value = "FUNCTION",
     .offset = offsetof(report_values, callees),
     .help = "of recorded calls: whom FUNCTION calls"},
    BARO_OPTION_ROW_JSON(offsetof(report_values, json), "report/1"),
    BARO_OPTION_ROW_COLOR(offsetof(report_values, color)),
};

static const report_values defaults = {.top = BARO_TOP_AUTO};

const baro_command baro_command_report = {
    .name = "report",
    .summary = "show where the time of a recording went",
    .usage = "[OPTION...] [FILE]",
    .description =
        "Prints what was recorded and how well, a table of functions with their share of the time, "
        "its standard error and what they were running or waiting for, the hottest call path, the "
        "threads and the processes; of recorded calls how often, how long, and the slowest ones. "
        "FILE is "
        "barograph.baro unless given.\n\n"
        "The table fits the terminal: on a wide one it has more columns. Letters in the bars name "
        "what a function waited for; the legend below the report explains those that occur.",
    .examples = "  barograph report\n"
                "  barograph report --sort wait --top 30 night.baro\n"
                "  barograph report --lines night.baro | less\n"
                "  barograph report --callers Store.save calls.baro\n"
                "  barograph report --json night.baro | jq '.functions[0]'\n",
    .options = {.rows = options, .count = sizeof(options) / sizeof(options[0])},
    .defaults = &defaults,
    .values_size = sizeof(defaults),
    .operands_at_most = 1,
    .operand_completion = BARO_COMPLETE_RECORDING,
    .run = run,
};

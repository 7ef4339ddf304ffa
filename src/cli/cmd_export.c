/* barograph export: recording -> profile -> the format of another tool. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/export_tables.h"
#include "profile/profile.h"
#include "show/damage.h"
#include "show/exporter.h"

typedef struct export_values {
  const char *format;
  const char *output;
  int weight;
  bool overwrite;
  bool threads;
  bool lines;
  bool states;
  bool idle;
  bool source;
} export_values;

/* "collapsed, speedscope, pprof": the formats that take all of the options `takes`. */
static void list_formats(unsigned takes, char *list, size_t size) {
  size_t used = 0;
  for (const baro_exporter *exporter = baro_exporters; exporter->name != NULL; exporter++) {
    if ((exporter->takes & takes) != takes)
      continue;
    int length = snprintf(list + used, size - used, "%s%s", used > 0 ? ", " : "", exporter->name);
    if (length < 0 || (size_t)length >= size - used)
      return;
    used += (size_t)length;
  }
}

static const char *format_name(const void *context, size_t index) {
  (void)context;
  return baro_exporters[index].name;
}

static int unknown_format(const char *name) {
  const char *suggestion = baro_suggest(name, format_name, NULL);
  if (suggestion != NULL)
    return baro_cli_fail("export: unknown format '%s'; did you mean '%s'?", name, suggestion);
  char list[256] = "";
  list_formats(0, list, sizeof(list));
  return baro_cli_fail("export: unknown format '%s'; formats: %s", name, list);
}

/* An option that would change nothing is a misunderstanding that should be told. */
static int check_options(const export_values *values, const baro_exporter *exporter) {
  const struct {
    bool given;
    unsigned bit;
    const char *name;
  } options[] = {
      {values->threads, BARO_EXPORT_TAKES_THREADS, "--threads"},
      {values->lines, BARO_EXPORT_TAKES_LINES, "--lines"},
      {values->states, BARO_EXPORT_TAKES_STATES, "--states"},
      {values->idle, BARO_EXPORT_TAKES_IDLE, "--idle"},
      {values->source, BARO_EXPORT_TAKES_SOURCE, "--source"},
      {values->weight != BARO_EXPORT_WEIGHT_US, BARO_EXPORT_TAKES_WEIGHT, "--weight"},
  };
  for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
    if (!options[i].given || (exporter->takes & options[i].bit) != 0)
      continue;
    char list[256] = "";
    list_formats(options[i].bit, list, sizeof(list));
    return baro_cli_fail("export: %s is for --to %s only", options[i].name, list);
  }
  return BARO_EXIT_OK;
}

/* What is exported looks whole; only this says that it is not. */
static void say_damage(const baro_profile *profile, const char *path) {
  baro_buffer text = {0};
  baro_damage_write(&profile->damage, &text);
  if (!text.failed && text.length > 0)
    baro_cli_say("export: %s is damaged: %.*s", path, (int)text.length, (const char *)text.data);
  baro_buffer_release(&text);
}

/* A format of what the recording has not got would be an empty file without a reason. */
static int check_content(const baro_profile *profile, const baro_exporter *exporter) {
  bool of_calls = (exporter->takes & BARO_EXPORT_TAKES_CALLS) != 0;
  bool damaged = profile->damage.corrupt || profile->damage.truncated;
  if (of_calls && profile->calls.count == 0 && damaged)
    return baro_cli_fail("export: %s is made of calls, and none can be read: the recording is "
                         "damaged, see: barograph report",
                         exporter->name);
  if (of_calls && profile->calls.count == 0)
    return baro_cli_fail("export: %s is made of calls, and the recording has none; record them "
                         "with --calls",
                         exporter->name);
  if (of_calls || profile->samples.count > 0 || profile->calls.count == 0)
    return BARO_EXIT_OK;
  char list[256] = "";
  list_formats(BARO_EXPORT_TAKES_CALLS, list, sizeof(list));
  return baro_cli_fail("export: %s is made of samples, and the recording has calls only; formats "
                       "of calls: %s",
                       exporter->name, list);
}

static int export_profile(const export_values *values, const baro_exporter *exporter,
                          const char *path) {
  baro_export_options options = {.threads = values->threads,
                                 .lines = values->lines,
                                 .states = values->states,
                                 .idle = values->idle,
                                 .weight = (baro_export_weight)values->weight,
                                 .name = path};
  baro_profile *profile = NULL;
  baro_error err;
  if (baro_profile_load(path, &profile, &err) != BARO_OK)
    return baro_cli_fail("export: %s", err.message);
  int content = check_content(profile, exporter);
  baro_status status = BARO_OK;
  if (content == BARO_EXIT_OK) {
    say_damage(profile, path);
    status =
        baro_export_to_path(exporter, profile, &options, values->output, values->overwrite, &err);
  }
  baro_profile_destroy(profile);
  if (content != BARO_EXIT_OK)
    return content;
  return status == BARO_OK ? BARO_EXIT_OK : baro_cli_fail("export: %s", err.message);
}

static int add_to_tables(const export_values *values, const baro_exporter *exporter,
                         const char *path) {
  if (strcmp(values->output, "-") == 0)
    return baro_cli_fail("export: %s is a folder of tables; give -o FOLDER", exporter->name);
  if (values->overwrite)
    return baro_cli_fail("export: --force replaces files; --to %s adds to what is there",
                         exporter->name);
  return baro_export_tables(exporter->name, values->output, path, values->source);
}

static int run(const baro_call *call) {
  const export_values *values = call->values;
  if (values->format == NULL) {
    char list[256] = "";
    list_formats(0, list, sizeof(list));
    return baro_cli_fail("export: which format? give --to FORMAT: %s", list);
  }
  const baro_exporter *exporter = baro_exporter_find(values->format);
  if (exporter == NULL)
    return unknown_format(values->format);
  int status = check_options(values, exporter);
  if (status != BARO_EXIT_OK)
    return status;
  const char *path = call->operand_count > 0 ? call->operands[0] : "barograph.baro";
  if ((exporter->takes & BARO_EXPORT_INTO_FOLDER) != 0)
    return add_to_tables(values, exporter, path);
  if (exporter->binary && strcmp(values->output, "-") == 0 && isatty(STDOUT_FILENO))
    return baro_cli_fail("export: %s is binary and not for a terminal; give -o FILE%s",
                         exporter->name, exporter->extension);
  return export_profile(values, exporter, path);
}

static void write_formats(baro_buffer *out) {
  baro_write_text(out, "\nFormats:\n");
  for (const baro_exporter *exporter = baro_exporters; exporter->name != NULL; exporter++)
    baro_write_format(out, "  %-12s%s (%s)\n", exporter->name, exporter->help, exporter->extension);
}

static const baro_option options[] = {
    {.name = "to",
     .kind = BARO_OPTION_TEXT,
     .value = "FORMAT",
     .offset = offsetof(export_values, format),
     .completion = BARO_COMPLETE_FORMAT,
     .help = "the format to write, one of those below"},
    {.name = "output",
     .letter = 'o',
     .kind = BARO_OPTION_TEXT,
     .value = "OUT",
     .offset = offsetof(export_values, output),
     .completion = BARO_COMPLETE_FILE,
     .help = "write to the file OUT (default: -, standard output)"},
    {.name = "force",
     .letter = 'f',
     .offset = offsetof(export_values, overwrite),
     .help = "replace OUT if it exists"},
    {.name = "threads",
     .offset = offsetof(export_values, threads),
     .help = "collapsed: a root for each process and thread"},
    {.name = "lines",
     .offset = offsetof(export_values, lines),
     .help = "collapsed: frames are lines, not functions"},
    {.name = "states",
     .offset = offsetof(export_values, states),
     .help = "collapsed, speedscope: a leaf that says what the thread did: [waiting for disk]"},
    {.name = "idle", .offset = offsetof(export_values, idle), .help = "collapsed: idle time too"},
    {.name = "weight",
     .kind = BARO_OPTION_CHOICE,
     .value = "UNIT",
     .choices = "us|ticks",
     .offset = offsetof(export_values, weight),
     .help = "collapsed: numbers are microseconds (us, the default) or ticks of the schedule"},
    {.name = "source",
     .offset = offsetof(export_values, source),
     .help = "parquet, delta: store the functions' source, where their files are what ran"},
};

static const export_values defaults = {.output = "-"};

const baro_command baro_command_export = {
    .name = "export",
    .summary = "write a recording in the format of another tool",
    .usage = "--to FORMAT [OPTION...] [FILE]",
    .description = "Writes the profile of a recording for flame graph tools and viewers. FILE is "
                   "barograph.baro unless given. Formats of stacks weigh them by the wall time of "
                   "threads; pstats, callgrind, chrome and csv are made of recorded calls. "
                   "parquet and delta add the run to tables in the folder OUT, once; the Python "
                   "package writes them, with its extra of that name.",
    .examples = "  barograph export --to collapsed night.baro | flamegraph.pl > night.svg\n"
                "  barograph export --to speedscope -o night.speedscope.json night.baro\n"
                "  barograph export --to pprof -o night.pb.gz night.baro\n"
                "  barograph export --to pstats -o calls.pstats calls.baro\n"
                "  barograph export --to delta -o lake calls.baro\n",
    .more_help = write_formats,
    .options = {.rows = options, .count = sizeof(options) / sizeof(options[0])},
    .defaults = &defaults,
    .values_size = sizeof(defaults),
    .operands_at_most = 1,
    .operand_completion = BARO_COMPLETE_RECORDING,
    .run = run,
};

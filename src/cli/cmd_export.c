/* barograph export: recording -> profile -> the format of another tool. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/damaged_input.h"
#include "cli/export_tables.h"
#include "cli/unfinished.h"
#include "profile/profile.h"
#include "show/exporter.h"
#include "show/stream_to_path.h"

/* The choices of --of, in their order. */
enum { OF_AUTO, OF_SAMPLES, OF_CALLS };

typedef struct export_values {
  const char *format;
  const char *output;
  int of;
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
      {values->weight != BARO_EXPORT_WEIGHT_AUTO, BARO_EXPORT_TAKES_WEIGHT, "--weight"},
      {values->of != OF_AUTO, BARO_EXPORT_TAKES_OF, "--of"},
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

/* What the file is to be made of: what was asked for, else what the format is for, else what there is. What is asked for and
 * not there would be an empty file without a reason. */
static int choose_content(const export_values *values, const baro_exporter *exporter,
                          const baro_profile *profile, baro_export_options *options) {
  bool calls = profile->calls.count > 0, samples = profile->samples.count > 0;
  bool damaged = baro_damaged_input_is(profile);
  const char *damage = "can be read: the recording is damaged, see: barograph report";
  bool prefers_calls = (exporter->takes & BARO_EXPORT_PREFERS_CALLS) != 0;
  if (prefers_calls && !calls && !samples && damaged)
    return baro_cli_fail("export: of calls and samples none %s", damage);
  if (values->of == OF_CALLS && !calls)
    return baro_cli_fail("export: --of calls: none %s",
                         damaged ? damage : "were recorded; record them with --calls");
  if (values->of == OF_SAMPLES && !samples)
    return baro_cli_fail("export: --of samples: none %s", damaged ? damage : "were recorded");
  options->of_calls =
      values->of == OF_CALLS || (values->of == OF_AUTO && calls && (prefers_calls || !samples));
  baro_view unit = baro_profile_weight_unit(profile);
  bool counts = !options->of_calls && unit.length != 0;
  if (counts && (exporter->takes & BARO_EXPORT_TIME_ONLY) != 0)
    return baro_cli_fail("export: %s can tell times only, and amounts of this recording are %.*s",
                         exporter->name, (int)unit.length, (const char *)unit.data);
  if (counts &&
      (options->weight == BARO_EXPORT_WEIGHT_US || options->weight == BARO_EXPORT_WEIGHT_NS))
    return baro_cli_fail("export: --weight: amounts of this recording are no time but %.*s",
                         (int)unit.length, (const char *)unit.data);
  const char *of_samples = values->lines    ? "--lines"
                           : values->states ? "--states"
                           : values->idle   ? "--idle"
                                            : NULL;
  if (options->of_calls && of_samples != NULL)
    return baro_cli_fail("export: %s is for samples, and this is made of calls%s", of_samples,
                         samples ? "; give --of samples" : "");
  if (options->of_calls && options->weight == BARO_EXPORT_WEIGHT_TICKS)
    return baro_cli_fail("export: --weight ticks is for samples, and this is made of calls%s",
                         samples ? "; give --of samples" : "");
  return BARO_EXIT_OK;
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
  baro_unfinished_catch_at(values->output, "barograph: export: interrupted; no file was written\n");
  if (baro_profile_load(path, &profile, &err) != BARO_OK)
    return baro_cli_fail("export: %s", err.message);
  int content = choose_content(values, exporter, profile, &options);
  baro_status status = BARO_OK;
  if (content == BARO_EXIT_OK) {
    baro_damaged_input_say("export", profile, path);
    const baro_whole_file to = {.path = values->output,
                                .replace = values->overwrite,
                                .inputs = {path},
                                .unfinished = baro_unfinished_file};
    status = baro_export_to_path(exporter, profile, &options, &to, &err);
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
  const char *path = baro_call_input(call, 0);
  if ((exporter->takes & BARO_EXPORT_INTO_FOLDER) != 0)
    return add_to_tables(values, exporter, path);
  if (exporter->binary && baro_path_is_standard_output(values->output) && isatty(STDOUT_FILENO))
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
     .help = "replace OUT if it exists, and keep it as OUT.old"},
    {.name = "of",
     .kind = BARO_OPTION_CHOICE,
     .value = "WHAT",
     .choices = "auto|samples|calls",
     .offset = offsetof(export_values, of),
     .help = "make it of samples or of calls, where both were recorded; auto, the default: "
             "of samples, but chrome, pstats, callgrind and csv of calls"},
    {.name = "threads",
     .offset = offsetof(export_values, threads),
     .help = "collapsed: a root for each process and thread"},
    {.name = "lines",
     .offset = offsetof(export_values, lines),
     .help = "collapsed, speedscope: frames are lines, not functions"},
    {.name = "states",
     .offset = offsetof(export_values, states),
     .help = "collapsed, speedscope, chrome: a leaf that says what the thread did: [waiting for "
             "disk]"},
    {.name = "idle",
     .offset = offsetof(export_values, idle),
     .help = "collapsed, pstats, callgrind: idle time too"},
    {.name = "weight",
     .kind = BARO_OPTION_CHOICE,
     .value = "UNIT",
     .choices = "auto|us|ns|ticks",
     .offset = offsetof(export_values, weight),
     .help = "collapsed: numbers are us, ns, or ticks of the schedule; auto, the default: us of "
             "samples, ns of calls and where all is less than 1 ms"},
    {.name = "source",
     .offset = offsetof(export_values, source),
     .help = "parquet, delta: store the functions' source, where their files are what ran"},
};

static const export_values defaults = {.output = "-"};

const baro_command baro_command_export = {
    .name = "export",
    .summary = "write a recording in the format of another tool",
    .usage = "--to FORMAT [OPTION...] [FILE]",
    .description =
        "Writes the profile of a recording for flame graph tools and viewers. FILE is "
        "barograph.baro unless given. A file is made of samples, which weigh the wall time "
        "of threads, or of recorded calls, which weigh their own time (--of). "
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

/* barograph import: the profile of another tool -> recording. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/plural.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/unfinished.h"
#include "import/importer.h"
#include "show/units.h"

typedef struct import_values {
  const char *output;
  const char *from;
  const char *type;
  const char *unit;
  double rate_hz;
  bool overwrite;
  bool quiet;
} import_values;

static const char *format_name(const void *context, size_t index) {
  (void)context;
  return baro_importers[index].name;
}

static int unknown_format(const char *name) {
  const char *suggestion = baro_suggest(name, format_name, NULL);
  if (suggestion != NULL)
    return baro_cli_fail("import: unknown format '%s'; did you mean '%s'?", name, suggestion);
  baro_buffer list = {0};
  for (size_t i = 0; baro_importers[i].name != NULL; i++)
    baro_write_format(&list, "%s%s", i == 0 ? "" : ", ", baro_importers[i].name);
  int status = baro_cli_fail("import: unknown format '%s'; formats: %.*s", name, (int)list.length,
                             list.length == 0 ? "" : (const char *)list.data);
  baro_buffer_release(&list);
  return status;
}

static const char *task_word(const baro_importer *importer) {
  return importer->task_word == NULL ? "task" : importer->task_word;
}

static const char *slot_word(const baro_importer *importer) {
  return importer->slot_word == NULL ? "slot" : importer->slot_word;
}

typedef struct shown_progress {
  uint64_t started_ns;
  uint64_t shown_ns; /* 0: nothing stands on the terminal */
} shown_progress;

/* From the second second on, four times a second. */
static void show_progress(void *context, uint64_t done_bytes, uint64_t all_bytes) {
  shown_progress *shown = context;
  uint64_t now_ns = baro_clock_now_ns();
  uint64_t passed_ns = now_ns - shown->started_ns;
  if (passed_ns < 1000000000 || done_bytes == 0 || now_ns - shown->shown_ns < 250000000)
    return;
  shown->shown_ns = now_ns;
  double rate = (double)done_bytes / (double)passed_ns; /* bytes a ns */
  fprintf(stderr, "\r\033[K%s", baro_text_bytes(done_bytes).text);
  if (all_bytes != 0)
    fprintf(stderr, " of %s (%.0f %%)", baro_text_bytes(all_bytes).text,
            100 * (double)done_bytes / (double)all_bytes);
  fprintf(stderr, "  %s/s", baro_text_bytes((uint64_t)(rate * 1e9)).text);
  if (all_bytes != 0)
    fprintf(stderr, "  %s left to read",
            baro_text_duration((uint64_t)((double)(all_bytes - done_bytes) / rate)).text);
  fflush(stderr);
}

static bool wants_progress(const import_values *values) {
  const char *term = getenv("TERM");
  return !values->quiet && isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
}

static int run(const baro_call *call) {
  const import_values *values = call->values;
  shown_progress shown = {.started_ns = baro_clock_now_ns()};
  const baro_log_progress progress = {.show = show_progress, .context = &shown};
  baro_import_options options = {.format = values->from,
                                 .type = values->type,
                                 .unit = values->unit,
                                 .rate_hz = values->rate_hz,
                                 .overwrite = values->overwrite,
                                 .progress = wants_progress(values) ? &progress : NULL,
                                 .unfinished = baro_unfinished_file};
  baro_import_result result;
  baro_error err;
  if (values->from != NULL && baro_importer_find(values->from) == NULL)
    return unknown_format(values->from);
  baro_unfinished_catch("barograph: import: interrupted; no recording was written\n",
                        options.progress != NULL);
  baro_status status = baro_import_file(call->operands[0], values->output, &options, &result, &err);
  if (shown.shown_ns != 0)
    fputs("\r\033[K", stderr);
  if (status != BARO_OK)
    return baro_cli_fail("import: %s", err.message);
  if (!values->quiet && result.tasks != 0)
    baro_cli_say("%s %s%s of %s, %s %s%s -> %s; see: barograph report %s",
                 baro_text_count(result.tasks).text, task_word(result.importer),
                 result.tasks == 1 ? "" : "s", result.importer->name,
                 baro_text_count(result.threads).text, slot_word(result.importer),
                 result.threads == 1 ? "" : "s", values->output, values->output);
  else if (!values->quiet)
    baro_cli_say("%s stacks of %s, %s %s -> %s; see: barograph report %s",
                 baro_text_count(result.samples).text, result.importer->name,
                 baro_text_count(result.threads).text, result.threads == 1 ? "thread" : "threads",
                 values->output, values->output);
  return BARO_EXIT_OK;
}

static void write_formats(baro_buffer *out) {
  baro_write_text(out, "\nFormats:\n");
  for (size_t i = 0; baro_importers[i].name != NULL; i++)
    baro_write_format(out, "  %-14s%s\n", baro_importers[i].name, baro_importers[i].help);
}

static const baro_option options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = BARO_OPTION_TEXT,
     .value = "OUT",
     .offset = offsetof(import_values, output),
     .completion = BARO_COMPLETE_RECORDING,
     .help = "the recording to write (default: barograph.baro)"},
    {.name = "force",
     .letter = 'f',
     .offset = offsetof(import_values, overwrite),
     .help = "replace OUT if it exists, and keep it as OUT.old"},
    {.name = "from",
     .kind = BARO_OPTION_TEXT,
     .value = "FORMAT",
     .choices = "collapsed|speedscope|pprof|xplane|run_metadata|spark|flink|torch|chrome",
     .completion = BARO_COMPLETE_WORDS,
     .offset = offsetof(import_values, from),
     .help = "take FILE for this format, and do not look what it is"},
    {.name = "unit",
     .kind = BARO_OPTION_TEXT,
     .value = "UNIT",
     .choices = "ns|us|ms|s|samples|bytes",
     .completion = BARO_COMPLETE_WORDS,
     .offset = offsetof(import_values, unit),
     .help = "what numbers are whose unit FILE does not tell, as in collapsed stacks: ns, us, ms, "
             "s, or anything else that is counted (default: samples)"},
    {.name = "rate",
     .kind = BARO_OPTION_NUMBER,
     .value = "HZ",
     .minimum = 0.001,
     .maximum = 1e9,
     .offset = offsetof(import_values, rate_hz),
     .help = "HZ samples are a second: counts become time"},
    {.name = "type",
     .kind = BARO_OPTION_TEXT,
     .value = "TYPE",
     .offset = offsetof(import_values, type),
     .help = "pprof: which of its values, such as cpu or inuse_space (default: the file's own)"},
    {.name = "quiet",
     .letter = 'q',
     .offset = offsetof(import_values, quiet),
     .help = "do not say what was imported, nor how far it is"},
};

static const import_values defaults = {.output = "barograph.baro"};

const baro_command baro_command_import = {
    .name = "import",
    .summary = "make a recording of another tool's profile",
    .usage = "[OPTION...] FILE",
    .description =
        "Writes what FILE says as a recording, for report, view and export. What it does "
        "not say (when, which thread, what for) stays unknown; amounts keep their unit. FILE may "
        "be a pipe, and - is standard input.",
    .examples = "  barograph import profile.pb.gz -o go.baro && barograph report go.baro\n"
                "  barograph import --rate 100 -o spy.baro py-spy.raw\n"
                "  barograph import app.speedscope.json && barograph view\n"
                "  zcat spark.log.gz | barograph import -o job.baro -\n",
    .more_help = write_formats,
    .options = {.rows = options, .count = sizeof(options) / sizeof(options[0])},
    .defaults = &defaults,
    .values_size = sizeof(defaults),
    .operands_at_least = 1,
    .operands_at_most = 1,
    .operand_completion = BARO_COMPLETE_FILE,
    .run = run,
};

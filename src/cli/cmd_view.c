/* barograph view: recording -> profile -> one HTML file that shows it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/os_file.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "profile/profile.h"
#include "show/damage.h"
#include "show/html_page.h"

typedef struct view_values {
  const char *output;
  bool overwrite;
} view_values;

static baro_status write_to(const baro_profile *const *profiles, const baro_html_options *options,
                            baro_sink *sink, void *context, baro_error *err) {
  baro_stream output;
  baro_stream_init(&output, sink, context);
  baro_status status = baro_html_write(profiles, 1, options, &output, err);
  /* A failing sink is the reason for whatever the page says. */
  return output.status != BARO_OK || status == BARO_OK ? baro_stream_finish(&output, err) : status;
}

static baro_status write_page(const baro_profile *const *profiles, const baro_html_options *options,
                              const view_values *values, baro_error *err) {
  if (strcmp(values->output, "-") == 0)
    return write_to(profiles, options, baro_sink_stream, stdout, err);
  baro_file_sink sink = {0};
  baro_status status = baro_file_create(values->output, values->overwrite, &sink.file, err);
  if (status != BARO_OK)
    return status;
  status = write_to(profiles, options, baro_sink_file, &sink, err);
  baro_error closing;
  baro_status closed = baro_file_close(sink.file, &closing);
  if (status == BARO_OK && closed != BARO_OK) {
    status = closed;
    *err = closing;
  }
  if (status != BARO_OK)
    baro_file_remove(values->output);
  return status;
}

/* The page says it in its head; who only looks at the terminal should know, too. */
static void say_damage(const baro_profile *profile, const char *path) {
  baro_buffer text = {0};
  baro_damage_write(&profile->damage, &text);
  if (!text.failed && text.length > 0)
    baro_cli_say("view: %s is damaged: %.*s", path, (int)text.length, (const char *)text.data);
  baro_buffer_release(&text);
}

static int run(const baro_call *call) {
  const view_values *values = call->values;
  const char *path = call->operand_count > 0 ? call->operands[0] : "barograph.baro";
  if (values->output == NULL)
    return baro_cli_fail("view: where to? give -o OUT.html");
  if (strcmp(values->output, "-") == 0 && isatty(STDOUT_FILENO))
    return baro_cli_fail("view: a page is not for a terminal; give -o OUT.html");
  baro_profile *profile = NULL;
  baro_error err;
  if (baro_profile_load(path, &profile, &err) != BARO_OK)
    return baro_cli_fail("view: %s", err.message);
  say_damage(profile, path);
  baro_html_options options = {.paths = {path}};
  const baro_profile *profiles[] = {profile};
  baro_status status = write_page(profiles, &options, values, &err);
  baro_profile_destroy(profile);
  return status == BARO_OK ? BARO_EXIT_OK : baro_cli_fail("view: %s", err.message);
}

static const baro_option options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = BARO_OPTION_TEXT,
     .value = "OUT",
     .offset = offsetof(view_values, output),
     .completion = BARO_COMPLETE_FILE,
     .help = "write the page to the file OUT"},
    {.name = "force",
     .letter = 'f',
     .offset = offsetof(view_values, overwrite),
     .help = "replace OUT if it exists"},
};

static const view_values defaults = {0};

const baro_command baro_command_view = {
    .name = "view",
    .summary = "write a recording as one HTML file that shows it",
    .usage = "-o OUT.html [OPTION...] [FILE]",
    .description = "Writes a page that shows a recording in any current browser, from disk and "
                   "without a network: everything is in the one file. FILE is barograph.baro "
                   "unless given.",
    .examples = "  barograph view -o night.html night.baro\n",
    .options = {.rows = options, .count = sizeof(options) / sizeof(options[0])},
    .defaults = &defaults,
    .values_size = sizeof(defaults),
    .operands_at_most = 1,
    .operand_completion = BARO_COMPLETE_RECORDING,
    .run = run,
};

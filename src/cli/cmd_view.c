/* barograph view: recordings -> profiles -> one HTML file that shows them, and a browser to look at it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/os_folder.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/damaged_input.h"
#include "cli/open_browser.h"
#include "cli/unfinished.h"
#include "profile/profile.h"
#include "show/html_page.h"
#include "show/stream_to_path.h"

enum { SIDES_MAX = 2, PATH_BYTES = 4096 };

typedef struct view_values {
  const char *output;
  bool overwrite;
  double size_mb; /* 0: was not asked for */
  int source;     /* baro_html_source */
} view_values;

/* What is shown, one recording or two. */
typedef struct shown_page {
  baro_profile *profiles[SIDES_MAX]; /* owned */
  unsigned count;
  baro_html_options options;
} shown_page;

static baro_status write_page(void *context, baro_stream *output, baro_error *err) {
  const shown_page *shown = context;
  const baro_profile *profiles[SIDES_MAX] = {shown->profiles[0], shown->profiles[1]};
  return baro_html_write(profiles, shown->count, &shown->options, output, err);
}

static baro_status write_to(shown_page *shown, const char *path, bool overwrite, baro_error *err) {
  const baro_whole_file to = {.path = path,
                              .replace = overwrite,
                              .inputs = {shown->options.paths[0], shown->options.paths[1]},
                              .unfinished = baro_unfinished_file};
  return baro_stream_to_path(&to, write_page, shown, err);
}

/* "night.html" of "/data/night.baro" */
static void name_page(const char *recording, char *ret_name, size_t size) {
  const char *slash = strrchr(recording, '/');
  const char *name = slash == NULL ? recording : slash + 1;
  size_t length = strlen(name);
  if (length > 5 && strcmp(name + length - 5, ".baro") == 0)
    length -= 5;
  (void)snprintf(ret_name, size, "%.*s.html", length > 200 ? 200 : (int)length, name);
}

/* Where only this user comes, and what is left goes with the session or the next start. */
static baro_status write_temporary(shown_page *shown, char ret_path[PATH_BYTES], baro_error *err) {
  static const char *const places[] = {"XDG_RUNTIME_DIR", "TMPDIR"};
  const char *parent = NULL;
  for (size_t i = 0; i < sizeof(places) / sizeof(places[0]) && parent == NULL; i++) {
    const char *value = getenv(places[i]);
    parent = value != NULL && value[0] == '/' && access(value, W_OK) == 0 ? value : NULL;
  }
  char folder[PATH_BYTES / 2], name[256];
  baro_status status = baro_folder_create(parent == NULL ? "/tmp" : parent, "barograph-", folder,
                                          sizeof(folder), err);
  if (status != BARO_OK)
    return status;
  name_page(shown->options.paths[shown->count - 1], name, sizeof(name));
  (void)snprintf(ret_path, PATH_BYTES, "%s/%s", folder, name);
  baro_unfinished_folder(folder);
  status = write_to(shown, ret_path, false, err);
  baro_unfinished_folder(NULL);
  if (status != BARO_OK)
    baro_folder_remove(folder);
  return status;
}

static int open_in_browser(shown_page *shown) {
  char path[PATH_BYTES];
  baro_error err;
  if (baro_browser_look(&err) != BARO_OK || write_temporary(shown, path, &err) != BARO_OK)
    return baro_cli_fail("view: %s", err.message);
  if (baro_browser_open(path, &err) != BARO_OK)
    return baro_cli_fail("view: %s; the page is in %s", err.message, path);
  baro_cli_say("view: opened %s", path);
  return BARO_EXIT_OK;
}

/* Times in calls and times of samples are no two sides of anything. */
static int check_sides(const shown_page *shown) {
  bool samples[SIDES_MAX] = {0}, calls[SIDES_MAX] = {0};
  for (unsigned side = 0; side < shown->count; side++) {
    samples[side] = shown->profiles[side]->samples.count > 0;
    calls[side] = shown->profiles[side]->calls.count > 0;
  }
  bool comparable = (samples[0] && samples[1]) || (calls[0] && calls[1]);
  bool any = samples[0] || calls[0] || samples[1] || calls[1];
  if (shown->count < SIDES_MAX || comparable || !any)
    return BARO_EXIT_OK;
  for (unsigned side = 0; side < SIDES_MAX; side++) {
    if (!samples[side] && !calls[side])
      return baro_cli_fail("view: nothing to compare with: %s is empty",
                           shown->options.paths[side]);
  }
  return baro_cli_fail("view: nothing to compare: %s has %s only, %s has %s only",
                       shown->options.paths[0], samples[0] ? "samples" : "calls",
                       shown->options.paths[1], samples[1] ? "samples" : "calls");
}

static int show(shown_page *shown, const view_values *values) {
  for (unsigned side = 0; side < shown->count; side++)
    baro_damaged_input_say("view", shown->profiles[side], shown->options.paths[side]);
  baro_error err;
  if (values->output == NULL)
    return open_in_browser(shown);
  if (write_to(shown, values->output, values->overwrite, &err) != BARO_OK)
    return baro_cli_fail("view: %s", err.message);
  return BARO_EXIT_OK;
}

static int run(const baro_call *call) {
  const view_values *values = call->values;
  if (values->output != NULL && baro_path_is_standard_output(values->output) &&
      isatty(STDOUT_FILENO))
    return baro_cli_fail("view: a page is not for a terminal; give -o OUT.html");
  shown_page shown = {.options.limit_bytes = (uint64_t)(values->size_mb * 1e6),
                      .options.source = (baro_html_source)values->source,
                      .count = call->operand_count > 1 ? SIDES_MAX : 1};
  int status = BARO_EXIT_OK;
  baro_unfinished_catch_at(values->output == NULL ? "" : values->output,
                           "barograph: view: interrupted; no page was written\n");
  for (unsigned side = 0; status == BARO_EXIT_OK && side < shown.count; side++) {
    const char *path = baro_call_input(call, (int)side);
    baro_error err;
    shown.options.paths[side] = path;
    if (baro_profile_load(path, &shown.profiles[side], &err) != BARO_OK)
      status = baro_cli_fail("view: %s", err.message);
  }
  if (status == BARO_EXIT_OK)
    status = check_sides(&shown);
  if (status == BARO_EXIT_OK)
    status = show(&shown, values);
  for (unsigned side = 0; side < SIDES_MAX; side++)
    baro_profile_destroy(shown.profiles[side]);
  return status;
}

static const baro_option options[] = {
    {.name = "output",
     .letter = 'o',
     .kind = BARO_OPTION_TEXT,
     .value = "OUT",
     .offset = offsetof(view_values, output),
     .completion = BARO_COMPLETE_FILE,
     .help = "write the page to the file OUT (-: standard output) and open no browser"},
    {.name = "force",
     .letter = 'f',
     .offset = offsetof(view_values, overwrite),
     .help = "replace OUT if it exists, and keep it as OUT.old"},
    {.name = "source",
     .kind = BARO_OPTION_CHOICE,
     .value = "WHAT",
     .choices = "none|snippets|full",
     .offset = offsetof(view_values, source),
     .help =
         "put source on the page: of your own functions that have time (snippets) or all of their "
         "files (full), where they have not changed since the run; none (the default)"},
    {.name = "size",
     .kind = BARO_OPTION_NUMBER,
     .value = "MB",
     .minimum = 0.5,
     .maximum = 1000,
     .offset = offsetof(view_values, size_mb),
     .help =
         "keep the page below MB megabytes (default: 25): above it small leaves of the call tree "
         "are put together and the timeline is coarser, and the page says so"},
};

static const view_values defaults = {0};

const baro_command baro_command_view = {
    .name = "view",
    .summary = "show a recording, or two beside each other, in a browser",
    .usage = "[OPTION...] [FILE]\n[OPTION...] BASE NEW",
    .description =
        "Writes one HTML file that shows a recording in any current browser, from disk and without "
        "a network: everything is in it. FILE is barograph.baro unless given. With two recordings "
        "the page compares them: BASE is before, NEW is after.\n\n"
        "Without -o the file is a temporary one, and the browser of BROWSER, or of the desktop, "
        "is opened.",
    .examples = "  barograph view\n"
                "  barograph view -o night.html night.baro\n"
                "  barograph view -o change.html before.baro after.baro\n",
    .options = {.rows = options, .count = sizeof(options) / sizeof(options[0])},
    .defaults = &defaults,
    .values_size = sizeof(defaults),
    .operands_at_most = SIDES_MAX,
    .operand_completion = BARO_COMPLETE_RECORDING,
    .run = run,
};

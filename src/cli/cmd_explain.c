/* barograph explain: recording -> profile -> why it took as long, as text or JSON on stdout. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/damaged_input.h"
#include "cli/options.h"
#include "explain/explain.h"
#include "profile/profile.h"
#include "show/explain_show.h"
#include "show/explain_why.h"

enum { TOP_DEFAULT = 10 }; /* rows of text */

typedef struct explain_values {
  int color;
  const char *why;
  uint64_t top;
  bool json;
} explain_values;

static int print_json(const baro_explanation *explanation, const baro_explain_options *options) {
  baro_stream stream;
  baro_error err;
  baro_stream_init(&stream, baro_sink_stream, stdout);
  if (baro_explain_json(explanation, options, &stream, &err) != BARO_OK)
    return baro_cli_fail("explain: %s", err.message);
  return baro_cli_finish(&stream);
}

static int print_text(const baro_explanation *explanation, const baro_explain_options *options,
                      int color) {
  baro_buffer out = {0};
  baro_terminal terminal = baro_terminal_of(STDOUT_FILENO, (baro_color_choice)color);
  baro_explain_text(explanation, options, &terminal, &out);
  int status = baro_cli_print(&out);
  baro_buffer_release(&out);
  return status;
}

/* --- why --- */

enum { MATCHES_TOLD = 5 };

static baro_view operator_name(const baro_profile *profile, uint32_t operator_id) {
  return baro_profile_string(profile, profile->dataflow.operators[operator_id].name_string);
}

static const char *name_at(const void *context, size_t index) {
  const baro_profile *profile = context;
  return index < profile->dataflow.operator_count
             ? (const char *)operator_name(profile, (uint32_t)index).data
             : NULL;
}

/* One line: the names that it could have been, or of those with the most time. */
static int fail_match(const baro_explanation *all, const char *text, const uint32_t *ids,
                      uint32_t count) {
  const baro_profile *profile = all->profile;
  const char *near = count == 0 ? baro_suggest(text, name_at, profile) : NULL;
  baro_buffer names = {0};
  if (near != NULL) {
    int status = baro_cli_fail("explain: --why %s: no operator has that name%s", text,
                               baro_suggestion_words(near, &names));
    baro_buffer_release(&names);
    return status;
  }
  uint32_t told = count > 0 ? count : all->operator_count;
  for (uint32_t i = 0; i < told && i < MATCHES_TOLD; i++) {
    baro_view name = operator_name(profile, count > 0 ? ids[i] : all->operators[i].operator_id);
    baro_write_format(&names, "%s'%.*s'", i > 0 ? ", " : "", (int)name.length,
                      (const char *)name.data);
  }
  if (told > MATCHES_TOLD)
    baro_write_format(&names, " and %u more", told - MATCHES_TOLD);
  baro_write_u8(&names, '\0');
  int status = names.failed ? baro_cli_fail("explain: out of memory")
               : count > 0
                   ? baro_cli_fail("explain: --why %s: %u operators have that in their names: %s",
                                   text, count, (const char *)names.data)
                   : baro_cli_fail("explain: --why %s: no operator has that name: those with "
                                   "the most time are %s",
                                   text, (const char *)names.data);
  baro_buffer_release(&names);
  return status;
}

static int print_why(const baro_explanation *all, const explain_values *values,
                     const baro_explain_options *options) {
  uint32_t ids[MATCHES_TOLD];
  uint32_t count = baro_why_match(all, values->why, ids, MATCHES_TOLD);
  if (count != 1)
    return fail_match(all, values->why, ids, count);
  baro_why why;
  int status;
  if (baro_why_find(all, ids[0], &why) != BARO_OK) {
    status = baro_cli_fail("explain: out of memory");
  } else if (values->json) {
    baro_stream stream;
    baro_stream_init(&stream, baro_sink_stream, stdout);
    baro_why_json(all, &why, &stream);
    status = baro_cli_finish(&stream);
  } else {
    baro_buffer out = {0};
    baro_terminal terminal = baro_terminal_of(STDOUT_FILENO, (baro_color_choice)values->color);
    baro_why_text(all, &why, options, &terminal, &out);
    status = baro_cli_print(&out);
    baro_buffer_release(&out);
  }
  baro_why_release(&why);
  return status;
}

static int print_explanation(const baro_profile *profile, const explain_values *values) {
  char directory[PATH_MAX];
  baro_explain_options options = {
      .top = baro_top_rows(values->top, values->json, TOP_DEFAULT),
      .directory = getcwd(directory, sizeof(directory)),
      .home = getenv("HOME"),
  };
  baro_explanation explanation;
  int status;
  if (baro_explain(profile, &explanation) != BARO_OK)
    status = baro_cli_fail("explain: out of memory");
  else if (values->why != NULL && !explanation.is_dataflow)
    status = baro_cli_fail("explain: --why is of operators of a framework's log: the recording has "
                           "none");
  else if (values->why != NULL)
    status = print_why(&explanation, values, &options);
  else if (values->json)
    status = print_json(&explanation, &options);
  else
    status = print_text(&explanation, &options, values->color);
  baro_explanation_release(&explanation);
  return status;
}

/* What has no time of tasks or samples has no reasons either. */
static int check_profile(const baro_profile *profile, const char *path) {
  if (profile->dataflow.task_count > 0)
    return BARO_EXIT_OK;
  baro_view from;
  if (profile->samples.count == 0 && profile->calls.count > 0 &&
      baro_profile_info(profile, "imported_from", &from))
    return baro_cli_fail("explain: %s: %.*s has only calls, and nothing of what they waited for; "
                         "see where the time went: barograph report %s",
                         path, (int)from.length, (const char *)from.data, path);
  if (profile->samples.count == 0 && profile->calls.count > 0)
    return baro_cli_fail("explain: %s: what calls waited for is in samples only, and the recording "
                         "has none; record with --rate too",
                         path);
  if (profile->samples.count == 0)
    return baro_cli_fail("explain: %s: the recording has neither tasks nor samples%s", path,
                         baro_damaged_input_is(profile) ? ": it is damaged, see: barograph report"
                                                        : "");
  if (baro_profile_weight_unit(profile).length > 0)
    return baro_cli_fail("explain: %s: what was imported is no time", path);
  return BARO_EXIT_OK;
}

static int run(const baro_call *call) {
  const char *path = baro_call_input(call, 0);
  baro_profile *profile = NULL;
  baro_error err;
  if (baro_profile_load(path, &profile, &err) != BARO_OK)
    return baro_cli_fail("explain: %s", err.message);
  const explain_values *values = call->values;
  int status = check_profile(profile, path);
  /* The head of a sampled program's text has a line of its own. */
  if (status == BARO_EXIT_OK && (values->json || profile->dataflow.task_count > 0))
    baro_damaged_input_say("explain", profile, path);
  if (status == BARO_EXIT_OK)
    status = print_explanation(profile, call->values);
  baro_profile_destroy(profile);
  return status;
}

static const baro_option options[] = {
    BARO_OPTION_ROW_TOP(
        offsetof(explain_values, top),
        "show N findings, and N rows of each table (default: 10, with --json all; 0: all)"),
    {.name = "why",
     .kind = BARO_OPTION_TEXT,
     .value = "OP",
     .offset = offsetof(explain_values, why),
     .help = "say how the time of the operator OP is known, and what is guessed of it and why; OP "
             "is a name, a part of one, or a stage's number"},
    BARO_OPTION_ROW_JSON(offsetof(explain_values, json), "explain/1"),
    BARO_OPTION_ROW_COLOR(offsetof(explain_values, color)),
};

static const explain_values defaults = {.top = BARO_TOP_AUTO};

const baro_command baro_command_explain = {
    .name = "explain",
    .summary = "say why a run took as long as it did, and what to try",
    .usage = "[OPTION...] [FILE]",
    .description =
        "Of a framework's log that was imported: the critical path from the begin of the run to "
        "its "
        "end, the time of each resource on it and in all tasks, and what stands out, such as "
        "skewed "
        "partitions, spilling or a driver that works alone. Of a sampled program: what it waited "
        "for, by reason, and where. FILE is barograph.baro unless given.\n\n"
        "Each finding has the run time that it explains at most, computed from the recording, and "
        "something to try. Where nothing stands out, that is said.",
    .examples = "  barograph import eventlog_v2_app-20261122-0001 && barograph explain\n"
                "  barograph explain --top 3 night.baro\n"
                "  barograph explain --why 'stage 4' job.baro\n"
                "  barograph explain --json job.baro | jq '.findings[0]'\n",
    .options = {.rows = options, .count = sizeof(options) / sizeof(options[0])},
    .defaults = &defaults,
    .values_size = sizeof(defaults),
    .operands_at_most = 1,
    .operand_completion = BARO_COMPLETE_RECORDING,
    .run = run,
};

/* barograph diff: two recordings -> profiles -> what changed, as text or JSON on stdout. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "cli/damaged_input.h"
#include "explain/run_diff.h"
#include "profile/profile.h"
#include "show/diff_program.h"
#include "show/diff_show.h"

enum { TOP_DEFAULT = 10 }; /* rows of text */

typedef struct diff_values {
  int color;
  uint64_t top;
  bool json;
} diff_values;

typedef struct asked {
  const diff_values *values;
  const baro_profile *profiles[BARO_DIFF_SIDES];
  baro_diff_options options;
} asked;

static int print_runs(const asked *a, const baro_run_diff *diff) {
  baro_error err;
  if (a->values->json) {
    baro_stream stream;
    baro_stream_init(&stream, baro_sink_stream, stdout);
    return baro_diff_json(diff, &a->options, &stream, &err) != BARO_OK
               ? baro_cli_fail("diff: %s", err.message)
               : baro_cli_finish(&stream);
  }
  baro_buffer out = {0};
  baro_terminal terminal = baro_terminal_of(STDOUT_FILENO, (baro_color_choice)a->values->color);
  baro_diff_text(diff, &a->options, &terminal, &out);
  int status = baro_cli_print(&out);
  baro_buffer_release(&out);
  return status;
}

/* Of frameworks' logs. */
static int compare_runs(const asked *a) {
  baro_explanation explanations[BARO_DIFF_SIDES] = {0};
  const baro_explanation *const sides[] = {&explanations[BARO_BEFORE], &explanations[BARO_AFTER]};
  baro_run_diff diff = {0};
  baro_status found = BARO_OK;
  for (int side = 0; side < BARO_DIFF_SIDES && found == BARO_OK; side++)
    found = baro_explain(a->profiles[side], &explanations[side]);
  if (found == BARO_OK)
    found = baro_run_diff_make(sides, &diff);
  int status = found == BARO_OK ? print_runs(a, &diff) : baro_cli_fail("diff: out of memory");
  baro_run_diff_release(&diff);
  for (int side = 0; side < BARO_DIFF_SIDES; side++)
    baro_explanation_release(&explanations[side]);
  return status;
}

static int print_program(const asked *a, const baro_program_diff *diff) {
  baro_error err;
  if (a->values->json) {
    baro_stream stream;
    baro_stream_init(&stream, baro_sink_stream, stdout);
    return baro_program_diff_json(diff, &a->options, &stream, &err) != BARO_OK
               ? baro_cli_fail("diff: %s", err.message)
               : baro_cli_finish(&stream);
  }
  baro_buffer out = {0};
  baro_terminal terminal = baro_terminal_of(STDOUT_FILENO, (baro_color_choice)a->values->color);
  baro_program_diff_text(diff, &a->options, &terminal, &out);
  int status = baro_cli_print(&out);
  baro_buffer_release(&out);
  return status;
}

/* Of recorded programs, and of profiles of other tools. */
static int compare_programs(const asked *a) {
  baro_html_names names = {0};
  baro_function_diffs functions = {0};
  const baro_program_diff diff = {
      .profiles = {a->profiles[0], a->profiles[1]}, .names = &names, .functions = &functions};
  baro_error err;
  int status;
  if (baro_html_names_init(&names, a->profiles, BARO_DIFF_SIDES, &err) != BARO_OK)
    status = baro_cli_fail("diff: %s", err.message);
  else if (!baro_function_diffs_find(a->profiles, &names, &functions))
    status = baro_cli_fail("diff: out of memory");
  else
    status = print_program(a, &diff);
  baro_function_diffs_release(&functions);
  baro_html_names_release(&names);
  return status;
}

/* Operators and functions, or samples and calls, are no two sides of anything. */
static int compare(const asked *a) {
  bool tasks[BARO_DIFF_SIDES], samples[BARO_DIFF_SIDES], calls[BARO_DIFF_SIDES];
  const char *const *paths = a->options.paths;
  for (int side = 0; side < BARO_DIFF_SIDES; side++) {
    tasks[side] = a->profiles[side]->dataflow.task_count > 0;
    samples[side] = a->profiles[side]->samples.count > 0;
    calls[side] = a->profiles[side]->calls.count > 0;
    if (!tasks[side] && !samples[side] && !calls[side])
      return baro_cli_fail("diff: nothing to compare with: %s is empty", paths[side]);
  }
  if (tasks[0] && tasks[1])
    return compare_runs(a);
  if (tasks[0] != tasks[1])
    return baro_cli_fail("diff: nothing to compare: %s is a log of a framework, %s is none",
                         paths[tasks[0] ? 0 : 1], paths[tasks[0] ? 1 : 0]);
  if ((samples[0] && samples[1]) || (calls[0] && calls[1]))
    return compare_programs(a);
  return baro_cli_fail("diff: nothing to compare: %s has %s only, %s has %s only", paths[0],
                       samples[0] ? "samples" : "calls", paths[1],
                       samples[1] ? "samples" : "calls");
}

static int run(const baro_call *call) {
  const diff_values *values = call->values;
  char directory[PATH_MAX];
  asked a = {.values = values,
             .options = {.paths = {call->operands[0], call->operands[1]},
                         .top = baro_top_rows(values->top, values->json, TOP_DEFAULT),
                         .directory = getcwd(directory, sizeof(directory)),
                         .home = getenv("HOME")}};
  baro_profile *profiles[BARO_DIFF_SIDES] = {NULL, NULL};
  int status = BARO_EXIT_OK;
  for (int side = 0; side < BARO_DIFF_SIDES && status == BARO_EXIT_OK; side++) {
    baro_error err;
    if (baro_profile_load(a.options.paths[side], &profiles[side], &err) != BARO_OK)
      status = baro_cli_fail("diff: %s", err.message);
    else
      baro_damaged_input_say("diff", profiles[side], a.options.paths[side]);
    a.profiles[side] = profiles[side];
  }
  if (status == BARO_EXIT_OK)
    status = compare(&a);
  for (int side = 0; side < BARO_DIFF_SIDES; side++)
    baro_profile_destroy(profiles[side]);
  return status;
}

static const baro_option options[] = {
    BARO_OPTION_ROW_TOP(offsetof(diff_values, top),
                        "show N rows of each table (default: 10, with --json all; 0: all)"),
    BARO_OPTION_ROW_JSON(offsetof(diff_values, json), "diff/1"),
    BARO_OPTION_ROW_COLOR(offsetof(diff_values, color)),
};

static const diff_values defaults = {.top = BARO_TOP_AUTO};

const baro_command baro_command_diff = {
    .name = "diff",
    .summary = "say what changed between two recordings",
    .usage = "[OPTION...] BASE NEW",
    .description =
        "BASE is before, NEW is after. First how much longer or shorter the run was. Then, of two "
        "imported logs of Spark, Flink, PyTorch or TensorFlow, which parts of the critical path "
        "and "
        "which operators that was, what they used or waited for, and which settings differ; of two "
        "recorded programs, the functions whose own time changed by more than chance.",
    .examples = "  barograph diff before.baro after.baro\n"
                "  barograph diff --json before.baro after.baro | jq '.operators[0]'\n",
    .options = {.rows = options, .count = sizeof(options) / sizeof(options[0])},
    .defaults = &defaults,
    .values_size = sizeof(defaults),
    .operands_at_least = 2,
    .operands_at_most = 2,
    .operand_completion = BARO_COMPLETE_RECORDING,
    .run = run,
};

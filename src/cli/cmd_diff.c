/* barograph diff: two recordings -> profiles -> what changed, as text or JSON on stdout. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/common_options.h"
#include "explain/run_diff.h"
#include "profile/profile.h"
#include "show/diff_show.h"

/* TOP_AUTO, when it is not given: what fits a screen, but all of JSON. */
enum { TOP_DEFAULT = 10, TOP_LIMIT = 1000000, TOP_AUTO = TOP_LIMIT + 1 };

typedef struct diff_values {
  int color;
  uint64_t top;
  bool json;
} diff_values;

static int print_diff(const baro_run_diff *diff, const diff_values *values, char *const *paths) {
  char directory[PATH_MAX];
  uint64_t top = values->top != TOP_AUTO ? values->top : values->json ? 0 : TOP_DEFAULT;
  const baro_diff_options options = {.paths = {paths[BARO_BEFORE], paths[BARO_AFTER]},
                                     .top = (uint32_t)top,
                                     .directory = getcwd(directory, sizeof(directory)),
                                     .home = getenv("HOME")};
  if (values->json) {
    baro_stream stream;
    baro_error err;
    baro_stream_init(&stream, baro_sink_stream, stdout);
    if (baro_diff_json(diff, &options, &stream, &err) != BARO_OK)
      return baro_cli_fail("diff: %s", err.message);
    return baro_cli_finish(&stream);
  }
  baro_buffer out = {0};
  baro_terminal terminal = baro_terminal_of(STDOUT_FILENO, (baro_color_choice)values->color);
  baro_diff_text(diff, &options, &terminal, &out);
  int status = baro_cli_print(&out);
  baro_buffer_release(&out);
  return status;
}

static int explain_both(baro_profile *const profiles[BARO_DIFF_SIDES], const diff_values *values,
                        char *const *paths) {
  baro_explanation explanations[BARO_DIFF_SIDES] = {0};
  const baro_explanation *const sides[] = {&explanations[BARO_BEFORE], &explanations[BARO_AFTER]};
  baro_run_diff diff = {0};
  int status = BARO_EXIT_OK;
  for (int side = 0; side < BARO_DIFF_SIDES && status == BARO_EXIT_OK; side++) {
    if (baro_explain(profiles[side], &explanations[side]) != BARO_OK)
      status = baro_cli_fail("diff: out of memory");
  }
  if (status == BARO_EXIT_OK && baro_run_diff_make(sides, &diff) != BARO_OK)
    status = baro_cli_fail("diff: out of memory");
  if (status == BARO_EXIT_OK)
    status = print_diff(&diff, values, paths);
  baro_run_diff_release(&diff);
  for (int side = 0; side < BARO_DIFF_SIDES; side++)
    baro_explanation_release(&explanations[side]);
  return status;
}

static int run(const baro_call *call) {
  baro_profile *profiles[BARO_DIFF_SIDES] = {NULL, NULL};
  int status = BARO_EXIT_OK;
  for (int side = 0; side < BARO_DIFF_SIDES && status == BARO_EXIT_OK; side++) {
    const char *path = call->operands[side];
    baro_error err;
    if (baro_profile_load(path, &profiles[side], &err) != BARO_OK)
      status = baro_cli_fail("diff: %s", err.message);
    else if (profiles[side]->dataflow.task_count == 0)
      status = baro_cli_fail("diff: %s: no framework's log with tasks; the functions of two "
                             "recordings are compared by: barograph view BASE NEW",
                             path);
  }
  if (status == BARO_EXIT_OK)
    status = explain_both(profiles, call->values, call->operands);
  for (int side = 0; side < BARO_DIFF_SIDES; side++)
    baro_profile_destroy(profiles[side]);
  return status;
}

static const baro_option options[] = {
    {.name = "top",
     .letter = 'n',
     .kind = BARO_OPTION_COUNT,
     .value = "N",
     .maximum = TOP_LIMIT,
     .offset = offsetof(diff_values, top),
     .help = "show N rows of each table (default: 10, with --json all; 0: all)"},
    BARO_OPTION_ROW_JSON(offsetof(diff_values, json), "diff/1"),
    BARO_OPTION_ROW_COLOR(offsetof(diff_values, color)),
};

static const diff_values defaults = {.top = TOP_AUTO};

const baro_command baro_command_diff = {
    .name = "diff",
    .summary = "say what changed between two runs of a framework's job",
    .usage = "[OPTION...] BASE NEW",
    .description =
        "Compares two imported logs of Spark, Flink, PyTorch or TensorFlow: BASE is before, NEW is "
        "after. First how much longer or shorter the run was, then which parts of the critical "
        "path and which operators that was, what they used or waited for, and which settings "
        "differ. The functions of two recorded programs are compared by: barograph view BASE NEW.",
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

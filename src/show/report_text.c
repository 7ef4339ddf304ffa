#include <string.h>

#include "show/call_rows.h"
#include "show/place.h"
#include "show/report_parts.h"
#include "show/summary.h"
#include "show/text_wrap.h"

void baro_report_legend(baro_report *report) {
  baro_buffer *out = report->out;
  size_t column = 0;
  for (int i = 0; i < BARO_STATE_COUNT; i++) {
    /* Unknown, the first of the list, stands last. */
    baro_state state = (baro_state)((i + 1) % BARO_STATE_COUNT);
    if (!report->shown[state])
      continue;
    size_t width = 2 + strlen(baro_state_words(state));
    if (column == 0 || column + 3 + width > report->terminal->columns) {
      baro_write_text(out, "\n  ");
      column = 2;
    } else {
      baro_write_text(out, "   ");
      column += 3;
    }
    baro_write_bar(out, report->terminal, state, 1);
    baro_write_format(out, " %s", baro_state_words(state));
    column += width;
  }
  if (column > 0)
    baro_write_u8(out, '\n');
}

/* The sentence that says what the program mostly did. */
static void write_summary(baro_report *report) {
  baro_arena scratch = {0};
  baro_view sentence = baro_summary(report->profile, report->options->measure, &scratch);
  if (sentence.data == NULL)
    report->out->failed = true;
  baro_wrap wrap = {.columns = report->terminal->columns, .unicode = report->terminal->unicode};
  baro_write_u8(report->out, '\n');
  baro_style_begin(report->out, report->terminal, BARO_STYLE_STRONG);
  baro_write_wrapped(report->out, &wrap, sentence);
  baro_style_end(report->out, report->terminal, BARO_STYLE_STRONG);
  baro_write_u8(report->out, '\n');
  baro_arena_release(&scratch);
}

const char *baro_report_folder(const baro_profile *profile, const char *directory,
                               baro_arena *keep) {
  const char *common = baro_common_folder(profile, keep);
  size_t length = directory != NULL ? strlen(directory) : 0;
  if (common == NULL || common[0] == '\0')
    return directory;
  if (length > 0 && strncmp(common, directory, length) == 0 &&
      (common[length] == '/' || common[length] == '\0'))
    return directory;
  return common;
}

static void write_body(baro_report *report) {
  bool sampled = report->profile->samples.count > 0;
  bool is_dataflow = report->profile->dataflow.task_count > 0;
  if (is_dataflow)
    baro_report_operators(report);
  else
    write_summary(report);
  /* The functions of a framework's log are its operators, but where lines are asked for or waiting comes first. */
  bool asks = report->options->lines || report->options->sort != BARO_SORT_SELF;
  if (sampled && (!is_dataflow || asks)) {
    baro_report_functions(report);
    baro_report_path(report);
  }
  baro_report_calls(report);
  baro_report_slowest(report);
  if (sampled)
    baro_report_threads(report);
  else
    baro_report_call_threads(report);
  baro_report_processes(report);
  baro_report_legend(report);
}

/* All that stands below the head. */
static void write_rest(baro_report *report) {
  const baro_profile *profile = report->profile;
  if (profile->samples.count > 0 || profile->calls.count > 0 || profile->dataflow.task_count > 0)
    write_body(report);
  else if (profile->damage.dropped_samples > 0)
    write_summary(report);
  else if (baro_calls_recorded(profile))
    baro_write_text(report->out, "\nNo calls were recorded, so there is nothing to report.\n");
  else
    baro_write_text(report->out, "\nNothing was sampled, so there is nothing to report.\n");
}

void baro_report_text(const baro_profile *profile, const baro_report_options *options,
                      const baro_terminal *terminal, baro_buffer *out) {
  baro_arena scratch = {0};
  baro_report_options own = *options;
  own.directory = baro_report_folder(profile, options->directory, &scratch);
  baro_report report = {.profile = profile,
                        .options = &own,
                        .terminal = terminal,
                        .out = out,
                        .is_foreign = own.directory != options->directory,
                        .basis_ns = baro_profile_basis_ns(profile, options->measure),
                        .unit = baro_profile_weight_unit(profile)};
  baro_report_head(&report);
  if (options->callers != NULL)
    baro_report_relatives(&report, options->callers, true);
  if (options->callees != NULL)
    baro_report_relatives(&report, options->callees, false);
  if (options->callers == NULL && options->callees == NULL)
    write_rest(&report);
  baro_arena_release(&scratch);
}

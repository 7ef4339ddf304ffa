/* The text of diff for recorded programs. */
#include <math.h>

#include "base/plural.h"
#include "show/diff_parts.h"
#include "show/diff_program.h"
#include "show/diff_states.h"
#include "show/place.h"
#include "show/report_parts.h"

typedef struct page {
  const baro_program_diff *diff;
  const baro_diff_options *options;
  const char *directory; /* as files are shown */
  baro_report report;    /* what its parts want */
} page;

static baro_unit_text text_of(const page *p, double amount) {
  return baro_text_amount((uint64_t)llround(fabs(amount)), p->report.unit);
}

static void write_side(page *p, int side) {
  const baro_profile *profile = p->diff->profiles[side];
  uint64_t samples = profile->samples.count, calls = profile->calls.count;
  baro_buffer text = {0};
  baro_view command;
  baro_write_format(&text, "%s: ", p->options->paths[side]);
  if (baro_profile_info(profile, "command", &command)) {
    baro_write_bytes(&text, command.data, command.length);
    baro_write_text(&text, ", ");
  }
  if (p->report.unit.length == 0) {
    baro_write_format(&text, "%s; ", baro_text_duration(baro_diff_run_ns(profile)).text);
  }
  bool of_samples = p->diff->functions->of_samples;
  baro_write_format(&text, "%s %s", baro_text_count(of_samples ? samples : calls).text,
                    of_samples ? baro_plural(samples, "sample", "samples")
                               : baro_plural(calls, "call", "calls"));
  baro_diff_label(p->report.out, p->report.terminal, side, &text);
  baro_buffer_release(&text);
}

static void write_sentences(page *p) {
  const baro_terminal *terminal = p->report.terminal;
  baro_buffer text = {0};
  baro_write_u8(p->report.out, '\n');
  baro_program_answer(p->diff, &text);
  baro_diff_paragraph(p->report.out, terminal, BARO_STYLE_STRONG, &text);
  for (int which = 0; which < BARO_PROGRAM_SENTENCES; which++) {
    baro_buffer_clear(&text);
    baro_program_sentence_write(p->diff, (baro_program_sentence)which, terminal->unicode, &text);
    baro_diff_paragraph(p->report.out, terminal, BARO_STYLE_PLAIN, &text);
  }
  baro_buffer_release(&text);
}

static void add_amount(page *p, baro_text_table *table, double amount) {
  baro_text_table_add_format(table, amount > 0 ? BARO_STYLE_PLAIN : BARO_STYLE_FAINT, "%s",
                             amount > 0 ? text_of(p, amount).text : "-");
}

static void add_function(page *p, const baro_function_diff *row, baro_text_table *table) {
  const baro_html_function *function = &p->diff->names->functions[row->function];
  const baro_view *strings = p->diff->names->strings.views;
  double change = baro_function_change_ns(row);
  baro_buffer place = {0};
  add_amount(p, table, row->ns[BARO_BEFORE]);
  add_amount(p, table, row->ns[BARO_AFTER]);
  baro_diff_add_change(table, p->report.terminal,
                       change > 0   ? 1
                       : change < 0 ? -1
                                    : 0,
                       text_of(p, change));
  const char *sign = p->report.terminal->unicode ? "\u00b1" : "+-";
  baro_text_table_add_format(table, BARO_STYLE_FAINT, "%s%s", row->error_ns > 0 ? sign : "",
                             row->error_ns > 0 ? text_of(p, row->error_ns).text : "");
  baro_text_table_add_format(table, row->is_sure ? BARO_STYLE_PLAIN : BARO_STYLE_FAINT, "%s",
                             !row->is_sure ? "same"
                             : change > 0  ? "more"
                                           : "less");
  baro_text_table_add(table, BARO_STYLE_PLAIN, strings[function->name_string]);
  baro_write_place(&place, strings[function->file_string], function->line,
                   (baro_origin)function->origin, p->directory, p->options->home);
  table->failed = table->failed || place.failed;
  baro_text_table_add(table, BARO_STYLE_FAINT, (baro_view){place.data, place.length});
  baro_buffer_release(&place);
}

static void write_functions(page *p) {
  static const baro_column columns[] = {
      {.title = "before", .right = true},
      {.title = "after", .right = true},
      {.title = "change", .right = true},
      {.title = "error", .right = true, .drop = 1},
      {.title = "result"},
      {.title = "function", .cut = BARO_CUT_MIDDLE, .minimum = 16, .pleasant = 24},
      {.title = "place", .cut = BARO_CUT_PATH, .minimum = 10, .pleasant = 16, .drop = 2},
  };
  const baro_function_diffs *all = p->diff->functions;
  uint32_t top = p->options->top;
  uint32_t shown = top == 0 || all->count < top ? all->count : top;
  baro_text_table table;
  baro_report_heading(&p->report, "Functions",
                      baro_view_of(all->of_samples
                                       ? "their own time; what is within twice the standard error "
                                         "of the change, or 1 % of the run, is the same"
                                       : "their own time in recorded calls; what is within 1 % of "
                                         "all calls is the same"));
  baro_text_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
  for (uint32_t i = 0; i < shown; i++) {
    add_function(p, &all->rows[i], &table);
  }
  baro_text_table_write(&table, p->report.terminal, BARO_REPORT_INDENT, p->report.out);
  baro_text_table_release(&table);
  if (shown < all->count) {
    baro_report_remark(&p->report, "and %s more: --top 0 shows all",
                       baro_text_count(all->count - shown).text);
  }
  baro_report_remark(&p->report, "%s", baro_diff_caveat(all->of_samples));
}

void baro_program_diff_text(const baro_program_diff *diff, const baro_diff_options *options,
                            const baro_terminal *terminal, baro_buffer *out) {
  const baro_profile *after = diff->profiles[BARO_AFTER];
  baro_arena scratch = {0};
  page p = {.diff = diff,
            .options = options,
            .directory = baro_report_folder(after, options->directory, &scratch),
            .report = {.profile = after,
                       .terminal = terminal,
                       .out = out,
                       .unit = baro_profile_weight_unit(after)}};
  for (int side = 0; side < BARO_DIFF_SIDES; side++) {
    write_side(&p, side);
  }
  write_sentences(&p);
  write_functions(&p);
  baro_arena_release(&scratch);
}

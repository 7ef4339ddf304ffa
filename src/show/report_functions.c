/* The table of functions, or of lines. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "show/report_parts.h"
#include "show/text_table.h"
#include "show/units.h"

/* One row, of functions and of lines alike. */
typedef struct table_row {
  baro_split self;
  baro_split total;
  uint64_t waiting_ns;
  double self_error; /* negative: unknown */
  uint32_t function;
  uint32_t line;
} table_row;

static table_row row_of(const baro_report *report, uint32_t index) {
  const baro_profile *profile = report->profile;
  baro_measure measure = report->options->measure;
  bool lines = report->options->lines;
  const baro_amounts *self =
      lines ? &profile->frames.self[measure] : &profile->functions.self[measure];
  const baro_amounts *total =
      lines ? &profile->frames.total[measure] : &profile->functions.total[measure];
  const double *square =
      lines ? profile->frames.self_square[measure] : profile->functions.self_square[measure];
  table_row row = {.self = baro_split_of(self, index),
                   .total = baro_split_of(total, index),
                   .waiting_ns = baro_amount_waiting(self, index),
                   .self_error = -1};
  row.function = lines ? profile->frames.function[index] : index;
  row.line = lines ? profile->frames.line[index] : profile->functions.rows[index].first_line;
  if (report->basis_ns > 0)
    row.self_error = baro_profile_ratio_error(
        profile, measure, (double)row.self.all_ns / (double)report->basis_ns, square[index]);
  return row;
}

static double ratio_of(const baro_report *report, uint64_t ns) {
  return report->basis_ns == 0 ? -1 : (double)ns / (double)report->basis_ns;
}

/* A percentage without its sign: the heading has it. */
static void add_percent(baro_text_table *table, baro_style style, double ratio) {
  if (ratio < 0)
    baro_text_table_add_format(table, style, "-");
  else if (ratio > 0 && ratio < 0.0005)
    baro_text_table_add_format(table, style, "<0.1");
  else
    baro_text_table_add_format(table, style, "%.1f", ratio * 100);
}

static void add_view(baro_text_table *table, baro_style style, baro_buffer *text) {
  if (text->failed)
    table->failed = true;
  baro_text_table_add(table, style, (baro_view){text->data, text->length});
  baro_buffer_clear(text);
}

/* Lines have no calls. */
static bool has_calls(const baro_report *report) {
  return report->profile->calls.count > 0 && !report->options->lines;
}

static void add_calls(const baro_profile *profile, uint32_t function, baro_text_table *table) {
  const baro_profile_call_sums *sums = &profile->call_sums;
  if (sums->calls[function] == 0) {
    baro_text_table_add_format(table, BARO_STYLE_FAINT, "-");
    baro_text_table_add_format(table, BARO_STYLE_FAINT, "-");
    return;
  }
  baro_add_call_count(table, BARO_STYLE_PLAIN, sums->calls[function],
                      sums->primitive_calls[function]);
  baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%s",
                             baro_text_duration(sums->self_ns[function]).text);
}

static void add_row(baro_report *report, const table_row *row, uint64_t full_ns,
                    baro_text_table *table, baro_buffer *scratch) {
  bool by_total = report->options->sort == BARO_SORT_TOTAL;
  const baro_split *barred = by_total ? &row->total : &row->self;
  add_percent(table, BARO_STYLE_STRONG, ratio_of(report, row->self.all_ns));
  add_percent(table, BARO_STYLE_FAINT, row->self_error);
  baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%s",
                             baro_text_amount(row->self.all_ns, report->unit).text);
  add_percent(table, BARO_STYLE_PLAIN, ratio_of(report, row->total.all_ns));
  if (report->options->sort == BARO_SORT_WAIT)
    add_percent(table, BARO_STYLE_PLAIN, ratio_of(report, row->waiting_ns));
  uint32_t width =
      baro_report_bar(report, barred, full_ns, baro_report_bar_width(report->terminal), scratch);
  if (scratch->failed)
    table->failed = true;
  baro_text_table_add_raw(table, (baro_view){scratch->data, scratch->length}, width);
  baro_buffer_clear(scratch);
  baro_report_words(barred, 2, scratch);
  add_view(table, BARO_STYLE_PLAIN, scratch);
  if (has_calls(report))
    add_calls(report->profile, row->function, table);
  baro_text_table_add(table, BARO_STYLE_PLAIN,
                      baro_report_function_name(report->profile, row->function));
  baro_report_place(report, row->function, row->line, scratch);
  add_view(table, BARO_STYLE_FAINT, scratch);
}

/* The columns in the order in which add_row fills them. */
static size_t choose_columns(const baro_report *report, baro_column columns[]) {
  const baro_report_options *options = report->options;
  size_t count = 0;
  columns[count++] = (baro_column){.title = "self %", .right = true};
  columns[count++] = (baro_column){.title = report->terminal->unicode ? "\xc2\xb1" : "+-",
                                   .right = true,
                                   .drop = options->measure == BARO_MEASURE_RUN ? 2 : 9};
  columns[count++] = (baro_column){.title = "self", .right = true, .drop = 4};
  columns[count++] = (baro_column){
      .title = "total %", .right = true, .drop = options->sort == BARO_SORT_TOTAL ? 0 : 1};
  if (options->sort == BARO_SORT_WAIT)
    columns[count++] = (baro_column){.title = "wait %", .right = true};
  columns[count++] = (baro_column){
      .title = options->sort == BARO_SORT_TOTAL ? "total, by what it did" : "spent", .drop = 3};
  columns[count++] = (baro_column){.title = "mostly", .drop = 5};
  if (has_calls(report)) {
    columns[count++] = (baro_column){.title = "calls", .right = true, .drop = 1};
    columns[count++] = (baro_column){.title = "self in calls", .right = true, .drop = 2};
  }
  columns[count++] = (baro_column){
      .title = "function", .cut = BARO_CUT_MIDDLE, .minimum = 12, .pleasant = 22, .maximum = 80};
  columns[count++] = (baro_column){.title = options->lines ? "line" : "place",
                                   .cut = BARO_CUT_PATH,
                                   .minimum = 10,
                                   .pleasant = 14};
  return count;
}

static uint64_t longest_bar(const baro_report *report, const uint32_t *order, uint32_t shown) {
  uint64_t longest = 0;
  for (uint32_t i = 0; i < shown; i++) {
    table_row row = row_of(report, order[i]);
    uint64_t ns = report->options->sort == BARO_SORT_TOTAL ? row.total.all_ns : row.self.all_ns;
    if (ns > longest)
      longest = ns;
  }
  return longest;
}

static void write_table(baro_report *report, const uint32_t *order, uint32_t shown) {
  baro_column columns[BARO_TABLE_COLUMNS_MAX];
  size_t column_count = choose_columns(report, columns);
  baro_text_table table;
  baro_text_table_init(&table, columns, column_count);
  baro_buffer scratch = {0};
  uint64_t full_ns = longest_bar(report, order, shown);
  for (uint32_t i = 0; i < shown; i++) {
    table_row row = row_of(report, order[i]);
    add_row(report, &row, full_ns, &table, &scratch);
  }
  baro_text_table_write(&table, report->terminal, BARO_REPORT_INDENT, report->out);
  baro_buffer_release(&scratch);
  baro_text_table_release(&table);
}

/* How much the rows that are not shown hold. */
static void write_rest(baro_report *report, const uint32_t *order, uint32_t shown, uint32_t count) {
  if (shown >= count)
    return;
  uint64_t rest_ns = 0;
  for (uint32_t i = shown; i < count; i++)
    rest_ns += row_of(report, order[i]).self.all_ns;
  baro_report_remark(report, "and %s more, self %s together; --top 0 shows all",
                     baro_text_count(count - shown).text,
                     baro_text_percent(ratio_of(report, rest_ns)).text);
}

static void write_title(baro_report *report) {
  const baro_report_options *options = report->options;
  static const char *const orders[] = {"their own time", "time with what they call",
                                       "their own waiting"};
  char title[64], remark[160];
  snprintf(title, sizeof(title), "%s by %s", options->lines ? "Lines" : "Functions",
           orders[options->sort]);
  snprintf(remark, sizeof(remark), "shares of %s%s",
           baro_text_amount(report->basis_ns, report->unit).text,
           report->unit.length != 0               ? ""
           : options->measure == BARO_MEASURE_RUN ? " of the run"
                                                  : " of all threads' time");
  uint64_t idle = report->profile->state_ns[options->measure][BARO_STATE_IDLE];
  if (idle > 0) {
    size_t used = strlen(remark);
    snprintf(remark + used, sizeof(remark) - used, "; %s idle is left out",
             baro_text_amount(idle, report->unit).text);
  }
  baro_buffer text = {0};
  baro_write_text(&text, remark);
  if (report->is_foreign)
    baro_write_format(&text, "; places are below %s/", options->directory);
  if (text.failed)
    report->out->failed = true;
  baro_report_heading(report, title, (baro_view){text.data, text.length});
  baro_buffer_release(&text);
}

void baro_report_functions(baro_report *report) {
  baro_arena scratch = {0};
  uint32_t count = 0;
  uint32_t *order = baro_report_order(report->profile, report->options, &scratch, &count);
  if (order == NULL) {
    report->out->failed = true;
    return;
  }
  const baro_report_options *options = report->options;
  uint32_t top = options->top;
  uint32_t shown = top == 0 || top > count ? count : top;
  if (shown == 0) {
    baro_report_heading(report, "Functions",
                        baro_view_of(options->sort == BARO_SORT_WAIT
                                         ? "none: no function waited"
                                         : "none: no thread did anything but wait idly"));
  } else {
    write_title(report);
    write_table(report, order, shown);
    write_rest(report, order, shown, count);
  }
  baro_arena_release(&scratch);
}

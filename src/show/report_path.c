/* The hottest call path as a small tree. */

#include "base/plural.h"
#include "show/hot_path.h"
#include "show/report_parts.h"
#include "show/text_table.h"
#include "show/units.h"

enum {
  PATH_HEAD_SHOWN = 4, /* steps shown before and after the gap of a long path */
  PATH_TAIL_SHOWN = 8,
  PATH_INDENT_MAX = 12,     /* deeper steps are not indented further */
  NARROW_COLUMNS = 60,      /* below, the place of a step stands under its function */
  NARROW_SELF_COLUMNS = 50, /* below, there is no share of its own either */
  NARROW_INDENT_MAX = 4,
  TOTAL_COLUMNS = 7 + BARO_TABLE_GAP, /* of a share below its title */
  SELF_COLUMNS = 6 + BARO_TABLE_GAP,
};

static bool is_narrow(const baro_report *report) {
  return report->terminal->columns < NARROW_COLUMNS;
}

static bool has_self(const baro_report *report) {
  return report->terminal->columns >= NARROW_SELF_COLUMNS;
}

static void write_indent(const baro_report *report, uint32_t depth, baro_buffer *scratch) {
  uint32_t limit = is_narrow(report) ? NARROW_INDENT_MAX : PATH_INDENT_MAX;
  for (uint32_t i = 1; i < depth && i < limit; i++)
    baro_write_text(scratch, "  ");
}

static void write_branch(const baro_report *report, uint32_t depth, baro_buffer *scratch) {
  write_indent(report, depth, scratch);
  if (depth > 0)
    baro_write_text(scratch, report->terminal->unicode ? "\xe2\x94\x94 " : "` ");
}

static void add_text(baro_text_table *table, baro_style style, baro_buffer *text) {
  if (text->failed)
    table->failed = true;
  baro_text_table_add(table, style, (baro_view){text->data, text->length});
  baro_buffer_clear(text);
}

/* A row of its own, as far below the function as the branch is wide. */
static void add_place_row(const baro_report *report, const baro_hot_step *step, uint32_t depth,
                          baro_text_table *table, baro_buffer *scratch) {
  baro_buffer place = {0};
  baro_report_place(report, step->function, step->line, &place);
  write_indent(report, depth, scratch);
  baro_write_text(scratch, depth > 0 ? "    " : "  ");
  size_t used = BARO_REPORT_INDENT + TOTAL_COLUMNS + (has_self(report) ? SELF_COLUMNS : 0);
  baro_write_fitted(scratch, (baro_view){place.data, place.length},
                    report->terminal->columns - used - scratch->length, BARO_CUT_PATH,
                    report->terminal->unicode);
  baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%s", "");
  if (has_self(report))
    baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%s", "");
  if (place.failed)
    table->failed = true;
  baro_buffer_release(&place);
  add_text(table, BARO_STYLE_FAINT, scratch);
}

static void add_step(const baro_report *report, const baro_hot_step *step, uint32_t depth,
                     baro_text_table *table, baro_buffer *scratch) {
  double ratio = (double)step->total_ns / (double)report->basis_ns;
  double self = (double)step->self_ns / (double)report->basis_ns;
  baro_text_table_add_format(table, BARO_STYLE_STRONG, "%.1f", ratio * 100);
  if (has_self(report) && self >= 0.0005)
    baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%.1f", self * 100);
  else if (has_self(report))
    baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%s", "");
  write_branch(report, depth, scratch);
  baro_view name = baro_report_function_name(report->profile, step->function);
  baro_write_bytes(scratch, name.data, name.length);
  if (step->repeats > 0)
    baro_write_format(scratch, report->terminal->unicode ? " \xc3\x97%u" : " x%u",
                      step->repeats + 1);
  add_text(table, BARO_STYLE_PLAIN, scratch);
  if (is_narrow(report)) {
    add_place_row(report, step, depth, table, scratch);
    return;
  }
  baro_report_place(report, step->function, step->line, scratch);
  add_text(table, BARO_STYLE_FAINT, scratch);
}

static void add_gap(const baro_report *report, uint32_t hidden, uint32_t depth,
                    baro_text_table *table, baro_buffer *scratch) {
  baro_text_table_add_format(table, BARO_STYLE_FAINT, "%s", "");
  if (has_self(report))
    baro_text_table_add_format(table, BARO_STYLE_FAINT, "%s", "");
  write_branch(report, depth, scratch);
  baro_write_format(scratch, "(%s %s between)", baro_text_count(hidden).text,
                    baro_plural(hidden, "function", "functions"));
  add_text(table, BARO_STYLE_FAINT, scratch);
  if (!is_narrow(report))
    baro_text_table_add_format(table, BARO_STYLE_FAINT, "%s", "");
}

static size_t choose_columns(const baro_report *report, baro_column columns[]) {
  size_t count = 0;
  columns[count++] = (baro_column){.title = "total %", .right = true};
  if (has_self(report))
    columns[count++] =
        (baro_column){.title = "self %", .right = true, .drop = is_narrow(report) ? 0 : 1};
  columns[count++] = (baro_column){
      .title = "function", .cut = BARO_CUT_MIDDLE, .minimum = 16, .pleasant = 24, .maximum = 100};
  if (!is_narrow(report))
    columns[count++] =
        (baro_column){.title = "line", .cut = BARO_CUT_PATH, .minimum = 10, .pleasant = 16};
  return count;
}

static void write_path(baro_report *report, const baro_hot_path *path) {
  baro_column columns[BARO_TABLE_COLUMNS_MAX];
  baro_text_table table;
  baro_text_table_init(&table, columns, choose_columns(report, columns));
  baro_buffer scratch = {0};
  bool cut = path->count > PATH_HEAD_SHOWN + PATH_TAIL_SHOWN + 1;
  uint32_t depth = 0;
  for (uint32_t i = 0; i < path->count; i++, depth++) {
    if (cut && i == PATH_HEAD_SHOWN) {
      uint32_t hidden = path->count - PATH_HEAD_SHOWN - PATH_TAIL_SHOWN;
      add_gap(report, hidden, depth, &table, &scratch);
      i += hidden;
      depth++;
    }
    add_step(report, &path->steps[i], depth, &table, &scratch);
  }
  baro_text_table_write(&table, report->terminal, BARO_REPORT_INDENT, report->out);
  baro_buffer_release(&scratch);
  baro_text_table_release(&table);
}

void baro_report_path(baro_report *report) {
  baro_arena scratch = {0};
  baro_hot_path path;
  if (report->basis_ns > 0) {
    if (!baro_hot_path_find(report->profile, report->options->measure, &scratch, &path)) {
      report->out->failed = true;
    } else if (path.count > 0) {
      baro_report_heading(report, "Hottest call path", (baro_view){0});
      write_path(report, &path);
    }
  }
  baro_arena_release(&scratch);
}

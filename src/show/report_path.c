/* The hottest call path as a small tree. */

#include "show/hot_path.h"
#include "show/report_parts.h"
#include "show/text_table.h"
#include "show/units.h"

enum {
  PATH_HEAD_SHOWN = 4, /* steps shown before and after the gap of a long path */
  PATH_TAIL_SHOWN = 8,
  PATH_INDENT_MAX = 12, /* deeper steps are not indented further */
};

static void write_branch(const baro_report *report, uint32_t depth, baro_buffer *scratch) {
  for (uint32_t i = 1; i < depth && i < PATH_INDENT_MAX; i++)
    baro_write_text(scratch, "  ");
  if (depth > 0)
    baro_write_text(scratch, report->terminal->unicode ? "\xe2\x94\x94 " : "` ");
}

static void add_step(const baro_report *report, const baro_hot_step *step, uint32_t depth,
                     baro_text_table *table, baro_buffer *scratch) {
  double ratio = (double)step->total_ns / (double)report->basis_ns;
  double self = (double)step->self_ns / (double)report->basis_ns;
  baro_text_table_add_format(table, BARO_STYLE_STRONG, "%.1f", ratio * 100);
  if (self >= 0.0005)
    baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%.1f", self * 100);
  else
    baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%s", "");
  write_branch(report, depth, scratch);
  baro_view name = baro_report_function_name(report->profile, step->function);
  baro_write_bytes(scratch, name.data, name.length);
  if (step->repeats > 0)
    baro_write_format(scratch, report->terminal->unicode ? " \xc3\x97%u" : " x%u",
                      step->repeats + 1);
  baro_text_table_add(table, BARO_STYLE_PLAIN, (baro_view){scratch->data, scratch->length});
  baro_buffer_clear(scratch);
  baro_report_place(report, step->function, step->line, scratch);
  baro_text_table_add(table, BARO_STYLE_FAINT, (baro_view){scratch->data, scratch->length});
  if (scratch->failed)
    table->failed = true;
  baro_buffer_clear(scratch);
}

static void add_gap(const baro_report *report, uint32_t hidden, uint32_t depth,
                    baro_text_table *table, baro_buffer *scratch) {
  baro_text_table_add_format(table, BARO_STYLE_FAINT, "%s", "");
  baro_text_table_add_format(table, BARO_STYLE_FAINT, "%s", "");
  write_branch(report, depth, scratch);
  baro_write_format(scratch, "(%s functions between)", baro_text_count(hidden).text);
  baro_text_table_add(table, BARO_STYLE_FAINT, (baro_view){scratch->data, scratch->length});
  baro_buffer_clear(scratch);
  baro_text_table_add_format(table, BARO_STYLE_FAINT, "%s", "");
}

static void write_path(baro_report *report, const baro_hot_path *path) {
  static const baro_column columns[] = {
      {.title = "total %", .right = true},
      {.title = "self %", .right = true, .drop = 1},
      {.title = "function", .cut = BARO_CUT_MIDDLE, .minimum = 16, .pleasant = 24, .maximum = 100},
      {.title = "line", .cut = BARO_CUT_PATH, .minimum = 10, .pleasant = 16},
  };
  baro_text_table table;
  baro_text_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
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

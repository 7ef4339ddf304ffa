/* What a framework ran, in the report: the sentence of explain, and a row for each stage or operator with the quartiles of its tasks. */
#include "explain/quartiles.h"
#include "show/explain_show.h"
#include "show/report_json_parts.h"
#include "show/report_parts.h"
#include "show/text_wrap.h"
#include "show/units.h"

/* --- text --- */

static const baro_column columns[] = {
    {.title = "tasks", .right = true},
    {.title = "all tasks", .right = true},
    {.title = "by resource"},
    {.title = "min", .right = true, .drop = 3},
    {.title = "25 %", .right = true, .drop = 4},
    {.title = "median", .right = true},
    {.title = "75 %", .right = true, .drop = 4},
    {.title = "max", .right = true, .drop = 2},
    {.title = "skew", .right = true, .drop = 5},
    {.title = "read", .right = true, .drop = 6},
    {.title = "written", .right = true, .drop = 7},
    {.title = "spilled", .right = true, .drop = 8},
    {.title = "GC", .right = true, .drop = 9},
    {.title = "what", .cut = BARO_CUT_END, .minimum = 14, .pleasant = 20},
    {.title = "place", .cut = BARO_CUT_PATH, .minimum = 10, .pleasant = 16, .drop = 1},
};

/* On a narrow terminal quartiles tell more than a long bar. */
enum { WIDE_COLUMNS = 120, NARROW_BAR = 10 };

static void add_bytes(baro_text_table *table, const baro_quartiles *of) {
  if (of->sum == 0) {
    baro_text_table_add_format(table, BARO_STYLE_FAINT, "-");
  } else {
    baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%s", baro_text_bytes(of->sum).text);
  }
}

static void add_bar(baro_report *report, const baro_operator_time *row, baro_text_table *table) {
  baro_buffer text = {0};
  baro_split split = {0};
  for (int s = 0; s < BARO_STATE_COUNT; s++) {
    split.ns[s] = row->state_ns[s];
    split.all_ns += row->state_ns[s];
  }
  uint32_t width = baro_report_bar_width(report->terminal);
  width = report->terminal->columns < WIDE_COLUMNS && width > NARROW_BAR ? NARROW_BAR : width;
  uint32_t used = baro_report_bar(report, &split, split.all_ns, width, &text);
  table->failed = table->failed || text.failed;
  baro_text_table_add_raw(table, (baro_view){text.data, text.length}, used);
  baro_buffer_release(&text);
}

static void add_row(baro_report *report, const baro_explanation *of, const baro_operator_time *row,
                    baro_text_table *table) {
  baro_explain_options paths = {.directory = report->options->directory,
                                .home = report->options->home};
  const baro_dataflow_operator *one = &of->profile->dataflow.operators[row->operator_id];
  baro_quartiles all[BARO_QUANTITY_COUNT];
  table->failed = baro_quartiles_of(of, row, all) != BARO_OK || table->failed;
  if (table->failed) {
    return;
  }
  baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%s", baro_text_count(row->task_count).text);
  baro_add_time(table, BARO_STYLE_STRONG, row->task_ns);
  add_bar(report, row, table);
  for (int i = 0; i < BARO_QUARTILES; i++) {
    baro_add_time(table, BARO_STYLE_PLAIN, all[BARO_QUANTITY_DURATION].at[i]);
  }
  double skew = baro_skew_of(row);
  if (skew == 0) {
    baro_text_table_add_format(table, BARO_STYLE_FAINT, "-");
  } else {
    baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%.1f", skew);
  }
  add_bytes(table, &all[BARO_QUANTITY_READ]);
  add_bytes(table, &all[BARO_QUANTITY_WRITTEN]);
  add_bytes(table, &all[BARO_QUANTITY_SPILLED]);
  baro_add_time(table, BARO_STYLE_PLAIN, all[BARO_QUANTITY_COLLECTOR].sum);
  baro_text_table_add(table, BARO_STYLE_PLAIN, baro_profile_string(of->profile, one->name_string));
  baro_buffer place = {0};
  baro_explain_place(of->profile, row->operator_id, &paths, &place);
  table->failed = table->failed || place.failed;
  baro_text_table_add(table, BARO_STYLE_FAINT, (baro_view){place.data, place.length});
  baro_buffer_release(&place);
}

static void write_table(baro_report *report, const baro_explanation *of) {
  uint32_t top = report->options->top;
  uint32_t shown = top == 0 || of->operator_count < top ? of->operator_count : top;
  baro_text_table table;
  baro_report_heading(report, baro_tasks_are_partitions(of->profile) ? "Stages" : "Operators",
                      baro_view_of("most of the critical path first; times of their tasks, skew is "
                                   "the longest by the median"));
  baro_text_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
  for (uint32_t i = 0; i < shown; i++) {
    add_row(report, of, &of->operators[i], &table);
  }
  baro_text_table_write(&table, report->terminal, BARO_REPORT_INDENT, report->out);
  baro_text_table_release(&table);
  if (shown < of->operator_count) {
    baro_report_remark(report, "and %s more: --top 0 shows all",
                       baro_text_count(of->operator_count - shown).text);
  }
  baro_report_remark(report, "why it took as long: barograph explain");
}

void baro_report_operators(baro_report *report) {
  baro_explanation of = {0};
  baro_buffer sentence = {0};
  if (baro_explain(report->profile, &of) != BARO_OK) {
    report->out->failed = true;
  } else {
    baro_explain_summary(&of, &sentence);
    baro_wrap wrap = {.columns = report->terminal->columns, .unicode = report->terminal->unicode};
    report->out->failed = report->out->failed || sentence.failed;
    baro_write_u8(report->out, '\n');
    baro_style_begin(report->out, report->terminal, BARO_STYLE_STRONG);
    baro_write_wrapped(report->out, &wrap, (baro_view){sentence.data, sentence.length});
    baro_style_end(report->out, report->terminal, BARO_STYLE_STRONG);
    baro_write_u8(report->out, '\n');
    write_table(report, &of);
  }
  baro_buffer_release(&sentence);
  baro_explanation_release(&of);
}

/* --- JSON --- */

static void write_quartiles(baro_json *json, const baro_quartiles all[BARO_QUANTITY_COUNT]) {
  static const char *const names[BARO_QUARTILES] = {"min", "p25", "median", "p75", "max"};
  baro_json_object(json, "quartiles", false);
  for (int q = 0; q < BARO_QUANTITY_COUNT; q++) {
    if (!all[q].is_told) {
      baro_json_null(json, baro_quantity_key((baro_quantity)q));
      continue;
    }
    baro_json_object(json, baro_quantity_key((baro_quantity)q), true);
    for (int i = 0; i < BARO_QUARTILES; i++) {
      baro_json_u64(json, names[i], all[q].at[i]);
    }
    baro_json_u64(json, "sum", all[q].sum);
    baro_json_end_object(json);
  }
  baro_json_end_object(json);
}

static bool write_operator(baro_json_report *report, const baro_explanation *of,
                           const baro_operator_time *row) {
  const baro_profile *profile = report->profile;
  const baro_dataflow_operator *one = &profile->dataflow.operators[row->operator_id];
  baro_json *json = &report->json;
  baro_quartiles all[BARO_QUANTITY_COUNT];
  if (baro_quartiles_of(of, row, all) != BARO_OK) {
    return false;
  }
  baro_json_object(json, NULL, false);
  baro_json_u64(json, "operator_id", row->operator_id);
  baro_json_string(json, "operator", baro_profile_string(profile, one->name_string));
  baro_report_json_known(report, "place", baro_profile_string(profile, one->place_string));
  baro_json_string(json, "kind", baro_profile_string(profile, one->kind_string));
  baro_json_u64(json, "tasks", row->task_count);
  baro_json_u64(json, "failed_tasks", row->bad_tasks);
  baro_json_u64(json, "slots", row->slots);
  baro_json_u64(json, "tasks_ns", row->task_ns);
  baro_json_u64(json, "path_ns", row->path_ns);
  double skew = baro_skew_of(row);
  if (skew > 0) {
    baro_json_number(json, "skew", skew);
  } else {
    baro_json_null(json, "skew");
  }
  baro_explain_json_parts(of, row, "by_resource", json);
  write_quartiles(json, all);
  baro_json_end_object(json);
  return true;
}

bool baro_report_json_operators(baro_json_report *report, const baro_explanation *of) {
  uint32_t top = report->options->top;
  bool good = true;
  baro_json_array(&report->json, "operators", false);
  for (uint32_t i = 0; i < of->operator_count && (top == 0 || i < top) && good; i++) {
    good = write_operator(report, of, &of->operators[i]);
  }
  baro_json_end_array(&report->json);
  return good;
}

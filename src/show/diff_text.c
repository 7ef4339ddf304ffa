/* The text of diff: the two recordings, the answer, what it follows from, the critical path, operators. */
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "show/diff_parts.h"
#include "show/diff_show.h"
#include "show/explain_show.h"
#include "show/report_parts.h"
#include "show/units.h"

enum { BAR_COLUMNS = 12, WIDE_COLUMNS = 120 };

typedef struct page {
  const baro_run_diff *diff;
  const baro_diff_options *options;
  baro_explain_options places[BARO_DIFF_SIDES]; /* folders as they are shown */
  baro_report report;                           /* what its parts want */
} page;

/* "2 -> 1", or one number where it is the same; "-" of a run that has it not. */
static void add_pair(page *p, baro_text_table *table, const bool has[BARO_DIFF_SIDES],
                     const uint64_t value[BARO_DIFF_SIDES],
                     baro_unit_text (*text)(uint64_t value)) {
  if (!has[0] && !has[1]) {
    baro_text_table_add_format(table, BARO_STYLE_FAINT, "-");
  } else if (has[0] && has[1] && strcmp(text(value[0]).text, text(value[1]).text) == 0) {
    baro_text_table_add_format(table, BARO_STYLE_FAINT, "%s", text(value[0]).text);
  } else {
    baro_text_table_add_format(
        table, BARO_STYLE_PLAIN, "%s %s %s", has[0] ? text(value[0]).text : "-",
        p->report.terminal->unicode ? "\u2192" : "->", has[1] ? text(value[1]).text : "-");
  }
}

static void add_time(baro_text_table *table, bool has, uint64_t ns) {
  if (has) {
    baro_add_time(table, BARO_STYLE_PLAIN, ns);
  } else {
    baro_text_table_add_format(table, BARO_STYLE_FAINT, "-");
  }
}

static void add_change(page *p, baro_text_table *table, int64_t change_ns) {
  baro_diff_add_change(table, p->report.terminal,
                       change_ns > 0   ? 1
                       : change_ns < 0 ? -1
                                       : 0,
                       baro_text_duration((uint64_t)llabs(change_ns)));
}

static void write_side(page *p, int side) {
  const baro_explanation *of = p->diff->sides[side];
  uint32_t tasks = of->profile->dataflow.task_count;
  baro_buffer text = {0};
  baro_view command;
  baro_write_format(&text, "%s: ", p->options->paths[side]);
  if (baro_profile_info(of->profile, "command", &command)) {
    baro_write_bytes(&text, command.data, command.length);
    baro_write_text(&text, ", ");
  }
  baro_write_format(&text, "%s; %s %s in %s %s", baro_text_duration(of->run_ns).text,
                    baro_text_count(tasks).text, baro_plural(tasks, "task", "tasks"),
                    baro_text_count(of->operator_count).text,
                    baro_tasks_are_partitions(of->profile)
                        ? baro_plural(of->operator_count, "stage", "stages")
                        : baro_plural(of->operator_count, "operator", "operators"));
  baro_diff_label(p->report.out, p->report.terminal, side, &text);
  baro_buffer_release(&text);
}

static void write_sentences(page *p) {
  const uint64_t run_ns[] = {p->diff->sides[0]->run_ns, p->diff->sides[1]->run_ns};
  baro_buffer text = {0};
  baro_write_u8(p->report.out, '\n');
  baro_diff_answer(run_ns, &text);
  baro_diff_paragraph(p->report.out, p->report.terminal, BARO_STYLE_STRONG, &text);
  for (int which = 0; which < BARO_DIFF_SENTENCES; which++) {
    baro_buffer_clear(&text);
    baro_diff_sentence_write(p->diff, (baro_diff_sentence)which, p->report.terminal->unicode,
                             &text);
    baro_diff_paragraph(p->report.out, p->report.terminal, BARO_STYLE_PLAIN, &text);
  }
  baro_buffer_release(&text);
}

static uint32_t limit_of(const page *p, uint32_t count) {
  uint32_t top = p->options->top;
  return top == 0 || count < top ? count : top;
}

static void add_resource(page *p, baro_text_table *table, const baro_resource_diff *row) {
  static const bool both[] = {true, true};
  baro_add_time(table, BARO_STYLE_PLAIN, row->path_ns[BARO_BEFORE]);
  baro_add_time(table, BARO_STYLE_PLAIN, row->path_ns[BARO_AFTER]);
  add_change(p, table, baro_change_of(row->path_ns));
  const bool any[] = {row->task_ns[0] > 0 || row->task_ns[1] > 0, any[0]};
  add_pair(p, table, any[0] ? both : any, row->task_ns, baro_text_duration);
  baro_text_table_add_format(table, BARO_STYLE_FAINT, "%s",
                             baro_evidence_words(row->evidence[BARO_AFTER]));
  baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%s", row->words);
}

static void write_path(page *p) {
  static const baro_column columns[] = {
      {.title = "before", .right = true}, {.title = "after", .right = true},
      {.title = "change", .right = true}, {.title = "all tasks", .right = true, .drop = 2},
      {.title = "evidence", .drop = 1},   {.title = "what", .cut = BARO_CUT_END, .minimum = 12},
  };
  const baro_run_diff *diff = p->diff;
  const uint64_t run_ns[] = {diff->sides[0]->run_ns, diff->sides[1]->run_ns};
  uint32_t shown = limit_of(p, diff->resource_count);
  baro_text_table table;
  baro_report_heading(&p->report, "What changed on the critical path",
                      baro_view_of("all of it adds up to the run's change"));
  baro_text_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
  for (uint32_t r = 0; r < shown; r++) {
    add_resource(p, &table, &diff->resources[r]);
  }
  baro_resource_diff rest = {.words = "the rest", .evidence = {BARO_EVIDENCE_UNKNOWN}};
  for (uint32_t r = shown; r < diff->resource_count; r++) {
    for (int side = 0; side < BARO_DIFF_SIDES; side++) {
      rest.path_ns[side] += diff->resources[r].path_ns[side];
      rest.task_ns[side] += diff->resources[r].task_ns[side];
    }
  }
  const baro_resource_diff all = {.words = "the run", .path_ns = {run_ns[0], run_ns[1]}};
  const baro_resource_diff *const last[] = {shown < diff->resource_count ? &rest : NULL, &all};
  for (size_t i = 0; i < sizeof(last) / sizeof(last[0]); i++) {
    if (last[i] != NULL) {
      add_time(&table, true, last[i]->path_ns[0]);
      add_time(&table, true, last[i]->path_ns[1]);
      add_change(p, &table, baro_change_of(last[i]->path_ns));
      baro_text_table_add_format(&table, BARO_STYLE_FAINT, "%s", "");
      baro_text_table_add_format(&table, BARO_STYLE_FAINT, "%s", "");
      baro_text_table_add_format(&table, BARO_STYLE_STRONG, "%s", last[i]->words);
    }
  }
  baro_text_table_write(&table, p->report.terminal, BARO_REPORT_INDENT, p->report.out);
  baro_text_table_release(&table);
}

static void add_buffer(baro_text_table *table, baro_style style, baro_buffer *text) {
  table->failed = table->failed || text->failed;
  baro_text_table_add(table, style, (baro_view){text->data, text->length});
  baro_buffer_clear(text);
}

/* What its tasks did in one of the runs, at one scale for all operators and both runs. */
static void add_bar(page *p, const baro_operator_time *row, uint64_t full_ns,
                    baro_text_table *table) {
  baro_split split = {0};
  baro_buffer text = {0};
  uint32_t used = 0;
  for (int s = 0; row != NULL && s < BARO_STATE_COUNT; s++) {
    split.ns[s] = row->state_ns[s];
    split.all_ns += row->state_ns[s];
  }
  if (split.all_ns > 0) {
    used = baro_report_bar(&p->report, &split, full_ns, BAR_COLUMNS, &text);
  }
  table->failed = table->failed || text.failed;
  baro_text_table_add_raw(table, (baro_view){text.data, text.length}, used);
  baro_buffer_release(&text);
}

/* All or none: a legend explains those that are there. */
static bool has_bars(const page *p) {
  return p->report.terminal->columns >= WIDE_COLUMNS;
}

static uint64_t longest_tasks(const baro_run_diff *diff) {
  uint64_t most_ns = 1;
  for (uint32_t i = 0; i < 2 * diff->operator_count; i++) {
    uint64_t ns = baro_operator_task_ns(&diff->operators[i / 2], (int)(i % 2));
    most_ns = ns > most_ns ? ns : most_ns;
  }
  return most_ns;
}

static void add_operator(page *p, const baro_operator_diff *row, uint64_t full_ns,
                         baro_text_table *table) {
  const bool has[] = {row->row[0] != NULL, row->row[1] != NULL};
  const uint64_t path_ns[] = {baro_operator_path_ns(row, 0), baro_operator_path_ns(row, 1)};
  const uint64_t task_ns[] = {baro_operator_task_ns(row, 0), baro_operator_task_ns(row, 1)};
  const uint64_t tasks[] = {has[0] ? row->row[0]->task_count : 0,
                            has[1] ? row->row[1]->task_count : 0};
  static const baro_quantity amounts[] = {BARO_QUANTITY_READ, BARO_QUANTITY_WRITTEN,
                                          BARO_QUANTITY_SPILLED};
  baro_buffer text = {0};
  add_time(table, has[0], path_ns[0]);
  add_time(table, has[1], path_ns[1]);
  add_change(p, table, baro_change_of(path_ns));
  baro_diff_mostly(p->diff, row, &text);
  add_buffer(table, BARO_STYLE_PLAIN, &text);
  if (has_bars(p)) {
    add_bar(p, row->row[BARO_BEFORE], full_ns, table);
    add_bar(p, row->row[BARO_AFTER], full_ns, table);
  }
  add_pair(p, table, has, tasks, baro_text_count);
  add_pair(p, table, has, task_ns, baro_text_duration);
  for (size_t i = 0; i < sizeof(amounts) / sizeof(amounts[0]); i++) {
    const bool told[] = {row->is_told[0][amounts[i]], row->is_told[1][amounts[i]]};
    const uint64_t bytes[] = {row->amount[0][amounts[i]], row->amount[1][amounts[i]]};
    add_pair(p, table, told, bytes, baro_text_bytes);
  }
  int side = has[BARO_AFTER] ? BARO_AFTER : BARO_BEFORE;
  const baro_profile *profile = p->diff->sides[side]->profile;
  uint32_t operator_id = row->row[side]->operator_id;
  baro_text_table_add(
      table, BARO_STYLE_PLAIN,
      baro_profile_string(profile, profile->dataflow.operators[operator_id].name_string));
  baro_explain_place(profile, operator_id, &p->places[side], &text);
  add_buffer(table, BARO_STYLE_FAINT, &text);
  baro_buffer_release(&text);
}

static void write_operators(page *p) {
  enum { FIRST_BAR = 4, BARS = 2 };
  baro_column columns[] = {
      {.title = "before", .right = true},
      {.title = "after", .right = true},
      {.title = "change", .right = true},
      {.title = "mostly", .cut = BARO_CUT_END, .minimum = 12, .pleasant = 20, .drop = 1},
      {.title = "used before"},
      {.title = "used after"},
      {.title = "tasks", .right = true, .drop = 3},
      {.title = "all tasks", .right = true, .drop = 2},
      {.title = "read", .right = true, .drop = 5},
      {.title = "written", .right = true, .drop = 6},
      {.title = "spilled", .right = true, .drop = 8},
      {.title = "operator", .cut = BARO_CUT_END, .minimum = 16, .pleasant = 20},
      {.title = "place", .cut = BARO_CUT_PATH, .minimum = 10, .pleasant = 16, .drop = 7},
  };
  const baro_run_diff *diff = p->diff;
  uint64_t full_ns = longest_tasks(diff);
  size_t column_count = sizeof(columns) / sizeof(columns[0]);
  uint32_t shown = limit_of(p, diff->operator_count);
  uint32_t alone = 0, by_name = 0;
  baro_text_table table;
  for (uint32_t i = 0; i < diff->operator_count; i++) {
    alone += diff->operators[i].match == BARO_MATCH_NONE;
    by_name += diff->operators[i].match == BARO_MATCH_NAME;
  }
  baro_report_heading(&p->report, "Operators",
                      baro_view_of("their time on the critical path; the same by name, place and "
                                   "scopes, whatever their numbers"));
  if (!has_bars(p)) {
    column_count -= BARS;
    memmove(&columns[FIRST_BAR], &columns[FIRST_BAR + BARS],
            (column_count - FIRST_BAR) * sizeof(columns[0]));
  }
  baro_text_table_init(&table, columns, column_count);
  for (uint32_t i = 0; i < shown; i++) {
    add_operator(p, &diff->operators[i], full_ns, &table);
  }
  baro_text_table_write(&table, p->report.terminal, BARO_REPORT_INDENT, p->report.out);
  baro_text_table_release(&table);
  if (shown < diff->operator_count) {
    baro_report_remark(&p->report, "and %s more: --top 0 shows all",
                       baro_text_count(diff->operator_count - shown).text);
  }
  if (alone > 0) {
    baro_report_remark(&p->report, "%s %s in one of the runs only", baro_text_count(alone).text,
                       baro_plural(alone, "is", "are"));
  }
  if (by_name > 0) {
    baro_report_remark(&p->report, "%s %s matched by name alone: their places differ",
                       baro_text_count(by_name).text, baro_plural(by_name, "is", "are"));
  }
  baro_report_remark(&p->report, "each run was seen once: how much runs of this job differ by "
                                 "chance is not known from them");
}

void baro_diff_text(const baro_run_diff *diff, const baro_diff_options *options,
                    const baro_terminal *terminal, baro_buffer *out) {
  baro_arena scratch = {0};
  page p = {
      .diff = diff,
      .options = options,
      .report = {.profile = diff->sides[BARO_AFTER]->profile, .terminal = terminal, .out = out}};
  for (int side = 0; side < BARO_DIFF_SIDES; side++) {
    p.places[side] = (baro_explain_options){
        .directory = baro_report_folder(diff->sides[side]->profile, options->directory, &scratch),
        .home = options->home};
    write_side(&p, side);
  }
  write_sentences(&p);
  write_path(&p);
  write_operators(&p);
  baro_report_legend(&p.report);
  baro_arena_release(&scratch);
}

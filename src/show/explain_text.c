/* The text of explain: the bottleneck, what the run waited for, findings, the critical path, operators. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/plural.h"
#include "explain/finding_kinds.h"
#include "show/explain_show.h"
#include "show/report_parts.h"
#include "show/text_wrap.h"
#include "show/units.h"

enum { LABEL_COLUMNS = 11, FINDING_COLUMNS = 4, TOP_NOTES = 4 };

/* One explanation being written. */
typedef struct page {
  const baro_explanation *of;
  baro_explain_options options; /* folders as they are shown */
  baro_report report;           /* what its parts want */
} page;

static uint32_t limit_of(const page *p, uint32_t count) {
  uint32_t top = p->options.top;
  return top == 0 || count < top ? count : top;
}

static double share_of(const page *p, uint64_t ns) {
  return p->of->run_ns == 0 ? -1 : (double)ns / (double)p->of->run_ns;
}

/* Wrapped below itself, from a column on. */
static void write_text_at(page *p, size_t column, size_t indent, baro_style style,
                          const baro_buffer *text) {
  baro_buffer *out = p->report.out;
  baro_wrap wrap = {.column = column,
                    .indent = indent,
                    .columns = p->report.terminal->columns,
                    .unicode = p->report.terminal->unicode};
  out->failed = out->failed || text->failed;
  baro_style_begin(out, p->report.terminal, style);
  baro_write_wrapped(out, &wrap, (baro_view){text->data, text->length});
  baro_style_end(out, p->report.terminal, style);
  baro_write_u8(out, '\n');
}

static void write_line(page *p, const char *label, baro_style style, baro_buffer *text) {
  baro_buffer *out = p->report.out;
  baro_write_text(out, "  ");
  baro_style_begin(out, p->report.terminal, BARO_STYLE_FAINT);
  baro_write_format(out, "%-*s", LABEL_COLUMNS, label);
  baro_style_end(out, p->report.terminal, BARO_STYLE_FAINT);
  write_text_at(p, LABEL_COLUMNS + 2, LABEL_COLUMNS + 2, style, text);
  baro_buffer_clear(text);
}

/* --- head --- */

static void write_date(const baro_profile *profile, uint64_t start_ns, baro_buffer *out) {
  uint64_t utc_ns = 0;
  struct tm utc;
  char date[40];
  if (!baro_profile_utc_ns(profile, start_ns, &utc_ns))
    return;
  time_t seconds = (time_t)(utc_ns / 1000000000);
  if (gmtime_r(&seconds, &utc) != NULL &&
      strftime(date, sizeof(date), "%Y-%m-%d %H:%M:%S UTC", &utc) > 0)
    baro_write_format(out, " from %s", date);
}

static void write_head(page *p) {
  const baro_explanation *of = p->of;
  const baro_profile *profile = of->profile;
  baro_buffer text = {0};
  baro_view command;
  if (baro_profile_info(profile, "command", &command)) {
    baro_write_bytes(&text, command.data, command.length);
    write_line(p, "log", BARO_STYLE_STRONG, &text);
  }
  baro_write_text(&text, baro_text_duration(of->run_ns).text);
  write_date(profile, of->path.begin_ns, &text);
  write_line(p, "run", BARO_STYLE_PLAIN, &text);
  bool is_plan = baro_tasks_are_partitions(profile); /* else spans of operators */
  bool has_slots = baro_has_slots(profile);
  uint32_t tasks = profile->dataflow.task_count;
  baro_write_format(
      &text, "%s in %s %s; %s %s, %s %s", baro_text_count(tasks).text,
      baro_text_count(of->operator_count).text,
      is_plan ? baro_plural(of->operator_count, "stage", "stages")
              : baro_plural(of->operator_count, "operator", "operators"),
      baro_text_count(of->executor_count).text,
      is_plan ? baro_plural(of->executor_count, "executor", "executors")
              : baro_plural(of->executor_count, "process or device", "processes or devices"),
      baro_text_count(of->slot_count).text,
      has_slots ? baro_plural(of->slot_count, "slot", "slots")
                : baro_plural(of->slot_count, "thread or stream", "threads or streams"));
  write_line(p, "tasks", BARO_STYLE_PLAIN, &text);
  for (uint32_t i = 0; i < profile->note_count && i < TOP_NOTES; i++) {
    baro_write_bytes(&text, profile->notes[i].text.data, profile->notes[i].text.length);
    write_line(p, i == 0 ? "notes" : "", BARO_STYLE_PLAIN, &text);
  }
  if (profile->note_count > TOP_NOTES) {
    baro_write_format(&text, "and %u more: barograph report", profile->note_count - TOP_NOTES);
    write_line(p, "", BARO_STYLE_FAINT, &text);
  }
  baro_buffer_release(&text);
}

static void write_summary(page *p) {
  baro_buffer text = {0};
  baro_explain_summary(p->of, &text);
  baro_write_u8(p->report.out, '\n');
  write_text_at(p, 0, 0, BARO_STYLE_STRONG, &text);
  baro_buffer_release(&text);
}

/* --- findings --- */

/* What share_of is a share of: idle time is no part of a program's `run_ns`. */
static const char *whole_words(const page *p) {
  bool has_idle = p->of->profile->state_ns[BARO_MEASURE_RUN][BARO_STATE_IDLE] > 0;
  return p->of->profile->dataflow.task_count == 0 && has_idle ? "the run without idle" : "the run";
}

static void write_finding(page *p, uint32_t number, const baro_finding *finding) {
  baro_buffer *out = p->report.out;
  baro_buffer text = {0};
  baro_write_format(out, "  %u  ", number);
  size_t indent = FINDING_COLUMNS + (number >= 10 ? 2 : 1);
  baro_write_format(&text, "%s: ", finding->kind->title);
  if (finding->explains_ns == 0)
    baro_write_text(&text, "nothing on these slots");
  else
    baro_write_format(&text, "%s, %s of %s", baro_text_duration(finding->explains_ns).text,
                      baro_text_percent(share_of(p, finding->explains_ns)).text, whole_words(p));
  if (finding->evidence != BARO_EVIDENCE_MEASURED)
    baro_write_format(&text, " (%s)", baro_evidence_words(finding->evidence));
  write_text_at(p, indent, indent, BARO_STYLE_STRONG, &text);
  baro_buffer_clear(&text);
  baro_explain_sentence(p->of, finding, &p->options, &text);
  baro_write_format(out, "%*s", (int)indent, "");
  write_text_at(p, indent, indent, BARO_STYLE_PLAIN, &text);
  baro_buffer_clear(&text);
  baro_write_text(&text, "try: ");
  baro_explain_advice(p->of, finding, &text);
  baro_write_format(out, "%*s", (int)indent, "");
  write_text_at(p, indent, indent + 5, BARO_STYLE_FAINT, &text);
  baro_buffer_release(&text);
}

static void write_findings(page *p) {
  uint32_t count = p->of->finding_count;
  uint32_t shown = limit_of(p, count);
  baro_report_heading(&p->report, "What stands out",
                      baro_view_of("run time that each explains at most; they overlap, and do not "
                                   "add up"));
  if (count == 0)
    baro_report_remark(&p->report, "nothing: no wait, no stage and no function explains 2 %% of "
                                   "the run by itself in a way that is known here");
  for (uint32_t i = 0; i < shown; i++)
    write_finding(p, i + 1, &p->of->findings[i]);
  if (shown < count)
    baro_report_remark(&p->report, "and %u more: --top 0 shows all", count - shown);
}

/* --- tables of dataflow --- */

static void add_buffer(baro_text_table *table, baro_style style, baro_buffer *text) {
  table->failed = table->failed || text->failed;
  baro_text_table_add(table, style, (baro_view){text->data, text->length});
  baro_buffer_clear(text);
}

static void write_resources(page *p) {
  static const baro_column columns[] = {
      {.title = "critical path", .right = true},
      {.title = "share", .right = true},
      {.title = "all tasks", .right = true},
      {.title = "evidence", .drop = 1},
      {.title = "what", .cut = BARO_CUT_END, .minimum = 12},
  };
  const baro_explanation *of = p->of;
  baro_text_table table;
  baro_report_heading(&p->report, "What the run waited for",
                      baro_view_of("the critical path adds up to the run; without one of these "
                                   "it would be shorter by that at most"));
  baro_text_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
  for (uint32_t i = 0; i < of->resource_count; i++) {
    const baro_resource_time *row = &of->resources[i];
    baro_add_time(&table, BARO_STYLE_STRONG, row->path_ns);
    baro_text_table_add_format(&table, BARO_STYLE_PLAIN, "%s",
                               baro_text_percent(share_of(p, row->path_ns)).text);
    baro_add_time(&table, BARO_STYLE_PLAIN, row->task_ns);
    baro_text_table_add_format(&table, BARO_STYLE_FAINT, "%s", baro_evidence_words(row->evidence));
    baro_text_table_add_format(&table, BARO_STYLE_PLAIN, "%s", row->words);
  }
  baro_text_table_write(&table, p->report.terminal, BARO_REPORT_INDENT, p->report.out);
  baro_text_table_release(&table);
}

/* Steps of the path as they are shown: tasks of one operator behind each other are one, with the gaps between them. */
typedef struct shown_step {
  uint64_t start_ns;
  uint64_t end_ns;
  baro_step_kind kind;
  uint32_t operator_id; /* of tasks, or of what a gap waited for */
  uint32_t tasks;
  uint32_t index;
} shown_step;

static uint32_t merge_steps(const baro_critical_path *path, shown_step *ret_steps) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < path->step_count; i++) {
    const baro_path_step *step = &path->steps[i];
    shown_step *last = count == 0 ? NULL : &ret_steps[count - 1];
    bool is_part = step->kind == BARO_STEP_TASK || step->kind == BARO_STEP_SCHEDULING;
    if (last != NULL && is_part && last->tasks > 0 && last->operator_id == step->operator_id) {
      last->end_ns = step->end_ns;
      last->tasks += step->kind == BARO_STEP_TASK;
      continue;
    }
    ret_steps[count] = (shown_step){.start_ns = step->start_ns,
                                    .end_ns = step->end_ns,
                                    .kind = step->kind,
                                    .operator_id = step->operator_id,
                                    .tasks = step->kind == BARO_STEP_TASK,
                                    .index = count};
    count++;
  }
  return count;
}

static int compare_steps(const void *left, const void *right) {
  const shown_step *a = left, *b = right;
  uint64_t a_ns = a->end_ns - a->start_ns, b_ns = b->end_ns - b->start_ns;
  if (a_ns != b_ns)
    return a_ns > b_ns ? -1 : 1;
  return a->index < b->index ? -1 : a->index > b->index;
}

static int compare_indices(const void *left, const void *right) {
  const shown_step *a = left, *b = right;
  return a->index < b->index ? -1 : a->index > b->index;
}

static void add_step(page *p, const shown_step *step, baro_text_table *table) {
  baro_buffer text = {0};
  uint64_t at_ns = step->start_ns - p->of->path.begin_ns;
  baro_text_table_add_format(table, BARO_STYLE_FAINT, "%s",
                             at_ns == 0 ? "0" : baro_text_duration(at_ns).text);
  baro_add_time(table, BARO_STYLE_STRONG, step->end_ns - step->start_ns);
  baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%s",
                             baro_text_percent(share_of(p, step->end_ns - step->start_ns)).text);
  if (step->tasks > 0) {
    baro_explain_operator(p->of->profile, step->operator_id, &p->options, &text);
    if (step->tasks > 1)
      baro_write_format(&text, ", %s tasks in a row", baro_text_count(step->tasks).text);
  } else {
    baro_write_text(&text, baro_step_words(step->kind));
  }
  add_buffer(table, step->tasks > 0 ? BARO_STYLE_PLAIN : BARO_STYLE_FAINT, &text);
  baro_buffer_release(&text);
}

static void write_path(page *p) {
  static const baro_column columns[] = {
      {.title = "at", .right = true},
      {.title = "took", .right = true},
      {.title = "share", .right = true},
      {.title = "what", .cut = BARO_CUT_END, .minimum = 16},
  };
  const baro_critical_path *path = &p->of->path;
  shown_step *steps = malloc(((size_t)path->step_count + 1) * sizeof(*steps));
  if (steps == NULL) {
    p->report.out->failed = true;
    return;
  }
  uint32_t count = merge_steps(path, steps);
  uint32_t shown = limit_of(p, count);
  qsort(steps, count, sizeof(*steps), compare_steps);
  uint64_t hidden_ns = 0;
  for (uint32_t i = shown; i < count; i++)
    hidden_ns += steps[i].end_ns - steps[i].start_ns;
  qsort(steps, shown, sizeof(*steps), compare_indices);
  baro_report_heading(&p->report, "Critical path",
                      baro_view_of("what had to be waited for, in order of time"));
  baro_text_table table;
  baro_text_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
  for (uint32_t i = 0; i < shown; i++)
    add_step(p, &steps[i], &table);
  baro_text_table_write(&table, p->report.terminal, BARO_REPORT_INDENT, p->report.out);
  baro_text_table_release(&table);
  if (shown < count)
    baro_report_remark(&p->report, "and %s shorter ones, %s together",
                       baro_text_count(count - shown).text, baro_text_duration(hidden_ns).text);
  free(steps);
}

static void add_operator(page *p, const baro_operator_time *row, baro_text_table *table) {
  baro_buffer text = {0};
  baro_split split = {0};
  const baro_dataflow_operator *operator= & p->of->profile->dataflow.operators[row->operator_id];
  for (int s = 0; s < BARO_STATE_COUNT; s++) {
    split.ns[s] = row->state_ns[s];
    split.all_ns += row->state_ns[s];
  }
  baro_add_time(table, BARO_STYLE_STRONG, row->path_ns);
  baro_add_time(table, BARO_STYLE_PLAIN, row->task_ns);
  baro_text_table_add_format(table, BARO_STYLE_PLAIN, "%s", baro_text_count(row->task_count).text);
  baro_add_time(table, BARO_STYLE_PLAIN, row->median_ns);
  baro_add_time(table, BARO_STYLE_PLAIN, row->longest_ns);
  uint32_t width = baro_report_bar_width(p->report.terminal);
  uint32_t used = baro_report_bar(&p->report, &split, split.all_ns, width, &text);
  table->failed = table->failed || text.failed;
  baro_text_table_add_raw(table, (baro_view){text.data, text.length}, used);
  baro_buffer_clear(&text);
  baro_text_table_add(table, BARO_STYLE_PLAIN,
                      baro_profile_string(p->of->profile, operator->name_string));
  baro_explain_place(p->of->profile, row->operator_id, &p->options, &text);
  add_buffer(table, BARO_STYLE_FAINT, &text);
  baro_buffer_release(&text);
}

static void write_operators(page *p) {
  static const baro_column columns[] = {
      {.title = "path", .right = true},
      {.title = "all tasks", .right = true},
      {.title = "tasks", .right = true},
      {.title = "median", .right = true, .drop = 2},
      {.title = "longest", .right = true, .drop = 1},
      {.title = "by resource"},
      {.title = "operator", .cut = BARO_CUT_END, .minimum = 16, .pleasant = 20},
      {.title = "place", .cut = BARO_CUT_PATH, .minimum = 10, .pleasant = 16, .drop = 3},
  };
  uint32_t shown = limit_of(p, p->of->operator_count);
  baro_text_table table;
  baro_report_heading(&p->report, "Operators",
                      baro_view_of("their time on the critical path, and that of all their tasks"));
  baro_text_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
  for (uint32_t i = 0; i < shown; i++)
    add_operator(p, &p->of->operators[i], &table);
  baro_text_table_write(&table, p->report.terminal, BARO_REPORT_INDENT, p->report.out);
  baro_text_table_release(&table);
  if (shown < p->of->operator_count)
    baro_report_remark(&p->report, "and %s more: --top 0 shows all",
                       baro_text_count(p->of->operator_count - shown).text);
}

void baro_explain_text(const baro_explanation *explanation, const baro_explain_options *options,
                       const baro_terminal *terminal, baro_buffer *out) {
  baro_arena scratch = {0};
  const baro_profile *profile = explanation->profile;
  baro_report_options own = {.measure = BARO_MEASURE_RUN,
                             .top = options->top,
                             .home = options->home,
                             .directory =
                                 baro_report_folder(profile, options->directory, &scratch)};
  page p = {.of = explanation,
            .options = {.top = options->top, .directory = own.directory, .home = options->home},
            .report = {.profile = profile,
                       .options = &own,
                       .terminal = terminal,
                       .out = out,
                       .is_foreign = own.directory != options->directory,
                       .basis_ns = baro_profile_basis_ns(profile, BARO_MEASURE_RUN),
                       .unit = baro_profile_weight_unit(profile)}};
  if (explanation->is_dataflow)
    write_head(&p);
  else
    baro_report_head(&p.report);
  write_summary(&p);
  if (explanation->is_dataflow)
    write_resources(&p);
  write_findings(&p);
  if (explanation->is_dataflow) {
    write_path(&p);
    write_operators(&p);
  } else {
    baro_report_functions(&p.report);
  }
  baro_report_legend(&p.report);
  baro_arena_release(&scratch);
}

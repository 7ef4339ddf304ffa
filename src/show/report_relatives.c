/* Who calls a function, and whom it calls, in the text report. */
#include "base/plural.h"
#include "show/call_rows.h"
#include "show/report_parts.h"
#include "show/text_table.h"
#include "show/text_width.h"
#include "show/units.h"

enum { RELATIVES_SHOWN = 20, NAMED_SHOWN = 5 };

static void add_edge(baro_report *report, uint32_t edge, bool callers, baro_text_table *table,
                     baro_buffer *scratch) {
  const baro_profile_call_edges *edges = &report->profile->call_edges;
  uint32_t function = callers ? edges->caller[edge] : edges->callee[edge];
  /* Who called is known of recorded calls only. */
  if (report->profile->call_sums.skipped[edges->callee[edge]] > 0)
    baro_text_table_add_format(table, BARO_STYLE_STRONG, "~%s",
                               baro_text_count(edges->calls[edge]).text);
  else
    baro_add_call_count(table, BARO_STYLE_STRONG, edges->calls[edge], edges->primitive_calls[edge]);
  baro_add_duration(table, BARO_STYLE_PLAIN, edges->self_ns[edge]);
  baro_add_duration(table, BARO_STYLE_PLAIN, edges->total_ns[edge]);
  baro_add_duration(table, BARO_STYLE_PLAIN,
                    edges->calls[edge] == 0 ? 0 : edges->total_ns[edge] / edges->calls[edge]);
  if (function == BARO_NONE_ID) {
    baro_text_table_add_format(table, BARO_STYLE_FAINT, "(no recorded caller)");
    baro_text_table_add_format(table, BARO_STYLE_FAINT, "%s", "");
    return;
  }
  baro_report_add_function(report, function, table, scratch);
}

/* Whether a row is of calls that can be suspended: of the function, or of what it calls. */
static bool has_suspended(const baro_profile *profile, uint32_t function, bool callers,
                          const uint32_t *edges, uint32_t count, const bool *suspendable) {
  bool found = callers && suspendable[function];
  for (uint32_t i = 0; !callers && i < count; i++)
    found |= suspendable[profile->call_edges.callee[edges[i]]];
  return found;
}

static void write_relatives(baro_report *report, uint32_t function, bool callers) {
  const baro_column columns[] = {
      {.title = "calls", .right = true},
      {.title = "self", .right = true, .drop = 1},
      {.title = "total", .right = true},
      {.title = "per call", .right = true, .drop = 2},
      {.title = callers ? "called by" : "it calls",
       .cut = BARO_CUT_MIDDLE,
       .minimum = 12,
       .pleasant = 22,
       .maximum = 80},
      {.title = "place", .cut = BARO_CUT_PATH, .minimum = 10, .pleasant = 14},
  };
  const baro_profile *profile = report->profile;
  baro_arena arena = {0};
  uint32_t count = 0;
  uint32_t *edges = baro_call_relatives(profile, function, callers, &arena, &count);
  const bool *suspendable = baro_suspendable_functions(profile, &arena);
  report->out->failed |= suspendable == NULL;
  baro_buffer scratch = {0};
  baro_write_format(&scratch, "%s of ", callers ? "Callers" : "Callees");
  baro_view name = baro_report_function_name(profile, function);
  (void)baro_write_fitted(&scratch, name, 48, BARO_CUT_MIDDLE, report->terminal->unicode);
  baro_write_u8(&scratch, 0);
  baro_buffer remark = {0};
  uint64_t calls = profile->call_sums.calls[function];
  baro_write_format(&remark, "%s %s, self %s, total %s; ", baro_text_count(calls).text,
                    baro_plural(calls, "call", "calls"),
                    baro_text_duration(profile->call_sums.self_ns[function]).text,
                    baro_text_duration(profile->call_sums.total_ns[function]).text);
  baro_report_place(report, function, profile->functions.rows[function].first_line, &remark);
  if (edges == NULL || scratch.failed || remark.failed) {
    report->out->failed = true;
  } else {
    baro_report_heading(report, (const char *)scratch.data,
                        (baro_view){remark.data, remark.length});
    baro_buffer_clear(&scratch);
    uint32_t limit = report->options->top == 0 ? count : RELATIVES_SHOWN;
    uint32_t shown = count < limit ? count : limit;
    baro_text_table table;
    baro_text_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
    for (uint32_t i = 0; i < shown; i++)
      add_edge(report, edges[i], callers, &table, &scratch);
    if (count == 0)
      baro_report_remark(report, "none that was recorded");
    else
      baro_text_table_write(&table, report->terminal, BARO_REPORT_INDENT, report->out);
    if (suspendable != NULL && has_suspended(profile, function, callers, edges, shown, suspendable))
      baro_report_remark(report, "without the time that generators and coroutines were suspended");
    if (shown < count)
      baro_report_remark(report, "and %s more; --top 0 shows all",
                         baro_text_count(count - shown).text);
    baro_text_table_release(&table);
  }
  baro_buffer_release(&remark);
  baro_buffer_release(&scratch);
  baro_arena_release(&arena);
}

void baro_report_relatives(baro_report *report, const char *name, bool callers) {
  baro_arena arena = {0};
  uint32_t count = 0;
  uint32_t *functions = baro_call_functions_named(report->profile, name, &arena, &count);
  if (functions == NULL)
    report->out->failed = true;
  uint32_t shown = count < NAMED_SHOWN || report->options->top == 0 ? count : NAMED_SHOWN;
  for (uint32_t i = 0; functions != NULL && i < shown; i++)
    write_relatives(report, functions[i], callers);
  if (functions != NULL && count == 0)
    baro_write_text(report->out, "\nNo call of a function of that name was recorded.\n");
  if (functions != NULL && shown < count)
    baro_report_remark(report, "and %s more %s of that name; --top 0 shows all",
                       baro_text_count(count - shown).text,
                       baro_plural(count - shown, "function", "functions"));
  baro_arena_release(&arena);
}

/* What the text report says of recorded calls: the table of functions, the slowest calls, and threads where nothing but calls
 * is known of them. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/plural.h"
#include "show/call_rows.h"
#include "show/crowd.h"
#include "show/report_parts.h"
#include "show/text_table.h"
#include "show/text_wrap.h"
#include "show/thread_label.h"
#include "show/units.h"

enum { SLOWEST_SHOWN = 8, CALL_THREADS_SHOWN = 8 };

static void add_percent(baro_text_table *table, baro_style style, uint64_t part, uint64_t whole) {
  double ratio = whole == 0 ? -1 : (double)part / (double)whole;
  if (ratio < 0)
    baro_text_table_add_format(table, style, "-");
  else if (ratio > 0 && ratio < 0.0005)
    baro_text_table_add_format(table, style, "<0.1");
  else
    baro_text_table_add_format(table, style, "%.1f", ratio * 100);
}

void baro_add_duration(baro_text_table *table, baro_style style, uint64_t ns) {
  baro_text_table_add_format(table, style, "%s", baro_text_duration(ns).text);
}

static void add_buffer(baro_text_table *table, baro_style style, baro_buffer *text) {
  if (text->failed)
    table->failed = true;
  baro_text_table_add(table, style, (baro_view){text->data, text->length});
  baro_buffer_clear(text);
}

void baro_add_call_count(baro_text_table *table, baro_style style, uint64_t calls,
                         uint64_t primitive) {
  if (calls == primitive)
    baro_text_table_add_format(table, style, "%s", baro_text_count(calls).text);
  else
    baro_text_table_add_format(table, style, "%s/%s", baro_text_count(calls).text,
                               baro_text_count(primitive).text);
}

static void add_place(baro_report *report, uint32_t function, baro_text_table *table,
                      baro_buffer *scratch) {
  baro_report_place(report, function, report->profile->functions.rows[function].first_line,
                    scratch);
  add_buffer(table, BARO_STYLE_FAINT, scratch);
}

void baro_report_add_function(baro_report *report, uint32_t function, baro_text_table *table,
                              baro_buffer *scratch) {
  baro_text_table_add(table, BARO_STYLE_PLAIN,
                      baro_report_function_name(report->profile, function));
  add_place(report, function, table, scratch);
}

static const baro_column function_column = {
    .title = "function", .cut = BARO_CUT_MIDDLE, .minimum = 12, .pleasant = 22, .maximum = 80};
static const baro_column place_column = {
    .title = "place", .cut = BARO_CUT_PATH, .minimum = 10, .pleasant = 14};

/* --- functions --- */

/* Columns that are shown where any of the functions has something in them. */
typedef struct some_columns {
  bool cpu;
  bool raised;
  bool thinned;
  bool suspendable; /* no column, but a remark */
} some_columns;

/* The columns in the order in which add_row fills them. */
static size_t function_columns(const baro_report *report, some_columns some,
                               baro_column columns[]) {
  bool by_total = report->options->sort == BARO_SORT_TOTAL;
  size_t count = 0;
  columns[count++] = (baro_column){.title = "self %", .right = true};
  if (report->profile->samples.count > 0)
    columns[count++] = (baro_column){.title = "sampled %", .right = true, .drop = 3};
  columns[count++] = (baro_column){.title = "self", .right = true, .drop = 5};
  columns[count++] = (baro_column){.title = "total %", .right = true, .drop = by_total ? 4 : 10};
  columns[count++] = (baro_column){.title = "total", .right = true, .drop = by_total ? 0 : 4};
  if (some.cpu)
    columns[count++] = (baro_column){.title = "cpu", .right = true, .drop = 8};
  columns[count++] = (baro_column){.title = "calls", .right = true, .drop = 1};
  if (some.thinned)
    columns[count++] = (baro_column){.title = "recorded %", .right = true};
  columns[count++] = (baro_column){.title = "per call", .right = true, .drop = 2};
  columns[count++] = (baro_column){.title = "p50", .right = true, .drop = 8};
  columns[count++] = (baro_column){.title = "p99", .right = true, .drop = 7};
  columns[count++] = (baro_column){.title = "max", .right = true, .drop = 9};
  if (some.raised)
    columns[count++] = (baro_column){.title = "raised", .right = true, .drop = 6};
  columns[count++] = function_column;
  columns[count++] = place_column;
  return count;
}

/* Of which calls the times are estimates. */
static void add_recorded(const baro_profile_call_sums *sums, uint32_t function,
                         baro_text_table *table) {
  uint64_t calls = sums->calls[function];
  if (sums->skipped[function] == 0)
    baro_text_table_add_format(table, BARO_STYLE_FAINT, ".");
  else
    add_percent(table, BARO_STYLE_WARN, calls - sums->skipped[function], calls);
}

static void add_row(baro_report *report, uint32_t function, uint64_t basis_ns, some_columns some,
                    baro_text_table *table, baro_buffer *scratch) {
  const baro_profile *profile = report->profile;
  const baro_profile_call_sums *sums = &profile->call_sums;
  add_percent(table, BARO_STYLE_STRONG, sums->self_ns[function], basis_ns);
  if (profile->samples.count > 0)
    add_percent(table, BARO_STYLE_PLAIN,
                baro_amount_busy(&profile->functions.self[report->options->measure], function),
                report->basis_ns);
  baro_add_duration(table, BARO_STYLE_PLAIN, sums->self_ns[function]);
  add_percent(table, BARO_STYLE_PLAIN, sums->total_ns[function], basis_ns);
  baro_add_duration(table, BARO_STYLE_PLAIN, sums->total_ns[function]);
  if (some.cpu && sums->cpu_ns[function] == BARO_UNKNOWN_AMOUNT)
    baro_text_table_add_format(table, BARO_STYLE_FAINT, "?");
  else if (some.cpu)
    baro_add_duration(table, BARO_STYLE_PLAIN, sums->cpu_ns[function]);
  baro_add_call_count(table, BARO_STYLE_PLAIN, sums->calls[function],
                      sums->primitive_calls[function]);
  if (some.thinned)
    add_recorded(sums, function, table);
  baro_add_duration(table, BARO_STYLE_PLAIN, baro_calls_mean_ns(profile, function));
  baro_add_duration(table, BARO_STYLE_PLAIN, sums->p50_ns[function]);
  baro_add_duration(table, BARO_STYLE_PLAIN, sums->p99_ns[function]);
  baro_add_duration(table, BARO_STYLE_PLAIN, sums->max_ns[function]);
  if (some.raised && sums->raised[function] == 0)
    baro_text_table_add_format(table, BARO_STYLE_FAINT, ".");
  else if (some.raised)
    baro_text_table_add_format(table, BARO_STYLE_WARN, "%s",
                               baro_text_count(sums->raised[function]).text);
  baro_report_add_function(report, function, table, scratch);
}

static void write_functions(baro_report *report, const uint32_t *order, uint32_t shown,
                            uint64_t basis_ns) {
  const baro_profile_call_sums *sums = &report->profile->call_sums;
  some_columns some = {0};
  baro_arena arena = {0};
  const bool *suspendable = baro_suspendable_functions(report->profile, &arena);
  report->out->failed |= suspendable == NULL;
  for (uint32_t i = 0; suspendable != NULL && i < shown; i++) {
    some.suspendable |= suspendable[order[i]];
    some.raised |= sums->raised[order[i]] > 0;
    some.thinned |= sums->skipped[order[i]] > 0;
    some.cpu |= sums->cpu_ns[order[i]] != BARO_UNKNOWN_AMOUNT;
  }
  baro_column columns[BARO_TABLE_COLUMNS_MAX];
  baro_text_table table;
  baro_text_table_init(&table, columns, function_columns(report, some, columns));
  baro_buffer scratch = {0};
  for (uint32_t i = 0; i < shown; i++)
    add_row(report, order[i], basis_ns, some, &table, &scratch);
  baro_text_table_write(&table, report->terminal, BARO_REPORT_INDENT, report->out);
  if (some.suspendable)
    baro_report_remark(report,
                       "durations of generators and coroutines have the time they were suspended; "
                       "self and total have not");
  baro_buffer_release(&scratch);
  baro_text_table_release(&table);
  baro_arena_release(&arena);
}

static void write_rest(baro_report *report, const uint32_t *order, uint32_t shown, uint32_t count,
                       uint64_t basis_ns) {
  if (shown >= count)
    return;
  uint64_t rest_ns = 0, calls = 0;
  for (uint32_t i = shown; i < count; i++) {
    rest_ns += report->profile->call_sums.self_ns[order[i]];
    calls += report->profile->call_sums.calls[order[i]];
  }
  double ratio = basis_ns == 0 ? -1 : (double)rest_ns / (double)basis_ns;
  baro_report_remark(report, "and %s more, %s %s, self %s together; --top 0 shows all",
                     baro_text_count(count - shown).text, baro_text_count(calls).text,
                     baro_plural(calls, "call", "calls"), baro_text_percent(ratio).text);
}

/* Who sees that one short function makes most of a recording can leave it out: it costs the program and the disk most, and
 * of its time the recording is a part. */
static void write_crowd(baro_report *report) {
  static const uint64_t CALLS_MIN = 100000, SHORT_NS = 1000;
  const baro_profile *profile = report->profile;
  const baro_profile_call_sums *sums = &profile->call_sums;
  uint32_t most = 0;
  for (uint32_t f = 1; f < profile->functions.count; f++)
    most = sums->calls[f] > sums->calls[most] ? f : most;
  /* One that is thinned is cared for; of many the head of the report speaks. */
  if (profile->calls.count < CALLS_MIN || sums->calls[most] < profile->calls.count / 2 ||
      sums->p50_ns[most] >= SHORT_NS || sums->skipped[most] > 0 || baro_crowd_of(profile).is_crowd)
    return;
  baro_buffer text = {0};
  (void)baro_write_fitted(&text, baro_report_function_name(profile, most), 40, BARO_CUT_MIDDLE,
                          report->terminal->unicode);
  double ratio = (double)sums->calls[most] / (double)profile->calls.count;
  baro_write_format(&text,
                    " makes %s of the calls, and half of them took at most %s%s; record "
                    "--calls=GLOB,... without it costs less",
                    baro_text_percent(ratio).text, baro_text_duration(sums->p50_ns[most]).text,
                    profile->calls.own_cost_ns == 0 ? ", part of which is the recording itself"
                                                    : "");
  baro_wrap wrap = {.column = BARO_REPORT_INDENT,
                    .indent = BARO_REPORT_INDENT,
                    .columns = report->terminal->columns,
                    .unicode = report->terminal->unicode};
  baro_write_text(report->out, "  ");
  baro_style_begin(report->out, report->terminal, BARO_STYLE_WARN);
  baro_write_wrapped(report->out, &wrap, (baro_view){text.data, text.length});
  baro_style_end(report->out, report->terminal, BARO_STYLE_WARN);
  baro_write_u8(report->out, '\n');
  report->out->failed |= text.failed;
  baro_buffer_release(&text);
}

void baro_report_calls(baro_report *report) {
  const baro_report_options *options = report->options;
  baro_arena scratch = {0};
  uint32_t count = 0;
  uint32_t *order = baro_call_functions(report->profile, options->sort, &scratch, &count);
  if (order == NULL) {
    report->out->failed = true;
  } else if (count > 0) {
    uint64_t basis_ns = baro_calls_basis_ns(report->profile);
    uint32_t shown = options->top == 0 || options->top > count ? count : options->top;
    baro_buffer remark = {0};
    baro_write_format(&remark, "shares of %s in recorded calls", baro_text_duration(basis_ns).text);
    /* Where samples are shown too, their table has said it. */
    if (report->is_foreign && report->profile->samples.count == 0)
      baro_write_format(&remark, "; places are below %s/", options->directory);
    report->out->failed |= remark.failed;
    baro_report_heading(report,
                        options->sort == BARO_SORT_TOTAL ? "Calls by time with what they call"
                                                         : "Calls by their own time",
                        (baro_view){remark.data, remark.length});
    baro_buffer_release(&remark);
    write_functions(report, order, shown, basis_ns);
    write_rest(report, order, shown, count, basis_ns);
    write_crowd(report);
  }
  baro_arena_release(&scratch);
}

/* --- slowest --- */

static const baro_profile_thread *thread_of(const baro_profile *profile, uint32_t call) {
  uint32_t low = 0, high = profile->thread_count;
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    if (profile->threads[middle].first_call <= call)
      low = middle;
    else
      high = middle;
  }
  return &profile->threads[low];
}

/* Columns that are shown where any of the calls has something in them. */
typedef struct some_slow {
  bool suspended;
  bool ends; /* what calls ended by, where one did not just return */
  bool values;
} some_slow;

static void write_outcome(const baro_profile *profile, uint32_t call, baro_buffer *out) {
  baro_outcome outcome = (baro_outcome)profile->calls.outcome[call];
  if (outcome == BARO_OUTCOME_RETURNED)
    return;
  baro_view exception = baro_profile_string(profile, baro_call_exception(profile, call));
  baro_write_text(out, baro_outcome_key(outcome));
  if (exception.length > 0) {
    baro_write_text(out, " ");
    baro_write_bytes(out, exception.data, exception.length);
  }
}

static void add_slow(baro_report *report, uint32_t call, some_slow some, baro_text_table *table,
                     baro_buffer *scratch) {
  const baro_profile *profile = report->profile;
  const baro_profile_calls *calls = &profile->calls;
  baro_add_duration(table, BARO_STYLE_STRONG, calls->self_ns[call]);
  baro_add_duration(table, BARO_STYLE_PLAIN, calls->duration_ns[call]);
  uint64_t suspended_ns = baro_call_suspended_ns(profile, call);
  if (some.suspended && suspended_ns == 0)
    baro_text_table_add_format(table, BARO_STYLE_FAINT, ".");
  else if (some.suspended)
    baro_add_duration(table, BARO_STYLE_PLAIN, suspended_ns);
  baro_add_duration(table, BARO_STYLE_PLAIN, calls->start_ns[call] - profile->start_ns);
  baro_report_add_function(report, calls->function[call], table, scratch);
  if (some.ends) {
    write_outcome(profile, call, scratch);
    add_buffer(table, BARO_STYLE_WARN, scratch);
  }
  const baro_profile_thread *thread = thread_of(profile, call);
  if (thread->is_main)
    baro_write_text(scratch, "main");
  else
    baro_write_thread_label(scratch, profile, thread);
  add_buffer(table, BARO_STYLE_FAINT, scratch);
}

/* Writes what was recorded of it: (a=1, b=2) -> 'result'. False: nothing was. */
static bool write_values(const baro_profile *profile, uint32_t call, baro_buffer *out) {
  baro_view given, keyword, result;
  bool has_given = baro_call_value_text(profile, call, BARO_CALL_VALUE_ARGUMENTS, &given);
  bool has_keyword =
      baro_call_value_text(profile, call, BARO_CALL_VALUE_KEYWORD_ARGUMENTS, &keyword);
  bool has_result = baro_call_value_text(profile, call, BARO_CALL_VALUE_RETURN, &result);
  if (has_given || has_keyword) {
    baro_write_text(out, "(");
    baro_write_bytes(out, given.data, given.length);
    baro_write_text(out, given.length != 0 && keyword.length != 0 ? ", " : "");
    baro_write_bytes(out, keyword.data, keyword.length);
    baro_write_text(out, has_result ? ") " : ")");
  }
  if (has_result) {
    baro_write_text(out, "-> ");
    baro_write_bytes(out, result.data, result.length);
  }
  return has_given || has_keyword || has_result;
}

static some_slow find_some(const baro_report *report, const uint32_t *calls, uint32_t count) {
  const baro_profile *profile = report->profile;
  some_slow some = {0};
  baro_buffer scratch = {0};
  for (uint32_t i = 0; i < count; i++) {
    some.suspended |= baro_call_suspended_ns(profile, calls[i]) > 0;
    some.ends |= profile->calls.outcome[calls[i]] != BARO_OUTCOME_RETURNED;
    some.values = some.values || write_values(profile, calls[i], &scratch);
  }
  baro_buffer_release(&scratch);
  return some;
}

enum { SLOW_COLUMNS = 9 };

/* How many there are. */
static size_t slow_columns(some_slow some, baro_column *columns) {
  size_t count = 0;
  columns[count++] = (baro_column){.title = "self", .right = true};
  columns[count++] = (baro_column){.title = "duration", .right = true, .drop = 1};
  if (some.suspended)
    columns[count++] = (baro_column){.title = "suspended", .right = true, .drop = 1};
  columns[count++] = (baro_column){.title = "begun after", .right = true, .drop = 4};
  columns[count++] = function_column;
  columns[count++] = place_column;
  if (some.ends)
    columns[count++] = (baro_column){.title = "end",
                                     .cut = BARO_CUT_END,
                                     .minimum = 8,
                                     .pleasant = 10,
                                     .maximum = 40,
                                     .drop = 3};
  columns[count++] = (baro_column){.title = "thread",
                                   .cut = BARO_CUT_END,
                                   .minimum = 8,
                                   .pleasant = 12,
                                   .maximum = 40,
                                   .drop = 2};
  if (some.values)
    columns[count++] = (baro_column){.title = "values",
                                     .cut = BARO_CUT_END,
                                     .minimum = 16,
                                     .pleasant = 40,
                                     .maximum = 200,
                                     .drop = 2};
  return count;
}

void baro_report_slowest(baro_report *report) {
  bool by_total = report->options->sort == BARO_SORT_TOTAL;
  baro_arena arena = {0};
  uint32_t count = 0;
  uint32_t *slowest =
      baro_slowest_calls(report->profile, report->options->sort, SLOWEST_SHOWN, &arena, &count);
  if (slowest == NULL)
    report->out->failed = true;
  if (slowest == NULL || count == 0) {
    baro_arena_release(&arena);
    return;
  }
  baro_text_table table;
  some_slow some = find_some(report, slowest, count);
  baro_column columns[SLOW_COLUMNS];
  baro_text_table_init(&table, columns, slow_columns(some, columns));
  baro_buffer scratch = {0};
  for (uint32_t i = 0; i < count; i++) {
    add_slow(report, slowest[i], some, &table, &scratch);
    if (some.values) {
      (void)write_values(report->profile, slowest[i], &scratch);
      add_buffer(&table, BARO_STYLE_PLAIN, &scratch);
    }
  }
  baro_report_heading(
      report, "Slowest calls",
      baro_view_of(by_total ? "by the time they ran, with what they called" : "by their own time"));
  baro_text_table_write(&table, report->terminal, BARO_REPORT_INDENT, report->out);
  baro_buffer_release(&scratch);
  baro_text_table_release(&table);
  baro_arena_release(&arena);
}

/* --- threads --- */

void baro_report_call_threads(baro_report *report) {
  static const baro_column columns[] = {
      {.title = "thread", .cut = BARO_CUT_MIDDLE, .minimum = 16, .pleasant = 24, .maximum = 60},
      {.title = "id", .right = true, .drop = 2},
      {.title = "process", .right = true, .drop = 3},
      {.title = "calls", .right = true},
      {.title = "in calls", .right = true},
      {.title = "from first to last", .right = true, .drop = 1},
  };
  const baro_profile *profile = report->profile;
  uint32_t shown = 0, hidden = 0;
  baro_text_table table;
  baro_text_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
  baro_buffer scratch = {0};
  for (uint32_t t = 0; t < profile->thread_count; t++) {
    const baro_profile_thread *thread = &profile->threads[t];
    if (thread->call_count == 0)
      continue;
    if (shown == CALL_THREADS_SHOWN && !report->options->threads) {
      hidden++;
      continue;
    }
    shown++;
    baro_write_thread_label(&scratch, profile, thread);
    if (thread->is_main)
      baro_write_text(&scratch, scratch.length > 0 ? " (main)" : "main");
    add_buffer(&table, BARO_STYLE_PLAIN, &scratch);
    baro_text_table_add_format(&table, BARO_STYLE_FAINT, "%" PRIu32, thread->os_tid);
    baro_text_table_add_format(&table, BARO_STYLE_FAINT, "%" PRIu32,
                               profile->processes[thread->process].os_pid);
    baro_text_table_add_format(&table, BARO_STYLE_PLAIN, "%s",
                               baro_text_count(thread->call_count).text);
    baro_add_duration(&table, BARO_STYLE_PLAIN, thread->calls_self_ns);
    baro_add_duration(&table, BARO_STYLE_PLAIN, thread->calls_end_ns - thread->calls_start_ns);
  }
  baro_report_heading(report, "Threads", baro_view_of("with recorded calls"));
  baro_text_table_write(&table, report->terminal, BARO_REPORT_INDENT, report->out);
  if (hidden > 0)
    baro_report_remark(report, "and %s more; --threads shows all", baro_text_count(hidden).text);
  baro_buffer_release(&scratch);
  baro_text_table_release(&table);
}

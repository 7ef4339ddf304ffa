#include "show/report_parts.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "show/place.h"
#include "show/text_wrap.h"
#include "show/units.h"

/* The order of states in bars: what runs, what is ready to run, what waits, what is not known. */
static const baro_state bar_order[] = {
    BARO_STATE_CPU,     BARO_STATE_COLLECTOR, BARO_STATE_RUNNABLE, BARO_STATE_GIL,
    BARO_STATE_GPU,     BARO_STATE_COPY,      BARO_STATE_LOCK,     BARO_STATE_DISK,
    BARO_STATE_NETWORK, BARO_STATE_PIPE,      BARO_STATE_CHILD,    BARO_STATE_SLEEP,
    BARO_STATE_IDLE,    BARO_STATE_UNKNOWN,
};
_Static_assert(sizeof(bar_order) / sizeof(bar_order[0]) == BARO_STATE_COUNT,
               "every state has its place in bars");

baro_split baro_split_of(const baro_amounts *amounts, uint32_t index) {
  baro_split split = {0};
  for (int state = 0; state < BARO_STATE_COUNT; state++) {
    if (state == BARO_STATE_IDLE)
      continue;
    split.ns[state] = baro_amount(amounts, (baro_state)state, index);
    split.all_ns += split.ns[state];
  }
  return split;
}

baro_split baro_split_of_thread(const baro_profile_thread *thread) {
  baro_split split = {0};
  for (int state = 0; state < BARO_STATE_COUNT; state++) {
    split.ns[state] = thread->state_ns[state];
    split.all_ns += split.ns[state];
  }
  return split;
}

void baro_share_cells(const baro_split *split, uint32_t cells,
                      uint32_t ret_cells[BARO_STATE_COUNT]) {
  double rest[BARO_STATE_COUNT] = {0};
  uint32_t given = 0;
  memset(ret_cells, 0, BARO_STATE_COUNT * sizeof(*ret_cells));
  if (split->all_ns == 0)
    return;
  for (int state = 0; state < BARO_STATE_COUNT; state++) {
    double exact = (double)split->ns[state] / (double)split->all_ns * cells;
    ret_cells[state] = (uint32_t)exact;
    rest[state] = exact - (double)ret_cells[state];
    given += ret_cells[state];
  }
  for (; given < cells; given++) {
    int best = 0;
    for (int state = 1; state < BARO_STATE_COUNT; state++) {
      if (rest[state] > rest[best])
        best = state;
    }
    ret_cells[best]++;
    rest[best] -= 1;
  }
}

uint32_t baro_report_bar(baro_report *report, const baro_split *split, uint64_t full_ns,
                         uint32_t width, baro_buffer *bar) {
  if (split->all_ns == 0 || full_ns == 0)
    return 0;
  double exact = (double)split->all_ns / (double)full_ns * width;
  uint32_t cells = exact >= width ? width : (uint32_t)(exact + 0.5);
  if (cells == 0)
    cells = 1;
  uint32_t by_state[BARO_STATE_COUNT];
  baro_share_cells(split, cells, by_state);
  for (size_t i = 0; i < BARO_STATE_COUNT; i++) {
    baro_state state = bar_order[i];
    if (by_state[state] == 0)
      continue;
    report->shown[state] = true;
    baro_write_bar(bar, report->terminal, state, by_state[state]);
  }
  return cells;
}

void baro_report_words(const baro_split *split, uint32_t limit, baro_buffer *out) {
  bool used[BARO_STATE_COUNT] = {false};
  for (uint32_t n = 0; n < limit; n++) {
    int best = -1;
    for (int state = 0; state < BARO_STATE_COUNT; state++) {
      if (!used[state] && split->ns[state] > 0 && (best < 0 || split->ns[state] > split->ns[best]))
        best = state;
    }
    if (best < 0)
      return;
    used[best] = true;
    double ratio = (double)split->ns[best] / (double)split->all_ns;
    if (ratio < 0.01 && n > 0)
      return;
    if (n == 0 && ratio >= 0.995) {
      baro_write_text(out, baro_state_short((baro_state)best));
      return;
    }
    baro_write_format(out, "%s%s %s", n > 0 ? ", " : "", baro_state_short((baro_state)best),
                      baro_text_percent_whole(ratio).text);
  }
}

void baro_add_time(baro_text_table *table, baro_style style, uint64_t ns) {
  if (ns == 0)
    baro_text_table_add_format(table, BARO_STYLE_FAINT, "-");
  else
    baro_text_table_add_format(table, style, "%s", baro_text_duration(ns).text);
}

uint32_t baro_report_bar_width(const baro_terminal *terminal) {
  if (terminal->columns < 70)
    return 8;
  if (terminal->columns < 100)
    return 12;
  return terminal->columns < 140 ? 20 : 30;
}

void baro_report_heading(baro_report *report, const char *title, baro_view remark) {
  baro_buffer *out = report->out;
  baro_write_u8(out, '\n');
  baro_style_begin(out, report->terminal, BARO_STYLE_STRONG);
  baro_write_text(out, title);
  baro_style_end(out, report->terminal, BARO_STYLE_STRONG);
  if (remark.length > 0) {
    baro_wrap wrap = {.column = strlen(title) + 2,
                      .indent = BARO_REPORT_INDENT,
                      .columns = report->terminal->columns,
                      .unicode = report->terminal->unicode};
    baro_write_text(out, "  ");
    baro_style_begin(out, report->terminal, BARO_STYLE_FAINT);
    baro_write_wrapped(out, &wrap, remark);
    baro_style_end(out, report->terminal, BARO_STYLE_FAINT);
  }
  baro_write_u8(out, '\n');
}

void baro_report_remark(baro_report *report, const char *format, ...) {
  char text[160];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  assert(length >= 0 && (size_t)length < sizeof(text));
  baro_buffer *out = report->out;
  baro_wrap wrap = {.column = BARO_REPORT_INDENT,
                    .indent = BARO_REPORT_INDENT,
                    .columns = report->terminal->columns,
                    .unicode = report->terminal->unicode};
  baro_write_text(out, "  ");
  baro_style_begin(out, report->terminal, BARO_STYLE_FAINT);
  baro_write_wrapped(out, &wrap, (baro_view){(const uint8_t *)text, (size_t)length});
  baro_style_end(out, report->terminal, BARO_STYLE_FAINT);
  baro_write_u8(out, '\n');
}

baro_view baro_report_function_name(const baro_profile *profile, uint32_t function) {
  return baro_profile_string(profile, profile->functions.rows[function].qualified_string);
}

void baro_report_place(const baro_report *report, uint32_t function, uint32_t line,
                       baro_buffer *out) {
  const baro_profile_function *row = &report->profile->functions.rows[function];
  baro_write_place(out, baro_profile_string(report->profile, row->file_string), line, row->origin,
                   report->options->directory, report->options->home);
}

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/plural.h"
#include "show/forecast_report.h"
#include "show/text_table.h"
#include "show/text_width.h"
#include "show/text_wrap.h"
#include "show/units.h"

static const uint32_t INDENT = 2;
enum { BAR_CELLS = 40 };

/* Nanoseconds in 64 bits end at 584 years: more is told as that, and never as nothing. */
static const double SECONDS_MAX = 1.8e10;

static baro_unit_text seconds(double value_s) {
  double shown_s = value_s > 0 ? fmin(value_s, SECONDS_MAX) : 0;
  return baro_text_duration((uint64_t)(shown_s * 1e9));
}

/* "32 % less than", "1.9 times", "as long as" */
static baro_unit_text compared(double predicted_s, double base_s) {
  baro_unit_text text;
  double ratio = predicted_s / base_s;
  if (fabs(ratio - 1) < 0.005) {
    (void)snprintf(text.text, sizeof(text.text), "as long as");
  } else if (ratio >= 2) {
    (void)snprintf(text.text, sizeof(text.text), ratio < 100 ? "%.3g times" : "%.0f times", ratio);
  } else {
    (void)snprintf(text.text, sizeof(text.text), "%.0f %% %s than", 100 * fabs(ratio - 1),
                   ratio < 1 ? "less" : "more");
  }
  return text;
}

static void write_heading(const baro_terminal *terminal, const char *text, baro_buffer *out) {
  baro_write_text(out, "\n");
  baro_style_begin(out, terminal, BARO_STYLE_STRONG);
  baro_write_text(out, text);
  baro_style_end(out, terminal, BARO_STYLE_STRONG);
  baro_write_text(out, "\n");
}

static void write_part(const baro_scenario *scenario, const baro_forecast_part *part,
                       const baro_terminal *terminal, baro_buffer *out) {
  if (part->function != BARO_NONE_ID) {
    const baro_scenario_function *function = &scenario->functions[part->function];
    baro_write_text(out, "function:");
    baro_write_clean(out, baro_view_of(function->name), terminal->unicode);
    baro_write_format(out, "=%.4gx", function->factor);
    return;
  }
  char value[32];
  baro_scenario_value_text(part->key, &scenario->values[part->key], value);
  baro_write_format(out, "%s=%s", baro_scenario_name(part->key), value);
}

/* So that nobody takes what is predicted for the run, which `explain` and `report` show. */
static const double UNTOLD_RATIO_SAID = 0.02;
/* Of a part: as predictor.h widens by it. */
static const double REPLAY_OFF_SAID = 0.02;

static void write_line(const baro_terminal *terminal, uint32_t column, const char *text,
                       baro_buffer *out) {
  baro_wrap wrap = {.column = column,
                    .indent = 2 * INDENT,
                    .columns = terminal->columns,
                    .unicode = terminal->unicode};
  baro_write_wrapped(out, &wrap, baro_view_of(text));
  baro_write_text(out, "\n");
}

static void write_answer(const baro_forecast_report *report, const baro_terminal *terminal,
                         baro_buffer *out) {
  const baro_forecast *forecast = report->forecast;
  const char *set = report->set[0] != '\0' ? report->set : "as it was";
  baro_unit_text predicted = seconds(forecast->predicted_s);
  baro_style_begin(out, terminal, BARO_STYLE_STRONG);
  baro_write_clean(out, baro_view_of(set), terminal->unicode);
  baro_write_format(out, ": %s", predicted.text);
  baro_style_end(out, terminal, BARO_STYLE_STRONG);
  baro_write_text(out, " ");
  char text[256];
  (void)snprintf(text, sizeof(text), "(%s to %s), %s the recorded %s",
                 seconds(forecast->low_s).text, seconds(forecast->high_s).text,
                 compared(forecast->predicted_s, forecast->base_s).text,
                 seconds(forecast->base_s).text);
  size_t column = baro_text_width(baro_view_of(set)) + strlen(predicted.text) + 3;
  write_line(terminal, (uint32_t)column, text, out);
}

/* Second, so that nobody takes it for the run that they meant. */
static void write_recorded_part(const baro_forecast *forecast, const baro_terminal *terminal,
                                baro_buffer *out) {
  char text[400];
  (void)snprintf(text, sizeof(text), "of a part of the run only: %s", forecast->part);
  baro_write_format(out, "%*s", (int)INDENT, "");
  write_line(terminal, INDENT, text, out);
}

/* What the two lengths are that `explain` and the line above tell of one run. */
static void write_extent(const baro_forecast *forecast, const baro_terminal *terminal,
                         baro_buffer *out) {
  char text[256];
  (void)snprintf(text, sizeof(text),
                 "%s of the run's %s: from about when the session was ready, %s before the first "
                 "job, to the end of the last",
                 seconds(forecast->base_s).text, seconds(forecast->run_s).text,
                 seconds(forecast->lead_s).text);
  baro_write_format(out, "%*s", (int)INDENT, "");
  write_line(terminal, INDENT, text, out);
}

static void write_replay_off(const baro_forecast *forecast, const baro_terminal *terminal,
                             baro_buffer *out) {
  char text[400];
  double ratio = forecast->replayed_s / forecast->base_s;
  if (forecast->base_slots > 0 && fabs(ratio - 1) > REPLAY_OFF_SAID) {
    (void)snprintf(text, sizeof(text),
                   "replayed, %s takes %s and not %s: the prediction is scaled by that, and "
                   "its interval wider",
                   forecast->part != NULL ? "that part" : "the recorded run",
                   seconds(forecast->replayed_s).text, seconds(forecast->base_s).text);
    baro_write_format(out, "%*s", (int)INDENT, "");
    write_line(terminal, INDENT, text, out);
  }
}

static void write_head(const baro_forecast_report *report, const baro_terminal *terminal,
                       baro_buffer *out) {
  const baro_forecast *forecast = report->forecast;
  write_answer(report, terminal, out);
  if (forecast->part != NULL) {
    write_recorded_part(forecast, terminal, out);
  }
  write_replay_off(forecast, terminal, out);
  if (forecast->base_slots > 0) {
    baro_write_format(out, "%*s%u %s, %s busy; recorded %u, %s busy\n", (int)INDENT, "",
                      forecast->slots, baro_plural(forecast->slots, "slot", "slots"),
                      baro_text_percent_whole(forecast->busy_ratio).text, forecast->base_slots,
                      baro_text_percent_whole(forecast->base_busy_ratio).text);
  }
  if (fmax(forecast->lead_s, forecast->run_s - forecast->base_s) >
      UNTOLD_RATIO_SAID * forecast->base_s) {
    write_extent(forecast, terminal, out);
  }
  if (forecast->part_count > 1) {
    for (uint32_t p = 0; p < forecast->part_count; p++) {
      const baro_forecast_part *part = &forecast->parts[p];
      baro_write_format(out, "%*s", (int)INDENT, "");
      write_part(report->scenario, part, terminal, out);
      baro_write_format(out, " alone: %s\n", seconds(part->alone_s).text);
    }
  }
}

/* Without --why: what makes the interval as wide as it is. */
static void write_widest(const baro_forecast_report *report, const baro_terminal *terminal,
                         baro_buffer *out) {
  const baro_forecast *forecast = report->forecast;
  if (forecast->term_count > 0) {
    const baro_forecast_term *term = &forecast->terms[0];
    baro_write_format(out, "%*sleast sure: %s (%s to %s)", (int)INDENT, "",
                      baro_terms[term->term].key, seconds(term->fastest_s).text,
                      seconds(term->slowest_s).text);
    baro_write_text(out, "\n");
  }
  baro_style_begin(out, terminal, BARO_STYLE_FAINT);
  baro_write_format(out, "%*s--why lists what this rests on\n", (int)INDENT, "");
  baro_style_end(out, terminal, BARO_STYLE_FAINT);
}

static void write_terms(const baro_forecast_report *report, const baro_terminal *terminal,
                        baro_buffer *out) {
  static const baro_column columns[] = {
      {.title = "term"},
      {.title = "value", .right = true},
      {.title = "range", .right = true},
      {.title = "source"},
      {.title = "prediction", .right = true},
      {.title = "meaning", .cut = BARO_CUT_END, .minimum = 20, .pleasant = 30, .drop = 1},
  };
  const baro_forecast *forecast = report->forecast;
  baro_text_table table;
  baro_text_table_init(&table, columns, sizeof(columns) / sizeof(columns[0]));
  for (uint32_t t = 0; t < forecast->term_count; t++) {
    const baro_forecast_term *term = &forecast->terms[t];
    baro_text_table_add(&table, BARO_STYLE_PLAIN, baro_view_of(baro_terms[term->term].key));
    baro_text_table_add_format(&table, BARO_STYLE_PLAIN, "%.3g", term->point);
    baro_text_table_add_format(&table, BARO_STYLE_FAINT, "%.3g to %.3g", term->low, term->high);
    baro_text_table_add(&table, BARO_STYLE_PLAIN,
                        baro_view_of(baro_term_source_text(term->source)));
    baro_text_table_add_format(&table, BARO_STYLE_PLAIN, "%s to %s", seconds(term->fastest_s).text,
                               seconds(term->slowest_s).text);
    baro_text_table_add(&table, BARO_STYLE_FAINT, baro_view_of(baro_terms[term->term].words));
  }
  if (forecast->lead_error_s > 0) {
    double least_s = fmax(0, forecast->lead_s - forecast->lead_error_s);
    baro_text_table_add(&table, BARO_STYLE_PLAIN, baro_view_of("start"));
    baro_text_table_add(&table, BARO_STYLE_PLAIN, baro_view_of(seconds(forecast->lead_s).text));
    baro_text_table_add_format(&table, BARO_STYLE_FAINT, "%s to %s", seconds(least_s).text,
                               seconds(forecast->lead_s + forecast->lead_error_s).text);
    baro_text_table_add(&table, BARO_STYLE_PLAIN, baro_view_of("prior"));
    baro_text_table_add_format(&table, BARO_STYLE_PLAIN, "%s to %s",
                               seconds(forecast->predicted_s - forecast->lead_s + least_s).text,
                               seconds(forecast->predicted_s + forecast->lead_error_s).text);
    baro_text_table_add(
        &table, BARO_STYLE_FAINT,
        baro_view_of("before the first job: no event tells when the session was ready"));
  }
  bool is_python = forecast->base_slots == 0;
  const struct {
    const char *key;
    const char *source;
    double ratio;
    const char *words;
  } chances[] = {{is_python ? "samples" : "tasks", "measured", forecast->bootstrap_ratio,
                  is_python ? "sampling error" : "other tasks of the same stages, by chance"},
                 {"runs", "prior", sqrt(2) * forecast->noise_ratio,
                  "from the recorded run to another one of the same job"}};
  for (size_t c = 0; c < sizeof(chances) / sizeof(chances[0]); c++) {
    if (!(chances[c].ratio > 0)) {
      continue; /* of a trace nothing was drawn by chance */
    }
    double wide = exp(1.645 * chances[c].ratio);
    baro_text_table_add(&table, BARO_STYLE_PLAIN, baro_view_of(chances[c].key));
    baro_text_table_add_format(&table, BARO_STYLE_PLAIN, "%.1f %%", 100 * chances[c].ratio);
    baro_text_table_add(&table, BARO_STYLE_FAINT, baro_view_of(""));
    baro_text_table_add(&table, BARO_STYLE_PLAIN, baro_view_of(chances[c].source));
    baro_text_table_add_format(&table, BARO_STYLE_PLAIN, "%s to %s",
                               seconds(forecast->predicted_s / wide).text,
                               seconds(forecast->predicted_s * wide).text);
    baro_text_table_add(&table, BARO_STYLE_FAINT, baro_view_of(chances[c].words));
  }
  write_heading(terminal, "What it depends on, each alone at the ends of its range", out);
  baro_text_table_write(&table, terminal, INDENT, out);
  baro_text_table_release(&table);
}

static void write_item(const baro_terminal *terminal, const char *text, baro_buffer *out) {
  baro_wrap wrap = {.column = INDENT + 2,
                    .indent = INDENT + 2,
                    .columns = terminal->columns,
                    .unicode = terminal->unicode};
  baro_write_format(out, "%*s- ", (int)INDENT, "");
  baro_write_wrapped(out, &wrap, baro_view_of(text));
  baro_write_text(out, "\n");
}

static void write_why(const baro_forecast_report *report, const baro_terminal *terminal,
                      baro_buffer *out) {
  const baro_forecast *forecast = report->forecast;
  write_terms(report, terminal, out);
  if (forecast->term_count > 0) {
    write_heading(terminal, "Terms", out);
  }
  for (uint32_t t = 0; t < forecast->term_count; t++) {
    char text[400];
    const baro_term_row *row = &baro_terms[forecast->terms[t].term];
    (void)snprintf(text, sizeof(text), "%s: %s", row->key, row->words);
    write_item(terminal, text, out);
  }
  write_heading(terminal, "Assumptions", out);
  for (uint32_t a = 0; a < forecast->assumption_count; a++) {
    write_item(terminal, forecast->assumptions[a], out);
  }
}

static void write_fit(const baro_contention_fit *fit, baro_buffer *out) {
  if (fit->term == BARO_TERM_COUNT) {
    baro_write_format(out,
                      "%*sthe second recording had as many slots: nothing is learned from it\n",
                      (int)INDENT, "");
    return;
  }
  baro_write_format(out, "%*s%s is %.3g, give or take %.2g, by the second recording (%u %s)\n",
                    (int)INDENT, "", baro_terms[fit->term].key, fit->power, fit->error_power,
                    fit->stage_count, baro_plural(fit->stage_count, "stage", "stages"));
}

/* A curve: '-' from low to high, 'o' the prediction, on one scale from 0. */
static void write_sweep(const baro_forecast_report *report, const baro_terminal *terminal,
                        baro_buffer *out) {
  /* The second one only where there are slots. */
  static const baro_column all_columns[] = {
      {.title = "", .right = true},          {.title = "slots", .right = true},
      {.title = "predicted", .right = true}, {.title = "low", .right = true},
      {.title = "high", .right = true},      {.title = "0", .drop = 1},
  };
  enum { COLUMNS = sizeof(all_columns) / sizeof(all_columns[0]) };
  bool has_slots = report->forecast->base_slots > 0;
  baro_column columns[COLUMNS];
  size_t count = 0;
  for (size_t c = 0; c < COLUMNS; c++) {
    if (c != 1 || has_slots) {
      columns[count++] = all_columns[c];
    }
  }
  baro_text_table table;
  baro_text_table_init(&table, columns, count);
  double most_s = 0;
  for (uint32_t p = 0; p < report->sweep->count; p++) {
    most_s = fmax(most_s, report->points[p].high_s);
  }
  for (uint32_t p = 0; p < report->sweep->count; p++) {
    const baro_forecast_point *point = &report->points[p];
    char value[32];
    char bar[BAR_CELLS + 1];
    int low = (int)(point->low_s / most_s * (BAR_CELLS - 1));
    int middle = (int)(point->predicted_s / most_s * (BAR_CELLS - 1));
    int high = (int)(point->high_s / most_s * (BAR_CELLS - 1));
    for (int c = 0; c < BAR_CELLS; c++) {
      bar[c] = c == middle ? 'o' : c >= low && c <= high ? '-' : ' ';
    }
    bar[high + 1] = '\0';
    baro_scenario_value_text(report->sweep->key, &point->value, value);
    baro_text_table_add_format(&table, BARO_STYLE_PLAIN, "%s=%s",
                               baro_scenario_name(report->sweep->key), value);
    if (has_slots) {
      baro_text_table_add_format(&table, BARO_STYLE_FAINT, "%u", point->slots);
    }
    baro_text_table_add(&table, BARO_STYLE_STRONG, baro_view_of(seconds(point->predicted_s).text));
    baro_text_table_add(&table, BARO_STYLE_FAINT, baro_view_of(seconds(point->low_s).text));
    baro_text_table_add(&table, BARO_STYLE_FAINT, baro_view_of(seconds(point->high_s).text));
    baro_text_table_add(&table, BARO_STYLE_PLAIN, baro_view_of(bar));
  }
  baro_write_text(out, "\n");
  baro_text_table_write(&table, terminal, 0, out);
  baro_text_table_release(&table);
}

void baro_forecast_text(const baro_forecast_report *report, const baro_terminal *terminal,
                        baro_buffer *out) {
  write_head(report, terminal, out);
  if (report->fit != NULL) {
    write_fit(report->fit, out);
  }
  if (report->sweep != NULL) {
    write_sweep(report, terminal, out);
  }
  if (report->why) {
    write_why(report, terminal, out);
  } else {
    write_widest(report, terminal, out);
  }
}

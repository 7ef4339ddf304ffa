/* What a page says of a comparison: how much longer or shorter the run was, and which functions changed by more than chance, or which
 * operators of a framework's log. */
#include "show/html_changes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "show/call_rows.h"
#include "show/diff_show.h"
#include "show/text_width.h"
#include "show/units.h"

enum { CHANGES_SAID = 3, NAME_COLUMNS = 48 };

/* Of runs a difference below this share is not worth a word; of functions, of their run's time. */
static const double CHANGE_MIN = 0.01;

/* A function's own time on both sides. */
typedef struct changed {
  uint32_t function; /* of the page */
  double ns[BARO_HTML_SIDES_MAX];
  double error_ns; /* of the difference */
} changed;

static bool by_samples(const baro_html_page *page) {
  return page->profiles[0]->samples.count > 0 && page->profiles[1]->samples.count > 0;
}

static void add_side(const baro_html_page *page, unsigned side, bool samples, changed *rows) {
  const baro_profile *profile = page->profiles[side];
  const baro_profile_functions *functions = &profile->functions;
  double basis_ns = (double)baro_profile_basis_ns(profile, BARO_MEASURE_RUN);
  for (uint32_t f = 0; f < functions->count; f++) {
    uint32_t function = page->names.of_function[side][f];
    if (function == BARO_NONE_ID) {
      continue;
    }
    double ns = samples ? (double)baro_amount_busy(&functions->self[BARO_MEASURE_RUN], f)
                        : (double)profile->call_sums.self_ns[f];
    rows[function].function = function;
    rows[function].ns[side] += ns;
    if (samples && basis_ns > 0) {
      double ratio = baro_profile_ratio_error(profile, BARO_MEASURE_RUN, ns / basis_ns,
                                              functions->self_square[BARO_MEASURE_RUN][f]);
      rows[function].error_ns = hypot(rows[function].error_ns, fmax(ratio, 0) * basis_ns);
    }
  }
}

static double difference(const changed *row) {
  return row->ns[1] - row->ns[0];
}

static int compare(const void *a_pointer, const void *b_pointer) {
  const changed *a = a_pointer, *b = b_pointer;
  double first = fabs(difference(a)), second = fabs(difference(b));
  if (first < second || first > second) {
    return first > second ? -1 : 1;
  }
  return a->function < b->function ? -1 : a->function > b->function;
}

/* Those that changed by more than twice their error and are worth a word, the largest first. */
static uint32_t keep_sure(const baro_html_page *page, bool samples, changed *rows) {
  double basis_ns = 0;
  for (unsigned side = 0; side < BARO_HTML_SIDES_MAX; side++) {
    const baro_profile *profile = page->profiles[side];
    basis_ns = fmax(basis_ns, samples ? (double)baro_profile_basis_ns(profile, BARO_MEASURE_RUN)
                                      : (double)baro_calls_basis_ns(profile));
  }
  uint32_t kept = 0;
  for (uint32_t f = 0; f < page->names.count; f++) {
    double change = fabs(difference(&rows[f]));
    if (change > 2 * rows[f].error_ns && change > CHANGE_MIN * basis_ns) {
      rows[kept++] = rows[f];
    }
  }
  if (kept > 1) {
    qsort(rows, kept, sizeof(*rows), compare);
  }
  return kept;
}

static baro_html_link to_diff(void) {
  baro_html_link to = baro_html_no_link;
  to.view = "diff";
  return to;
}

/* Amounts that are no time have no length that could be longer. */
static void write_answer(const baro_html_page *page, baro_json *json) {
  const uint64_t run_ns[] = {baro_diff_run_ns(page->profiles[0]),
                             baro_diff_run_ns(page->profiles[1])};
  const baro_html_link to = to_diff();
  baro_buffer text = {0};
  if (baro_profile_weight_unit(page->profiles[0]).length == 0) {
    baro_diff_answer(run_ns, &text);
  }
  if (text.length > 0 || text.failed) {
    baro_html_sentence_begin(json);
    baro_html_sentence_buffer(json, &text, &to);
    baro_html_sentence_end(json);
  }
}

static void write_operators(const baro_html_page *page, baro_json *json) {
  for (int which = 0; which < BARO_DIFF_SENTENCES; which++) {
    baro_buffer text = {0};
    baro_diff_sentence_write(page->run_diff, (baro_diff_sentence)which, true, &text);
    if (text.length > 0 || text.failed) {
      baro_html_sentence_begin(json);
      baro_html_sentence_buffer(json, &text, &baro_html_no_link);
      baro_html_sentence_end(json);
    }
  }
}

static void write_function(const baro_html_page *page, const changed *row, baro_json *json) {
  const baro_html_function *function = &page->names.functions[row->function];
  baro_buffer name = {0};
  baro_html_link to = baro_html_no_link;
  to.view = "diff";
  to.function = row->function;
  char text[120];
  double change = difference(row);
  (void)baro_write_fitted(&name, page->names.strings.views[function->name_string], NAME_COLUMNS,
                          BARO_CUT_MIDDLE, true);
  baro_html_sentence_buffer(json, &name, &to);
  (void)snprintf(text, sizeof(text), " %s %s", baro_text_duration((uint64_t)fabs(change)).text,
                 change > 0 ? "more" : "less");
  baro_html_sentence_text(json, text, &baro_html_no_link);
}

static void write_functions(const baro_html_page *page, const changed *rows, uint32_t count,
                            bool samples, baro_json *json) {
  baro_html_sentence_begin(json);
  if (count == 0) {
    baro_html_sentence_text(
        json,
        samples
            ? "No function's own time changed by more than chance, and by more than 1 % of the run."
            : "No function's own time changed by more than 1 % of all calls.",
        &baro_html_no_link);
  } else {
    baro_html_sentence_text(json, "Of functions' own time: ", &baro_html_no_link);
  }
  for (uint32_t i = 0; i < count && i < CHANGES_SAID; i++) {
    baro_html_sentence_text(json, i == 0 ? "" : ", ", &baro_html_no_link);
    write_function(page, &rows[i], json);
  }
  if (count > CHANGES_SAID) {
    char text[120];
    (void)snprintf(text, sizeof(text), "; %s more changed by over 1 %% of %s",
                   baro_text_count(count - CHANGES_SAID).text, samples ? "the run" : "all calls");
    baro_html_sentence_text(json, text, &baro_html_no_link);
  }
  baro_html_sentence_text(json, count == 0 ? "" : ".", &baro_html_no_link);
  baro_html_sentence_end(json);
}

bool baro_html_write_changes(const baro_html_page *page, baro_json *json) {
  write_answer(page, json);
  if (page->run_diff != NULL) { /* functions are but operators there */
    write_operators(page, json);
    return true;
  }
  changed *rows = calloc((size_t)page->names.count + 1, sizeof(*rows));
  if (rows == NULL) {
    return false;
  }
  bool samples = by_samples(page);
  for (unsigned side = 0; side < BARO_HTML_SIDES_MAX; side++) {
    add_side(page, side, samples, rows);
  }
  write_functions(page, rows, keep_sure(page, samples, rows), samples, json);
  free(rows);
  return true;
}

/* --- runs of frameworks, in the head --- */

void baro_html_comparison_head(const baro_html_page *page, baro_json *json) {
  if (page->run_diff == NULL) {
    baro_json_null(json, "comparison");
    return;
  }
  baro_json_object(json, "comparison", false);
  if (!baro_diff_json_members(page->run_diff, BARO_HTML_DIFF_OPERATORS, true, json)) {
    baro_html_sentence_fail(json);
  }
  baro_json_end_object(json);
}

void baro_html_comparison_limits(const baro_html_page *page, baro_json *json) {
  if (page->run_diff == NULL || page->run_diff->operator_count <= BARO_HTML_DIFF_OPERATORS) {
    return;
  }
  char text[160];
  (void)snprintf(text, sizeof(text), "the %s operators that changed most, of %s",
                 baro_text_count(BARO_HTML_DIFF_OPERATORS).text,
                 baro_text_count(page->run_diff->operator_count).text);
  baro_json_text(json, "comparison", text);
}

/* What a page says of a comparison: how much longer or shorter the run was, and which functions changed by more than chance, or which
 * operators of a framework's log. */
#include "show/html_changes.h"

#include <math.h>
#include <stdio.h>

#include "show/diff_show.h"
#include "show/diff_states.h"
#include "show/function_diff.h"
#include "show/text_width.h"
#include "show/units.h"

enum { CHANGES_SAID = 3, NAME_COLUMNS = 48 };

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

static void write_function(const baro_html_page *page, const baro_function_diff *row,
                           baro_json *json) {
  const baro_html_function *function = &page->names.functions[row->function];
  baro_buffer name = {0};
  baro_html_link to = baro_html_no_link;
  to.view = "diff";
  to.function = row->function;
  char text[120];
  double change = baro_function_change_ns(row);
  (void)baro_write_fitted(&name, page->names.strings.views[function->name_string], NAME_COLUMNS,
                          BARO_CUT_MIDDLE, true);
  baro_html_sentence_buffer(json, &name, &to);
  (void)snprintf(text, sizeof(text), " %s %s", baro_text_duration((uint64_t)fabs(change)).text,
                 change > 0 ? "more" : "less");
  baro_html_sentence_text(json, text, &baro_html_no_link);
  baro_buffer waits = {0};
  baro_diff_wait_write(row, &waits);
  baro_html_sentence_buffer(json, &waits, &baro_html_no_link);
}

static void write_functions(const baro_html_page *page, const baro_function_diffs *diffs,
                            baro_json *json) {
  uint32_t count = diffs->sure_count;
  bool samples = diffs->of_samples;
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
    write_function(page, &diffs->rows[i], json);
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

static void write_states(const baro_html_page *page, baro_json *json) {
  baro_buffer text = {0};
  const baro_profile *const profiles[] = {page->profiles[0], page->profiles[1]};
  baro_diff_states_write(profiles, &text);
  if (text.length > 0 || text.failed) {
    baro_html_sentence_begin(json);
    baro_html_sentence_buffer(json, &text, &baro_html_no_link);
    baro_html_sentence_end(json);
  }
}

static void write_caveat(bool of_samples, baro_json *json) {
  const char *caveat = baro_diff_caveat(of_samples);
  char text[160];
  (void)snprintf(text, sizeof(text), "E%s.", caveat + 1);
  baro_html_sentence_begin(json);
  baro_html_sentence_text(json, text, &baro_html_no_link);
  baro_html_sentence_end(json);
}

bool baro_html_write_changes(const baro_html_page *page, baro_json *json) {
  write_answer(page, json);
  if (page->run_diff != NULL) { /* functions are but operators there */
    write_operators(page, json);
    return true;
  }
  baro_function_diffs diffs;
  bool good = baro_function_diffs_find(page->profiles, &page->names, &diffs);
  if (good) {
    write_states(page, json);
    write_functions(page, &diffs, json);
    write_caveat(diffs.of_samples, json);
  }
  baro_function_diffs_release(&diffs);
  return good;
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

/* Two recorded programs in words and as JSON. */
#include "show/diff_program.h"

#include <math.h>

#include "show/diff_states.h"
#include "show/text_width.h"
#include "show/units.h"

enum { FUNCTIONS_SAID = 3, NAME_COLUMNS = 48 };

static baro_unit_text text_of(const baro_program_diff *diff, double ns) {
  return baro_text_amount((uint64_t)llround(fabs(ns)),
                          baro_profile_weight_unit(diff->profiles[BARO_AFTER]));
}

void baro_program_answer(const baro_program_diff *diff, baro_buffer *out) {
  const uint64_t run_ns[] = {baro_diff_run_ns(diff->profiles[BARO_BEFORE]),
                             baro_diff_run_ns(diff->profiles[BARO_AFTER])};
  if (baro_profile_weight_unit(diff->profiles[BARO_BEFORE]).length == 0) {
    baro_diff_answer(run_ns, out);
  }
}

static void write_basis(const baro_program_diff *diff, baro_buffer *out) {
  const double *basis_ns = diff->functions->basis_ns;
  bool is_time = baro_profile_weight_unit(diff->profiles[BARO_AFTER]).length == 0;
  baro_write_format(out, "Compared below: %s, %s, before %s.",
                    !is_time                      ? "the samples' amounts"
                    : diff->functions->of_samples ? "the run's own time, which leaves out idle"
                                                  : "the calls' own time",
                    text_of(diff, basis_ns[BARO_AFTER]).text,
                    text_of(diff, basis_ns[BARO_BEFORE]).text);
}

static void write_functions(const baro_program_diff *diff, bool unicode, baro_buffer *out) {
  const baro_function_diffs *all = diff->functions;
  const char *of = all->of_samples ? "the run" : "all calls";
  if (all->sure_count == 0) {
    baro_write_format(out, "No function's own time changed by more than %s1 %% of %s.",
                      all->of_samples ? "chance, and by more than " : "", of);
    return;
  }
  baro_write_text(out, "Of functions' own time: ");
  for (uint32_t i = 0; i < all->sure_count && i < FUNCTIONS_SAID; i++) {
    const baro_html_function *function = &diff->names->functions[all->rows[i].function];
    double change_ns = baro_function_change_ns(&all->rows[i]);
    baro_write_text(out, i == 0 ? "" : ", ");
    (void)baro_write_fitted(out, diff->names->strings.views[function->name_string], NAME_COLUMNS,
                            BARO_CUT_MIDDLE, unicode);
    baro_write_format(out, " %s %s", text_of(diff, change_ns).text,
                      change_ns > 0 ? "more" : "less");
    baro_diff_wait_write(&all->rows[i], out);
  }
  if (all->sure_count > FUNCTIONS_SAID) {
    baro_write_format(out, "; %s more changed by over 1 %% of %s",
                      baro_text_count(all->sure_count - FUNCTIONS_SAID).text, of);
  }
  baro_write_text(out, ".");
}

void baro_program_sentence_write(const baro_program_diff *diff, baro_program_sentence which,
                                 bool unicode, baro_buffer *out) {
  switch (which) {
  case BARO_PROGRAM_OF_BASIS: write_basis(diff, out); return;
  case BARO_PROGRAM_OF_STATES: baro_diff_states_write(diff->profiles, out); return;
  case BARO_PROGRAM_OF_FUNCTIONS: write_functions(diff, unicode, out); return;
  case BARO_PROGRAM_SENTENCES: return;
  }
}

/* --- JSON --- */

static bool write_text(baro_json *json, const char *key, baro_buffer *text) {
  bool good = !text->failed;
  baro_json_string(json, key, (baro_view){text->data, text->length});
  baro_buffer_clear(text);
  return good;
}

static void write_pair(baro_json *json, const char *name, double before, double after) {
  baro_json_object(json, name, true);
  baro_json_u64(json, "before", (uint64_t)llround(before));
  baro_json_u64(json, "after", (uint64_t)llround(after));
  baro_json_end_object(json);
}

static void write_function(const baro_program_diff *diff, const baro_function_diff *row,
                           baro_json *json) {
  const baro_html_function *function = &diff->names->functions[row->function];
  const baro_view *strings = diff->names->strings.views;
  baro_json_object(json, NULL, false);
  baro_json_string(json, "name", strings[function->name_string]);
  if (strings[function->file_string].length > 0) {
    baro_json_string(json, "file", strings[function->file_string]);
  } else {
    baro_json_null(json, "file");
  }
  baro_json_u64(json, "line", function->line);
  write_pair(json, "self_ns", row->ns[BARO_BEFORE], row->ns[BARO_AFTER]);
  if (diff->functions->of_samples) {
    baro_json_number(json, "change_error_ns", row->error_ns);
  } else {
    baro_json_null(json, "change_error_ns");
  }
  baro_json_bool(json, "is_sure", row->is_sure);
  baro_json_end_object(json);
}

baro_status baro_program_diff_json(const baro_program_diff *diff, const baro_diff_options *options,
                                   baro_stream *output, baro_error *err) {
  const baro_function_diffs *all = diff->functions;
  baro_json json;
  baro_buffer text = {0};
  baro_json_init(&json, output, true);
  baro_json_object(&json, NULL, false);
  baro_json_text(&json, "schema", "barograph.diff/1");
  baro_json_text(&json, "kind", "program");
  baro_json_object(&json, "recordings", true);
  baro_json_text(&json, "before", options->paths[BARO_BEFORE]);
  baro_json_text(&json, "after", options->paths[BARO_AFTER]);
  baro_json_end_object(&json);
  baro_program_answer(diff, &text);
  bool good = write_text(&json, "answer", &text);
  baro_json_array(&json, "sentences", false);
  for (int which = 0; which < BARO_PROGRAM_SENTENCES; which++) {
    baro_program_sentence_write(diff, (baro_program_sentence)which, true, &text);
    good = (text.length == 0 || write_text(&json, NULL, &text)) && good;
  }
  baro_json_end_array(&json);
  write_pair(&json, "run_ns", (double)baro_diff_run_ns(diff->profiles[BARO_BEFORE]),
             (double)baro_diff_run_ns(diff->profiles[BARO_AFTER]));
  baro_json_text(&json, "compared", all->of_samples ? "samples" : "calls");
  write_pair(&json, "basis_ns", all->basis_ns[BARO_BEFORE], all->basis_ns[BARO_AFTER]);
  if (all->of_samples) {
    baro_diff_states_json(diff->profiles, &json);
  } else {
    baro_json_null(&json, "states");
  }
  baro_json_array(&json, "functions", false);
  for (uint32_t i = 0; i < all->count && (options->top == 0 || i < options->top); i++) {
    write_function(diff, &all->rows[i], &json);
  }
  baro_json_end_array(&json);
  baro_json_end_object(&json);
  baro_buffer_release(&text);
  return good ? BARO_OK : baro_error_set(err, BARO_NO_MEMORY, "out of memory");
}

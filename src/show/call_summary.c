#include "show/call_summary.h"

#include <string.h>

#include "base/plural.h"
#include "show/call_rows.h"
#include "show/text_width.h"
#include "show/units.h"

enum { CLAUSES_MAX = BARO_SUMMARY_MARKS };

/* Tried one after the other until the first clause fits. */
typedef struct clause_width {
  size_t name_columns;
  size_t file_columns;
  bool unicode;
} clause_width;

static const clause_width widths[] = {{40, 24, true}, {20, 16, true}, {20, 16, false}};
enum { WIDTH_COUNT = sizeof(widths) / sizeof(widths[0]) };

static const double SHARE_MIN = 0.05;

static baro_view base_name(baro_view file) {
  size_t start = file.length;
  while (start > 0 && file.data[start - 1] != '/')
    start--;
  return (baro_view){.data = file.data + start, .length = file.length - start};
}

/* "61 % in parse (app.py:12; 120,000 calls of 9.1 us)" */
static void write_clause(const baro_profile *profile, uint32_t f, double ratio,
                         const clause_width *width, bool suspendable, baro_buffer *text) {
  const baro_profile_function *function = &profile->functions.rows[f];
  uint64_t calls = profile->call_sums.calls[f];
  baro_write_format(text, "%.0f %% in ", ratio * 100);
  (void)baro_write_fitted(text, baro_profile_string(profile, function->qualified_string),
                          width->name_columns, BARO_CUT_MIDDLE, width->unicode);
  baro_write_text(text, " (");
  baro_view file = baro_profile_string(profile, function->file_string);
  if (file.length != 0) {
    (void)baro_write_fitted(text, base_name(file), width->file_columns, BARO_CUT_START,
                            width->unicode);
    if (function->first_line != 0)
      baro_write_format(text, ":%u", function->first_line);
    baro_write_text(text, "; ");
  }
  baro_write_format(text, "%s %s", baro_text_count(calls).text,
                    baro_plural(calls, "call", "calls"));
  /* How long a generator was there says nothing of how long it ran. */
  if (!suspendable)
    baro_write_format(text, " of %s", baro_text_duration(baro_calls_mean_ns(profile, f)).text);
  baro_write_text(text, ")");
}

/* suspendable: by function. */
static void write_clauses(const baro_profile *profile, const uint32_t *order, uint32_t count,
                          const bool *suspendable, uint64_t basis_ns, baro_summary_marks *marks,
                          baro_buffer *text) {
  baro_buffer part = {0};
  size_t tried = 0, lead_length = 0;
  for (uint32_t i = 0; i < count && i < CLAUSES_MAX && !text->failed; i++) {
    double ratio = (double)profile->call_sums.self_ns[order[i]] / (double)basis_ns;
    if (ratio < SHARE_MIN)
      break;
    do {
      baro_buffer_clear(&part);
      if (i == 0)
        baro_write_format(&part, "Of %s in calls ", baro_text_duration(basis_ns).text);
      else
        baro_write_text(&part, ", ");
      lead_length = part.length;
      write_clause(profile, order[i], ratio, &widths[tried], suspendable[order[i]], &part);
    } while (text->length + part.length > BARO_SUMMARY_CHARACTERS && i == 0 &&
             ++tried < WIDTH_COUNT);
    text->failed |= part.failed;
    if (text->length + part.length > BARO_SUMMARY_CHARACTERS)
      break;
    /* The clause is what begins with its number: behind "Of 377 ms in calls ", or a comma. */
    size_t from = text->length + lead_length;
    baro_write_bytes(text, part.data, part.length);
    marks->rows[marks->count++] = (baro_summary_mark){
        .from = from, .to = text->length, .function = order[i], .state = BARO_STATE_COUNT};
  }
  if (text->length == 0)
    baro_write_format(text, "%s %s recorded; names of functions fit no sentence.",
                      baro_text_count(profile->calls.count).text,
                      baro_plural(profile->calls.count, "call was", "calls were"));
  baro_buffer_release(&part);
}

void baro_write_call_summary(const baro_profile *profile, baro_arena *scratch,
                             baro_summary_marks *marks, baro_buffer *text) {
  uint64_t basis_ns = baro_calls_basis_ns(profile);
  uint32_t count = 0;
  uint32_t *order = baro_call_functions(profile, BARO_SORT_SELF, scratch, &count);
  const bool *suspendable = baro_suspendable_functions(profile, scratch);
  if (order == NULL || suspendable == NULL) {
    text->failed = true;
    return;
  }
  if (basis_ns == 0) {
    baro_write_format(text, "%s %s recorded, which took no time that the clock tells.",
                      baro_text_count(profile->calls.count).text,
                      baro_plural(profile->calls.count, "call was", "calls were"));
    return;
  }
  double first = (double)profile->call_sums.self_ns[order[0]] / (double)basis_ns;
  if (first < SHARE_MIN) {
    baro_write_format(text, "No function has 5 %% of the %s in calls: they are spread thin.",
                      baro_text_duration(basis_ns).text);
    return;
  }
  write_clauses(profile, order, count, suspendable, basis_ns, marks, text);
}

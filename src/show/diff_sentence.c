/* What a comparison says in words: the answer first, then what it follows from. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "explain/run_span.h"
#include "show/diff_show.h"
#include "show/text_width.h"
#include "show/units.h"

enum { PARTS_SAID = 3, SETTINGS_SAID = 4, NAME_COLUMNS = 48, VALUE_COLUMNS = 40 };

uint64_t baro_diff_run_ns(const baro_profile *profile) {
  baro_run_span run = {.begin_ns = profile->start_ns, .end_ns = profile->end_ns};
  (void)baro_run_span_of(profile, &run);
  return run.end_ns - run.begin_ns;
}

void baro_diff_answer(const uint64_t run_ns[BARO_DIFF_SIDES], baro_buffer *out) {
  double before = (double)run_ns[BARO_BEFORE], after = (double)run_ns[BARO_AFTER];
  if (!(before > 0) || !(after > 0)) {
    return;
  }
  double change = after / before - 1;
  baro_write_format(out,
                    "The run took %s, before %s: ", baro_text_duration(run_ns[BARO_AFTER]).text,
                    baro_text_duration(run_ns[BARO_BEFORE]).text);
  if (fabs(change) < BARO_DIFF_SHARE_MIN) {
    baro_write_text(out, "less than 1 % of difference.");
  } else if (change >= 2) {
    baro_write_format(out, "%.3g times as long.", after / before);
  } else {
    baro_write_format(out, "%s %s.", baro_text_percent_whole(fabs(change)).text,
                      change > 0 ? "more" : "less");
  }
}

static void write_change(int64_t change_ns, baro_buffer *out) {
  baro_write_format(out, " %s %s", baro_text_duration((uint64_t)llabs(change_ns)).text,
                    change_ns > 0 ? "more" : "less");
}

static bool is_worth(const baro_run_diff *diff, int64_t change_ns) {
  double longer =
      fmax((double)diff->sides[BARO_BEFORE]->run_ns, (double)diff->sides[BARO_AFTER]->run_ns);
  return fabs((double)change_ns) >= BARO_DIFF_SHARE_MIN * longer;
}

static void write_path(const baro_run_diff *diff, baro_buffer *out) {
  uint32_t said = 0;
  for (uint32_t r = 0; r < diff->resource_count && said < PARTS_SAID; r++) {
    int64_t change_ns = baro_change_of(diff->resources[r].path_ns);
    if (is_worth(diff, change_ns)) {
      baro_write_format(out, "%s%s,",
                        said == 0 ? "On the critical path, which adds up to the run: " : "; ",
                        diff->resources[r].words);
      write_change(change_ns, out);
      said++;
    }
  }
  if (said > 0) {
    baro_write_text(out, ".");
  }
}

void baro_diff_mostly(const baro_run_diff *diff, const baro_operator_diff *row, baro_buffer *out) {
  baro_resource_diff parts[BARO_DIFF_RESOURCES_MAX];
  uint32_t count = baro_operator_resource_diffs(diff, row, parts);
  const uint64_t path_ns[] = {baro_operator_path_ns(row, BARO_BEFORE),
                              baro_operator_path_ns(row, BARO_AFTER)};
  const uint64_t task_ns[] = {baro_operator_task_ns(row, BARO_BEFORE),
                              baro_operator_task_ns(row, BARO_AFTER)};
  bool of_path = path_ns[0] != path_ns[1];
  int64_t all_ns = of_path ? baro_change_of(path_ns) : baro_change_of(task_ns);
  int64_t most_ns =
      count == 0 ? 0
                 : (of_path ? baro_change_of(parts[0].path_ns) : baro_change_of(parts[0].task_ns));
  if (most_ns != 0 && all_ns != 0 && llabs(most_ns) >= llabs(all_ns) / 20) {
    baro_write_text(out, parts[0].words);
    write_change(most_ns, out);
  }
}

static void write_name(const baro_run_diff *diff, const baro_operator_diff *row, bool unicode,
                       baro_buffer *out) {
  int side = row->row[BARO_AFTER] != NULL ? BARO_AFTER : BARO_BEFORE;
  const baro_profile *profile = diff->sides[side]->profile;
  const baro_dataflow_operator *one = &profile->dataflow.operators[row->row[side]->operator_id];
  (void)baro_write_fitted(out, baro_profile_string(profile, one->name_string), NAME_COLUMNS,
                          BARO_CUT_MIDDLE, unicode);
}

static void write_operators(const baro_run_diff *diff, bool unicode, baro_buffer *out) {
  uint32_t said = 0, more = 0;
  for (uint32_t i = 0; i < diff->operator_count; i++) {
    const baro_operator_diff *row = &diff->operators[i];
    const uint64_t both[] = {baro_operator_path_ns(row, BARO_BEFORE),
                             baro_operator_path_ns(row, BARO_AFTER)};
    if (!is_worth(diff, baro_change_of(both))) {
      break; /* the largest come first */
    }
    if (said == PARTS_SAID) {
      more++;
      continue;
    }
    baro_write_text(out, said++ == 0 ? "Of operators, by their time there: " : "; ");
    write_name(diff, row, unicode, out);
    write_change(baro_change_of(both), out);
    baro_buffer mostly = {0};
    baro_resource_diff parts[BARO_DIFF_RESOURCES_MAX];
    if (baro_operator_resource_diffs(diff, row, parts) > 1) { /* else it is all of it */
      baro_diff_mostly(diff, row, &mostly);
    }
    const char *only = row->row[BARO_BEFORE] == NULL  ? "only after"
                       : row->row[BARO_AFTER] == NULL ? "only before"
                                                      : NULL;
    if (only != NULL || mostly.length > 0) {
      baro_write_format(out, " (%.*s)", only != NULL ? (int)strlen(only) : (int)mostly.length,
                        only != NULL ? only : (const char *)mostly.data);
    }
    out->failed = out->failed || mostly.failed;
    baro_buffer_release(&mostly);
  }
  if (more > 0) {
    baro_write_format(out, "; and %s more", baro_text_count(more).text);
  }
  if (said > 0) {
    baro_write_text(out, ".");
  }
}

static void write_pair(const char *key, uint64_t before, uint64_t after, uint32_t *said,
                       baro_buffer *out) {
  if (before != after) {
    baro_write_format(out, "%s%s %s, before %s", (*said)++ == 0 ? "Not the same: " : "; ", key,
                      baro_text_count(after).text, baro_text_count(before).text);
  }
}

static void write_value(baro_view value, bool unicode, baro_buffer *out) {
  if (value.length == 0) {
    baro_write_text(out, "not told");
  } else {
    (void)baro_write_fitted(out, value, VALUE_COLUMNS, BARO_CUT_END, unicode);
  }
}

static void write_settings(const baro_run_diff *diff, bool unicode, baro_buffer *out) {
  const baro_explanation *before = diff->sides[BARO_BEFORE], *after = diff->sides[BARO_AFTER];
  uint32_t said = 0;
  if (baro_has_slots(before->profile) && baro_has_slots(after->profile)) {
    write_pair("executors", before->executor_count, after->executor_count, &said, out);
    write_pair("slots", before->slot_count, after->slot_count, &said, out);
  }
  for (uint32_t i = 0; i < diff->setting_count && i < SETTINGS_SAID; i++) {
    const baro_setting_diff *row = &diff->settings[i];
    baro_write_text(out, said++ == 0 ? "Not the same: " : "; ");
    (void)baro_write_fitted(out, row->key, NAME_COLUMNS, BARO_CUT_MIDDLE, unicode);
    baro_write_text(out, " ");
    write_value(row->value[BARO_AFTER], unicode, out);
    baro_write_text(out, ", before ");
    write_value(row->value[BARO_BEFORE], unicode, out);
  }
  if (diff->setting_count > SETTINGS_SAID) {
    baro_write_format(out, "; and %u settings more", diff->setting_count - SETTINGS_SAID);
  }
  if (said > 0) {
    baro_write_text(out, ".");
  }
}

/* A part of a run is no run that can be as long as another. */
static void write_doubts(const baro_run_diff *diff, bool unicode, baro_buffer *out) {
  static const char *const sides[] = {"before", "after"};
  for (int side = 0; side < BARO_DIFF_SIDES; side++) {
    baro_view why;
    if (baro_profile_info(diff->sides[side]->profile, "log_part", &why)) {
      baro_write_format(out, "%sThe log of the run %s has a part of it only: ",
                        out->length == 0 ? "" : " ", sides[side]);
      (void)baro_write_fitted(out, why, 2 * NAME_COLUMNS, BARO_CUT_END, unicode);
      baro_write_text(out, ".");
    }
  }
}

void baro_diff_sentence_write(const baro_run_diff *diff, baro_diff_sentence which, bool unicode,
                              baro_buffer *out) {
  switch (which) {
  case BARO_DIFF_OF_PATH: write_path(diff, out); return;
  case BARO_DIFF_OF_OPERATORS: write_operators(diff, unicode, out); return;
  case BARO_DIFF_OF_SETTINGS: write_settings(diff, unicode, out); return;
  case BARO_DIFF_OF_DOUBTS: write_doubts(diff, unicode, out); return;
  case BARO_DIFF_SENTENCES: return;
  }
}

#include "show/diff_states.h"

#include <math.h>
#include <stdlib.h>

#include "explain/cpu_wait.h"
#include "show/diff_show.h"
#include "show/stolen.h"
#include "show/units.h"

enum { STATES_SAID = 3 };
/* Of the difference; more of it is worth a sentence of its own. */
static const double LARGE_PART = 0.25;

typedef struct changed {
  int state;
  double change_ns;
} changed;

static double of_state(const baro_profile *profile, int state) {
  return (double)profile->state_ns[BARO_MEASURE_RUN][state];
}

static double basis_of(const baro_profile *profile) {
  return (double)baro_profile_basis_ns(profile, BARO_MEASURE_RUN);
}

/* The largest first. */
static int compare(const void *left, const void *right) {
  const changed *a = left, *b = right;
  double first = fabs(a->change_ns), second = fabs(b->change_ns);
  return first > second ? -1 : first < second ? 1 : a->state - b->state;
}

static baro_unit_text text_of(double ns) {
  return baro_text_duration((uint64_t)llround(fabs(ns)));
}

static const char *direction(double change_ns) {
  return change_ns > 0 ? "more" : "less";
}

static void write_states(const baro_profile *const profiles[BARO_DIFF_SIDES], baro_buffer *out) {
  double least_ns =
      BARO_DIFF_SHARE_MIN * fmax(basis_of(profiles[BARO_BEFORE]), basis_of(profiles[BARO_AFTER]));
  changed rows[BARO_STATE_COUNT];
  for (int s = 0; s < BARO_STATE_COUNT; s++) {
    double change_ns = of_state(profiles[BARO_AFTER], s) - of_state(profiles[BARO_BEFORE], s);
    rows[s] = (changed){s, s == BARO_STATE_IDLE ? 0 : change_ns};
  }
  qsort(rows, BARO_STATE_COUNT, sizeof(rows[0]), compare);
  for (int i = 0; i < STATES_SAID && fabs(rows[i].change_ns) > least_ns; i++) {
    baro_write_format(out, "%s%s %s %s", i == 0 ? "By what it did: " : ", ",
                      rows[i].state == BARO_STATE_UNKNOWN
                          ? "unknown"
                          : baro_state_words((baro_state)rows[i].state),
                      text_of(rows[i].change_ns).text, direction(rows[i].change_ns));
  }
  if (out->length > 0) {
    baro_write_text(out, ".");
  }
}

/* Of the run that waited more: its own threads may have wanted more CPUs than there are. */
static bool is_of_others(const baro_profile *profile) {
  baro_cpu_wait wait;
  return baro_cpu_wait_find(profile, &wait) == BARO_OK && baro_cpu_wait_is_of_others(&wait);
}

static void write_wait(const baro_profile *const profiles[BARO_DIFF_SIDES], baro_buffer *out) {
  double all_ns = basis_of(profiles[BARO_AFTER]) - basis_of(profiles[BARO_BEFORE]);
  double wait_ns = of_state(profiles[BARO_AFTER], BARO_STATE_RUNNABLE) -
                   of_state(profiles[BARO_BEFORE], BARO_STATE_RUNNABLE);
  bool is_large = all_ns * wait_ns > 0 && fabs(wait_ns) >= LARGE_PART * fabs(all_ns);
  if (!is_large || out->length == 0) {
    return;
  }
  const char *why = is_of_others(profiles[wait_ns > 0 ? BARO_AFTER : BARO_BEFORE])
                        ? "other programs ran then, or a quota kept it off"
                        : "more of its own threads than there are CPUs wanted one";
  if (fabs(wait_ns) > fabs(all_ns)) {
    baro_write_format(out, " It waited %s %s for a CPU: %s.", text_of(wait_ns).text,
                      direction(wait_ns), why);
  } else {
    baro_write_format(out, " %s of the %s %s were waiting for a CPU: %s.", text_of(wait_ns).text,
                      text_of(all_ns).text, direction(all_ns), why);
  }
}

/* Meanwhile a thread stands still that seems to run: no state has it. */
static void write_stolen(const baro_profile *const profiles[BARO_DIFF_SIDES], baro_buffer *out) {
  double ratio[BARO_DIFF_SIDES] = {0};
  bool before = baro_stolen_matters(profiles[BARO_BEFORE], &ratio[BARO_BEFORE]);
  bool after = baro_stolen_matters(profiles[BARO_AFTER], &ratio[BARO_AFTER]);
  if (before || after) {
    baro_write_format(out,
                      "%sThe host of the machine gave %s of its CPU time to others, before %s.",
                      out->length > 0 ? " " : "", baro_text_percent_whole(ratio[BARO_AFTER]).text,
                      baro_text_percent_whole(ratio[BARO_BEFORE]).text);
  }
}

void baro_diff_states_write(const baro_profile *const profiles[BARO_DIFF_SIDES], baro_buffer *out) {
  for (int side = 0; side < BARO_DIFF_SIDES; side++) {
    if (profiles[side]->samples.count == 0 || baro_profile_weight_unit(profiles[side]).length > 0) {
      return;
    }
  }
  baro_buffer text = {0};
  write_states(profiles, &text);
  write_wait(profiles, &text);
  write_stolen(profiles, &text);
  out->failed = out->failed || text.failed;
  baro_write_bytes(out, text.data, text.length);
  baro_buffer_release(&text);
}

void baro_diff_wait_write(const baro_function_diff *row, baro_buffer *out) {
  double change_ns = baro_function_change_ns(row);
  double wait_ns = row->wait_ns[1] - row->wait_ns[0];
  if (change_ns * wait_ns > 0 && fabs(wait_ns) >= fabs(change_ns) / 2) {
    bool is_all = fabs(wait_ns) >= fabs(change_ns);
    baro_write_format(out, " (%s of it waiting for a CPU)", is_all ? "all" : text_of(wait_ns).text);
  }
}

const char *baro_diff_caveat(bool of_samples) {
  return of_samples ? "each run was seen once: errors are of sampling, not of how much runs differ "
                      "by chance"
                    : "each run was seen once: how much runs differ by chance is not known";
}

void baro_diff_states_json(const baro_profile *const profiles[BARO_DIFF_SIDES], baro_json *json) {
  baro_json_object(json, "states", false);
  for (int s = 0; s < BARO_STATE_COUNT; s++) {
    uint64_t before = profiles[BARO_BEFORE]->state_ns[BARO_MEASURE_RUN][s];
    uint64_t after = profiles[BARO_AFTER]->state_ns[BARO_MEASURE_RUN][s];
    if (before > 0 || after > 0) {
      baro_json_object(json, baro_state_key((baro_state)s), true);
      baro_json_u64(json, "before", before);
      baro_json_u64(json, "after", after);
      baro_json_end_object(json);
    }
  }
  baro_json_end_object(json);
}

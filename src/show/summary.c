#include "show/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/plural.h"
#include "show/call_rows.h"
#include "show/call_summary.h"
#include "show/text_width.h"
#include "show/units.h"

enum { CLAUSES_MAX = BARO_SUMMARY_MARKS, UNIT_COLUMNS = 16 };

/* Smaller shares are not what a program mostly did. */
static const double SHARE_MIN = 0.05;
static const double IDLE_MIN = 0.10;

typedef struct said {
  uint32_t function;
  baro_state state;
  double ratio;
} said;

/* Widths that are tried one after the other until the first clause fits; the last takes any name. */
typedef struct clause_width {
  size_t name_columns;
  size_t file_columns;
  bool unicode;
} clause_width;

static const clause_width widths[] = {{48, 32, true}, {24, 24, true}, {24, 24, false}};
enum { WIDTH_COUNT = sizeof(widths) / sizeof(widths[0]) };

/* The function that a sample at each node is said of: the nearest frame of the user's own, else of a package,
 * else the innermost. */
static uint32_t *find_owners(const baro_profile *profile, baro_arena *scratch) {
  const baro_profile_nodes *nodes = &profile->nodes;
  uint32_t *user = baro_arena_array(scratch, nodes->count, sizeof(*user));
  uint32_t *package = baro_arena_array(scratch, nodes->count, sizeof(*package));
  if (user == NULL || package == NULL) {
    return NULL;
  }
  user[0] = package[0] = BARO_NONE_ID;
  for (uint32_t n = 1; n < nodes->count; n++) {
    uint32_t function = baro_profile_node_function(profile, n);
    baro_origin origin = profile->functions.rows[function].origin;
    user[n] = origin == BARO_ORIGIN_USER ? function : user[nodes->parent_node[n]];
    package[n] = origin == BARO_ORIGIN_PACKAGE ? function : package[nodes->parent_node[n]];
  }
  for (uint32_t n = 1; n < nodes->count; n++) {
    if (user[n] == BARO_NONE_ID) {
      user[n] = package[n] != BARO_NONE_ID ? package[n] : baro_profile_node_function(profile, n);
    }
  }
  return user;
}

/* Keeps the best CLAUSES_MAX in falling order. */
static void offer(said *best, const said *candidate) {
  for (int i = 0; i < CLAUSES_MAX; i++) {
    if (candidate->ratio > best[i].ratio) {
      memmove(&best[i + 1], &best[i], (size_t)(CLAUSES_MAX - 1 - i) * sizeof(*best));
      best[i] = *candidate;
      return;
    }
  }
}

/* The largest (function, state) pairs of the measure's time; ratio 0 where there are fewer. */
static bool find_clauses(const baro_profile *profile, baro_measure measure, baro_arena *scratch,
                         said *ret_best) {
  uint32_t *owners = find_owners(profile, scratch);
  uint32_t count = profile->functions.count;
  const baro_profile_nodes *nodes = &profile->nodes;
  double *sums = baro_arena_array(scratch, count, sizeof(*sums));
  if (owners == NULL || sums == NULL) {
    return false;
  }
  double basis_ns = (double)baro_profile_basis_ns(profile, measure);
  for (int state = 0; state < BARO_STATE_COUNT; state++) {
    if ((nodes->states_present >> state & 1) == 0 || state == BARO_STATE_IDLE) {
      continue;
    }
    memset(sums, 0, count * sizeof(*sums));
    for (uint32_t n = 1; n < nodes->count; n++) {
      if ((nodes->states[n] >> state & 1) != 0) {
        sums[owners[n]] += (double)baro_node_ns(nodes, measure, (baro_state)state, n);
      }
    }
    for (uint32_t f = 0; f < count; f++) {
      said candidate = {.function = f, .state = (baro_state)state, .ratio = sums[f] / basis_ns};
      offer(ret_best, &candidate);
    }
  }
  return true;
}

/* Whether a share is more than chance: twice its standard error, from the effective number of samples. */
static bool is_sure(const baro_profile *profile, baro_measure measure, double ratio) {
  double basis_ns = (double)baro_profile_basis_ns(profile, measure);
  double looks = profile->square[measure] > 0 ? basis_ns * basis_ns / profile->square[measure] : 0;
  return looks > 0 && ratio * ratio >= 4 * ratio * (1 - ratio) / looks;
}

static baro_view base_name(baro_view file) {
  size_t start = file.length;
  while (start > 0 && file.data[start - 1] != '/') {
    start--;
  }
  return (baro_view){.data = file.data + start, .length = file.length - start};
}

/* "load_rows (app.py:40)" */
static void write_function(const baro_profile *profile, uint32_t index, const clause_width *width,
                           baro_buffer *text) {
  const baro_profile_function *function = &profile->functions.rows[index];
  if ((function->flags & BARO_FUNCTION_NO_PYTHON) != 0) { /* no place to look into */
    baro_write_text(text,
                    "no Python function (interpreter start or end, or a thread without Python)");
    return;
  }
  (void)baro_write_fitted(text, baro_profile_string(profile, function->qualified_string),
                          width->name_columns, BARO_CUT_MIDDLE, width->unicode);
  baro_view file = baro_profile_string(profile, function->file_string);
  if (file.length != 0) {
    baro_write_text(text, " (");
    (void)baro_write_fitted(text, base_name(file), width->file_columns, BARO_CUT_START,
                            width->unicode);
    if (function->first_line != 0) {
      baro_write_format(text, ":%u", function->first_line);
    }
    baro_write_text(text, ")");
  }
}

void baro_summary_write_function(const baro_profile *profile, uint32_t function, baro_buffer *out) {
  write_function(profile, function, &widths[0], out);
}

/* "61 % waiting for disk in load_rows (app.py:40)" */
static void write_clause(const baro_profile *profile, const said *clause, const clause_width *width,
                         baro_buffer *text) {
  baro_write_format(text, "%.0f %% ", clause->ratio * 100);
  baro_view unit = baro_profile_weight_unit(profile);
  if (unit.length > 0) { /* imported, and no time: nothing ran or waited */
    baro_write_text(text, "of the ");
    (void)baro_write_fitted(text, unit, UNIT_COLUMNS, BARO_CUT_MIDDLE, width->unicode);
  } else if (clause->state == BARO_STATE_UNKNOWN) {
    baro_write_text(text, "unknown");
  } else {
    baro_write_text(text, baro_state_words(clause->state));
  }
  baro_write_text(text, clause->state == BARO_STATE_CPU && unit.length == 0 ? " " : " in ");
  write_function(profile, clause->function, width, text);
}

static void write_clauses(const baro_profile *profile, baro_measure measure, const said *best,
                          baro_summary_marks *marks, baro_buffer *text) {
  baro_buffer part = {0};
  size_t tried = 0;
  for (int i = 0; i < CLAUSES_MAX && !text->failed; i++) {
    if (best[i].ratio < SHARE_MIN || !is_sure(profile, measure, best[i].ratio)) {
      break;
    }
    do {
      baro_buffer_clear(&part);
      baro_write_text(&part, i == 0 ? "" : ", ");
      write_clause(profile, &best[i], &widths[tried], &part);
    } while (text->length + part.length > BARO_SUMMARY_CHARACTERS && i == 0 &&
             ++tried < WIDTH_COUNT);
    if (text->length + part.length > BARO_SUMMARY_CHARACTERS) {
      break;
    }
    text->failed = text->failed || part.failed;
    size_t from = text->length + (i == 0 ? 0 : 2);
    baro_write_bytes(text, part.data, part.length);
    marks->rows[marks->count++] = (baro_summary_mark){
        .from = from, .to = text->length, .function = best[i].function, .state = best[i].state};
  }
  baro_buffer_release(&part);
}

/* Where most of the time is one state's, and the clauses have little of that, they would tell of something else:
 * "65 % running, spread over many functions; ". */
static void write_spread(const baro_profile *profile, baro_measure measure, const said *best,
                         baro_buffer *text) {
  double basis_ns = (double)baro_profile_basis_ns(profile, measure);
  bool has_clause = best[0].ratio >= SHARE_MIN && is_sure(profile, measure, best[0].ratio);
  for (int s = 0; s < BARO_STATE_COUNT && has_clause; s++) {
    double ratio = (double)profile->state_ns[measure][s] / basis_ns;
    double told = 0;
    for (int i = 0; i < CLAUSES_MAX && best[i].ratio >= SHARE_MIN; i++) {
      told += best[i].state == (baro_state)s ? best[i].ratio : 0;
    }
    if (s != BARO_STATE_IDLE && s != BARO_STATE_UNKNOWN && ratio >= 0.5 && told < ratio / 2) {
      baro_write_format(text, "%.0f %% %s, spread over many functions; ", ratio * 100,
                        baro_state_words((baro_state)s));
    }
  }
}

/* Of a recording without samples. */
static void write_nothing(const baro_profile *profile, baro_buffer *text) {
  uint64_t lost = profile->damage.dropped_samples;
  baro_view end = {0};
  (void)baro_profile_info(profile, "end", &end);
  if (lost == 0) {
    baro_write_text(text, baro_calls_recorded(profile) ? "No calls were recorded."
                                                       : "Nothing was sampled.");
    return;
  }
  baro_write_format(text, "%s %s lost because ", baro_text_count(lost).text,
                    baro_plural(lost, "sample was", "samples were"));
  baro_write_text(text, baro_view_equal(end, baro_view_of("disk_full"))
                            ? "the disk was full; there are no others."
                            : "they could not be written; there are no others.");
}

static void write_sentence(const baro_profile *profile, baro_measure measure, baro_arena *scratch,
                           baro_summary_marks *marks, baro_buffer *text) {
  double all_ns = (double)profile->all_ns[measure];
  double idle_ns = (double)profile->state_ns[measure][BARO_STATE_IDLE];
  if (profile->samples.count == 0 && profile->calls.count != 0) {
    baro_write_call_summary(profile, scratch, marks, text);
    return;
  }
  if (!(all_ns > 0)) {
    write_nothing(profile, text);
    return;
  }
  if (baro_profile_basis_ns(profile, measure) == 0) {
    baro_write_text(text, "Idle all the time.");
    return;
  }
  if (idle_ns / all_ns >= IDLE_MIN) {
    baro_write_format(text, "Idle %.0f %% of %s; of the rest ", idle_ns / all_ns * 100,
                      measure == BARO_MEASURE_RUN ? "the run" : "all threads' time");
  }
  said best[CLAUSES_MAX] = {0};
  if (!find_clauses(profile, measure, scratch, best)) {
    text->failed = true;
    return;
  }
  if (baro_profile_weight_unit(profile).length == 0) {
    write_spread(profile, measure, best, text);
  }
  size_t before = text->length;
  write_clauses(profile, measure, best, marks, text);
  if (text->length == before) {
    baro_write_text(text, before == 0 ? "No" : "no");
    baro_write_text(text, is_sure(profile, measure, SHARE_MIN)
                              ? " function did one thing for 5 % of the time: it is spread thin."
                              : " function stands out: there are too few samples to tell.");
  }
}

baro_view baro_summary_marked(const baro_profile *profile, baro_measure measure, baro_arena *keep,
                              baro_summary_marks *ret_marks) {
  baro_arena scratch = {0};
  baro_buffer text = {0};
  *ret_marks = (baro_summary_marks){0};
  write_sentence(profile, measure, &scratch, ret_marks, &text);
  char *copy = text.failed ? NULL : baro_arena_copy(keep, text.data, text.length);
  baro_view sentence = {.data = (const uint8_t *)copy, .length = copy == NULL ? 0 : text.length};
  baro_buffer_release(&text);
  baro_arena_release(&scratch);
  return sentence;
}

baro_view baro_summary(const baro_profile *profile, baro_measure measure, baro_arena *keep) {
  baro_summary_marks marks;
  return baro_summary_marked(profile, measure, keep, &marks);
}

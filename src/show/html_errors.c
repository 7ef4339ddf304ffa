#include "show/html_errors.h"

#include <math.h>
#include <stdlib.h>

/* Into how many steps an octave is divided: a power of two, so that errors are right to 1 in 100,000 of all time where the largest of them is not
 * larger than a twentieth, and in any case to 1 in 45 of themselves. */
enum { STEPS_MIN = 64, STEPS_MAX = 1024, STEP_MAX = 8 };

/* Of one function of the page; several of the profile may be the same one. */
typedef struct spread {
  double self_ns[BARO_MEASURE_COUNT];
  double self_square[BARO_MEASURE_COUNT];
  double total_ns[BARO_MEASURE_COUNT];
  double total_square[BARO_MEASURE_COUNT];
} spread;

double baro_html_effective_samples(const baro_profile *profile, baro_measure measure) {
  double basis_ns = (double)baro_profile_basis_ns(profile, measure);
  bool known = baro_profile_ratio_error(profile, measure, 0, 0) >= 0;
  return known && profile->square[measure] > 0 ? basis_ns * basis_ns / profile->square[measure] : 0;
}

static void sum_functions(const baro_html_page *page, unsigned side, spread *spreads) {
  const baro_profile_functions *functions = &page->profiles[side]->functions;
  for (uint32_t f = 0; f < functions->count; f++) {
    uint32_t number = page->names.of_function[side][f];
    for (int m = 0; number != BARO_NONE_ID && m < BARO_MEASURE_COUNT; m++) {
      spread *of = &spreads[number];
      of->self_ns[m] += (double)baro_amount_busy(&functions->self[m], f);
      of->self_square[m] += functions->self_square[m][f];
      of->total_ns[m] += (double)baro_amount_busy(&functions->total[m], f);
      of->total_square[m] += functions->total_square[m][f];
    }
  }
}

static unsigned steps_of(const baro_profile *profile) {
  /* Of a share of a half. A step is a factor of 2^(1/steps) of the square: at most 0.35 / steps / 2 of the error is lost. */
  double largest = 0.5 / sqrt(baro_html_effective_samples(profile, BARO_MEASURE_RUN));
  unsigned steps = STEPS_MIN;
  while (steps < STEPS_MAX && largest * 0.175 / steps > 1e-5) {
    steps *= 2;
  }
  return steps;
}

/* By how much the part of the squares exceeds that of the time, in steps; 0: not at all, or there is neither. */
static int64_t excess_of(const baro_profile *profile, int measure, double ns, double square,
                         unsigned steps) {
  double basis_ns = (double)baro_profile_basis_ns(profile, (baro_measure)measure);
  double excess = square * basis_ns / (profile->square[measure] * ns);
  const double most = 32;
  if (!(ns > 0) || !(square > 0) || !isfinite(excess)) {
    return 0;
  }
  /* Small errors are told in coarser steps: nobody sees what is less than 0.001 % of all time. */
  double step = 1;
  while (step < STEP_MAX && sqrt(square) / basis_ns * 0.175 * 2 * step / steps <= 1e-5) {
    step *= 2;
  }
  double octaves = fmax(fmin(log2(excess), most), -most);
  return (int64_t)(round(octaves * steps / step) * step);
}

/* Total mostly is near self, and threads' time near the run's: what is told is by how much they differ. */
static void write_side(baro_html_page *page, unsigned side, const char *title,
                       const spread *spreads) {
  const baro_profile *profile = page->profiles[side];
  baro_html_sections *sections = &page->sections;
  baro_html_begin(sections, title, false);
  baro_html_column *function = baro_html_column_begin(sections, "function", BARO_HTML_DIFFERENCE);
  static const char *const names[] = {"self_run", "total_run", "self", "total"};
  enum { NAMES = sizeof(names) / sizeof(names[0]) };
  baro_html_column *columns[NAMES];
  for (size_t i = 0; i < NAMES; i++) {
    columns[i] = baro_html_column_begin(sections, names[i], BARO_HTML_ZIGZAG);
  }
  unsigned steps = steps_of(profile);
  baro_html_put(baro_html_column_begin(sections, "steps", BARO_HTML_UNSIGNED), steps);
  for (uint32_t f = 0; f < page->names.count; f++) {
    const spread *of = &spreads[f];
    if (of->total_ns[BARO_MEASURE_THREAD] <= 0) {
      continue;
    }
    int64_t self[BARO_MEASURE_COUNT], total[BARO_MEASURE_COUNT];
    for (int m = 0; m < BARO_MEASURE_COUNT; m++) {
      self[m] = excess_of(profile, m, of->self_ns[m], of->self_square[m], steps);
      total[m] = excess_of(profile, m, of->total_ns[m], of->total_square[m], steps);
    }
    baro_html_put(function, f);
    baro_html_put_signed(columns[0], self[BARO_MEASURE_RUN]);
    baro_html_put_signed(columns[1], total[BARO_MEASURE_RUN] - self[BARO_MEASURE_RUN]);
    baro_html_put_signed(columns[2], self[BARO_MEASURE_THREAD] - self[BARO_MEASURE_RUN]);
    baro_html_put_signed(columns[3], total[BARO_MEASURE_THREAD] - total[BARO_MEASURE_RUN]);
  }
  baro_html_end(sections);
}

baro_status baro_html_write_errors(baro_html_page *page, baro_error *err) {
  for (unsigned side = 0; side < page->side_count; side++) {
    const baro_profile *profile = page->profiles[side];
    if (!(baro_html_effective_samples(profile, BARO_MEASURE_RUN) > 0)) {
      continue;
    }
    spread *spreads = calloc((size_t)page->names.count + 1, sizeof(*spreads));
    if (spreads == NULL) {
      return baro_error_set(err, BARO_NO_MEMORY, "out of memory");
    }
    sum_functions(page, side, spreads);
    write_side(page, side, page->side_count > 1 && side == 0 ? "errors:base" : "errors", spreads);
    free(spreads);
  }
  return BARO_OK;
}

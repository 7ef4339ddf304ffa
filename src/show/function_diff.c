#include "show/function_diff.h"

#include <math.h>
#include <stdlib.h>

#include "show/call_rows.h"
#include "show/diff_show.h"

double baro_function_change_ns(const baro_function_diff *row) {
  return row->ns[1] - row->ns[0];
}

static void add_side(const baro_profile *profile, unsigned side, const baro_html_names *names,
                     baro_function_diffs *diffs) {
  const baro_profile_functions *functions = &profile->functions;
  double basis_ns = diffs->basis_ns[side];
  for (uint32_t f = 0; f < functions->count; f++) {
    uint32_t function = names->of_function[side][f];
    if (function == BARO_NONE_ID) {
      continue;
    }
    baro_function_diff *row = &diffs->rows[function];
    double ns = diffs->of_samples ? (double)baro_amount_busy(&functions->self[BARO_MEASURE_RUN], f)
                                  : (double)profile->call_sums.self_ns[f];
    row->function = function;
    row->ns[side] += ns;
    row->wait_ns[side] +=
        diffs->of_samples
            ? (double)baro_amount(&functions->self[BARO_MEASURE_RUN], BARO_STATE_RUNNABLE, f)
            : 0;
    if (diffs->of_samples && basis_ns > 0) {
      double ratio = baro_profile_ratio_error(profile, BARO_MEASURE_RUN, ns / basis_ns,
                                              functions->self_square[BARO_MEASURE_RUN][f]);
      row->error_ns = hypot(row->error_ns, fmax(ratio, 0) * basis_ns);
    }
  }
}

static int compare(const void *left, const void *right) {
  const baro_function_diff *a = left, *b = right;
  double first = fabs(baro_function_change_ns(a)), second = fabs(baro_function_change_ns(b));
  if (a->is_sure != b->is_sure) {
    return a->is_sure ? -1 : 1;
  }
  if (first < second || first > second) {
    return first > second ? -1 : 1;
  }
  return a->function < b->function ? -1 : a->function > b->function;
}

bool baro_function_diffs_find(const baro_profile *const profiles[BARO_HTML_SIDES_MAX],
                              const baro_html_names *names, baro_function_diffs *ret) {
  *ret = (baro_function_diffs){.of_samples =
                                   profiles[0]->samples.count > 0 && profiles[1]->samples.count > 0,
                               .rows = calloc((size_t)names->count + 1, sizeof(*ret->rows))};
  if (ret->rows == NULL) {
    return false;
  }
  for (unsigned side = 0; side < BARO_HTML_SIDES_MAX; side++) {
    ret->basis_ns[side] =
        (double)(ret->of_samples ? baro_profile_basis_ns(profiles[side], BARO_MEASURE_RUN)
                                 : baro_calls_basis_ns(profiles[side]));
    add_side(profiles[side], side, names, ret);
  }
  double least_ns = BARO_DIFF_SHARE_MIN * fmax(ret->basis_ns[0], ret->basis_ns[1]);
  for (uint32_t f = 0; f < names->count; f++) {
    baro_function_diff *row = &ret->rows[f];
    double change = fabs(baro_function_change_ns(row));
    if (row->ns[0] > 0 || row->ns[1] > 0) {
      row->is_sure = change > 2 * row->error_ns && change > least_ns;
      ret->sure_count += row->is_sure;
      ret->rows[ret->count++] = *row;
    }
  }
  if (ret->count > 1) {
    qsort(ret->rows, ret->count, sizeof(*ret->rows), compare);
  }
  return true;
}

void baro_function_diffs_release(baro_function_diffs *diffs) {
  free(diffs->rows);
  *diffs = (baro_function_diffs){0};
}

/* Functions of two recordings, before and after: their own time on both sides, and whether its change is more than chance.
 * Flow: two profiles + the numbers that both have for one function (html_names.h) -> here -> diff as text and JSON, sentences of a page.
 * Of samples it is time of the run (BARO_MEASURE_RUN), with the statistical error of the difference; where not both have samples, own
 * time of recorded calls, which has none. */
#ifndef BARO_SHOW_FUNCTION_DIFF_H
#define BARO_SHOW_FUNCTION_DIFF_H

#include <stdbool.h>
#include <stdint.h>

#include "profile/profile.h"
#include "show/html_names.h"

typedef struct baro_function_diff {
  uint32_t function; /* of the names */
  double ns[BARO_HTML_SIDES_MAX];
  double wait_ns[BARO_HTML_SIDES_MAX]; /* of it waiting for a CPU; 0 of calls */
  double error_ns;                     /* standard error of the difference */
  bool is_sure;                        /* beyond twice the error, and 1 % of the larger basis */
} baro_function_diff;

typedef struct baro_function_diffs {
  bool of_samples;
  double basis_ns[BARO_HTML_SIDES_MAX]; /* of which shares are: the run's own time, or all calls' */
  uint32_t count;                       /* functions with any time */
  uint32_t sure_count;
  baro_function_diff *rows; /* owned: the sure ones first, then by the size of the change */
} baro_function_diffs;

/* False: out of memory; release it then too. */
bool baro_function_diffs_find(const baro_profile *const profiles[BARO_HTML_SIDES_MAX],
                              const baro_html_names *names, baro_function_diffs *ret);
void baro_function_diffs_release(baro_function_diffs *diffs);

/* after - before */
double baro_function_change_ns(const baro_function_diff *row);

#endif

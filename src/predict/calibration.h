/* How much wider than the ranges of terms.h say an interval must be to hold as often as it promises: split conformal prediction.
 * Flow: calibration_rows.h (runs of tools/make_pairs.py -> tools/calibrate.py) -> here -> forecast.c.
 *
 * For each key the jobs were run under two settings, and each run predicted from the other ones' logs. A run's score is how far
 * its logarithm lies from the prediction, in half widths of the interval on that side; when a run began is between two known
 * moments, and that part is never widened. The factor is the quantile of the scores that 90 % of a further job's runs stay below. One
 * key was changed at a time: of several the largest factor is taken. */
#ifndef BARO_PREDICT_CALIBRATION_H
#define BARO_PREDICT_CALIBRATION_H

#include <stdbool.h>
#include <stdint.h>

#include "predict/scenario.h"

typedef struct baro_calibration {
  double factor; /* of the half widths, in logarithms; > 0 */
  bool
      is_calibrated; /* all keys were, as far as they are changed; else the largest factor of all keys is taken, no less than 1 */
  baro_scenario_key
      outside;   /* not calibrated: the first such key; BARO_SCENARIO_KEY_COUNT: none is set */
  double up_to;  /* not calibrated: this far the key was, either way; 0: not at all */
  uint32_t jobs; /* that the least known key rests on, as the next one */
  uint32_t comparisons; /* of a prediction with a run */
} baro_calibration;

/* What is known before anything is changed: nothing to widen. */
baro_calibration baro_calibration_none(void);

/* Adds a key that is changed by that factor, or by its inverse; distance >= 1. */
void baro_calibration_add(baro_calibration *self, baro_scenario_key key, double distance);

#endif

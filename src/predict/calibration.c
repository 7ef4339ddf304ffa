#include "predict/calibration.h"

#include <math.h>
#include <stddef.h>

#include "predict/calibration_rows.h"

/* So that "twice the slots", of odd numbers, is still twice. */
static const double SLACK = 1.001;

typedef struct row {
  baro_scenario_key key;
  double factor;
  double up_to;
  uint32_t comparisons;
  uint32_t jobs;
} row;

#define X(id, factor, up_to, comparisons, jobs)                                                    \
  {BARO_SCENARIO_##id, factor, up_to, comparisons, jobs},
static const row rows[] = {BARO_CALIBRATION_LIST(X)};
#undef X

static const row *row_of(baro_scenario_key key) {
  for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
    if (rows[r].key == key) {
      return &rows[r];
    }
  }
  return NULL;
}

static double largest_factor(void) {
  double factor = 1;
  for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
    factor = fmax(factor, rows[r].factor);
  }
  return factor;
}

baro_calibration baro_calibration_none(void) {
  return (baro_calibration){
      .factor = 1, .is_calibrated = false, .outside = BARO_SCENARIO_KEY_COUNT};
}

void baro_calibration_add(baro_calibration *self, baro_scenario_key key, double distance) {
  const row *known = row_of(key);
  bool is_first = !self->is_calibrated && self->outside == BARO_SCENARIO_KEY_COUNT;
  if (known == NULL || distance > known->up_to * SLACK) {
    if (is_first || self->is_calibrated) {
      *self = (baro_calibration){
          .factor = largest_factor(), .outside = key, .up_to = known == NULL ? 0 : known->up_to};
    }
    return;
  }
  if (is_first) {
    *self = (baro_calibration){.factor = known->factor,
                               .is_calibrated = true,
                               .outside = BARO_SCENARIO_KEY_COUNT,
                               .jobs = known->jobs,
                               .comparisons = known->comparisons};
  } else if (self->is_calibrated) {
    self->factor = fmax(self->factor, known->factor);
    self->jobs = known->jobs < self->jobs ? known->jobs : self->jobs;
    self->comparisons =
        known->comparisons < self->comparisons ? known->comparisons : self->comparisons;
  }
}

/* How wide a prediction's interval is: what its terms do, added up in logarithms. */
#include <math.h>
#include <stdlib.h>

#include "predict/forecast_build.h"

/* What was recorded says little of what is further away. */
static const double FAR = 4;
/* And of what is sixteen times as far and more it says nothing that a wider interval would mend. */
static const double FAR_WIDENING_MAX = 2;
/* Of a logarithm: what a double still holds, times any time. */
static const double LOG_MAX = 600;

bool baro_forecast_is_far(const baro_forecast *forecast) {
  return forecast->distance > FAR;
}

double baro_forecast_distance(const baro_scenario *scenario) {
  double distance = 1;
  for (int k = 0; k < BARO_SCENARIO_KEY_COUNT; k++) {
    double value = scenario->values[k].is_set ? scenario->values[k].value : 1;
    distance = fmax(distance, fmax(value, 1 / value));
  }
  return distance;
}

void baro_forecast_add_term(baro_forecast *to, baro_forecast_term term, const double ends_s[2]) {
  term.fastest_s = fmin(fmin(ends_s[0], ends_s[1]), to->predicted_s);
  term.slowest_s = fmax(fmax(ends_s[0], ends_s[1]), to->predicted_s);
  if (term.slowest_s > term.fastest_s * (1 + 1e-6)) {
    to->terms[to->term_count++] = term;
  }
}

static int compare_terms(const void *left, const void *right) {
  const baro_forecast_term *a = left;
  const baro_forecast_term *b = right;
  double wide_a = a->slowest_s / a->fastest_s;
  double wide_b = b->slowest_s / b->fastest_s;
  return wide_a > wide_b ? -1 : wide_a < wide_b ? 1 : (int)a->term - (int)b->term;
}

typedef enum direction { FASTER = 1, EITHER = 0, SLOWER = -1 } direction;

/* Of speeds and the size of the input alone: more slots may be slower, and less memory faster. */
static direction direction_of(const baro_scenario *scenario) {
  bool is_faster = true;
  bool is_slower = true;
  for (int k = 0; k < BARO_SCENARIO_KEY_COUNT; k++) {
    const baro_scenario_value *value = &scenario->values[k];
    bool is_speed = k == BARO_SCENARIO_CPU_SPEED || k == BARO_SCENARIO_DISK ||
                    k == BARO_SCENARIO_NETWORK || k == BARO_SCENARIO_GPU;
    bool is_load = k == BARO_SCENARIO_INPUT;
    is_faster = is_faster && (!value->is_set || (is_speed && value->value >= 1) ||
                              (is_load && value->value <= 1));
    is_slower = is_slower && (!value->is_set || (is_speed && value->value <= 1) ||
                              (is_load && value->value >= 1));
  }
  for (uint32_t f = 0; f < scenario->function_count; f++) {
    is_faster = is_faster && scenario->functions[f].factor >= 1;
    is_slower = is_slower && scenario->functions[f].factor <= 1;
  }
  return is_faster == is_slower ? EITHER : is_faster ? FASTER : SLOWER;
}

/* How much longer and shorter, as logarithms, a machine that is more or less busy makes the run: that is luck, too, whatever else gets
 * faster. */
static void busy_luck(const baro_forecast *to, double *ret_shorter, double *ret_longer) {
  *ret_shorter = *ret_longer = 0;
  for (uint32_t t = 0; t < to->term_count; t++) {
    if (to->terms[t].term == BARO_TERM_BUSY) {
      *ret_shorter = log(to->predicted_s / to->terms[t].fastest_s);
      *ret_longer = log(to->terms[t].slowest_s / to->predicted_s);
    }
  }
}

/* Ends of the terms, chance of tasks, chance of runs: squares of logarithms add up. The recorded run and the one that is
 * predicted have their luck each. */
void baro_forecast_bound(baro_forecast *to, const baro_scenario *scenario) {
  qsort(to->terms, to->term_count, sizeof(to->terms[0]), compare_terms);
  double chance = BARO_FORECAST_NINETY * to->bootstrap_ratio;
  double noise = BARO_FORECAST_NINETY * sqrt(2) * to->noise_ratio;
  double below = chance * chance + noise * noise;
  double above = below;
  double widest_low = 0;
  double widest_high = 0;
  for (uint32_t t = 0; t < to->term_count; t++) {
    double low = log(to->predicted_s / to->terms[t].fastest_s);
    double high = log(to->terms[t].slowest_s / to->predicted_s);
    widest_low = fmax(widest_low, low);
    widest_high = fmax(widest_high, high);
    below += low * low;
    above += high * high;
  }
  double far = baro_forecast_is_far(to) ? fmin(log(to->distance) / log(FAR), FAR_WIDENING_MAX) : 1;
  double low = sqrt(below) * far;
  double high = sqrt(above) * far;
  /* When the run began is between two moments that are known, however wrong all else may be: that is never widened. */
  double start_s = fmin(to->lead_error_s, to->predicted_s / 2);
  double sooner = -log(1 - start_s / to->predicted_s);
  double later = log(1 + start_s / to->predicted_s);
  /* What only the driver does does not go away with the tasks. */
  double floor = to->floor_s > 0 ? fmax(log(to->predicted_s / to->floor_s), 0) + noise : LOG_MAX;
  to->ranges_low_s = to->predicted_s * exp(-fmin(hypot(low, sooner), fmin(floor, LOG_MAX)));
  to->ranges_high_s = to->predicted_s * exp(fmin(hypot(high, later), LOG_MAX));
  low = hypot(low * to->calibration.factor, sooner);
  high = hypot(high * to->calibration.factor, later);
  /* However well runs agree, what any one term may do is inside. */
  low = fmin(fmax(low, widest_low), floor);
  high = fmax(high, widest_high);
  double luck =
      sqrt(chance * chance + noise * noise + pow(log(1 + to->lead_error_s / to->base_s), 2));
  double busy_shorter, busy_longer;
  busy_luck(to, &busy_shorter, &busy_longer);
  double longer = log(to->predicted_s / to->base_s);
  if (direction_of(scenario) == FASTER) {
    high = fmin(high, fmax(-longer, 0) + hypot(luck, busy_longer));
  } else if (direction_of(scenario) == SLOWER) {
    low = fmin(low, fmax(longer, 0) + hypot(luck, busy_shorter));
  }
  to->low_s = to->predicted_s * exp(-fmin(low, LOG_MAX));
  to->high_s = to->predicted_s * exp(fmin(high, LOG_MAX));
}

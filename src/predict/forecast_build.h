/* What makers of forecasts share. Internal to src/predict.
 * Flow: forecast.c, path_forecast.c, python_forecast.c -> here (forecast_interval.c, forecast_assumptions.c) -> baro_forecast. */
#ifndef BARO_PREDICT_FORECAST_BUILD_H
#define BARO_PREDICT_FORECAST_BUILD_H

#include "predict/change.h"
#include "predict/forecast.h"

/* Standard deviations to either side that 90 % are within. */
#define BARO_FORECAST_NINETY 1.645

/* --- forecast_interval.c --- */

/* Of keys that are factors: the greatest of them, or of their inverses; >= 1. */
double baro_forecast_distance(const baro_scenario *scenario);
/* Keeps a term whose ends make a difference. term: without times; ends_s: predictions with its low and high end; predicted_s is
 * set. */
void baro_forecast_add_term(baro_forecast *to, baro_forecast_term term, const double ends_s[2]);
/* Sets low_s and high_s, of all else but the assumptions, and puts the widest terms first. What only gets faster takes no longer than
 * recorded, what only gets slower no less, but for chance. */
void baro_forecast_bound(baro_forecast *to, const baro_scenario *scenario);
/* Whether it is further from what was recorded than that can tell, so that its interval is widened. */
bool baro_forecast_is_far(const baro_forecast *forecast);

/* --- forecast_assumptions.c --- */

/* Of a framework's run; all else is set. */
void baro_forecast_assume(baro_forecast *to, const baro_job_graph *graph, const baro_change *change,
                          const baro_waves *waves);

#endif

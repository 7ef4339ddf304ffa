/* A prediction for a sampled Python program: functions, cores, disks or the network that are so many times as fast.
 * Flow: profile + scenario.h -> here -> show, as forecast.h.
 *
 * Amdahl's law along the run's own time (BARO_MEASURE_RUN, profile.h), in which each moment counts once, for the threads that were
 * furthest from waiting: what is saved there shortens the run, what hides behind something else does not. Of a moment that
 * several threads share it is not known whether the run gets shorter: the term "alone" has both ends. At least what a function has
 * for itself is saved: with r of the run's own time and t of thread time, moments that it shares add at most t - r to r.
 * Cores and nodes are refused: what a thread would do beside others is not in samples. */
#ifndef BARO_PREDICT_PYTHON_FORECAST_H
#define BARO_PREDICT_PYTHON_FORECAST_H

#include "predict/forecast.h"

/* Whether the recording can tell anything. BARO_UNSUPPORTED with the reason. */
baro_status baro_python_forecast_check(const baro_profile *profile, baro_error *err) BARO_MUST_USE;

/* What forecasts of one recording share: one pass over nodes and samples. Read only once it is made: threads may share it. */
typedef struct baro_python_forecaster baro_python_forecaster;

/* names: of all functions that scenarios will have, at most BARO_SCENARIO_FUNCTIONS_MAX; copied. BARO_UNSUPPORTED with the reason;
 * BARO_NO_MEMORY. Some 5 ns a sample. */
baro_status baro_python_forecaster_create(const baro_profile *profile, const char *const *names,
                                          uint32_t name_count,
                                          baro_python_forecaster **ret_forecaster,
                                          baro_error *err) BARO_MUST_USE;
void baro_python_forecaster_destroy(baro_python_forecaster *forecaster);
/* BARO_UNSUPPORTED with the reason; BARO_NO_MEMORY. Microseconds. */
baro_status baro_python_forecaster_make(const baro_python_forecaster *forecaster,
                                        const baro_scenario *scenario, baro_forecast *ret_forecast,
                                        baro_error *err) BARO_MUST_USE;

/* Both, for one forecast. */
baro_status baro_python_forecast_make(const baro_profile *profile, const baro_scenario *scenario,
                                      baro_forecast *ret_forecast, baro_error *err) BARO_MUST_USE;

#endif
